//! Bounds and refusals: each is said plainly and leaves the journal as it was.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rialto_journal::{
    Config, Disk, FileDisk, Journal, JournalError, LogId, Loss, MAX_LOGS, MAX_PAYLOAD_BYTES,
    MemDisk, Reader, Until,
};

const A: LogId = LogId(1);
const B: LogId = LogId(2);

fn small() -> Config {
    Config::with_segment_bytes(16 << 10)
}

fn open(disk: &MemDisk, config: Config) -> Journal {
    Journal::open(disk.clone(), config).unwrap().0
}

#[test]
fn purging_bounds_the_segments_and_recycles_their_files() {
    let disk = MemDisk::new(1);
    let mut journal = open(&disk, small());
    let mut most = 0;
    for index in 1..=2000u64 {
        journal.append(A, index, &[index as u8; 900]).unwrap();
        journal.append(B, index, &[index as u8; 90]).unwrap();
        journal.sync().unwrap();
        if index % 50 == 0 {
            journal.purge(A, index - 20).unwrap();
            journal.purge(B, index - 20).unwrap();
        }
        let (used, free) = journal.segment_counts();
        most = most.max(used + free);
    }
    assert!(most <= 10, "{most}");
    let files = disk.list().unwrap().len();
    assert!(files <= most, "{files}");
    // One log that keeps its entries keeps the segments.
    for index in 2001..=2100 {
        journal.append(A, index, &[index as u8; 900]).unwrap();
    }
    journal.sync().unwrap();
    journal.purge(A, 2100).unwrap();
    let (kept, _) = journal.segment_counts();
    assert!(kept > 7, "{kept}");
    assert_eq!(journal.read(B, 1981, usize::MAX).unwrap().len(), 20);
    journal.purge(B, 2000).unwrap();
    assert_eq!(journal.segment_counts().0, 1);
    // All entries are gone, the indexes go on; after a restart too.
    assert_eq!(
        (journal.first_index(A), journal.next_index(A)),
        (Some(2101), Some(2101))
    );
    drop(journal);
    disk.crash(Loss::All);
    let mut journal = open(&disk, small());
    assert_eq!(
        (journal.next_index(A), journal.next_index(B)),
        (Some(2101), Some(2001))
    );
    assert_eq!(
        journal.append(A, 1, &[]),
        Err(JournalError::OutOfOrder {
            log: 1,
            expected: 2101,
            got: 1
        })
    );
}

#[test]
fn the_pool_is_bounded() {
    let disk = MemDisk::new(1);
    let mut journal = open(
        &disk,
        Config {
            pool_segments: 2,
            ..small()
        },
    );
    for index in 1..=200 {
        journal.append(A, index, &[0; 900]).unwrap();
    }
    journal.sync().unwrap();
    assert!(journal.segment_counts().0 > 10);
    journal.purge(A, 200).unwrap();
    assert_eq!(journal.segment_counts(), (1, 2));
    assert_eq!(disk.list().unwrap().len(), 3);
}

#[test]
fn purged_entries_are_refused_with_what_is_left() {
    let disk = MemDisk::new(1);
    let mut journal = open(&disk, small());
    for index in 1..=100 {
        journal.append(A, index, &[0; 900]).unwrap();
    }
    assert_eq!(
        journal.purge(A, 1),
        Err(JournalError::PurgeBeyondEnd {
            log: 1,
            last: 0,
            asked: 1
        })
    );
    journal.sync().unwrap();
    let mut reader = Reader::open(disk.clone(), Until::Live(journal.durable_handle())).unwrap();
    assert_eq!(reader.read(A, 1, 1).unwrap().len(), 1);
    journal.purge(A, 50).unwrap();
    journal.purge(A, 3).unwrap();
    assert_eq!(
        journal.read(A, 50, 1),
        Err(JournalError::Purged {
            log: 1,
            asked: 50,
            first: 51
        })
    );
    assert_eq!(journal.read(A, 51, 1).unwrap()[0].index, 51);
    assert_eq!(
        journal.purge(A, 101),
        Err(JournalError::PurgeBeyondEnd {
            log: 1,
            last: 100,
            asked: 101
        })
    );
    assert_eq!(
        journal.read(B, 1, 1),
        Err(JournalError::UnknownLog { log: 2 })
    );
    assert!(journal.read(A, 101, 1).unwrap().is_empty());
    let Err(JournalError::Purged { first, .. }) = reader.read(A, 2, 1) else {
        panic!()
    };
    assert!(first > 2 && first <= 51);
    assert_eq!(reader.read(A, first, 1).unwrap()[0].index, first);
}

#[test]
fn a_failed_sync_stops_the_journal_for_good() {
    for directory in [false, true] {
        let disk = MemDisk::new(1);
        let mut journal = open(&disk, small());
        journal.append(A, 1, &[1]).unwrap();
        let durable = journal.sync().unwrap();
        journal.append(A, 2, &[2]).unwrap();
        if directory {
            journal.append(A, 3, &vec![0; 9000]).unwrap();
            journal.append(A, 4, &vec![0; 3000]).unwrap();
        }
        disk.fail_syncs(1);
        let error = journal.sync().unwrap_err();
        assert!(
            matches!(error, JournalError::Poisoned { action: "sync", .. }),
            "{error}"
        );
        for _ in 0..3 {
            assert_eq!(journal.sync(), Err(error.clone()));
            assert_eq!(journal.append(A, 4, &[]), Err(error.clone()));
        }
        assert_eq!(journal.durable(), durable);
        assert!(error.to_string().contains("restart"), "{error}");
        assert_eq!(journal.seal(), Err(error));
    }
}

#[test]
fn recovered_records_outlive_a_later_power_cut_though_their_sync_failed() {
    for seed in 0..60 {
        let disk = MemDisk::new(seed);
        let mut journal = open(&disk, small());
        for index in 1..=5 {
            journal.append(A, index, &[index as u8; 600]).unwrap();
        }
        disk.fail_syncs(1);
        journal.sync().unwrap_err();
        drop(journal);
        // The machine stays up: its cache has everything and takes it for written.
        disk.crash(Loss::Process);
        let journal = open(&disk, small());
        assert_eq!(journal.next_index(A), Some(6));
        drop(journal);
        disk.crash(Loss::All);
        assert_eq!(open(&disk, small()).next_index(A), Some(6), "seed {seed}");
    }
}

#[test]
fn a_full_disk_refuses_the_append_and_nothing_else() {
    let disk = MemDisk::new(1);
    let mut journal = open(&disk, small());
    disk.set_capacity(Some(0));
    let mut index = 1;
    let error = loop {
        match journal.append(A, index, &[index as u8; 900]) {
            Ok(_) => index += 1,
            Err(e) => break e,
        }
    };
    assert_eq!(
        error,
        JournalError::DiskFull {
            place: "memory".into(),
            bytes: 16 << 10
        }
    );
    // The active segment and the spare are full.
    assert_eq!(index, 23);
    assert_eq!(journal.append(A, index, &[0; 900]), Err(error));
    journal.sync().unwrap();
    assert_eq!(journal.read(A, 1, usize::MAX).unwrap().len(), 22);
    assert!(disk.list().unwrap().iter().all(|n| !n.ends_with(".tmp")));
    // Purging makes room as well as a larger disk does.
    journal.purge(A, 22).unwrap();
    for _ in 0..11 {
        journal.append(A, index, &[index as u8; 900]).unwrap();
        index += 1;
    }
    journal.sync().unwrap();
    disk.set_capacity(None);
    for _ in 0..40 {
        journal.append(A, index, &[index as u8; 900]).unwrap();
        index += 1;
    }
    journal.sync().unwrap();
    drop(journal);
    disk.crash(Loss::All);
    let journal = open(&disk, small());
    assert_eq!(journal.next_index(A), Some(index));
}

#[test]
fn one_write_and_one_sync_serve_all_logs() {
    let disk = MemDisk::new(1);
    let mut journal = open(&disk, Config::with_segment_bytes(1 << 20));
    let (writes, syncs) = disk.operations();
    for log in 0..50 {
        for index in 1..=10 {
            journal.append(LogId(log), index, &[0; 100]).unwrap();
        }
    }
    journal.sync().unwrap();
    assert_eq!(disk.operations(), (writes + 1, syncs + 1));
    journal.sync().unwrap();
    assert_eq!(disk.operations(), (writes + 1, syncs + 1));
}

#[test]
fn bad_arguments_are_refused() {
    let disk = MemDisk::new(1);
    let wrong = |config| {
        matches!(
            Journal::open(MemDisk::new(0), config),
            Err(JournalError::Config(_))
        )
    };
    assert!(wrong(Config {
        segment_bytes: 10_000,
        ..small()
    }));
    assert!(wrong(Config {
        segment_bytes: 4096,
        ..small()
    }));
    assert!(wrong(Config {
        max_payload_bytes: 16 << 10,
        ..small()
    }));
    assert!(wrong(Config {
        pool_segments: 0,
        ..small()
    }));
    let mut journal = open(
        &disk,
        Config {
            max_buffered_bytes: 5000,
            ..small()
        },
    );
    let max = 9_176;
    assert_eq!(
        journal.append(A, 1, &vec![0; max + 1]),
        Err(JournalError::PayloadTooLarge {
            bytes: max + 1,
            max
        })
    );
    journal.append(A, 5, &vec![0; max]).unwrap();
    assert!(matches!(
        journal.append(A, 6, &[]),
        Err(JournalError::BufferFull { .. })
    ));
    journal.sync().unwrap();
    assert_eq!(
        journal.append(A, 7, &[]),
        Err(JournalError::OutOfOrder {
            log: 1,
            expected: 6,
            got: 7
        })
    );
    assert!(matches!(
        journal.append(LogId(u32::MAX), 1, &[]),
        Err(JournalError::BadLog { .. })
    ));
    for log in 2..=MAX_LOGS as u32 {
        journal.append(LogId(log), 1, &[]).unwrap();
        journal.sync().unwrap();
    }
    assert!(matches!(
        journal.append(LogId(999), 1, &[]),
        Err(JournalError::BadLog { .. })
    ));
    // All of them fit a header.
    for index in 6..20 {
        journal.append(A, index, &[0; 4000]).unwrap();
        journal.sync().unwrap();
    }
    drop(journal);
    assert_eq!(Journal::open(disk, small()).unwrap().1.logs.len(), MAX_LOGS);
}

#[test]
fn the_largest_payload_passes_through_the_default_segments() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        spare_segments: 0,
        ..Config::default()
    };
    let (mut journal, _) =
        Journal::open(FileDisk::new(dir.path()).unwrap(), config.clone()).unwrap();
    let bytes: Vec<u8> = (0..MAX_PAYLOAD_BYTES).map(|i| (i / 3) as u8).collect();
    for index in 1..=4 {
        journal.append(A, index, &bytes).unwrap();
        journal.sync().unwrap();
    }
    assert_eq!(journal.segment_counts().0, 2);
    drop(journal);
    let (journal, _) = Journal::open(FileDisk::new(dir.path()).unwrap(), config).unwrap();
    assert!(journal.read(A, 4, 1).unwrap()[0].payload == bytes);
}

#[test]
fn another_segment_size_takes_over_at_the_next_segment() {
    let disk = MemDisk::new(1);
    let mut journal = open(&disk, small());
    for index in 1..=30 {
        journal.append(A, index, &[1; 900]).unwrap();
    }
    journal.seal().unwrap();
    let mut journal = open(&disk, Config::with_segment_bytes(32 << 10));
    for index in 31..=130 {
        journal.append(A, index, &[1; 900]).unwrap();
    }
    journal.sync().unwrap();
    journal.purge(A, 100).unwrap();
    drop(journal);
    assert_eq!(
        open(&disk, small()).read(A, 101, usize::MAX).unwrap().len(),
        30
    );
}

#[test]
fn copies_of_sealed_segments_are_a_journal() {
    let (disk, copy) = (MemDisk::new(1), MemDisk::new(2));
    let mut journal = open(&disk, small());
    for index in 1..=100u64 {
        journal.append(A, index, &[index as u8; 700]).unwrap();
        journal.append(B, index + 50, &[index as u8; 70]).unwrap();
    }
    journal.sync().unwrap();
    let mut reader = Reader::open(disk.clone(), Until::Live(journal.durable_handle())).unwrap();
    let sealed = reader.sealed().unwrap();
    assert_eq!(sealed, journal.sealed());
    assert!(sealed.len() > 4);
    for segment in &sealed {
        let mut bytes = Vec::new();
        let written = reader.copy_sealed(segment.number, &mut bytes).unwrap();
        assert_eq!(
            (written, bytes.len() as u64),
            (segment.end.0 - segment.base.0, written)
        );
        copy.put_file(&segment.file, &bytes);
    }
    let active = sealed.last().unwrap().number + 1;
    assert_eq!(
        reader.copy_sealed(active, &mut Vec::new()),
        Err(JournalError::NoSuchSegment { number: active })
    );
    let last = sealed.last().unwrap().logs[0].last().unwrap();
    let mut restored = Reader::open(copy.clone(), Until::ValidEnd).unwrap();
    assert_eq!(restored.end(), sealed.last().unwrap().end);
    assert_eq!(
        restored.read(A, 1, usize::MAX).unwrap(),
        journal.read(A, 1, usize::MAX).unwrap()[..last as usize]
    );
    assert_eq!(restored.logs().unwrap()[1].first, Some(51));
    drop(restored);
    // And it can be written on.
    let mut journal = open(&copy, small());
    journal.append(A, last + 1, &[5]).unwrap();
    journal.seal().unwrap();
    assert_eq!(open(&copy, small()).next_index(A), Some(last + 2));
}

#[test]
fn a_reader_follows_a_writer_that_recycles() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(FileDisk::new(dir.path()).unwrap(), small()).unwrap();
    let handle = journal.durable_handle();
    let read_to = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let (reads, ended) = (Arc::clone(&read_to), Arc::clone(&done));
    let disk = FileDisk::existing(dir.path()).unwrap();
    // One reader keeps up and is waited for; the other is careless and now and then finds its place purged.
    let careless_disk = disk.clone();
    let (careless_handle, careless_ended) = (Arc::clone(&handle), Arc::clone(&done));
    let check = |entry: &rialto_journal::Entry| {
        assert!(entry.payload.iter().all(|b| *b == entry.index as u8))
    };
    let follower = std::thread::spawn(move || {
        let mut reader = Reader::open(disk, Until::Live(handle)).unwrap();
        let mut next = 1;
        loop {
            let last_look = ended.load(Ordering::Acquire);
            let entries = reader.read(A, next, 4000).unwrap();
            for entry in &entries {
                assert_eq!(entry.index, next);
                check(entry);
                next += 1;
            }
            reads.store(next - 1, Ordering::Release);
            if last_look && entries.is_empty() {
                return next;
            }
        }
    });
    let careless = std::thread::spawn(move || {
        let mut reader = Reader::open(careless_disk, Until::Live(careless_handle)).unwrap();
        let mut next = 1;
        while !careless_ended.load(Ordering::Acquire) {
            match reader.read(A, next, 20_000) {
                Ok(entries) => entries.iter().for_each(check),
                Err(JournalError::Purged { first, .. }) => {
                    assert!(first > next);
                    next = first;
                }
                Err(e) => panic!("{e}"),
            }
        }
    });
    for index in 1..=3000u64 {
        journal
            .append(A, index, &vec![index as u8; 300 + (index % 700) as usize])
            .unwrap();
        journal.sync().unwrap();
        let up_to = read_to.load(Ordering::Acquire);
        if index % 40 == 0 && up_to > 0 {
            journal.purge(A, up_to).unwrap();
        }
    }
    done.store(true, Ordering::Release);
    assert_eq!(follower.join().unwrap(), 3001);
    careless.join().unwrap();
}

#[test]
fn another_thread_may_prepare_the_spares() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FileDisk::new(dir.path()).unwrap();
    let (mut journal, _) = Journal::open(disk.clone(), small()).unwrap();
    assert!(journal.request_spare().is_none());
    let mut index = 0;
    for _ in 0..5 {
        while journal.segment_counts().1 > 0 {
            index += 1;
            journal.append(A, index, &[index as u8; 900]).unwrap();
            journal.sync().unwrap();
        }
        let request = journal.request_spare().unwrap();
        let elsewhere = disk.clone();
        let maker = std::thread::spawn(move || request.make(&elsewhere).unwrap());
        for _ in 0..30 {
            // Meanwhile the journal makes its own, under other names.
            index += 1;
            journal.append(A, index, &[index as u8; 900]).unwrap();
            journal.sync().unwrap();
        }
        journal.add_spare(maker.join().unwrap()).unwrap();
        assert_eq!(journal.segment_counts().1, 1);
    }
    drop(journal);
    let (journal, recovery) = Journal::open(disk, small()).unwrap();
    assert_eq!(recovery.logs[0].last(), Some(index));
    let mut expected = 1;
    for entry in journal.read(A, 1, usize::MAX).unwrap() {
        assert_eq!(
            (entry.index, entry.payload),
            (expected, vec![expected as u8; 900])
        );
        expected += 1;
    }
    assert_eq!(expected, index + 1);
}

#[test]
fn a_spare_that_finds_no_room_changes_nothing() {
    let disk = MemDisk::new(1);
    let mut journal = open(&disk, small());
    for index in 1..=13 {
        journal.append(A, index, &[0; 900]).unwrap();
    }
    journal.sync().unwrap();
    let request = journal.request_spare().unwrap();
    let files = disk.list().unwrap();
    disk.set_capacity(Some(0));
    assert!(matches!(
        request.make(&disk),
        Err(JournalError::DiskFull { .. })
    ));
    assert_eq!(disk.list().unwrap(), files);
    disk.set_capacity(None);
    let spare = journal.request_spare().unwrap().make(&disk).unwrap();
    journal.add_spare(spare).unwrap();
    assert!(journal.request_spare().is_none());
}
