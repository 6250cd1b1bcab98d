//! One connection from its first byte to its last: bytes between socket and session machine, messages between session
//! machine and market. Nothing here waits for another client.

mod login;

use crate::gateway::reader::{Pulled, Reader};
use crate::market_loop::Shared;
use crate::metrics::{OTHER, Port};
use login::{Confirmed, confirmed, over};
use rialto_market::types::SessionId;
use rialto_replica::LeaderEpoch;
use rialto_session::inbound;
use rialto_session::login::LoginReject;
use rialto_session::server::{self, CloseReason, Role, Server};
use rialto_wire::soup::LoginRequest;
use std::cell::Cell;
use std::future::pending;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

/// How often deadlines are looked at; a fifth of the least time limit where that is shorter.
const TICK: Duration = Duration::from_millis(250);
/// Bytes taken from a socket at once, and the most that waits in a connection to be sequenced.
pub const INPUT: usize = 64 << 10;
/// The output buffer of a connection.
const OUTPUT: usize = 64 << 10;
/// Buffers written in one turn; then others have theirs.
const TURNS: usize = 16;
/// How long the rest of the output of an ended connection may take.
const LINGER: Duration = Duration::from_secs(1);

struct Connection<'a> {
    shared: &'a Shared,
    stream: TcpStream,
    port: Port,
    server: Server,
    wake: Rc<Notify>,
    kick: Rc<Cell<Option<CloseReason>>>,
    reader: Option<Reader>,
    user: String,
    session: Option<SessionId>,
    /// The inbound queue was full, so nothing is read.
    paused: bool,
    /// The leadership it logged in to, of an order session.
    epoch: Option<LeaderEpoch>,
    /// How often the state had been replaced when it logged in.
    replaced: u64,
    /// The login that waits until this replica is sure to lead.
    confirming: Option<(LoginRequest, Confirmed)>,
    /// The login that waits until it is known who leads, and until when.
    held: Option<(LoginRequest, Instant)>,
    /// The socket took no more while there was more than the output buffer holds, so nothing is read.
    behind: bool,
    /// A feed reader that had everything once.
    live: bool,
    /// The client takes bytes no more, or its socket failed.
    broken: bool,
    ended: Option<CloseReason>,
}

/// Serves one connection until it ends.
pub async fn serve(shared: &Shared, stream: TcpStream, peer: SocketAddr, port: Port) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(event = "nodelay_failed", error = %error);
    }
    let limits = &shared.limits;
    let ns = crate::clock::nanoseconds;
    let bounds = server::Limits {
        login_ns: ns(limits.login_timeout),
        silence_ns: ns(limits.client_timeout),
        stall_ns: ns(limits.stall_timeout),
        input: INPUT,
        output: OUTPUT,
        ..server::Limits::default()
    };
    let role = match port {
        Port::Orders => Role::Orders,
        Port::Feed => Role::Feed,
        Port::Snapshot => Role::Snapshot,
    };
    let mut connection = Connection {
        shared,
        stream,
        port,
        server: Server::new(role, bounds, shared.clock.mono_ns()),
        wake: Rc::new(Notify::new()),
        kick: Rc::new(Cell::new(None)),
        reader: None,
        user: String::new(),
        session: None,
        paused: false,
        epoch: None,
        replaced: 0,
        confirming: None,
        held: None,
        behind: false,
        live: false,
        broken: false,
        ended: None,
    };
    let least = limits
        .login_timeout
        .min(limits.client_timeout)
        .min(limits.stall_timeout);
    connection.run(TICK.min(least / 5)).await;
    connection.finish(peer).await;
}

impl Connection<'_> {
    async fn run(&mut self, tick: Duration) {
        let mut tick = interval(tick.max(Duration::from_millis(1)));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let now = self.shared.clock.mono_ns();
            if let Some(reason) = self.kick.take() {
                self.server.close(reason, now);
            }
            self.heed(now);
            if self.shared.stopping.get() && !self.server.is_closed() {
                return self.stop().await;
            }
            if self.paused || self.behind {
                // Its heartbeats are not read either, so its silence is not its own.
                self.server.excuse(now);
            }
            self.server.tick(now);
            self.admit(now);
            self.receive();
            self.poll(now);
            let more = self.send(now).await;
            if self.server.is_closed() {
                // The end is told once more than the loop above may have polled.
                self.poll(now);
            }
            if self.ended.is_some() || self.broken {
                return;
            }
            if more {
                tokio::task::yield_now().await;
                continue;
            }
            let reads = self.server.wants_read() && !self.paused && !self.behind;
            let interest = match (reads, self.server.output().is_empty()) {
                (true, true) => Some(Interest::READABLE),
                (true, false) => Some(Interest::READABLE | Interest::WRITABLE),
                (false, false) => Some(Interest::WRITABLE),
                (false, true) => None,
            };
            let stream = &self.stream;
            let confirming = &mut self.confirming;
            let held = self.held.map(|(_, until)| until);
            tokio::select! {
                ready = async {
                    match interest {
                        Some(interest) => stream.ready(interest).await.map(|_| ()),
                        None => pending().await,
                    }
                } => self.broken |= ready.is_err(),
                () = self.wake.notified() => {}
                () = self.shared.room.notified(), if self.paused => {}
                () = self.shared.heed.notified() => {}
                confirmed = confirmed(confirming), if confirming.is_some() => self.confirmed(confirmed),
                () = over(held), if held.is_some() => {}
                _ = tick.tick() => {}
            }
        }
    }

    /// Ends where leadership or the state went from under it.
    fn heed(&mut self, now: u64) {
        if self.epoch.is_some() && self.shared.core.borrow().desk.serves() != self.epoch {
            self.server.close(CloseReason::LeadershipMoved, now);
        } else if self.reader.is_some() && self.replaced != self.shared.replaced.get() {
            // Its stream was replaced by a longer one: it comes back by number.
            self.server.close(CloseReason::Stalled, now);
        }
    }

    fn is_full(&self) -> bool {
        self.shared.core.borrow().desk.inbound_len() >= self.shared.limits.inbound_messages
    }

    /// Socket to session machine.
    fn receive(&mut self) {
        let room = self.server.read_room().min(INPUT);
        if room == 0 || self.paused || self.behind {
            return;
        }
        let mut scratch = self.shared.scratch.borrow_mut();
        let Some(buffer) = scratch.get_mut(..room) else {
            return;
        };
        match self.stream.try_read(buffer) {
            Ok(0) => self.server.disconnected(),
            Ok(count) => {
                self.shared.metrics.received_bytes.add(count as u64);
                let bytes = buffer.get(..count).unwrap_or_default();
                self.server.receive(bytes);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.server.disconnected(),
        }
    }

    /// Session machine to market.
    fn poll(&mut self, now: u64) {
        let mut wall_ns = 0;
        let mut pushed = false;
        if self.paused && !self.is_full() {
            self.paused = false;
            self.server.excuse(now);
        }
        loop {
            if self.session.is_some() && self.is_full() {
                if !self.paused {
                    self.paused = true;
                    self.shared.metrics.inbound_full.add(1);
                }
                break;
            }
            match self.server.poll(now) {
                None => break,
                Some(server::Event::Login(request)) => self.first(request, now),
                Some(server::Event::Message(payload)) => match inbound::decode(payload) {
                    Ok(request) => {
                        if wall_ns == 0 {
                            wall_ns = self.shared.clock.wall_ns();
                        }
                        if let Some(session) = self.session {
                            let mut core = self.shared.core.borrow_mut();
                            core.push(session, request, now, wall_ns);
                            pushed = true;
                        }
                    }
                    Err(error) => self.server.close(CloseReason::BadMessage(error), now),
                },
                Some(server::Event::Closed(reason)) => {
                    self.ended = Some(reason);
                    break;
                }
            }
        }
        if pushed {
            self.shared.waiting.notify_one();
        }
    }

    /// Market to socket. Whether there is more that could be sent at once.
    async fn send(&mut self, now: u64) -> bool {
        for _ in 0..TURNS {
            let pulled = match &mut self.reader {
                Some(reader) if !self.server.is_closed() => reader.pull(&mut self.server, now),
                _ => Pulled::Empty,
            };
            let wrote = self.write();
            self.behind = !wrote && !matches!(pulled, Pulled::Empty | Pulled::Ended);
            if !wrote {
                // The socket takes no more. What left the memory meanwhile is looked at when it does.
                return false;
            }
            match pulled {
                Pulled::Enough => {}
                Pulled::Empty => {
                    // Before the login there is nothing to have all of.
                    self.live = self.reader.is_some();
                    return false;
                }
                Pulled::Ended => {
                    self.server.end_of_session(now);
                    self.write();
                    return false;
                }
                Pulled::Absent(file, length) => {
                    if self.live && self.port == Port::Feed {
                        // A live reader that fell out of memory: it comes back by number.
                        self.server.close(CloseReason::Stalled, now);
                        return false;
                    }
                    let Some(Reader::Stream(reader)) = &mut self.reader else {
                        return false;
                    };
                    if let Err(error) = reader.load(file, length).await {
                        tracing::error!(event = "stream_unreadable", user = self.user, error = %error);
                        self.broken = true;
                        return false;
                    }
                }
            }
        }
        true
    }

    /// Writes what waits; whether the socket took all of it.
    fn write(&mut self) -> bool {
        let mut wrote = false;
        while !self.server.output().is_empty() {
            match self.stream.try_write(self.server.output()) {
                Ok(count) => {
                    wrote = true;
                    self.shared.metrics.sent_bytes.add(count as u64);
                    self.server.sent(count, self.shared.clock.mono_ns());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(_) => {
                    self.broken = true;
                    return false;
                }
            }
        }
        if wrote && let Some(session) = self.session {
            let mut core = self.shared.core.borrow_mut();
            core.sent(session, self.server.next(), &self.shared.metrics);
        }
        true
    }

    /// The node stops: nothing more is read; what the market still says to what was taken goes out first.
    async fn stop(&mut self) {
        let patience = Instant::now();
        while patience.elapsed() < LINGER {
            let now = self.shared.clock.mono_ns();
            let more = self.send(now).await;
            let idle = self.shared.core.borrow().desk.is_idle();
            if self.broken || (idle && !more && self.server.output().is_empty()) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.server
            .close(CloseReason::Shutdown, self.shared.clock.mono_ns());
        self.ended = Some(CloseReason::Shutdown);
    }

    /// Sends what is left, closes the socket, counts and logs the end.
    async fn finish(mut self, peer: SocketAddr) {
        if let Some(session) = self.session {
            // A leader that goes, for whatever reason, does not say that its clients have gone.
            let ours = matches!(
                self.ended,
                Some(CloseReason::Shutdown | CloseReason::LeadershipMoved)
            );
            let left = !ours && !self.shared.stopping.get();
            let mut core = self.shared.core.borrow_mut();
            core.disconnect(session, &self.wake, left);
            self.shared.waiting.notify_one();
        }
        let reason = self.ended;
        if !self.broken {
            let patience = match reason {
                Some(CloseReason::EndOfSession) => self.shared.limits.stall_timeout,
                _ => LINGER,
            };
            let rest = self.server.output().to_vec();
            let sent = tokio::time::timeout(patience, async {
                self.stream.write_all(&rest).await?;
                self.stream.shutdown().await
            });
            if let Ok(Err(error)) | Err(error) = sent.await.map_err(io::Error::from) {
                tracing::debug!(event = "rest_not_sent", peer = %peer, error = %error);
            }
        }
        let cause = reason.map_or(OTHER, |reason| reason.name());
        self.shared.metrics.connection_ended(self.port, cause);
        let why = reason.map_or("the socket failed".to_owned(), |reason| reason.to_string());
        let market = &self.shared.config.name;
        let port = self.port.name();
        if reason.is_some_and(|reason| reason.is_violation()) {
            tracing::warn!(event = "connection_ended", market, port, user = self.user, peer = %peer, cause, why);
        } else if reason == Some(CloseReason::LoginRejected(LoginReject::NotLeading)) {
            // Clients look for the leader this way, many times a second.
            tracing::debug!(event = "connection_ended", market, port, peer = %peer, cause, why);
        } else {
            tracing::info!(event = "connection_ended", market, port, user = self.user, peer = %peer, cause, why);
        }
    }
}
