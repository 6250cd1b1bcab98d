//! The bytes on the disk, spelled out by hand from `FORMAT.md`: a change of format must show.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rialto_journal::entry::{EntryError, LeaderEpoch, LogEntry, Payload, decode, encode};
use rialto_journal::{Config, Journal, JournalError, LogId, MemDisk, Position, Reader, Until};

/// CRC-32C bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            (c >> 1) ^ (0x82F6_3B78 & (c & 1).wrapping_neg())
        })
    })
}

fn header(
    version: u32,
    number: u64,
    base: u64,
    previous_end: u64,
    cuts: u32,
    logs: &[(u32, u64)],
) -> Vec<u8> {
    let mut out = b"RIALTOJL".to_vec();
    out.extend(version.to_le_bytes());
    out.extend(4096u32.to_le_bytes());
    for field in [number, base, previous_end] {
        out.extend(field.to_le_bytes());
    }
    out.extend((logs.len() as u32).to_le_bytes());
    out.extend(cuts.to_le_bytes());
    for (log, next) in logs {
        out.extend(u64::from(*log).to_le_bytes());
        out.extend(next.to_le_bytes());
    }
    out.resize(4092, 0);
    out.extend(crc(&out).to_le_bytes());
    out
}

fn record(
    segment: u32,
    kind: u32,
    log: u32,
    index: u64,
    durable: u64,
    payload: &[u8],
    position: u64,
) -> Vec<u8> {
    let mut rest = (payload.len() as u32).to_le_bytes().to_vec();
    for field in [segment.wrapping_mul(0x9E37_79B1), kind, log, 0] {
        rest.extend(field.to_le_bytes());
    }
    rest.extend(index.to_le_bytes());
    rest.extend(durable.to_le_bytes());
    rest.extend(payload);
    while !(rest.len() + 4).is_multiple_of(8) {
        rest.push(0);
    }
    let mut summed = position.to_le_bytes().to_vec();
    summed.extend(&rest);
    let mut out = crc(&summed).to_le_bytes().to_vec();
    out.extend(rest);
    out
}

#[test]
fn the_bytes_are_as_documented() {
    let disk = MemDisk::new(1);
    let (mut journal, _) = Journal::open(disk.clone(), Config::with_segment_bytes(8192)).unwrap();
    journal.append(LogId(3), 10, b"hello").unwrap();
    journal.append(LogId(1), 1, &[7; 16]).unwrap();
    journal.put_note(LogId(3), b"a note").unwrap();
    journal.sync().unwrap();
    journal.append(LogId(3), 11, b"").unwrap();
    journal.truncate(LogId(3), 11).unwrap();
    journal.append(LogId(3), 11, &[8; 1900]).unwrap();
    journal.reset(LogId(1), 70).unwrap();
    journal.append(LogId(3), 12, &[8; 1900]).unwrap();
    journal.seal().unwrap();

    let mut first = header(2, 1, 0, 0, 0, &[]);
    first.extend(record(1, 1, 3, 10, 4096, b"hello", 4096));
    first.extend(record(1, 1, 1, 1, 4096, &[7; 16], 4144));
    first.extend(record(1, 5, 3, 0, 4096, b"a note", 4200));
    first.extend(record(1, 1, 3, 11, 4248, b"", 4248));
    first.extend(record(1, 3, 3, 11, 4248, b"", 4288));
    first.extend(record(1, 1, 3, 11, 4248, &[8; 1900], 4328));
    first.extend(record(1, 4, 1, 70, 4248, b"", 6272));
    assert_eq!(first.len(), 6312);
    let mut second = header(2, 2, 6312, 6312, 2, &[(1, 70), (3, 12)]);
    second.extend(record(2, 5, 3, 0, 4248, b"a note", 10408));
    second.extend(record(2, 1, 3, 12, 4248, &[8; 1900], 10456));
    second.extend(record(2, 2, u32::MAX, 0, 12400, b"", 12400));
    for (name, mut expected) in [("000000000001.seg", first), ("000000000002.seg", second)] {
        expected.resize(8192, 0);
        assert!(disk.contents(name).unwrap() == expected, "{name}");
    }
}

#[test]
fn an_entry_of_a_replicated_log_is_as_documented() {
    let epoch = LeaderEpoch { term: 3, node: 258 };
    let mut head = 3u64.to_le_bytes().to_vec();
    head.extend(258u64.to_le_bytes());
    for (kind, payload) in [
        (0, Payload::Blank),
        (1, Payload::Batch(b"orders")),
        (1, Payload::Batch(b"")),
        (2, Payload::Membership(b"voters")),
    ] {
        let entry = LogEntry { epoch, payload };
        let mut expected = head.clone();
        expected.push(kind);
        expected.extend(payload.bytes());
        let mut bytes = Vec::new();
        encode(&entry, &mut bytes);
        assert_eq!(bytes, expected);
        assert_eq!(decode(&bytes), Ok(entry));
        assert_eq!(entry.to_owned().borrow(), entry);
        for short in 0..17 {
            assert_eq!(
                decode(&bytes[..short]),
                Err(EntryError::TooShort { bytes: short })
            );
        }
    }
    head.push(0);
    head.push(9);
    assert_eq!(decode(&head), Err(EntryError::BlankWithBytes { bytes: 18 }));
    head[16] = 3;
    assert_eq!(decode(&head), Err(EntryError::UnknownKind { kind: 3 }));
    let later = LeaderEpoch { term: 4, node: 0 };
    assert!(epoch < later && LeaderEpoch { term: 3, node: 259 } > epoch);
}

#[test]
fn a_directory_of_version_1_is_refused_with_what_to_do() {
    let disk = MemDisk::new(1);
    let mut old = header(1, 1, 0, 0, 0, &[]);
    old.resize(8192, 0);
    disk.put_file("000000000001.seg", &old);
    let refused = Journal::open(disk.clone(), Config::with_segment_bytes(8192)).unwrap_err();
    assert_eq!(
        refused,
        JournalError::Version {
            place: "memory".into(),
            file: "000000000001.seg".into(),
            found: 1
        }
    );
    for part in ["format version 1", "version 2", "rialto clean", "anew"] {
        assert!(refused.to_string().contains(part), "{refused}");
    }
    for until in [Until::ValidEnd, Until::Position(Position(5000))] {
        assert_eq!(Reader::open(disk.clone(), until).unwrap_err(), refused);
    }
    assert!(disk.contents("000000000001.seg").unwrap() == old);
}

#[test]
fn writer_and_reader_may_move_to_another_thread() {
    fn sendable<T: Send>() {}
    sendable::<Journal>();
    sendable::<Reader>();
}
