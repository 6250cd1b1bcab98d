//! Which commands are sent.

use super::Settings;
use crate::error::LoadError;
use crate::settings::Instrument;
use rialto_flow::Side;
use rialto_flow::generator::{LiveCommand, LiveFlow, LiveInstrument, ORDERS_PER_COMMAND};
use std::collections::{HashSet, VecDeque};

/// The kind of flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Kind {
    /// The generator's: orders that rest, cancels, moves, orders that take.
    Mixed,
    /// Orders of one lot that rest far from everything, each cancelled again: nothing but round trips.
    Ping,
}

impl Kind {
    /// The part of its commands that are new orders.
    pub(crate) fn orders_per_command(self) -> f64 {
        match self {
            Self::Mixed => ORDERS_PER_COMMAND,
            Self::Ping => 0.5,
        }
    }
}

/// The flow, and what it knows of its orders.
pub(super) enum Pattern {
    Mixed(Box<LiveFlow>),
    Ping {
        next_id: u64,
        instruments: Vec<LiveInstrument>,
        /// Accepted, and not cancelled yet.
        resting: VecDeque<u64>,
        /// Entered, and not known to be gone.
        alive: HashSet<u64>,
    },
}

impl Pattern {
    pub(super) fn new(settings: &Settings) -> Result<Self, LoadError> {
        let live = settings
            .instruments
            .iter()
            .map(Instrument::live)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(match settings.kind {
            Kind::Mixed => Self::Mixed(Box::new(LiveFlow::new(
                &live,
                settings.resting,
                settings.seed,
            ))),
            Kind::Ping => Self::Ping {
                next_id: 1,
                instruments: live,
                resting: VecDeque::new(),
                alive: HashSet::new(),
            },
        })
    }

    pub(super) fn command(&mut self) -> LiveCommand {
        match self {
            Self::Mixed(flow) => flow.command(),
            Self::Ping {
                next_id,
                instruments,
                resting,
                alive,
            } => {
                // An order is cancelled when its answer is in; until then others are entered.
                if let Some(id) = resting.pop_front() {
                    return LiveCommand::Cancel { id };
                }
                let id = *next_id;
                *next_id += 1;
                alive.insert(id);
                let instrument = (id % instruments.len().max(1) as u64) as usize;
                let at = instruments
                    .get(instrument)
                    .copied()
                    .unwrap_or(LiveInstrument {
                        reference: 2,
                        room: 1,
                        lot: 1,
                    });
                LiveCommand::Enter {
                    id,
                    instrument,
                    side: Side::Buy,
                    price: (at.reference - at.room).max(1),
                    qty: at.lot,
                    ioc: false,
                }
            }
        }
    }

    pub(super) fn accepted(&mut self, id: u64) {
        match self {
            Self::Mixed(flow) => flow.accepted(id),
            Self::Ping { resting, .. } => resting.push_back(id),
        }
    }

    pub(super) fn moved(&mut self, id: u64, price: i64, left: u32) {
        if let Self::Mixed(flow) = self {
            flow.moved(id, price, left);
        }
    }

    pub(super) fn rejected(&mut self, id: u64) {
        match self {
            Self::Mixed(flow) => flow.rejected(id),
            Self::Ping { alive, .. } => {
                alive.remove(&id);
            }
        }
    }

    /// An order was executed or cancelled by this much.
    pub(super) fn took(&mut self, id: u64, qty: u32) {
        match self {
            Self::Mixed(flow) => flow.executed(id, qty),
            Self::Ping { alive, .. } => {
                alive.remove(&id);
            }
        }
    }

    /// Whether an order may still be told of.
    pub(super) fn knows(&self, id: u64) -> bool {
        match self {
            Self::Mixed(flow) => flow.knows(id),
            Self::Ping { alive, .. } => alive.contains(&id),
        }
    }

    pub(super) fn resting(&self) -> usize {
        match self {
            Self::Mixed(flow) => flow.resting(),
            Self::Ping { resting, .. } => resting.len(),
        }
    }

    pub(super) fn forget_all(&mut self) {
        match self {
            Self::Mixed(flow) => flow.forget_all(),
            Self::Ping { resting, alive, .. } => {
                resting.clear();
                alive.clear();
            }
        }
    }
}
