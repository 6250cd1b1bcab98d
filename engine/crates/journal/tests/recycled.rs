//! A segment is recycled in the very moment a reader has opened it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io;
use std::sync::{Arc, Mutex};

use rialto_journal::{
    Config, Disk, DiskFile, DiskLock, Journal, JournalError, LockMode, LogId, MemDisk, Reader,
    Until,
};

const A: LogId = LogId(1);

type Action = Box<dyn FnOnce() + Send>;

/// Does something once, right after a file was opened.
#[derive(Clone)]
struct Interrupted {
    inner: MemDisk,
    after_open: Arc<Mutex<Option<Action>>>,
}

impl Disk for Interrupted {
    fn place(&self) -> String {
        self.inner.place()
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        self.inner.create(name)
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = self.inner.open(name)?;
        let action = self.after_open.lock().unwrap().take();
        if let Some(action) = action {
            action();
        }
        Ok(file)
    }
    fn list(&self) -> io::Result<Vec<String>> {
        self.inner.list()
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.inner.remove(name)
    }
    fn sync_dir(&self) -> io::Result<()> {
        self.inner.sync_dir()
    }
    fn lock(
        &self,
        name: &str,
        mode: LockMode,
    ) -> io::Result<Result<Box<dyn DiskLock>, Option<u32>>> {
        self.inner.lock(name, mode)
    }
}

fn with_interruption(check: impl FnOnce(&mut Reader)) {
    let disk = MemDisk::new(1);
    let config = Config {
        spare_segments: 0,
        ..Config::with_segment_bytes(16 << 10)
    };
    let (mut journal, _) = Journal::open(disk.clone(), config).unwrap();
    for index in 1..=40 {
        journal.append(A, index, &[1; 900]).unwrap();
    }
    journal.sync().unwrap();
    let after_open = Arc::new(Mutex::new(None));
    let hooked = Interrupted {
        inner: disk,
        after_open: Arc::clone(&after_open),
    };
    let mut reader = Reader::open(hooked, Until::Live(journal.durable_handle())).unwrap();
    *after_open.lock().unwrap() = Some(Box::new(move || {
        journal.purge(A, 40).unwrap();
        for index in 41..=80 {
            journal.append(A, index, &[2; 900]).unwrap();
        }
        journal.sync().unwrap();
    }));
    check(&mut reader);
    assert!(after_open.lock().unwrap().is_none());
}

#[test]
fn a_read_says_that_its_place_was_purged() {
    with_interruption(|reader| {
        let Err(JournalError::Purged {
            asked: 1, first, ..
        }) = reader.read(A, 1, usize::MAX)
        else {
            panic!();
        };
        let entries = reader.read(A, first, usize::MAX).unwrap();
        assert_eq!(entries.last().unwrap().index, 80);
    });
}

#[test]
fn a_copy_says_that_its_segment_is_gone() {
    with_interruption(|reader| {
        let copied = reader.copy_sealed(1, &mut Vec::new());
        assert_eq!(copied, Err(JournalError::NoSuchSegment { number: 1 }));
    });
}
