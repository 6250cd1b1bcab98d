//! Logins: who may, where they begin, and on which replica.

use super::Connection;
use crate::definitions;
use crate::gateway::reader::Reader;
use crate::market_loop::Link;
use crate::metrics::Port;
use rialto_market::types::SessionId;
use rialto_replica::NotLeader;
use rialto_session::StreamId;
use rialto_session::login::{self, Displaced, LoginReject};
use rialto_session::server::CloseReason;
use rialto_wire::soup::LoginRequest;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Says whether this replica leads, and at which position a read is current.
pub(super) enum Confirmed {
    /// The others are asked.
    Asked(oneshot::Receiver<Result<u64, NotLeader>>),
    /// It does, and this position has to be applied first.
    At(u64),
}

impl Connection<'_> {
    /// Answers a login, or asks first whether this replica leads: a snapshot at the leader is surely the leader's.
    pub(super) fn first(&mut self, request: LoginRequest, now: u64) {
        let serves = self.shared.core.borrow().desk.is_serving();
        match self.port {
            Port::Orders if !serves => self.server.reject(LoginReject::NotLeading, now),
            Port::Snapshot if serves => {
                let (sender, receiver) = oneshot::channel();
                self.shared.confirms.borrow_mut().push(sender);
                self.shared.waiting.notify_one();
                self.confirming = Some((request, Confirmed::Asked(receiver)));
            }
            _ => self.login(&request, now),
        }
    }

    /// Answers the login that waited for the leadership to be confirmed.
    pub(super) fn confirmed(&mut self, confirmed: Result<u64, NotLeader>) {
        let Some((request, _)) = self.confirming.take() else {
            return;
        };
        let now = self.shared.clock.mono_ns();
        let applied = self.shared.core.borrow().desk.replica.position();
        match confirmed {
            Ok(position) if position > applied => {
                self.confirming = Some((request, Confirmed::At(position)));
            }
            Ok(_) => self.login(&request, now),
            Err(_) => self.server.reject(LoginReject::NotLeading, now),
        }
    }

    fn login(&mut self, request: &LoginRequest, now: u64) {
        self.user = login::user(request);
        let answer = self.authorize(request).and_then(|session| {
            self.start(request, session)
                .map(|(start, reader)| (session, start, reader))
        });
        match answer {
            Ok((session, start, reader)) => {
                if let Some(session) = session {
                    self.displace(session);
                    self.epoch = self.shared.core.borrow().desk.serves();
                }
                self.session = session;
                self.replaced = self.shared.replaced.get();
                self.reader = Some(reader);
                self.shared.metrics.logins[self.port as usize].add(1);
                tracing::info!(
                    event = "login",
                    market = self.shared.config.name,
                    port = self.port.name(),
                    user = self.user,
                    next = start.next,
                );
                self.server.accept(start, now);
            }
            Err(reject) => self.server.reject(reject, now),
        }
    }

    /// Whether the user may use this port; for an order session, which one.
    fn authorize(&self, request: &LoginRequest) -> Result<Option<SessionId>, LoginReject> {
        let known = self.shared.credentials.check(request);
        let config = &self.shared.config;
        let is_user =
            |name: &rialto_market::types::Username| name.text().eq_ignore_ascii_case(&self.user);
        let allowed = match self.port {
            Port::Orders => config
                .sessions
                .iter()
                .find(|session| is_user(&session.username))
                .filter(|session| {
                    let market = &self.shared.core.borrow().desk.replica.market;
                    definitions::is_as_configured(market, session)
                })
                .map(|session| Some(session.id)),
            Port::Feed | Port::Snapshot => config.feed_users.iter().any(is_user).then_some(None),
        };
        match allowed {
            Some(session) if known => Ok(session),
            _ => Err(LoginReject::NotAuthorized),
        }
    }

    /// Where it starts reading.
    fn start(
        &self,
        request: &LoginRequest,
        session: Option<SessionId>,
    ) -> Result<(login::Start, Reader), LoginReject> {
        let mut core = self.shared.core.borrow_mut();
        let id = session.map_or(StreamId::Feed, StreamId::Session);
        let state = core.desk.replica.publisher.stream(id);
        if self.port == Port::Snapshot {
            let start = login::start_snapshot(request, state.as_ref())?;
            let packets = core.snapshot(start.session, state.map_or(1, |state| state.next));
            return Ok((start, Reader::Snapshot(packets, 0)));
        }
        let start = login::start(request, state.as_ref())?;
        let streams = &mut core.desk.replica.sink;
        let channel = match session {
            None => Ok(streams.feed_channel()),
            Some(session) => streams.session_channel(session),
        };
        let reader = channel.and_then(|channel| match channel {
            Some(channel) => Reader::stream(channel, start.next, &self.wake).map(Some),
            None => Ok(None),
        });
        match reader {
            Ok(Some(reader)) => Ok((start, reader)),
            Ok(None) => Err(LoginReject::SessionNotAvailable),
            Err(error) => {
                tracing::error!(event = "stream_unreadable", user = self.user, error = %error);
                Err(LoginReject::SessionNotAvailable)
            }
        }
    }

    /// The newer login wins: the older connection of the session is told and ends.
    fn displace(&self, session: SessionId) {
        let link = Link {
            wake: Rc::clone(&self.wake),
            kick: Rc::clone(&self.kick),
        };
        let older = self.shared.core.borrow_mut().connect(session, link);
        if let Some(older) = older
            && login::second_login(self.server.role()) == Displaced::Older
        {
            older.kick.set(Some(CloseReason::Displaced));
            older.wake.notify_one();
        }
    }
}

/// How often a login that waits for a position looks whether it was applied.
const LOOK: Duration = Duration::from_millis(1);

/// The answer of who is asked whether this replica leads.
pub(super) async fn confirmed(
    confirming: &mut Option<(LoginRequest, Confirmed)>,
) -> Result<u64, NotLeader> {
    match confirming {
        Some((_, Confirmed::Asked(receiver))) => receiver.await.unwrap_or(Err(NotLeader::Stopped)),
        Some((_, Confirmed::At(position))) => {
            tokio::time::sleep(LOOK).await;
            Ok(*position)
        }
        None => pending().await,
    }
}
