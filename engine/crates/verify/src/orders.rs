//! What a session's stream must hold to by itself: no order accepted twice, none executed beyond its quantity.

use rialto_wire::DecodeError;
use rialto_wire::ouch::outbound::Message;
use std::collections::HashMap;

/// What a report says of an order, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Said {
    /// Accepted, or replaced into this number: the order is the venue's from here on.
    Acknowledged(u32),
    /// Refused: answered, and nothing of it rests.
    Rejected(u32),
    /// An answer to a cancel.
    CancelAnswered(u32),
    /// Anything else about an order.
    Told(u32),
    /// About no single order.
    Other,
}

impl Said {
    /// Reads a report.
    pub(crate) fn of(message: &[u8]) -> Result<Self, DecodeError> {
        use rialto_wire::ouch::CancelReason;
        Ok(match Message::decode(message)? {
            Message::Accepted(m) => Self::Acknowledged(m.user_ref_num()),
            Message::Replaced(m) => Self::Acknowledged(m.user_ref_num()),
            Message::Rejected(m) => Self::Rejected(m.user_ref_num()),
            Message::Canceled(m) if m.reason() == CancelReason::User => {
                Self::CancelAnswered(m.user_ref_num())
            }
            Message::Canceled(m) => Self::Told(m.user_ref_num()),
            Message::CancelReject(m) => Self::CancelAnswered(m.user_ref_num()),
            Message::Executed(m) => Self::Told(m.user_ref_num()),
            Message::Modified(m) => Self::Told(m.user_ref_num()),
            _ => Self::Other,
        })
    }

    /// Whether it answers a command.
    pub(crate) fn answers(self) -> bool {
        !matches!(self, Self::Told(_) | Self::Other)
    }

    /// The order it is about.
    pub(crate) fn user_ref(self) -> Option<u32> {
        match self {
            Self::Acknowledged(user_ref)
            | Self::Rejected(user_ref)
            | Self::CancelAnswered(user_ref)
            | Self::Told(user_ref) => Some(user_ref),
            Self::Other => None,
        }
    }
}

/// What is wrong with a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// This order was accepted before.
    Twice(u32),
    /// This order lost more than it had.
    Beyond(u32),
}

/// Follows one session's stream from its first message.
#[derive(Default, Debug)]
pub(crate) struct Orders {
    last: u32,
    /// What is left of each live order.
    left: HashMap<u32, u32>,
}

impl Orders {
    /// Takes the next report.
    pub(crate) fn take(&mut self, message: &[u8]) -> Result<Option<Fault>, DecodeError> {
        Ok(match Message::decode(message)? {
            Message::Accepted(m) => self.accept(m.user_ref_num(), m.quantity()),
            Message::Replaced(m) => {
                self.left.remove(&m.orig_user_ref_num());
                self.accept(m.user_ref_num(), m.quantity())
            }
            Message::Rejected(m) => {
                self.last = self.last.max(m.user_ref_num());
                None
            }
            Message::Executed(m) => self.lose(m.user_ref_num(), m.quantity()),
            Message::Canceled(m) => self.lose(m.user_ref_num(), m.quantity()),
            Message::Modified(m) => {
                if let Some(left) = self.left.get_mut(&m.user_ref_num()) {
                    *left = m.quantity();
                }
                None
            }
            _ => None,
        })
    }

    /// Numbers ascend, so one that was there before is not above the last.
    fn accept(&mut self, user_ref: u32, quantity: u32) -> Option<Fault> {
        if user_ref <= self.last {
            return Some(Fault::Twice(user_ref));
        }
        self.last = user_ref;
        self.left.insert(user_ref, quantity);
        None
    }

    fn lose(&mut self, user_ref: u32, quantity: u32) -> Option<Fault> {
        if user_ref == 0 {
            // An order of an earlier trading day: what it had is told in that day's stream.
            return None;
        }
        let left = self.left.get(&user_ref).copied().unwrap_or(0);
        if quantity > left {
            self.left.remove(&user_ref);
            return Some(Fault::Beyond(user_ref));
        }
        if quantity == left {
            self.left.remove(&user_ref);
        } else {
            self.left.insert(user_ref, left - quantity);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rialto_wire::ouch::outbound::{Accepted, Canceled, Executed};
    use rialto_wire::ouch::{
        CancelReason, Capacity, ClOrdId, CrossType, Display, IntermarketSweep, LiquidityFlag,
        OrderState, Side, Symbol, TimeInForce,
    };

    fn accepted(user_ref_num: u32) -> Vec<u8> {
        let mut out = Vec::new();
        Accepted {
            timestamp_ns: 1,
            user_ref_num,
            side: Side::Buy,
            quantity: 10,
            symbol: Symbol::new("ABC").unwrap(),
            price_e4: 100,
            time_in_force: TimeInForce::Day,
            display: Display::Visible,
            order_reference_number: u64::from(user_ref_num),
            capacity: Capacity::Principal,
            intermarket_sweep: IntermarketSweep::NotEligible,
            cross_type: CrossType::Continuous,
            order_state: OrderState::Live,
            cl_ord_id: ClOrdId::BLANK,
        }
        .encode(&mut out);
        out
    }

    fn executed(user_ref_num: u32, quantity: u32) -> Vec<u8> {
        let mut out = Vec::new();
        Executed {
            timestamp_ns: 1,
            user_ref_num,
            quantity,
            price_e4: 100,
            liquidity_flag: LiquidityFlag::Added,
            match_number: 1,
        }
        .encode(&mut out);
        out
    }

    fn canceled(user_ref_num: u32, quantity: u32) -> Vec<u8> {
        let mut out = Vec::new();
        Canceled {
            timestamp_ns: 1,
            user_ref_num,
            quantity,
            reason: CancelReason::User,
        }
        .encode(&mut out);
        out
    }

    fn faults(messages: &[Vec<u8>]) -> Vec<Fault> {
        let mut orders = Orders::default();
        let faults = messages.iter().filter_map(|m| orders.take(m).unwrap());
        faults.collect()
    }

    #[test]
    fn orders_are_accepted_once_and_lose_what_they_have() {
        let good = [
            accepted(1),
            accepted(5),
            executed(1, 4),
            canceled(1, 6),
            executed(5, 10),
            executed(0, 99),
        ];
        assert_eq!(faults(&good), []);
        assert_eq!(faults(&[accepted(1), accepted(1)]), [Fault::Twice(1)]);
        assert_eq!(
            faults(&[accepted(1), executed(1, 7), executed(1, 4)]),
            [Fault::Beyond(1)]
        );
        assert_eq!(
            faults(&[accepted(1), canceled(1, 10), executed(1, 1)]),
            [Fault::Beyond(1)]
        );
    }
}
