//! What every process of a venue does alike: it reads its configuration ([`reader`]), writes log lines ([`logging`]), replaces
//! small files whole ([`files`]), says when it serves ([`ready`]) and answers operators in one form ([`http`]).

pub mod files;
pub mod http;
pub mod logging;
pub mod reader;
pub mod ready;
