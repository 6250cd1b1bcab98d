//! The program against a small venue of the test's own: what it sends, that it goes on after a lost connection, how it ends.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

use rialto_wire::ouch::inbound::Message;
use rialto_wire::ouch::outbound::{
    Accepted, AccountQueryResponse, Canceled, MassCancelResponse, Rejected,
};
use rialto_wire::ouch::{CancelReason, Firm, OrderState, RejectReason, TimeInForce};
use rialto_wire::soup::{
    ClientDecoder, ClientPacket, LoginAccepted, LoginRejectReason, ServerPacket, Session,
};
use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

/// A venue of one session: every order rests, every cancel is carried out.
#[derive(Default)]
struct Venue {
    stream: Vec<Vec<u8>>,
    live: BTreeMap<u32, u32>,
    last_ref: u32,
    entered: HashSet<u32>,
    repeated: usize,
    logins: Vec<u64>,
}

impl Venue {
    fn say(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        let mut message = Vec::new();
        encode(&mut message);
        self.stream.push(message);
    }

    fn hear(&mut self, message: &[u8]) {
        match Message::decode(message).expect("the client sends OUCH") {
            Message::EnterOrder(m) if m.user_ref_num() <= self.last_ref => self.repeated += 1,
            Message::EnterOrder(m) if m.user_ref_num().is_multiple_of(50) => {
                self.last_ref = m.user_ref_num();
                self.say(|out| {
                    let (user_ref_num, cl_ord_id) = (m.user_ref_num(), m.cl_ord_id());
                    Rejected {
                        timestamp_ns: 1,
                        user_ref_num,
                        reason: RejectReason::Halted,
                        cl_ord_id,
                    }
                    .encode(out);
                });
            }
            Message::EnterOrder(m) => {
                self.last_ref = m.user_ref_num();
                assert!(
                    self.entered.insert(m.user_ref_num()),
                    "an order was carried out twice"
                );
                let rests = m.time_in_force() == TimeInForce::Day;
                self.say(|out| {
                    Accepted {
                        timestamp_ns: 1,
                        user_ref_num: m.user_ref_num(),
                        side: m.side(),
                        quantity: m.quantity(),
                        symbol: m.symbol(),
                        price_e4: m.price_e4(),
                        time_in_force: m.time_in_force(),
                        display: m.display(),
                        order_reference_number: u64::from(m.user_ref_num()),
                        capacity: m.capacity(),
                        intermarket_sweep: m.intermarket_sweep(),
                        cross_type: m.cross_type(),
                        order_state: OrderState::Live,
                        cl_ord_id: m.cl_ord_id(),
                    }
                    .encode(out);
                });
                if rests {
                    self.live.insert(m.user_ref_num(), m.quantity());
                } else {
                    self.canceled(
                        m.user_ref_num(),
                        m.quantity(),
                        CancelReason::ImmediateOrCancel,
                    );
                }
            }
            Message::CancelOrder(m) => {
                if let Some(quantity) = self.live.remove(&m.user_ref_num()) {
                    self.canceled(m.user_ref_num(), quantity, CancelReason::User);
                }
            }
            Message::ReplaceOrder(m) => {
                self.last_ref = m.user_ref_num();
                self.say(|out| {
                    let (user_ref_num, cl_ord_id) = (m.user_ref_num(), m.cl_ord_id());
                    Rejected {
                        timestamp_ns: 1,
                        user_ref_num,
                        reason: RejectReason::OrderNotFound,
                        cl_ord_id,
                    }
                    .encode(out);
                });
            }
            Message::MassCancel(m) => {
                let (user_ref_num, symbol) = (m.user_ref_num(), m.symbol());
                self.say(|out| {
                    MassCancelResponse {
                        timestamp_ns: 1,
                        user_ref_num,
                        firm: Firm::BLANK,
                        symbol,
                    }
                    .encode(out)
                });
            }
            Message::AccountQuery(_) => {
                let next_user_ref_num = self.last_ref + 1;
                self.say(|out| {
                    AccountQueryResponse {
                        timestamp_ns: 1,
                        next_user_ref_num,
                    }
                    .encode(out)
                });
            }
            other => panic!("{other:?} is not expected"),
        }
    }

    fn canceled(&mut self, user_ref_num: u32, quantity: u32, reason: CancelReason) {
        self.say(|out| {
            Canceled {
                timestamp_ns: 1,
                user_ref_num,
                quantity,
                reason,
            }
            .encode(out)
        });
    }
}

/// Serves one connection; cuts it off after `cut` messages, the last one heard and not answered any more.
fn serve(mut socket: TcpStream, venue: &Mutex<Venue>, cut: Option<usize>) {
    let (mut bytes, mut next, mut heard) = (Vec::new(), 0, 0);
    let mut block = [0; 4096];
    loop {
        let read = socket.read(&mut block).unwrap_or(0);
        if read == 0 {
            return;
        }
        bytes.extend_from_slice(&block[..read]);
        let mut out = Vec::new();
        let mut venue = venue.lock().unwrap();
        let mut at = 0;
        while let Some((packet, used)) = ClientDecoder::default().frame(&bytes[at..]).unwrap() {
            at += used;
            match packet {
                ClientPacket::LoginRequest(login) if login.password.text() != "secret" => {
                    ServerPacket::LoginRejected(LoginRejectReason::NotAuthorized)
                        .encode(&mut out)
                        .unwrap();
                }
                ClientPacket::LoginRequest(login) => {
                    venue.logins.push(login.requested_sequence);
                    let latest = venue.stream.len() as u64 + 1;
                    let sequence = if login.requested_sequence == 0 {
                        latest
                    } else {
                        login.requested_sequence
                    };
                    next = sequence as usize - 1;
                    let session = Session::new("2611210101").unwrap();
                    ServerPacket::LoginAccepted(LoginAccepted { session, sequence })
                        .encode(&mut out)
                        .unwrap();
                }
                ClientPacket::UnsequencedData(message) => {
                    venue.hear(message);
                    heard += 1;
                    if cut == Some(heard) {
                        return;
                    }
                }
                _ => {}
            }
        }
        bytes.drain(..at);
        for message in &venue.stream[next..] {
            ServerPacket::SequencedData(message)
                .encode(&mut out)
                .unwrap();
        }
        next = venue.stream.len();
        drop(venue);
        if socket.write_all(&out).is_err() {
            return;
        }
    }
}

struct Run {
    folder: tempfile::TempDir,
    address: String,
    venue: Arc<Mutex<Venue>>,
}

fn start(cut: Option<usize>) -> Run {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let venue = Arc::new(Mutex::new(Venue::default()));
    let shared = Arc::clone(&venue);
    std::thread::spawn(move || {
        let mut cut = cut;
        for socket in listener.incoming() {
            serve(socket.unwrap(), &shared, cut.take());
        }
    });
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("passwords.json"),
        r#"{"passwords": {"FLOW01": "secret", "BAD": "wrong"}}"#,
    )
    .unwrap();
    Run {
        folder,
        address,
        venue,
    }
}

impl Run {
    fn passwords(&self) -> PathBuf {
        self.folder.path().join("passwords.json")
    }

    fn flow(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rialto-load"));
        command.args([
            "flow",
            "--orders",
            &self.address,
            "--json",
            "--instrument",
            "BARK:100:1:482000:2000",
        ]);
        command
            .arg("--credentials")
            .arg(self.passwords())
            .args(more);
        command
    }
}

fn last_json(output: &Output) -> serde_json::Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text
        .lines()
        .last()
        .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(line).unwrap()
}

#[test]
fn a_flow_ends_with_its_figures() {
    let run = start(None);
    let status = run.folder.path().join("status.json");
    let mut command = run.flow(&[
        "--session",
        "FLOW01",
        "--rate",
        "200",
        "--seconds",
        "2",
        "--resting-orders",
        "50",
        "--progress",
    ]);
    let output = command.arg("--status-file").arg(&status).output().unwrap();
    let end = last_json(&output);
    assert!(output.status.success());
    let venue = run.venue.lock().unwrap();
    assert_eq!(end["accepted"], venue.entered.len());
    assert!(end["orders"].as_u64().unwrap() > 100, "{end}");
    assert!(end["rejected"]["Halted"].as_u64().unwrap() >= 1, "{end}");
    assert_eq!(end["latency_ns"]["count"], end["accepted"]);
    assert_eq!(end["unanswered"], 0);
    assert_eq!(end["resting"], venue.live.len());
    assert_eq!(end["reconnects"], 0);
    let second: serde_json::Value =
        serde_json::from_slice(&std::fs::read(status).unwrap()).unwrap();
    assert!(second["orders"].as_u64().unwrap() > 0);
}

#[test]
fn a_lost_connection_is_taken_up_again_and_nothing_is_lost_or_done_twice() {
    let run = start(Some(120));
    let output = run
        .flow(&["--username", "FLOW01", "--rate", "200", "--seconds", "2"])
        .output()
        .unwrap();
    let end = last_json(&output);
    let venue = run.venue.lock().unwrap();
    assert_eq!(end["reconnects"], 1);
    assert_eq!(end["unanswered"], 0, "{end}");
    assert_eq!(end["accepted"], venue.entered.len());
    assert_eq!(venue.logins.len(), 2);
    assert!(venue.logins[1] > 1, "it logs in with its next number");
}

#[test]
fn a_wrong_password_and_a_missing_login_are_told() {
    let run = start(None);
    for (name, text) in [
        ("BAD", "refuses the login of BAD"),
        ("NOBODY", "no password for NOBODY"),
    ] {
        let output = run.flow(&["--username", name]).output().unwrap();
        assert!(!output.status.success());
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(text), "{error}");
        assert!(!error.contains("wrong"), "a password is never shown");
    }
    let output = run
        .flow(&["--username", "FLOW01", "--instrument", "BARK:0:1:5"])
        .output()
        .unwrap();
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("tick size")
    );
}

#[test]
fn asked_to_end_it_ends_with_its_figures() {
    let run = start(None);
    let mut child = run
        .flow(&["--username", "FLOW01", "--seconds", "600", "--progress"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    let killed = Command::new("kill")
        .arg("-TERM")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(killed.success());
    let last = lines.map_while(Result::ok).last().unwrap();
    assert!(child.wait().unwrap().success());
    let end: serde_json::Value = serde_json::from_str(&last).unwrap();
    assert!(end["accepted"].as_u64().unwrap() > 0);
}

#[test]
fn an_echo_answers_every_message() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_rialto-load"))
        .args(["echo", "--file"])
        .arg(folder.path().join("echo"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = ready["echo"].as_str().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rialto-load"))
        .args(["echo", "--to", address, "--rate", "200", "--seconds", "1"])
        .output()
        .unwrap();
    let killed = Command::new("kill")
        .arg("-TERM")
        .arg(server.id().to_string())
        .status()
        .unwrap();
    assert!(killed.success() && server.wait().unwrap().success());
    let figures = last_json(&output);
    assert_eq!(figures["sent"], figures["answered"]);
    assert!(figures["sent"].as_u64().unwrap() >= 150);
}
