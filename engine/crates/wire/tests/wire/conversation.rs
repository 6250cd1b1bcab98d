//! The shape of the public interface, in one short conversation.

use rialto_wire::ouch::{self, inbound, outbound};
use rialto_wire::{glimpse, itch, soup};

#[test]
fn an_enter_order_takes_47_bytes_before_its_appendages() {
    let order = inbound::EnterOrder {
        user_ref_num: 1,
        side: ouch::Side::Buy,
        quantity: 100,
        symbol: ouch::Symbol::new("AAPL").unwrap(),
        price_e4: 1_503_400,
        time_in_force: ouch::TimeInForce::Day,
        display: ouch::Display::Visible,
        capacity: ouch::Capacity::Agency,
        intermarket_sweep: ouch::IntermarketSweep::NotEligible,
        cross_type: ouch::CrossType::Continuous,
        cl_ord_id: ouch::ClOrdId::new("CLORD1").unwrap(),
    };
    let mut bytes = Vec::new();
    order.encode(&mut bytes);
    assert_eq!(bytes.len(), 47);
    let options = ouch::Options {
        time_in_force: Some(ouch::TimeInForceExtension::GoodTillCancel),
        ..ouch::Options::NONE
    };
    bytes.clear();
    order.encode_with(&mut bytes, &options);
    let Ok(inbound::Message::EnterOrder(view)) = inbound::Message::decode(&bytes) else {
        panic!("{:?}", inbound::Message::decode(&bytes));
    };
    assert_eq!(view.owned(), order);
    assert_eq!(view.options(), options);
    assert_eq!(view.symbol().text(), "AAPL");
}

#[test]
fn a_message_travels_in_a_packet() {
    let mut message = Vec::new();
    outbound::CancelReject {
        timestamp_ns: 5,
        user_ref_num: 6,
    }
    .encode(&mut message);
    let mut wire = Vec::new();
    soup::ServerPacket::SequencedData(&message)
        .encode(&mut wire)
        .unwrap();
    let (packet, used) = soup::ServerDecoder::default()
        .frame(&wire)
        .unwrap()
        .unwrap();
    assert_eq!(used, wire.len());
    assert_eq!(packet, soup::ServerPacket::SequencedData(&message));
}

#[test]
fn a_snapshot_carries_itch_messages_and_its_end() {
    let mut bytes = Vec::new();
    glimpse::EndOfSnapshot {
        sequence_number: rialto_wire::Digits(42),
    }
    .encode(&mut bytes);
    let Ok(glimpse::Message::EndOfSnapshot(end)) = glimpse::Message::decode(&bytes) else {
        panic!("{:?}", glimpse::Message::decode(&bytes));
    };
    assert_eq!(end.sequence_number().0, 42);
    bytes.clear();
    itch::OrderDelete {
        stock_locate: 1,
        tracking_number: 0,
        timestamp: rialto_wire::Time48::of_epoch(7),
        order_reference_number: 8,
    }
    .encode(&mut bytes);
    assert!(matches!(
        glimpse::Message::decode(&bytes),
        Ok(glimpse::Message::Itch(itch::Message::OrderDelete(_)))
    ));
}
