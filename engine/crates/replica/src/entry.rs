//! Log entries as bytes, until the journal has them.

/// A leadership: who leads, and since which election. Ordered by term, then by node; never compare terms alone.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct LeaderEpoch {
    /// The election's number.
    pub term: u64,
    /// The replica elected.
    pub node: u64,
}
