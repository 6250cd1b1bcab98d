//! `rialto-node`: the engine process. It hosts the markets of one configuration file: order sessions, market data,
//! journal, checkpoints, admin API and metrics.

use clap::{Parser, Subcommand};
use rialto_node::{admin, config, credentials, exit, metrics, node};
use rialto_process::logging;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// What is logged where `RUST_LOG` is not set. The consensus library tells every step of every election, and every try to
/// reach a peer that is down.
const FILTER: &str = "info,openraft=error";

/// The engine process of a Rialto venue.
#[derive(Parser)]
#[command(
    version,
    about,
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true
)]
struct Cli {
    /// The node's configuration, a JSON file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Print the metric catalogue.
    Metrics {
        /// As JSON: name, type, unit, help and labels of each.
        #[arg(long)]
        json: bool,
    },
    /// Print the admin API's OpenAPI description.
    Openapi,
    /// Check a configuration with its credentials and print every problem.
    Check {
        /// The node's configuration, a JSON file.
        config: PathBuf,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Metrics { json: true }) => print(metrics::catalogue::json()),
        Some(Command::Metrics { json: false }) => print(Ok(metrics::catalogue::table())),
        Some(Command::Openapi) => print(admin::openapi()),
        Some(Command::Check { config }) => match load(&config) {
            Ok(_) => print(Ok(format!("{}: is valid", config.display()))),
            Err(code) => code,
        },
        None => match cli.config.as_deref().map(load) {
            Some(Ok(config)) => start(config),
            Some(Err(code)) => code,
            None => tell(exit::CONFIG, "name a configuration with --config FILE"),
        },
    }
}

/// Reads and checks configuration and credentials.
fn load(path: impl AsRef<std::path::Path>) -> Result<config::Config, ExitCode> {
    let config =
        config::Config::load(path.as_ref()).map_err(|e| tell(exit::CONFIG, &e.to_string()))?;
    credentials::Credentials::load(&config.credentials_file, &config.usernames())
        .map_err(|e| tell(exit::CONFIG, &e.to_string()))?;
    Ok(config)
}

fn start(config: config::Config) -> ExitCode {
    if let Err(error) = logging::start(config.log_file.as_deref(), FILTER) {
        return tell(exit::CONFIG, &format!("logging can't start: {error}"));
    }
    // A thread that panics must not leave the others answering for a state nobody knows.
    std::panic::set_hook(Box::new(|panic| {
        exit::fail_stop(exit::INTERNAL, &panic.to_string());
    }));
    tracing::info!(
        event = "starting",
        version = env!("CARGO_PKG_VERSION"),
        pid = std::process::id(),
        venue = config.venue,
        node = config.node,
        region = config.region,
        data_dir = %config.data_dir.display(),
    );
    match node::run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(node::StartError(code, why)) => {
            tracing::error!(event = "not_started", code, why);
            tell(code, &why)
        }
    }
}

fn tell(code: u8, why: &str) -> ExitCode {
    // Where standard error is gone there is nobody left to tell.
    drop(writeln!(std::io::stderr(), "rialto-node: {why}"));
    ExitCode::from(code)
}

fn print(text: serde_json::Result<String>) -> ExitCode {
    match text {
        Ok(text) => match writeln!(std::io::stdout(), "{text}") {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => tell(exit::INTERNAL, &error.to_string()),
    }
}
