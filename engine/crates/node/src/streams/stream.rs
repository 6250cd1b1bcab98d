//! One numbered stream of one trading day: an append-only file of SoupBinTCP sequenced data packets, with its end in memory.
//!
//! The file holds exactly the bytes a client gets, so serving is copying. Messages are numbered from 1. Bytes reach the
//! file in large pieces and need not be synced: what a crash takes away the replay of the journal writes again.

use super::write_behind::{PIECE_BYTES, Piece};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// One entry of the index for so many messages.
const INDEX_EVERY: u64 = 256;
/// What waits is written once it has this size, or by [`Stream::flush`].
pub const FLUSH_BYTES: u64 = 64 << 10;
/// SoupBinTCP 3.00, "Sequenced Data Packet": two bytes of length, then this type.
const SEQUENCED: u8 = b'S';

/// How far a stream has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Extent {
    /// Messages in it.
    pub messages: u64,
    /// Bytes of their packets.
    pub bytes: u64,
}

impl Extent {
    /// Counts a message of `length` bytes.
    pub fn add(&mut self, length: usize) {
        self.messages += 1;
        self.bytes += length as u64 + 3;
    }
}

/// Where bytes of a stream are to be had.
pub enum Source<'a> {
    /// In memory.
    Memory(&'a [u8]),
    /// In the file: (file, bytes that may be read from the offset).
    File(Arc<File>, u64),
    /// There are none beyond the offset.
    End,
}

/// A stream.
pub struct Stream {
    file: Arc<File>,
    extent: Extent,
    /// Bytes that are in the file.
    written: u64,
    /// Bytes whose way to the disk has begun.
    started: u64,
    /// The bytes from `tail_start` on.
    tail: Vec<u8>,
    tail_start: u64,
    tail_bound: usize,
    /// Offsets of messages 1, 1 + INDEX_EVERY, ...
    index: Vec<u64>,
    ended: bool,
    /// The disk had no room for what waits.
    held: bool,
}

impl Stream {
    /// Opens the stream at `path` and cuts it to `extent`.
    ///
    /// # Errors
    /// The file is shorter than `extent`, holds something else, or can't be used.
    pub fn open(path: &Path, extent: Extent, tail_bound: usize) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let length = file.metadata()?.len();
        if length < extent.bytes {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!(
                    "{}: holds {length} bytes, the checkpoint says {}",
                    path.display(),
                    extent.bytes
                ),
            ));
        }
        let index = index(&file, extent)
            .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display())))?;
        file.set_len(extent.bytes)?;
        Ok(Self {
            file: Arc::new(file),
            extent,
            written: extent.bytes,
            started: extent.bytes,
            tail: Vec::new(),
            tail_start: extent.bytes,
            tail_bound,
            index,
            ended: false,
            held: false,
        })
    }

    /// Appends one message.
    ///
    /// # Errors
    /// Bytes that had to go to the file could not.
    pub fn append(&mut self, message: &[u8]) -> io::Result<()> {
        let length = u16::try_from(message.len() + 1)
            .map_err(|_| io::Error::other("a message does not fit a packet"))?;
        if self.extent.messages.is_multiple_of(INDEX_EVERY) {
            self.index.push(self.extent.bytes);
        }
        self.tail.extend_from_slice(&length.to_be_bytes());
        self.tail.push(SEQUENCED);
        self.tail.extend_from_slice(message);
        self.extent.add(message.len());
        if self.pending() >= FLUSH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what waits to the file, and forgets what is no longer needed in memory. What a full disk has no room for
    /// waits on ([`Stream::held`]): it is the owner's to append no more until there is room.
    ///
    /// # Errors
    /// The file can't be written for another reason.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.pending() > 0 {
            let from = usize::try_from(self.written - self.tail_start).unwrap_or(usize::MAX);
            let waiting = self.tail.get(from..).unwrap_or_default();
            match self.file.write_all_at(waiting, self.written) {
                Ok(()) => self.held = false,
                Err(error) if full(&error) => {
                    self.held = true;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            self.written = self.extent.bytes;
        }
        // Twice the bound before anything moves: each byte moves at most once.
        if self.tail.len() > self.tail_bound * 2 {
            let surplus = self.tail.len() - self.tail_bound;
            self.tail.drain(..surplus);
            self.tail_start += surplus as u64;
        }
        Ok(())
    }

    /// Whether the disk had no room for what waits when it was last tried.
    pub fn held(&self) -> bool {
        self.held
    }

    /// How far it has come.
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// What was written since the last piece, once that is one.
    pub fn piece(&mut self) -> Option<Piece> {
        let bytes = self.written - self.started;
        (bytes >= PIECE_BYTES).then(|| Piece {
            file: Arc::clone(&self.file),
            offset: std::mem::replace(&mut self.started, self.written),
            bytes,
        })
    }

    /// Bytes that are not in the file yet.
    pub fn pending(&self) -> u64 {
        self.extent.bytes - self.written
    }

    /// The file, to sync it.
    pub fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Nothing will be appended any more.
    pub fn finish(&mut self) {
        self.ended = true;
    }

    /// Whether nothing will be appended any more.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// The bytes from `offset` on.
    pub fn source(&self, offset: u64) -> Source<'_> {
        if offset >= self.extent.bytes {
            return Source::End;
        }
        if offset < self.tail_start {
            // What is in memory may begin within a packet, so the file is read across that border.
            return Source::File(Arc::clone(&self.file), self.written - offset);
        }
        let from = usize::try_from(offset - self.tail_start).unwrap_or(usize::MAX);
        Source::Memory(self.tail.get(from..).unwrap_or_default())
    }

    /// The offset of message `number` (1 to one beyond the last).
    ///
    /// # Errors
    /// There is no such message, or the file can't be read.
    pub fn offset_of(&self, number: u64) -> io::Result<u64> {
        if number == self.extent.messages + 1 {
            return Ok(self.extent.bytes);
        }
        let missing = || io::Error::other(format!("the stream has no message {number}"));
        if number == 0 || number > self.extent.messages {
            return Err(missing());
        }
        let step = usize::try_from((number - 1) / INDEX_EVERY).unwrap_or(usize::MAX);
        let mut offset = *self.index.get(step).ok_or_else(missing)?;
        for _ in 0..(number - 1) % INDEX_EVERY {
            offset += self.packet_length(offset)?;
        }
        Ok(offset)
    }

    fn packet_length(&self, offset: u64) -> io::Result<u64> {
        let mut length = [0; 2];
        if offset >= self.tail_start {
            let from = usize::try_from(offset - self.tail_start).unwrap_or(usize::MAX);
            let bytes = self.tail.get(from..).and_then(|b| b.first_chunk());
            length = *bytes.ok_or_else(|| io::Error::other("the stream's end is not whole"))?;
        } else {
            self.file.read_exact_at(&mut length, offset)?;
        }
        Ok(u64::from(u16::from_be_bytes(length)) + 2)
    }
}

/// Whether a write failed because there is no room.
fn full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// Walks the packets of a file and indexes them; they must come to exactly `extent`.
fn index(file: &File, extent: Extent) -> io::Result<Vec<u64>> {
    let mut index = Vec::new();
    let mut buffer = vec![0; 1 << 20];
    let mut filled = 0;
    let mut base = 0; // offset of the buffer's first byte
    let mut messages = 0;
    while base < extent.bytes {
        let want = usize::try_from(extent.bytes - base)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        file.read_exact_at(
            buffer.get_mut(filled..want).unwrap_or_default(),
            base + filled as u64,
        )?;
        filled = want;
        let mut at = 0;
        while let Some([high, low, kind]) = buffer.get(at..filled).and_then(|b| b.first_chunk()) {
            let next = at + usize::from(u16::from_be_bytes([*high, *low])) + 2;
            if *kind != SEQUENCED || next < at + 3 {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("byte {} begins no sequenced packet", base + at as u64),
                ));
            }
            if next > filled {
                break;
            }
            if messages % INDEX_EVERY == 0 {
                index.push(base + at as u64);
            }
            messages += 1;
            at = next;
        }
        if at == 0 {
            break;
        }
        buffer.copy_within(at..filled, 0);
        base += at as u64;
        filled -= at;
    }
    if base != extent.bytes || messages != extent.messages {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!(
                "holds {messages} messages in {base} bytes, the checkpoint says {} in {}",
                extent.messages, extent.bytes
            ),
        ));
    }
    Ok(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(stream: &Stream, mut offset: u64) -> Vec<u8> {
        let mut out = Vec::new();
        loop {
            match stream.source(offset) {
                Source::End => return out,
                Source::Memory(bytes) => {
                    out.extend_from_slice(bytes);
                    offset += bytes.len() as u64;
                }
                Source::File(file, length) => {
                    let mut bytes = vec![0; usize::try_from(length).unwrap().min(1000)];
                    file.read_exact_at(&mut bytes, offset).unwrap();
                    offset += bytes.len() as u64;
                    out.extend_from_slice(&bytes);
                }
            }
        }
    }

    fn message(number: u64) -> Vec<u8> {
        let length = usize::try_from(number * 7 % 90).unwrap();
        vec![u8::try_from(number % 251).unwrap(); length]
    }

    fn packets(numbers: std::ops::RangeInclusive<u64>) -> Vec<u8> {
        let mut out = Vec::new();
        for number in numbers {
            let message = message(number);
            let length = u16::try_from(message.len() + 1).unwrap();
            out.extend_from_slice(&length.to_be_bytes());
            out.push(b'S');
            out.extend_from_slice(&message);
        }
        out
    }

    #[test]
    fn any_number_can_be_read_from_memory_or_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let mut stream = Stream::open(&path, Extent::default(), 4096).unwrap();
        for number in 1..=10_000 {
            stream.append(&message(number)).unwrap();
        }
        assert!(stream.tail_start > 0, "the tail was cut");
        for number in [1, 2, 255, 256, 257, 5_000, 9_999, 10_000] {
            let offset = stream.offset_of(number).unwrap();
            assert_eq!(all(&stream, offset), packets(number..=10_000), "{number}");
        }
        assert_eq!(stream.offset_of(10_001).unwrap(), stream.extent.bytes);
        assert!(stream.offset_of(10_002).is_err());
        assert!(stream.offset_of(0).is_err());
    }

    #[test]
    fn it_is_cut_to_its_checkpoint_and_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let mut stream = Stream::open(&path, Extent::default(), 1 << 20).unwrap();
        let mut at_700 = Extent::default();
        for number in 1..=1_000 {
            stream.append(&message(number)).unwrap();
            if number == 700 {
                at_700 = stream.extent;
            }
        }
        stream.flush().unwrap();
        drop(stream);
        let mut stream = Stream::open(&path, at_700, 1 << 20).unwrap();
        for number in 701..=900 {
            stream.append(&message(number)).unwrap();
        }
        assert_eq!(all(&stream, 0), packets(1..=900));
        let offset = stream.offset_of(600).unwrap();
        assert_eq!(all(&stream, offset), packets(600..=900));
    }

    #[test]
    fn what_a_full_disk_has_no_room_for_waits_in_memory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let mut stream = Stream::open(&path, Extent::default(), 1024).unwrap();
        for number in 1..=1_000 {
            stream.append(&message(number)).unwrap();
        }
        stream.flush().unwrap();
        let no_room = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let file = std::mem::replace(&mut stream.file, Arc::new(no_room));
        for number in 1_001..=5_000 {
            stream.append(&message(number)).unwrap();
        }
        stream.flush().unwrap();
        assert!(stream.held());
        assert!(stream.pending() > FLUSH_BYTES);
        stream.file = file;
        stream.flush().unwrap();
        assert!(!stream.held());
        assert_eq!(stream.pending(), 0);
        assert_eq!(std::fs::read(&path).unwrap(), packets(1..=5_000));
        assert_eq!(all(&stream, 0), packets(1..=5_000));
    }

    #[test]
    fn a_short_or_foreign_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        std::fs::write(&path, packets(1..=50)).unwrap();
        let bytes = packets(1..=50).len() as u64;
        let extent = |messages, bytes| Extent { messages, bytes };
        assert!(Stream::open(&path, extent(51, bytes + 1), 4096).is_err());
        assert!(Stream::open(&path, extent(49, bytes), 4096).is_err());
        assert!(Stream::open(&path, extent(50, bytes), 4096).is_ok());
        std::fs::write(&path, vec![b'x'; 100]).unwrap();
        assert!(Stream::open(&path, extent(2, 100), 4096).is_err());
    }
}
