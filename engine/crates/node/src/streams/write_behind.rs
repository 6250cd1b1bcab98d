//! Stream files reach the disk in small pieces as they grow. Left to the kernel, half a minute of them would go at once,
//! and the journal's syncs would wait behind it: stalls of 100 ms were measured.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

/// A piece is started once it has this size.
pub const PIECE_BYTES: u64 = 1 << 20;
/// Pieces that may wait; beyond, the kernel finds them itself.
const WAITING: usize = 64;

/// Bytes of a file that were written and whose way to the disk may begin.
pub struct Piece {
    /// The file.
    pub file: Arc<File>,
    /// Where they begin.
    pub offset: u64,
    /// How many.
    pub bytes: u64,
}

/// A thread that starts what it is given. It ends when this is dropped.
pub struct WriteBehind(SyncSender<Piece>);

impl WriteBehind {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new() -> io::Result<Self> {
        let (sender, receiver) = sync_channel::<Piece>(WAITING);
        std::thread::Builder::new()
            .name("write-behind".to_owned())
            .spawn(move || {
                for piece in receiver {
                    start(&piece);
                }
            })?;
        Ok(Self(sender))
    }

    /// Begins a piece's way to the disk, soon; never waits.
    pub fn give(&self, piece: Piece) {
        // Nothing depends on it: with a full queue the kernel writes the piece in its own time.
        drop(self.0.try_send(piece));
    }
}

fn start(piece: &Piece) {
    let (Ok(offset), Ok(bytes)) = (
        libc::off64_t::try_from(piece.offset),
        libc::off64_t::try_from(piece.bytes),
    ) else {
        return;
    };
    let descriptor = piece.file.as_raw_fd();
    // SAFETY: the call takes numbers and touches no memory of ours; the descriptor is open as long as `piece.file` is.
    let code =
        unsafe { libc::sync_file_range(descriptor, offset, bytes, libc::SYNC_FILE_RANGE_WRITE) };
    if code != 0 {
        tracing::debug!(event = "write_behind_refused", error = %io::Error::last_os_error());
    }
}
