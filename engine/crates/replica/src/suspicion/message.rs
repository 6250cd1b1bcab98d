//! The accelerator's messages as bytes, little-endian.
//!
//! Question: kind u8 (1 probe, 2 evidence), epoch (term u64, node u64), and for evidence: stance u8, last entry (term u64, node u64, position u64).
//! Answer to a probe: 1 u8, leads u8. Answer to evidence: the evidence of the one asked, as in a question.

use super::machine::{Evidence, LogPoint, Stance};
use crate::LeaderEpoch;

const PROBE: u8 = 1;
const EVIDENCE: u8 = 2;

/// What one replica asks another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// Do you lead under this epoch?
    Probe(LeaderEpoch),
    /// This is my evidence; what is yours?
    Evidence(Evidence),
}

impl Question {
    pub(super) fn encode(&self) -> Vec<u8> {
        match self {
            Question::Probe(epoch) => {
                let mut out = vec![PROBE];
                put_epoch(&mut out, *epoch);
                out
            }
            Question::Evidence(evidence) => encode_evidence(evidence),
        }
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let question = match take_u8(&mut rest)? {
            PROBE => Question::Probe(take_epoch(&mut rest)?),
            EVIDENCE => return decode_evidence(bytes).map(Question::Evidence),
            _ => return None,
        };
        rest.is_empty().then_some(question)
    }
}

pub(super) fn encode_leads(leads: bool) -> Vec<u8> {
    vec![PROBE, u8::from(leads)]
}

pub(super) fn decode_leads(bytes: &[u8]) -> Option<bool> {
    match bytes {
        [PROBE, 0] => Some(false),
        [PROBE, 1] => Some(true),
        _ => None,
    }
}

pub(super) fn encode_evidence(evidence: &Evidence) -> Vec<u8> {
    let mut out = vec![EVIDENCE];
    put_epoch(&mut out, evidence.epoch);
    out.push(match evidence.stance {
        Stance::None => 0,
        Stance::Suspects => 1,
        Stance::LeaderAnswered => 2,
    });
    put_epoch(&mut out, evidence.last.epoch);
    out.extend_from_slice(&evidence.last.position.to_le_bytes());
    out
}

pub(super) fn decode_evidence(bytes: &[u8]) -> Option<Evidence> {
    let mut rest = bytes;
    if take_u8(&mut rest)? != EVIDENCE {
        return None;
    }
    let epoch = take_epoch(&mut rest)?;
    let stance = match take_u8(&mut rest)? {
        0 => Stance::None,
        1 => Stance::Suspects,
        2 => Stance::LeaderAnswered,
        _ => return None,
    };
    let last = LogPoint {
        epoch: take_epoch(&mut rest)?,
        position: take_u64(&mut rest)?,
    };
    rest.is_empty().then_some(Evidence {
        epoch,
        stance,
        last,
    })
}

fn put_epoch(out: &mut Vec<u8>, epoch: LeaderEpoch) {
    out.extend_from_slice(&epoch.term.to_le_bytes());
    out.extend_from_slice(&epoch.node.to_le_bytes());
}

fn take_u8(rest: &mut &[u8]) -> Option<u8> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    Some(*first)
}

fn take_u64(rest: &mut &[u8]) -> Option<u64> {
    let (head, tail) = rest.split_first_chunk::<8>()?;
    *rest = tail;
    Some(u64::from_le_bytes(*head))
}

fn take_epoch(rest: &mut &[u8]) -> Option<LeaderEpoch> {
    Some(LeaderEpoch {
        term: take_u64(rest)?,
        node: take_u64(rest)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn epochs() -> impl Strategy<Value = LeaderEpoch> {
        (any::<u64>(), any::<u64>()).prop_map(|(term, node)| LeaderEpoch { term, node })
    }

    proptest! {
        #[test]
        fn what_is_said_is_understood(epoch in epochs(), written in epochs(), position: u64, stance in 0_u8..3) {
            let stance = [Stance::None, Stance::Suspects, Stance::LeaderAnswered][usize::from(stance)];
            let evidence = Evidence { epoch, stance, last: LogPoint { epoch: written, position } };
            for question in [Question::Probe(epoch), Question::Evidence(evidence)] {
                let bytes = question.encode();
                prop_assert_eq!(Question::decode(&bytes), Some(question));
                for end in 0..bytes.len() {
                    prop_assert_eq!(Question::decode(&bytes[..end]), None);
                }
            }
            prop_assert_eq!(decode_evidence(&encode_evidence(&evidence)), Some(evidence));
        }

        #[test]
        fn any_bytes_are_taken_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _read = (Question::decode(&bytes), decode_leads(&bytes), decode_evidence(&bytes));
        }
    }

    #[test]
    fn an_answer_to_a_probe_is_yes_or_no_and_nothing_else() {
        assert_eq!(decode_leads(&encode_leads(true)), Some(true));
        assert_eq!(decode_leads(&encode_leads(false)), Some(false));
        assert_eq!(decode_leads(&[]), None);
        assert_eq!(decode_leads(&[PROBE, 2]), None);
    }
}
