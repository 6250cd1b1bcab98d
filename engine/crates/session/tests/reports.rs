//! Each message that the publisher makes, brought about once and read back.
#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

mod common;

use common::mirror::codes;
use common::{Bench, DATE, HOUR_NS, TEN_NS, session};
use rialto_market::command::{Action, Command, Enter, EnterEcho, Replace, Request, Target};
use rialto_market::event::{Event, Party};
use rialto_market::types::{
    InstrumentId, MatchNumber, OrderRef, SessionId, Side, Symbol, TimeInForce,
};
use rialto_session::publish::PositionsError;
use rialto_session::{Publisher, StreamId};
use rialto_wire::itch::{self, EventCode};
use rialto_wire::ouch::outbound::Message;
use rialto_wire::ouch::{
    CancelReason, LiquidityFlag, Options, OrderState, PostOnly, RejectReason,
    TimeInForce as WireTime, TimeInForceExtension,
};

const FIRST: InstrumentId = InstrumentId(1);

fn enter(user_ref: u32) -> Enter {
    Enter {
        user_ref,
        side: Side::Sell,
        side_code: b'T',
        quantity: 30,
        symbol: Symbol::new("ABC").unwrap(),
        price_e4: 12_300,
        time_in_force: TimeInForce::Day,
        min_quantity: 0,
        post_only: false,
        echo: EnterEcho {
            display: b'A',
            capacity: b'R',
            intermarket_sweep: b'Y',
            cross_type: b'N',
        },
        cl_ord_id: *b"my own text   ",
    }
}

fn party(session: u32, user_ref: u32, order_ref: u64, left: u32) -> Party {
    Party {
        session: SessionId(session),
        user_ref,
        order_ref: OrderRef(order_ref),
        left,
    }
}

/// Publishes events on an open day and returns what the feed and session 1 got of them.
fn published(events: &[Event]) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let mut bench = Bench::open();
    let (feed, own) = (bench.store.feed().len(), bench.store.session(1).len());
    bench
        .publisher
        .publish(events, TEN_NS + 5, &bench.market, &mut bench.store);
    (
        bench.store.feed()[feed..].to_vec(),
        bench.store.session(1)[own..].to_vec(),
    )
}

fn own(event: Event) -> Vec<u8> {
    let (_, own) = published(&[event]);
    assert_eq!(own.len(), 1);
    own.into_iter().next().unwrap()
}

fn letters(messages: &[Vec<u8>]) -> String {
    messages.iter().map(|m| char::from(m[0])).collect()
}

#[test]
fn accepted_repeats_the_order() {
    let cases = [
        (TimeInForce::Day, 0, false, WireTime::Day, Options::NONE),
        (
            TimeInForce::GoodTillCancel,
            0,
            true,
            WireTime::Day,
            Options {
                post_only: Some(PostOnly::PostOnly),
                time_in_force: Some(TimeInForceExtension::GoodTillCancel),
                ..Options::NONE
            },
        ),
        (
            TimeInForce::ImmediateOrCancel,
            10,
            false,
            WireTime::ImmediateOrCancel,
            Options {
                min_qty: Some(10),
                ..Options::NONE
            },
        ),
        (
            TimeInForce::FillOrKill,
            0,
            false,
            WireTime::ImmediateOrCancel,
            Options {
                time_in_force: Some(TimeInForceExtension::FillOrKill),
                ..Options::NONE
            },
        ),
    ];
    for (time_in_force, min_quantity, post_only, wire, options) in cases {
        let bytes = own(Event::Accepted {
            session: SessionId(1),
            order_ref: OrderRef(77),
            instrument: FIRST,
            order: Enter {
                time_in_force,
                min_quantity,
                post_only,
                ..enter(9)
            },
        });
        let Message::Accepted(m) = Message::decode(&bytes).unwrap() else {
            panic!("{bytes:?}");
        };
        assert_eq!(m.timestamp_ns(), 10 * HOUR_NS + 5);
        assert_eq!((m.user_ref_num(), m.quantity()), (9, 30));
        assert_eq!(m.side().code(), b'T');
        assert_eq!(m.symbol().text(), "ABC");
        assert_eq!(m.price_e4(), 12_300);
        assert_eq!((m.time_in_force(), m.options()), (wire, options));
        assert_eq!(m.order_reference_number(), 77);
        let echo = (
            m.display().code(),
            m.capacity().code(),
            m.intermarket_sweep().code(),
            m.cross_type().code(),
        );
        assert_eq!(echo, (b'A', b'R', b'Y', b'N'));
        assert_eq!(m.order_state(), OrderState::Live);
        assert_eq!(m.cl_ord_id().text(), "my own text");
    }
}

fn replaced(crosses: bool, keeps_priority: bool) -> Event {
    Event::Replaced {
        session: SessionId(1),
        orig_user_ref: 3,
        old_order_ref: OrderRef(40),
        order_ref: OrderRef(if keeps_priority { 40 } else { 50 }),
        instrument: FIRST,
        side: Side::Buy,
        side_code: b'B',
        left: 19,
        replace: Replace {
            target: Target::UserRef(3),
            user_ref: 4,
            quantity: 40,
            price_e4: 12_400,
            time_in_force: TimeInForce::Day,
            post_only: true,
            display: b'Y',
            intermarket_sweep: b'N',
            cl_ord_id: *b"again         ",
        },
        old_price: 123,
        old_left: 20,
        keeps_priority,
        crosses,
    }
}

#[test]
fn replaced_says_what_is_left_and_the_feed_replaces_or_deletes() {
    let (feed, own) = published(&[replaced(false, false)]);
    let Message::Replaced(m) = Message::decode(&own[0]).unwrap() else {
        panic!("{own:?}");
    };
    assert_eq!((m.orig_user_ref_num(), m.user_ref_num()), (3, 4));
    assert_eq!((m.quantity(), m.price_e4()), (19, 12_400));
    assert_eq!(m.symbol().text(), "ABC");
    assert_eq!(m.order_reference_number(), 50);
    assert_eq!(m.side().code(), b'B');
    assert_eq!(m.cl_ord_id().text(), "again");
    assert_eq!(m.options().post_only, Some(PostOnly::PostOnly));
    assert_eq!(m.options().order_reference_number, None);
    let itch::Message::OrderReplace(m) = itch::Message::decode(&feed[0]).unwrap() else {
        panic!("{feed:?}");
    };
    assert_eq!(m.original_order_reference_number(), 40);
    assert_eq!(m.new_order_reference_number(), 50);
    assert_eq!(
        (m.shares(), m.price_e4(), m.stock_locate()),
        (19, 12_400, 1)
    );
    let (feed, _) = published(&[replaced(true, false)]);
    let itch::Message::OrderDelete(m) = itch::Message::decode(&feed[0]).unwrap() else {
        panic!("{feed:?}");
    };
    assert_eq!(m.order_reference_number(), 40);
    // In its place it only shrinks, which is what Order Cancel says.
    let (feed, _) = published(&[replaced(false, true)]);
    let itch::Message::OrderCancel(m) = itch::Message::decode(&feed[0]).unwrap() else {
        panic!("{feed:?}");
    };
    assert_eq!((m.order_reference_number(), m.canceled_shares()), (40, 1));
}

#[test]
fn of_a_trade_the_maker_hears_first_and_the_feed_shows_it_once() {
    let event = Event::Executed {
        match_number: MatchNumber(6),
        instrument: FIRST,
        price: 123,
        price_e4: 12_300,
        quantity: 5,
        maker: party(1, 3, 40, 10),
        taker: party(1, 9, 41, 0),
        taker_side: Side::Buy,
    };
    let (feed, own) = published(&[event]);
    let told: Vec<_> = own
        .iter()
        .map(|bytes| match Message::decode(bytes).unwrap() {
            Message::Executed(m) => {
                assert_eq!(
                    (m.quantity(), m.price_e4(), m.match_number()),
                    (5, 12_300, 6)
                );
                (m.user_ref_num(), m.liquidity_flag())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [(3, LiquidityFlag::Added), (9, LiquidityFlag::Removed)]
    );
    assert_eq!(feed.len(), 1);
    let itch::Message::OrderExecuted(m) = itch::Message::decode(&feed[0]).unwrap() else {
        panic!("{feed:?}");
    };
    assert_eq!(m.order_reference_number(), 40);
    assert_eq!((m.executed_shares(), m.match_number()), (5, 6));
    assert_eq!(m.timestamp().ns(), 10 * HOUR_NS + 5);
}

#[test]
fn cancels_reductions_and_modifications() {
    use rialto_market::event::CancelReason as Reason;
    for (reason, code) in [
        (Reason::User, CancelReason::User),
        (Reason::MassCancel, CancelReason::User),
        (Reason::Immediate, CancelReason::ImmediateOrCancel),
        (Reason::DayClosed, CancelReason::Timeout),
        (Reason::Supervisory, CancelReason::Supervisory),
    ] {
        for (left, resting, shown) in [(0, true, "D"), (7, true, "X"), (0, false, "")] {
            let (feed, own) = published(&[Event::Canceled {
                order: party(1, 3, 40, left),
                instrument: FIRST,
                quantity: 5,
                reason,
                resting,
            }]);
            let Message::Canceled(m) = Message::decode(&own[0]).unwrap() else {
                panic!("{own:?}");
            };
            assert_eq!((m.user_ref_num(), m.quantity(), m.reason()), (3, 5, code));
            assert_eq!(letters(&feed), shown);
        }
    }
    for (quantity, shown) in [(5, "X"), (0, "")] {
        let (feed, own) = published(&[Event::Modified {
            order: party(1, 3, 40, 7),
            instrument: FIRST,
            side_code: b'E',
            total: 20,
            quantity,
        }]);
        let Message::Modified(m) = Message::decode(&own[0]).unwrap() else {
            panic!("{own:?}");
        };
        assert_eq!(
            (m.user_ref_num(), m.quantity(), m.side().code()),
            (3, 7, b'E')
        );
        assert_eq!(letters(&feed), shown);
    }
}

#[test]
fn the_other_answers() {
    let (session, user_ref) = (SessionId(1), 8);
    let rejected = own(Event::Rejected {
        session,
        user_ref,
        reason: rialto_market::event::RejectReason::OffTick,
        cl_ord_id: *b"text\x00         ",
    });
    let Message::Rejected(m) = Message::decode(&rejected).unwrap() else {
        panic!("{rejected:?}");
    };
    assert_eq!((m.user_ref_num(), m.reason()), (8, RejectReason::OffTick));
    assert_eq!(m.cl_ord_id().text(), "text?");
    let answer = |event| match Message::decode(&own(event)).unwrap() {
        Message::CancelReject(m) => format!("I {}", m.user_ref_num()),
        Message::MassCancelResponse(m) => {
            format!("X {} [{}] [{}]", m.user_ref_num(), m.firm(), m.symbol())
        }
        Message::DisableOrderEntryResponse(m) => format!("G {}", m.user_ref_num()),
        Message::EnableOrderEntryResponse(m) => format!("K {}", m.user_ref_num()),
        Message::AccountQueryResponse(m) => format!("Q {}", m.next_user_ref_num()),
        other => panic!("{other:?}"),
    };
    assert_eq!(answer(Event::CancelRejected { session, user_ref }), "I 8");
    let symbol = Symbol::new("ABC").unwrap();
    assert_eq!(
        answer(Event::MassCanceled {
            session,
            user_ref,
            symbol,
            orders: 2
        }),
        "X 8 [] [ABC]"
    );
    for (enabled, said) in [(false, "G 8"), (true, "K 8")] {
        let event = Event::OrderEntry {
            session,
            user_ref,
            enabled,
        };
        assert_eq!(answer(event), said);
    }
    assert_eq!(answer(Event::NextUserRef { session, next: 9 }), "Q 9");
    let silent = Event::Ignored {
        session,
        reason: rialto_market::event::IgnoreReason::RepeatedUserRef,
    };
    assert_eq!(published(&[silent]), (vec![], vec![]));
}

/// Every reason to reject has a code of its own: the specification's where it has one.
#[test]
fn reject_codes() {
    let codes: Vec<u16> = rialto_market::event::RejectReason::ALL
        .iter()
        .map(|reason| rialto_session::reject::reject_code(*reason).code())
        .collect();
    assert_eq!(
        codes,
        [
            0x0002, 0x0007, 0x0017, 0x0013, 0xF001, 0x001D, 0xF002, 0xF003, 0x0031, 0x0030, 0xF004,
            0xF005, 0x000D, 0xF006, 0xF007, 0xF008, 0xF009, 0xF00A
        ]
    );
}

#[test]
fn a_day_from_opening_to_close() {
    let mut bench = Bench::open();
    assert_eq!(letters(bench.store.feed()), "SRHRHSS");
    assert_eq!(letters(bench.store.session(1)), "S");
    let state = bench.publisher.stream(StreamId::Feed).unwrap();
    assert_eq!(
        (&state.session, state.next, state.ended),
        (b"2611210101", 8, false)
    );
    // A session defined later begins with its first report.
    bench.act(session(4, "FOUR"));
    let four = StreamId::Session(SessionId(4));
    assert_eq!(bench.publisher.stream(four).map(|s| s.next), Some(1));
    bench.send(4, b"Q");
    assert_eq!(letters(bench.store.session(4)), "SQ");
    bench.act(Action::Halt {
        instrument: Some(FIRST),
    });
    assert_eq!(letters(&bench.store.feed()[7..]), "H");
    bench.act(Action::CloseDay);
    let feed = common::mirror::Book::of(bench.store.feed());
    assert_eq!(
        feed.system,
        codes(&[
            EventCode::StartOfMessages,
            EventCode::StartOfSystemHours,
            EventCode::StartOfMarketHours,
            EventCode::EndOfMarketHours,
            EventCode::EndOfSystemHours,
            EventCode::EndOfMessages,
        ])
    );
    assert_eq!(letters(bench.store.session(4)), "SQS");
    let ended = bench.publisher.stream(four).unwrap();
    assert_eq!(
        (&ended.session, ended.next, ended.ended),
        (b"2611210101", 4, true)
    );
    // Between the days nothing is published.
    let before = bench.store.clone();
    bench.send(4, b"Q");
    bench.act(Action::Resume { instrument: None });
    assert_eq!(bench.store, before);
    bench.act(Action::OpenDay { date: DATE });
    let again = bench.publisher.stream(four).unwrap();
    assert_eq!(
        (&again.session, again.next, again.ended),
        (b"2611210102", 2, false)
    );
    assert_eq!(letters(bench.store.feed()), "SRHRHSS");
}

#[test]
fn before_the_first_day_there_is_no_stream() {
    let bench = Bench::closed();
    assert_eq!(bench.publisher.stream(StreamId::Feed), None);
    assert_eq!(bench.publisher.day(), None);
    assert_eq!(bench.publisher.streams().count(), 0);
}

#[test]
fn an_order_of_an_earlier_day_is_called_by_its_reference() {
    let mut bench = Bench::open();
    let mut out = Vec::new();
    let mut order = rialto_wire::ouch::inbound::EnterOrder {
        user_ref_num: 1,
        side: rialto_wire::ouch::Side::Buy,
        quantity: 50,
        symbol: rialto_wire::Alpha::new("ABC").unwrap(),
        price_e4: 1_000,
        time_in_force: WireTime::Day,
        display: rialto_wire::ouch::Display::Visible,
        capacity: rialto_wire::ouch::Capacity::Other,
        intermarket_sweep: rialto_wire::ouch::IntermarketSweep::NotEligible,
        cross_type: rialto_wire::ouch::CrossType::Continuous,
        cl_ord_id: rialto_wire::Alpha::BLANK,
    };
    let good_till_cancel = Options {
        time_in_force: Some(TimeInForceExtension::GoodTillCancel),
        ..Options::NONE
    };
    order.encode_with(&mut out, &good_till_cancel);
    bench.send(1, &out);
    bench.act(Action::CloseDay);
    bench.act(Action::OpenDay { date: DATE });
    // The feed begins with what rests.
    assert_eq!(letters(bench.store.feed()), "SRHRHASS");
    // The same number names another order today.
    out.clear();
    order.price_e4 = 900;
    order.encode(&mut out);
    bench.send(1, &out);
    out.clear();
    order.side = rialto_wire::ouch::Side::Sell;
    order.encode(&mut out);
    bench.send(2, &out);
    let last = bench.store.session(1).last().unwrap();
    let Message::Executed(m) = Message::decode(last).unwrap() else {
        panic!("{last:?}");
    };
    assert_eq!(m.user_ref_num(), 0);
    assert_eq!(m.options().order_reference_number, Some(1));
    assert_eq!((m.quantity(), m.price_e4()), (50, 1_000));
}

#[test]
fn positions_that_were_not_written_so_are_refused() {
    let mut good = Vec::new();
    Bench::open().publisher.encode(&mut good);
    assert_eq!(good.len(), 28 + 3 * 12);
    assert_eq!(
        Publisher::decode(&good)
            .unwrap()
            .stream(StreamId::Feed)
            .map(|s| s.next),
        Some(8)
    );
    let mut empty = Vec::new();
    Publisher::new().encode(&mut empty);
    assert_eq!(Publisher::decode(&empty), Ok(Publisher::new()));
    for end in 0..good.len() {
        let error = Publisher::decode(&good[..end]);
        assert!(matches!(error, Err(PositionsError::Length { .. })), "{end}");
    }
    let changed = |at: usize, to: u8| {
        let mut bytes = good.clone();
        bytes[at] = to;
        Publisher::decode(&bytes)
    };
    assert_eq!(changed(0, 2), Err(PositionsError::Version { found: 2 }));
    for (at, to) in [(1, 0), (1, 3), (16, 0), (28, 2), (28 + 12, 1), (28 + 4, 0)] {
        assert!(
            matches!(changed(at, to), Err(PositionsError::NotCanonical { .. })),
            "{at} {to}"
        );
    }
    assert!(matches!(changed(24, 4), Err(PositionsError::Length { .. })));
}

/// What a client that is gone leaves behind: its own stream says `S` of each order, and the feed takes them off.
#[test]
fn a_client_that_is_gone_takes_its_orders_from_its_stream_and_the_feed() {
    let mut bench = Bench::open();
    let one = SessionId(1);
    bench.act(Action::Connected { session: one });
    for (user_ref, price_e4) in [(1, 12_500), (2, 12_300)] {
        bench.apply(&Command::Client {
            session: one,
            number: u64::from(user_ref),
            request: Request::Enter(Enter {
                price_e4,
                ..enter(user_ref)
            }),
        });
    }
    let (feed, own) = (bench.store.feed().len(), bench.store.session(1).len());
    let others = bench.store.session(2).len();
    for _ in 0..2 {
        bench.act(Action::Disconnected { session: one });
    }
    let canceled: Vec<_> = bench.store.session(1)[own..]
        .iter()
        .map(|message| match Message::decode(message) {
            Ok(Message::Canceled(m)) => (m.user_ref_num(), m.quantity(), m.reason()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        canceled,
        [
            (1, 30, CancelReason::Supervisory),
            (2, 30, CancelReason::Supervisory),
        ]
    );
    assert_eq!(CancelReason::Supervisory.code(), b'S');
    assert_eq!(letters(&bench.store.feed()[feed..]), "DD");
    assert_eq!(bench.store.session(2).len(), others);
    assert!(
        common::mirror::Book::of(bench.store.feed())
            .orders()
            .is_empty()
    );
}
