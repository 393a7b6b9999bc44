//! The lines of a session description: splitting, checking, and normalizing them for the crate that parses
//! them.
//!
//! Invariant: normalizing keeps the number and order of lines, so errors refer to lines of the original text.

use std::borrow::Cow;

use crate::grammar::{Class, Span, alphanum_and, is_one_line};
use crate::{ErrorKind, Limits, ParseError};

/// One line.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// The offset of the line.
    pub(super) start: usize,
    /// The line without its line end.
    pub(super) text: &'a str,
    /// The line end: CRLF, LF, or nothing after the last line.
    pub(super) end: &'a str,
}

impl<'a> Line<'a> {
    /// Returns the letter before the `=`, if the line begins with a letter and `=`.
    pub(super) fn letter(&self) -> Option<u8> {
        match self.text.as_bytes() {
            [letter, b'=', ..] if letter.is_ascii() => Some(*letter),
            _ => None,
        }
    }

    /// Returns what follows the `=`.
    pub(super) fn value(&self) -> &'a str {
        self.text.get(2..).unwrap_or_default()
    }

    /// Reports whether the line is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// Returns the lines of `text`, empty ones included.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |whole| {
        let text = match whole.strip_suffix('\n') {
            Some(text) => text.strip_suffix('\r').unwrap_or(text),
            None => whole,
        };
        let line = Line {
            start,
            text,
            end: &whole[text.len()..],
        };
        start += whole.len();
        line
    })
}

/// ```text
/// token-char = ALPHA / DIGIT / "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "{" / "|" /
///              "}" / "~"
/// ```
static TOKEN: Class = alphanum_and(b"!#$%&'*+-.^_`{|}~");

/// Reports whether `text` is a token of RFC 8866, which differs slightly from a token of RFC 3261.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| TOKEN[usize::from(octet)])
}

/// ```text
/// proto = token *("/" token)
/// ```
pub(super) fn is_protocol(text: &str) -> bool {
    text.split('/').all(is_token)
}

/// Reports whether `text` may be the value of an attribute: not empty, and without NUL, CR and LF.
///
/// ```text
/// byte-string = 1*(%x01-09/%x0B-0C/%x0E-FF)
/// ```
pub(super) fn is_text(text: &str) -> bool {
    !text.is_empty() && is_one_line(text)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

/// Splits a text at its blanks, several of which count as one.
fn words(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

/// The parts of the value of an `o=` line.
pub(super) struct OriginParts<'a> {
    pub(super) username: &'a str,
    id: &'a str,
    pub(super) version: &'a str,
    /// Network type, address type and address.
    rest: [&'a str; 3],
}

/// ```text
/// origin-field = %s"o" "=" username SP sess-id SP sess-version SP nettype SP addrtype SP unicast-address CRLF
/// ```
///
/// Splits the value of an `o=` line.
///
/// The last five fields have no blanks, so everything before them is the user name, which may have some.
pub(super) fn origin_parts(value: &str) -> Option<OriginParts<'_>> {
    let mut words = words(value).rev();
    let (address, address_type, network) = (words.next()?, words.next()?, words.next()?);
    let (version, id) = (words.next()?, words.next()?);
    let username = value[..Span::within(value, id).start()].trim_matches(' ');
    (!username.is_empty() && is_number(id) && is_number(version)).then_some(OriginParts {
        username,
        id,
        version,
        rest: [network, address_type, address],
    })
}

/// Checks what the crate does not, within `limits`, and returns the text in the form that the crate accepts.
///
/// - A user name with blanks, which some gateways send, becomes `-`.
/// - Several blanks between the fields of `m=` become one.
/// - Blanks at the end of `v=`, `b=` and `m=` are removed.
///
/// > an SDP parser MUST completely ignore or reject any session description that contains a type letter that
/// > it does not understand
///
/// ([RFC 8866 §5](https://www.rfc-editor.org/rfc/rfc8866#section-5)); the crate would skip the line.
pub(super) fn check_and_normalize<'a>(text: &'a str, limits: &Limits) -> Result<Cow<'a, str>, ParseError> {
    let mut check = LineCheck {
        limits,
        version: false,
        origin: false,
        media: 0,
        attributes: 0,
    };
    let mut normalized: Option<String> = None;
    for line in lines(text) {
        let value = check.line(line)?;
        if value.len() != line.value().len() && normalized.is_none() {
            normalized = Some(text[..line.start].to_owned());
        }
        if let Some(normalized) = &mut normalized {
            normalized.push_str(line.text.get(..2).unwrap_or_default());
            normalized.push_str(&value);
            normalized.push_str(line.end);
        }
    }
    if !check.origin {
        return fault(text.len(), "an `o=` line");
    }
    Ok(normalized.map_or(Cow::Borrowed(text), Cow::Owned))
}

/// The state of the check after some lines.
struct LineCheck<'a> {
    limits: &'a Limits,
    version: bool,
    origin: bool,
    media: usize,
    attributes: usize,
}

impl LineCheck<'_> {
    /// Checks one line, and returns its normalized value.
    fn line<'a>(&mut self, line: Line<'a>) -> Result<Cow<'a, str>, ParseError> {
        if let Some(at) = line.text.find(['\0', '\r']) {
            return fault(line.start + at, "no NUL and no CR in a line");
        }
        let value = line.value();
        if line.is_empty() {
            return Ok(value.into());
        }
        let Some(letter) = line.letter() else {
            return fault(line.start, "a letter and `=`");
        };
        if self.version == (letter == b'v') {
            return fault(line.start, "`v=0` as the first line, and only there");
        }
        match letter {
            b'm' => {
                self.media += 1;
                if self.media > self.limits.sdp_media {
                    return too_large(line.start, "no more media than the limit");
                }
                return media_line(line, self.limits);
            }
            b'a' => {
                self.attributes += 1;
                if self.attributes > self.limits.sdp_attributes {
                    return too_large(line.start, "no more attributes than the limit");
                }
            }
            b'b' => {
                let value = trimmed_end(value);
                return match value.split_once(':') {
                    Some((kind, number)) if is_token(kind) && is_number(number) => Ok(value.into()),
                    _ => fault(line.start + 2, expected(letter)),
                };
            }
            b'i' | b'c' | b'k' => {}
            b'o' | b's' | b'u' | b'e' | b'p' | b't' | b'r' | b'z' if self.media > 0 => {
                return fault(
                    line.start,
                    "`i=`, `c=`, `b=`, `k=`, `a=` or another `m=` after `m=`",
                );
            }
            b'v' => {
                self.version = true;
                return Ok(trimmed_end(value).into());
            }
            b'o' => {
                self.origin = true;
                let Some(parts) = origin_parts(value) else {
                    return fault(line.start + 2, expected(letter));
                };
                if parts.username.contains([' ', '\t']) {
                    let OriginParts {
                        id, version, rest, ..
                    } = parts;
                    return Ok(format!("- {id} {version} {}", rest.join(" ")).into());
                }
            }
            b't' if value.contains('+') => return fault(line.start + 2, expected(letter)),
            b's' | b'u' | b'e' | b'p' | b't' | b'r' | b'z' => {}
            _ => return fault(line.start, "a letter that RFC 8866 gives a meaning"),
        }
        Ok(value.into())
    }
}

/// ```text
/// media-field = %s"m" "=" media SP port ["/" integer] SP proto 1*(SP fmt) CRLF
/// ```
fn media_line<'a>(line: Line<'a>, limits: &Limits) -> Result<Cow<'a, str>, ParseError> {
    let value = trimmed_end(line.value());
    let is_port = |port: &str| match port.split_once('/') {
        Some((port, count)) => is_number(port) && is_number(count),
        None => is_number(port),
    };
    let mut fields = words(value);
    let begins_well = fields.next().is_some_and(is_token)
        && fields.next().is_some_and(is_port)
        && fields.next().is_some_and(is_protocol);
    let mut formats = 0;
    for format in fields {
        formats += 1;
        if !is_token(format) {
            return fault(line.start + 2, expected(b'm'));
        }
        if formats > limits.sdp_formats {
            return too_large(line.start, "no more formats than the limit");
        }
    }
    if !begins_well || formats == 0 {
        return fault(line.start + 2, expected(b'm'));
    }
    match value.starts_with(' ') || value.contains("  ") {
        true => Ok(words(value).collect::<Vec<_>>().join(" ").into()),
        false => Ok(value.into()),
    }
}

fn trimmed_end(text: &str) -> &str {
    text.trim_end_matches([' ', '\t'])
}

/// Converts an error of the crate.
pub(super) fn convert_error(text: &str, error: &sdp_types::ParserError) -> ParseError {
    use sdp_types::ParserError as E;
    let (number, once) = match error {
        E::MultipleOrigins(number)
        | E::MultipleSessionNames(number)
        | E::MultipleSessionDescription(number)
        | E::MultipleUris(number)
        | E::MultipleConnections(number)
        | E::MultipleTimeZones(number)
        | E::MultipleMediaTitles(number)
        | E::MultipleKeys(number) => (*number, Some("such a line once only")),
        E::RepeatWithoutTime(number) => (*number, Some("a `t=` line before `r=`")),
        E::InvalidVersion(number, _)
        | E::InvalidLineFormat(number, _)
        | E::InvalidFieldEncoding(number, _)
        | E::InvalidFieldFormat(number, _)
        | E::MissingField(number, _)
        | E::FieldTrailingData(number, _) => (*number, None),
        // A later version of the crate may have other errors.
        _ => (1, Some("a session description")),
    };
    let line = lines(text).nth(number.saturating_sub(1));
    let letter = line.and_then(|line| line.letter()).unwrap_or_default();
    let start = line.map_or(0, |line| line.start);
    match once {
        Some(what) => ParseError::new(ErrorKind::Sdp, start, what),
        None => ParseError::new(ErrorKind::Sdp, start + 2, expected(letter)),
    }
}

/// Returns what the value of a line with this letter has to be.
fn expected(letter: u8) -> &'static str {
    match letter {
        b'v' => "version 0",
        b'o' => "a user name, an id, a version, a network type, an address type and an address",
        b'c' => "a network type, an address type and an address",
        b'b' => "a bandwidth type, `:` and a number",
        b't' => "a start time and a stop time",
        b'r' => "an interval, a duration and offsets",
        b'z' => "times and offsets",
        b'm' => "a media type, a port, a protocol and formats",
        _ => "a value that its letter allows",
    }
}

fn fault<T>(at: usize, expected: &'static str) -> Result<T, ParseError> {
    Err(ParseError::new(ErrorKind::Sdp, at, expected))
}

fn too_large<T>(at: usize, expected: &'static str) -> Result<T, ParseError> {
    Err(ParseError::new(ErrorKind::SdpTooLarge, at, expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sdp;

    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n";

    fn fault(rest: &str) -> (ErrorKind, usize, &'static str) {
        let error = Sdp::parse(format!("{HEAD}{rest}")).unwrap_err();
        (error.kind(), error.offset() - HEAD.len(), error.expected())
    }

    fn sdp(rest: &str) -> Sdp {
        let sdp = Sdp::parse(format!("{HEAD}{rest}")).unwrap();
        assert_eq!(sdp.as_str(), format!("{HEAD}{rest}"));
        sdp
    }

    #[test]
    fn lines_are_cut_at_either_line_end() {
        let all: Vec<_> = lines("v=0\r\n\no=é\n=\r\r\n")
            .map(|line| (line.start, line.text, line.end))
            .collect();
        assert_eq!(
            all,
            [
                (0, "v=0", "\r\n"),
                (5, "", "\n"),
                (6, "o=é", "\n"),
                (11, "=\r", "\r\n")
            ]
        );
        assert_eq!(lines("").count(), 0);
        assert_eq!(
            lines("a=b").map(|line| (line.text, line.end)).collect::<Vec<_>>(),
            [("a=b", "")]
        );
        let letters: Vec<_> = lines("a=\n=a\né=\n==").map(|line| line.letter()).collect();
        assert_eq!(letters, [Some(b'a'), None, None, Some(b'=')]);
    }

    #[test]
    fn a_user_name_may_have_blanks() {
        for (line, username) in [
            ("o=My  Gateway 1 4096 2 IN IP4 192.0.2.1", "My  Gateway 1"),
            ("o=a b 4096 2 IN IP4 192.0.2.1 ", "a b"),
            ("o=a\tb 4096 2 IN IP4 192.0.2.1", "a\tb"),
            ("o= é  4096  2  IN  IP4  192.0.2.1", "é"),
        ] {
            let text = format!("v=0\r\n{line}\r\ns=-\r\nt=0 0\r\n");
            let sdp = Sdp::parse(text.clone()).unwrap();
            assert_eq!(sdp.as_str(), text);
            let origin = sdp.origin();
            assert_eq!(
                (origin.username(), origin.session_id(), origin.version()),
                (username, "4096", 2),
                "{line}"
            );
            assert_eq!(origin.address(), "192.0.2.1");
        }
    }

    #[test]
    fn blanks_between_and_after_fields_are_nothing() {
        let sdp = sdp(
            "s=-\r\nc=IN  IP4 192.0.2.1 \r\nb=AS:64 \r\nt=0  0 \r\nm= audio  4000 RTP/AVP 0   8 \t\r\na=x \r\n",
        );
        let media = sdp.media().next().unwrap();
        assert_eq!((media.kind(), media.port()), ("audio", 4000));
        assert_eq!(media.formats().collect::<Vec<_>>(), ["0", "8"]);
        assert_eq!(
            media.attribute("x "),
            Some(None),
            "the blank is a part of the value"
        );
        assert_eq!(sdp.bandwidth("AS"), Some(64));
        assert!(Sdp::parse("v=0 \no=- 1 1 IN IP4 192.0.2.1").is_ok());
    }

    #[test]
    fn lines_that_may_be_missing_may_and_others_may_not() {
        sdp("");
        sdp("m=audio 4000 RTP/AVP 0\n\n\r\n");
        for (text, offset) in [
            ("", 0),
            ("\r\n", 2),
            ("v=0\r\n", 5),
            ("v=0\r\ns=-\r\nt=0 0\r\n", 17),
            ("o=- 1 1 IN IP4 192.0.2.1\r\nv=0\r\n", 0),
            ("\r\n v=0\r\n", 2),
            ("V=0\r\n", 0),
        ] {
            let error = Sdp::parse(text).unwrap_err();
            assert_eq!(
                (error.kind(), error.offset()),
                (ErrorKind::Sdp, offset),
                "{text:?}"
            );
        }
        assert_eq!(
            Sdp::parse("v=1\r\no=- 1 1 IN IP4 h\r\n").unwrap_err().expected(),
            "version 0"
        );
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_does() {
        let sdp = ErrorKind::Sdp;
        assert_eq!(fault("s=a\0\r\n"), (sdp, 3, "no NUL and no CR in a line"));
        assert_eq!(fault("s=a\rb\r\n"), (sdp, 3, "no NUL and no CR in a line"));
        assert_eq!(fault("s=a\r\r\n").1, 3);
        assert_eq!(fault("s=-\r\nx\r\n"), (sdp, 5, "a letter and `=`"));
        assert_eq!(fault("ss=-\r\n"), (sdp, 0, "a letter and `=`"));
        assert_eq!(fault("é=-\r\n"), (sdp, 0, "a letter and `=`"));
        assert_eq!(
            fault("q=-\r\n"),
            (sdp, 0, "a letter that RFC 8866 gives a meaning")
        );
        assert_eq!(fault("s=-\r\nv=0\r\n").1, 5);
        assert_eq!(
            fault("o=- 1 1 IN IP4 192.0.2.1\r\n"),
            (sdp, 0, "such a line once only")
        );
        assert_eq!(fault("s=-\r\ns=-\r\n"), (sdp, 5, "such a line once only"));
        assert_eq!(
            fault("c=IN IP4 a\r\nc=IN IP4 b\r\n"),
            (sdp, 12, "such a line once only")
        );
        assert_eq!(fault("r=7d 1h 0\r\n"), (sdp, 0, "a `t=` line before `r=`"));
        assert_eq!(
            fault("c=IN IP4\r\n"),
            (sdp, 2, "a network type, an address type and an address")
        );
        assert_eq!(fault("c=I/N IP4 a\r\n").1, 2);
        assert_eq!(fault("t=0\r\n").2, "a start time and a stop time");
        assert_eq!(fault("t=0 +1\r\n").2, "a start time and a stop time");
        assert_eq!(fault("b=AS\r\n").2, "a bandwidth type, `:` and a number");
        for bandwidth in [
            "b=AS:",
            "b=:1",
            "b=AS:+1",
            "b=AS:-1",
            "b=A S:1",
            "b=AS:1:2",
            "b=AS:99999999999999999999",
        ] {
            assert_eq!(fault(&format!("{bandwidth}\r\n")).1, 2, "{bandwidth}");
        }
        for media in [
            "audio",
            "audio 4000 RTP/AVP",
            "audio 65536 RTP/AVP 0",
            "audio +4000 RTP/AVP 0",
            "audio -1 RTP/AVP 0",
            "audio 4000/ RTP/AVP 0",
            "audio 4000/65536 RTP/AVP 0",
            "audio 4000 RTP//AVP 0",
            "audio 4000 RTP/AVP 0,8",
            "au(dio 4000 RTP/AVP 0",
            "audio\t4000 RTP/AVP 0",
        ] {
            assert_eq!(
                fault(&format!("s=-\r\nm={media}\r\n")),
                (sdp, 7, expected(b'm')),
                "{media}"
            );
        }
        for late in [
            "s=-",
            "o=- 1 1 IN IP4 a",
            "t=0 0",
            "u=x",
            "e=x",
            "p=x",
            "r=1 1 1",
            "z=1 1",
        ] {
            assert_eq!(
                fault(&format!("m=audio 4000 RTP/AVP 0\r\n{late}\r\n")).1,
                24,
                "{late}"
            );
        }
    }

    #[test]
    fn ids_have_digits_and_versions_64_bits() {
        let with = |origin: &str| Sdp::parse(format!("v=0\r\no={origin} IN IP4 192.0.2.1\r\n"));
        let id = "9".repeat(40);
        assert_eq!(
            with(&format!("- {id} {}", u64::MAX))
                .unwrap()
                .origin()
                .session_id(),
            id
        );
        for bad in [
            "- 1 18446744073709551616",
            "- 1 +1",
            "- x 1",
            "- 1 x",
            "1 1",
            "- -1 1",
        ] {
            assert_eq!(with(bad).unwrap_err().offset(), 7, "{bad}");
        }
    }

    #[test]
    fn each_limit_holds_and_one_past_it_does_not() {
        let media = |count: usize| "m=audio 4000 RTP/AVP 0\r\n".repeat(count);
        assert_eq!(sdp(&media(16)).media().len(), 16);
        assert_eq!(
            fault(&media(17)),
            (ErrorKind::SdpTooLarge, 16 * 24, "no more media than the limit")
        );
        let formats = |count: usize| format!("m=audio 4000 RTP/AVP{}\r\n", " 0".repeat(count));
        assert_eq!(sdp(&formats(64)).media().next().unwrap().formats().count(), 64);
        assert_eq!(
            fault(&formats(65)),
            (ErrorKind::SdpTooLarge, 0, "no more formats than the limit")
        );
        let attributes =
            |count: usize| format!("{}{}{}", "a=x\r\n".repeat(100), media(1), "a=x\r\n".repeat(count));
        assert_eq!(sdp(&attributes(156)).attributes().len(), 100);
        assert_eq!(fault(&attributes(157)).0, ErrorKind::SdpTooLarge);
        let error = Sdp::parse(format!("{HEAD}{}", attributes(157))).unwrap_err();
        assert_eq!(error.status(), Some(crate::StatusCode::NOT_ACCEPTABLE_HERE));
        let name = |length: usize| format!("{HEAD}s={}", "x".repeat(length - HEAD.len() - 2));
        assert!(Sdp::parse(name(65_535)).is_ok());
        assert_eq!(Sdp::parse(name(65_536)).unwrap_err().kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn text_is_utf_8() {
        let mut text = format!("{HEAD}s=").into_bytes();
        text.extend(b"caf\xe9\r\n");
        let error = Sdp::parse(text).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Utf8, HEAD.len() + 5));
    }
}
