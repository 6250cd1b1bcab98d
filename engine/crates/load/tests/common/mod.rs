//! A small venue of the tests' own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    dead_code,
    reason = "a test may, and no test uses all of it"
)]

use rialto_wire::ouch::inbound::Message;
use rialto_wire::ouch::outbound::{
    Accepted, AccountQueryResponse, Canceled, MassCancelResponse, Rejected,
};
use rialto_wire::ouch::{CancelReason, Firm, OrderState, RejectReason, TimeInForce};
use rialto_wire::soup::{
    ClientDecoder, ClientPacket, LoginAccepted, LoginRejectReason, ServerPacket, Session,
};
use std::collections::{BTreeMap, HashSet};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A venue of one session: every order rests, every cancel is carried out.
#[derive(Default)]
pub struct Venue {
    pub stream: Vec<Vec<u8>>,
    pub live: BTreeMap<u32, u32>,
    pub last_ref: u32,
    pub entered: HashSet<u32>,
    pub repeated: usize,
    pub logins: Vec<u64>,
    /// Which of its replicas leads.
    pub leader: usize,
    /// Messages heard so far.
    pub heard: usize,
    pub died: Option<Death>,
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

/// How a leader ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Its connections close, and it takes no logins any more.
    Killed,
    /// It says nothing any more.
    Frozen,
}

/// What happens to a venue.
#[derive(Clone, Copy)]
pub struct Plan {
    /// After this many messages; the last `forgotten` of them have no effect.
    pub after: usize,
    pub forgotten: usize,
    pub death: Option<Death>,
}

/// Serves one connection of replica `at`.
fn serve(mut socket: TcpStream, at: usize, venue: &Mutex<Venue>, plan: Option<Plan>) {
    let (mut bytes, mut next) = (Vec::new(), 0);
    let mut block = [0; 4096];
    loop {
        let read = socket.read(&mut block).unwrap_or(0);
        if read == 0 {
            return;
        }
        bytes.extend_from_slice(&block[..read]);
        let mut out = Vec::new();
        let mut venue = venue.lock().unwrap();
        let mut used_bytes = 0;
        while let Some((packet, used)) = ClientDecoder::default()
            .frame(&bytes[used_bytes..])
            .unwrap()
        {
            used_bytes += used;
            match packet {
                ClientPacket::LoginRequest(login) if login.password.text() != "secret" => {
                    ServerPacket::LoginRejected(LoginRejectReason::NotAuthorized)
                        .encode(&mut out)
                        .unwrap();
                }
                ClientPacket::LoginRequest(_) if at != venue.leader => {
                    if at == 0 && venue.died == Some(Death::Frozen) {
                        drop(venue);
                        std::thread::sleep(Duration::from_secs(60));
                        return;
                    }
                    if at != 0 || venue.died.is_none() {
                        ServerPacket::LoginRejected(LoginRejectReason::SessionNotAvailable)
                            .encode(&mut out)
                            .unwrap();
                    }
                    drop(socket.write_all(&out));
                    return;
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
                    venue.heard += 1;
                    let heard = venue.heard;
                    match plan {
                        Some(plan) if heard == plan.after => {
                            venue.died = plan.death;
                            if plan.death.is_none() {
                                venue.hear(message);
                                return;
                            }
                            venue.leader = 1;
                            drop(venue);
                            if plan.death == Some(Death::Frozen) {
                                std::thread::sleep(Duration::from_secs(60));
                            }
                            return;
                        }
                        Some(plan) if heard < plan.after && heard + plan.forgotten > plan.after => {
                        }
                        _ => venue.hear(message),
                    }
                }
                _ => {}
            }
        }
        bytes.drain(..used_bytes);
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

pub struct Run {
    pub folder: tempfile::TempDir,
    pub addresses: Vec<String>,
    pub venue: Arc<Mutex<Venue>>,
}

/// A venue of so many replicas, the first of which leads until the plan says otherwise.
pub fn start(replicas: usize, plan: Option<Plan>) -> Run {
    let venue = Arc::new(Mutex::new(Venue::default()));
    let mut addresses = Vec::new();
    for at in 0..replicas {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        addresses.push(listener.local_addr().unwrap().to_string());
        let shared = Arc::clone(&venue);
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let (socket, shared) = (socket.unwrap(), Arc::clone(&shared));
                std::thread::spawn(move || serve(socket, at, &shared, plan));
            }
        });
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("passwords.json"),
        r#"{"passwords": {"FLOW01": "secret", "BAD": "wrong"}}"#,
    )
    .unwrap();
    Run {
        folder,
        addresses,
        venue,
    }
}

impl Run {
    pub fn passwords(&self) -> PathBuf {
        self.folder.path().join("passwords.json")
    }

    pub fn flow(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rialto-load"));
        command.args([
            "flow",
            "--orders",
            &self.addresses.join(","),
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

pub fn last_json(output: &Output) -> serde_json::Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text
        .lines()
        .last()
        .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(line).unwrap()
}
