//! The admin API.

use crate::process::Process;
use serde_json::{Value, json};

#[test]
fn every_link_is_shown_as_it_is_and_as_declared() {
    let process = Process::start(1_500, &[], &[]);
    let (status, body) = process.call("GET", "/v1/links", "");
    assert_eq!(status, 200);
    assert!(body["time_ns"].as_u64().unwrap() > 1_700_000_000_000_000_000);
    let declared = json!({"latency_us": 1500, "jitter_us": 0, "bandwidth_bps": 0, "loss_ppm": 0});
    let way = |from: &str, to: &str| {
        json!({
            "from": from, "to": to, "latency_us": 1500, "jitter_us": 0, "bandwidth_bps": 0, "loss_ppm": 0,
            "cut": false, "cut_since_ns": null, "heals_at_ns": null, "as_declared": true, "declared": declared,
            "connections": 0, "queued_bytes": 0, "passed_bytes": 0, "lost_segments": 0,
        })
    };
    assert_eq!(
        body["links"],
        json!([
            {"between": ["us", "asia"], "directions": [way("us", "asia"), way("asia", "us")]},
            {"between": ["asia", "europe"], "directions": [way("asia", "europe"), way("europe", "asia")]},
        ])
    );
    assert_eq!(process.call("GET", "/healthz", "").0, 200);
}

#[test]
fn a_change_concerns_the_ways_it_names() {
    let process = Process::start(0, &[], &[]);
    // Named against the declared order: the link is shown as declared, the way is the named one.
    let body = json!({"latency_us": 80_000, "loss_ppm": 9, "one_way": true});
    let link = process.act("PATCH", "asia/us", &body);
    assert_eq!(link["between"], json!(["us", "asia"]));
    let [there, back] = [&link["directions"][0], &link["directions"][1]];
    assert_eq!(
        (&there["latency_us"], &there["as_declared"]),
        (&json!(0), &json!(true))
    );
    assert_eq!(
        (&back["from"], &back["latency_us"], &back["loss_ppm"]),
        (&json!("asia"), &json!(80_000), &json!(9))
    );
    assert_eq!(back["declared"]["latency_us"], 0);
    let link = process.act("PATCH", "us/asia", &json!({"bandwidth_bps": 1_000_000}));
    let limits: Vec<&Value> = (0..2)
        .map(|way| &link["directions"][way]["bandwidth_bps"])
        .collect();
    assert_eq!(limits, [&json!(1_000_000); 2]);
    assert_eq!(
        link["directions"][1]["latency_us"], 80_000,
        "what is not named stays"
    );
    let cut = process.act("POST", "asia/us/cut", &json!({"one_way": true}));
    assert_eq!(
        (&cut["directions"][0]["cut"], &cut["directions"][1]["cut"]),
        (&json!(false), &json!(true))
    );
    let healed = process.act("POST", "us/asia/heal", &json!({}));
    for way in 0..2 {
        let way = &healed["directions"][way];
        assert_eq!(
            (&way["cut"], &way["as_declared"]),
            (&json!(false), &json!(true))
        );
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_what_to_do() {
    let process = Process::start(0, &[], &[]);
    for (method, path, body, status, place) in [
        (
            "PATCH",
            "/v1/links/us/mars",
            r#"{"latency_us": 1}"#,
            404,
            "link us/mars",
        ),
        ("POST", "/v1/links/us/europe/cut", "", 404, "link us/europe"),
        ("PATCH", "/v1/links/us/asia", "{}", 422, "the body"),
        ("PATCH", "/v1/links/us/asia", "", 422, "the body"),
        ("PATCH", "/v1/links/us/asia", "nonsense", 422, "the body"),
        (
            "PATCH",
            "/v1/links/us/asia",
            r#"{"latency": 1}"#,
            422,
            "the body",
        ),
        (
            "PATCH",
            "/v1/links/us/asia",
            r#"{"latency_us": -1}"#,
            422,
            "the body",
        ),
        (
            "PATCH",
            "/v1/links/us/asia",
            r#"{"latency_us": 10000001}"#,
            422,
            "latency_us",
        ),
        (
            "PATCH",
            "/v1/links/us/asia",
            r#"{"bandwidth_bps": 999}"#,
            422,
            "bandwidth_bps",
        ),
        (
            "PATCH",
            "/v1/links/us/asia",
            r#"{"loss_ppm": 1000001}"#,
            422,
            "loss_ppm",
        ),
        (
            "POST",
            "/v1/links/us/asia/cut",
            r#"{"for_ms": 0}"#,
            422,
            "for_ms",
        ),
        (
            "POST",
            "/v1/links/us/asia/heal",
            r#"{"for_ms": 1}"#,
            422,
            "the body",
        ),
        (
            "GET",
            "/v1/links/us/asia/heal",
            "",
            405,
            "/v1/links/us/asia/heal",
        ),
        ("GET", "/v1/nothing", "", 404, "GET /v1/nothing"),
    ] {
        let (told, error) = process.call(method, path, body);
        assert_eq!(
            (told, &error["where"]),
            (status, &json!(place)),
            "{method} {path} {body}: {error}"
        );
        for key in ["error", "next"] {
            assert!(!error[key].as_str().unwrap().is_empty(), "{error}");
        }
    }
    let (_, error) = process.call("POST", "/v1/links/us/mars/cut", "");
    assert_eq!(
        error["error"],
        "\"mars\" is no region of this venue (us, asia, europe)"
    );
    let (_, links) = process.call("GET", "/v1/links", "");
    assert_eq!(
        links["links"][0]["directions"][0]["as_declared"], true,
        "nothing was changed"
    );
}
