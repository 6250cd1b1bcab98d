//! The venues, replicas and ledgers that the tests spoil.

use rialto_journal::entry::{self, LeaderEpoch, LogEntry, Payload};
use rialto_journal::{Config as JournalConfig, FileDisk, Journal, LogId};
use rialto_market::codec::{self, Stamped};
use rialto_market::command::{Action, Command, Enter, EnterEcho, Request as Ask, Target};
use rialto_market::types::{
    Account, AccountId, Instrument, InstrumentId, SessionDefinition, SessionId, Side, Symbol,
    TimeInForce, TradingDay, Username,
};
use rialto_market::{Config, Market};
use rialto_session::{Publisher, StreamId, StreamSink};
use rialto_verify::ledger::{self, Event, Record};
use rialto_verify::{Replica, Report, Request, verify};
use rialto_wire::ouch::inbound::EnterOrder;
use rialto_wire::ouch::{self, Capacity, ClOrdId, CrossType, Display, IntermarketSweep};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub const TEN_NS: u64 = 1_795_255_200_000_000_000;
pub const MARKET: &str = "MAIN";
pub const ID: u32 = 3;

/// The streams of the one trading day.
#[derive(Default)]
pub struct Store {
    pub day: [u8; 10],
    pub streams: BTreeMap<StreamId, Vec<Vec<u8>>>,
}

impl StreamSink for Store {
    fn opened(&mut self, day: &TradingDay) {
        self.day = day.session_name();
    }

    fn append(&mut self, stream: StreamId, _: u64, message: &[u8]) {
        self.streams
            .entry(stream)
            .or_default()
            .push(message.to_vec());
    }

    fn closed(&mut self, _: &TradingDay) {}
}

pub fn operator(action: Action) -> Command {
    Command::Operator { key: 0, action }
}

pub fn account(max_open_orders: u32) -> Command {
    operator(Action::DefineAccount(Account {
        id: AccountId(1),
        max_order_quantity: 500_000,
        max_order_value_e4: u64::MAX,
        max_open_orders,
        cancel_on_disconnect: false,
    }))
}

pub fn session(id: u32, name: &str) -> Command {
    operator(Action::DefineSession(SessionDefinition {
        id: SessionId(id),
        username: Username::new(name).unwrap(),
        account: AccountId(1),
    }))
}

#[derive(Clone, Copy)]
pub struct Order {
    pub session: u32,
    pub user_ref: u32,
    pub side: Side,
    pub quantity: u32,
    pub price_e4: u64,
}

pub fn enter(order: Order, number: u64) -> Command {
    Command::Client {
        session: SessionId(order.session),
        number,
        request: Ask::Enter(Enter {
            user_ref: order.user_ref,
            side: order.side,
            side_code: if order.side == Side::Buy { b'B' } else { b'S' },
            quantity: order.quantity,
            symbol: Symbol::new("ABC").unwrap(),
            price_e4: order.price_e4,
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
        }),
    }
}

pub fn sent(order: Order) -> Vec<u8> {
    let mut out = Vec::new();
    EnterOrder {
        user_ref_num: order.user_ref,
        side: if order.side == Side::Buy {
            ouch::Side::Buy
        } else {
            ouch::Side::Sell
        },
        quantity: order.quantity,
        symbol: ouch::Symbol::new("ABC").unwrap(),
        price_e4: order.price_e4,
        time_in_force: ouch::TimeInForce::Day,
        display: Display::Visible,
        capacity: Capacity::Principal,
        intermarket_sweep: IntermarketSweep::NotEligible,
        cross_type: CrossType::Continuous,
        cl_ord_id: ClOrdId::BLANK,
    }
    .encode(&mut out);
    out
}

/// Twenty orders of two sessions, some of which match.
pub fn orders() -> Vec<Order> {
    (0..20)
        .map(|nth| Order {
            session: 1 + nth % 2,
            user_ref: 1 + nth / 2,
            side: if nth % 3 == 0 { Side::Sell } else { Side::Buy },
            quantity: 10 + nth,
            // The last one meets nothing.
            price_e4: if nth == 19 {
                5_000
            } else {
                10_000 + 100 * u64::from(nth % 5)
            },
        })
        .collect()
}

/// A market's log: batches, each with its leadership.
#[derive(Clone)]
pub struct Venue {
    pub batches: Vec<Vec<Command>>,
    /// The leadership of the batches from here on is the second.
    pub second_from: usize,
}

pub fn venue() -> Venue {
    let mut batches = vec![
        vec![
            operator(Action::DefineInstrument(Instrument {
                id: InstrumentId(1),
                symbol: Symbol::new("ABC").unwrap(),
                tick_size_e4: 100,
                lot_size: 1,
                collar_bp: 0,
                reference_price: 0,
            })),
            account(1_000),
            session(1, "ONE"),
            session(2, "TWO"),
        ],
        vec![operator(Action::OpenDay { date: 20_261_121 })],
    ];
    let mut numbers = [0, 0, 0];
    let mut next = |session: u32| {
        let number = &mut numbers[session as usize];
        *number += 1;
        *number
    };
    for (nth, order) in orders().into_iter().enumerate() {
        let number = next(order.session);
        batches.push(vec![enter(order, number)]);
        if nth == 10 {
            let number = next(2);
            batches.push(vec![Command::Client {
                session: SessionId(2),
                number,
                request: Ask::Cancel {
                    target: Target::UserRef(2),
                    quantity: 0,
                },
            }]);
        }
    }
    Venue {
        batches,
        second_from: 9,
    }
}

pub fn stamped(nth: usize, batch: &[Command]) -> Vec<Stamped> {
    let stamp = |command: &Command| Stamped {
        stamp_ns: TEN_NS + nth as u64 * 1_000_000,
        command: *command,
    };
    batch.iter().map(stamp).collect()
}

impl Venue {
    pub fn run(&self) -> (Market, Store) {
        let (mut market, mut publisher) = (Market::new(Config::default()), Publisher::new());
        let (mut store, mut events) = (Store::default(), Vec::new());
        for (nth, batch) in self.batches.iter().enumerate() {
            for stamped in stamped(nth, batch) {
                events.clear();
                market.apply(&stamped.command, stamped.stamp_ns, &mut events);
                let time_ns = market.last_stamp_ns();
                publisher.publish(&events, time_ns, &market, &mut store);
            }
        }
        (market, store)
    }

    /// Writes a replica's data directory: journal and stream files.
    pub fn write(&self, dir: &Path) {
        self.write_with(dir, 1 << 20, None);
    }

    /// The same with journal segments of this size, of which those before position `purge` are given up.
    pub fn write_with(&self, dir: &Path, segment_bytes: u64, purge: Option<u64>) {
        let disk = FileDisk::new(dir.join("journal")).unwrap();
        let config = JournalConfig::with_segment_bytes(segment_bytes);
        let (mut journal, _) = Journal::open(disk, config).unwrap();
        let blank = |term| LogEntry {
            epoch: LeaderEpoch { term, node: term },
            payload: Payload::Blank,
        };
        let mut payloads = vec![blank(1)];
        let batches: Vec<Vec<u8>> = (self.batches.iter().enumerate())
            .map(|(nth, batch)| {
                let mut bytes = Vec::new();
                codec::encode_batch(&stamped(nth, batch), &mut bytes);
                bytes
            })
            .collect();
        for (nth, batch) in batches.iter().enumerate() {
            let term = if nth < self.second_from { 1 } else { 2 };
            if nth == self.second_from {
                payloads.push(blank(2));
            }
            payloads.push(LogEntry {
                epoch: LeaderEpoch { term, node: term },
                payload: Payload::Batch(batch),
            });
        }
        for (nth, payload) in payloads.iter().enumerate() {
            let mut bytes = Vec::new();
            entry::encode(payload, &mut bytes);
            journal.append(LogId(ID), nth as u64 + 1, &bytes).unwrap();
            journal.sync().unwrap();
        }
        if let Some(purge) = purge {
            journal.purge(LogId(ID), purge).unwrap();
            journal.sync().unwrap();
            assert!(journal.first_index(LogId(ID)).unwrap() > 1);
        }
        drop(journal);
        let (_, store) = self.run();
        for (stream, messages) in &store.streams {
            write_stream(&stream_file(dir, &store.day, *stream), messages);
        }
    }
}

/// Writes a checkpoint file as a node does, of the state that this venue comes to at `position`.
pub fn write_checkpoint(dir: &Path, venue: &Venue, position: u64) {
    let (mut market, mut publisher) = (Market::new(Config::default()), Publisher::new());
    let (mut store, mut events) = (Store::default(), Vec::new());
    for (nth, batch) in venue.batches.iter().enumerate() {
        for stamped in stamped(nth, batch) {
            events.clear();
            market.apply(&stamped.command, stamped.stamp_ns, &mut events);
            let time_ns = market.last_stamp_ns();
            publisher.publish(&events, time_ns, &market, &mut store);
        }
    }
    let extent = |messages: &Vec<Vec<u8>>| {
        let bytes: usize = messages.iter().map(|message| message.len() + 3).sum();
        serde_json::json!({"messages": messages.len(), "bytes": bytes})
    };
    let mut sessions = serde_json::Map::new();
    for (stream, messages) in &store.streams {
        if let StreamId::Session(id) = stream {
            sessions.insert(id.to_string(), extent(messages));
        }
    }
    let state = market.checkpoint();
    let header = serde_json::json!({
        "market": MARKET,
        "position": position,
        "log": {"position": position, "epoch": {"term": 1, "node": 1}, "membership": []},
        "state_hash": blake3::hash(&state).to_hex().to_string(),
        "made_ns": TEN_NS,
        "extents": {
            "day": {"date": 20_261_121, "opening": 1, "incarnation": 1},
            "feed": extent(&store.streams[&StreamId::Feed]),
            "sessions": sessions,
            "ended": false,
        },
        "tape": {},
    });
    let mut positions = Vec::new();
    publisher.encode(&mut positions);
    let mut out = b"RIALTOC2".to_vec();
    for part in [serde_json::to_vec(&header).unwrap(), positions] {
        out.extend_from_slice(&(part.len() as u32).to_le_bytes());
        out.extend_from_slice(&part);
    }
    out.extend_from_slice(&(state.len() as u64).to_le_bytes());
    out.extend_from_slice(&state);
    let hash = blake3::hash(&out);
    out.extend_from_slice(hash.as_bytes());
    let folder = dir.join("markets").join(MARKET).join("checkpoints");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{position:020}.checkpoint")), out).unwrap();
}

pub fn stream_file(dir: &Path, day: &[u8; 10], stream: StreamId) -> PathBuf {
    let name = match stream {
        StreamId::Feed => "feed.soup".to_owned(),
        StreamId::Session(id) => format!("session-{id}.soup"),
    };
    let folder = String::from_utf8(day.to_vec()).unwrap();
    let markets = dir.join("markets").join(MARKET);
    markets.join("streams").join(folder).join(name)
}

pub fn write_stream(path: &Path, messages: &[Vec<u8>]) {
    let mut out = Vec::new();
    for message in messages {
        out.extend_from_slice(&(message.len() as u16 + 1).to_be_bytes());
        out.push(b'S');
        out.extend_from_slice(message);
    }
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, out).unwrap();
}

/// What a client of both sessions sent and was told.
pub fn ledger(store: &Store, change: impl Fn(u32, &mut Vec<(u64, Vec<u8>)>)) -> Vec<u8> {
    let mut bytes = ledger::MAGIC.to_vec();
    let mut time_ns = TEN_NS;
    for session in 1..=2_u32 {
        let mut add = |event: Event<'_>| {
            time_ns += 1_000;
            let record = Record {
                session: session as u16,
                time_ns,
                event,
            };
            ledger::encode(&record, &mut bytes);
        };
        let username = *if session == 1 { b"ONE   " } else { b"TWO   " };
        add(Event::Login { username });
        let begun = |asked, next| Event::Begun {
            day: store.day,
            asked,
            next,
        };
        add(begun(0, 1));
        let own: Vec<Order> = orders()
            .into_iter()
            .filter(|order| order.session == session)
            .collect();
        for order in &own {
            add(Event::Sent(&sent(*order)));
        }
        let mut reports: Vec<(u64, Vec<u8>)> = (1..)
            .zip(store.streams[&StreamId::Session(SessionId(session))].clone())
            .collect();
        change(session, &mut reports);
        for (at, (number, message)) in reports.iter().enumerate() {
            if at == reports.len() / 2 {
                // The connection is lost, and what may be without an answer is sent again.
                add(begun(*number, *number));
                for order in &own {
                    add(Event::Sent(&sent(*order)));
                }
            }
            add(Event::Received {
                number: *number,
                message,
            });
        }
        add(Event::Ended);
    }
    bytes
}

pub struct Check {
    pub folder: tempfile::TempDir,
    pub request: Request,
    pub store: Store,
}

impl Check {
    /// Three replicas of these venues, and the ledger of the first test venue's client.
    pub fn new(venues: [&Venue; 3]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut replicas = Vec::new();
        for (name, venue) in ["us-1", "asia-1", "europe-1"].into_iter().zip(venues) {
            let data_dir = folder.path().join(name);
            std::fs::create_dir(&data_dir).unwrap();
            venue.write(&data_dir);
            replicas.push(Replica {
                name: name.to_owned(),
                data_dir,
                market_id: ID,
                until: None,
            });
        }
        let (_, store) = venue().run();
        let request = Request {
            market: MARKET.to_owned(),
            ledgers: vec![folder.path().join("ledger")],
            replicas,
            told: Vec::new(),
        };
        let this = Self {
            folder,
            request,
            store,
        };
        this.tell(|_, _| {});
        this
    }

    pub fn same(venue: &Venue) -> Self {
        Self::new([venue, venue, venue])
    }

    /// The client was told this.
    pub fn tell(&self, change: impl Fn(u32, &mut Vec<(u64, Vec<u8>)>)) {
        let bytes = ledger(&self.store, change);
        std::fs::write(&self.request.ledgers[0], bytes).unwrap();
    }

    /// A replica's stream file says this.
    pub fn write(&self, replica: usize, stream: StreamId, change: impl Fn(&mut Vec<Vec<u8>>)) {
        let mut messages = self.store.streams[&stream].clone();
        change(&mut messages);
        let dir = &self.request.replicas[replica].data_dir;
        write_stream(&stream_file(dir, &self.store.day, stream), &messages);
    }

    pub fn run(&self) -> Report {
        verify(&self.request).unwrap()
    }
}

/// Holds the counts: lost, repeated, altered, gaps, states equal.
pub fn expect(report: &Report, counts: [u64; 4], equal: bool) {
    let found = [
        report.lost,
        report.repeated,
        report.altered,
        report.stream_gaps,
    ];
    assert_eq!(found, counts, "{report:#?}");
    assert_eq!(report.state_hashes_equal, equal, "{report:#?}");
    assert_eq!(report.ok, counts == [0; 4] && equal, "{report:#?}");
    assert_eq!(report.findings.is_empty(), report.ok, "{report:#?}");
    assert_eq!(report.unchecked, 0);
}

pub const ONE: StreamId = StreamId::Session(SessionId(1));
pub const TWO: StreamId = StreamId::Session(SessionId(2));
