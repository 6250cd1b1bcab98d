//! The admin API, its description, the metrics and their catalogue.

use crate::client::{Packet, kinds};
use crate::process::{Place, run};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn a_halt_refuses_orders_and_a_resume_takes_them_again() {
    let place = Place::new();
    let node = place.start();
    let mut alice = node.login("orders", "ALICE", 0);
    let order = alice.enter(b'B', 1, "ACME", 100);
    assert_eq!(alice.message()[0], b'A');
    let (code, done) = node.json("POST", "/v1/markets/eq/halt", r#"{"instrument": "ACME"}"#);
    assert_eq!((code, &done["market"]), (200, &json!("eq")));
    alice.enter(b'B', 1, "ACME", 100);
    alice.enter(b'B', 1, "ZINC", 1_000_000);
    alice.cancel(order);
    assert_eq!(kinds(&alice.messages(3)), "JAC");
    node.until("halted", |m| {
        m["instruments"][0]["state"] == "halted" && m["instruments"][1]["state"] == "trading"
    });
    assert_eq!(node.json("POST", "/v1/markets/eq/resume", "").0, 200);
    alice.enter(b'B', 1, "ACME", 100);
    assert_eq!(alice.message()[0], b'A');
}

#[test]
fn days_are_closed_and_opened_and_gtc_orders_outlive_them() {
    let mut place = Place::new();
    place.config["trading_day"] = json!("manual");
    let node = place.start();
    assert_eq!(node.market()["trading_day"], Value::Null);
    assert_eq!(
        node.connect("orders").login("ALICE", "secret-a", "", 1),
        Err(b'S')
    );
    assert_eq!(
        node.json("POST", "/v1/markets/eq/open-day", r#"{"date": 20261121}"#)
            .0,
        200
    );
    let mut alice = node.login("orders", "ALICE", 1);
    let mut feed = node.login("feed", "FEED", 1);
    assert_eq!(alice.session, "2611210101");
    alice.enter(b'B', 1, "ACME", 100);
    alice.enter_gtc(b'B', 2, "ACME", 200);
    assert_eq!(kinds(&alice.messages(3)), "SAA");
    let (code, refused) = node.json("POST", "/v1/markets/eq/open-day", r#"{"date": 20261122}"#);
    assert_eq!(code, 409, "{refused}");
    assert_eq!(node.json("POST", "/v1/markets/eq/close-day", "{}").0, 200);
    let (messages, said) = alice.rest();
    assert_eq!(kinds(&messages), "CS", "the DAY order ends, then the day");
    assert_eq!(said, [Packet::End]);
    assert_eq!(feed.rest().1, [Packet::End]);
    // A closed day is still read, by number, and no order is taken.
    let mut again = node.login("orders", "ALICE", 4);
    assert_eq!(kinds(&again.rest().0), "CS");
    assert_eq!(
        node.json("POST", "/v1/markets/eq/open-day", r#"{"date": 20261120}"#)
            .0,
        422
    );
    assert_eq!(
        node.json("POST", "/v1/markets/eq/open-day", r#"{"date": 20261121}"#)
            .0,
        200
    );
    let mut alice = node.login("orders", "ALICE", 1);
    assert_eq!(alice.session, "2611210102");
    assert_eq!(alice.message()[0], b'S');
    let market = node.until("open", |m| m["trading_day"]["open"] == true);
    assert_eq!(market["orders_resting"], 1);
    // After a restart the same day goes on.
    assert_eq!(node.stop().code(), Some(0));
    let node = place.start();
    assert_eq!(node.login("orders", "ALICE", 1).session, "2611210102");
    assert_eq!(node.market()["orders_resting"], 1);
}

#[test]
fn errors_say_what_where_and_what_next() {
    let place = Place::new();
    let node = place.start();
    for (method, path, body, status) in [
        ("GET", "/v1/nothing", "", 404),
        ("GET", "/v1/markets/eq/halt", "", 405),
        ("POST", "/v1/markets/%ff/halt", "", 400),
        ("POST", "/v1/markets/%ff/checkpoint", "", 400),
        ("POST", "/v1/markets/other/halt", "", 404),
        (
            "POST",
            "/v1/markets/eq/halt",
            r#"{"instrument": "NOPE"}"#,
            404,
        ),
        ("POST", "/v1/markets/eq/halt", r#"{"instrument": 3}"#, 422),
        (
            "POST",
            "/v1/markets/eq/halt",
            r#"{"instruments": "ACME"}"#,
            422,
        ),
        ("POST", "/v1/markets/eq/halt", "{", 422),
        (
            "POST",
            "/v1/markets/eq/open-day",
            r#"{"date": 20261340}"#,
            409,
        ),
        ("POST", "/v1/markets/eq/halt", &"x".repeat(1 << 17), 413),
    ] {
        let (code, error) = node.json(method, path, body);
        assert_eq!(code, status, "{method} {path} {body}: {error}");
        for key in ["error", "where", "next"] {
            assert!(!error[key].as_str().unwrap().is_empty(), "{path}: {error}");
        }
    }
    assert_eq!(node.call("GET", "/healthz", ""), (200, "ok\n".to_owned()));
}

#[test]
fn a_key_is_carried_out_once() {
    let place = Place::new();
    let node = place.start();
    let halt = r#"{"instrument": "ACME", "key": 77}"#;
    assert_eq!(node.json("POST", "/v1/markets/eq/halt", halt).0, 200);
    assert_eq!(node.json("POST", "/v1/markets/eq/resume", "").0, 200);
    assert_eq!(node.json("POST", "/v1/markets/eq/halt", halt).0, 409);
    node.until("trading", |m| m["instruments"][0]["state"] == "trading");
}

/// Every `$ref` below `value`.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_str() {
                    Some(text) if key == "$ref" => found.push(text),
                    _ => references(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_description_is_whole_and_names_every_call() {
    let place = Place::new();
    let node = place.start();
    let (code, served) = node.json("GET", "/openapi.json", "");
    assert_eq!(code, 200);
    let printed: Value = serde_json::from_str(&run(&["openapi"])).unwrap();
    assert_eq!(served, printed);
    assert!(served["openapi"].as_str().unwrap().starts_with("3."));
    let mut found = Vec::new();
    references(&served, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(
            served.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
    let paths: BTreeSet<&str> = served["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        paths,
        BTreeSet::from([
            "/healthz",
            "/metrics",
            "/v1/markets/{market}/checkpoint",
            "/v1/markets/{market}/close-day",
            "/v1/markets/{market}/halt",
            "/v1/markets/{market}/open-day",
            "/v1/markets/{market}/resume",
            "/v1/markets/{market}/state",
            "/v1/markets/{market}/transfer",
            "/v1/status",
        ])
    );
    // The status is what its schema says.
    let (_, status) = node.json("GET", "/v1/status", "");
    let schema = &served["components"]["schemas"]["NodeStatus"]["properties"];
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(keys(&status), keys(schema));
    let schema = &served["components"]["schemas"]["MarketStatus"]["properties"];
    assert_eq!(keys(&status["markets"]["eq"]), keys(schema));
}

#[test]
fn what_is_exposed_is_what_is_catalogued() {
    let place = Place::new();
    let node = place.start();
    let catalogue: Vec<Value> = serde_json::from_str(&run(&["metrics", "--json"])).unwrap();
    let (code, text) = node.call("GET", "/metrics", "");
    assert_eq!(code, 200);
    assert!(text.ends_with("# EOF\n"));
    let mut types: BTreeMap<&str, &str> = BTreeMap::new();
    let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(types.insert(name, kind), None, "{name} twice");
        } else if !line.starts_with('#') {
            let (sample, _) = line.rsplit_once(' ').unwrap();
            let (name, set) = sample.split_once('{').unwrap_or((sample, ""));
            let names = set
                .split("\",")
                .filter_map(|label| label.split_once('=').map(|(name, _)| name));
            labels.entry(name).or_default().extend(names);
        }
    }
    assert_eq!(types.len(), catalogue.len());
    for metric in &catalogue {
        let name = metric["name"].as_str().unwrap();
        let kind = metric["type"].as_str().unwrap();
        // OpenMetrics names a counter's family without the `_total` of its sample.
        let family = if kind == "counter" {
            name.strip_suffix("_total").unwrap()
        } else {
            name
        };
        assert_eq!(types.get(family), Some(&kind), "{name}");
        let sample = if kind == "histogram" {
            format!("{name}_count")
        } else {
            name.to_owned()
        };
        let exposed = labels
            .get(sample.as_str())
            .unwrap_or_else(|| panic!("no sample of {name}"));
        let wanted: BTreeSet<&str> = metric["labels"]
            .as_array()
            .unwrap()
            .iter()
            .map(|label| label.as_str().unwrap())
            .collect();
        assert_eq!(exposed, &wanted, "{name}");
        match metric["unit"].as_str().unwrap() {
            "" => {}
            unit => assert!(
                name.strip_suffix("_total").unwrap_or(name).ends_with(unit),
                "{name}"
            ),
        }
        assert!(!metric["help"].as_str().unwrap().is_empty());
    }
}
