//! The process from start to stop.

use crate::admin::{self, Admin};
use crate::config::Config;
use crate::edge::Edge;
use crate::ready::Ready;
use crate::shared::Shared;
use crate::timer::{self, Timer};
use rialto_process::ready;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::future::{Future, pending};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// Exit code: wrong configuration.
pub const CONFIG: u8 = 2;
/// Exit code: an address can't be listened on.
pub const NETWORK: u8 = 4;
/// Exit code: a part ended that must not end.
pub const INTERNAL: u8 = 72;

/// Descriptors of a connection: its two sockets and its timer.
const DESCRIPTORS: u64 = 3;
/// Descriptors of everything else.
const OTHER_DESCRIPTORS: u64 = 64;

/// Why the process does not start: exit code and what to tell.
#[derive(Debug)]
pub struct StartError(pub u8, pub String);

fn internal(error: &dyn std::fmt::Display) -> StartError {
    StartError(INTERNAL, error.to_string())
}

fn bind(key: &str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|error| {
        let next = "end what listens there, or give another port";
        StartError(
            NETWORK,
            format!("{key}: {address}: can't be listened on ({error}); {next}"),
        )
    })
}

/// Runs until the process is told to stop.
///
/// # Errors
/// It can't start, or its admin API ended.
pub fn run(config: Config) -> Result<(), StartError> {
    let started = timer::now();
    let (admin_socket, admin_address) = bind("admin_listen", config.admin_listen)?;
    let mut edges = Vec::new();
    for (number, region) in config.regions.iter().enumerate() {
        edges.push(bind(&format!("regions[{number}].listen"), region.listen)?);
    }
    allow_descriptors(&config);
    // A ready file left over from a crash would tell addresses that nobody listens on.
    ready::remove(&config.ready_file);
    let config = Arc::new(config);
    let seed = started.mono_ns ^ u64::from(std::process::id());
    let shared = Arc::new(Shared::new(&config, seed));
    let addresses: Vec<SocketAddr> = edges.iter().map(|(_, address)| *address).collect();
    let regions = config.regions.iter().map(|region| region.name.clone());
    let ready = Ready {
        pid: std::process::id(),
        admin: admin_address,
        regions: regions.zip(addresses.iter().copied()).collect(),
    };
    serve_admin(
        admin_socket,
        Admin {
            config: Arc::clone(&config),
            shared: Arc::clone(&shared),
            edges: addresses,
            started_ns: started.mono_ns,
        },
    )
    .map_err(|error| internal(&error))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| internal(&error))?;
    let listeners = edges.into_iter().map(|(listener, _)| listener).collect();
    runtime.block_on(serve(&config, &shared, listeners, &ready))?;
    ready::remove(&config.ready_file);
    tracing::info!(event = "stopped");
    Ok(())
}

/// Starts the admin API on its thread; it ends with the process.
fn serve_admin(socket: TcpListener, admin: Admin) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let serve = async move {
        let listener = tokio::net::TcpListener::from_std(socket)?;
        axum::serve(listener, admin::router(admin)).await
    };
    let body = move || {
        let ended = runtime.block_on(serve);
        // Links nobody can heal any more are worse than a restart.
        let why = ended.map_or_else(|error| error.to_string(), |()| String::from("it ended"));
        tracing::error!(event = "fail_stop", code = INTERNAL, why);
        std::process::exit(i32::from(INTERNAL));
    };
    std::thread::Builder::new()
        .name(String::from("admin"))
        .spawn(body)
        .map(drop)
}

/// Raises the limit of open files to what all connections take, as far as the system allows.
fn allow_descriptors(config: &Config) {
    let connections = config.connections as u64 * config.regions.len() as u64;
    let needed = connections * DESCRIPTORS + OTHER_DESCRIPTORS;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return;
    }
    let possible = limit.maximum.map_or(needed, |maximum| maximum.min(needed));
    let raised = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(possible),
            maximum: limit.maximum,
        },
    );
    if raised.is_err() || possible < needed {
        let next = "raise the system's limit of open files, or lower `connections`";
        tracing::warn!(event = "few_open_files", needed, possible, next);
    }
}

/// Serves every edge, ends faults whose time is over, and returns when the process is told to stop.
async fn serve(
    config: &Arc<Config>,
    shared: &Arc<Shared>,
    listeners: Vec<TcpListener>,
    ready: &Ready,
) -> Result<(), StartError> {
    let mut term = signal(SignalKind::terminate()).map_err(|error| internal(&error))?;
    let mut int = signal(SignalKind::interrupt()).map_err(|error| internal(&error))?;
    for (region, listener) in listeners.into_iter().enumerate() {
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|e| internal(&e))?;
        let edge = Edge {
            config: Arc::clone(config),
            shared: Arc::clone(shared),
            region,
        };
        tokio::spawn(edge.serve(listener));
    }
    ready::write(&config.ready_file, ready).map_err(|error| {
        let path = config.ready_file.display();
        StartError(
            CONFIG,
            format!("ready_file: {path}: can't be written ({error})"),
        )
    })?;
    tracing::info!(event = "ready", admin = %ready.admin, regions = config.regions.len(), links = config.links.len());
    let name = tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
        ended = end_leases(shared) => return ended.map_err(|error| internal(&error)),
    };
    tracing::info!(event = "stopping", signal = name);
    Ok(())
}

/// Ends each fault when its time is over. Returns only if the system gives no timer.
async fn end_leases(shared: &Shared) -> io::Result<()> {
    let mut timer = Timer::default();
    loop {
        let next = shared.lock().links.next_expiry();
        let due: std::pin::Pin<Box<dyn Future<Output = io::Result<()>> + '_>> = match next {
            Some(next) => Box::pin(timer.until(next.mono_ns)),
            None => Box::pin(pending()),
        };
        tokio::select! {
            // It may have another end by now.
            () = shared.leases.notified() => {}
            ended = due => {
                ended?;
                for view in shared.change(|links| links.expire(timer::now())) {
                    admin::log("fault_ended", &view);
                }
            }
        }
    }
}
