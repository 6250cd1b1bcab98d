//! Every appendage, by "Appendix B, Optional Fields" of the edition of 2023 (A of revision 1.05, for 26 to 30) and by
//! this venue's `APPENDAGES.md` (0xF0, 0xF1): length, tag, value.

use super::{hex, shown};
use rialto_wire::Alpha;
use rialto_wire::ouch::{
    AiqStrategy, Appendage, BboWeight, CustomerType, DiscretionPriceType, HandleInst, PostOnly,
    PriceType, SharesLocated, Side, Tag, TimeInForceExtension, TradeNow,
};

fn elements() -> Vec<(&'static str, Appendage)> {
    vec![
        (
            "09 01 0102030405060708",
            Appendage::SecondaryOrdRefNum(0x0102_0304_0506_0708),
        ),
        (
            "05 02 41424344",
            Appendage::Firm(Alpha::new("ABCD").unwrap()),
        ),
        ("05 03 000000C8", Appendage::MinQty(200)),
        ("02 04 52", Appendage::CustomerType(CustomerType::Retail)),
        ("05 05 00000064", Appendage::MaxFloor(100)),
        ("02 06 4D", Appendage::PriceType(PriceType::MidpointPeg)),
        ("05 07 FFFFFF9C", Appendage::PegOffset(-100)),
        (
            "09 09 000000000016E360",
            Appendage::DiscretionPrice(1_500_000),
        ),
        (
            "02 0A 50",
            Appendage::DiscretionPriceType(DiscretionPriceType::MarketPeg),
        ),
        ("05 0B FFFFFFFF", Appendage::DiscretionPegOffset(-1)),
        ("02 0C 50", Appendage::PostOnly(PostOnly::PostOnly)),
        ("05 0D 0000012C", Appendage::RandomReserves(300)),
        (
            "05 0E 52544531",
            Appendage::Route(Alpha::new("RTE1").unwrap()),
        ),
        ("05 0F 00000E10", Appendage::ExpireTime(3_600)),
        ("02 10 59", Appendage::TradeNow(TradeNow::Yes)),
        ("02 11 49", Appendage::HandleInst(HandleInst::ImbalanceOnly)),
        ("02 12 32", Appendage::BboWeightIndicator(BboWeight::UpTo2)),
        ("05 16 00000064", Appendage::DisplayQuantity(100)),
        ("09 17 000000000016F0A8", Appendage::DisplayPrice(1_503_400)),
        ("03 18 0201", Appendage::GroupId(513)),
        ("02 19 59", Appendage::SharesLocated(SharesLocated::Yes)),
        (
            "05 1A 4C435442",
            Appendage::LocateBroker(Alpha::new("LCTB").unwrap()),
        ),
        ("02 1B 54", Appendage::Side(Side::SellShort)),
        ("02 1C 05", Appendage::UserRefIdx(5)),
        (
            "02 1D 4F",
            Appendage::AiqStrategy(AiqStrategy::FirmCancelOldest),
        ),
        (
            "03 1E 4142",
            Appendage::AiqGroupId(Alpha::new("AB").unwrap()),
        ),
        (
            "02 F0 31",
            Appendage::TimeInForceExtension(TimeInForceExtension::GoodTillCancel),
        ),
        (
            "09 F1 00000000000003E9",
            Appendage::OrderReferenceNumber(1001),
        ),
    ]
}

#[test]
fn every_tag_is_here() {
    let tags: Vec<Tag> = elements()
        .iter()
        .map(|(_, element)| element.tag())
        .collect();
    assert_eq!(tags, Tag::ALL);
}

#[test]
fn each_is_encoded_and_decoded() {
    use rialto_wire::ouch::{inbound, outbound};
    let layouts = inbound::Message::LAYOUTS
        .iter()
        .chain(outbound::Message::LAYOUTS);
    for (text, element) in elements() {
        let bytes = hex(text);
        let mut out = Vec::new();
        element.write(&mut out);
        assert_eq!(shown(&out), shown(&bytes));
        // In a message whose table has the tag, behind the vector of that message.
        let tag = element.tag().code();
        let layout = layouts
            .clone()
            .find(|layout| layout.tags.contains(&tag))
            .unwrap();
        let vectors = if layout.protocol == "OUCH 5.0 inbound" {
            super::ouch_inbound()
        } else {
            super::ouch_outbound()
        };
        let (_, vector) = vectors
            .iter()
            .find(|(_, vector)| vector[0] == layout.code)
            .unwrap();
        let mut message = vector[..layout.len].to_vec();
        message.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
        message.extend_from_slice(&bytes);
        let found = if layout.protocol == "OUCH 5.0 inbound" {
            format!("{:?}", inbound::Message::decode(&message).unwrap())
        } else {
            format!("{:?}", outbound::Message::decode(&message).unwrap())
        };
        assert!(
            found.contains(&format!("[{element:?}]")),
            "{found} has no {element:?}"
        );
    }
}
