//! The bytes on the disk, spelled out by hand from `FORMAT.md`: a change of format must show.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rialto_journal::{Config, Journal, LogId, MemDisk, Reader};

/// CRC-32C bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            (c >> 1) ^ (0x82F6_3B78 & (c & 1).wrapping_neg())
        })
    })
}

fn header(number: u64, base: u64, previous_end: u64, logs: &[(u32, u64)]) -> Vec<u8> {
    let mut out = b"RIALTOJL".to_vec();
    out.extend(1u32.to_le_bytes());
    out.extend(4096u32.to_le_bytes());
    for field in [number, base, previous_end, logs.len() as u64] {
        out.extend(field.to_le_bytes());
    }
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
    journal.sync().unwrap();
    journal.append(LogId(3), 11, b"").unwrap();
    journal.append(LogId(3), 12, &[8; 4000]).unwrap();
    journal.seal().unwrap();

    let mut first = header(1, 0, 0, &[]);
    first.extend(record(1, 1, 3, 10, 4096, b"hello", 4096));
    first.extend(record(1, 1, 1, 1, 4096, &[7; 16], 4144));
    first.extend(record(1, 1, 3, 11, 4200, b"", 4200));
    assert_eq!(first.len(), 4240);
    let mut second = header(2, 4240, 4240, &[(1, 2), (3, 12)]);
    second.extend(record(2, 1, 3, 12, 4200, &[8; 4000], 8336));
    second.extend(record(2, 2, u32::MAX, 0, 12376, b"", 12376));
    for (name, mut expected) in [("000000000001.seg", first), ("000000000002.seg", second)] {
        expected.resize(8192, 0);
        assert!(disk.contents(name).unwrap() == expected, "{name}");
    }
}

#[test]
fn writer_and_reader_may_move_to_another_thread() {
    fn sendable<T: Send>() {}
    sendable::<Journal>();
    sendable::<Reader>();
}
