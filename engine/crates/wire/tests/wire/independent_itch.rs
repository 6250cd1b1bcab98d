//! ITCH 5.0 against `itchy` 0.3.4, which is not ours: our golden vectors, as a stream of length-prefixed messages, read
//! by it, every field compared. It has neither Operational Halt nor Direct Listing.

use crate::golden;
use itchy::{Body, MessageStream};
use rialto_wire::itch::Message;

const NOT_THERE: [&str; 2] = ["operational_halt", "direct_listing"];

fn theirs() -> Vec<itchy::Message> {
    let mut stream = Vec::new();
    for (name, bytes) in golden::itch() {
        if !NOT_THERE.contains(&name) {
            stream.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
            stream.extend_from_slice(&bytes);
        }
    }
    let messages: Result<Vec<_>, _> = MessageStream::from_reader(stream.as_slice()).collect();
    messages.expect("it reads every message")
}

#[test]
fn every_field_agrees() {
    let vectors: Vec<_> = golden::itch()
        .into_iter()
        .filter(|(name, _)| !NOT_THERE.contains(name))
        .collect();
    let messages = theirs();
    assert_eq!((messages.len(), vectors.len()), (21, 21));
    for ((name, bytes), found) in vectors.iter().zip(messages) {
        assert_eq!(found.tag, bytes[0], "{name}");
        assert_eq!(found.timestamp, 34_200_000_000_123, "{name}");
        let locate = u16::from_be_bytes([bytes[1], bytes[2]]);
        assert_eq!(found.stock_locate, locate, "{name}");
        let tracking = u16::from_be_bytes([bytes[3], bytes[4]]);
        assert_eq!(found.tracking_number, tracking, "{name}");
        agree(&Message::decode(bytes).unwrap(), found.body);
    }
}

/// Compares the fields behind the timestamp. Its enumerations are compared by their names.
fn agree(ours: &Message<'_>, theirs: Body) {
    let named = |value: &dyn std::fmt::Debug| format!("{value:?}");
    match (ours, theirs) {
        (Message::SystemEvent(ours), Body::SystemEvent { event }) => {
            assert_eq!(named(&ours.event_code()), named(&event));
        }
        (Message::StockDirectory(ours), Body::StockDirectory(found)) => {
            assert_eq!(ours.stock().text(), found.stock.trim_end());
            assert_eq!(named(&found.market_category), "NasdaqGlobalSelect");
            assert_eq!(named(&found.financial_status), "Normal");
            assert_eq!(ours.round_lot_size(), found.round_lot_size);
            assert!(!found.round_lots_only);
            assert_eq!(named(&found.issue_classification), "CommonStock");
            assert_eq!(named(&found.issue_subtype), "NotApplicable");
            assert!(found.authenticity);
            assert_eq!(
                (found.short_sale_threshold, found.ipo_flag),
                (Some(false), None)
            );
            assert_eq!(named(&ours.luld_tier()), named(&found.luld_ref_price_tier));
            assert_eq!(found.etp_flag, Some(true));
            assert_eq!(ours.etp_leverage_factor(), found.etp_leverage_factor);
            assert!(found.inverse_indicator);
        }
        (
            Message::StockTradingAction(ours),
            Body::TradingAction {
                stock,
                trading_state,
                reason,
            },
        ) => {
            assert_eq!(ours.stock().text(), stock.trim_end());
            assert_eq!(named(&ours.trading_state()), named(&trading_state));
            assert_eq!(ours.reason().text(), reason.trim_end());
        }
        (Message::RegShoRestriction(ours), Body::RegShoRestriction { stock, action }) => {
            assert_eq!(ours.stock().text(), stock.trim_end());
            assert_eq!(named(&ours.reg_sho_action()), named(&action));
        }
        (Message::MarketParticipantPosition(ours), Body::ParticipantPosition(found)) => {
            assert_eq!(ours.mpid().text(), found.mpid.trim_end());
            assert_eq!(ours.stock().text(), found.stock.trim_end());
            assert!(found.primary_market_maker);
            assert_eq!(
                named(&ours.market_maker_mode()),
                named(&found.market_maker_mode)
            );
            assert_eq!(
                named(&ours.participant_state()),
                named(&found.market_participant_state)
            );
        }
        (
            Message::MwcbDeclineLevel(ours),
            Body::MwcbDeclineLevel {
                level1,
                level2,
                level3,
            },
        ) => {
            assert_eq!(
                (ours.level1_e8(), ours.level2_e8(), ours.level3_e8()),
                (level1.raw(), level2.raw(), level3.raw())
            );
        }
        (Message::MwcbStatus(_), Body::Breach(level)) => assert_eq!(named(&level), "L2"),
        (Message::IpoQuotingPeriod(ours), Body::IpoQuotingPeriod(found)) => {
            assert_eq!(ours.stock().text(), found.stock.trim_end());
            assert_eq!(ours.release_time_s(), found.release_time);
            assert_eq!(
                named(&ours.release_qualifier()),
                named(&found.release_qualifier)
            );
            assert_eq!(ours.ipo_price_e4(), found.price.raw());
        }
        (
            Message::LuldAuctionCollar(ours),
            Body::LULDAuctionCollar {
                stock,
                ref_price,
                upper_price,
                lower_price,
                extension,
            },
        ) => {
            assert_eq!(ours.stock().text(), stock.trim_end());
            assert_eq!(
                (
                    ours.reference_price_e4(),
                    ours.upper_price_e4(),
                    ours.lower_price_e4(),
                    ours.extension()
                ),
                (
                    ref_price.raw(),
                    upper_price.raw(),
                    lower_price.raw(),
                    extension
                )
            );
        }
        (Message::AddOrder(ours), Body::AddOrder(found)) => {
            assert_eq!(
                (ours.order_reference_number(), ours.shares()),
                (found.reference, found.shares)
            );
            assert_eq!(named(&ours.side()), named(&found.side));
            assert_eq!(ours.stock().text(), found.stock.trim_end());
            assert_eq!(ours.price_e4(), found.price.raw());
            assert_eq!(found.mpid, None);
        }
        (Message::AddOrderMpid(ours), Body::AddOrder(found)) => {
            assert_eq!(
                (ours.order_reference_number(), ours.shares()),
                (found.reference, found.shares)
            );
            assert_eq!(named(&ours.side()), named(&found.side));
            assert_eq!(ours.stock().text(), found.stock.trim_end());
            assert_eq!(ours.price_e4(), found.price.raw());
            assert_eq!(ours.attribution().text(), found.mpid.unwrap().trim_end());
        }
        (
            Message::OrderExecuted(ours),
            Body::OrderExecuted {
                reference,
                executed,
                match_number,
            },
        ) => {
            assert_eq!(
                (
                    ours.order_reference_number(),
                    ours.executed_shares(),
                    ours.match_number()
                ),
                (reference, executed, match_number)
            );
        }
        (
            Message::OrderExecutedWithPrice(ours),
            Body::OrderExecutedWithPrice {
                reference,
                executed,
                match_number,
                printable,
                price,
            },
        ) => {
            assert_eq!(
                (
                    ours.order_reference_number(),
                    ours.executed_shares(),
                    ours.match_number()
                ),
                (reference, executed, match_number)
            );
            assert!(printable);
            assert_eq!(ours.execution_price_e4(), price.raw());
        }
        (
            Message::OrderCancel(ours),
            Body::OrderCancelled {
                reference,
                cancelled,
            },
        ) => {
            assert_eq!(
                (ours.order_reference_number(), ours.canceled_shares()),
                (reference, cancelled)
            );
        }
        (Message::OrderDelete(ours), Body::DeleteOrder { reference }) => {
            assert_eq!(ours.order_reference_number(), reference);
        }
        (Message::OrderReplace(ours), Body::ReplaceOrder(found)) => {
            assert_eq!(ours.original_order_reference_number(), found.old_reference);
            assert_eq!(ours.new_order_reference_number(), found.new_reference);
            assert_eq!(
                (ours.shares(), ours.price_e4()),
                (found.shares, found.price.raw())
            );
        }
        (Message::Trade(ours), Body::NonCrossTrade(found)) => {
            assert_eq!(
                (ours.order_reference_number(), ours.shares()),
                (found.reference, found.shares)
            );
            assert_eq!(named(&ours.side()), named(&found.side));
            assert_eq!(ours.stock().text(), found.stock.trim_end());
            assert_eq!(
                (ours.price_e4(), ours.match_number()),
                (found.price.raw(), found.match_number)
            );
        }
        (Message::CrossTrade(ours), Body::CrossTrade(found)) => {
            assert_eq!(
                (ours.shares(), ours.match_number()),
                (found.shares, found.match_number)
            );
            assert_eq!(ours.stock().text(), found.stock.trim_end());
            assert_eq!(ours.cross_price_e4(), found.cross_price.raw());
            assert_eq!(named(&ours.cross_type()), named(&found.cross_type));
        }
        (Message::BrokenTrade(ours), Body::BrokenTrade { match_number }) => {
            assert_eq!(ours.match_number(), match_number);
        }
        (Message::Noii(ours), Body::Imbalance(found)) => {
            assert_eq!(
                (ours.paired_shares(), ours.imbalance_shares()),
                (found.paired_shares, found.imbalance_shares)
            );
            assert_eq!(
                named(&ours.imbalance_direction()),
                named(&found.imbalance_direction)
            );
            assert_eq!(ours.stock().text(), found.stock.trim_end());
            assert_eq!(
                (
                    ours.far_price_e4(),
                    ours.near_price_e4(),
                    ours.reference_price_e4()
                ),
                (
                    found.far_price.raw(),
                    found.near_price.raw(),
                    found.current_ref_price.raw()
                )
            );
            assert_eq!(named(&ours.cross_type()), named(&found.cross_type));
            assert_eq!(
                char::from(ours.price_variation().code()),
                found.price_variation_indicator
            );
        }
        (Message::RetailInterest(ours), Body::RetailPriceImprovementIndicator(found)) => {
            assert_eq!(ours.stock().text(), found.stock.trim_end());
            assert_eq!(named(&found.interest_flag), "RPIAvailableBothSides");
        }
        (ours, found) => panic!("{ours:?} is not {found:?}"),
    }
}
