use super::*;
use proptest::prelude::*;
use rialto_wire::soup::ServerDecoder;

const SECOND: u64 = 1_000_000_000;
const START: Start = Start {
    session: *b"2611210101",
    next: 5,
};

fn login_request() -> LoginRequest {
    LoginRequest {
        username: Alpha::new("TRADE1").unwrap(),
        password: Alpha::new("secret").unwrap(),
        requested_session: Alpha::BLANK,
        requested_sequence: 5,
    }
}

fn bytes(packet: &ClientPacket<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    packet.encode(&mut out).unwrap();
    out
}

fn login() -> Vec<u8> {
    bytes(&ClientPacket::LoginRequest(login_request()))
}

fn message(text: &[u8]) -> Vec<u8> {
    bytes(&ClientPacket::UnsequencedData(text))
}

/// What the server sent since the last time, as text.
fn said(server: &mut Server, now_ns: u64) -> Vec<String> {
    let mut said = Vec::new();
    let mut output = server.output();
    while let Some((packet, used)) = ServerDecoder::default().frame(output).unwrap() {
        said.push(match packet {
            ServerPacket::LoginAccepted(a) => format!("A {} {}", a.session, a.sequence),
            ServerPacket::LoginRejected(reason) => format!("J {}", char::from(reason.code())),
            ServerPacket::SequencedData(m) => format!("S {}", String::from_utf8_lossy(m)),
            ServerPacket::Heartbeat => "H".into(),
            ServerPacket::EndOfSession => "Z".into(),
            ServerPacket::Debug(text) => format!("+ {}", String::from_utf8_lossy(text)),
        });
        output = &output[used..];
    }
    assert!(output.is_empty());
    let len = server.output().len();
    server.sent(len, now_ns);
    said
}

/// Polls until there is nothing more, accepting any login.
fn events(server: &mut Server, now_ns: u64) -> Vec<String> {
    let mut events = Vec::new();
    loop {
        let login = match server.poll(now_ns) {
            None => return events,
            Some(Event::Login(request)) => {
                events.push(format!("login {}", request.username));
                true
            }
            Some(Event::Message(payload)) => {
                events.push(format!("message {payload:?}"));
                false
            }
            Some(Event::Closed(reason)) => {
                events.push(reason.name().into());
                false
            }
        };
        if login {
            server.accept(START, now_ns);
        }
    }
}

fn open(role: Role) -> Server {
    let mut server = Server::new(role, Limits::default(), 0);
    server.receive(&login());
    assert_eq!(events(&mut server, 0), ["login TRADE1"]);
    assert_eq!(said(&mut server, 0), ["A 2611210101 5"]);
    server
}

#[test]
fn a_session_from_login_to_logout() {
    let mut server = Server::new(Role::Orders, Limits::default(), 0);
    assert_eq!(server.wanted(), None);
    server.receive(&login());
    assert_eq!(server.poll(1), Some(Event::Login(login_request())));
    // Until the login is answered nothing else is said or sent.
    server.receive(&message(b"first"));
    assert_eq!(server.poll(1), None);
    assert_eq!(server.wanted(), None);
    server.accept(START, 2);
    assert_eq!(server.poll(3), Some(Event::Message(b"first")));
    assert_eq!(server.poll(3), None);
    assert_eq!(server.wanted(), Some(5));
    server.push(b"five", 4).unwrap();
    server.push(b"six", 4).unwrap();
    assert_eq!((server.wanted(), server.next()), (Some(7), 7));
    server.receive(&bytes(&ClientPacket::Debug(b"hello")));
    server.receive(&bytes(&ClientPacket::Heartbeat));
    server.receive(&message(b""));
    server.receive(&bytes(&ClientPacket::LogoutRequest));
    server.receive(&message(b"too late"));
    assert_eq!(server.poll(5), Some(Event::Message(b"")));
    assert_eq!(server.poll(5), Some(Event::Closed(CloseReason::Logout)));
    assert_eq!(server.poll(5), None);
    assert_eq!(said(&mut server, 6), ["A 2611210101 5", "S five", "S six"]);
    assert!(server.is_closed() && !server.wants_read());
    assert_eq!(server.wanted(), None);
    assert_eq!(server.push(b"seven", 6), Err(PushError::NotWanted));
    assert_eq!(server.deadline(), None);
}

#[test]
fn a_refused_login_is_told_why_and_ends() {
    for (reject, said_so) in [
        (LoginReject::NotAuthorized, "J A"),
        (LoginReject::SessionNotAvailable, "J S"),
    ] {
        let mut server = Server::new(Role::Feed, Limits::default(), 0);
        server.receive(&login());
        assert!(matches!(server.poll(0), Some(Event::Login(_))));
        server.reject(reject, 0);
        assert_eq!(events(&mut server, 0), ["login_rejected"]);
        assert_eq!(said(&mut server, 0), [said_so]);
    }
}

#[test]
fn only_a_waiting_login_is_answered() {
    let mut server = Server::new(Role::Feed, Limits::default(), 0);
    server.accept(START, 0);
    server.reject(LoginReject::NotAuthorized, 0);
    assert!(server.output().is_empty() && !server.is_closed());
    let mut server = open(Role::Feed);
    server.accept(START, 0);
    server.reject(LoginReject::NotAuthorized, 0);
    assert!(server.output().is_empty() && !server.is_closed());
}

#[test]
fn packets_out_of_turn_end_the_connection() {
    let mut server = Server::new(Role::Orders, Limits::default(), 0);
    server.receive(&message(b"hello"));
    assert_eq!(events(&mut server, 0), ["not_logged_in"]);
    let mut server = open(Role::Orders);
    server.receive(&login());
    assert_eq!(events(&mut server, 0), ["second_login"]);
    for role in [Role::Feed, Role::Snapshot] {
        let mut server = open(role);
        server.receive(&message(b"hello"));
        assert_eq!(events(&mut server, 0), ["read_only"]);
        assert_eq!(
            said(&mut server, 0),
            ["+ a message came on a market data port; send orders to the order port"]
        );
    }
}

#[test]
fn malformed_bytes_end_the_connection_after_what_came_before() {
    let mut server = open(Role::Orders);
    server.receive(&message(b"good"));
    server.receive(b"\x00\x01?");
    server.receive(&message(b"never"));
    let events = events(&mut server, 0);
    assert_eq!(events, ["message [103, 111, 111, 100]", "malformed"]);
    let said = said(&mut server, 0);
    assert!(said[0].starts_with("+ SoupBinTCP client"), "{said:?}");
}

#[test]
fn a_packet_longer_than_the_bound_is_refused_at_its_header() {
    let mut server = open(Role::Orders);
    server.receive(&[0xFF, 0xFF]);
    assert_eq!(events(&mut server, 0), ["malformed"]);
}

#[test]
fn the_client_may_just_go() {
    let mut server = open(Role::Orders);
    server.receive(&message(b"a"));
    server.receive(&[0]);
    server.disconnected();
    assert_eq!(events(&mut server, 0), ["message [97]", "disconnected"]);
    assert!(server.output().is_empty());
}

#[test]
fn the_login_has_a_deadline() {
    let mut server = Server::new(Role::Feed, Limits::default(), SECOND);
    assert_eq!(server.deadline(), Some(11 * SECOND));
    // Bytes that are no login do not move it.
    server.receive(&login()[..20]);
    server.receive(&[]);
    server.tick(11 * SECOND - 1);
    assert_eq!(server.poll(11 * SECOND - 1), None);
    server.tick(11 * SECOND);
    assert_eq!(events(&mut server, 11 * SECOND), ["login_timeout"]);
}

#[test]
fn an_idle_server_sends_a_heartbeat_a_second() {
    let mut server = open(Role::Feed);
    assert_eq!(server.deadline(), Some(SECOND));
    server.tick(SECOND - 1);
    assert!(server.output().is_empty());
    server.tick(SECOND);
    assert_eq!(said(&mut server, SECOND), ["H"]);
    assert_eq!(server.deadline(), Some(2 * SECOND));
    server.push(b"m", SECOND + 7).unwrap();
    assert_eq!(said(&mut server, SECOND + 7), ["S m"]);
    assert_eq!(server.deadline(), Some(2 * SECOND + 7));
    server.tick(2 * SECOND);
    assert!(server.output().is_empty());
}

#[test]
fn a_silent_client_is_dropped_and_heartbeats_keep_it() {
    let mut server = open(Role::Orders);
    for second in [10, 20, 30] {
        server.receive(&bytes(&ClientPacket::Heartbeat));
        assert_eq!(server.poll(second * SECOND), None);
        server.tick(second * SECOND);
        said(&mut server, second * SECOND);
    }
    // Pieces of a packet are not a sign of life.
    server.receive(&[0]);
    assert_eq!(server.poll(44 * SECOND), None);
    server.tick(45 * SECOND - 1);
    assert!(!server.is_closed());
    said(&mut server, 45 * SECOND - 1);
    server.tick(45 * SECOND);
    assert_eq!(events(&mut server, 45 * SECOND), ["silent"]);
}

#[test]
fn a_client_is_not_silent_while_the_caller_does_not_listen() {
    let mut server = open(Role::Orders);
    server.receive(&message(b"waits"));
    said(&mut server, 0);
    server.tick(100 * SECOND);
    assert!(!server.is_closed());
    said(&mut server, 100 * SECOND);
    assert_eq!(events(&mut server, 101 * SECOND).len(), 1);
    server.excuse(110 * SECOND);
    server.tick(125 * SECOND - 1);
    assert!(!server.is_closed());
    server.tick(125 * SECOND);
    assert_eq!(events(&mut server, 125 * SECOND), ["silent"]);
}

#[test]
fn a_client_that_does_not_read_costs_one_buffer_and_then_its_connection() {
    let limits = Limits {
        output: 1_000,
        ..Limits::default()
    };
    let mut server = Server::new(Role::Feed, limits, 0);
    server.receive(&login());
    events(&mut server, 0);
    let mut pushed = 0;
    while server.wanted().is_some() {
        server.push(&[b'm'; 100], 0).unwrap();
        pushed += 1;
    }
    assert!((9..=11).contains(&pushed), "{pushed}");
    assert!(server.output().len() < 1_000 + 103);
    // Nor is it listened to meanwhile.
    assert!(!server.wants_read());
    assert_eq!(server.receive(&bytes(&ClientPacket::Heartbeat)), 0);
    // It takes a little at a time: slow, not stalled.
    for second in (10..60).step_by(10) {
        server.sent(10, second * SECOND);
        server.tick(second * SECOND);
        assert!(!server.is_closed());
    }
    assert_eq!(server.deadline(), Some(65 * SECOND));
    server.tick(65 * SECOND - 1);
    assert!(!server.is_closed());
    server.tick(65 * SECOND);
    assert_eq!(events(&mut server, 65 * SECOND), ["stalled"]);
    assert!(server.output().is_empty());
}

#[test]
fn input_is_bounded_and_resumes() {
    let limits = Limits {
        packet: 64,
        input: 100,
        ..Limits::default()
    };
    let mut server = Server::new(Role::Orders, limits, 0);
    server.receive(&login());
    events(&mut server, 0);
    said(&mut server, 0);
    let stream: Vec<u8> = (0..50u8).flat_map(|n| message(&[n; 20])).collect();
    let mut rest = stream.as_slice();
    let mut got = 0;
    while !rest.is_empty() {
        let room = server.read_room();
        let took = server.receive(rest);
        assert_eq!(took, room.min(rest.len()));
        assert!(server.read_room() == 0 || took == rest.len());
        assert_eq!(server.receive(b""), 0);
        rest = &rest[took..];
        got += events(&mut server, 0).len();
    }
    assert_eq!(got, 50);
    // A bound below one packet is raised to hold one.
    let tiny = Server::new(Role::Orders, Limits { input: 1, ..limits }, 0);
    assert_eq!(tiny.read_room(), 66);
}

#[test]
fn the_end_of_the_session_and_other_ends() {
    let mut server = open(Role::Feed);
    server.push(b"last", 0).unwrap();
    server.end_of_session(0);
    assert_eq!(events(&mut server, 0), ["end_of_session"]);
    assert_eq!(said(&mut server, 0), ["S last", "Z"]);
    let mut server = open(Role::Orders);
    server.close(CloseReason::Displaced, 0);
    server.close(CloseReason::Shutdown, 0);
    assert_eq!(events(&mut server, 0), ["displaced"]);
    assert_eq!(
        said(&mut server, 0),
        ["+ the same user logged in on another connection"]
    );
    let mut server = open(Role::Orders);
    server.receive(&message(b"taken and never committed"));
    server.close(CloseReason::LeadershipMoved, 0);
    assert_eq!(events(&mut server, 0), ["leadership_moved"]);
    assert!(!CloseReason::LeadershipMoved.is_violation());
    let [text] = &said(&mut server, 0)[..] else {
        panic!("one packet says why");
    };
    assert!(
        text.starts_with("+ leadership of the market moved"),
        "{text}"
    );
    // After the end, input is taken and forgotten.
    assert_eq!(server.receive(&login()), login().len());
    assert_eq!(server.poll(0), None);
    // Before the login there is no session to end.
    let mut server = Server::new(Role::Feed, Limits::default(), 0);
    server.end_of_session(0);
    assert!(!server.is_closed());
}

#[test]
fn a_message_too_long_for_a_packet_is_not_taken() {
    let limits = Limits {
        output: 1 << 20,
        ..Limits::default()
    };
    let mut server = Server::new(Role::Feed, limits, 0);
    server.receive(&login());
    events(&mut server, 0);
    assert_eq!(
        server.push(&vec![0; 65_535], 0),
        Err(PushError::TooLong { len: 65_535 })
    );
    assert_eq!(server.push(&vec![0; 65_534], 0), Ok(()));
    assert_eq!(server.next(), 6);
}

/// A client's bytes: packets, good ones mostly.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let packet = prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..60).prop_map(|m| message(&m)),
        2 => Just(bytes(&ClientPacket::Heartbeat)),
        2 => Just(bytes(&ClientPacket::Debug(b"text"))),
        1 => Just(bytes(&ClientPacket::LogoutRequest)),
        1 => Just(login()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    (
        prop::bool::weighted(0.9),
        prop::collection::vec(packet, 0..20),
    )
        .prop_map(|(first, packets)| {
            let mut stream = if first { login() } else { Vec::new() };
            stream.extend(packets.concat());
            stream
        })
}

/// Feeds a stream in pieces (the sizes come round and round) and returns all that was understood and sent.
fn feed(role: Role, stream: &[u8], sizes: &[usize]) -> (Vec<String>, Vec<u8>) {
    let mut server = Server::new(role, Limits::default(), 0);
    let mut understood = Vec::new();
    let mut sizes = sizes.iter().cycle();
    let mut rest = stream;
    while !rest.is_empty() {
        let size = sizes.next().copied().unwrap_or(1).clamp(1, rest.len());
        let took = server.receive(&rest[..size]);
        assert!(took > 0 || server.read_room() == 0);
        rest = &rest[took..];
        understood.extend(events(&mut server, 0));
    }
    server.disconnected();
    understood.extend(events(&mut server, 0));
    (understood, server.output().to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// How input is cut into pieces makes no difference.
    #[test]
    fn pieces_make_no_difference(
        stream in stream(),
        sizes in prop::collection::vec(1..40usize, 1..10),
    ) {
        for role in [Role::Orders, Role::Feed, Role::Snapshot] {
            let whole = feed(role, &stream, &[usize::MAX]);
            prop_assert_eq!(&feed(role, &stream, &[1]), &whole);
            prop_assert_eq!(&feed(role, &stream, &sizes), &whole);
        }
    }

    /// Any bytes end in a close, once, with nothing behind it.
    #[test]
    fn any_bytes_end_in_one_close(
        first in prop::bool::ANY,
        noise in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut stream = if first { login() } else { Vec::new() };
        stream.extend(&noise);
        let (understood, _) = feed(Role::Orders, &stream, &[7]);
        let ends = understood.iter().filter(|e| !e.contains(' ')).count();
        prop_assert_eq!(ends, 1);
        prop_assert!(understood.last().is_some_and(|e| !e.contains(' ')));
    }

    /// Time in any steps, with any pieces taken of the output: no panic, deadlines lie ahead once they were served, and
    /// the buffer keeps its bound.
    #[test]
    fn time_and_readers_of_any_kind(
        steps in prop::collection::vec((0..20u64, 0..300usize, 0..200usize, prop::bool::ANY), 1..60),
    ) {
        let limits = Limits { output: 500, ..Limits::default() };
        let mut server = Server::new(Role::Feed, limits, 0);
        server.receive(&login());
        events(&mut server, 0);
        let mut now_ns = 0;
        for (seconds, size, taken, heard) in steps {
            now_ns += seconds * SECOND / 2;
            if heard {
                server.receive(&bytes(&ClientPacket::Heartbeat));
            }
            if server.wanted().is_some() {
                prop_assert_eq!(server.push(&vec![b'm'; size], now_ns), Ok(()));
            }
            prop_assert!(server.output().len() < 500 + 3 + 300);
            events(&mut server, now_ns);
            server.tick(now_ns);
            if let Some(deadline) = server.deadline() {
                prop_assert!(deadline > now_ns, "{deadline} at {now_ns}");
            }
            server.sent(taken.min(server.output().len()), now_ns);
        }
    }
}
