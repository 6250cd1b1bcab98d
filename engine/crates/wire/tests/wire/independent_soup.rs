//! SoupBinTCP's framing against `soupbintcp_model` (through `ouch_model`), which is not ours: our stream is cut into the
//! same packets by it, and its packets are read by us.
//!
//! It follows version 4.00, so both directions may carry both kinds of data. It pads user names and passwords on the
//! left; the specification pads them on the right (§2.3.1), so names shorter than their field are compared without
//! blanks.

use crate::golden::{self, shown};
use byteserde::prelude::{ByteDeserializerSlice, ByteSerializeStack, to_bytes_stack};
use ouch_model::prelude::{self as theirs, CltSoupBinTcpMsg, SvcSoupBinTcpMsg, VecPayload};
use rialto_wire::soup::{
    ClientDecoder, ClientPacket, LoginRejectReason, ServerDecoder, ServerPacket, trimmed,
};

type Client = CltSoupBinTcpMsg<VecPayload>;
type Server = SvcSoupBinTcpMsg<VecPayload>;

fn their_bytes<T: ByteSerializeStack>(value: &T) -> Vec<u8> {
    let (bytes, len) = to_bytes_stack::<2048, T>(value).expect("a packet of theirs");
    bytes[..len].to_vec()
}

#[test]
fn our_client_stream_is_cut_the_same() {
    let vectors = golden::soup::client();
    let stream: Vec<u8> = vectors
        .iter()
        .flat_map(|(_, bytes)| bytes.clone())
        .collect();
    let mut reader = ByteDeserializerSlice::new(&stream);
    for (name, bytes) in &vectors {
        let before = reader.idx();
        let packet: Client = reader
            .deserialize()
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(reader.idx() - before, bytes.len(), "{name}");
        assert_eq!(shown(&their_bytes(&packet)), shown(bytes), "{name}");
        let same = match *name {
            "debug" => matches!(packet, Client::Dbg(_)),
            "login_request" => matches!(packet, Client::LoginRequest(_)),
            "unsequenced_data" => matches!(packet, Client::UPayload(_)),
            "client_heartbeat" => matches!(packet, Client::HBeat(_)),
            _ => matches!(packet, Client::LogoutRequest(_)),
        };
        assert!(same, "{name} is {packet:?}");
    }
    assert!(reader.is_empty());
}

#[test]
fn our_server_stream_is_cut_the_same() {
    let vectors = golden::soup::server();
    let stream: Vec<u8> = vectors
        .iter()
        .flat_map(|(_, bytes)| bytes.clone())
        .collect();
    let mut reader = ByteDeserializerSlice::new(&stream);
    for (name, bytes) in &vectors {
        let before = reader.idx();
        let packet: Server = reader
            .deserialize()
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(reader.idx() - before, bytes.len(), "{name}");
        assert_eq!(shown(&their_bytes(&packet)), shown(bytes), "{name}");
        let same = match *name {
            "debug" => matches!(packet, Server::Dbg(_)),
            "login_accepted" => matches!(packet, Server::LoginAccepted(_)),
            "sequenced_data" => matches!(packet, Server::SPayload(_)),
            "server_heartbeat" => matches!(packet, Server::HBeat(_)),
            "end_of_session" => matches!(packet, Server::EndOfSession(_)),
            _ => matches!(packet, Server::LoginRejected(_)),
        };
        assert!(same, "{name} is {packet:?}");
    }
    assert!(reader.is_empty());
}

#[test]
fn their_client_packets_are_ours() {
    let login = Client::login(
        b"ALICE".as_slice().into(),
        b"secret".as_slice().into(),
        b"2611210101".into(),
        42_u64.into(),
    );
    let bytes = their_bytes(&login);
    let Ok(Some((ClientPacket::LoginRequest(found), used))) =
        ClientDecoder::default().frame(&bytes)
    else {
        panic!("{:?}", ClientDecoder::default().frame(&bytes));
    };
    assert_eq!(used, bytes.len());
    assert_eq!(trimmed(&found.username), "ALICE");
    assert_eq!(trimmed(&found.password), "secret");
    assert_eq!(trimmed(&found.requested_session), "2611210101");
    assert_eq!(found.requested_sequence, 42);

    let message = golden::ouch_inbound().swap_remove(0).1;
    for (packet, wanted) in [
        (Client::hbeat(), ClientPacket::Heartbeat),
        (Client::logout(), ClientPacket::LogoutRequest),
        (Client::dbg(b"hi"), ClientPacket::Debug(b"hi")),
        (
            Client::udata(VecPayload::new(message.clone())),
            ClientPacket::UnsequencedData(&message),
        ),
    ] {
        let bytes = their_bytes(&packet);
        assert_eq!(
            ClientDecoder::default().frame(&bytes),
            Ok(Some((wanted, bytes.len())))
        );
        let mut ours = Vec::new();
        wanted.encode(&mut ours).unwrap();
        assert_eq!(shown(&ours), shown(&bytes));
    }
}

#[test]
fn their_server_packets_are_ours() {
    let message = golden::ouch_outbound().swap_remove(0).1;
    for (packet, wanted) in [
        (Server::hbeat(), ServerPacket::Heartbeat),
        (
            Server::EndOfSession(theirs::EndOfSession::default()),
            ServerPacket::EndOfSession,
        ),
        (Server::dbg(b"hi"), ServerPacket::Debug(b"hi")),
        (
            Server::LoginRejected(theirs::LoginRejected::not_authorized()),
            ServerPacket::LoginRejected(LoginRejectReason::NotAuthorized),
        ),
        (
            Server::sdata(VecPayload::new(message.clone())),
            ServerPacket::SequencedData(&message),
        ),
    ] {
        let bytes = their_bytes(&packet);
        assert_eq!(
            ServerDecoder::default().frame(&bytes),
            Ok(Some((wanted, bytes.len())))
        );
        let mut ours = Vec::new();
        wanted.encode(&mut ours).unwrap();
        assert_eq!(shown(&ours), shown(&bytes));
    }
    let bytes = their_bytes(&Server::login_acc(b"2611210101".into(), 7_u64.into()));
    let Ok(Some((ServerPacket::LoginAccepted(found), _))) = ServerDecoder::default().frame(&bytes)
    else {
        panic!("{:?}", ServerDecoder::default().frame(&bytes));
    };
    assert_eq!((trimmed(&found.session), found.sequence), ("2611210101", 7));
}
