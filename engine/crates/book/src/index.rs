//! From an order's id to its slot.
//!
//! A hash table of buckets, one bucket a cache line: seven tags, seven slots, and the count of orders that
//! found this bucket full and went on to the next. A search compares all tags of a bucket at once and stops
//! at the first bucket nobody went past, so nothing has to be shifted or buried when an order leaves.
//!
//! A few neighbouring ids share a bucket, so that ids given out in ascending order stay in the cache. Where a
//! group of neighbours goes is a multiplicative hash, so that groups that follow each other and groups far apart
//! (multiples of a power of two, random ids) spread evenly.

use crate::pool::Order;

/// Tags of a bucket that name orders; the eighth counts those that went past.
const LANES: usize = 7;
const LANE_MASK: u32 = (1 << LANES) - 1;
/// Orders a bucket holds on average when the table is as full as it gets.
const MEAN_FILL: usize = 4;
/// Ids that share a bucket, as a power of two.
const NEAR_BITS: u32 = 2;

#[derive(Clone)]
#[repr(C, align(64))]
struct Bucket {
    /// 0 is an empty lane. The last one counts the orders that went past this bucket.
    tags: [u32; LANES + 1],
    /// 0 where the lane is empty.
    slots: [u32; LANES + 1],
}

const EMPTY: Bucket = Bucket {
    tags: [0; LANES + 1],
    slots: [0; LANES + 1],
};

pub(crate) struct Index {
    buckets: Vec<Bucket>,
    mask: usize,
    /// Leaves as many upper bits of a product as the mask has (one too many if there is but one bucket).
    shift: u32,
    len: usize,
}

#[inline]
fn lanes_equal(lanes: &[u32; LANES + 1], value: u32) -> u32 {
    let mut found = 0;
    for (lane, &held) in lanes.iter().enumerate() {
        found |= u32::from(held == value) << lane;
    }
    found & LANE_MASK
}

#[inline]
fn tag_of(id: u64) -> u32 {
    let tag = (id ^ (id >> 32)) as u32;
    // 0 marks an empty lane; a tag shared by two ids costs one more look at the order, nothing else.
    if tag == 0 { 1 } else { tag }
}

#[inline]
fn shift_for(buckets: usize) -> u32 {
    (u64::BITS - buckets.trailing_zeros()).min(u64::BITS - 1)
}

impl Index {
    pub(crate) fn with_capacity(orders: usize) -> Self {
        let wanted = orders.div_ceil(MEAN_FILL).max(1);
        let count = wanted.checked_next_power_of_two().unwrap_or(wanted);
        Self {
            buckets: vec![EMPTY; count],
            mask: count - 1,
            shift: shift_for(count),
            len: 0,
        }
    }

    #[inline]
    fn home(&self, id: u64) -> usize {
        ((id >> NEAR_BITS).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize & self.mask
    }

    #[inline]
    pub(crate) fn find(&self, id: u64, orders: &[Order]) -> Option<u32> {
        let tag = tag_of(id);
        let mut at = self.home(id);
        loop {
            let bucket = &self.buckets[at];
            let mut found = lanes_equal(&bucket.tags, tag);
            while found != 0 {
                let slot = bucket.slots[found.trailing_zeros() as usize & LANES];
                if orders[slot as usize].id == id {
                    return Some(slot);
                }
                found &= found - 1;
            }
            if bucket.tags[LANES] == 0 {
                return None;
            }
            at = (at + 1) & self.mask;
        }
    }

    /// Adds an id that is not there. `orders` is read only when the table has to grow.
    #[inline]
    pub(crate) fn insert(&mut self, id: u64, slot: u32, orders: &[Order]) {
        if self.len >= self.buckets.len() * MEAN_FILL {
            self.grow(orders);
        }
        self.len += 1;
        self.place(id, slot);
    }

    #[inline]
    fn place(&mut self, id: u64, slot: u32) {
        let tag = tag_of(id);
        let mut at = self.home(id);
        loop {
            let bucket = &mut self.buckets[at];
            let free = lanes_equal(&bucket.tags, 0);
            if free != 0 {
                let lane = free.trailing_zeros() as usize & LANES;
                bucket.tags[lane] = tag;
                bucket.slots[lane] = slot;
                return;
            }
            bucket.tags[LANES] += 1;
            at = (at + 1) & self.mask;
        }
    }

    /// Removes an id that is there, under the slot it was inserted with.
    #[inline]
    pub(crate) fn remove(&mut self, id: u64, slot: u32) {
        self.len -= 1;
        let mut at = self.home(id);
        loop {
            let bucket = &mut self.buckets[at];
            let found = lanes_equal(&bucket.slots, slot);
            if found != 0 {
                let lane = found.trailing_zeros() as usize & LANES;
                bucket.tags[lane] = 0;
                bucket.slots[lane] = 0;
                return;
            }
            bucket.tags[LANES] -= 1;
            at = (at + 1) & self.mask;
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, orders: &[Order]) {
        let count = self.buckets.len() * 2;
        let old = std::mem::replace(&mut self.buckets, vec![EMPTY; count]);
        self.mask = count - 1;
        self.shift = shift_for(count);
        for bucket in &old {
            for &slot in &bucket.slots[..LANES] {
                if slot != 0 {
                    self.place(orders[slot as usize].id, slot);
                }
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }
}
