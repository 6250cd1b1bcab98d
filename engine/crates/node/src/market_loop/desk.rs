//! The decisions of a market's leader, and of a follower that may become one: which number a client's message gets, what
//! goes into which batch, what is forgotten when leadership moves, who waits for an operator's command. No sockets, no
//! timers and no clocks: time is passed in, so the simulation runs the same code as the node.

use crate::market_loop::asks::Refusal;
use crate::market_loop::presence::Presence;
use crate::replica::{ReplayError, Replica};
use crate::streams::Sink;
use rialto_market::codec::{self, Stamped};
use rialto_market::command::{Action, Command, Request};
use rialto_market::event::Event;
use rialto_market::types::SessionId;
use rialto_replica::{Committed, CommittedPayload, LeaderEpoch, Log, NotProposed, ReplicaId, Role};
use std::collections::{BTreeMap, VecDeque};

/// Buffers of batches kept to be used again.
const SPARES: usize = 32;

/// The two times a decision may depend on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    /// Nanoseconds of a clock that is never set back.
    pub mono_ns: u64,
    /// Nanoseconds since the epoch, UTC.
    pub wall_ns: u64,
}

/// The bounds of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Commands in it.
    pub commands: usize,
    /// Its bytes.
    pub bytes: usize,
}

/// What the desk may do at the moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Another replica leads, or nobody does.
    Follower {
        /// Who leads, where known.
        leader: Option<ReplicaId>,
    },
    /// This replica leads; what its configuration defines is on its way.
    Preparing(LeaderEpoch),
    /// This replica leads and takes orders.
    Serving(LeaderEpoch),
}

/// Messages of one session that arrived together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    /// Whose; 0 for an operator's.
    pub session: SessionId,
    /// When.
    pub arrived_ns: u64,
    /// How many.
    pub count: u32,
}

/// A batch on its way to a majority.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flight {
    /// Whose messages are in it.
    pub runs: Vec<Run>,
    /// When it was proposed.
    pub proposed_ns: u64,
    /// Its size.
    pub bytes: u64,
}

/// Told how an operator's command went: the position it was carried out at, or why it was not.
pub type Reply = Box<dyn FnOnce(Result<u64, Refusal>) + Send>;

/// A market with the queues on both sides of its log.
pub struct Desk<S> {
    /// The market and its streams.
    pub replica: Replica<S>,
    standing: Standing,
    inbound: Vec<Stamped>,
    runs: VecDeque<Run>,
    in_flight: VecDeque<Flight>,
    numbers: BTreeMap<SessionId, u64>,
    last_stamp: u64,
    /// Who waits, by key; the order is that of the commands, as a key may come twice.
    waiting: BTreeMap<u64, VecDeque<Reply>>,
    presence: Presence,
    spares: Vec<Vec<u8>>,
}

impl<S: Sink> Desk<S> {
    /// A recovered market that leads nothing yet. A session that was connected when leadership moved here has
    /// `reconnect_grace_ns` to log in again before it counts as gone.
    pub fn new(replica: Replica<S>, reconnect_grace_ns: u64) -> Self {
        Self {
            replica,
            standing: Standing::Follower { leader: None },
            inbound: Vec::new(),
            runs: VecDeque::new(),
            in_flight: VecDeque::new(),
            numbers: BTreeMap::new(),
            last_stamp: 0,
            waiting: BTreeMap::new(),
            presence: Presence::new(reconnect_grace_ns),
            spares: Vec::new(),
        }
    }

    /// What it may do.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether logins and orders are taken here.
    pub fn is_serving(&self) -> bool {
        matches!(self.standing, Standing::Serving(_))
    }

    /// The leadership in which it takes orders.
    pub fn serves(&self) -> Option<LeaderEpoch> {
        match self.standing {
            Standing::Serving(epoch) => Some(epoch),
            _ => None,
        }
    }

    /// Who leads, where known.
    pub fn leader(&self) -> Option<ReplicaId> {
        match self.standing {
            Standing::Follower { leader } => leader,
            Standing::Preparing(epoch) | Standing::Serving(epoch) => Some(epoch.node),
        }
    }

    /// Messages waiting to be sequenced.
    pub fn inbound_len(&self) -> usize {
        self.inbound.len()
    }

    /// (batches, bytes) on their way to a majority.
    pub fn in_flight(&self) -> (usize, u64) {
        let bytes = self.in_flight.iter().map(|flight| flight.bytes).sum();
        (self.in_flight.len(), bytes)
    }

    /// Whether nothing waits and nothing is on its way.
    pub fn is_idle(&self) -> bool {
        self.inbound.is_empty() && self.in_flight.is_empty()
    }

    /// Takes on a role. `missing` says what a new leader has to add to the market before it serves.
    ///
    /// A leader numbers each session's messages from the state, which holds all of earlier leaderships. A follower forgets
    /// what it took and has not seen committed: clients send it again to the new leader, and the market knows the number
    /// of what did arrive.
    pub fn take_role(
        &mut self,
        role: Role,
        now: Now,
        missing: impl FnOnce(&rialto_market::Market) -> Vec<Action>,
    ) {
        match role {
            Role::Leader { epoch } => self.lead(epoch, now, missing),
            Role::Follower { leader, .. } | Role::Learner { leader, .. } => self.follow(leader),
        }
    }

    fn lead(
        &mut self,
        epoch: LeaderEpoch,
        now: Now,
        missing: impl FnOnce(&rialto_market::Market) -> Vec<Action>,
    ) {
        self.follow(None);
        let market = &self.replica.market;
        self.last_stamp = market.last_stamp_ns();
        self.numbers = market
            .sessions()
            .map(|session| (session.definition.id, session.next_number))
            .collect();
        self.presence.lead(market, now.mono_ns);
        let missing = missing(market);
        self.standing = if missing.is_empty() {
            Standing::Serving(epoch)
        } else {
            Standing::Preparing(epoch)
        };
        for action in missing {
            self.put_action(0, action, now);
        }
    }

    fn follow(&mut self, leader: Option<ReplicaId>) {
        self.standing = Standing::Follower { leader };
        self.inbound.clear();
        self.runs.clear();
        self.in_flight.clear();
        self.presence.follow();
        for reply in std::mem::take(&mut self.waiting).into_values().flatten() {
            reply(Err(Refusal::Moved { leader }));
        }
    }

    /// Takes a client's message; the caller looks at the bound of [`Desk::inbound_len`] before. What comes while this
    /// replica does not serve is dropped: its connections are being closed.
    pub fn push(&mut self, session: SessionId, request: Request, arrived_ns: u64, wall_ns: u64) {
        if !self.is_serving() {
            return;
        }
        let next = self.numbers.entry(session).or_insert(1);
        let number = *next;
        *next += 1;
        let command = Command::Client {
            session,
            number,
            request,
        };
        self.put(command, wall_ns);
        match self.runs.back_mut() {
            Some(run) if run.session == session && run.arrived_ns == arrived_ns => run.count += 1,
            _ => self.runs.push_back(Run {
                session,
                arrived_ns,
                count: 1,
            }),
        }
    }

    /// Takes an operator's action. Where this replica does not lead, it is refused at once.
    pub fn operate(&mut self, key: u64, action: Action, now: Now, reply: Option<Reply>) {
        if let Standing::Follower { leader } = self.standing {
            if let Some(reply) = reply {
                reply(Err(Refusal::Elsewhere { leader }));
            }
            return;
        }
        if let Some(reply) = reply {
            self.waiting.entry(key).or_default().push_back(reply);
        }
        self.put_action(key, action, now);
    }

    fn put_action(&mut self, key: u64, action: Action, now: Now) {
        self.put(Command::Operator { key, action }, now.wall_ns);
        // No session has the number 0, so nobody's answer is measured.
        self.runs.push_back(Run {
            session: SessionId(0),
            arrived_ns: now.mono_ns,
            count: 1,
        });
    }

    /// The leader stamps the later of its clock and the last stamp.
    fn put(&mut self, command: Command, wall_ns: u64) {
        self.last_stamp = self.last_stamp.max(wall_ns);
        self.inbound.push(Stamped {
            stamp_ns: self.last_stamp,
            command,
        });
    }

    /// A session's connection logged in here.
    pub fn connected(&mut self, session: SessionId, now: Now) {
        if self.is_serving()
            && let Some(action) = self.presence.connected(&self.replica.market, session)
        {
            self.put_action(0, action, now);
        }
    }

    /// A session's last connection ended because of its client.
    pub fn disconnected(&mut self, session: SessionId, now: Now) {
        if self.is_serving()
            && let Some(action) = self.presence.disconnected(&self.replica.market, session)
        {
            self.put_action(0, action, now);
        }
    }

    /// Gives up sessions that did not come back in time. To be called a few times a second.
    pub fn tick(&mut self, now: Now) {
        if self.is_serving() {
            for action in self.presence.overdue(&self.replica.market, now.mono_ns) {
                self.put_action(0, action, now);
            }
        }
    }

    /// Proposes what waits, as far as the log takes it; `proposed` is shown each batch. Gives whether the log has stopped.
    pub fn propose(
        &mut self,
        log: &mut dyn Log,
        bounds: Bounds,
        now: Now,
        mut proposed: impl FnMut(&Flight),
    ) -> bool {
        let mut done = 0;
        let mut stopped = false;
        while done < self.inbound.len() {
            // A command takes less than a hundred bytes.
            let room = bounds.commands.min(bounds.bytes / 100).max(1);
            let end = self.inbound.len().min(done + room);
            let mut batch = self.spares.pop().unwrap_or_default();
            batch.clear();
            codec::encode_batch(self.inbound.get(done..end).unwrap_or_default(), &mut batch);
            let bytes = batch.len() as u64;
            if let Err((batch, why)) = log.propose(batch) {
                self.spares.push(batch);
                // Where leadership is lost, the role that comes out next clears what waits.
                stopped = why == NotProposed::Stopped;
                break;
            }
            let flight = Flight {
                runs: self.take_runs(end - done),
                proposed_ns: now.mono_ns,
                bytes,
            };
            proposed(&flight);
            self.in_flight.push_back(flight);
            done = end;
        }
        self.inbound.drain(..done);
        stopped
    }

    fn take_runs(&mut self, mut commands: usize) -> Vec<Run> {
        let mut out = Vec::new();
        while commands > 0 {
            let Some(run) = self.runs.front_mut() else {
                break;
            };
            let whole = run.count as usize;
            if whole <= commands {
                commands -= whole;
                out.push(*run);
                self.runs.pop_front();
            } else {
                let part = u32::try_from(commands).unwrap_or(run.count);
                out.push(Run {
                    count: part,
                    ..*run
                });
                run.count -= part;
                commands = 0;
            }
        }
        out
    }

    /// Applies a committed entry and answers who waits for it. Gives the batch's flight where this leadership proposed it.
    ///
    /// # Errors
    /// As [`Replica::apply`]; the replica is of no use after that.
    pub fn apply(&mut self, entry: Committed) -> Result<Option<Flight>, ReplayError> {
        let flight = match entry.proposed {
            Some(_) => self.in_flight.pop_front(),
            None => None,
        };
        let (waiting, presence) = (&mut self.waiting, &mut self.presence);
        // A command of another leadership, its key maybe the same, must not answer who waits here.
        let own = flight.is_some();
        let position = entry.position;
        let seen = |command: &Command, events: &[Event]| {
            let Command::Operator { key, action } = command else {
                return;
            };
            let result = outcome(*key, action, position, events);
            if own {
                presence.applied(action);
                answer(waiting, *key, result);
            }
        };
        self.replica
            .apply_committed(position, entry.epoch, &entry.payload, seen)?;
        if let CommittedPayload::Batch(batch) = entry.payload
            && self.spares.len() < SPARES
        {
            self.spares.push(batch);
        }
        if let Standing::Preparing(epoch) = self.standing
            && self.is_idle()
        {
            self.standing = Standing::Serving(epoch);
        }
        Ok(flight)
    }

    /// Goes on from another state, which a checkpoint of another replica gave.
    pub fn install(&mut self, replica: Replica<S>) {
        let leader = match self.standing {
            Standing::Follower { leader } => leader,
            _ => None,
        };
        self.follow(leader);
        self.replica = replica;
    }
}

/// How an operator's command went; logged on every replica.
fn outcome(key: u64, action: &Action, position: u64, events: &[Event]) -> Result<u64, Refusal> {
    let refusal = events.iter().find_map(|event| match event {
        Event::ActionRefused { reason, .. } => Some(*reason),
        _ => None,
    });
    match refusal {
        None => {
            tracing::info!(event = "operator_command", key, action = ?action, position);
            Ok(position)
        }
        Some(reason) => {
            tracing::warn!(event = "operator_command_refused", key, action = ?action, reason = ?reason, position);
            Err(Refusal::Market(reason))
        }
    }
}

/// Answers whoever waits longest for a command of this key.
fn answer(waiting: &mut BTreeMap<u64, VecDeque<Reply>>, key: u64, result: Result<u64, Refusal>) {
    let Some(replies) = waiting.get_mut(&key) else {
        return;
    };
    let reply = replies.pop_front();
    if replies.is_empty() {
        waiting.remove(&key);
    }
    if let Some(reply) = reply {
        reply(result);
    }
}

#[cfg(test)]
mod tests;
