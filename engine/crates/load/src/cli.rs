//! The command line.

use crate::flow::Kind;
use crate::settings::Instrument;
use crate::verify::{HashSpec, ReplicaSpec};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Sends order flow into a Rialto market through its order gateway, and measures it.
#[derive(Parser)]
#[command(name = "rialto-load", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Send seeded order flow at intended times, an open loop, and tell the latencies.
    Flow(FlowArgs),
    /// Find the highest rate whose p99 stays under a bound without a growing backlog.
    Ramp(RampArgs),
    /// Measure round trips: orders of one lot far from everything, each cancelled again. The same as `flow --pattern ping`.
    BenchRoundtrip(FlowArgs),
    /// Replay a recorded file through the gateway.
    Replay(ReplayArgs),
    /// Serve an echo that writes and syncs each message before it answers; with --to, measure such a server.
    Echo(EchoArgs),
    /// Hold what clients were told against the journals and streams of all replicas; exit code 1 when something is found.
    Verify(VerifyArgs),
}

#[derive(Args)]
pub(crate) struct FlowArgs {
    /// The market's order port; repeat it, or separate by commas, for one of each replica: the leader is found among them.
    /// One that is reached through a SOCKS5 proxy is written `socks5://PROXY_HOST:PORT/HOST:PORT`.
    #[arg(long, value_name = "HOST:PORT", required = true, value_delimiter = ',')]
    pub(crate) orders: Vec<String>,
    /// An order session to log in with; repeat it, or separate by commas, for several.
    #[arg(
        long = "username",
        visible_alias = "session",
        value_name = "NAME",
        required = true,
        value_delimiter = ','
    )]
    pub(crate) usernames: Vec<String>,
    /// Log in with this many of the named sessions, all at once; without it with all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) sessions: Option<u16>,
    /// The venue's file of passwords.
    #[arg(long, visible_aliases = ["credentials-file", "password-file"], value_name = "FILE")]
    pub(crate) credentials: PathBuf,
    /// `SYMBOL:TICK_E4:LOT:REFERENCE_E4[:COLLAR_BP]`, prices in 1e-4; repeat it, or separate by commas. The first is
    /// traded most.
    #[arg(
        long = "instrument",
        visible_alias = "instruments",
        value_name = "SPEC",
        required = true,
        value_delimiter = ','
    )]
    pub(crate) instruments: Vec<Instrument>,
    /// Commands a second: orders, cancels and moves together.
    #[arg(long, default_value_t = 200.0, value_parser = positive)]
    pub(crate) rate: f64,
    /// New orders a second, and the cancels and moves that go with them.
    #[arg(long, conflicts_with = "rate", value_name = "N", value_parser = positive)]
    pub(crate) orders_per_second: Option<f64>,
    /// For how long.
    #[arg(long, visible_alias = "duration-s", default_value_t = 60.0, value_parser = positive)]
    pub(crate) seconds: f64,
    /// The same seed gives the same flow.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many orders rest, about.
    #[arg(long, default_value_t = 2_000)]
    pub(crate) resting_orders: usize,
    /// What is sent.
    #[arg(long, value_enum, default_value_t = Kind::Mixed)]
    pub(crate) pattern: Kind,
    /// How many commands may be without an answer before sending waits.
    #[arg(long, default_value_t = 20_000)]
    pub(crate) window: usize,
    /// A session whose answers are overdue by this looks for another leader.
    #[arg(long, default_value_t = 250.0, value_parser = positive, value_name = "MS")]
    pub(crate) overdue_ms: f64,
    /// Keep everything sent and received in this file, for `verify`.
    #[arg(long, value_name = "FILE")]
    pub(crate) verify_file: Option<PathBuf>,
    /// End with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print a line of JSON a second.
    #[arg(long)]
    pub(crate) progress: bool,
    /// Keep the last second's figures in this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) status_file: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct RampArgs {
    #[command(flatten)]
    pub(crate) flow: FlowArgs,
    /// The rate to start with; --seconds is the time of each step.
    #[arg(long, default_value_t = 1_000.0, value_parser = positive)]
    pub(crate) from: f64,
    /// No rate above it is tried.
    #[arg(long, default_value_t = 1_000_000.0, value_parser = positive)]
    pub(crate) to: f64,
    /// The p99 from intended time to acceptance must be under it.
    #[arg(long, default_value_t = 10.0, value_parser = positive, value_name = "MS")]
    pub(crate) p99_ms: f64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Commands of 32 bytes.
    Workload,
    /// A recorded day of LOBSTER.
    Lobster,
}

#[derive(Args)]
pub(crate) struct ReplayArgs {
    /// The recorded file; of a LOBSTER day its messages.
    pub(crate) file: PathBuf,
    /// What it is.
    #[arg(long, value_enum)]
    pub(crate) format: Format,
    /// The market's order port; repeat it, or separate by commas, for one of each replica.
    #[arg(long, value_name = "HOST:PORT", required = true, value_delimiter = ',')]
    pub(crate) orders: Vec<String>,
    /// The market's feed port; of several any will do.
    #[arg(long, value_name = "HOST:PORT", required = true, value_delimiter = ',')]
    pub(crate) feed: Vec<String>,
    /// The market's snapshot port; of several any will do, without any the feed is read from the day's first message.
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',')]
    pub(crate) snapshot: Vec<String>,
    /// The order session to log in with.
    #[arg(long, value_name = "NAME")]
    pub(crate) username: String,
    /// The feed user to log in with.
    #[arg(long, value_name = "NAME", default_value = "FEED01")]
    pub(crate) feed_username: String,
    /// The venue's file of passwords.
    #[arg(long, visible_aliases = ["credentials-file", "password-file"], value_name = "FILE")]
    pub(crate) credentials: PathBuf,
    /// `SYMBOL:TICK_E4[:LOT]`; one for each symbol of a workload, in order. Nobody else may trade them meanwhile.
    #[arg(
        long = "instrument",
        visible_alias = "instruments",
        value_name = "SPEC",
        required = true,
        value_delimiter = ','
    )]
    pub(crate) instruments: Vec<Instrument>,
    /// LOBSTER: the book file whose first row seeds the book.
    #[arg(long, value_name = "FILE")]
    pub(crate) seed_book: Option<PathBuf>,
    /// LOBSTER: the book file to compare with.
    #[arg(long, visible_alias = "orderbook", value_name = "FILE")]
    pub(crate) reference: Option<PathBuf>,
    /// LOBSTER: this many times the recorded pace; without it as fast as it goes.
    #[arg(long, value_parser = positive)]
    pub(crate) speed: Option<f64>,
    /// A session whose answers are overdue by this looks for another leader.
    #[arg(long, default_value_t = 250.0, value_parser = positive, value_name = "MS")]
    pub(crate) overdue_ms: f64,
    /// How many commands may be without an answer.
    #[arg(long, default_value_t = 1_024, value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) window: u64,
    /// End with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print lines of JSON on the way.
    #[arg(long)]
    pub(crate) progress: bool,
}

#[derive(Args)]
pub(crate) struct EchoArgs {
    /// Where to listen; port 0 is any. The address is printed as a line of JSON.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: String,
    /// The file to write; it is made anew, 64 MiB long.
    #[arg(long, value_name = "FILE", required_unless_present = "to")]
    pub(crate) file: Option<PathBuf>,
    /// Another echo that must write and sync what comes as well; with two, one of them and this one are enough. Repeat it.
    #[arg(
        long = "peer",
        value_name = "HOST:PORT",
        value_delimiter = ',',
        conflicts_with = "to"
    )]
    pub(crate) peers: Vec<String>,
    /// Measure the server there instead.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) to: Option<String>,
    /// Messages a second.
    #[arg(long, default_value_t = 1_000.0, value_parser = positive)]
    pub(crate) rate: f64,
    /// For how long.
    #[arg(long, default_value_t = 10.0, value_parser = positive)]
    pub(crate) seconds: f64,
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// A ledger that `flow --verify-file` wrote; repeat it for several.
    #[arg(long = "ledger", value_name = "FILE", num_args = 1..)]
    pub(crate) ledgers: Vec<PathBuf>,
    /// A replica of the market: its node's name and data directory, the market's id there, and the last position to look
    /// at; without one as far as its journal reaches. Repeat it for each.
    #[arg(
        long = "replica",
        value_name = "NAME=DATA_DIR,MARKET_ID[,POSITION]",
        required = true
    )]
    pub(crate) replicas: Vec<ReplicaSpec>,
    /// The market's name.
    #[arg(long, value_name = "NAME")]
    pub(crate) market: String,
    /// A state hash that a node told, to be compared as well.
    #[arg(long = "state-hash", value_name = "NAME=POSITION:HEX")]
    pub(crate) state_hashes: Vec<HashSpec>,
    /// End with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 1e9 => Ok(value),
        _ => Err("a number above 0 is expected".to_owned()),
    }
}
