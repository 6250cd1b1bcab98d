//! What a reader makes of the streams alone.

use rialto_market::RestingOrder;
use rialto_market::types::{InstrumentId, OrderRef, Side};
use rialto_wire::glimpse;
use rialto_wire::itch::{self, EventCode, Message, TradingState};
use rialto_wire::ouch::{LiquidityFlag, OrderState, outbound};
use std::collections::BTreeMap;

/// A market as market data shows it. Panics on anything a reader could not make sense of.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Book {
    /// Symbol, lot size, trading.
    pub stocks: BTreeMap<u16, (String, u32, bool)>,
    /// Orders in queue order by stock, side and price.
    levels: BTreeMap<(u16, bool, u32), Vec<(u64, u32)>>,
    places: BTreeMap<u64, (u16, bool, u32)>,
    /// Match number and quantity.
    pub matches: Vec<(u64, u32)>,
    pub system: Vec<u8>,
    last_time_ns: u64,
    /// Whether messages come from a snapshot, which is stamped with one time.
    pub feed_next: Option<u64>,
}

impl Book {
    pub fn of<'a>(messages: impl IntoIterator<Item = &'a Vec<u8>>) -> Self {
        let mut book = Self::default();
        for message in messages {
            book.apply(message);
        }
        book
    }

    pub fn apply(&mut self, bytes: &[u8]) {
        let message = match glimpse::Message::decode(bytes).unwrap() {
            glimpse::Message::Itch(message) => message,
            glimpse::Message::EndOfSnapshot(end) => {
                assert_eq!(self.feed_next, None);
                self.feed_next = Some(end.sequence_number().0);
                return;
            }
        };
        let time_ns = match message {
            Message::SystemEvent(m) => {
                assert_eq!((m.stock_locate(), m.tracking_number()), (0, 0));
                self.system.push(m.event_code().code());
                m.timestamp()
            }
            Message::StockDirectory(m) => {
                let state = self.stocks.get(&m.stock_locate()).is_some_and(|s| s.2);
                self.stocks.insert(
                    m.stock_locate(),
                    (m.stock().to_string(), m.round_lot_size(), state),
                );
                m.timestamp()
            }
            Message::StockTradingAction(m) => {
                let stock = self.stocks.get_mut(&m.stock_locate()).unwrap();
                assert_eq!(stock.0, m.stock().to_string());
                stock.2 = m.trading_state() == TradingState::Trading;
                m.timestamp()
            }
            Message::AddOrder(m) => {
                assert_eq!(self.stocks[&m.stock_locate()].0, m.stock().to_string());
                let place = (m.stock_locate(), m.side() == itch::Side::Buy, m.price_e4());
                self.add(place, m.order_reference_number(), m.shares());
                m.timestamp()
            }
            Message::OrderExecuted(m) => {
                let last = self.matches.last().map_or(0, |m| m.0);
                assert!(m.match_number() > last);
                self.matches.push((m.match_number(), m.executed_shares()));
                // Executions come at the head of the queue of the best level.
                let place = self.places[&m.order_reference_number()];
                assert_eq!(self.levels[&place][0].0, m.order_reference_number());
                assert_eq!(Some(place.2), self.best(place.0, place.1));
                self.take(
                    m.stock_locate(),
                    m.order_reference_number(),
                    m.executed_shares(),
                );
                m.timestamp()
            }
            Message::OrderCancel(m) => {
                let number = m.order_reference_number();
                self.take(m.stock_locate(), number, m.canceled_shares());
                // What takes the last of it off is a delete.
                assert!(self.places.contains_key(&number));
                m.timestamp()
            }
            Message::OrderDelete(m) => {
                self.remove(m.stock_locate(), m.order_reference_number());
                m.timestamp()
            }
            Message::OrderReplace(m) => {
                let old = m.original_order_reference_number();
                let number = m.new_order_reference_number();
                let (locate, buy, _) = self.places[&old];
                assert_eq!(locate, m.stock_locate());
                self.remove(locate, old);
                self.add((locate, buy, m.price_e4()), number, m.shares());
                m.timestamp()
            }
            other => panic!("not of this venue: {other:?}"),
        };
        assert!(time_ns.ns() < rialto_wire::DAY_NS);
        assert!(time_ns.ns() >= self.last_time_ns || self.last_time_ns == 0);
        self.last_time_ns = time_ns.ns();
        // Nothing rests crossed.
        for locate in self.stocks.keys() {
            if let (Some(bid), Some(ask)) = (self.best(*locate, true), self.best(*locate, false)) {
                assert!(bid < ask, "{locate}: {bid} {ask}");
            }
        }
    }

    fn best(&self, locate: u16, buy: bool) -> Option<u32> {
        let mut prices = self
            .levels
            .range((locate, buy, 0)..=(locate, buy, u32::MAX))
            .map(|(place, _)| place.2);
        if buy {
            prices.next_back()
        } else {
            prices.next()
        }
    }

    fn add(&mut self, place: (u16, bool, u32), number: u64, shares: u32) {
        assert!(shares > 0);
        assert_eq!(
            self.places.insert(number, place),
            None,
            "{number} added twice"
        );
        self.levels.entry(place).or_default().push((number, shares));
    }

    fn take(&mut self, locate: u16, number: u64, shares: u32) {
        let place = self.places[&number];
        assert_eq!(place.0, locate);
        let order = self
            .levels
            .get_mut(&place)
            .and_then(|queue| queue.iter_mut().find(|o| o.0 == number))
            .unwrap();
        assert!(shares > 0);
        order.1 -= shares;
        if order.1 == 0 {
            self.remove(locate, number);
        }
    }

    fn remove(&mut self, locate: u16, number: u64) {
        let place = self.places.remove(&number).unwrap();
        assert_eq!(place.0, locate);
        let queue = self.levels.get_mut(&place).unwrap();
        queue.retain(|o| o.0 != number);
        if queue.is_empty() {
            self.levels.remove(&place);
        }
    }

    /// All orders in the market's canonical order.
    pub fn orders(&self) -> Vec<RestingOrder> {
        let mut levels: Vec<_> = self.levels.iter().collect();
        levels.sort_by_key(|((locate, buy, price), _)| {
            let price = i64::from(*price);
            (*locate, !*buy, if *buy { -price } else { price })
        });
        let mut orders = Vec::new();
        for ((locate, buy, price), queue) in levels {
            orders.extend(queue.iter().map(|(number, left)| RestingOrder {
                order_ref: OrderRef(*number),
                instrument: InstrumentId(*locate),
                side: if *buy { Side::Buy } else { Side::Sell },
                price_e4: u64::from(*price),
                left: *left,
            }));
        }
        orders
    }
}

/// One order as its session follows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Own {
    pub order_ref: u64,
    pub left: u32,
}

/// One execution as a session is told of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Execution {
    pub match_number: u64,
    pub order_ref: u64,
    pub quantity: u32,
    pub price_e4: u64,
    pub maker: bool,
}

/// A session as its own stream tells it.
#[derive(Clone, Default, Debug)]
pub struct Account {
    /// Live orders by user reference number.
    pub orders: BTreeMap<u32, Own>,
    /// Orders of earlier days, by order reference number.
    pub earlier: BTreeMap<u64, u32>,
    pub executions: Vec<Execution>,
    pub system: Vec<u8>,
    pub messages: usize,
}

impl Account {
    /// Reads a stream, knowing the good-till-cancel orders of earlier days.
    pub fn of(messages: &[Vec<u8>], earlier: BTreeMap<u64, u32>) -> Self {
        let mut account = Self {
            earlier,
            ..Self::default()
        };
        for message in messages {
            account.apply(message);
        }
        account
    }

    fn apply(&mut self, bytes: &[u8]) {
        use outbound::Message as M;
        self.messages += 1;
        match M::decode(bytes).unwrap() {
            M::SystemEvent(m) => {
                assert!(self.messages == 1 || m.event_code().code() == b'E');
                self.system.push(m.event_code().code());
            }
            M::Accepted(m) => {
                assert_eq!(m.order_state(), OrderState::Live);
                let order = Own {
                    order_ref: m.order_reference_number(),
                    left: m.quantity(),
                };
                assert_eq!(self.orders.insert(m.user_ref_num(), order), None);
            }
            M::Replaced(m) => {
                let order = Own {
                    order_ref: m.order_reference_number(),
                    left: m.quantity(),
                };
                match m.options().order_reference_number {
                    Some(number) => {
                        assert_eq!(m.orig_user_ref_num(), 0);
                        assert!(self.earlier.remove(&number).is_some());
                        // In its place it keeps its number, and its name in reports.
                        if number == order.order_ref {
                            self.earlier.insert(number, order.left);
                            return;
                        }
                    }
                    None => assert!(self.orders.remove(&m.orig_user_ref_num()).is_some()),
                }
                assert_eq!(self.orders.insert(m.user_ref_num(), order), None);
            }
            M::Executed(m) => {
                let named = m.options().order_reference_number;
                let order_ref = self.take(m.user_ref_num(), named, m.quantity());
                self.executions.push(Execution {
                    match_number: m.match_number(),
                    order_ref,
                    quantity: m.quantity(),
                    price_e4: m.price_e4(),
                    maker: m.liquidity_flag() == LiquidityFlag::Added,
                });
            }
            M::Canceled(m) => {
                let named = m.options().order_reference_number;
                self.take(m.user_ref_num(), named, m.quantity());
            }
            M::Modified(m) => match m.options().order_reference_number {
                Some(number) => {
                    let left = self.earlier.get_mut(&number).unwrap();
                    assert!(m.quantity() <= *left);
                    *left = m.quantity();
                }
                None => {
                    let order = self.orders.get_mut(&m.user_ref_num()).unwrap();
                    assert!(m.quantity() <= order.left);
                    order.left = m.quantity();
                }
            },
            M::Rejected(_)
            | M::CancelReject(_)
            | M::MassCancelResponse(_)
            | M::DisableOrderEntryResponse(_)
            | M::EnableOrderEntryResponse(_)
            | M::AccountQueryResponse(_) => {}
            other => panic!("not of this venue: {other:?}"),
        }
    }

    fn take(&mut self, user_ref: u32, earlier: Option<u64>, quantity: u32) -> u64 {
        assert!(quantity > 0);
        if let Some(number) = earlier {
            assert_eq!(user_ref, 0);
            let left = self.earlier.get_mut(&number).unwrap();
            *left -= quantity;
            if *left == 0 {
                self.earlier.remove(&number);
            }
            return number;
        }
        let order = self.orders.get_mut(&user_ref).unwrap();
        order.left -= quantity;
        let order_ref = order.order_ref;
        if order.left == 0 {
            self.orders.remove(&user_ref);
        }
        order_ref
    }
}

/// The system events of a feed, in words.
pub fn codes(codes: &[EventCode]) -> Vec<u8> {
    codes.iter().map(|code| code.code()).collect()
}
