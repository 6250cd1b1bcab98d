//! What is done a few times a second, and at the end.

use super::Sequencer;
use crate::exit;
use crate::market_loop::{Core, asks, report};
use crate::streams::Sink as _;
use rialto_market::command::Action;
use std::time::Duration;
use tokio::sync::oneshot;

/// Connections that have not ended by themselves so long after the stop are dropped.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is not committed so long after the stop (the disk is full or there is no majority, most likely) is given up: nobody
/// was told of it.
const STUCK: Duration = Duration::from_secs(3);

impl Sequencer {
    pub(super) fn keep_house(&mut self) {
        let shared = std::rc::Rc::clone(&self.shared);
        {
            let mut core = shared.core.borrow_mut();
            flush(&mut core);
            core.forget_old_snapshot();
            core.desk.tick(shared.clock.now());
            let second = shared.clock.mono_ns() / 1_000_000_000;
            core.recent.advance(second);
        }
        self.post();
        self.watch_disk();
        self.watch_streams();
    }

    /// A replica whose streams have no room on the disk applies nothing more until they have, and leads no longer.
    fn watch_streams(&mut self) {
        let held = self.shared.core.borrow().desk.replica.sink.held();
        if held == self.held {
            return;
        }
        self.held = held;
        let market = &self.shared.config.name;
        if held {
            tracing::error!(
                event = "streams_wait_for_room",
                market,
                next = "free some space on the disk; it goes on by itself"
            );
            let (reply, left) = oneshot::channel();
            self.leave(reply);
            drop(left);
        } else {
            tracing::info!(event = "streams_have_room", market);
        }
    }

    /// Leaves status and metrics.
    pub(super) fn post(&mut self) {
        let shared = &self.shared;
        let core = shared.core.borrow();
        let group = self.log.status();
        report::metrics(shared, &core, &group);
        let status = report::status(shared, &core, &group, &mut self.rates);
        shared.board.put(status);
    }

    /// A leader whose disk is nearly full halts the market; a follower goes on as long as it can.
    fn watch_disk(&mut self) {
        let shared = &self.shared;
        let mut core = shared.core.borrow_mut();
        let (free, least) = (
            shared.node.disk_free_bytes.get(),
            shared.limits.min_free_bytes,
        );
        if !core.desk.is_serving() || free >= least.saturating_add(least / 4) {
            self.halted_for_disk = false;
        } else if free < least && !self.halted_for_disk {
            self.halted_for_disk = true;
            tracing::error!(
                event = "halted_for_disk",
                market = shared.config.name,
                free_bytes = free,
                min_free_bytes = least,
                next = "free some space, then resume the market by the admin API",
            );
            let now = shared.clock.now();
            let halt = Action::Halt { instrument: None };
            core.desk.operate(now.wall_ns, halt, now, None);
        }
    }

    /// Says that the market is quiet once nothing is on its way and the connections have ended.
    pub(super) fn quiesced(&mut self) {
        let Some((_, since)) = &self.quiesce else {
            return;
        };
        let idle = self.shared.core.borrow().desk.is_idle();
        let connections = &self.shared.metrics.connections;
        let connections: u64 = connections.iter().map(|g| g.get()).sum();
        let patience = if idle { PATIENCE } else { STUCK };
        let done = (idle && connections == 0) || since.elapsed() > patience;
        if done && let Some((reply, _)) = self.quiesce.take() {
            asks::reply(reply, ());
        }
    }

    pub(super) fn end(&mut self) {
        self.post();
        let mut core = self.shared.core.borrow_mut();
        flush(&mut core);
        let replica = &core.desk.replica;
        tracing::info!(
            event = "market_stopped",
            market = self.shared.config.name,
            position = replica.position(),
            orders = replica.market.open_orders(),
            state_hash = %blake3::Hash::from(replica.market.state_hash()).to_hex(),
        );
    }
}

/// Writes all streams to their files.
pub(super) fn flush(core: &mut Core) {
    let sink = &mut core.desk.replica.sink;
    let flushed = sink.flush();
    let noted = sink.failure().map_or(Ok(()), Err);
    if let Err(error) = flushed.and(noted) {
        exit::fail_stop(exit::STREAM, &format!("a stream can't be written: {error}"));
    }
}
