//! Whole clusters in one thread on a virtual clock, with seeded faults.
