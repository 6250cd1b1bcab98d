//! The configuration: one JSON file. Every problem is reported at once, each with the path of its value.

pub use rialto_process::reader::ConfigError;

use crate::direction::Conditions;
use crate::route::RegionId;
use rialto_process::reader::{self, Object, Problem, Problems, kind, parse_address};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The longest latency and jitter, in microseconds.
pub const LATENCY_US: u64 = 10_000_000;
/// The least bandwidth that is a limit, in bits a second; 0 is none.
pub const LEAST_BPS: u64 = 1_000;
/// The largest bandwidth, in bits a second.
pub const MOST_BPS: u64 = 1_000_000_000_000;
/// All segments.
pub const ALL_PPM: u64 = 1_000_000;

/// A region and its edge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// Where its edge listens.
    pub listen: SocketAddr,
}

/// A link between two regions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkConfig {
    /// The regions, by their places in the list.
    pub between: [RegionId; 2],
    /// How it is, each way.
    pub declared: Conditions,
}

/// A valid configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The venue's name.
    pub venue: String,
    /// Where the admin API listens.
    pub admin_listen: SocketAddr,
    /// Written when every edge listens.
    pub ready_file: PathBuf,
    /// Where log lines go; standard error where absent.
    pub log_file: Option<PathBuf>,
    /// Connections of one edge at once.
    pub connections: usize,
    /// The regions.
    pub regions: Vec<Region>,
    /// The region of each address that can be reached.
    pub addresses: BTreeMap<SocketAddr, RegionId>,
    /// The links.
    pub links: Vec<LinkConfig>,
}

impl Config {
    /// Reads the file at `path`. Relative paths in it are relative to the file's folder.
    ///
    /// # Errors
    /// The file can't be read, is no JSON, or holds wrong values (all are reported).
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        reader::load(path, Self::from_value)
    }

    /// Checks a parsed configuration; relative paths are taken from `base`.
    ///
    /// # Errors
    /// Every problem found.
    pub fn from_value(value: &Value, base: &Path) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let p = &mut problems;
        let mut object = Object::new("", value, p);
        let mut addresses = BTreeMap::new();
        let regions = regions(&object.list("regions", true, p), &mut addresses, p);
        if regions.is_empty() && value.get("regions").is_some_and(Value::is_array) {
            p.add("regions", "is empty; a venue has at least one region");
        }
        let connections = object.integer_or("connections", 256, 1, 65_536, p);
        let config = Self {
            venue: object.string("venue", p),
            admin_listen: object.address("admin_listen", p),
            ready_file: base.join(object.string("ready_file", p)),
            log_file: object.optional_string("log_file", p).map(|f| base.join(f)),
            connections: usize::try_from(connections).unwrap_or(usize::MAX),
            links: links(&object.list("links", true, p), &regions, p),
            regions,
            addresses,
        };
        object.finish(p);
        if problems.0.is_empty() {
            Ok(config)
        } else {
            Err(problems.0)
        }
    }
}

fn regions(
    list: &[(String, &Value)],
    addresses: &mut BTreeMap<SocketAddr, RegionId>,
    p: &mut Problems,
) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for (region, (path, value)) in list.iter().enumerate() {
        let mut o = Object::new(path, value, p);
        let name = o.string("name", p);
        if !name.is_empty() && regions.iter().any(|other| other.name == name) {
            p.add(&o.path("name"), format!("{name:?} is another region's"));
        }
        for (path, value) in o.list("addresses", true, p) {
            let Some(text) = value.as_str() else {
                p.add(&path, format!("is {}, not a string", kind(value)));
                continue;
            };
            let Some(address) = parse_address(&path, text, p) else {
                continue;
            };
            if address.port() == 0 {
                p.add(&path, "has port 0; name the port that is listened on");
            }
            if addresses.insert(address, region).is_some() {
                p.add(&path, format!("{address} is listed twice"));
            }
        }
        let listen = o.address("listen", p);
        o.finish(p);
        regions.push(Region { name, listen });
    }
    regions
}

fn links(list: &[(String, &Value)], regions: &[Region], p: &mut Problems) -> Vec<LinkConfig> {
    let mut links: Vec<LinkConfig> = Vec::new();
    for (path, value) in list {
        let mut o = Object::new(path, value, p);
        let between = between(&mut o, regions, p);
        let bandwidth_bps = o.integer("bandwidth_bps", 0, MOST_BPS, p);
        if (1..LEAST_BPS).contains(&bandwidth_bps) {
            let what = format!("is {bandwidth_bps}; give at least {LEAST_BPS}, or 0 for no limit");
            p.add(&o.path("bandwidth_bps"), what);
        }
        let loss_ppm = o.integer("loss_ppm", 0, ALL_PPM, p);
        let declared = Conditions {
            latency_us: o.integer("latency_us", 0, LATENCY_US, p),
            jitter_us: o.integer("jitter_us", 0, LATENCY_US, p),
            bandwidth_bps,
            loss_ppm: u32::try_from(loss_ppm).unwrap_or(u32::MAX),
        };
        let own = o.path("between");
        o.finish(p);
        let Some([a, b]) = between else { continue };
        if links
            .iter()
            .any(|link| link.between == [a, b] || link.between == [b, a])
        {
            p.add(&own, "these regions have a link already");
        }
        links.push(LinkConfig {
            between: [a, b],
            declared,
        });
    }
    links
}

fn between(o: &mut Object<'_>, regions: &[Region], p: &mut Problems) -> Option<[RegionId; 2]> {
    let own = o.path("between");
    let list = o.list("between", true, p);
    let mut found = Vec::new();
    for (path, value) in &list {
        let region = value
            .as_str()
            .and_then(|name| regions.iter().position(|region| region.name == name));
        match region {
            Some(region) => found.push(region),
            None => p.add(path, format!("{value} is no region of this file")),
        }
    }
    match *found {
        [a, b] if a != b && list.len() == 2 => Some([a, b]),
        _ if found.len() == list.len() && !list.is_empty() => {
            p.add(&own, "does not name two different regions");
            None
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(value: &Value) -> Vec<String> {
        let found = Config::from_value(value, Path::new("/base")).unwrap_err();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_example_is_valid() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.json");
        let config = Config::load(&path).unwrap();
        assert_eq!(config.regions.len(), 3);
        assert_eq!(config.links[2].between, [1, 2]);
        assert_eq!(config.addresses.len(), 9);
        assert!(config.ready_file.is_absolute());
    }

    #[test]
    fn every_problem_is_told_with_its_place() {
        let link = json!({"latency_us": 20_000_000, "jitter_us": 0, "bandwidth_bps": 10, "loss_ppm": 1_000_001});
        let mut unknown = link.clone();
        unknown["between"] = json!(["us", "mars"]);
        let mut same = link;
        same["between"] = json!(["us", "us"]);
        let found = problems(&json!({
            "venue": "",
            "admin_listen": "here",
            "ready_file": "ready.json",
            "regions": [
                {"name": "us", "listen": "127.0.0.1:0", "addresses": ["127.0.0.1:1", "127.0.0.1:0", "host:1", 7]},
                {"name": "us", "listen": "127.0.0.1:0", "addresses": ["127.0.0.1:1"]},
            ],
            "links": [unknown, same],
            "extra": 1,
        }));
        for expected in [
            "venue: is empty",
            "admin_listen: \"here\" is not an address",
            "regions[0].addresses[1]: has port 0",
            "regions[0].addresses[2]: \"host:1\" is not an address",
            "regions[0].addresses[3]: is a number",
            "regions[1].name: \"us\" is another region's",
            "regions[1].addresses[0]: 127.0.0.1:1 is listed twice",
            "links[0].between[1]: \"mars\" is no region",
            "links[0].latency_us: is 20000000",
            "links[0].bandwidth_bps: is 10; give at least",
            "links[1].between: does not name two different regions",
            "links[1].loss_ppm: is 1000001",
            "extra: is not a known key",
        ] {
            assert!(
                found.iter().any(|one| one.starts_with(expected)),
                "{expected} in {found:#?}"
            );
        }
        assert_eq!(
            problems(&json!([])).len(),
            1,
            "no object, so nothing more to say"
        );
    }

    #[test]
    fn two_regions_have_one_link() {
        let link = |a, b| json!({"between": [a, b], "latency_us": 0, "jitter_us": 0, "bandwidth_bps": 0, "loss_ppm": 0});
        let region = |name| json!({"name": name, "listen": "127.0.0.1:0", "addresses": []});
        let found = problems(&json!({
            "venue": "v", "admin_listen": "127.0.0.1:0", "ready_file": "r",
            "regions": [region("us"), region("asia")], "links": [link("us", "asia"), link("asia", "us")],
        }));
        assert_eq!(
            found,
            ["links[1].between: these regions have a link already"]
        );
    }
}
