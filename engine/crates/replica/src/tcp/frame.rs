//! Frames: length u32, CRC-32C over length and bytes u32, bytes. Little-endian.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::counters::{Counts, add, count};

/// Bytes of a frame before its payload.
pub(super) const HEADER: usize = 8;
/// What is set aside for a frame before its bytes are there; more only as they arrive.
const ON_TRUST: usize = 1 << 20;

/// The header of the frame that carries `parts` one after another.
pub(super) fn header(parts: &[&[u8]], limit: usize) -> io::Result<[u8; HEADER]> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let length = u32::try_from(length)
        .ok()
        .filter(|length| *length as usize <= limit)
        .ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("a frame of {length} bytes is longer than {limit}, the most that is sent"),
            )
        })?
        .to_le_bytes();
    let mut crc = crc32c::crc32c(&length);
    for part in parts {
        crc = crc32c::crc32c_append(crc, part);
    }
    let [a, b, c, d] = length;
    let [e, f, g, h] = crc.to_le_bytes();
    Ok([a, b, c, d, e, f, g, h])
}

/// The next frame of at most `limit` bytes; `None` at the end, if no frame is cut off by it.
///
/// # Errors
/// Whatever the connection says; `InvalidData` for a frame that is too long or whose checksum is wrong, `UnexpectedEof` for one that is cut off.
pub(super) async fn read(
    from: &mut (impl AsyncRead + Unpin),
    limit: usize,
    counts: &Counts,
) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; HEADER];
    let mut filled = 0;
    while filled < HEADER {
        match from.read(&mut head[filled..]).await? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(cut_off()),
            more => filled += more,
        }
    }
    let [a, b, c, d, e, f, g, h] = head;
    let length = u32::from_le_bytes([a, b, c, d]);
    let expected = u32::from_le_bytes([e, f, g, h]);
    let size = length as usize;
    if size > limit {
        count(&counts.broken_frames);
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a frame claims {size} bytes, more than {limit}"),
        ));
    }
    let mut payload = Vec::with_capacity(size.min(ON_TRUST));
    let mut rest = from.take(u64::from(length));
    rest.read_to_end(&mut payload).await?;
    if payload.len() < size {
        return Err(cut_off());
    }
    let crc = crc32c::crc32c_append(crc32c::crc32c(&length.to_le_bytes()), &payload);
    if crc != expected {
        count(&counts.broken_frames);
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a frame of {size} bytes has checksum {crc:08x} instead of {expected:08x}"),
        ));
    }
    add(&counts.bytes_received, HEADER + size);
    Ok(Some(payload))
}

fn cut_off() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the connection ended within a frame",
    )
}
