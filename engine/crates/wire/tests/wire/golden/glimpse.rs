//! GLIMPSE 5.0: the Snapshot message of §4. The sequence number is ASCII, right-justified, padded with blanks.

use super::{Vector, hex, shown};
use rialto_wire::{Digits, glimpse};

/// All vectors of this file.
pub fn vectors() -> Vec<Vector> {
    vec![("end_of_snapshot", bytes())]
}

fn bytes() -> Vec<u8> {
    // Type, Sequence Number (1/20).
    hex("47 20202020 20202020 20202020 20202020 34303135")
}

#[test]
fn end_of_snapshot_both_ways() {
    let message = glimpse::EndOfSnapshot {
        sequence_number: Digits(4015),
    };
    let mut out = Vec::new();
    message.encode(&mut out);
    assert_eq!(shown(&out), shown(&bytes()));
    assert_eq!(out.len(), 21);
    let bytes = bytes();
    let Ok(glimpse::Message::EndOfSnapshot(view)) = glimpse::Message::decode(&bytes) else {
        panic!("decoded to {:?}", glimpse::Message::decode(&bytes));
    };
    assert_eq!(view.owned(), message);
    assert_eq!(view.sequence_number().0, 4015);
}

#[test]
fn the_rest_of_a_snapshot_is_itch() {
    for (name, bytes) in super::itch() {
        let message = glimpse::Message::decode(&bytes);
        assert!(
            matches!(message, Ok(glimpse::Message::Itch(_))),
            "{name}: {message:?}"
        );
    }
}
