//! What the disk and the sockets alone take: a server that writes each message to a file and syncs before it answers, as a
//! journal does, one sync for all that came meanwhile; and a client that measures it as orders are measured.
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
    std::thread::spawn(move || {
        if let Err(error) = write(&output, &work) {
            *disk_failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        }
    });
    ready(address.to_string());
    while !stop.load(Ordering::Relaxed) {
        if let Some(error) = failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(wrong(format!("{}: {error}", file.display())));
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

/// Writes what came, syncs once, answers.
fn write(file: &File, work: &Receiver<Work>) -> std::io::Result<()> {
    let mut at = 0;
    let mut batch = Vec::new();
    while let Ok(first) = work.recv() {
        batch.push(first);
        batch.extend(work.try_iter());
        for work in &batch {
            if at + work.bytes.len() as u64 > FILE_LEN {
                at = 0;
            }
            file.write_all_at(&work.bytes, at)?;
            at += work.bytes.len() as u64;
        }
        file.sync_data()?;
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
