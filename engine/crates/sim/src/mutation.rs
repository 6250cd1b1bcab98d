//! Mistakes made on purpose, to see that they are found.

/// A mistake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mutation {
    /// The journal says that entries are durable before their sync.
    AckBeforeSync,
    /// The journal says that a vote is durable and does not write it.
    VoteNotPersisted,
    /// Proposals that a leader lost are proposed again by the next one, and the market takes any number.
    NumberNotChecked,
    /// The groups' timers are those of links without delay, the links are far.
    TimerBelowRoundTrip,
    /// Checkpoints are shipped without their streams.
    StreamNotInCheckpoint,
    /// Proposals that a leader lost are proposed again by the next one, and the market checks numbers: not a mistake. Shows
    /// that the check is what makes the difference.
    ProposedTwice,
}

impl Mutation {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::AckBeforeSync,
        Self::VoteNotPersisted,
        Self::NumberNotChecked,
        Self::TimerBelowRoundTrip,
        Self::StreamNotInCheckpoint,
        Self::ProposedTwice,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AckBeforeSync => "ack-before-sync",
            Self::VoteNotPersisted => "vote-not-persisted",
            Self::NumberNotChecked => "number-not-checked",
            Self::TimerBelowRoundTrip => "timer-below-round-trip",
            Self::StreamNotInCheckpoint => "stream-not-in-checkpoint",
            Self::ProposedTwice => "proposed-twice",
        }
    }

    /// The one of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|mutation| mutation.name() == name)
    }
}
