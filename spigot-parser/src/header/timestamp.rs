//! The Timestamp header, by which the sender of a request measures the round trip (RFC 3261 §20.38).

use std::time::Duration;

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{Span, blanks_end};
use crate::{HeaderName, ParseError};

/// A Timestamp header: when the client sent the request, and for how long the server held it.
///
/// [RFC 3261 §20.38](https://www.rfc-editor.org/rfc/rfc3261#section-20.38), with the grammar of §25.1:
///
/// ```text
/// Timestamp = "Timestamp" HCOLON 1*(DIGIT) [ "." *(DIGIT) ] [ LWS delay ]
/// delay     = *(DIGIT) [ "." *(DIGIT) ]
/// ```
///
/// [RFC 3261 §8.2.6.1](https://www.rfc-editor.org/rfc/rfc3261#section-8.2.6.1):
///
/// > When a 100 (Trying) response is generated, any Timestamp header field present in the request MUST be
/// > copied into this 100 (Trying) response. If there is a delay in generating the response, the UAS SHOULD
/// > add a delay value into the Timestamp value in the response.
///
/// The text is therefore kept as it came, with all its digits. Two values are equal if their numbers have the
/// same digits.
///
/// ```
/// use std::time::Duration;
/// use spigot_parser::header::Timestamp;
///
/// let sent: Timestamp = "54.30".parse()?;
/// assert_eq!((sent.time(), sent.delay()), (Some(Duration::from_millis(54_300)), None));
/// assert_eq!(sent.with_delay(Duration::from_millis(250)).to_string(), "54.30 0.25");
/// assert_eq!(Timestamp::new(Duration::from_secs(54)).to_string(), "54");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Timestamp {
    text: ByteString,
    time_end: u32,
    delay: Span,
}

impl Timestamp {
    /// Creates a timestamp of a request sent at `time`, measured from any point that the client chooses.
    pub fn new(time: Duration) -> Timestamp {
        let mut text = String::new();
        write_decimal(time, &mut text);
        Timestamp {
            time_end: text.len() as u32,
            delay: Span::default(),
            text: text.into(),
        }
    }

    /// Returns the text, which a response repeats.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the time at which the request was sent, or `None` if it is more than 2^64 seconds.
    ///
    /// Fractions of a nanosecond are cut off.
    pub fn time(&self) -> Option<Duration> {
        duration(self.time_text())
    }

    /// Returns for how long the server held the request, or `None` if that is missing or more than 2^64
    /// seconds.
    ///
    /// Fractions of a nanosecond are cut off.
    pub fn delay(&self) -> Option<Duration> {
        duration(self.delay_text()?)
    }

    /// Sets the delay, and keeps the digits of the time.
    pub fn with_delay(&self, delay: Duration) -> Timestamp {
        let mut text = String::from(self.time_text());
        text.push(' ');
        let start = text.len();
        write_decimal(delay, &mut text);
        Timestamp {
            time_end: self.time_end,
            delay: Span::new(start, text.len()),
            text: text.into(),
        }
    }

    fn time_text(&self) -> &str {
        &self.text[..self.time_end as usize]
    }

    fn delay_text(&self) -> Option<&str> {
        self.delay.get(&self.text)
    }
}

fn write_decimal(time: Duration, out: &mut String) {
    out.push_str(&time.as_secs().to_string());
    if time.subsec_nanos() > 0 {
        let fraction = format!(".{:09}", time.subsec_nanos());
        out.push_str(fraction.trim_end_matches('0'));
    }
}

/// Returns the end of the decimal number that begins at `at`, and the number of its digits before the point.
fn decimal_end(bytes: &[u8], at: usize) -> (usize, usize) {
    let digits_end = |at: usize| {
        bytes[at..]
            .iter()
            .position(|octet| !octet.is_ascii_digit())
            .map_or(bytes.len(), |length| at + length)
    };
    let whole = digits_end(at);
    match bytes.get(whole) {
        Some(b'.') => (digits_end(whole + 1), whole - at),
        _ => (whole, whole - at),
    }
}

/// Parses a decimal number of seconds.
fn duration(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanos = digits.fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
    Some(Duration::new(seconds, nanos))
}

impl TypedHeader for Timestamp {
    const NAME: HeaderName = HeaderName::TIMESTAMP;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let bytes = value.as_str().as_bytes();
        let (time_end, digits) = decimal_end(bytes, 0);
        if digits == 0 {
            return fault(0, "a number of seconds");
        }
        let start = blanks_end(bytes, time_end);
        let mut end = time_end;
        if start > time_end {
            (end, _) = decimal_end(bytes, start);
        }
        if end < bytes.len() {
            let expected = match start == time_end {
                true => "the end of the number, or a blank and the delay",
                false => "a delay in seconds, and nothing after it",
            };
            return fault(end, expected);
        }
        Ok(Timestamp {
            text: value.share(),
            time_end: time_end as u32,
            delay: Span::new(start, end),
        })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Timestamp) -> bool {
        (self.time_text(), self.delay_text()) == (other.time_text(), other.delay_text())
    }
}

impl Eq for Timestamp {}

text_traits!(Timestamp);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_kept_as_they_are_written() {
        let millis = |text: &str| {
            let timestamp: Timestamp = text.parse().unwrap();
            assert_eq!(timestamp.to_string(), text.trim());
            let millis = |time: Option<Duration>| time.map(|time| time.as_millis());
            (millis(timestamp.time()), millis(timestamp.delay()))
        };
        assert_eq!(millis("54"), (Some(54_000), None));
        assert_eq!(millis("0054. "), (Some(54_000), None));
        assert_eq!(millis("1.5 \t .25"), (Some(1500), Some(250)));
        assert_eq!(millis("1 ."), (Some(1000), Some(0)));
        assert_eq!(millis("0.0019999999999999999999"), (Some(1), None));
        assert_eq!(millis("99999999999999999999 2"), (None, Some(2000)));
        assert_ne!("54".parse::<Timestamp>(), "54.0".parse());
        assert_ne!("54".parse::<Timestamp>(), "54 0".parse());
        assert_eq!("54 0".parse::<Timestamp>(), "54\t0".parse());
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            (".5", 0),
            ("-1", 0),
            ("1,5", 1),
            ("1.2.3", 3),
            ("1 x", 2),
            ("1 2 3", 3),
            ("1 -2", 2),
            ("1e3", 1),
            ("\u{663}", 0),
            ("1\r\n", 1),
        ] {
            assert_eq!(
                text.parse::<Timestamp>().unwrap_err().offset(),
                offset,
                "{text:?}"
            );
        }
        for evil in testing::EVIL {
            assert!(evil.parse::<Timestamp>().is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(time: u64, nanos in 0u32..1_000_000_000, delay: u32, micros in 0u32..1_000_000) {
            let (time, delay) = (Duration::new(time, nanos), Duration::new(delay.into(), micros * 1000));
            let timestamp = Timestamp::new(time);
            prop_assert_eq!((timestamp.time(), timestamp.delay()), (Some(time), None));
            testing::assert_round_trip(&timestamp);
            let held = timestamp.with_delay(delay);
            prop_assert_eq!((held.time(), held.delay()), (Some(time), Some(delay)));
            testing::assert_round_trip(&held);
        }

        #[test]
        fn what_came_is_repeated(text in "[0-9]{1,30}(\\.[0-9]{0,20})?( [0-9]{0,20}(\\.[0-9]{0,9})?)?") {
            let timestamp: Timestamp = text.parse().unwrap();
            prop_assert_eq!(timestamp.as_str(), text.trim_end());
            testing::assert_round_trip(&timestamp);
            let held = timestamp.with_delay(Duration::from_millis(5));
            prop_assert_eq!(held.time_text(), timestamp.time_text());
        }
    }
}
