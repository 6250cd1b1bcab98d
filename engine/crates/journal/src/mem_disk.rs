//! A disk in memory that fails as real ones do, from a seed.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::{Disk, DiskFile, DiskLock, LockMode};

const SECTOR: usize = 512;

/// What a crash does to writes that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The process died, the machine lives: its cache still has every write.
    Process,
    /// The power failed before anything unsynced reached the disk.
    All,
    /// The power failed: each 512-byte sector has any of the contents it was given since the last sync, each apart from the others;
    /// of unsynced creates, renames and removes the first few happened (a random number).
    Random,
}

/// A directory in memory. Clones are handles to the same disk, so that a test keeps one to break it with. After
/// [`crash`](MemDisk::crash) all earlier files and locks are dead, and the directory can be opened again. The same seed and the
/// same calls give the same faults.
#[derive(Clone, Debug)]
pub struct MemDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    random: u64,
    epoch: u64,
    next_inode: u64,
    inodes: BTreeMap<u64, Inode>,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    unsynced_names: Vec<NameChange>,
    locks: BTreeMap<String, (usize, bool)>,
    capacity: Option<u64>,
    short_writes: bool,
    fail_syncs: u32,
    fail_writes: u32,
    power_left: Option<u64>,
    syncs: u64,
    writes: u64,
}

#[derive(Debug, Default)]
struct Inode {
    /// What a reader sees now.
    seen: Vec<u8>,
    /// What a power cut cannot take.
    durable: Vec<u8>,
    /// Writes since the last sync, in order.
    unsynced: Vec<(usize, Vec<u8>)>,
}

#[derive(Debug, Clone)]
enum NameChange {
    Put(String, u64),
    Rename(String, String),
    Remove(String),
}

fn put(bytes: &mut Vec<u8>, offset: usize, new: &[u8]) {
    if bytes.len() < offset + new.len() {
        bytes.resize(offset + new.len(), 0);
    }
    bytes[offset..offset + new.len()].copy_from_slice(new);
}

fn apply(names: &mut BTreeMap<String, u64>, change: &NameChange) {
    match change {
        NameChange::Put(name, inode) => {
            names.insert(name.clone(), *inode);
        }
        NameChange::Rename(from, to) => {
            if let Some(inode) = names.remove(from) {
                names.insert(to.clone(), inode);
            }
        }
        NameChange::Remove(name) => {
            names.remove(name);
        }
    }
}

impl Inode {
    /// Makes a random part of the unsynced writes durable, sector by sector.
    fn settle_some(&mut self, random: &mut u64) {
        // Per sector, the writes that touched it in order; a random number of them arrived.
        let mut sectors: BTreeMap<usize, Vec<(usize, Vec<u8>)>> = BTreeMap::new();
        for (offset, bytes) in self.unsynced.drain(..) {
            let mut at = offset;
            while at < offset + bytes.len() {
                let end = ((at / SECTOR + 1) * SECTOR).min(offset + bytes.len());
                let part = bytes[at - offset..end - offset].to_vec();
                sectors.entry(at / SECTOR).or_default().push((at, part));
                at = end;
            }
        }
        // Some crashes keep nearly all, some nearly nothing: both ends find other mistakes than the middle.
        let bias = next(random) % 5;
        for writes in sectors.into_values() {
            let arrived = match bias {
                0 => 0,
                1 => writes.len(),
                2 if !next(random).is_multiple_of(8) => writes.len(),
                3 if !next(random).is_multiple_of(8) => 0,
                _ => (next(random) % (writes.len() as u64 + 1)) as usize,
            };
            for (at, part) in &writes[..arrived] {
                put(&mut self.durable, *at, part);
            }
        }
    }
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn power_is_off() -> io::Error {
    io::Error::other("the power is off")
}

impl State {
    /// Counts one operation that changes something; `Ok(false)` says that the power goes with this one.
    fn spend(&mut self) -> io::Result<bool> {
        match &mut self.power_left {
            None => Ok(true),
            Some(0) => Err(power_is_off()),
            Some(left) => {
                *left -= 1;
                Ok(*left > 0)
            }
        }
    }

    fn change(&mut self, change: NameChange) -> io::Result<()> {
        let lives = self.spend()?;
        apply(&mut self.names, &change);
        self.unsynced_names.push(change);
        if lives { Ok(()) } else { Err(power_is_off()) }
    }

    fn inode(&mut self, name: &str) -> io::Result<u64> {
        if self.power_left == Some(0) {
            return Err(power_is_off());
        }
        let missing = || io::Error::new(io::ErrorKind::NotFound, format!("no file {name}"));
        self.names.get(name).copied().ok_or_else(missing)
    }

    fn used(&self) -> u64 {
        self.names
            .values()
            .filter_map(|i| self.inodes.get(i))
            .map(|i| i.seen.len() as u64)
            .sum()
    }

    fn forget_unnamed(&mut self) {
        let (names, durable) = (&self.names, &self.durable_names);
        self.inodes
            .retain(|id, _| names.values().any(|n| n == id) || durable.values().any(|n| n == id));
    }
}

impl MemDisk {
    /// An empty disk whose faults come from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            random: seed,
            ..State::default()
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the process that used this disk, or its power. All faults that were set are cleared, except the capacity.
    pub fn crash(&self, loss: Loss) {
        let mut guard = self.state();
        let state = &mut *guard;
        let mut random = state.random;
        if loss != Loss::Process {
            let happened = match loss {
                Loss::Random => next(&mut random) as usize % (state.unsynced_names.len() + 1),
                _ => 0,
            };
            for change in state.unsynced_names.iter().take(happened) {
                apply(&mut state.durable_names, change);
            }
            state.unsynced_names.clear();
            state.names = state.durable_names.clone();
            for inode in state.inodes.values_mut() {
                match loss {
                    Loss::Random => inode.settle_some(&mut random),
                    _ => inode.unsynced.clear(),
                }
                inode.seen = inode.durable.clone();
            }
        }
        state.random = random;
        state.epoch += 1;
        state.locks.clear();
        state.short_writes = false;
        (state.fail_syncs, state.fail_writes, state.power_left) = (0, 0, None);
        state.forget_unnamed();
    }

    /// The power goes in the middle of the `operations`-th write, sync, create, rename or remove from now on: that one fails, though
    /// it may have happened, and everything after it fails until [`crash`](Self::crash).
    pub fn power_off_after(&self, operations: u64) {
        self.state().power_left = Some(operations.max(1));
    }

    /// The bytes all files may have together; `None` for no bound.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state().capacity = bytes;
    }

    /// Whether a write takes only some of its bytes.
    pub fn set_short_writes(&self, on: bool) {
        self.state().short_writes = on;
    }

    /// The next `count` syncs fail. As on a real system, the cache then takes the data for written though some of it never will be.
    pub fn fail_syncs(&self, count: u32) {
        self.state().fail_syncs = count;
    }

    /// The next `count` writes fail, each after a part of its bytes.
    pub fn fail_writes(&self, count: u32) {
        self.state().fail_writes = count;
    }

    /// Turns one bit of a file over, on the disk and in the cache.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` beyond the file's end.
    pub fn flip_bit(&self, name: &str, offset: u64, bit: u8) -> io::Result<()> {
        let mut state = self.state();
        let id = state.inode(name)?;
        let at = usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        let Some(inode) = state.inodes.get_mut(&id).filter(|i| at < i.seen.len()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        inode.seen[at] ^= 1 << (bit & 7);
        if let Some(byte) = inode.durable.get_mut(at) {
            *byte ^= 1 << (bit & 7);
        }
        Ok(())
    }

    /// A file as a reader sees it.
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        let id = state.names.get(name)?;
        state.inodes.get(id).map(|i| i.seen.clone())
    }

    /// Puts a whole file there, durably.
    pub fn put_file(&self, name: &str, bytes: &[u8]) {
        let mut guard = self.state();
        let state = &mut *guard;
        state.next_inode += 1;
        let inode = Inode {
            seen: bytes.to_vec(),
            durable: bytes.to_vec(),
            unsynced: Vec::new(),
        };
        state.inodes.insert(state.next_inode, inode);
        state.names.insert(name.to_string(), state.next_inode);
        state
            .durable_names
            .insert(name.to_string(), state.next_inode);
    }

    /// (writes, syncs of files and directories) that succeeded so far.
    pub fn operations(&self) -> (u64, u64) {
        let state = self.state();
        (state.writes, state.syncs)
    }
}

impl Disk for MemDisk {
    fn place(&self) -> String {
        "memory".into()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.next_inode += 1;
        let id = state.next_inode;
        state.inodes.insert(id, Inode::default());
        state.change(NameChange::Put(name.to_string(), id))?;
        Ok(Box::new(MemFile::new(self, &state, id)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        let id = state.inode(name)?;
        Ok(Box::new(MemFile::new(self, &state, id)))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let state = self.state();
        if state.power_left == Some(0) {
            return Err(power_is_off());
        }
        Ok(state.names.keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.inode(from)?;
        state.change(NameChange::Rename(from.to_string(), to.to_string()))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.inode(name)?;
        state.change(NameChange::Remove(name.to_string()))
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut guard = self.state();
        let state = &mut *guard;
        let lives = state.spend()?;
        if state.fail_syncs > 0 {
            state.fail_syncs -= 1;
            return Err(io::Error::other(
                "injected: the sync of the directory failed",
            ));
        }
        if !lives {
            return Err(power_is_off());
        }
        for change in state.unsynced_names.drain(..) {
            apply(&mut state.durable_names, &change);
        }
        state.syncs += 1;
        Ok(())
    }

    fn lock(
        &self,
        name: &str,
        mode: LockMode,
    ) -> io::Result<Result<Box<dyn DiskLock>, Option<u32>>> {
        let mut state = self.state();
        let exclusive = mode == LockMode::Exclusive;
        let held = state.locks.entry(name.to_string()).or_default();
        if held.0 > 0 && (exclusive || held.1) {
            return Ok(Err(Some(std::process::id())));
        }
        *held = (held.0 + 1, exclusive);
        Ok(Ok(Box::new(MemLock {
            disk: self.clone(),
            epoch: state.epoch,
            name: name.to_string(),
        })))
    }
}

struct MemLock {
    disk: MemDisk,
    epoch: u64,
    name: String,
}

impl DiskLock for MemLock {}

impl Drop for MemLock {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.epoch == self.epoch
            && let Some(held) = state.locks.get_mut(&self.name)
        {
            held.0 = held.0.saturating_sub(1);
        }
    }
}

struct MemFile {
    disk: MemDisk,
    epoch: u64,
    inode: u64,
}

impl MemFile {
    fn new(disk: &MemDisk, state: &State, inode: u64) -> Self {
        Self {
            disk: disk.clone(),
            epoch: state.epoch,
            inode,
        }
    }

    /// Works on the file unless its process is dead.
    fn with<T>(&self, work: impl FnOnce(&mut State, u64) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.disk.state();
        if state.epoch != self.epoch || state.power_left == Some(0) {
            return Err(power_is_off());
        }
        work(&mut state, self.inode)
    }
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the file was removed")
}

impl DiskFile for MemFile {
    fn size(&self) -> io::Result<u64> {
        self.with(|state, id| Ok(state.inodes.get(&id).ok_or_else(gone)?.seen.len() as u64))
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.with(|state, id| {
            let seen = &state.inodes.get(&id).ok_or_else(gone)?.seen;
            let from = usize::try_from(offset)
                .unwrap_or(usize::MAX)
                .min(seen.len());
            let n = into.len().min(seen.len() - from);
            into[..n].copy_from_slice(&seen[from..from + n]);
            Ok(n)
        })
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.with(|state, id| {
            let lives = state.spend()?;
            let at = usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
            let mut random = state.random;
            let mut part = |bytes: &[u8]| next(&mut random) as usize % bytes.len().max(1);
            let (taken, result) = if state.fail_writes > 0 {
                state.fail_writes -= 1;
                (
                    part(bytes),
                    Err(io::Error::other("injected: the write failed")),
                )
            } else if !lives {
                (part(bytes), Err(power_is_off()))
            } else if state.short_writes {
                let n = (part(bytes) + 1).min(bytes.len());
                (n, Ok(n))
            } else {
                (bytes.len(), Ok(bytes.len()))
            };
            state.random = random;
            let used = state.used();
            let capacity = state.capacity;
            let inode = state.inodes.get_mut(&id).ok_or_else(gone)?;
            let growth = (at + taken).saturating_sub(inode.seen.len()) as u64;
            if growth > 0 && capacity.is_some_and(|most| used + growth > most) {
                return Err(io::Error::new(
                    io::ErrorKind::StorageFull,
                    "injected: the disk is full",
                ));
            }
            put(&mut inode.seen, at, &bytes[..taken]);
            inode.unsynced.push((at, bytes[..taken].to_vec()));
            state.writes += u64::from(result.is_ok());
            result
        })
    }

    fn preallocate(&self, bytes: u64) -> io::Result<()> {
        let zeros = vec![0; usize::try_from(bytes).map_err(|_| io::ErrorKind::InvalidInput)?];
        crate::disk::write_all(self, 0, &zeros)?;
        self.sync_data()
    }

    fn sync_data(&self) -> io::Result<()> {
        self.with(|state, id| {
            let lives = state.spend()?;
            let mut random = state.random;
            let inode = state.inodes.get_mut(&id).ok_or_else(gone)?;
            if state.fail_syncs > 0 {
                state.fail_syncs -= 1;
                inode.settle_some(&mut random);
                state.random = random;
                return Err(io::Error::other("injected: the sync failed"));
            }
            if !lives {
                return Err(power_is_off());
            }
            for (at, bytes) in inode.unsynced.drain(..) {
                put(&mut inode.durable, at, &bytes);
            }
            state.syncs += 1;
            Ok(())
        })
    }
}
