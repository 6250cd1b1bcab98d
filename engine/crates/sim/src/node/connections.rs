//! A node's client connections: the session machine between bytes and the desk.

use super::streams::Streams;
use crate::net::Port;
use rialto_market::command::Request;
use rialto_market::types::SessionId;
use rialto_replica::{FrameSink, FrameStream};
use rialto_session::login::{self, LoginReject};
use rialto_session::publish::Publisher;
use rialto_session::server::{CloseReason, Event, Limits, Role, Server};
use rialto_session::{StreamId, inbound};
use rialto_wire::soup::LoginRequest;
use std::collections::VecDeque;
use std::task::{Context, Poll};

/// Times are shorter than a real venue's, so that a run of some seconds sees all of them.
const LIMITS: Limits = Limits {
    login_ns: 1_500_000_000,
    heartbeat_ns: 150_000_000,
    silence_ns: 1_200_000_000,
    stall_ns: 1_200_000_000,
    packet: rialto_wire::soup::CLIENT_LIMIT,
    input: 16 * 1024,
    output: 32 * 1024,
};

/// What a connection wants of its node.
pub enum Wants {
    /// A login, to be answered.
    Login(LoginRequest),
    /// A message of its session.
    Message(SessionId, Request),
    /// It is over; whether its client is the cause.
    Over(Option<SessionId>, bool),
}

/// One connection of a client.
pub struct Connection {
    /// Orders or market data.
    pub port: Port,
    /// The session logged in to.
    pub session: Option<SessionId>,
    server: Server,
    sink: FrameSink,
    stream: FrameStream,
    reads: Option<StreamId>,
    /// Received bytes that the machine had no room for.
    rest: VecDeque<u8>,
    ended: bool,
    /// Nothing more goes through.
    pub over: bool,
}

impl Connection {
    /// A connection just made.
    pub fn new(port: Port, (sink, stream): (FrameSink, FrameStream), now_ns: u64) -> Self {
        let role = match port {
            Port::Orders => Role::Orders,
            Port::Feed => Role::Feed,
        };
        Self {
            port,
            session: None,
            server: Server::new(role, LIMITS, now_ns),
            sink,
            stream,
            reads: None,
            rest: VecDeque::new(),
            ended: false,
            over: false,
        }
    }

    /// Takes bytes that came; whether there were some.
    pub fn receive(&mut self, cx: &mut Context<'_>) -> bool {
        let mut came = false;
        while self.rest.is_empty() && !self.ended && self.server.wants_read() {
            match self.stream.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(bytes))) => {
                    self.rest.extend(bytes);
                    self.feed();
                }
                Poll::Ready(_) => {
                    self.ended = true;
                    self.server.disconnected();
                }
                Poll::Pending => break,
            }
            came = true;
        }
        if !self.rest.is_empty() && self.server.read_room() > 0 {
            self.feed();
            came = true;
        }
        came
    }

    fn feed(&mut self) {
        let bytes = self.rest.make_contiguous();
        let took = self.server.receive(bytes);
        self.rest.drain(..took);
    }

    /// What the client wants next.
    pub fn wants(&mut self, now_ns: u64) -> Option<Wants> {
        if self.over {
            return None;
        }
        match self.server.poll(now_ns)? {
            Event::Login(request) => Some(Wants::Login(request)),
            Event::Message(payload) => match (inbound::decode(payload), self.session) {
                (Ok(request), Some(session)) => Some(Wants::Message(session, request)),
                (Ok(_), None) => None,
                (Err(error), _) => {
                    self.server.close(CloseReason::BadMessage(error), now_ns);
                    self.wants(now_ns)
                }
            },
            Event::Closed(reason) => {
                self.over = true;
                let by_client = !matches!(
                    reason,
                    CloseReason::Displaced
                        | CloseReason::LeadershipMoved
                        | CloseReason::Shutdown
                        | CloseReason::LoginRejected(_)
                );
                Some(Wants::Over(self.session, by_client))
            }
        }
    }

    /// Answers a login: from where the stream of `id` is read.
    pub fn log_in(
        &mut self,
        request: &LoginRequest,
        id: StreamId,
        publisher: &Publisher,
        now_ns: u64,
    ) -> bool {
        match login::start(request, publisher.stream(id).as_ref()) {
            Ok(start) => {
                self.server.accept(start, now_ns);
                self.reads = Some(id);
                if let StreamId::Session(session) = id {
                    self.session = Some(session);
                }
                true
            }
            Err(reject) => {
                self.server.reject(reject, now_ns);
                false
            }
        }
    }

    /// Refuses a login.
    pub fn refuse(&mut self, reject: LoginReject, now_ns: u64) {
        self.server.reject(reject, now_ns);
    }

    /// Ends it.
    pub fn close(&mut self, reason: CloseReason, now_ns: u64) {
        self.server.close(reason, now_ns);
    }

    /// Heartbeats and time limits. `excused`: the node itself did not read.
    pub fn tick(&mut self, now_ns: u64, excused: bool) {
        if excused {
            self.server.excuse(now_ns);
        }
        self.server.tick(now_ns);
    }

    /// Sends what its stream has for it; whether something went. `Err` where a message is missing.
    pub fn send(
        &mut self,
        streams: &Streams,
        now_ns: u64,
        cx: &mut Context<'_>,
    ) -> Result<bool, u64> {
        let mut went = false;
        loop {
            if let Some(id) = self.reads {
                let next = |stream: &Streams| stream.stream(id).map_or(1, |kept| kept.next());
                while let Some(number) = self.server.wanted() {
                    match streams.message(id, number) {
                        Some(message) => {
                            if self.server.push(message, now_ns).is_err() {
                                return Err(number);
                            }
                        }
                        None if number < next(streams) => return Err(number),
                        None => break,
                    }
                }
            }
            if self.server.output().is_empty() {
                return Ok(went);
            }
            match self.sink.as_mut().poll_ready(cx) {
                Poll::Pending => return Ok(went),
                Poll::Ready(ready) => {
                    let bytes = self.server.output().to_vec();
                    let count = bytes.len();
                    let sent = ready.and_then(|()| self.sink.as_mut().start_send(bytes));
                    if sent.is_err() && !self.ended {
                        self.ended = true;
                        self.server.disconnected();
                    }
                    self.server.sent(count, now_ns);
                    went = true;
                }
            }
        }
    }
}
