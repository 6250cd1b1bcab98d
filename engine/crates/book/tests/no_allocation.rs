//! In steady state no operation allocates.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::let_underscore_must_use
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use rialto_book::{Book, Fill, Incoming, Pool, Side};

struct Counting;

thread_local! {
    // Made at compile time and without a destructor, so that counting never allocates itself.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    ALLOCATIONS.with(|count| count.set(count.get() + 1));
}

// SAFETY: every call is passed to the system's allocator unchanged; the counter is not part of the answer.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are handed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are handed on.
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are handed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const BOOKS: usize = 20;
const LIVE: usize = 5_000;

struct Flow {
    state: u64,
    next_id: u64,
    live: Vec<u64>,
}

impl Flow {
    fn draw(&mut self, below: u64) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % below
    }

    /// One operation of each kind there is, drawn; prices stay in one range, as in steady state they do.
    fn step(&mut self, pool: &mut Pool, books: &mut [Book], sink: &mut impl FnMut(&Fill)) {
        let kind = if self.live.len() < LIVE {
            self.draw(60)
        } else {
            self.draw(100)
        };
        let number = self.draw(BOOKS as u64);
        let side = if self.draw(2) == 0 {
            Side::Buy
        } else {
            Side::Sell
        };
        // Packed enough that every book soon has had all the levels it will have; now and then a stub quote.
        let away = if self.draw(100) == 0 {
            40_000
        } else {
            1 + self.draw(1_000) as i64
        };
        let price = if side == Side::Buy {
            100_000 - away
        } else {
            100_000 + away
        };
        match kind {
            0..60 => {
                self.next_id += 1;
                // One in six may cross.
                let price = if kind < 10 { 200_000 - price } else { price };
                let mut order = Incoming::limit(self.next_id, side, price, 1 + self.draw(9) as u32);
                order.rests = kind != 3;
                order.post_only = kind == 4;
                order.min_qty = u32::from(kind == 5);
                let _ = books[number as usize].enter(pool, &order, sink);
                if pool.slot(order.id).is_some() {
                    self.live.push(order.id);
                }
            }
            _ => {
                let at = self.draw(self.live.len() as u64) as usize;
                let id = self.live[at];
                let Some(slot) = pool.slot(id) else {
                    self.live.swap_remove(at);
                    return;
                };
                let Some((number, side)) = pool.book(slot) else {
                    return;
                };
                let book = &mut books[number as usize];
                let price = if side == Side::Buy {
                    100_000 - away
                } else {
                    100_000 + away
                };
                match kind {
                    60..85 => {
                        book.cancel(pool, slot);
                        self.live.swap_remove(at);
                    }
                    85..90 => {
                        book.reduce(pool, slot, 1);
                    }
                    _ => {
                        let new = if kind < 95 {
                            id
                        } else {
                            self.next_id += 1;
                            self.next_id
                        };
                        let _ =
                            book.replace(pool, slot, &Incoming::limit(new, side, price, 4), sink);
                        self.live[at] = new;
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_is_allocated_in_steady_state() {
    let mut pool = Pool::with_capacity(LIVE + 100);
    let mut books: Vec<Book> = (0..BOOKS as u32).map(Book::new).collect();
    let mut flow = Flow {
        state: 1,
        next_id: 0,
        live: Vec::with_capacity(4 * LIVE),
    };
    let mut fills: u64 = 0;
    let mut sink = |_: &Fill| fills += 1;
    // Until every book has had as many levels at once as it will have.
    for _ in 0..2_000_000 {
        flow.step(&mut pool, &mut books, &mut sink);
    }
    let before = ALLOCATIONS.with(Cell::get);
    for _ in 0..500_000 {
        flow.step(&mut pool, &mut books, &mut sink);
    }
    let after = ALLOCATIONS.with(Cell::get);
    assert_eq!(after - before, 0, "allocations in 500,000 operations");
    assert!(fills > 10_000, "the flow trades");
    assert!(pool.len() > LIVE / 2, "orders rest");
    for book in &books {
        assert_eq!(book.check(&pool), Ok(()));
    }
}
