//! Tests of each message, cut off after each of its octets.

use std::fmt::Display;
use std::sync::LazyLock;

use spigot_parser::{ErrorKind, Framer, Limits};

use crate::corpus::{CASES, Case};
use crate::outcome::{First, Outcome};
use crate::rules::{self, Known};

/// The results of the prefixes of a message, from the empty one to the whole.
pub(crate) struct Prefixes {
    pub(crate) datagrams: Vec<Outcome>,
    pub(crate) streams: Vec<First>,
}

/// The prefixes of every message, in the order of the manifest, with every rule asserted.
pub(crate) static PREFIXES: LazyLock<Vec<Prefixes>> = LazyLock::new(|| CASES.iter().map(of).collect());

fn of(case: &Case) -> Prefixes {
    let known = Known::of(&case.bytes);
    let (datagrams, streams) = (0..=case.bytes.len())
        .map(|end| rules::hold(&case.bytes.slice(..end), &known, end / 2))
        .unzip();
    Prefixes { datagrams, streams }
}

/// Writes `values` as ranges of lengths with the same value, such as `0-45 Truncated, 46 accepted`.
pub(crate) fn runs(values: impl IntoIterator<Item = impl Display>) -> String {
    let mut runs: Vec<(usize, usize, String)> = Vec::new();
    for (length, value) in values.into_iter().enumerate() {
        let value = value.to_string();
        match runs.last_mut() {
            Some((_, end, last)) if *last == value => *end = length,
            _ => runs.push((length, length, value)),
        }
    }
    let runs: Vec<String> = runs
        .into_iter()
        .map(|(start, end, value)| match end - start {
            0 => format!("{start} {value}"),
            _ => format!("{start}-{end} {value}"),
        })
        .collect();
    runs.join(", ")
}

/// Returns the end of the head, empty line included, if it is complete.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let end = |pattern: &[u8]| {
        let start = bytes
            .windows(pattern.len())
            .position(|window| window == pattern)?;
        Some(start + pattern.len())
    };
    end(b"\r\n\r\n").or_else(|| end(b"\n\n"))
}

#[test]
fn a_prefix_is_cut_short_or_has_the_fault_of_the_whole() {
    for (case, prefixes) in CASES.iter().zip(PREFIXES.iter()) {
        let whole = prefixes.datagrams.last().unwrap();
        let head = head_end(&case.bytes).unwrap_or(usize::MAX);
        for (end, outcome) in prefixes.datagrams.iter().enumerate() {
            let what = format!("{} cut off at {end}: {outcome:?}", case.file);
            match outcome.error() {
                None => assert!(end >= head && *whole == Outcome::Accepted, "{what}"),
                Some(error) if error.kind() == ErrorKind::Truncated => {
                    assert!(error.offset() == end, "{what}");
                }
                Some(error) => {
                    assert!(error.offset() <= end && outcome == whole, "{what}");
                }
            }
            if end < head {
                assert!(*outcome != Outcome::Accepted, "{what}");
            }
        }
        // After a complete prefix, no longer one is cut short.
        let first = prefixes
            .datagrams
            .iter()
            .position(|outcome| outcome.kind() != Some(ErrorKind::Truncated));
        let rest = &prefixes.datagrams[first.unwrap_or(case.bytes.len())..];
        assert!(rest.iter().all(|outcome| outcome == whole), "{}", case.file);
    }
}

#[test]
fn a_stream_waits_until_it_has_one_message_and_gives_no_other() {
    for (case, prefixes) in CASES.iter().zip(PREFIXES.iter()) {
        let last = prefixes.streams.last().unwrap();
        let mut framer = Framer::new(Limits::default());
        let mut one_by_one = First::Waits;
        for (end, first) in prefixes.streams.iter().enumerate() {
            let what = format!("{} read up to {end}", case.file);
            // Reading octet by octet gives the same result.
            if end > 0 && one_by_one == First::Waits {
                framer.buffer().extend_from_slice(&case.bytes[end - 1..end]);
                one_by_one = match framer.next() {
                    Ok(None) => First::Waits,
                    Ok(Some(spigot_parser::Frame::Message(message))) => First::Message(message),
                    Ok(Some(spigot_parser::Frame::Ping)) => panic!("{what}: a ping"),
                    Err(error) => First::Refused(*error.error()),
                };
            }
            assert_eq!(one_by_one, *first, "{what}");
            match first {
                First::Waits => {}
                First::Message(message) => {
                    assert!(case.bytes[..end].starts_with(message), "{what}");
                    assert_eq!(first, last, "{what}");
                }
                First::Refused(_) => assert_eq!(first, last, "{what}"),
            }
        }
        if let First::Message(message) = last {
            let waiting = prefixes
                .streams
                .iter()
                .take_while(|first| **first == First::Waits);
            assert_eq!(waiting.count(), message.len(), "{}: no octet too late", case.file);
        }
    }
}

#[test]
fn runs_are_told_by_their_ends() {
    assert_eq!(runs(["a", "a", "b", "c", "c"]), "0-1 a, 2 b, 3-4 c");
}
