//! A node's numbered streams in memory.

use crate::checkpoints::{Files, STREAMS};
use rialto_market::types::{SessionId, TradingDay};
use rialto_node::streams::Sink;
use rialto_session::StreamId;
use rialto_session::publish::{Publisher, StreamSink};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// One stream as far as this node has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// The number of the first message kept.
    pub first: u64,
    /// The messages.
    pub messages: Vec<Vec<u8>>,
}

impl Kept {
    /// The number of the next message.
    pub fn next(&self) -> u64 {
        self.first + self.messages.len() as u64
    }
}

/// The streams of the trading day.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Streams {
    kept: BTreeMap<StreamId, Kept>,
    wrong: Option<String>,
}

impl Streams {
    /// A stream, if it has begun.
    pub fn stream(&self, id: StreamId) -> Option<&Kept> {
        self.kept.get(&id)
    }

    /// Every stream that has begun.
    pub fn all(&self) -> &BTreeMap<StreamId, Kept> {
        &self.kept
    }

    /// A message by its number.
    pub fn message(&self, id: StreamId, number: u64) -> Option<&[u8]> {
        let kept = self.kept.get(&id)?;
        let at = usize::try_from(number.checked_sub(kept.first)?).ok()?;
        kept.messages.get(at).map(Vec::as_slice)
    }

    /// The streams as files of a checkpoint.
    pub fn files(&self) -> Files {
        let named = self.kept.iter().map(|(id, kept)| {
            let mut bytes = kept.first.to_le_bytes().to_vec();
            for message in &kept.messages {
                // A message is shorter than a packet.
                let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
                bytes.extend_from_slice(&len.to_le_bytes());
                bytes.extend_from_slice(message);
            }
            (name(*id), Arc::new(bytes))
        });
        named.collect()
    }

    /// The streams of a checkpoint. One that is not among its files goes on at its number, without what was before.
    ///
    /// # Errors
    /// A file is not what [`Streams::files`] gives, or ends elsewhere than the positions say.
    pub fn restore(publisher: &Publisher, files: &Files) -> Result<Self, String> {
        let mut this = Self::default();
        for (id, state) in publisher.streams() {
            let name = name(id);
            let kept = match files.get(&name) {
                None => Kept {
                    first: state.next,
                    messages: Vec::new(),
                },
                Some(bytes) => {
                    read(bytes).ok_or_else(|| format!("the file {name} is no stream"))?
                }
            };
            if kept.next() != state.next {
                return Err(format!(
                    "the file {name} ends before message {}, the checkpoint before {}",
                    kept.next(),
                    state.next
                ));
            }
            this.kept.insert(id, kept);
        }
        Ok(this)
    }
}

fn name(id: StreamId) -> String {
    match id {
        StreamId::Feed => format!("{STREAMS}feed"),
        StreamId::Session(SessionId(number)) => format!("{STREAMS}session-{number}"),
    }
}

fn read(bytes: &[u8]) -> Option<Kept> {
    let (first, mut rest) = bytes.split_first_chunk::<8>()?;
    let mut messages = Vec::new();
    while !rest.is_empty() {
        let (len, after) = rest.split_first_chunk::<4>()?;
        let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
        let (message, after) = after.split_at_checked(len)?;
        messages.push(message.to_vec());
        rest = after;
    }
    Some(Kept {
        first: u64::from_le_bytes(*first),
        messages,
    })
}

impl StreamSink for Streams {
    fn opened(&mut self, _: &TradingDay) {
        self.kept.clear();
    }

    fn append(&mut self, stream: StreamId, number: u64, message: &[u8]) {
        let kept = self.kept.entry(stream).or_insert_with(|| Kept {
            first: number,
            messages: Vec::new(),
        });
        if kept.next() == number {
            kept.messages.push(message.to_vec());
        } else if self.wrong.is_none() {
            self.wrong = Some(format!(
                "message {number} of {stream:?} where {} is the next one",
                kept.next()
            ));
        }
    }

    fn closed(&mut self, _: &TradingDay) {}
}

impl Sink for Streams {
    fn failure(&mut self) -> Option<io::Error> {
        self.wrong.take().map(io::Error::other)
    }
}
