//! The ready file: written in one step when every market trades, removed at the end. Whoever starts nodes waits for it.

use serde::Serialize;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

/// The addresses of one market.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MarketAddresses {
    /// Orders: OUCH 5.0 over SoupBinTCP.
    pub orders: SocketAddr,
    /// Market data: ITCH 5.0 over SoupBinTCP.
    pub feed: SocketAddr,
    /// Snapshots: GLIMPSE 5.0 over SoupBinTCP.
    pub snapshot: SocketAddr,
    /// Replication: where the market's other voters reach this one.
    pub replication: SocketAddr,
}

/// What the ready file says.
#[derive(Debug, Serialize)]
pub struct Ready {
    /// This process.
    pub pid: u32,
    /// Its start time in clock ticks after boot (proc(5), field 22 of /proc/pid/stat): with the pid, its identity.
    pub start_time_ticks: u64,
    /// The admin API.
    pub admin: SocketAddr,
    /// The markets by name.
    pub markets: BTreeMap<String, MarketAddresses>,
}

impl Ready {
    /// The ready file of this process.
    ///
    /// # Errors
    /// /proc/self/stat can't be read.
    pub fn new(admin: SocketAddr, markets: BTreeMap<String, MarketAddresses>) -> io::Result<Self> {
        Ok(Self {
            pid: std::process::id(),
            start_time_ticks: start_time_ticks(&std::fs::read_to_string("/proc/self/stat")?)?,
            admin,
            markets,
        })
    }
}

/// Field 22 of a line of /proc/pid/stat. The command in field 2 may hold blanks and brackets, so count from its end.
fn start_time_ticks(stat: &str) -> io::Result<u64> {
    stat.rsplit_once(')')
        .and_then(|(_, rest)| rest.split_whitespace().nth(19))
        .and_then(|field| field.parse().ok())
        .ok_or_else(|| io::Error::other("/proc/self/stat has no start time"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn start_time_survives_brackets_in_the_command() {
        let stat = "7 (a) (b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20";
        assert_eq!(super::start_time_ticks(stat).unwrap(), 4242);
    }
}
