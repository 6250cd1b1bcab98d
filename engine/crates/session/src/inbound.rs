//! OUCH 5.0 order entry to market requests: the one place where the wire's terms become the market's.
//!
//! | OUCH | market |
//! | --- | --- |
//! | Time In Force `0` | day |
//! | Time In Force `0` with tag 0xF0 `1` | good till cancel |
//! | Time In Force `3` | immediate or cancel |
//! | Time In Force `3` with tag 0xF0 `4`, or with MinQty equal to Quantity | fill or kill, without a minimum |
//! | Price 0x7FFFFFFF | passed on as it is: the market's own marker of a market order |
//! | tag 12 PostOnly `P` | post-only |
//! | tag 3 MinQty | minimum quantity of an Enter; 0 is none |
//! | UserRefNum 0 with tag 0xF1 (Cancel, Replace, Modify) | an order named by its order reference number |
//! | Side `B`; `S`, `T`, `E` | buy; sell (the letter is kept and echoed) |
//!
//! What is well formed and only refusable (an unknown symbol, a quantity of zero, a price off its tick, a minimum
//! quantity on a day order, a number used before) is passed on: the market answers it, and the answer stands in the
//! session's numbered stream. What asks for something else than it would get (hidden or pegged orders, crosses, another
//! number channel) is an error, never a silent approximation. Tags that only inform (Firm, CustomerType, GroupID on an
//! order, SharesLocated, LocateBroker, AIQ Group ID) are read and not acted on, and so is the Firm of the requests for
//! the whole session: a session speaks for one firm.

use rialto_market::command::{Enter, EnterEcho, Replace, Request, Target};
use rialto_market::types::{self, Side as MarketSide};
use rialto_wire::DecodeError;
use rialto_wire::ouch::inbound::{
    CancelOrderView, EnterOrderView, MassCancelView, Message, ModifyOrderView, ReplaceOrderView,
};
use rialto_wire::ouch::{
    AiqStrategy, CrossType, DiscretionPriceType, Display, HandleInst, Options, PostOnly, PriceType,
    Side, TimeInForce, TimeInForceExtension, TradeNow,
};

/// Why a payload is no request. Either way nothing of it reaches the market, and its sender loses the connection: OUCH
/// has no numbered answer to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InboundError {
    /// The bytes are not an OUCH 5.0 message.
    #[error("{0}")]
    Malformed(#[from] DecodeError),
    /// The message is OUCH 5.0 and asks for something that this venue does not offer.
    #[error("{message}: {field}: {what}; {next}")]
    Unsupported {
        /// The message's name in the specification.
        message: &'static str,
        /// The field's or the tag's name in the specification.
        field: &'static str,
        /// What is not offered.
        what: &'static str,
        /// What to send instead.
        next: &'static str,
    },
}

/// Reads one unsequenced data payload of an order session.
///
/// # Errors
/// [`InboundError::Malformed`] for bytes that are no OUCH 5.0 message, [`InboundError::Unsupported`] for a message that
/// asks for what the venue does not offer.
pub fn decode(payload: &[u8]) -> Result<Request, InboundError> {
    match Message::decode(payload)? {
        Message::EnterOrder(m) => enter(&m),
        Message::ReplaceOrder(m) => replace(&m),
        Message::CancelOrder(m) => cancel(&m),
        Message::ModifyOrder(m) => modify(&m),
        Message::MassCancel(m) => mass_cancel(&m),
        Message::DisableOrderEntry(m) => {
            Check::new("Disable Order Entry Request", &m.options()).channel()?;
            Ok(Request::DisableOrderEntry {
                user_ref: m.user_ref_num(),
            })
        }
        Message::EnableOrderEntry(m) => {
            Check::new("Enable Order Entry Request", &m.options()).channel()?;
            Ok(Request::EnableOrderEntry {
                user_ref: m.user_ref_num(),
            })
        }
        Message::AccountQuery(m) => {
            Check::new("Account Query Request", &m.options()).channel()?;
            Ok(Request::AccountQuery)
        }
    }
}

fn enter(m: &EnterOrderView<'_>) -> Result<Request, InboundError> {
    // Almost every order carries no appendage, and then there is nothing to look through.
    let options = m.options();
    let check = Check::new("Enter Order", &options);
    check.order(m.display())?;
    if m.cross_type() != CrossType::Continuous {
        return check.refuse("CrossType", "there are no crosses", "send N");
    }
    let min_quantity = options.min_qty.unwrap_or(0);
    let (time_in_force, min_quantity) =
        check.time_in_force(m.time_in_force(), m.quantity(), min_quantity)?;
    Ok(Request::Enter(Enter {
        user_ref: m.user_ref_num(),
        side: side(m.side()),
        side_code: m.side().code(),
        quantity: m.quantity(),
        symbol: types::Symbol(m.symbol().bytes()),
        price_e4: m.price_e4(),
        time_in_force,
        min_quantity,
        post_only: options.post_only == Some(PostOnly::PostOnly),
        echo: EnterEcho {
            display: m.display().code(),
            capacity: m.capacity().code(),
            intermarket_sweep: m.intermarket_sweep().code(),
            cross_type: m.cross_type().code(),
        },
        cl_ord_id: m.cl_ord_id().bytes(),
    }))
}

fn replace(m: &ReplaceOrderView<'_>) -> Result<Request, InboundError> {
    let options = m.options();
    let check = Check::new("Replace Order Request", &options);
    check.order(m.display())?;
    if options.side.is_some() {
        return check.refuse(
            "Side",
            "a replace does not change the side",
            "send a Modify Order Request for another kind of sell",
        );
    }
    let (time_in_force, min_quantity) = check.time_in_force(
        m.time_in_force(),
        m.quantity(),
        options.min_qty.unwrap_or(0),
    )?;
    if min_quantity != 0 {
        return check.refuse(
            "MinQty",
            "a replacement has no minimum quantity",
            "leave the tag out, or send Time In Force 3 with a minimum equal to the quantity",
        );
    }
    Ok(Request::Replace(Replace {
        target: check.target(m.orig_user_ref_num())?,
        user_ref: m.user_ref_num(),
        quantity: m.quantity(),
        price_e4: m.price_e4(),
        time_in_force,
        post_only: options.post_only == Some(PostOnly::PostOnly),
        display: m.display().code(),
        intermarket_sweep: m.intermarket_sweep().code(),
        cl_ord_id: m.cl_ord_id().bytes(),
    }))
}

fn cancel(m: &CancelOrderView<'_>) -> Result<Request, InboundError> {
    let options = m.options();
    let check = Check::new("Cancel Order Request", &options);
    check.channel()?;
    Ok(Request::Cancel {
        target: check.target(m.user_ref_num())?,
        quantity: m.quantity(),
    })
}

fn modify(m: &ModifyOrderView<'_>) -> Result<Request, InboundError> {
    let options = m.options();
    let check = Check::new("Modify Order Request", &options);
    check.channel()?;
    Ok(Request::Modify {
        target: check.target(m.user_ref_num())?,
        side_code: m.side().code(),
        quantity: m.quantity(),
    })
}

fn mass_cancel(m: &MassCancelView<'_>) -> Result<Request, InboundError> {
    let options = m.options();
    let check = Check::new("Mass Cancel Request", &options);
    check.channel()?;
    if options.group_id.is_some_and(|group| group != 0) {
        return check.refuse(
            "Group ID",
            "orders have no groups",
            "leave the tag out and cancel by symbol",
        );
    }
    if options.side.is_some() {
        return check.refuse(
            "Side",
            "a mass cancel takes both sides",
            "leave the tag out and cancel by symbol",
        );
    }
    Ok(Request::MassCancel {
        user_ref: m.user_ref_num(),
        symbol: types::Symbol(m.symbol().bytes()),
    })
}

const fn side(side: Side) -> MarketSide {
    match side {
        Side::Buy => MarketSide::Buy,
        Side::Sell | Side::SellShort | Side::SellShortExempt => MarketSide::Sell,
    }
}

/// The rules that several messages share.
struct Check<'a> {
    message: &'static str,
    options: &'a Options,
}

impl<'a> Check<'a> {
    const fn new(message: &'static str, options: &'a Options) -> Self {
        Self { message, options }
    }

    const fn refuse<T>(
        &self,
        field: &'static str,
        what: &'static str,
        next: &'static str,
    ) -> Result<T, InboundError> {
        Err(InboundError::Unsupported {
            message: self.message,
            field,
            what,
            next,
        })
    }

    /// One channel of user reference numbers a session.
    fn channel(&self) -> Result<(), InboundError> {
        if self.options.user_ref_idx.is_some_and(|index| index != 0) {
            return self.refuse(
                "UserRefIdx",
                "a session has one channel of user reference numbers",
                "leave the tag out, or send 0",
            );
        }
        Ok(())
    }

    /// What an Enter and a Replace may not ask for: each tag with the values that ask for nothing.
    fn order(&self, display: Display) -> Result<(), InboundError> {
        if display == Display::Hidden {
            return self.refuse("Display", "every order is shown", "send Y");
        }
        if self.options.is_empty() {
            return Ok(());
        }
        self.channel()?;
        let o = self.options;
        let plain_aiq = [AiqStrategy::PortDefault, AiqStrategy::Disabled];
        let asked = [
            ("MaxFloor", o.max_floor.is_some_and(|v| v != 0)),
            (
                "PriceType",
                o.price_type.is_some_and(|v| v != PriceType::Limit),
            ),
            ("PegOffset", o.peg_offset_e4.is_some_and(|v| v != 0)),
            (
                "DiscretionPrice",
                o.discretion_price_e4.is_some_and(|v| v != 0),
            ),
            (
                "DiscretionPriceType",
                o.discretion_price_type
                    .is_some_and(|v| v != DiscretionPriceType::Limit),
            ),
            (
                "DiscretionPegOffset",
                o.discretion_peg_offset_e4.is_some_and(|v| v != 0),
            ),
            ("RandomReserves", o.random_reserves.is_some_and(|v| v != 0)),
            ("Route", o.route.is_some_and(|v| !v.is_blank())),
            ("ExpireTime", o.expire_time_s.is_some_and(|v| v != 0)),
            ("TradeNow", o.trade_now == Some(TradeNow::Yes)),
            (
                "HandleInst",
                o.handle_inst.is_some_and(|v| v != HandleInst::None),
            ),
            (
                "AIQ Strategy",
                o.aiq_strategy.is_some_and(|v| !plain_aiq.contains(&v)),
            ),
        ];
        match asked.iter().find(|(_, asked)| *asked) {
            Some((field, _)) => self.refuse(
                field,
                "this instruction is not offered",
                "leave the tag out",
            ),
            None => Ok(()),
        }
    }

    /// The market's time in force and minimum quantity.
    fn time_in_force(
        &self,
        code: TimeInForce,
        quantity: u32,
        min_quantity: u32,
    ) -> Result<(types::TimeInForce, u32), InboundError> {
        use TimeInForceExtension::{FillOrKill, GoodTillCancel};
        let whole = min_quantity == quantity && quantity > 0;
        match (code, self.options.time_in_force) {
            (TimeInForce::Day, None) => Ok((types::TimeInForce::Day, min_quantity)),
            (TimeInForce::Day, Some(GoodTillCancel)) => {
                Ok((types::TimeInForce::GoodTillCancel, min_quantity))
            }
            (TimeInForce::ImmediateOrCancel, None) if !whole => {
                Ok((types::TimeInForce::ImmediateOrCancel, min_quantity))
            }
            // All at once is the whole minimum; another minimum beside it contradicts it, and the market says so.
            (TimeInForce::ImmediateOrCancel, None | Some(FillOrKill)) => Ok((
                types::TimeInForce::FillOrKill,
                if whole { 0 } else { min_quantity },
            )),
            (TimeInForce::Day, Some(FillOrKill)) => self.refuse(
                "TimeInForceExtension",
                "fill or kill contradicts Time In Force 0",
                "send Time In Force 3 with it",
            ),
            (TimeInForce::ImmediateOrCancel, Some(GoodTillCancel)) => self.refuse(
                "TimeInForceExtension",
                "good till cancel contradicts Time In Force 3",
                "send Time In Force 0 with it",
            ),
            (
                TimeInForce::ExtendedHours | TimeInForce::GoodTillTime | TimeInForce::AfterHours,
                _,
            ) => self.refuse(
                "Time In Force",
                "the venue has day, good till cancel, immediate or cancel, and fill or kill",
                "send 0 or 3, with tag 0xF0 for the others",
            ),
        }
    }

    /// Which order is meant.
    fn target(&self, user_ref: u32) -> Result<Target, InboundError> {
        match self.options.order_reference_number {
            None => Ok(Target::UserRef(user_ref)),
            Some(number) if user_ref == 0 => Ok(Target::OrderRef(number)),
            Some(_) => self.refuse(
                "OrderReferenceNumber",
                "the order is named twice",
                "send the user reference number 0 with it",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
