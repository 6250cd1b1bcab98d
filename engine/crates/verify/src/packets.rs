//! Streams as the engine keeps them: SoupBinTCP sequenced data packets one behind the other, message 1 first.

use std::io::{self, Read};

/// SoupBinTCP 3.00, "Sequenced Data Packet": two bytes of length, then this type.
const SEQUENCED: u8 = b'S';

/// Appends a message's packet.
///
/// # Errors
/// The message is longer than a packet can carry.
pub(crate) fn encode(message: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let length = u16::try_from(message.len() + 1).map_err(io::Error::other)?;
    out.extend_from_slice(&length.to_be_bytes());
    out.push(SEQUENCED);
    out.extend_from_slice(message);
    Ok(())
}

/// Reads messages in order.
#[derive(Debug)]
pub(crate) struct Packets<R> {
    input: R,
    /// Bytes of the packets read.
    pub(crate) bytes: u64,
    /// How many were read.
    pub(crate) count: u64,
}

impl<R: Read> Packets<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            bytes: 0,
            count: 0,
        }
    }

    /// Puts the next message into `message`; `false` at the end, also where that is inside a packet (the engine writes in
    /// large pieces, so a stream that grows may end so).
    ///
    /// # Errors
    /// It can't be read, or holds something else.
    pub(crate) fn next(&mut self, message: &mut Vec<u8>) -> io::Result<bool> {
        let mut head = [0; 3];
        if !whole(&mut self.input, &mut head)? {
            return Ok(false);
        }
        let [high, low, kind] = head;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if kind != SEQUENCED || length == 0 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("byte {} begins no sequenced packet", self.bytes),
            ));
        }
        message.resize(length - 1, 0);
        if !whole(&mut self.input, message)? {
            return Ok(false);
        }
        self.bytes += length as u64 + 2;
        self.count += 1;
        Ok(true)
    }
}

fn whole(input: &mut impl Read, to: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
