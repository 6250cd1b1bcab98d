//! The order-entry load client: order flow at intended times, recorded days through the gateway, and measurements.

mod cli;
mod connection;
mod echo;
mod error;
mod feed;
mod finder;
mod flow;
mod gateway;
mod ledger;
mod orders;
mod progress;
mod ramp;
mod replay_lobster;
mod replay_workload;
mod settings;
mod tally;
mod verify;

use clap::Parser;
use cli::{Cli, Command, EchoArgs, FlowArgs, Format, RampArgs, ReplayArgs};
use error::LoadError;
use feed::Source;
use flow::{Kind, Settings};
use gateway::Place;
use ledger::Ledger;
use progress::{Progress, print_line, write_status};
use replay_lobster::Recording;
use rialto_flow::lobster::{parse_book, parse_messages};
use rialto_flow::workload::Workload;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Flow(args) => flow_command(args),
        Command::BenchRoundtrip(args) => flow_command(FlowArgs {
            pattern: Kind::Ping,
            ..args
        }),
        Command::Ramp(args) => ramp_command(args),
        Command::Replay(args) => replay_command(&args),
        Command::Echo(args) => echo_command(&args),
        Command::Verify(args) => match verify::run(&args) {
            Ok((verdict, ok)) => {
                show(args.json, &verdict);
                if !ok {
                    return ExitCode::FAILURE;
                }
                Ok(())
            }
            Err(error) => {
                eprintln!("rialto-load: {error}");
                return ExitCode::from(2);
            }
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rialto-load: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Set when the process is asked to end, by SIGTERM or SIGINT.
fn stop_on_signals() -> Result<Arc<AtomicBool>, LoadError> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            LoadError::new(
                format!("a runtime for signals: {error}"),
                "see the machine's limits",
            )
        })?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut terminate), Ok(mut interrupt)) = (
                signal(SignalKind::terminate()),
                signal(SignalKind::interrupt()),
            ) else {
                return;
            };
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            asked.store(true, Ordering::Relaxed);
        });
    });
    Ok(stop)
}

fn flow_settings(args: &FlowArgs) -> Result<Settings, LoadError> {
    let wanted = args.sessions.map_or(args.usernames.len(), usize::from);
    let usernames = args.usernames.get(..wanted).ok_or_else(|| {
        LoadError::new(
            format!(
                "{wanted} sessions are wanted and {} are named",
                args.usernames.len()
            ),
            "name more with --session, or lower --sessions",
        )
    })?;
    Ok(Settings {
        orders: args.orders.clone(),
        logins: settings::logins(&args.credentials, usernames)?,
        instruments: args.instruments.clone(),
        kind: args.pattern,
        rate: args.orders_per_second.map_or(args.rate, |orders| {
            orders / args.pattern.orders_per_command()
        }),
        duration: Duration::from_secs_f64(args.seconds),
        seed: args.seed,
        resting: args.resting_orders,
        bound: args.window.max(1),
        overdue: Duration::from_secs_f64(args.overdue_ms / 1e3),
        ledger: Ledger::create(args.verify_file.as_deref())?,
    })
}

fn flow_command(args: FlowArgs) -> Result<(), LoadError> {
    let settings = flow_settings(&args)?;
    let stop = stop_on_signals()?;
    let mut status_failed = None;
    let summary = flow::run(&settings, &stop, |second| {
        if args.progress {
            print_line(second);
        }
        if let Some(path) = &args.status_file
            && let Err(error) = write_status(path, second)
            && status_failed.is_none()
        {
            eprintln!("rialto-load: status file {}: {error}", path.display());
            status_failed = Some(error);
        }
    })?;
    show(args.json, &summary.value);
    Ok(())
}

fn ramp_command(args: RampArgs) -> Result<(), LoadError> {
    let settings = flow_settings(&args.flow)?;
    let bounds = ramp::Bounds {
        p99: Duration::from_secs_f64(args.p99_ms / 1e3),
        from: args.from,
        to: args.to,
    };
    let stop = stop_on_signals()?;
    let table = ramp::run(&settings, bounds, &stop, |step| {
        if args.flow.progress {
            print_line(step);
        }
    })?;
    show(args.flow.json, &table);
    Ok(())
}

fn replay_command(args: &ReplayArgs) -> Result<(), LoadError> {
    let users = [args.username.clone(), args.feed_username.clone()];
    let logins = settings::logins(&args.credentials, &users)?;
    let [login, feed_login] = logins.as_slice() else {
        return Err(LoadError::new(
            "two logins are needed",
            "give --username and --feed-username",
        ));
    };
    let place = Place {
        orders: &args.orders,
        login: *login,
        source: Source {
            feed: &args.feed,
            snapshot: &args.snapshot,
            login: *feed_login,
        },
        instruments: args.instruments.clone(),
        overdue: Duration::from_secs_f64(args.overdue_ms / 1e3),
    };
    let mut progress = Progress::new(args.progress);
    let figures = match args.format {
        Format::Workload => {
            if args.speed.is_some() {
                return Err(LoadError::new(
                    "a workload has no times to keep",
                    "leave --speed out",
                ));
            }
            let workload = Workload::parse(&settings::read(&args.file)?).map_err(|error| {
                LoadError::new(
                    format!("{}: {error}", args.file.display()),
                    "give a workload file",
                )
            })?;
            replay_workload::replay(&workload, place, args.window, &mut progress)?
        }
        Format::Lobster => {
            if args.instruments.len() != 1 {
                return Err(LoadError::new(
                    "a recorded day is of one instrument",
                    "give one --instrument",
                ));
            }
            let recording = recording(args)?;
            replay_lobster::replay(&recording, place, args.window, args.speed, &mut progress)?
        }
    };
    show(args.json, &figures);
    Ok(())
}

fn recording(args: &ReplayArgs) -> Result<Recording, LoadError> {
    let wrong = |path: &Path, error: rialto_flow::lobster::LobsterError| {
        LoadError::new(
            format!("{}: {error}", path.display()),
            "give a file in LOBSTER's format",
        )
    };
    let book = |path: &Option<std::path::PathBuf>, option: &str| {
        let path = path.as_ref().ok_or_else(|| {
            LoadError::new(
                format!("{option} is missing"),
                "a recorded day is replayed with --seed-book and --reference",
            )
        })?;
        parse_book(&settings::read(path)?).map_err(|error| wrong(path, error))
    };
    Ok(Recording {
        messages: parse_messages(&settings::read(&args.file)?)
            .map_err(|error| wrong(&args.file, error))?,
        seed: book(&args.seed_book, "--seed-book")?,
        reference: book(&args.reference, "--reference")?,
    })
}

fn echo_command(args: &EchoArgs) -> Result<(), LoadError> {
    let stop = stop_on_signals()?;
    if let Some(to) = &args.to {
        let summary = echo::measure(to, args.rate, Duration::from_secs_f64(args.seconds), &stop)?;
        print_line(&summary.value);
        return Ok(());
    }
    let file = args.file.as_ref().ok_or_else(|| {
        LoadError::new(
            "no file is given",
            "give --file, or --to to measure a server",
        )
    })?;
    echo::serve(&args.listen, file, &args.peers, &stop, |address| {
        print_line(&json!({"echo": address}))
    })
}

/// Prints the figures: as one line of JSON, or for people.
fn show(as_json: bool, figures: &Value) {
    if as_json {
        print_line(figures);
    } else {
        println!("{figures:#}");
    }
}
