//! The sequencer's task: proposes what arrived, applies what is durable, answers what is asked, keeps house.

use crate::exit;
use crate::log::Log;
use crate::market_loop::{Ask, Flushed, Refusal, Shared, Verb, asks, report};
use crate::streams::Sink as _;
use rialto_market::command::Action;
use rialto_market::types::{InstrumentId, Symbol};
use std::future::poll_fn;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};

/// How often the house is kept: streams written, status and metrics brought up to date.
const TICK: Duration = Duration::from_millis(200);
/// Connections that have not ended by themselves so long after the stop are dropped.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is not durable so long after the stop (the disk is full, most likely) is given up: nobody was told of it.
const STUCK: Duration = Duration::from_secs(5);

struct Sequencer {
    shared: Rc<Shared>,
    log: Box<dyn Log>,
    rates: report::Rates,
    quiesce: Option<(oneshot::Sender<()>, Instant)>,
    halted_for_disk: bool,
}

/// Runs a market until it is asked to end.
pub async fn run(shared: Rc<Shared>, log: Box<dyn Log>, mut asks: mpsc::Receiver<Ask>) {
    let mut this = Sequencer {
        shared,
        log,
        rates: report::Rates::default(),
        quiesce: None,
        halted_for_disk: false,
    };
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let shared = Rc::clone(&this.shared);
        // Not biased: under load there is always a batch or a message, and halts, checkpoints and the house must not starve.
        tokio::select! {
            batches = poll_fn(|cx| this.log.poll_committed(cx)) => {
                let Some(batches) = batches else {
                    exit::fail_stop(exit::INTERNAL, "the log ended while the market ran");
                };
                for batch in batches {
                    shared.core.borrow_mut().apply(batch, &shared.metrics);
                    // What was just applied goes out before the next batch is looked at.
                    this.propose();
                    tokio::task::yield_now().await;
                }
            }
            () = shared.waiting.notified() => {}
            ask = asks.recv() => match ask {
                None | Some(Ask::End) => return this.end(),
                Some(ask) => this.answer(ask),
            },
            _ = tick.tick() => this.keep_house(),
        }
        this.propose();
        this.quiesced();
    }
}

impl Sequencer {
    fn propose(&mut self) {
        let shared = &self.shared;
        let bound = shared.limits.inbound_messages;
        let mut core = shared.core.borrow_mut();
        let full = core.inbound_len() >= bound;
        let limits = &shared.limits;
        core.propose(
            &mut *self.log,
            limits.batch_commands,
            limits.batch_bytes,
            &shared.metrics,
        );
        if full && core.inbound_len() < bound {
            shared.room.notify_waiters();
        }
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Operate { key, verb, reply } => self.operate(key, verb, reply),
            Ask::Flush(reply) => {
                let mut core = self.shared.core.borrow_mut();
                flush(&mut core);
                let flushed = Flushed {
                    position: core.replica.position,
                    extents: core.replica.sink.extents(),
                    files: core.replica.sink.files(),
                };
                asks::reply(reply, flushed);
            }
            Ask::Covered(position) => self.log.covered(position),
            Ask::Quiesce(reply) => {
                self.shared.stopping.set(true);
                self.shared.stop.notify_waiters();
                self.quiesce = Some((reply, Instant::now()));
            }
            Ask::End => {}
        }
    }

    fn operate(&mut self, key: u64, verb: Verb, reply: oneshot::Sender<Result<u64, Refusal>>) {
        let mut core = self.shared.core.borrow_mut();
        let wall_ns = self.shared.clock.wall_ns();
        let find = |symbol: Option<Symbol>| -> Result<Option<InstrumentId>, Refusal> {
            let Some(symbol) = symbol else {
                return Ok(None);
            };
            let state = core.replica.market.instrument_by_symbol(symbol);
            state
                .map(|state| Some(state.definition.id))
                .ok_or(Refusal::UnknownInstrument)
        };
        let action = match verb {
            _ if self.shared.stopping.get() => Err(Refusal::Stopping),
            Verb::Halt(symbol) => find(symbol).map(|instrument| Action::Halt { instrument }),
            Verb::Resume(symbol) => find(symbol).map(|instrument| Action::Resume { instrument }),
            Verb::OpenDay(date) => Ok(Action::OpenDay {
                date: date.unwrap_or_else(|| crate::clock::date(wall_ns)),
            }),
            Verb::CloseDay => Ok(Action::CloseDay),
        };
        match action {
            Ok(action) => core.operate(key, action, wall_ns, Some(reply)),
            Err(refusal) => asks::reply(reply, Err(refusal)),
        }
    }

    fn keep_house(&mut self) {
        let shared = &self.shared;
        let mut core = shared.core.borrow_mut();
        flush(&mut core);
        core.forget_old_snapshot();
        let second = shared.clock.mono_ns() / 1_000_000_000;
        core.recent.advance(second);
        report::metrics(shared, &core);
        let status = report::status(shared, &core, &mut self.rates);
        shared.board.put(status);
        let (free, least) = (
            shared.node.disk_free_bytes.get(),
            shared.limits.min_free_bytes,
        );
        if free < least && !self.halted_for_disk {
            self.halted_for_disk = true;
            tracing::error!(
                event = "halted_for_disk",
                market = shared.config.name,
                free_bytes = free,
                min_free_bytes = least,
                next = "free some space, then resume the market by the admin API",
            );
            let wall_ns = shared.clock.wall_ns();
            core.operate(wall_ns, Action::Halt { instrument: None }, wall_ns, None);
        } else if free >= least.saturating_add(least / 4) {
            self.halted_for_disk = false;
        }
    }

    /// Says that the market is quiet once nothing is on its way and the connections have ended.
    fn quiesced(&mut self) {
        let Some((_, since)) = &self.quiesce else {
            return;
        };
        let idle = self.shared.core.borrow().is_idle();
        let connections: u64 = self
            .shared
            .metrics
            .connections
            .iter()
            .map(|g| g.get())
            .sum();
        let patience = if idle { PATIENCE } else { STUCK };
        if (idle && connections == 0) || since.elapsed() > patience {
            let reply = self.quiesce.take();
            if let Some((reply, _)) = reply {
                asks::reply(reply, ());
            }
        }
    }

    fn end(&mut self) {
        let mut core = self.shared.core.borrow_mut();
        flush(&mut core);
        report::metrics(&self.shared, &core);
        tracing::info!(
            event = "market_stopped",
            market = self.shared.config.name,
            position = core.replica.position,
            orders = core.replica.market.open_orders(),
            state_hash = %blake3::Hash::from(core.replica.market.state_hash()).to_hex(),
        );
    }
}

fn flush(core: &mut crate::market_loop::Core) {
    let flushed = core.replica.sink.flush();
    let noted = core.replica.sink.failure().map_or(Ok(()), Err);
    if let Err(error) = flushed.and(noted) {
        exit::fail_stop(exit::STREAM, &format!("a stream can't be written: {error}"));
    }
}
