//! The plain reconstruction of the recorded days reaches the figures known of it.

#![allow(clippy::unwrap_used, reason = "a test may")]

use rialto_flow::lobster::{PlainVenue, Score, parse_book, parse_messages, replay};
use std::path::PathBuf;

/// Where the recorded days are, or a printed reason why the test skips.
fn data(file: &str) -> Option<Vec<u8>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/data");
    let folder =
        std::env::var_os("RIALTO_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let path = folder.join("lobster").join(file);
    let bytes = std::fs::read(&path);
    if let Err(error) = &bytes {
        println!(
            "skipped: {}: {error}; set RIALTO_DATA to the folder of recorded days",
            path.display()
        );
    }
    bytes.ok()
}

fn score(messages: &str, seed: &str, reference: &str) -> Option<Score> {
    let messages = parse_messages(&data(messages)?).unwrap();
    let seed = parse_book(&data(seed)?).unwrap();
    let reference = parse_book(&data(reference)?).unwrap();
    let mut venue = PlainVenue::new();
    Some(replay(&messages, &seed, &reference, &mut venue, |_, _| {}).unwrap())
}

const TEN_LEVELS: &str = "AAPL_2012-06-21_orderbook_10_first1000.csv";

#[test]
fn the_ten_level_file_is_reconstructed() {
    let Some(score) = score(
        "AAPL_2012-06-21_message_10_first1000.csv",
        TEN_LEVELS,
        TEN_LEVELS,
    ) else {
        return;
    };
    println!("{score:?}");
    assert_eq!(score.rows, 999);
    assert_eq!(score.rows_equal[..5], [999; 5]);
    assert_eq!(score.rows_equal[9], 985, "98.6 %");
    assert_eq!((score.executions, score.at_head), (98, 98));
    assert_eq!(score.states, score.states_found);
}

#[test]
fn the_first_hour_is_reconstructed() {
    let Some(score) = score(
        "AAPL_2012-06-21_message_50_firsthour.csv",
        TEN_LEVELS,
        "AAPL_2012-06-21_orderbook_1_fullday.csv",
    ) else {
        return;
    };
    println!("{score:?}");
    assert_eq!(score.rows, 91_997);
    assert_eq!((score.states, score.states_found), (23_439, 23_422));
    assert_eq!((score.executions, score.at_head), (4_067, 4_043));
    assert!(score.rows_equal.is_empty());
}
