//! What the accelerator counts.

/// How often each step of the accelerated failover was taken since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct SuspicionCounters {
    /// Streams of the current leader that came to an end.
    pub streams_ended: u64,
    /// Probes sent to a leader's port.
    pub probes: u64,
    /// Probes that nobody listened to.
    pub probes_refused: u64,
    /// Probes answered with "I don't lead under this epoch".
    pub probes_not_leading: u64,
    /// Probes answered with "I lead".
    pub probes_leading: u64,
    /// Probes without an answer, or with one that proves nothing.
    pub probes_unclear: u64,
    /// Suspicions this replica came to.
    pub suspicions: u64,
    /// Suspicions given up because the leader was heard, or had answered another voter.
    pub withdrawn: u64,
    /// Elections begun at once.
    pub elections: u64,
    /// Votes for which this replica overlooked its lease.
    pub votes_accepted: u64,
    /// Accelerated votes left to the ordinary rules because this replica did not suspect the leader.
    pub votes_declined: u64,
    /// Probes and elections not made because one was made shortly before.
    pub limited: u64,
}
