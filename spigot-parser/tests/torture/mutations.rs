//! Tests of each message with one octet changed.
//!
//! With `SPIGOT_TORTURE=full`, and when the table is written, each octet is changed to all 255 others. This
//! takes at most a minute of two cores if the parser is optimised (`--profile thorough`), and many minutes
//! otherwise. Without it, each octet is changed to all separators and to four others that differ from place
//! to place.

use std::any::Any;
use std::collections::HashMap;
use std::env;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread;

use spigot_parser::{Bytes, ErrorKind, ParseError};

use crate::anatomy::{self, Part};
use crate::corpus::{CASES, Case};
use crate::outcome::{First, Outcome};
use crate::rules::{self, Known};

/// The number of octets of one message that a thread takes at once.
const STRETCH: usize = 16;

/// The octets that separate lines, words, names and quoted strings.
const SEPARATORS: &[u8] = b"\r\n :\"";

/// One of this many octets that are no separators is tried in each place.
const ONE_IN: usize = 64;

/// Whether every octet is changed to every other.
pub(crate) static FULL: LazyLock<bool> = LazyLock::new(|| {
    let is = |name, value: &str| env::var_os(name).is_some_and(|set| set == value);
    is("SPIGOT_TORTURE", "full") || is("SPIGOT_BLESS", "1")
});

/// Returns the octets that `octet` at `at` is changed to.
fn changes(octet: u8, at: usize) -> impl Iterator<Item = u8> {
    (0..=u8::MAX).filter(move |to| {
        let tried = *FULL || SEPARATORS.contains(to) || usize::from(*to) % ONE_IN == at % ONE_IN;
        tried && *to != octet
    })
}

/// The result of a change, without its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ended {
    Accepted,
    Unparsed(ErrorKind),
    Invalid(ErrorKind),
}

/// An error that occurred, and how often.
#[derive(Clone, Copy)]
pub(crate) struct Sentence {
    pub(crate) error: ParseError,
    pub(crate) count: usize,
    /// The number of times that the error pointed at the changed octet, and at another octet of its line.
    pub(crate) at_octet: usize,
    pub(crate) in_line: usize,
    /// The first change that caused the error: message, offset, and the new octet.
    pub(crate) first: (usize, usize, u8),
}

/// The results of all changes of all messages.
#[derive(Default)]
pub(crate) struct Matrix {
    /// The number of changes of a part of a message with a given result; messages are numbered as in the
    /// manifest.
    pub(crate) outcomes: HashMap<(usize, Part, Ended), usize>,
    /// Every error that occurred, by kind, by header if one is known, and by text.
    pub(crate) sentences: HashMap<(ErrorKind, Option<&'static str>, &'static str), Sentence>,
    /// The number of changes after which a stream begins with a message, with nothing yet, or with an error
    /// of a kind.
    pub(crate) framed: usize,
    pub(crate) waiting: usize,
    pub(crate) refused: HashMap<ErrorKind, usize>,
}

/// The results, computed once, with every rule asserted.
pub(crate) static MATRIX: LazyLock<Matrix> = LazyLock::new(all);

fn all() -> Matrix {
    let messages: Vec<Prepared> = CASES.iter().map(Prepared::new).collect();
    let stretches: Vec<(usize, Range<usize>)> = messages
        .iter()
        .enumerate()
        .flat_map(|(index, message)| {
            let length = message.case.bytes.len();
            (0..length)
                .step_by(STRETCH)
                .map(move |at| (index, at..length.min(at + STRETCH)))
        })
        .collect();
    let next = AtomicUsize::new(0);
    let total = Mutex::new(Matrix::default());
    let broken = Mutex::new(Vec::new());
    let work = || {
        let mut matrix = Matrix::default();
        while let Some((index, places)) = stretches.get(next.fetch_add(1, Ordering::Relaxed)) {
            let message = &messages[*index];
            for at in places.clone() {
                for octet in changes(message.case.bytes[at], at) {
                    let change = AssertUnwindSafe(|| matrix.change(*index, message, at, octet));
                    if let Err(panic) = catch_unwind(change) {
                        let file = &message.case.file;
                        let why = words(&*panic);
                        broken
                            .lock()
                            .unwrap()
                            .push(format!("{file}, octet {at} changed to {octet:#04x}: {why}"));
                    }
                }
            }
        }
        total.lock().unwrap().add(matrix);
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let broken = broken.into_inner().unwrap();
    let some = broken[..broken.len().min(20)].join("\n");
    assert!(
        broken.is_empty(),
        "{} changes break a rule:\n{some}",
        broken.len()
    );
    total.into_inner().unwrap()
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or_default()
}

/// A message, and what is known of it before it is changed.
struct Prepared {
    case: &'static Case,
    parts: Vec<Part>,
    known: Known,
    accepted: bool,
}

impl Prepared {
    fn new(case: &'static Case) -> Prepared {
        Prepared {
            case,
            parts: anatomy::parts(&case.bytes),
            known: Known::of(&case.bytes),
            accepted: Outcome::of(&case.bytes) == Outcome::Accepted,
        }
    }
}

impl Matrix {
    fn change(&mut self, index: usize, message: &Prepared, at: usize, octet: u8) {
        let mut bytes = message.case.bytes.to_vec();
        bytes[at] = octet;
        let bytes = Bytes::from(bytes);
        let (outcome, first) = rules::hold(&bytes, &message.known, at + 1);
        let ended = match outcome {
            Outcome::Accepted => Ended::Accepted,
            Outcome::Unparsed(error) => Ended::Unparsed(error.kind()),
            Outcome::Invalid(error) => Ended::Invalid(error.kind()),
        };
        *self
            .outcomes
            .entry((index, message.parts[at], ended))
            .or_default() += 1;
        match first {
            First::Message(_) => self.framed += 1,
            First::Waits => self.waiting += 1,
            First::Refused(error) => *self.refused.entry(error.kind()).or_default() += 1,
        }
        if let Some(error) = outcome.error() {
            let in_line = around(&bytes, at).contains(&error.offset());
            if message.accepted {
                is_where_the_fault_is(error, in_line, message.parts[at]);
            }
            self.note(Sentence {
                error: *error,
                count: 1,
                at_octet: usize::from(error.offset() == at),
                in_line: usize::from(in_line && error.offset() != at),
                first: (index, at, octet),
            });
        }
    }

    fn note(&mut self, sentence: Sentence) {
        let error = sentence.error;
        let key = (error.kind(), error.header(), error.expected());
        let Some(noted) = self.sentences.get_mut(&key) else {
            self.sentences.insert(key, sentence);
            return;
        };
        noted.count += sentence.count;
        noted.at_octet += sentence.at_octet;
        noted.in_line += sentence.in_line;
        if sentence.first < noted.first {
            (noted.first, noted.error) = (sentence.first, sentence.error);
        }
    }

    fn add(&mut self, other: Matrix) {
        for (key, count) in other.outcomes {
            *self.outcomes.entry(key).or_default() += count;
        }
        for (kind, count) in other.refused {
            *self.refused.entry(kind).or_default() += count;
        }
        self.framed += other.framed;
        self.waiting += other.waiting;
        for sentence in other.sentences.into_values() {
            self.note(sentence);
        }
    }
}

/// Returns the line that contains the octet `at`, with its folds and with the next line, or the previous one
/// if `at` is at its beginning.
fn around(bytes: &[u8], at: usize) -> Range<usize> {
    let blank = |at: usize| matches!(bytes.get(at), Some(b' ' | b'\t'));
    let begins = at > 0 && bytes[at - 1] == b'\n';
    let mut start = if begins { at - 1 } else { at };
    while start > 0 && (bytes[start - 1] != b'\n' || blank(start)) {
        start -= 1;
    }
    let mut end = start;
    for _ in 0..2 {
        end = anatomy::after_line(bytes, end);
        while blank(end) {
            end = anatomy::after_line(bytes, end);
        }
    }
    start..end
}

/// Asserts that the error points into the changed line, unless it can only be noticed elsewhere.
fn is_where_the_fault_is(error: &ParseError, in_line: bool, part: Part) {
    let elsewhere = match error.kind() {
        // These errors point at the end, where more was expected.
        ErrorKind::Truncated | ErrorKind::Missing => true,
        // These errors point at the other line, which is one too many or does not agree.
        ErrorKind::Duplicate | ErrorKind::Mismatch | ErrorKind::ContentLength => true,
        _ => false,
    };
    assert!(in_line || elsewhere, "the {part} is at fault, and {error}");
}

#[test]
fn every_rule_holds_for_every_change_of_every_octet() {
    let octets: usize = CASES.iter().map(|case| case.bytes.len()).sum();
    let changes: usize = MATRIX.outcomes.values().sum();
    match *FULL {
        true => assert_eq!(changes, 255 * octets, "none is left out"),
        false => assert!(changes >= 8 * octets, "{changes} changes of {octets} octets"),
    }
    let framed = MATRIX.framed + MATRIX.waiting + MATRIX.refused.values().sum::<usize>();
    assert_eq!(framed, changes);
}
