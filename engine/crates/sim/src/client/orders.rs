//! What a client asks, as OUCH bytes.

use super::Client;
use rialto_wire::ouch::inbound::{
    AccountQuery, CancelOrder, EnableOrderEntry, EnterOrder, MassCancel, ReplaceOrder,
};
use rialto_wire::ouch::{
    Capacity, ClOrdId, CrossType, Display, Firm, IntermarketSweep, Options, Side, Symbol,
    TimeInForce, TimeInForceExtension,
};

/// The symbols of the market.
pub const SYMBOLS: [&str; 3] = ["ALFA", "BRAVO", "CHARLIE"];
/// The size of a tick in 1e-4.
pub const TICK_E4: u64 = 100;
/// Around which tick everything trades.
const MIDDLE: u64 = 1000;
/// Live orders from which on a client rather cancels.
const MANY: usize = 24;

/// What answers a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Awaits {
    Enter(u32),
    Replace(u32),
    Cancel(u32),
    MassCancel(u32),
    Query,
}

/// A message without an answer.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) awaits: Awaits,
    pub(super) message: Vec<u8>,
}

/// An order that may rest.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) left: u32,
    /// Its end or replacement was asked for.
    ending: bool,
}

impl Live {
    pub(super) const fn of(left: u32) -> Self {
        Self {
            left,
            ending: false,
        }
    }
}

fn symbol(at: usize) -> Symbol {
    SYMBOLS
        .get(at)
        .and_then(|text| Symbol::new(text))
        .unwrap_or(Symbol::BLANK)
}

/// A message that changes nothing and whose answer repeats its number.
pub(super) fn mark(number: u32) -> Vec<u8> {
    let mut message = Vec::new();
    EnableOrderEntry {
        user_ref_num: number,
        firm: Firm::BLANK,
    }
    .encode(&mut message);
    message
}

struct Terms {
    side: Side,
    ticks: u64,
    quantity: u32,
    symbol: Symbol,
    time_in_force: TimeInForce,
    good_till_cancel: bool,
}

impl Client {
    pub(super) fn next_message(&mut self) -> Sent {
        let crowd = self.live.len() > MANY;
        let kind = self.random.below(1000);
        match kind {
            0..=24 => self.mass_cancel(),
            25..=49 => self.query(),
            50..=249 => self.cancel().unwrap_or_else(|| self.order()),
            250..=379 => self.replace().unwrap_or_else(|| self.order()),
            _ if crowd => self.cancel().unwrap_or_else(|| self.order()),
            _ => self.order(),
        }
    }

    fn side(&mut self) -> Side {
        if self.random.per_mille(500) {
            Side::Buy
        } else {
            Side::Sell
        }
    }

    fn order(&mut self) -> Sent {
        let side = self.side();
        let ticks = MIDDLE - 6 + self.random.below(13);
        let at = usize::try_from(self.random.below(SYMBOLS.len() as u64)).unwrap_or(0);
        let now = self.random.per_mille(200);
        let terms = Terms {
            side,
            ticks,
            quantity: u32::try_from(self.random.between(1, 40)).unwrap_or(1) * 10,
            symbol: symbol(at),
            time_in_force: if now {
                TimeInForce::ImmediateOrCancel
            } else {
                TimeInForce::Day
            },
            good_till_cancel: !now && self.random.per_mille(300),
        };
        self.enter(&terms)
    }

    /// An order far from the market: it rests.
    pub(super) fn far_order(&mut self) -> Sent {
        let side = self.side();
        let ticks = match side {
            Side::Buy => MIDDLE - 500,
            _ => MIDDLE + 500,
        };
        let terms = Terms {
            side,
            ticks,
            quantity: 10,
            symbol: symbol(0),
            time_in_force: TimeInForce::Day,
            good_till_cancel: false,
        };
        self.enter(&terms)
    }

    fn enter(&mut self, terms: &Terms) -> Sent {
        let number = self.next_ref;
        self.next_ref += 1;
        let mut message = Vec::new();
        let options = Options {
            time_in_force: terms
                .good_till_cancel
                .then_some(TimeInForceExtension::GoodTillCancel),
            ..Options::NONE
        };
        EnterOrder {
            user_ref_num: number,
            side: terms.side,
            quantity: terms.quantity,
            symbol: terms.symbol,
            price_e4: terms.ticks * TICK_E4,
            time_in_force: terms.time_in_force,
            display: Display::Visible,
            capacity: Capacity::Principal,
            intermarket_sweep: IntermarketSweep::NotEligible,
            cross_type: CrossType::Continuous,
            cl_ord_id: ClOrdId::BLANK,
        }
        .encode_with(&mut message, &options);
        Sent {
            awaits: Awaits::Enter(number),
            message,
        }
    }

    /// One of the live orders whose end was not asked for.
    fn choose(&mut self) -> Option<(u32, u32)> {
        let free: Vec<(u32, u32)> = self
            .live
            .iter()
            .filter(|(_, live)| !live.ending)
            .map(|(number, live)| (*number, live.left))
            .collect();
        let chosen = *self.random.pick(&free)?;
        if let Some(live) = self.live.get_mut(&chosen.0) {
            live.ending = true;
        }
        Some(chosen)
    }

    fn cancel(&mut self) -> Option<Sent> {
        let (number, left) = self.choose()?;
        let quantity = if self.random.per_mille(200) {
            left / 20 * 10
        } else {
            0
        };
        let mut message = Vec::new();
        CancelOrder {
            user_ref_num: number,
            quantity,
        }
        .encode(&mut message);
        Some(Sent {
            awaits: Awaits::Cancel(number),
            message,
        })
    }

    fn replace(&mut self) -> Option<Sent> {
        let (orig, left) = self.choose()?;
        let number = self.next_ref;
        self.next_ref += 1;
        let ticks = MIDDLE - 6 + self.random.below(13);
        let mut message = Vec::new();
        ReplaceOrder {
            orig_user_ref_num: orig,
            user_ref_num: number,
            quantity: left.div_ceil(10) * 10 + 10,
            price_e4: ticks * TICK_E4,
            time_in_force: TimeInForce::Day,
            display: Display::Visible,
            intermarket_sweep: IntermarketSweep::NotEligible,
            cl_ord_id: ClOrdId::BLANK,
        }
        .encode(&mut message);
        Some(Sent {
            awaits: Awaits::Replace(number),
            message,
        })
    }

    fn mass_cancel(&mut self) -> Sent {
        let number = self.take_request();
        let at = usize::try_from(self.random.below(SYMBOLS.len() as u64 + 1)).unwrap_or(0);
        let mut message = Vec::new();
        MassCancel {
            user_ref_num: number,
            firm: Firm::BLANK,
            symbol: symbol(at),
        }
        .encode(&mut message);
        Sent {
            awaits: Awaits::MassCancel(number),
            message,
        }
    }

    fn query(&mut self) -> Sent {
        let mut message = Vec::new();
        AccountQuery {}.encode(&mut message);
        Sent {
            awaits: Awaits::Query,
            message,
        }
    }
}
