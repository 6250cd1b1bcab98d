//! What must hold when everything is healed and quiet: the log that was agreed on is applied once more to an empty market,
//! and what every replica has and every client was told is held against it.

use crate::client::{Client, Stream};
use crate::ledger::{Hashed, Ledger};
use crate::node::hash_of;
use crate::node::streams::{Kept, Streams};
use crate::node::{Final, cancels_on_disconnect};
use crate::record::Record;
use rialto_market::codec::{Stamped, decode_batch, encode_batch};
use rialto_market::command::{Command, Request};
use rialto_market::event::Event;
use rialto_market::types::{SessionId, Side};
use rialto_market::{Config, Market};
use rialto_node::replica::Replica;
use rialto_replica::CommittedPayload;
use rialto_session::{StreamId, inbound};
use rialto_wire::ouch::CancelReason;
use rialto_wire::ouch::outbound::Message;
use std::collections::BTreeMap;

/// The market as the agreed log makes it, with what was seen on the way.
pub struct Reference {
    replica: Replica<Streams>,
    /// How often each client message had an effect, by session and message.
    effects: BTreeMap<(u32, Vec<u8>), u64>,
    /// Orders accepted or replaced.
    pub orders: u64,
    /// Messages that were ignored because their number was not the next one.
    pub repeated: u64,
}

/// A client's message without its number and its stamp.
fn key(session: SessionId, request: &Request) -> Vec<u8> {
    let command = Command::Client {
        session,
        number: 0,
        request: *request,
    };
    let mut bytes = Vec::new();
    encode_batch(
        &[Stamped {
            stamp_ns: 0,
            command,
        }],
        &mut bytes,
    );
    bytes
}

impl Reference {
    /// Applies everything agreed on.
    pub fn of(ledger: &Ledger, record: &Record) -> Self {
        let market = Market::new(Config::default());
        let mut this = Self {
            replica: Replica::empty(market, Streams::default()),
            effects: BTreeMap::new(),
            orders: 0,
            repeated: 0,
        };
        let mut hashes: BTreeMap<u64, Vec<Hashed>> = BTreeMap::new();
        for hashed in ledger.hashes() {
            hashes.entry(hashed.position).or_default().push(hashed);
        }
        let mut last_epoch = rialto_replica::LeaderEpoch::default();
        for (position, entry) in ledger.entries() {
            if entry.epoch < last_epoch {
                record.violation(
                    "order",
                    format!(
                        "the entry at {position} of {:?} stands behind one of {last_epoch:?}",
                        entry.epoch
                    ),
                );
            }
            last_epoch = entry.epoch;
            this.note_effects(&entry.payload);
            let applied =
                this.replica
                    .apply_committed(position, entry.epoch, &entry.payload, |_, events| {
                        for event in events {
                            if matches!(event, Event::Accepted { .. } | Event::Replaced { .. }) {
                                this.orders += 1;
                            }
                        }
                    });
            if let Err(error) = applied {
                record.violation("agreed_log", error.to_string());
                return this;
            }
            this.uncrossed(position, record);
            for hashed in hashes.remove(&position).unwrap_or_default() {
                this.same_state(&hashed, record);
            }
        }
        this
    }

    /// Counts what is about to have an effect: the number is the next one of the session.
    fn note_effects(&mut self, payload: &CommittedPayload) {
        let CommittedPayload::Batch(bytes) = payload else {
            return;
        };
        let mut next: BTreeMap<SessionId, u64> = BTreeMap::new();
        for stamped in decode_batch(bytes).unwrap_or_default() {
            if let Command::Client {
                session,
                number,
                request,
            } = stamped.command
            {
                let market = &self.replica.market;
                let expected = next
                    .entry(session)
                    .or_insert_with(|| market.next_number(session).unwrap_or(1));
                if number == *expected {
                    *expected += 1;
                    *self
                        .effects
                        .entry((session.0, key(session, &request)))
                        .or_default() += 1;
                } else {
                    self.repeated += 1;
                }
            }
        }
    }

    fn uncrossed(&self, position: u64, record: &Record) {
        let market = &self.replica.market;
        for instrument in market.instruments() {
            let id = instrument.definition.id;
            let bid = market.best(id, Side::Buy);
            let ask = market.best(id, Side::Sell);
            if let (Some((bid, _)), Some((ask, _))) = (bid, ask)
                && bid >= ask
            {
                record.violation(
                    "crossed",
                    format!("instrument {id} at {position}: bid {bid}, ask {ask}"),
                );
            }
        }
    }

    fn same_state(&self, hashed: &Hashed, record: &Record) {
        let expected = (
            self.replica.market.state_hash(),
            hash_of(&self.replica.sink.files()),
        );
        if hashed.hash.0 != expected.0 {
            record.violation(
                "state",
                format!(
                    "node {} at {}, for {}: its state is not the one the agreed log gives",
                    hashed.node, hashed.position, hashed.occasion
                ),
            );
        }
        if hashed.hash.1 != expected.1 {
            record.violation(
                "streams",
                format!(
                    "node {} at {}, for {}: its streams are not those the agreed log gives",
                    hashed.node, hashed.position, hashed.occasion
                ),
            );
        }
    }

    /// A replica's last state is the reference's.
    pub fn holds(&self, node: u64, last: &Final, record: &Record) {
        if last.position != self.replica.position() {
            record.violation(
                "not_caught_up",
                format!(
                    "node {node} stands at {}, {} is committed",
                    last.position,
                    self.replica.position()
                ),
            );
            return;
        }
        if last.state_hash != self.replica.market.state_hash() {
            record.violation(
                "state",
                format!("node {node}: its last state is not the one the agreed log gives"),
            );
        }
        for (id, expected) in self.replica.sink.all() {
            let found = last.streams.stream(*id);
            if let Some(what) = difference(expected, found) {
                record.violation("streams", format!("node {node}, {id:?}: {what}"));
            }
        }
    }

    /// What a client was told is what the stream says, all of it and nothing else; its messages had an effect at most as
    /// often as they were sent, and each that was answered had one.
    pub fn told(&self, client: &Client, record: &Record) {
        let session = client.session;
        // Who is gone has heard all up to then.
        let id = StreamId::Session(SessionId(session));
        self.heard(id, &client.stream, client.gone, record);
        let mut sends: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
        for (message, count) in &client.sends {
            if let Ok(request) = inbound::decode(message) {
                *sends.entry(key(SessionId(session), &request)).or_default() += count;
            }
        }
        for ((owner, message), effects) in self.effects.range((session, Vec::new())..) {
            if *owner != session {
                break;
            }
            let sent = sends.get(message).copied().unwrap_or(0);
            if *effects > sent {
                record.violation(
                    "repeated",
                    format!("session {session}: a message sent {sent} times had an effect {effects} times"),
                );
            }
        }
    }

    /// What a reader was told is what the stream says, all of it and nothing else.
    pub fn read(&self, id: StreamId, reader: &Stream, record: &Record) {
        self.heard(id, reader, false, record);
    }

    fn heard(&self, id: StreamId, reader: &Stream, gone: bool, record: &Record) {
        let found = Kept {
            first: 1,
            messages: reader.received.clone(),
        };
        let mut expected = Kept {
            first: 1,
            messages: Vec::new(),
        };
        if let Some(published) = self.replica.sink.stream(id) {
            expected.clone_from(published);
        }
        if gone {
            expected.messages.truncate(found.messages.len());
        }
        if let Some(what) = difference(&expected, Some(&found)) {
            record.violation("acknowledged", format!("{id:?}, a client: {what}"));
        }
    }

    /// Every order's quantity is accounted for by what its session was told, and every instrument's buys are its sells.
    pub fn conserved(&self, record: &Record) {
        let mut traded: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        let mut supervisory = 0;
        for (id, kept) in self.replica.sink.all() {
            let StreamId::Session(session) = id else {
                continue;
            };
            let mut account = Account::default();
            for message in &kept.messages {
                let Ok(message) = Message::decode(message) else {
                    record.violation("stream", format!("{id:?} holds what is no OUCH message"));
                    continue;
                };
                if let Err(what) = account.take(&message, &mut traded) {
                    record.violation("quantities", format!("{id:?}: {what}"));
                }
                if let Message::Canceled(m) = message
                    && m.reason() == CancelReason::Supervisory
                {
                    if !cancels_on_disconnect(session.0) {
                        record.violation(
                            "cancel_on_disconnect",
                            format!(
                                "{id:?}: an order was cancelled though its account does not want it"
                            ),
                        );
                    }
                    supervisory += 1;
                }
            }
            let open: BTreeMap<u32, u64> = self
                .replica
                .market
                .orders()
                .filter_map(|order| self.replica.market.order(order.order_ref))
                .filter(|order| order.session == *session)
                .map(|order| (order.user_ref, u64::from(order.resting.left)))
                .collect();
            if account.open() != open {
                record.violation(
                    "quantities",
                    format!(
                        "{id:?}: what it was told leaves other orders open than the market has"
                    ),
                );
            }
        }
        for (number, (bought, sold)) in traded {
            if bought != sold {
                record.violation(
                    "quantities",
                    format!("match {number}: {bought} bought and {sold} sold"),
                );
            }
        }
        record.line(0, || format!("supervisory cancels: {supervisory}"));
    }

    /// How many orders of a session are open.
    pub fn open_orders(&self, session: u32) -> usize {
        self.replica.market.open_orders_of(SessionId(session))
    }

    /// The last position.
    pub fn position(&self) -> u64 {
        self.replica.position()
    }
}

/// What makes one stream another, in words.
fn difference(expected: &Kept, found: Option<&Kept>) -> Option<String> {
    let Some(found) = found else {
        return Some("it is missing".to_owned());
    };
    if found.first != expected.first {
        return Some(format!("it begins at message {}", found.first));
    }
    let same = expected.messages.iter().zip(&found.messages);
    if let Some(at) = same.clone().position(|(a, b)| a != b) {
        return Some(format!("message {} is another", at + 1));
    }
    match found.messages.len().cmp(&expected.messages.len()) {
        std::cmp::Ordering::Less => Some(format!(
            "it has {} of {} messages",
            found.messages.len(),
            expected.messages.len()
        )),
        std::cmp::Ordering::Greater => Some(format!(
            "it has {} messages, {} were published",
            found.messages.len(),
            expected.messages.len()
        )),
        std::cmp::Ordering::Equal => None,
    }
}

/// A session's orders, as its reports alone tell of them.
#[derive(Default)]
struct Account {
    /// What is open, with whether it buys.
    orders: BTreeMap<u32, (u64, bool)>,
}

impl Account {
    fn open(&self) -> BTreeMap<u32, u64> {
        let open = self.orders.iter().filter(|(_, (left, _))| *left > 0);
        open.map(|(number, (left, _))| (*number, *left)).collect()
    }

    fn take(
        &mut self,
        message: &Message<'_>,
        traded: &mut BTreeMap<u64, (u64, u64)>,
    ) -> Result<(), String> {
        use rialto_wire::ouch::Side as WireSide;
        match message {
            Message::Accepted(m) => {
                let buys = m.side() == WireSide::Buy;
                let order = (u64::from(m.quantity()), buys);
                if self.orders.insert(m.user_ref_num(), order).is_some() {
                    return Err(format!("order {} was accepted twice", m.user_ref_num()));
                }
            }
            Message::Replaced(m) => {
                let buys = m.side() == WireSide::Buy;
                if self.orders.remove(&m.orig_user_ref_num()).is_none() {
                    return Err(format!(
                        "an unknown order {} was replaced",
                        m.orig_user_ref_num()
                    ));
                }
                let order = (u64::from(m.quantity()), buys);
                if self.orders.insert(m.user_ref_num(), order).is_some() {
                    return Err(format!("order {} was entered twice", m.user_ref_num()));
                }
            }
            Message::Executed(m) => {
                let quantity = u64::from(m.quantity());
                let buys = self.reduce(m.user_ref_num(), quantity)?;
                let match_ = traded.entry(m.match_number()).or_default();
                let side = if buys { &mut match_.0 } else { &mut match_.1 };
                *side += quantity;
            }
            Message::Canceled(m) => {
                self.reduce(m.user_ref_num(), u64::from(m.quantity()))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn reduce(&mut self, number: u32, quantity: u64) -> Result<bool, String> {
        let order = self.orders.get_mut(&number);
        let Some((left, buys)) = order else {
            return Err(format!("a report of an unknown order {number}"));
        };
        *left = left.checked_sub(quantity).ok_or_else(|| {
            format!("more of order {number} was executed or cancelled than there was")
        })?;
        Ok(*buys)
    }
}
