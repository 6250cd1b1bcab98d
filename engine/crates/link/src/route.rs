//! Which links lead from one region to another.

use std::collections::BTreeMap;

/// A region, by its place in the configuration.
pub type RegionId = usize;

/// One way of a link: twice the link's place in the configuration, plus one for the way from its second region to its first.
pub type Way = usize;

/// The other way of the same link.
#[must_use]
pub const fn opposite(way: Way) -> Way {
    way ^ 1
}

/// A link as routes see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edge {
    /// The regions it joins.
    pub between: [RegionId; 2],
    /// Its declared latency.
    pub latency_us: u64,
}

/// The ways from each region to each other one that can be reached.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Routes(BTreeMap<(RegionId, RegionId), Vec<Way>>);

impl Routes {
    /// Two regions with a link of their own use it; others the path of least declared latency, of those the one with the
    /// fewest links, of those the first declared. The way back is the same path. A route never changes: a cut link is one
    /// that its regions' traffic waits for.
    #[must_use]
    pub fn new(regions: usize, links: &[Edge]) -> Self {
        let mut routes = BTreeMap::new();
        for from in 0..regions {
            for to in from + 1..regions {
                let own = links
                    .iter()
                    .position(|link| link.between == [from, to] || link.between == [to, from]);
                let path = match own {
                    Some(link) => {
                        Some(vec![2 * link + usize::from(links[link].between[0] != from)])
                    }
                    None => shortest(regions, links, from, to),
                };
                if let Some(path) = path {
                    let back = path.iter().rev().map(|way| opposite(*way)).collect();
                    routes.insert((to, from), back);
                    routes.insert((from, to), path);
                }
            }
        }
        Self(routes)
    }

    /// The way from one region to another: none of links within a region, `None` where nothing leads.
    #[must_use]
    pub fn path(&self, from: RegionId, to: RegionId) -> Option<&[Way]> {
        if from == to {
            return Some(&[]);
        }
        self.0.get(&(from, to)).map(Vec::as_slice)
    }
}

/// The path of least latency, by as many rounds as a path has links at most (Bellman and Ford's).
fn shortest(regions: usize, links: &[Edge], from: RegionId, to: RegionId) -> Option<Vec<Way>> {
    type Best = Option<(u64, Vec<Way>)>;
    let mut best: Vec<Best> = vec![None; regions];
    best[from] = Some((0, Vec::new()));
    for _ in 1..regions {
        let before = best.clone();
        for (link, edge) in links.iter().enumerate() {
            for way in [2 * link, 2 * link + 1] {
                let (a, b) = (edge.between[way % 2], edge.between[1 - way % 2]);
                let Some((latency_us, path)) = &before[a] else {
                    continue;
                };
                let found = (latency_us.saturating_add(edge.latency_us), path.len() + 1);
                let known = best[b].as_ref().map(|(us, path)| (*us, path.len()));
                if known.is_none_or(|known| found < known) {
                    let path = path.iter().copied().chain([way]).collect();
                    best[b] = Some((found.0, path));
                }
            }
        }
    }
    best.swap_remove(to).map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn link(a: RegionId, b: RegionId, latency_us: u64) -> Edge {
        Edge {
            between: [a, b],
            latency_us,
        }
    }

    #[test]
    fn a_link_of_their_own_is_used_even_where_a_way_round_is_faster() {
        let routes = Routes::new(3, &[link(0, 1, 10), link(1, 2, 10), link(2, 0, 50)]);
        assert_eq!(routes.path(0, 2), Some(&[5][..]));
        assert_eq!(routes.path(2, 0), Some(&[4][..]));
        assert_eq!(routes.path(1, 1), Some(&[][..]));
    }

    #[test]
    fn others_take_the_path_of_least_latency_and_the_same_back() {
        let links = [
            link(0, 1, 10),
            link(2, 1, 10),
            link(2, 3, 5),
            link(0, 4, 1),
            link(4, 2, 100),
        ];
        let routes = Routes::new(6, &links);
        assert_eq!(routes.path(0, 3), Some(&[0, 3, 4][..]));
        assert_eq!(routes.path(3, 0), Some(&[5, 2, 1][..]));
        assert_eq!(routes.path(0, 5), None, "nothing leads there");
    }

    proptest! {
        /// Against every path there is.
        #[test]
        fn no_path_is_shorter(latencies in proptest::collection::vec(proptest::option::of(0_u64..50), 10)) {
            let mut links = Vec::new();
            let mut pair = 0;
            for a in 0..5 {
                for b in a + 1..5 {
                    if let Some(latency_us) = latencies[pair] {
                        links.push(link(a, b, latency_us));
                    }
                    pair += 1;
                }
            }
            let routes = Routes::new(5, &links);
            for from in 0..5 {
                for to in 0..5 {
                    if from == to { continue; }
                    let own = links.iter().find(|l| l.between == [from, to] || l.between == [to, from]);
                    let least = own.map(|own| own.latency_us).or_else(|| walk(&links, from, to, &mut vec![from]));
                    let found = routes.path(from, to).map(|path| {
                        path.iter().map(|way| links[way / 2].latency_us).sum::<u64>()
                    });
                    prop_assert_eq!(found, least);
                }
            }
        }
    }

    /// The latency of the fastest path that goes through no region twice.
    fn walk(links: &[Edge], from: RegionId, to: RegionId, seen: &mut Vec<RegionId>) -> Option<u64> {
        if from == to {
            return Some(0);
        }
        let mut least = None;
        for edge in links {
            for [a, b] in [edge.between, [edge.between[1], edge.between[0]]] {
                if a == from && !seen.contains(&b) {
                    seen.push(b);
                    let found = walk(links, b, to, seen).map(|us| us + edge.latency_us);
                    least = least.into_iter().chain(found).min();
                    seen.pop();
                }
            }
        }
        least
    }
}
