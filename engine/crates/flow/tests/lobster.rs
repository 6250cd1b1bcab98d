//! The parsers of recorded days, and the rules of a replay on small made-up ones.

#![allow(clippy::unwrap_used, reason = "a test may")]

use proptest::prelude::*;
use rialto_flow::Side;
use rialto_flow::lobster::{Kind, PlainVenue, Score, parse_book, parse_messages, replay};

const EMPTY: &str = "9999999999,0,-9999999999,0";

fn run(messages: &str, seed: &str, reference: &str) -> (Score, PlainVenue) {
    let mut venue = PlainVenue::new();
    let score = replay(
        &parse_messages(messages.as_bytes()).unwrap(),
        &parse_book(seed.as_bytes()).unwrap(),
        &parse_book(reference.as_bytes()).unwrap(),
        &mut venue,
        |_, _| {},
    );
    (score.unwrap(), venue)
}

#[test]
fn messages_are_read() {
    let text = "34200.004241176,1,16113575,18,5853300,1\r\n34200.1,4,7,1,5859400,-1\n35821.088778456004,5,0,3,5859450,-1\n36023,7,0,0,-1,-1\n";
    let messages = parse_messages(text.as_bytes()).unwrap();
    assert_eq!(messages.len(), 4);
    assert_eq!(messages[0].time_ns, 34_200_004_241_176);
    assert_eq!(
        (messages[0].order_id, messages[0].size, messages[0].price_e4),
        (16_113_575, 18, 5_853_300)
    );
    assert_eq!((messages[0].side, messages[0].kind), (Side::Buy, Kind::Add));
    assert_eq!(
        (messages[1].time_ns, messages[1].side),
        (34_200_100_000_000, Side::Sell)
    );
    assert_eq!(messages[2].time_ns, 35_821_088_778_456);
    assert_eq!((messages[3].kind, messages[3].price_e4), (Kind::Halt, -1));
    assert_eq!(parse_messages(b""), Ok(vec![]));
}

#[test]
fn rows_are_read_without_their_padding() {
    let book =
        parse_book(format!("101,5,99,7,102,1,-9999999999,0\n{EMPTY},{EMPTY}").as_bytes()).unwrap();
    assert_eq!((book.depth, book.rows.len()), (2, 2));
    assert_eq!(book.rows[0].asks.len(), 2);
    assert_eq!(book.rows[0].bids.len(), 1);
    assert_eq!(
        (book.rows[0].bids[0].price_e4, book.rows[0].bids[0].qty),
        (99, 7)
    );
    assert!(book.rows[1].asks.is_empty() && book.rows[1].bids.is_empty());
}

#[test]
fn a_wrong_message_is_named_with_its_line() {
    let good = "1.5,1,7,1,100,1\n";
    for (bad, text) in [
        ("1.5,1,7,1,100", "line 2: 5 columns"),
        ("1.5,8,7,1,100,1", "type \"8\""),
        ("1.4,1,7,1,100,1", "before that of the line before"),
        ("x,1,7,1,100,1", "time \"x\""),
        ("1.,1,7,1,100,1", "time \"1.\""),
        ("1.1234567890123456,1,7,1,100,1", "time"),
        ("99999,1,7,1,100,1", "time"),
        ("2,1,-7,1,100,1", "order id \"-7\""),
        ("2,1,7,+1,100,1", "size \"+1\""),
        ("2,1,7,1,1e2,1", "price \"1e2\""),
        ("2,1,7,1,0,1", "price 0"),
        ("2,1,0,1,100,1", "order id 0"),
        ("2,2,7,0,100,1", "size 0"),
        ("2,1,7,1,100,0", "direction \"0\""),
        ("", "1 columns"),
    ] {
        let error = parse_messages(format!("{good}{bad}\n").as_bytes()).unwrap_err();
        assert_eq!(error.line, 2, "{bad}");
        assert!(
            error.to_string().contains(text),
            "{error} should say {text}"
        );
    }
    assert_eq!(parse_messages(b"\xff").unwrap_err().line, 1);
}

#[test]
fn a_wrong_row_is_named_with_its_line() {
    for (bad, text) in [
        ("101,5,99", "3 columns"),
        ("101,5,99,7", "4 columns"),
        ("101,5,99,7,100,1,98,1", "not better"),
        ("101,5,99,7,102,1,99,1", "not better"),
        ("99,5,99,7,102,1,98,1", "not below"),
        ("101,0,99,7,102,1,98,1", "ask 101 with size 0"),
        ("9999999999,0,99,7,102,1,98,1", "behind an empty one"),
        ("101,5,-9999999999,0,102,1,98,1", "behind an empty one"),
        ("101,x,99,7,102,1,98,1", "ask size \"x\""),
    ] {
        let error = parse_book(format!("101,5,99,7,102,1,98,1\n{bad}").as_bytes()).unwrap_err();
        assert_eq!(error.line, 2, "{bad}");
        assert!(
            error.to_string().contains(text),
            "{error} should say {text}"
        );
    }
}

#[test]
fn the_seed_is_the_first_row_with_the_first_event_undone() {
    // The event added 3 of the 10 at 99; the synthetic order of 7 stands before it and is executed first.
    let (score, venue) = run(
        "1,1,5,3,99,1\n2,4,1,7,99,1\n3,4,5,3,99,1\n",
        "101,5,99,10",
        "101,5,99,10\n101,5,99,3\n101,5,-9999999999,0\n",
    );
    assert_eq!((score.executions, score.at_head), (2, 2));
    assert_eq!(score.rows_equal, [3]);
    assert_eq!(venue.book().len(), 1);
    // What an execution took is put back.
    let (score, _) = run("1,4,1,5,101,-1\n", "102,5,99,10", "102,5,99,10\n");
    assert_eq!(
        (score.executions, score.at_head, score.rows_equal[0]),
        (1, 1, 1)
    );
}

#[test]
fn an_execution_behind_the_head_is_a_miss_and_reduces_its_order() {
    let (score, venue) = run(
        "1,1,5,3,99,1\n2,1,6,4,99,1\n3,4,6,1,99,1\n4,2,5,1,99,1\n5,3,5,2,99,1\n",
        EMPTY,
        EMPTY,
    );
    assert_eq!((score.executions, score.at_head), (1, 0));
    assert_eq!(
        venue.book().levels(Side::Buy).collect::<Vec<_>>(),
        [(99, 3)]
    );
    assert!(venue.book().get(5).is_none());
}

#[test]
fn levels_that_come_into_view_are_seeded_behind_what_rests_there() {
    // One level in view. 98 with 2 known of its 5 appears when 99 goes; then 2 of the known order are executed at its head.
    let rows = "101,1,98,2\n101,1,99,1\n101,1,98,5\n101,1,98,3\n101,1,98,3\n";
    let (score, venue) = run(
        "1,1,5,2,98,1\n2,1,6,1,99,1\n3,3,6,1,99,1\n4,4,5,2,98,1\n5,7,0,0,-1,-1\n",
        rows,
        rows,
    );
    assert_eq!((score.executions, score.at_head), (1, 1));
    assert_eq!(
        score.rows_equal,
        [4],
        "the row that shows it is compared before it is seeded"
    );
    assert_eq!(
        venue.book().levels(Side::Buy).collect::<Vec<_>>(),
        [(98, 3)]
    );
}

#[test]
fn what_went_while_out_of_view_is_taken_out() {
    let rows = "101,1,98,2\n101,1,99,1\n101,1,97,5\n101,1,97,5\n";
    let (score, venue) = run(
        "1,1,5,2,98,1\n2,1,6,1,99,1\n3,3,6,1,99,1\n4,7,0,0,-1,-1\n",
        rows,
        rows,
    );
    assert_eq!(score.rows_equal, [3]);
    assert_eq!(
        venue.book().levels(Side::Buy).collect::<Vec<_>>(),
        [(97, 5)]
    );
}

#[test]
fn hidden_executions_crosses_and_halts_change_nothing() {
    let (score, venue) = run(
        "1,5,0,3,100,1\n2,6,0,3,100,1\n3,7,0,0,-1,-1\n",
        "101,5,99,10",
        "101,5,99,10\n",
    );
    assert_eq!(
        (
            score.rows,
            score.executions,
            score.states,
            score.states_found
        ),
        (3, 0, 1, 1)
    );
    assert_eq!(venue.book().len(), 2);
}

#[test]
fn states_are_found_in_order_and_not_behind_the_last_one() {
    let messages = "1,1,5,1,98,1\n2,1,6,1,99,1\n3,3,6,1,99,1\n";
    let a = "9999999999,0,98,1\n";
    let b = "9999999999,0,99,1\n";
    let counts = |reference: String| {
        let (score, _) = run(messages, EMPTY, &reference);
        (score.states, score.states_found)
    };
    assert_eq!(counts(format!("{a}{b}{a}{b}")), (3, 3));
    assert_eq!(counts(format!("{b}{a}")), (3, 1));
    let far: String = (0..40)
        .map(|n| format!("9999999999,0,{},1\n", 50 - n))
        .collect();
    assert_eq!(counts(format!("{far}{a}")), (3, 0));
    assert_eq!(
        counts(format!("{}{a}", far.replacen("9999999999,0,50,1\n", "", 1))),
        (3, 1)
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_parsers_panic(text in "[0-9,.\n-]{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        drop(parse_messages(text.as_bytes()));
        drop(parse_book(text.as_bytes()));
        drop(parse_messages(&bytes));
        drop(parse_book(&bytes));
    }

    #[test]
    fn no_events_make_a_replay_panic(events in proptest::collection::vec((1..=7_u8, 1..9_u64, 1..20_u32, 95..106_i64, any::<bool>()), 1..60), shift in 0..3_usize) {
        let text: String = events.iter().map(|(kind, id, size, price, buy)| {
            format!("1,{kind},{id},{size},{price},{}\n", if *buy { 1 } else { -1 })
        }).collect();
        let row = "101,5,99,7,103,1,98,1\n102,2,99,7,103,1,96,4\n100,1,97,7,101,9,96,1\n";
        let reference: String = row.lines().cycle().take(events.len() + shift).map(|row| format!("{row}\n")).collect();
        let (score, _) = run(&text, row, &reference);
        prop_assert_eq!(score.rows as usize, events.len());
        prop_assert!(score.at_head <= score.executions && score.states_found <= score.states);
    }
}
