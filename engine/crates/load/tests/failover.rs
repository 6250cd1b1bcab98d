//! A venue of three replicas whose leader ends: the client finds the next one, and nothing is lost or done twice.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

mod common;

use common::{Death, Plan, last_json, start};
use rialto_verify::ledger::{Event, Reader};
use std::collections::BTreeSet;

fn fail_over(death: Death) {
    let plan = Plan {
        after: 150,
        forgotten: 5,
        death: Some(death),
    };
    let run = start(3, Some(plan));
    let ledger = run.folder.path().join("ledger");
    let output = run
        .flow(&["--session", "FLOW01", "--rate", "200", "--seconds", "3"])
        .arg("--verify-file")
        .arg(&ledger)
        .output()
        .unwrap();
    let end = last_json(&output);
    let venue = run.venue.lock().unwrap();
    assert_eq!(venue.leader, 1);
    assert_eq!(end["reconnects"], 1, "{end}");
    assert_eq!(end["unanswered"], 0, "{end}");
    assert_eq!(end["accepted"], venue.entered.len(), "{end}");
    assert!(end["orders"].as_u64().unwrap() > 250, "{end}");
    assert!(end["longest_gap_ms"].as_f64().unwrap() > 0.0, "{end}");
    assert_eq!(end["gaps"]["longest"]["ms"], end["longest_gap_ms"]);
    assert_eq!(end["gaps"]["longest_of_a_session"]["session"], "FLOW01");

    // The ledger has every report once, in order, and what was sent more than once as often as it was sent.
    let mut reader = Reader::new(std::fs::File::open(ledger).unwrap()).unwrap();
    let (mut next, mut logins, mut sent, mut ended) = (0, 0, Vec::new(), false);
    while let Some(record) = reader.next_record().unwrap() {
        match record.event {
            Event::Login { username } => assert_eq!(username, *b"FLOW01"),
            Event::Begun {
                asked, next: from, ..
            } => {
                logins += 1;
                assert_eq!(asked, if logins == 1 { 0 } else { next });
                next = from;
            }
            Event::Received { number, message } => {
                assert_eq!(number, next);
                assert_eq!(message, venue.stream[number as usize - 1]);
                next += 1;
            }
            Event::Sent(message) => sent.push(message.to_vec()),
            Event::Ended => ended = true,
        }
    }
    assert!(ended && !reader.cut_off());
    assert_eq!((logins, next), (2, venue.stream.len() as u64 + 1));
    let distinct: BTreeSet<_> = sent.iter().collect();
    assert!(sent.len() > distinct.len(), "something was sent again");
}

#[test]
fn a_killed_leader_is_followed_by_the_next() {
    fail_over(Death::Killed);
}

#[test]
fn a_frozen_leader_is_left_for_the_next() {
    fail_over(Death::Frozen);
}
