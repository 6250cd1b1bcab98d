//! All links of the venue, and what is done to them.

use crate::config::Config;
use crate::direction::{Conditions, Direction, Now};
use crate::flow::LINK_BYTES;
use crate::route::{Edge, RegionId, Routes, Way};
use serde::Serialize;

/// A change of one or more conditions; what is absent stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Change {
    /// The time a byte takes.
    pub latency_us: Option<u64>,
    /// What chance adds to it at most.
    pub jitter_us: Option<u64>,
    /// What all connections share; 0 for no limit.
    pub bandwidth_bps: Option<u64>,
    /// Lost segments in a million.
    pub loss_ppm: Option<u32>,
}

impl Change {
    fn of(self, conditions: Conditions) -> Conditions {
        Conditions {
            latency_us: self.latency_us.unwrap_or(conditions.latency_us),
            jitter_us: self.jitter_us.unwrap_or(conditions.jitter_us),
            bandwidth_bps: self.bandwidth_bps.unwrap_or(conditions.bandwidth_bps),
            loss_ppm: self.loss_ppm.unwrap_or(conditions.loss_ppm),
        }
    }
}

/// A link as two regions name it: the way from the first to the second, and the way back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkId {
    way: Way,
}

/// One way of a link, as the API shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DirectionView {
    /// The region that sends.
    pub from: String,
    /// The region that receives.
    pub to: String,
    /// How it is.
    #[serde(flatten)]
    pub conditions: Conditions,
    /// Whether nothing crosses.
    pub cut: bool,
    /// Since when, nanoseconds since the epoch.
    pub cut_since_ns: Option<u64>,
    /// When its first fault heals by itself, nanoseconds since the epoch.
    pub heals_at_ns: Option<u64>,
    /// Whether its conditions are the declared ones.
    pub as_declared: bool,
    /// As the venue file has it.
    pub declared: Conditions,
    /// Connections whose route it is on.
    pub connections: u64,
    /// Bytes that wait or are on their way.
    pub queued_bytes: u64,
    /// Bytes that came out of it.
    pub passed_bytes: u64,
    /// Segments that arrived late because they were lost.
    pub lost_segments: u64,
}

/// A link, as the API shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LinkView {
    /// The regions it joins, as declared.
    pub between: [String; 2],
    /// From the first to the second, and back.
    pub directions: [DirectionView; 2],
}

/// All links.
#[derive(Clone, Debug)]
pub struct Links {
    names: Vec<String>,
    between: Vec<[RegionId; 2]>,
    routes: Routes,
    ways: Vec<Direction>,
    crowded: bool,
}

impl Links {
    /// The links of a configuration, as declared and uncut.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let edges: Vec<Edge> = config
            .links
            .iter()
            .map(|link| Edge {
                between: link.between,
                latency_us: link.declared.latency_us,
            })
            .collect();
        Self {
            names: config.regions.iter().map(|one| one.name.clone()).collect(),
            between: edges.iter().map(|edge| edge.between).collect(),
            routes: Routes::new(config.regions.len(), &edges),
            ways: config
                .links
                .iter()
                .flat_map(|link| [Direction::new(link.declared), Direction::new(link.declared)])
                .collect(),
            crowded: false,
        }
    }

    /// Somebody found no room on a link that is full of others' bytes.
    pub const fn note_crowded(&mut self) {
        self.crowded = true;
    }

    /// Whether somebody found no room and there may be some now.
    pub fn relieved(&mut self) -> bool {
        let has_room = |way: &Direction| way.figures.queued_bytes < LINK_BYTES;
        self.crowded && self.ways.iter().all(has_room) && std::mem::take(&mut self.crowded)
    }

    /// The way from one region to another, if any leads there.
    #[must_use]
    pub fn path(&self, from: RegionId, to: RegionId) -> Option<&[Way]> {
        self.routes.path(from, to)
    }

    /// One way of a link.
    #[must_use]
    pub fn way(&self, way: Way) -> &Direction {
        &self.ways[way]
    }

    /// One way of a link, to send over.
    pub fn way_mut(&mut self, way: Way) -> &mut Direction {
        &mut self.ways[way]
    }

    /// The link between two regions, which both have names and a link of their own; otherwise what is wrong.
    ///
    /// # Errors
    /// A name is no region's, or there is no such link.
    pub fn find(&self, one: &str, other: &str) -> Result<LinkId, String> {
        let region = |name: &str| {
            self.names
                .iter()
                .position(|known| known == name)
                .ok_or_else(|| {
                    let known = self.names.join(", ");
                    format!("{name:?} is no region of this venue ({known})")
                })
        };
        let (one, other) = (region(one)?, region(other)?);
        for (link, between) in self.between.iter().enumerate() {
            if *between == [one, other] {
                return Ok(LinkId { way: 2 * link });
            }
            if *between == [other, one] {
                return Ok(LinkId { way: 2 * link + 1 });
            }
        }
        let named = |between: &[RegionId; 2]| between.map(|region| &*self.names[region]).join("/");
        let known: Vec<String> = self.between.iter().map(named).collect();
        let known = known.join(", ");
        Err(format!(
            "{} and {} have no link of their own (links: {known})",
            self.names[one], self.names[other]
        ))
    }

    fn each(&mut self, link: LinkId, one_way: bool, mut act: impl FnMut(&mut Direction)) {
        act(&mut self.ways[link.way]);
        if !one_way {
            act(&mut self.ways[crate::route::opposite(link.way)]);
        }
    }

    /// Lets nothing cross, both ways or from the first named region to the second.
    pub fn cut(&mut self, link: LinkId, one_way: bool, now: Now, for_ns: Option<u64>) {
        self.each(link, one_way, |way| way.cut(now, for_ns));
    }

    /// Changes the conditions, both ways or from the first named region to the second.
    pub fn change(
        &mut self,
        link: LinkId,
        one_way: bool,
        now: Now,
        change: Change,
        for_ns: Option<u64>,
    ) {
        self.each(link, one_way, |way| {
            way.change(now, change.of(way.conditions), for_ns);
        });
    }

    /// Both ways uncut and as declared.
    pub fn heal(&mut self, link: LinkId, now: Now) {
        self.each(link, false, |way| way.heal(now));
    }

    /// Ends the faults whose time is over; the links that had one.
    pub fn expire(&mut self, now: Now) -> Vec<LinkView> {
        let mut ended: Vec<usize> = Vec::new();
        for (way, direction) in self.ways.iter_mut().enumerate() {
            if direction.expire(now) && ended.last() != Some(&(way / 2)) {
                ended.push(way / 2);
            }
        }
        ended.into_iter().map(|link| self.nth(link)).collect()
    }

    /// When the next fault ends by itself.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Now> {
        let ends = self.ways.iter().filter_map(Direction::heals_at);
        ends.min_by_key(|end| end.mono_ns)
    }

    /// Every link.
    #[must_use]
    pub fn views(&self) -> Vec<LinkView> {
        (0..self.between.len()).map(|link| self.nth(link)).collect()
    }

    /// A link, as declared, however it was named.
    #[must_use]
    pub fn view(&self, link: LinkId) -> LinkView {
        self.nth(link.way / 2)
    }

    fn nth(&self, link: usize) -> LinkView {
        let [a, b] = self.between[link];
        LinkView {
            between: [self.names[a].clone(), self.names[b].clone()],
            directions: [
                self.direction(2 * link, a, b),
                self.direction(2 * link + 1, b, a),
            ],
        }
    }

    fn direction(&self, way: Way, from: RegionId, to: RegionId) -> DirectionView {
        let direction = &self.ways[way];
        let figures = direction.figures;
        DirectionView {
            from: self.names[from].clone(),
            to: self.names[to].clone(),
            conditions: direction.conditions,
            cut: direction.is_cut(),
            cut_since_ns: direction.cut_since_ns(),
            heals_at_ns: direction.heals_at().map(|end| end.wall_ns),
            as_declared: direction.conditions == direction.declared,
            declared: direction.declared,
            connections: figures.connections,
            queued_bytes: figures.queued_bytes,
            passed_bytes: figures.passed_bytes,
            lost_segments: figures.lost_segments,
        }
    }
}
