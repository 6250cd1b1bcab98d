//! A market with its streams at a position of its log. Serving, recovering and checkpointing all apply batches here, so
//! they can't differ.

use crate::streams::Sink;
use rialto_journal::entry::{self, EntryError, Payload};
use rialto_market::Market;
use rialto_market::codec::{self, CodecError, Stamped};
use rialto_market::command::Command;
use rialto_market::event::Event;
use rialto_replica::{CheckpointMeta, CommittedPayload, History, LeaderEpoch, LogError};
use rialto_session::publish::Publisher;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;

/// Bytes of the log read at once.
const READ_BYTES: usize = 4 << 20;

/// What traded of an instrument in the trading day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Traded {
    /// Executions.
    pub trades: u64,
    /// Quantity.
    pub volume: u64,
    /// The last price in 1e-4.
    pub last_price_e4: u64,
}

/// What traded, by instrument number; begun anew at the opening of each day, but for the last prices.
pub type Tape = BTreeMap<u16, Traded>;

/// A market at a position of its log.
pub struct Replica<S> {
    /// The market.
    pub market: Market,
    /// Where its streams stand.
    pub publisher: Publisher,
    /// The streams.
    pub sink: S,
    /// What traded.
    pub tape: Tape,
    /// The last entry applied; `None` before the first.
    meta: Option<CheckpointMeta>,
    commands: Vec<Stamped>,
    events: Vec<Event>,
}

/// Why a log can't be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The log can't be read.
    #[error("{0}")]
    Log(#[from] LogError),
    /// An entry is none.
    #[error("position {position}: {source}")]
    Entry {
        /// Where.
        position: u64,
        /// The cause.
        source: EntryError,
    },
    /// A batch is none.
    #[error("position {position}: {source}")]
    Batch {
        /// Where.
        position: u64,
        /// The cause.
        source: CodecError,
    },
    /// A position is not the next one.
    #[error(
        "the log goes on at position {found}, {expected} is the next one; restore an older checkpoint or the journal from a backup"
    )]
    Gap {
        /// The next position.
        expected: u64,
        /// The one that came.
        found: u64,
    },
    /// A stream can't be written.
    #[error("a stream can't be written: {0}")]
    Stream(#[from] io::Error),
}

impl<S: Sink> Replica<S> {
    /// A replica whose last entry applied is that of `meta`.
    pub fn new(
        market: Market,
        publisher: Publisher,
        sink: S,
        tape: Tape,
        meta: Option<CheckpointMeta>,
    ) -> Self {
        Self {
            market,
            publisher,
            sink,
            tape,
            meta,
            commands: Vec::new(),
            events: Vec::new(),
        }
    }

    /// An empty replica before the first entry of its log.
    pub fn empty(market: Market, sink: S) -> Self {
        Self::new(market, Publisher::new(), sink, Tape::new(), None)
    }

    /// The position of the last entry applied; 0 before the first.
    pub fn position(&self) -> u64 {
        self.meta.as_ref().map_or(0, |meta| meta.position)
    }

    /// What a checkpoint of this state is a checkpoint of; `None` before the first entry.
    pub fn meta(&self) -> Option<&CheckpointMeta> {
        self.meta.as_ref()
    }

    /// Applies the entry of the next position, as the journal holds it; members are known from committed entries alone
    /// ([`Replica::apply_committed`]). `seen` is shown each command with its events. Gives the count of commands.
    ///
    /// # Errors
    /// It is not the next position, no entry, no batch, or a stream can't be written. The replica is of no use after that.
    pub fn apply(
        &mut self,
        position: u64,
        epoch: LeaderEpoch,
        payload: Payload<'_>,
        seen: impl FnMut(&Command, &[Event]),
    ) -> Result<usize, ReplayError> {
        let last = self.position();
        if position != last + 1 {
            return Err(ReplayError::Gap {
                expected: last + 1,
                found: position,
            });
        }
        let commands = match payload {
            Payload::Blank | Payload::Membership(_) => 0,
            Payload::Batch(batch) => self.apply_batch(position, batch, seen)?,
        };
        let meta = self.meta.get_or_insert_with(|| CheckpointMeta {
            position,
            epoch,
            membership: Vec::new(),
        });
        meta.position = position;
        meta.epoch = epoch;
        Ok(commands)
    }

    /// [`Replica::apply`] for an entry as the group gives it, which also says who is a member.
    ///
    /// # Errors
    /// As [`Replica::apply`].
    pub fn apply_committed(
        &mut self,
        position: u64,
        epoch: LeaderEpoch,
        payload: &CommittedPayload,
        seen: impl FnMut(&Command, &[Event]),
    ) -> Result<usize, ReplayError> {
        let (payload, members) = match payload {
            CommittedPayload::Blank => (Payload::Blank, None),
            CommittedPayload::Batch(bytes) => (Payload::Batch(bytes), None),
            CommittedPayload::Membership(bytes) => (Payload::Membership(bytes), Some(bytes)),
        };
        let commands = self.apply(position, epoch, payload, seen)?;
        if let (Some(members), Some(meta)) = (members, &mut self.meta) {
            meta.membership.clone_from(members);
        }
        Ok(commands)
    }

    fn apply_batch(
        &mut self,
        position: u64,
        batch: &[u8],
        mut seen: impl FnMut(&Command, &[Event]),
    ) -> Result<usize, ReplayError> {
        self.commands.clear();
        codec::decode_batch_into(batch, &mut self.commands)
            .map_err(|source| ReplayError::Batch { position, source })?;
        for stamped in &self.commands {
            self.events.clear();
            self.market
                .apply(&stamped.command, stamped.stamp_ns, &mut self.events);
            tape(&mut self.tape, &self.events);
            let time_ns = self.market.last_stamp_ns();
            self.publisher
                .publish(&self.events, time_ns, &self.market, &mut self.sink);
            seen(&stamped.command, &self.events);
        }
        match self.sink.failure() {
            Some(error) => Err(error.into()),
            None => Ok(self.commands.len()),
        }
    }

    /// Applies what the log holds after this position, up to and with `last`, which must be committed. Gives the count of
    /// commands.
    ///
    /// # Errors
    /// The log can't be read, or what it holds can't be applied.
    pub fn replay(&mut self, history: &mut dyn History, last: u64) -> Result<u64, ReplayError> {
        let mut commands = 0;
        while self.position() < last {
            let entries = history.read(self.position() + 1, READ_BYTES)?;
            if entries.is_empty() {
                break;
            }
            for (position, bytes) in entries {
                if position > last {
                    return Ok(commands);
                }
                let entry = entry::decode(&bytes)
                    .map_err(|source| ReplayError::Entry { position, source })?;
                let epoch = LeaderEpoch {
                    term: entry.epoch.term,
                    node: entry.epoch.node,
                };
                commands += self.apply(position, epoch, entry.payload, |_, _| {})? as u64;
            }
        }
        Ok(commands)
    }
}

fn tape(tape: &mut Tape, events: &[Event]) {
    for event in events {
        match event {
            Event::Executed {
                instrument,
                price_e4,
                quantity,
                ..
            } => {
                let traded = tape.entry(instrument.0).or_default();
                traded.trades += 1;
                traded.volume += u64::from(*quantity);
                traded.last_price_e4 = *price_e4;
            }
            Event::DayOpened(_) => {
                for traded in tape.values_mut() {
                    traded.trades = 0;
                    traded.volume = 0;
                }
            }
            _ => {}
        }
    }
}
