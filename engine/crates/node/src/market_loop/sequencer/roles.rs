//! Leadership comes and goes; a checkpoint of another replica takes the state's place.

use super::Sequencer;
use crate::definitions;
use crate::install::{self, Installed};
use crate::status::CheckpointStatus;
use crate::streams::Tails;
use rialto_replica::{Install, Role};
use std::io;

impl Sequencer {
    /// Takes on a role: a leader adds what its configuration defines and then serves; a follower lets its clients go.
    pub(super) fn take_role(&mut self, role: Role) {
        let shared = &self.shared;
        let now = shared.clock.now();
        let mut core = shared.core.borrow_mut();
        core.desk.take_role(role, now, |market| {
            let date = crate::clock::date(now.wall_ns);
            definitions::missing(market, &shared.config, shared.trading_day, date)
        });
        let market = &shared.config.name;
        match role {
            Role::Leader { epoch } => {
                shared.metrics.led.add(1);
                tracing::info!(
                    event = "leads",
                    market,
                    term = epoch.term,
                    position = core.desk.replica.position(),
                );
            }
            Role::Follower { leader, epoch } | Role::Learner { leader, epoch } => {
                tracing::info!(event = "follows", market, leader, term = epoch.term);
            }
        }
        drop(core);
        // Order connections end, readers of market data stay, and logins that waited for this are answered.
        shared.heed.notify_waiters();
        let known = !matches!(
            role,
            Role::Follower { leader: None, .. } | Role::Learner { leader: None, .. }
        );
        if known && !std::mem::replace(&mut self.settled, true) {
            self.recovered();
        }
        self.serve_if_prepared();
    }

    /// Tells what the start came to, once.
    fn recovered(&self) {
        let core = self.shared.core.borrow();
        let replica = &core.desk.replica;
        let commands = replica.market.statistics().commands - core.recovered.commands;
        tracing::info!(
            event = "market_recovered",
            market = self.shared.config.name,
            checkpoint = self.shared.metrics.checkpoint_position.get(),
            position = replica.position(),
            commands,
            orders = replica.market.open_orders(),
            state_hash = %blake3::Hash::from(replica.market.state_hash()).to_hex(),
        );
    }

    /// Looks whether the configuration's sessions are the market's, once everything defined is applied.
    pub(super) fn serve_if_prepared(&mut self) {
        let serving = self.shared.core.borrow().desk.is_serving();
        if serving && !std::mem::replace(&mut self.serving, true) {
            let shared = std::rc::Rc::clone(&self.shared);
            let core = shared.core.borrow();
            let market = &core.desk.replica.market;
            let refused = self.refused.take();
            if let Err(why) = definitions::sessions_are_as_configured(market, &shared.config) {
                tracing::error!(event = "sessions_refused", market = shared.config.name, why);
                if let Some(refused) = refused {
                    drop(refused.send(why));
                }
            }
            drop(core);
            tracing::info!(event = "serves", market = shared.config.name);
            self.shared.heed.notify_waiters();
            self.post();
        } else if !serving && std::mem::replace(&mut self.serving, false) {
            self.post();
        }
    }

    /// Verifies another replica's checkpoint and puts it in place, on another thread.
    pub(super) fn install(&mut self, install: Install) {
        let Install { meta, dir, done } = install;
        let shared = &self.shared;
        tracing::info!(
            event = "checkpoint_received",
            market = shared.config.name,
            position = meta.position,
        );
        let name = shared.config.name.clone();
        let places = shared.places.clone();
        let tails = Tails {
            feed: shared.limits.feed_tail_bytes,
            session: shared.limits.session_tail_bytes,
        };
        let task = tokio::task::spawn_blocking(move || {
            install::install(&name, &places, tails, &meta, &dir)
        });
        self.installing = Some((task, done));
    }

    /// Goes on from the checkpoint that was installed.
    pub(super) fn installed(&mut self, installed: io::Result<Installed>) {
        let Some((_, done)) = self.installing.take() else {
            return;
        };
        let shared = &self.shared;
        let taken = installed.and_then(|installed| {
            let header = installed.header.clone();
            Ok((header, installed.take()?))
        });
        let (header, replica) = match taken {
            Ok(taken) => taken,
            Err(error) => {
                tracing::error!(event = "checkpoint_not_installed", market = shared.config.name, error = %error);
                return done(Err(error));
            }
        };
        shared.core.borrow_mut().install(replica);
        shared.replaced.set(shared.replaced.get() + 1);
        shared.heed.notify_waiters();
        let m = &shared.metrics;
        m.checkpoints_installed.add(1);
        m.checkpoint_position.set(header.position);
        m.checkpoint_time_s.set(header.made_ns / 1_000_000_000);
        tracing::info!(
            event = "checkpoint_installed",
            market = shared.config.name,
            position = header.position,
            state_hash = header.state_hash,
        );
        shared.board.put_checkpoint(CheckpointStatus {
            position: header.position,
            state_hash: header.state_hash,
            time_ns: header.made_ns,
            age_s: 0.0,
            bytes: 0,
        });
        done(Ok(()));
        self.post();
    }
}
