//! The files of a journal's directory.

/// Held by the one writer.
pub(crate) const LOCK_FILE: &str = "journal.lock";

/// The file of segment `number`.
pub(crate) fn segment(number: u64) -> String {
    format!("{number:012}.seg")
}

/// A file of the pool: preallocated, its content of no meaning.
pub(crate) fn free(number: u64) -> String {
    format!("{number:012}.free")
}

/// A pool file that is still being filled; a leftover of a crash is deleted.
pub(crate) fn partial(number: u64) -> String {
    format!("{number:012}.tmp")
}

/// What a file name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Segment(u64),
    Free(u64),
    Partial(u64),
    Other,
}

/// Reads a name; only names this module writes are recognised.
pub(crate) fn parse(name: &str) -> Name {
    let Some((digits, kind)) = name.split_once('.') else {
        return Name::Other;
    };
    if digits.len() < 12 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Name::Other;
    }
    match (digits.parse(), kind) {
        (Ok(n), "seg") if segment(n) == name => Name::Segment(n),
        (Ok(n), "free") if free(n) == name => Name::Free(n),
        (Ok(n), "tmp") if partial(n) == name => Name::Partial(n),
        _ => Name::Other,
    }
}
