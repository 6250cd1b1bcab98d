//! Flows over links in memory, with a clock that tests move.

use super::*;
use crate::config::Config;
use crate::direction::{Conditions, Now};
use crate::links::{Change, LinkId};
use proptest::prelude::*;
use serde_json::json;
use std::path::Path;

const MS: u64 = 1_000_000;

fn conditions(latency_us: u64) -> Conditions {
    Conditions {
        latency_us,
        jitter_us: 0,
        bandwidth_bps: 0,
        loss_ppm: 0,
    }
}

/// Regions a, b, c in a row, with a link from each to the next.
fn row(first: Conditions, second: Conditions) -> Links {
    let region = |name| json!({"name": name, "listen": "127.0.0.1:0", "addresses": []});
    let link = |a, b, conditions: Conditions| {
        let mut link = serde_json::to_value(conditions).unwrap();
        link["between"] = json!([a, b]);
        link
    };
    let config = json!({
        "venue": "v", "admin_listen": "127.0.0.1:0", "ready_file": "r",
        "regions": [region("a"), region("b"), region("c")],
        "links": [link("a", "b", first), link("b", "c", second)],
    });
    Links::new(&Config::from_value(&config, Path::new(".")).unwrap())
}

/// A flow, its links, and a clock.
struct World {
    links: Links,
    flow: Flow,
    random: Random,
    now_ns: u64,
    wake: Option<u64>,
    got: Vec<(Item, u64)>,
}

impl World {
    fn new(mut links: Links, from: usize, to: usize) -> Self {
        let path = links.path(from, to).unwrap().to_vec();
        Self {
            flow: Flow::new(&path, &mut links),
            links,
            random: Random::new(7),
            now_ns: 1_000 * MS,
            wake: None,
            got: Vec::new(),
        }
    }

    fn now(&self) -> Now {
        Now {
            mono_ns: self.now_ns,
            wall_ns: self.now_ns,
        }
    }

    fn link(&self, one: &str, other: &str) -> LinkId {
        self.links.find(one, other).unwrap()
    }

    fn cut(&mut self, one: &str, other: &str) {
        let (link, now) = (self.link(one, other), self.now());
        self.links.cut(link, true, now, None);
        self.look();
    }

    fn heal(&mut self, one: &str, other: &str) {
        let (link, now) = (self.link(one, other), self.now());
        self.links.heal(link, now);
        self.look();
    }

    fn give(&mut self, item: Item) {
        self.flow.push(item, &mut self.links);
        self.look();
    }

    /// Takes whatever has arrived.
    fn look(&mut self) {
        self.wake = self
            .flow
            .advance(self.now_ns, &mut self.links, &mut self.random);
        while let Some(item) = self.flow.arrived() {
            self.got.push((item, self.now_ns));
            self.flow.take(item.len(), &mut self.links);
        }
    }

    /// Lets time pass, waking the flow when it asked for it.
    fn pass(&mut self, ns: u64) {
        let until = self.now_ns + ns;
        while let Some(wake) = self.wake.filter(|wake| *wake <= until) {
            assert!(wake > self.now_ns, "a wake that is past");
            self.now_ns = wake;
            self.look();
        }
        self.now_ns = until;
        self.look();
    }

    fn got_bytes(&self) -> usize {
        self.got.iter().map(|(item, _)| item.len()).sum()
    }

    /// When the n-th item came, counted from the beginning of the test.
    fn came(&self, n: usize) -> u64 {
        self.got[n].1 - 1_000 * MS
    }
}

fn near() -> Links {
    row(conditions(0), conditions(0))
}

#[test]
fn nothing_delays_where_nothing_is_declared() {
    let mut world = World::new(near(), 0, 2);
    world.give(Item::Bytes(64));
    world.give(Item::End);
    assert_eq!(
        world.got,
        [(Item::Bytes(64), 1_000 * MS), (Item::End, 1_000 * MS)]
    );
    let mut inside = World::new(near(), 1, 1);
    inside.give(Item::Reset);
    assert_eq!(inside.got, [(Item::Reset, 1_000 * MS)]);
}

#[test]
fn each_link_of_a_route_adds_its_latency() {
    let mut world = World::new(row(conditions(3_000), conditions(4_000)), 0, 2);
    world.give(Item::Connect);
    world.pass(MS);
    world.give(Item::Bytes(10));
    world.pass(20 * MS);
    assert_eq!((world.came(0), world.came(1)), (7 * MS, 8 * MS));
    assert_eq!(world.wake, None);
}

#[test]
fn a_line_takes_its_time_and_is_shared() {
    let slow = Conditions {
        bandwidth_bps: 8_000_000,
        ..conditions(0)
    };
    let mut world = World::new(row(slow, conditions(0)), 0, 1);
    let mut other = Flow::new(&[0], &mut world.links);
    other.push(Item::Bytes(10_000), &mut world.links);
    other.advance(world.now_ns, &mut world.links, &mut world.random);
    world.give(Item::Bytes(10_000));
    world.pass(100 * MS);
    // A million bytes a second: the other one's 10 ms first, then its own 10, piece by piece.
    assert_eq!(world.came(0), 10 * MS + 1_460_000);
    assert_eq!(world.came(world.got.len() - 1), 20 * MS);
    assert_eq!(world.got_bytes(), 10_000);
}

#[test]
fn nobody_is_read_while_the_line_is_occupied_far_ahead() {
    let slow = Conditions {
        bandwidth_bps: 8_000_000,
        ..conditions(0)
    };
    let mut world = World::new(row(slow, conditions(0)), 0, 1);
    let mut given = 0;
    while let Room::Bytes(most) = world.flow.room(world.now_ns, &mut world.links) {
        given += most;
        world.give(Item::Bytes(most));
    }
    assert!((20_000..20_000 + 2 * 1_460).contains(&given), "{given}");
    let Room::Until(due_ns) = world.flow.room(world.now_ns, &mut world.links) else {
        panic!("it waits for the line");
    };
    world.pass(due_ns - world.now_ns);
    let room = world.flow.room(world.now_ns, &mut world.links);
    assert!(matches!(room, Room::Bytes(1..)), "{room:?}");
}

#[test]
fn a_cut_holds_what_crosses_and_healing_sends_it_anew() {
    let mut world = World::new(row(conditions(5_000), conditions(0)), 0, 1);
    world.give(Item::Bytes(1));
    world.pass(4 * MS);
    world.cut("a", "b");
    world.give(Item::Bytes(2));
    world.give(Item::End);
    world.pass(60_000 * MS);
    assert_eq!(world.got, []);
    assert_eq!(world.wake, None, "nothing is due until it is healed");
    assert_eq!(world.links.views()[0].directions[0].queued_bytes, 3);
    world.heal("a", "b");
    world.pass(5 * MS - SLACK_NS - 1);
    assert_eq!(world.got, [], "it takes its latency");
    world.pass(SLACK_NS + 1);
    assert_eq!(world.got_bytes(), 3);
    assert_eq!(world.got.last().unwrap().0, Item::End);
    assert_eq!(world.links.views()[0].directions[0].queued_bytes, 0);
    assert_eq!(world.links.views()[0].directions[0].passed_bytes, 3);
}

#[test]
fn a_window_passes_while_the_way_back_is_cut() {
    let mut world = World::new(row(conditions(5_000), conditions(0)), 0, 1);
    world.cut("b", "a");
    for _ in 0..10 {
        world.give(Item::Bytes(10_000));
    }
    world.give(Item::End);
    world.pass(60_000 * MS);
    assert_eq!(world.got_bytes(), WINDOW);
    assert_eq!(world.flow.bytes(), 100_000 - WINDOW);
    world.heal("b", "a");
    world.pass(10 * MS - 1);
    assert_eq!(
        world.got_bytes(),
        WINDOW,
        "the acknowledgement has to come, and the rest to go"
    );
    world.pass(1);
    assert_eq!(world.got_bytes(), 100_000);
    assert_eq!(world.got.last().unwrap().0, Item::End);
    // A second cut begins a new window.
    world.cut("b", "a");
    world.give(Item::Bytes(WINDOW));
    world.pass(10 * MS);
    assert_eq!(world.got_bytes(), 100_000 + WINDOW);
}

#[test]
fn a_connection_comes_to_be_only_both_ways() {
    for item in [Item::Connect, Item::Answer(Reply::Connected)] {
        let mut world = World::new(row(conditions(5_000), conditions(0)), 0, 1);
        world.cut("b", "a");
        world.give(item);
        world.pass(60_000 * MS);
        assert_eq!(world.got, []);
        world.heal("b", "a");
        assert_eq!(world.got[0].0, item);
    }
}

#[test]
fn lost_segments_come_late_and_hold_up_what_is_behind() {
    let lossy = Conditions {
        loss_ppm: 1_000_000,
        ..conditions(1_000)
    };
    let mut world = World::new(row(lossy, conditions(0)), 0, 1);
    world.give(Item::Bytes(3 * 1_460));
    assert_eq!(world.links.views()[0].directions[0].lost_segments, 3);
    // What is behind is not lost.
    world.links.way_mut(0).conditions.loss_ppm = 0;
    world.give(Item::Bytes(1));
    world.pass(201 * MS - SLACK_NS - 1);
    assert_eq!(world.got, []);
    world.pass(SLACK_NS + 1);
    assert_eq!(world.got_bytes(), 3 * 1_460 + 1);
    // Two round trips where that is longer.
    let mut far = World::new(
        row(
            Conditions {
                latency_us: 80_000,
                ..lossy
            },
            conditions(0),
        ),
        0,
        1,
    );
    far.give(Item::Bytes(1));
    far.pass(1_000 * MS);
    assert_eq!(far.came(0), 80 * MS + 2 * 160 * MS);
}

#[test]
fn better_conditions_help_what_is_on_its_way() {
    let mut world = World::new(row(conditions(500_000), conditions(0)), 0, 1);
    world.give(Item::Bytes(1));
    world.pass(10 * MS);
    let (link, now) = (world.link("b", "a"), world.now());
    let faster = Change {
        latency_us: Some(2_000),
        ..Change::default()
    };
    world.links.change(link, false, now, faster, None);
    world.look();
    world.give(Item::Bytes(2));
    world.pass(2 * MS);
    assert_eq!((world.got_bytes(), world.came(0)), (3, 12 * MS));
    // Worse ones don't make it later than it was sent for.
    world.give(Item::Bytes(3));
    world.pass(MS);
    let (link, now) = (world.link("a", "b"), world.now());
    world.links.heal(link, now);
    world.look();
    world.pass(MS);
    assert_eq!(world.got_bytes(), 6);
}

#[test]
fn faults_end_by_themselves_each_at_its_own_time() {
    let mut world = World::new(near(), 0, 1);
    let (link, now) = (world.link("a", "b"), world.now());
    let slower = Change {
        latency_us: Some(9),
        ..Change::default()
    };
    world.links.change(link, true, now, slower, Some(30));
    world.links.cut(link, false, now, Some(20));
    assert_eq!(world.links.next_expiry(), Some(now.after_ns(20)));
    assert_eq!(world.links.expire(now.after_ns(19)), []);
    let [there, back] = world.links.expire(now.after_ns(20))[0].directions.clone();
    assert!(!there.cut && !back.cut && !there.as_declared && back.as_declared);
    assert_eq!(there.heals_at_ns, Some(now.after_ns(30).wall_ns));
    assert_eq!(world.links.expire(now.after_ns(30)).len(), 1);
    assert!(world.links.views()[0].directions[0].as_declared);
    assert_eq!(world.links.next_expiry(), None);
    // A cut that is renewed keeps its beginning, and one without an end stays.
    world.links.cut(link, true, now, Some(20));
    world.links.cut(link, true, now.after_ns(10), None);
    assert_eq!(world.links.expire(now.after_ns(1_000)), []);
    let there = &world.links.views()[0].directions[0];
    assert_eq!(there.cut_since_ns, Some(now.wall_ns));
    assert_eq!(there.heals_at_ns, None);
}

#[test]
fn a_full_link_leaves_everybody_a_little() {
    let mut world = World::new(near(), 0, 1);
    world.cut("a", "b");
    let mut others = Vec::new();
    for _ in 0..LINK_BYTES as usize / FLOW_BYTES {
        let mut other = Flow::new(&[0], &mut world.links);
        other.push(Item::Bytes(FLOW_BYTES), &mut world.links);
        assert_eq!(
            other.room(world.now_ns, &mut world.links),
            Room::Full,
            "its own bound"
        );
        others.push(other);
    }
    assert!(!world.links.relieved(), "nobody missed the others' room");
    world.give(Item::Bytes(WINDOW - 1));
    let room = world.flow.room(world.now_ns, &mut world.links);
    assert!(matches!(room, Room::Bytes(_)), "{room:?}");
    world.give(Item::Bytes(1));
    assert_eq!(world.flow.room(world.now_ns, &mut world.links), Room::Full);
    assert!(!world.links.relieved());
    others.remove(0).close(&mut world.links);
    assert!(world.links.relieved());
    assert!(!world.links.relieved(), "told once");
}

#[derive(Clone, Debug)]
enum Deed {
    Give(usize),
    Pass(u64),
    Cut(bool, bool),
    Heal(bool),
    Change(bool, Change),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let change = (
        0_u64..50_000,
        0_u64..20_000,
        0_u32..200_000,
        prop_oneof![Just(0_u64), 1_000_000_u64..1_000_000_000],
    );
    let change = change.prop_map(|(latency_us, jitter_us, loss_ppm, bandwidth_bps)| Change {
        latency_us: Some(latency_us),
        jitter_us: Some(jitter_us),
        bandwidth_bps: Some(bandwidth_bps),
        loss_ppm: Some(loss_ppm),
    });
    let deed = prop_oneof![
        4 => (1_usize..40_000).prop_map(Deed::Give),
        4 => (0_u64..300 * MS).prop_map(Deed::Pass),
        1 => any::<(bool, bool)>().prop_map(|(first, back)| Deed::Cut(first, back)),
        1 => any::<bool>().prop_map(Deed::Heal),
        1 => (any::<bool>(), change).prop_map(|(first, change)| Deed::Change(first, change)),
    ];
    proptest::collection::vec(deed, 1..60)
}

proptest! {
    /// Whatever is done to the links, every byte arrives once and in order after they are healed, the end last, none
    /// over a cut, and the figures add up.
    #[test]
    fn nothing_is_lost_repeated_or_reordered(deeds in deeds(), seed: u64) {
        let mut world = World::new(row(conditions(1_000), conditions(2_000)), 0, 2);
        world.random = Random::new(seed);
        let mut given = 0;
        for deed in deeds {
            let name = |first: bool| if first { ("a", "b") } else { ("b", "c") };
            let was_cut = world.links.way(2).is_cut();
            let before = world.got_bytes();
            match deed {
                Deed::Give(bytes) => {
                    given += bytes;
                    world.give(Item::Bytes(bytes));
                }
                Deed::Pass(ns) => world.pass(ns),
                Deed::Cut(first, back) => {
                    let (one, other) = name(first);
                    if back { world.cut(other, one) } else { world.cut(one, other) }
                }
                Deed::Heal(first) => {
                    let (one, other) = name(first);
                    world.heal(one, other);
                }
                Deed::Change(first, change) => {
                    let (one, other) = name(first);
                    let (link, now) = (world.link(one, other), world.now());
                    world.links.change(link, false, now, change, None);
                    world.look();
                }
            }
            if was_cut && world.links.way(2).is_cut() {
                prop_assert_eq!(world.got_bytes(), before, "over a cut");
            }
            prop_assert_eq!(world.got_bytes() + world.flow.bytes(), given);
        }
        world.give(Item::End);
        world.heal("a", "b");
        world.heal("b", "c");
        world.pass(600_000 * MS);
        prop_assert_eq!(world.got_bytes(), given);
        prop_assert_eq!(world.got.last().map(|(item, _)| *item), Some(Item::End));
        prop_assert_eq!(world.got.iter().filter(|(item, _)| *item == Item::End).count(), 1);
        for link in world.links.views() {
            prop_assert_eq!(link.directions[0].queued_bytes, 0);
            prop_assert_eq!(link.directions[0].passed_bytes, given as u64);
            prop_assert_eq!(link.directions[1].passed_bytes, 0);
        }
        world.flow.close(&mut world.links);
        prop_assert_eq!(world.links.views()[1].directions[0].connections, 0);
    }

    /// Latency and jitter bound each piece's time, and nothing overtakes.
    #[test]
    fn a_piece_takes_its_latency_and_at_most_its_jitter(latency_us in 0_u64..100_000, jitter_us in 0_u64..50_000, seed: u64) {
        let link = Conditions { jitter_us, ..conditions(latency_us) };
        let mut world = World::new(row(link, conditions(0)), 0, 1);
        world.random = Random::new(seed);
        let mut sent = Vec::new();
        for _ in 0..50 {
            sent.push(world.now_ns);
            world.give(Item::Connect);
            world.pass(MS / 2);
        }
        world.pass(1_000 * MS);
        prop_assert_eq!(world.got.len(), sent.len());
        let mut latest = 0;
        for ((_, came), sent) in world.got.iter().zip(&sent) {
            latest = latest.max(*sent + (latency_us + jitter_us) * 1_000);
            prop_assert!(came + SLACK_NS >= sent + latency_us * 1_000);
            prop_assert!(*came <= latest);
        }
    }
}
