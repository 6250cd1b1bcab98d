//! Logins: who may, where they begin, and on which replica.

use super::Connection;
use crate::definitions;
use crate::gateway::reader::Reader;
use crate::market_loop::{Link, Standing};
use crate::metrics::Port;
use rialto_market::types::SessionId;
use rialto_replica::NotLeader;
use rialto_session::StreamId;
use rialto_session::login::{self, Displaced, LoginReject};
use rialto_session::server::CloseReason;
use rialto_wire::soup::LoginRequest;
use std::future::pending;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long an order login waits while nobody is known to lead. A hand-over takes a few milliseconds, and a client that waits
/// here trades at once when it is over; but clients that try one replica after the other must get on.
const HOLD: Duration = Duration::from_millis(50);

/// What becomes of an order login.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    LogIn,
    Refuse,
    Hold,
}

/// Whoever leads takes it, who knows that another one leads refuses it, and who may lead in a moment holds it while it is
/// `patient`.
fn verdict(standing: Standing, patient: bool) -> Verdict {
    match standing {
        Standing::Serving(_) => Verdict::LogIn,
        Standing::Follower { leader: None } | Standing::Preparing(_) if patient => Verdict::Hold,
        Standing::Follower { .. } | Standing::Preparing(_) => Verdict::Refuse,
    }
}

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
            Port::Orders if !serves => {
                self.held = Some((request, Instant::now() + HOLD));
                self.admit(now);
            }
            Port::Snapshot if serves => {
                let (sender, receiver) = oneshot::channel();
                self.shared.confirms.borrow_mut().push(sender);
                self.shared.waiting.notify_one();
                self.confirming = Some((request, Confirmed::Asked(receiver)));
            }
            _ => self.login(&request, now),
        }
    }

    /// Answers an order login that is held: once this replica serves, or another one is known to lead, or it took too long.
    pub(super) fn admit(&mut self, now: u64) {
        let Some((request, until)) = self.held else {
            return;
        };
        let standing = self.shared.core.borrow().desk.standing();
        let patient = Instant::now() < until && !self.shared.stopping.get();
        match verdict(standing, patient) {
            Verdict::Hold => {}
            Verdict::LogIn => {
                self.held = None;
                self.login(&request, now);
            }
            Verdict::Refuse => {
                self.held = None;
                self.server.reject(LoginReject::NotLeading, now);
            }
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

/// Waits until a held login has been held for long enough.
pub(super) async fn over(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until.into()).await,
        None => pending().await,
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

#[cfg(test)]
mod tests {
    use super::*;
    use rialto_replica::LeaderEpoch;

    #[test]
    fn a_login_is_held_only_while_nobody_is_known_to_serve() {
        let epoch = LeaderEpoch { term: 3, node: 1 };
        let unknown = Standing::Follower { leader: None };
        let other = Standing::Follower { leader: Some(2) };
        for patient in [true, false] {
            assert_eq!(verdict(Standing::Serving(epoch), patient), Verdict::LogIn);
            assert_eq!(verdict(other, patient), Verdict::Refuse);
        }
        for standing in [unknown, Standing::Preparing(epoch)] {
            assert_eq!(verdict(standing, true), Verdict::Hold);
            assert_eq!(verdict(standing, false), Verdict::Refuse);
        }
    }
}
