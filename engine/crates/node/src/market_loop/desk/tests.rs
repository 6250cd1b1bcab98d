use super::*;
use crate::streams::Counting;
use rialto_market::types::{
    Account, AccountId, Instrument, InstrumentId, SessionDefinition, Symbol, Username,
};
use rialto_market::{Config, Market};
use rialto_replica::{CheckpointMeta, GroupStatus, History, LogError, NotLeader, TransferRefused};
use std::sync::mpsc::{Receiver, channel};
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::sync::oneshot;

/// A log that keeps what is proposed until the test commits it.
#[derive(Default)]
struct Pipe {
    proposed: VecDeque<Vec<u8>>,
    full: bool,
    moved: bool,
}

impl Log for Pipe {
    fn propose(&mut self, batch: Vec<u8>) -> Result<(), (Vec<u8>, NotProposed)> {
        if self.moved {
            return Err((batch, NotProposed::NotLeader));
        }
        if self.full {
            return Err((batch, NotProposed::Full));
        }
        self.proposed.push_back(batch);
        Ok(())
    }
    fn poll(&mut self, _: &mut Context<'_>) -> Poll<Option<Vec<rialto_replica::Output>>> {
        Poll::Pending
    }
    fn checkpointed(&mut self, _: &CheckpointMeta, _: u64) {}
    fn transfer(
        &mut self,
        _: Option<ReplicaId>,
        _: oneshot::Sender<Result<LeaderEpoch, TransferRefused>>,
    ) {
    }
    fn confirm_leadership(&mut self, _: oneshot::Sender<Result<u64, NotLeader>>) {}
    fn status(&self) -> GroupStatus {
        GroupStatus::default()
    }
    fn history(&self) -> Result<Box<dyn History>, LogError> {
        Err(LogError("none".to_owned()))
    }
}

const ALICE: SessionId = SessionId(1);
const EPOCH: LeaderEpoch = LeaderEpoch { term: 3, node: 1 };
const GRACE: u64 = 10_000;
const BOUNDS: Bounds = Bounds {
    commands: 4,
    bytes: 1 << 16,
};

fn at(ns: u64) -> Now {
    Now {
        mono_ns: ns,
        wall_ns: 1_000_000 + ns,
    }
}

fn definitions(cancel_on_disconnect: bool) -> Vec<Action> {
    vec![
        Action::DefineInstrument(Instrument {
            id: InstrumentId(1),
            symbol: Symbol::new("ACME").unwrap(),
            tick_size_e4: 100,
            lot_size: 1,
            collar_bp: 0,
            reference_price: 0,
        }),
        Action::DefineAccount(Account {
            id: AccountId(1),
            max_order_quantity: 1_000,
            max_order_value_e4: 1 << 40,
            max_open_orders: 1_000,
            cancel_on_disconnect,
        }),
        Action::DefineSession(SessionDefinition {
            id: ALICE,
            username: Username::new("ALICE").unwrap(),
            account: AccountId(1),
        }),
        Action::OpenDay { date: 20_261_121 },
    ]
}

/// A desk with its log; `commit` does what a majority would.
struct Bench {
    desk: Desk<Counting>,
    log: Pipe,
    epoch: LeaderEpoch,
    position: u64,
}

impl Bench {
    fn new() -> Self {
        let replica = Replica::empty(Market::new(Config::default()), Counting::default());
        Self {
            desk: Desk::new(replica, GRACE),
            log: Pipe::default(),
            epoch: EPOCH,
            position: 0,
        }
    }

    fn serving(cancel_on_disconnect: bool) -> Self {
        let mut bench = Self::new();
        bench.lead(EPOCH, definitions(cancel_on_disconnect), 1);
        assert!(!bench.desk.is_serving(), "nothing is defined yet");
        bench.settle(1);
        assert_eq!(bench.desk.serves(), Some(EPOCH));
        bench
    }

    fn lead(&mut self, epoch: LeaderEpoch, missing: Vec<Action>, now: u64) {
        self.epoch = epoch;
        self.log.moved = false;
        self.desk
            .take_role(Role::Leader { epoch }, at(now), |_| missing);
    }

    fn follow(&mut self, leader: Option<ReplicaId>) {
        let epoch = LeaderEpoch { term: 4, node: 2 };
        self.log.moved = true;
        self.desk
            .take_role(Role::Follower { leader, epoch }, at(1), |_| {
                panic!("a follower defines nothing")
            });
    }

    fn propose(&mut self, now: u64) {
        assert!(!self.desk.propose(&mut self.log, BOUNDS, at(now), |_| {}));
    }

    fn commit(&mut self, own: bool) -> Option<Flight> {
        let batch = self.log.proposed.pop_front().unwrap();
        self.position += 1;
        let entry = Committed {
            position: self.position,
            epoch: self.epoch,
            payload: CommittedPayload::Batch(batch),
            proposed: own.then(Instant::now),
            committed: Instant::now(),
        };
        self.desk.apply(entry).unwrap()
    }

    fn settle(&mut self, now: u64) {
        self.propose(now);
        while !self.log.proposed.is_empty() {
            self.commit(true);
            self.propose(now);
        }
        assert!(self.desk.is_idle());
    }

    fn next_number(&self) -> u64 {
        self.desk.replica.market.next_number(ALICE).unwrap()
    }

    fn is_connected(&self) -> bool {
        self.desk.replica.market.session(ALICE).unwrap().connected
    }

    fn ask(&mut self, key: u64, action: Action) -> Receiver<Result<u64, Refusal>> {
        let (sender, receiver) = channel();
        let reply = Box::new(move |answer| sender.send(answer).unwrap());
        self.desk.operate(key, action, at(5), Some(reply));
        receiver
    }
}

#[test]
fn messages_are_numbered_from_the_state_and_cut_into_batches() {
    let mut bench = Bench::serving(false);
    for arrived in [10, 10, 10, 20, 20] {
        bench.desk.push(ALICE, Request::AccountQuery, arrived, 1);
    }
    bench.propose(30);
    assert_eq!(bench.desk.in_flight().0, 2);
    let first = bench.commit(true).unwrap();
    let counts: Vec<_> = first.runs.iter().map(|r| (r.arrived_ns, r.count)).collect();
    assert_eq!(counts, [(10, 3), (20, 1)], "the run is cut at the batch");
    bench.commit(true);
    assert_eq!(bench.next_number(), 6);
}

#[test]
fn a_full_log_keeps_what_waits_in_its_order() {
    let mut bench = Bench::serving(false);
    bench.log.full = true;
    for _ in 0..3 {
        bench.desk.push(ALICE, Request::AccountQuery, 1, 1);
        bench.propose(2);
    }
    assert_eq!(bench.desk.inbound_len(), 3);
    bench.log.full = false;
    bench.settle(3);
    assert_eq!(bench.next_number(), 4);
    assert_eq!(
        bench
            .desk
            .replica
            .market
            .statistics()
            .ignored
            .iter()
            .sum::<u64>(),
        0
    );
}

#[test]
fn what_a_lost_leadership_took_is_forgotten_and_numbered_anew_from_the_state() {
    let mut bench = Bench::serving(false);
    bench.desk.push(ALICE, Request::AccountQuery, 1, 1);
    bench.propose(2);
    bench.desk.push(ALICE, Request::AccountQuery, 3, 1);
    bench.log.moved = true;
    bench.propose(3);
    assert_eq!((bench.desk.inbound_len(), bench.desk.in_flight().0), (1, 1));
    bench.follow(Some(2));
    assert!(bench.desk.is_idle());
    assert_eq!(bench.desk.leader(), Some(2));
    bench.desk.push(ALICE, Request::AccountQuery, 4, 1);
    assert_eq!(bench.desk.inbound_len(), 0, "a follower takes nothing");
    // The first batch was committed all the same, as another's; then this replica leads again.
    assert_eq!(bench.commit(false), None);
    bench.lead(LeaderEpoch { term: 5, node: 1 }, Vec::new(), 10);
    assert!(bench.desk.is_serving(), "nothing is missing");
    bench.desk.push(ALICE, Request::AccountQuery, 11, 1);
    bench.settle(12);
    assert_eq!(
        bench.next_number(),
        3,
        "no number is left out or used twice"
    );
}

#[test]
fn operators_are_answered_or_told_who_leads() {
    let mut bench = Bench::serving(false);
    let halt = Action::Halt { instrument: None };
    let done = bench.ask(7, halt);
    bench.settle(6);
    assert_eq!(done.try_recv().unwrap(), Ok(bench.position));
    let lost = bench.ask(8, halt);
    bench.propose(7);
    bench.follow(Some(2));
    assert_eq!(
        lost.try_recv().unwrap(),
        Err(Refusal::Moved { leader: Some(2) })
    );
    let refused = bench.ask(9, halt);
    assert_eq!(
        refused.try_recv().unwrap(),
        Err(Refusal::Elsewhere { leader: Some(2) })
    );
}

#[test]
fn stamps_never_go_back_even_where_the_new_leaders_clock_is_behind() {
    let mut bench = Bench::serving(false);
    bench.desk.push(ALICE, Request::AccountQuery, 1, 9_000_000);
    bench.settle(2);
    bench.follow(None);
    bench.lead(LeaderEpoch { term: 6, node: 1 }, Vec::new(), 3);
    bench.desk.push(ALICE, Request::AccountQuery, 4, 5);
    bench.settle(5);
    assert_eq!(bench.desk.replica.market.last_stamp_ns(), 9_000_000);
}

#[test]
fn a_client_that_leaves_is_told_apart_from_a_leader_that_does() {
    let mut bench = Bench::serving(true);
    bench.desk.connected(ALICE, at(1));
    bench.settle(1);
    assert!(bench.is_connected());
    // Leaves and comes back before either is durable.
    bench.desk.disconnected(ALICE, at(2));
    bench.propose(2);
    bench.desk.connected(ALICE, at(2));
    bench.settle(2);
    assert!(bench.is_connected());
    // Leadership goes and comes: the client has the grace to come back.
    bench.follow(Some(2));
    bench.desk.disconnected(ALICE, at(3));
    bench.lead(LeaderEpoch { term: 5, node: 1 }, Vec::new(), 100);
    bench.desk.tick(at(100 + GRACE - 1));
    assert!(bench.desk.is_idle(), "nothing is due yet");
    bench.desk.connected(ALICE, at(200));
    bench.desk.tick(at(100 + GRACE));
    assert!(bench.desk.is_idle(), "it came back");
    assert!(bench.is_connected());
    // This time it does not.
    bench.follow(Some(2));
    bench.lead(LeaderEpoch { term: 7, node: 1 }, Vec::new(), 100);
    bench.desk.tick(at(100 + GRACE));
    bench.settle(101 + GRACE);
    assert!(!bench.is_connected());
    bench.desk.tick(at(100 + 2 * GRACE));
    assert!(bench.desk.is_idle(), "said once");
}

#[test]
fn an_account_that_does_not_ask_for_it_costs_nothing() {
    let mut bench = Bench::serving(false);
    bench.desk.connected(ALICE, at(1));
    bench.desk.disconnected(ALICE, at(2));
    assert!(bench.desk.is_idle());
}
