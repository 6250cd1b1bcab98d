//! What a replica's journal says: its market replayed, every stream written anew beside it, and its state hashes.

use crate::VerifyError;
use crate::checkpoint::{self, Checkpoint, Extent};
use crate::journal::Log;
use crate::packets::{self, Packets};
use rialto_journal::entry::Payload;
use rialto_market::codec::{self, Stamped};
use rialto_market::event::Event;
use rialto_market::types::TradingDay;
use rialto_market::{Config, Market};
use rialto_session::{Publisher, StreamId, StreamSink};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Take, Write};
use std::path::{Path, PathBuf};

/// A SoupBinTCP session name: one trading day of one lineage.
pub(crate) type Day = [u8; 10];
/// A stream of a day.
pub(crate) type Key = (Day, StreamId);

/// Where a replica keeps a market's files.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) journal: PathBuf,
    pub(crate) checkpoints: PathBuf,
    streams: PathBuf,
}

impl Places {
    pub(crate) fn new(data_dir: &Path, market: &str) -> Self {
        let dir = data_dir.join("markets").join(market);
        Self {
            journal: data_dir.join("journal"),
            checkpoints: dir.join("checkpoints"),
            streams: dir.join("streams"),
        }
    }

    /// The file of a stream.
    pub(crate) fn stream(&self, (day, stream): &Key) -> PathBuf {
        let name = match stream {
            StreamId::Feed => "feed.soup".to_owned(),
            StreamId::Session(id) => format!("session-{id}.soup"),
        };
        self.streams
            .join(String::from_utf8_lossy(day).as_ref())
            .join(name)
    }
}

/// A stream: the messages before the replay as the replica's file has them, the others as the replay made them.
pub(crate) struct Stream {
    file: PathBuf,
    /// How much of it comes from the file.
    pub(crate) before: Extent,
    scratch: PathBuf,
    pub(crate) replayed: u64,
    writer: Option<BufWriter<File>>,
}

type Chunk = Packets<BufReader<File>>;
type Prefix = Packets<BufReader<Take<File>>>;

/// Reads a stream from its first message.
pub(crate) struct StreamReader {
    prefix: Option<Prefix>,
    left: u64,
    replayed: Option<Chunk>,
    /// The number of the next message.
    pub(crate) next: u64,
}

impl StreamReader {
    /// Puts the next message into `message`; `false` at the end.
    pub(crate) fn read(&mut self, message: &mut Vec<u8>) -> io::Result<bool> {
        if self.left > 0 {
            if let Some(prefix) = &mut self.prefix
                && prefix.next(message)?
            {
                self.left -= 1;
                self.next += 1;
                return Ok(true);
            }
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the stream's file ends before its checkpoint's place",
            ));
        }
        let found = match &mut self.replayed {
            Some(replayed) => replayed.next(message)?,
            None => false,
        };
        self.next += u64::from(found);
        Ok(found)
    }
}

impl Stream {
    /// How many messages it has.
    pub(crate) fn len(&self) -> u64 {
        self.before.messages + self.replayed
    }

    /// Reads it from its beginning.
    pub(crate) fn open(&self) -> io::Result<StreamReader> {
        let prefix = if self.before.messages > 0 {
            let file = File::open(&self.file)?.take(self.before.bytes);
            Some(Packets::new(BufReader::new(file)))
        } else {
            None
        };
        let replayed = if self.replayed > 0 {
            let file = File::open(&self.scratch)?;
            Some(Packets::new(BufReader::new(file)))
        } else {
            None
        };
        Ok(StreamReader {
            prefix,
            left: self.before.messages,
            replayed,
            next: 1,
        })
    }

    /// Reads what the replay made, and the file from the same place on; `None` if there is no file.
    pub(crate) fn beside(&self) -> io::Result<Option<(Chunk, Chunk)>> {
        use std::io::{Seek, SeekFrom};
        if self.replayed == 0 {
            return Ok(None);
        }
        let mut file = match File::open(&self.file) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        file.seek(SeekFrom::Start(self.before.bytes))?;
        Ok(Some((
            Packets::new(BufReader::new(File::open(&self.scratch)?)),
            Packets::new(BufReader::new(file)),
        )))
    }

    /// How many messages the part before the replay really has; `None` if the file does not reach as far.
    pub(crate) fn count_before(&self) -> io::Result<Option<u64>> {
        if self.before.messages == 0 {
            return Ok(Some(0));
        }
        let file = match File::open(&self.file) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut packets = Packets::new(BufReader::new(file.take(self.before.bytes)));
        let mut message = Vec::new();
        while packets.next(&mut message)? {}
        Ok((packets.bytes == self.before.bytes).then_some(packets.count))
    }
}

/// What the replay of one replica gave.
pub(crate) struct Truth {
    pub(crate) name: String,
    /// The position before the first that was replayed.
    pub(crate) start: u64,
    pub(crate) position: u64,
    pub(crate) state_hash: String,
    /// State hashes at the positions asked for, as far as they were passed.
    pub(crate) hashes: BTreeMap<u64, String>,
    pub(crate) streams: BTreeMap<Key, Stream>,
    /// Session numbers by login name.
    pub(crate) sessions: BTreeMap<[u8; 6], StreamId>,
    pub(crate) commands: u64,
}

/// Writes the streams.
struct Sink<'a> {
    places: &'a Places,
    scratch: &'a Path,
    day: Day,
    streams: BTreeMap<Key, Stream>,
    failure: Option<io::Error>,
    packet: Vec<u8>,
}

impl Sink<'_> {
    fn stream(&mut self, id: StreamId, before: Extent) -> &mut Stream {
        let key = (self.day, id);
        let nth = self.streams.len();
        self.streams.entry(key).or_insert_with(|| Stream {
            file: self.places.stream(&key),
            before,
            scratch: self.scratch.join(format!("{nth}.soup")),
            replayed: 0,
            writer: None,
        })
    }

    fn put(&mut self, id: StreamId, message: &[u8]) -> io::Result<()> {
        let mut packet = std::mem::take(&mut self.packet);
        packet.clear();
        packets::encode(message, &mut packet)?;
        let stream = self.stream(id, Extent::default());
        if stream.writer.is_none() {
            stream.writer = Some(BufWriter::new(File::create(&stream.scratch)?));
        }
        if let Some(writer) = &mut stream.writer {
            writer.write_all(&packet)?;
        }
        stream.replayed += 1;
        self.packet = packet;
        Ok(())
    }

    fn finish(mut self) -> io::Result<BTreeMap<Key, Stream>> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        for stream in self.streams.values_mut() {
            if let Some(mut writer) = stream.writer.take() {
                writer.flush()?;
            }
        }
        Ok(self.streams)
    }
}

impl StreamSink for Sink<'_> {
    fn opened(&mut self, day: &TradingDay) {
        self.day = day.session_name();
    }

    fn append(&mut self, stream: StreamId, _number: u64, message: &[u8]) {
        if let Err(error) = self.put(stream, message) {
            self.failure.get_or_insert(error);
        }
    }

    fn closed(&mut self, _day: &TradingDay) {}
}

/// Replays `log` up to and with `last`, with the state hashes at `wanted`; the streams go below `scratch`.
pub(crate) fn replay(
    name: &str,
    market_name: &str,
    places: &Places,
    log: &mut Log,
    last: u64,
    wanted: &BTreeSet<u64>,
    scratch: &Path,
) -> Result<Truth, VerifyError> {
    let wrong = |why: String| VerifyError::replica(name, why);
    let mut sink = Sink {
        places,
        scratch,
        day: Day::default(),
        streams: BTreeMap::new(),
        failure: None,
        packet: Vec::new(),
    };
    let (mut market, mut publisher, start) =
        match start(market_name, places, log, last).map_err(wrong)? {
            None => (Market::new(Config::default()), Publisher::new(), 0),
            Some(checkpoint) => {
                if let Some((day, _)) = checkpoint.publisher.day() {
                    sink.day = day.session_name();
                    sink.stream(StreamId::Feed, checkpoint.feed);
                    for (session, extent) in &checkpoint.sessions {
                        let id = StreamId::Session(rialto_market::types::SessionId(*session));
                        sink.stream(id, *extent);
                    }
                }
                (checkpoint.market, checkpoint.publisher, checkpoint.position)
            }
        };
    let hash = |market: &Market| blake3::Hash::from(market.state_hash()).to_hex().to_string();
    let mut hashes = BTreeMap::new();
    if wanted.contains(&start) {
        hashes.insert(start, hash(&market));
    }
    let mut position = start;
    let mut commands: Vec<Stamped> = Vec::new();
    let mut events: Vec<Event> = Vec::new();
    let (mut count, mut bad) = (0, None);
    log.each(start + 1, last, |at, entry| {
        if bad.is_some() {
            return Ok(());
        }
        if let Payload::Batch(batch) = entry.payload {
            commands.clear();
            if let Err(error) = codec::decode_batch_into(batch, &mut commands) {
                bad = Some(format!("position {at}: {error}"));
                return Ok(());
            }
            for stamped in &commands {
                events.clear();
                market.apply(&stamped.command, stamped.stamp_ns, &mut events);
                let time_ns = market.last_stamp_ns();
                publisher.publish(&events, time_ns, &market, &mut sink);
                count += 1;
            }
        }
        position = at;
        if wanted.contains(&at) {
            hashes.insert(at, hash(&market));
        }
        Ok(())
    })
    .map_err(|error| wrong(error.to_string()))?;
    if let Some(why) = bad {
        return Err(wrong(why));
    }
    let sessions = market
        .sessions()
        .map(|session| {
            let definition = session.definition;
            (definition.username.0, StreamId::Session(definition.id))
        })
        .collect();
    Ok(Truth {
        name: name.to_owned(),
        start,
        position,
        state_hash: hash(&market),
        hashes,
        streams: sink
            .finish()
            .map_err(|error| wrong(format!("scratch files: {error}")))?,
        sessions,
        commands: count,
    })
}

/// The oldest checkpoint from which the log goes on; `None` where the log is there from its beginning.
fn start(
    market: &str,
    places: &Places,
    log: &Log,
    last: u64,
) -> Result<Option<Checkpoint>, String> {
    if log.first == 1 {
        return Ok(None);
    }
    let mut tried = Vec::new();
    for (position, path) in checkpoint::list(&places.checkpoints) {
        if position + 1 < log.first || position > last {
            continue;
        }
        match checkpoint::load(&path, market) {
            Ok(checkpoint) => return Ok(Some(checkpoint)),
            Err(why) => tried.push(why),
        }
    }
    Err(format!(
        "its journal begins at position {} and no checkpoint in {} leads there up to position {last}{}{}",
        log.first,
        places.checkpoints.display(),
        if tried.is_empty() { "" } else { ": " },
        tried.join("; ")
    ))
}
