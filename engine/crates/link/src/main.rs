//! `rialto-link`: every interconnect of a venue, emulated in one process of one machine.

use clap::Parser;
use rialto_link::config::Config;
use rialto_link::run::{self, CONFIG, INTERNAL, StartError};
use rialto_process::logging;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Emulates the interconnects of a Rialto venue on one machine.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// The configuration, a JSON file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Check the configuration, print every problem, and start nothing.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let config = match Config::load(&cli.config) {
        Ok(config) => config,
        Err(error) => return tell(CONFIG, &error.to_string()),
    };
    if cli.check {
        let said = writeln!(std::io::stdout(), "{}: is valid", cli.config.display());
        return said.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    if let Err(error) = logging::start(config.log_file.as_deref(), "info") {
        return tell(CONFIG, &format!("log_file: can't be written ({error})"));
    }
    // A part that panics must not leave links that look whole.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(event = "fail_stop", code = INTERNAL, why = %panic);
        std::process::exit(i32::from(INTERNAL));
    }));
    tracing::info!(
        event = "starting",
        version = env!("CARGO_PKG_VERSION"),
        pid = std::process::id(),
        venue = config.venue,
    );
    match run::run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(StartError(code, why)) => {
            tracing::error!(event = "not_started", code, why);
            tell(code, &why)
        }
    }
}

fn tell(code: u8, why: &str) -> ExitCode {
    // Where standard error is gone there is nobody left to tell.
    drop(writeln!(std::io::stderr(), "rialto-link: {why}"));
    ExitCode::from(code)
}
