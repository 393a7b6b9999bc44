//! The check of a session description line by line, and its form for the crate that parses it.
//!
//! Invariant: the form keeps the number and order of lines, so errors refer to lines of the original text.

use std::borrow::Cow;

use super::lines::{Line, OriginParts, is_number, is_protocol, is_token, lines, origin_parts, words};
use crate::{ErrorKind, Limits, ParseError};

/// Checks what the crate does not, within `limits`, and returns the text in the form that the crate accepts.
///
/// - A user name with blanks, which some gateways send, becomes `-`.
/// - Several blanks between the fields of `m=` become one.
/// - Blanks at the end of `v=`, `b=` and `m=` are removed.
/// - A number that may be too long for the crate becomes another one.
///
/// The crate passes over lines with a letter that it does not know.
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
        let is_same = matches!(value, Cow::Borrowed(value) if value.len() == line.value().len());
        if !is_same && normalized.is_none() {
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
            b'b' => return bandwidth_line(line),
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
                let OriginParts {
                    id, version, rest, ..
                } = parts;
                if parts.username.contains([' ', '\t']) || is_long(version) {
                    return Ok(format!("- {id} {} {}", short(version), rest.join(" ")).into());
                }
            }
            b't' if value.contains('+') => return fault(line.start + 2, expected(letter)),
            b't' | b'r' | b'z' if words(value).any(is_long) => {
                return Ok(words(value).map(short).collect::<Vec<_>>().join(" ").into());
            }
            b's' | b'u' | b'e' | b'p' | b't' | b'r' | b'z' => {}
            letter if letter.is_ascii_alphabetic() => {}
            _ => return fault(line.start, "a letter and `=`"),
        }
        Ok(value.into())
    }
}

/// The digits that a number has at most which fits the crate, also as a number of days in seconds.
const SHORT: usize = 14;

/// Reports whether a word is a number that may be too long for the crate: a sign, digits and a unit of time.
///
/// ```text
/// sess-version = 1*DIGIT
/// time         = POS-DIGIT 9*DIGIT
/// typed-time   = 1*DIGIT [fixed-len-time-unit]
/// ```
///
/// > The representation is an unbounded length field containing at least 10 digits.
///
/// ([RFC 8866 §9](https://www.rfc-editor.org/rfc/rfc8866#section-9))
fn is_long(word: &str) -> bool {
    word.len() > SHORT && is_number(digits(word)) && digits(word).len() > SHORT
}

/// Returns a word with `0` in place of a number that may be too long for the crate.
fn short(word: &str) -> Cow<'_, str> {
    if is_long(word) {
        word.replace(digits(word), "0").into()
    } else {
        word.into()
    }
}

/// Returns a word without a sign and without a unit of time.
fn digits(word: &str) -> &str {
    let word = word.strip_prefix('-').unwrap_or(word);
    word.strip_suffix(['d', 'h', 'm', 's']).unwrap_or(word)
}

/// ```text
/// bandwidth-fields = *(%s"b" "=" bwtype ":" bandwidth CRLF)
/// bandwidth        = 1*DIGIT
/// ```
fn bandwidth_line<'a>(line: Line<'a>) -> Result<Cow<'a, str>, ParseError> {
    let value = trimmed_end(line.value());
    match value.split_once(':') {
        Some((kind, number)) if is_token(kind) && is_number(number) => Ok(match number.parse::<u64>() {
            Ok(_) => value.into(),
            Err(_) => format!("{kind}:{}", u64::MAX).into(),
        }),
        _ => fault(line.start + 2, expected(b'b')),
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
    if value.starts_with(' ') || value.contains("  ") {
        Ok(words(value).collect::<Vec<_>>().join(" ").into())
    } else {
        Ok(value.into())
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
                (username, "4096", "2"),
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
        assert_eq!(fault("1=-\r\n"), (sdp, 0, "a letter and `=`"));
        assert_eq!(fault("==-\r\n"), (sdp, 0, "a letter and `=`"));
        assert_eq!(fault("y =-\r\n"), (sdp, 0, "a letter and `=`"));
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
            "b=AS:9999999999999999999x",
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
    fn ids_and_versions_have_any_number_of_digits_and_nothing_else() {
        let with = |origin: &str| Sdp::parse(format!("v=0\r\no={origin} IN IP4 192.0.2.1\r\n"));
        let long = "9".repeat(40);
        for (username, id, version) in [
            ("RTSP", "18000000000000000001", "20000000000000000001"),
            ("RTSP", "20000000000000000001", "18000000000000000001"),
            ("-", "1", "18446744073709551616"),
            ("a b", "007", &long),
            ("-", &long, "000000000000000000000000000001"),
        ] {
            let sdp = with(&format!("{username} {id} {version}")).unwrap();
            let origin = sdp.origin();
            assert_eq!(
                (origin.username(), origin.session_id(), origin.version()),
                (username, id, version)
            );
            assert_eq!(origin.address(), "192.0.2.1");
        }
        for bad in [
            "- 1 +1",
            "- x 1",
            "- 1 x",
            "1 1",
            "- -1 1",
            "- 1 20000000000000000001s",
            "- 1 -20000000000000000001",
        ] {
            assert_eq!(with(bad).unwrap_err().offset(), 7, "{bad}");
        }
        for cut in ["- 1001 1 IN ", "- 1001 1 IN IP4", "- 20000000000000000001"] {
            let error = Sdp::parse(format!("v=0\r\no={cut}\r\ns=-\r\n")).unwrap_err();
            assert_eq!((error.kind(), error.offset()), (ErrorKind::Sdp, 7), "{cut}");
        }
    }

    #[test]
    fn numbers_that_nothing_depends_on_have_any_number_of_digits() {
        let sdp = sdp(
            "s=-\r\nb=AS:99999999999999999999\r\nb=CT:00000000000000000000000064\r\n\
             t=39348000000000000000000 39348000000000000000001 \r\n\
             r=999999999999999999999d 1h 0 123456789012345678901234\r\n\
             z=28823447210000000000000 -100000000000000000000h 0 0\r\nt=0 20000000000000000001\r\n\
             m=audio 4000 RTP/AVP 0\r\nb=TIAS:20000000000000000001\r\n",
        );
        assert_eq!(
            (sdp.bandwidth("AS"), sdp.bandwidth("CT")),
            (Some(u64::MAX), Some(64))
        );
        assert_eq!(sdp.media().next().unwrap().bandwidth("TIAS"), Some(u64::MAX));
        for (line, offset) in [
            ("t=20000000000000000001\r\n", 2),
            ("t=20000000000000000001 x\r\n", 2),
            ("t=0 20000000000000000001d\r\n", 2),
            ("t=0 -20000000000000000001\r\n", 2),
            ("t=0 20000000000000000001 0\r\n", 2),
            ("t=0 0\r\nr=-20000000000000000001 1 1\r\n", 9),
            ("z=20000000000000000001\r\n", 2),
        ] {
            assert_eq!(fault(line).1, offset, "{line}");
        }
    }

    #[test]
    fn lines_with_a_letter_that_nobody_defined_are_kept_and_passed_over() {
        let sdp = sdp(
            "x=1\r\ns=-\r\nQ=\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\ny=0100001001\r\nf=\r\n\
                       a=sendonly\r\nf=v/2/4/25/1/4096a/1/8/1\r\nm=video 0 RTP/AVP 96\r\ny=:\r\n",
        );
        let kinds: Vec<_> = sdp
            .media()
            .map(|media| (media.kind(), media.attributes().len()))
            .collect();
        assert_eq!(kinds, [("audio", 1), ("video", 0)]);
        let unknown: Vec<_> = sdp
            .lines()
            .filter(|(letter, _)| "xQyf".contains(*letter))
            .collect();
        let f = "v/2/4/25/1/4096a/1/8/1";
        assert_eq!(
            unknown,
            [
                ('x', "1"),
                ('Q', ""),
                ('y', "0100001001"),
                ('f', ""),
                ('f', f),
                ('y', ":")
            ]
        );
        let mut held = sdp.clone();
        held.set_direction(crate::Direction::Inactive).unwrap();
        assert!(
            held.as_str().contains("y=0100001001\r\nf=\r\na=inactive\r\nf=v"),
            "{held}"
        );
        assert!(held.as_str().ends_with("y=:\r\na=inactive\r\n"), "{held}");
    }

    #[test]
    fn lines_come_in_another_order() {
        let sdp = sdp(
            "a=x\nb=AS:64\nt=0 0\nc=IN IP4 192.0.2.1\ni=i\ns=name\nm=audio 4000 RTP/AVP 0 8\na=rtpmap:0 PCMU/8000\n\
             b=AS:1024\na=recvonly\nk=prompt\nc=IN IP4 192.0.2.2\ni=title\n",
        );
        assert_eq!((sdp.name(), sdp.bandwidth("AS")), ("name", Some(64)));
        let media = sdp.media().next().unwrap();
        assert_eq!(
            (media.bandwidth("AS"), media.direction()),
            (Some(1024), crate::Direction::RecvOnly)
        );
        assert_eq!(media.connection().unwrap().address(), "192.0.2.2");
        let late = "m=audio 4000 RTP/AVP 0\r\n";
        let first = Sdp::parse(format!("v=0\ns=-\nt=0 0\no=- 1 1 IN IP4 a\n{late}")).unwrap();
        assert_eq!(first.origin().address(), "a");
    }

    #[test]
    fn each_limit_holds_and_one_past_it_does_not() {
        let media = |count: usize| "m=audio 4000 RTP/AVP 0\r\n".repeat(count);
        assert_eq!(sdp(&media(64)).media().len(), 64);
        assert_eq!(
            fault(&media(65)),
            (ErrorKind::SdpTooLarge, 64 * 24, "no more media than the limit")
        );
        let formats = |count: usize| format!("m=audio 4000 RTP/AVP{}\r\n", " 0".repeat(count));
        assert_eq!(sdp(&formats(256)).media().next().unwrap().formats().count(), 256);
        assert_eq!(
            fault(&formats(257)),
            (ErrorKind::SdpTooLarge, 0, "no more formats than the limit")
        );
        let attributes =
            |count: usize| format!("{}{}{}", "a=x\r\n".repeat(100), media(1), "a=x\r\n".repeat(count));
        assert_eq!(sdp(&attributes(3996)).attributes().len(), 100);
        let (kind, offset, expected) = fault(&attributes(3997));
        assert_eq!(
            (kind, expected),
            (ErrorKind::SdpTooLarge, "no more attributes than the limit")
        );
        assert_eq!(offset, attributes(3996).len());
        let error = Sdp::parse(format!("{HEAD}{}", attributes(3997))).unwrap_err();
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
