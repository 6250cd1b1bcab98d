//! Damaged bytes: what was provably durable is corruption, what was not is a torn tail, and neither is ever returned.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use rialto_journal::{
    Config, Corruption, Disk, Journal, JournalError, LogId, Loss, MemDisk, Reader, Until,
};

const A: LogId = LogId(7);
const HEADER: u64 = 4096;

fn small() -> Config {
    Config::with_segment_bytes(16 << 10)
}

fn payload(index: u64) -> Vec<u8> {
    (0..300 + index % 5)
        .map(|i| (i * 3 + index * 101) as u8)
        .collect()
}

/// A journal of several segments over recycled files, each record synced alone. Gives the disk and, per index still there, the
/// (segment's file, first offset, end offset) of its record.
fn build(records: u64, seal: bool) -> (MemDisk, Vec<(u64, String, u64, u64)>) {
    let disk = MemDisk::new(9);
    let (mut journal, _) = Journal::open(disk.clone(), small()).unwrap();
    for index in 1..=records {
        journal.append(A, index, &payload(index)).unwrap();
        journal.sync().unwrap();
        if index == 100 {
            journal.purge(A, 90).unwrap();
        }
    }
    let first = journal.first_index(A).unwrap();
    let mut segments: Vec<(String, u64, u64)> = journal
        .sealed()
        .into_iter()
        .map(|s| (s.file, s.base.0, s.end.0))
        .collect();
    let number: u64 = segments.last().unwrap().0[..12].parse().unwrap();
    segments.push((
        format!("{:012}.seg", number + 1),
        segments.last().unwrap().2,
        u64::MAX,
    ));
    let mut places = Vec::new();
    for entry in journal.read(A, first, usize::MAX).unwrap() {
        let (file, base, _) = segments
            .iter()
            .find(|(_, _, end)| entry.end.0 <= *end)
            .unwrap();
        let size = 40 + (entry.payload.len() as u64).next_multiple_of(8);
        places.push((
            entry.index,
            file.clone(),
            entry.end.0 - base - size,
            entry.end.0 - base,
        ));
    }
    if seal {
        journal.seal().unwrap();
    } else {
        drop(journal);
    }
    disk.crash(Loss::All);
    (disk, places)
}

fn corruption(disk: &MemDisk) -> Corruption {
    let before: Vec<_> = disk
        .list()
        .unwrap()
        .into_iter()
        .map(|n| disk.contents(&n))
        .collect();
    let found = match Journal::open(disk.clone(), small()) {
        Err(JournalError::Corruption(found)) => *found,
        other => panic!("{other:?}"),
    };
    let after: Vec<_> = disk
        .list()
        .unwrap()
        .into_iter()
        .map(|n| disk.contents(&n))
        .collect();
    assert!(before == after, "a corrupt journal was changed");
    assert!(
        matches!(Reader::open(disk.clone(), Until::ValidEnd), Err(JournalError::Corruption(c)) if *c == found)
    );
    found
}

/// Every record that comes back is as it was written, up to `next`.
fn read_back(disk: &MemDisk, from: u64) -> (u64, rialto_journal::Recovery) {
    let (journal, recovery) = Journal::open(disk.clone(), small()).unwrap();
    let mut next = from;
    for entry in journal.read(A, from, usize::MAX).unwrap() {
        assert_eq!((entry.index, &entry.payload), (next, &payload(next)));
        next += 1;
    }
    (next, recovery)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_flipped_bit_in_durable_data_is_corruption(pick: prop::sample::Index, at: prop::sample::Index, bit in 0u8..8, seal: bool) {
        let (disk, places) = build(150, seal);
        // The last record is durable, but without a seal nothing on the disk says so.
        let proven = places.len() - usize::from(!seal);
        let (_, file, start, end) = &places[pick.index(proven)];
        let offset = start + at.index((end - start) as usize) as u64;
        disk.flip_bit(file, offset, bit).unwrap();
        let found = corruption(&disk);
        prop_assert_eq!((&found.file, found.offset), (file, *start));
    }

    #[test]
    fn a_flipped_bit_in_the_last_record_drops_it(at: prop::sample::Index, bit in 0u8..8) {
        let (disk, places) = build(150, false);
        let (index, file, start, end) = places.last().unwrap();
        disk.flip_bit(file, start + at.index((end - start) as usize) as u64, bit).unwrap();
        let (next, recovery) = read_back(&disk, places[0].0);
        prop_assert_eq!(next, *index);
        prop_assert!(!recovery.clean);
        // And it stays dropped.
        disk.crash(Loss::All);
        let (again, recovery) = read_back(&disk, places[0].0);
        prop_assert_eq!((again, recovery.torn_bytes), (*index, 0));
    }

    #[test]
    fn a_flipped_bit_in_a_segment_header_is_corruption(pick: prop::sample::Index, at in 0..HEADER, bit in 0u8..8, seal: bool) {
        let (disk, places) = build(150, seal);
        let file = &places[pick.index(places.len())].1;
        disk.flip_bit(file, at, bit).unwrap();
        prop_assert_eq!(&corruption(&disk).file, file);
    }

    #[test]
    fn bytes_behind_the_end_do_not_matter(at: prop::sample::Index, bit in 0u8..8, seal: bool) {
        let (disk, places) = build(150, seal);
        let (index, file, _, end) = places.last().unwrap();
        let end = end + if seal { 40 } else { 0 };
        disk.flip_bit(file, end + at.index((16384 - end) as usize) as u64, bit).unwrap();
        let (next, recovery) = read_back(&disk, places[0].0);
        prop_assert_eq!((next, recovery.clean), (index + 1, seal));
    }
}

#[test]
fn a_damaged_seal_costs_only_the_cleanness() {
    let (disk, places) = build(150, true);
    let (index, file, _, end) = places.last().unwrap();
    disk.flip_bit(file, end + 5, 3).unwrap();
    let (next, recovery) = read_back(&disk, places[0].0);
    assert_eq!((next, recovery.clean), (index + 1, false));
}

#[test]
fn a_missing_segment_is_corruption_and_is_named() {
    let (disk, places) = build(150, false);
    let file = places[places.len() / 2].1.clone();
    assert!(file != places[0].1 && file != places[places.len() - 1].1);
    disk.remove(&file).unwrap();
    let found = corruption(&disk);
    assert_eq!(found.file, file);
    assert!(found.expected.contains("missing"), "{}", found.expected);
}

#[test]
fn a_segment_cut_short_is_corruption() {
    let (disk, places) = build(150, false);
    let (_, file, start, _) = &places[0];
    let mut bytes = disk.contents(file).unwrap();
    bytes.truncate(*start as usize + 20);
    disk.put_file(file, &bytes);
    assert_eq!(&corruption(&disk).file, file);
}

#[test]
fn the_segments_of_another_journal_do_not_pass() {
    let (disk, places) = build(150, false);
    let (first, second) = (&places[0].1, &places[places.len() - 1].1);
    disk.put_file(second, &disk.contents(first).unwrap());
    assert_eq!(&corruption(&disk).file, second);
}

#[test]
fn damage_under_an_open_journal_is_found_by_whoever_reads_it() {
    let disk = MemDisk::new(4);
    let (mut journal, _) = Journal::open(disk.clone(), small()).unwrap();
    for index in 1..=100 {
        journal.append(A, index, &payload(index)).unwrap();
    }
    journal.sync().unwrap();
    let mut reader = Reader::open(disk.clone(), Until::Live(journal.durable_handle())).unwrap();
    assert_eq!(reader.read(A, 1, usize::MAX).unwrap().len(), 100);
    disk.flip_bit("000000000002.seg", 5000, 1).unwrap();
    let (ours, theirs) = (
        journal.read(A, 1, usize::MAX),
        reader.read(A, 1, usize::MAX),
    );
    assert!(
        matches!(&ours, Err(JournalError::Corruption(c)) if c.file == "000000000002.seg"),
        "{ours:?}"
    );
    assert_eq!(ours, theirs);
    let mut copy = Vec::new();
    assert!(matches!(
        reader.copy_sealed(2, &mut copy),
        Err(JournalError::Corruption(_))
    ));
    // What is intact can still be read.
    assert_eq!(journal.read(A, 1, 1).unwrap().len(), 1);
    let said = ours.unwrap_err().to_string();
    assert!(
        said.contains("000000000002.seg at byte") && said.contains("restore"),
        "{said}"
    );
}

#[test]
fn a_torn_batch_whose_later_records_arrived_never_comes_back() {
    // The disk kept the second and third records of a batch, but not the first; after the restart a record of the same size takes
    // the first one's place. The stale ones would now fit behind it.
    let disk = MemDisk::new(5);
    let (mut journal, _) = Journal::open(disk.clone(), small()).unwrap();
    journal.append(A, 1, &[1; 472]).unwrap();
    journal.sync().unwrap();
    let at = journal.durable().0;
    for index in 2..=4 {
        journal.append(A, index, &[index as u8; 472]).unwrap();
    }
    journal.sync().unwrap();
    drop(journal);
    disk.crash(Loss::All);
    disk.flip_bit("000000000001.seg", at + 100, 0).unwrap();
    let (mut journal, recovery) = Journal::open(disk.clone(), small()).unwrap();
    assert_eq!((recovery.logs[0].next, recovery.torn_bytes), (2, 3 * 512));
    journal.append(A, 2, &[9; 472]).unwrap();
    journal.sync().unwrap();
    drop(journal);
    disk.crash(Loss::All);
    let (journal, recovery) = Journal::open(disk, small()).unwrap();
    assert_eq!(recovery.logs[0].next, 3);
    let entries = journal.read(A, 1, usize::MAX).unwrap();
    assert_eq!(entries[1].payload, [9; 472]);
}
