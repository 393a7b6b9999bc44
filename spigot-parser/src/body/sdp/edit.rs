//! Changes of a session description, which keep all other lines as they are.

use super::lines::{Line, lines};
use super::{Direction, Sdp};
use crate::{ErrorKind, ParseError};

impl Sdp {
    /// Increments the version, which every change of a session description requires.
    ///
    /// > When issuing an offer that modifies the session, the "o=" line of the new SDP MUST be identical to
    /// > that in the previous SDP, except that the version in the origin field MUST increment by one from the
    /// > previous SDP.
    ///
    /// ([RFC 3264 §8](https://www.rfc-editor.org/rfc/rfc3264#section-8))
    ///
    /// ```
    /// use spigot_parser::Sdp;
    ///
    /// let mut sdp: Sdp = "v=0\r\no=- 7 41 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n".parse()?;
    /// sdp.next_version()?;
    /// assert_eq!(sdp.to_string(), "v=0\r\no=- 7 42 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooLarge`] if one more digit does not fit into a message; then it stays.
    pub fn next_version(&mut self) -> Result<(), ParseError> {
        let (text, version) = (self.as_str(), self.parsed.version);
        let next = successor(self.version());
        let (before, after) = (&text[..version.start()], &text[version.end()..]);
        *self = self.reparse(format!("{before}{next}{after}"))?;
        Ok(())
    }

    /// Sets the direction of the session and of all media.
    ///
    /// Existing direction attributes are replaced in their place. If the session has none, media without one
    /// get the attribute.
    ///
    /// ```
    /// use spigot_parser::{Direction, Sdp};
    ///
    /// let mut sdp: Sdp = "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n".parse()?;
    /// sdp.set_direction(Direction::SendOnly)?;
    /// assert!(sdp.as_str().ends_with("m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n"));
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SdpTooLarge`] or [`ErrorKind::TooLarge`] if the attribute is one too many; then nothing
    /// changes.
    pub fn set_direction(&mut self, direction: Direction) -> Result<(), ParseError> {
        let inherited = self.direction().is_some();
        let selected = |section: usize, says: bool| says || (section > 0 && !inherited);
        *self = self.reparse(with_direction(self.as_str(), direction, selected))?;
        Ok(())
    }

    /// Sets the direction of one medium, counted from 0, whatever the direction of the session is.
    ///
    /// # Errors
    ///
    /// As [`set_direction`](Self::set_direction), and [`ErrorKind::Sdp`] if there are not so many media.
    pub fn set_media_direction(&mut self, media: usize, direction: Direction) -> Result<(), ParseError> {
        if media >= self.media().len() {
            let end = self.as_str().len();
            return Err(ParseError::new(ErrorKind::Sdp, end, "a medium of that number"));
        }
        *self = self.reparse(with_direction(self.as_str(), direction, |section, _| {
            section == media + 1
        }))?;
        Ok(())
    }
}

/// Returns the number after `digits`, which has as many of them or one more.
fn successor(digits: &str) -> String {
    let rest = digits.trim_end_matches('9');
    let zeros = "0".repeat(digits.len() - rest.len());
    match rest.as_bytes() {
        [] => format!("1{zeros}"),
        [first @ .., last] => {
            let (first, last) = (&rest[..first.len()], char::from(last + 1));
            format!("{first}{last}{zeros}")
        }
    }
}

/// Writes `text` with the direction of the sections that `selected` selects.
///
/// A direction attribute is replaced in its place, or appended to the section. `selected` is called for each
/// section, of which 0 is the session, with whether the section has a direction.
fn with_direction(text: &str, direction: Direction, selected: impl Fn(usize, bool) -> bool) -> String {
    let all: Vec<Line<'_>> = lines(text).collect();
    let line_end = all
        .iter()
        .map(|line| line.end)
        .find(|end| !end.is_empty())
        .unwrap_or("\r\n");
    let attribute = format!("a={direction}");
    let mut out = String::with_capacity(text.len() + attribute.len() + line_end.len());
    let mut write = |text: &str, end: &str| {
        out.push_str(text);
        out.push_str(end);
    };
    let sections = all.chunk_by(|_, next| next.letter() != Some(b'm'));
    for (section, lines) in sections.enumerate() {
        let first = lines.iter().position(is_direction);
        if !selected(section, first.is_some()) {
            lines.iter().for_each(|line| write(line.text, line.end));
            continue;
        }
        let last = lines.iter().rposition(|line| !line.is_empty());
        for (index, line) in lines.iter().enumerate() {
            if first == Some(index) {
                write(&attribute, line.end);
            } else if first.is_none() && last == Some(index) {
                write(line.text, line_end);
                write(&attribute, line_end);
            } else if !is_direction(line) {
                write(line.text, line.end);
            }
        }
    }
    out
}

fn is_direction(line: &Line<'_>) -> bool {
    line.letter() == Some(b'a') && Direction::from_attribute(line.value()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn sdp(text: &str) -> Sdp {
        Sdp::parse(text.to_owned()).unwrap()
    }

    #[test]
    fn the_version_is_written_where_it_stands() {
        let mut changed = sdp("v=0\no=7 7  8 7  9 IN IP4 9 \r\ns=o=- 1 9\n\n");
        changed.next_version().unwrap();
        assert_eq!(changed.as_str(), "v=0\no=7 7  8 7  10 IN IP4 9 \r\ns=o=- 1 9\n\n");
        assert_eq!(
            (changed.origin().username(), changed.origin().version()),
            ("7 7  8", "10")
        );
    }

    #[test]
    fn a_version_of_any_length_grows_by_one() {
        for (version, next) in [
            ("0", "1"),
            ("9", "10"),
            ("1099", "1100"),
            ("007", "008"),
            ("009", "010"),
            ("18446744073709551615", "18446744073709551616"),
            ("20000000000000000001", "20000000000000000002"),
            ("99999999999999999999999", "100000000000000000000000"),
        ] {
            let mut changed = sdp(&format!("v=0\r\no=- {version} {version} IN IP4 a\r\ns=-\r\n"));
            changed.next_version().unwrap();
            assert_eq!(
                changed.as_str(),
                format!("v=0\r\no=- {version} {next} IN IP4 a\r\ns=-\r\n")
            );
            assert_eq!(changed.origin().version(), next);
        }
    }

    #[test]
    fn a_version_without_room_for_one_more_digit_stays() {
        let limits = Limits {
            message: 25,
            ..Limits::DEFAULT
        };
        let mut last = Sdp::parse_with("v=0\r\no=- 1 9 IN IP4 abc\r\n", &limits).unwrap();
        assert_eq!(last.next_version().unwrap_err().kind(), ErrorKind::TooLarge);
        assert_eq!(last.as_str(), "v=0\r\no=- 1 9 IN IP4 abc\r\n");
    }

    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 a\r\n";
    const AUDIO: &str = "m=audio 1 RTP/AVP 0\r\n";

    fn held(rest: &str) -> String {
        let mut changed = sdp(&format!("{HEAD}{rest}"));
        changed.set_direction(Direction::SendOnly).unwrap();
        assert!(
            changed
                .media()
                .all(|media| media.direction() == Direction::SendOnly)
        );
        changed.as_str().strip_prefix(HEAD).unwrap().to_owned()
    }

    #[test]
    fn directions_are_written_in_their_places() {
        assert_eq!(held(""), "");
        assert_eq!(held("a=inactive\r\n"), "a=sendonly\r\n");
        assert_eq!(
            held(&format!(
                "a=recvonly\r\n{AUDIO}a=x\r\n{AUDIO}a=sendrecv\r\na=y\r\n"
            )),
            format!("a=sendonly\r\n{AUDIO}a=x\r\n{AUDIO}a=sendonly\r\na=y\r\n")
        );
        assert_eq!(
            held(&format!("{AUDIO}a=x\r\n{AUDIO}a=y\r\n\r\n\n")),
            format!("{AUDIO}a=x\r\na=sendonly\r\n{AUDIO}a=y\r\na=sendonly\r\n\r\n\n")
        );
        assert_eq!(
            held(&format!("{AUDIO}a=recvonly\r\na=x\r\na=inactive\r\n")),
            format!("{AUDIO}a=sendonly\r\na=x\r\n")
        );
        assert_eq!(
            held("m=audio 1 RTP/AVP 0"),
            "m=audio 1 RTP/AVP 0\r\na=sendonly\r\n"
        );
    }

    #[test]
    fn line_ends_are_those_of_the_text() {
        let mut changed = sdp("v=0\no=- 1 1 IN IP4 a\nm=audio 1 RTP/AVP 0");
        changed.set_direction(Direction::Inactive).unwrap();
        assert_eq!(
            changed.as_str(),
            "v=0\no=- 1 1 IN IP4 a\nm=audio 1 RTP/AVP 0\na=inactive\n"
        );
    }

    #[test]
    fn one_of_the_media_can_differ() {
        let mut changed = sdp(&format!("{HEAD}a=sendonly\r\n{AUDIO}{AUDIO}"));
        changed.set_media_direction(1, Direction::RecvOnly).unwrap();
        let directions: Vec<_> = changed.media().map(|media| media.direction()).collect();
        assert_eq!(directions, [Direction::SendOnly, Direction::RecvOnly]);
        assert_eq!(changed.direction(), Some(Direction::SendOnly));
        assert_eq!(
            changed
                .set_media_direction(2, Direction::RecvOnly)
                .unwrap_err()
                .kind(),
            ErrorKind::Sdp
        );
        assert_eq!(
            changed
                .set_media_direction(usize::MAX, Direction::RecvOnly)
                .unwrap_err()
                .kind(),
            ErrorKind::Sdp
        );
    }

    #[test]
    fn changes_are_held_to_the_limits_that_the_text_was() {
        let limits = Limits {
            sdp_attributes: 1,
            ..Limits::DEFAULT
        };
        let text = format!("{HEAD}{AUDIO}a=x\r\n");
        let mut full = Sdp::parse_with(text.clone(), &limits).unwrap();
        assert_eq!(
            full.set_direction(Direction::SendOnly).unwrap_err().kind(),
            ErrorKind::SdpTooLarge
        );
        assert_eq!(full.as_str(), text);
        let limits = Limits {
            sdp_attributes: 300,
            ..Limits::DEFAULT
        };
        let mut wide = Sdp::parse_with(format!("{text}{}", "a=x\r\n".repeat(298)), &limits).unwrap();
        wide.set_direction(Direction::SendOnly).unwrap();
    }
}
