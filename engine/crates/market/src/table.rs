//! A compact table from `u64` keys to small numbers: open addressing, linear probing, deletion by shifting back.
//!
//! It is only ever asked for a key; nothing iterates it, so its layout can't decide anything.

/// The value no entry has: it marks a free cell.
const FREE: u32 = u32::MAX;

/// From `u64` to `u32` below `u32::MAX`. Allocates only when it grows; it is at most five eighths full.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    keys: Vec<u64>,
    values: Vec<u32>,
    len: usize,
}

impl Table {
    /// An empty table with room for `entries`.
    pub(crate) fn with_capacity(entries: usize) -> Self {
        let cells = entries
            .saturating_mul(8)
            .div_ceil(5)
            .max(16)
            .checked_next_power_of_two()
            .unwrap_or(16);
        Self {
            keys: vec![0; cells],
            values: vec![FREE; cells],
            len: 0,
        }
    }

    #[inline]
    fn mask(&self) -> usize {
        self.keys.len() - 1
    }

    #[inline]
    fn home(&self, key: u64) -> usize {
        // The finalizer of MurmurHash3 (public domain): every bit of the key reaches the low bits.
        let mut hash = key ^ (key >> 33);
        hash = hash.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        hash ^= hash >> 33;
        hash = hash.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
        hash ^= hash >> 33;
        hash as usize & self.mask()
    }

    #[inline]
    fn find(&self, key: u64) -> Option<usize> {
        let mut at = self.home(key);
        while self.values[at] != FREE {
            if self.keys[at] == key {
                return Some(at);
            }
            at = (at + 1) & self.mask();
        }
        None
    }

    /// The value of a key.
    #[inline]
    pub(crate) fn get(&self, key: u64) -> Option<u32> {
        self.find(key).map(|at| self.values[at])
    }

    /// Sets the value of a key.
    #[inline]
    pub(crate) fn insert(&mut self, key: u64, value: u32) {
        if (self.len + 1) * 8 > self.keys.len() * 5 {
            self.grow();
        }
        self.place(key, value);
    }

    #[inline]
    fn place(&mut self, key: u64, value: u32) {
        let mut at = self.home(key);
        while self.values[at] != FREE {
            if self.keys[at] == key {
                self.values[at] = value;
                return;
            }
            at = (at + 1) & self.mask();
        }
        self.keys[at] = key;
        self.values[at] = value;
        self.len += 1;
    }

    #[cold]
    fn grow(&mut self) {
        let cells = self.keys.len() * 2;
        let keys = std::mem::replace(&mut self.keys, vec![0; cells]);
        let values = std::mem::replace(&mut self.values, vec![FREE; cells]);
        self.len = 0;
        for (key, value) in keys.into_iter().zip(values) {
            if value != FREE {
                self.place(key, value);
            }
        }
    }

    /// Forgets a key, if it is there.
    #[inline]
    pub(crate) fn remove(&mut self, key: u64) {
        let Some(mut hole) = self.find(key) else {
            return;
        };
        self.len -= 1;
        let mask = self.mask();
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            if self.values[at] == FREE {
                break;
            }
            // An entry may move back into the hole only if its home does not lie after the hole.
            let home = self.home(self.keys[at]);
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.keys[hole] = self.keys[at];
                self.values[hole] = self.values[at];
                hole = at;
            }
        }
        self.values[hole] = FREE;
    }

    /// Forgets everything, keeping the room.
    pub(crate) fn clear(&mut self) {
        if self.len > 0 {
            self.values.fill(FREE);
            self.len = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn agrees_with_an_ordered_map(steps in proptest::collection::vec((0_u8..4, 0_u64..200, any::<u64>(), 0_u32..1000), 1..600)) {
            let mut table = Table::with_capacity(0);
            let mut plain = BTreeMap::new();
            for (what, near, far, value) in steps {
                let key = if far % 4 == 0 { far } else { near << (far % 3 * 20) };
                if what == 0 {
                    table.remove(key);
                    plain.remove(&key);
                } else {
                    table.insert(key, value);
                    plain.insert(key, value);
                }
                prop_assert_eq!(table.get(key), plain.get(&key).copied());
                prop_assert_eq!(table.len, plain.len());
            }
            for (key, value) in &plain {
                prop_assert_eq!(table.get(*key), Some(*value));
            }
            table.clear();
            for key in plain.keys() {
                prop_assert_eq!(table.get(*key), None);
            }
        }
    }
}
