//! Bytes of messages and notes: little-endian fields, read with bounds checked.

use crate::types::{LeaderId, LogId, Vote};

/// Bytes that are not what they should be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("malformed bytes: {0}")]
pub(crate) struct Malformed(pub(crate) String);

/// Appends fields to a buffer.
pub(crate) struct Writer<'a>(pub(crate) &'a mut Vec<u8>);

impl Writer<'_> {
    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Bytes behind their length (u32).
    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.u32(value.len() as u32);
        self.0.extend_from_slice(value);
    }

    pub(crate) fn vote(&mut self, vote: &Vote) {
        self.u64(vote.leader_id.term);
        self.u64(vote.leader_id.node_id);
        self.u8(u8::from(vote.committed));
    }

    pub(crate) fn log_id(&mut self, id: Option<&LogId>) {
        match id {
            None => self.u8(0),
            Some(id) => {
                self.u8(1);
                self.u64(id.leader_id.term);
                self.u64(id.leader_id.node_id);
                self.u64(id.index);
            }
        }
    }
}

/// Takes fields from the front of a slice.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or_else(|| Malformed(String::from("it ends in the middle of a field")))?;
        self.0 = rest;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.take::<1>()?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from_le_bytes(self.take()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Malformed> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Malformed(format!("{other} is not a flag"))),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u32()? as usize;
        let (head, rest) = self.0.split_at_checked(length).ok_or_else(|| {
            Malformed(format!(
                "{length} bytes are announced and {} are there",
                self.0.len()
            ))
        })?;
        self.0 = rest;
        Ok(head)
    }

    pub(crate) fn text(&mut self) -> Result<String, Malformed> {
        String::from_utf8(self.bytes()?.to_vec())
            .map_err(|_| Malformed(String::from("a text is not UTF-8")))
    }

    pub(crate) fn vote(&mut self) -> Result<Vote, Malformed> {
        let leader_id = LeaderId {
            term: self.u64()?,
            node_id: self.u64()?,
        };
        Ok(Vote {
            leader_id,
            committed: self.flag()?,
        })
    }

    pub(crate) fn log_id(&mut self) -> Result<Option<LogId>, Malformed> {
        if !self.flag()? {
            return Ok(None);
        }
        let leader_id = LeaderId {
            term: self.u64()?,
            node_id: self.u64()?,
        };
        let index = self.u64()?;
        // Indexes are turned into positions by adding one, and into ends of ranges by adding another.
        if index > u64::MAX / 2 {
            return Err(Malformed(format!("{index} is no log index")));
        }
        Ok(Some(LogId::new(leader_id, index)))
    }

    /// What is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Malformed(format!("{} bytes are left over", self.0.len())))
        }
    }
}
