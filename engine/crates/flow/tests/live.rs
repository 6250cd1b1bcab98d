//! The live generator against a venue that answers late.

#![allow(clippy::unwrap_used, reason = "a test may")]

use rialto_flow::Side;
use rialto_flow::generator::{LiveCommand, LiveFlow, LiveInstrument, Random};
use rialto_flow::plain::{Fill, PlainBook};
use std::collections::{HashMap, VecDeque};

const INSTRUMENTS: [LiveInstrument; 2] = [
    LiveInstrument {
        reference: 4_820,
        room: 600,
        lot: 1,
    },
    LiveInstrument {
        reference: 483,
        room: 60,
        lot: 100,
    },
];

enum Answer {
    Accepted(u64),
    Moved(u64, i64, u32),
    Rejected(u64),
    Executed(u64, u32),
    Canceled(u64, u32),
}

/// Two books that carry commands out at once and tell of it `delay` commands later.
struct Venue {
    books: [PlainBook; 2],
    at: HashMap<u64, usize>,
    answers: VecDeque<(usize, Answer)>,
    commands: Vec<LiveCommand>,
    named_dead: usize,
    rejected: usize,
}

impl Venue {
    fn carry_out(&mut self, now: usize, command: LiveCommand, delay: usize) {
        self.commands.push(command);
        let mut fills: Vec<Fill> = Vec::new();
        let mut answers = Vec::new();
        let mut enter =
            |book: &mut PlainBook, answers: &mut Vec<Answer>, id, side, price, qty, rests| {
                let left = book.enter(id, side, price, qty, rests, &mut fills);
                for fill in &fills {
                    answers.push(Answer::Executed(fill.maker_id, fill.qty));
                    answers.push(Answer::Executed(fill.taker_id, fill.qty));
                }
                if left > 0 && !rests {
                    answers.push(Answer::Canceled(id, left));
                }
            };
        match command {
            LiveCommand::Enter {
                id,
                instrument,
                side,
                price,
                qty,
                ioc,
            } => {
                let LiveInstrument {
                    reference,
                    room,
                    lot,
                } = INSTRUMENTS[instrument];
                assert!(
                    (price - reference).abs() <= room,
                    "{price} is out of the room"
                );
                assert_eq!(qty % lot, 0);
                if now.is_multiple_of(97) {
                    answers.push(Answer::Rejected(id));
                    self.rejected += 1;
                } else {
                    self.at.insert(id, instrument);
                    answers.push(Answer::Accepted(id));
                    enter(
                        &mut self.books[instrument],
                        &mut answers,
                        id,
                        side,
                        price,
                        qty,
                        !ioc,
                    );
                }
            }
            LiveCommand::Cancel { id } => {
                match self.at.get(&id).and_then(|at| self.books[*at].remove(id)) {
                    Some(order) => answers.push(Answer::Canceled(id, order.left)),
                    None => self.named_dead += 1,
                }
            }
            LiveCommand::Move { id, price } => {
                match self
                    .at
                    .get(&id)
                    .and_then(|at| Some((*at, self.books[*at].get(id)?)))
                {
                    Some((at, order)) => {
                        answers.push(Answer::Moved(id, price, order.left));
                        enter(
                            &mut self.books[at],
                            &mut answers,
                            id,
                            order.side,
                            price,
                            order.left,
                            true,
                        );
                    }
                    None => {
                        answers.push(Answer::Rejected(id));
                        self.named_dead += 1;
                    }
                }
            }
        }
        self.answers
            .extend(answers.into_iter().map(|answer| (now + delay, answer)));
    }
}

fn run(seed: u64, commands: usize, delay: usize) -> (Venue, LiveFlow) {
    let mut flow = LiveFlow::new(&INSTRUMENTS, 200, seed);
    let mut venue = Venue {
        books: Default::default(),
        at: HashMap::new(),
        answers: VecDeque::new(),
        commands: Vec::new(),
        named_dead: 0,
        rejected: 0,
    };
    for now in 0..commands + delay {
        while venue.answers.front().is_some_and(|(due, _)| *due <= now) {
            match venue.answers.pop_front().unwrap().1 {
                Answer::Accepted(id) => flow.accepted(id),
                Answer::Moved(id, price, left) => flow.moved(id, price, left),
                Answer::Rejected(id) => flow.rejected(id),
                Answer::Executed(id, qty) => flow.executed(id, qty),
                Answer::Canceled(id, qty) => flow.canceled(id, qty),
            }
        }
        if now < commands {
            let command = flow.command();
            venue.carry_out(now, command, delay);
        }
    }
    (venue, flow)
}

#[test]
fn with_answers_at_once_no_dead_order_is_named_and_both_agree_on_what_rests() {
    let (venue, flow) = run(1, 20_000, 0);
    assert_eq!(venue.named_dead, 0);
    assert!(venue.rejected > 50);
    let resting: usize = venue.books.iter().map(PlainBook::len).sum();
    // The last command's answers are not in yet.
    assert!(
        flow.resting().abs_diff(resting) <= 5,
        "{} and {resting}",
        flow.resting()
    );
    assert!((120..300).contains(&resting), "{resting} rest");
    for (id, at) in &venue.at {
        if let Some(order) = venue.books[*at].get(*id)
            && flow.knows(*id)
        {
            assert!(flow.left(*id) >= Some(order.left));
        }
    }
}

#[test]
fn with_late_answers_few_dead_orders_are_named_and_nothing_piles_up() {
    let (venue, flow) = run(2, 20_000, 25);
    assert!(
        venue.named_dead > 0,
        "executions in flight should have hit some"
    );
    assert!(venue.named_dead < 400, "{} named dead", venue.named_dead);
    let resting: usize = venue.books.iter().map(PlainBook::len).sum();
    assert!((100..330).contains(&resting), "{resting} rest");
    assert!(flow.resting() <= resting + 50);
}

#[test]
fn the_same_seed_and_answers_give_the_same_commands() {
    let commands = |seed| run(seed, 3_000, 3).0.commands;
    assert_eq!(commands(5), commands(5));
    assert_ne!(commands(5), commands(6));
    assert!(commands(5).iter().any(|c| matches!(
        c,
        LiveCommand::Enter {
            ioc: true,
            side: Side::Sell,
            ..
        }
    )));
}

#[test]
fn forgetting_everything_starts_anew() {
    let (_, mut flow) = run(3, 2_000, 0);
    flow.forget_all();
    assert_eq!(flow.resting(), 0);
    for _ in 0..100 {
        assert!(!matches!(
            flow.command(),
            LiveCommand::Cancel { .. } | LiveCommand::Move { .. }
        ));
    }
}

#[test]
fn numbers_below_a_bound_reach_all_of_it() {
    let mut random = Random::new(1);
    let mut seen = [false; 7];
    for _ in 0..1_000 {
        seen[random.below(7) as usize] = true;
    }
    assert_eq!(seen, [true; 7]);
    assert_eq!(random.below(0), 0);
}
