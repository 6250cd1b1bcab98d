//! What the node refuses to start with: every problem with its place, and what to do.

use crate::process::Place;
use serde_json::json;
use std::net::TcpListener;

#[test]
fn every_problem_of_a_configuration_is_reported_at_once() {
    let mut place = Place::new();
    let market = &mut place.config["markets"][0];
    market["id"] = json!("one");
    market["durability"] = json!("planet");
    market["orders_listen"] = json!("localhost");
    market["instruments"][0]["symbol"] = json!("TOOLONGSYM");
    market["instruments"][0]["tick_size_e4"] = json!(0);
    market["instruments"][1]["reference_price_e4"] = json!(1_000_050);
    market["instruments"][1]["collar_percent"] = json!(0.001);
    market["accounts"][0]["max_order_quantity"] = json!(1_000_000);
    market["sessions"][0]["account"] = json!(7);
    market["sessions"][1]["username"] = json!("ALICE");
    market["feed_users"] = json!(["FEED", 3]);
    market["colour"] = json!("blue");
    place.config["trading_day"] = json!("sometimes");
    place.config["proxy"] = json!("the edge");
    place.config["limits"]["batch_bytes"] = json!(-1);
    place.config.as_object_mut().unwrap().remove("venue");
    let (code, said) = place.fail();
    assert_eq!(code, Some(2), "{said}");
    for path in [
        "venue: is missing",
        "trading_day: ",
        "proxy: \"the edge\" is not an address",
        "limits.batch_bytes: ",
        "markets[0].id: ",
        "markets[0].durability: ",
        "markets[0].orders_listen: ",
        "markets[0].instruments[0].symbol: ",
        "markets[0].instruments[0].tick_size_e4: ",
        "markets[0].instruments[1].reference_price_e4: ",
        "markets[0].instruments[1].collar_percent: ",
        "markets[0].accounts[0].max_order_quantity: ",
        "markets[0].sessions[0].account: ",
        "markets[0].sessions[1].username: ",
        "markets[0].feed_users[1]: ",
        "markets[0].colour: is not a known key",
    ] {
        assert!(said.contains(path), "{path} is not in:\n{said}");
    }
    assert!(said.contains("16 problem(s)"), "{said}");
}

#[test]
fn credentials_must_be_private_and_complete() {
    let place = Place::new();
    let text = json!({"passwords": {"ALICE": "secret-a", "BOB": "secret-b", "FEED": "secret-f"}})
        .to_string();
    for (text, mode, wanted) in [
        (text.clone(), 0o640, "chmod 600"),
        (
            text.replace("\"BOB\"", "\"BOC\""),
            0o600,
            "no password of BOB (markets[0].sessions[1].username)",
        ),
        (
            text.replace("secret-a", "much too long a secret"),
            0o600,
            "the password of ALICE is not",
        ),
        (
            "{\"passwords\": [\"secret-a\"]}".to_owned(),
            0o600,
            "line 1",
        ),
    ] {
        place.write("credentials.json", &text, mode);
        let (code, said) = place.fail();
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(wanted), "{wanted} is not in {said}");
        assert!(!said.contains("secret"), "it tells a password: {said}");
    }
}

#[test]
fn an_address_in_use_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut place = Place::new();
    let address = taken.local_addr().unwrap().to_string();
    place.config["markets"][0]["feed_listen"] = json!(address);
    let (code, said) = place.fail();
    assert_eq!(code, Some(4), "{said}");
    assert!(
        said.contains("markets[0].feed_listen") && said.contains(&address),
        "{said}"
    );
}

#[test]
fn two_nodes_do_not_share_a_folder() {
    let mut place = Place::new();
    let node = place.start();
    // The ready file of the first must survive the second's attempt.
    place_second(&node);
    drop(node);
    place.config["data_dir"] = json!("elsewhere");
    drop(place.start());
}

fn place_second(node: &crate::process::Node<'_>) {
    let ready = std::fs::read_to_string(node.place.path("ready.json")).unwrap();
    let (code, said) = node.place.fail();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("is open in"), "{said}");
    assert_eq!(
        std::fs::read_to_string(node.place.path("ready.json")).unwrap(),
        ready
    );
}

#[test]
fn a_batch_that_no_segment_holds_is_refused() {
    let mut place = Place::new();
    place.config["limits"]["batch_bytes"] = json!(1 << 20);
    let (code, said) = place.fail();
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("limits.batch_bytes: is 1048576; give at most half of segment_bytes"),
        "{said}"
    );
}

#[test]
fn a_session_under_the_number_of_another_is_refused() {
    let mut place = Place::new();
    assert_eq!(place.start().stop().code(), Some(0));
    // Each would trade and read as the other.
    place.config["markets"][0]["sessions"][0]["id"] = json!(2);
    place.config["markets"][0]["sessions"][1]["id"] = json!(1);
    let (code, said) = place.fail();
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("refused session ALICE with the number 2"),
        "{said}"
    );
}
