//! The macro that turns field tables into messages, and what tools can ask of a table.

use crate::field::{FieldKind, Wire};

/// One field of a message's table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its name in the specification.
    pub name: &'static str,
    /// Its name in this crate's structs and views.
    pub key: &'static str,
    /// Where it starts, in bytes from the message's type.
    pub offset: usize,
    /// Its length in bytes.
    pub len: usize,
    /// How its bytes are read.
    pub kind: FieldKind,
}

/// What follows a message's fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tail {
    /// Nothing.
    None,
    /// A two-byte appendage length, always, and the appendages.
    Required,
    /// Nothing, or a two-byte appendage length and the appendages.
    Optional,
}

/// A message's table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    /// The protocol and direction.
    pub protocol: &'static str,
    /// Its name in the specification.
    pub name: &'static str,
    /// Its type, the first byte.
    pub code: u8,
    /// The section of the specification.
    pub section: &'static str,
    /// The length of the type and the fields, without any appendage length.
    pub len: usize,
    /// The fields, in the order of their offsets.
    pub fields: &'static [Field],
    /// What follows them.
    pub tail: Tail,
    /// The tags that may follow.
    pub tags: &'static [u8],
}

/// A field's value without its Rust type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value<'a> {
    /// An unsigned number, from binary or from ASCII digits.
    Unsigned(u64),
    /// A signed number.
    Signed(i64),
    /// Text without its padding on the right.
    Text(&'a str),
    /// One character of a list.
    Code(char),
}

impl Field {
    /// The field's value in a decoded message's bytes; `None` if they do not hold one.
    pub fn value<'a>(&self, bytes: &'a [u8]) -> Option<Value<'a>> {
        let bytes = bytes.get(self.offset..self.offset.checked_add(self.len)?)?;
        match self.kind {
            FieldKind::Unsigned | FieldKind::Reserved => Some(Value::Unsigned(unsigned(bytes))),
            FieldKind::Code => match bytes {
                [byte] => Some(Value::Code(char::from(*byte))),
                _ => Some(Value::Unsigned(unsigned(bytes))),
            },
            FieldKind::Signed => i32::read(bytes)
                .ok()
                .map(|value| Value::Signed(i64::from(value))),
            FieldKind::Alpha => std::str::from_utf8(bytes)
                .ok()
                .map(|text| Value::Text(text.trim_end_matches(' '))),
            FieldKind::Digits => std::str::from_utf8(bytes)
                .ok()
                .and_then(|text| text.trim_matches(' ').parse().ok())
                .map(Value::Unsigned),
        }
    }
}

fn unsigned(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

/// Makes messages of field tables. For each: a struct of plain values, a view over bytes, its [`Layout`]; for all: the
/// enumeration of the views with `decode`. Offsets must be gapless and lengths those of the types, which is checked when
/// the crate is compiled.
macro_rules! messages {
    (
        protocol $protocol:literal;
        $(#[$emeta:meta])*
        pub enum $enum:ident;
        $(
            $(#[$meta:meta])*
            $name:ident, $view:ident = $code:literal $spec:literal $section:literal
            tail $tail:ident [$($tag:ident)*] {
                $(
                    $(#[$fmeta:meta])*
                    $offset:literal $len:literal $field:ident: $type:ty = $fspec:literal
                    $(only [$($only:ident)*])?;
                )*
            }
        )*
    ) => {
        $(#[$emeta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $enum<'a> {
            $(
                #[doc = concat!($spec, ", ", $section, ".")]
                $name($view<'a>),
            )*
        }

        impl<'a> $enum<'a> {
            /// The tables of all messages.
            pub const LAYOUTS: &'static [$crate::message::Layout] = &[$($name::LAYOUT,)*];

            /// Reads one whole message: all of `bytes`, no more and no fewer.
            ///
            /// # Errors
            /// The first thing that is wrong: lengths before values, fields before appendages.
            pub fn decode(bytes: &'a [u8]) -> Result<Self, $crate::error::DecodeError> {
                let fault = match bytes.first() {
                    $(Some(&$code) => return $view::decode(bytes).map(Self::$name),)*
                    Some(&found) => $crate::error::Fault::UnknownType { found },
                    None => $crate::error::Fault::Empty,
                };
                Err($crate::error::DecodeError {
                    protocol: $protocol,
                    message: "message",
                    field: "Type",
                    offset: 0,
                    fault,
                })
            }

            /// The message's bytes.
            pub const fn as_bytes(&self) -> &'a [u8] {
                match self {
                    $(Self::$name(view) => view.as_bytes(),)*
                }
            }

            /// The message's table.
            pub const fn layout(&self) -> &'static $crate::message::Layout {
                match self {
                    $(Self::$name(_) => const { &$name::LAYOUT },)*
                }
            }
        }

        $(
            $(#[$meta])*
            #[doc = ""]
            #[doc = concat!("Type `", stringify!($code), "`, ", $section, ".")]
            #[derive(Clone, Copy, PartialEq, Eq, Debug)]
            pub struct $name {
                $(
                    $(#[$fmeta])*
                    #[doc = concat!("`", $fspec, "`: offset ", stringify!($offset), ", length ", stringify!($len), ".")]
                    pub $field: $type,
                )*
            }

            impl $name {
                /// The type on the wire.
                pub const CODE: u8 = $code;
                /// The length of the type and the fields in bytes, without any appendage length.
                pub const LEN: usize = 1 $(+ $len)*;
                /// The message's table.
                pub const LAYOUT: $crate::message::Layout = $crate::message::Layout {
                    protocol: $protocol,
                    name: $spec,
                    code: $code,
                    section: $section,
                    len: Self::LEN,
                    fields: &[$($crate::message::Field {
                        name: $fspec,
                        key: stringify!($field),
                        offset: $offset,
                        len: $len,
                        kind: <$type as $crate::field::Wire>::KIND,
                    },)*],
                    tail: $crate::message::Tail::$tail,
                    tags: &[$($crate::ouch::Tag::$tag.code(),)*],
                };

                fn write_fields(&self, out: &mut Vec<u8>) {
                    out.push($code);
                    $($crate::field::Wire::write(self.$field, out);)*
                }
            }

            const _: () = {
                let at = 1;
                $(
                    assert!($offset == at, "a field's offset is not the end of the one before");
                    assert!(<$type as $crate::field::Wire>::LEN == $len, "a field's length is not its type's");
                    let at = at + $len;
                )*
                assert!(at == $name::LEN);
            };

            #[doc = concat!("A ", $spec, " in received bytes; see [`", stringify!($name), "`].")]
            #[derive(Clone, Copy, PartialEq, Eq)]
            pub struct $view<'a> {
                bytes: &'a [u8],
            }

            impl<'a> $view<'a> {
                $crate::message::tail_api!($tail, $name);

                /// Reads one whole message.
                ///
                /// # Errors
                /// The first thing that is wrong: lengths before values, fields before appendages.
                pub fn decode(bytes: &'a [u8]) -> Result<Self, $crate::error::DecodeError> {
                    Self::check(bytes).map_err(|(field, offset, fault)| $crate::error::DecodeError {
                        protocol: $protocol,
                        message: $spec,
                        field,
                        offset,
                        fault,
                    })?;
                    Ok(Self { bytes })
                }

                fn check(bytes: &[u8]) -> Result<(), (&'static str, usize, $crate::error::Fault)> {
                    match bytes.first() {
                        None => return Err(("Type", 0, $crate::error::Fault::Empty)),
                        Some(&found) if found != $code => {
                            return Err(("Type", 0, $crate::error::Fault::UnknownType { found }));
                        }
                        Some(_) => {}
                    }
                    Self::check_lengths(bytes)?;
                    $(
                        let read = <$type as $crate::field::Wire>::read(&bytes[$offset..$offset + $len]);
                        $(
                            let read = read.and_then(|value| if [$(<$type>::$only),*].contains(&value) {
                                Ok(value)
                            } else {
                                Err($crate::error::Fault::BadCode {
                                    found: u16::from(value.code()),
                                    expected: concat!($(stringify!($only), "|"),*),
                                })
                            });
                        )?
                        read.map_err(|fault| ($fspec, $offset, fault))?;
                    )*
                    Self::check_tags(bytes)
                }

                /// The message's bytes.
                pub const fn as_bytes(&self) -> &'a [u8] {
                    self.bytes
                }

                /// All fields as plain values, without the appendages.
                pub fn owned(&self) -> $name {
                    $name { $($field: self.$field(),)* }
                }

                $(
                    $(#[$fmeta])*
                    #[doc = concat!("`", $fspec, "`.")]
                    #[inline]
                    pub fn $field(&self) -> $type {
                        match <$type as $crate::field::Wire>::read(&self.bytes[$offset..$offset + $len]) {
                            Ok(value) => value,
                            // A view is made only by `decode`, which has read this field.
                            Err(_) => unreachable!("decode has checked this field"),
                        }
                    }
                )*
            }

            impl std::fmt::Debug for $view<'_> {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    $crate::message::tail_debug!($tail, self, f)
                }
            }
        )*
    };
}
pub(crate) use messages;

/// What differs between messages with and without appendages.
macro_rules! tail_api {
    (None, $name:ident) => {
        fn check_lengths(bytes: &[u8]) -> Result<(), (&'static str, usize, $crate::error::Fault)> {
            if bytes.len() == $name::LEN {
                return Ok(());
            }
            Err((
                "Length",
                0,
                $crate::error::Fault::WrongLength {
                    expected: $name::LEN,
                    found: bytes.len(),
                },
            ))
        }

        #[allow(
            clippy::unnecessary_wraps,
            reason = "the same shape as the one that can fail"
        )]
        const fn check_tags(_: &[u8]) -> Result<(), (&'static str, usize, $crate::error::Fault)> {
            Ok(())
        }
    };
    ($tail:ident, $name:ident) => {
        fn check_lengths(bytes: &[u8]) -> Result<(), (&'static str, usize, $crate::error::Fault)> {
            $crate::ouch::appendage::check_lengths(bytes, &$name::LAYOUT)
        }

        fn check_tags(bytes: &[u8]) -> Result<(), (&'static str, usize, $crate::error::Fault)> {
            $crate::ouch::appendage::check_tags(bytes, &$name::LAYOUT)
        }

        /// The appendages, checked when the message was decoded.
        pub fn appendages(&self) -> $crate::ouch::Appendages<'a> {
            $crate::ouch::Appendages::after(self.bytes, $name::LEN)
        }

        /// The appendages as a struct with one member a tag.
        pub fn options(&self) -> $crate::ouch::Options {
            self.appendages().options()
        }
    };
}
pub(crate) use tail_api;

macro_rules! tail_debug {
    (None, $self:ident, $f:ident) => {
        write!($f, "{:?}", $self.owned())
    };
    ($tail:ident, $self:ident, $f:ident) => {
        write!($f, "{:?} {:?}", $self.owned(), $self.appendages())
    };
}
pub(crate) use tail_debug;

/// `encode` of messages that end with their fields.
macro_rules! encode_plain {
    ($($name:ident)*) => {$(
        impl $name {
            /// Appends the message's bytes.
            pub fn encode(&self, out: &mut Vec<u8>) {
                self.write_fields(out);
            }
        }
    )*};
}
pub(crate) use encode_plain;
