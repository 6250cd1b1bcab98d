//! The two byte buffers of a connection.

/// Bytes received and not yet used, up to a bound.
#[derive(Debug)]
pub(super) struct Input {
    bytes: Vec<u8>,
    /// Where the unused ones begin.
    head: usize,
    bound: usize,
    ended: bool,
}

impl Input {
    pub(super) const fn new(bound: usize) -> Self {
        Self {
            bytes: Vec::new(),
            head: 0,
            bound,
            ended: false,
        }
    }

    /// How many more bytes fit.
    pub(super) fn room(&self) -> usize {
        if self.ended {
            return 0;
        }
        self.bound.saturating_sub(self.bytes().len())
    }

    /// Takes bytes that fit; returns how many they are.
    pub(super) fn put(&mut self, bytes: &[u8]) -> usize {
        // Used bytes are dropped here and not in `consume`, so that a payload just consumed can still be read.
        self.bytes.drain(..self.head);
        self.head = 0;
        self.bytes.extend_from_slice(bytes);
        bytes.len()
    }

    /// The unused bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.head..).unwrap_or_default()
    }

    /// Uses the first `count` bytes.
    pub(super) fn consume(&mut self, count: usize) {
        self.head = self.head.saturating_add(count).min(self.bytes.len());
    }

    /// The last `count` bytes used; only until more are put in.
    pub(super) fn consumed(&self, count: usize) -> &[u8] {
        let start = self.head.saturating_sub(count);
        self.bytes.get(start..self.head).unwrap_or_default()
    }

    /// No more bytes will come.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Whether no more bytes will come.
    pub(super) const fn ended(&self) -> bool {
        self.ended
    }

    /// Forgets everything and gives the memory back.
    pub(super) fn clear(&mut self) {
        self.bytes = Vec::new();
        self.head = 0;
    }
}

/// Bytes to be sent.
#[derive(Debug)]
pub(super) struct Output {
    bytes: Vec<u8>,
    /// Where the unsent ones begin.
    head: usize,
}

impl Output {
    pub(super) const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            head: 0,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.head..).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len().saturating_sub(self.head)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where more bytes are appended.
    pub(super) fn tail(&mut self) -> &mut Vec<u8> {
        // Sent bytes are moved out of the way once they are half of all: each byte moves once on average, and the
        // memory stays within twice the bound.
        if self.head > self.bytes.len() / 2 {
            self.bytes.drain(..self.head);
            self.head = 0;
        }
        &mut self.bytes
    }

    /// The first `count` bytes are sent.
    pub(super) fn consume(&mut self, count: usize) {
        self.head = self.head.saturating_add(count).min(self.bytes.len());
        if self.is_empty() {
            self.bytes.clear();
            self.head = 0;
        }
    }

    /// Forgets everything and gives the memory back.
    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }
}
