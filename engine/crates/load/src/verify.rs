//! The command that holds ledgers against replicas.

use crate::cli::VerifyArgs;
use crate::error::LoadError;
use rialto_verify::{Replica, Request, ToldHash, VerifyError, verify};
use serde_json::{Value, json};

/// Verifies; the verdict, and whether nothing was found.
///
/// # Errors
/// Something can't be read.
pub(crate) fn run(args: &VerifyArgs) -> Result<(Value, bool), LoadError> {
    let request = Request {
        market: args.market.clone(),
        ledgers: args.ledgers.clone(),
        replicas: args.replicas.iter().map(|given| given.0.clone()).collect(),
        told: args
            .state_hashes
            .iter()
            .map(|given| given.0.clone())
            .collect(),
    };
    let report = verify(&request).map_err(|error| {
        let next = match error {
            VerifyError::Ledger { .. } => "give files that flow --verify-file wrote",
            VerifyError::Replica { .. } | VerifyError::Nothing(_) => {
                "see rialto-load verify --help"
            }
        };
        LoadError::new(error.to_string(), next)
    })?;
    let ok = report.ok;
    Ok((json!(report), ok))
}

/// `NAME=DATA_DIR,MARKET_ID[,POSITION]`.
#[derive(Clone)]
pub(crate) struct ReplicaSpec(Replica);

impl std::str::FromStr for ReplicaSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            |what: &str| format!("{what} in {text:?}; write NAME=DATA_DIR,MARKET_ID[,POSITION]");
        let (name, rest) = text
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| wrong("a name is missing"))?;
        let parts: Vec<&str> = rest.split(',').collect();
        let (dir, id, until) = match parts.as_slice() {
            [dir, id] | [dir, id, "" | "end"] => (dir, id, None),
            [dir, id, until] => {
                let position = until
                    .parse()
                    .map_err(|_| wrong("a position is not a number"))?;
                (dir, id, Some(position))
            }
            _ => return Err(wrong("two or three parts are expected")),
        };
        if dir.is_empty() {
            return Err(wrong("a data directory is missing"));
        }
        Ok(Self(Replica {
            name: name.to_owned(),
            data_dir: dir.into(),
            market_id: id
                .parse()
                .map_err(|_| wrong("the market's id is not a number"))?,
            until,
        }))
    }
}

/// `NAME=POSITION:HEX`.
#[derive(Clone)]
pub(crate) struct HashSpec(ToldHash);

impl std::str::FromStr for HashSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no state hash; write NAME=POSITION:HEX");
        let (name, rest) = text.split_once('=').ok_or_else(wrong)?;
        let (position, hash) = rest.split_once(':').ok_or_else(wrong)?;
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        Ok(Self(ToldHash {
            name: name.to_owned(),
            position: position.parse().map_err(|_| wrong())?,
            hash: hash.to_owned(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_is_read_with_its_position_or_without() {
        let read = |text: &str| text.parse::<ReplicaSpec>().map(|spec| spec.0);
        let whole = read("us-1=/data/us-1,2,700").unwrap();
        assert_eq!(
            (whole.name.as_str(), whole.market_id, whole.until),
            ("us-1", 2, Some(700))
        );
        assert_eq!(whole.data_dir, std::path::Path::new("/data/us-1"));
        for text in ["us-1=/data/us-1,2", "us-1=/d,2,", "us-1=/d,2,end"] {
            assert_eq!(read(text).unwrap().until, None, "{text}");
        }
        for text in [
            "",
            "/d,1",
            "=/d,1",
            "a=,1",
            "a=/d",
            "a=/d,x",
            "a=/d,1,x",
            "a=/d,1,2,3",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let hash = "ab".repeat(32);
        let told = format!("us-1=12:{hash}").parse::<HashSpec>().unwrap().0;
        assert_eq!((told.position, told.hash), (12, hash));
        for text in ["us-1=12", "us-1=12:ab", "us-1=x:00"] {
            assert!(text.parse::<HashSpec>().is_err(), "{text}");
        }
    }
}
