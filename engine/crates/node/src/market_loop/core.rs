//! A market at its desk, with what belongs to its connections and its measurements.

use crate::clock::Clock;
use crate::exit;
use crate::market_loop::desk::{Bounds, Desk, Run};
use crate::market_loop::snapshots::Snapshots;
use crate::metrics::{MarketMetrics, Recent};
use crate::streams::Streams;
use rialto_market::Statistics;
use rialto_market::command::Request;
use rialto_market::types::SessionId;
use rialto_replica::{Committed, CommittedPayload, Log};
use rialto_session::StreamId;
use rialto_session::server::CloseReason;
use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use tokio::sync::Notify;

/// Answers whose sending is measured, a session; older ones beyond are not.
const ACKS: usize = 1 << 12;

/// The live connection of an order session.
#[derive(Clone)]
pub struct Link {
    /// Wakes its task.
    pub wake: Rc<Notify>,
    /// Why it is to end.
    pub kick: Rc<Cell<Option<CloseReason>>>,
}

/// Answers on their way to a client.
struct Ack {
    /// They are sent once the connection's next number is this.
    next: u64,
    arrived_ns: u64,
    applied_ns: u64,
    count: u32,
}

/// What an order session has beside its state in the market.
#[derive(Default)]
struct Session {
    link: Option<Link>,
    acks: VecDeque<Ack>,
}

/// A market with its queues.
pub struct Core {
    /// The market at its desk.
    pub desk: Desk<Streams>,
    /// Latencies of the last seconds.
    pub recent: Recent,
    /// What the market had counted when it was recovered.
    pub recovered: Statistics,
    /// When the last entry was applied; 0 before the first.
    pub applied_ns: u64,
    clock: Clock,
    sessions: BTreeMap<SessionId, Session>,
    snapshots: Snapshots,
}

impl Core {
    /// A recovered market with empty queues.
    pub fn new(desk: Desk<Streams>, clock: Clock) -> Self {
        Self {
            recovered: desk.replica.market.statistics().clone(),
            desk,
            recent: Recent::default(),
            applied_ns: 0,
            clock,
            sessions: BTreeMap::new(),
            snapshots: Snapshots::default(),
        }
    }

    /// Puts a client's message into the inbound queue; the caller looks at the bound before.
    pub fn push(&mut self, session: SessionId, request: Request, arrived_ns: u64, wall_ns: u64) {
        self.desk.push(session, request, arrived_ns, wall_ns);
    }

    /// Proposes what waits, as far as the log takes it.
    pub fn propose(&mut self, log: &mut dyn Log, bounds: Bounds, m: &MarketMetrics) {
        if self.desk.inbound_len() == 0 {
            return;
        }
        let now = self.clock.now();
        let stopped = self.desk.propose(log, bounds, now, |flight| {
            for run in &flight.runs {
                let ns = now.mono_ns.saturating_sub(run.arrived_ns);
                m.stages[0].observe(ns, u64::from(run.count));
            }
            m.batches.add(1);
        });
        if stopped {
            exit::fail_stop(exit::REPLICATION, "the log stopped while orders came");
        }
    }

    /// Applies a committed entry and wakes those whose streams have grown.
    pub fn apply(&mut self, entry: Committed, m: &MarketMetrics) {
        let (position, batch) = (
            entry.position,
            matches!(entry.payload, CommittedPayload::Batch(_)),
        );
        let committed_ns = self.clock.at(entry.committed);
        let flight = match self.desk.apply(entry) {
            Ok(flight) => flight,
            Err(error) => exit::fail_stop(exit::STREAM, &format!("position {position}: {error}")),
        };
        if !batch {
            return;
        }
        let now_ns = self.clock.mono_ns();
        self.applied_ns = now_ns;
        if let Some(flight) = flight {
            let count = flight.runs.iter().map(|run| u64::from(run.count)).sum();
            m.stages[1].observe(committed_ns.saturating_sub(flight.proposed_ns), count);
            m.stages[2].observe(now_ns.saturating_sub(committed_ns), count);
            for run in flight.runs {
                self.await_sending(run, now_ns);
            }
        }
        self.desk.replica.sink.wake();
    }

    /// Notes that answers of a run are on their way, where somebody is there to take them.
    fn await_sending(&mut self, run: Run, applied_ns: u64) {
        let Some(session) = self.sessions.get_mut(&run.session) else {
            return;
        };
        if session.link.is_none() {
            session.acks.clear();
            return;
        }
        let stream = self
            .desk
            .replica
            .publisher
            .stream(StreamId::Session(run.session));
        let Some(stream) = stream else { return };
        if session.acks.len() == ACKS {
            session.acks.pop_front();
        }
        session.acks.push_back(Ack {
            next: stream.next,
            arrived_ns: run.arrived_ns,
            applied_ns,
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
        let now_ns = self.clock.mono_ns();
        while session.acks.front().is_some_and(|ack| ack.next <= next) {
            let Some(ack) = session.acks.pop_front() else {
                break;
            };
            let ns = now_ns.saturating_sub(ack.arrived_ns);
            let count = u64::from(ack.count);
            m.stages[3].observe(now_ns.saturating_sub(ack.applied_ns), count);
            m.acknowledge.observe(ns, count);
            self.recent.observe(ns, ack.count);
        }
    }

    /// Makes a connection the session's own; the one before is given back to be ended.
    pub fn connect(&mut self, session: SessionId, link: Link) -> Option<Link> {
        self.desk.connected(session, self.clock.now());
        let session = self.sessions.entry(session).or_default();
        session.acks.clear();
        session.link.replace(link)
    }

    /// The connection ended, unless a newer one has taken its place; `left` where that was its client's doing.
    pub fn disconnect(&mut self, session: SessionId, wake: &Rc<Notify>, left: bool) {
        if let Some(known) = self.sessions.get_mut(&session)
            && known
                .link
                .as_ref()
                .is_some_and(|link| Rc::ptr_eq(&link.wake, wake))
        {
            known.link = None;
            known.acks.clear();
            if left {
                self.desk.disconnected(session, self.clock.now());
            }
        }
    }

    /// The packets of a snapshot behind which the feed of the trading day `day` goes on, at `feed_next` if it is made now.
    pub fn snapshot(&mut self, day: [u8; 10], feed_next: u64) -> Rc<Vec<u8>> {
        let replica = &self.desk.replica;
        self.snapshots
            .get(&replica.market, replica.position(), day, feed_next)
    }

    /// Gives back the memory of a snapshot that is too old to be given to anybody.
    pub fn forget_old_snapshot(&mut self) {
        self.snapshots.forget_old();
    }

    /// Goes on from another replica's checkpoint.
    pub fn install(&mut self, replica: crate::replica::Replica<Streams>) {
        self.snapshots = Snapshots::default();
        let counts = self.desk.replica.sink.counts();
        self.desk.install(replica);
        self.desk.replica.sink.count_from(counts);
    }

    /// Whether a session is logged in here.
    pub fn is_connected(&self, session: SessionId) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(|session| session.link.is_some())
    }
}
