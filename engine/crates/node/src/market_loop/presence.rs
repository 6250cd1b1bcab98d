//! Whose connections are open, for accounts that want their orders cancelled when they are gone. The market's state knows
//! it by journaled commands; here is decided when such a command is due.

use rialto_market::Market;
use rialto_market::command::Action;
use rialto_market::types::SessionId;
use std::collections::BTreeMap;

/// The last command put for a session, and how many of its commands are on their way.
struct Told {
    connected: bool,
    on_the_way: u32,
}

/// What a leader knows of its sessions' connections.
pub struct Presence {
    grace_ns: u64,
    /// What the commands on their way will make of a session; the state says it of all others.
    told: BTreeMap<SessionId, Told>,
    /// Connected to an earlier leader, and until when they may come back.
    awaited: BTreeMap<SessionId, u64>,
}

impl Presence {
    /// Of nobody. A session connected to an earlier leader has `grace_ns` to come back.
    pub fn new(grace_ns: u64) -> Self {
        Self {
            grace_ns,
            told: BTreeMap::new(),
            awaited: BTreeMap::new(),
        }
    }

    /// Leadership is gained: who is connected by the state may come back until the grace ends.
    pub fn lead(&mut self, market: &Market, now_ns: u64) {
        self.follow();
        let until = now_ns.saturating_add(self.grace_ns);
        self.awaited = market
            .sessions()
            .filter(|session| session.connected)
            .map(|session| (session.definition.id, until))
            .collect();
    }

    /// Leadership is lost, and with it every connection.
    pub fn follow(&mut self) {
        self.told.clear();
        self.awaited.clear();
    }

    /// A login; the command to journal, if one is due.
    pub fn connected(&mut self, market: &Market, session: SessionId) -> Option<Action> {
        self.awaited.remove(&session);
        if self.is_connected(market, session) || !cancels(market, session) {
            return None;
        }
        self.tell(session, true);
        Some(Action::Connected { session })
    }

    /// The end of a session's connection; the command to journal, if one is due.
    pub fn disconnected(&mut self, market: &Market, session: SessionId) -> Option<Action> {
        if !self.is_connected(market, session) {
            return None;
        }
        self.tell(session, false);
        Some(Action::Disconnected { session })
    }

    fn tell(&mut self, session: SessionId, connected: bool) {
        let on_the_way = self.told.get(&session).map_or(0, |told| told.on_the_way) + 1;
        let told = Told {
            connected,
            on_the_way,
        };
        self.told.insert(session, told);
    }

    /// A command of this leadership was applied: from here on the state says it.
    pub fn applied(&mut self, action: &Action) {
        let (Action::Connected { session } | Action::Disconnected { session }) = action else {
            return;
        };
        if let Some(told) = self.told.get_mut(session) {
            told.on_the_way -= 1;
            if told.on_the_way == 0 {
                self.told.remove(session);
            }
        }
    }

    /// The commands for sessions that did not come back.
    pub fn overdue(&mut self, market: &Market, now_ns: u64) -> Vec<Action> {
        let late = self.awaited.iter().filter(|(_, until)| **until <= now_ns);
        let due: Vec<SessionId> = late.map(|(session, _)| *session).collect();
        self.awaited.retain(|_, until| *until > now_ns);
        due.into_iter()
            .filter_map(|session| self.disconnected(market, session))
            .collect()
    }

    fn is_connected(&self, market: &Market, session: SessionId) -> bool {
        let state = || market.session(session).is_some_and(|s| s.connected);
        let told = self.told.get(&session).map(|told| told.connected);
        told.unwrap_or_else(state)
    }
}

/// Whether the session's account wants its orders cancelled.
fn cancels(market: &Market, session: SessionId) -> bool {
    market
        .session(session)
        .and_then(|state| market.account(state.definition.account))
        .is_some_and(|account| account.definition.cancel_on_disconnect)
}
