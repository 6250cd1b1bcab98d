//! One way of a connection: what its sender gave, on its way over the links of its route, in order. It holds lengths and
//! times; the bytes themselves stay with whoever holds the sockets.

use crate::direction::{Direction, RETRANSMISSION_NS};
use crate::links::Links;
use crate::random::Random;
use crate::route::{Way, opposite};
use rialto_socks::Reply;
use std::collections::VecDeque;

/// What one way of a connection holds at most; at it, its sender is read no more.
pub const FLOW_BYTES: usize = 4 << 20;
/// The pieces it holds at most, within one read.
pub const FLOW_PIECES: usize = 16_384;
/// What one way of a link holds at most, of all connections together; beyond it each may hold [`WINDOW`] alone.
pub const LINK_BYTES: u64 = 64 << 20;
/// How far ahead a line may be occupied: beyond it nobody is read, so that connections take turns.
pub const LINE_NS: u64 = 20_000_000;
/// What passes of a connection while nothing comes back that would acknowledge it.
pub const WINDOW: usize = 64 << 10;
/// What is due so soon is due now: waiting would take longer.
const SLACK_NS: u64 = 5_000;

/// What crosses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Item {
    /// So many bytes.
    Bytes(usize),
    /// A connection is asked for. Passes only while the way back is uncut, since it would not come to be otherwise.
    Connect,
    /// What became of it. Passes only while the way back is uncut.
    Answer(Reply),
    /// The sender has ended its side.
    End,
    /// The connection broke at the sender.
    Reset,
}

impl Item {
    const fn len(self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes,
            _ => 0,
        }
    }
}

/// How much a sender may give now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Room {
    /// So many bytes.
    Bytes(usize),
    /// None until this time.
    Until(u64),
    /// None until something has moved on.
    Full,
}

/// What stands on one link of the route.
#[derive(Clone, Debug)]
struct Hop {
    way: Way,
    /// Not sent, or lost in a cut.
    waiting: VecDeque<Item>,
    /// On its way, and when it arrives.
    flying: VecDeque<(Item, u64)>,
    /// The cuts and changes of the link that what flies has seen.
    seen: (u64, u64),
    /// When the last piece arrives: nothing overtakes it.
    last_ns: u64,
}

/// One way of a connection.
#[derive(Clone, Debug)]
pub struct Flow {
    hops: Vec<Hop>,
    arrived: VecDeque<Item>,
    /// Bytes on the links.
    held: usize,
    /// Bytes that arrived and were not taken.
    landed: usize,
    window: Window,
}

/// What passed while the way back is cut.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    back_is_cut: bool,
    passed: usize,
    full: bool,
    opens_ns: u64,
}

impl Flow {
    /// An empty flow over these ways of links.
    pub fn new(path: &[Way], links: &mut Links) -> Self {
        let hops = path.iter().map(|way| {
            let direction = links.way_mut(*way);
            direction.figures.connections += 1;
            Hop {
                way: *way,
                waiting: VecDeque::new(),
                flying: VecDeque::new(),
                seen: (direction.cuts(), direction.changes()),
                last_ns: 0,
            }
        });
        Self {
            hops: hops.collect(),
            arrived: VecDeque::new(),
            held: 0,
            landed: 0,
            window: Window::default(),
        }
    }

    /// Takes the flow off its links.
    pub fn close(&mut self, links: &mut Links) {
        self.discard(links);
        for hop in self.hops.drain(..) {
            links.way_mut(hop.way).figures.connections -= 1;
        }
    }

    /// Forgets what is on its way.
    pub fn discard(&mut self, links: &mut Links) {
        for hop in &mut self.hops {
            let bytes: usize = hop.waiting.iter().map(|item| item.len()).sum();
            let flying: usize = hop.flying.iter().map(|(item, _)| item.len()).sum();
            links.way_mut(hop.way).figures.queued_bytes -= (bytes + flying) as u64;
            hop.waiting.clear();
            hop.flying.clear();
        }
        if let Some(hop) = self.hops.last() {
            links.way_mut(hop.way).figures.queued_bytes -= self.landed as u64;
        }
        self.arrived.clear();
        self.held = 0;
        self.landed = 0;
    }

    /// The bytes it holds, wherever they are.
    pub const fn bytes(&self) -> usize {
        self.held + self.landed
    }

    /// How much its sender may give now.
    pub fn room(&self, now_ns: u64, links: &mut Links) -> Room {
        let own = FLOW_BYTES.saturating_sub(self.bytes());
        let Some(hop) = self.hops.first() else {
            return if own == 0 {
                Room::Full
            } else {
                Room::Bytes(own)
            };
        };
        let way = links.way(hop.way);
        let pieces = hop.waiting.len() + hop.flying.len();
        let crowded = way.figures.queued_bytes >= LINK_BYTES && self.bytes() >= WINDOW;
        if own == 0 || pieces >= FLOW_PIECES {
            return Room::Full;
        }
        if crowded {
            links.note_crowded();
            return Room::Full;
        }
        let ahead = way.free_ns().saturating_sub(now_ns);
        if ahead > LINE_NS && !way.is_cut() {
            return Room::Until(way.free_ns() - LINE_NS);
        }
        let line = way.bytes_in(LINE_NS.saturating_sub(ahead));
        Room::Bytes(own.min(line.max(crate::direction::SEGMENT)))
    }

    /// Takes what its sender gives. [`Flow::advance`] sends it.
    pub fn push(&mut self, item: Item, links: &mut Links) {
        let Some(hop) = self.hops.first_mut() else {
            self.landed += item.len();
            land(&mut self.arrived, item);
            return;
        };
        self.held += item.len();
        links.way_mut(hop.way).figures.queued_bytes += item.len() as u64;
        land(&mut hop.waiting, item);
    }

    /// Moves everything on that is due; when to do that again, unless something else happens before.
    pub fn advance(&mut self, now_ns: u64, links: &mut Links, random: &mut Random) -> Option<u64> {
        let round_trip_ns = self.round_trip_ns(links);
        let timeout_ns = RETRANSMISSION_NS.max(2 * round_trip_ns);
        self.watch_the_way_back(round_trip_ns, links);
        let mut wake = None;
        for at in 0..self.hops.len() {
            let hop = &mut self.hops[at];
            hop.fly(now_ns, links.way_mut(hop.way), timeout_ns, random);
            while let Some(&(item, due_ns)) = self.hops[at].flying.front() {
                if links.way(self.hops[at].way).is_cut() {
                    break;
                }
                if due_ns > now_ns + SLACK_NS {
                    wake = earlier(wake, due_ns);
                    break;
                }
                if at + 1 < self.hops.len() {
                    self.hops[at].flying.pop_front();
                    self.move_on(at, item, links);
                    continue;
                }
                match self.leave(item, now_ns) {
                    Leave::Passes(passes) => {
                        let hop = &mut self.hops[at];
                        match (hop.flying.front_mut(), item.len() - passes) {
                            (Some((Item::Bytes(rest), _)), more) if more > 0 => *rest = more,
                            _ => drop(hop.flying.pop_front()),
                        }
                        let piece = match item {
                            Item::Bytes(_) => Item::Bytes(passes),
                            other => other,
                        };
                        self.held -= passes;
                        self.landed += passes;
                        links.way_mut(hop.way).figures.passed_bytes += passes as u64;
                        land(&mut self.arrived, piece);
                    }
                    Leave::At(opens_ns) => {
                        wake = earlier(wake, opens_ns);
                        break;
                    }
                    Leave::Not => break,
                }
            }
        }
        wake
    }

    /// What arrived first and was not taken yet.
    pub fn arrived(&self) -> Option<Item> {
        self.arrived.front().copied()
    }

    /// The bytes that arrived before anything else.
    pub fn arrived_bytes(&self) -> usize {
        self.arrived().map_or(0, Item::len)
    }

    /// Takes so many of the bytes that arrived, or the one item that is none.
    pub fn take(&mut self, bytes: usize, links: &mut Links) {
        match self.arrived.front_mut() {
            Some(Item::Bytes(rest)) if *rest > bytes => *rest -= bytes,
            _ => drop(self.arrived.pop_front()),
        }
        self.landed -= bytes;
        if let Some(hop) = self.hops.last() {
            links.way_mut(hop.way).figures.queued_bytes -= bytes as u64;
        }
    }

    fn move_on(&mut self, at: usize, item: Item, links: &mut Links) {
        let bytes = item.len() as u64;
        let figures = &mut links.way_mut(self.hops[at].way).figures;
        figures.queued_bytes -= bytes;
        figures.passed_bytes += bytes;
        let next = &mut self.hops[at + 1];
        links.way_mut(next.way).figures.queued_bytes += bytes;
        land(&mut next.waiting, item);
    }

    fn round_trip_ns(&self, links: &Links) -> u64 {
        let hops = self.hops.iter();
        hops.map(|hop| links.way(hop.way).latency_ns() + links.way(opposite(hop.way)).latency_ns())
            .sum()
    }

    /// A window that is full opens a round trip after the way back healed: until then the sender has heard nothing, and
    /// what it then sends takes its time.
    fn watch_the_way_back(&mut self, round_trip_ns: u64, links: &Links) {
        let back = || self.hops.iter().map(|hop| links.way(opposite(hop.way)));
        if back().any(Direction::is_cut) {
            if !self.window.back_is_cut {
                self.window = Window {
                    back_is_cut: true,
                    ..Window::default()
                };
            }
        } else if self.window.back_is_cut {
            let healed_ns = back().map(Direction::healed_ns).max().unwrap_or(0);
            let waits = self.window.full;
            self.window = Window {
                opens_ns: if waits { healed_ns + round_trip_ns } else { 0 },
                ..Window::default()
            };
        }
    }

    /// How much of an item that is due leaves its last link.
    fn leave(&mut self, item: Item, now_ns: u64) -> Leave {
        let window = &mut self.window;
        match item {
            Item::Connect | Item::Answer(_) if window.back_is_cut => Leave::Not,
            Item::Bytes(bytes) if window.back_is_cut => {
                let passes = bytes.min(WINDOW - window.passed);
                window.passed += passes;
                window.full |= passes < bytes;
                if passes == 0 {
                    Leave::Not
                } else {
                    Leave::Passes(passes)
                }
            }
            Item::Bytes(_) if now_ns < window.opens_ns => Leave::At(window.opens_ns),
            item => Leave::Passes(item.len()),
        }
    }
}

enum Leave {
    Passes(usize),
    At(u64),
    Not,
}

impl Hop {
    /// Sends what waits, unless the link is cut. What was lost in a cut goes first; what flies under conditions that have
    /// changed arrives as if it had been sent only now, if that is earlier.
    fn fly(&mut self, now_ns: u64, way: &mut Direction, timeout_ns: u64, random: &mut Random) {
        if way.is_cut() {
            return;
        }
        let now_seen = (way.cuts(), way.changes());
        if self.seen != now_seen {
            if self.seen.0 != now_seen.0 {
                while let Some((item, _)) = self.flying.pop_back() {
                    match (item, self.waiting.front_mut()) {
                        (Item::Bytes(bytes), Some(Item::Bytes(front))) => *front += bytes,
                        _ => self.waiting.push_front(item),
                    }
                }
                self.last_ns = 0;
            } else {
                self.last_ns = 0;
                for (item, due_ns) in &mut self.flying {
                    *due_ns = (*due_ns).min(way.occupy(now_ns, item.len()));
                    self.last_ns = *due_ns;
                }
            }
            self.seen = now_seen;
        }
        while let Some(item) = self.waiting.pop_front() {
            let (flying, last_ns) = (&mut self.flying, &mut self.last_ns);
            way.send(now_ns, item.len(), timeout_ns, random, |bytes, due_ns| {
                *last_ns = due_ns.max(*last_ns);
                let piece = match item {
                    Item::Bytes(_) => Item::Bytes(bytes),
                    other => other,
                };
                flying.push_back((piece, *last_ns));
            });
        }
    }
}

/// Puts an item last, bytes to the bytes before it.
fn land(queue: &mut VecDeque<Item>, item: Item) {
    match (queue.back_mut(), item) {
        (Some(Item::Bytes(last)), Item::Bytes(more)) => *last += more,
        _ => queue.push_back(item),
    }
}

fn earlier(one: Option<u64>, other: u64) -> Option<u64> {
    Some(one.map_or(other, |one| one.min(other)))
}

#[cfg(test)]
mod tests;
