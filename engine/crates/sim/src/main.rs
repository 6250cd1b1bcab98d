//! `rialto-sim`: one seed a process, and tables over many.

use clap::Parser;
use rialto_sim::mutation::Mutation;
use rialto_sim::record;
use rialto_sim::run::{Settings, run};
use rialto_sim::table;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Runs a whole cluster in one thread on a virtual clock, with faults that the seed decides.
///
/// Ends with 0 if nothing was broken, with 1 if something was, with 2 if it was not asked rightly.
#[derive(Parser)]
#[command(name = "rialto-sim", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// What decides the run: the same seed gives the same run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long the market runs, in virtual seconds; the last of them without new faults.
    #[arg(long, default_value_t = 20)]
    virtual_seconds: u64,
    /// Lets closed connections start elections, with suspicions forged, late and of one alone.
    #[arg(long)]
    accelerated: bool,
    /// Makes a mistake on purpose, to see that it is found.
    #[arg(long, value_parser = mutation)]
    mutation: Option<Mutation>,
    /// Does not ask after a crash for what the journal promised, so that mistakes are found by what comes of them alone.
    #[arg(long)]
    outcomes_only: bool,
    /// Prints the result as one line of JSON.
    #[arg(long)]
    json: bool,
    /// Prints what happened, line by line, to standard error.
    #[arg(long)]
    verbose: bool,
    /// Prints what the parts themselves log, to standard error, at virtual times: a filter such as `info,openraft=error`.
    #[arg(long)]
    log: Option<String>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Adds up the results in a directory of files, one line of JSON each run.
    Table {
        /// The directory.
        directory: PathBuf,
        /// Prints the sums as JSON.
        #[arg(long)]
        json: bool,
    },
}

fn mutation(name: &str) -> Result<Mutation, String> {
    Mutation::of(name).ok_or_else(|| {
        let names = Mutation::ALL.map(Mutation::name);
        format!("choose one of {}", names.join(", "))
    })
}

/// Virtual time, in microseconds.
struct VirtualTime;

impl tracing_subscriber::fmt::time::FormatTime for VirtualTime {
    fn format_time(
        &self,
        out: &mut tracing_subscriber::fmt::format::Writer<'_>,
    ) -> std::fmt::Result {
        write!(out, "{:>12}", record::now_ns() / 1000)
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(filter) = &cli.log {
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_timer(VirtualTime)
            .with_ansi(false)
            .with_writer(std::io::stderr)
            .init();
    }
    let mut out = std::io::stdout().lock();
    let (text, code) = match cli.command {
        Some(Command::Table { directory, json }) => match table::of(&directory) {
            Ok(table) if json => (table.json(), ExitCode::SUCCESS),
            Ok(table) => (table.text(), ExitCode::SUCCESS),
            Err(error) => {
                eprintln!("rialto-sim: {error}");
                return ExitCode::from(2);
            }
        },
        None => {
            let outcome = run(&Settings {
                seed: cli.seed,
                virtual_seconds: cli.virtual_seconds,
                accelerated: cli.accelerated,
                mutation: cli.mutation,
                outcomes_only: cli.outcomes_only,
                verbose: cli.verbose,
            });
            let code = if outcome.violations.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            };
            let text = if cli.json {
                serde_json::to_string(&outcome).unwrap_or_else(|error| error.to_string())
            } else {
                table::one(&outcome)
            };
            (text, code)
        }
    };
    match writeln!(out, "{text}") {
        Ok(()) => code,
        // Whoever read the output has gone; what was found still counts.
        Err(_) => code,
    }
}
