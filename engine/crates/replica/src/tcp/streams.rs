//! The two halves of a stream of frames.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::{Sink, SinkExt};
use tokio::io::{AsyncWrite, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::counters::{Counts, add};
use super::frame::{self, HEADER};
use crate::{FrameSink, FrameStream, MAX_FRAME};

/// Bytes that gather before a sender has to wait for the peer.
const GATHER: usize = 256 << 10;
/// Frames up to this size are copied together; longer ones are sent from where they are.
const SMALL: usize = 16 << 10;
/// Pieces handed to the kernel at once.
const PIECES: usize = 32;

/// Says the caller's hello on a new stream connection and gives out its halves.
pub(super) async fn open(
    connection: BufReader<TcpStream>,
    hello: Vec<u8>,
    counts: &Arc<Counts>,
) -> io::Result<(FrameSink, FrameStream)> {
    let (mut sink, stream) = split(connection, counts);
    sink.send(hello).await?;
    Ok((sink, stream))
}

/// The halves of a connection on which hello is over.
pub(super) fn split(
    connection: BufReader<TcpStream>,
    counts: &Arc<Counts>,
) -> (FrameSink, FrameStream) {
    let (reader, writer) = parts(connection);
    let sink = Frames {
        writer,
        queue: VecDeque::new(),
        written: 0,
        waiting: 0,
        counts: Arc::clone(counts),
    };
    let from = Some((reader, Arc::clone(counts)));
    let stream = futures_util::stream::unfold(from, |from| async move {
        let (mut reader, counts) = from?;
        match frame::read(&mut reader, MAX_FRAME, &counts).await {
            Ok(None) => None,
            Ok(Some(payload)) => Some((Ok(payload), Some((reader, counts)))),
            Err(error) => Some((Err(error), None)),
        }
    });
    (Box::pin(sink), Box::pin(stream))
}

/// The halves of a connection, with what was read ahead of the hello kept in the reading one.
pub(super) fn parts(
    connection: BufReader<TcpStream>,
) -> (
    tokio::io::Chain<io::Cursor<Vec<u8>>, BufReader<OwnedReadHalf>>,
    OwnedWriteHalf,
) {
    let ahead = io::Cursor::new(connection.buffer().to_vec());
    let (reader, writer) = connection.into_inner().into_split();
    let reader = BufReader::with_capacity(64 << 10, reader);
    (tokio::io::AsyncReadExt::chain(ahead, reader), writer)
}

struct Frames {
    writer: OwnedWriteHalf,
    /// What waits to be written; `written` bytes of the first are gone already.
    queue: VecDeque<Vec<u8>>,
    written: usize,
    waiting: usize,
    counts: Arc<Counts>,
}

impl Frames {
    /// Writes until at most `left` bytes wait.
    fn drain(&mut self, cx: &mut Context<'_>, left: usize) -> Poll<io::Result<()>> {
        while self.waiting > left {
            let mut pieces = [IoSlice::new(&[]); PIECES];
            let mut used = 0;
            for (piece, bytes) in pieces.iter_mut().zip(&self.queue) {
                let from = if used == 0 { self.written } else { 0 };
                *piece = IoSlice::new(bytes.get(from..).unwrap_or_default());
                used += 1;
            }
            let writer = Pin::new(&mut self.writer);
            let mut gone = ready!(writer.poll_write_vectored(cx, &pieces[..used]))?;
            if gone == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.waiting = self.waiting.saturating_sub(gone);
            while let Some(first) = self.queue.front() {
                let rest = first.len() - self.written;
                if gone < rest {
                    self.written += gone;
                    break;
                }
                gone -= rest;
                self.written = 0;
                self.queue.pop_front();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn put(&mut self, bytes: &[u8]) {
        match self.queue.back_mut() {
            Some(last) if last.len() + bytes.len() <= 2 * SMALL => last.extend_from_slice(bytes),
            _ => {
                let mut piece = Vec::with_capacity(2 * SMALL);
                piece.extend_from_slice(bytes);
                self.queue.push_back(piece);
            }
        }
    }
}

impl Sink<Vec<u8>> for Frames {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.waiting < GATHER {
            return Poll::Ready(Ok(()));
        }
        self.drain(cx, GATHER / 2)
    }

    fn start_send(mut self: Pin<&mut Self>, payload: Vec<u8>) -> io::Result<()> {
        let head = frame::header(&[&payload], MAX_FRAME)?;
        let size = HEADER + payload.len();
        add(&self.counts.bytes_sent, size);
        self.waiting += size;
        self.put(&head);
        if payload.len() <= SMALL {
            self.put(&payload);
        } else {
            self.queue.push_back(payload);
        }
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.drain(cx, 0)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(cx, 0))?;
        Pin::new(&mut self.writer).poll_shutdown(cx)
    }
}
