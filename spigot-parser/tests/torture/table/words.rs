//! The texts of `DISPOSITIONS.md`, and the format of its lines.

use std::fmt::{Display, Write};

pub(super) const HEAD: &str = "\
# Dispositions

What becomes of each message of [RFC 4475](https://www.rfc-editor.org/rfc/rfc4475) and
[RFC 5118](https://www.rfc-editor.org/rfc/rfc5118), of each of their prefixes, of each of them with any one octet changed to
any other, and of messages that two readers could understand in two ways.

This file is written by `tests/torture`, which fails if it is not what happens. Do not edit it:
`SPIGOT_BLESS=1 cargo test --profile thorough -p spigot-parser --test torture` writes it anew, and the difference is to be looked at.
Without `SPIGOT_TORTURE=full` the counts of the last part are checked against a part of the changes only; `.ci/run` checks all.

**Accepted** is what `Message::parse` and then `Message::validate` take. **Refused** is what one of them does not: with an
error kind, the offset of the octet that is wrong, a sentence, and the status that answers a request. A response that is
refused is dropped. **On a stream** is what a `Framer` makes of the same octets: it gives a message, waits for more, or refuses
to go on. **Answer** is the status that the sender hears, or nobody. Offsets count from 0.
";

pub(super) const RULES: &str = "
## Rules

They are asserted for every message, every prefix and every change (`rules.rs`, `prefixes.rs`, `mutations.rs`), not only
counted.

1. Nothing panics.
2. What parses is written as one message, with every line ended by CRLF, one SP between the words of its start line, `SIP/2.0` in
   upper case, no control character but HTAB outside of quoted-pairs, no line of blanks, and one Content-Length, which is right.
   A reader that takes CR, LF or both for a line end and trims what it likes finds the same names in the same order in it
   (`lax.rs`).
3. What is written parses to the same message: method and Request-URI or status and reason, names, values, body, and each value of
   each typed header; and it is written the same again.
4. A header is found by the name that is written, in either form and any case. Once it is removed by that name, nothing of it is
   left.
5. Of what is accepted, no header that may be there once is there twice. These may be there once in a request: SINGLES. In a
   response it is Content-Length, Call-ID, CSeq, From and To.
6. A prefix of a message is `Truncated`, with its own length as the offset, or has the very error of the whole. No proper prefix
   of a head is accepted.
7. A stream waits until the last octet of a message and not longer, gives that message however it comes, and never another one. What
   is framed is never `Truncated` to the parser, and never has a bad length. A stream refuses what a datagram accepts in one case only: there is
   no Content-Length.
8. An error has a kind, a sentence of one line, and an offset within what was given. After one change of a good message it lies in
   the line that was changed, with its folds, or in the line next to it, unless something is missing (`Truncated`, `Missing`) or two lines do not agree
   (`Duplicate`, `Mismatch`, `ContentLength`).
9. A request is answered 414 (`UriTooLong`), 505 (`Version`), 513 (`HeadTooLarge`, `TooLarge`) or else 400, unless the table below has
   silence; a response by nobody.
10. The answer to a refused request is one response. It has those of Via, From, To, Call-ID and CSeq that the request has, octet
    for octet, and is longer than the request by a few octets only: a tag, the source, its own lines, and a CR for each line.
11. What is written of a response that is no good text is the text that was read: UTF-8, where each octet that is none is the ISO 8859-1
    character of its number, and a control character is U+FFFD.
";

pub(super) const AMBIGUITIES: &str = "
## Ambiguities

Each of them is a good OPTIONS request with this in it, and has a test of that name in `ambiguities.rs`. `^` stands before the octet that
is at fault; `{00}` is the octet of that value.
";

pub(super) const PREFIXES_OF_EACH: &str = "
## Prefixes

What becomes of the prefixes of each message, by their lengths.

";

pub(super) const ANSWERS: &str = "
## Whom a refusal reaches

Who is refused is told if there is a way to tell: on the connection, or once and without a transaction to where the Via says, or to
the source of the datagram where the Via cannot be read. Each is a good OPTIONS request with this in it; nobody hears where silence is meant. A
stream that does not begin with a method or a version is closed without a word.

| refused | with | answer | because |
|---|---|---|---|
";

pub(super) const RESPONSES: &str = "
## Responses

A response cannot be refused, only lost: what decides is read strictly (Via, From, To, Call-ID, CSeq, Content-Length, the status code and
where the message ends), and the rest is text. Each is a good 200 to an INVITE with this in it. A response that is beyond the limits is dropped.
";

/// The heading of the part about changes.
pub(super) const CHANGES: &str = "
## Changes

";

pub(super) const CHANGES_OF_EACH: &str = "
Of each message, by what the changed octet was:

";

pub(super) const SENTENCES: &str = "
Every error that some change of some message brings: how many changes do, how many of them it points at exactly, how many elsewhere in
their line or in the one next to it, and the first of them. Of a message that is refused as it stands, most changes leave its error where it
is.

";

pub(super) fn line(text: &mut String, what: impl Display) {
    writeln!(text, "{what}").unwrap();
}

pub(super) fn row(text: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells
        .iter()
        .map(|cell| cell.replace('|', "\\|").replace('<', "&lt;"))
        .collect();
    line(text, format_args!("| {} |", cells.join(" | ")));
}

/// Escapes text within `<code>` that Markdown would interpret.
pub(super) fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('*', "&#42;")
}

/// Wraps a text with paragraphs and lists, but without tables, at 120 columns.
pub(super) fn wrapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut indent = 0;
    let mut column = 0;
    for paragraph in text.lines() {
        let begins = paragraph.starts_with("- ")
            || paragraph
                .split_once(". ")
                .is_some_and(|(number, _)| number.parse::<u8>().is_ok());
        if paragraph.is_empty() || paragraph.starts_with('|') || paragraph.starts_with('#') || begins {
            if column > 0 {
                out.push('\n');
            }
            (column, indent) = (0, 0);
        }
        if paragraph.is_empty() || paragraph.starts_with('|') || paragraph.starts_with('#') {
            out.push_str(paragraph);
            out.push('\n');
            continue;
        }
        if begins {
            indent = paragraph.find(' ').unwrap_or(0) + 1;
        }
        for word in paragraph.split_whitespace() {
            let length = word.chars().count();
            if column > 0 && column + 1 + length > 118 {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
        }
    }
    if column > 0 {
        out.push('\n');
    }
    out
}
