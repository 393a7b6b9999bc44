//! Messages that readers could understand in two ways, with one test each.
//!
//! Each is a good request with a change. In a message that is refused, `^` precedes the octet of the error.
//! For one that is accepted, its meaning is asserted. `{hex}` stands for the octet with this value.

use spigot_parser::{Bytes, ErrorKind, HeaderName, Message, header};

use crate::outcome::{First, Outcome};
use crate::rules::{self, Known};
use crate::singles::SINGLES;

/// A change of the good request.
#[derive(Clone, Copy)]
pub(crate) enum Change {
    /// Replaces the start line.
    Start(&'static str),
    /// Replaces the lines with this name, or appends them if there are none.
    Lines(&'static str, &'static str),
    /// Inserts text before the start line.
    Before(&'static str),
    /// Replaces the start line by that of a response.
    Status(&'static str),
}

/// The decided result.
#[derive(Clone, Copy)]
pub(crate) enum Decided {
    /// Refused with this error at the mark.
    Refused(ErrorKind, &'static str),
    /// Refused with this error at the end of the message or its head, where more was expected.
    Cut(ErrorKind, &'static str),
    /// Accepted, with this assertion about the meaning.
    Taken(fn(&Message)),
}

pub(crate) struct Ambiguity {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    pub(crate) change: Change,
    pub(crate) decided: Decided,
    pub(crate) why: &'static str,
}

const START: &str = "OPTIONS sip:bob@b.example SIP/2.0\r\n";
const LINES: [(&str, &str); 7] = [
    ("Via", "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n"),
    ("Max-Forwards", "Max-Forwards: 70\r\n"),
    ("From", "From: <sip:alice@a.example>;tag=1\r\n"),
    ("To", "To: <sip:bob@b.example>\r\n"),
    ("Call-ID", "Call-ID: 1@a.example\r\n"),
    ("CSeq", "CSeq: 1 OPTIONS\r\n"),
    ("Content-Length", "Content-Length: 4\r\n"),
];
const BODY: &str = "\r\nbody";

impl Change {
    /// Returns the text that the change inserts, for the table.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Change::Start(text) | Change::Lines(_, text) | Change::Before(text) | Change::Status(text) => {
                text
            }
        }
    }

    fn message(self) -> String {
        let start = match self {
            Change::Start(line) | Change::Status(line) => line.to_owned(),
            Change::Before(text) => format!("{text}{START}"),
            Change::Lines(..) => START.to_owned(),
        };
        let mut lines: Vec<&str> = LINES.iter().map(|(_, line)| *line).collect();
        if let Change::Lines(name, text) = self {
            match LINES.iter().position(|(other, _)| *other == name) {
                Some(at) => lines[at] = text,
                None => lines.push(text),
            }
        }
        format!("{start}{}{BODY}", lines.concat())
    }
}

/// Returns the octets of `text` without its mark, and the offset of the mark.
pub(crate) fn octets(text: &str) -> (Bytes, Option<usize>) {
    let (mut octets, mut mark) = (Vec::new(), None);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if character == '^' {
            mark = Some(octets.len());
            rest = &rest[1..];
        } else if let Some(value) = rest.strip_prefix('{').and_then(|rest| rest.get(..2))
            && rest[3..].starts_with('}')
        {
            octets.push(u8::from_str_radix(value, 16).unwrap());
            rest = &rest[4..];
        } else {
            octets.extend(&rest.as_bytes()[..character.len_utf8()]);
            rest = &rest[character.len_utf8()..];
        }
    }
    (octets.into(), mark)
}

impl Ambiguity {
    pub(crate) fn bytes(&self) -> Bytes {
        octets(&self.change.message()).0
    }

    /// Returns the result as a datagram, and on a stream.
    pub(crate) fn outcome(&self) -> (Outcome, First) {
        let bytes = self.bytes();
        rules::hold(&bytes, &Known::default(), bytes.len() / 2)
    }

    fn check(&self) {
        let (bytes, mark) = octets(&self.change.message());
        let (outcome, _) = self.outcome();
        match (self.decided, outcome.error()) {
            (Decided::Refused(kind, sentence), Some(error)) => {
                assert_eq!((error.kind(), error.expected()), (kind, sentence));
                assert_eq!(
                    Some(error.offset()),
                    mark,
                    "{error} in {:?}",
                    String::from_utf8_lossy(&bytes)
                );
            }
            (Decided::Cut(kind, sentence), Some(error)) => {
                assert_eq!((error.kind(), error.expected()), (kind, sentence));
                let head = bytes.len() - "body".len();
                assert_eq!(
                    error.offset(),
                    if kind == ErrorKind::Truncated {
                        bytes.len()
                    } else {
                        head
                    }
                );
            }
            (Decided::Taken(understood), None) => {
                assert_eq!(mark, None);
                understood(&Message::parse(bytes).unwrap());
            }
            (Decided::Refused(..) | Decided::Cut(..), None) => panic!("it is taken"),
            (Decided::Taken(_), Some(error)) => panic!("{error:?}"),
        }
    }
}

macro_rules! ambiguities {
    ($($group:literal { $($name:ident: $change:expr => $decided:expr, $why:literal;)* })*) => {
        /// Returns all of them, in their groups.
        pub(crate) fn all() -> Vec<Ambiguity> {
            vec![$($(named::$name()),*),*]
        }

        mod named {
            use super::*;
            use Change::*;
            use Decided::*;
            use ErrorKind as Kind;

            $($(
                pub(super) fn $name() -> Ambiguity {
                    Ambiguity { group: $group, name: stringify!($name), change: $change, decided: $decided, why: $why }
                }
            )*)*
        }

        $($(
            #[test]
            fn $name() {
                named::$name().check();
            }
        )*)*
    };
}

/// Returns the values of the header `name`.
fn values<'a>(message: &'a Message, name: &str) -> Vec<&'a str> {
    let name = HeaderName::from_token(name).unwrap();
    message.headers().get_all(&name).collect()
}

/// Asserts that a header is found by its name, and that nothing of it is left after removing it.
fn removed(message: &Message, name: &str, value: &str) {
    assert!(values(message, name).contains(&value));
    let mut message = message.clone();
    message
        .headers_mut()
        .remove(&HeaderName::from_token(name).unwrap());
    let written = String::from_utf8_lossy(&message.to_bytes()).to_lowercase();
    assert!(!written.contains(&value.to_lowercase()), "{written}");
}

const ONE_LENGTH: &str = "only one Content-Length";
const DIGITS: &str = "a length in decimal digits";
const NO_CONTROL: &str = "no control character in a header line";
const TOKEN_NAME: &str = "a header's name, which is a token";
const COLON: &str = "a colon after the header's name";
const SAME_END: &str = "a line end like that of the start line";
const NO_BLANK_LINE: &str = "something in a line that continues another";
const ONCE: &str = "the header once only";
const UTF_8: &str = "text in UTF-8";
const VERSION_END: &str = "`SIP/2.0` and nothing after it but one SP or the end of the line";

ambiguities! {
    "Content-Length" {
        two_lengths_that_differ: Lines("Content-Length", "Content-Length: 4\r\n^Content-Length: 5\r\n")
            => Refused(Kind::ContentLength, ONE_LENGTH), "one reader takes the first, another the last";
        two_lengths_that_agree: Lines("Content-Length", "Content-Length: 4\r\n^Content-Length: 4\r\n")
            => Refused(Kind::ContentLength, ONE_LENGTH), "a proxy that changes the body would change one of them";
        a_second_length_in_compact_form: Lines("Content-Length", "Content-Length: 4\r\n^l: 0\r\n")
            => Refused(Kind::ContentLength, ONE_LENGTH), "both forms are one header";
        a_second_length_in_another_case: Lines("Content-Length", "L: 4\r\n^CONTENT-length: 0\r\n")
            => Refused(Kind::ContentLength, ONE_LENGTH), "names have no case";
        a_second_length_with_blanks_before_its_colon: Lines("Content-Length", "l: 4\r\n^Content-Length \t : 0\r\n")
            => Refused(Kind::ContentLength, ONE_LENGTH), "a reader that does not expect blanks there sees one length only";
        a_list_of_lengths: Lines("Content-Length", "Content-Length: ^4, 4\r\n")
            => Refused(Kind::ContentLength, DIGITS), "it is no list, whatever its elements are";
        a_length_with_a_plus: Lines("Content-Length", "l: ^+4\r\n")
            => Refused(Kind::ContentLength, DIGITS), "some conversions take a sign";
        a_length_with_a_minus: Lines("Content-Length", "l: ^-4\r\n")
            => Refused(Kind::ContentLength, DIGITS), "some conversions take a sign";
        a_length_in_two_words: Lines("Content-Length", "l: ^4 0\r\n")
            => Refused(Kind::ContentLength, DIGITS), "some conversions stop at the blank";
        a_length_in_two_lines: Lines("Content-Length", "l: ^4\r\n 0\r\n")
            => Refused(Kind::ContentLength, DIGITS), "some conversions stop at the line end";
        a_length_in_hexadecimal: Lines("Content-Length", "l: ^0x4\r\n")
            => Refused(Kind::ContentLength, DIGITS), "some conversions take a prefix";
        a_length_with_a_fraction: Lines("Content-Length", "l: ^4.0\r\n")
            => Refused(Kind::ContentLength, DIGITS), "some conversions stop at the point";
        a_length_with_a_parameter: Lines("Content-Length", "l: ^4;x=0\r\n")
            => Refused(Kind::ContentLength, DIGITS), "the grammar has none";
        a_length_in_quotes: Lines("Content-Length", "l: ^\"4\"\r\n")
            => Refused(Kind::ContentLength, DIGITS), "the grammar has none";
        a_length_in_other_digits: Lines("Content-Length", "l: ^\u{ff14}\r\n")
            => Refused(Kind::ContentLength, DIGITS), "some conversions take every digit of Unicode";
        no_digits_at_all: Lines("Content-Length", "l:^\r\n")
            => Refused(Kind::ContentLength, DIGITS), "neither nought nor absent";
        leading_zeros: Lines("Content-Length", "l: 0004\r\n")
            => Taken(|message| assert_eq!(message.body(), "body")), "1*DIGIT is decimal whatever it begins with";
        blanks_around_the_length: Lines("Content-Length", "l:\t 4 \t\r\n")
            => Taken(|message| assert_eq!(message.body(), "body")), "blanks around a value are none of it";
        a_length_on_the_next_line: Lines("Content-Length", "l:\r\n 4\r\n")
            => Taken(|message| assert_eq!(message.body(), "body")), "a fold is a blank";
        a_length_of_4_modulo_2_to_the_32: Lines("Content-Length", "l: 4294967300\r\n")
            => Cut(Kind::Truncated, "as many octets of body as Content-Length says"), "a number does not wrap";
        a_length_of_4_modulo_2_to_the_64: Lines("Content-Length", "l: 18446744073709551620\r\n")
            => Cut(Kind::Truncated, "as many octets of body as Content-Length says"), "a number does not wrap";
        a_length_in_another_headers_fold: Lines("Subject", "Subject: x\r\n Content-Length: 0\r\n")
            => Taken(|message| assert_eq!(
                (values(message, "Subject"), message.body()),
                (vec!["x Content-Length: 0"], &Bytes::from("body"))
            )), "a line that begins with a blank continues the one before it";
        no_length: Lines("Content-Length", "")
            => Taken(|message| assert_eq!(message.body(), "body")),
            "a datagram ends where it ends (RFC 3261 §18.3); a stream needs the length";
        less_length_than_body: Lines("Content-Length", "l: 3\r\n")
            => Taken(|message| assert_eq!(message.body(), "bod")),
            "in a datagram the rest is dropped (RFC 3261 §18.3); on a stream it is the next message";
    }
    "Headers that hide from removal" {
        blanks_before_the_colon: Lines("Route", "Route \t : <sip:evil.example;lr>\r\n")
            => Taken(|message| removed(message, "Route", "<sip:evil.example;lr>")), "HCOLON has blanks on both sides";
        another_case_and_the_compact_form: Lines("Subject", "S\t:first\r\nsUBJECT2: other\r\n")
            => Taken(|message| removed(message, "Subject", "first")), "names have no case, and both forms are one name";
        the_colon_on_the_next_line: Lines("Route", "Route^\r\n : <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, TOKEN_NAME), "HCOLON has no fold before its colon";
        a_blank_in_the_name: Lines("Route", "Ro^ ute: <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, TOKEN_NAME), "a reader that drops blanks sees a Route";
        a_no_break_space_before_the_colon: Lines("Route", "Route^\u{a0}: <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, TOKEN_NAME), "a reader that trims by Unicode sees a Route";
        a_zero_width_space_in_the_name: Lines("Route", "Ro^\u{200b}ute: <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, TOKEN_NAME), "a name is a token";
        a_nul_after_the_name: Lines("Route", "Route^{00}: <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "a reader of C strings sees a Route";
        a_vertical_tab_before_the_name: Lines("Route", "^{0b}Route: <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "a reader that trims more than blanks sees a Route";
        a_delete_after_the_name: Lines("Route", "Route^{7f}: <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "a name is a token";
        a_carriage_return_before_the_name: Lines("Route", "Subject: x\r\n^\rRoute: <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "a reader that takes CR for a line end sees a Route";
        no_name: Lines("Route", "^: <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, TOKEN_NAME), "a name has at least one character";
        no_colon: Lines("Route", "Route^\r\n")
            => Refused(Kind::HeaderLine, COLON), "a reader that takes the blank for the separator sees a Route";
        an_equals_sign_for_the_colon: Lines("Route", "Route^ = <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, TOKEN_NAME), "the first colon stands in the URI, and what is before it is no token";
        a_parameter_in_the_name: Lines("Route", "Route^;x=y: <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, TOKEN_NAME), "a name is a token";
        a_name_in_quotes: Lines("Route", "^\"Route\": <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, TOKEN_NAME), "a name is a token";
        a_name_beyond_ascii: Lines("Route", "R^\u{f6}ute: <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, TOKEN_NAME), "a name is a token";
        a_long_s_for_an_s: Lines("Subject", "^\u{17f}ubject: x\r\n")
            => Refused(Kind::HeaderLine, TOKEN_NAME), "a reader that folds case by Unicode sees a Subject";
        another_name_that_looks_the_same: Lines("Subject", "Subject_: x\r\n")
            => Taken(|message| assert!(values(message, "Subject").is_empty())), "names are compared whole";
        a_colon_in_the_value: Lines("Subject", "Subject:Route: <sip:evil.example;lr>\r\n")
            => Taken(|message| assert_eq!(values(message, "Subject"), ["Route: <sip:evil.example;lr>"])),
            "the first colon ends the name";
    }
    "Line ends and folds" {
        a_bare_line_feed_in_a_value: Lines("Subject", "Subject: x^\nRoute: <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, SAME_END), "one reader sees a Route, another does not";
        a_bare_line_feed_before_a_fold: Lines("Subject", "Subject: x^\n y\r\n")
            => Refused(Kind::HeaderLine, SAME_END), "one reader sees a fold, another a control character";
        a_bare_line_feed_at_the_end_of_the_head: Lines("Subject", "Subject: x\r\n^\n")
            => Refused(Kind::HeaderLine, SAME_END), "one reader sees the body begin there, another does not";
        a_bare_carriage_return_in_a_value: Lines("Subject", "Subject: x^\rRoute: <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "one reader sees a Route, another does not";
        a_carriage_return_too_many: Lines("Subject", "Subject: x^\r\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "one reader sees an empty line there";
        a_bare_line_feed_in_a_quoted_string: Lines("Subject", "Subject: \"x^\n\"\r\n")
            => Refused(Kind::HeaderLine, SAME_END), "a quoted string goes on in the next line only behind a blank";
        an_escaped_carriage_return: Lines("Subject", "Subject: \"\\^\rRoute: x\"\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "quoted-pair leaves CR and LF out";
        a_fold_before_the_first_header: Start("OPTIONS sip:bob@b.example SIP/2.0\r\n^ Route: <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, TOKEN_NAME), "there is no line that it could continue; some readers skip it, some do not";
        a_name_in_a_fold: Lines("Subject", "Subject: x\r\n\tRoute: <sip:evil.example;lr>\r\n")
            => Taken(|message| assert_eq!(
                (values(message, "Subject"), values(message, "Route").len()),
                (vec!["x Route: <sip:evil.example;lr>"], 0)
            )), "a line that begins with a blank continues the one before it, and goes with it when it is removed";
        a_line_of_blanks: Lines("Subject", "Subject: x\r\n^ \r\nRoute: <sip:evil.example;lr>\r\n")
            => Refused(Kind::HeaderLine, NO_BLANK_LINE), "a reader that trims lines sees the body begin there";
        a_line_of_blanks_at_the_end_of_the_head: Lines("Subject", "Subject: x\r\n^\t \r\n")
            => Refused(Kind::HeaderLine, NO_BLANK_LINE), "a reader that trims lines sees the body begin there";
        an_empty_value_with_a_fold: Lines("Subject", "Subject:\r\n x\r\n")
            => Taken(|message| assert_eq!(values(message, "Subject"), ["x"])), "a fold is a blank";
        a_next_line_character: Lines("Subject", "Subject: x\u{85}Route: y\r\n")
            => Taken(|message| assert_eq!(values(message, "Route").len(), 0)),
            "UTF8-NONASCII has it, and no line of SIP ends with it";
    }
    "Control characters" {
        a_nul_in_a_value: Lines("Subject", "Subject: x^{00}y\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "a reader of C strings sees less";
        a_backspace_in_a_value: Lines("Subject", "Subject: x^{08}y\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "a log that is shown says something else";
        a_vertical_tab_in_a_value: Lines("Subject", "Subject: x^{0b}Route: y\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "some readers take it for a line end";
        a_form_feed_in_a_value: Lines("Subject", "Subject: x^{0c}Route: y\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "some readers take it for a line end";
        an_escape_in_a_value: Lines("Subject", "Subject: x^{1b}[2J\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "a log that is shown says something else";
        a_delete_in_a_value: Lines("Subject", "Subject: x^{7f}y\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "TEXT-UTF8 leaves it out";
        a_nul_in_quotes: Lines("From", "From: \"a^{00}b\" <sip:alice@a.example>;tag=1\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "qdtext leaves it out";
        a_backslash_and_nul_outside_of_quotes: Lines("Subject", "Subject: \\^{00}\r\n")
            => Refused(Kind::HeaderLine, NO_CONTROL), "a backslash escapes within quotes only";
        an_escaped_nul_in_quotes: Lines("From", "From: \"a\\{00}b\" <sip:alice@a.example>;tag=1\r\n")
            => Taken(|message| assert_eq!(
                message.headers().typed::<header::From>().unwrap().unwrap().display_name().as_deref(),
                Some("a\0b")
            )), "quoted-pair has it, and RFC 4475 §3.1.1.2 tests it";
        a_tab_in_a_value: Lines("Subject", "Subject: x\ty\r\n")
            => Taken(|message| assert_eq!(values(message, "Subject"), ["x\ty"])), "HTAB is a blank";
        a_nul_in_the_method: Start("OPTIONS^{00} sip:bob@b.example SIP/2.0\r\n")
            => Refused(Kind::StartLine, "one SP after the method"), "a method is a token";
        a_nul_in_the_request_uri: Start("OPTIONS sip:bob^{00}@b.example SIP/2.0\r\n")
            => Refused(Kind::StartLine, "one SP and `SIP/2.0` after the Request-URI"), "a URI has no control characters";
        a_nul_after_the_version: Start("OPTIONS sip:bob@b.example SIP/2.0^{00}\r\n")
            => Refused(Kind::StartLine, "the end of the line after `SIP/2.0`"), "a reader of C strings sees the version";
        a_tab_in_the_reason_phrase: Status("SIP/2.0 200 O\tK\r\n")
            => Taken(|message| assert!(message.to_bytes().starts_with(b"SIP/2.0 200 O\tK\r\n"))), "Reason-Phrase has it";
    }
    "UTF-8" {
        an_octet_that_is_none: Lines("Subject", "Subject: x^{ff}y\r\n")
            => Refused(Kind::Utf8, UTF_8), "readers replace it, drop it, or read Latin-1";
        a_continuation_alone: Lines("Subject", "Subject: x^{80}y\r\n")
            => Refused(Kind::Utf8, UTF_8), "readers replace it, drop it, or read Latin-1";
        an_overlong_slash: Lines("Subject", "Subject: ^{c0}{af}\r\n")
            => Refused(Kind::Utf8, UTF_8), "a lax decoder sees another character";
        an_overlong_line_feed: Lines("Subject", "Subject: x^{c0}{8a}Route: y\r\n")
            => Refused(Kind::Utf8, UTF_8), "a lax decoder sees another line";
        an_overlong_nul: Lines("Subject", "Subject: ^{e0}{80}{80}\r\n")
            => Refused(Kind::Utf8, UTF_8), "a lax decoder sees another character";
        a_surrogate: Lines("Subject", "Subject: ^{ed}{a0}{80}\r\n")
            => Refused(Kind::Utf8, UTF_8), "it is no character";
        beyond_unicode: Lines("Subject", "Subject: ^{f4}{90}{80}{80}\r\n")
            => Refused(Kind::Utf8, UTF_8), "it is no character";
        a_character_cut_short_by_the_line_end: Lines("Subject", "Subject: x^{e2}{82}\r\n")
            => Refused(Kind::Utf8, UTF_8), "a decoder that counts octets takes the line end for a part of it";
        characters_beyond_ascii: Lines("Subject", "Subject: \u{6f22}\u{1f600}\r\n")
            => Taken(|message| assert_eq!(values(message, "Subject"), ["\u{6f22}\u{1f600}"])), "TEXT-UTF8 has them";
    }
    "Start lines" {
        two_blanks_after_the_method: Start("OPTIONS ^ sip:bob@b.example SIP/2.0\r\n")
            => Refused(Kind::StartLine, "a Request-URI one SP after the method"), "a strict reader sees an empty Request-URI";
        two_blanks_before_the_version: Start("OPTIONS sip:bob@b.example ^ SIP/2.0\r\n")
            => Refused(Kind::StartLine, VERSION_END), "a strict reader sees an empty version";
        a_blank_after_the_version: Start("OPTIONS sip:bob@b.example ^SIP/2.0 \r\n")
            => Refused(Kind::StartLine, VERSION_END), "a strict reader sees another version";
        a_tab_after_the_method: Start("OPTIONS^\tsip:bob@b.example SIP/2.0\r\n")
            => Refused(Kind::StartLine, "one SP after the method"), "SP is not HTAB";
        a_tab_before_the_version: Start("OPTIONS sip:bob@b.example^\tSIP/2.0\r\n")
            => Refused(Kind::StartLine, "one SP and `SIP/2.0` after the Request-URI"), "SP is not HTAB";
        a_blank_before_the_method: Start("^ OPTIONS sip:bob@b.example SIP/2.0\r\n")
            => Refused(Kind::Method, "a method, which is a token"), "a reader that trims lines sees a request";
        a_byte_order_mark: Before("^\u{feff}")
            => Refused(Kind::Method, "a method, which is a token"), "a reader that drops it sees a request";
        empty_lines_before: Before("\r\n\r\n")
            => Taken(|message| assert_eq!(message.body(), "body")), "RFC 3261 §7.5";
        another_line_before: Before("X^: y\r\n")
            => Refused(Kind::StartLine, "one SP after the method"), "the first line is the start line";
        a_version_in_lower_case: Start("OPTIONS sip:bob@b.example sip/2.0\r\n")
            => Taken(|message| assert!(message.to_bytes().starts_with(b"OPTIONS sip:bob@b.example SIP/2.0\r\n"))),
            "it has no case, and is written in upper case (RFC 3261 §7.1)";
        a_version_with_another_zero: Start("OPTIONS sip:bob@b.example ^SIP/2.00\r\n")
            => Refused(Kind::Version, "`SIP/2.0`"), "the version is a literal string (RFC 3261 §7.1)";
        a_version_with_a_leading_zero: Start("OPTIONS sip:bob@b.example ^SIP/02.0\r\n")
            => Refused(Kind::Version, "`SIP/2.0`"), "the version is a literal string (RFC 3261 §7.1)";
        another_version: Start("OPTIONS sip:bob@b.example ^SIP/3.0\r\n")
            => Refused(Kind::Version, "`SIP/2.0`"), "what it means is not known";
        half_a_version: Start("OPTIONS sip:bob@b.example ^SIP/2\r\n")
            => Refused(Kind::StartLine, VERSION_END), "it is no version";
        another_protocol: Start("OPTIONS sip:bob@b.example ^HTTP/1.1\r\n")
            => Refused(Kind::StartLine, VERSION_END), "it is no SIP";
        no_version: Start("OPTIONS sip:bob@b.example^\r\n")
            => Refused(Kind::StartLine, "one SP and `SIP/2.0` after the Request-URI"), "RFC 2543 and before had one too";
        a_method_in_lower_case: Lines("CSeq", "CSeq: ^1 options\r\n")
            => Refused(Kind::Mismatch, "the method of the start line after the number"), "methods have a case";
        a_method_with_a_separator: Start("OPT^{5b}IONS sip:bob@b.example SIP/2.0\r\n")
            => Refused(Kind::StartLine, "one SP after the method"), "a method is a token";
        a_request_uri_in_brackets: Start("OPTIONS ^<sip:bob@b.example> SIP/2.0\r\n")
            => Refused(Kind::Uri, "a URI, which begins with its scheme"), "RFC 4475 §3.1.2.7";
        a_request_uri_in_quotes: Start("OPTIONS ^\"sip:bob@b.example\" SIP/2.0\r\n")
            => Refused(Kind::Uri, "a URI, which begins with its scheme"), "a URI has no quotes";
        a_request_uri_without_scheme: Start("OPTIONS bob^@b.example SIP/2.0\r\n")
            => Refused(Kind::Uri, "`:` after the scheme"), "what it is relative to is not known";
        two_ats_in_the_request_uri: Start("OPTIONS sip:bob@b.example^@c.example SIP/2.0\r\n")
            => Refused(Kind::Uri, "the end of the URI"), "one reader splits at the first, another at the last";
        a_parameter_of_the_request_uri_twice: Start("OPTIONS sip:bob@b.example;transport=udp;^transport=tcp SIP/2.0\r\n")
            => Refused(Kind::Uri, "each parameter once"), "one reader takes the first, another the last (RFC 3261 §19.1.1)";
        two_blanks_before_the_status_code: Status("SIP/2.0 ^ 200 OK\r\n")
            => Refused(Kind::Status, "a status code of three digits, 100 to 699"), "a strict reader sees no code";
        a_status_code_of_four_digits: Status("SIP/2.0 200^0 OK\r\n")
            => Refused(Kind::Status, "one SP after three digits"), "some readers see 200";
        a_status_code_beyond_the_classes: Status("SIP/2.0 ^799 OK\r\n")
            => Refused(Kind::Status, "a status code of three digits, 100 to 699"), "there are six classes (RFC 3261 §7.2)";
        a_status_code_with_a_sign: Status("SIP/2.0 ^+20 OK\r\n")
            => Refused(Kind::Status, "a status code of three digits, 100 to 699"), "some conversions take a sign";
        no_blank_after_the_status_code: Status("SIP/2.0 200^OK\r\n")
            => Refused(Kind::Status, "one SP after three digits"), "the code ends with a SP";
        no_blank_and_no_reason: Status("SIP/2.0 200\r\n")
            => Taken(|message| assert!(message.to_bytes().starts_with(b"SIP/2.0 200 \r\n"))),
            "as peers send it (RFC 4475 §3.1.1.13); the SP is written";
    }
    "Headers that say who and what" {
        two_froms: Lines("From", "From: <sip:alice@a.example>;tag=1\r\n^From: <sip:eve@a.example>;tag=1\r\n")
            => Refused(Kind::Duplicate, ONCE), "one reader takes the first, another the last";
        a_second_from_in_compact_form: Lines("From", "From: <sip:alice@a.example>;tag=1\r\n^f: <sip:eve@a.example>;tag=1\r\n")
            => Refused(Kind::Duplicate, ONCE), "both forms are one header";
        two_tos: Lines("To", "To: <sip:bob@b.example>\r\n^t : <sip:bob@b.example>\r\n")
            => Refused(Kind::Duplicate, ONCE), "one reader takes the first, another the last";
        two_call_ids: Lines("Call-ID", "i: 1@a.example\r\n^Call-ID: 2@a.example\r\n")
            => Refused(Kind::Duplicate, ONCE), "they would be two transactions";
        two_cseqs: Lines("CSeq", "CSeq: 1 OPTIONS\r\n^cseq: 2 OPTIONS\r\n")
            => Refused(Kind::Duplicate, ONCE), "they would be two transactions";
        two_max_forwards: Lines("Max-Forwards", "Max-Forwards: 0\r\n^Max-Forwards: 70\r\n")
            => Refused(Kind::Duplicate, ONCE), "a loop would be found by some only";
        two_content_types: Lines("Content-Type", "c: application/sdp\r\n^Content-Type: text/plain\r\n")
            => Refused(Kind::Duplicate, ONCE), "one body is not two things";
        two_expires: Lines("Expires", "Expires: 0\r\n^Expires: 3600\r\n")
            => Refused(Kind::Duplicate, ONCE), "one reader unregisters, another registers";
        two_events: Lines("Event", "Event: presence\r\n^o: reg\r\n")
            => Refused(Kind::Duplicate, ONCE), "they would be two subscriptions";
        two_refer_tos: Lines("Refer-To", "r: <sip:a.example>\r\n^Refer-To: <sip:b.example>\r\n")
            => Refused(Kind::Duplicate, ONCE), "one reader calls the first, another the last";
        two_identities: Lines("Identity", "Identity: a;info=<https://a.example>\r\ny: b;info=<https://b.example>\r\n")
            => Taken(|message| assert_eq!(values(message, "Identity").len(), 2)), "RFC 8224 §14 lets them";
        two_vias: Lines("Via", "Via: SIP/2.0/UDP p.example;branch=z9hG4bK2\r\nv: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n")
            => Taken(|message| assert_eq!(message.headers().all::<header::Via>().count(), 2)), "Via is a list";
        a_from_that_is_a_list: Lines("From", "From: <sip:alice@a.example>;tag=1^, <sip:eve@a.example>;tag=2\r\n")
            => Refused(Kind::Value, "`;` or the end of the value"), "one reader takes the first, another the last";
        a_second_address_in_a_from: Lines("From", "From: <sip:alice@a.example> ^<sip:eve@a.example>;tag=1\r\n")
            => Refused(Kind::Value, "`;` or the end of the value"), "one reader takes the first, another the last";
        an_address_in_a_display_name: Lines("From", "From: \"<sip:eve@a.example>\" <sip:alice@a.example>;tag=1\r\n")
            => Taken(|message| assert_eq!(
                message.headers().typed::<header::From>().unwrap().unwrap().uri().user(),
                Some("alice")
            )), "what is in quotes is text";
        a_display_name_without_its_last_quote: Lines("To", "To: ^\"Bob <sip:bob@b.example>\r\n")
            => Refused(Kind::Value, "a quoted display name that ends"), "where it would end is a guess";
        two_tags: Lines("From", "From: <sip:alice@a.example>;tag=1;^tag=2\r\n")
            => Refused(Kind::Duplicate, "each parameter once"), "they would be two dialogs (RFC 3261 §7.3.1)";
        two_tags_in_two_cases: Lines("To", "To: <sip:bob@b.example>;tag=1;^TAG=2\r\n")
            => Refused(Kind::Duplicate, "each parameter once"), "names of parameters have no case";
        a_tag_in_quotes: Lines("From", "From: <sip:alice@a.example>;tag=^\"1\"\r\n")
            => Refused(Kind::Value, "a tag that is a token"), "some readers take the quotes off";
        two_branches: Lines("Via", "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1;^branch=z9hG4bK2\r\n")
            => Refused(Kind::Duplicate, "each parameter once"), "they would be two transactions";
        a_second_via_that_is_bad: Lines("Via", "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1, SIP/2.0/UDP^\r\n")
            => Refused(Kind::Value, "a blank after the transport"), "the next hop would stumble over it";
        an_empty_via_in_a_list: Lines("Via", "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1,^\r\n")
            => Refused(Kind::Value, "`/` after the protocol's name"), "some readers skip it, some count it";
        a_port_beyond_the_last: Lines("Via", "Via: SIP/2.0/UDP a.example:^65596;branch=z9hG4bK1\r\n")
            => Refused(Kind::Value, "a port from 0 to 65535"), "a number does not wrap";
        a_call_id_of_two_words: Lines("Call-ID", "Call-ID: 1^ 2\r\n")
            => Refused(Kind::Value, "the end of the value"), "some readers take the first word";
        a_call_id_with_two_ats: Lines("Call-ID", "Call-ID: 1@a^@b\r\n")
            => Refused(Kind::Value, "the end of the value"), "callid is one word, or two with an `@` between them";
        a_cseq_with_another_method: Lines("CSeq", "CSeq: ^1 INVITE\r\n")
            => Refused(Kind::Mismatch, "the method of the start line after the number"), "RFC 4475 §3.1.2.17";
        a_cseq_of_1_modulo_2_to_the_32: Lines("CSeq", "CSeq: ^4294967297 OPTIONS\r\n")
            => Refused(Kind::Value, "a sequence number below 2^31"), "a number does not wrap";
        a_cseq_with_a_sign: Lines("CSeq", "CSeq: ^+1 OPTIONS\r\n")
            => Refused(Kind::Value, "a sequence number below 2^31"), "some conversions take a sign";
        a_cseq_with_a_word_more: Lines("CSeq", "CSeq: 1 OPTIONS^ INVITE\r\n")
            => Refused(Kind::Value, "the end of the value"), "one reader takes the second word, another the last";
        a_cseq_with_leading_zeros: Lines("CSeq", "CSeq: 0010 OPTIONS\r\n")
            => Taken(|message| assert_eq!(message.headers().typed::<header::CSeq>().unwrap().unwrap().number(), 10)),
            "1*DIGIT is decimal whatever it begins with, and RFC 4475 §3.1.1.1 tests it";
        a_max_forwards_with_a_sign: Lines("Max-Forwards", "Max-Forwards: ^+70\r\n")
            => Refused(Kind::Value, "a number in decimal digits"), "some conversions take a sign";
        a_list_of_max_forwards: Lines("Max-Forwards", "Max-Forwards: ^70, 0\r\n")
            => Refused(Kind::Value, "a number in decimal digits"), "some conversions stop at the comma";
        no_via: Lines("Via", "")
            => Cut(Kind::Missing, "the header to be there"), "no response could be sent";
        no_call_id: Lines("Call-ID", "")
            => Cut(Kind::Missing, "the header to be there"), "no transaction could be found";
    }
}

/// Tests every single header twice, in both forms and in any case, which are more than the list above has.
#[test]
fn each_single_header_is_refused_twice() {
    for (long, compact, source) in SINGLES {
        for again in [(*long).to_owned(), (*compact).to_owned(), long.to_uppercase()] {
            let one = LINES.iter().find(|(name, _)| name == long).map(|(_, line)| *line);
            let one = one.map_or_else(|| format!("{long}: 1\r\n"), str::to_owned);
            let text: String = LINES
                .iter()
                .map(|(_, line)| *line)
                .filter(|line| *line != one)
                .collect();
            let text = format!("{START}{one}{text}{again}: 2\r\n{BODY}");
            let at = text.find(&format!("{again}: 2\r\n")).unwrap();
            let outcome = Outcome::of(&Bytes::from(text));
            let Outcome::Invalid(error) = outcome else {
                panic!("{long} ({source}) twice: {outcome:?}")
            };
            assert_eq!(
                (error.kind(), error.header(), error.offset()),
                (ErrorKind::Duplicate, Some(*long), at),
                "{source}"
            );
        }
    }
}
