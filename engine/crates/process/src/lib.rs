//! What every process of a venue does alike: it reads its configuration ([`reader`]), writes log lines ([`logging`]) and
//! replaces small files whole ([`files`]).

pub mod files;
pub mod logging;
pub mod reader;
