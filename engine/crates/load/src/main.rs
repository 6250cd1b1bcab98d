//! The order-entry load client.
fn main() {}
