//! A whole market: all books, and the last trades of each instrument.

use crate::books::{Books, Change};
use crate::tape::{Tape, Trade};
use rialto_wire::DecodeError;

/// Why a message could not be taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ViewError {
    /// It is no ITCH message.
    #[error("{0}; is this the market data of a Rialto venue, of the same version?")]
    Malformed(#[from] DecodeError),
    /// It does not fit the books.
    #[error(
        "it does not fit the book at order {order_ref}: messages before it were missed; begin again from a snapshot"
    )]
    Missed {
        /// The order that is not there, or is there already.
        order_ref: u64,
    },
}

/// All books and last trades of a market.
#[derive(Debug)]
pub struct View {
    books: Books,
    /// By the position of their instrument; none yet for one without a trade.
    tapes: Vec<Tape>,
    trades_kept: usize,
    continues_at: Option<u64>,
}

impl View {
    /// Of a market of which nothing is known; it keeps the last `trades_kept` trades of each instrument.
    pub fn new(trades_kept: usize) -> Self {
        Self {
            books: Books::all(),
            tapes: Vec::new(),
            trades_kept,
            continues_at: None,
        }
    }

    /// Its books.
    pub const fn books(&self) -> &Books {
        &self.books
    }

    /// Where the feed goes on behind the snapshot that was taken; `None` until one has ended.
    pub const fn continues_at(&self) -> Option<u64> {
        self.continues_at
    }

    /// The trades of an instrument, newest first. A snapshot shows none, so there are those since.
    pub fn trades(&self, instrument: usize) -> impl Iterator<Item = &Trade> + '_ {
        let tape = self.tapes.get(instrument);
        tape.into_iter().flat_map(Tape::newest)
    }

    /// Takes a message of the snapshot or the feed. `now_ns` is the reader's clock, nanoseconds since the epoch UTC: it gives
    /// trades their dates.
    ///
    /// # Errors
    /// It is no ITCH message, or does not fit the books. They are as before, and no longer the market's.
    pub fn apply(&mut self, message: &[u8], now_ns: u64) -> Result<Change, ViewError> {
        let change = self.books.apply(message)?;
        match &change {
            Change::Missed { order_ref } => {
                return Err(ViewError::Missed {
                    order_ref: *order_ref,
                });
            }
            Change::SnapshotEnd(next) => self.continues_at = Some(*next),
            Change::Executed(execution) => {
                let keeps = self.trades_kept;
                if self.tapes.len() <= execution.instrument {
                    self.tapes
                        .resize_with(execution.instrument + 1, || Tape::new(keeps));
                }
                if let Some(tape) = self.tapes.get_mut(execution.instrument) {
                    tape.note(execution, now_ns);
                }
            }
            _ => {}
        }
        Ok(change)
    }
}
