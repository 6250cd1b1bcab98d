//! What the configuration defines and the market does not know yet, as commands for the journal.

use crate::config::{MarketConfig, SessionConfig, TradingDayPolicy};
use rialto_market::Market;
use rialto_market::command::Action;
use rialto_market::types::{Instrument, InstrumentId, SessionDefinition};

/// The commands that make `market` what `config` says. An instrument keeps the number it has; a new one gets the next.
/// What the configuration no longer names stays in the market: orders may rest in it.
pub fn missing(
    market: &Market,
    config: &MarketConfig,
    policy: TradingDayPolicy,
    date: u32,
) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut last = market
        .instruments()
        .map(|i| i.definition.id.0)
        .max()
        .unwrap_or(0);
    for wanted in &config.instruments {
        let known = market.instrument_by_symbol(wanted.symbol);
        let id = known.map_or_else(
            || {
                last = last.saturating_add(1);
                InstrumentId(last)
            },
            |state| state.definition.id,
        );
        let definition = Instrument {
            id,
            symbol: wanted.symbol,
            tick_size_e4: wanted.tick_size_e4,
            lot_size: wanted.lot_size,
            collar_bp: wanted.collar_bp,
            reference_price: wanted.reference_ticks,
        };
        if known.is_none_or(|state| state.definition != definition) {
            actions.push(Action::DefineInstrument(definition));
        }
    }
    for (_, wanted) in &config.accounts {
        let known = market.account(wanted.id);
        if known.is_none_or(|state| state.definition != *wanted) {
            actions.push(Action::DefineAccount(*wanted));
        }
    }
    for wanted in &config.sessions {
        let definition = SessionDefinition {
            id: wanted.id,
            username: wanted.username,
            account: wanted.account,
        };
        let known = market.session(wanted.id);
        if known.is_none_or(|state| state.definition != definition) {
            actions.push(Action::DefineSession(definition));
        }
    }
    if policy == TradingDayPolicy::Auto && market.day().is_none() {
        // A day that lies before the last one opened would be refused: the machine's clock may have been set back.
        let date = market.last_day().map_or(date, |day| day.date.max(date));
        actions.push(Action::OpenDay { date });
    }
    actions
}

/// A login is for the session of the configured number: it must not be somebody else's, or nobody's.
///
/// # Errors
/// The first session of which that is not so.
pub fn sessions_are_as_configured(market: &Market, config: &MarketConfig) -> Result<(), String> {
    for wanted in &config.sessions {
        if !is_as_configured(market, wanted) {
            return Err(format!(
                "the market refused session {} with the number {}: the number or the name is another's, or its \
                 orders rest in another account; give it back what it had, or a number and a name that were never used",
                wanted.username.text(),
                wanted.id.0,
            ));
        }
    }
    Ok(())
}

/// Whether the market knows the session as it is configured.
pub fn is_as_configured(market: &Market, wanted: &SessionConfig) -> bool {
    market.session(wanted.id).is_some_and(|state| {
        let known = state.definition;
        (known.username, known.account) == (wanted.username, wanted.account)
    })
}
