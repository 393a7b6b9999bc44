//! Writes `DISPOSITIONS.md` from the results, and compares it with the file.

mod changes;
mod standing;
mod words;

use std::fs;
use std::path::PathBuf;

use crate::corpus;
use crate::mutations::FULL;
use crate::singles::SINGLES;
use words::wrapped;

/// Returns the file up to the part about changes.
fn without_changes() -> String {
    let mut text = String::from(words::HEAD);
    standing::summary(&mut text);
    let singles: Vec<&str> = SINGLES.iter().map(|(long, ..)| *long).collect();
    text.push_str(&words::RULES.replace("SINGLES", &format!("Content-Length, {}", singles.join(", "))));
    standing::messages(&mut text);
    text.push_str(words::AMBIGUITIES);
    standing::ambiguities(&mut text);
    text.push_str(words::ANSWERS);
    standing::refusals(&mut text);
    text.push_str(words::RESPONSES);
    standing::responses(&mut text);
    text.push_str(words::PREFIXES_OF_EACH);
    standing::prefixes_of_each(&mut text);
    wrapped(&text)
}

/// Returns the part about changes.
fn with_changes() -> String {
    let mut text = String::from(words::CHANGES);
    changes::totals(&mut text);
    text.push_str(words::CHANGES_OF_EACH);
    changes::changes_of_each(&mut text);
    text.push_str(words::SENTENCES);
    changes::sentences(&mut text);
    wrapped(&text)
}

fn path() -> PathBuf {
    corpus::folder().join("DISPOSITIONS.md")
}

/// Reads the two parts of the file.
fn written() -> (String, String) {
    let written = fs::read_to_string(path()).unwrap_or_default();
    match written.find(words::CHANGES) {
        Some(at) => (written[..at].to_owned(), written[at..].to_owned()),
        None => (written, String::new()),
    }
}

/// Compares a part of the file with the results.
///
/// # Panics
///
/// If `written` is not `now`, with the first lines that differ.
fn compare(written: &str, now: &str) {
    let differences: Vec<String> = written
        .lines()
        .zip(now.lines())
        .filter(|(written, now)| written != now)
        .take(8)
        .map(|(written, now)| format!("  {written}\nshould be\n  {now}"))
        .collect();
    assert!(
        written == now,
        "{} is not what happens any more ({} lines, {} now):\n{}\n{BLESS}",
        path().display(),
        written.lines().count(),
        now.lines().count(),
        differences.join("\n")
    );
}

const BLESS: &str =
    "If that is meant: SPIGOT_BLESS=1 cargo test --profile thorough -p spigot-parser --test torture";

#[test]
fn the_table_says_what_happens() {
    if std::env::var_os("SPIGOT_BLESS").is_some_and(|bless| bless == "1") {
        fs::write(path(), without_changes() + &with_changes()).unwrap();
        return;
    }
    compare(&written().0, &without_changes());
    if *FULL {
        compare(&written().1, &with_changes());
    }
}

#[test]
fn the_table_counts_every_outcome_of_a_change() {
    if !*FULL {
        let wrong = changes::contradictions(&written().1);
        let some = wrong[..wrong.len().min(8)].join("\n");
        assert!(
            wrong.is_empty(),
            "{} is not what happens any more:\n{some}\n{BLESS}",
            path().display()
        );
    }
}
