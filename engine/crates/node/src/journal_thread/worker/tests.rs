use super::*;
use rialto_journal::MemDisk;
use std::sync::mpsc::{Receiver, Sender, channel};

const SEGMENT: u64 = 1 << 20;

/// A worker that is driven by hand on a disk in memory.
struct Bench {
    worker: Worker,
    disk: MemDisk,
    told: Receiver<&'static str>,
    tell: Sender<&'static str>,
}

impl Bench {
    fn new() -> Self {
        let disk = MemDisk::new(1);
        let config = rialto_journal::Config::with_segment_bytes(SEGMENT);
        let (journal, _) = Journal::open(disk.clone(), config).unwrap();
        let (_, requests) = channel();
        let logs = vec![(LogId(1), 1), (LogId(2), 1)];
        let folder = PathBuf::from("/");
        let worker = Worker::new(
            journal,
            requests,
            logs,
            Arc::default(),
            folder.clone(),
            folder,
        );
        let (tell, told) = channel();
        Self {
            worker,
            disk,
            told,
            tell,
        }
    }

    fn done(&self, what: &'static str) -> Done<()> {
        let tell = self.tell.clone();
        Box::new(move |result| {
            result.unwrap();
            tell.send(what).unwrap();
        })
    }

    fn append(&mut self, market: usize, from: u64, count: u64, bytes: usize, what: &'static str) {
        let entries = (from..from + count).map(|p| (p, vec![7; bytes])).collect();
        let done = self.done(what);
        self.worker
            .take(market, JournalOp::Append { entries, done });
    }

    fn told(&self) -> Vec<&'static str> {
        self.told.try_iter().collect()
    }

    fn positions(&mut self, market: usize, from: u64, to: u64) -> Vec<u64> {
        let read = self.worker.read(market, from, to, usize::MAX).unwrap();
        read.into_iter().map(|(position, _)| position).collect()
    }
}

#[test]
fn one_sync_makes_all_markets_writes_durable_and_tells_them_in_order() {
    let mut bench = Bench::new();
    let before = bench.disk.operations().1;
    bench.append(0, 1, 3, 100, "a");
    bench.append(1, 1, 2, 100, "b");
    let done = bench.done("c");
    let bytes = b"vote".to_vec();
    bench.worker.take(0, JournalOp::Note { bytes, done });
    assert!(
        bench.told().is_empty(),
        "nothing is durable before the sync"
    );
    bench.worker.commit();
    assert_eq!(bench.told(), ["a", "b", "c"]);
    assert_eq!(bench.disk.operations().1 - before, 1, "one sync");
    assert_eq!(bench.worker.journal.note(LogId(1)), Some(&b"vote"[..]));
}

#[test]
fn what_is_truncated_is_gone_and_written_anew() {
    let mut bench = Bench::new();
    bench.append(0, 1, 5, 10, "a");
    let done = bench.done("b");
    bench.worker.take(0, JournalOp::Truncate { from: 3, done });
    bench.append(0, 3, 1, 10, "c");
    assert_eq!(
        bench.positions(0, 1, 9),
        [1, 2, 3],
        "read before it is durable"
    );
    assert_eq!(bench.told(), ["a", "b", "c"]);
    let done = bench.done("d");
    bench.worker.take(0, JournalOp::Reset { next: 50, done });
    bench.append(0, 50, 2, 10, "e");
    assert_eq!(bench.positions(0, 50, 51), [50]);
    assert!(bench.worker.read(0, 3, 4, 10).is_err(), "it was forgotten");
}

#[test]
fn on_a_full_disk_appends_wait_and_votes_do_not() {
    let mut bench = Bench::new();
    bench.append(0, 1, 1, 10, "first");
    bench.worker.commit();
    bench.disk.set_capacity(Some(SEGMENT));
    bench.append(0, 2, 40, 100_000, "large");
    bench.append(1, 1, 1, 10, "behind");
    let done = bench.done("vote");
    let bytes = b"vote".to_vec();
    bench.worker.take(0, JournalOp::Note { bytes, done });
    bench.worker.commit();
    bench.worker.retry();
    assert_eq!(bench.told(), ["first", "vote"]);
    assert_eq!(bench.positions(1, 1, 2), [0; 0], "it waits its turn");
    bench.disk.set_capacity(None);
    bench.worker.retry();
    assert_eq!(bench.told(), ["large", "behind"]);
    assert_eq!(bench.positions(0, 1, 99).len(), 41, "each once");
}

/// Set in the process that is to end.
const CHILD: &str = "RIALTO_TEST_OF_A_FAILED_SYNC";

#[test]
fn a_failed_sync_ends_the_process_and_tells_nobody() {
    if std::env::var_os(CHILD).is_some() {
        let mut bench = Bench::new();
        bench.disk.fail_syncs(1);
        let entries = vec![(1, vec![7; 10])];
        let done = Box::new(|_| println!("it was told"));
        bench.worker.take(0, JournalOp::Append { entries, done });
        bench.worker.commit();
        println!("it goes on");
        return;
    }
    let name = "journal_thread::worker::tests::a_failed_sync_ends_the_process_and_tells_nobody";
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8(child.stdout).unwrap();
    assert_eq!(
        child.status.code(),
        Some(i32::from(exit::JOURNAL)),
        "{said}"
    );
    assert!(
        !said.contains("it was told") && !said.contains("it goes on"),
        "{said}"
    );
}
