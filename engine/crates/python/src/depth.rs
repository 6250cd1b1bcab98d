//! Books and last trades of a market for Python, made of its market data.

use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyKeyError};
use pyo3::prelude::*;
use rialto_depth::{Side, TradingState, View};
use rialto_wire::itch::Stock;

create_exception!(
    rialto_engine._engine,
    FeedError,
    PyException,
    "A message is malformed, or messages before it were missed: begin again from a snapshot."
);

/// Price in units of 1e-4, quantity, and how many orders.
type Level = (u32, u64, usize);
/// Time in nanoseconds since the epoch, price in units of 1e-4, quantity, and the aggressor's side.
type Trade = (u64, u32, u32, char);

/// All books and last trades of a market.
#[pyclass(module = "rialto_engine._engine")]
pub struct FeedBook {
    pub(crate) view: View,
}

impl FeedBook {
    fn position(&self, symbol: &str) -> PyResult<usize> {
        Stock::new(symbol)
            .and_then(|symbol| self.view.books().position(symbol))
            .ok_or_else(|| {
                PyKeyError::new_err(format!(
                    "no instrument {symbol:?} among the {} of the market's directory",
                    self.view.books().symbols().len()
                ))
            })
    }
}

#[pymethods]
impl FeedBook {
    #[new]
    fn new(trades_kept: usize) -> Self {
        Self {
            view: View::new(trades_kept),
        }
    }

    /// Takes one message of the snapshot or the feed.
    fn apply(&mut self, payload: &[u8], now_ns: u64) -> PyResult<()> {
        self.view
            .apply(payload, now_ns)
            .map(|_| ())
            .map_err(|error| FeedError::new_err(error.to_string()))
    }

    /// Where the feed goes on behind the snapshot that was taken; None until one has ended.
    #[getter]
    fn continues_at(&self) -> Option<u64> {
        self.view.continues_at()
    }

    /// The symbols, in the directory's order.
    #[getter]
    fn symbols(&self) -> Vec<String> {
        let symbols = self.view.books().symbols();
        symbols.map(|symbol| symbol.text().to_owned()).collect()
    }

    /// How many orders rest in all books.
    #[getter]
    fn resting(&self) -> usize {
        self.view.books().resting()
    }

    /// The best levels, bids and asks.
    fn depth(&self, symbol: &str, levels: usize) -> PyResult<(Vec<Level>, Vec<Level>)> {
        let at = self.position(symbol)?;
        let side = |side| {
            let found = self.view.books().levels(at, side).take(levels);
            found
                .map(|level| (level.price_e4, level.quantity, level.orders))
                .collect()
        };
        Ok((side(Side::Buy), side(Side::Sell)))
    }

    /// The last trades, newest first.
    fn trades(&self, symbol: &str, count: usize) -> PyResult<Vec<Trade>> {
        let at = self.position(symbol)?;
        let trades = self.view.trades(at).take(count);
        Ok(trades
            .map(|trade| {
                let side = char::from(trade.aggressor.code());
                (trade.time_ns, trade.price_e4, trade.quantity, side)
            })
            .collect())
    }

    /// The code of the trading state; None until it is told.
    fn trading_state(&self, symbol: &str) -> PyResult<Option<char>> {
        let at = self.position(symbol)?;
        let state: Option<TradingState> = self.view.books().trading_state(at);
        Ok(state.map(|state| char::from(state.code())))
    }
}
