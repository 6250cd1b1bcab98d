//! Checks what clients were told against the journals and streams of all replicas of a market: nothing acknowledged is
//! lost, repeated or altered, no stream has a gap, and all replicas are in the same state. `README.md` says what is
//! compared with what.

mod checkpoint;
mod clients;
mod compare;
mod findings;
mod journal;
pub mod ledger;
mod orders;
mod packets;
mod streams;
mod truth;

use clients::{Counts, Replicas};
use findings::Findings;
use journal::Log;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use truth::{Key, Places, Truth};

/// A replica to look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replica {
    /// Its node's name.
    pub name: String,
    /// Its node's data directory.
    pub data_dir: PathBuf,
    /// The market's number in the node's journal.
    pub market_id: u32,
    /// The last position to look at; `None` for as far as its journal reaches.
    pub until: Option<u64>,
}

/// A state hash that a node told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToldHash {
    /// Who told it.
    pub name: String,
    /// The position it is of.
    pub position: u64,
    /// BLAKE3 in hex.
    pub hash: String,
}

/// What to verify.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Request {
    /// The market's name.
    pub market: String,
    /// Clients' ledgers.
    pub ledgers: Vec<PathBuf>,
    /// Its replicas.
    pub replicas: Vec<Replica>,
    /// State hashes that nodes told.
    pub told: Vec<ToldHash>,
}

/// Why nothing could be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A replica's files are of no use.
    #[error(
        "replica {name}: {why}; give its data directory, its market's number and a position it has reached"
    )]
    Replica {
        /// Which.
        name: String,
        /// Why.
        why: String,
    },
    /// A ledger is of no use.
    #[error("ledger {path}: {why}")]
    Ledger {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
    /// There is nothing to verify, or nowhere to work.
    #[error("{0}")]
    Nothing(String),
}

impl VerifyError {
    fn replica(name: &str, why: impl Into<String>) -> Self {
        Self::Replica {
            name: name.to_owned(),
            why: why.into(),
        }
    }

    fn stream(name: &str, (day, stream): &Key, error: &std::io::Error) -> Self {
        Self::replica(name, format!("{}: {error}", findings::name(day, *stream)))
    }
}

/// What was found of a replica.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReplicaReport {
    /// Its node's name.
    pub name: String,
    /// The last position looked at.
    pub position: u64,
    /// The state's hash there.
    pub state_hash: String,
    /// The state's hash at the position that all replicas have reached; `None` if it begins behind that.
    pub common_state_hash: Option<String>,
    /// The first position replayed.
    pub replayed_from: u64,
    /// Commands replayed.
    pub commands: u64,
}

/// The verdict.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// Orders and replacements that clients sent, each once.
    pub orders_sent: u64,
    /// Of them, those acknowledged.
    pub acknowledged: u64,
    /// Of them, those whose acknowledgement the replay of every replica's journal gave again, byte for byte.
    pub acknowledged_in_journals: u64,
    /// Refused ones.
    pub rejected: u64,
    /// Those without an answer when the ledger ended.
    pub unanswered: u64,
    /// Reports that clients received.
    pub reports: u64,
    /// Acknowledged orders that a replica lacks.
    pub lost: u64,
    /// Orders accepted twice or executed beyond their quantity, and reports that stand in a stream or came twice.
    pub repeated: u64,
    /// Reports that are not the same everywhere, or not what was asked.
    pub altered: u64,
    /// Numbers that a client or a stream file lacks.
    pub stream_gaps: u64,
    /// The longest time between two answers in one ledger, in milliseconds.
    pub longest_gap_ms: f64,
    /// When it ended, nanoseconds since the epoch.
    pub longest_gap_end_ns: u64,
    /// The position that all replicas have reached.
    pub common_position: u64,
    /// The replicas.
    pub replicas: Vec<ReplicaReport>,
    /// Whether all states compared are equal: those replayed at the common position, and those told.
    pub state_hashes_equal: bool,
    /// State hashes that nodes told and that were compared.
    pub told_hashes_compared: u64,
    /// Reports and state hashes that nothing could be said about.
    pub unchecked: u64,
    /// The first findings in words.
    pub findings: Vec<String>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
    /// Whether nothing was found.
    pub ok: bool,
}

/// Verifies.
///
/// # Errors
/// Something can't be read. What is read and wrong is in the report instead.
pub fn verify(request: &Request) -> Result<Report, VerifyError> {
    if request.replicas.is_empty() {
        return Err(VerifyError::Nothing(
            "no replica is given; give at least one with --replica".to_owned(),
        ));
    }
    let scratch = tempfile::tempdir().map_err(|error| {
        VerifyError::Nothing(format!(
            "no folder for scratch files: {error}; set TMPDIR to a place with room"
        ))
    })?;
    let mut notes = Vec::new();
    let truths = replay_all(request, scratch.path(), &mut notes)?;
    let mut findings = Findings::default();
    streams::check(&truths, &mut findings)?;
    let mut counts = Counts::default();
    let mut replicas = Replicas::new(&truths);
    for path in &request.ledgers {
        let wrong = |why: String| VerifyError::Ledger {
            path: path.display().to_string(),
            why,
        };
        let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
        let input = BufReader::with_capacity(1 << 20, file);
        let ended = clients::check(input, &mut replicas, &mut counts, &mut findings)
            .map_err(|error| wrong(error.to_string()))?;
        if !ended {
            notes.push(format!(
                "ledger {} does not end in order: its client was killed or still runs",
                path.display()
            ));
        }
    }
    if counts.unchecked > 0 {
        findings.other(format!(
            "{} reports are of a trading day or a session that no replica knows",
            counts.unchecked
        ));
    }
    let states = compare_states(request, &truths, &mut findings, &mut notes);
    let [lost, repeated, altered, stream_gaps] = findings.counts();
    let unchecked = counts.unchecked;
    Ok(Report {
        orders_sent: counts.orders_sent,
        acknowledged: counts.acknowledged,
        acknowledged_in_journals: counts.in_journals,
        rejected: counts.rejected,
        unanswered: counts.unanswered,
        reports: counts.reports,
        lost,
        repeated,
        altered,
        stream_gaps,
        longest_gap_ms: counts.longest_gap.0 as f64 / 1e6,
        longest_gap_end_ns: counts.longest_gap.1,
        common_position: states.common,
        replicas: truths
            .iter()
            .map(|truth| ReplicaReport {
                name: truth.name.clone(),
                position: truth.position,
                state_hash: truth.state_hash.clone(),
                common_state_hash: truth.hashes.get(&states.common).cloned(),
                replayed_from: truth.start + 1,
                commands: truth.commands,
            })
            .collect(),
        state_hashes_equal: states.equal,
        told_hashes_compared: states.compared,
        unchecked,
        findings: findings.into_words(),
        notes,
        ok: states.equal && [lost, repeated, altered, stream_gaps, unchecked] == [0; 5],
    })
}

/// Replays every replica as far as its log is committed.
fn replay_all(
    request: &Request,
    scratch: &std::path::Path,
    notes: &mut Vec<String>,
) -> Result<Vec<Truth>, VerifyError> {
    let mut logs = Vec::new();
    let mut runs = Vec::new();
    for replica in &request.replicas {
        let wrong =
            |error: journal::LogError| VerifyError::replica(&replica.name, error.to_string());
        let places = Places::new(&replica.data_dir, &request.market);
        let mut log = Log::open(&places.journal, replica.market_id).map_err(wrong)?;
        runs.push(log.runs(replica.until.unwrap_or(u64::MAX)).map_err(wrong)?);
        logs.push((places, log));
    }
    let ends = journal::committed(&runs);
    for ((replica, runs), end) in request.replicas.iter().zip(&runs).zip(&ends) {
        let last = runs.last().map_or(0, |run| run.last);
        if last > *end {
            notes.push(format!(
                "replica {}: positions {} to {last} are held by no majority and are left out",
                replica.name,
                end + 1
            ));
        }
        if let Some(until) = replica.until
            && last < until
        {
            notes.push(format!(
                "replica {}: its journal ends at position {last}, before {until}",
                replica.name
            ));
        }
    }
    let common = ends.iter().copied().min().unwrap_or(0);
    let mut wanted: BTreeSet<u64> = request.told.iter().map(|told| told.position).collect();
    wanted.insert(common);
    let mut truths = Vec::new();
    for (nth, ((replica, (places, mut log)), end)) in
        request.replicas.iter().zip(logs).zip(ends).enumerate()
    {
        let scratch = scratch.join(nth.to_string());
        std::fs::create_dir(&scratch)
            .map_err(|error| VerifyError::replica(&replica.name, error.to_string()))?;
        truths.push(truth::replay(
            &replica.name,
            &request.market,
            &places,
            &mut log,
            end,
            &wanted,
            &scratch,
        )?);
    }
    Ok(truths)
}

struct States {
    common: u64,
    equal: bool,
    compared: u64,
}

fn compare_states(
    request: &Request,
    truths: &[Truth],
    findings: &mut Findings,
    notes: &mut Vec<String>,
) -> States {
    let common = truths.iter().map(|truth| truth.position).min().unwrap_or(0);
    let (mut equal, mut compared) = (true, 0);
    // By position: a hash and who has it.
    let mut known: BTreeMap<u64, (&str, String)> = BTreeMap::new();
    for truth in truths {
        if !truth.hashes.contains_key(&common) {
            notes.push(format!(
                "replica {}: its checkpoint is beyond position {common}, so its state there is not compared",
                truth.name
            ));
        }
        for (position, hash) in &truth.hashes {
            match known.get(position) {
                None => {
                    known.insert(*position, (&truth.name, hash.clone()));
                }
                Some((_, other)) if other == hash => {}
                Some((name, other)) => {
                    equal = false;
                    findings.other(format!(
                        "at position {position} the state of replica {name} has the hash {other}, that of replica {} {hash}",
                        truth.name
                    ));
                }
            }
        }
    }
    for told in &request.told {
        match known.get(&told.position) {
            None => notes.push(format!(
                "the state hash that {} told of position {} is compared with nothing: no replay passes it",
                told.name, told.position
            )),
            Some((name, hash)) => {
                compared += 1;
                if !hash.eq_ignore_ascii_case(&told.hash) {
                    equal = false;
                    findings.other(format!(
                        "{} told the state hash {} of position {}, the journal of replica {name} gives {hash}",
                        told.name, told.hash, told.position
                    ));
                }
            }
        }
    }
    States {
        common,
        equal,
        compared,
    }
}
