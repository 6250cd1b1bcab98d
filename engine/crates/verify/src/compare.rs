//! Two streams side by side, one of which must be the other's beginning: where they differ, and how.

use std::collections::VecDeque;
use std::io;

/// How far ahead a message that is missing on one side is looked for on the other.
const AHEAD: usize = 64;

/// One difference; the number is the expected stream's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Difference {
    /// The message of this number is not in the stream found.
    Missing(u64),
    /// A message that is not expected stands before the one of this number.
    Extra(u64, Vec<u8>),
    /// The message of this number is another one.
    Altered(u64),
}

/// Gives the next message; `false` at the end.
pub(crate) type Next<'a> = dyn FnMut(&mut Vec<u8>) -> io::Result<bool> + 'a;

struct Side<'a, 'b> {
    next: &'a mut Next<'b>,
    ahead: VecDeque<Vec<u8>>,
    ended: bool,
}

impl Side<'_, '_> {
    fn fill(&mut self, count: usize) -> io::Result<()> {
        while !self.ended && self.ahead.len() < count {
            let mut message = Vec::new();
            if (self.next)(&mut message)? {
                self.ahead.push_back(message);
            } else {
                self.ended = true;
            }
        }
        Ok(())
    }

    /// How far ahead `message` stands; not at 0.
    fn find(&self, message: &[u8]) -> Option<usize> {
        let found = self.ahead.iter().skip(1).position(|m| m == message);
        found.map(|at| at + 1)
    }
}

/// Compares as far as both reach; `each` is told every difference. The first message expected has the number `first`.
///
/// # Errors
/// A stream can't be read.
pub(crate) fn compare(
    first: u64,
    expected: &mut Next<'_>,
    found: &mut Next<'_>,
    mut each: impl FnMut(Difference),
) -> io::Result<()> {
    let side = |next| Side {
        next,
        ahead: VecDeque::new(),
        ended: false,
    };
    let (mut expected, mut found) = (side(expected), side(found));
    let mut number = first;
    loop {
        expected.fill(1)?;
        found.fill(1)?;
        let (Some(wanted), Some(got)) = (expected.ahead.front(), found.ahead.front()) else {
            return Ok(());
        };
        if wanted != got {
            expected.fill(AHEAD)?;
            found.fill(AHEAD)?;
            let (Some(wanted), Some(got)) = (expected.ahead.front(), found.ahead.front()) else {
                return Ok(());
            };
            let missing = expected.find(got);
            let extra = found.find(wanted);
            match (missing, extra) {
                (Some(missing), extra) if extra.is_none_or(|extra| missing <= extra) => {
                    for _ in 0..missing {
                        each(Difference::Missing(number));
                        expected.ahead.pop_front();
                        number += 1;
                    }
                    continue;
                }
                (_, Some(extra)) => {
                    for message in found.ahead.drain(..extra) {
                        each(Difference::Extra(number, message));
                    }
                    continue;
                }
                _ => each(Difference::Altered(number)),
            }
        }
        expected.ahead.pop_front();
        found.ahead.pop_front();
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(expected: &str, found: &str) -> Vec<Difference> {
        let mut left = expected.bytes();
        let mut right = found.bytes();
        fn take(bytes: &mut std::str::Bytes<'_>, out: &mut Vec<u8>) -> io::Result<bool> {
            let next = bytes.next();
            *out = next.into_iter().collect();
            Ok(next.is_some())
        }
        let mut all = Vec::new();
        compare(
            1,
            &mut |out| take(&mut left, out),
            &mut |out| take(&mut right, out),
            |difference| all.push(difference),
        )
        .unwrap();
        all
    }

    #[test]
    fn each_difference_is_told_once() {
        use Difference::{Altered, Extra, Missing};
        assert_eq!(differences("abcdef", "abcdef"), []);
        assert_eq!(differences("abcdef", "abc"), []);
        assert_eq!(differences("abc", "abcdef"), []);
        assert_eq!(differences("abcdef", "abdef"), [Missing(3)]);
        assert_eq!(differences("abcdef", "abef"), [Missing(3), Missing(4)]);
        assert_eq!(differences("abcdef", "abccdef"), [Extra(4, b"c".to_vec())]);
        assert_eq!(differences("abcdef", "abxdef"), [Altered(3)]);
        assert_eq!(
            differences("abcdefg", "acdefxg"),
            [Missing(2), Extra(7, b"x".to_vec())]
        );
    }
}
