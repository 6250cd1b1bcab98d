//! A market's replicated log: voters, learners, transfer, checkpoints.
