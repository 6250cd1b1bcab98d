//! Connecting through a SOCKS5 proxy, and telling what the target's kernel says from what becomes of the proxy.

use std::io;
use std::net::SocketAddr;

use rialto_socks::{Answer, Handshake, Reply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Connects to `target` through `proxy`.
///
/// # Errors
/// [`io::ErrorKind::ConnectionRefused`] if the proxy says that the target refuses connections, and only then; anything else
/// says that the way there is broken, a proxy that refuses connections among it.
pub(super) async fn connect(proxy: SocketAddr, target: SocketAddr) -> io::Result<TcpStream> {
    let broken = |why: &dyn std::fmt::Display| io::Error::other(format!("proxy {proxy}: {why}"));
    let mut stream = TcpStream::connect(proxy).await.map_err(|e| broken(&e))?;
    stream.set_nodelay(true).map_err(|e| broken(&e))?;
    let mut handshake = Handshake::new(target);
    let mut bytes = [0; 512];
    loop {
        match handshake.next_step().map_err(|e| broken(&e))? {
            Answer::Send(said) => stream.write_all(&said).await.map_err(|e| broken(&e))?,
            Answer::Read(most) => {
                let most = most.min(bytes.len());
                let count = stream.read(&mut bytes[..most]).await;
                match count.map_err(|e| broken(&e))? {
                    0 => return Err(broken(&"it closed the connection before it answered")),
                    count => handshake.read(&bytes[..count]),
                }
            }
            Answer::Told(Reply::Connected) => return Ok(stream),
            Answer::Told(Reply::Refused) => return Err(io::ErrorKind::ConnectionRefused.into()),
            Answer::Told(reply) => return Err(broken(&reply.text())),
        }
    }
}
