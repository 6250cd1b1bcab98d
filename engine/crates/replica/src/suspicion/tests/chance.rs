//! Five machines, a leader that lives, dies and comes back, and a network that forges, delays, loses and repeats what they say.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::super::machine::{Action, Evidence, LogPoint, Machine, ProbeAnswer, Stance};
use super::{WINDOW, epoch, rules};
use crate::{LeaderEpoch, ReplicaId};

const VOTERS: u64 = 5;

/// One step of the world. Replicas are 2 to 5; the leader of the only epoch is 1.
#[derive(Debug, Clone)]
enum Step {
    Wait(u16),
    /// The leader's process dies, or is back and leads (as one that was only cut off does).
    Leader(bool),
    /// Streams end without a death too.
    StreamEnds(ReplicaId),
    /// The leader's append reaches a replica, if it lives: proof of life and one more entry.
    Append(ReplicaId),
    /// The oldest probe of this replica is answered truthfully, or as refused though the leader lives (a cut that resets), or not at all.
    Answer(ReplicaId, u8),
    /// One of the messages between voters arrives; it stays, so that it can arrive again, later.
    Deliver(prop::sample::Index),
    /// A message nobody sent.
    Forge {
        from: ReplicaId,
        to: ReplicaId,
        suspects: bool,
        position: u8,
    },
    Tick(ReplicaId),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let replica = 2..=VOTERS;
    let step = prop_oneof![
        2 => (0_u16..60).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Leader),
        5 => replica.clone().prop_map(Step::StreamEnds),
        2 => replica.clone().prop_map(Step::Append),
        6 => (replica.clone(), 0_u8..8).prop_map(|(replica, kind)| Step::Answer(replica, kind)),
        6 => any::<prop::sample::Index>().prop_map(Step::Deliver),
        2 => (replica.clone(), replica.clone(), any::<bool>(), 0_u8..12)
            .prop_map(|(from, to, suspects, position)| Step::Forge { from, to, suspects, position }),
        1 => replica.prop_map(Step::Tick),
    ];
    prop::collection::vec(step, 1..160)
}

/// What is true of a replica, kept beside its machine.
#[derive(Debug, Default)]
struct Truth {
    position: u64,
    /// Probes sent and not answered yet, and the newest that had been sent when the leader was heard last.
    probes: Vec<u64>,
    newest: u64,
    before_life: u64,
    /// When the newest probe was answered against the leader, nothing for it having been learnt since.
    against: Option<Duration>,
    /// Suspicions heard from others, as this replica may count them.
    heard: BTreeMap<ReplicaId, (Duration, u64)>,
    elected: Vec<Duration>,
}

struct World {
    now: Duration,
    alive: bool,
    written: u64,
    machines: BTreeMap<ReplicaId, Machine>,
    truths: BTreeMap<ReplicaId, Truth>,
    mail: Vec<(ReplicaId, ReplicaId, Evidence)>,
    elections: u64,
}

fn the_epoch() -> LeaderEpoch {
    epoch(1, 1)
}

fn point(position: u64) -> LogPoint {
    LogPoint {
        epoch: the_epoch(),
        position,
    }
}

impl World {
    fn new() -> Self {
        let replicas = 2..=VOTERS;
        let machines = replicas.clone().map(|id| {
            let mut machine = Machine::new(rules(id, VOTERS));
            machine.leader_seen(Duration::ZERO, the_epoch());
            (id, machine)
        });
        Self {
            now: Duration::ZERO,
            alive: true,
            written: 0,
            machines: machines.collect(),
            truths: replicas.map(|id| (id, Truth::default())).collect(),
            mail: Vec::new(),
            elections: 0,
        }
    }

    fn with<T>(&mut self, id: ReplicaId, call: impl FnOnce(&mut Machine, LogPoint) -> T) -> T {
        let own = point(self.truths[&id].position);
        call(self.machines.get_mut(&id).unwrap(), own)
    }

    fn step(&mut self, step: &Step) {
        let now = self.now;
        match *step {
            Step::Wait(ms) => self.now += Duration::from_millis(u64::from(ms)),
            Step::Leader(alive) => self.alive = alive,
            Step::StreamEnds(id) => {
                let action = self.with(id, |machine, _| machine.stream_ended(now, the_epoch()));
                self.act(id, action);
            }
            Step::Append(id) => {
                if self.alive {
                    self.written += 1;
                    let truth = self.truths.get_mut(&id).unwrap();
                    truth.position = self.written;
                    truth.before_life = truth.newest;
                    let suspects = truth
                        .against
                        .take()
                        .is_some_and(|since| now < since + WINDOW);
                    if !suspects && !truth.probes.contains(&truth.newest) {
                        truth.heard.clear();
                    }
                    let action = self.with(id, |machine, _| machine.leader_seen(now, the_epoch()));
                    self.act(id, action);
                }
            }
            Step::Answer(id, kind) => self.answer(id, kind),
            Step::Deliver(which) => {
                if !self.mail.is_empty() {
                    let (from, to, said) = self.mail[which.index(self.mail.len())];
                    self.deliver(from, to, said);
                }
            }
            Step::Forge {
                from,
                to,
                suspects,
                position,
            } => {
                let stance = if suspects {
                    Stance::Suspects
                } else {
                    Stance::LeaderAnswered
                };
                let said = Evidence {
                    epoch: the_epoch(),
                    stance,
                    last: point(u64::from(position)),
                };
                self.deliver(from, to, said);
            }
            Step::Tick(id) => {
                let action = self.with(id, |machine, own| machine.tick(now, own));
                self.act(id, action);
            }
        }
    }

    fn answer(&mut self, id: ReplicaId, kind: u8) {
        let now = self.now;
        let truth = self.truths.get_mut(&id).unwrap();
        if truth.probes.is_empty() {
            return;
        }
        let number = truth.probes.remove(0);
        let newest = number == truth.newest;
        let fresh = number > truth.before_life;
        let answer = match kind {
            0 => ProbeAnswer::Unclear,
            1 => ProbeAnswer::Refused,
            _ if self.alive => ProbeAnswer::Leading,
            2 => ProbeAnswer::NotLeading,
            _ => ProbeAnswer::Refused,
        };
        let before = self.machines[&id].counters();
        let action = self.with(id, |machine, own| {
            machine.probe_answered(now, number, answer, own)
        });
        let after = self.machines[&id].counters();
        let suspects = after.suspicions > before.suspicions;
        let truth = self.truths.get_mut(&id).unwrap();
        match answer {
            ProbeAnswer::Refused | ProbeAnswer::NotLeading => {
                if suspects {
                    assert!(newest, "an overtaken answer was taken");
                    assert!(
                        fresh,
                        "a suspicion rests on a probe older than a sign of life"
                    );
                    truth.against = Some(now);
                }
            }
            ProbeAnswer::Leading => {
                assert!(!suspects, "a leader that says it leads was suspected");
                // An overtaken answer is no news; one that is taken outweighs what others said before it.
                if after.probes_leading > before.probes_leading {
                    assert!(newest, "an overtaken answer was taken");
                    truth.against = None;
                    truth.heard.clear();
                }
            }
            ProbeAnswer::Unclear => assert!(!suspects, "silence was taken for a death"),
        }
        self.act(id, action);
    }

    fn deliver(&mut self, from: ReplicaId, to: ReplicaId, said: Evidence) {
        let now = self.now;
        if from != to {
            let truth = self.truths.get_mut(&to).unwrap();
            match said.stance {
                Stance::Suspects => {
                    truth.heard.insert(from, (now, said.last.position));
                }
                Stance::None => {
                    truth.heard.remove(&from);
                }
                Stance::LeaderAnswered => {
                    truth.heard.remove(&from);
                    truth.against = None;
                }
            }
        }
        let action = self.with(to, |machine, own| machine.evidence(now, from, said, own));
        self.act(to, action);
    }

    fn act(&mut self, id: ReplicaId, action: Option<Action>) {
        match action {
            None => {}
            Some(Action::Probe { epoch, number }) => {
                assert_eq!(epoch, the_epoch());
                let truth = self.truths.get_mut(&id).unwrap();
                truth.probes.push(number);
                truth.newest = number;
            }
            Some(Action::Ask(mine)) => {
                assert_eq!(mine.stance, Stance::Suspects);
                for to in (2..=VOTERS).filter(|to| *to != id) {
                    self.mail.push((id, to, mine));
                    let now = self.now;
                    let reply = self.with(to, |machine, own| machine.stance(now, the_epoch(), own));
                    self.mail.push((to, id, reply));
                }
            }
            Some(Action::Elect { epoch, last }) => self.elect(id, epoch, last),
        }
    }

    /// Judges an election by what is true, not by what the machine believes.
    fn elect(&mut self, id: ReplicaId, epoch: LeaderEpoch, last: LogPoint) {
        let now = self.now;
        self.elections += 1;
        let truth = self.truths.get_mut(&id).unwrap();
        assert_eq!((epoch, last), (the_epoch(), point(truth.position)));
        let since = truth.against.expect("elected without evidence of its own");
        assert!(
            now < since + WINDOW,
            "elected on a suspicion that is too old"
        );
        let majority: Vec<_> = truth
            .heard
            .iter()
            .filter(|(_, (at, _))| now < *at + WINDOW)
            .collect();
        assert!(
            majority.len() >= 2,
            "elected without a majority of suspicions"
        );
        for (other, (_, position)) in majority {
            let better = *position > truth.position || (*position == truth.position && *other < id);
            assert!(!better, "elected though {other} has the better claim");
        }
        truth.elected.push(now);
        assert_eq!(
            truth.elected.len(),
            1,
            "elected twice in place of one leader"
        );
        // Who grants it: only voters with evidence of their own, and none with a longer log.
        let mut grants = 1;
        for voter in (2..=VOTERS).filter(|voter| *voter != id) {
            let granted = self.with(voter, |machine, own| {
                machine.vote_asked(now, id, epoch, last, own)
            });
            let truth = &self.truths[&voter];
            if granted {
                grants += 1;
                let since = truth.against.expect("granted without evidence of its own");
                assert!(
                    now < since + WINDOW,
                    "granted on a suspicion that is too old"
                );
                assert!(truth.position <= last.position, "granted to a shorter log");
            }
        }
        // A majority of the voters that grants it holds no longer log: checked one by one above.
        assert!(grants <= VOTERS);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn forged_one_sided_and_delayed_suspicions_break_no_rule(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        for machine in world.machines.values() {
            prop_assert!(machine.counters().elections <= 1);
        }
    }

    #[test]
    fn a_replica_that_the_leader_answers_never_elects_whatever_others_say(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            match step {
                Step::Leader(_) | Step::Answer(2, 0 | 1) => {}
                other => world.step(other),
            }
        }
        prop_assert_eq!(world.machines[&2].counters().elections, 0);
        prop_assert_eq!(world.machines[&2].counters().suspicions, 0);
    }

    #[test]
    fn probes_stay_within_their_limit(ends in prop::collection::vec((0_u64..40, any::<bool>()), 1..80)) {
        let mut machine = Machine::new(rules(2, 3));
        machine.leader_seen(Duration::ZERO, epoch(1, 1));
        let mut now = Duration::ZERO;
        let mut sent = Vec::new();
        for (ms, leading) in ends {
            now += Duration::from_millis(ms);
            if let Some(Action::Probe { number, .. }) = machine.stream_ended(now, epoch(1, 1)) {
                sent.push(now);
                let answer = if leading { ProbeAnswer::Leading } else { ProbeAnswer::Unclear };
                machine.probe_answered(now, number, answer, point(1));
            }
        }
        for (index, at) in sent.iter().enumerate() {
            prop_assert!(sent[index..].iter().take_while(|later| **later < *at + WINDOW).count() <= 4);
        }
    }
}

/// When the leader dies for all, and every message arrives, exactly the best elects itself and has a majority.
#[test]
fn a_death_seen_by_all_elects_the_best_once() {
    for best in 2..=VOTERS {
        let mut world = World::new();
        for id in 2..=VOTERS {
            world.truths.get_mut(&id).unwrap().position = if id == best { 9 } else { 8 };
        }
        world.alive = false;
        for id in 2..=VOTERS {
            world.step(&Step::StreamEnds(id));
        }
        for id in 2..=VOTERS {
            world.step(&Step::Answer(id, 7));
        }
        for (from, to, said) in world.mail.clone() {
            world.deliver(from, to, said);
        }
        let elected: Vec<_> = world
            .machines
            .iter()
            .filter(|(_, machine)| machine.counters().elections > 0)
            .map(|(id, _)| *id)
            .collect();
        // Others may have had a majority before the best was heard; its vote then refuses them.
        assert!(elected.contains(&best) || elected.len() == 1, "{elected:?}");
        assert!(world.elections >= 1);
    }
}
