//! Exactly once through a failover: what clients send again, and what leaders propose twice, changes nothing.
//!
//! A cluster of a few lines: every replica applies one journal of committed batches, and only what is in it counts. A
//! leader numbers messages as a gateway does; when it goes, what it proposed and did not commit is forgotten, and its
//! clients send again whatever they saw no answer to.
#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

mod common;

use common::{Bench, TEN_NS};
use proptest::prelude::*;
use rialto_market::OrderDetail;
use rialto_market::codec::{Stamped, decode_batch, encode_batch};
use rialto_market::command::{Command, Enter, EnterEcho, Replace, Request, Target};
use rialto_market::event::{Event, IgnoreReason};
use rialto_market::types::{SessionId, Side, Symbol, TimeInForce};
use rialto_session::StreamId;
use rialto_wire::ouch::outbound::Message;
use std::collections::BTreeMap;

const SESSIONS: usize = 3;

/// A replica that leads, or the ones that follow: equal journals make equal replicas.
struct Replica {
    bench: Bench,
    /// The number of each session's next message, as its gateway counts.
    numbers: [u64; SESSIONS],
}

impl Replica {
    /// A new leader: it has applied everything committed, and counts on from there.
    fn of(journal: &[Vec<u8>]) -> Self {
        let mut bench = Bench::open();
        for batch in journal {
            for stamped in decode_batch(batch).unwrap() {
                apply(&mut bench, &stamped.command);
            }
        }
        let numbers = std::array::from_fn(|nth| bench.market.next_number(id(nth)).unwrap());
        Self { bench, numbers }
    }

    /// What a client's message becomes.
    fn number(&mut self, session: usize, request: Request) -> Command {
        let number = self.numbers[session];
        self.numbers[session] += 1;
        Command::Client {
            session: id(session),
            number,
            request,
        }
    }

    fn ignored(&self, reason: IgnoreReason) -> u64 {
        self.bench.market.statistics().ignored[reason as usize]
    }

    fn orders(&self) -> Vec<OrderDetail> {
        let market = &self.bench.market;
        market
            .orders()
            .map(|order| market.order(order.order_ref).unwrap())
            .collect()
    }
}

fn id(nth: usize) -> SessionId {
    SessionId(nth as u32 + 1)
}

/// At one time for all, so that equal streams are equal to the byte.
fn apply(bench: &mut Bench, command: &Command) {
    bench.now_ns = TEN_NS;
    bench.apply(command);
}

fn commit(journal: &mut Vec<Vec<u8>>, leader: &mut Replica, commands: &[Command]) {
    let stamped: Vec<Stamped> = commands
        .iter()
        .map(|command| Stamped {
            stamp_ns: TEN_NS,
            command: *command,
        })
        .collect();
    let mut batch = Vec::new();
    encode_batch(&stamped, &mut batch);
    journal.push(batch);
    for command in commands {
        apply(&mut leader.bench, command);
    }
}

fn enter(user_ref: u32, side: Side, quantity: u32, ticks: u64) -> Request {
    Request::Enter(Enter {
        user_ref,
        side,
        side_code: if side == Side::Buy { b'B' } else { b'S' },
        quantity,
        symbol: Symbol::new("ABC").unwrap(),
        price_e4: ticks * 100,
        time_in_force: TimeInForce::Day,
        min_quantity: 0,
        post_only: false,
        echo: EnterEcho {
            display: b'Y',
            capacity: b'P',
            intermarket_sweep: b'N',
            cross_type: b'N',
        },
        cl_ord_id: [b' '; 14],
    })
}

fn replace(old: u32, user_ref: u32, quantity: u32, ticks: u64) -> Request {
    Request::Replace(Replace {
        target: Target::UserRef(old),
        user_ref,
        quantity,
        price_e4: ticks * 100,
        time_in_force: TimeInForce::Day,
        post_only: false,
        display: b'Y',
        intermarket_sweep: b'N',
        cl_ord_id: [b' '; 14],
    })
}

fn cancel(user_ref: u32, quantity: u32) -> Request {
    Request::Cancel {
        target: Target::UserRef(user_ref),
        quantity,
    }
}

fn modify(user_ref: u32, side_code: u8, quantity: u32) -> Request {
    Request::Modify {
        target: Target::UserRef(user_ref),
        side_code,
        quantity,
    }
}

/// How often each user reference number of an Enter or Replace was answered in a session's stream.
fn answers(stream: &[Vec<u8>]) -> BTreeMap<u32, u32> {
    let mut answers = BTreeMap::new();
    for message in stream {
        let user_ref = match Message::decode(message).unwrap() {
            Message::Accepted(m) => m.user_ref_num(),
            Message::Replaced(m) => m.user_ref_num(),
            Message::Rejected(m) => m.user_ref_num(),
            _ => continue,
        };
        *answers.entry(user_ref).or_default() += 1;
    }
    answers
}

#[test]
fn what_is_sent_again_after_a_failover_changes_nothing() {
    let sent = [
        enter(1, Side::Buy, 100, 95),
        enter(2, Side::Sell, 100, 105),
        enter(3, Side::Buy, 0, 95),
        replace(1, 4, 80, 96),
        cancel(2, 60),
        modify(2, b'T', 50),
        enter(5, Side::Sell, 30, 96),
        cancel(4, 0),
    ];
    let mut journal = Vec::new();
    let mut old = Replica::of(&journal);
    let commands = sent.map(|request| old.number(0, request));
    commit(&mut journal, &mut old, &commands);

    // The leader is gone, and its client has read nothing. At the new one it finds every answer by number,
    let mut new = Replica::of(&journal);
    assert_eq!(new.bench.store.streams, old.bench.store.streams);
    let answered = new.bench.store.session(1).to_vec();
    let orders = new.orders();
    assert_eq!(orders.len(), 1);
    // and before it has read them it sends everything again.
    let again = sent.map(|request| new.number(0, request));
    commit(&mut journal, &mut new, &again);
    assert_eq!(new.orders(), orders);
    assert_eq!(new.ignored(IgnoreReason::RepeatedUserRef), 5);
    assert_eq!(new.ignored(IgnoreReason::RepeatedNumber), 0);
    let stream = new.bench.store.session(1);
    assert_eq!(stream[..answered.len()], answered);
    assert_eq!(answers(stream), (1..=5).map(|nth| (nth, 1)).collect());
    // Cancels and Modifies that find nothing more to take off are answered by Cancel Reject; a Modify to the size that the
    // order has by now says it again.
    let more: Vec<u8> = stream[answered.len()..].iter().map(|m| m[0]).collect();
    assert_eq!(more, b"IMI");
}

#[test]
fn a_proposal_made_twice_is_applied_once() {
    let sent = [
        enter(1, Side::Buy, 100, 95),
        enter(2, Side::Sell, 100, 105),
        replace(1, 3, 100, 94),
        cancel(2, 60),
        modify(2, b'T', 50),
        Request::AccountQuery,
        Request::DisableOrderEntry { user_ref: 4 },
        Request::EnableOrderEntry { user_ref: 5 },
        Request::MassCancel {
            user_ref: 6,
            symbol: Symbol::ALL,
        },
    ];
    for (nth, request) in sent.iter().enumerate() {
        let mut journal = Vec::new();
        let mut leader = Replica::of(&journal);
        for request in &sent[..nth] {
            let command = leader.number(0, *request);
            commit(&mut journal, &mut leader, &[command]);
        }
        let command = leader.number(0, *request);
        commit(&mut journal, &mut leader, &[command]);
        let stream = leader.bench.store.session(1).to_vec();
        let orders = leader.orders();
        // In the same batch, in a later one, behind others' and behind the session's own next message.
        let next = leader.number(0, Request::AccountQuery);
        let other = leader.number(1, enter(1, Side::Buy, 10, 50));
        commit(&mut journal, &mut leader, &[command, command]);
        assert_eq!(leader.bench.store.session(1), stream, "{request:?}");
        commit(&mut journal, &mut leader, &[other, command, next, command]);
        let more = &leader.bench.store.session(1)[stream.len()..];
        assert_eq!(
            more.iter().map(|m| m[0]).collect::<Vec<_>>(),
            b"Q",
            "{request:?}"
        );
        assert_eq!(leader.ignored(IgnoreReason::RepeatedNumber), 4);
        assert_eq!(leader.orders().len(), orders.len() + 1);
        assert_eq!(leader.bench.market.next_number(id(0)), Some(nth as u64 + 3));
    }
}

#[test]
fn only_the_next_number_counts_whatever_carries_it() {
    let mut journal = Vec::new();
    let mut leader = Replica::of(&journal);
    let first = leader.number(0, enter(1, Side::Buy, 100, 95));
    commit(&mut journal, &mut leader, &[first]);
    let orders = leader.orders();
    // Numbers used before and numbers to come, on messages that would be good ones.
    for number in [0, 1, 3, u64::MAX] {
        for request in [
            enter(9, Side::Buy, 10, 90),
            replace(1, 9, 50, 90),
            cancel(1, 0),
        ] {
            let command = Command::Client {
                session: id(0),
                number,
                request,
            };
            commit(&mut journal, &mut leader, &[command]);
        }
    }
    assert_eq!(leader.orders(), orders);
    assert_eq!(leader.ignored(IgnoreReason::RepeatedNumber), 12);
    assert_eq!(leader.bench.store.session(1).len(), 2);
}

/// One client: what it sent and saw no answer to.
#[derive(Default, Clone)]
struct Client {
    /// Each with its place among all that were ever sent.
    unanswered: Vec<(usize, Request)>,
    read: usize,
    last: u32,
}

impl Client {
    /// Reads the stream on from its own number to `to`, and forgets what it finds answered. Cancels and Modifies are
    /// forgotten when something sent behind them is answered.
    fn read(&mut self, stream: &[Vec<u8>], to: usize) {
        for answered in answers(&stream[self.read..to]).keys() {
            let at = self
                .unanswered
                .iter()
                .position(|(_, request)| match request {
                    Request::Enter(enter) => enter.user_ref == *answered,
                    Request::Replace(replace) => replace.user_ref == *answered,
                    _ => false,
                });
            if let Some(at) = at {
                self.unanswered.drain(..=at);
            }
        }
        self.read = to;
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// A client sends (session, kind, and what the message is made of).
    Send(usize, u8, u32, u32),
    /// What is proposed is committed, up to so many, and so many of those are proposed twice.
    Commit(usize, usize),
    /// A client reads so many reports.
    Read(usize, usize),
    /// The leader goes.
    Failover,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..SESSIONS, 0..10u8, any::<u32>(), any::<u32>())
            .prop_map(|(who, kind, a, b)| Step::Send(who, kind, a, b)),
        4 => (1..8usize, 0..3usize).prop_map(|(count, twice)| Step::Commit(count, twice)),
        3 => (0..SESSIONS, 1..6usize).prop_map(|(who, count)| Step::Read(who, count)),
        1 => Just(Step::Failover),
    ]
}

fn message(client: &mut Client, kind: u8, a: u32, b: u32) -> Request {
    let ticks = 95 + u64::from(b % 10);
    let quantity = 1 + a % 40;
    // Only what was sent before is named: a Cancel of an order to come would find it when it is sent again.
    let kind = if client.last == 0 { 0 } else { kind };
    let old = 1 + (b >> 8) % client.last.max(1);
    if kind < 7 {
        client.last += 1;
    }
    match kind {
        0..=4 => enter(
            client.last,
            if a.is_multiple_of(2) {
                Side::Buy
            } else {
                Side::Sell
            },
            quantity,
            ticks,
        ),
        5 | 6 => replace(old, client.last, quantity, ticks),
        7 | 8 => cancel(old, a % 30),
        _ => modify(old, b"BSTE"[(b % 4) as usize], a % 30),
    }
}

/// The cluster under way: one leader, what it proposed, what is committed.
struct Cluster {
    journal: Vec<Vec<u8>>,
    leader: Replica,
    proposed: Vec<(usize, Command)>,
    /// What was sent, and whether it was committed yet.
    sent: Vec<bool>,
    /// What was committed for the first time, in that order.
    first: Vec<(usize, Request)>,
    clients: Vec<Client>,
    /// Proposals committed once too often.
    twice: u64,
    failovers: usize,
}

impl Cluster {
    fn new() -> Self {
        Self {
            journal: Vec::new(),
            leader: Replica::of(&[]),
            proposed: Vec::new(),
            sent: Vec::new(),
            first: Vec::new(),
            clients: vec![Client::default(); SESSIONS],
            twice: 0,
            failovers: 0,
        }
    }

    fn carry_out(&mut self, step: &Step) {
        match *step {
            Step::Send(who, kind, a, b) => {
                let request = message(&mut self.clients[who], kind, a, b);
                let place = self.sent.len();
                self.sent.push(false);
                self.clients[who].unanswered.push((place, request));
                self.proposed
                    .push((place, self.leader.number(who, request)));
            }
            Step::Commit(count, twice) => {
                let count = count.min(self.proposed.len());
                let mut batch = Vec::new();
                for (place, command) in self.proposed.drain(..count) {
                    let before = std::mem::replace(&mut self.sent[place], true);
                    if let Command::Client {
                        session, request, ..
                    } = command
                        && !before
                    {
                        self.first.push((session.0 as usize - 1, request));
                    }
                    batch.push(command);
                }
                let again: Vec<Command> = batch.iter().rev().take(twice).copied().collect();
                self.twice += again.len() as u64;
                batch.extend(again);
                commit(&mut self.journal, &mut self.leader, &batch);
            }
            Step::Read(who, count) => {
                let stream = self.leader.bench.store.session(who as u32 + 1);
                let to = stream.len().min(self.clients[who].read + count);
                self.clients[who].read(stream, to);
            }
            Step::Failover => {
                self.failovers += 1;
                let before = std::mem::take(&mut self.leader.bench.store.streams);
                self.leader = Replica::of(&self.journal);
                assert_eq!(self.leader.bench.store.streams, before);
                self.proposed.clear();
                for (who, client) in self.clients.iter().enumerate() {
                    for (place, request) in &client.unanswered {
                        let command = self.leader.number(who, *request);
                        self.proposed.push((*place, command));
                    }
                }
            }
        }
    }

    /// Lets everything that was sent be committed, and everything be read.
    fn settle(&mut self) {
        self.carry_out(&Step::Failover);
        self.carry_out(&Step::Commit(usize::MAX, 0));
        for who in 0..SESSIONS {
            self.carry_out(&Step::Read(who, usize::MAX / 2));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn every_message_counts_once_over_any_failovers(steps in prop::collection::vec(step(), 1..150)) {
        let mut cluster = Cluster::new();
        for step in &steps {
            cluster.carry_out(step);
        }
        cluster.settle();

        // The same messages, each once, in the order in which they were first committed.
        let mut plain = Replica::of(&[]);
        for (who, request) in &cluster.first {
            let command = plain.number(*who, *request);
            apply(&mut plain.bench, &command);
        }
        let leader = &cluster.leader;
        let ignored = leader.bench.history.iter().filter(|event| {
            matches!(event, Event::Ignored { reason: IgnoreReason::RepeatedNumber, .. })
        });
        prop_assert_eq!(ignored.count() as u64, cluster.twice);
        prop_assert_eq!(leader.orders(), plain.orders());
        prop_assert_eq!(leader.bench.store.feed(), plain.bench.store.feed());
        prop_assert!(cluster.sent.iter().all(|committed| *committed));
        for (who, client) in cluster.clients.iter().enumerate() {
            let stream = leader.bench.store.session(who as u32 + 1);
            let every: BTreeMap<u32, u32> = (1..=client.last).map(|nth| (nth, 1)).collect();
            prop_assert_eq!(answers(stream), every, "each answered, and once");
            let state = leader.bench.publisher.stream(StreamId::Session(id(who))).unwrap();
            prop_assert_eq!(state.next, stream.len() as u64 + 1);
        }
    }
}

/// The property says something: its flows lose proposals, make them twice, and move leadership.
#[test]
fn the_flows_repeat_and_lose() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut twice, mut failovers, mut resent) = (0, 0, 0);
    for _ in 0..50 {
        let steps = prop::collection::vec(step(), 150..151);
        let steps = steps.new_tree(&mut runner).unwrap().current();
        let mut cluster = Cluster::new();
        for step in &steps {
            cluster.carry_out(step);
        }
        cluster.settle();
        twice += cluster.twice;
        failovers += cluster.failovers;
        resent += cluster.leader.ignored(IgnoreReason::RepeatedUserRef);
    }
    assert!(
        twice > 300 && failovers > 200 && resent > 300,
        "{twice} {failovers} {resent}"
    );
}
