//! SoupBinTCP 3.00: "SoupBinTCP Version 3.00", tables of §2. A packet is its length (0/2), its type (2/1) and a payload.

use super::{Vector, hex, shown};
use rialto_wire::soup::{
    ClientDecoder, ClientPacket, LoginAccepted, LoginRejectReason, LoginRequest, Password,
    ServerDecoder, ServerPacket, Session, Username,
};

/// Every packet a client sends, in hexadecimal by field, with its value.
fn from_client() -> Vec<(Vector, ClientPacket<'static>)> {
    let login = LoginRequest {
        username: Username::new("ALICE").unwrap(),
        password: Password::new("secret").unwrap(),
        requested_session: Session::new("2611210101").unwrap(),
        requested_sequence: 42,
    };
    vec![
        // §2.1 Debug Packet: length, '+', text.
        (("debug", hex("0003 2B 6869")), ClientPacket::Debug(b"hi")),
        // §2.3.1 Login Request: username (3/6) and password (9/10) padded on the right, requested session (19/10),
        // requested sequence number (29/20) in ASCII padded on the left.
        (
            (
                "login_request",
                hex(concat!(
                    "002F 4C",
                    "414C49434520",
                    "73656372657420202020",
                    "32363131323130313031",
                    "2020202020202020202020202020202020203432",
                )),
            ),
            ClientPacket::LoginRequest(login),
        ),
        // §2.3.2 Unsequenced Data.
        (
            ("unsequenced_data", hex("0004 55 00FF0A")),
            ClientPacket::UnsequencedData(&[0x00, 0xFF, 0x0A]),
        ),
        // §2.3.3 Client Heartbeat.
        (
            ("client_heartbeat", hex("0001 52")),
            ClientPacket::Heartbeat,
        ),
        // §2.3.4 Logout Request.
        (
            ("logout_request", hex("0001 4F")),
            ClientPacket::LogoutRequest,
        ),
    ]
}

/// Every packet a server sends, in hexadecimal by field, with its value.
fn from_server() -> Vec<(Vector, ServerPacket<'static>)> {
    let login = LoginAccepted {
        session: Session::new("2611210101").unwrap(),
        sequence: 18_446_744_073_709_551_615,
    };
    vec![
        // §2.1 Debug Packet.
        (("debug", hex("0003 2B 6869")), ServerPacket::Debug(b"hi")),
        // §2.2.1 Login Accepted: session (3/10), sequence number (13/20).
        (
            (
                "login_accepted",
                hex(concat!(
                    "001F 41",
                    "32363131323130313031",
                    "3138343436373434303733373039353531363135",
                )),
            ),
            ServerPacket::LoginAccepted(login),
        ),
        // §2.2.2 Login Rejected: reject reason code (3/1).
        (
            ("login_rejected_not_authorized", hex("0002 4A 41")),
            ServerPacket::LoginRejected(LoginRejectReason::NotAuthorized),
        ),
        (
            ("login_rejected_no_session", hex("0002 4A 53")),
            ServerPacket::LoginRejected(LoginRejectReason::SessionNotAvailable),
        ),
        // §2.2.3 Sequenced Data.
        (
            ("sequenced_data", hex("0003 53 0102")),
            ServerPacket::SequencedData(&[1, 2]),
        ),
        // §2.2.4 Server Heartbeat.
        (
            ("server_heartbeat", hex("0001 48")),
            ServerPacket::Heartbeat,
        ),
        // §2.2.5 End of Session.
        (
            ("end_of_session", hex("0001 5A")),
            ServerPacket::EndOfSession,
        ),
    ]
}

/// The vectors of a client's packets.
pub fn client() -> Vec<Vector> {
    from_client()
        .into_iter()
        .map(|(vector, _)| vector)
        .collect()
}

/// The vectors of a server's packets.
pub fn server() -> Vec<Vector> {
    from_server()
        .into_iter()
        .map(|(vector, _)| vector)
        .collect()
}

#[test]
fn client_packets_both_ways() {
    for ((name, bytes), packet) in from_client() {
        let mut out = Vec::new();
        packet.encode(&mut out).unwrap();
        assert_eq!(shown(&out), shown(&bytes), "{name}");
        let found = ClientDecoder::default().frame(&bytes);
        assert_eq!(found, Ok(Some((packet, bytes.len()))), "{name}");
    }
}

#[test]
fn server_packets_both_ways() {
    for ((name, bytes), packet) in from_server() {
        let mut out = Vec::new();
        packet.encode(&mut out).unwrap();
        assert_eq!(shown(&out), shown(&bytes), "{name}");
        let found = ServerDecoder::default().frame(&bytes);
        assert_eq!(found, Ok(Some((packet, bytes.len()))), "{name}");
    }
}

#[test]
fn a_stream_is_read_byte_by_byte() {
    let stream: Vec<u8> = client().into_iter().flat_map(|(_, bytes)| bytes).collect();
    let wanted: Vec<ClientPacket<'static>> = from_client()
        .into_iter()
        .map(|(_, packet)| packet)
        .collect();
    let decoder = ClientDecoder::default();
    let (mut start, mut found) = (0, Vec::new());
    for end in 0..=stream.len() {
        while let Some((packet, used)) = decoder.frame(&stream[start..end]).unwrap() {
            assert_eq!(start + used, end, "a packet is found with its last byte");
            found.push(format!("{packet:?}"));
            start += used;
        }
    }
    let wanted: Vec<String> = wanted.iter().map(|packet| format!("{packet:?}")).collect();
    assert_eq!(found, wanted);
}
