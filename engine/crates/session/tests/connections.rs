//! Clients on connections in front of a market: bytes in, bytes out, all of the crate between.
#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

mod common;

use common::Bench;
use rialto_market::command::Action;
use rialto_market::types::SessionId;
use rialto_session::server::Event;
use rialto_session::{CloseReason, Limits, Role, Server, Snapshot, StreamId, inbound, login};
use rialto_wire::Alpha;
use rialto_wire::ouch::inbound::EnterOrder;
use rialto_wire::ouch::{
    Capacity, CrossType, Display, IntermarketSweep, Side, TimeInForce, outbound,
};
use rialto_wire::soup::{ClientPacket, LoginRequest, ServerDecoder, ServerPacket};

/// A gateway of one connection: what a node does around [`Server`].
struct Gateway {
    bench: Bench,
}

impl Gateway {
    /// Lets the connection do all it can, and returns what it sent.
    fn work(&mut self, server: &mut Server, stream: StreamId) -> Vec<u8> {
        let now_ns = self.bench.now_ns;
        loop {
            let request = match server.poll(now_ns) {
                None | Some(Event::Closed(_)) => break,
                Some(Event::Login(request)) => Ok(request),
                Some(Event::Message(payload)) => {
                    Err(inbound::decode(payload).map(|_| payload.to_vec()))
                }
            };
            match request {
                Ok(request) => {
                    let state = self.bench.publisher.stream(stream);
                    let allowed = login::user(&request) == "ONE"
                        && login::password_matches(&request, "secret");
                    let start = match allowed {
                        true => login::start(&request, state.as_ref()),
                        false => Err(login::LoginReject::NotAuthorized),
                    };
                    match start {
                        Ok(start) => server.accept(start, now_ns),
                        Err(reject) => server.reject(reject, now_ns),
                    }
                }
                Err(Ok(message)) => self.bench.send(1, &message),
                Err(Err(error)) => server.close(CloseReason::BadMessage(error), now_ns),
            }
        }
        let mut sent = Vec::new();
        loop {
            let wanted = server.wanted();
            let message = wanted.and_then(|number| {
                let messages = self.bench.store.streams.get(&stream)?;
                messages.get(number as usize - 1)
            });
            match message {
                Some(message) => server.push(message, now_ns).unwrap(),
                None => {
                    let state = self.bench.publisher.stream(stream).unwrap();
                    if state.ended && wanted == Some(state.next) {
                        server.end_of_session(now_ns);
                    }
                    if server.output().is_empty() {
                        return sent;
                    }
                }
            }
            // The socket takes a little at a time.
            let taken = server.output().len().min(7);
            sent.extend_from_slice(&server.output()[..taken]);
            server.sent(taken, now_ns);
        }
    }
}

fn login_packet(password: &str, session: &str, sequence: u64) -> Vec<u8> {
    let mut out = Vec::new();
    ClientPacket::LoginRequest(LoginRequest {
        username: Alpha::new("one").unwrap(),
        password: Alpha::new(password).unwrap(),
        requested_session: Alpha::new(session).unwrap(),
        requested_sequence: sequence,
    })
    .encode(&mut out)
    .unwrap();
    out
}

fn order_packet(user_ref_num: u32, side: Side) -> Vec<u8> {
    let mut message = Vec::new();
    EnterOrder {
        user_ref_num,
        side,
        quantity: 10,
        symbol: Alpha::new("ABC").unwrap(),
        price_e4: 10_000,
        time_in_force: TimeInForce::Day,
        display: Display::Visible,
        capacity: Capacity::Principal,
        intermarket_sweep: IntermarketSweep::NotEligible,
        cross_type: CrossType::Continuous,
        cl_ord_id: Alpha::BLANK,
    }
    .encode(&mut message);
    let mut out = Vec::new();
    ClientPacket::UnsequencedData(&message)
        .encode(&mut out)
        .unwrap();
    out
}

/// The types of the packets, and the sequenced messages.
fn read(mut bytes: &[u8]) -> (String, Vec<Vec<u8>>) {
    let (mut kinds, mut messages) = (String::new(), Vec::new());
    while let Some((packet, used)) = ServerDecoder::default().frame(bytes).unwrap() {
        kinds.push(char::from(bytes[2]));
        if let ServerPacket::SequencedData(message) = packet {
            messages.push(message.to_vec());
        }
        bytes = &bytes[used..];
    }
    assert!(bytes.is_empty());
    (kinds, messages)
}

fn connect(role: Role, bytes: &[u8]) -> Server {
    let mut server = Server::new(role, Limits::default(), common::TEN_NS);
    assert_eq!(server.receive(bytes), bytes.len());
    server
}

const ONE: StreamId = StreamId::Session(SessionId(1));

#[test]
fn orders_in_reports_out_and_nothing_lost_over_a_second_login() {
    let bench = Bench::open();
    let mut gateway = Gateway { bench };
    let mut first = connect(Role::Orders, &login_packet("secret", "", 1));
    first.receive(&order_packet(1, Side::Buy));
    let (kinds, messages) = read(&gateway.work(&mut first, ONE));
    assert_eq!(kinds, "ASS");
    assert!(matches!(
        outbound::Message::decode(&messages[1]),
        Ok(outbound::Message::Accepted(_))
    ));
    first.receive(&order_packet(2, Side::Sell));
    // The connection hangs; the client comes again with its next number, and the older connection ends.
    assert_eq!(login::second_login(Role::Orders), login::Displaced::Older);
    let unread = gateway.work(&mut first, ONE);
    first.close(CloseReason::Displaced, gateway.bench.now_ns);
    let mut second = connect(Role::Orders, &login_packet("SECRET", "2611210101", 3));
    let (kinds, messages) = read(&gateway.work(&mut second, ONE));
    assert_eq!(kinds, "ASSS");
    assert_eq!(messages, read(&unread).1);
    assert_eq!(messages, gateway.bench.store.session(1)[2..]);
    assert_eq!(read(first.output()).0, "+");
}

#[test]
fn logins_that_are_refused() {
    let bench = Bench::open();
    let mut gateway = Gateway { bench };
    for packet in [
        login_packet("wrong", "", 1),
        login_packet("secret", "2611210102", 1),
        login_packet("secret", "", 3),
    ] {
        let mut server = connect(Role::Orders, &packet);
        assert_eq!(read(&gateway.work(&mut server, ONE)).0, "J");
        assert!(server.is_closed());
    }
    // Number 0: only what is new.
    let mut server = connect(Role::Orders, &login_packet("secret", "", 0));
    assert_eq!(read(&gateway.work(&mut server, ONE)).0, "A");
    assert_eq!(server.next(), 2);
}

#[test]
fn a_bad_message_costs_its_sender_the_session_and_nobody_else_anything() {
    let bench = Bench::open();
    let mut gateway = Gateway { bench };
    let mut other = connect(Role::Feed, &login_packet("secret", "", 0));
    gateway.work(&mut other, StreamId::Feed);
    let mut server = connect(Role::Orders, &login_packet("secret", "", 2));
    gateway.work(&mut server, ONE);
    server.receive(b"\x00\x02UZ");
    server.receive(&order_packet(1, Side::Buy));
    let before = gateway.bench.store.clone();
    assert_eq!(read(&gateway.work(&mut server, ONE)).0, "+");
    assert!(server.is_closed());
    assert_eq!(gateway.bench.store, before);
    gateway.bench.act(Action::Halt { instrument: None });
    assert_eq!(read(&gateway.work(&mut other, StreamId::Feed)).0, "SS");
}

#[test]
fn a_closed_day_is_read_to_its_end() {
    let mut bench = Bench::open();
    bench.act(Action::CloseDay);
    let mut gateway = Gateway { bench };
    let mut server = connect(Role::Feed, &login_packet("secret", "", 8));
    let (kinds, messages) = read(&gateway.work(&mut server, StreamId::Feed));
    assert_eq!(kinds, "ASSSZ");
    assert_eq!(messages, gateway.bench.store.feed()[7..]);
    assert!(server.is_closed());
}

#[test]
fn a_snapshot_connection() {
    let bench = Bench::open();
    let now_ns = bench.now_ns;
    let feed = bench.publisher.stream(StreamId::Feed).unwrap();
    let mut server = connect(Role::Snapshot, &login_packet("secret", "", 0));
    let Some(Event::Login(request)) = server.poll(now_ns) else {
        panic!("no login");
    };
    server.accept(
        login::start_snapshot(&request, Some(&feed)).unwrap(),
        now_ns,
    );
    let mut snapshot = Snapshot::new(&bench.market, feed.next);
    let mut message = Vec::new();
    while snapshot.next_message(&mut message) {
        server.push(&message, now_ns).unwrap();
    }
    server.end_of_session(now_ns);
    let (kinds, messages) = read(server.output());
    assert_eq!(kinds, "ASSSSSZ");
    assert_eq!(
        messages[4],
        [b"G".as_slice(), format!("{:>20}", feed.next).as_bytes()].concat()
    );
}
