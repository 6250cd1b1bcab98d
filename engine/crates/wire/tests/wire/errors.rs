//! What decoders say of what they refuse: which message, which field, where, and what was found.

use crate::golden::{self, hex};
use rialto_wire::ouch::inbound::{Message, Refusal};
use rialto_wire::ouch::{RejectReason, outbound};
use rialto_wire::soup::{
    ClientDecoder, ClientPacket, LoginRequest, Password, ServerDecoder, ServerPacket,
};
use rialto_wire::{Alpha, Digits, Fault, Reserved, Wire, itch};

fn enter_order() -> Vec<u8> {
    golden::ouch_inbound().swap_remove(0).1
}

/// Whether the one error of `bytes` is about this field, at this offset, with this fault.
fn refused(bytes: &[u8], field: &str, offset: usize, fault: Fault) {
    let error = Message::decode(bytes).expect_err("wrong bytes");
    assert_eq!(
        (error.field, error.offset, error.fault),
        (field, offset, fault),
        "{error}"
    );
}

#[test]
fn no_bytes_and_unknown_types() {
    refused(&[], "Type", 0, Fault::Empty);
    refused(b"z", "Type", 0, Fault::UnknownType { found: b'z' });
    // The letters of one direction are not those of the other.
    refused(b"A", "Type", 0, Fault::UnknownType { found: b'A' });
    let error = outbound::Message::decode(&enter_order()).expect_err("an inbound message");
    assert_eq!(error.fault, Fault::UnknownType { found: b'O' });
    let error = itch::Message::decode(b"G").expect_err("GLIMPSE's own");
    assert_eq!(error.protocol, "ITCH 5.0");
}

#[test]
fn lengths() {
    let bytes = enter_order();
    refused(
        &bytes[..46],
        "Length",
        0,
        Fault::WrongLength {
            expected: 47,
            found: 46,
        },
    );
    refused(
        &bytes[..1],
        "Length",
        0,
        Fault::WrongLength {
            expected: 47,
            found: 1,
        },
    );
    let mut longer = bytes.clone();
    longer.push(0);
    refused(
        &longer,
        "Length",
        0,
        Fault::WrongLength {
            expected: 47,
            found: 48,
        },
    );
    let mut overrun = bytes.clone();
    overrun[46] = 3;
    refused(
        &overrun,
        "Appendage Length",
        45,
        Fault::Overrun {
            announced: 3,
            left: 0,
        },
    );
}

#[test]
fn values_of_lists() {
    for (at, field, reason) in [
        (5, "Side", RejectReason::InvalidSide),
        (26, "Time In Force", RejectReason::InvalidTimeInForce),
        (27, "Display", RejectReason::InvalidDisplay),
        (28, "Capacity", RejectReason::Other),
        (29, "InterMarket Sweep Eligibility", RejectReason::Other),
        (30, "CrossType", RejectReason::InvalidCrossOrder),
    ] {
        let mut bytes = enter_order();
        bytes[at] = b'?';
        let error = Message::decode(&bytes).expect_err(field);
        assert_eq!(
            (error.field, error.offset, error.message),
            (field, at, "Enter Order")
        );
        assert!(
            matches!(error.fault, Fault::BadCode { found: 0x3F, .. }),
            "{error}"
        );
        assert!(error.is_value());
        let refusal = Refusal::of(&bytes, &error).expect("an Enter Order can be rejected");
        assert_eq!(refusal.user_ref_num, 0x0102_0304);
        assert_eq!(refusal.reason, reason, "{field}");
        assert_eq!(refusal.cl_ord_id.text(), "CLORD1");
    }
    // Conformant is a display that only the venue says.
    let mut bytes = enter_order();
    bytes[27] = b'Z';
    refused(
        &bytes,
        "Display",
        27,
        Fault::BadCode {
            found: u16::from(b'Z'),
            expected: "Visible|Hidden|Attributable|",
        },
    );
}

#[test]
fn text_is_printable() {
    for byte in [0, 9, 10, 0x1F, 0x7F, 0x80, 0xFF] {
        let mut bytes = enter_order();
        bytes[31] = byte;
        refused(&bytes, "ClOrdID", 31, Fault::NotText { found: byte });
        let error = Message::decode(&bytes).expect_err("not text");
        let refusal = Refusal::of(&bytes, &error).expect("an Enter Order can be rejected");
        assert_eq!(refusal.cl_ord_id.text(), "?LORD1");
    }
}

#[test]
fn appendages() {
    let with = |tail: &str| {
        let mut bytes = enter_order();
        bytes.truncate(45);
        let tail = hex(tail);
        bytes.extend_from_slice(&(tail.len() as u16).to_be_bytes());
        bytes.extend_from_slice(&tail);
        bytes
    };
    refused(
        &with("00"),
        "Optional Appendage",
        47,
        Fault::WrongLength {
            expected: 1,
            found: 0,
        },
    );
    refused(
        &with("021C05 051A"),
        "Optional Appendage",
        50,
        Fault::Overrun {
            announced: 5,
            left: 1,
        },
    );
    refused(
        &with("0403000001"),
        "MinQty",
        47,
        Fault::TagLength {
            tag: 3,
            expected: 4,
            found: 3,
        },
    );
    refused(
        &with("02F033"),
        "TimeInForceExtension",
        47,
        Fault::BadCode {
            found: 0x33,
            expected: "b'1'|b'4'|",
        },
    );
    refused(
        &with("021C05 021C05"),
        "UserRefIdx",
        50,
        Fault::RepeatedTag { tag: 28 },
    );
    refused(
        &with("09F1000000000000002A"),
        "OrderReferenceNumber",
        47,
        Fault::TagNotAllowed { tag: 0xF1 },
    );
    for tag in [0x00, 0x08, 0x13, 0x1F, 0xEF, 0xF2, 0xFF] {
        let bytes = with(&format!("02{tag:02X}00"));
        refused(&bytes, "Optional Appendage", 47, Fault::UnknownTag { tag });
        let error = Message::decode(&bytes).expect_err("an unknown tag");
        let refusal = Refusal::of(&bytes, &error).expect("an Enter Order can be rejected");
        assert_eq!(refusal.reason, RejectReason::Unsupported);
    }
}

#[test]
fn what_has_no_answer_gets_none() {
    // Wrong lengths.
    let bytes = enter_order();
    let error = Message::decode(&bytes[..46]).expect_err("too short");
    assert_eq!(Refusal::of(&bytes[..46], &error), None);
    // A Modify with a wrong side: OUCH rejects only Enter and Replace.
    let bytes = hex("4D 00000003 3F 00000032");
    let error = Message::decode(&bytes).expect_err("no such side");
    assert!(error.is_value());
    assert_eq!(Refusal::of(&bytes, &error), None);
    // A Replace with a wrong display names the new order.
    let mut bytes = golden::ouch_inbound().swap_remove(2).1;
    bytes[22] = b'?';
    let error = Message::decode(&bytes).expect_err("no such display");
    let refusal = Refusal::of(&bytes, &error).expect("a Replace can be rejected");
    assert_eq!(
        (refusal.user_ref_num, refusal.cl_ord_id.text()),
        (2, "REPL-2")
    );
}

#[test]
fn packets() {
    let client = ClientDecoder::default();
    let fault = |bytes: &str| client.frame(&hex(bytes)).expect_err("a wrong packet").fault;
    assert_eq!(
        fault("0000"),
        Fault::WrongLength {
            expected: 1,
            found: 0
        }
    );
    // 1025 bytes are announced: refused before they come.
    assert_eq!(
        fault("0401"),
        Fault::TooLong {
            limit: 1024,
            found: 1025
        }
    );
    assert_eq!(client.frame(&hex("0400 55")), Ok(None));
    // The letters of one direction are not those of the other, and no version of the client's has an 'S'.
    assert_eq!(fault("0001 53"), Fault::UnknownType { found: b'S' });
    assert_eq!(
        fault("0002 52"),
        Fault::WrongLength {
            expected: 1,
            found: 2
        }
    );
    assert_eq!(
        fault("002E 4C"),
        Fault::WrongLength {
            expected: 47,
            found: 46
        }
    );
    let server = ServerDecoder::default();
    let error = server
        .frame(&hex("0002 4A 42"))
        .expect_err("no such reason");
    assert_eq!((error.field, error.offset), ("Reject Reason Code", 3));
    let error = server.frame(&hex("0001 55")).expect_err("version 4.00");
    assert_eq!(error.fault, Fault::UnknownType { found: b'U' });
}

#[test]
fn a_login_without_a_number() {
    let mut bytes = golden::soup::client().swap_remove(1).1;
    for (text, ok) in [
        ("                   1", true),
        ("00000000000000000001", true),
        ("1                   ", true),
        ("                    ", false),
        ("                  -1", false),
        ("                  +1", false),
        ("                 1 1", false),
        ("                 0x1", false),
        ("18446744073709551615", true),
        ("18446744073709551616", false),
        ("99999999999999999999", false),
    ] {
        bytes[29..].copy_from_slice(text.as_bytes());
        let found = ClientDecoder::default().frame(&bytes);
        assert_eq!(found.is_ok(), ok, "{text:?}: {found:?}");
        if let Err(error) = found {
            assert_eq!(
                (error.field, error.offset),
                ("Requested Sequence Number", 29)
            );
            assert_eq!(error.fault, Fault::NotANumber);
        }
    }
}

#[test]
fn a_password_is_not_shown() {
    let login = LoginRequest {
        username: Alpha::new("ALICE").unwrap(),
        password: Password::new("hunter22").unwrap(),
        requested_session: Alpha::BLANK,
        requested_sequence: 1,
    };
    let text = format!("{:?}", ClientPacket::LoginRequest(login));
    assert!(text.contains("ALICE") && !text.contains("hunter"), "{text}");
}

#[test]
fn a_payload_too_long_for_a_packet() {
    let mut out = vec![7];
    let error = ServerPacket::SequencedData(&[0; 65_535])
        .encode(&mut out)
        .expect_err("one too many");
    assert_eq!((error.len, out.as_slice()), (65_535, [7].as_slice()));
    assert!(error.to_string().contains("65534"), "{error}");
    ServerPacket::SequencedData(&[0; 65_534])
        .encode(&mut out)
        .unwrap();
    let decoder = ServerDecoder::new(65_535);
    let Ok(Some((ServerPacket::SequencedData(payload), used))) = decoder.frame(&out[1..]) else {
        panic!("the longest packet");
    };
    assert_eq!((payload.len(), used), (65_534, 65_537));
}

#[test]
fn an_error_says_what_where_and_what_next() {
    let mut bytes = enter_order();
    bytes[5] = b'Q';
    let error = Message::decode(&bytes).expect_err("no such side");
    assert_eq!(
        error.to_string(),
        "OUCH 5.0 inbound Enter Order: Side at offset 5: found 'Q' (0x51); send one of 'B', 'S', 'T', 'E'"
    );
}

#[test]
fn text_and_reserved_bytes() {
    assert_eq!(Alpha::<4>::new("ABCDE"), None);
    assert_eq!(Alpha::<4>::new("A\nB"), None);
    assert_eq!(Alpha::<4>::new("Aé"), None);
    assert_eq!(Alpha::<4>::new("AB").unwrap().bytes(), *b"AB  ");
    assert_eq!(Alpha::<4>::clean(*b"A\0\xFFB").bytes(), *b"A??B");
    assert!(Alpha::<4>::default().is_blank());
    assert_eq!(
        Alpha::<4>::read(b"ABC"),
        Err(Fault::WrongLength {
            expected: 4,
            found: 3
        })
    );
    assert_eq!(Reserved::read(&[0]), Ok(Reserved(0)));
    assert_eq!(Digits::<20>::read(&[0xFF; 20]), Err(Fault::NotANumber));
}
