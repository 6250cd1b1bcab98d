//! The book measured beside others.
fn main() {}
