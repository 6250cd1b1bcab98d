//! One side of a book: its levels, ordered by price.
//!
//! Prices become *keys*, unsigned numbers that grow from the best price to the worst on both sides, so that
//! nothing below asks which side it is on. Keys are cut into blocks of 4,096. A block holds one bit for each
//! key that has a level (64 words and a summary of them) and the places of its chunks; a chunk is 16 levels
//! side by side, and exists while one of them is in use. A tree orders the blocks; the two blocks used last
//! (one of even, one of odd number) are found without it.

use crate::prefetch::{fetch, fetch_ref};
use crate::tree::Tree;
use crate::types::Price;

/// No level.
pub(crate) const NO_LEVEL: u32 = u32::MAX;
/// No chunk, in a block.
const NO_CHUNK: u32 = u32::MAX;
/// No block has this number: block numbers have 52 bits.
const NO_BLOCK: u64 = u64::MAX;

const CHUNK_BITS: u32 = 4;
const CHUNK: usize = 1 << CHUNK_BITS;
const WORD_BITS: u32 = 6;
const BLOCK_BITS: u32 = 12;
const WORDS: usize = 1 << (BLOCK_BITS - WORD_BITS);
const CHUNKS: usize = 1 << (BLOCK_BITS - CHUNK_BITS);
/// A side starts with room for the block it is in and the next.
const FIRST_BLOCKS: usize = 2;

/// The orders of one price, first to last. Empty when `head` is 0.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub(crate) struct Queue {
    pub(crate) head: u32,
    pub(crate) tail: u32,
    pub(crate) qty: u64,
}

const NOBODY: Queue = Queue {
    head: 0,
    tail: 0,
    qty: 0,
};

#[derive(Clone, Copy)]
struct Chunk {
    /// The key of its first level.
    key: u64,
    block: u32,
}

#[repr(C, align(64))]
struct Block {
    /// Which words have a bit set.
    summary: u64,
    number: u64,
    words: [u64; WORDS],
    chunks: [u32; CHUNKS],
}

#[derive(Clone, Copy)]
struct Recent {
    number: u64,
    block: u32,
}

const FORGOTTEN: Recent = Recent {
    number: NO_BLOCK,
    block: 0,
};

#[repr(C, align(64))]
pub(crate) struct Ladder {
    /// The key of the best level; meaningless while there is none.
    best_key: u64,
    /// The handle of the best level or [`NO_LEVEL`].
    best: u32,
    /// What turns a price into a key and back.
    flip: u64,
    recent: [Recent; 2],
    /// All levels of all chunks; a level's handle is its position.
    queues: Vec<Queue>,
    chunks: Vec<Chunk>,
    free_chunks: Vec<u32>,
    blocks: Vec<Block>,
    free_blocks: Vec<u32>,
    tree: Tree,
}

#[inline]
fn word_of(key: u64) -> usize {
    (key >> WORD_BITS) as usize & (WORDS - 1)
}

#[inline]
fn chunk_of(key: u64) -> usize {
    (key >> CHUNK_BITS) as usize & (CHUNKS - 1)
}

impl Ladder {
    /// `descending`: whether the highest price is the best. `chunks`: how many there is room for.
    pub(crate) fn new(descending: bool, chunks: usize) -> Self {
        let sign = 1 << 63;
        Self {
            best_key: 0,
            best: NO_LEVEL,
            flip: if descending { !sign } else { sign },
            recent: [FORGOTTEN; 2],
            queues: Vec::with_capacity(chunks.saturating_mul(CHUNK)),
            chunks: Vec::with_capacity(chunks),
            free_chunks: Vec::with_capacity(chunks),
            blocks: Vec::with_capacity(FIRST_BLOCKS),
            free_blocks: Vec::with_capacity(FIRST_BLOCKS),
            tree: Tree::default(),
        }
    }

    #[inline]
    pub(crate) fn key(&self, price: Price) -> u64 {
        price as u64 ^ self.flip
    }

    #[inline]
    pub(crate) fn price(&self, key: u64) -> Price {
        (key ^ self.flip) as Price
    }

    /// The best level's key and handle.
    #[inline]
    pub(crate) fn best(&self) -> Option<(u64, u32)> {
        (self.best != NO_LEVEL).then_some((self.best_key, self.best))
    }

    /// The best level if it is at `limit` or better.
    #[inline]
    pub(crate) fn best_within(&self, limit: u64) -> Option<(u64, u32)> {
        self.best().filter(|&(key, _)| key <= limit)
    }

    #[inline]
    pub(crate) fn queue(&self, level: u32) -> &Queue {
        &self.queues[level as usize]
    }

    #[inline]
    pub(crate) fn queue_mut(&mut self, level: u32) -> &mut Queue {
        &mut self.queues[level as usize]
    }

    #[inline]
    pub(crate) fn key_of(&self, level: u32) -> u64 {
        self.chunks[level as usize >> CHUNK_BITS].key + (u64::from(level) & (CHUNK as u64 - 1))
    }

    /// The handle of the level at `key`, which counts as in use from here on: an order must be put in it.
    #[inline]
    pub(crate) fn occupy(&mut self, key: u64) -> u32 {
        let number = key >> BLOCK_BITS;
        let recent = self.recent[number as usize & 1];
        let at = if recent.number == number {
            recent.block
        } else {
            self.find_block(number)
        };
        let block = &mut self.blocks[at as usize];
        let word = word_of(key);
        block.words[word] |= 1 << (key & 63);
        block.summary |= 1 << word;
        let chunk = block.chunks[chunk_of(key)];
        let chunk = if chunk == NO_CHUNK {
            self.add_chunk(at, key)
        } else {
            chunk
        };
        let level = chunk << CHUNK_BITS | (key as u32 & (CHUNK as u32 - 1));
        if self.best == NO_LEVEL || key < self.best_key {
            self.best = level;
            self.best_key = key;
        }
        level
    }

    /// Says that the last order of a level has left it.
    #[inline]
    pub(crate) fn vacate(&mut self, level: u32) {
        let at = level as usize >> CHUNK_BITS;
        let chunk = self.chunks[at];
        let key = chunk.key + (u64::from(level) & (CHUNK as u64 - 1));
        let block = &mut self.blocks[chunk.block as usize];
        let index = word_of(key);
        let word = block.words[index] & !(1 << (key & 63));
        block.words[index] = word;
        if word >> (key & 63 & !(CHUNK as u64 - 1)) & ((1 << CHUNK) - 1) == 0 {
            block.chunks[chunk_of(key)] = NO_CHUNK;
            self.free_chunks.push(at as u32);
            if word == 0 {
                block.summary &= !(1 << index);
                if block.summary == 0 {
                    self.drop_block(chunk.block);
                }
            }
        }
        if level == self.best {
            self.find_best(chunk.block);
        }
    }

    /// The best level has gone; it was in this block.
    #[inline]
    fn find_best(&mut self, at: u32) {
        let mut block = &self.blocks[at as usize];
        if block.summary == 0 {
            match self.tree.first() {
                Some(first) => block = &self.blocks[first as usize],
                None => {
                    self.best = NO_LEVEL;
                    return;
                }
            }
        }
        (self.best_key, self.best) = block.first(0);
    }

    /// The first level after the one at `key`, which must be in use.
    pub(crate) fn after(&self, key: u64) -> Option<(u64, u32)> {
        let number = key >> BLOCK_BITS;
        let block = &self.blocks[self.tree.get(number)? as usize];
        let word = word_of(key);
        // Two shifts: the bit may be the last.
        let beyond = block.words[word] & (u64::MAX << (key & 63) << 1);
        if beyond != 0 {
            return Some(block.level(word, beyond));
        }
        let beyond = block.summary & (u64::MAX << word << 1);
        if beyond != 0 {
            return Some(block.first(word + 1));
        }
        let next = self.tree.after(number)?;
        Some(self.blocks[next as usize].first(0))
    }

    #[cold]
    #[inline(never)]
    fn find_block(&mut self, number: u64) -> u32 {
        let at = match self.tree.get(number) {
            Some(at) => at,
            None => self.add_block(number),
        };
        self.recent[number as usize & 1] = Recent { number, block: at };
        at
    }

    fn add_block(&mut self, number: u64) -> u32 {
        let at = match self.free_blocks.pop() {
            Some(at) => {
                // It was emptied level by level, so all but its number is as new.
                self.blocks[at as usize].number = number;
                at
            }
            None => {
                self.blocks.push(Block {
                    summary: 0,
                    number,
                    words: [0; WORDS],
                    chunks: [NO_CHUNK; CHUNKS],
                });
                (self.blocks.len() - 1) as u32
            }
        };
        self.tree.insert(number, at);
        at
    }

    #[cold]
    #[inline(never)]
    fn drop_block(&mut self, at: u32) {
        let number = self.blocks[at as usize].number;
        self.tree.remove(number);
        self.free_blocks.push(at);
        let recent = &mut self.recent[number as usize & 1];
        if recent.number == number {
            *recent = FORGOTTEN;
        }
    }

    #[inline]
    fn add_chunk(&mut self, block: u32, key: u64) -> u32 {
        let chunk = Chunk {
            key: key & !(CHUNK as u64 - 1),
            block,
        };
        let at = match self.free_chunks.pop() {
            Some(at) => {
                self.chunks[at as usize] = chunk;
                at
            }
            None => self.add_new_chunk(chunk),
        };
        self.blocks[block as usize].chunks[chunk_of(key)] = at;
        at
    }

    #[inline(never)]
    fn add_new_chunk(&mut self, chunk: Chunk) -> u32 {
        let at = self.chunks.len() as u32;
        self.chunks.push(chunk);
        self.queues.resize(self.queues.len() + CHUNK, NOBODY);
        at
    }

    /// Asks for what every command reads first.
    #[inline]
    pub(crate) fn prefetch(&self) {
        fetch_ref(&self.best_key);
        fetch_ref(&self.queues);
    }

    /// Asks for a level.
    #[inline]
    pub(crate) fn prefetch_queue(&self, level: u32) {
        fetch(&self.queues, level as usize);
    }

    /// Asks for the bits and the chunk's place of a key, if its block is one of those used last.
    #[inline]
    pub(crate) fn prefetch_way(&self, key: u64) {
        if let Some(block) = self.recent_block(key) {
            fetch(&block.words, word_of(key));
            fetch(&block.chunks, chunk_of(key));
        }
    }

    /// The level of a key, if that is quickly found.
    #[inline]
    pub(crate) fn guess(&self, key: u64) -> Option<u32> {
        let chunk = self.recent_block(key)?.chunks[chunk_of(key)];
        (chunk != NO_CHUNK).then_some(chunk << CHUNK_BITS | (key as u32 & (CHUNK as u32 - 1)))
    }

    #[inline]
    fn recent_block(&self, key: u64) -> Option<&Block> {
        let number = key >> BLOCK_BITS;
        let recent = self.recent[number as usize & 1];
        if recent.number == number {
            self.blocks.get(recent.block as usize)
        } else {
            None
        }
    }

    /// What must hold between the parts; `Err` says what does not.
    pub(crate) fn check(&self) -> Result<(), String> {
        let mut used_chunks = 0;
        let mut used_blocks = 0;
        let mut first = None;
        let mut next = self.tree.first();
        while let Some(at) = next {
            let block = &self.blocks[at as usize];
            used_blocks += 1;
            for (index, &word) in block.words.iter().enumerate() {
                if (block.summary >> index & 1 == 1) != (word != 0) {
                    return Err(format!(
                        "block {}: summary bit {index} is wrong",
                        block.number
                    ));
                }
                for part in 0..64 / CHUNK {
                    let base = block.number << BLOCK_BITS | (index as u64) << WORD_BITS;
                    let key = base + (part * CHUNK) as u64;
                    let bits = word >> (part * CHUNK) & ((1 << CHUNK) - 1);
                    let place = block.chunks[chunk_of(key)];
                    if (place == NO_CHUNK) != (bits == 0) {
                        return Err(format!(
                            "key {key}: a chunk without levels or levels without a chunk"
                        ));
                    }
                    if place == NO_CHUNK {
                        continue;
                    }
                    used_chunks += 1;
                    let chunk = self.chunks[place as usize];
                    if chunk.key != key || chunk.block != at {
                        return Err(format!("key {key}: its chunk thinks it is elsewhere"));
                    }
                    for lane in 0..CHUNK {
                        let queue = self.queue(place << CHUNK_BITS | lane as u32);
                        if (queue.head != 0) != (bits >> lane & 1 == 1) {
                            return Err(format!("key {}: its bit is wrong", key + lane as u64));
                        }
                        if queue.head == 0 && (queue.tail != 0 || queue.qty != 0) {
                            return Err(format!("key {}: empty with a rest", key + lane as u64));
                        }
                    }
                }
            }
            if first.is_none() {
                first = Some(block.first(0));
            }
            next = self.tree.after(block.number);
        }
        if first != self.best() {
            return Err(format!(
                "the best level is {first:?} and {:?} is kept",
                self.best()
            ));
        }
        if used_blocks != self.tree.len()
            || used_blocks + self.free_blocks.len() != self.blocks.len()
        {
            return Err(format!(
                "{used_blocks} blocks in use, the tree holds {}",
                self.tree.len()
            ));
        }
        if used_chunks + self.free_chunks.len() != self.chunks.len() {
            return Err(format!(
                "{used_chunks} of {} chunks in use, rest not free",
                self.chunks.len()
            ));
        }
        for recent in self.recent {
            if recent.number != NO_BLOCK && self.tree.get(recent.number) != Some(recent.block) {
                return Err(format!("block {} is remembered and gone", recent.number));
            }
        }
        Ok(())
    }
}

impl Block {
    /// The first level from a word on; there must be one.
    #[inline]
    fn first(&self, from_word: usize) -> (u64, u32) {
        let words = self.summary & (u64::MAX << from_word);
        let word = words.trailing_zeros() as usize & (WORDS - 1);
        self.level(word, self.words[word])
    }

    /// The level of the lowest bit of `bits`, a part of `word`.
    #[inline]
    fn level(&self, word: usize, bits: u64) -> (u64, u32) {
        let bit = u64::from(bits.trailing_zeros());
        let key = self.number << BLOCK_BITS | (word as u64) << WORD_BITS | bit;
        let level = self.chunks[chunk_of(key)] << CHUNK_BITS | (key as u32 & (CHUNK as u32 - 1));
        (key, level)
    }
}
