//! The market against a plain one, on random flows, with what must always hold checked after every command.

use std::collections::BTreeMap;

use crate::common::flow::{command, prelude, stamp, steps};
use crate::common::plain::{Plain, rested};
use proptest::prelude::*;
use rialto_market::command::Command;
use rialto_market::event::Event;
use rialto_market::types::*;
use rialto_market::{Config, Market};

/// Quantities in and out, by order reference, from the events alone.
#[derive(Default)]
struct Ledger {
    /// What is left of each live order.
    left: BTreeMap<OrderRef, u64>,
    entered: u64,
    executed: u64,
    canceled: u64,
}

impl Ledger {
    fn take(&mut self, order_ref: OrderRef, quantity: u32, left: u32) {
        let was = self.left.remove(&order_ref).expect("a live order");
        assert_eq!(
            was,
            u64::from(quantity) + u64::from(left),
            "order {order_ref}"
        );
        if left > 0 {
            self.left.insert(order_ref, u64::from(left));
        }
    }

    fn book(&mut self, event: &Event) {
        match event {
            Event::Accepted {
                order_ref, order, ..
            } => {
                self.entered += u64::from(order.quantity);
                self.left.insert(*order_ref, u64::from(order.quantity));
            }
            Event::Replaced {
                old_order_ref,
                order_ref,
                left,
                old_left,
                ..
            } => {
                self.take(*old_order_ref, *old_left, 0);
                self.canceled += u64::from(*old_left);
                self.entered += u64::from(*left);
                self.left.insert(*order_ref, u64::from(*left));
            }
            Event::Executed {
                quantity,
                maker,
                taker,
                ..
            } => {
                self.take(maker.order_ref, *quantity, maker.left);
                self.take(taker.order_ref, *quantity, taker.left);
                self.executed += 2 * u64::from(*quantity);
            }
            Event::Canceled {
                order, quantity, ..
            }
            | Event::Modified {
                order, quantity, ..
            } => {
                self.take(order.order_ref, *quantity, order.left);
                self.canceled += u64::from(*quantity);
            }
            _ => {}
        }
    }

    fn check(&self, market: &Market) {
        let resting: BTreeMap<OrderRef, u64> = market
            .orders()
            .map(|order| (order.order_ref, u64::from(order.left)))
            .collect();
        assert_eq!(self.left, resting, "live orders are those that rest");
        let resting: u64 = resting.values().sum();
        assert_eq!(self.entered, resting + self.executed + self.canceled);
    }
}

fn check_books(market: &Market, plain: &Plain) {
    let shown: Vec<Event> = market
        .orders()
        .map(|order| Event::Rested {
            order_ref: order.order_ref,
            instrument: order.instrument,
            side: order.side,
            price_e4: order.price_e4,
            left: order.left,
        })
        .collect();
    let expected: Vec<Event> = plain.canonical().into_iter().map(rested).collect();
    assert_eq!(shown, expected);
    for instrument in market.instruments() {
        let id = instrument.definition.id;
        let best = |side| market.best(id, side).map(|(price, _)| price);
        if let (Some(bid), Some(ask)) = (best(Side::Buy), best(Side::Sell)) {
            assert!(bid < ask, "instrument {id} is crossed: {bid} to {ask}");
        }
        for side in [Side::Buy, Side::Sell] {
            let mut levels: Vec<(u64, u64)> = Vec::new();
            for order in market.orders_of(id).filter(|order| order.side == side) {
                match levels.last_mut() {
                    Some(level) if level.0 == order.price_e4 => level.1 += u64::from(order.left),
                    _ => levels.push((order.price_e4, u64::from(order.left))),
                }
            }
            let tick = u64::from(instrument.definition.tick_size_e4);
            let shown: Vec<(u64, u64)> = market
                .levels(id, side, usize::MAX)
                .map(|level| (level.price as u64 * tick, level.qty))
                .collect();
            assert_eq!(shown, levels);
        }
    }
    for session in market.sessions() {
        let id = session.definition.id;
        let open = plain.orders.iter().filter(|order| order.session == id.0);
        assert_eq!(market.open_orders_of(id), open.count());
    }
    let marked = plain.sessions.values().filter(|session| session.connected);
    let marked: Vec<SessionId> = marked.map(|session| session.definition.id).collect();
    assert_eq!(market.connected_sessions().collect::<Vec<_>>(), marked);
    for account in market.accounts() {
        let id = account.definition.id;
        let open = plain
            .orders
            .iter()
            .filter(|order| plain.sessions[&order.session].definition.account == id);
        assert_eq!(account.open_orders as usize, open.count());
    }
    assert_eq!(market.open_orders(), plain.orders.len());
    assert_eq!(market.day().is_some(), plain.open);
    for order in &plain.orders {
        let detail = market.order(OrderRef(order.order_ref)).expect("it rests");
        assert_eq!(detail.user_ref, order.user_ref);
        assert_eq!(detail.side_code, order.side_code);
        assert_eq!(detail.time_in_force, order.time_in_force);
        assert_eq!(detail.executed, order.executed);
        assert_eq!(detail.total, order.executed + order.left);
        assert_eq!(detail.of_today, plain.open && order.of_today);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_market_does_what_a_plain_one_does(flow in steps(1..400), max_orders in 1_u32..60) {
        let mut market = Market::new(Config { incarnation: 1, max_orders });
        let mut plain = Plain { max_orders: max_orders as usize, ..Plain::default() };
        let mut ledger = Ledger::default();
        let mut events = Vec::new();
        for nth in 0..prelude().len() + flow.len() {
            let next: Command = match prelude().get(nth) {
                Some(first) => *first,
                None => command(&flow[nth - prelude().len()], &market),
            };
            events.clear();
            let last = market.last_stamp_ns();
            market.apply(&next, stamp(nth), &mut events);
            prop_assert_eq!(market.last_stamp_ns(), last.max(stamp(nth)));
            let expected = plain.apply(&next);
            prop_assert_eq!(&events, &expected, "{:?}", next);
            for event in &events {
                ledger.book(event);
            }
            ledger.check(&market);
            check_books(&market, &plain);
        }
        let statistics = market.statistics();
        prop_assert_eq!(statistics.executions, plain.matches);
        prop_assert_eq!(statistics.executed_quantity * 2, ledger.executed);
    }
}

/// A property says nothing of what its flows never do: over a few hundred of them everything must have happened.
#[test]
fn the_flows_reach_everything() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut total = rialto_market::Statistics::default();
    let mut kinds = std::collections::BTreeSet::new();
    let (mut keeps, mut crosses, mut earlier_days) = (0, 0, 0);
    for nth in 0..300_u32 {
        let flow = steps(300..400)
            .new_tree(&mut runner)
            .expect("a flow")
            .current();
        let mut market = Market::new(Config {
            incarnation: 1,
            max_orders: 5 + nth % 50,
        });
        let mut events = Vec::new();
        for (nth, first) in prelude().iter().enumerate() {
            market.apply(first, stamp(nth), &mut events);
        }
        for (nth, step) in flow.iter().enumerate() {
            let next = command(step, &market);
            let earlier: Vec<OrderRef> = market
                .orders()
                .map(|order| order.order_ref)
                .filter(|order_ref| market.order(*order_ref).is_some_and(|o| !o.of_today))
                .collect();
            let before = events.len();
            market.apply(&next, stamp(nth), &mut events);
            for event in &events[before..] {
                if let Event::Replaced { old_order_ref, .. } = event {
                    earlier_days += u32::from(earlier.contains(old_order_ref));
                }
            }
        }
        for event in &events {
            let name = format!("{event:?}");
            kinds.insert(name.split([' ', '(']).next().unwrap_or_default().to_owned());
            if let Event::Replaced {
                keeps_priority,
                crosses: crossing,
                ..
            } = event
            {
                keeps += u32::from(*keeps_priority);
                crosses += u32::from(*crossing);
            }
        }
        let statistics = market.statistics();
        for (sum, add) in [
            (&mut total.canceled[..], &statistics.canceled[..]),
            (&mut total.rejected[..], &statistics.rejected[..]),
            (&mut total.ignored[..], &statistics.ignored[..]),
            (&mut total.refused[..], &statistics.refused[..]),
        ] {
            for (sum, add) in sum.iter_mut().zip(add) {
                *sum += add;
            }
        }
    }
    assert!(total.canceled.iter().all(|count| *count > 0), "{total:?}");
    assert!(total.rejected.iter().all(|count| *count > 0), "{total:?}");
    assert!(total.ignored.iter().all(|count| *count > 0), "{total:?}");
    assert!(total.refused.iter().all(|count| *count > 0), "{total:?}");
    assert!(keeps > 0 && crosses > 0 && earlier_days > 0);
    assert_eq!(kinds.len(), 18, "{kinds:?}");
}
