//! What the command line and the files it names say.

use crate::error::LoadError;
use rialto_flow::generator::LiveInstrument;
use rialto_wire::ouch::Symbol;
use rialto_wire::soup::{Password, Username};
use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

/// An instrument of the venue: `SYMBOL:TICK_E4[:LOT[:REFERENCE_E4[:COLLAR_BP]]]`, prices in units of 1e-4.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Instrument {
    pub(crate) symbol: Symbol,
    pub(crate) tick_e4: u64,
    pub(crate) lot: u32,
    /// 0 if there is none.
    pub(crate) reference_e4: u64,
    /// In hundredths of a percent; 0 if there is none.
    pub(crate) collar_bp: u64,
}

impl FromStr for Instrument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |part: &str| {
            format!("{part} in {text:?}; write SYMBOL:TICK_E4[:LOT[:REFERENCE_E4[:COLLAR_BP]]]")
        };
        let parts: Vec<&str> = text.split(':').collect();
        if !(2..=5).contains(&parts.len()) {
            return Err(wrong("2 to 5 parts are expected"));
        }
        let symbol = Symbol::new(parts[0]).filter(|symbol| !symbol.is_blank());
        let number = |at: usize, absent: u64| match parts.get(at) {
            None => Some(absent),
            Some(text) => text.parse().ok(),
        };
        Ok(Self {
            symbol: symbol.ok_or_else(|| wrong("a symbol of 1 to 8 characters is expected"))?,
            tick_e4: number(1, 0)
                .filter(|tick| *tick > 0)
                .ok_or_else(|| wrong("a tick size above 0 is expected"))?,
            lot: number(2, 1)
                .and_then(|lot| u32::try_from(lot).ok())
                .filter(|lot| *lot > 0)
                .ok_or_else(|| wrong("a lot size above 0 is expected"))?,
            reference_e4: number(3, 0).ok_or_else(|| wrong("a reference price is expected"))?,
            collar_bp: number(4, 0)
                .ok_or_else(|| wrong("a collar in hundredths of a percent is expected"))?,
        })
    }
}

impl Instrument {
    /// How the generator may trade it: within half of its collar, or a tenth of its price.
    pub(crate) fn live(&self) -> Result<LiveInstrument, LoadError> {
        let reference = self.reference_e4 / self.tick_e4;
        if reference < 2 {
            return Err(LoadError::new(
                format!(
                    "instrument {} has no reference price of at least two ticks",
                    self.symbol
                ),
                "write it as SYMBOL:TICK_E4:LOT:REFERENCE_E4",
            ));
        }
        let bp = if self.collar_bp == 0 {
            1_000
        } else {
            self.collar_bp / 2
        };
        let room = (u128::from(reference) * u128::from(bp.min(9_000)) / 10_000).max(1);
        Ok(LiveInstrument {
            // A wire price is below 2^64 / 10^4 ticks.
            reference: reference as i64,
            room: room as i64,
            lot: self.lot,
        })
    }
}

/// Who logs in.
#[derive(Clone, Copy)]
pub(crate) struct Login {
    pub(crate) username: Username,
    pub(crate) password: Password,
}

/// The credentials file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    passwords: BTreeMap<String, String>,
}

/// The logins of these users from a credentials file: `{"passwords": {"USERNAME": "password"}}`.
///
/// # Errors
/// The file can't be read, is not such a file, or lacks one of them.
pub(crate) fn logins(path: &Path, usernames: &[String]) -> Result<Vec<Login>, LoadError> {
    let here = path.display();
    let shape = "it is JSON of the form {\"passwords\": {\"USERNAME\": \"password\"}}; the venue makes it at its first start";
    let text = std::fs::read(path).map_err(|error| {
        LoadError::new(
            format!("credentials file {here}: {error}"),
            "give the file that the venue made at its first start",
        )
    })?;
    // The parser's message could quote a password.
    let credentials: Credentials = serde_json::from_slice(&text).map_err(|error| {
        LoadError::new(
            format!("credentials file {here} is wrong at line {}", error.line()),
            shape,
        )
    })?;
    usernames
        .iter()
        .map(|name| {
            let password = credentials.passwords.get(name).ok_or_else(|| {
                LoadError::new(
                    format!("credentials file {here} has no password for {name}"),
                    "name a login of the venue file, or add it there and start the venue again",
                )
            })?;
            let username = Username::new(name).ok_or_else(|| {
                LoadError::new(
                    format!("username {name:?} is too long"),
                    "use at most 6 characters",
                )
            })?;
            let password = Password::new(password).ok_or_else(|| {
                LoadError::new(
                    format!("credentials file {here}: the password of {name} is too long"),
                    "use at most 10 printable characters",
                )
            })?;
            Ok(Login { username, password })
        })
        .collect()
}

/// A file's bytes.
///
/// # Errors
/// It can't be read.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    std::fs::read(path).map_err(|error| {
        LoadError::new(
            format!("{}: {error}", path.display()),
            "name a file that can be read",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_instrument_is_read_in_all_its_lengths() {
        let full: Instrument = "GLADE:50:100:24150:2500".parse().unwrap();
        assert_eq!(
            (full.tick_e4, full.lot, full.reference_e4, full.collar_bp),
            (50, 100, 24_150, 2_500)
        );
        let live = full.live().unwrap();
        assert_eq!((live.reference, live.room, live.lot), (483, 60, 100));
        let short: Instrument = "AAPL:100".parse().unwrap();
        assert_eq!((short.lot, short.reference_e4), (1, 0));
        assert!(short.live().is_err());
        for wrong in [
            "",
            "AAPL",
            ":1",
            "TOOLONGNAME:1",
            "A:0",
            "A:x",
            "A:1:0",
            "A:1:99999999999",
            "A:1:1:1:1:1",
        ] {
            assert!(wrong.parse::<Instrument>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[A-Z:0-9-]{0,40}") {
            if let Ok(instrument) = text.parse::<Instrument>() {
                drop(instrument.live());
            }
        }
    }
}
