//! The numbered streams of a market's current trading day: one a session, one for the feed. They are made of the journal,
//! so they are state: a checkpoint carries how far they had come, and a restart cuts the files there and replays.

mod stream;
mod write_behind;

pub use stream::{Extent, Source, Stream};

use rialto_market::types::{SessionId, TradingDay};
use rialto_session::publish::{StreamId, StreamSink};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell, RefMut};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::Notify;
use write_behind::WriteBehind;

/// How far the streams of a trading day have come: part of a checkpoint.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Extents {
    /// The trading day; `None` before the first.
    pub day: Option<Day>,
    /// The feed.
    pub feed: Extent,
    /// The sessions, by number.
    pub sessions: BTreeMap<u32, Extent>,
    /// Whether the day has closed.
    pub ended: bool,
}

/// A trading day as a checkpoint keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Day {
    /// yyyymmdd.
    pub date: u32,
    /// Which opening of that date.
    pub opening: u8,
    /// The market's lineage.
    pub incarnation: u8,
}

impl From<TradingDay> for Day {
    fn from(day: TradingDay) -> Self {
        Self {
            date: day.date,
            opening: day.opening,
            incarnation: day.incarnation,
        }
    }
}

impl Day {
    /// The SoupBinTCP session name of its streams.
    pub fn session_name(self) -> [u8; 10] {
        TradingDay {
            date: self.date,
            opening: self.opening,
            incarnation: self.incarnation,
        }
        .session_name()
    }
}

/// Where what a market says goes.
pub trait Sink: StreamSink {
    /// The first failure since the last call; nothing after it counts.
    fn failure(&mut self) -> Option<io::Error>;
}

/// Counts, and keeps nothing: what a checkpoint needs.
#[derive(Default)]
pub struct Counting(pub Extents);

impl StreamSink for Counting {
    fn opened(&mut self, day: &TradingDay) {
        self.0 = Extents {
            day: Some((*day).into()),
            ..Extents::default()
        };
    }

    fn append(&mut self, stream: StreamId, _number: u64, message: &[u8]) {
        match stream {
            StreamId::Feed => self.0.feed.add(message.len()),
            StreamId::Session(id) => {
                let extent = self.0.sessions.entry(id.0).or_default();
                extent.add(message.len());
            }
        }
    }

    fn closed(&mut self, _day: &TradingDay) {
        self.0.ended = true;
    }
}

impl Sink for Counting {
    fn failure(&mut self) -> Option<io::Error> {
        None
    }
}

/// A stream with those who wait for it to grow.
pub struct Channel {
    stream: RefCell<Stream>,
    readers: RefCell<Vec<Rc<Notify>>>,
    dirty: Cell<bool>,
}

impl Channel {
    fn new(stream: Stream) -> Rc<Self> {
        Rc::new(Self {
            stream: RefCell::new(stream),
            readers: RefCell::new(Vec::new()),
            dirty: Cell::new(false),
        })
    }

    /// The stream. Not to be held across an await.
    pub fn stream(&self) -> RefMut<'_, Stream> {
        self.stream.borrow_mut()
    }

    /// Wakes `reader` whenever the stream has grown, until [`Channel::leave`].
    pub fn join(&self, reader: &Rc<Notify>) {
        self.readers.borrow_mut().push(Rc::clone(reader));
    }

    /// Wakes `reader` no more.
    pub fn leave(&self, reader: &Rc<Notify>) {
        self.readers
            .borrow_mut()
            .retain(|other| !Rc::ptr_eq(other, reader));
    }

    fn wake(&self) {
        for reader in self.readers.borrow().iter() {
            reader.notify_one();
        }
    }
}

/// The bounds of what streams keep in memory.
#[derive(Clone, Copy, Debug)]
pub struct Tails {
    /// Of the feed.
    pub feed: usize,
    /// Of each session.
    pub session: usize,
}

/// The streams of the trading day on disk.
pub struct Streams {
    dir: PathBuf,
    tails: Tails,
    day: Option<Day>,
    ended: bool,
    feed: Option<Rc<Channel>>,
    sessions: BTreeMap<u32, Rc<Channel>>,
    dirty: Vec<Rc<Channel>>,
    counts: Counts,
    failure: Option<io::Error>,
    write_behind: WriteBehind,
}

/// What was appended: feed, sessions.
#[derive(Clone, Copy, Default, Debug)]
pub struct Counts {
    /// Messages.
    pub messages: [u64; 2],
    /// Bytes, without packet headers.
    pub bytes: [u64; 2],
}

/// Streams opened from their files, before a market's thread takes them.
pub struct Opened {
    dir: PathBuf,
    tails: Tails,
    day: Option<Day>,
    ended: bool,
    feed: Option<Stream>,
    sessions: BTreeMap<u32, Stream>,
}

impl Opened {
    /// Opens the streams below `dir` and cuts them to `extents`. Reads all of them, so it may take a while.
    ///
    /// # Errors
    /// A file does not reach as far as `extents` say, or can't be used.
    pub fn open(dir: &Path, tails: Tails, extents: &Extents) -> io::Result<Self> {
        let mut opened = Self {
            dir: dir.to_owned(),
            tails,
            day: extents.day,
            ended: extents.ended,
            feed: None,
            sessions: BTreeMap::new(),
        };
        let Some(day) = extents.day else {
            return Ok(opened);
        };
        let folder = folder(dir, day);
        std::fs::create_dir_all(&folder)?;
        let open = |file: String, extent, tail| {
            let mut stream = Stream::open(&folder.join(file), extent, tail)?;
            if extents.ended {
                stream.finish();
            }
            Ok::<_, io::Error>(stream)
        };
        opened.feed = Some(open(feed_file(), extents.feed, tails.feed)?);
        for (session, extent) in &extents.sessions {
            let stream = open(session_file(*session), *extent, tails.session)?;
            opened.sessions.insert(*session, stream);
        }
        Ok(opened)
    }

    /// The streams, for the thread that calls it.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn take(self) -> io::Result<Streams> {
        Ok(Streams {
            dir: self.dir,
            tails: self.tails,
            day: self.day,
            ended: self.ended,
            feed: self.feed.map(Channel::new),
            sessions: self
                .sessions
                .into_iter()
                .map(|(session, stream)| (session, Channel::new(stream)))
                .collect(),
            dirty: Vec::new(),
            counts: Counts::default(),
            failure: None,
            write_behind: WriteBehind::new()?,
        })
    }
}

impl Streams {
    /// Opens the streams below `dir` and cuts them to `extents`.
    ///
    /// # Errors
    /// A file does not reach as far as `extents` say, or can't be used.
    pub fn open(dir: &Path, tails: Tails, extents: &Extents) -> io::Result<Self> {
        Opened::open(dir, tails, extents)?.take()
    }

    fn folder(&self) -> PathBuf {
        folder(&self.dir, self.day.unwrap_or_default())
    }

    fn channel(&self, file: &str, extent: Extent, tail: usize) -> io::Result<Rc<Channel>> {
        let mut stream = Stream::open(&self.folder().join(file), extent, tail)?;
        if self.ended {
            stream.finish();
        }
        Ok(Channel::new(stream))
    }

    /// The feed; `None` before the first trading day.
    pub fn feed_channel(&self) -> Option<&Rc<Channel>> {
        self.feed.as_ref()
    }

    /// A session's stream, made where it is not there yet; `None` before the first trading day.
    ///
    /// # Errors
    /// The file can't be made.
    pub fn session_channel(&mut self, session: SessionId) -> io::Result<Option<&Rc<Channel>>> {
        if self.day.is_none() {
            return Ok(None);
        }
        if !self.sessions.contains_key(&session.0) {
            let file = session_file(session.0);
            let channel = self.channel(&file, Extent::default(), self.tails.session)?;
            self.sessions.insert(session.0, channel);
        }
        Ok(self.sessions.get(&session.0))
    }

    /// Wakes the readers of every stream that has grown since the last call.
    pub fn wake(&mut self) {
        for channel in self.dirty.drain(..) {
            channel.dirty.set(false);
            channel.wake();
        }
    }

    /// Writes everything that waits to the files.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.each()
            .try_for_each(|channel| channel.stream.borrow_mut().flush())
    }

    /// Whether some of it had no room on the disk when it was last tried. It stays in memory: nothing more should be
    /// appended before [`Streams::flush`] has found room.
    pub fn held(&self) -> bool {
        self.each().any(|channel| channel.stream.borrow().held())
    }

    /// Bytes that are not in the files yet.
    pub fn pending(&self) -> u64 {
        self.each()
            .map(|channel| channel.stream.borrow().pending())
            .sum()
    }

    /// The files, to sync them.
    pub fn files(&self) -> Vec<Arc<File>> {
        self.each()
            .map(|channel| channel.stream.borrow().file())
            .collect()
    }

    /// How far they have come.
    pub fn extents(&self) -> Extents {
        let extent = |channel: &Rc<Channel>| channel.stream.borrow().extent();
        Extents {
            day: self.day,
            feed: self.feed.as_ref().map(extent).unwrap_or_default(),
            // A stream that was only asked for has nothing in it.
            sessions: self
                .sessions
                .iter()
                .map(|(session, channel)| (*session, extent(channel)))
                .filter(|(_, extent)| extent.messages > 0)
                .collect(),
            ended: self.ended,
        }
    }

    /// What was appended since the start.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Counts on from other streams, whose place these take.
    pub fn count_from(&mut self, counts: Counts) {
        self.counts = counts;
    }

    fn each(&self) -> impl Iterator<Item = &Rc<Channel>> {
        self.feed.iter().chain(self.sessions.values())
    }

    fn put(&mut self, kind: usize, channel: &Rc<Channel>, message: &[u8]) -> io::Result<()> {
        let piece = {
            let mut stream = channel.stream.borrow_mut();
            stream.append(message)?;
            stream.piece()
        };
        if let Some(piece) = piece {
            self.write_behind.give(piece);
        }
        if !channel.dirty.replace(true) {
            self.dirty.push(Rc::clone(channel));
        }
        self.counts.messages[kind] += 1;
        self.counts.bytes[kind] += message.len() as u64;
        Ok(())
    }

    fn open_day(&mut self, day: &TradingDay) -> io::Result<()> {
        // Whoever still reads the last day keeps its streams; they end by themselves.
        self.flush()?;
        self.wake();
        self.day = Some((*day).into());
        self.ended = false;
        self.sessions.clear();
        let folder = self.folder();
        if folder.exists() {
            // Left over from before a crash: the replay writes it again.
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        self.feed = Some(self.channel(&feed_file(), Extent::default(), self.tails.feed)?);
        Ok(())
    }

    fn put_feed(&mut self, message: &[u8]) -> io::Result<()> {
        let Some(channel) = self.feed.take() else {
            return Ok(());
        };
        let put = self.put(0, &channel, message);
        self.feed = Some(channel);
        put
    }

    fn put_session(&mut self, session: SessionId, message: &[u8]) -> io::Result<()> {
        match self.session_channel(session)?.cloned() {
            None => Ok(()),
            Some(channel) => self.put(1, &channel, message),
        }
    }

    fn note(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.failure.get_or_insert(error);
        }
    }
}

impl StreamSink for Streams {
    fn opened(&mut self, day: &TradingDay) {
        let opened = self.open_day(day);
        self.note(opened);
    }

    fn append(&mut self, stream: StreamId, _number: u64, message: &[u8]) {
        let put = match stream {
            StreamId::Feed => self.put_feed(message),
            StreamId::Session(session) => self.put_session(session, message),
        };
        self.note(put);
    }

    fn closed(&mut self, _day: &TradingDay) {
        self.ended = true;
        let all: Vec<Rc<Channel>> = self.each().cloned().collect();
        for channel in all {
            channel.stream.borrow_mut().finish();
            channel.wake();
        }
    }
}

impl Sink for Streams {
    fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }
}

/// Where the streams of a trading day are below `dir`.
pub fn folder(dir: &Path, day: Day) -> PathBuf {
    dir.join(String::from_utf8_lossy(&day.session_name()).as_ref())
}

/// The files of a trading day below its folder, with how far each has come.
pub fn files(extents: &Extents) -> Vec<(String, Extent)> {
    let sessions = extents.sessions.iter();
    let sessions = sessions.map(|(session, extent)| (session_file(*session), *extent));
    std::iter::once((feed_file(), extents.feed))
        .chain(sessions)
        .collect()
}

fn feed_file() -> String {
    "feed.soup".to_owned()
}

fn session_file(session: u32) -> String {
    format!("session-{session}.soup")
}

/// Removes the streams of every trading day below `dir` that is neither in `keep` nor later than all of them.
///
/// # Errors
/// The folder can't be read or a stream not removed.
pub fn remove_old(dir: &Path, keep: &[Day]) -> io::Result<()> {
    let names: Vec<String> = keep
        .iter()
        .map(|day| String::from_utf8_lossy(&day.session_name()).into_owned())
        .collect();
    let Some(oldest) = names.iter().min() else {
        return Ok(());
    };
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.len() == 10 && name < *oldest {
            std::fs::remove_dir_all(entry.path())?;
            tracing::info!(event = "streams_removed", day = name);
        }
    }
    Ok(())
}
