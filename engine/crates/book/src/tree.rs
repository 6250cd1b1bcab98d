//! Which blocks of a ladder exist, in order: a radix tree of 64-way branches over the block numbers.
//!
//! It is only as high as the blocks in use are far apart: one block needs no branch at all, and the widest
//! range of prices needs nine. Branches that empty are used again.

const BITS: u32 = 6;
const FAN: usize = 1 << BITS;
/// Branches from the root down, at most: block numbers have 52 bits.
const MAX_HEIGHT: usize = 9;

struct Branch {
    used: u64,
    child: [u32; FAN],
}

const BARE: Branch = Branch {
    used: 0,
    child: [0; FAN],
};

/// From block number to the caller's `u32` for it.
#[derive(Default)]
pub(crate) struct Tree {
    branches: Vec<Branch>,
    free: Vec<u32>,
    /// A branch, or at height 0 the value of the only block.
    root: u32,
    height: u32,
    /// The block numbers below the root, without their lowest `height * BITS` bits.
    prefix: u64,
    len: usize,
}

#[inline]
fn digit(block: u64, height: u32) -> usize {
    // `height` counts from 1, the lowest branch.
    (block >> ((height - 1) * BITS)) as usize & (FAN - 1)
}

impl Tree {
    pub(crate) fn get(&self, block: u64) -> Option<u32> {
        if self.len == 0 || block >> (self.height * BITS) != self.prefix {
            return None;
        }
        let mut at = self.root;
        for height in (1..=self.height).rev() {
            let branch = &self.branches[at as usize];
            let digit = digit(block, height);
            if branch.used >> digit & 1 == 0 {
                return None;
            }
            at = branch.child[digit];
        }
        Some(at)
    }

    /// Adds a block that is not there.
    pub(crate) fn insert(&mut self, block: u64, value: u32) {
        if self.len == 0 {
            self.len = 1;
            self.root = value;
            self.height = 0;
            self.prefix = block;
            return;
        }
        while block >> (self.height * BITS) != self.prefix {
            let top = self.branch();
            let digit = self.prefix as usize & (FAN - 1);
            self.branches[top as usize].used = 1 << digit;
            self.branches[top as usize].child[digit] = self.root;
            self.root = top;
            self.height += 1;
            self.prefix >>= BITS;
        }
        let mut at = self.root as usize;
        for height in (1..=self.height).rev() {
            let digit = digit(block, height);
            let there = self.branches[at].used >> digit & 1 == 1;
            if height == 1 || !there {
                let child = if height == 1 { value } else { self.branch() };
                self.branches[at].used |= 1 << digit;
                self.branches[at].child[digit] = child;
            }
            at = self.branches[at].child[digit] as usize;
        }
        self.len += 1;
    }

    /// Removes a block that is there.
    pub(crate) fn remove(&mut self, block: u64) {
        self.len -= 1;
        if self.len == 0 {
            // A tree of one block has no branches, see below.
            return;
        }
        let mut path = [0_u32; MAX_HEIGHT + 1];
        let mut at = self.root;
        for height in (1..=self.height).rev() {
            path[height as usize] = at;
            at = self.branches[at as usize].child[digit(block, height)];
        }
        for height in 1..=self.height {
            let at = path[height as usize];
            let branch = &mut self.branches[at as usize];
            branch.used &= !(1 << digit(block, height));
            if branch.used != 0 {
                break;
            }
            self.free.push(at);
        }
        // A root with one child is not needed.
        while self.height > 0 {
            let branch = &self.branches[self.root as usize];
            if !branch.used.is_power_of_two() {
                break;
            }
            let digit = branch.used.trailing_zeros();
            self.free.push(self.root);
            self.root = branch.child[digit as usize];
            self.height -= 1;
            self.prefix = self.prefix << BITS | u64::from(digit);
        }
    }

    /// The first block after `block`, which must be there.
    pub(crate) fn after(&self, block: u64) -> Option<u32> {
        let mut at = self.root;
        let mut turn = None;
        for height in (1..=self.height).rev() {
            let branch = &self.branches[at as usize];
            let digit = digit(block, height);
            // Two shifts: the digit may be the last.
            let beyond = branch.used & (u64::MAX << digit << 1);
            if beyond != 0 {
                turn = Some((
                    branch.child[beyond.trailing_zeros() as usize & (FAN - 1)],
                    height - 1,
                ));
            }
            at = branch.child[digit];
        }
        turn.map(|(at, height)| self.first_below(at, height))
    }

    /// The first block of all.
    pub(crate) fn first(&self) -> Option<u32> {
        (self.len > 0).then(|| self.first_below(self.root, self.height))
    }

    fn first_below(&self, mut at: u32, height: u32) -> u32 {
        for _ in 0..height {
            let branch = &self.branches[at as usize];
            at = branch.child[branch.used.trailing_zeros() as usize & (FAN - 1)];
        }
        at
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn branch(&mut self) -> u32 {
        if let Some(at) = self.free.pop() {
            self.branches[at as usize].used = 0;
            return at;
        }
        self.branches.push(BARE);
        (self.branches.len() - 1) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::Tree;
    use std::collections::BTreeMap;

    #[test]
    fn agrees_with_a_sorted_map() {
        let mut seed = 7_u64;
        let mut next = move || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            seed >> 12
        };
        let mut tree = Tree::default();
        let mut plain = BTreeMap::new();
        for step in 0..20_000_u32 {
            let spread = [0, 3, 9, 20, 51][next() as usize % 5];
            let block = (1 << 51) + (next() & ((1 << spread) - 1));
            if plain.remove(&block).is_some() {
                tree.remove(block);
            } else if next() % 3 > 0 || plain.len() < 3 {
                plain.insert(block, step);
                tree.insert(block, step);
            }
            if step % 500 == 499 {
                for block in plain.keys().copied().collect::<Vec<_>>() {
                    plain.remove(&block);
                    tree.remove(block);
                    assert_eq!(tree.first(), plain.values().next().copied());
                }
            }
            assert_eq!(tree.len(), plain.len());
            assert_eq!(tree.get(block), plain.get(&block).copied());
            assert_eq!(tree.first(), plain.values().next().copied());
            let mut seen = Vec::new();
            for block in plain.keys() {
                seen.extend(tree.after(*block));
            }
            assert_eq!(seen, plain.values().skip(1).copied().collect::<Vec<_>>());
        }
        assert!(
            tree.branches.len() < 2_000,
            "emptied branches are used again"
        );
    }
}
