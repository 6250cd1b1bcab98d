//! Each rule by itself.

use super::super::machine::{Action, Evidence, Machine, ProbeAnswer, Stance};
use super::{WINDOW, epoch, follower, log, ms, rules};

fn says(stance: Stance, position: u64) -> Evidence {
    Evidence {
        epoch: epoch(1, 1),
        stance,
        last: log(position),
    }
}

fn probe(number: u64) -> Option<Action> {
    Some(Action::Probe {
        epoch: epoch(1, 1),
        number,
    })
}

fn elect(position: u64) -> Option<Action> {
    Some(Action::Elect {
        epoch: epoch(1, 1),
        last: log(position),
    })
}

/// Replica `me` of three, which suspects leader 1 at 0 ms with its log at `position`.
fn suspecting(me: u64, position: u64) -> Machine {
    let mut machine = follower(me, 3);
    assert_eq!(machine.stream_ended(ms(0), epoch(1, 1)), probe(1));
    assert_eq!(
        machine.probe_answered(ms(0), 1, ProbeAnswer::Refused, log(position)),
        Some(Action::Ask(says(Stance::Suspects, position)))
    );
    machine
}

#[test]
fn a_dead_leader_is_replaced_by_the_two_that_saw_it_die() {
    let mut second = suspecting(2, 7);
    let mut third = suspecting(3, 7);
    assert_eq!(
        third.evidence(ms(1), 2, says(Stance::Suspects, 7), log(7)),
        None,
        "of equals the lowest number"
    );
    assert_eq!(
        second.evidence(ms(1), 3, says(Stance::Suspects, 7), log(7)),
        elect(7)
    );
    assert!(third.vote_asked(ms(2), 2, epoch(1, 1), log(7), log(7)));
    assert_eq!(second.elected(), Some(epoch(1, 1)));
}

#[test]
fn the_longer_log_elects_whatever_its_number() {
    let mut second = suspecting(2, 7);
    let mut third = suspecting(3, 8);
    assert_eq!(
        second.evidence(ms(1), 3, says(Stance::Suspects, 8), log(7)),
        None
    );
    assert_eq!(
        third.evidence(ms(1), 2, says(Stance::Suspects, 7), log(8)),
        elect(8)
    );
    assert!(second.vote_asked(ms(2), 3, epoch(1, 1), log(8), log(7)));
    assert!(
        !third.vote_asked(ms(2), 2, epoch(1, 1), log(7), log(8)),
        "a shorter log gets no vote"
    );
}

#[test]
fn evidence_that_came_first_counts_once_the_own_probe_is_answered() {
    let mut second = follower(2, 3);
    assert_eq!(
        second.evidence(ms(0), 3, says(Stance::Suspects, 5), log(5)),
        None,
        "nothing of its own yet"
    );
    assert_eq!(second.stream_ended(ms(1), epoch(1, 1)), probe(1));
    assert_eq!(
        second.probe_answered(ms(2), 1, ProbeAnswer::NotLeading, log(5)),
        elect(5)
    );
}

#[test]
fn the_close_alone_does_nothing_but_ask_the_leader() {
    for answer in [ProbeAnswer::Leading, ProbeAnswer::Unclear] {
        let mut machine = follower(2, 3);
        assert_eq!(machine.stream_ended(ms(0), epoch(1, 1)), probe(1));
        assert_eq!(machine.probe_answered(ms(1), 1, answer, log(5)), None);
        assert_eq!(machine.tick(ms(20), log(5)), None);
        assert!(!machine.vote_asked(ms(20), 3, epoch(1, 1), log(5), log(5)));
        assert_eq!(machine.counters().elections, 0);
    }
}

#[test]
fn what_the_leader_said_is_told_and_ends_the_suspicion_of_others() {
    let mut third = follower(3, 3);
    assert_eq!(third.stream_ended(ms(0), epoch(1, 1)), probe(1));
    assert_eq!(
        third.probe_answered(ms(1), 1, ProbeAnswer::Leading, log(5)),
        None
    );
    assert_eq!(
        third.stance(ms(2), epoch(1, 1), log(5)).stance,
        Stance::LeaderAnswered
    );
    let mut second = suspecting(2, 5);
    assert_eq!(
        second.evidence(ms(3), 3, says(Stance::LeaderAnswered, 5), log(5)),
        None
    );
    assert!(!second.vote_asked(ms(4), 3, epoch(1, 1), log(5), log(5)));
    assert_eq!(second.counters().withdrawn, 1);
}

#[test]
fn a_suspicion_of_another_asks_the_leader_anew_where_the_own_stream_ended() {
    let mut second = follower(2, 3);
    assert_eq!(second.stream_ended(ms(0), epoch(1, 1)), probe(1));
    assert_eq!(
        second.probe_answered(ms(1), 1, ProbeAnswer::Leading, log(5)),
        None
    );
    assert_eq!(
        second.evidence(ms(2), 3, says(Stance::Suspects, 5), log(5)),
        probe(2)
    );
    assert_eq!(
        second.probe_answered(ms(3), 2, ProbeAnswer::Refused, log(5)),
        elect(5)
    );
}

#[test]
fn anything_heard_from_the_leader_ends_a_suspicion_until_it_was_asked_again() {
    let mut machine = suspecting(2, 5);
    assert_eq!(machine.leader_seen(ms(1), epoch(1, 1)), probe(2));
    assert_eq!(
        machine.evidence(ms(1), 3, says(Stance::Suspects, 5), log(5)),
        None
    );
    assert!(!machine.vote_asked(ms(1), 3, epoch(1, 1), log(5), log(5)));
    assert_eq!(
        machine.stance(ms(1), epoch(1, 1), log(5)).stance,
        Stance::None
    );
    let mut alive = machine.clone();
    assert_eq!(
        alive.probe_answered(ms(2), 2, ProbeAnswer::Leading, log(5)),
        None
    );
    assert_eq!(
        alive.stance(ms(2), epoch(1, 1), log(5)).stance,
        Stance::LeaderAnswered
    );
    assert_eq!(
        machine.probe_answered(ms(2), 2, ProbeAnswer::Refused, log(5)),
        elect(5),
        "it had only been heard late"
    );
}

#[test]
fn what_is_heard_while_the_leader_is_asked_has_it_asked_again() {
    for answer in [
        ProbeAnswer::Refused,
        ProbeAnswer::NotLeading,
        ProbeAnswer::Leading,
        ProbeAnswer::Unclear,
    ] {
        let mut machine = follower(2, 3);
        assert_eq!(machine.stream_ended(ms(0), epoch(1, 1)), probe(1));
        assert_eq!(machine.leader_seen(ms(1), epoch(1, 1)), None);
        assert_eq!(machine.probe_answered(ms(2), 1, answer, log(5)), probe(2));
        assert_eq!(machine.counters().suspicions, 0);
    }
}

#[test]
fn an_answer_that_was_overtaken_is_not_taken() {
    let mut machine = suspecting(2, 5);
    assert_eq!(machine.leader_seen(ms(1), epoch(1, 1)), probe(2));
    assert_eq!(
        machine.probe_answered(ms(2), 1, ProbeAnswer::Refused, log(5)),
        None
    );
    assert_eq!(
        machine.stance(ms(2), epoch(1, 1), log(5)).stance,
        Stance::None
    );
}

#[test]
fn a_leader_heard_in_peace_is_one_whose_stream_has_not_ended() {
    let mut machine = follower(2, 3);
    assert_eq!(machine.stream_ended(ms(0), epoch(1, 1)), probe(1));
    assert_eq!(
        machine.probe_answered(ms(1), 1, ProbeAnswer::Leading, log(5)),
        None
    );
    assert_eq!(machine.leader_seen(ms(2), epoch(1, 1)), None);
    assert_eq!(
        machine.evidence(ms(3), 3, says(Stance::Suspects, 5), log(5)),
        None,
        "another's word alone is no reason to ask"
    );
}

#[test]
fn i_lead_said_before_another_stream_ended_is_asked_again() {
    let mut machine = follower(2, 3);
    assert_eq!(machine.stream_ended(ms(0), epoch(1, 1)), probe(1));
    assert_eq!(machine.stream_ended(ms(1), epoch(1, 1)), None);
    assert_eq!(
        machine.probe_answered(ms(2), 1, ProbeAnswer::Leading, log(5)),
        probe(2)
    );
}

#[test]
fn a_newer_epoch_ends_everything_known_of_an_older_one() {
    let mut machine = suspecting(2, 5);
    assert_eq!(machine.leader_seen(ms(1), epoch(2, 3)), None);
    assert_eq!(
        machine.evidence(ms(1), 3, says(Stance::Suspects, 5), log(5)),
        None
    );
    assert_eq!(machine.stream_ended(ms(1), epoch(1, 1)), None);
    machine.leader_seen(ms(0), epoch(1, 1));
    assert_eq!(
        machine.epoch(),
        Some(epoch(2, 3)),
        "never back to an older one"
    );
    assert!(!machine.vote_asked(ms(1), 3, epoch(1, 1), log(5), log(5)));
}

#[test]
fn what_is_said_of_another_epoch_counts_for_nothing() {
    for other in [epoch(1, 3), epoch(2, 1)] {
        let mut machine = suspecting(2, 5);
        let said = Evidence {
            epoch: other,
            ..says(Stance::Suspects, 4)
        };
        assert_eq!(machine.evidence(ms(1), 3, said, log(5)), None, "{other:?}");
        assert!(!machine.vote_asked(ms(1), 3, other, log(5), log(5)));
        assert_eq!(machine.stance(ms(1), other, log(5)).stance, Stance::None);
    }
}

#[test]
fn suspicions_and_evidence_grow_old() {
    let mut machine = suspecting(2, 5);
    assert!(!machine.vote_asked(WINDOW, 3, epoch(1, 1), log(5), log(5)));
    let mut machine = follower(2, 3);
    assert_eq!(
        machine.evidence(ms(0), 3, says(Stance::Suspects, 5), log(5)),
        None
    );
    assert_eq!(machine.stream_ended(WINDOW, epoch(1, 1)), probe(1));
    assert_eq!(
        machine.probe_answered(WINDOW, 1, ProbeAnswer::Refused, log(5)),
        Some(Action::Ask(says(Stance::Suspects, 5))),
        "what was heard a window ago counts no more"
    );
}

#[test]
fn one_election_an_epoch_and_one_a_window() {
    let mut machine = suspecting(2, 5);
    assert_eq!(
        machine.evidence(ms(1), 3, says(Stance::Suspects, 5), log(5)),
        elect(5)
    );
    assert_eq!(
        machine.evidence(ms(2), 3, says(Stance::Suspects, 5), log(5)),
        None,
        "once an epoch"
    );
    assert_eq!(machine.leader_seen(ms(3), epoch(3, 3)), None);
    let said = Evidence {
        epoch: epoch(3, 3),
        stance: Stance::Suspects,
        last: log(4),
    };
    assert_eq!(
        machine.stream_ended(ms(3), epoch(3, 3)),
        Some(Action::Probe {
            epoch: epoch(3, 3),
            number: 2
        })
    );
    machine.probe_answered(ms(4), 2, ProbeAnswer::Refused, log(5));
    assert_eq!(
        machine.evidence(ms(5), 1, said, log(5)),
        None,
        "once a window"
    );
    assert_eq!(
        machine.evidence(ms(1) + WINDOW, 1, said, log(5)),
        Some(Action::Elect {
            epoch: epoch(3, 3),
            last: log(5)
        })
    );
}

#[test]
fn streams_that_end_again_and_again_are_probed_a_few_times_a_window() {
    let mut machine = follower(2, 3);
    for number in 1..=4 {
        assert_eq!(machine.stream_ended(ms(number), epoch(1, 1)), probe(number));
        assert_eq!(
            machine.probe_answered(ms(number), number, ProbeAnswer::Leading, log(1)),
            None
        );
    }
    assert_eq!(machine.stream_ended(ms(10), epoch(1, 1)), None);
    assert_eq!(machine.counters().limited, 1);
    assert_eq!(machine.stream_ended(ms(1) + WINDOW, epoch(1, 1)), probe(5));
}

#[test]
fn a_suspicion_is_told_again_a_few_times() {
    let mut machine = suspecting(2, 5);
    assert_eq!(machine.wake_at(), Some(ms(10)));
    assert_eq!(machine.tick(ms(9), log(5)), None);
    for at in [10, 20] {
        assert_eq!(
            machine.tick(ms(at), log(6)),
            Some(Action::Ask(says(Stance::Suspects, 6)))
        );
    }
    assert_eq!(machine.wake_at(), None);
    assert_eq!(machine.tick(ms(40), log(5)), None);
}

#[test]
fn strangers_the_leader_and_the_replica_itself_have_no_say() {
    let mut machine = suspecting(2, 5);
    for from in [1, 2, 9] {
        assert_eq!(
            machine.evidence(ms(1), from, says(Stance::Suspects, 4), log(5)),
            None
        );
    }
    for candidate in [1, 9] {
        assert!(!machine.vote_asked(ms(1), candidate, epoch(1, 1), log(5), log(5)));
    }
    let mut leader = follower(1, 3);
    assert_eq!(
        leader.stream_ended(ms(0), epoch(1, 1)),
        None,
        "a leader does not suspect itself"
    );
}

#[test]
fn two_of_five_are_no_majority_and_a_pair_never_is_one() {
    let mut machine = follower(2, 5);
    machine.stream_ended(ms(0), epoch(1, 1));
    machine.probe_answered(ms(0), 1, ProbeAnswer::Refused, log(5));
    assert_eq!(
        machine.evidence(ms(1), 3, says(Stance::Suspects, 5), log(5)),
        None
    );
    assert_eq!(
        machine.evidence(ms(1), 3, says(Stance::Suspects, 5), log(5)),
        None,
        "the same voter twice is one"
    );
    assert_eq!(
        machine.evidence(ms(1), 4, says(Stance::Suspects, 5), log(5)),
        elect(5)
    );
    let mut pair = Machine::new(rules(2, 2));
    pair.leader_seen(ms(0), epoch(1, 1));
    pair.stream_ended(ms(0), epoch(1, 1));
    assert_eq!(
        pair.probe_answered(ms(0), 1, ProbeAnswer::Refused, log(5)),
        Some(Action::Ask(says(Stance::Suspects, 5)))
    );
}

#[test]
fn evidence_taken_back_counts_no_more() {
    let mut machine = follower(2, 5);
    machine.stream_ended(ms(0), epoch(1, 1));
    machine.probe_answered(ms(0), 1, ProbeAnswer::Refused, log(5));
    machine.evidence(ms(1), 3, says(Stance::Suspects, 5), log(5));
    machine.evidence(ms(2), 3, says(Stance::None, 5), log(5));
    assert_eq!(
        machine.evidence(ms(3), 4, says(Stance::Suspects, 5), log(5)),
        None
    );
}
