//! Small venues of the tests' own: three replicas' journals and streams, and the ledger of a client that was told it all.
//! Each test spoils one thing, and that must be found as what it is and as nothing else.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

mod venue;

use rialto_market::command::{Command, Request as Ask};
use rialto_session::StreamId;
use rialto_verify::{Replica, ToldHash, verify};
use venue::{Check, ID, MARKET, ONE, TWO, account, expect, venue, write_checkpoint};

#[test]
fn what_is_as_it_should_be_is_found_so() {
    let check = Check::same(&venue());
    let report = check.run();
    expect(&report, [0; 4], true);
    assert_eq!((report.orders_sent, report.acknowledged), (20, 20));
    assert_eq!(report.acknowledged_in_journals, 20);
    assert_eq!(report.unanswered, 0);
    assert_eq!(report.common_position, 25);
    let (market, _) = venue().run();
    let hash = blake3::Hash::from(market.state_hash()).to_hex().to_string();
    for replica in &report.replicas {
        assert_eq!((replica.position, replica.replayed_from), (25, 1));
        assert_eq!(replica.state_hash, hash);
    }
    assert!(report.reports > 30);
    assert_eq!(report.notes.len(), 0, "{:?}", report.notes);
}

#[test]
fn a_running_replica_that_is_behind_and_one_with_a_leftover_are_no_finding() {
    let mut behind = venue();
    behind.batches.truncate(15);
    let report = Check::new([&venue(), &venue(), &behind]).run();
    expect(&report, [0; 4], true);
    assert_eq!(report.common_position, 17);
    assert_eq!(report.replicas[2].position, 17);

    let mut leftover = venue();
    leftover.second_from = usize::MAX;
    let report = Check::new([&leftover, &venue(), &venue()]).run();
    expect(&report, [0; 4], true);
    assert_eq!(report.replicas[0].position, 10);
    assert!(report.notes[0].contains("held by no majority"));
}

#[test]
fn an_acknowledged_order_that_is_nowhere_is_lost() {
    let mut venue = venue();
    // The last order; nothing was told of it but that it was accepted.
    venue.batches.pop();
    let report = Check::same(&venue).run();
    expect(&report, [1, 0, 0, 0], true);
    assert!(report.findings[0].contains("order 10"), "{report:#?}");
}

#[test]
fn an_acknowledged_order_that_only_one_replica_holds_is_lost() {
    let mut shorter = venue();
    shorter.batches.pop();
    let report = Check::new([&venue(), &shorter, &shorter]).run();
    expect(&report, [1, 0, 0, 0], true);
}

#[test]
fn an_order_that_stands_twice_is_repeated() {
    let accepted = |messages: &[Vec<u8>]| messages.iter().position(|m| m[0] == b'A').unwrap();
    // In a stream's file.
    let check = Check::same(&venue());
    check.write(1, ONE, |messages| {
        let at = accepted(messages);
        messages.insert(at + 2, messages[at].clone());
    });
    expect(&check.run(), [0, 1, 0, 0], true);
    // In what the client was told.
    let check = Check::same(&venue());
    check.tell(|session, reports| {
        if session == 2 {
            let at = reports.iter().position(|(_, m)| m[0] == b'A').unwrap();
            let next = reports.len() as u64 + 1;
            reports.push((next, reports[at].1.clone()));
        }
    });
    expect(&check.run(), [0, 1, 0, 0], true);
}

#[test]
fn an_order_that_is_another_one_is_altered() {
    // In every journal: nothing else changes, the order rests.
    let mut altered = venue();
    let last = altered.batches.last_mut().unwrap();
    if let [
        Command::Client {
            request: Ask::Enter(enter),
            ..
        },
    ] = last.as_mut_slice()
    {
        enter.quantity += 1;
    }
    let report = Check::same(&altered).run();
    expect(&report, [0, 0, 1, 0], true);
    // In one replica's stream file.
    let check = Check::same(&venue());
    check.write(2, TWO, |messages| messages[3][10] ^= 1);
    expect(&check.run(), [0, 0, 1, 0], true);
    check.write(2, TWO, |_| {});
    check.write(2, StreamId::Feed, |messages| messages[12][20] ^= 1);
    expect(&check.run(), [0, 0, 1, 0], true);
}

#[test]
fn an_order_accepted_with_other_terms_than_it_was_sent_with_is_altered() {
    let mut altered = venue();
    let last = altered.batches.last_mut().unwrap();
    if let [
        Command::Client {
            request: Ask::Enter(enter),
            ..
        },
    ] = last.as_mut_slice()
    {
        enter.quantity += 1;
    }
    let mut check = Check::same(&altered);
    // The client was told what all replicas say, and asked for something else.
    check.store = altered.run().1;
    check.tell(|_, _| {});
    expect(&check.run(), [0, 0, 1, 0], true);
}

#[test]
fn a_number_that_is_missing_is_a_gap() {
    // A report never came.
    let check = Check::same(&venue());
    check.tell(|session, reports| {
        if session == 1 {
            let executed = reports.iter().position(|(_, m)| m[0] == b'E').unwrap();
            reports.remove(executed);
        }
    });
    expect(&check.run(), [0, 0, 0, 1], true);
    // A stream's file lacks a message.
    let check = Check::same(&venue());
    check.write(0, ONE, |messages| {
        messages.remove(4);
    });
    expect(&check.run(), [0, 0, 0, 1], true);
    // A file that is written later than the journal is none.
    check.write(0, ONE, |messages| messages.truncate(7));
    expect(&check.run(), [0; 4], true);
}

#[test]
fn a_state_that_is_another_one_is_found() {
    let mut other = venue();
    // A limit that no order meets.
    other.batches[0][1] = account(999);
    let report = Check::new([&venue(), &venue(), &other]).run();
    expect(&report, [0; 4], false);
    assert!(report.findings[0].contains("europe-1"), "{report:#?}");

    let mut check = Check::same(&venue());
    let mut at_20 = venue();
    at_20.batches.truncate(18);
    let hash = blake3::Hash::from(at_20.run().0.state_hash());
    let told = |hash: blake3::Hash| ToldHash {
        name: "us-1".to_owned(),
        position: 20,
        hash: hash.to_hex().to_string(),
    };
    check.request.told = vec![told(hash)];
    let report = check.run();
    expect(&report, [0; 4], true);
    assert_eq!(report.told_hashes_compared, 1);
    check.request.told = vec![told(blake3::hash(b"another"))];
    expect(&check.run(), [0; 4], false);
}

#[test]
fn what_can_not_be_read_is_told() {
    let mut check = Check::same(&venue());
    std::fs::write(&check.request.ledgers[0], b"nothing").unwrap();
    let error = verify(&check.request).unwrap_err().to_string();
    assert!(error.contains("no ledger"), "{error}");
    check.tell(|_, _| {});
    check.request.replicas[1].data_dir = check.folder.path().join("nowhere");
    let error = verify(&check.request).unwrap_err().to_string();
    assert!(error.contains("asia-1"), "{error}");
    check.request.replicas.clear();
    assert!(verify(&check.request).is_err());
}

#[test]
fn a_purged_journal_is_replayed_from_its_checkpoint() {
    let mut venue = venue();
    // A batch that fills a segment, so that the first can be given up.
    let filler: Vec<Command> = (0..200).map(|_| account(1_000)).collect();
    venue.batches.insert(1, filler.clone());
    venue.second_from += 1;
    let mut check = Check::same(&venue);
    check.store = venue.run().1;
    check.tell(|_, _| {});
    expect(&check.run(), [0; 4], true);

    // Of the second replica the journal begins later: with the batches after a checkpoint in the middle of the day.
    let mut purged = venue.clone();
    purged.batches.insert(8, filler);
    purged.second_from += 1;
    let data_dir = check.folder.path().join("purged");
    purged.write_with(&data_dir, 16_384, Some(9));
    let mut so_far = purged.clone();
    so_far.batches.truncate(8);
    write_checkpoint(&data_dir, &so_far, 9);
    check.request.replicas = vec![Replica {
        name: "asia-1".to_owned(),
        data_dir: data_dir.clone(),
        market_id: ID,
        until: None,
    }];
    check.store = purged.run().1;
    check.tell(|_, _| {});
    let report = check.run();
    expect(&report, [0; 4], true);
    assert_eq!(report.replicas[0].replayed_from, 10);
    assert!(report.acknowledged_in_journals < report.acknowledged);
    let hash = blake3::Hash::from(purged.run().0.state_hash());
    assert_eq!(report.replicas[0].state_hash, hash.to_hex().to_string());

    // What is before the checkpoint is checked as well.
    check.write(0, ONE, |messages| messages[1][8] ^= 1);
    expect(&check.run(), [0, 0, 1, 0], true);
    check.write(0, ONE, |messages| {
        messages.remove(1);
    });
    let report = check.run();
    assert!(!report.ok && report.stream_gaps == 1, "{report:#?}");

    // Without a way to the state nothing is said.
    std::fs::remove_dir_all(data_dir.join("markets").join(MARKET).join("checkpoints")).unwrap();
    let error = verify(&check.request).unwrap_err().to_string();
    assert!(error.contains("no checkpoint"), "{error}");
}
