//! A running rialto-link, and what tests need around it.

use rialto_socks::{Answer, Handshake, Reply};
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing takes that long; a test that waits longer has failed.
pub const LONG: Duration = Duration::from_secs(30);

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A listener on a free port, and its address.
pub fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A port nobody listens on.
pub fn closed_port() -> SocketAddr {
    listener().1
}

pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rialto-link"));
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// A link between us and asia, and europe beyond asia.
pub fn config(folder: &Path, latency_us: u64, asia: &[SocketAddr], europe: &[SocketAddr]) -> Value {
    let link = |a: &str, b: &str| json!({"between": [a, b], "latency_us": latency_us, "jitter_us": 0, "bandwidth_bps": 0, "loss_ppm": 0});
    let region = |name: &str, addresses: &[SocketAddr]| json!({"name": name, "listen": "127.0.0.1:0", "addresses": addresses});
    json!({
        "venue": "test",
        "admin_listen": "127.0.0.1:0",
        "ready_file": folder.join("ready.json"),
        "log_file": folder.join("log"),
        "regions": [region("us", &[]), region("asia", asia), region("europe", europe)],
        "links": [link("us", "asia"), link("asia", "europe")],
    })
}

pub struct Process {
    pub child: Child,
    pub ready: Value,
    folder: TempDir,
}

impl Process {
    /// A process whose links have this latency each way.
    pub fn start(latency_us: u64, asia: &[SocketAddr], europe: &[SocketAddr]) -> Self {
        Self::start_with(latency_us, asia, europe, |_| {})
    }

    pub fn start_with(
        latency_us: u64,
        asia: &[SocketAddr],
        europe: &[SocketAddr],
        change: impl FnOnce(&mut Value),
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = config(folder.path(), latency_us, asia, europe);
        change(&mut config);
        let path = folder.path().join("config.json");
        std::fs::write(&path, config.to_string()).unwrap();
        let mut child = binary().arg("--config").arg(&path).spawn().unwrap();
        let ready = folder.path().join("ready.json");
        until("it is ready", || {
            assert_eq!(child.try_wait().unwrap(), None, "it ended");
            ready.exists()
        });
        let ready = serde_json::from_slice(&std::fs::read(ready).unwrap()).unwrap();
        Self {
            child,
            ready,
            folder,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where a region's edge listens.
    pub fn edge(&self, region: &str) -> SocketAddr {
        self.ready["regions"][region]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    /// Calls the admin API: status and body.
    pub fn call(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let admin = self.ready["admin"].as_str().unwrap();
        let mut stream = TcpStream::connect(admin).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: link\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let value = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
        (status, value)
    }

    /// Does something to a link; the link afterwards.
    pub fn act(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, value) = self.call(method, &format!("/v1/links/{path}"), &body.to_string());
        assert_eq!(status, 200, "{value}");
        value
    }

    /// One way of a link now.
    pub fn way(&self, from: &str, to: &str) -> Value {
        let (_, body) = self.call("GET", "/v1/links", "");
        let links = body["links"].as_array().unwrap();
        let ways = links
            .iter()
            .flat_map(|link| link["directions"].as_array().unwrap());
        ways.clone()
            .find(|way| way["from"] == from && way["to"] == to)
            .unwrap()
            .clone()
    }

    /// Dials through a region's edge: the reply, and the connection.
    pub fn dial(&self, region: &str, target: SocketAddr) -> (Reply, TcpStream) {
        let mut stream = TcpStream::connect(self.edge(region)).unwrap();
        let reply = shake(&mut stream, target).unwrap();
        (reply, stream)
    }

    /// A connection from us to a listener, both ends.
    pub fn pair(&self, listener: &TcpListener) -> (TcpStream, TcpStream) {
        let (reply, near) = self.dial("us", listener.local_addr().unwrap());
        assert_eq!(reply, Reply::Connected);
        let (far, _) = listener.accept().unwrap();
        far.set_nodelay(true).unwrap();
        far.set_read_timeout(Some(LONG)).unwrap();
        (near, far)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A client's handshake.
pub fn shake(stream: &mut TcpStream, target: SocketAddr) -> io::Result<Reply> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(LONG))?;
    let mut handshake = Handshake::new(target);
    loop {
        match handshake.next_step().map_err(io::Error::other)? {
            Answer::Send(bytes) => stream.write_all(&bytes)?,
            Answer::Read(most) => {
                let mut bytes = vec![0; most];
                stream.read_exact(&mut bytes)?;
                handshake.read(&bytes);
            }
            Answer::Told(reply) => return Ok(reply),
        }
    }
}

/// Whether nothing comes for a moment.
pub fn is_silent(stream: &TcpStream) -> bool {
    stream
        .set_read_timeout(Some(Duration::from_millis(120)))
        .unwrap();
    let read = stream.peek(&mut [0]);
    stream.set_read_timeout(Some(LONG)).unwrap();
    matches!(read, Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut))
}

/// Reads so many bytes.
pub fn read(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}
