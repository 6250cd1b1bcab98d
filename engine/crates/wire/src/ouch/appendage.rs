//! Appendages: what a message carries beyond its fields (§1.2 "TagValue element", Appendix A; B in 2023).
//!
//! An element is its length (one byte, of tag and value), its tag (one byte) and its value. This venue's own tags begin
//! at 0xF0; `APPENDAGES.md` describes them.

use super::Firm;
use super::codes::{
    AiqStrategy, BboWeight, CustomerType, DiscretionPriceType, HandleInst, PostOnly, PriceType,
    SharesLocated, Side, TimeInForceExtension, TradeNow,
};
use crate::error::Fault;
use crate::field::{Alpha, Wire, codes};
use crate::message::{Layout, Tail};
use std::fmt;

/// A fault with the field it is in and that field's offset.
type Found = (&'static str, usize, Fault);

macro_rules! tags {
    ($($(#[$meta:meta])* $code:literal $len:literal $name:ident $field:ident: $type:ty = $spec:literal;)*) => {
        codes! {
            /// The tags of appendages.
            pub enum Tag: u8 {
                $($(#[$meta])* $name = $code,)*
            }
        }

        const _: () = {
            $(assert!(<$type as Wire>::LEN == $len, "a tag's length is not its type's");)*
        };

        impl Tag {
            /// The tag's name in the specification.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $spec,)*
                }
            }

            /// The length of its value in bytes.
            #[allow(clippy::len_without_is_empty, reason = "a value's length; no tag has an empty one")]
            pub const fn len(self) -> usize {
                match self {
                    $(Self::$name => $len,)*
                }
            }
        }

        /// One appendage.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Appendage {
            $($(#[$meta])* $name($type),)*
        }

        impl Appendage {
            /// Its tag.
            pub const fn tag(self) -> Tag {
                match self {
                    $(Self::$name(_) => Tag::$name,)*
                }
            }

            fn read(tag: Tag, value: &[u8]) -> Result<Self, Fault> {
                match tag {
                    $(Tag::$name => <$type>::read(value).map(Self::$name),)*
                }
            }

            /// Appends the element: length, tag, value.
            pub fn write(self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$name(value) => {
                        out.push(1 + $len);
                        out.push($code);
                        value.write(out);
                    })*
                }
            }
        }

        /// All appendages of a message, one member a tag.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct Options {
            $($(#[$meta])* pub $field: Option<$type>,)*
        }

        impl Options {
            /// No appendages.
            pub const NONE: Self = Self { $($field: None,)* };

            /// Sets the member of the appendage's tag.
            pub fn set(&mut self, appendage: Appendage) {
                match appendage {
                    $(Appendage::$name(value) => self.$field = Some(value),)*
                }
            }

            /// The appendage of a tag, if it is there.
            pub fn get(&self, tag: Tag) -> Option<Appendage> {
                match tag {
                    $(Tag::$name => self.$field.map(Appendage::$name),)*
                }
            }

            /// Appends the elements that are there, in the order of their tags. Each answer does this: it asks each member
            /// once, where the iterator would look up each tag.
            fn write(&self, out: &mut Vec<u8>) {
                $(if let Some(value) = self.$field {
                    Appendage::$name(value).write(out);
                })*
            }
        }
    };
}

tags! {
    /// An alternative order reference number, as market data shows it.
    1 8 SecondaryOrdRefNum secondary_ord_ref_num: u64 = "SecondaryOrdRefNum";
    /// The firm that enters; blank for the account's own.
    2 4 Firm firm: Firm = "Firm";
    /// At least this much must match at once; 0 for none.
    3 4 MinQty min_qty: u32 = "MinQty";
    /// Retail or not.
    4 1 CustomerType customer_type: CustomerType = "CustomerType";
    /// The displayed part; 0 for all.
    5 4 MaxFloor max_floor: u32 = "MaxFloor";
    /// How the price is made.
    6 1 PriceType price_type: PriceType = "PriceType";
    /// A peg's offset in units of 1e-4.
    7 4 PegOffset peg_offset_e4: i32 = "PegOffset";
    /// A discretionary order's price in units of 1e-4; 0 for none.
    9 8 DiscretionPrice discretion_price_e4: u64 = "DiscretionPrice";
    /// How the discretionary price is made.
    10 1 DiscretionPriceType discretion_price_type: DiscretionPriceType = "DiscretionPriceType";
    /// The discretionary peg's offset in units of 1e-4.
    11 4 DiscretionPegOffset discretion_peg_offset_e4: i32 = "DiscretionPegOffset";
    /// Never take.
    12 1 PostOnly post_only: PostOnly = "PostOnly";
    /// Shares to refresh at random with; 0 for none.
    13 4 RandomReserves random_reserves: u32 = "RandomReserves";
    /// A route.
    14 4 Route route: Alpha<4> = "Route";
    /// Seconds to live, below a day; 0 for none.
    15 4 ExpireTime expire_time_s: u32 = "ExpireTime";
    /// Take at once.
    16 1 TradeNow trade_now: TradeNow = "TradeNow";
    /// Handling instructions.
    17 1 HandleInst handle_inst: HandleInst = "HandleInst";
    /// Where the order stood against the best.
    18 1 BboWeightIndicator bbo_weight: BboWeight = "BBO Weight Indicator";
    /// The displayed quantity now (Order Restated).
    22 4 DisplayQuantity display_quantity: u32 = "Display Quantity";
    /// The displayed price now in units of 1e-4 (Order Restated).
    23 8 DisplayPrice display_price_e4: u64 = "Display Price";
    /// The customer's own group; 0 for none.
    24 2 GroupId group_id: u16 = "Group ID";
    /// Shares were located for a short sale.
    25 1 SharesLocated shares_located: SharesLocated = "Shares Located";
    /// Who located them (revision 1.05).
    26 4 LocateBroker locate_broker: Alpha<4> = "Locate Broker";
    /// The side (revision 1.05).
    27 1 Side side: Side = "Side";
    /// The channel of user reference numbers within the account (revision 1.05).
    28 1 UserRefIdx user_ref_idx: u8 = "UserRefIdx";
    /// What happens when one's own orders would match (revision 1.05).
    29 1 AiqStrategy aiq_strategy: AiqStrategy = "AIQ Strategy";
    /// The group for that; `**` for the port's default (revision 1.05).
    30 2 AiqGroupId aiq_group_id: Alpha<2> = "AIQ Group ID";
    /// This venue: the time in force that the field lacks.
    0xF0 1 TimeInForceExtension time_in_force: TimeInForceExtension = "TimeInForceExtension";
    /// This venue: names a good-till-cancel order of an earlier trading day by its order reference number.
    0xF1 8 OrderReferenceNumber order_reference_number: u64 = "OrderReferenceNumber";
}

impl Options {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// The appendages in the order of their tags.
    pub fn iter(&self) -> OptionsIter<'_> {
        OptionsIter {
            options: self,
            tags: Tag::ALL.iter(),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::NONE
    }
}

/// The appendages of [`Options::iter`].
#[derive(Clone, Debug)]
pub struct OptionsIter<'a> {
    options: &'a Options,
    tags: std::slice::Iter<'static, Tag>,
}

impl Iterator for OptionsIter<'_> {
    type Item = Appendage;

    fn next(&mut self) -> Option<Appendage> {
        self.tags.by_ref().find_map(|tag| self.options.get(*tag))
    }
}

impl<'a> IntoIterator for &'a Options {
    type Item = Appendage;
    type IntoIter = OptionsIter<'a>;

    fn into_iter(self) -> OptionsIter<'a> {
        self.iter()
    }
}

/// The appendages of a decoded message, in its bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Appendages<'a> {
    /// The elements.
    bytes: &'a [u8],
    /// Whether an appendage length stands before them, which short messages may leave out.
    present: bool,
}

impl<'a> Appendages<'a> {
    /// Of a message that was decoded before, whose type and fields take `len` bytes (`Layout::len`).
    pub fn after(message: &'a [u8], len: usize) -> Self {
        match message.get(len + 2..) {
            Some(bytes) => Self {
                bytes,
                present: true,
            },
            None => Self {
                bytes: &[],
                present: false,
            },
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The elements' bytes.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The appendages in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = Appendage> + 'a {
        elements(self.bytes).filter_map(|element| {
            let (_, tag, value) = element.ok()?;
            Appendage::read(Tag::from_code(tag)?, value).ok()
        })
    }

    /// The appendage of a tag, if it is there.
    pub fn get(&self, tag: Tag) -> Option<Appendage> {
        self.iter().find(|appendage| appendage.tag() == tag)
    }

    /// All of them as a struct with one member a tag.
    pub fn options(&self) -> Options {
        let mut options = Options::NONE;
        for appendage in self.iter() {
            options.set(appendage);
        }
        options
    }
}

impl fmt::Debug for Appendages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Walks the elements: offset within `bytes`, tag, value. Ends after the first fault.
fn elements(bytes: &[u8]) -> impl Iterator<Item = Result<(usize, u8, &[u8]), (usize, Fault)>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..)?;
        let (&len, rest) = rest.split_first()?;
        let start = at;
        let Some((element, _)) = rest.split_at_checked(usize::from(len)) else {
            at = bytes.len();
            let fault = Fault::Overrun {
                announced: usize::from(len),
                left: rest.len(),
            };
            return Some(Err((start, fault)));
        };
        at += 1 + usize::from(len);
        let Some((&tag, value)) = element.split_first() else {
            // An element of length zero has no tag.
            at = bytes.len();
            let fault = Fault::WrongLength {
                expected: 1,
                found: 0,
            };
            return Some(Err((start, fault)));
        };
        Some(Ok((start, tag, value)))
    })
}

/// Checks a message's length against its table and its appendage length, and the structure of its appendages.
pub(crate) fn check_lengths(bytes: &[u8], layout: &Layout) -> Result<(), Found> {
    if bytes.len() == layout.len && layout.tail == Tail::Optional {
        return Ok(());
    }
    let start = layout.len + 2;
    let short = Fault::WrongLength {
        expected: start,
        found: bytes.len(),
    };
    if bytes.len() < start {
        return Err(("Length", 0, short));
    }
    let announced = u16::read(&bytes[layout.len..start])
        .map(usize::from)
        .map_err(|fault| ("Appendage Length", layout.len, fault))?;
    let tail = &bytes[start..];
    if announced > tail.len() {
        let fault = Fault::Overrun {
            announced,
            left: tail.len(),
        };
        return Err(("Appendage Length", layout.len, fault));
    }
    if announced < tail.len() {
        let fault = Fault::WrongLength {
            expected: start + announced,
            found: bytes.len(),
        };
        return Err(("Length", 0, fault));
    }
    for element in elements(tail) {
        let (at, code, value) =
            element.map_err(|(at, fault)| ("Optional Appendage", start + at, fault))?;
        if let Some(tag) = Tag::from_code(code)
            && value.len() != tag.len()
        {
            let fault = Fault::TagLength {
                tag: code,
                expected: tag.len(),
                found: value.len(),
            };
            return Err((tag.name(), start + at, fault));
        }
    }
    Ok(())
}

/// Checks the tags and values of a message's appendages, whose structure is known to be right.
pub(crate) fn check_tags(bytes: &[u8], layout: &Layout) -> Result<(), Found> {
    let start = layout.len + 2;
    let mut seen = [false; 256];
    for element in elements(bytes.get(start..).unwrap_or_default()) {
        let (at, code, value) =
            element.map_err(|(at, fault)| ("Optional Appendage", start + at, fault))?;
        let at = start + at;
        let Some(tag) = Tag::from_code(code) else {
            return Err(("Optional Appendage", at, Fault::UnknownTag { tag: code }));
        };
        if !layout.tags.contains(&code) {
            return Err((tag.name(), at, Fault::TagNotAllowed { tag: code }));
        }
        if std::mem::replace(&mut seen[usize::from(code)], true) {
            return Err((tag.name(), at, Fault::RepeatedTag { tag: code }));
        }
        Appendage::read(tag, value).map_err(|fault| (tag.name(), at, fault))?;
    }
    Ok(())
}

/// Appends the appendage length and the appendages of a message.
pub(crate) fn write_options(out: &mut Vec<u8>, options: &Options, layout: &Layout) {
    let at = out.len();
    out.extend_from_slice(&[0, 0]);
    debug_assert!(
        options
            .iter()
            .all(|a| layout.tags.contains(&a.tag().code())),
        "{} may not carry all of {options:?}",
        layout.name
    );
    options.write(out);
    finish(out, at, layout.tail == Tail::Optional && options.is_empty());
}

/// Appends the appendage length and the appendages as they were received.
pub(crate) fn write_raw(out: &mut Vec<u8>, appendages: Appendages<'_>, layout: &Layout) {
    let at = out.len();
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(appendages.bytes);
    let absent = !appendages.present && appendages.bytes.is_empty();
    finish(out, at, layout.tail == Tail::Optional && absent);
}

/// Fills in the appendage length at `at`, or takes it back.
fn finish(out: &mut Vec<u8>, at: usize, omit: bool) {
    if omit {
        out.truncate(at);
        return;
    }
    // All tags once come to less than 200 bytes, and received appendages to what a length announced.
    let len = u16::try_from(out.len() - at - 2).unwrap_or(u16::MAX);
    out[at..at + 2].copy_from_slice(&len.to_be_bytes());
}
