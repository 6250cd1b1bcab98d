//! What a connection sends: a stream from some number on, or a snapshot. Bytes are pulled, so a client that does not read
//! costs its output buffer and no more.

use crate::streams::{Channel, Source};
use rialto_session::server::Server;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::Notify;

/// Bytes read from a stream's file at once.
const READ_BYTES: usize = 256 << 10;

/// Where a connection's messages come from.
pub enum Reader {
    /// A numbered stream.
    Stream(StreamReader),
    /// A snapshot: framed packets and how far they were sent.
    Snapshot(Rc<Vec<u8>>, usize),
}

/// A position in a numbered stream.
pub struct StreamReader {
    channel: Rc<Channel>,
    wake: Rc<Notify>,
    /// Offset of the next packet.
    offset: u64,
    /// Packets read from the file, and how far they were sent.
    ahead: Vec<u8>,
    at: usize,
}

/// Why a reader gave no more.
pub enum Pulled {
    /// The connection wants no more for now.
    Enough,
    /// There is no more for now.
    Empty,
    /// There will never be more.
    Ended,
    /// What comes next has left the memory: [`StreamReader::load`] it.
    Absent(Arc<File>, u64),
}

impl Reader {
    /// Reads `channel` from message `number` on; `wake` is notified when it grows.
    ///
    /// # Errors
    /// There is no such message, or the file can't be read.
    pub fn stream(channel: &Rc<Channel>, number: u64, wake: &Rc<Notify>) -> io::Result<Self> {
        let offset = channel.stream().offset_of(number)?;
        channel.join(wake);
        Ok(Self::Stream(StreamReader {
            channel: Rc::clone(channel),
            wake: Rc::clone(wake),
            offset,
            ahead: Vec::new(),
            at: 0,
        }))
    }

    /// Gives the connection as much as it wants.
    pub fn pull(&mut self, server: &mut Server, now_ns: u64) -> Pulled {
        match self {
            Self::Stream(reader) => reader.pull(server, now_ns),
            Self::Snapshot(packets, at) => {
                *at += push(server, packets.get(*at..).unwrap_or_default(), now_ns);
                if *at >= packets.len() {
                    Pulled::Ended
                } else {
                    Pulled::Enough
                }
            }
        }
    }
}

impl StreamReader {
    fn pull(&mut self, server: &mut Server, now_ns: u64) -> Pulled {
        if self.at < self.ahead.len() {
            let pushed = push(
                server,
                self.ahead.get(self.at..).unwrap_or_default(),
                now_ns,
            );
            self.at += pushed;
            self.offset += pushed as u64;
            if server.wanted().is_none() {
                return Pulled::Enough;
            }
            // What is left is the beginning of a packet: it is read again.
            self.ahead.clear();
            self.at = 0;
        }
        let stream = self.channel.stream();
        match stream.source(self.offset) {
            Source::Memory(bytes) => {
                let pushed = push(server, bytes, now_ns);
                self.offset += pushed as u64;
                if pushed < bytes.len() {
                    Pulled::Enough
                } else if stream.ended() {
                    Pulled::Ended
                } else {
                    Pulled::Empty
                }
            }
            Source::File(file, length) => {
                if server.wanted().is_none() {
                    Pulled::Enough
                } else {
                    Pulled::Absent(file, length)
                }
            }
            Source::End if stream.ended() => Pulled::Ended,
            Source::End => Pulled::Empty,
        }
    }

    /// Reads what comes next from the file, on another thread: the disk must not hold up the market.
    ///
    /// # Errors
    /// The file can't be read.
    pub async fn load(&mut self, file: Arc<File>, length: u64) -> io::Result<()> {
        let offset = self.offset;
        let length = usize::try_from(length)
            .unwrap_or(usize::MAX)
            .min(READ_BYTES);
        let mut buffer = std::mem::take(&mut self.ahead);
        buffer.resize(length, 0);
        let read = tokio::task::spawn_blocking(move || {
            file.read_exact_at(&mut buffer, offset)?;
            Ok::<_, io::Error>(buffer)
        });
        self.ahead = read.await.map_err(io::Error::other)??;
        self.at = 0;
        Ok(())
    }
}

impl Drop for StreamReader {
    fn drop(&mut self) {
        self.channel.leave(&self.wake);
    }
}

/// Gives whole packets to the connection until it wants no more; returns the bytes given.
fn push(server: &mut Server, packets: &[u8], now_ns: u64) -> usize {
    let mut at = 0;
    while let Some([high, low, _]) = packets.get(at..).and_then(<[u8]>::first_chunk) {
        let end = at + 2 + usize::from(u16::from_be_bytes([*high, *low]));
        let Some(message) = packets.get(at + 3..end) else {
            break;
        };
        if server.push(message, now_ns).is_err() {
            break;
        }
        at = end;
    }
    at
}
