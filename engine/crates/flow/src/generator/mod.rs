//! Seeded order flow: the same seed gives the same flow on every machine, since only integers decide.
//!
//! Passive orders lie at power-law distances from a price that walks at random; instruments are chosen by Zipf's law;
//! cancels are as frequent as adds, so that the number of resting orders stays near its target; the rest are
//! immediate-or-cancel and other marketable orders and moves. Marketable orders lean towards the walking price, so that
//! the books follow it.
//!
//! [`generate`] makes a workload together with its answers; [`LiveFlow`] makes commands for a venue whose answers come
//! back, and names no order that it knows to be gone.

mod crowd;
mod live;
mod mind;
mod random;
mod recorded;

pub use live::{LiveCommand, LiveFlow, LiveInstrument};
pub use random::Random;
pub use recorded::{Generated, Shape, generate};

/// The part of the commands that are new orders, once the number of resting orders is near its target; the others cancel
/// and move. Who wants so many orders a second sends this many times fewer commands. A test holds it.
pub const ORDERS_PER_COMMAND: f64 = 0.56;
