//! What the disk and the sockets alone take: a server that writes each message to a file and syncs before it answers, as a
//! journal does, one sync for all that came meanwhile; and a client that measures it as orders are measured.
//!
//! With peers it is the floor of a replicated round trip: what came goes to every peer, which writes and syncs it likewise,
//! and is answered once a majority holds it: the own file and enough peers.
//!
//! Messages are as long as an Enter Order's packet, answers as an Accepted's; the first eight bytes name the message.

use crate::error::LoadError;
use crate::flow::Summary;
use crate::flow::latency_only;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A packet with an Enter Order: 3 bytes and 47.
const REQUEST: usize = 50;
/// A packet with an Accepted: 3 bytes and 64.
const ANSWER: usize = 67;
/// The file is written round and round, so that its blocks exist before anything is measured.
const FILE_LEN: u64 = 64 << 20;
/// How many reads wait for the disk at most.
const WAITING: usize = 4_096;

/// Requests of one read, and where their answers go.
struct Work {
    bytes: Vec<u8>,
    to: Arc<TcpStream>,
}

/// Serves until `stop` is set.
///
/// # Errors
/// The address or the file can't be used.
pub(crate) fn serve(
    listen: &str,
    file: &Path,
    peers: &[String],
    stop: &Arc<AtomicBool>,
    mut ready: impl FnMut(String),
) -> Result<(), LoadError> {
    let wrong = |what: String| {
        LoadError::new(
            what,
            "give an address to listen on and a file on the disk to measure",
        )
    };
    let output = allocate(file).map_err(|error| wrong(format!("{}: {error}", file.display())))?;
    let listener =
        TcpListener::bind(listen).map_err(|error| wrong(format!("{listen}: {error}")))?;
    let address = listener
        .local_addr()
        .map_err(|error| wrong(error.to_string()))?;
    listener
        .set_nonblocking(true)
        .map_err(|error| wrong(error.to_string()))?;
    let (sender, work) = sync_channel(WAITING);
    let failed = Arc::new(Mutex::new(None));
    let disk_failed = Arc::clone(&failed);
    let mut majority = Majority::connect(peers)?;
    std::thread::spawn(move || {
        if let Err(error) = write(&output, &work, &mut majority) {
            *disk_failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        }
    });
    ready(address.to_string());
    while !stop.load(Ordering::Relaxed) {
        if let Some(error) = failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(LoadError::new(
                format!("writing {}: {error}", file.display()),
                "see to the disk and the peers, and start again",
            ));
        }
        match listener.accept() {
            Ok((stream, _)) => {
                let sender = sender.clone();
                std::thread::spawn(move || {
                    // A client that goes away ends its own thread and nothing else.
                    drop(take(stream, &sender));
                });
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    Ok(())
}

fn allocate(path: &Path) -> std::io::Result<File> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .read(true)
        .open(path)?;
    let zeros = vec![0; 1 << 20];
    for _ in 0..FILE_LEN >> 20 {
        file.write_all(&zeros)?;
    }
    file.sync_all()?;
    Ok(file)
}

/// Reads whole requests of a client.
fn take(mut stream: TcpStream, work: &SyncSender<Work>) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    let to = Arc::new(stream.try_clone()?);
    let mut bytes = vec![0; 1 << 16];
    let mut len = 0;
    loop {
        let read = stream.read(&mut bytes[len..])?;
        if read == 0 {
            return Ok(());
        }
        len += read;
        let whole = len - len % REQUEST;
        let requests = bytes[..whole].to_vec();
        bytes.copy_within(whole..len, 0);
        len -= whole;
        let to = Arc::clone(&to);
        if !requests.is_empty()
            && work
                .send(Work {
                    bytes: requests,
                    to,
                })
                .is_err()
        {
            return Ok(());
        }
    }
}

/// The peers that are to hold what came.
struct Majority {
    peers: Vec<TcpStream>,
    /// How many of them are needed beside the own file.
    needed: usize,
    /// Whenever a peer holds more: which one, and how many messages in all.
    held: Receiver<(usize, u64)>,
    /// How many messages each peer holds.
    counts: Vec<u64>,
    /// How many were sent to them.
    sent: u64,
}

impl Majority {
    fn connect(peers: &[String]) -> Result<Self, LoadError> {
        let (tell, held) = sync_channel(WAITING);
        let mut streams = Vec::new();
        for (nth, peer) in peers.iter().enumerate() {
            let connect = || {
                let stream = TcpStream::connect(peer)?;
                stream.set_nodelay(true)?;
                let answers = stream.try_clone()?;
                let tell = tell.clone();
                std::thread::spawn(move || listen_to(nth, answers, &tell));
                Ok(stream)
            };
            streams.push(connect().map_err(|error: std::io::Error| {
                LoadError::new(
                    format!("peer {peer}: {error}"),
                    "start the peers first: `rialto-load echo --listen ADDRESS --file FILE`",
                )
            })?);
        }
        Ok(Self {
            needed: peers.len().div_ceil(2),
            counts: vec![0; peers.len()],
            peers: streams,
            held,
            sent: 0,
        })
    }

    /// Sends what came to every peer. One that is gone counts no more.
    fn forward(&mut self, batch: &[Work]) {
        for work in batch {
            self.sent += (work.bytes.len() / REQUEST) as u64;
            for peer in &mut self.peers {
                drop(peer.write_all(&work.bytes));
            }
        }
    }

    /// Waits until enough peers hold all that was sent.
    fn wait(&mut self) -> std::io::Result<()> {
        while self
            .counts
            .iter()
            .filter(|held| **held >= self.sent)
            .count()
            < self.needed
        {
            let (peer, held) = self
                .held
                .recv()
                .map_err(|_| std::io::Error::other("too few peers are left"))?;
            if let Some(count) = self.counts.get_mut(peer) {
                *count = held;
            }
        }
        Ok(())
    }
}

/// Counts a peer's answers until it is gone.
fn listen_to(peer: usize, mut answers: TcpStream, tell: &SyncSender<(usize, u64)>) {
    let (mut bytes, mut total) = (vec![0; 1 << 16], 0_u64);
    while let Ok(read) = answers.read(&mut bytes)
        && read > 0
    {
        total += read as u64;
        if tell.send((peer, total / ANSWER as u64)).is_err() {
            return;
        }
    }
}

/// Writes what came, syncs once, answers.
fn write(file: &File, work: &Receiver<Work>, majority: &mut Majority) -> std::io::Result<()> {
    let mut at = 0;
    let mut batch = Vec::new();
    while let Ok(first) = work.recv() {
        batch.push(first);
        batch.extend(work.try_iter());
        // The peers write while this one does.
        majority.forward(&batch);
        for work in &batch {
            if at + work.bytes.len() as u64 > FILE_LEN {
                at = 0;
            }
            file.write_all_at(&work.bytes, at)?;
            at += work.bytes.len() as u64;
        }
        file.sync_data()?;
        majority.wait()?;
        for work in batch.drain(..) {
            let mut answers = Vec::with_capacity(work.bytes.len() / REQUEST * ANSWER);
            for request in work.bytes.chunks_exact(REQUEST) {
                answers.extend_from_slice(&request[..8]);
                answers.resize(answers.len() + ANSWER - 8, 0);
            }
            // A client that has gone away needs no answer.
            drop((&*work.to).write_all(&answers));
        }
    }
    Ok(())
}

/// Measures a server as orders are measured: from the intended time to the answer.
///
/// # Errors
/// The server can't be reached, or goes away.
pub(crate) fn measure(
    address: &str,
    rate: f64,
    duration: Duration,
    stop: &AtomicBool,
) -> Result<Summary, LoadError> {
    let wrong = |error: std::io::Error| {
        LoadError::new(
            format!("echo server {address}: {error}"),
            "start `rialto-load echo --listen ADDRESS --file FILE` first",
        )
    };
    let mut stream = TcpStream::connect(address).map_err(wrong)?;
    stream.set_nodelay(true).map_err(wrong)?;
    let mut answers = stream.try_clone().map_err(wrong)?;
    answers
        .set_read_timeout(Some(Duration::from_millis(100)))
        .map_err(wrong)?;
    let began = Instant::now();
    let due_at = move |nth: u64| began + Duration::from_secs_f64(nth as f64 / rate);
    let done = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&done);
    let reader = std::thread::spawn(move || {
        let mut latencies = crate::flow::Latencies::new();
        let (mut bytes, mut len, mut count) = (vec![0; 1 << 16], 0, 0_u64);
        while !ended.load(Ordering::Relaxed) {
            let Ok(read) = answers.read(&mut bytes[len..]) else {
                continue;
            };
            if read == 0 {
                break;
            }
            len += read;
            let now = Instant::now();
            let whole = len - len % ANSWER;
            for answer in bytes[..whole].chunks_exact(ANSWER) {
                let mut name = [0; 8];
                name.copy_from_slice(&answer[..8]);
                latencies.record(now.saturating_duration_since(due_at(u64::from_le_bytes(name))));
                count += 1;
            }
            bytes.copy_within(whole..len, 0);
            len -= whole;
        }
        (latencies, count)
    });
    let mut sent = 0_u64;
    while began.elapsed() < duration && !stop.load(Ordering::Relaxed) {
        let now = Instant::now();
        let next = due_at(sent);
        if next > now {
            std::thread::sleep(next - now);
            continue;
        }
        let mut requests = Vec::new();
        while due_at(sent) <= now && requests.len() < 512 * REQUEST {
            requests.extend_from_slice(&sent.to_le_bytes());
            requests.resize(requests.len() + REQUEST - 8, 0x20);
            sent += 1;
        }
        stream.write_all(&requests).map_err(wrong)?;
    }
    let elapsed = began.elapsed();
    std::thread::sleep(Duration::from_millis(500));
    done.store(true, Ordering::Relaxed);
    let (latencies, count) = reader
        .join()
        .unwrap_or_else(|_| (crate::flow::Latencies::new(), 0));
    Ok(latency_only(&latencies, sent, count, rate, elapsed))
}
