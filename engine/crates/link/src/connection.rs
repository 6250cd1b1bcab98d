//! One connection from a client to its target: bytes are read, cross the links and are written, in one task. Where nothing
//! delays them they are written in the same breath as they are read.

use crate::flow::{Flow, Item, Room};
use crate::route::Way;
use crate::shared::Shared;
use crate::timer::{Timer, mono_ns};
use rialto_socks::{Reply, reply_bytes};
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The most bytes of one read.
const READ_BYTES: usize = 64 << 10;
/// An empty buffer that once grew beyond this is given back.
const KEPT_BYTES: usize = 256 << 10;

/// How a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// Both sides closed it.
    Closed,
    /// One side broke it, and the other one was told.
    Reset,
    /// Both sides broke it.
    Gone,
    /// The client left before it was answered.
    GivenUp,
    /// It was answered that the target can't be had.
    NotConnected(Reply),
}

/// One way of a connection.
struct Side {
    flow: Flow,
    /// The bytes that the flow holds.
    bytes: VecDeque<u8>,
    /// Its sender may be read.
    open: bool,
    /// Its sender broke the connection; that is on its way.
    failed: bool,
    /// Its receiver is gone.
    broken: bool,
    /// Its receiver was told that the sender has ended.
    ended: bool,
}

enum Target {
    Unasked,
    Connecting(Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>),
    Connected(TcpStream),
    Failed,
}

/// A connection whose client waits for an answer.
pub struct Connection {
    shared: Arc<Shared>,
    number: u64,
    watched: Option<Waker>,
    client: TcpStream,
    /// The client was told that it is connected.
    answered: bool,
    /// The client said something before it was answered, so that its end can't be watched for.
    spoke_early: bool,
    address: SocketAddr,
    target: Target,
    out: Side,
    back: Side,
    timer: Timer,
    buffer: Box<[u8]>,
}

impl Side {
    fn new(flow: Flow) -> Self {
        Self {
            flow,
            bytes: VecDeque::new(),
            open: false,
            failed: false,
            broken: false,
            ended: false,
        }
    }

    /// The sender broke the connection: that crosses behind what it sent.
    fn fail(&mut self, shared: &Shared) {
        self.open = false;
        if !self.failed && !self.broken {
            self.flow.push(Item::Reset, &mut shared.lock().links);
        }
        self.failed = true;
    }

    /// The receiver is gone: nothing that is on its way to it matters any more.
    fn drop_all(&mut self, shared: &Shared) {
        self.open = false;
        self.broken = true;
        self.bytes = VecDeque::new();
        self.flow.discard(&mut shared.lock().links);
    }

    /// Gives so many bytes to the receiver's socket back.
    fn written(&mut self, bytes: usize) {
        self.bytes.drain(..bytes);
        if self.bytes.is_empty() && self.bytes.capacity() > KEPT_BYTES {
            self.bytes = VecDeque::new();
        }
    }
}

impl Connection {
    /// The connection of a client to `address`, over these ways of links and back.
    pub fn new(
        shared: Arc<Shared>,
        client: TcpStream,
        address: SocketAddr,
        paths: (&[Way], &[Way]),
    ) -> Self {
        let mut state = shared.lock();
        let number = state.number();
        let mut out = Side::new(Flow::new(paths.0, &mut state.links));
        let back = Side::new(Flow::new(paths.1, &mut state.links));
        out.flow.push(Item::Connect, &mut state.links);
        drop(state);
        Self {
            shared,
            number,
            watched: None,
            client,
            answered: false,
            spoke_early: false,
            address,
            target: Target::Unasked,
            out,
            back,
            timer: Timer::default(),
            buffer: vec![0; READ_BYTES].into_boxed_slice(),
        }
    }

    /// Carries it to its end.
    ///
    /// # Errors
    /// The machine gives no timer.
    pub async fn run(mut self) -> io::Result<Ended> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Ended>> {
        let watched = self.watched.as_ref();
        if watched.is_none_or(|known| !known.will_wake(cx.waker())) {
            self.shared.lock().watch(self.number, cx.waker());
            self.watched = Some(cx.waker().clone());
        }
        let polled = loop {
            let mut wake = None;
            if let Some(ended) = self.step(cx, &mut wake) {
                break Poll::Ready(Ok(ended));
            }
            let Some(due_ns) = wake else {
                break Poll::Pending;
            };
            match self.timer.poll_until(due_ns, cx) {
                Poll::Pending => break Poll::Pending,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
            }
        };
        let mut state = self.shared.lock();
        if state.links.relieved() {
            state.wake_all();
        }
        polled
    }

    /// Does all that can be done now; how it ended, if it did.
    fn step(&mut self, cx: &mut Context<'_>, wake: &mut Option<u64>) -> Option<Ended> {
        if !self.answered && !self.out.failed && self.client_left(cx) {
            if !matches!(self.target, Target::Connected(_)) {
                return Some(Ended::GivenUp);
            }
            self.out.fail(&self.shared);
            self.back.drop_all(&self.shared);
        }
        if !matches!(self.target, Target::Connected(_)) {
            self.connect(cx, wake);
        }
        let mut lane = Lane {
            shared: &self.shared,
            buffer: &mut self.buffer,
            wake,
            answered: None,
        };
        let target = match &mut self.target {
            Target::Connected(target) => target,
            // Nothing but the answer comes back.
            Target::Failed => return lane.answer(&mut self.back, &mut self.client, cx),
            Target::Unasked | Target::Connecting(_) => return None,
        };
        loop {
            let out = lane.carry(&mut self.out, &mut self.back, &mut self.client, target, cx);
            let back = lane.carry(&mut self.back, &mut self.out, target, &mut self.client, cx);
            if lane.answered.take().is_some() {
                self.answered = true;
                self.out.open = !self.out.failed;
                continue;
            }
            match (out, back) {
                (Step::Ended(ended), _) | (_, Step::Ended(ended)) => return Some(ended),
                (Step::Waits, Step::Waits) => return None,
                _ => {}
            }
        }
    }

    /// Whether the client closed its side before it was answered.
    fn client_left(&mut self, cx: &mut Context<'_>) -> bool {
        if self.spoke_early {
            return false;
        }
        let mut byte = [0];
        match self.client.poll_peek(cx, &mut ReadBuf::new(&mut byte)) {
            Poll::Pending => false,
            Poll::Ready(Ok(1..)) => {
                self.spoke_early = true;
                false
            }
            Poll::Ready(Ok(0) | Err(_)) => true,
        }
    }

    /// Connects the target once the client's wish has arrived there, and sends back what became of it.
    fn connect(&mut self, cx: &mut Context<'_>, wake: &mut Option<u64>) {
        if matches!(self.target, Target::Unasked) {
            let mut state = self.shared.lock();
            let state = &mut *state;
            let (links, random) = (&mut state.links, &mut state.random);
            note(wake, self.out.flow.advance(mono_ns(), links, random));
            if self.out.flow.arrived() != Some(Item::Connect) {
                return;
            }
            self.out.flow.take(0, links);
            let connecting = TcpStream::connect(self.address);
            self.target = Target::Connecting(Box::pin(connecting));
        }
        let Target::Connecting(connecting) = &mut self.target else {
            return;
        };
        let connected = match connecting.as_mut().poll(cx) {
            Poll::Pending => return,
            Poll::Ready(connected) => {
                connected.and_then(|target| target.set_nodelay(true).map(|()| target))
            }
        };
        let reply = match &connected {
            Ok(_) => Reply::Connected,
            Err(error) => match error.kind() {
                io::ErrorKind::ConnectionRefused => Reply::Refused,
                io::ErrorKind::NetworkUnreachable => Reply::NetworkUnreachable,
                io::ErrorKind::HostUnreachable | io::ErrorKind::TimedOut => Reply::HostUnreachable,
                _ => Reply::GeneralFailure,
            },
        };
        let answer = Item::Answer(reply);
        self.back.flow.push(answer, &mut self.shared.lock().links);
        self.target = match connected {
            Ok(target) => {
                self.back.open = true;
                Target::Connected(target)
            }
            Err(error) => {
                tracing::debug!(event = "target_not_connected", address = %self.address, %error);
                Target::Failed
            }
        };
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        self.out.flow.close(&mut state.links);
        self.back.flow.close(&mut state.links);
        state.forget(self.number);
    }
}

/// What a side came to.
enum Step {
    /// Nothing can be done until something happens.
    Waits,
    /// The other side has something to do now.
    Again,
    /// The connection is over.
    Ended(Ended),
}

/// What carrying needs, for either side.
struct Lane<'a> {
    shared: &'a Shared,
    buffer: &'a mut [u8],
    wake: &'a mut Option<u64>,
    /// The answer that was just given to the client.
    answered: Option<Reply>,
}

/// What came of offering bytes to a socket.
enum Wrote {
    Some(usize),
    Blocked,
    Gone,
}

fn write(to: &mut TcpStream, bytes: &[u8], cx: &mut Context<'_>) -> Wrote {
    match Pin::new(to).poll_write(cx, bytes) {
        Poll::Pending => Wrote::Blocked,
        Poll::Ready(Ok(0) | Err(_)) => Wrote::Gone,
        Poll::Ready(Ok(count)) => Wrote::Some(count),
    }
}

impl Lane<'_> {
    /// Moves what is there on the way from `from` to `to`.
    fn carry(
        &mut self,
        side: &mut Side,
        other: &mut Side,
        from: &mut TcpStream,
        to: &mut TcpStream,
        cx: &mut Context<'_>,
    ) -> Step {
        let mut blocked = false;
        loop {
            if !blocked {
                match self.deliver(side, to, cx) {
                    Delivered::All => {}
                    Delivered::Blocked => blocked = true,
                    Delivered::End if other.ended => return Step::Ended(Ended::Closed),
                    Delivered::End => {}
                    Delivered::Reset => return Step::Ended(Ended::Reset),
                    Delivered::Answer => return Step::Again,
                    Delivered::Gone => return self.receiver_gone(side, other),
                }
            }
            let most = if side.open { self.room(side) } else { 0 };
            if most == 0 {
                return Step::Waits;
            }
            let most = most.min(self.buffer.len());
            let mut bytes = ReadBuf::new(&mut self.buffer[..most]);
            match Pin::new(&mut *from).poll_read(cx, &mut bytes) {
                Poll::Pending => return Step::Waits,
                Poll::Ready(Err(_)) => {
                    side.fail(self.shared);
                    other.drop_all(self.shared);
                    if other.failed {
                        return Step::Ended(Ended::Gone);
                    }
                }
                Poll::Ready(Ok(())) if bytes.filled().is_empty() => {
                    side.open = false;
                    side.flow.push(Item::End, &mut self.shared.lock().links);
                }
                Poll::Ready(Ok(())) => {
                    let count = bytes.filled().len();
                    match self.pass(side, to, count, blocked, cx) {
                        Wrote::Some(_) => {}
                        Wrote::Blocked => blocked = true,
                        Wrote::Gone => return self.receiver_gone(side, other),
                    }
                }
            }
        }
    }

    /// Nobody takes what this side carries any more: its sender learns that over the other side.
    fn receiver_gone(&self, side: &mut Side, other: &mut Side) -> Step {
        other.fail(self.shared);
        side.drop_all(self.shared);
        if side.failed {
            Step::Ended(Ended::Gone)
        } else {
            Step::Again
        }
    }

    /// Takes bytes that were just read, and writes those that arrive at once without keeping them.
    fn pass(
        &mut self,
        side: &mut Side,
        to: &mut TcpStream,
        count: usize,
        blocked: bool,
        cx: &mut Context<'_>,
    ) -> Wrote {
        let arrived = {
            let mut state = self.shared.lock();
            let state = &mut *state;
            let (links, random) = (&mut state.links, &mut state.random);
            side.flow.push(Item::Bytes(count), links);
            note(self.wake, side.flow.advance(mono_ns(), links, random));
            if blocked || !side.bytes.is_empty() {
                0
            } else {
                side.flow.arrived_bytes().min(count)
            }
        };
        let bytes = &self.buffer[..count];
        let wrote = if arrived == 0 {
            Wrote::Some(0)
        } else {
            write(to, &bytes[..arrived], cx)
        };
        let written = match wrote {
            Wrote::Some(written) => written,
            Wrote::Blocked | Wrote::Gone => 0,
        };
        side.bytes.extend(&bytes[written..]);
        if written > 0 {
            side.flow.take(written, &mut self.shared.lock().links);
        }
        wrote
    }

    fn room(&mut self, side: &Side) -> usize {
        let now_ns = mono_ns();
        match side.flow.room(now_ns, &mut self.shared.lock().links) {
            Room::Bytes(most) => most,
            Room::Until(due_ns) => {
                note(self.wake, Some(due_ns));
                0
            }
            Room::Full => 0,
        }
    }

    /// Hands over what has arrived.
    fn deliver(&mut self, side: &mut Side, to: &mut TcpStream, cx: &mut Context<'_>) -> Delivered {
        loop {
            let arrived = {
                let mut state = self.shared.lock();
                let state = &mut *state;
                let flow = &mut side.flow;
                let wake = flow.advance(mono_ns(), &mut state.links, &mut state.random);
                note(self.wake, wake);
                flow.arrived()
            };
            let (taken, delivered) = match arrived {
                None => return Delivered::All,
                Some(Item::Bytes(most)) => {
                    let (bytes, _) = side.bytes.as_slices();
                    match write(to, &bytes[..bytes.len().min(most)], cx) {
                        Wrote::Some(count) => {
                            side.written(count);
                            (count, None)
                        }
                        Wrote::Blocked => return Delivered::Blocked,
                        Wrote::Gone => return Delivered::Gone,
                    }
                }
                Some(Item::End) => match Pin::new(&mut *to).poll_shutdown(cx) {
                    Poll::Ready(Ok(())) => (0, Some(Delivered::End)),
                    Poll::Pending => return Delivered::Blocked,
                    Poll::Ready(Err(_)) => return Delivered::Gone,
                },
                Some(Item::Reset) => {
                    // A socket that is closed with no time to linger sends a reset.
                    if let Err(error) = to.set_zero_linger() {
                        tracing::warn!(event = "no_reset", %error);
                    }
                    (0, Some(Delivered::Reset))
                }
                Some(Item::Answer(reply)) => match write(to, &reply_bytes(reply), cx) {
                    Wrote::Some(10) => {
                        self.answered = Some(reply);
                        (0, Some(Delivered::Answer))
                    }
                    Wrote::Blocked => return Delivered::Blocked,
                    Wrote::Some(_) | Wrote::Gone => return Delivered::Gone,
                },
                // Taken before the target was connected.
                Some(Item::Connect) => (0, None),
            };
            side.flow.take(taken, &mut self.shared.lock().links);
            side.ended |= matches!(delivered, Some(Delivered::End));
            if let Some(delivered) = delivered {
                return delivered;
            }
        }
    }

    /// Tells the client that its target can't be had, once that has come back.
    fn answer(
        &mut self,
        back: &mut Side,
        client: &mut TcpStream,
        cx: &mut Context<'_>,
    ) -> Option<Ended> {
        match self.deliver(back, client, cx) {
            Delivered::All | Delivered::Blocked => None,
            Delivered::Answer => self.answered.map(Ended::NotConnected),
            Delivered::End | Delivered::Reset | Delivered::Gone => Some(Ended::GivenUp),
        }
    }
}

enum Delivered {
    /// All that is due.
    All,
    /// The socket takes no more.
    Blocked,
    /// The end of what its sender had to say.
    End,
    /// The end of the connection.
    Reset,
    /// The answer to the client's wish.
    Answer,
    /// The receiver is gone.
    Gone,
}

/// Keeps the earlier time.
fn note(wake: &mut Option<u64>, other: Option<u64>) {
    *wake = match (*wake, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
}
