//! The decision whether a closed connection is a dead leader. Pure: time, log positions and answers come in as arguments, what to do comes
//! out as an [`Action`]; no clock, no randomness, no input or output.
//!
//! The rules, in the order in which they are met:
//! 1. A stream accepted from the current leader ended. That alone proves nothing; the leader's port is probed.
//! 2. The probe is refused, or answered with "I don't lead under this epoch": this replica *suspects* the leader of that epoch. "I lead" ends the
//!    matter, and so does a time-out (a frozen or cut-off leader is left to the election timers).
//! 3. The other voters are asked for their own stance and last log entry, and told this one's. "The leader answered me" from any of them ends
//!    the matter.
//! 4. With a majority of suspicions, itself included, the replica with the best log among them (of equals the lowest number) elects itself; every
//!    other one waits for its vote request.
//! 5. A voter grants such a vote in spite of its lease only while it suspects the leader of the same epoch itself.
//!
//! Anything heard from the leader ends a suspicion until it was probed again, a newer epoch ends everything known of an older one, and what is
//! `window` old is forgotten.
//! Safety never rests on any of this: a vote is still granted by Raft's rules, and reads are confirmed by a quorum.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::counters::SuspicionCounters;
use crate::{LeaderEpoch, ReplicaId};

/// The last entry of a log: epoch of the leader that wrote it and its position (0: the log is empty). Ordered as Raft orders logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPoint {
    /// Who wrote the entry.
    pub epoch: LeaderEpoch,
    /// Where it stands; positions begin at 1.
    pub position: u64,
}

impl LogPoint {
    /// The end of an empty log.
    pub const EMPTY: Self = Self {
        epoch: LeaderEpoch { term: 0, node: 0 },
        position: 0,
    };
}

/// What a leader's port said to a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeAnswer {
    /// Nobody listens there.
    Refused,
    /// The replica lives and does not lead under the epoch asked about.
    NotLeading,
    /// The replica leads under the epoch asked about.
    Leading,
    /// No answer in time, or one that proves nothing.
    Unclear,
}

/// What a voter thinks of the leader of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// Knows nothing against the leader.
    None,
    /// Its stream from the leader ended, and the leader's port was refused or denied leading.
    Suspects,
    /// Its stream from the leader ended, and the leader said that it leads.
    LeaderAnswered,
}

/// A voter's word about the leader of `epoch`, with the end of its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// The epoch it speaks of.
    pub epoch: LeaderEpoch,
    /// What it thinks.
    pub stance: Stance,
    /// The last entry of its log.
    pub last: LogPoint,
}

/// What is to be done. An event has at most one consequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Ask the port of the leader of `epoch` whether it leads; the answer is given back with `number`.
    Probe {
        /// Whose port: `epoch.node`.
        epoch: LeaderEpoch,
        /// Tells this probe from earlier ones.
        number: u64,
    },
    /// Give this evidence to every other voter but the leader, and ask for theirs.
    Ask(Evidence),
    /// Elect this replica in place of the leader of `epoch`; its log must reach to `last`.
    Elect {
        /// The epoch whose leader is gone.
        epoch: LeaderEpoch,
        /// The end of this replica's log.
        last: LogPoint,
    },
}

/// Who takes part, and how fast and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// This replica.
    pub me: ReplicaId,
    /// Every voter of the group, this one included.
    pub voters: BTreeSet<ReplicaId>,
    /// How long a suspicion or a peer's evidence holds, and the least time between two elections: the longest election timeout.
    pub window: Duration,
    /// Probes in any `window` at most.
    pub probes: usize,
    /// How long until the other voters are asked again.
    pub ask_again: Duration,
    /// How often a suspicion asks at most.
    pub asks: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Quiet,
    /// `again`: another stream ended, or something of the leader's arrived, while the answer was awaited, so that it may be older than that.
    Probing {
        number: u64,
        again: bool,
    },
    Suspecting {
        since: Duration,
        asked: u32,
        asked_at: Duration,
    },
    Answered {
        since: Duration,
    },
}

/// See the module. Times are spans since one fixed instant and must not decrease.
#[derive(Debug, Clone)]
pub struct Machine {
    rules: Rules,
    epoch: Option<LeaderEpoch>,
    state: State,
    /// A stream of this epoch's leader ended, and nothing was heard from it since.
    ended: bool,
    /// The other voters' suspicions of this epoch's leader: when they were heard, and the end of their logs.
    suspicions: BTreeMap<ReplicaId, (Duration, LogPoint)>,
    probed: VecDeque<Duration>,
    number: u64,
    /// The newest epoch in whose place this replica elected itself, and when it last did so.
    elected: Option<LeaderEpoch>,
    elected_at: Option<Duration>,
    counters: SuspicionCounters,
}

impl Machine {
    /// A machine that knows of no leader.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            epoch: None,
            state: State::Quiet,
            ended: false,
            suspicions: BTreeMap::new(),
            probed: VecDeque::new(),
            number: 0,
            elected: None,
            elected_at: None,
            counters: SuspicionCounters::default(),
        }
    }

    /// How often what has happened.
    #[must_use]
    pub fn counters(&self) -> SuspicionCounters {
        self.counters
    }

    /// The leader this machine watches.
    #[must_use]
    pub fn epoch(&self) -> Option<LeaderEpoch> {
        self.epoch
    }

    /// The newest epoch in whose place this replica elected itself.
    #[must_use]
    pub fn elected(&self) -> Option<LeaderEpoch> {
        self.elected
    }

    /// The group's voters are others now.
    pub fn set_voters(&mut self, voters: BTreeSet<ReplicaId>) {
        self.suspicions.retain(|id, _| voters.contains(id));
        self.rules.voters = voters;
    }

    /// Something arrived from the leader of `epoch` (or this replica became it). It may have been sent before a death that is known already, so
    /// that a suspicion, or a probe under way, is not simply dropped: the leader is asked once more, and until it was, nothing is held against it.
    pub fn leader_seen(&mut self, now: Duration, epoch: LeaderEpoch) -> Option<Action> {
        match self.epoch {
            Some(known) if epoch < known => return None,
            Some(known) if epoch == known => {}
            _ => {
                self.epoch = Some(epoch);
                self.state = State::Quiet;
                self.ended = false;
                self.suspicions.clear();
                return None;
            }
        }
        if self.suspects(now) {
            self.counters.withdrawn += 1;
            return self.probe(now);
        }
        match &mut self.state {
            State::Probing { again, .. } => *again = true,
            State::Quiet | State::Answered { .. } | State::Suspecting { .. } => {
                self.state = State::Quiet;
                self.ended = false;
                self.suspicions.clear();
            }
        }
        None
    }

    /// A stream accepted from the leader of `epoch` came to its end, for whatever reason, everything it carried having been taken.
    pub fn stream_ended(&mut self, now: Duration, epoch: LeaderEpoch) -> Option<Action> {
        if self.epoch != Some(epoch) || epoch.node == self.rules.me {
            return None;
        }
        self.counters.streams_ended += 1;
        self.ended = true;
        if let State::Probing { again, .. } = &mut self.state {
            *again = true;
            return None;
        }
        if self.suspects(now) {
            None
        } else {
            self.probe(now)
        }
    }

    /// The probe `number` was answered. `own`: the end of this replica's log now.
    pub fn probe_answered(
        &mut self,
        now: Duration,
        number: u64,
        answer: ProbeAnswer,
        own: LogPoint,
    ) -> Option<Action> {
        let State::Probing {
            number: awaited,
            again,
        } = self.state
        else {
            return None;
        };
        if awaited != number {
            return None;
        }
        let epoch = self.epoch?;
        self.state = State::Quiet;
        match answer {
            ProbeAnswer::Refused => self.counters.probes_refused += 1,
            ProbeAnswer::NotLeading => self.counters.probes_not_leading += 1,
            ProbeAnswer::Leading => {
                self.counters.probes_leading += 1;
                self.suspicions.clear();
            }
            ProbeAnswer::Unclear => self.counters.probes_unclear += 1,
        }
        if again {
            return self.probe(now);
        }
        match answer {
            ProbeAnswer::Refused | ProbeAnswer::NotLeading => {}
            ProbeAnswer::Leading => {
                self.state = State::Answered { since: now };
                return None;
            }
            ProbeAnswer::Unclear => return None,
        }
        self.counters.suspicions += 1;
        self.state = State::Suspecting {
            since: now,
            asked: 1,
            asked_at: now,
        };
        self.decide(now, own).or(Some(Action::Ask(Evidence {
            epoch,
            stance: Stance::Suspects,
            last: own,
        })))
    }

    /// Another voter gave its evidence, as a question or as an answer. `own`: the end of this replica's log now.
    pub fn evidence(
        &mut self,
        now: Duration,
        from: ReplicaId,
        said: Evidence,
        own: LogPoint,
    ) -> Option<Action> {
        if self.epoch != Some(said.epoch)
            || from == self.rules.me
            || from == said.epoch.node
            || !self.rules.voters.contains(&from)
        {
            return None;
        }
        match said.stance {
            Stance::None => {
                self.suspicions.remove(&from);
                None
            }
            Stance::LeaderAnswered => {
                self.suspicions.remove(&from);
                if matches!(self.state, State::Suspecting { .. }) {
                    self.counters.withdrawn += 1;
                    self.state = State::Quiet;
                }
                None
            }
            Stance::Suspects => {
                self.suspicions.insert(from, (now, said.last));
                if self.suspects(now) {
                    return self.decide(now, own);
                }
                // Its own stream ended too, and what it learnt then may be out of date: ask anew.
                let idle = !matches!(self.state, State::Probing { .. });
                if self.ended && idle {
                    self.probe(now)
                } else {
                    None
                }
            }
        }
    }

    /// Time has passed: to be called at [`Machine::wake_at`], harmless at any other time. `own`: the end of this replica's log now.
    pub fn tick(&mut self, now: Duration, own: LogPoint) -> Option<Action> {
        if !self.suspects(now) {
            return None;
        }
        let epoch = self.epoch?;
        let (again, asks) = (self.rules.ask_again, self.rules.asks);
        let State::Suspecting {
            asked, asked_at, ..
        } = &mut self.state
        else {
            return None;
        };
        if *asked >= asks || now < *asked_at + again {
            return None;
        }
        *asked += 1;
        *asked_at = now;
        Some(Action::Ask(Evidence {
            epoch,
            stance: Stance::Suspects,
            last: own,
        }))
    }

    /// When [`Machine::tick`] has something to do.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        match self.state {
            State::Suspecting {
                asked, asked_at, ..
            } if asked < self.rules.asks => Some(asked_at + self.rules.ask_again),
            _ => None,
        }
    }

    /// What this replica has to say about the leader of `epoch`. `own`: the end of its log now.
    pub fn stance(&mut self, now: Duration, epoch: LeaderEpoch, own: LogPoint) -> Evidence {
        let stance = if self.epoch != Some(epoch) {
            Stance::None
        } else if self.suspects(now) {
            Stance::Suspects
        } else if matches!(self.state, State::Answered { since } if now < since + self.rules.window)
        {
            Stance::LeaderAnswered
        } else {
            Stance::None
        };
        Evidence {
            epoch,
            stance,
            last: own,
        }
    }

    /// `candidate`, whose log ends at `last`, asks to be elected at once in place of the leader of `epoch`: whether this replica's lease may be
    /// overlooked for it. `own`: the end of this replica's log now.
    pub fn vote_asked(
        &mut self,
        now: Duration,
        candidate: ReplicaId,
        epoch: LeaderEpoch,
        last: LogPoint,
        own: LogPoint,
    ) -> bool {
        let accepted = self.epoch == Some(epoch)
            && self.suspects(now)
            && candidate != epoch.node
            && self.rules.voters.contains(&candidate)
            && last >= own;
        if accepted {
            self.counters.votes_accepted += 1;
        } else {
            self.counters.votes_declined += 1;
        }
        accepted
    }

    /// Whether a suspicion holds; one that is too old is dropped.
    fn suspects(&mut self, now: Duration) -> bool {
        let State::Suspecting { since, .. } = self.state else {
            return false;
        };
        if now >= since + self.rules.window {
            self.state = State::Quiet;
            return false;
        }
        true
    }

    fn probe(&mut self, now: Duration) -> Option<Action> {
        let epoch = self.epoch?;
        self.state = State::Quiet;
        while self
            .probed
            .front()
            .is_some_and(|at| now >= *at + self.rules.window)
        {
            self.probed.pop_front();
        }
        if self.probed.len() >= self.rules.probes {
            self.counters.limited += 1;
            return None;
        }
        self.probed.push_back(now);
        self.number += 1;
        self.counters.probes += 1;
        self.state = State::Probing {
            number: self.number,
            again: false,
        };
        Some(Action::Probe {
            epoch,
            number: self.number,
        })
    }

    /// Elects when a majority suspects, this replica's log is the best among theirs, and the limits allow it.
    fn decide(&mut self, now: Duration, own: LogPoint) -> Option<Action> {
        let epoch = self.epoch?;
        let me = self.rules.me;
        let window = self.rules.window;
        self.suspicions
            .retain(|_, (heard, _)| now < *heard + window);
        let suspecting = 1 + self.suspicions.len();
        if !self.rules.voters.contains(&me) || suspecting * 2 <= self.rules.voters.len() {
            return None;
        }
        if self
            .suspicions
            .iter()
            .any(|(id, (_, last))| (*last, Reverse(*id)) > (own, Reverse(me)))
        {
            return None;
        }
        let acted = self.elected.is_some_and(|done| done >= epoch);
        if acted || self.elected_at.is_some_and(|at| now < at + window) {
            self.counters.limited += 1;
            return None;
        }
        self.elected = Some(epoch);
        self.elected_at = Some(now);
        self.counters.elections += 1;
        Some(Action::Elect { epoch, last: own })
    }
}
