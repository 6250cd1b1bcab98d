//! Append requests on their way to one peer: many in flight over one kept stream, answers in the order of the requests.

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use openraft::AsyncRuntime;
use openraft::errors::{NetworkError, RPCError};
use openraft::raft::{AppendEntriesRequest, StreamAppendResult};

use crate::message;
use crate::store::{State, lock};
use crate::types::{LogId, TypeConfig};
use crate::wire::{Malformed, Reader, Writer};
use crate::{FrameSink, FrameStream};

/// How many requests may be without an answer.
const WINDOW_REQUESTS: usize = 64;

/// How many bytes of requests may be without an answer; one request is always let out.
const WINDOW_BYTES: usize = 16 << 20;

/// The stream kept to a peer. Requests and answers carry the number of their session, because openraft ends a session at
/// every conflict and begins another while answers of the last one may still come.
pub(crate) struct AppendStream {
    pub(crate) sink: FrameSink,
    pub(crate) frames: FrameStream,
}

/// One session over the kept stream.
pub(crate) struct Pipeline<'s, R: AsyncRuntime, S> {
    slot: &'s mut Option<AppendStream>,
    log: Arc<Mutex<State>>,
    session: u32,
    input: S,
    input_ended: bool,
    ended: bool,
    unflushed: bool,
    in_flight: VecDeque<usize>,
    bytes: usize,
    idle: Duration,
    deadline: Pin<Box<R::Sleep>>,
}

type Answer<R> = Result<StreamAppendResult<TypeConfig<R>>, RPCError<TypeConfig<R>>>;

impl<'s, R, S> Pipeline<'s, R, S>
where
    R: AsyncRuntime,
    S: Stream<Item = AppendEntriesRequest<TypeConfig<R>>> + Unpin,
{
    /// A session over the stream in `slot`, which is emptied when the stream breaks. When requests wait for `idle` without
    /// any answer, the stream counts as broken.
    pub(crate) fn new(
        slot: &'s mut Option<AppendStream>,
        log: Arc<Mutex<State>>,
        session: u32,
        input: S,
        idle: Duration,
    ) -> Self {
        Pipeline {
            slot,
            log,
            session,
            input,
            input_ended: false,
            ended: false,
            unflushed: false,
            in_flight: VecDeque::new(),
            bytes: 0,
            idle,
            deadline: Box::pin(R::sleep(idle)),
        }
    }

    fn fail(&mut self, reason: &str) -> Poll<Option<Answer<R>>> {
        *self.slot = None;
        self.ended = true;
        Poll::Ready(Some(Err(RPCError::Network(NetworkError::from_string(
            reason,
        )))))
    }

    fn answer(&self, frame: &[u8]) -> Result<Option<StreamAppendResult<TypeConfig<R>>>, Malformed> {
        let mut reader = Reader(frame);
        if reader.u32()? != self.session {
            return Ok(None);
        }
        let result = message::take_append_result::<R>(&mut reader)?;
        let durable = reader.log_id()?;
        reader.end()?;
        Ok(Some(result.map(|matched| self.furthest(matched, durable))))
    }

    /// How far the peer's log is known to match, when it took a request up to `matched` and its log ends with `durable`. A
    /// new leader looks for the end of a peer's log by bisection, one round trip a step, a score of them for a long log. An
    /// entry that both logs hold has everything before it in common (raft's log matching), so the first answer ends that.
    fn furthest(&self, matched: Option<LogId>, durable: Option<LogId>) -> Option<LogId> {
        match durable {
            Some(id) if durable > matched && lock(&self.log).holds(&id) => durable,
            _ => matched,
        }
    }
}

impl<R, S> Stream for Pipeline<'_, R, S>
where
    R: AsyncRuntime,
    S: Stream<Item = AppendEntriesRequest<TypeConfig<R>>> + Unpin,
{
    type Item = Answer<R>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Answer<R>>> {
        let this = self.get_mut();
        loop {
            if this.ended {
                return Poll::Ready(None);
            }
            let Some(stream) = this.slot.as_mut() else {
                return Poll::Ready(None);
            };
            match stream.frames.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(frame))) => match this.answer(&frame) {
                    Ok(None) => continue,
                    Ok(Some(result)) => {
                        this.bytes -= this.in_flight.pop_front().unwrap_or(0);
                        this.deadline = Box::pin(R::sleep(this.idle));
                        this.ended = result.is_err();
                        return Poll::Ready(Some(Ok(result)));
                    }
                    Err(error) => {
                        return this.fail(&format!("an answer to an append is malformed: {error}"));
                    }
                },
                Poll::Ready(Some(Err(error))) => {
                    return this.fail(&format!("the append stream broke: {error}"));
                }
                Poll::Ready(None) => return this.fail("the peer closed the append stream"),
                Poll::Pending => {}
            }
            let room = this.in_flight.len() < WINDOW_REQUESTS && this.bytes < WINDOW_BYTES;
            if !this.input_ended && room {
                match stream.sink.as_mut().poll_ready(cx) {
                    Poll::Ready(Ok(())) => match Pin::new(&mut this.input).poll_next(cx) {
                        Poll::Ready(Some(request)) => {
                            let mut frame = Vec::with_capacity(256);
                            let mut out = Writer(&mut frame);
                            out.u32(this.session);
                            message::put_append(&mut out, &request);
                            if this.in_flight.is_empty() {
                                this.deadline = Box::pin(R::sleep(this.idle));
                            }
                            this.bytes += frame.len();
                            this.in_flight.push_back(frame.len());
                            this.unflushed = true;
                            if let Err(error) = stream.sink.as_mut().start_send(frame) {
                                return this.fail(&format!("the append stream broke: {error}"));
                            }
                            continue;
                        }
                        Poll::Ready(None) => this.input_ended = true,
                        Poll::Pending => {}
                    },
                    Poll::Ready(Err(error)) => {
                        return this.fail(&format!("the append stream broke: {error}"));
                    }
                    Poll::Pending => {}
                }
            }
            if this.unflushed {
                match stream.sink.as_mut().poll_flush(cx) {
                    Poll::Ready(Ok(())) => this.unflushed = false,
                    Poll::Ready(Err(error)) => {
                        return this.fail(&format!("the append stream broke: {error}"));
                    }
                    Poll::Pending => {}
                }
            }
            if this.in_flight.is_empty() {
                if this.input_ended && !this.unflushed {
                    this.ended = true;
                    continue;
                }
            } else if this.deadline.as_mut().poll(cx).is_ready() {
                return this.fail("the peer gave no answer to an append in time");
            }
            return Poll::Pending;
        }
    }
}
