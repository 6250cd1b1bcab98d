//! The messages of a group as bytes: an envelope that says which group, incarnation and sender, and the bodies of raft's
//! requests and answers. Nothing a peer sends panics; what doesn't fit is [`Malformed`] or refused.

use openraft::AsyncRuntime;
use openraft::raft::{
    AppendEntriesRequest, StreamAppendError, StreamAppendResult, TransferLeaderError,
    TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse,
};

use crate::types::{TypeConfig, decode_entry, encode_entry, position, position_of};
use crate::wire::{Malformed, Reader, Writer};
use crate::{CheckpointMeta, LeaderEpoch, ReplicaId};

/// What a request or a stream is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Kind {
    /// One append request, one answer: heartbeats.
    Append = 1,
    Vote = 2,
    PreVote = 3,
    Transfer = 4,
    /// A message of the accelerator.
    Suspicion = 5,
    /// A stream of append requests and answers.
    AppendStream = 16,
    /// A checkpoint.
    CheckpointStream = 17,
}

impl Kind {
    fn from_u8(value: u8) -> Result<Kind, Malformed> {
        Ok(match value {
            1 => Kind::Append,
            2 => Kind::Vote,
            3 => Kind::PreVote,
            4 => Kind::Transfer,
            5 => Kind::Suspicion,
            16 => Kind::AppendStream,
            17 => Kind::CheckpointStream,
            other => return Err(Malformed(format!("{other} is no kind of message"))),
        })
    }
}

/// First bytes of every request and of every stream's greeting; the last one is the version of the format.
const MAGIC: [u8; 4] = *b"RLg\x02";

/// Who speaks: goes in front of every request and opens every stream.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) group: String,
    pub(crate) incarnation: u8,
    pub(crate) id: ReplicaId,
}

impl Envelope {
    /// Begins a message of `kind` to `to`; the body follows.
    pub(crate) fn begin(&self, kind: Kind, to: ReplicaId) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + self.group.len());
        let mut out = Writer(&mut bytes);
        out.0.extend_from_slice(&MAGIC);
        out.u8(kind as u8);
        out.u8(self.incarnation);
        out.u64(self.id);
        out.u64(to);
        out.bytes(self.group.as_bytes());
        bytes
    }

    /// Checks that a message is meant for this replica of this group and incarnation; gives its kind, sender and body.
    pub(crate) fn open<'a>(
        &self,
        message: &'a [u8],
    ) -> Result<(Kind, ReplicaId, Reader<'a>), Refused> {
        let mut reader = Reader(message);
        let wrong = |malformed: Malformed| Refused(malformed.to_string());
        let magic = [reader.u8(), reader.u8(), reader.u8(), reader.u8()];
        if magic
            .iter()
            .zip(MAGIC)
            .any(|(got, want)| got.as_ref() != Ok(&want))
        {
            return Err(Refused(String::from(
                "the message is none of a replicated log, or of another version of it",
            )));
        }
        let kind = Kind::from_u8(reader.u8().map_err(wrong)?).map_err(wrong)?;
        let incarnation = reader.u8().map_err(wrong)?;
        let from = reader.u64().map_err(wrong)?;
        let to = reader.u64().map_err(wrong)?;
        let group = reader.bytes().map_err(wrong)?;
        if group != self.group.as_bytes() {
            return Err(Refused(format!(
                "this is group {}, not {}; check the addresses of the voters",
                self.group,
                String::from_utf8_lossy(group)
            )));
        }
        if incarnation != self.incarnation {
            return Err(Refused(format!(
                "group {} is at incarnation {}, not {incarnation}; a node of another lineage is not obeyed",
                self.group, self.incarnation
            )));
        }
        if to != self.id {
            return Err(Refused(format!(
                "this is replica {} of group {}, not {to}",
                self.id, self.group
            )));
        }
        Ok((kind, from, reader))
    }
}

/// Why a message was not obeyed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("refused: {0}")]
pub(crate) struct Refused(pub(crate) String);

/// An answer: the body, or why there is none.
pub(crate) fn answer(result: Result<Vec<u8>, Refused>) -> Vec<u8> {
    match result {
        Ok(mut body) => {
            body.insert(0, 0);
            body
        }
        Err(Refused(reason)) => {
            let mut bytes = vec![1];
            Writer(&mut bytes).bytes(reason.as_bytes());
            bytes
        }
    }
}

/// The reverse of [`answer`].
pub(crate) fn open_answer(bytes: &[u8]) -> Result<Reader<'_>, Refused> {
    let mut reader = Reader(bytes);
    match reader.u8() {
        Ok(0) => Ok(reader),
        Ok(1) => Err(Refused(
            reader.text().unwrap_or_else(|error| error.to_string()),
        )),
        _ => Err(Refused(String::from("the answer is malformed"))),
    }
}

pub(crate) fn put_append<R: AsyncRuntime>(
    out: &mut Writer<'_>,
    request: &AppendEntriesRequest<TypeConfig<R>>,
) {
    out.vote(&request.vote);
    out.log_id(request.prev_log_id.as_ref());
    out.log_id(request.leader_commit.as_ref());
    out.u32(request.entries.len() as u32);
    for entry in &request.entries {
        let at = out.0.len();
        out.u32(0);
        encode_entry(entry, out.0);
        let length = (out.0.len() - at - 4) as u32;
        if let Some(field) = out.0.get_mut(at..at + 4) {
            field.copy_from_slice(&length.to_le_bytes());
        }
    }
}

/// The entries' log ids follow from the one before them, so that they can't have gaps.
pub(crate) fn take_append<R: AsyncRuntime>(
    reader: &mut Reader<'_>,
) -> Result<AppendEntriesRequest<TypeConfig<R>>, Malformed> {
    let vote = reader.vote()?;
    let prev_log_id = reader.log_id()?;
    let leader_commit = reader.log_id()?;
    let count = reader.u32()?;
    let first = position(prev_log_id.as_ref()) + 1;
    let mut entries = Vec::with_capacity(count.min(4096) as usize);
    for position in first..first + u64::from(count) {
        entries.push(decode_entry(position, reader.bytes()?)?);
    }
    let mut last = prev_log_id.map(|id| id.leader_id);
    for entry in &entries {
        if last.is_some_and(|last| entry.log_id.leader_id < last)
            || entry.log_id.leader_id > vote.leader_id
        {
            return Err(Malformed(format!(
                "the entry at {} is of {}, out of order",
                position_of(entry.log_id.index),
                entry.log_id.leader_id
            )));
        }
        last = Some(entry.log_id.leader_id);
    }
    Ok(AppendEntriesRequest {
        vote,
        prev_log_id,
        leader_commit,
        entries,
    })
}

pub(crate) fn put_append_result<R: AsyncRuntime>(
    out: &mut Writer<'_>,
    result: &StreamAppendResult<TypeConfig<R>>,
) {
    match result {
        Ok(matched) => {
            out.u8(0);
            out.log_id(matched.as_ref());
        }
        Err(StreamAppendError::Conflict(at)) => {
            out.u8(1);
            out.log_id(Some(at));
        }
        Err(StreamAppendError::HigherVote(vote)) => {
            out.u8(2);
            out.vote(vote);
        }
    }
}

pub(crate) fn take_append_result<R: AsyncRuntime>(
    reader: &mut Reader<'_>,
) -> Result<StreamAppendResult<TypeConfig<R>>, Malformed> {
    Ok(match reader.u8()? {
        0 => Ok(reader.log_id()?),
        1 => Err(StreamAppendError::Conflict(reader.log_id()?.ok_or_else(
            || Malformed(String::from("a conflict without a place")),
        )?)),
        2 => Err(StreamAppendError::HigherVote(reader.vote()?)),
        other => return Err(Malformed(format!("{other} is no outcome of an append"))),
    })
}

/// `accelerated` names the leadership whose end the candidate knows of.
pub(crate) fn put_vote<R: AsyncRuntime>(
    out: &mut Writer<'_>,
    request: &VoteRequest<TypeConfig<R>>,
    accelerated: Option<LeaderEpoch>,
) {
    out.vote(&request.vote);
    out.log_id(request.last_log_id.as_ref());
    out.u8(u8::from(request.leadership_transfer));
    out.u8(u8::from(accelerated.is_some()));
    if let Some(epoch) = accelerated {
        out.u64(epoch.term);
        out.u64(epoch.node);
    }
}

pub(crate) fn take_vote<R: AsyncRuntime>(
    reader: &mut Reader<'_>,
) -> Result<(VoteRequest<TypeConfig<R>>, Option<LeaderEpoch>), Malformed> {
    let vote = reader.vote()?;
    let last_log_id = reader.log_id()?;
    let mut request = VoteRequest::new(vote, last_log_id);
    request.leadership_transfer = reader.flag()?;
    let accelerated = match reader.flag()? {
        true => Some(LeaderEpoch {
            term: reader.u64()?,
            node: reader.u64()?,
        }),
        false => None,
    };
    reader.end()?;
    Ok((request, accelerated))
}

pub(crate) fn put_vote_response<R: AsyncRuntime>(
    out: &mut Writer<'_>,
    response: &VoteResponse<TypeConfig<R>>,
) {
    out.vote(&response.vote);
    out.u8(u8::from(response.vote_granted));
    out.log_id(response.last_log_id.as_ref());
}

pub(crate) fn take_vote_response<R: AsyncRuntime>(
    reader: &mut Reader<'_>,
) -> Result<VoteResponse<TypeConfig<R>>, Malformed> {
    let vote = reader.vote()?;
    let granted = reader.flag()?;
    let last_log_id = reader.log_id()?;
    reader.end()?;
    Ok(VoteResponse::new(vote, last_log_id, granted))
}

pub(crate) fn put_transfer<R: AsyncRuntime>(
    out: &mut Writer<'_>,
    request: &TransferLeaderRequest<TypeConfig<R>>,
) {
    out.vote(request.from_leader());
    out.u64(*request.to_node_id());
    out.log_id(request.last_log_id());
}

pub(crate) fn take_transfer<R: AsyncRuntime>(
    reader: &mut Reader<'_>,
) -> Result<TransferLeaderRequest<TypeConfig<R>>, Malformed> {
    let vote = reader.vote()?;
    let to = reader.u64()?;
    let last_log_id = reader.log_id()?;
    reader.end()?;
    Ok(TransferLeaderRequest::new(vote, to, last_log_id))
}

pub(crate) fn put_transfer_response<R: AsyncRuntime>(
    out: &mut Writer<'_>,
    response: &TransferLeaderResponse<TypeConfig<R>>,
) {
    match response {
        Ok(()) => out.u8(0),
        Err(TransferLeaderError::VoteChanged { expected, actual }) => {
            out.u8(1);
            out.vote(expected);
            out.vote(actual);
        }
        Err(TransferLeaderError::LogNotFlushed { expected, actual }) => {
            out.u8(2);
            out.log_id(expected.as_ref());
            out.log_id(actual.as_ref());
        }
    }
}

pub(crate) fn take_transfer_response<R: AsyncRuntime>(
    reader: &mut Reader<'_>,
) -> Result<TransferLeaderResponse<TypeConfig<R>>, Malformed> {
    let response = match reader.u8()? {
        0 => Ok(()),
        1 => Err(TransferLeaderError::VoteChanged {
            expected: reader.vote()?,
            actual: reader.vote()?,
        }),
        2 => Err(TransferLeaderError::LogNotFlushed {
            expected: reader.log_id()?,
            actual: reader.log_id()?,
        }),
        other => return Err(Malformed(format!("{other} is no outcome of a transfer"))),
    };
    reader.end()?;
    Ok(response)
}

pub(crate) fn put_checkpoint(out: &mut Writer<'_>, meta: &CheckpointMeta) {
    out.u64(meta.position);
    out.u64(meta.epoch.term);
    out.u64(meta.epoch.node);
    out.bytes(&meta.membership);
}

pub(crate) fn take_checkpoint(reader: &mut Reader<'_>) -> Result<CheckpointMeta, Malformed> {
    let position = reader.u64()?;
    if position == 0 || position > u64::MAX / 2 {
        return Err(Malformed(format!(
            "{position} is no position of a checkpoint"
        )));
    }
    let epoch = LeaderEpoch {
        term: reader.u64()?,
        node: reader.u64()?,
    };
    Ok(CheckpointMeta {
        position,
        epoch,
        membership: reader.bytes()?.to_vec(),
    })
}

#[cfg(test)]
mod tests;
