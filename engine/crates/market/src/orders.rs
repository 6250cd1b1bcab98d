//! What a market knows of a resting order beyond its place in the book, in an array parallel to the pool's slots.

use rialto_book::Slot;

use crate::table::Table;
use crate::types::{TimeInForce, UserRef};

const NONE: u32 = u32::MAX;

/// A resting order's cold data: 36 bytes, 56 with its links.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    /// Position of the session.
    pub(crate) session: u32,
    /// The client's number of it, in the trading day it was entered.
    pub(crate) user_ref: UserRef,
    /// Position of the instrument (and of its book).
    pub(crate) instrument: u32,
    /// What was executed of it and of the orders it replaced. Its intended total size is this and what is left.
    pub(crate) executed: u32,
    /// The number of the trading day it was entered in; its `user_ref` names it only that day.
    pub(crate) day: u32,
    /// Day or good till cancel: nothing else rests.
    pub(crate) time_in_force: TimeInForce,
    /// The wire's side indicator.
    pub(crate) side_code: u8,
    /// The client's free text number.
    pub(crate) cl_ord_id: [u8; 14],
}

#[derive(Clone, Copy, Debug)]
struct Link {
    prev: u32,
    next: u32,
}

/// A queue through the slots, in ascending order of order references: new orders have the highest.
#[derive(Clone, Copy, Debug)]
struct List {
    head: u32,
    tail: u32,
}

const EMPTY: List = List {
    head: NONE,
    tail: NONE,
};

/// One slot's record. An unused one holds the last order that was there.
#[derive(Clone, Copy, Debug)]
struct Record {
    order: Order,
    /// The slot of this record: the pool alone makes slots, so links by position come back to one through here.
    slot: Slot,
    /// In the list of the session and instrument.
    own: Link,
    /// In the list of all DAY orders.
    day: Link,
}

/// The cold data of all resting orders, and the lists that mass cancels and the close of day walk.
#[derive(Debug)]
pub(crate) struct Orders {
    records: Vec<Record>,
    /// (session, user reference) of orders entered in the current trading day.
    by_user_ref: Table,
    /// By position of session, then of instrument.
    lists: Vec<Vec<List>>,
    day_orders: List,
    /// The number of the current trading day: counts openings.
    pub(crate) today: u32,
}

fn user_ref_key(session: u32, user_ref: UserRef) -> u64 {
    u64::from(session) << 32 | u64::from(user_ref)
}

fn slot_of(number: u32) -> Option<usize> {
    (number != NONE).then_some(number as usize)
}

impl Orders {
    pub(crate) fn new() -> Self {
        Self {
            records: Vec::new(),
            by_user_ref: Table::with_capacity(0),
            lists: Vec::new(),
            day_orders: EMPTY,
            today: 0,
        }
    }

    /// The order at a slot where one rests.
    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> &Order {
        &self.records[slot.index()].order
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: Slot) -> &mut Order {
        &mut self.records[slot.index()].order
    }

    /// Where the order of the current trading day that a session calls `user_ref` rests.
    #[inline]
    pub(crate) fn find(&self, session: u32, user_ref: UserRef) -> Option<Slot> {
        self.by_user_ref
            .get(user_ref_key(session, user_ref))
            .map(|at| self.records[at as usize].slot)
    }

    /// Whether an order's user reference names it: only on the day it was entered.
    pub(crate) fn is_of_today(&self, order: &Order) -> bool {
        order.day == self.today
    }

    /// A new trading day: the numbers of earlier ones name nothing any more.
    pub(crate) fn new_day(&mut self) {
        self.today += 1;
        self.by_user_ref.clear();
    }

    /// Takes up an order that rests from now on at `slot`. Its order reference is the highest so far.
    pub(crate) fn insert(&mut self, slot: Slot, order: Order) {
        let unlinked = Link {
            prev: NONE,
            next: NONE,
        };
        let record = Record {
            order,
            slot,
            own: unlinked,
            day: unlinked,
        };
        let slot = slot.index();
        if slot >= self.records.len() {
            self.records.resize(slot + 1, record);
        }
        self.records[slot] = record;
        let number = slot as u32;
        if self.is_of_today(&order) {
            self.by_user_ref
                .insert(user_ref_key(order.session, order.user_ref), number);
        }
        let tail = std::mem::replace(
            &mut self.own_list(order.session, order.instrument).tail,
            number,
        );
        match slot_of(tail) {
            Some(last) => self.records[last].own.next = number,
            None => self.own_list(order.session, order.instrument).head = number,
        }
        self.records[slot].own.prev = tail;
        if order.time_in_force == TimeInForce::Day {
            let tail = std::mem::replace(&mut self.day_orders.tail, number);
            match slot_of(tail) {
                Some(last) => self.records[last].day.next = number,
                None => self.day_orders.head = number,
            }
            self.records[slot].day.prev = tail;
        }
    }

    /// Gives the order at a slot another user reference, and what else changes without its place: session, instrument
    /// and time in force are the same, so it stays where it is in the lists.
    pub(crate) fn rename(&mut self, slot: Slot, order: Order) {
        let old = self.records[slot.index()].order;
        if self.is_of_today(&old) {
            self.by_user_ref
                .remove(user_ref_key(old.session, old.user_ref));
        }
        if self.is_of_today(&order) {
            self.by_user_ref.insert(
                user_ref_key(order.session, order.user_ref),
                slot.index() as u32,
            );
        }
        self.records[slot.index()].order = order;
    }

    /// Forgets the order at a slot.
    pub(crate) fn remove(&mut self, slot: Slot) {
        let Record {
            order, own, day, ..
        } = self.records[slot.index()];
        if self.is_of_today(&order) {
            self.by_user_ref
                .remove(user_ref_key(order.session, order.user_ref));
        }
        match slot_of(own.prev) {
            Some(prev) => self.records[prev].own.next = own.next,
            None => self.own_list(order.session, order.instrument).head = own.next,
        }
        match slot_of(own.next) {
            Some(next) => self.records[next].own.prev = own.prev,
            None => self.own_list(order.session, order.instrument).tail = own.prev,
        }
        if order.time_in_force == TimeInForce::Day {
            match slot_of(day.prev) {
                Some(prev) => self.records[prev].day.next = day.next,
                None => self.day_orders.head = day.next,
            }
            match slot_of(day.next) {
                Some(next) => self.records[next].day.prev = day.prev,
                None => self.day_orders.tail = day.prev,
            }
        }
    }

    /// The oldest order of a session in an instrument.
    pub(crate) fn first_own(&self, session: u32, instrument: u32) -> Option<Slot> {
        let list = self.lists.get(session as usize)?.get(instrument as usize)?;
        slot_of(list.head).map(|at| self.records[at].slot)
    }

    /// The orders of a session in an instrument with that instrument, oldest first.
    pub(crate) fn own(&self, session: u32, instrument: u32) -> impl Iterator<Item = (u32, Slot)> {
        let list = self
            .lists
            .get(session as usize)
            .and_then(|lists| lists.get(instrument as usize));
        let head = list.and_then(|list| slot_of(list.head));
        std::iter::successors(head, |at| slot_of(self.records[*at].own.next))
            .map(move |at| (instrument, self.records[at].slot))
    }

    /// The oldest DAY order.
    pub(crate) fn first_day(&self) -> Option<Slot> {
        slot_of(self.day_orders.head).map(|at| self.records[at].slot)
    }

    fn own_list(&mut self, session: u32, instrument: u32) -> &mut List {
        let (session, instrument) = (session as usize, instrument as usize);
        if session >= self.lists.len() {
            self.lists.resize(session + 1, Vec::new());
        }
        let lists = &mut self.lists[session];
        if instrument >= lists.len() {
            lists.resize(instrument + 1, EMPTY);
        }
        &mut lists[instrument]
    }
}
