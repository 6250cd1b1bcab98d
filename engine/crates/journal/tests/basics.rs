//! The journal as its users see it: what each call promises, and what each error says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use rialto_journal::{
    Config, Disk, Entry, FileDisk, Journal, JournalError, LogId, Loss, MemDisk, Position, Reader,
    Until,
};

const A: LogId = LogId(1);
const B: LogId = LogId(2);

fn small() -> Config {
    Config::with_segment_bytes(16 << 10)
}

fn payload(log: LogId, index: u64) -> Vec<u8> {
    let len = (index * 37 + u64::from(log.0) * 11) % 900;
    (0..len)
        .map(|i| (i * 7 + index * 13 + u64::from(log.0)) as u8)
        .collect()
}

fn fill(journal: &mut Journal, log: LogId, indexes: std::ops::RangeInclusive<u64>) {
    for index in indexes {
        journal.append(log, index, &payload(log, index)).unwrap();
        journal.sync().unwrap();
    }
}

fn check(entries: &[Entry], log: LogId, mut index: u64) -> u64 {
    for entry in entries {
        assert_eq!(entry.index, index);
        assert_eq!(entry.payload, payload(log, index));
        index += 1;
    }
    index
}

fn read_all(journal: &Journal, log: LogId, from: u64) -> u64 {
    let mut next = from;
    loop {
        let entries = journal.read(log, next, 2000).unwrap();
        if entries.is_empty() {
            return next;
        }
        next = check(&entries, log, next);
    }
}

#[test]
fn entries_come_back_in_order_over_segments_and_a_clean_restart() {
    let disk = MemDisk::new(1);
    let (mut journal, recovery) = Journal::open(disk.clone(), small()).unwrap();
    assert!(recovery.created && recovery.logs.is_empty());
    fill(&mut journal, A, 1..=60);
    fill(&mut journal, B, 500..=560);
    assert!(journal.segment_counts().0 > 2);
    assert_eq!(read_all(&journal, A, 1), 61);
    let end = journal.seal().unwrap();
    let (journal, recovery) = Journal::open(disk, small()).unwrap();
    assert!(recovery.clean && !recovery.created);
    assert_eq!((recovery.torn_bytes, recovery.durable), (0, end));
    assert_eq!(recovery.logs[1].first, Some(500));
    assert_eq!(recovery.logs[1].last(), Some(560));
    assert_eq!(read_all(&journal, A, 1), 61);
    assert_eq!(read_all(&journal, B, 520), 561);
}

#[test]
fn real_files_survive_a_restart_and_refuse_a_second_writer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let (mut journal, _) = Journal::open(FileDisk::new(&path).unwrap(), small()).unwrap();
    fill(&mut journal, A, 1..=80);
    match Journal::open(FileDisk::new(&path).unwrap(), small()) {
        Err(JournalError::Locked { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
        other => panic!("{other:?}"),
    }
    journal.purge(A, 70).unwrap();
    let (_, pool) = journal.segment_counts();
    assert!(pool >= 1);
    fill(&mut journal, A, 81..=120);
    drop(journal);
    let (journal, recovery) = Journal::open(FileDisk::new(&path).unwrap(), small()).unwrap();
    assert!(!recovery.clean);
    assert_eq!(read_all(&journal, A, 75), 121);
    for name in FileDisk::new(&path).unwrap().list().unwrap() {
        if name != "journal.lock" {
            assert_eq!(std::fs::metadata(path.join(name)).unwrap().len(), 16 << 10);
        }
    }
}

#[test]
fn a_reader_sees_only_what_is_durable_while_the_writer_runs() {
    let disk = MemDisk::new(2);
    let (mut journal, _) = Journal::open(disk.clone(), small()).unwrap();
    let mut reader = Reader::open(disk.clone(), Until::Live(journal.durable_handle())).unwrap();
    let (mut seen, mut durable) = (1, 1);
    for index in 1..=200 {
        let end = journal.append(A, index, &payload(A, index)).unwrap();
        assert!(end > journal.durable());
        seen = check(&reader.read(A, seen, 1500).unwrap(), A, seen);
        assert!(seen <= durable);
        if index % 3 == 0 {
            assert_eq!(journal.sync().unwrap(), end);
            durable = index + 1;
        }
    }
    while seen < durable {
        seen = check(&reader.read(A, seen, 1500).unwrap(), A, seen);
    }
    assert!(reader.read(A, seen, 1500).unwrap().is_empty());
    // Written to the disk, but not announced as durable.
    let at = journal.durable();
    let mut late = Reader::open(disk.clone(), Until::Position(at)).unwrap();
    fill(&mut journal, A, 201..=210);
    assert_eq!(
        late.read(A, 195, usize::MAX).unwrap().last().unwrap().index,
        198
    );
    assert!(matches!(
        Reader::open(disk.clone(), Until::ValidEnd),
        Err(JournalError::Locked { .. })
    ));
    drop(journal);
    let mut whole = Reader::open(disk, Until::ValidEnd).unwrap();
    assert_eq!(check(&whole.read(A, 1, usize::MAX).unwrap(), A, 1), 211);
    assert_eq!(whole.logs().unwrap()[0].last(), Some(210));
}

#[test]
fn positions_only_grow() {
    let disk = MemDisk::new(3);
    let mut last = Position(0);
    let mut index = 1;
    for round in 0..6 {
        let (mut journal, recovery) = Journal::open(disk.clone(), small()).unwrap();
        assert!(recovery.durable >= last, "{round}");
        for _ in 0..30 {
            let end = journal.append(A, index, &payload(A, index)).unwrap();
            assert!(end > last);
            (last, index) = (end, index + 1);
        }
        assert_eq!(journal.sync().unwrap(), last);
        drop(journal);
        disk.crash(Loss::All);
    }
}
