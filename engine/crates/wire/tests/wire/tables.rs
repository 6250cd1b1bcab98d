//! The tables as data: complete, without gaps, and read by their kinds.

use crate::golden;
use crate::random::PROTOCOLS;
use rialto_wire::ouch::{RejectReason, Side, inbound, outbound};
use rialto_wire::{FieldKind, Tail, Value, itch};
use std::collections::BTreeSet;

fn codes(layouts: &[rialto_wire::Layout]) -> String {
    layouts
        .iter()
        .map(|layout| char::from(layout.code))
        .collect()
}

#[test]
fn every_message_of_the_specifications_is_there() {
    assert_eq!(codes(inbound::Message::LAYOUTS), "OUXMCDEQ");
    assert_eq!(codes(outbound::Message::LAYOUTS), "SAUCDEBJPITMRXGKQ");
    assert_eq!(codes(itch::Message::LAYOUTS), "SRHYLVWKJhAFECXDUPQBINO");
}

#[test]
fn every_message_has_a_golden_vector() {
    for protocol in PROTOCOLS {
        let vectors: BTreeSet<u8> = (protocol.vectors)()
            .iter()
            .map(|(_, bytes)| bytes[0])
            .collect();
        let layouts: BTreeSet<u8> = protocol.layouts.iter().map(|layout| layout.code).collect();
        assert_eq!(vectors, layouts, "{}", protocol.name);
    }
}

#[test]
fn the_fixed_lengths_are_the_specifications() {
    // OUCH 5.0 revision 1.05 §2 and §3: fields and appendage length, in the order of the sections.
    let with_length =
        |layout: &rialto_wire::Layout| layout.len + if layout.tail == Tail::None { 0 } else { 2 };
    let lengths =
        |layouts: &[rialto_wire::Layout]| layouts.iter().map(with_length).collect::<Vec<_>>();
    assert_eq!(
        lengths(inbound::Message::LAYOUTS),
        [47, 40, 11, 12, 19, 11, 11, 3]
    );
    assert_eq!(
        lengths(outbound::Message::LAYOUTS),
        [
            10, 64, 68, 20, 34, 36, 38, 31, 15, 15, 32, 20, 16, 27, 19, 19, 15
        ]
    );
    // ITCH 5.0 §4, in the order of the sections.
    assert_eq!(
        lengths(itch::Message::LAYOUTS),
        [
            12, 39, 25, 20, 26, 35, 12, 28, 35, 21, 36, 40, 31, 36, 23, 19, 35, 44, 40, 19, 50, 20,
            48
        ]
    );
}

#[test]
fn a_list_takes_its_values_and_no_others() {
    for protocol in PROTOCOLS {
        let vectors = (protocol.vectors)();
        for layout in protocol.layouts {
            let (name, vector) = vectors
                .iter()
                .find(|(_, bytes)| bytes[0] == layout.code)
                .unwrap();
            for field in layout
                .fields
                .iter()
                .filter(|field| field.kind == FieldKind::Code && field.len == 1)
            {
                let mut taken = 0;
                for byte in 0..=255 {
                    let mut bytes = vector.clone();
                    bytes[field.offset] = byte;
                    match (protocol.decode)(&bytes) {
                        Ok(_) => taken += 1,
                        Err(error) => {
                            assert_eq!(
                                (error.field, error.offset),
                                (field.name, field.offset),
                                "{name}"
                            );
                        }
                    }
                }
                assert!(
                    (1..30).contains(&taken),
                    "{name} {}: {taken} values",
                    field.name
                );
            }
        }
    }
}

#[test]
fn a_field_is_read_without_its_type() {
    let bytes = golden::ouch_inbound().swap_remove(0).1;
    let message = inbound::Message::decode(&bytes).unwrap();
    let values: Vec<(&str, Value<'_>)> = message
        .layout()
        .fields
        .iter()
        .map(|field| (field.key, field.value(message.as_bytes()).unwrap()))
        .collect();
    assert_eq!(values[0], ("user_ref_num", Value::Unsigned(0x0102_0304)));
    assert_eq!(values[1], ("side", Value::Code('B')));
    assert_eq!(values[3], ("symbol", Value::Text("AAPL")));
    assert_eq!(values[4], ("price_e4", Value::Unsigned(1_503_400)));
    let (_, end) = golden::glimpse().swap_remove(0);
    let field = rialto_wire::glimpse::EndOfSnapshot::LAYOUT.fields[0];
    assert_eq!(field.value(&end), Some(Value::Unsigned(4015)));
    assert_eq!(field.value(&end[..20]), None);
}

#[test]
fn codes_have_one_value_each() {
    let all: BTreeSet<u16> = RejectReason::ALL
        .iter()
        .map(|reason| reason.code())
        .collect();
    assert_eq!(all.len(), RejectReason::ALL.len());
    for reason in RejectReason::ALL {
        assert_eq!(RejectReason::from_code(reason.code()), Some(*reason));
        assert_eq!(reason.is_private(), reason.code() > 0x0040);
    }
    // Appendix C of revision 1.05: 0x0001 to 0x0033 without a gap, and 0x0040.
    let standard = all.iter().filter(|code| **code <= 0x0033).count();
    assert_eq!(standard, 0x33);
    assert_eq!(Side::from_code(b'b'), None);
}
