//! Random use of a journal on a disk that fails, against a plain model: what was acknowledged is there, in order and unchanged,
//! whatever happened; what was not is there whole or not at all.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use rialto_journal::{
    Config, Journal, JournalError, LogId, Loss, MemDisk, Position, Reader, Recovery, Until,
};

const SEGMENT: u64 = 16 << 10;

#[derive(Clone, Debug)]
enum Op {
    Append { log: u32, len: usize },
    Sync,
    Purge { log: u32, part: u64 },
    Seal,
    Crash(Loss),
    PowerOffAfter(u64),
    ShortWrites,
    FailSync,
    FailWrite,
    Full,
}

fn op() -> impl Strategy<Value = Op> {
    // Mostly one size, so that records of a recycled segment stand exactly where new ones begin.
    let len = prop_oneof![3 => Just(400usize), 1 => 0usize..1200, 1 => Just(8000usize)];
    prop_oneof![
        40 => (0u32..3, len).prop_map(|(log, len)| Op::Append { log, len }),
        14 => Just(Op::Sync),
        5 => (0u32..3, 0u64..=100).prop_map(|(log, part)| Op::Purge { log, part }),
        1 => Just(Op::Seal),
        3 => prop_oneof![Just(Loss::Process), Just(Loss::All), Just(Loss::Random)].prop_map(Op::Crash),
        4 => (1u64..12).prop_map(Op::PowerOffAfter),
        1 => Just(Op::ShortWrites),
        1 => Just(Op::FailSync),
        1 => Just(Op::FailWrite),
        1 => Just(Op::Full),
    ]
}

#[derive(Default)]
struct Log {
    /// Index to payload, for everything appended that may still be there.
    entries: BTreeMap<u64, Vec<u8>>,
    next: u64,
    acknowledged: u64,
    purged: u64,
}

struct World {
    disk: MemDisk,
    journal: Option<Journal>,
    logs: BTreeMap<u32, Log>,
    durable: Position,
    nonce: u64,
}

fn config() -> Config {
    Config {
        max_buffered_bytes: 40 << 10,
        ..Config::with_segment_bytes(SEGMENT)
    }
}

fn payload(nonce: u64, len: usize) -> Vec<u8> {
    (0..len as u64)
        .map(|i| {
            (nonce
                .wrapping_mul(0x9E37_79B9)
                .wrapping_add(i * (nonce | 1))
                >> 3) as u8
        })
        .collect()
}

impl World {
    fn new(seed: u64) -> Self {
        let disk = MemDisk::new(seed);
        let (journal, recovery) = Journal::open(disk.clone(), config()).unwrap();
        let logs = (0..3u32).map(|n| {
            let next = 1 + u64::from(n) * 1000;
            let log = Log {
                next,
                acknowledged: next,
                purged: next - 1,
                ..Log::default()
            };
            (n, log)
        });
        Self {
            disk,
            journal: Some(journal),
            logs: logs.collect(),
            durable: recovery.durable,
            nonce: 0,
        }
    }

    /// Opens again and compares with the model.
    fn reopen(&mut self, clean: bool) {
        self.journal = None;
        let opened = loop {
            match Journal::open(self.disk.clone(), config()) {
                Ok(opened) => break opened,
                // The power went while the journal was being opened: again.
                Err(JournalError::Io { .. } | JournalError::Poisoned { .. }) if !clean => {
                    self.disk.crash(Loss::Random)
                }
                Err(JournalError::DiskFull { .. }) => self.disk.set_capacity(None),
                Err(e) => panic!("{e}"),
            }
        };
        let (journal, recovery) = opened;
        assert!(!clean || recovery.clean);
        assert!(
            recovery.durable >= self.durable,
            "{recovery:?} {:?}",
            self.durable
        );
        self.durable = recovery.durable;
        self.check(&journal, &recovery);
        self.journal = Some(journal);
    }

    fn check(&mut self, journal: &Journal, recovery: &Recovery) {
        let mut reader =
            Reader::open(self.disk.clone(), Until::Live(journal.durable_handle())).unwrap();
        for (&number, log) in &mut self.logs {
            let id = LogId(number);
            let Some(range) = recovery.logs.iter().find(|r| r.log == id) else {
                // Nothing of it ever became durable.
                assert_eq!(log.acknowledged, log.purged + 1);
                log.entries.clear();
                log.next = log.acknowledged;
                continue;
            };
            assert!(
                range.next >= log.acknowledged,
                "log {number}: {range:?}, acknowledged {}",
                log.acknowledged
            );
            assert!(
                range.next <= log.next,
                "log {number}: {range:?}, appended {}",
                log.next
            );
            assert!(range.first.unwrap() <= log.purged + 1);
            log.next = range.next;
            log.acknowledged = range.next;
            log.entries.retain(|index, _| *index < range.next);
            let mut next = log.purged + 1;
            while next < log.next {
                let entries = journal.read(id, next, 3000).unwrap();
                assert_eq!(entries, reader.read(id, next, 3000).unwrap());
                assert!(!entries.is_empty());
                for entry in entries {
                    assert_eq!(entry.index, next);
                    assert_eq!(
                        Some(&entry.payload),
                        log.entries.get(&next),
                        "log {number} index {next}"
                    );
                    next += 1;
                }
            }
            assert_eq!(next, log.next);
            assert!(reader.read(id, next, 3000).unwrap().is_empty());
        }
    }

    /// After an error that stops the journal for good, every call gives that error; then the process ends.
    fn stopped(&mut self, error: &JournalError, loss: Loss) {
        assert!(matches!(error, JournalError::Poisoned { .. }), "{error}");
        let mut journal = self.journal.take().unwrap();
        assert_eq!(&journal.sync().unwrap_err(), error);
        assert_eq!(&journal.append(LogId(0), 1, &[]).unwrap_err(), error);
        assert_eq!(&journal.read(LogId(0), 1, 1).unwrap_err(), error);
        assert_eq!(&journal.prepare().unwrap_err(), error);
        assert_eq!(&journal.purge(LogId(0), 0).unwrap_err(), error);
        self.disk.crash(loss);
        self.reopen(false);
    }

    fn step(&mut self, op: &Op) {
        let journal = self.journal.as_mut().unwrap();
        match *op {
            Op::Append { log: number, len } => {
                self.nonce += 1;
                let log = self.logs.get_mut(&number).unwrap();
                let bytes = payload(self.nonce, len);
                match journal.append(LogId(number), log.next, &bytes) {
                    Ok(end) => {
                        assert!(end > journal.durable());
                        log.entries.insert(log.next, bytes);
                        log.next += 1;
                    }
                    Err(JournalError::BufferFull { .. }) => self.step(&Op::Sync),
                    Err(JournalError::DiskFull { .. }) => {
                        // Nothing happened; with room again the same append works.
                        assert_eq!(
                            journal.next_index(LogId(number)).unwrap_or(log.next),
                            log.next
                        );
                        self.disk.set_capacity(None);
                        self.step(op);
                    }
                    Err(e) => self.stopped(&e, Loss::Random),
                }
            }
            Op::Sync => match journal.sync() {
                Ok(durable) => {
                    assert!(durable >= self.durable);
                    self.durable = durable;
                    for log in self.logs.values_mut() {
                        log.acknowledged = log.next;
                    }
                }
                Err(e) => {
                    let loss = if self.nonce.is_multiple_of(2) {
                        Loss::Process
                    } else {
                        Loss::Random
                    };
                    self.stopped(&e, loss);
                }
            },
            Op::Purge { log: number, part } => {
                let log = self.logs.get_mut(&number).unwrap();
                let up_to = log.purged + (log.acknowledged - 1 - log.purged) * part / 100;
                if journal.next_index(LogId(number)).is_none() || up_to == log.purged {
                    return;
                }
                match journal.purge(LogId(number), up_to) {
                    Ok(()) => {
                        log.purged = up_to;
                        assert_eq!(journal.first_index(LogId(number)), Some(up_to + 1));
                    }
                    Err(e) => {
                        log.purged = up_to;
                        self.stopped(&e, Loss::Random);
                    }
                }
            }
            Op::Seal => {
                self.step(&Op::Sync);
                match self.journal.take().unwrap().seal() {
                    Ok(durable) => {
                        self.durable = durable;
                        for log in self.logs.values_mut() {
                            log.acknowledged = log.next;
                        }
                        self.disk.crash(Loss::All);
                        self.reopen(true);
                    }
                    Err(_) => {
                        self.disk.set_capacity(None);
                        self.disk.crash(Loss::Random);
                        self.reopen(false);
                    }
                }
            }
            Op::Crash(loss) => {
                self.journal = None;
                self.disk.crash(loss);
                self.disk.set_capacity(None);
                if self.nonce.is_multiple_of(3) {
                    // And once more while it is being opened.
                    self.disk.power_off_after(1 + self.nonce % 7);
                }
                self.reopen(false);
            }
            Op::PowerOffAfter(operations) => self.disk.power_off_after(operations),
            Op::ShortWrites => self.disk.set_short_writes(true),
            Op::FailSync => self.disk.fail_syncs(1),
            Op::FailWrite => self.disk.fail_writes(1),
            Op::Full => self.disk.set_capacity(Some(0)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_acknowledged_survives_everything(seed: u64, ops in prop::collection::vec(op(), 1..160)) {
        let mut world = World::new(seed);
        for op in &ops {
            world.step(op);
        }
        world.step(&Op::Crash(Loss::Process));
        world.step(&Op::Crash(Loss::All));
    }
}
