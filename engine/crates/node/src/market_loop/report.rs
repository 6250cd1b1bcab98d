//! Status and metrics of a market, made from its state a few times a second.

use crate::market_loop::{Core, Shared};
use crate::status::{
    CheckpointStatus, ConnectionStatus, Counters, InstrumentStatus, JournalStatus, LevelStatus,
    MarketStatus, Quantiles, QueueStatus, SessionStatus, TradingDayStatus,
};
use rialto_market::types::{InstrumentId, Side, TradingState};
use rialto_session::StreamId;
use std::collections::VecDeque;

/// Seconds over which rates are taken.
const WINDOW_NS: u64 = 5_000_000_000;

/// What was counted when, to tell rates.
#[derive(Default)]
pub struct Rates(VecDeque<(u64, u64, u64)>);

impl Rates {
    /// (orders, messages) a second.
    fn note(&mut self, now_ns: u64, orders: u64, messages: u64) -> (f64, f64) {
        self.0.push_back((now_ns, orders, messages));
        while self.0.len() > 2
            && self
                .0
                .get(1)
                .is_some_and(|(then, _, _)| now_ns - then >= WINDOW_NS)
        {
            self.0.pop_front();
        }
        let Some((then, o, m)) = self.0.front() else {
            return (0.0, 0.0);
        };
        #[allow(clippy::cast_precision_loss)]
        let rate = |delta: u64| {
            let seconds = (now_ns - then) as f64 / 1e9;
            if seconds > 0.0 {
                delta as f64 / seconds
            } else {
                0.0
            }
        };
        (rate(orders - o), rate(messages - m))
    }
}

fn counters(core: &Core) -> Counters {
    let now = core.replica.market.statistics();
    let then = &core.recovered;
    let sum = |counts: &[u64]| counts.iter().sum::<u64>();
    Counters {
        commands: now.commands - then.commands,
        orders: now.accepted + now.replaced - then.accepted - then.replaced,
        executions: now.executions - then.executions,
        executed_quantity: now.executed_quantity - then.executed_quantity,
        rejects: sum(&now.rejected) - sum(&then.rejected),
        cancels: sum(&now.canceled) + now.modified - sum(&then.canceled) - then.modified,
        ignored: sum(&now.ignored) - sum(&then.ignored),
    }
}

/// Brings the metrics up to date.
pub fn metrics(shared: &Shared, core: &Core) {
    let m = &shared.metrics;
    let replica = &core.replica;
    let counted = counters(core);
    let (now, then) = (replica.market.statistics(), &core.recovered);
    m.commands.follow(counted.commands);
    m.accepted.follow(counted.orders);
    m.executions.follow(counted.executions);
    m.executed_quantity.follow(counted.executed_quantity);
    m.cancels.follow(counted.cancels);
    m.ignored.follow(counted.ignored);
    m.cancel_rejects
        .follow(now.cancel_rejected - then.cancel_rejected);
    for (counter, (now, then)) in m
        .rejects
        .iter()
        .zip(now.rejected.iter().zip(&then.rejected))
    {
        counter.follow(now - then);
    }
    let streams = replica.sink.counts();
    for kind in 0..2 {
        m.stream_messages[kind].follow(streams.messages[kind]);
        m.stream_bytes[kind].follow(streams.bytes[kind]);
    }
    m.stream_pending_bytes.set(replica.sink.pending());
    m.resting.set_len(replica.market.open_orders());
    m.inbound.set_len(core.inbound_len());
    let (batches, bytes) = core.in_flight();
    m.in_flight_batches.set_len(batches);
    m.in_flight_bytes.set(bytes);
    m.applied.set(replica.position);
    m.durable.set(core.durable);
    m.day_open.set(u64::from(replica.market.day().is_some()));
    let halted = replica
        .market
        .instruments()
        .filter(|i| i.state == TradingState::Halted);
    m.halted.set_len(halted.count());
}

/// The market's part of the status.
pub fn status(shared: &Shared, core: &Core, rates: &mut Rates) -> MarketStatus {
    let m = &shared.metrics;
    let time_ns = shared.clock.wall_ns();
    let counters = counters(core);
    let (orders_per_second, messages_per_second) =
        rates.note(shared.clock.mono_ns(), counters.orders, counters.commands);
    let market = &core.replica.market;
    let (batches, bytes) = core.in_flight();
    let queue = |name: &str, depth: usize, bound: usize| QueueStatus {
        name: name.to_owned(),
        depth: depth as u64,
        bound: bound as u64,
    };
    let limits = &shared.limits;
    MarketStatus {
        role: "leader".to_owned(),
        durability: shared.config.durability.clone(),
        time_ns,
        trading_day: market.last_day().map(|day| TradingDayStatus {
            date: day.date,
            opening: day.opening,
            incarnation: day.incarnation,
            session: String::from_utf8_lossy(&day.session_name()).into_owned(),
            open: market.day().is_some(),
        }),
        journal: JournalStatus {
            applied: core.replica.position,
            durable: core.durable,
            first: m.first.get(),
        },
        checkpoint: None::<CheckpointStatus>,
        connections: ConnectionStatus {
            orders: m.connections[0].get(),
            feed: m.connections[1].get(),
            snapshot: m.connections[2].get(),
        },
        sessions: market
            .sessions()
            .map(|s| SessionStatus {
                username: s.definition.username.text(),
                id: s.definition.id.0,
                connected: core.is_connected(s.definition.id),
                orders_resting: u64::from(s.open_orders),
                stream_messages: core
                    .replica
                    .publisher
                    .stream(StreamId::Session(s.definition.id))
                    .map_or(0, |stream| stream.next.saturating_sub(1)),
            })
            .collect(),
        orders_resting: market.open_orders() as u64,
        counters,
        orders_per_second,
        messages_per_second,
        acknowledge: core
            .recent
            .quantiles([0.5, 0.99])
            .map(|[p50_ns, p99_ns]| Quantiles { p50_ns, p99_ns }),
        instruments: market
            .instruments()
            .map(|i| instrument(core, i.definition.id, i))
            .collect(),
        queues: vec![
            queue(
                "inbound_messages",
                core.inbound_len(),
                limits.inbound_messages,
            ),
            queue("in_flight_batches", batches, limits.batches_in_flight),
            queue(
                "in_flight_bytes",
                usize::try_from(bytes).unwrap_or(usize::MAX),
                limits.batches_in_flight * limits.batch_bytes,
            ),
        ],
    }
}

fn instrument(
    core: &Core,
    id: InstrumentId,
    state: &rialto_market::InstrumentState,
) -> InstrumentStatus {
    let tick = u64::from(state.definition.tick_size_e4);
    let e4 = |ticks: i64| u64::try_from(ticks).unwrap_or(0) * tick;
    let best = |side| {
        core.replica
            .market
            .best(id, side)
            .map(|(price, quantity)| LevelStatus {
                price_e4: e4(price),
                quantity,
            })
    };
    let traded = core.replica.tape.get(&id.0).copied().unwrap_or_default();
    InstrumentStatus {
        symbol: state.definition.symbol.text(),
        id: id.0,
        state: match state.state {
            TradingState::Trading => "trading",
            TradingState::Halted => "halted",
        }
        .to_owned(),
        bid: best(Side::Buy),
        ask: best(Side::Sell),
        last_price_e4: (state.last_trade > 0).then(|| e4(state.last_trade)),
        volume: traded.volume,
        trades: traded.trades,
    }
}
