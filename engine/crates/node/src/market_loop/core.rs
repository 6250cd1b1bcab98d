//! The market with the queues on both sides of its log.

use crate::exit;
use crate::log::{Committed, Log, NotProposed};
use crate::market_loop::asks::{self, Refusal};
use crate::market_loop::snapshots::Snapshots;
use crate::metrics::{MarketMetrics, Recent};
use crate::replica::Replica;
use crate::streams::Streams;
use rialto_market::Statistics;
use rialto_market::codec::{self, Stamped};
use rialto_market::command::{Action, Command, Request};
use rialto_market::event::Event;
use rialto_market::types::SessionId;
use rialto_session::StreamId;
use rialto_session::server::CloseReason;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use std::time::Instant;
use tokio::sync::{Notify, oneshot};

/// Answers whose sending is measured, a session; older ones beyond are not.
const ACKS: usize = 1 << 12;
/// Buffers of batches kept to be used again.
const SPARES: usize = 32;

/// The live connection of an order session.
#[derive(Clone)]
pub struct Link {
    /// Wakes its task.
    pub wake: Rc<Notify>,
    /// Why it is to end.
    pub kick: Rc<Cell<Option<CloseReason>>>,
}

/// Messages of one session that arrived together.
#[derive(Clone, Copy)]
struct Run {
    session: SessionId,
    arrived: Instant,
    count: u32,
}

/// Answers on their way to a client.
struct Ack {
    /// They are sent once the connection's next number is this.
    next: u64,
    arrived: Instant,
    applied: Instant,
    count: u32,
}

/// A batch on its way to durability.
struct Flight {
    runs: Vec<Run>,
    proposed: Instant,
    bytes: u64,
}

/// What an order session has beside its state in the market.
#[derive(Default)]
struct Session {
    next_number: u64,
    link: Option<Link>,
    acks: VecDeque<Ack>,
}

/// Who waits for an operator's command, by its key; the order is that of the commands, as a key may come twice.
type Waiting = HashMap<u64, VecDeque<oneshot::Sender<Result<u64, Refusal>>>>;

/// A market with its queues.
pub struct Core {
    /// The market and its streams.
    pub replica: Replica<Streams>,
    /// Latencies of the last seconds.
    pub recent: Recent,
    /// What the market had counted when it was recovered.
    pub recovered: Statistics,
    inbound: Vec<Stamped>,
    runs: VecDeque<Run>,
    in_flight: VecDeque<Flight>,
    sessions: BTreeMap<SessionId, Session>,
    last_stamp: u64,
    waiting: Waiting,
    spares: Vec<Vec<u8>>,
    snapshots: Snapshots,
    /// The last durable position.
    pub durable: u64,
}

impl Core {
    /// A recovered market with empty queues.
    pub fn new(replica: Replica<Streams>) -> Self {
        let sessions = replica
            .market
            .sessions()
            .map(|s| {
                let session = Session {
                    next_number: s.next_number,
                    ..Session::default()
                };
                (s.definition.id, session)
            })
            .collect();
        Self {
            recovered: replica.market.statistics().clone(),
            last_stamp: replica.market.last_stamp_ns(),
            durable: replica.position,
            replica,
            recent: Recent::default(),
            inbound: Vec::new(),
            runs: VecDeque::new(),
            in_flight: VecDeque::new(),
            sessions,
            waiting: HashMap::new(),
            spares: Vec::new(),
            snapshots: Snapshots::default(),
        }
    }

    /// Messages waiting to be sequenced.
    pub fn inbound_len(&self) -> usize {
        self.inbound.len()
    }

    /// (batches, bytes) on their way to durability.
    pub fn in_flight(&self) -> (usize, u64) {
        let bytes = self.in_flight.iter().map(|flight| flight.bytes).sum();
        (self.in_flight.len(), bytes)
    }

    /// Whether nothing waits and nothing is on its way.
    pub fn is_idle(&self) -> bool {
        self.inbound.is_empty() && self.in_flight.is_empty()
    }

    /// Puts a client's message into the inbound queue; the caller looks at the bound before.
    pub fn push(&mut self, session: SessionId, request: Request, arrived: Instant, wall_ns: u64) {
        let entry = self.sessions.entry(session).or_insert_with(|| Session {
            next_number: 1,
            ..Session::default()
        });
        let command = Command::Client {
            session,
            number: entry.next_number,
            request,
        };
        entry.next_number += 1;
        self.put(command, wall_ns);
        match self.runs.back_mut() {
            Some(run) if run.session == session && run.arrived == arrived => run.count += 1,
            _ => self.runs.push_back(Run {
                session,
                arrived,
                count: 1,
            }),
        }
    }

    /// Puts an operator's action into the inbound queue.
    pub fn operate(
        &mut self,
        key: u64,
        action: Action,
        wall_ns: u64,
        reply: Option<oneshot::Sender<Result<u64, Refusal>>>,
    ) {
        if let Some(reply) = reply {
            self.waiting.entry(key).or_default().push_back(reply);
        }
        self.put(Command::Operator { key, action }, wall_ns);
        // No session has the number 0, so nobody's answer is measured.
        self.runs.push_back(Run {
            session: SessionId(0),
            arrived: Instant::now(),
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

    /// Proposes what waits, as far as the log takes it.
    pub fn propose(&mut self, log: &mut dyn Log, commands: usize, bytes: usize, m: &MarketMetrics) {
        let mut done = 0;
        while done < self.inbound.len() {
            // A command takes less than a hundred bytes.
            let room = commands.min(bytes / 100).max(1);
            let end = self.inbound.len().min(done + room);
            let mut batch = self.spares.pop().unwrap_or_default();
            batch.clear();
            codec::encode_batch(self.inbound.get(done..end).unwrap_or_default(), &mut batch);
            let size = batch.len() as u64;
            match log.propose(batch) {
                Ok(()) => {}
                Err((batch, NotProposed::Full)) => {
                    self.spares.push(batch);
                    break;
                }
                Err((_, NotProposed::Stopped)) => {
                    exit::fail_stop(exit::INTERNAL, "the log stopped while orders came")
                }
            }
            let proposed = Instant::now();
            let runs = self.take_runs(end - done);
            for run in &runs {
                let ns = nanos(run.arrived, proposed);
                m.stages[0].observe(ns, u64::from(run.count));
            }
            m.batches.add(1);
            self.in_flight.push_back(Flight {
                runs,
                proposed,
                bytes: size,
            });
            done = end;
        }
        self.inbound.drain(..done);
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

    /// Applies a durable batch and wakes those whose streams have grown.
    pub fn apply(&mut self, batch: Committed, m: &MarketMetrics) {
        let flight = if batch.proposed.is_some() {
            self.in_flight.pop_front()
        } else {
            None
        };
        let (position, waiting) = (batch.position, &mut self.waiting);
        let applied = self
            .replica
            .apply(position, &batch.payload, |command, events| {
                answer(waiting, position, command, events);
            });
        if let Err(error) = applied {
            exit::fail_stop(exit::STREAM, &format!("position {position}: {error}"));
        }
        self.durable = position;
        let now = Instant::now();
        if let Some(flight) = flight {
            let count = flight.runs.iter().map(|run| u64::from(run.count)).sum();
            m.stages[1].observe(nanos(flight.proposed, batch.durable), count);
            m.stages[2].observe(nanos(batch.durable, now), count);
            for run in flight.runs {
                self.await_sending(run, now);
            }
        }
        self.replica.sink.wake();
        if self.spares.len() < SPARES {
            self.spares.push(batch.payload);
        }
    }

    /// Notes that answers of a run are on their way, where somebody is there to take them.
    fn await_sending(&mut self, run: Run, applied: Instant) {
        let Some(session) = self.sessions.get_mut(&run.session) else {
            return;
        };
        if session.link.is_none() {
            session.acks.clear();
            return;
        }
        let stream = self
            .replica
            .publisher
            .stream(StreamId::Session(run.session));
        let Some(stream) = stream else { return };
        if session.acks.len() == ACKS {
            session.acks.pop_front();
        }
        session.acks.push_back(Ack {
            next: stream.next,
            arrived: run.arrived,
            applied,
            count: run.count,
        });
    }

    /// All messages of the session before `next` were handed to its socket.
    pub fn sent(&mut self, session: SessionId, next: u64, m: &MarketMetrics) {
        let Some(session) = self.sessions.get_mut(&session) else {
            return;
        };
        if session.acks.front().is_none_or(|ack| ack.next > next) {
            return;
        }
        let now = Instant::now();
        while session.acks.front().is_some_and(|ack| ack.next <= next) {
            let Some(ack) = session.acks.pop_front() else {
                break;
            };
            let ns = nanos(ack.arrived, now);
            let count = u64::from(ack.count);
            m.stages[3].observe(nanos(ack.applied, now), count);
            m.acknowledge.observe(ns, count);
            self.recent.observe(ns, ack.count);
        }
    }

    /// Makes a connection the session's own; the one before is given back to be ended.
    pub fn connect(&mut self, session: SessionId, link: Link) -> Option<Link> {
        let session = self.sessions.entry(session).or_insert_with(|| Session {
            next_number: 1,
            ..Session::default()
        });
        session.acks.clear();
        session.link.replace(link)
    }

    /// The connection ended, unless a newer one has taken its place.
    pub fn disconnect(&mut self, session: SessionId, wake: &Rc<Notify>) {
        if let Some(session) = self.sessions.get_mut(&session)
            && session
                .link
                .as_ref()
                .is_some_and(|link| Rc::ptr_eq(&link.wake, wake))
        {
            session.link = None;
            session.acks.clear();
        }
    }

    /// The packets of a snapshot behind which the feed of the trading day `day` goes on, at `feed_next` if it is made now.
    pub fn snapshot(&mut self, day: [u8; 10], feed_next: u64) -> Rc<Vec<u8>> {
        let replica = &self.replica;
        self.snapshots
            .get(&replica.market, replica.position, day, feed_next)
    }

    /// Gives back the memory of a snapshot that is too old to be given to anybody.
    pub fn forget_old_snapshot(&mut self) {
        self.snapshots.forget_old();
    }

    /// Whether a session is logged in.
    pub fn is_connected(&self, session: SessionId) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(|session| session.link.is_some())
    }
}

/// Answers whoever waits for an operator's command.
fn answer(waiting: &mut Waiting, position: u64, command: &Command, events: &[Event]) {
    let Command::Operator { key, action } = command else {
        return;
    };
    let refusal = events.iter().find_map(|event| match event {
        Event::ActionRefused { reason, .. } => Some(*reason),
        _ => None,
    });
    match refusal {
        None => tracing::info!(event = "operator_command", key, action = ?action, position),
        Some(reason) => {
            tracing::warn!(event = "operator_command_refused", key, action = ?action, reason = ?reason, position);
        }
    }
    let Some(replies) = waiting.get_mut(key) else {
        return;
    };
    let reply = replies.pop_front();
    if replies.is_empty() {
        waiting.remove(key);
    }
    if let Some(reply) = reply {
        let answer = refusal.map_or(Ok(position), |reason| Err(Refusal::Market(reason)));
        asks::reply(reply, answer);
    }
}

fn nanos(from: Instant, to: Instant) -> u64 {
    crate::clock::nanoseconds(to.saturating_duration_since(from))
}
