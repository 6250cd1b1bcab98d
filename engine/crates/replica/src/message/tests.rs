#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use openraft::EntryPayload;
use openraft::raft::{StreamAppendError, TransferLeaderError};
use openraft_rt_sim::SimRuntime;
use proptest::prelude::*;

use super::*;
use crate::note::Note;
use crate::types::{
    Batch, Entry, LeaderId, LogId, Member, Membership, StoredMembership, Vote, decode_stored,
    encode_stored, log_id,
};

type R = SimRuntime;

fn epochs() -> impl Strategy<Value = LeaderEpoch> {
    (0..5_u64, 1..4_u64).prop_map(|(term, node)| LeaderEpoch { term, node })
}

fn votes() -> impl Strategy<Value = Vote> {
    (any::<u64>(), any::<u64>(), any::<bool>()).prop_map(|(term, node_id, committed)| Vote {
        leader_id: LeaderId { term, node_id },
        committed,
    })
}

fn log_ids() -> impl Strategy<Value = Option<LogId>> {
    proptest::option::of((epochs(), 1..1_000_000_u64).prop_map(|(epoch, at)| log_id(epoch, at)))
}

fn memberships() -> impl Strategy<Value = Membership> {
    proptest::collection::btree_set(1..9_u64, 1..6).prop_map(|ids: BTreeSet<u64>| {
        let nodes: BTreeMap<u64, Member> = ids.iter().map(|id| (*id, Member)).collect();
        Membership::new(vec![ids], nodes).unwrap()
    })
}

fn payloads() -> impl Strategy<Value = EntryPayload<Batch, u64, Member>> {
    prop_oneof![
        Just(EntryPayload::Blank),
        proptest::collection::vec(any::<u8>(), 0..100)
            .prop_map(|bytes| EntryPayload::Normal(Batch(Arc::new(bytes)))),
        memberships().prop_map(EntryPayload::Membership),
    ]
}

fn appends() -> impl Strategy<Value = AppendEntriesRequest<TypeConfig<R>>> {
    let entries = proptest::collection::vec(payloads(), 0..6);
    (log_ids(), log_ids(), entries, any::<bool>()).prop_map(
        |(prev_log_id, leader_commit, payloads, committed)| {
            let first = position(prev_log_id.as_ref()) + 1;
            let leader_id = LeaderId {
                term: 9,
                node_id: 2,
            };
            let epoch = LeaderEpoch { term: 9, node: 2 };
            AppendEntriesRequest {
                vote: Vote {
                    leader_id,
                    committed,
                },
                prev_log_id,
                leader_commit,
                entries: payloads
                    .into_iter()
                    .zip(first..)
                    .map(|(payload, at)| Entry {
                        log_id: log_id(epoch, at),
                        payload,
                    })
                    .collect(),
            }
        },
    )
}

fn bytes(put: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut Writer(&mut bytes));
    bytes
}

/// Everything that reads bytes of a peer or of the journal.
fn read_all(bytes: &[u8]) {
    let envelope = Envelope {
        group: String::from("v/m"),
        incarnation: 1,
        id: 1,
    };
    drop(envelope.open(bytes).map(|_| ()));
    drop(open_answer(bytes).map(|_| ()));
    drop(take_append::<R>(&mut Reader(bytes)));
    drop(take_append_result::<R>(&mut Reader(bytes)));
    drop(take_vote::<R>(&mut Reader(bytes)));
    drop(take_vote_response::<R>(&mut Reader(bytes)));
    drop(take_transfer::<R>(&mut Reader(bytes)));
    drop(take_transfer_response::<R>(&mut Reader(bytes)));
    drop(take_checkpoint(&mut Reader(bytes)));
    drop(decode_stored(bytes));
    drop(decode_entry(1, bytes));
    drop(Note::decode(bytes));
}

proptest! {
    #[test]
    fn appends_are_read_as_they_were_written(request in appends()) {
        let written = bytes(|out| put_append(out, &request));
        let mut reader = Reader(&written);
        let read = take_append::<R>(&mut reader).unwrap();
        prop_assert_eq!(reader.end(), Ok(()));
        prop_assert_eq!(format!("{request:?}"), format!("{read:?}"));
    }

    #[test]
    fn answers_to_appends_are_read_as_they_were_written(id in log_ids(), vote in votes()) {
        let conflict = id.map(|id| Err(StreamAppendError::Conflict(id)));
        for result in [Some(Ok(id)), conflict, Some(Err(StreamAppendError::HigherVote(vote)))].into_iter().flatten() {
            let written = bytes(|out| put_append_result::<R>(out, &result));
            prop_assert_eq!(take_append_result::<R>(&mut Reader(&written)), Ok(result));
        }
    }

    #[test]
    fn votes_are_read_as_they_were_written(
        vote in votes(), last in log_ids(), granted in any::<bool>(), gone in proptest::option::of(epochs()),
    ) {
        let mut request = VoteRequest::<TypeConfig<R>>::new(vote, last);
        request.leadership_transfer = granted;
        let written = bytes(|out| put_vote(out, &request, gone));
        prop_assert_eq!(take_vote::<R>(&mut Reader(&written)), Ok((request, gone)));
        let response = VoteResponse::<TypeConfig<R>>::new(vote, last, granted);
        let written = bytes(|out| put_vote_response(out, &response));
        prop_assert_eq!(take_vote_response::<R>(&mut Reader(&written)), Ok(response));
    }

    #[test]
    fn transfers_are_read_as_they_were_written(vote in votes(), other in votes(), last in log_ids(), to in any::<u64>()) {
        let request = TransferLeaderRequest::<TypeConfig<R>>::new(vote, to, last);
        let written = bytes(|out| put_transfer(out, &request));
        prop_assert_eq!(take_transfer::<R>(&mut Reader(&written)), Ok(request));
        for response in [
            Ok(()),
            Err(TransferLeaderError::VoteChanged { expected: vote, actual: other }),
            Err(TransferLeaderError::LogNotFlushed { expected: last, actual: None }),
        ] {
            let written = bytes(|out| put_transfer_response::<R>(out, &response));
            prop_assert_eq!(take_transfer_response::<R>(&mut Reader(&written)), Ok(response));
        }
    }

    #[test]
    fn notes_and_memberships_are_read_as_they_were_written(
        vote in proptest::option::of(votes()), purged in log_ids(), membership in memberships(),
    ) {
        let note = Note { vote, purged };
        prop_assert!(note.encode().len() <= 256);
        prop_assert_eq!(Note::decode(&note.encode()), Ok(note));
        let stored = StoredMembership::new(purged, membership);
        prop_assert_eq!(decode_stored(&encode_stored(&stored)), Ok(stored));
    }

    #[test]
    fn any_bytes_are_an_error_at_worst(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn damaged_messages_are_an_error_at_worst(request in appends(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut written = bytes(|out| put_append(out, &request));
        let at = at.index(written.len());
        written[at] ^= 1 << bit;
        read_all(&written);
        read_all(&written[..at]);
    }
}

#[test]
fn only_messages_for_this_replica_are_opened() {
    let here = |group: &str, incarnation, id| Envelope {
        group: group.to_owned(),
        incarnation,
        id,
    };
    let message = here("v/m", 3, 1).begin(Kind::Vote, 2);
    assert!(matches!(
        here("v/m", 3, 2).open(&message),
        Ok((Kind::Vote, 1, _))
    ));
    for (other, said) in [
        (here("v/n", 3, 2), "group"),
        (here("v/m", 4, 2), "incarnation"),
        (here("v/m", 3, 3), "replica"),
    ] {
        let Err(Refused(reason)) = other.open(&message) else {
            panic!("{other:?} opened it");
        };
        assert!(reason.contains(said), "{reason}");
    }
}
