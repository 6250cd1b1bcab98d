//! A journal in memory: what is durable survives a crash, what is on its way doesn't.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openraft::AsyncRuntime;
use rialto_replica::{JournalOp, JournalPort, JournalState};
use tokio::sync::mpsc;

/// What survives a crash.
#[derive(Default, Clone, Debug)]
pub struct Disk {
    pub first: u64,
    pub next: u64,
    pub entries: BTreeMap<u64, Vec<u8>>,
    pub note: Option<Vec<u8>>,
}

pub type SharedDisk = Arc<Mutex<Disk>>;

pub fn empty() -> SharedDisk {
    Arc::new(Mutex::new(Disk {
        first: 1,
        next: 1,
        ..Disk::default()
    }))
}

pub fn state(disk: &SharedDisk) -> JournalState {
    let disk = disk.lock().unwrap();
    JournalState {
        first: disk.first,
        next: disk.next,
        note: disk.note.clone(),
    }
}

#[derive(Clone)]
pub struct Port {
    ops: mpsc::UnboundedSender<JournalOp>,
}

impl JournalPort for Port {
    fn submit(&self, op: JournalOp) {
        // After a crash nobody carries it out.
        drop(self.ops.send(op));
    }
}

/// Starts the journal's worker on `disk`; once `crashed` is set it carries out nothing more. `failing` makes writes fail,
/// `full` lets them wait.
pub fn start<R: AsyncRuntime>(
    disk: SharedDisk,
    sync: Duration,
    crashed: Arc<AtomicBool>,
    failing: Arc<AtomicBool>,
    full: Arc<AtomicBool>,
) -> Port {
    let (ops, mut asked) = mpsc::unbounded_channel();
    drop(R::spawn(async move {
        while let Some(op) = asked.recv().await {
            let mut batch = vec![op];
            while let Ok(op) = asked.try_recv() {
                batch.push(op);
            }
            R::sleep(sync).await;
            while full.load(Ordering::Acquire) && !crashed.load(Ordering::Acquire) {
                R::sleep(Duration::from_millis(1)).await;
            }
            if crashed.load(Ordering::Acquire) {
                return;
            }
            for op in batch {
                apply(&disk, op, failing.load(Ordering::Acquire));
            }
        }
    }));
    Port { ops }
}

fn apply(disk: &SharedDisk, op: JournalOp, failing: bool) {
    let outcome = || {
        if failing {
            Err(std::io::Error::other("the disk is broken"))
        } else {
            Ok(())
        }
    };
    match op {
        JournalOp::Append { entries, done } => {
            if !failing {
                let mut disk = disk.lock().unwrap();
                for (position, bytes) in entries {
                    assert_eq!(position, disk.next, "appends follow without a gap");
                    disk.entries.insert(position, bytes);
                    disk.next += 1;
                }
            }
            done(outcome());
        }
        JournalOp::Truncate { from, done } => {
            {
                let mut disk = disk.lock().unwrap();
                assert!(from >= disk.first && from <= disk.next);
                disk.entries.split_off(&from);
                disk.next = from;
            }
            done(outcome());
        }
        JournalOp::Reset { next, done } => {
            {
                let mut disk = disk.lock().unwrap();
                disk.entries.clear();
                disk.first = next;
                disk.next = next;
            }
            done(outcome());
        }
        JournalOp::Purge { up_to } => {
            let mut disk = disk.lock().unwrap();
            assert!(up_to < disk.next);
            disk.entries = disk.entries.split_off(&(up_to + 1));
            disk.first = disk.first.max(up_to + 1);
        }
        JournalOp::Note { bytes, done } => {
            assert!(bytes.len() <= 256);
            if !failing {
                disk.lock().unwrap().note = Some(bytes);
            }
            done(outcome());
        }
        JournalOp::Read {
            from,
            to,
            max_bytes,
            done,
        } => {
            let mut entries = Vec::new();
            let mut bytes = 0;
            if from < to {
                for (position, entry) in disk.lock().unwrap().entries.range(from..to) {
                    bytes += entry.len();
                    if !entries.is_empty() && bytes > max_bytes {
                        break;
                    }
                    entries.push((*position, entry.clone()));
                }
            }
            done(Ok(entries));
        }
    }
}
