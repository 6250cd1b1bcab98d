//! Each replica's stream files beside what its journal says, each session's stream by itself, and the replicas' streams
//! beside each other.

use crate::VerifyError;
use crate::compare::{Difference, compare};
use crate::findings::{Findings, name};
use crate::orders::{Fault, Orders, Said};
use crate::truth::{Day, Key, Stream, Truth};
use rialto_session::StreamId;
use std::io;

/// Checks the streams of all replicas.
pub(crate) fn check(truths: &[Truth], findings: &mut Findings) -> Result<(), VerifyError> {
    for truth in truths {
        for (key, stream) in &truth.streams {
            one(truth, key, stream, findings)
                .map_err(|error| VerifyError::stream(&truth.name, key, &error))?;
        }
    }
    for (nth, truth) in truths.iter().enumerate() {
        for (key, stream) in &truth.streams {
            let before = truths.get(..nth).unwrap_or_default();
            let Some((other, first)) = before
                .iter()
                .find_map(|other| Some((other, other.streams.get(key)?)))
            else {
                continue;
            };
            between((other, first), (truth, stream), key, findings)
                .map_err(|error| VerifyError::stream(&truth.name, key, &error))?;
        }
    }
    Ok(())
}

fn one(truth: &Truth, key: &Key, stream: &Stream, findings: &mut Findings) -> io::Result<()> {
    let (day, id) = *key;
    let messages = stream.before.messages;
    let whole = match stream.count_before()? {
        Some(count) if count == messages => true,
        count => {
            findings.gap((day, id, messages), || {
                format!(
                    "replica {}: the file of {} has {} messages where its checkpoint says {messages}",
                    truth.name,
                    name(&day, id),
                    count.map_or("too few whole".to_owned(), |count| count.to_string()),
                )
            });
            false
        }
    };
    if let Some((mut replayed, mut file)) = stream.beside()?.filter(|_| whole) {
        compare(
            messages + 1,
            &mut |message| replayed.next(message),
            &mut |message| file.next(message),
            |difference| differs(&truth.name, "its file", &day, id, difference, findings),
        )?;
    }
    if matches!(id, StreamId::Session(_)) && whole {
        let mut reader = stream.open()?;
        let (mut message, mut orders) = (Vec::new(), Orders::default());
        while reader.read(&mut message)? {
            let number = reader.next - 1;
            match orders.take(&message) {
                Ok(None) => {}
                Ok(Some(Fault::Twice(user_ref))) => findings.repeated((day, id, user_ref), || {
                    format!(
                        "replica {}: {}: order {user_ref} is accepted again by message {number}",
                        truth.name,
                        name(&day, id)
                    )
                }),
                Ok(Some(Fault::Beyond(user_ref))) => findings.repeated((day, id, user_ref), || {
                    format!(
                        "replica {}: {}: order {user_ref} loses more than it had by message {number}",
                        truth.name,
                        name(&day, id)
                    )
                }),
                Err(error) => findings.altered((day, id, number), || {
                    format!(
                        "replica {}: {}: message {number}: {error}",
                        truth.name,
                        name(&day, id)
                    )
                }),
            }
        }
    }
    Ok(())
}

fn between(
    (other, first): (&Truth, &Stream),
    (truth, stream): (&Truth, &Stream),
    key: &Key,
    findings: &mut Findings,
) -> io::Result<()> {
    let (day, id) = *key;
    for stream in [first, stream] {
        if stream.count_before()? != Some(stream.before.messages) {
            // Told already.
            return Ok(());
        }
    }
    let (mut expected, mut found) = (first.open()?, stream.open()?);
    let where_from = format!("beside replica {}", other.name);
    compare(
        1,
        &mut |message| expected.read(message),
        &mut |message| found.read(message),
        |difference| differs(&truth.name, &where_from, &day, id, difference, findings),
    )
}

fn differs(
    replica: &str,
    place: &str,
    day: &Day,
    id: StreamId,
    difference: Difference,
    findings: &mut Findings,
) {
    let stream = name(day, id);
    match difference {
        Difference::Missing(number) => findings.gap((*day, id, number), || {
            format!("replica {replica}, {place}: {stream}: message {number} is missing")
        }),
        Difference::Altered(number) => findings.altered((*day, id, number), || {
            format!("replica {replica}, {place}: {stream}: message {number} is another one")
        }),
        Difference::Extra(number, message) => {
            let words = || {
                format!(
                    "replica {replica}, {place}: {stream}: a message too many before number {number}"
                )
            };
            match Said::of(&message) {
                Ok(Said::Acknowledged(user_ref)) if matches!(id, StreamId::Session(_)) => {
                    findings.repeated((*day, id, user_ref), words);
                }
                _ => findings.repeated_report((*day, id, number), words),
            }
        }
    }
}
