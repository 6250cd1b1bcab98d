//! Every reason to ignore a message, to refuse an operator's command and to cancel an order, each brought about once.

use crate::common::*;
use rialto_market::REMEMBERED_KEYS;
use rialto_market::command::{Action, Command, Enter, Request};
use rialto_market::event::{CancelReason, Event, IgnoreReason, RefuseReason, RejectReason};
use rialto_market::types::*;

fn refused(events: &[Event]) -> Option<RefuseReason> {
    match events {
        [Event::ActionRefused { reason, .. }] => Some(*reason),
        _ => None,
    }
}

#[test]
fn ignored_messages() {
    let mut bench = Bench::open();
    bench.enter(1, buy(1, 10, 100));
    let ignored = |session, reason| {
        [Event::Ignored {
            session: SessionId(session),
            reason,
        }]
    };
    for number in [0, 1, 3, u64::MAX] {
        let again = Command::Client {
            session: SessionId(1),
            number,
            request: Request::Enter(buy(2, 10, 100)),
        };
        assert_eq!(bench.apply(again), ignored(1, IgnoreReason::RepeatedNumber));
    }
    assert_eq!(
        bench.enter(1, buy(1, 99, 100)),
        ignored(1, IgnoreReason::RepeatedUserRef)
    );
    assert_eq!(
        bench.replace(1, replacement(1, 1, 9, 100)),
        ignored(1, IgnoreReason::RepeatedUserRef)
    );
    assert_eq!(
        bench.enter(3, buy(0, 10, 100)),
        ignored(3, IgnoreReason::RepeatedUserRef)
    );
    assert_eq!(
        bench.enter(77, buy(1, 10, 100)),
        ignored(77, IgnoreReason::UnknownSession)
    );
    assert_eq!(bench.market.statistics().ignored, [4, 3, 1]);
    // A rejected number is used up too.
    bench.enter(1, buy(5, 0, 100));
    assert_eq!(
        bench.enter(1, buy(5, 10, 100)),
        ignored(1, IgnoreReason::RepeatedUserRef)
    );
    assert_eq!(
        bench.ask(1, Request::AccountQuery),
        [Event::NextUserRef {
            session: SessionId(1),
            next: 6
        }]
    );
}

#[test]
fn refusals() {
    let mut bench = Bench::closed();
    let open = |date| Action::OpenDay { date };
    assert_eq!(
        refused(&bench.act(Action::CloseDay)),
        Some(RefuseReason::DayIsClosed)
    );
    assert_eq!(
        refused(&bench.act(open(20_260_230))),
        Some(RefuseReason::BadDate)
    );
    bench.act(open(DATE));
    assert_eq!(
        refused(&bench.act(open(DATE + 1))),
        Some(RefuseReason::DayIsOpen)
    );
    let nowhere = Some(InstrumentId(9));
    for action in [
        Action::Halt {
            instrument: nowhere,
        },
        Action::Resume {
            instrument: nowhere,
        },
    ] {
        assert_eq!(
            refused(&bench.act(action)),
            Some(RefuseReason::UnknownInstrument)
        );
    }
    let nobody = SessionId(9);
    for action in [
        Action::Connected { session: nobody },
        Action::Disconnected { session: nobody },
    ] {
        assert_eq!(
            refused(&bench.act(action)),
            Some(RefuseReason::UnknownSession)
        );
    }
    let orphan = Action::DefineSession(session(9, "nine", 9));
    assert_eq!(
        refused(&bench.act(orphan)),
        Some(RefuseReason::UnknownAccount)
    );
    let abc = instrument(1, "ABC");
    for definition in [
        instrument(0, "NIL"),
        instrument(3, "ABC"),
        Instrument {
            tick_size_e4: 0,
            ..abc
        },
        Instrument { lot_size: 0, ..abc },
        Instrument {
            lot_size: 1_000_000,
            ..abc
        },
        Instrument {
            reference_price: -1,
            ..abc
        },
        Instrument {
            reference_price: 42_949_673,
            ..abc
        },
        Instrument {
            symbol: Symbol::ALL,
            ..abc
        },
        Instrument {
            symbol: Symbol(*b"A B     "),
            ..abc
        },
        Instrument {
            symbol: Symbol(*b"A\0      "),
            ..abc
        },
    ] {
        let events = bench.act(Action::DefineInstrument(definition));
        assert_eq!(
            refused(&events),
            Some(RefuseReason::InvalidDefinition),
            "{definition:?}"
        );
    }
    for definition in [
        session(9, "one", 1),
        SessionDefinition {
            username: Username([b' '; 6]),
            ..session(9, "x", 1)
        },
    ] {
        let events = bench.act(Action::DefineSession(definition));
        assert_eq!(refused(&events), Some(RefuseReason::InvalidDefinition));
    }
    bench.enter(1, buy(1, 10, 100));
    for action in [
        Action::DefineInstrument(instrument(1, "NEW")),
        Action::DefineInstrument(Instrument {
            tick_size_e4: 1,
            ..abc
        }),
        Action::DefineSession(session(1, "one", 2)),
    ] {
        assert_eq!(
            refused(&bench.act(action)),
            Some(RefuseReason::OrdersResting)
        );
    }
    bench.cancel(1, 1, 0);
    assert_eq!(bench.act(Action::DefineSession(session(1, "uno", 2))), []);
    assert!(matches!(
        bench.act(Action::DefineInstrument(instrument(1, "NEW")))[..],
        [Event::InstrumentDefined { .. }]
    ));
    let name = |text| Username::new(text).expect("a name");
    assert!(bench.market.session_by_username(name("one")).is_none());
    assert!(bench.market.session_by_username(name("uno")).is_some());
    assert!(bench.market.instrument_by_symbol(symbol("ABC")).is_none());
    assert!(bench.market.instrument_by_symbol(symbol("NEW")).is_some());
}

#[test]
fn a_key_is_carried_out_once_while_it_is_remembered() {
    let mut bench = Bench::open();
    let halt = Action::Halt { instrument: None };
    let resume = Action::Resume { instrument: None };
    let keyed = |key, action| Command::Operator { key, action };
    let unknown = Action::Halt {
        instrument: Some(InstrumentId(9)),
    };
    assert!(refused(&bench.apply(keyed(5, unknown))).is_some());
    assert_eq!(
        bench.apply(keyed(5, halt)).len(),
        2,
        "a refused command uses no key up"
    );
    bench.apply(keyed(0, resume));
    assert_eq!(
        refused(&bench.apply(keyed(5, halt))),
        Some(RefuseReason::RepeatedKey)
    );
    assert_eq!(bench.apply(keyed(0, halt)).len(), 2, "0 is no key");
    for nth in 1..REMEMBERED_KEYS as u64 {
        assert_eq!(bench.apply(keyed(1_000 + nth, halt)), []);
    }
    assert_eq!(
        refused(&bench.apply(keyed(5, resume))),
        Some(RefuseReason::RepeatedKey)
    );
    assert_eq!(bench.apply(keyed(1_000, halt)), []);
    assert_eq!(
        bench.apply(keyed(5, resume)).len(),
        2,
        "1,024 others came after it"
    );
}

#[test]
fn cancel_reasons() {
    let mut bench = Bench::open();
    let reasons = |events: &[Event]| -> Vec<CancelReason> {
        events
            .iter()
            .filter_map(|event| match event {
                Event::Canceled { reason, .. } => Some(*reason),
                _ => None,
            })
            .collect()
    };
    bench.enter(1, buy(1, 10, 100));
    assert_eq!(reasons(&bench.cancel(1, 1, 0)), [CancelReason::User]);
    let kill = Enter {
        time_in_force: TimeInForce::FillOrKill,
        ..buy(2, 10, 100)
    };
    assert_eq!(reasons(&bench.enter(1, kill)), [CancelReason::Immediate]);
    bench.enter(1, buy(3, 10, 100));
    let all = Request::MassCancel {
        user_ref: 4,
        symbol: Symbol::ALL,
    };
    assert_eq!(reasons(&bench.ask(1, all)), [CancelReason::MassCancel]);
    bench.enter(1, buy(4, 10, 100));
    let events = bench.act(Action::CloseDay);
    assert_eq!(reasons(&events), [CancelReason::DayClosed]);
    assert!(matches!(events.last(), Some(Event::DayClosed(_))));
}

#[test]
fn every_reason_has_its_number_and_a_name_of_its_own() {
    let mut names = Vec::new();
    for (nth, reason) in RejectReason::ALL.into_iter().enumerate() {
        assert_eq!(reason as usize, nth);
        names.push(reason.name());
    }
    for (nth, reason) in RefuseReason::ALL.into_iter().enumerate() {
        assert_eq!(reason as usize, nth);
        names.push(reason.name());
    }
    let before = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), before);
}
