//! The journal's batches: round trips, golden bytes, and bytes that are none.

use crate::common::*;
use proptest::prelude::*;
use rialto_market::codec::{CodecError, Stamped, decode_batch, decode_batch_into, encode_batch};
use rialto_market::command::{Action, Command, Enter, EnterEcho, Replace, Request, Target};
use rialto_market::types::*;

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn time_in_force() -> impl Strategy<Value = TimeInForce> {
    prop_oneof![
        Just(TimeInForce::Day),
        Just(TimeInForce::GoodTillCancel),
        Just(TimeInForce::ImmediateOrCancel),
        Just(TimeInForce::FillOrKill),
    ]
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        any::<u32>().prop_map(Target::UserRef),
        any::<u64>().prop_map(Target::OrderRef),
    ]
}

fn enter() -> impl Strategy<Value = Request> {
    (
        (any::<u32>(), side(), any::<u8>(), any::<u32>()),
        (
            any::<[u8; 8]>(),
            any::<u64>(),
            time_in_force(),
            any::<u32>(),
        ),
        (any::<bool>(), any::<[u8; 4]>(), any::<[u8; 14]>()),
    )
        .prop_map(|(first, second, third)| {
            let [display, capacity, intermarket_sweep, cross_type] = third.1;
            Request::Enter(Enter {
                user_ref: first.0,
                side: first.1,
                side_code: first.2,
                quantity: first.3,
                symbol: Symbol(second.0),
                price_e4: second.1,
                time_in_force: second.2,
                min_quantity: second.3,
                post_only: third.0,
                echo: EnterEcho {
                    display,
                    capacity,
                    intermarket_sweep,
                    cross_type,
                },
                cl_ord_id: third.2,
            })
        })
}

fn replace() -> impl Strategy<Value = Request> {
    (
        (target(), any::<u32>(), any::<u32>(), any::<u64>()),
        (time_in_force(), any::<bool>(), any::<u8>(), any::<u8>()),
        any::<[u8; 14]>(),
    )
        .prop_map(|(first, second, cl_ord_id)| {
            Request::Replace(Replace {
                target: first.0,
                user_ref: first.1,
                quantity: first.2,
                price_e4: first.3,
                time_in_force: second.0,
                post_only: second.1,
                display: second.2,
                intermarket_sweep: second.3,
                cl_ord_id,
            })
        })
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        enter(),
        replace(),
        (target(), any::<u32>())
            .prop_map(|(target, quantity)| Request::Cancel { target, quantity }),
        (target(), any::<u8>(), any::<u32>()).prop_map(|(target, side_code, quantity)| {
            Request::Modify {
                target,
                side_code,
                quantity,
            }
        }),
        (any::<u32>(), any::<[u8; 8]>()).prop_map(|(user_ref, symbol)| Request::MassCancel {
            user_ref,
            symbol: Symbol(symbol)
        }),
        any::<u32>().prop_map(|user_ref| Request::DisableOrderEntry { user_ref }),
        any::<u32>().prop_map(|user_ref| Request::EnableOrderEntry { user_ref }),
        Just(Request::AccountQuery),
    ]
}

fn scope() -> impl Strategy<Value = Option<InstrumentId>> {
    proptest::option::of(any::<u16>().prop_map(InstrumentId))
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        (
            any::<u16>(),
            any::<[u8; 8]>(),
            any::<[u32; 3]>(),
            any::<i64>()
        )
            .prop_map(|(id, symbol, numbers, reference_price)| {
                Action::DefineInstrument(Instrument {
                    id: InstrumentId(id),
                    symbol: Symbol(symbol),
                    tick_size_e4: numbers[0],
                    lot_size: numbers[1],
                    collar_bp: numbers[2],
                    reference_price,
                })
            }),
        (any::<[u32; 3]>(), any::<u64>(), any::<bool>()).prop_map(|(numbers, value, flag)| {
            Action::DefineAccount(Account {
                id: AccountId(numbers[0]),
                max_order_quantity: numbers[1],
                max_order_value_e4: value,
                max_open_orders: numbers[2],
                cancel_on_disconnect: flag,
            })
        }),
        (any::<u32>(), any::<[u8; 6]>(), any::<u32>()).prop_map(|(id, name, account)| {
            Action::DefineSession(SessionDefinition {
                id: SessionId(id),
                username: Username(name),
                account: AccountId(account),
            })
        }),
        any::<u32>().prop_map(|date| Action::OpenDay { date }),
        Just(Action::CloseDay),
        scope().prop_map(|instrument| Action::Halt { instrument }),
        scope().prop_map(|instrument| Action::Resume { instrument }),
        any::<u32>().prop_map(|id| Action::Connected {
            session: SessionId(id)
        }),
        any::<u32>().prop_map(|id| Action::Disconnected {
            session: SessionId(id)
        }),
    ]
}

fn stamped() -> impl Strategy<Value = Stamped> {
    let client = (any::<u32>(), any::<u64>(), request()).prop_map(|(session, number, request)| {
        Command::Client {
            session: SessionId(session),
            number,
            request,
        }
    });
    let operator =
        (any::<u64>(), action()).prop_map(|(key, action)| Command::Operator { key, action });
    (any::<u64>(), prop_oneof![client, operator])
        .prop_map(|(stamp_ns, command)| Stamped { stamp_ns, command })
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(batch in proptest::collection::vec(stamped(), 0..20)) {
        let mut bytes = Vec::new();
        encode_batch(&batch, &mut bytes);
        prop_assert_eq!(decode_batch(&bytes), Ok(batch));
    }

    #[test]
    fn damage_is_an_error_or_another_batch(
        batch in proptest::collection::vec(stamped(), 1..6),
        at in any::<prop::sample::Index>(),
        value in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Vec::new();
        encode_batch(&batch, &mut bytes);
        prop_assert!(decode_batch(&bytes[..cut.index(bytes.len())]).is_err());
        let at = at.index(bytes.len());
        bytes[at] = value;
        let mut commands = batch.clone();
        match decode_batch_into(&bytes, &mut commands) {
            Ok(()) => {
                let mut again = Vec::new();
                encode_batch(&commands[batch.len()..], &mut again);
                prop_assert_eq!(again, bytes, "one batch, one encoding");
            }
            Err(_) => prop_assert_eq!(commands, batch, "nothing of a bad batch is kept"),
        }
    }

    #[test]
    fn any_bytes_are_decoded_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(commands) = decode_batch(&bytes) {
            let mut again = Vec::new();
            encode_batch(&commands, &mut again);
            prop_assert_eq!(again, bytes);
        }
    }
}

/// The layout is what journals on disks have: it may not change without anyone noticing.
#[test]
fn golden_bytes() {
    let operator = |action| Stamped {
        stamp_ns: 3,
        command: Command::Operator { key: 5, action },
    };
    let batch = [
        Stamped {
            stamp_ns: 0x0102_0304_0506_0708,
            command: Command::Client {
                session: SessionId(7),
                number: 9,
                request: Request::Cancel {
                    target: Target::UserRef(5),
                    quantity: 300,
                },
            },
        },
        Stamped {
            stamp_ns: 1,
            command: Command::Client {
                session: SessionId(1),
                number: 2,
                request: Request::Enter(Enter {
                    price_e4: 1_000_000,
                    time_in_force: TimeInForce::GoodTillCancel,
                    post_only: true,
                    ..sell(3, 100, 0)
                }),
            },
        },
        Stamped {
            stamp_ns: 2,
            command: Command::Operator {
                key: 4,
                action: Action::Halt {
                    instrument: Some(InstrumentId(6)),
                },
            },
        },
        operator(Action::DefineAccount(Account {
            cancel_on_disconnect: true,
            ..account(8)
        })),
        operator(Action::Connected {
            session: SessionId(7),
        }),
        operator(Action::Disconnected {
            session: SessionId(7),
        }),
    ];
    let mut bytes = Vec::new();
    encode_batch(&batch, &mut bytes);
    let mut expected = vec![6, 0, 0, 0];
    expected.extend_from_slice(&[34, 0]);
    expected.extend_from_slice(&[8, 7, 6, 5, 4, 3, 2, 1, 3]);
    expected.extend_from_slice(&[7, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
    expected.extend_from_slice(&[0, 5, 0, 0, 0, 0, 0, 0, 0, 44, 1, 0, 0]);
    expected.extend_from_slice(&[71, 0]);
    expected.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0, 1]);
    expected.extend_from_slice(&[1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    expected.extend_from_slice(&[3, 0, 0, 0, 1, b'S', 100, 0, 0, 0]);
    expected.extend_from_slice(b"ABC     ");
    expected.extend_from_slice(&[0x40, 0x42, 0x0F, 0, 0, 0, 0, 0]);
    expected.extend_from_slice(&[1, 0, 0, 0, 0, 1]);
    expected.extend_from_slice(b"YPNNan order      ");
    expected.extend_from_slice(&[21, 0]);
    expected.extend_from_slice(&[2, 0, 0, 0, 0, 0, 0, 0, 69]);
    expected.extend_from_slice(&[4, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0]);
    expected.extend_from_slice(&[38, 0, 3, 0, 0, 0, 0, 0, 0, 0, 65]);
    expected.extend_from_slice(&[5, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0]);
    expected.extend_from_slice(&[0x3F, 0x42, 0x0F, 0]);
    expected.extend_from_slice(&[0xFF; 12]);
    expected.push(1);
    for kind in [71, 72] {
        expected.extend_from_slice(&[21, 0, 3, 0, 0, 0, 0, 0, 0, 0, kind]);
        expected.extend_from_slice(&[5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0]);
    }
    assert_eq!(bytes, expected);
}

#[test]
fn a_count_that_cannot_be_takes_no_memory() {
    let bytes = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0];
    assert_eq!(
        decode_batch(&bytes),
        Err(CodecError::Count {
            count: u32::MAX,
            bytes: 2
        })
    );
}
