//! Snapshots for whoever logs in for one. A snapshot is made on the market's thread, and trading waits for it; so one that
//! took long serves others too for a while. It says at which number the feed goes on behind it, so it stays right.

use rialto_market::Market;
use rialto_session::Snapshot;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Trading waits for snapshots for at most one part in so many of the time.
const SHARE: u32 = 20;
/// What is made faster than this is made anew whenever something happened.
const FAST: Duration = Duration::from_millis(1);
/// Bytes of an Add Order with its packet's header.
const ORDER: usize = 39;

struct Made {
    /// The market's position and its trading day's session name.
    of: (u64, [u8; 10]),
    packets: Rc<Vec<u8>>,
    done: Instant,
    took: Duration,
}

impl Made {
    fn serves(&self, of: (u64, [u8; 10])) -> bool {
        self.of == of || (self.of.1 == of.1 && self.is_young())
    }

    fn is_young(&self) -> bool {
        self.took >= FAST && self.done.elapsed() < self.took * SHARE
    }
}

/// The snapshot made last.
#[derive(Default)]
pub struct Snapshots(Option<Made>);

impl Snapshots {
    /// The packets of a snapshot of `market` at `position`, in the trading day of session name `day`, behind which the feed
    /// goes on at `feed_next`; or of one made a moment ago.
    pub fn get(
        &mut self,
        market: &Market,
        position: u64,
        day: [u8; 10],
        feed_next: u64,
    ) -> Rc<Vec<u8>> {
        let of = (position, day);
        if let Some(made) = &self.0
            && made.serves(of)
        {
            return Rc::clone(&made.packets);
        }
        let started = Instant::now();
        let packets = Rc::new(packets(market, feed_next));
        let took = started.elapsed();
        tracing::debug!(
            event = "snapshot_made",
            position,
            bytes = packets.len(),
            took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        );
        self.0 = Some(Made {
            of,
            packets: Rc::clone(&packets),
            done: Instant::now(),
            took,
        });
        packets
    }

    /// Gives back the memory of a snapshot that serves nobody new.
    pub fn forget_old(&mut self) {
        if self.0.as_ref().is_some_and(|made| !made.is_young()) {
            self.0 = None;
        }
    }
}

fn packets(market: &Market, feed_next: u64) -> Vec<u8> {
    let mut snapshot = Snapshot::new(market, feed_next);
    let mut packets = Vec::with_capacity(market.open_orders() * ORDER + 4096);
    let mut message = Vec::new();
    while snapshot.next_message(&mut message) {
        // No message of a snapshot is longer than a packet holds.
        let length = u16::try_from(message.len() + 1).unwrap_or(u16::MAX);
        packets.extend_from_slice(&length.to_be_bytes());
        packets.push(b'S');
        packets.extend_from_slice(&message);
    }
    packets
}
