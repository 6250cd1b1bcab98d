//! Truncations, resets and notes: what each leaves, after a crash, after recycling, on a full disk, and in a reader's eyes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use rialto_journal::{
    Config, Disk, FileDisk, Journal, JournalError, LogId, Loss, MemDisk, Position, Reader, Until,
};

const A: LogId = LogId(1);
const B: LogId = LogId(2);
const SEGMENT: u64 = 16 << 10;

fn small() -> Config {
    Config::with_segment_bytes(SEGMENT)
}

fn open(disk: &MemDisk) -> Journal {
    Journal::open(disk.clone(), small()).unwrap().0
}

/// Appends entries of 900 bytes of `mark`.
fn fill(journal: &mut Journal, log: LogId, indexes: std::ops::RangeInclusive<u64>, mark: u8) {
    for index in indexes {
        journal.append(log, index, &[mark; 900]).unwrap();
    }
    journal.sync().unwrap();
}

/// (index, mark) of all entries from an index on, read 2,000 bytes at a time.
fn marks(
    mut read: impl FnMut(u64) -> Result<Vec<rialto_journal::Entry>, JournalError>,
    from: u64,
) -> Vec<(u64, u8)> {
    let mut out = Vec::new();
    loop {
        let entries = read(from + out.len() as u64).unwrap();
        if entries.is_empty() {
            return out;
        }
        out.extend(entries.iter().map(|e| (e.index, e.payload[0])));
    }
}

fn expected(parts: &[(std::ops::RangeInclusive<u64>, u8)]) -> Vec<(u64, u8)> {
    let each = |(indexes, mark): &(std::ops::RangeInclusive<u64>, u8)| {
        let mark = *mark;
        indexes.clone().map(move |index| (index, mark))
    };
    parts.iter().flat_map(each).collect()
}

#[test]
fn truncated_entries_never_show_again_and_those_written_anew_do() {
    let disk = MemDisk::new(1);
    let mut journal = open(&disk);
    let mut reader = Reader::open(disk.clone(), Until::Live(journal.durable_handle())).unwrap();
    fill(&mut journal, A, 1..=60, 1);
    assert_eq!(reader.read(A, 1, usize::MAX).unwrap().len(), 60);
    let before = journal.durable();
    let end = journal.truncate(A, 20).unwrap();
    assert!(end > before);
    // Not durable: the reader still sees them, the writer does not.
    assert_eq!(reader.read(A, 20, usize::MAX).unwrap().len(), 41);
    assert!(journal.read(A, 20, usize::MAX).unwrap().is_empty());
    assert_eq!(journal.sync().unwrap(), end);
    assert!(reader.read(A, 20, usize::MAX).unwrap().is_empty());
    fill(&mut journal, A, 20..=80, 2);
    journal.truncate(A, 70).unwrap();
    journal.truncate(A, 50).unwrap();
    fill(&mut journal, A, 50..=55, 3);
    let now = expected(&[(1..=19, 1), (20..=49, 2), (50..=55, 3)]);
    assert_eq!(marks(|from| reader.read(A, from, 2000), 1), now);
    assert_eq!(marks(|from| journal.read(A, from, 2000), 1), now);
    let mut past = Reader::open(disk.clone(), Until::Position(before)).unwrap();
    assert_eq!(
        marks(|from| past.read(A, from, 2000), 1),
        expected(&[(1..=60, 1)])
    );
    past.advance(journal.durable());
    past.advance(before);
    assert_eq!(marks(|from| past.read(A, from, 2000), 1), now);
    drop(journal);
    disk.crash(Loss::All);
    let journal = open(&disk);
    assert_eq!(marks(|from| journal.read(A, from, 2000), 1), now);
    assert_eq!(journal.next_index(A), Some(56));
    let refused = open_again(&disk, journal, |journal| journal.truncate(A, 57));
    assert_eq!(
        refused,
        Err(JournalError::TruncateBeyondEnd {
            log: 1,
            next: 56,
            asked: 57
        })
    );
}

fn open_again<T>(disk: &MemDisk, journal: Journal, work: impl FnOnce(&mut Journal) -> T) -> T {
    drop(journal);
    disk.crash(Loss::Process);
    work(&mut open(disk))
}

#[test]
fn a_truncation_counts_only_once_it_is_durable_and_keeps_its_segments_until_then() {
    let disk = MemDisk::new(1);
    let mut journal = open(&disk);
    fill(&mut journal, A, 1..=40, 1);
    fill(&mut journal, B, 1..=40, 1);
    journal.truncate(A, 1).unwrap();
    journal.purge(B, 40).unwrap();
    journal.reset(B, 90).unwrap();
    let held = journal.segment_counts().0;
    assert!(held > 6, "{held}");
    let mut journal = {
        drop(journal);
        disk.crash(Loss::All);
        open(&disk)
    };
    assert_eq!(
        marks(|from| journal.read(A, from, 2000), 1),
        expected(&[(1..=40, 1)])
    );
    assert_eq!(
        marks(|from| journal.read(B, from, 2000), 1),
        expected(&[(1..=40, 1)])
    );
    journal.truncate(A, 1).unwrap();
    journal.reset(B, 90).unwrap();
    journal.sync().unwrap();
    assert_eq!(journal.segment_counts().0, 1);
    assert_eq!(
        (journal.next_index(A), journal.next_index(B)),
        (Some(1), Some(90))
    );
}

#[test]
fn a_truncation_whose_older_segments_are_gone_is_harmless() {
    let disk = MemDisk::new(1);
    let mut journal = open(&disk);
    fill(&mut journal, A, 1..=60, 1);
    journal.truncate(A, 20).unwrap();
    fill(&mut journal, A, 20..=40, 2);
    journal.purge(A, 22).unwrap();
    let mut journal = {
        drop(journal);
        disk.crash(Loss::All);
        open(&disk)
    };
    // The oldest segment's header goes on at 56 or so, the truncation in it at 20.
    assert_eq!(journal.first_index(A), Some(20));
    for up_to in [3, 10, 22] {
        journal.purge(A, up_to).unwrap();
    }
    assert_eq!(journal.first_index(A), Some(23));
    let mut reader = Reader::open(disk.clone(), Until::Position(journal.durable())).unwrap();
    assert_eq!(
        marks(|from| reader.read(A, from, 2000), 20),
        expected(&[(20..=40, 2)])
    );
    assert_eq!(reader.first_index(A).unwrap(), Some(20));
    assert_eq!(
        reader.read(A, 19, 1),
        Err(JournalError::Purged {
            log: 1,
            asked: 19,
            first: 20
        })
    );
    // Below everything that is there, too.
    journal.truncate(A, 5).unwrap();
    fill(&mut journal, A, 5..=9, 3);
    assert_eq!(
        marks(|from| journal.read(A, from, 2000), 5),
        expected(&[(5..=9, 3)])
    );
    drop(journal);
    assert_eq!(open(&disk).first_index(A), Some(5));
}

#[test]
fn a_reset_goes_on_beyond_or_below_and_frees_what_it_forgot() {
    for next in [1, 7, 40, 5000] {
        let disk = MemDisk::new(1);
        let mut journal = open(&disk);
        fill(&mut journal, A, 1..=60, 1);
        let mut reader = Reader::open(disk.clone(), Until::Live(journal.durable_handle())).unwrap();
        assert_eq!(reader.read(A, 30, 1).unwrap()[0].index, 30);
        journal.reset(A, next).unwrap();
        journal.reset(B, 12).unwrap();
        journal.sync().unwrap();
        assert_eq!(journal.segment_counts().0, 1);
        assert!(journal.read(A, next, 1).unwrap().is_empty());
        fill(&mut journal, A, next..=next + 30, 2);
        fill(&mut journal, B, 12..=13, 3);
        let now = expected(&[(next..=next + 30, 2)]);
        assert_eq!(marks(|from| reader.read(A, from, 2000), next), now);
        if next > 1 {
            let Err(JournalError::Purged { first, .. }) = reader.read(A, next - 1, 1) else {
                panic!("{next}")
            };
            assert_eq!(first, next);
        }
        drop(journal);
        disk.crash(Loss::All);
        let journal = open(&disk);
        assert_eq!(marks(|from| journal.read(A, from, 2000), next), now);
        assert_eq!(
            marks(|from| journal.read(B, from, 2000), 12),
            expected(&[(12..=13, 3)])
        );
    }
}

#[test]
fn notes_outlive_the_recycling_of_segments() {
    let disk = MemDisk::new(1);
    let mut journal = open(&disk);
    // A log may have a note and no entries.
    journal.put_note(B, b"vote 7").unwrap();
    journal.put_note(A, b"older").unwrap();
    let end = journal.put_note(A, &[9; 256]).unwrap();
    assert_eq!(journal.put_note(A, &[9; 256]).unwrap(), end);
    for round in 0..20 {
        let first = 1 + round * 40;
        fill(&mut journal, A, first..=first + 39, 1);
        journal.purge(A, first + 39).unwrap();
        assert_eq!(journal.segment_counts().0, 1, "{round}");
    }
    let mut reader = Reader::open(disk.clone(), Until::Position(journal.durable())).unwrap();
    let notes = vec![(A, vec![9; 256]), (B, b"vote 7".to_vec())];
    assert_eq!(reader.notes().unwrap(), notes);
    drop(journal);
    disk.crash(Loss::All);
    let mut journal = open(&disk);
    assert_eq!(journal.note(A), Some([9; 256].as_slice()));
    assert_eq!(journal.note(B), Some(b"vote 7".as_slice()));
    assert_eq!(
        (journal.note(LogId(3)), journal.next_index(B)),
        (None, None)
    );
    assert_eq!(
        journal.put_note(A, &[0; 257]),
        Err(JournalError::PayloadTooLarge {
            bytes: 257,
            max: 256
        })
    );
    assert!(matches!(
        journal.put_note(LogId(u32::MAX), b""),
        Err(JournalError::BadLog { .. })
    ));
    // At the head of segments of 16 KiB, 2,048 bytes are kept for notes: six of the largest, one less the short one above.
    for log in 3..=7 {
        journal.put_note(LogId(log), &[1; 256]).unwrap();
    }
    assert!(matches!(
        journal.put_note(LogId(8), &[1; 256]),
        Err(JournalError::BadLog { .. })
    ));
    fill(&mut journal, A, 801..=900, 1);
}

#[test]
fn a_note_survives_a_power_cut_between_a_new_segment_and_its_notes() {
    for operations in 1..40 {
        for loss in [Loss::Process, Loss::All, Loss::Random] {
            let disk = MemDisk::new(operations);
            let mut journal = open(&disk);
            journal.put_note(A, b"keep").unwrap();
            fill(&mut journal, A, 1..=8, 1);
            disk.power_off_after(operations);
            for index in 9..=40 {
                if journal.append(A, index, &[1; 900]).is_err() || journal.sync().is_err() {
                    break;
                }
            }
            drop(journal);
            for _ in 0..2 {
                disk.crash(loss);
                let mut journal = open(&disk);
                assert_eq!(
                    journal.note(A),
                    Some(b"keep".as_slice()),
                    "{operations} {loss:?}"
                );
                let next = journal.next_index(A).unwrap();
                journal.purge(A, next - 1).unwrap();
                // Nothing but the newest segment is held up by the note.
                assert_eq!(journal.segment_counts().0, 1, "{operations} {loss:?}");
                journal.append(A, next, &[1; 900]).unwrap();
                journal.sync().unwrap();
            }
        }
    }
}

/// Fills a disk until entries are refused.
fn full(disk: &MemDisk, config: Config) -> Journal {
    let mut journal = Journal::open(disk.clone(), config).unwrap().0;
    journal.append(A, 1, &[1; 100]).unwrap();
    disk.set_capacity(Some(0));
    let mut index = 2;
    while journal.append(A, index, &[1; 900]).is_ok() {
        index += 1;
        journal.sync().unwrap();
    }
    // Down to the last byte an entry may have.
    while journal.append(A, index, &[]).is_ok() {
        index += 1;
        journal.sync().unwrap();
    }
    journal
}

#[test]
fn notes_truncations_and_resets_fit_when_the_disk_is_full() {
    // What FORMAT.md says: a reserve of 1,024 bytes in segments of 16 KiB, of 65,536 from 1 MiB on.
    for (segment_bytes, notes) in [(SEGMENT, 2), (1 << 20, 220)] {
        let disk = MemDisk::new(1);
        let config = Config::with_segment_bytes(segment_bytes);
        let mut journal = full(&disk, config.clone());
        let next = journal.next_index(A).unwrap();
        let mut fitted = 0u64;
        let last = loop {
            let mut note = [0; 256];
            note[..8].copy_from_slice(&fitted.to_le_bytes());
            match journal.put_note(A, &note) {
                Ok(_) => fitted += 1,
                Err(JournalError::DiskFull { .. }) => break fitted - 1,
                Err(e) => panic!("{e}"),
            }
            journal.sync().unwrap();
        };
        assert!(fitted == notes || fitted == notes + 1, "{fitted}");
        // Four truncations or resets and a seal are left.
        for from in [next - 1, next - 2, next - 3] {
            journal.truncate(A, from).unwrap();
        }
        journal.reset(B, 5).unwrap();
        journal.sync().unwrap();
        journal.seal().unwrap();
        disk.crash(Loss::All);
        let (mut journal, recovery) = Journal::open(disk.clone(), config).unwrap();
        assert!(recovery.clean);
        assert_eq!(journal.note(A).unwrap()[..8], last.to_le_bytes());
        assert_eq!(
            (journal.next_index(A), journal.next_index(B)),
            (Some(next - 3), Some(5))
        );
        // With room again everything goes on.
        assert!(matches!(
            journal.append(A, next - 3, &[1; 900]),
            Err(JournalError::DiskFull { .. })
        ));
        disk.set_capacity(None);
        journal.append(A, next - 3, &[1; 900]).unwrap();
        journal.put_note(A, b"on").unwrap();
        journal.sync().unwrap();
    }
}

#[test]
fn purging_makes_room_on_a_full_disk_that_has_notes() {
    let disk = MemDisk::new(1);
    let mut journal = full(&disk, small());
    journal.put_note(A, b"vote").unwrap();
    journal.sync().unwrap();
    for _ in 0..10 {
        let next = journal.next_index(A).unwrap();
        journal.purge(A, next - 1).unwrap();
        for index in next..next + 8 {
            journal.append(A, index, &[1; 900]).unwrap();
        }
        journal.sync().unwrap();
    }
    assert_eq!(journal.note(A), Some(b"vote".as_slice()));
}

#[test]
fn every_kind_of_record_is_corrupt_when_proven_and_dropped_when_torn() {
    type Change = fn(&mut Journal) -> Result<Position, JournalError>;
    let kinds: [Change; 3] = [
        |journal| journal.truncate(A, 3),
        |journal| journal.reset(A, 30),
        |journal| journal.put_note(A, b"a note of some length"),
    ];
    for change in kinds {
        for proven in [false, true] {
            let build = || {
                let disk = MemDisk::new(1);
                let mut journal = open(&disk);
                fill(&mut journal, A, 1..=5, 1);
                journal.put_note(A, b"before").unwrap();
                let at = journal.sync().unwrap().0;
                change(&mut journal).unwrap();
                let end = journal.sync().unwrap().0;
                if proven {
                    journal.append(B, 1, &[]).unwrap();
                    journal.sync().unwrap();
                }
                drop(journal);
                disk.crash(Loss::All);
                (disk, at, end)
            };
            let (_, at, end) = build();
            for offset in at..end {
                let (disk, ..) = build();
                disk.flip_bit("000000000001.seg", offset, (offset % 8) as u8)
                    .unwrap();
                let opened = Journal::open(disk, small());
                if proven {
                    assert!(
                        matches!(&opened, Err(JournalError::Corruption(c)) if c.offset == at),
                        "{opened:?}"
                    );
                } else {
                    let (journal, recovery) = opened.unwrap();
                    assert!(!recovery.clean);
                    assert_eq!(journal.note(A), Some(b"before".as_slice()));
                    assert_eq!(
                        marks(|from| journal.read(A, from, 2000), 1),
                        expected(&[(1..=5, 1)])
                    );
                }
            }
        }
    }
}

#[test]
fn another_handle_reads_a_running_journal_up_to_a_told_position() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(FileDisk::new(dir.path()).unwrap(), small()).unwrap();
    fill(&mut journal, A, 1..=30, 1);
    let disk = FileDisk::existing(dir.path()).unwrap();
    assert!(disk.list().unwrap().contains(&"journal.lock".into()));
    assert!(matches!(
        Reader::open(disk.clone(), Until::ValidEnd),
        Err(JournalError::Locked { .. })
    ));
    let mut reader = Reader::open(disk, Until::Position(journal.durable())).unwrap();
    for round in 0..10u64 {
        let next = journal.next_index(A).unwrap();
        journal.truncate(A, next - 5).unwrap();
        fill(&mut journal, A, next - 5..=next + 10, round as u8 + 2);
        assert!(reader.read(A, next, usize::MAX).unwrap().is_empty());
        reader.advance(journal.durable());
        let seen = reader.read(A, next - 5, usize::MAX).unwrap();
        assert_eq!(seen.len(), 16);
        assert!(seen.iter().all(|e| e.payload[0] == round as u8 + 2));
    }
}
