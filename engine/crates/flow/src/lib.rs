//! Recorded order flow and a seeded generator.
