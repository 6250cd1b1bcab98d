use super::*;
use proptest::prelude::*;
use rialto_wire::Alpha;
use rialto_wire::ouch::inbound::{
    AccountQuery, CancelOrder, DisableOrderEntry, EnableOrderEntry, EnterOrder, MassCancel,
    ModifyOrder, ReplaceOrder,
};
use rialto_wire::ouch::{
    Appendage, Capacity, Firm, IntermarketSweep, MARKET_PRICE_E4, SharesLocated,
};

fn enter_order() -> EnterOrder {
    EnterOrder {
        user_ref_num: 7,
        side: Side::Buy,
        quantity: 300,
        symbol: Alpha::new("ABC").unwrap(),
        price_e4: 1_234_500,
        time_in_force: TimeInForce::Day,
        display: Display::Visible,
        capacity: Capacity::Principal,
        intermarket_sweep: IntermarketSweep::NotEligible,
        cross_type: CrossType::Continuous,
        cl_ord_id: Alpha::new("mine").unwrap(),
    }
}

fn replace_order() -> ReplaceOrder {
    ReplaceOrder {
        orig_user_ref_num: 7,
        user_ref_num: 8,
        quantity: 200,
        price_e4: 1_234_600,
        time_in_force: TimeInForce::Day,
        display: Display::Attributable,
        intermarket_sweep: IntermarketSweep::Eligible,
        cl_ord_id: Alpha::new("next").unwrap(),
    }
}

fn plain_enter() -> Enter {
    Enter {
        user_ref: 7,
        side: MarketSide::Buy,
        side_code: b'B',
        quantity: 300,
        symbol: types::Symbol::new("ABC").unwrap(),
        price_e4: 1_234_500,
        time_in_force: types::TimeInForce::Day,
        min_quantity: 0,
        post_only: false,
        echo: EnterEcho {
            display: b'Y',
            capacity: b'P',
            intermarket_sweep: b'N',
            cross_type: b'N',
        },
        cl_ord_id: *b"mine          ",
    }
}

fn plain_replace() -> Replace {
    Replace {
        target: Target::UserRef(7),
        user_ref: 8,
        quantity: 200,
        price_e4: 1_234_600,
        time_in_force: types::TimeInForce::Day,
        post_only: false,
        display: b'A',
        intermarket_sweep: b'Y',
        cl_ord_id: *b"next          ",
    }
}

fn options(appendages: &[Appendage]) -> Options {
    let mut options = Options::NONE;
    for appendage in appendages {
        options.set(*appendage);
    }
    options
}

fn entered(order: &EnterOrder, appendages: &[Appendage]) -> Result<Request, InboundError> {
    let mut bytes = Vec::new();
    order.encode_with(&mut bytes, &options(appendages));
    decode(&bytes)
}

fn replaced(order: &ReplaceOrder, appendages: &[Appendage]) -> Result<Request, InboundError> {
    let mut bytes = Vec::new();
    order.encode_with(&mut bytes, &options(appendages));
    decode(&bytes)
}

#[track_caller]
fn refused(result: Result<Request, InboundError>, wanted: &str) {
    match result {
        Err(InboundError::Unsupported { field, .. }) => assert_eq!(field, wanted),
        other => panic!("{wanted}: {other:?}"),
    }
}

#[test]
fn a_plain_order_is_passed_on_field_by_field() {
    assert_eq!(
        entered(&enter_order(), &[]),
        Ok(Request::Enter(plain_enter()))
    );
}

#[test]
fn every_kind_of_sell_sells_and_keeps_its_letter() {
    for (wire, side, side_code) in [
        (Side::Buy, MarketSide::Buy, b'B'),
        (Side::Sell, MarketSide::Sell, b'S'),
        (Side::SellShort, MarketSide::Sell, b'T'),
        (Side::SellShortExempt, MarketSide::Sell, b'E'),
    ] {
        let order = EnterOrder {
            side: wire,
            ..enter_order()
        };
        let expected = Enter {
            side,
            side_code,
            ..plain_enter()
        };
        assert_eq!(entered(&order, &[]), Ok(Request::Enter(expected)));
    }
}

#[test]
fn times_in_force() {
    use TimeInForceExtension::{FillOrKill, GoodTillCancel};
    use types::TimeInForce as Market;
    let gtc = Appendage::TimeInForceExtension(GoodTillCancel);
    let fok = Appendage::TimeInForceExtension(FillOrKill);
    let (day, ioc) = (TimeInForce::Day, TimeInForce::ImmediateOrCancel);
    let min = Appendage::MinQty;
    let cases: &[(_, &[Appendage], _, _)] = &[
        (day, &[], Market::Day, 0),
        (day, &[gtc], Market::GoodTillCancel, 0),
        (ioc, &[], Market::ImmediateOrCancel, 0),
        (ioc, &[min(0)], Market::ImmediateOrCancel, 0),
        (ioc, &[min(100)], Market::ImmediateOrCancel, 100),
        (ioc, &[min(300)], Market::FillOrKill, 0),
        (ioc, &[min(301)], Market::ImmediateOrCancel, 301),
        (ioc, &[fok], Market::FillOrKill, 0),
        (ioc, &[fok, min(300)], Market::FillOrKill, 0),
        // These contradict themselves in a way the market has a reason for.
        (ioc, &[fok, min(100)], Market::FillOrKill, 100),
        (day, &[min(100)], Market::Day, 100),
        (day, &[gtc, min(300)], Market::GoodTillCancel, 300),
    ];
    for (wire, appendages, time_in_force, min_quantity) in cases {
        let order = EnterOrder {
            time_in_force: *wire,
            ..enter_order()
        };
        let expected = Enter {
            time_in_force: *time_in_force,
            min_quantity: *min_quantity,
            ..plain_enter()
        };
        assert_eq!(
            entered(&order, appendages),
            Ok(Request::Enter(expected)),
            "{wire:?} {appendages:?}"
        );
    }
    for (wire, appendages, field) in [
        (day, vec![fok], "TimeInForceExtension"),
        (ioc, vec![gtc], "TimeInForceExtension"),
        (TimeInForce::ExtendedHours, vec![], "Time In Force"),
        (TimeInForce::GoodTillTime, vec![], "Time In Force"),
        (TimeInForce::AfterHours, vec![gtc], "Time In Force"),
    ] {
        let order = EnterOrder {
            time_in_force: wire,
            ..enter_order()
        };
        refused(entered(&order, &appendages), field);
    }
}

#[test]
fn what_the_market_can_refuse_is_passed_on() {
    for (order, expected) in [
        (
            EnterOrder {
                quantity: 0,
                ..enter_order()
            },
            Enter {
                quantity: 0,
                ..plain_enter()
            },
        ),
        (
            EnterOrder {
                quantity: u32::MAX,
                price_e4: u64::MAX,
                ..enter_order()
            },
            Enter {
                quantity: u32::MAX,
                price_e4: u64::MAX,
                ..plain_enter()
            },
        ),
        (
            EnterOrder {
                price_e4: MARKET_PRICE_E4,
                ..enter_order()
            },
            Enter {
                price_e4: types::MARKET_PRICE_E4,
                ..plain_enter()
            },
        ),
        (
            EnterOrder {
                user_ref_num: 0,
                symbol: Alpha::BLANK,
                ..enter_order()
            },
            Enter {
                user_ref: 0,
                symbol: types::Symbol::ALL,
                ..plain_enter()
            },
        ),
    ] {
        assert_eq!(entered(&order, &[]), Ok(Request::Enter(expected)));
    }
    // A minimum equal to a quantity of zero is no fill or kill.
    let order = EnterOrder {
        quantity: 0,
        time_in_force: TimeInForce::ImmediateOrCancel,
        ..enter_order()
    };
    let expected = Enter {
        quantity: 0,
        time_in_force: types::TimeInForce::ImmediateOrCancel,
        ..plain_enter()
    };
    assert_eq!(
        entered(&order, &[Appendage::MinQty(0)]),
        Ok(Request::Enter(expected))
    );
}

#[test]
fn post_only() {
    for (value, post_only) in [(PostOnly::PostOnly, true), (PostOnly::No, false)] {
        let tag = [Appendage::PostOnly(value)];
        let enter = Enter {
            post_only,
            ..plain_enter()
        };
        assert_eq!(entered(&enter_order(), &tag), Ok(Request::Enter(enter)));
        let replace = Replace {
            post_only,
            ..plain_replace()
        };
        assert_eq!(
            replaced(&replace_order(), &tag),
            Ok(Request::Replace(replace))
        );
    }
}

#[test]
fn tags_that_only_inform_change_nothing() {
    let tags = [
        Appendage::Firm(Alpha::new("FIRM").unwrap()),
        Appendage::GroupId(4),
        Appendage::SharesLocated(SharesLocated::Yes),
        Appendage::LocateBroker(Alpha::new("BRKR").unwrap()),
        Appendage::AiqGroupId(Alpha::new("**").unwrap()),
        Appendage::UserRefIdx(0),
        Appendage::MaxFloor(0),
        Appendage::PriceType(PriceType::Limit),
        Appendage::TradeNow(TradeNow::No),
        Appendage::AiqStrategy(AiqStrategy::Disabled),
    ];
    assert_eq!(
        entered(&enter_order(), &tags),
        Ok(Request::Enter(plain_enter()))
    );
}

#[test]
fn instructions_that_are_not_offered_are_errors_that_name_the_field() {
    let tags = [
        Appendage::MaxFloor(100),
        Appendage::PriceType(PriceType::MidpointPeg),
        Appendage::PegOffset(-1),
        Appendage::DiscretionPrice(1),
        Appendage::DiscretionPriceType(DiscretionPriceType::MarketPeg),
        Appendage::DiscretionPegOffset(1),
        Appendage::RandomReserves(1),
        Appendage::ExpireTime(1),
        Appendage::TradeNow(TradeNow::Yes),
        Appendage::HandleInst(HandleInst::ImbalanceOnly),
        Appendage::AiqStrategy(AiqStrategy::FirmCancelOldest),
        Appendage::UserRefIdx(1),
    ];
    for tag in tags {
        refused(entered(&enter_order(), &[tag]), tag.tag().name());
        refused(replaced(&replace_order(), &[tag]), tag.tag().name());
    }
    let route = Appendage::Route(Alpha::new("X").unwrap());
    refused(entered(&enter_order(), &[route]), "Route");
    refused(
        entered(
            &EnterOrder {
                display: Display::Hidden,
                ..enter_order()
            },
            &[],
        ),
        "Display",
    );
    for cross_type in CrossType::ALL.iter().skip(1) {
        let order = EnterOrder {
            cross_type: *cross_type,
            ..enter_order()
        };
        refused(entered(&order, &[]), "CrossType");
    }
    refused(
        replaced(&replace_order(), &[Appendage::Side(Side::SellShort)]),
        "Side",
    );
    refused(
        replaced(&replace_order(), &[Appendage::MinQty(1)]),
        "MinQty",
    );
}

#[test]
fn a_replacement_is_passed_on_field_by_field() {
    assert_eq!(
        replaced(&replace_order(), &[]),
        Ok(Request::Replace(plain_replace()))
    );
    let order = ReplaceOrder {
        time_in_force: TimeInForce::ImmediateOrCancel,
        ..replace_order()
    };
    let expected = Replace {
        time_in_force: types::TimeInForce::FillOrKill,
        ..plain_replace()
    };
    assert_eq!(
        replaced(&order, &[Appendage::MinQty(200)]),
        Ok(Request::Replace(expected))
    );
}

#[test]
fn an_order_of_an_earlier_day_is_named_by_its_reference() {
    let tag = Appendage::OrderReferenceNumber(99);
    let earlier = Target::OrderRef(99);
    let mut bytes = Vec::new();
    for user_ref_num in [0, 7] {
        let requests = [
            replaced(
                &ReplaceOrder {
                    orig_user_ref_num: user_ref_num,
                    ..replace_order()
                },
                &[tag],
            ),
            {
                bytes.clear();
                let cancel = CancelOrder {
                    user_ref_num,
                    quantity: 5,
                };
                cancel.encode_with(&mut bytes, &options(&[tag]));
                decode(&bytes)
            },
            {
                bytes.clear();
                let modify = ModifyOrder {
                    user_ref_num,
                    side: Side::SellShort,
                    quantity: 5,
                };
                modify.encode_with(&mut bytes, &options(&[tag]));
                decode(&bytes)
            },
        ];
        if user_ref_num == 0 {
            let expected = [
                Request::Replace(Replace {
                    target: earlier,
                    ..plain_replace()
                }),
                Request::Cancel {
                    target: earlier,
                    quantity: 5,
                },
                Request::Modify {
                    target: earlier,
                    side_code: b'T',
                    quantity: 5,
                },
            ];
            assert_eq!(requests, expected.map(Ok));
        } else {
            for request in requests {
                refused(request, "OrderReferenceNumber");
            }
        }
    }
}

#[test]
fn the_short_messages() {
    let firm = Firm::new("FIRM").unwrap();
    let mut bytes = Vec::new();
    let mut ask = |encode: &dyn Fn(&mut Vec<u8>)| {
        bytes.clear();
        encode(&mut bytes);
        decode(&bytes)
    };
    let (user_ref_num, user_ref) = (3, 3);
    let target = Target::UserRef(3);
    assert_eq!(
        ask(&|out| CancelOrder {
            user_ref_num,
            quantity: 0
        }
        .encode(out)),
        Ok(Request::Cancel {
            target,
            quantity: 0
        })
    );
    // Nothing named: the market answers with a Cancel Reject.
    assert_eq!(
        ask(&|out| CancelOrder {
            user_ref_num: 0,
            quantity: 9
        }
        .encode(out)),
        Ok(Request::Cancel {
            target: Target::UserRef(0),
            quantity: 9
        })
    );
    assert_eq!(
        ask(&|out| ModifyOrder {
            user_ref_num,
            side: Side::SellShort,
            quantity: 4
        }
        .encode(out)),
        Ok(Request::Modify {
            target,
            side_code: b'T',
            quantity: 4
        })
    );
    let symbol = Alpha::new("ABC").unwrap();
    let abc = types::Symbol::new("ABC").unwrap();
    assert_eq!(
        ask(&|out| MassCancel {
            user_ref_num,
            firm,
            symbol
        }
        .encode(out)),
        Ok(Request::MassCancel {
            user_ref,
            symbol: abc
        })
    );
    let all = types::Symbol::ALL;
    assert_eq!(
        ask(&|out| MassCancel {
            user_ref_num,
            firm,
            symbol: Alpha::BLANK
        }
        .encode(out)),
        Ok(Request::MassCancel {
            user_ref,
            symbol: all
        })
    );
    for tag in [
        Appendage::GroupId(1),
        Appendage::Side(Side::Buy),
        Appendage::UserRefIdx(1),
    ] {
        let request = MassCancel {
            user_ref_num,
            firm,
            symbol,
        };
        refused(
            ask(&|out| request.encode_with(out, &options(&[tag]))),
            tag.tag().name(),
        );
    }
    assert_eq!(
        ask(&|out| DisableOrderEntry { user_ref_num, firm }.encode(out)),
        Ok(Request::DisableOrderEntry { user_ref })
    );
    assert_eq!(
        ask(&|out| EnableOrderEntry { user_ref_num, firm }.encode(out)),
        Ok(Request::EnableOrderEntry { user_ref })
    );
    assert_eq!(
        ask(&|out| AccountQuery {}.encode(out)),
        Ok(Request::AccountQuery)
    );
}

#[test]
fn bytes_that_are_no_message_are_malformed() {
    let mut bytes = Vec::new();
    enter_order().encode(&mut bytes);
    assert_eq!(bytes.len(), 47);
    for end in 0..bytes.len() {
        assert!(
            matches!(decode(&bytes[..end]), Err(InboundError::Malformed(_))),
            "{end} bytes"
        );
    }
    bytes.push(0);
    assert!(matches!(decode(&bytes), Err(InboundError::Malformed(_))));
    assert!(matches!(decode(b"Z"), Err(InboundError::Malformed(_))));
}

#[test]
fn errors_say_what_where_and_what_to_do() {
    let error = entered(&enter_order(), &[Appendage::MaxFloor(100)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Enter Order: MaxFloor: this instruction is not offered; leave the tag out"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Any bytes are a request or an error, and the same each time.
    #[test]
    fn any_bytes_are_a_request_or_an_error(
        kind in prop::sample::select(b"OUXMCDEQZ".to_vec()),
        rest in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut bytes = vec![kind];
        bytes.extend(rest);
        prop_assert_eq!(decode(&bytes), decode(&bytes));
    }

    /// A well-formed message with any one byte changed is a request or an error.
    #[test]
    fn any_change_of_a_good_message_is_a_request_or_an_error(
        at in 0..60usize,
        to in any::<u8>(),
        tags in prop::sample::subsequence(vec![
            Appendage::MinQty(300),
            Appendage::PostOnly(PostOnly::PostOnly),
            Appendage::TimeInForceExtension(TimeInForceExtension::FillOrKill),
        ], 0..=3),
    ) {
        let mut bytes = Vec::new();
        enter_order().encode_with(&mut bytes, &options(&tags));
        if let Some(byte) = bytes.get_mut(at) {
            *byte = to;
        }
        match decode(&bytes) {
            Ok(request) => prop_assert!(matches!(request, Request::Enter(_))),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

/// The tags above are all that an order may carry: a new one must be given its rule here.
#[test]
fn every_tag_of_an_order_has_a_rule() {
    assert_eq!(EnterOrder::LAYOUT.tags.len(), 22);
    assert_eq!(ReplaceOrder::LAYOUT.tags.len(), 22);
}
