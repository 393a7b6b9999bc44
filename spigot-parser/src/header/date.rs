//! The Date header, which says when the message was sent (RFC 3261 §20.17).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::{HeaderName, ParseError};

/// A Date header: a point in time, with a resolution of one second.
///
/// [RFC 3261 §20.17](https://www.rfc-editor.org/rfc/rfc3261#section-20.17), with the grammar of §25.1:
///
/// ```text
/// Date         = "Date" HCOLON SIP-date
/// SIP-date     = rfc1123-date
/// rfc1123-date = wkday "," SP date1 SP time SP "GMT"
/// ```
///
/// > Unlike HTTP/1.1, SIP only supports the most recent RFC 1123 \[20\] format for dates. As in \[H3.3\], SIP
/// > restricts the time zone in SIP-date to "GMT", while RFC 1123 allows any time zone. An RFC 1123 date is
/// > case-sensitive.
///
/// ```
/// use spigot_parser::header::Date;
///
/// let date: Date = "Sat, 13 Nov 2010 23:29:00 GMT".parse()?;
/// assert_eq!(date.seconds(), 1_289_690_940);
/// assert_eq!(Date::new(0)?.to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    seconds: u64,
}

const EXPECTED: &str = "a date like `Sat, 13 Nov 2010 23:29:00 GMT`";

/// The last second of the year 9999.
const MAX: u64 = 253_402_300_799;

impl Date {
    /// Creates a date from the number of seconds since the beginning of 1970 in UTC.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if that is after the year 9999.
    pub fn new(seconds: u64) -> Result<Date, ParseError> {
        if seconds > MAX {
            fault(0, "a date before the year 10000")
        } else {
            Ok(Date { seconds })
        }
    }

    /// Returns the number of seconds since the beginning of 1970 in UTC.
    pub fn seconds(&self) -> u64 {
        self.seconds
    }

    fn time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.seconds)
    }
}

impl TypedHeader for Date {
    const NAME: HeaderName = HeaderName::DATE;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let since = httpdate::parse_http_date(text)
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let date = match since.map(|since| Date::new(since.as_secs())) {
            Some(Ok(date)) => date,
            _ => return fault(0, EXPECTED),
        };
        // Printing the date again has to give the same text. This refuses the older formats of HTTP, other
        // spellings and a wrong day of the week.
        let again = httpdate::fmt_http_date(date.time());
        match again
            .bytes()
            .zip(text.bytes())
            .position(|(ours, theirs)| ours != theirs)
        {
            Some(at) => fault(at, EXPECTED),
            None if again.len() != text.len() => fault(again.len().min(text.len()), EXPECTED),
            None => Ok(date),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&httpdate::fmt_http_date(self.time()));
    }
}

text_traits!(Date);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn one_format_and_one_time_zone() {
        for (text, offset) in [
            ("", 0),
            ("Fri, 01 Jan 2010 16:00:00 EST", 0),
            ("Friday, 01-Jan-10 16:00:00 GMT", 3),
            ("Fri Jan  1 16:00:00 2010", 3),
            ("Fri, 1 Jan 2010 16:00:00 GMT", 0),
            ("Fri, 32 Jan 2010 16:00:00 GMT", 0),
            ("Sat, 01 Jan 2010 16:00:00 GMT", 0),
            ("fri, 01 Jan 2010 16:00:00 GMT", 0),
            ("Fri, 01 JAN 2010 16:00:00 GMT", 0),
            ("Fri, 01 Jan 2010 16:00:00 gmt", 0),
            ("Fri, 01 Jan 1960 16:00:00 GMT", 0),
            ("Fri, 01 Jan 2010 24:00:00 GMT", 0),
            ("Fri, 01 Jan 2010 16:00:00 GMT\r\n", 29),
            ("é", 0),
        ] {
            assert_eq!(text.parse::<Date>().unwrap_err().offset(), offset, "{text:?}");
        }
        for evil in testing::EVIL {
            assert!(evil.parse::<Date>().is_err(), "{evil:?}");
        }
        assert!(Date::new(MAX + 1).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(seconds in 0..=MAX) {
            let date = Date::new(seconds).unwrap();
            prop_assert_eq!(date.seconds(), seconds);
            testing::assert_round_trip(&date);
        }
    }
}
