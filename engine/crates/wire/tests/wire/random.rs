//! Messages of random values, made from the tables.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rialto_wire::ouch::{Appendages, inbound, outbound};
use rialto_wire::{DecodeError, FieldKind, Layout, Tail, glimpse, itch};

/// How a decoder is asked whether bytes are a message, and what it makes of them again.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    pub name: &'static str,
    pub layouts: &'static [Layout],
    pub decode: fn(&[u8]) -> Result<Vec<u8>, DecodeError>,
    pub vectors: fn() -> Vec<crate::golden::Vector>,
}

macro_rules! again {
    (tailed $view:expr) => {{
        let mut out = Vec::new();
        $view.owned().encode_raw(&mut out, $view.appendages());
        out
    }};
    (plain $view:expr) => {{
        let mut out = Vec::new();
        $view.owned().encode(&mut out);
        out
    }};
}

fn inbound_again(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    use inbound::Message as M;
    Ok(match M::decode(bytes)? {
        M::EnterOrder(view) => again!(tailed view),
        M::ReplaceOrder(view) => again!(tailed view),
        M::CancelOrder(view) => again!(tailed view),
        M::ModifyOrder(view) => again!(tailed view),
        M::MassCancel(view) => again!(tailed view),
        M::DisableOrderEntry(view) => again!(tailed view),
        M::EnableOrderEntry(view) => again!(tailed view),
        M::AccountQuery(view) => again!(tailed view),
    })
}

fn outbound_again(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    use outbound::Message as M;
    Ok(match M::decode(bytes)? {
        M::SystemEvent(view) => again!(plain view),
        M::Accepted(view) => again!(tailed view),
        M::Replaced(view) => again!(tailed view),
        M::Canceled(view) => again!(tailed view),
        M::AiqCanceled(view) => again!(tailed view),
        M::Executed(view) => again!(tailed view),
        M::BrokenTrade(view) => again!(tailed view),
        M::Rejected(view) => again!(tailed view),
        M::CancelPending(view) => again!(tailed view),
        M::CancelReject(view) => again!(tailed view),
        M::OrderPriorityUpdate(view) => again!(tailed view),
        M::Modified(view) => again!(tailed view),
        M::Restated(view) => again!(tailed view),
        M::MassCancelResponse(view) => again!(tailed view),
        M::DisableOrderEntryResponse(view) => again!(tailed view),
        M::EnableOrderEntryResponse(view) => again!(tailed view),
        M::AccountQueryResponse(view) => again!(tailed view),
    })
}

fn itch_again(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    use itch::Message as M;
    Ok(match M::decode(bytes)? {
        M::SystemEvent(view) => again!(plain view),
        M::StockDirectory(view) => again!(plain view),
        M::StockTradingAction(view) => again!(plain view),
        M::RegShoRestriction(view) => again!(plain view),
        M::MarketParticipantPosition(view) => again!(plain view),
        M::MwcbDeclineLevel(view) => again!(plain view),
        M::MwcbStatus(view) => again!(plain view),
        M::IpoQuotingPeriod(view) => again!(plain view),
        M::LuldAuctionCollar(view) => again!(plain view),
        M::OperationalHalt(view) => again!(plain view),
        M::AddOrder(view) => again!(plain view),
        M::AddOrderMpid(view) => again!(plain view),
        M::OrderExecuted(view) => again!(plain view),
        M::OrderExecutedWithPrice(view) => again!(plain view),
        M::OrderCancel(view) => again!(plain view),
        M::OrderDelete(view) => again!(plain view),
        M::OrderReplace(view) => again!(plain view),
        M::Trade(view) => again!(plain view),
        M::CrossTrade(view) => again!(plain view),
        M::BrokenTrade(view) => again!(plain view),
        M::Noii(view) => again!(plain view),
        M::RetailInterest(view) => again!(plain view),
        M::DirectListing(view) => again!(plain view),
    })
}

fn glimpse_again(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    match glimpse::Message::decode(bytes)? {
        glimpse::Message::Itch(message) => itch_again(message.as_bytes()),
        glimpse::Message::EndOfSnapshot(view) => Ok(again!(plain view)),
    }
}

/// Every decoder of whole messages.
pub const PROTOCOLS: [Protocol; 4] = [
    Protocol {
        name: "OUCH inbound",
        layouts: inbound::Message::LAYOUTS,
        decode: inbound_again,
        vectors: crate::golden::ouch_inbound,
    },
    Protocol {
        name: "OUCH outbound",
        layouts: outbound::Message::LAYOUTS,
        decode: outbound_again,
        vectors: crate::golden::ouch_outbound,
    },
    Protocol {
        name: "ITCH",
        layouts: itch::Message::LAYOUTS,
        decode: itch_again,
        vectors: crate::golden::itch,
    },
    Protocol {
        name: "GLIMPSE",
        layouts: glimpse::Own::LAYOUTS,
        decode: glimpse_again,
        vectors: crate::golden::glimpse,
    },
];

/// Settings of a property: many cases, the same ones every time, and no files of failures.
pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0x5EED),
        ..ProptestConfig::default()
    }
}

/// The bytes of a message of a table, its fields filled from `noise`, without appendages. Fields with a list of values
/// take the bytes of the golden vector.
pub fn filled(layout: &Layout, vector: &[u8], noise: &[u8]) -> Vec<u8> {
    let mut bytes = vector[..layout.len].to_vec();
    let mut noise = noise.iter().copied().cycle();
    let mut next = || noise.next().unwrap_or(0);
    for field in layout.fields {
        let place = &mut bytes[field.offset..field.offset + field.len];
        match field.kind {
            FieldKind::Unsigned | FieldKind::Signed | FieldKind::Reserved => {
                place.fill_with(&mut next);
            }
            FieldKind::Alpha => place.fill_with(|| b' ' + next() % 95),
            FieldKind::Code | FieldKind::Digits => {}
        }
    }
    if layout.tail == Tail::Required {
        bytes.extend_from_slice(&[0, 0]);
    }
    bytes
}

/// Appendages of no bytes, for messages that have none.
pub fn is_empty(appendages: Appendages<'_>) -> bool {
    appendages.is_empty() && appendages.iter().next().is_none()
}
