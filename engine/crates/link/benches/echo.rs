//! What an edge adds: 64-byte messages echoed over loopback, straight and through two regions' link, in turns within the same
//! minute. And how late bytes are where a latency is declared.
//!
//!     cargo bench -p rialto-link            (RIALTO_BENCH_MESSAGES=200000 for more than 20,000 each)

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measurement that can't run ends"
)]

use hdrhistogram::Histogram;
use rialto_socks::{Answer, Handshake, Reply};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

const MESSAGE: usize = 64;
/// Messages of one turn.
const TURN: usize = 500;

struct Link {
    child: Child,
    ready: Value,
}

impl Link {
    fn start(folder: &Path, target: SocketAddr) -> Self {
        let region = |name: &str, addresses: &[SocketAddr]| json!({"name": name, "listen": "127.0.0.1:0", "addresses": addresses});
        let ready = folder.join("ready.json");
        let config = json!({
            "venue": "bench", "admin_listen": "127.0.0.1:0", "ready_file": ready, "log_file": folder.join("log"),
            "regions": [region("us", &[]), region("asia", &[target])],
            "links": [{"between": ["us", "asia"], "latency_us": 0, "jitter_us": 0, "bandwidth_bps": 0, "loss_ppm": 0}],
        });
        let path = folder.join("config.json");
        std::fs::write(&path, config.to_string()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_rialto-link"));
        let child = command.arg("--config").arg(&path).spawn().unwrap();
        let started = Instant::now();
        while !ready.exists() {
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "it is not ready"
            );
            thread::sleep(Duration::from_millis(5));
        }
        let ready = serde_json::from_slice(&std::fs::read(ready).unwrap()).unwrap();
        Self { child, ready }
    }

    fn dial(&self, target: SocketAddr) -> TcpStream {
        let edge = self.ready["regions"]["us"].as_str().unwrap();
        let mut stream = TcpStream::connect(edge).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut handshake = Handshake::new(target);
        loop {
            match handshake.next_step().unwrap() {
                Answer::Send(bytes) => stream.write_all(&bytes).unwrap(),
                Answer::Read(most) => {
                    let mut bytes = vec![0; most];
                    stream.read_exact(&mut bytes).unwrap();
                    handshake.read(&bytes);
                }
                Answer::Told(reply) => {
                    assert_eq!(reply, Reply::Connected);
                    return stream;
                }
            }
        }
    }

    fn set(&self, conditions: &Value) {
        let mut stream = TcpStream::connect(self.ready["admin"].as_str().unwrap()).unwrap();
        let body = conditions.to_string();
        let length = body.len();
        let head = "PATCH /v1/links/us/asia HTTP/1.1\r\nHost: link\r\nConnection: close";
        write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Answers each message, and keeps how long ago it says that it was sent.
fn echo(mut stream: TcpStream, base: Instant) -> Histogram<u64> {
    let mut one_way = Histogram::new(3).unwrap();
    let mut message = [0; MESSAGE];
    while stream.read_exact(&mut message).is_ok() {
        let sent = u64::from_le_bytes(*message.first_chunk().unwrap());
        one_way
            .record(nanoseconds(base).saturating_sub(sent))
            .unwrap();
        if stream.write_all(&message).is_err() {
            break;
        }
    }
    one_way
}

fn nanoseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap()
}

/// A connection that is measured, and its two histograms.
struct Line {
    name: String,
    stream: TcpStream,
    server: thread::JoinHandle<Histogram<u64>>,
    round: Histogram<u64>,
}

impl Line {
    fn new(name: &str, stream: TcpStream, listener: &TcpListener, base: Instant) -> Self {
        let (server, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        Self {
            name: name.to_owned(),
            stream,
            server: thread::spawn(move || echo(server, base)),
            round: Histogram::new(3).unwrap(),
        }
    }

    fn turn(&mut self, messages: usize, pause: Duration, base: Instant) {
        let mut message = [7; MESSAGE];
        for _ in 0..messages {
            if !pause.is_zero() {
                thread::sleep(pause);
            }
            let sent = nanoseconds(base);
            message[..8].copy_from_slice(&sent.to_le_bytes());
            self.stream.write_all(&message).unwrap();
            self.stream.read_exact(&mut message).unwrap();
            self.round.record(nanoseconds(base) - sent).unwrap();
        }
    }

    /// Prints its line; the medians, one way and round trip.
    fn end(self, less_us: f64) -> (f64, f64) {
        drop(self.stream);
        let one_way = self.server.join().unwrap();
        let us = |histogram: &Histogram<u64>, quantile| {
            histogram.value_at_quantile(quantile) as f64 / 1_000.0
        };
        let shown = |histogram: &Histogram<u64>, less: f64| {
            [0.5, 0.9, 0.99, 1.0]
                .map(|q| format!("{:9.1}", us(histogram, q) - less))
                .join("")
        };
        println!(
            "{:28}{}   {}",
            self.name,
            shown(&one_way, less_us),
            shown(&self.round, 2.0 * less_us)
        );
        (us(&one_way, 0.5), us(&self.round, 0.5))
    }
}

fn head(what: &str) {
    println!(
        "\n{what}\n{:28}{:>36}   {:>36}",
        "", "one way, us", "round trip, us"
    );
    let columns = ["p50", "p90", "p99", "max"]
        .map(|name| format!("{name:>9}"))
        .join("");
    println!("{:28}{columns}   {columns}", "");
}

fn main() {
    let messages =
        std::env::var("RIALTO_BENCH_MESSAGES").map_or(20_000, |text| text.parse().unwrap());
    let base = Instant::now();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let link = Link::start(folder.path(), target);
    for (what, pause) in [
        ("back to back", Duration::ZERO),
        ("one in a millisecond", Duration::from_millis(1)),
    ] {
        head(&format!("64 bytes, {what}, in turns of {TURN}"));
        let mut straight = Line::new(
            "straight",
            TcpStream::connect(target).unwrap(),
            &listener,
            base,
        );
        let mut through = Line::new("through the edge, 0 ms", link.dial(target), &listener, base);
        let messages = if pause.is_zero() {
            messages
        } else {
            messages / 5
        };
        for _ in 0..messages / TURN {
            straight.turn(TURN, pause, base);
            through.turn(TURN, pause, base);
        }
        let (straight, through) = (straight.end(0.0), through.end(0.0));
        println!(
            "{:28}{:9.1}{:>30}{:9.1}",
            "the edge adds",
            through.0 - straight.0,
            "",
            through.1 - straight.1
        );
    }
    head(
        "how late bytes are behind the declared latency (that and the sockets' own time, which is in it)",
    );
    for latency_us in [100, 1_000, 10_000, 80_000] {
        link.set(&json!({"latency_us": latency_us}));
        let mut path = Line::new(
            &format!("{} ms each way", latency_us as f64 / 1e3),
            link.dial(target),
            &listener,
            base,
        );
        let pause = Duration::from_millis(1);
        path.turn((2_000_000 / latency_us).clamp(20, 1_000), pause, base);
        path.end(latency_us as f64);
    }
    link.set(&json!({"latency_us": 0}));
    throughput(&link, &listener, target);
}

/// How fast a large transfer is.
fn throughput(link: &Link, listener: &TcpListener, target: SocketAddr) {
    const BYTES: usize = 1 << 30;
    println!();
    for (name, mut stream) in [
        ("straight", TcpStream::connect(target).unwrap()),
        ("through the edge, 0 ms", link.dial(target)),
    ] {
        let (mut server, _) = listener.accept().unwrap();
        let started = Instant::now();
        let writer = thread::spawn(move || {
            let block = vec![0; 1 << 16];
            for _ in 0..BYTES / block.len() {
                stream.write_all(&block).unwrap();
            }
        });
        let mut block = vec![0; 1 << 16];
        let mut left = BYTES;
        while left > 0 {
            left -= server.read(&mut block).unwrap();
        }
        writer.join().unwrap();
        let rate = BYTES as f64 / started.elapsed().as_secs_f64() / 1e9;
        println!("{name:28}{rate:9.2} GB/s");
    }
}
