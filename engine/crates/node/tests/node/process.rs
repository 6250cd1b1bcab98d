//! Starts the node in a folder of its own and talks to its admin API.

use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

use crate::client::Client;

/// Long enough for any machine; nothing waits for it unless something is broken.
pub const PATIENCE: Duration = Duration::from_secs(30);
const BINARY: &str = env!("CARGO_BIN_EXE_rialto-node");

/// A folder with a node's configuration.
pub struct Place {
    dir: TempDir,
    pub config: Value,
}

impl Place {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let passwords =
            json!({"passwords": {"ALICE": "secret-a", "BOB": "secret-b", "FEED": "secret-f"}});
        let place = Self {
            config: json!({
                "venue": "test", "node": "us-1", "region": "us",
                "data_dir": "data", "ready_file": "ready.json", "credentials_file": "credentials.json",
                "log_file": "node.log", "admin_listen": "127.0.0.1:0", "segment_bytes": 1 << 20,
                "limits": {"min_free_bytes": 0},
                "markets": [{
                    "name": "eq", "id": 1, "durability": "region",
                    "orders_listen": "127.0.0.1:0", "feed_listen": "127.0.0.1:0", "snapshot_listen": "127.0.0.1:0",
                    "checkpoint_interval_s": 0,
                    "instruments": [
                        {"symbol": "ACME", "tick_size_e4": 100, "lot_size": 1, "collar_percent": null, "reference_price_e4": null},
                        {"symbol": "ZINC", "tick_size_e4": 100, "lot_size": 1, "collar_percent": 10, "reference_price_e4": 1_000_000}
                    ],
                    "accounts": [{"name": "house", "id": 1, "max_order_quantity": 100_000,
                                  "max_order_value_e4": 1_000_000_000_000_u64, "max_open_orders": 1_000_000}],
                    "sessions": [{"username": "ALICE", "id": 1, "account": 1}, {"username": "BOB", "id": 2, "account": 1}],
                    "feed_users": ["FEED"]
                }]
            }),
            dir,
        };
        place.write("credentials.json", &passwords.to_string(), 0o600);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn command(&self) -> Command {
        self.write("config.json", &self.config.to_string(), 0o644);
        let mut command = Command::new(BINARY);
        command
            .arg("--config")
            .arg(self.path("config.json"))
            .env_remove("RUST_LOG")
            .stdin(Stdio::null());
        command
    }

    /// Its configuration in a group of three, with timers that a busy machine keeps: replica `number` of `nodes`, whose replication ports are known.
    pub fn of_three(number: usize, nodes: [&str; 3], ports: [u16; 3]) -> Self {
        let mut place = Self::new();
        let voters: Vec<Value> = nodes
            .iter()
            .zip(ports)
            .zip(1..)
            .map(|((node, port), id)| {
                json!({"id": id, "node": node, "region": node.split('-').next(),
                       "address": format!("127.0.0.1:{port}"), "round_trip_us": 0})
            })
            .collect();
        place.config["node"] = json!(nodes[number]);
        place.config["markets"][0]["replication"] = json!({
            "id": number + 1, "incarnation": 1, "listen": format!("127.0.0.1:{}", ports[number]),
            "accelerated_failover": true, "slowest_round_trip_us": 100_000, "voters": voters,
        });
        place
    }

    /// Starts the node and waits until it is ready.
    pub fn start(&self) -> Node<'_> {
        let child = self
            .command()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut node = Node {
            place: self,
            child,
            ready: Value::Null,
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(text) = fs::read_to_string(self.path("ready.json")) {
                let ready: Value = serde_json::from_str(&text).unwrap();
                if ready["pid"] == json!(node.child.id()) {
                    node.ready = ready;
                    return node;
                }
            }
            if let Some(status) = node.child.try_wait().unwrap() {
                panic!("the node ended with {status}: {}", self.log());
            }
            assert!(
                Instant::now() < deadline,
                "the node is not ready: {}",
                self.log()
            );
            sleep(Duration::from_millis(5));
        }
    }

    /// Runs the node, which is expected not to start.
    pub fn fail(&self) -> (Option<i32>, String) {
        let mut child = self
            .command()
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                child.kill().unwrap();
                panic!("the node started: {}", self.log());
            }
            sleep(Duration::from_millis(5));
        }
        let Output { status, stderr, .. } = child.wait_with_output().unwrap();
        (status.code(), String::from_utf8(stderr).unwrap())
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("node.log")).unwrap_or_default()
    }

    /// Log lines of one event, as JSON.
    pub fn events(&self, event: &str) -> Vec<Value> {
        self.log()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|line: &Value| line["event"] == json!(event))
            .collect()
    }
}

pub fn run(arguments: &[&str]) -> String {
    let output = Command::new(BINARY).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A running node; killed when it goes out of scope.
pub struct Node<'a> {
    pub place: &'a Place,
    child: Child,
    pub ready: Value,
}

impl Drop for Node<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the node's log:\n{}", self.place.log());
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Node<'_> {
    pub fn address(&self, port: &str) -> String {
        self.ready["markets"]["eq"][port]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub fn connect(&self, port: &str) -> Client {
        Client::connect(&self.address(port))
    }

    /// Logs in and reads from message `next` on.
    pub fn login(&self, port: &str, user: &str, next: u64) -> Client {
        let mut client = self.connect(port);
        let password = format!("secret-{}", user[..1].to_lowercase());
        client.login(user, &password, "", next).unwrap();
        client
    }

    /// Asks the admin API: (status, body).
    pub fn call(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let admin = self.ready["admin"].as_str().unwrap();
        let mut stream = TcpStream::connect(admin).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    pub fn json(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let (status, text) = self.call(method, path, body);
        let value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}: {text}"));
        (status, value)
    }

    pub fn market(&self) -> Value {
        let (code, status) = self.json("GET", "/v1/status", "");
        assert_eq!(code, 200);
        status["markets"]["eq"].clone()
    }

    /// Waits until the market's status is as wanted.
    pub fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let market = self.market();
            if wanted(&market) {
                return market;
            }
            assert!(Instant::now() < deadline, "never {what}: {market:#}");
            sleep(Duration::from_millis(20));
        }
    }

    /// The value of a sample whose line begins so.
    pub fn metric(&self, sample: &str) -> f64 {
        let (_, text) = self.call("GET", "/metrics", "");
        let line = text.lines().find(|line| line.starts_with(sample));
        let line = line.unwrap_or_else(|| panic!("no sample {sample}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    pub fn signal(&self, signal: libc::c_int) {
        let pid = libc::pid_t::try_from(self.child.id()).unwrap();
        // SAFETY: the call takes two numbers; the process is our child and not waited for yet, so its id is its own.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    }

    /// SIGTERM, and how it ended.
    pub fn stop(mut self) -> ExitStatus {
        self.signal(libc::SIGTERM);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "it does not stop: {}",
                self.place.log()
            );
            sleep(Duration::from_millis(5));
        }
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The newest file below `dir` whose name ends so.
pub fn newest(dir: &Path, suffix: &str) -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(suffix))
        .collect();
    found.sort();
    found
        .pop()
        .unwrap_or_else(|| panic!("{} has no {suffix}", dir.display()))
}
