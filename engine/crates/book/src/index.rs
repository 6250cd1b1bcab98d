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
use crate::prefetch::fetch;

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

    /// Asks for the bucket where the id is or would be.
    #[inline]
    pub(crate) fn prefetch(&self, id: u64) {
        fetch(&self.buckets, self.home(id));
    }

    /// The slot of the id if it lies in its first bucket and no other has its tag there; may be wrong, or 0.
    #[inline]
    pub(crate) fn guess(&self, id: u64) -> u32 {
        let bucket = &self.buckets[self.home(id)];
        let found = lanes_equal(&bucket.tags, tag_of(id));
        // No lane found reads the last one, which is never used.
        bucket.slots[found.trailing_zeros().min(LANES as u32) as usize]
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

#[cfg(test)]
mod tests {
    use super::{Index, LANES};
    use crate::pool::Order;

    fn order(id: u64) -> Order {
        Order {
            id,
            level: 0,
            qty: 1,
            prev: 0,
            next: 0,
            book: 0,
            side: 0,
        }
    }

    /// The most buckets a search for one of the ids looks at, and the mean.
    fn searches(index: &Index, orders: &[Order]) -> (usize, f64) {
        let (mut most, mut all) = (0, 0);
        for (slot, order) in orders.iter().enumerate().skip(1) {
            let mut at = index.home(order.id);
            let mut steps = 1;
            while !index.buckets[at].slots[..LANES].contains(&(slot as u32)) {
                at = (at + 1) & index.mask;
                steps += 1;
            }
            most = most.max(steps);
            all += steps;
        }
        (most, all as f64 / (orders.len() - 1) as f64)
    }

    /// Fills a table to its last place.
    fn filled(id_of: impl Fn(u64) -> u64) -> (Index, Vec<Order>) {
        let count = 1 << 14;
        let mut index = Index::with_capacity(count);
        let mut orders = vec![order(0)];
        for n in 0..count as u64 {
            orders.push(order(id_of(n)));
            index.insert(id_of(n), n as u32 + 1, &orders);
        }
        assert_eq!(
            index.buckets.len() * super::MEAN_FILL,
            count,
            "it has not grown"
        );
        (index, orders)
    }

    #[test]
    fn searches_stay_short_for_dense_and_sparse_ids() {
        for shift in 0..48 {
            let (index, orders) = filled(|n| (n + 1) << shift);
            let (most, mean) = searches(&index, &orders);
            assert!(
                most <= 12 && mean < 1.5,
                "multiples of 2^{shift}: {most} at most, {mean} on average"
            );
        }
        let (index, orders) = filled(|n| u64::MAX - n);
        assert!(searches(&index, &orders).0 <= 12, "descending");
        let (index, orders) = filled(|n| ((n % 100) << 32) | (n / 100));
        assert!(
            searches(&index, &orders).0 <= 40,
            "a hundred counters side by side"
        );
    }

    #[test]
    fn grows_and_empties_without_a_trace() {
        let mut index = Index::with_capacity(0);
        let mut orders = vec![order(0)];
        for n in 1..=5_000_u32 {
            orders.push(order(u64::from(n) << 20));
            index.insert(u64::from(n) << 20, n, &orders);
        }
        for n in 1..=5_000_u32 {
            assert_eq!(index.find(u64::from(n) << 20, &orders), Some(n));
            assert_eq!(index.find(u64::from(n) << 20 | 1, &orders), None);
        }
        for n in (1..=5_000_u32).rev() {
            index.remove(u64::from(n) << 20, n);
            assert_eq!(index.find(u64::from(n) << 20, &orders), None);
        }
        assert_eq!(index.len(), 0);
        assert!(
            index
                .buckets
                .iter()
                .all(|bucket| bucket.tags == [0; LANES + 1])
        );
        assert!(
            index
                .buckets
                .iter()
                .all(|bucket| bucket.slots == [0; LANES + 1])
        );
    }

    #[test]
    fn ids_with_one_tag_in_one_bucket_are_told_apart() {
        // With a single bucket everything shares it; these also share a tag.
        let ids = [0, 1, 0x1_0000_0001, 0x2_0000_0003, 0x3_0000_0002];
        let mut index = Index::with_capacity(1);
        let mut orders = vec![order(u64::MAX)];
        for (at, &id) in ids.iter().enumerate() {
            assert_eq!(index.find(id, &orders), None);
            orders.push(order(id));
            index.insert(id, at as u32 + 1, &orders);
        }
        for (at, &id) in ids.iter().enumerate() {
            assert_eq!(index.find(id, &orders), Some(at as u32 + 1));
        }
    }
}
