//! OUCH 5.0 against `ouch_model` 5.0.1, which is not ours: our golden vectors are read and written by it, field by
//! field, and its own messages are read and written by us.
//!
//! It leaves the specification in four places, checked here as they are, so that a release that mends one is noticed:
//! - `Symbol` takes nine bytes; §2.1, §3.2 and §3.3 give eight (offset 10 to 18, 18 to 26, 22 to 30). The vectors get
//!   a ninth byte on their way there and lose it on their way back.
//! - Order Canceled has an original number before the number; §3.4 has one number (offset 9), and the length is 18.
//! - Sell short exempt is `U` in its constants; §2.1 says `E`. It reads and writes any byte.
//! - A pegged offset is a binary floating-point number; Appendix B calls it a signed price in units of 1e-4. Both take
//!   four bytes, so only the value differs.
//!
//! It has no message of revision 1.05 and no appendage on the short messages.

use crate::golden::{self, Vector, shown};
use byteserde::prelude::{ByteDeserializeSlice, ByteSerializeStack, from_slice, to_bytes_stack};
use ouch_model::prelude as theirs;
use rialto_wire::ouch::{
    Capacity, ClOrdId, CrossType, CustomerType, DiscretionPriceType, Display, EventCode, Firm,
    HandleInst, IntermarketSweep, Options, PostOnly, PriceType, SharesLocated, Side, Symbol,
    TimeInForce, TradeNow, inbound, outbound,
};
use rialto_wire::{Alpha, Wire};

/// Where a symbol ends in our bytes, for messages that have one.
const ENTER_SYMBOL_END: usize = 18;
const ACCEPTED_SYMBOL_END: usize = 26;
const REPLACED_SYMBOL_END: usize = 30;

fn their_bytes<T: ByteSerializeStack>(value: &T) -> Vec<u8> {
    let (bytes, len) = to_bytes_stack::<512, T>(value).expect("it writes what it read");
    bytes[..len].to_vec()
}

fn our_bytes<T: Wire>(value: T) -> Vec<u8> {
    let mut out = Vec::new();
    value.write(&mut out);
    out
}

fn widened(bytes: &[u8], symbol_end: Option<usize>) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let Some(at) = symbol_end {
        bytes.insert(at, b' ');
    }
    bytes
}

fn narrowed(mut bytes: Vec<u8>, symbol_end: Option<usize>) -> Vec<u8> {
    if let Some(at) = symbol_end {
        assert_eq!(bytes.remove(at), b' ', "the ninth byte of its symbol");
    }
    bytes
}

fn read<T: ByteDeserializeSlice<T>>(bytes: &[u8]) -> T {
    from_slice(bytes).unwrap_or_else(|error| panic!("{error:?} in {}", shown(bytes)))
}

fn vector(vectors: &[Vector], name: &str) -> Vec<u8> {
    let (_, bytes) = vectors
        .iter()
        .find(|(found, _)| *found == name)
        .expect(name);
    bytes.clone()
}

/// Reads a golden vector with both, compares the named fields' bytes, and has theirs write it again.
macro_rules! agree {
    ($vectors:expr, $name:literal, $ours:ty, $theirs:ty, $symbol:expr, { $($their:ident = $our:ident),* $(,)? }) => {{
        let bytes = vector(&$vectors, $name);
        let _ours = <$ours>::decode(&bytes).expect($name);
        let message: $theirs = read(&widened(&bytes, $symbol));
        $(assert_eq!(
            their_bytes(&message.$their),
            our_bytes(_ours.$our()),
            "{} {}", $name, stringify!($our),
        );)*
        assert_eq!(shown(&narrowed(their_bytes(&message), $symbol)), shown(&bytes), "{}", $name);
    }};
}

#[test]
fn inbound_messages_agree() {
    let vectors = golden::ouch_inbound();
    let bytes = vector(&vectors, "enter_order");
    let order: theirs::EnterOrder = read(&widened(&bytes, Some(ENTER_SYMBOL_END)));
    let ours = inbound::EnterOrderView::decode(&bytes).unwrap();
    assert_eq!(order.symbol.value()[..8], ours.symbol().bytes());
    agree!(vectors, "enter_order", inbound::EnterOrderView, theirs::EnterOrder, Some(ENTER_SYMBOL_END), {
        user_ref_number = user_ref_num, side = side, quantity = quantity, price = price_e4,
        time_in_force = time_in_force, display = display, capacity = capacity,
        int_mkt_sweep_eligibility = intermarket_sweep, cross_type = cross_type, clt_order_id = cl_ord_id,
    });
    agree!(vectors, "replace_order", inbound::ReplaceOrderView, theirs::ReplaceOrder, None, {
        orig_user_ref_number = orig_user_ref_num, user_ref_number = user_ref_num, quantity = quantity,
        price = price_e4, time_in_force = time_in_force, display = display,
        int_mkt_sweep_eligibility = intermarket_sweep, clt_order_id = cl_ord_id,
    });
    agree!(vectors, "cancel_order", inbound::CancelOrderView, theirs::CancelOrder, None, {
        user_ref_number = user_ref_num, quantity = quantity,
    });
    agree!(
        vectors,
        "modify_order",
        inbound::ModifyOrderView,
        theirs::ModifyOrder,
        None,
        {}
    );
    agree!(
        vectors,
        "account_query",
        inbound::AccountQueryView,
        theirs::AccountQueryRequest,
        None,
        {}
    );
}

#[test]
fn outbound_messages_agree() {
    let vectors = golden::ouch_outbound();
    agree!(vectors, "system_event", outbound::SystemEventView, theirs::SystemEvent, None, {
        timestamp = timestamp_ns,
    });
    agree!(vectors, "accepted", outbound::AcceptedView, theirs::OrderAccepted, Some(ACCEPTED_SYMBOL_END), {
        timestamp = timestamp_ns, user_ref_number = user_ref_num, side = side, quantity = quantity, price = price_e4,
        time_in_force = time_in_force, display = display, order_reference_number = order_reference_number,
        capacity = capacity, int_mkt_sweep_eligibility = intermarket_sweep, cross_type = cross_type,
        order_state = order_state, clt_order_id = cl_ord_id,
    });
    agree!(vectors, "replaced", outbound::ReplacedView, theirs::OrderReplaced, Some(REPLACED_SYMBOL_END), {
        timestamp = timestamp_ns, orig_user_ref_number = orig_user_ref_num, user_ref_number = user_ref_num,
        side = side, quantity = quantity, price = price_e4, time_in_force = time_in_force, display = display,
        order_reference_number = order_reference_number, capacity = capacity,
        int_mkt_sweep_eligibility = intermarket_sweep, cross_type = cross_type, order_state = order_state,
        clt_order_id = cl_ord_id,
    });
    agree!(vectors, "aiq_canceled", outbound::AiqCanceledView, theirs::OrderAiqCanceled, None, {
        timestamp = timestamp_ns, user_ref_number = user_ref_num, decrement_shares = decrement_shares,
        cancel_aiq_reason = reason, prevented_from_trading = quantity_prevented,
        execution_price = execution_price_e4, liquidity_flag = liquidity_flag, aiq_strategy = aiq_strategy,
    });
    agree!(vectors, "executed", outbound::ExecutedView, theirs::OrderExecuted, None, {
        timestamp = timestamp_ns, user_ref_number = user_ref_num, quantity = quantity, price = price_e4,
        liquidity_flag = liquidity_flag, match_number = match_number,
    });
    agree!(vectors, "broken_trade", outbound::BrokenTradeView, theirs::BrokenTrade, None, {
        timestamp = timestamp_ns, user_ref_number = user_ref_num, match_number = match_number,
        broken_trade_reason = reason, clt_order_id = cl_ord_id,
    });
    agree!(vectors, "rejected", outbound::RejectedView, theirs::OrderRejected, None, {
        timestamp = timestamp_ns, user_ref_number = user_ref_num, reject_reason = reason, clt_order_id = cl_ord_id,
    });
    agree!(vectors, "cancel_pending", outbound::CancelPendingView, theirs::CancelPending, None, {
        timestamp = timestamp_ns, user_ref_number = user_ref_num,
    });
    agree!(vectors, "cancel_reject", outbound::CancelRejectView, theirs::CancelReject, None, {
        timestamp = timestamp_ns, user_ref_number = user_ref_num,
    });
    agree!(vectors, "order_priority_update", outbound::OrderPriorityUpdateView, theirs::PriorityUpdate, None, {
        timestamp = timestamp_ns, user_ref_number = user_ref_num, price = price_e4, display = display,
        order_reference_number = order_reference_number,
    });
    agree!(vectors, "modified", outbound::ModifiedView, theirs::OrderModified, None, {
        timestamp = timestamp_ns, user_ref_number = user_ref_num, side = side, quantity = quantity,
    });
    agree!(vectors, "account_query_response", outbound::AccountQueryResponseView, theirs::AccountQueryResponse, None, {
        timestamp = timestamp_ns, next_user_ref_number = next_user_ref_num,
    });

    // Restated: its fields, and the three appendages in the order it writes them.
    let bytes = vector(&vectors, "restated");
    let message: theirs::OrderRestated = read(&bytes);
    assert_eq!(message.user_ref_number.value(), 8);
    assert!(message.appendages.display_qty.is_some());
    assert!(message.appendages.display_price.is_some());
    assert!(message.appendages.secondary_order_ref_num.is_some());
    let again = their_bytes(&message);
    let view = outbound::RestatedView::decode(&again).unwrap();
    let ours = outbound::RestatedView::decode(&bytes).unwrap();
    assert_eq!(
        (view.owned(), view.options()),
        (ours.owned(), ours.options())
    );
}

#[test]
fn their_messages_are_ours() {
    let order = theirs::EnterOrder::new(
        7.into(),
        100.into(),
        b"AAPL     ".into(),
        150.25.into(),
        theirs::TimeInForce::immediate_or_cancel(),
        theirs::Display::hidden(),
        theirs::Capacity::principal(),
        theirs::IntMktSweepEligibility::eligible(),
        theirs::CrossType::opening_cross(),
        b"their order 01".into(),
        theirs::EnterOrderAppendage {
            firm: Some(b"FIRM".into()),
            min_qty: Some(50.into()),
            max_floor: Some(10.into()),
            post_only: Some(theirs::PostOnly::yes().into()),
            expire_time: Some(60.into()),
            group_id: Some(513.into()),
            shares_located: Some(theirs::SharesLocated::yes().into()),
            customer_type: Some(theirs::CustomerType::retail().into()),
            price_type: Some(theirs::PriceType::mid_point_peg().into()),
            discretion_price: Some(149.75.into()),
            discretion_price_type: Some(theirs::DiscretionPriceType::primary_peg().into()),
            random_reserves: Some(300.into()),
            route: Some(b"RTE1".into()),
            trade_now: Some(theirs::TradeNow::yes().into()),
            handle_inst: Some(theirs::HandleInst::imbalance_only().into()),
            ..Default::default()
        },
    );
    let bytes = narrowed(their_bytes(&order), Some(ENTER_SYMBOL_END));
    let view = inbound::EnterOrderView::decode(&bytes).unwrap();
    let wanted = inbound::EnterOrder {
        user_ref_num: 7,
        side: Side::Buy,
        quantity: 100,
        symbol: Symbol::new("AAPL").unwrap(),
        price_e4: 1_502_500,
        time_in_force: TimeInForce::ImmediateOrCancel,
        display: Display::Hidden,
        capacity: Capacity::Principal,
        intermarket_sweep: IntermarketSweep::Eligible,
        cross_type: CrossType::Opening,
        cl_ord_id: ClOrdId::new("their order 01").unwrap(),
    };
    let options = Options {
        firm: Some(Firm::new("FIRM").unwrap()),
        min_qty: Some(50),
        max_floor: Some(10),
        post_only: Some(PostOnly::PostOnly),
        expire_time_s: Some(60),
        group_id: Some(513),
        shares_located: Some(SharesLocated::Yes),
        customer_type: Some(CustomerType::Retail),
        price_type: Some(PriceType::MidpointPeg),
        discretion_price_e4: Some(1_497_500),
        discretion_price_type: Some(DiscretionPriceType::PrimaryPeg),
        random_reserves: Some(300),
        route: Alpha::new("RTE1"),
        trade_now: Some(TradeNow::Yes),
        handle_inst: Some(HandleInst::ImbalanceOnly),
        ..Options::NONE
    };
    assert_eq!((view.owned(), view.options()), (wanted, options));

    // And back: ours, in its hands, is the message it made.
    let mut again = Vec::new();
    wanted.encode_with(&mut again, &options);
    let again: theirs::EnterOrder = read(&widened(&again, Some(ENTER_SYMBOL_END)));
    assert_eq!(again.appendages, order.appendages);
    assert_eq!(their_bytes(&again), their_bytes(&order));

    let bytes = their_bytes(&theirs::ModifyOrder::from((
        &order,
        theirs::Side::sell_short(),
        10.into(),
    )));
    let view = inbound::ModifyOrderView::decode(&bytes).unwrap();
    assert_eq!(
        (view.user_ref_num(), view.side(), view.quantity()),
        (7, Side::SellShort, 10)
    );

    let bytes = their_bytes(&theirs::CancelOrder::new(7.into(), 25.into()));
    let view = inbound::CancelOrderView::decode(&bytes).unwrap();
    assert_eq!((view.user_ref_num(), view.quantity()), (7, 25));

    let bytes = their_bytes(&theirs::SystemEvent::end_of_day());
    let view = outbound::SystemEventView::decode(&bytes).unwrap();
    assert_eq!(view.event_code(), EventCode::EndOfDay);
}

#[test]
fn where_it_leaves_the_specification() {
    // Nine bytes of symbol: an Enter Order of 48 bytes, where §2.1 gives 47.
    let bytes = vector(&golden::ouch_inbound(), "enter_order");
    let order: theirs::EnterOrder = read(&widened(&bytes, Some(ENTER_SYMBOL_END)));
    assert_eq!(their_bytes(&order).len(), 48);
    assert_eq!(bytes.len(), 47);
    // Two numbers in Order Canceled: 22 bytes, where §3.4 gives 18.
    let mut canceled = vector(&golden::ouch_outbound(), "canceled");
    assert_eq!(canceled.len(), 18);
    canceled.splice(9..9, [0, 0, 0, 1]);
    let message: theirs::OrderCanceled = read(&canceled);
    assert_eq!(
        (message.user_ref_number.value(), message.quantity.value()),
        (2, 100)
    );
    assert_eq!(their_bytes(&message).len(), 22);
    // Sell short exempt.
    assert_eq!(theirs::Side::sell_short_exempt().value(), b'U');
    assert_eq!(Side::SellShortExempt.code(), b'E');
    // A peg of minus one cent: a binary floating-point number, not minus one hundred units of 1e-4.
    let peg = theirs::PegOffset::from(-0.01);
    assert_eq!(their_bytes(&peg), (-0.01_f32).to_be_bytes());
    assert_eq!(our_bytes(-100_i32), [0xFF, 0xFF, 0xFF, 0x9C]);
}
