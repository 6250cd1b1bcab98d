//! Golden vectors: every message written out field by field from its table in the specification, checked both ways.
//! Each field gives its name in the specification, its bytes in hexadecimal and its value; nothing here was produced
//! by the encoders it checks.

mod glimpse;
mod itch;
mod ouch_inbound;
mod ouch_outbound;
pub mod soup;
mod tags;

pub use glimpse::vectors as glimpse;
pub use itch::vectors as itch;
pub use ouch_inbound::vectors as ouch_inbound;
pub use ouch_outbound::vectors as ouch_outbound;

/// A named vector.
pub type Vector = (&'static str, Vec<u8>);

/// The bytes of hexadecimal digits; blanks are ignored.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| *byte != b' ')
        .map(|byte| char::from(byte).to_digit(16).expect("a hexadecimal digit") as u8)
        .collect();
    assert!(digits.len().is_multiple_of(2), "half a byte in {text:?}");
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// Bytes as a failed assertion should show them.
pub fn shown(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X} ")).collect()
}

macro_rules! encoded {
    ($message:expr, $out:expr, plain) => {
        $message.encode(&mut $out)
    };
    ($message:expr, $out:expr, $($option:ident: $value:expr),*) => {
        $message.encode_with(&mut $out, &rialto_wire::ouch::Options {
            $($option: Some($value),)*
            ..rialto_wire::ouch::Options::NONE
        })
    };
}
pub(crate) use encoded;

macro_rules! options_match {
    ($view:expr, plain) => {};
    ($view:expr, $($option:ident: $value:expr),*) => {
        assert_eq!($view.options(), rialto_wire::ouch::Options {
            $($option: Some($value),)*
            ..rialto_wire::ouch::Options::NONE
        })
    };
}
pub(crate) use options_match;

macro_rules! goldens {
    ($module:path;
    $($test:ident: $name:ident of $cite:literal, $total:literal bytes {
        $code:literal
        $($spec:literal $field:ident $hex:literal = $value:expr;)*
        $(tail $tail:literal)? = { $($options:tt)* }
    })*) => {
        use $module as module;

        /// All vectors of this file.
        pub fn vectors() -> Vec<$crate::golden::Vector> {
            vec![$((stringify!($test), $test::bytes()),)*]
        }

        $(mod $test {
            use super::*;
            use $crate::golden::{hex, shown};

            pub fn bytes() -> Vec<u8> {
                hex(concat!($code, $($hex,)* $($tail)?))
            }

            #[test]
            fn both_ways() {
                let bytes = bytes();
                assert_eq!(bytes.len(), $total, "the length the specification gives");

                let message = module::$name { $($field: $value,)* };
                let mut out = Vec::new();
                $crate::golden::encoded!(message, out, $($options)*);
                assert_eq!(shown(&out), shown(&bytes), "encoded and expected");

                let view = match module::Message::decode(&bytes) {
                    Ok(module::Message::$name(view)) => view,
                    other => panic!("decoded to {other:?}"),
                };
                assert_eq!(view.owned(), message);
                $(assert_eq!(view.$field(), $value, $spec);)*
                assert_eq!(view.as_bytes(), bytes);
                $crate::golden::options_match!(view, $($options)*);

                let cited: &[(&str, usize)] = &[$(($spec, hex($hex).len()),)*];
                let layout = module::$name::LAYOUT;
                assert!(layout.section.contains($cite), "{} is not of {}", layout.section, $cite);
                let mut offset = 1;
                assert_eq!(layout.fields.len(), cited.len());
                for (field, (name, len)) in layout.fields.iter().zip(cited) {
                    assert_eq!((field.name, field.offset, field.len), (*name, offset, *len));
                    offset += len;
                }
                assert_eq!(layout.len, offset);
            }
        })*
    };
}
pub(crate) use goldens;
