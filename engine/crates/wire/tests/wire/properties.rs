//! Properties of every decoder.

use crate::golden::shown;
use crate::random::{PROTOCOLS, config, filled, is_empty};
use proptest::prelude::*;
use rialto_wire::ouch::{Appendage, Options, Side, Tag, inbound};
use rialto_wire::soup::{
    ClientDecoder, ClientPacket, LoginAccepted, LoginRequest, ServerDecoder, ServerPacket,
};
use rialto_wire::{Alpha, Digits, Time48, Wire};

fn alpha<const N: usize>() -> impl Strategy<Value = Alpha<N>> {
    proptest::collection::vec(b' '..=b'~', N)
        .prop_map(|bytes| Alpha::from_bytes(bytes.try_into().unwrap()).unwrap())
}

fn options() -> impl Strategy<Value = Options> {
    let some = (
        proptest::option::of(any::<u32>()),
        proptest::option::of(any::<i32>()),
        proptest::option::of(alpha::<4>()),
        proptest::option::of(any::<u16>()),
        proptest::option::of(any::<u8>()),
        proptest::option::of(any::<u64>()),
    );
    some.prop_map(
        |(min_qty, peg_offset_e4, firm, group_id, user_ref_idx, discretion_price_e4)| Options {
            min_qty,
            peg_offset_e4,
            firm,
            group_id,
            user_ref_idx,
            discretion_price_e4,
            ..Options::NONE
        },
    )
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn any_values_come_back(noise in proptest::collection::vec(any::<u8>(), 1..64)) {
        for protocol in PROTOCOLS {
            let vectors = (protocol.vectors)();
            for layout in protocol.layouts {
                let (_, vector) = vectors.iter().find(|(_, bytes)| bytes[0] == layout.code).unwrap();
                let bytes = filled(layout, vector, &noise);
                let again = (protocol.decode)(&bytes);
                prop_assert_eq!(again.map(|out| shown(&out)), Ok(shown(&bytes)), "{}", layout.name);
            }
        }
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        for protocol in PROTOCOLS {
            if let Err(error) = (protocol.decode)(&bytes) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }

    #[test]
    fn an_enter_order_keeps_its_appendages(options in options(), user_ref_num in any::<u32>(), cl_ord_id in alpha::<14>()) {
        let bytes = crate::golden::ouch_inbound().swap_remove(0).1;
        let Ok(inbound::Message::EnterOrder(view)) = inbound::Message::decode(&bytes) else {
            panic!("the first vector is an Enter Order");
        };
        prop_assert!(is_empty(view.appendages()));
        let order = inbound::EnterOrder { user_ref_num, cl_ord_id, ..view.owned() };
        let mut out = Vec::new();
        order.encode_with(&mut out, &options);
        let view = inbound::EnterOrderView::decode(&out).unwrap();
        prop_assert_eq!(view.owned(), order);
        prop_assert_eq!(view.options(), options);
        prop_assert_eq!(view.appendages().iter().count(), options.iter().count());
        prop_assert_eq!(view.appendages().get(Tag::MinQty), options.min_qty.map(Appendage::MinQty));
        prop_assert_eq!(view.appendages().is_empty(), options.is_empty());
    }

    #[test]
    fn packets_come_back(
        username in alpha::<6>(), password in alpha::<10>(), requested_session in alpha::<10>(),
        requested_sequence in any::<u64>(), payload in proptest::collection::vec(any::<u8>(), 0..300),
        rest in proptest::collection::vec(any::<u8>(), 0..10),
    ) {
        let login = LoginRequest { username, password, requested_session, requested_sequence };
        for packet in [ClientPacket::LoginRequest(login), ClientPacket::UnsequencedData(&payload), ClientPacket::Debug(&payload)] {
            let mut out = Vec::new();
            packet.encode(&mut out).unwrap();
            let len = out.len();
            out.extend_from_slice(&rest);
            prop_assert_eq!(ClientDecoder::default().frame(&out), Ok(Some((packet, len))));
            for cut in 0..len {
                prop_assert_eq!(ClientDecoder::default().frame(&out[..cut]), Ok(None));
            }
        }
        let login = LoginAccepted { session: requested_session, sequence: requested_sequence };
        for packet in [ServerPacket::LoginAccepted(login), ServerPacket::SequencedData(&payload)] {
            let mut out = Vec::new();
            packet.encode(&mut out).unwrap();
            let len = out.len();
            out.extend_from_slice(&rest);
            prop_assert_eq!(ServerDecoder::default().frame(&out), Ok(Some((packet, len))));
        }
    }

    #[test]
    fn numbers_in_digits_come_back(value in any::<u64>(), left in 0usize..20) {
        let mut out = Vec::new();
        Digits::<20>(value).write(&mut out);
        prop_assert_eq!(out.len(), 20);
        prop_assert_eq!(Digits::read(&out), Ok(Digits::<20>(value)));
        // As other implementations pad: blanks on the right, or zeros on the left.
        let text = value.to_string();
        let blanks = left.min(20 - text.len());
        let padded = format!("{:<20}", format!("{}{text}", " ".repeat(blanks)));
        prop_assert_eq!(Digits::read(padded.as_bytes()), Ok(Digits::<20>(value)));
        prop_assert_eq!(Digits::read(format!("{value:020}").as_bytes()), Ok(Digits::<20>(value)));
    }

    #[test]
    fn times_come_back(ns in 0u64..1 << 48) {
        let mut out = Vec::new();
        Time48::new(ns).unwrap().write(&mut out);
        prop_assert_eq!(out.len(), 6);
        prop_assert_eq!(Time48::read(&out).map(Time48::ns), Ok(ns));
        prop_assert_eq!(Time48::new(ns + (1 << 48)), None);
    }
}

#[test]
fn truncated_and_extended_messages_are_errors() {
    for protocol in PROTOCOLS {
        for (name, bytes) in (protocol.vectors)() {
            let layout = protocol
                .layouts
                .iter()
                .find(|layout| layout.code == bytes[0])
                .unwrap();
            for len in 0..bytes.len() {
                // A short message with an optional appendage is whole without it.
                let whole = layout.tail == rialto_wire::Tail::Optional && len == layout.len;
                let found = (protocol.decode)(&bytes[..len]);
                assert_eq!(
                    found.is_ok(),
                    whole,
                    "{} {name} cut to {len}: {found:?}",
                    protocol.name
                );
                if let Err(error) = found {
                    assert!(
                        !error.is_value(),
                        "{} {name} cut to {len}: {error}",
                        protocol.name
                    );
                }
            }
            for byte in 0..=255 {
                let mut longer = bytes.clone();
                longer.push(byte);
                let error = (protocol.decode)(&longer).expect_err(name);
                assert!(
                    !error.is_value(),
                    "{} {name} with {byte}: {error}",
                    protocol.name
                );
            }
        }
    }
}

#[test]
fn a_changed_byte_is_an_error_or_the_message_says_so() {
    for protocol in PROTOCOLS {
        for (name, bytes) in (protocol.vectors)() {
            for at in 0..bytes.len() {
                for byte in 0..=255 {
                    let mut changed = bytes.clone();
                    changed[at] = byte;
                    let Ok(again) = (protocol.decode)(&changed) else {
                        continue;
                    };
                    // GLIMPSE's number may come with leading zeros, which are read but not written.
                    if protocol.name == "GLIMPSE" {
                        let twice = (protocol.decode)(&again).map(|out| shown(&out));
                        assert_eq!(twice, Ok(shown(&again)), "{name}");
                    } else {
                        assert_eq!(shown(&again), shown(&changed), "{} {name}", protocol.name);
                    }
                }
            }
        }
    }
}

#[test]
fn appendages_are_read_in_any_order() {
    let head = crate::golden::ouch_inbound().swap_remove(0).1;
    let mut bytes = head[..45].to_vec();
    bytes.extend_from_slice(&crate::golden::hex("0009 021C05 02F031 020C4E"));
    let view = inbound::EnterOrderView::decode(&bytes).unwrap();
    let tags: Vec<Tag> = view.appendages().iter().map(Appendage::tag).collect();
    assert_eq!(
        tags,
        [Tag::UserRefIdx, Tag::TimeInForceExtension, Tag::PostOnly]
    );
    assert_eq!(view.side(), Side::Buy);
}
