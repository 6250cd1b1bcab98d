//! Noise at every decoder: golden vectors, mutated. `RIALTO_WIRE_FUZZ` sets the number of inputs a decoder gets
//! (20,000 without it), `RIALTO_WIRE_FUZZ_SEED` the seed; a failure names the input in hexadecimal.

use crate::golden::{self, Vector, shown};
use crate::random::PROTOCOLS;
use rialto_wire::soup::{ClientDecoder, ServerDecoder};

/// SplitMix64: all a fuzzer needs, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ (value >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

fn setting(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is {text:?}; set a number")),
        Err(_) => otherwise,
    }
}

/// One to four changes: a bit, a byte, a bound, a cut, a copy, a splice with another vector.
fn mutated(random: &mut Random, corpus: &[Vector]) -> Vec<u8> {
    let mut bytes = corpus[random.below(corpus.len())].1.clone();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(8) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            1 if !bytes.is_empty() => bytes[at] = random.next() as u8,
            2 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][random.below(5)],
            3 => bytes.truncate(at),
            4 => bytes.insert(at, random.next() as u8),
            5 if !bytes.is_empty() => drop(bytes.remove(at)),
            6 => {
                let other = &corpus[random.below(corpus.len())].1;
                let from = random.below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => {
                let copy: Vec<u8> = bytes[at..].to_vec();
                bytes.extend_from_slice(&copy);
            }
        }
    }
    bytes.truncate(70_000);
    bytes
}

#[test]
fn messages() {
    let cases = setting("RIALTO_WIRE_FUZZ", 20_000);
    let mut random = Random(setting("RIALTO_WIRE_FUZZ_SEED", 1));
    for protocol in PROTOCOLS {
        let corpus = (protocol.vectors)();
        let mut whole = 0u64;
        for _ in 0..cases {
            let bytes = mutated(&mut random, &corpus);
            match (protocol.decode)(&bytes) {
                Ok(again) if protocol.name != "GLIMPSE" => {
                    assert_eq!(shown(&again), shown(&bytes), "{}", protocol.name);
                    whole += 1;
                }
                Ok(_) => whole += 1,
                Err(error) => {
                    assert!(error.offset <= bytes.len(), "{error} in {}", shown(&bytes));
                    assert!(!error.to_string().is_empty());
                }
            }
        }
        // A fuzzer that never gets past the first check finds nothing.
        assert!(
            whole > cases / 200,
            "{}: {whole} of {cases} inputs were messages",
            protocol.name
        );
    }
}

#[test]
fn packets() {
    let cases = setting("RIALTO_WIRE_FUZZ", 20_000);
    let mut random = Random(setting("RIALTO_WIRE_FUZZ_SEED", 2));
    let (client, server) = (golden::soup::client(), golden::soup::server());
    for _ in 0..cases {
        let bytes = mutated(&mut random, &client);
        if let Ok(Some((packet, used))) = ClientDecoder::default().frame(&bytes) {
            let mut again = Vec::new();
            packet.encode(&mut again).unwrap();
            assert_eq!(
                ClientDecoder::default().frame(&again),
                Ok(Some((packet, used)))
            );
        }
        let bytes = mutated(&mut random, &server);
        if let Ok(Some((packet, used))) = ServerDecoder::default().frame(&bytes) {
            let mut again = Vec::new();
            packet.encode(&mut again).unwrap();
            assert_eq!(
                ServerDecoder::default().frame(&again),
                Ok(Some((packet, used)))
            );
        }
    }
}

#[test]
fn a_stream_of_noise_ends_in_an_error_or_waits() {
    let cases = setting("RIALTO_WIRE_FUZZ", 20_000) / 10;
    let mut random = Random(setting("RIALTO_WIRE_FUZZ_SEED", 3));
    for _ in 0..cases {
        let bytes: Vec<u8> = (0..random.below(600))
            .map(|_| random.next() as u8 % 3)
            .collect();
        let mut rest = bytes.as_slice();
        while let Ok(Some((_, used))) = ClientDecoder::default().frame(rest) {
            assert!(used >= 3, "no packet is shorter than its header");
            rest = &rest[used..];
        }
    }
}
