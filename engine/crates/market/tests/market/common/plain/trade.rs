//! The plain market: checks, entering, replacing and trading.

use rialto_market::command::{Enter, Replace};
use rialto_market::event::{CancelReason, Event, Party, RejectReason};
use rialto_market::types::*;

use super::{Plain, PlainOrder, rested};

/// An order that wants to trade.
struct Taker {
    order: PlainOrder,
    /// Lowest and highest price it accepts.
    range: (u64, u64),
    min_quantity: u32,
    rests: bool,
}

impl Plain {
    /// The range of prices an order accepts.
    #[allow(clippy::too_many_arguments, reason = "an order's terms, one by one")]
    pub(super) fn check(
        &self,
        id: SessionId,
        instrument: u16,
        side: Side,
        quantity: u32,
        price_e4: u64,
        time_in_force: TimeInForce,
        min_quantity: u32,
        post_only: bool,
    ) -> Result<(u64, u64), RejectReason> {
        use TimeInForce::*;
        let state = &self.instruments[&instrument];
        let definition = state.definition;
        let tick = u64::from(definition.tick_size_e4);
        let market = price_e4 == 0x7FFF_FFFF;
        let rests = time_in_force == Day || time_in_force == GoodTillCancel;
        let account = self.accounts[&self.sessions[&id.0].definition.account.0];
        if state.halted {
            return Err(RejectReason::Halted);
        }
        if !(1..1_000_000).contains(&quantity) {
            return Err(RejectReason::InvalidQuantity);
        }
        if quantity % definition.lot_size != 0 {
            return Err(RejectReason::OddLot);
        }
        if !(1..=0xFFFF_FFFF).contains(&price_e4) {
            return Err(RejectReason::InvalidPrice);
        }
        if !market && price_e4 % tick != 0 {
            return Err(RejectReason::OffTick);
        }
        if market && rests || !rests && post_only {
            return Err(RejectReason::InvalidTimeInForce);
        }
        if min_quantity > 0
            && (rests
                || min_quantity > quantity
                || time_in_force == FillOrKill && min_quantity != quantity)
        {
            return Err(RejectReason::InvalidMinQuantity);
        }
        if quantity > account.max_order_quantity {
            return Err(RejectReason::MaxOrderQuantity);
        }
        let reference = if state.last_trade > 0 {
            state.last_trade
        } else {
            definition.reference_price
        } as u64;
        let mut allowed = (tick, u64::MAX / tick * tick);
        let collared = definition.collar_bp > 0 && reference > 0;
        if collared {
            let width = reference * u64::from(definition.collar_bp) / 10_000;
            allowed = (
                reference.saturating_sub(width).max(1) * tick,
                (reference + width).min(0xFFFF_FFFF / tick) * tick,
            );
        }
        let limit = if !market {
            price_e4
        } else if side == Side::Buy {
            allowed.1
        } else {
            allowed.0
        };
        if !(allowed.0..=allowed.1).contains(&limit) {
            return Err(RejectReason::Collar);
        }
        let valued_at = if market && !collared {
            self.makers(instrument, side)
                .first()
                .map_or(0, |at| self.orders[*at].price_e4)
        } else {
            limit
        };
        if u128::from(valued_at) * u128::from(quantity) > u128::from(account.max_order_value_e4) {
            return Err(RejectReason::MaxOrderValue);
        }
        Ok(match side {
            Side::Buy => (0, limit),
            Side::Sell => (limit, u64::MAX),
        })
    }

    /// Positions of the orders a taker of this side would meet, in the order it would meet them.
    pub(super) fn makers(&self, instrument: u16, side: Side) -> Vec<usize> {
        let mut makers: Vec<usize> = (0..self.orders.len())
            .filter(|at| self.orders[*at].instrument == instrument && self.orders[*at].side != side)
            .collect();
        makers.sort_by_key(|at| {
            let order = &self.orders[*at];
            let price = order.price_e4 as i64;
            let rank = if side == Side::Buy { price } else { -price };
            (rank, order.priority)
        });
        makers
    }

    pub(super) fn within(&self, instrument: u16, side: Side, range: (u64, u64)) -> Vec<u64> {
        self.makers(instrument, side)
            .into_iter()
            .map(|at| &self.orders[at])
            .filter(|order| (range.0..=range.1).contains(&order.price_e4))
            .map(|order| order.order_ref)
            .collect()
    }

    pub(super) fn may_enter(&self, id: SessionId) -> Result<(), RejectReason> {
        if !self.open {
            return Err(RejectReason::MarketClosed);
        }
        if !self.sessions[&id.0].order_entry {
            return Err(RejectReason::OrderEntryDisabled);
        }
        Ok(())
    }

    pub(super) fn enter(
        &mut self,
        id: SessionId,
        enter: &Enter,
        events: &mut Vec<Event>,
    ) -> Result<(), RejectReason> {
        self.may_enter(id)?;
        let instrument = self
            .instruments
            .values()
            .find(|instrument| instrument.definition.symbol == enter.symbol)
            .map(|instrument| instrument.definition.id.0)
            .ok_or(RejectReason::UnknownSymbol)?;
        let range = self.check(
            id,
            instrument,
            enter.side,
            enter.quantity,
            enter.price_e4,
            enter.time_in_force,
            enter.min_quantity,
            enter.post_only,
        )?;
        let rests = matches!(
            enter.time_in_force,
            TimeInForce::Day | TimeInForce::GoodTillCancel
        );
        if rests {
            let account = self.sessions[&id.0].definition.account;
            let open = self
                .orders
                .iter()
                .filter(|order| self.sessions[&order.session].definition.account == account)
                .count();
            if open >= self.accounts[&account.0].max_open_orders as usize {
                return Err(RejectReason::MaxOpenOrders);
            }
            if self.orders.len() >= self.max_orders {
                return Err(RejectReason::MarketFull);
            }
        }
        if enter.post_only && !self.within(instrument, enter.side, range).is_empty() {
            return Err(RejectReason::PostOnlyWouldMatch);
        }
        self.order_refs += 1;
        self.priorities += 1;
        events.push(Event::Accepted {
            session: id,
            order_ref: OrderRef(self.order_refs),
            instrument: InstrumentId(instrument),
            order: *enter,
        });
        let taker = Taker {
            order: PlainOrder {
                order_ref: self.order_refs,
                priority: self.priorities,
                session: id.0,
                user_ref: enter.user_ref,
                of_today: true,
                instrument,
                side: enter.side,
                price_e4: enter.price_e4,
                left: enter.quantity,
                executed: 0,
                time_in_force: enter.time_in_force,
                side_code: enter.side_code,
            },
            range,
            min_quantity: if enter.time_in_force == TimeInForce::FillOrKill {
                enter.quantity
            } else {
                enter.min_quantity
            },
            rests,
        };
        self.trade(taker, true, events);
        Ok(())
    }

    pub(super) fn replace(
        &mut self,
        id: SessionId,
        replace: &Replace,
        events: &mut Vec<Event>,
    ) -> Result<(), RejectReason> {
        self.may_enter(id)?;
        let at = self
            .find(id, replace.target)
            .ok_or(RejectReason::OrderNotFound)?;
        let old = self.orders[at].clone();
        let range = self.check(
            id,
            old.instrument,
            old.side,
            replace.quantity,
            replace.price_e4,
            replace.time_in_force,
            0,
            replace.post_only,
        )?;
        if replace.quantity <= old.executed {
            return Err(RejectReason::NothingLeft);
        }
        let matches = !self.within(old.instrument, old.side, range).is_empty();
        if replace.post_only && matches {
            return Err(RejectReason::PostOnlyWouldMatch);
        }
        let rests = matches!(
            replace.time_in_force,
            TimeInForce::Day | TimeInForce::GoodTillCancel
        );
        let left = replace.quantity - old.executed;
        let keeps_priority = rests
            && replace.price_e4 == old.price_e4
            && left <= old.left
            && replace.time_in_force == old.time_in_force;
        let tick = u64::from(self.instruments[&old.instrument].definition.tick_size_e4);
        let order_ref = if keeps_priority {
            old.order_ref
        } else {
            self.order_refs += 1;
            self.order_refs
        };
        self.priorities += 1;
        events.push(Event::Replaced {
            session: id,
            orig_user_ref: old.user_ref,
            old_order_ref: OrderRef(old.order_ref),
            order_ref: OrderRef(order_ref),
            instrument: InstrumentId(old.instrument),
            side: old.side,
            side_code: old.side_code,
            left,
            replace: *replace,
            old_price: (old.price_e4 / tick) as i64,
            old_left: old.left,
            keeps_priority,
            crosses: matches || !rests,
        });
        self.orders.remove(at);
        let taker = Taker {
            order: PlainOrder {
                order_ref,
                priority: if keeps_priority {
                    old.priority
                } else {
                    self.priorities
                },
                user_ref: replace.user_ref,
                of_today: true,
                price_e4: replace.price_e4,
                left,
                time_in_force: replace.time_in_force,
                ..old
            },
            range,
            min_quantity: if replace.time_in_force == TimeInForce::FillOrKill {
                left
            } else {
                0
            },
            rests,
        };
        self.trade(taker, matches || !rests, events);
        Ok(())
    }

    fn trade(&mut self, taker: Taker, announce: bool, events: &mut Vec<Event>) {
        let Taker {
            mut order,
            range,
            min_quantity,
            rests,
        } = taker;
        let makers = self.within(order.instrument, order.side, range);
        let available: u64 = self
            .orders
            .iter()
            .filter(|maker| makers.contains(&maker.order_ref))
            .map(|maker| u64::from(maker.left))
            .sum();
        let definition = self.instruments[&order.instrument].definition;
        if available >= u64::from(min_quantity) {
            for maker in makers {
                if order.left == 0 {
                    break;
                }
                let at = self
                    .orders
                    .iter()
                    .position(|order| order.order_ref == maker)
                    .expect("a live maker");
                let quantity = order.left.min(self.orders[at].left);
                order.left -= quantity;
                order.executed += quantity;
                self.orders[at].left -= quantity;
                self.orders[at].executed += quantity;
                self.matches += 1;
                let price_e4 = self.orders[at].price_e4;
                let price = (price_e4 / u64::from(definition.tick_size_e4)) as i64;
                events.push(Event::Executed {
                    match_number: MatchNumber(self.matches),
                    instrument: definition.id,
                    price,
                    price_e4,
                    quantity,
                    maker: self.party(&self.orders[at]),
                    taker: self.party(&order),
                    taker_side: order.side,
                });
                if let Some(instrument) = self.instruments.get_mut(&order.instrument) {
                    instrument.last_trade = price;
                }
                if self.orders[at].left == 0 {
                    self.orders.remove(at);
                }
            }
        }
        if order.left == 0 {
            return;
        }
        if rests {
            if announce {
                events.push(rested(&order));
            }
            // In the order of their references; only one that keeps its own is not the last.
            let at = self
                .orders
                .partition_point(|other| other.order_ref < order.order_ref);
            self.orders.insert(at, order);
        } else {
            events.push(Event::Canceled {
                order: Party {
                    left: 0,
                    ..self.party(&order)
                },
                instrument: definition.id,
                quantity: order.left,
                reason: CancelReason::Immediate,
                resting: false,
            });
        }
    }
}
