//! The parts of `DISPOSITIONS.md` about unchanged messages, ambiguities and prefixes.

use super::words::{html, line, row};
use crate::ambiguities::{self, Decided};
use crate::answers::{self, answer};
use crate::corpus::CASES;
use crate::decisions::decision;
use crate::outcome::{First, Outcome};
use crate::prefixes::{self, PREFIXES};
use crate::responses;

pub(super) fn summary(text: &mut String) {
    text.push_str("\n## Summary\n\n");
    let of = |rfc: &str, ending: &str| {
        let files = CASES
            .iter()
            .filter(|case| case.rfc == rfc && case.file.ends_with(ending));
        let messages = files.filter(|case| case.section != "-" && case.file != "rfc4475/baddn-closed.dat");
        let (mut right, mut all) = (0, 0);
        for case in messages {
            all += 1;
            let accepted = Outcome::of(&case.bytes) == Outcome::Accepted;
            right += usize::from(match case.verdict.as_str() {
                "accept" => accepted,
                "reject" | "frame" => !accepted,
                _ => true,
            });
        }
        format!("{right} of {all}")
    };
    line(
        text,
        format_args!(
            "- RFC 4475: {} messages as the manifest has them.",
            of("4475", ".dat")
        ),
    );
    line(
        text,
        format_args!(
            "- RFC 5118: {} messages as the manifest has them, in the form that can be sent (`.dat`).",
            of("5118", ".dat")
        ),
    );
    line(
        text,
        format_args!(
            "- The files of the RFC 5118 archive as they stand (`.lf`): {} as the manifest has their messages. The others \
             are cut short, and are decided below as what they are.",
            of("5118", ".lf")
        ),
    );
    line(
        text,
        "- No file of the corpus is left out, and none is changed: their digests are checked.",
    );
}

pub(super) fn messages(text: &mut String) {
    text.push_str("\n## Messages\n\n");
    line(
        text,
        "| file | what it is | RFC, § | the RFC expects | manifest | outcome | answer | on a stream | decided, because |",
    );
    line(text, "|---|---|---|---|---|---|---|---|---|");
    for case in CASES.iter() {
        let result = Outcome::of(&case.bytes);
        let why = decision(&case.file).map_or("", |decision| decision.why);
        let cells = [
            case.file.clone(),
            case.title.clone(),
            format!("{}, {}", case.rfc, case.section),
            case.expected.clone(),
            case.verdict.clone(),
            outcome(&result),
            answer(&case.bytes, &result),
            stream(&First::of([&case.bytes[..]])),
            why.to_owned(),
        ];
        row(text, &cells);
    }
}

pub(super) fn ambiguities(text: &mut String) {
    let mut group = "";
    for ambiguity in ambiguities::all() {
        if ambiguity.group != group {
            group = ambiguity.group;
            line(text, format_args!("\n### {group}\n"));
            line(text, "| case | with | outcome | answer | on a stream | because |");
            line(text, "|---|---|---|---|---|---|");
        }
        let (result, first) = ambiguity.outcome();
        let taken = matches!(ambiguity.decided, Decided::Taken(_));
        assert_eq!(taken, result == Outcome::Accepted, "{}", ambiguity.name);
        let cells = [
            ambiguity.name.replace('_', " "),
            shown(ambiguity.change.text()),
            html(&outcome(&result)),
            answer(&ambiguity.bytes(), &result),
            html(&stream(&first)),
            ambiguity.why.to_owned(),
        ];
        marked_up_row(text, &cells);
    }
}

pub(super) fn refusals(text: &mut String) {
    for refusal in answers::ALL {
        let cells = [
            refusal.name.to_owned(),
            shown(refusal.by),
            refusal.answer(),
            refusal.why.to_owned(),
        ];
        marked_up_row(text, &cells);
    }
}

pub(super) fn responses(text: &mut String) {
    let mut group = "";
    for response in responses::all() {
        if response.group != group {
            group = response.group;
            line(text, format_args!("\n### {group}\n"));
            line(text, "| case | with | outcome | on a stream | because |");
            line(text, "|---|---|---|---|---|");
        }
        let (result, first) = response.outcome();
        let cells = [
            response.name.replace('_', " "),
            shown(response.by),
            html(&outcome(&result)),
            html(&stream(&first)),
            response.why.to_owned(),
        ];
        marked_up_row(text, &cells);
    }
}

/// Writes the text that a case has in the place of another.
fn shown(text: &str) -> String {
    if text.is_empty() {
        return "nothing in its place".to_owned();
    }
    let shown = text.escape_debug().to_string();
    format!("<code>{}</code>", html(&shown.replace("\\\"", "\"")))
}

/// Writes a row of which the cells are Markdown.
fn marked_up_row(text: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    line(text, format_args!("| {} |", cells.join(" | ")));
}

pub(super) fn prefixes_of_each(text: &mut String) {
    line(text, "| file | as a datagram | on a stream |");
    line(text, "|---|---|---|");
    for (case, prefixes) in CASES.iter().zip(PREFIXES.iter()) {
        let cells = [
            case.file.clone(),
            prefixes::runs(&prefixes.datagrams),
            prefixes::runs(&prefixes.streams),
        ];
        row(text, &cells);
    }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted => "accepted".to_owned(),
        Outcome::Unparsed(error) => format!("refused by parse, {:?}: {error}", error.kind()),
        Outcome::Invalid(error) => format!("refused by validate, {:?}: {error}", error.kind()),
    }
}

fn stream(first: &First) -> String {
    match first {
        First::Waits => "waits".to_owned(),
        First::Message(message) => format!("message of {} octets", message.len()),
        First::Refused(error) => format!("refused, {:?}: {error}", error.kind()),
    }
}
