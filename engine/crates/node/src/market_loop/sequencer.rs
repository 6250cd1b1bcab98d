//! The sequencer's task: proposes what arrived, applies what is committed, changes role, answers what is asked, keeps house.

mod house;
mod roles;

use crate::exit;
use crate::install::Installed;
use crate::market_loop::{Ask, Bounds, Flushed, Refusal, Shared, StateReport, Verb, asks, report};
use rialto_market::command::Action;
use rialto_market::types::{InstrumentId, Symbol};
use rialto_replica::{Done, Log, NotLeader, Output};
use std::future::{pending, poll_fn};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// How often the house is kept: streams written, status and metrics brought up to date.
const TICK: Duration = Duration::from_millis(200);
/// How often a read looks whether the position it waits for was applied.
const LOOK: Duration = Duration::from_millis(1);

/// A market's sequencer.
pub struct Sequencer {
    shared: Rc<Shared>,
    log: Box<dyn Log>,
    rates: report::Rates,
    quiesce: Option<(oneshot::Sender<()>, Instant)>,
    halted_for_disk: bool,
    /// The streams wait for room on the disk. Nothing is taken from the log meanwhile.
    held: bool,
    /// Whether the log was told that this replica leads or follows since the start.
    settled: bool,
    /// Whether it served when that was looked at last.
    serving: bool,
    /// Whom to tell why the market can't be served as configured, before it served for the first time.
    refused: Option<oneshot::Sender<String>>,
    /// The checkpoint that is being installed, and whom to tell. Nothing is taken from the log meanwhile.
    installing: Option<(JoinHandle<io::Result<Installed>>, Done<()>)>,
    /// What the log gave behind that checkpoint.
    later: Vec<Output>,
}

impl Sequencer {
    /// Of a market and its log. `refused` is told why the market can't be served as configured, where that comes out
    /// before it served for the first time; without it that is only logged.
    pub fn new(
        shared: Rc<Shared>,
        log: Box<dyn Log>,
        refused: Option<oneshot::Sender<String>>,
    ) -> Self {
        Self {
            shared,
            log,
            rates: report::Rates::default(),
            quiesce: None,
            halted_for_disk: false,
            held: false,
            settled: false,
            serving: false,
            refused,
            installing: None,
            later: Vec::new(),
        }
    }
}

/// Runs a market until it is asked to end. Gives its log back, to be stopped.
pub async fn run(mut this: Sequencer, mut asks: mpsc::Receiver<Ask>) -> Box<dyn Log> {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let shared = Rc::clone(&this.shared);
        let Sequencer {
            log,
            installing,
            held,
            ..
        } = &mut this;
        // What a full disk has no room for waits: entries in the log, where votes go on, and not in memory.
        let takes = installing.is_none() && !*held;
        // Not biased: under load there is always a batch or a message, and halts, checkpoints and the house must not starve.
        tokio::select! {
            outputs = poll_fn(|cx| log.poll(cx)), if takes => {
                let Some(outputs) = outputs else {
                    exit::fail_stop(exit::REPLICATION, "the log ended while the market ran");
                };
                this.take(outputs).await;
            }
            installed = joined(installing) => {
                this.installed(installed);
                let later = std::mem::take(&mut this.later);
                this.take(later).await;
            }
            () = shared.waiting.notified() => {}
            ask = asks.recv() => match ask {
                None | Some(Ask::End) => {
                    this.end();
                    return this.log;
                }
                Some(ask) => this.answer(ask),
            },
            _ = tick.tick() => this.keep_house(),
        }
        this.propose();
        this.confirm();
        this.quiesced();
    }
}

async fn joined(
    installing: &mut Option<(JoinHandle<io::Result<Installed>>, Done<()>)>,
) -> io::Result<Installed> {
    match installing {
        Some((task, _)) => task.await.map_err(io::Error::other)?,
        None => pending().await,
    }
}

impl Sequencer {
    /// Takes what the log gave, in order. The others of the thread have their turn after each entry.
    async fn take(&mut self, outputs: Vec<Output>) {
        let mut outputs = outputs.into_iter();
        while let Some(output) = outputs.next() {
            match output {
                Output::Committed(entry) => {
                    let shared = &self.shared;
                    shared.core.borrow_mut().apply(entry, &shared.metrics);
                    self.serve_if_prepared();
                    // What was just applied goes out before the next batch is looked at.
                    self.propose();
                    tokio::task::yield_now().await;
                }
                Output::Role(role) => self.take_role(role),
                Output::Install(install) => {
                    self.install(install);
                    self.later = outputs.collect();
                    return;
                }
            }
        }
    }

    fn propose(&mut self) {
        let shared = &self.shared;
        let bound = shared.limits.inbound_messages;
        let mut core = shared.core.borrow_mut();
        let full = core.desk.inbound_len() >= bound;
        let bounds = Bounds {
            commands: shared.limits.batch_commands,
            bytes: shared.limits.batch_bytes,
        };
        core.propose(&mut *self.log, bounds, &shared.metrics);
        if full && core.desk.inbound_len() < bound {
            shared.room.notify_waiters();
        }
    }

    /// Passes on who wants to know whether this replica leads.
    fn confirm(&mut self) {
        for reply in self.shared.confirms.borrow_mut().drain(..) {
            self.log.confirm_leadership(reply);
        }
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Operate { key, verb, reply } => self.operate(key, verb, reply),
            Ask::Flush(reply) => {
                let mut core = self.shared.core.borrow_mut();
                house::flush(&mut core);
                if core.desk.replica.sink.held() {
                    // Dropping the reply is the refusal: files that are not whole make no checkpoint.
                    return;
                }
                let replica = &core.desk.replica;
                let flushed = Flushed {
                    meta: replica.meta().cloned(),
                    extents: replica.sink.extents(),
                    files: replica.sink.files(),
                };
                asks::reply(reply, flushed);
            }
            Ask::Checkpointed { made, keep_from } => self.log.checkpointed(&made, keep_from),
            Ask::Transfer { to, reply } => self.log.transfer(to, reply),
            Ask::Leave(reply) => self.leave(reply),
            Ask::State { leader, reply } => self.state(leader, reply),
            Ask::Quiesce(reply) => {
                self.shared.stopping.set(true);
                self.shared.heed.notify_waiters();
                self.quiesce = Some((reply, Instant::now()));
            }
            Ask::End => {}
        }
    }

    fn operate(&mut self, key: u64, verb: Verb, reply: oneshot::Sender<Result<u64, Refusal>>) {
        let mut core = self.shared.core.borrow_mut();
        let now = self.shared.clock.now();
        let find = |symbol: Option<Symbol>| -> Result<Option<InstrumentId>, Refusal> {
            let Some(symbol) = symbol else {
                return Ok(None);
            };
            let market = &core.desk.replica.market;
            market
                .instrument_by_symbol(symbol)
                .map(|state| Some(state.definition.id))
                .ok_or(Refusal::UnknownInstrument)
        };
        let leader = core.desk.leader();
        let action = match verb {
            _ if self.shared.stopping.get() => Err(Refusal::Stopping),
            _ if !core.desk.is_serving() => Err(Refusal::Elsewhere { leader }),
            Verb::Halt(symbol) => find(symbol).map(|instrument| Action::Halt { instrument }),
            Verb::Resume(symbol) => find(symbol).map(|instrument| Action::Resume { instrument }),
            Verb::OpenDay(date) => Ok(Action::OpenDay {
                date: date.unwrap_or_else(|| crate::clock::date(now.wall_ns)),
            }),
            Verb::CloseDay => Ok(Action::CloseDay),
        };
        match action {
            Ok(action) => {
                let reply = Box::new(|answer| asks::reply(reply, answer));
                core.desk.operate(key, action, now, Some(reply));
            }
            Err(refusal) => asks::reply(reply, Err(refusal)),
        }
    }

    /// Hands leadership on before a stop, so that the stop is a blink for clients.
    fn leave(&mut self, reply: oneshot::Sender<()>) {
        let alone = self.shared.config.replication.voters.len() < 2;
        if alone || !self.shared.core.borrow().desk.is_serving() {
            return asks::reply(reply, ());
        }
        let (sender, moved) = oneshot::channel();
        self.log.transfer(None, sender);
        tokio::task::spawn_local(async move {
            match moved.await {
                Ok(Ok(epoch)) => tracing::info!(event = "leadership_handed_on", to = epoch.node),
                Ok(Err(why)) => tracing::warn!(event = "leadership_kept", why = %why),
                Err(_) => tracing::warn!(event = "leadership_kept", why = "the log has stopped"),
            }
            asks::reply(reply, ());
        });
    }

    /// Answers with the state's hash: at once for this replica's own, or once it is sure that this is the leader.
    fn state(&mut self, leader: bool, reply: oneshot::Sender<Result<StateReport, NotLeader>>) {
        if !leader {
            let report = state_report(&self.shared, &*self.log);
            return asks::reply(reply, Ok(report));
        }
        let (sender, confirmed) = oneshot::channel();
        self.log.confirm_leadership(sender);
        let shared = Rc::clone(&self.shared);
        tokio::task::spawn_local(async move {
            let position = match confirmed.await.unwrap_or(Err(NotLeader::Stopped)) {
                Ok(position) => position,
                Err(why) => return asks::reply(reply, Err(why)),
            };
            loop {
                if let Some(answer) = read_at(&shared, position) {
                    return asks::reply(reply, answer);
                }
                tokio::time::sleep(LOOK).await;
            }
        });
    }
}

/// The leader's state once it has applied `position`; `None` before that.
fn read_at(shared: &Shared, position: u64) -> Option<Result<StateReport, NotLeader>> {
    let core = shared.core.borrow();
    if !core.desk.is_serving() {
        let leader = core.desk.leader();
        return Some(Err(NotLeader::Follower { leader }));
    }
    let replica = &core.desk.replica;
    (replica.position() >= position).then(|| {
        Ok(StateReport {
            position: replica.position(),
            state_hash: replica.market.state_hash(),
            age_ns: Some(0),
            role: "leader",
        })
    })
}

fn state_report(shared: &Shared, log: &dyn Log) -> StateReport {
    let core = shared.core.borrow();
    let status = log.status();
    let replica = &core.desk.replica;
    let role = report::role(&core, &status);
    StateReport {
        position: replica.position(),
        state_hash: replica.market.state_hash(),
        age_ns: match role {
            "leader" => status.majority_heard_ns_ago(),
            _ => status.heard_from_leader_ns_ago,
        },
        role,
    }
}
