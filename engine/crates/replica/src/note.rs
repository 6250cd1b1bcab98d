//! The log's note in the journal: what must survive a restart beside the entries.

use crate::types::{LogId, Vote};
use crate::wire::{Malformed, Reader, Writer};

/// The version of the note's bytes.
const VERSION: u8 = 1;

/// The vote, and up to where the log was purged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Note {
    pub(crate) vote: Option<Vote>,
    pub(crate) purged: Option<LogId>,
}

impl Note {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64);
        let mut out = Writer(&mut bytes);
        out.u8(VERSION);
        out.u8(u8::from(self.vote.is_some()));
        if let Some(vote) = &self.vote {
            out.vote(vote);
        }
        out.log_id(self.purged.as_ref());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Note, Malformed> {
        let mut reader = Reader(bytes);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Malformed(format!(
                "the note is of version {version}, this program writes {VERSION}"
            )));
        }
        let vote = if reader.flag()? {
            Some(reader.vote()?)
        } else {
            None
        };
        let purged = reader.log_id()?;
        reader.end()?;
        Ok(Note { vote, purged })
    }
}
