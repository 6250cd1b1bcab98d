//! What clients were told beside the streams of all replicas.

use crate::findings::{Findings, name};
use crate::ledger::{Event, LedgerError, Reader, Record};
use crate::orders::Said;
use crate::truth::{Day, Key, StreamReader, Truth};
use rialto_session::StreamId;
use rialto_wire::ouch::inbound;
use rialto_wire::ouch::outbound;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Read};

/// Counts over all ledgers.
#[derive(Default, Debug)]
pub(crate) struct Counts {
    pub(crate) orders_sent: u64,
    pub(crate) acknowledged: u64,
    /// Of them, those whose report the replay of every replica made anew.
    pub(crate) in_journals: u64,
    pub(crate) rejected: u64,
    pub(crate) unanswered: u64,
    pub(crate) reports: u64,
    /// The longest time between two answers in a ledger, in nanoseconds, and when it ended.
    pub(crate) longest_gap: (u64, u64),
    /// Reports that no replica could be asked about.
    pub(crate) unchecked: u64,
}

/// One session of a ledger.
struct Client {
    username: [u8; 6],
    day: Day,
    /// The number of the next report.
    expected: u64,
    last_sent: u32,
    last_acknowledged: u32,
    /// What was asked of orders without an answer.
    open: BTreeMap<u32, Terms>,
}

/// What an Enter asks, as its Accepted repeats it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Terms {
    side: u8,
    quantity: u32,
    symbol: [u8; 8],
    price_e4: u64,
}

/// The replicas' streams, each read on where the last report was.
pub(crate) struct Replicas<'a> {
    truths: &'a [Truth],
    /// Whether each must hold every report: the majority that is furthest on.
    required: Vec<bool>,
    readers: HashMap<(usize, Key), (StreamReader, Vec<u8>)>,
    /// By replica and stream: the number of each order's acknowledgement.
    acknowledged: HashMap<(usize, Key), HashMap<u32, u64>>,
    broken: BTreeSet<(usize, Key)>,
}

/// What a replica has under a number.
enum Found {
    Equal,
    Other,
    /// Its stream does not reach as far.
    Beyond,
    /// It can't be told.
    Unknown,
}

impl<'a> Replicas<'a> {
    pub(crate) fn new(truths: &'a [Truth]) -> Self {
        let mut positions: Vec<u64> = truths.iter().map(|truth| truth.position).collect();
        positions.sort_unstable_by(|a, b| b.cmp(a));
        let bound = positions.get(truths.len() / 2).copied().unwrap_or(0);
        Self {
            truths,
            required: truths.iter().map(|truth| truth.position >= bound).collect(),
            readers: HashMap::new(),
            acknowledged: HashMap::new(),
            broken: BTreeSet::new(),
        }
    }

    fn stream_of(&self, username: &[u8; 6]) -> Option<StreamId> {
        self.truths
            .iter()
            .find_map(|truth| truth.sessions.get(username).copied())
    }

    fn find(&mut self, replica: usize, key: &Key, number: u64, message: &[u8]) -> Found {
        if self.broken.contains(&(replica, *key)) {
            return Found::Unknown;
        }
        match self.try_find(replica, key, number, message) {
            Ok(found) => found,
            Err(_) => {
                // The stream's own check has told it.
                self.broken.insert((replica, *key));
                Found::Unknown
            }
        }
    }

    fn try_find(
        &mut self,
        replica: usize,
        key: &Key,
        number: u64,
        message: &[u8],
    ) -> io::Result<Found> {
        let Some(stream) = self
            .truths
            .get(replica)
            .and_then(|truth| truth.streams.get(key))
        else {
            return Ok(Found::Unknown);
        };
        if number > stream.len() {
            return Ok(Found::Beyond);
        }
        let at = (replica, *key);
        let stale = self
            .readers
            .get(&at)
            .is_none_or(|(reader, _)| reader.next > number);
        if stale {
            if stream.count_before()? != Some(stream.before.messages) {
                return Err(io::Error::other("not whole"));
            }
            self.readers.insert(at, (stream.open()?, Vec::new()));
        }
        let Some((reader, buffer)) = self.readers.get_mut(&at) else {
            return Ok(Found::Unknown);
        };
        while reader.next <= number {
            if !reader.read(buffer)? {
                return Ok(Found::Beyond);
            }
        }
        Ok(if buffer == message {
            Found::Equal
        } else {
            Found::Other
        })
    }

    /// The number of an order's acknowledgement in a replica's stream.
    fn number_of(&mut self, replica: usize, key: &Key, user_ref: u32) -> Option<u64> {
        let stream = self.truths.get(replica)?.streams.get(key)?;
        let known = self.acknowledged.entry((replica, *key)).or_insert_with(|| {
            let mut all = HashMap::new();
            let (reader, mut message) = (stream.open(), Vec::new());
            if let Ok(mut reader) = reader {
                while reader.read(&mut message).unwrap_or(false) {
                    if let Ok(Said::Acknowledged(user_ref)) = Said::of(&message) {
                        all.entry(user_ref).or_insert(reader.next - 1);
                    }
                }
            }
            all
        });
        known.get(&user_ref).copied()
    }
}

/// Checks a ledger. Says whether it ended in order.
pub(crate) fn check(
    input: impl Read,
    replicas: &mut Replicas<'_>,
    counts: &mut Counts,
    findings: &mut Findings,
) -> Result<bool, LedgerError> {
    let mut reader = Reader::new(input)?;
    let mut clients: HashMap<u16, Client> = HashMap::new();
    let (mut last_answer, mut ended) = (None::<u64>, false);
    while let Some(record) = reader.next_record()? {
        ended = record.event == Event::Ended;
        let Record {
            session, time_ns, ..
        } = record;
        let client = clients.entry(session).or_insert_with(|| Client {
            username: *b"      ",
            day: Day::default(),
            expected: 0,
            last_sent: 0,
            last_acknowledged: 0,
            open: BTreeMap::new(),
        });
        match record.event {
            Event::Login { username } => client.username = username,
            Event::Begun { day, asked, next } => {
                client.begun(day, asked, next, replicas, counts, findings);
            }
            Event::Sent(message) => client.sent(message, counts),
            Event::Received { number, message } => {
                counts.reports += 1;
                let said = Said::of(message).unwrap_or(Said::Other);
                if said.answers() {
                    let gap = last_answer.map_or(0, |last| time_ns.saturating_sub(last));
                    counts.longest_gap = counts.longest_gap.max((gap, time_ns));
                    last_answer = Some(time_ns.max(last_answer.unwrap_or(0)));
                }
                client.received(number, message, said, replicas, counts, findings);
            }
            Event::Ended => {}
        }
    }
    counts.unanswered += clients
        .values()
        .map(|client| client.open.len() as u64)
        .sum::<u64>();
    Ok(ended && !reader.cut_off())
}

impl Client {
    fn begun(
        &mut self,
        day: Day,
        asked: u64,
        next: u64,
        replicas: &Replicas<'_>,
        counts: &mut Counts,
        findings: &mut Findings,
    ) {
        if day != self.day {
            self.day = day;
            self.expected = next;
            counts.unanswered += self.open.len() as u64;
            self.open.clear();
            (self.last_sent, self.last_acknowledged) = (0, 0);
        } else if asked == 0 {
            self.expected = next;
        } else if next > self.expected {
            self.gap(next, replicas, findings);
        }
    }

    fn gap(&mut self, next: u64, replicas: &Replicas<'_>, findings: &mut Findings) {
        let id = replicas
            .stream_of(&self.username)
            .unwrap_or(StreamId::Session(rialto_market::types::SessionId(0)));
        for number in self.expected..next.min(self.expected + 10_000) {
            findings.gap((self.day, id, number), || {
                format!(
                    "{}: {}: report {number} never came, {next} came next",
                    text(&self.username),
                    name(&self.day, id)
                )
            });
        }
        self.expected = next;
    }

    fn sent(&mut self, message: &[u8], counts: &mut Counts) {
        let (user_ref, terms) = match inbound::Message::decode(message) {
            Ok(inbound::Message::EnterOrder(m)) => {
                let terms = Terms {
                    side: m.side().code(),
                    quantity: m.quantity(),
                    symbol: m.symbol().bytes(),
                    price_e4: m.price_e4(),
                };
                (m.user_ref_num(), Some(terms))
            }
            Ok(inbound::Message::ReplaceOrder(m)) => (m.user_ref_num(), None),
            _ => return,
        };
        // Numbers ascend, so one that is not above the last is sent again.
        if user_ref <= self.last_sent {
            return;
        }
        self.last_sent = user_ref;
        counts.orders_sent += 1;
        let nothing = Terms {
            side: 0,
            quantity: 0,
            symbol: [0; 8],
            price_e4: 0,
        };
        self.open.insert(user_ref, terms.unwrap_or(nothing));
    }

    fn received(
        &mut self,
        number: u64,
        message: &[u8],
        said: Said,
        replicas: &mut Replicas<'_>,
        counts: &mut Counts,
        findings: &mut Findings,
    ) {
        let Some(id) = replicas.stream_of(&self.username) else {
            counts.unchecked += 1;
            return;
        };
        let who = text(&self.username);
        let (day, report) = (self.day, (self.day, id, number));
        if number > self.expected {
            self.gap(number, replicas, findings);
        } else if number < self.expected {
            findings.repeated_report(report, || format!("{who}: report {number} came again"));
        }
        self.expected = self.expected.max(number + 1);
        let mut again = false;
        match said {
            Said::Acknowledged(user_ref) => {
                again = user_ref <= self.last_acknowledged;
                if again {
                    findings.repeated((day, id, user_ref), || {
                        format!("{who}: order {user_ref} was acknowledged again by report {number}")
                    });
                } else {
                    self.last_acknowledged = user_ref;
                    counts.acknowledged += 1;
                }
                let terms = self.open.remove(&user_ref);
                if let (Some(asked), Ok(outbound::Message::Accepted(m))) =
                    (terms, outbound::Message::decode(message))
                {
                    let given = Terms {
                        side: m.side().code(),
                        quantity: m.quantity(),
                        symbol: m.symbol().bytes(),
                        price_e4: m.price_e4(),
                    };
                    if asked != given {
                        findings.altered(report, || {
                            format!("{who}: order {user_ref} was accepted with other terms than it was sent with")
                        });
                    }
                }
            }
            Said::Rejected(user_ref) => {
                counts.rejected += 1;
                self.open.remove(&user_ref);
            }
            _ => {}
        }
        let key = (day, id);
        let (mut asked, mut replayed) = (false, true);
        for replica in 0..replicas.truths.len() {
            let found = replicas.find(replica, &key, number, message);
            let truth = &replicas.truths[replica];
            let before = truth
                .streams
                .get(&key)
                .map_or(u64::MAX, |stream| stream.before.messages);
            replayed &= number > before && matches!(found, Found::Equal);
            asked |= !matches!(found, Found::Unknown);
            let required = replicas.required.get(replica).copied().unwrap_or(true);
            match found {
                Found::Equal | Found::Unknown => continue,
                Found::Beyond if !required => continue,
                Found::Beyond | Found::Other => {}
            }
            let replica_name = truth.name.clone();
            let stream = name(&day, id);
            match said {
                _ if again => {}
                Said::Acknowledged(user_ref) => {
                    match replicas.number_of(replica, &key, user_ref) {
                        None => findings.lost((day, id, user_ref), || {
                            format!("{who}: order {user_ref}, acknowledged by report {number}, is not in {stream} of replica {replica_name}")
                        }),
                        Some(there) => findings.altered(report, || {
                            format!("{who}: report {number} acknowledged order {user_ref}; replica {replica_name} has another acknowledgement of it as message {there} of {stream}")
                        }),
                    }
                }
                said => {
                    let of_lost = said
                        .user_ref()
                        .is_some_and(|user_ref| findings.is_lost(&(day, id, user_ref)));
                    if !of_lost {
                        findings.altered(report, || {
                            format!("{who}: report {number} is another message, or none, in {stream} of replica {replica_name}")
                        });
                    }
                }
            }
        }
        counts.unchecked += u64::from(!asked);
        if matches!(said, Said::Acknowledged(_)) && !again && asked && replayed {
            counts.in_journals += 1;
        }
    }
}

fn text(username: &[u8; 6]) -> String {
    String::from_utf8_lossy(username).trim_end().to_owned()
}
