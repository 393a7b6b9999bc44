//! The part of `DISPOSITIONS.md` about changed octets.

use std::collections::BTreeMap;

use spigot_parser::ErrorKind;

use super::words::{line, row};
use crate::anatomy::{self, Part};
use crate::corpus::CASES;
use crate::mutations::{Ended, MATRIX};

pub(super) fn totals(text: &mut String) {
    let changes: usize = MATRIX.outcomes.values().sum();
    let accepted = MATRIX
        .outcomes
        .iter()
        .filter(|((.., ended), _)| *ended == Ended::Accepted);
    let accepted: usize = accepted.map(|(_, count)| count).sum();
    let refused: usize = MATRIX.refused.values().sum();
    line(
        text,
        format_args!(
            "Each octet is changed to each of the 255 others: {changes} changes, of which {accepted} are accepted."
        ),
    );
    let kinds = kinds(MATRIX.refused.iter().map(|(kind, count)| (*kind, *count)));
    line(
        text,
        format_args!(
            "Of the streams that begin so, {} give a message, {} wait for more, and {refused} are refused ({kinds}).",
            MATRIX.framed, MATRIX.waiting
        ),
    );
}

pub(super) fn changes_of_each(text: &mut String) {
    line(
        text,
        "| file | changed | octets | accepted | refused by parse | refused by validate |",
    );
    line(text, "|---|---|---|---|---|---|");
    for (index, case) in CASES.iter().enumerate() {
        let mut octets: BTreeMap<Part, usize> = BTreeMap::new();
        for part in anatomy::parts(&case.bytes) {
            *octets.entry(part).or_default() += 1;
        }
        for (part, count) in octets {
            let [accepted, unparsed, invalid] = cells(index, part);
            let cells = [
                case.file.clone(),
                part.to_string(),
                count.to_string(),
                accepted,
                unparsed,
                invalid,
            ];
            row(text, &cells);
        }
    }
}

/// Returns how many changes of a part of a message are accepted, refused by parse, and refused by validate.
fn cells(message: usize, part: Part) -> [String; 3] {
    let (mut accepted, mut unparsed, mut invalid) = (0, Vec::new(), Vec::new());
    for ((of_message, of_part, ended), count) in &MATRIX.outcomes {
        if (*of_message, *of_part) == (message, part) {
            match ended {
                Ended::Accepted => accepted += count,
                Ended::Unparsed(kind) => unparsed.push((*kind, *count)),
                Ended::Invalid(kind) => invalid.push((*kind, *count)),
            }
        }
    }
    [accepted.to_string(), kinds(unparsed), kinds(invalid)]
}

/// Writes how often each kind occurred, the most frequent first.
fn kinds(counts: impl IntoIterator<Item = (ErrorKind, usize)>) -> String {
    let mut counts: Vec<(usize, String)> = counts
        .into_iter()
        .map(|(kind, count)| (count, format!("{kind:?}")))
        .collect();
    counts.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let counts: Vec<String> = counts
        .iter()
        .map(|(count, kind)| format!("{count} {kind}"))
        .collect();
    match counts.is_empty() {
        true => "-".to_owned(),
        false => counts.join(", "),
    }
}

pub(super) fn sentences(text: &mut String) {
    line(
        text,
        "| kind | header | expected | changes | at the octet | in its line | first |",
    );
    line(text, "|---|---|---|---|---|---|---|");
    let mut rows: Vec<([String; 3], _)> = MATRIX
        .sentences
        .iter()
        .map(|((kind, header, expected), sentence)| {
            let header = header.unwrap_or("-").to_owned();
            ([format!("{kind:?}"), header, (*expected).to_owned()], sentence)
        })
        .collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    for ([kind, header, expected], sentence) in rows {
        let (case, at, octet) = sentence.first;
        let first = format!(
            "{}, octet {at} to {octet:#04x}: at {}",
            CASES[case].file,
            sentence.error.offset()
        );
        let [count, at_octet, in_line] =
            [sentence.count, sentence.at_octet, sentence.in_line].map(|count| count.to_string());
        row(text, &[kind, header, expected, count, at_octet, in_line, first]);
    }
}

/// Returns the results that contradict `written`, the part of the file with the counts of all changes.
///
/// A result contradicts it if it is missing there, or has a smaller count.
pub(super) fn contradictions(written: &str) -> Vec<String> {
    let rows: BTreeMap<(&str, &str), Vec<&str>> = written
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .filter(|cells| cells.len() == 6)
        .map(|cells| ((cells[0], cells[1]), cells))
        .collect();
    let mut wrong = Vec::new();
    for ((message, part, ended), count) in &MATRIX.outcomes {
        let (file, part) = (&CASES[*message].file, part.to_string());
        let row = rows.get(&(file.as_str(), part.as_str()));
        let written = row.and_then(|cells| match ended {
            Ended::Accepted => cells[3].parse().ok(),
            Ended::Unparsed(kind) => counted(cells[4], *kind),
            Ended::Invalid(kind) => counted(cells[5], *kind),
        });
        let written = written.unwrap_or(0);
        if written < *count {
            wrong.push(format!(
                "{file}, {part}: {ended:?} {count} times, and {written} are written"
            ));
        }
    }
    wrong.sort();
    wrong
}

/// Returns the count of `kind` in `cell`.
fn counted(cell: &str, kind: ErrorKind) -> Option<usize> {
    let kind = format!("{kind:?}");
    cell.split(", ")
        .filter_map(|counted| counted.split_once(' '))
        .find(|(_, of)| *of == kind)
        .and_then(|(count, _)| count.parse().ok())
}
