//! Finds, of a market's addresses, the one that takes a login: all are tried at once, each again after a short pause, and
//! the first that accepts wins. Replicas that don't lead refuse at once, dead ones refuse the connection, frozen ones say
//! nothing and cost only their own time.

use crate::connection::{Accepted, Lost, Reader, Writer, logged_in, login_answer, login_request};
use crate::error::LoadError;
use crate::settings::Login;
use rialto_socks::{Answer, Handshake, Reply, Through};
use rialto_wire::soup::Session;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// The pause before an address is tried again, at first and at most: each doubles it. A replica that is about to lead holds
/// a login until it does, so trying more often would only take the processor from it.
const PAUSE: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(10));
/// How long a silent address is listened to at first, and at most: each silence doubles it.
const SILENCE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How often it is looked whether the search was called off.
const LOOK: Duration = Duration::from_millis(20);

/// The addresses of one port of a market, one a replica, and who logs in there.
pub(crate) struct Finder {
    addresses: Vec<Place>,
    login: Login,
    runtime: Runtime,
}

/// An address, and the SOCKS5 proxy that leads there, if one has to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Place {
    proxy: Option<SocketAddr>,
    target: SocketAddr,
}

impl Place {
    /// Resolves `HOST:PORT` or `socks5://PROXY_HOST:PORT/HOST:PORT`.
    fn resolve(address: &str) -> Result<Self, LoadError> {
        let wrong = |why: String| {
            let next = "write it as HOST:PORT or as socks5://PROXY_HOST:PORT/HOST:PORT";
            LoadError::new(format!("address {address:?}: {why}"), next)
        };
        let lookup = |name: &str| {
            let found = name.to_socket_addrs().map_err(|e| wrong(e.to_string()));
            let first = found?.next();
            first.ok_or_else(|| wrong(format!("nothing is known of {name}")))
        };
        let through: Through = address
            .parse()
            .map_err(|_| wrong(String::from("it is none")))?;
        Ok(Self {
            proxy: through.proxy.as_deref().map(lookup).transpose()?,
            target: lookup(&through.target)?,
        })
    }
}

/// What to ask for at the login.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    /// Blank for the current one.
    pub(crate) session: Session,
    /// The number of the next message, 0 for those to come.
    pub(crate) sequence: u64,
    /// An address to leave out, by its number.
    pub(crate) except: Option<usize>,
}

impl Wanted {
    /// The current session from message `sequence` on.
    pub(crate) const fn current(sequence: u64) -> Self {
        Self {
            session: Session::BLANK,
            sequence,
            except: None,
        }
    }
}

impl Finder {
    /// Resolves the addresses.
    ///
    /// # Errors
    /// One is none, or the system gives no runtime.
    pub(crate) fn new(addresses: &[String], login: Login) -> Result<Self, LoadError> {
        let places = addresses.iter().map(|address| Place::resolve(address));
        let addresses: Vec<Place> = places.collect::<Result<_, _>>()?;
        if addresses.is_empty() {
            return Err(LoadError::new("no address is given", "give HOST:PORT"));
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| {
                LoadError::new(
                    format!("a runtime for logins: {error}"),
                    "see the machine's limits",
                )
            })?;
        Ok(Self {
            addresses,
            login,
            runtime,
        })
    }

    /// How many addresses there are.
    pub(crate) fn places(&self) -> usize {
        self.addresses.len()
    }

    /// Logs in wherever that is possible first, for up to `patience` or until `stop` is set.
    ///
    /// # Errors
    /// [`Lost::Refused`] at once; otherwise, when the time is over, [`Lost::SessionNotAvailable`] if that was an answer,
    /// else what was wrong last.
    pub(crate) fn search(
        &self,
        wanted: Wanted,
        patience: Duration,
        stop: &AtomicBool,
    ) -> Result<(Reader, Writer), Lost> {
        let request = login_request(&self.login, wanted.session, wanted.sequence)?;
        let (place, stream, accepted) = self.runtime.block_on(async {
            let mut tries = JoinSet::new();
            for (place, address) in self.addresses.iter().copied().enumerate() {
                if wanted.except != Some(place) {
                    let (login, request) = (self.login, request.clone());
                    tries.spawn(
                        async move { (place, knock(address, login, request, patience).await) },
                    );
                }
            }
            let mut why = Lost::Closed("there is no other address".to_owned());
            loop {
                tokio::select! {
                    ended = tries.join_next() => match ended {
                        None => return Err(why),
                        Some(Ok((place, Ok((stream, accepted))))) => return Ok((place, stream, accepted)),
                        Some(Ok((_, Err(Lost::Refused(error))))) => return Err(Lost::Refused(error)),
                        Some(Ok((_, Err(lost)))) if !matches!(why, Lost::SessionNotAvailable) => why = lost,
                        Some(_) => {}
                    },
                    () = sleep(LOOK) => if stop.load(Ordering::Relaxed) {
                        return Err(Lost::Closed("the search was called off".to_owned()));
                    },
                }
            }
        })?;
        logged_in(stream.into_std()?, accepted, place)
    }
}

/// Tries one address until it accepts the login; what was wrong last when its time is over.
async fn knock(
    address: Place,
    login: Login,
    request: Vec<u8>,
    patience: Duration,
) -> Result<(TcpStream, Accepted), Lost> {
    let until = tokio::time::Instant::now() + patience;
    let mut silence = SILENCE.0;
    let mut pause = PAUSE.0;
    let mut refused = false;
    loop {
        let left = until.saturating_duration_since(tokio::time::Instant::now());
        let wait = silence.min(left.max(SILENCE.0));
        let lost = match timeout(wait, attempt(address, &login, &request)).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(lost)) => lost,
            Err(_) => {
                silence = (silence * 2).min(SILENCE.1);
                Lost::Closed("it does not answer the login".to_owned())
            }
        };
        refused |= matches!(lost, Lost::SessionNotAvailable);
        if matches!(lost, Lost::Refused(_)) {
            return Err(lost);
        }
        if tokio::time::Instant::now() >= until {
            return Err(if refused {
                Lost::SessionNotAvailable
            } else {
                lost
            });
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

async fn attempt(
    address: Place,
    login: &Login,
    request: &[u8],
) -> Result<(TcpStream, Accepted), Lost> {
    let mut stream = connect(address).await?;
    stream.write_all(request).await?;
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(Lost::Closed("the venue closed it".to_owned()));
        }
        if let Some(accepted) = login_answer(login, &bytes)? {
            return Ok((stream, accepted));
        }
    }
}

/// Connects to an address, through its proxy if it has one.
async fn connect(Place { proxy, target }: Place) -> Result<TcpStream, Lost> {
    let mut stream = TcpStream::connect(proxy.unwrap_or(target)).await?;
    stream.set_nodelay(true)?;
    let Some(proxy) = proxy else {
        return Ok(stream);
    };
    let lost = |why: &dyn std::fmt::Display| Lost::Closed(format!("proxy {proxy}: {why}"));
    let mut handshake = Handshake::new(target);
    loop {
        match handshake.next_step().map_err(|error| lost(&error))? {
            Answer::Send(bytes) => stream.write_all(&bytes).await?,
            Answer::Read(most) => {
                let mut bytes = vec![0; most];
                match stream.read(&mut bytes).await? {
                    0 => return Err(lost(&"it closed the connection before it answered")),
                    count => handshake.read(&bytes[..count]),
                }
            }
            Answer::Told(Reply::Connected) => return Ok(stream),
            Answer::Told(reply) => return Err(lost(&reply.text())),
        }
    }
}
