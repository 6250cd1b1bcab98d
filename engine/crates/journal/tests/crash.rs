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
    Truncate { log: u32, part: u64 },
    Reset { log: u32, next: u64 },
    Note { log: u32, len: usize },
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
        4 => (0u32..3, prop_oneof![3 => 70u64..=100, 1 => 0u64..=100]).prop_map(|(log, part)| Op::Truncate { log, part }),
        1 => (0u32..3, prop_oneof![1u64..5, 500u64..4000]).prop_map(|(log, next)| Op::Reset { log, next }),
        5 => (0u32..3, 0usize..=256).prop_map(|(log, len)| Op::Note { log, len }),
        1 => Just(Op::Seal),
        3 => prop_oneof![Just(Loss::Process), Just(Loss::All), Just(Loss::Random)].prop_map(Op::Crash),
        4 => (1u64..12).prop_map(Op::PowerOffAfter),
        1 => Just(Op::ShortWrites),
        1 => Just(Op::FailSync),
        1 => Just(Op::FailWrite),
        1 => Just(Op::Full),
    ]
}

/// What the journal must show of one log at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shown {
    /// First index that is there, unless it was purged, and the next one; `None` for a log that is not there.
    range: Option<(u64, u64)>,
    entries: BTreeMap<u64, Vec<u8>>,
    note: Option<Vec<u8>>,
    /// Given up to here.
    purged: u64,
    /// Truncations and resets so far: while one waits, what was given up is not taken away.
    cuts: u64,
}

struct Log {
    now: Shown,
    /// How it stood after each record that may not be durable yet, the oldest first; the first one is the last acknowledged.
    history: Vec<Shown>,
    begin: u64,
}

impl Log {
    fn next(&self) -> u64 {
        self.now.range.map_or(self.begin, |(_, next)| next)
    }

    fn changed(&mut self) {
        self.history.push(self.now.clone());
    }

    fn acknowledge(&mut self) {
        self.history = vec![self.now.clone()];
    }

    /// The lowest index that must be there.
    fn first(&self) -> u64 {
        let first = self.now.range.map_or(self.begin, |(first, _)| first);
        first.max(self.now.purged + 1)
    }

    fn purge(&mut self, up_to: u64) {
        let cuts = self.now.cuts;
        let all = self.history.iter_mut().chain([&mut self.now]);
        for shown in all.filter(|shown| shown.cuts == cuts) {
            shown.purged = shown.purged.max(up_to);
        }
    }
}

struct World {
    disk: MemDisk,
    journal: Option<Journal>,
    /// Follows the journal as long as it is open.
    follower: Option<Reader>,
    /// Reads up to a position that was durable some time ago, and what the logs were then.
    past: Option<(Reader, BTreeMap<u32, Shown>)>,
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
            let begin = 1 + u64::from(n) * 1000;
            let now = Shown {
                purged: begin - 1,
                ..Shown::default()
            };
            let log = Log {
                begin,
                history: vec![now.clone()],
                now,
            };
            (n, log)
        });
        Self {
            disk,
            journal: Some(journal),
            follower: None,
            past: None,
            logs: logs.collect(),
            durable: recovery.durable,
            nonce: 0,
        }
    }

    /// Opens again and compares with the model.
    fn reopen(&mut self, clean: bool) {
        self.journal = None;
        (self.follower, self.past) = (None, None);
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
        self.purge_again();
    }

    /// Each log stands as it stood after one of its records, not before the last acknowledged one.
    fn check(&mut self, journal: &Journal, recovery: &Recovery) {
        let mut reader =
            Reader::open(self.disk.clone(), Until::Live(journal.durable_handle())).unwrap();
        let notes: BTreeMap<LogId, Vec<u8>> = reader.notes().unwrap().into_iter().collect();
        for (&number, log) in &mut self.logs {
            let id = LogId(number);
            let range = recovery.logs.iter().find(|r| r.log == id);
            let note = journal.note(id).map(<[u8]>::to_vec);
            assert_eq!(note.as_ref(), notes.get(&id));
            let next = range.map(|r| r.next);
            // Entries that were purged may show again or not; what is read back decides.
            let mut found = BTreeMap::new();
            let mut at = range.map_or(0, |r| r.first.unwrap());
            let first = at;
            while next.is_some_and(|next| at < next) {
                let entries = journal.read(id, at, 3000).unwrap();
                assert_eq!(entries, reader.read(id, at, 3000).unwrap());
                assert!(!entries.is_empty());
                for entry in entries {
                    assert_eq!(entry.index, at);
                    found.insert(at, entry.payload);
                    at += 1;
                }
            }
            if let Some(range) = range {
                assert_eq!(range.next, at);
                assert!(reader.read(id, at, 3000).unwrap().is_empty());
                assert!(journal.read(id, at, 3000).unwrap().is_empty());
                assert_eq!(reader.first_index(id).unwrap(), range.first);
                let other: Vec<_> = reader.logs().unwrap();
                assert!(other.contains(range), "{other:?} {range:?}");
            }
            let fits = |shown: &&Shown| {
                let lowest = first.max(shown.range.map_or(0, |(first, _)| first));
                shown.note == note
                    && shown.range.map(|(_, next)| next) == next
                    && shown
                        .range
                        .is_none_or(|(low, _)| first <= low.max(shown.purged + 1))
                    && shown.entries.range(lowest..).eq(found.range(lowest..))
            };
            let Some(stands) = log.history.iter().rev().find(fits).cloned() else {
                panic!(
                    "log {number}: {range:?} note {:?}, none of {:?}",
                    note.as_ref().map(Vec::len),
                    log.history
                        .iter()
                        .map(|s| (s.range, s.note.as_ref().map(Vec::len)))
                        .collect::<Vec<_>>()
                );
            };
            log.now = Shown {
                range: range.map(|r| (r.first.unwrap(), r.next)),
                entries: found,
                ..stands
            };
            log.acknowledge();
        }
    }

    /// Right after a sync: what follows shows the same as the writer, and what stayed behind shows what there was.
    fn follow(&mut self) {
        let journal = self.journal.as_ref().unwrap();
        let open = |until| Reader::open(self.disk.clone(), until);
        if self.follower.is_none() {
            self.follower = open(Until::Live(journal.durable_handle())).ok();
        }
        let Some(follower) = &mut self.follower else {
            return; // The power is off, or just going.
        };
        for (&number, log) in &self.logs {
            let id = LogId(number);
            for from in [log.first(), log.first().midpoint(log.next()), log.next()] {
                let expected: Vec<_> = log.now.entries.range(from..).collect();
                let most = if self.nonce.is_multiple_of(2) {
                    500
                } else {
                    usize::MAX
                };
                let seen = match follower.read(id, from, most) {
                    Err(JournalError::Io { .. }) => return,
                    seen => seen.unwrap(),
                };
                assert_eq!(
                    seen.is_empty(),
                    expected.is_empty(),
                    "log {number} from {from}"
                );
                assert!(most != usize::MAX || seen.len() == expected.len());
                let same = seen
                    .iter()
                    .map(|e| (&e.index, &e.payload))
                    .eq(expected.into_iter().take(seen.len()));
                assert!(same, "log {number} from {from}");
                if log.now.range.is_some() {
                    let own = journal.read(id, from, most);
                    assert!(matches!(&own, Err(JournalError::Io { .. })) || own == Ok(seen));
                }
            }
        }
        if let Some((reader, logs)) = &mut self.past {
            for (&number, shown) in logs.iter() {
                let Some((first, next)) = shown.range else {
                    continue;
                };
                let start = first.max(shown.purged + 1);
                let mut at = start;
                while at < next {
                    match reader.read(LogId(number), at, 3000) {
                        Ok(entries) => {
                            assert!(!entries.is_empty(), "log {number} from {at}");
                            for entry in entries {
                                assert_eq!(Some(&entry.payload), shown.entries.get(&entry.index));
                                at = entry.index + 1;
                            }
                        }
                        Err(JournalError::Purged { .. } | JournalError::Io { .. }) => break,
                        Err(e) => panic!("{e}"),
                    }
                }
                assert!(at <= next.max(start), "log {number} shows {at}");
            }
        }
        if self.nonce.is_multiple_of(3) {
            let now = |(number, log): (&u32, &Log)| (*number, log.now.clone());
            let until = Until::Position(self.durable);
            self.past = open(until)
                .ok()
                .map(|reader| (reader, self.logs.iter().map(now).collect()));
        }
    }

    /// The owner gives up again what it had given up, wherever that lies by now.
    fn purge_again(&mut self) {
        let Some(journal) = self.journal.as_mut() else {
            return;
        };
        for (&number, log) in &mut self.logs {
            let id = LogId(number);
            if log.now.range.is_none_or(|(_, next)| log.now.purged >= next) {
                continue;
            }
            match journal.purge(id, log.now.purged) {
                Ok(()) => assert!(journal.first_index(id).unwrap() >= log.first()),
                Err(JournalError::Poisoned { .. }) => return,
                Err(e) => panic!("{e}"),
            }
        }
    }

    /// Takes note of a record that was taken, or makes room and tries again, or ends the process.
    fn taken(
        &mut self,
        op: &Op,
        number: u32,
        taken: Result<Position, JournalError>,
        change: impl FnOnce(&mut Log),
    ) {
        match taken {
            Ok(end) => {
                assert!(end >= self.journal.as_ref().unwrap().durable());
                let log = self.logs.get_mut(&number).unwrap();
                change(log);
                log.changed();
            }
            Err(JournalError::BufferFull { .. }) => self.step(&Op::Sync),
            Err(JournalError::DiskFull { .. }) => {
                // Nothing happened; with room again the same call works.
                let next = self.journal.as_ref().unwrap().next_index(LogId(number));
                let log = &self.logs[&number];
                assert_eq!(next, log.now.range.map(|(_, next)| next));
                self.disk.set_capacity(None);
                self.step(op);
            }
            Err(e) => self.stopped(&e, Loss::Random),
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
        assert_eq!(&journal.truncate(LogId(0), 1).unwrap_err(), error);
        assert_eq!(&journal.reset(LogId(0), 1).unwrap_err(), error);
        assert_eq!(&journal.put_note(LogId(0), b"").unwrap_err(), error);
        assert_eq!(&journal.purge(LogId(0), 0).unwrap_err(), error);
        self.disk.crash(loss);
        self.reopen(false);
    }

    fn step(&mut self, op: &Op) {
        let journal = self.journal.as_mut().unwrap();
        match *op {
            Op::Append { log: number, len } => {
                self.nonce += 1;
                let next = self.logs[&number].next();
                let bytes = payload(self.nonce, len);
                let taken = journal.append(LogId(number), next, &bytes);
                self.taken(op, number, taken, |log| {
                    log.now.entries.insert(next, bytes);
                    let first = log.now.range.map_or(next, |(first, _)| first);
                    log.now.range = Some((first, next + 1));
                });
            }
            Op::Truncate { log: number, part } => {
                let Some((first, next)) = self.logs[&number].now.range else {
                    let refused = journal.truncate(LogId(number), 1);
                    return assert_eq!(refused, Err(JournalError::UnknownLog { log: number }));
                };
                // Now and then below what was purged, too.
                let low = first.saturating_sub(5);
                let from = low + (next - low) * part / 100;
                let taken = journal.truncate(LogId(number), from);
                self.taken(op, number, taken, |log| {
                    log.now.entries.split_off(&from);
                    log.now.range = Some((first.min(from), from));
                    log.now.purged = log.now.purged.min(from.saturating_sub(1));
                    log.now.cuts += 1;
                });
            }
            Op::Reset { log: number, next } => {
                let taken = journal.reset(LogId(number), next);
                self.taken(op, number, taken, |log| {
                    log.now.entries.clear();
                    log.now.range = Some((next, next));
                    log.now.purged = next - 1;
                    log.now.cuts += 1;
                });
            }
            Op::Note { log: number, len } => {
                self.nonce += 1;
                let bytes = payload(self.nonce, len);
                let taken = journal.put_note(LogId(number), &bytes);
                self.taken(op, number, taken, |log| log.now.note = Some(bytes));
            }
            Op::Sync => match journal.sync() {
                Ok(durable) => {
                    assert!(durable >= self.durable);
                    self.durable = durable;
                    self.logs.values_mut().for_each(Log::acknowledge);
                    self.follow();
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
                let id = LogId(number);
                let log = self.logs.get_mut(&number).unwrap();
                let Some(known) = journal.logs().into_iter().find(|r| r.log == id) else {
                    return;
                };
                // What is durable and was not dropped since.
                let most = known.next.saturating_sub(1);
                let low = log.first().saturating_sub(1).min(most);
                let up_to = low + (most - low) * part / 100;
                let refused = journal.purge(id, known.next);
                if !matches!(refused, Err(JournalError::Poisoned { .. })) {
                    assert!(matches!(refused, Err(JournalError::PurgeBeyondEnd { .. })));
                }
                let done = if known.next == 0 {
                    return;
                } else {
                    journal.purge(id, up_to)
                };
                log.purge(up_to);
                match done {
                    Ok(()) => {
                        let first = log.now.range.map_or(0, |(first, _)| first);
                        assert_eq!(journal.first_index(id), Some(first.max(log.now.purged + 1)));
                    }
                    Err(e) => self.stopped(&e, Loss::Random),
                }
            }
            Op::Seal => {
                self.step(&Op::Sync);
                match self.journal.take().unwrap().seal() {
                    Ok(durable) => {
                        self.durable = durable;
                        self.logs.values_mut().for_each(Log::acknowledge);
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
