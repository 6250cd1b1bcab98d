//! A connection: an ordered stream of frames each way, as TCP keeps it.

use super::{Host, Net, Port, Way, sleep_until};
use crate::life;
use crate::lock;
use crate::record::Fault;
use futures_util::{Sink, Stream};
use rialto_replica::{FrameSink, FrameStream};
use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// Bytes under way and not yet taken by the reader, each way; a sender waits at it.
const WINDOW: usize = 256 << 10;

enum Item {
    Frame(Vec<u8>),
    /// The sender is done.
    End,
    /// The sender is gone.
    Reset,
}

/// What flows from one side to the other.
#[derive(Default)]
struct Flow {
    under_way: VecDeque<(u64, Item)>,
    arrived: VecDeque<Vec<u8>>,
    bytes: usize,
    /// When the last item so far arrives.
    last_ns: u64,
    /// What the reader gets behind the last frame.
    end: Option<ErrorKind>,
    ended: bool,
    /// The reader has dropped its half.
    unread: bool,
    /// The writer has dropped its half.
    unwritten: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
    pump: Option<Waker>,
}

#[derive(Default)]
struct State {
    flows: [Flow; 2],
    /// The side's host has no power: nothing leaves it, and what arrives is lost.
    silent: [bool; 2],
    /// The side was told that the other is gone.
    broken: [bool; 2],
}

/// A connection between two hosts.
pub struct Connection {
    net: Net,
    hosts: [Host; 2],
    state: Mutex<State>,
}

/// One side of a connection; dropped, it closes its side.
pub struct End {
    writing: Writing,
    reading: Reading,
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

impl Connection {
    /// A connection just made; gives the ends of `from` and `to`.
    pub fn open(net: &Net, from: Host, to: Host) -> (End, End) {
        let connection = Arc::new(Self {
            net: net.clone(),
            hosts: [from, to],
            state: Mutex::default(),
        });
        lock(&net.inner)
            .connections
            .push(Arc::downgrade(&connection));
        for side in [0, 1] {
            life::spawn(pump(Arc::clone(&connection), side));
        }
        let end = |side| End {
            writing: Writing(Arc::clone(&connection), side),
            reading: Reading(Arc::clone(&connection), side),
        };
        (end(0), end(1))
    }

    pub(super) fn has(&self, host: Host) -> bool {
        self.hosts.contains(&host)
    }

    pub(super) fn joins(&self, a: Host, b: Host) -> bool {
        self.has(a) && self.has(b) && a != b
    }

    /// The host's side says nothing more, not even that it is gone.
    pub(super) fn silence(&self, host: Host) {
        let mut state = lock(&self.state);
        for side in 0..2 {
            if self.hosts[side] == host {
                state.silent[side] = true;
            }
        }
    }

    /// The host is back and knows nothing of this connection.
    pub(super) fn refuse(&self, host: Host) {
        let mut state = lock(&self.state);
        for side in 0..2 {
            if self.hosts[side] == host && state.silent[side] {
                state.silent[side] = false;
                self.put(&mut state, side, Item::Reset);
            }
        }
    }

    /// Breaks it for both sides at once; whether it was whole.
    pub(super) fn break_now(&self) -> bool {
        let mut state = lock(&self.state);
        if state.broken[0] || state.broken[1] {
            return false;
        }
        for side in 0..2 {
            state.broken[side] = true;
            let flow = &mut state.flows[side];
            flow.under_way.clear();
            flow.end.get_or_insert(ErrorKind::ConnectionReset);
            wake(&mut flow.reader);
            wake(&mut flow.writer);
            wake(&mut flow.pump);
        }
        true
    }

    /// Sends an item off from a side.
    fn put(&self, state: &mut State, side: usize, item: Item) {
        if state.silent[side] {
            return;
        }
        let (from, to) = (self.hosts[side], self.hosts[1 - side]);
        let flow = &mut state.flows[side];
        let at = self.net.frame_arrives(from, to, flow.last_ns);
        flow.last_ns = at;
        if let Item::Frame(frame) = &item {
            flow.bytes += frame.len();
        }
        flow.under_way.push_back((at, item));
        wake(&mut flow.pump);
    }

    fn arrive(&self, side: usize, item: Item) {
        let mut state = lock(&self.state);
        if state.silent[1 - side] {
            return;
        }
        match item {
            Item::Frame(frame) => {
                let [from, to] = [self.hosts[side], self.hosts[1 - side]];
                self.net.record.event("frame", from * 1000 + to, &frame);
                let flow = &mut state.flows[side];
                if flow.unread {
                    // Nobody reads it: the sender is told, if nobody sends either.
                    if state.flows[1 - side].unwritten {
                        self.put(&mut state, 1 - side, Item::Reset);
                    }
                    return;
                }
                flow.arrived.push_back(frame);
                wake(&mut flow.reader);
            }
            Item::End => {
                let flow = &mut state.flows[side];
                flow.end.get_or_insert(ErrorKind::UnexpectedEof);
                wake(&mut flow.reader);
            }
            Item::Reset => {
                state.broken[1 - side] = true;
                let flow = &mut state.flows[side];
                flow.end = Some(ErrorKind::ConnectionReset);
                wake(&mut flow.reader);
                wake(&mut state.flows[1 - side].writer);
            }
        }
    }
}

/// Moves what a side sends to the other, in order, each at its time, and not over a cut.
async fn pump(connection: Arc<Connection>, side: usize) {
    let weak = Arc::downgrade(&connection);
    drop(connection);
    loop {
        let next = poll_fn(|cx| {
            let Some(connection) = weak.upgrade() else {
                return Poll::Ready(None);
            };
            let mut state = lock(&connection.state);
            let over = state.broken[0] && state.broken[1];
            let flow = &mut state.flows[side];
            match flow.under_way.pop_front() {
                Some(item) => Poll::Ready(Some(item)),
                None if over => Poll::Ready(None),
                None => {
                    flow.pump = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        });
        let Some((at, item)) = next.await else {
            return;
        };
        sleep_until(at).await;
        let Some(connection) = weak.upgrade() else {
            return;
        };
        let (from, to) = (connection.hosts[side], connection.hosts[1 - side]);
        let net = connection.net.clone();
        if net.is_cut(from, to) {
            net.count_cut(from, to);
        }
        while net.is_cut(from, to) {
            net.healed.notified().await;
        }
        if matches!(item, Item::Frame(_)) && net.frame_breaks(from, to) && connection.break_now() {
            net.record.fault(Fault::StreamBroken);
        }
        // Behind its end a side may still be found gone.
        let last = matches!(item, Item::Reset);
        connection.arrive(side, item);
        if last {
            return;
        }
    }
}

impl End {
    /// The sending and the receiving half.
    pub fn halves(self) -> (FrameSink, FrameStream) {
        (Box::pin(self.writing), Box::pin(self.reading))
    }
}

/// The sending half.
struct Writing(Arc<Connection>, usize);

/// The receiving half.
struct Reading(Arc<Connection>, usize);

fn gone() -> Error {
    Error::new(ErrorKind::BrokenPipe, "the connection is gone")
}

impl Sink<Vec<u8>> for Writing {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let mut state = lock(&self.0.state);
        if state.broken[self.1] {
            return Poll::Ready(Err(gone()));
        }
        let flow = &mut state.flows[self.1];
        if flow.bytes >= WINDOW {
            flow.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, frame: Vec<u8>) -> Result<()> {
        let mut state = lock(&self.0.state);
        if state.broken[self.1] {
            return Err(gone());
        }
        self.0.put(&mut state, self.1, Item::Frame(frame));
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        let broken = lock(&self.0.state).broken[self.1];
        Poll::Ready(if broken { Err(gone()) } else { Ok(()) })
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        self.end();
        Poll::Ready(Ok(()))
    }
}

impl Writing {
    fn end(&self) {
        let mut state = lock(&self.0.state);
        if !std::mem::replace(&mut state.flows[self.1].unwritten, true) && !state.broken[self.1] {
            self.0.put(&mut state, self.1, Item::End);
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.end();
    }
}

impl Stream for Reading {
    type Item = Result<Vec<u8>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = lock(&self.0.state);
        let flow = &mut state.flows[1 - self.1];
        if let Some(frame) = flow.arrived.pop_front() {
            flow.bytes = flow.bytes.saturating_sub(frame.len());
            wake(&mut flow.writer);
            return Poll::Ready(Some(Ok(frame)));
        }
        match flow.end {
            None => {
                flow.reader = Some(cx.waker().clone());
                Poll::Pending
            }
            Some(_) if flow.ended => Poll::Ready(None),
            Some(kind) => {
                flow.ended = true;
                Poll::Ready(match kind {
                    ErrorKind::UnexpectedEof => None,
                    kind => Some(Err(kind.into())),
                })
            }
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        let flow = &mut state.flows[1 - self.1];
        flow.unread = true;
        flow.bytes = 0;
        flow.arrived.clear();
        wake(&mut flow.writer);
    }
}

impl Net {
    /// Connects a client to a node's port. Waits for ever where nothing answers.
    ///
    /// # Errors
    /// The port refuses: no process listens there.
    pub async fn dial(&self, from: Host, to: Host, port: Port) -> Result<End> {
        let Way::Arrives(at) = self.call_way(from, to) else {
            return pending().await;
        };
        sleep_until(at).await;
        if self.is_dark(to) {
            return pending().await;
        }
        let near = {
            self.listens(to).then(|| {
                let (near, far) = Connection::open(self, from, to);
                if let Some(listening) = lock(&self.inner).nodes.get_mut(&to) {
                    listening.accepted.push_back((port, far));
                    wake(&mut listening.waker);
                }
                near
            })
        };
        let Way::Arrives(at) = self.call_way(to, from) else {
            drop(near);
            return pending().await;
        };
        sleep_until(at).await;
        near.ok_or_else(|| ErrorKind::ConnectionRefused.into())
    }

    /// The next connection made to a node, to be taken by its process.
    pub fn poll_accept(&self, node: Host, cx: &mut Context<'_>) -> Poll<(Port, End)> {
        let mut inner = lock(&self.inner);
        let Some(listening) = inner.nodes.get_mut(&node) else {
            return Poll::Pending;
        };
        match listening.accepted.pop_front() {
            Some(accepted) => Poll::Ready(accepted),
            None => {
                listening.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
