//! A client of one order session, without sockets and clocks: it logs in with its next number, takes reports by number,
//! and sends again what was not answered.

mod orders;

mod run;

pub use orders::SYMBOLS;
pub use run::{Directory, feed, trade};

use crate::random::Random;
use orders::{Awaits, Live, Sent};
use rialto_wire::Alpha;
use rialto_wire::ouch::outbound::Message;
use rialto_wire::soup::{ClientPacket, LoginRequest, ServerDecoder, ServerPacket};
use std::collections::{BTreeMap, VecDeque};

/// The password of every user.
pub const PASSWORD: &str = "simulated";
/// Messages without an answer at which a client waits.
const OUTSTANDING: usize = 48;

/// Why a connection is of no more use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lost {
    /// The login was refused: try the next address.
    Refused,
    /// The server broke the protocol.
    Broken(String),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Out,
    LoggingIn,
    /// Logged in, and a mark was sent behind which everything from before is told: then what is still unanswered goes
    /// out again.
    Asking(u32),
    In,
}

/// A SoupBinTCP reader of one numbered stream: what order clients and feed readers share.
#[derive(Debug)]
pub struct Stream {
    user: String,
    decoder: ServerDecoder,
    input: Vec<u8>,
    session: Option<[u8; 10]>,
    /// The messages received so far; the first has the number 1.
    pub received: Vec<Vec<u8>>,
}

/// What came in.
enum Came {
    Accepted,
    Message(Vec<u8>),
}

impl Stream {
    /// A reader that has nothing yet.
    pub fn new(user: String) -> Self {
        Self {
            user,
            decoder: ServerDecoder::default(),
            input: Vec::new(),
            session: None,
            received: Vec::new(),
        }
    }

    /// A new connection: begins with the login.
    fn login(&mut self, out: &mut Vec<u8>) {
        self.input.clear();
        let request = LoginRequest {
            username: Alpha::new(&self.user).unwrap_or(Alpha::BLANK),
            password: Alpha::new(PASSWORD).unwrap_or(Alpha::BLANK),
            requested_session: self.session.map_or(Alpha::BLANK, Alpha::clean),
            requested_sequence: self.received.len() as u64 + 1,
        };
        packet(&ClientPacket::LoginRequest(request), out);
    }

    fn receive(&mut self, bytes: &[u8]) -> Result<Vec<Came>, Lost> {
        self.input.extend_from_slice(bytes);
        let (mut at, mut came) = (0, Vec::new());
        loop {
            let rest = self.input.get(at..).unwrap_or_default();
            let framed = self.decoder.frame(rest);
            let framed = framed.map_err(|error| Lost::Broken(error.to_string()))?;
            let Some((packet, used)) = framed else {
                break;
            };
            at += used;
            match packet {
                ServerPacket::LoginAccepted(accepted) => {
                    let session = accepted.session.bytes();
                    if self.session.is_some_and(|before| before != session) {
                        return Err(Lost::Broken("another session was accepted".to_owned()));
                    }
                    if accepted.sequence != self.received.len() as u64 + 1 {
                        return Err(Lost::Broken(format!(
                            "asked for message {}, the stream starts at {}",
                            self.received.len() + 1,
                            accepted.sequence
                        )));
                    }
                    self.session = Some(session);
                    came.push(Came::Accepted);
                }
                ServerPacket::LoginRejected(_) => return Err(Lost::Refused),
                ServerPacket::SequencedData(message) => {
                    self.received.push(message.to_vec());
                    came.push(Came::Message(message.to_vec()));
                }
                ServerPacket::EndOfSession => {
                    return Err(Lost::Broken("the session ended".to_owned()));
                }
                ServerPacket::Debug(_) | ServerPacket::Heartbeat => {}
            }
        }
        self.input.drain(..at);
        Ok(came)
    }
}

fn packet(packet: &ClientPacket<'_>, out: &mut Vec<u8>) {
    let fits = packet.encode(out).is_ok();
    debug_assert!(fits, "a packet longer than its length field allows");
}

/// An order client.
#[derive(Debug)]
pub struct Client {
    /// Its session's number in the market.
    pub session: u32,
    /// Whether its account has its orders cancelled when it is gone.
    pub cancel_on_disconnect: bool,
    /// Its reports.
    pub stream: Stream,
    /// How often each message was put on a connection.
    pub sends: BTreeMap<Vec<u8>, u64>,
    /// Answers received.
    pub answered: u64,
    /// Messages sent again after a new login.
    pub resent: u64,
    random: Random,
    state: State,
    next_ref: u32,
    /// Numbers of requests that are no orders.
    next_request: u32,
    outstanding: VecDeque<Sent>,
    live: BTreeMap<u32, Live>,
    /// No more orders are made.
    pub quiet: bool,
    /// It does not leave of itself any more.
    pub stays: bool,
    /// It leaves and does not come back.
    pub gone: bool,
    /// Orders that it is to enter though it is quiet.
    pub probes: u32,
}

impl Client {
    /// A client that has sent nothing yet.
    pub fn new(session: u32, user: String, cancel_on_disconnect: bool, random: Random) -> Self {
        Self {
            session,
            cancel_on_disconnect,
            stream: Stream::new(user),
            sends: BTreeMap::new(),
            answered: 0,
            resent: 0,
            random,
            state: State::Out,
            next_ref: 1,
            next_request: 1,
            outstanding: VecDeque::new(),
            live: BTreeMap::new(),
            quiet: false,
            stays: false,
            gone: false,
            probes: 0,
        }
    }

    /// Whether it is logged in and may send.
    pub fn is_in(&self) -> bool {
        self.state == State::In
    }

    /// Messages without an answer.
    pub fn unanswered(&self) -> usize {
        self.outstanding.len()
    }

    /// What is still without an answer, for people.
    pub fn waits_for(&self) -> String {
        let all: Vec<String> = self
            .outstanding
            .iter()
            .map(|sent| format!("{:?}", sent.awaits))
            .collect();
        all.join(", ")
    }

    /// A new connection: begins with the login.
    pub fn connected(&mut self, out: &mut Vec<u8>) {
        self.state = State::LoggingIn;
        self.stream.login(out);
    }

    /// The connection is gone.
    pub fn disconnected(&mut self) {
        self.state = State::Out;
    }

    /// Takes bytes; appends what it answers with.
    ///
    /// # Errors
    /// The connection is of no more use.
    pub fn receive(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Lost> {
        for came in self.stream.receive(bytes)? {
            match came {
                Came::Accepted if self.state == State::LoggingIn => self.logged_in(out),
                Came::Accepted => return Err(Lost::Broken("a second login answer".to_owned())),
                Came::Message(message) => self.report(&message, out)?,
            }
        }
        Ok(())
    }

    fn logged_in(&mut self, out: &mut Vec<u8>) {
        let careful = self
            .outstanding
            .iter()
            .any(|sent| matches!(sent.awaits, Awaits::MassCancel(_)));
        if careful || (!self.outstanding.is_empty() && self.random.per_mille(200)) {
            // A mass cancel sent twice would end orders entered behind the first: what was answered is found out first.
            let number = self.take_request();
            self.state = State::Asking(number);
            self.put(&orders::mark(number), out);
        } else {
            self.send_again(out);
        }
    }

    fn send_again(&mut self, out: &mut Vec<u8>) {
        self.state = State::In;
        let messages: Vec<Vec<u8>> = self
            .outstanding
            .iter()
            .map(|sent| sent.message.clone())
            .collect();
        self.resent += messages.len() as u64;
        for message in messages {
            self.put(&message, out);
        }
    }

    fn put(&mut self, message: &[u8], out: &mut Vec<u8>) {
        *self.sends.entry(message.to_vec()).or_default() += 1;
        packet(&ClientPacket::UnsequencedData(message), out);
    }

    /// Sends a heartbeat.
    pub fn heartbeat(out: &mut Vec<u8>) {
        packet(&ClientPacket::Heartbeat, out);
    }

    /// Logs out.
    pub fn log_out(out: &mut Vec<u8>) {
        packet(&ClientPacket::LogoutRequest, out);
    }

    /// Asks for something, if it may; whether it did.
    pub fn act(&mut self, out: &mut Vec<u8>) -> bool {
        if self.state != State::In || self.quiet || self.outstanding.len() >= OUTSTANDING {
            return false;
        }
        let sent = self.next_message();
        self.send(sent, out);
        true
    }

    /// Enters the orders it is to enter though it is quiet: they rest far from the market.
    pub fn probe(&mut self, out: &mut Vec<u8>) {
        while self.state == State::In && self.probes > 0 {
            self.probes -= 1;
            let sent = self.far_order();
            self.send(sent, out);
        }
    }

    fn send(&mut self, sent: Sent, out: &mut Vec<u8>) {
        let message = sent.message.clone();
        self.outstanding.push_back(sent);
        self.put(&message, out);
    }

    fn take_request(&mut self) -> u32 {
        self.next_request += 1;
        self.next_request - 1
    }

    fn report(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Lost> {
        let message = Message::decode(bytes).map_err(|error| Lost::Broken(error.to_string()))?;
        match message {
            Message::Accepted(m) => {
                let number = m.user_ref_num();
                self.live.insert(number, Live::of(m.quantity()));
                self.answer(Awaits::Enter(number));
            }
            Message::Rejected(m) => {
                let number = m.user_ref_num();
                self.answer(Awaits::Enter(number));
                self.answer(Awaits::Replace(number));
            }
            Message::Replaced(m) => {
                self.live.remove(&m.orig_user_ref_num());
                let number = m.user_ref_num();
                self.live.insert(number, Live::of(m.quantity()));
                self.answer(Awaits::Replace(number));
            }
            Message::Executed(m) => self.reduce(m.user_ref_num(), m.quantity()),
            Message::Canceled(m) => {
                self.reduce(m.user_ref_num(), m.quantity());
                self.answer(Awaits::Cancel(m.user_ref_num()));
            }
            Message::CancelReject(m) => self.answer(Awaits::Cancel(m.user_ref_num())),
            Message::MassCancelResponse(m) => self.answer(Awaits::MassCancel(m.user_ref_num())),
            Message::AccountQueryResponse(_) => self.answer(Awaits::Query),
            Message::EnableOrderEntryResponse(m)
                if self.state == State::Asking(m.user_ref_num()) =>
            {
                self.send_again(out);
            }
            _ => {}
        }
        Ok(())
    }

    fn answer(&mut self, awaits: Awaits) {
        let at = self
            .outstanding
            .iter()
            .position(|sent| sent.awaits == awaits);
        if let Some(at) = at {
            self.outstanding.remove(at);
            self.answered += 1;
        }
    }

    fn reduce(&mut self, number: u32, quantity: u32) {
        if let Some(live) = self.live.get_mut(&number) {
            live.left = live.left.saturating_sub(quantity);
            if live.left == 0 {
                self.live.remove(&number);
            }
        }
    }
}
