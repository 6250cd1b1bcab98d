//! The types that fields have on the wire.

use crate::error::Fault;
use std::fmt;

/// A day in nanoseconds.
pub const DAY_NS: u64 = 86_400_000_000_000;

/// Nanoseconds since midnight UTC of a time in nanoseconds since the epoch: the timestamp of OUCH and ITCH.
pub const fn since_midnight(epoch_ns: u64) -> u64 {
    epoch_ns % DAY_NS
}

/// How a field's bytes are read; [`crate::Field::kind`] tells tools without its Rust type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldKind {
    /// A big-endian unsigned integer.
    Unsigned,
    /// A big-endian two's complement integer.
    Signed,
    /// Printable ASCII, left-justified, padded with blanks.
    Alpha,
    /// An ASCII number, right-justified, padded with blanks.
    Digits,
    /// One of a list of values: a character, or for two bytes a number.
    Code,
    /// A byte that the specification reserves; any value.
    Reserved,
}

/// A type of fixed length on the wire.
pub trait Wire: Copy {
    /// Its length in bytes.
    const LEN: usize;
    /// How its bytes are read.
    const KIND: FieldKind;

    /// Reads the value from exactly [`Wire::LEN`] bytes.
    ///
    /// # Errors
    /// What is wrong with them; [`Fault::WrongLength`] if there are more or fewer.
    fn read(bytes: &[u8]) -> Result<Self, Fault>;

    /// Appends the value's [`Wire::LEN`] bytes.
    fn write(self, out: &mut Vec<u8>);
}

/// The bytes as an array, or the fault of a wrong length.
pub(crate) fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Fault> {
    bytes.try_into().map_err(|_| Fault::WrongLength {
        expected: N,
        found: bytes.len(),
    })
}

macro_rules! integers {
    ($($type:ty, $kind:ident;)*) => {$(
        impl Wire for $type {
            const LEN: usize = size_of::<$type>();
            const KIND: FieldKind = FieldKind::$kind;

            #[inline]
            fn read(bytes: &[u8]) -> Result<Self, Fault> {
                Ok(Self::from_be_bytes(array(bytes)?))
            }

            #[inline]
            fn write(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
        }
    )*};
}

integers! {
    u8, Unsigned;
    u16, Unsigned;
    u32, Unsigned;
    u64, Unsigned;
    i32, Signed;
}

/// Text of `N` bytes: printable ASCII, left-justified, padded with blanks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alpha<const N: usize>([u8; N]);

impl<const N: usize> Alpha<N> {
    /// All blanks.
    pub const BLANK: Self = Self([b' '; N]);

    /// The padded text, or `None` if it has more than `N` bytes or one that is not printable ASCII.
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = [b' '; N];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        Self::from_bytes(bytes)
    }

    /// The bytes as they are, or `None` if one is not printable ASCII.
    pub fn from_bytes(bytes: [u8; N]) -> Option<Self> {
        bytes.iter().copied().all(printable).then_some(Self(bytes))
    }

    /// The bytes with `?` for each that is not printable ASCII.
    pub fn clean(bytes: [u8; N]) -> Self {
        Self(bytes.map(|byte| if printable(byte) { byte } else { b'?' }))
    }

    /// The bytes, padding included.
    pub const fn bytes(self) -> [u8; N] {
        self.0
    }

    /// The text without its padding on the right.
    pub fn text(&self) -> &str {
        // Printable ASCII by construction, so the conversion does not fail.
        std::str::from_utf8(&self.0)
            .unwrap_or_default()
            .trim_end_matches(' ')
    }

    /// Whether it is all blanks.
    pub fn is_blank(&self) -> bool {
        self.0.iter().all(|byte| *byte == b' ')
    }
}

fn printable(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_graphic()
}

impl<const N: usize> Default for Alpha<N> {
    fn default() -> Self {
        Self::BLANK
    }
}

impl<const N: usize> fmt::Display for Alpha<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

impl<const N: usize> fmt::Debug for Alpha<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text())
    }
}

impl<const N: usize> Wire for Alpha<N> {
    const LEN: usize = N;
    const KIND: FieldKind = FieldKind::Alpha;

    #[inline]
    fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let bytes = array(bytes)?;
        match bytes.iter().copied().find(|byte| !printable(*byte)) {
            None => Ok(Self(bytes)),
            Some(found) => Err(Fault::NotText { found }),
        }
    }

    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

/// A number in `N` ASCII digits, right-justified, padded with blanks. Public clients disagree on the padding, so blanks
/// on either side and leading zeros are read; what is written is right-justified with blanks. `N` is 20 in all
/// protocols here, enough for any value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Digits<const N: usize>(pub u64);

impl<const N: usize> Wire for Digits<N> {
    const LEN: usize = N;
    const KIND: FieldKind = FieldKind::Digits;

    fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let bytes: [u8; N] = array(bytes)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Fault::NotANumber)?
            .trim_matches(' ');
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Fault::NotANumber);
        }
        text.parse().map(Self).map_err(|_| Fault::NotANumber)
    }

    fn write(self, out: &mut Vec<u8>) {
        const { assert!(N >= 20, "twenty digits hold any u64") };
        let mut digits = [b' '; N];
        let mut left = self.0;
        for digit in digits.iter_mut().rev() {
            // The remainder of ten fits a byte.
            *digit = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        out.extend_from_slice(&digits);
    }
}

/// ITCH's timestamp: nanoseconds since midnight in six bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Time48(u64);

impl Time48 {
    /// Nanoseconds since midnight, or `None` if six bytes do not hold them.
    pub const fn new(ns: u64) -> Option<Self> {
        if ns < 1 << 48 { Some(Self(ns)) } else { None }
    }

    /// Of a time in nanoseconds since the epoch UTC: what lies since midnight UTC.
    pub const fn of_epoch(epoch_ns: u64) -> Self {
        Self(since_midnight(epoch_ns))
    }

    /// Nanoseconds since midnight.
    pub const fn ns(self) -> u64 {
        self.0
    }
}

impl Wire for Time48 {
    const LEN: usize = 6;
    const KIND: FieldKind = FieldKind::Unsigned;

    #[inline]
    fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let [a, b, c, d, e, f] = array(bytes)?;
        Ok(Self(u64::from_be_bytes([0, 0, a, b, c, d, e, f])))
    }

    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        let [_, _, low @ ..] = self.0.to_be_bytes();
        out.extend_from_slice(&low);
    }
}

/// A byte that the specification reserves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Reserved(pub u8);

impl Default for Reserved {
    fn default() -> Self {
        Self(b' ')
    }
}

impl Wire for Reserved {
    const LEN: usize = 1;
    const KIND: FieldKind = FieldKind::Reserved;

    fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let [byte] = array(bytes)?;
        Ok(Self(byte))
    }

    fn write(self, out: &mut Vec<u8>) {
        out.push(self.0);
    }
}

/// Makes an enumeration of the values a field may have, with its conversions and its form on the wire.
macro_rules! codes {
    ($(
        $(#[$meta:meta])*
        pub enum $name:ident: $repr:ty {
            $($(#[$vmeta:meta])* $variant:ident = $code:literal,)*
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr($repr)]
        pub enum $name {
            $($(#[$vmeta])* $variant = $code,)*
        }

        impl $name {
            /// Every value of the list.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The value on the wire.
            pub const fn code(self) -> $repr {
                self as $repr
            }

            /// The value of a code on the wire, if the list has it.
            pub const fn from_code(code: $repr) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl $crate::field::Wire for $name {
            const LEN: usize = size_of::<$repr>();
            const KIND: $crate::field::FieldKind = $crate::field::FieldKind::Code;

            #[inline]
            fn read(bytes: &[u8]) -> Result<Self, $crate::error::Fault> {
                let code = <$repr>::from_be_bytes($crate::field::array(bytes)?);
                Self::from_code(code).ok_or($crate::error::Fault::BadCode {
                    found: u16::from(code),
                    expected: concat!($(stringify!($code), "|"),*),
                })
            }

            #[inline]
            fn write(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.code().to_be_bytes());
            }
        }
    )*};
}
pub(crate) use codes;
