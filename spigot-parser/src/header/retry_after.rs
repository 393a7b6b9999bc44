//! Retry-After: when it is worth to try again (RFC 3261 §20.33).

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{Span, blanks_end, decimal, number, prefix};
use crate::params::{self, Values};
use crate::{HeaderName, Params, ParseError};

/// In how many seconds the service may be there again.
///
/// ```text
/// Retry-After = "Retry-After" HCOLON delta-seconds [ comment ] *( SEMI retry-param )
/// retry-param = ("duration" EQUAL delta-seconds) / generic-param
/// comment     = LPAREN *(ctext / quoted-pair / comment) RPAREN
/// ```
///
/// ```
/// use spigot_parser::header::RetryAfter;
///
/// let retry: RetryAfter = "120 (I'm in a meeting);duration=3600".parse()?;
/// assert_eq!((retry.seconds(), retry.comment(), retry.duration()), (120, Some("I'm in a meeting"), Some(3600)));
/// assert_eq!(RetryAfter::new(18).to_string(), "18");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct RetryAfter {
    text: ByteString,
    seconds: u32,
    comment: Span,
    params: u32,
}

impl RetryAfter {
    /// In `seconds` seconds.
    pub fn new(seconds: u32) -> RetryAfter {
        let text = ByteString::from(seconds.to_string());
        RetryAfter {
            params: text.len() as u32,
            text,
            seconds,
            comment: Span::default(),
        }
    }

    /// In how many seconds.
    pub fn seconds(&self) -> u32 {
        self.seconds
    }

    /// The comment without its parentheses, as written.
    pub fn comment(&self) -> Option<&str> {
        self.comment.get(&self.text)
    }

    /// For how many seconds the service will be there then.
    pub fn duration(&self) -> Option<u32> {
        decimal(self.params().get("duration")??.as_bytes(), u32::MAX)
    }

    /// The parameters.
    pub fn params(&self) -> Params<'_> {
        Params::of_header(&self.text[self.params as usize..])
    }
}

/// The octet after the comment whose opening parenthesis is at `at`.
fn comment_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0u32;
    loop {
        match *bytes.get(at)? {
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(at + 1),
            b')' => depth -= 1,
            b'\\' => {
                bytes
                    .get(at + 1)
                    .filter(|octet| octet.is_ascii() && !matches!(octet, b'\r' | b'\n'))?;
                at += 1;
            }
            b'\t' => {}
            octet if octet.is_ascii_control() => return None,
            _ => {}
        }
        at += 1;
    }
}

impl TypedHeader for RetryAfter {
    const NAME: HeaderName = HeaderName::RETRY_AFTER;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let bytes = text.as_bytes();
        let (seconds, end) = prefix(text, number(u32::MAX, "a number of seconds below 2^32"))?;
        let (mut comment, mut at) = (Span::default(), end);
        let open = blanks_end(bytes, end);
        if bytes.get(open) == Some(&b'(') {
            let Some(close) = comment_end(bytes, open) else {
                return fault(open, "a comment that ends");
            };
            (comment, at) = (Span::new(open + 1, close - 1), close);
        }
        params::scan(bytes, at, Values::Generic, |param| {
            let is_duration = text[param.name.0..param.name.1].eq_ignore_ascii_case("duration");
            let value = param.value.map(|(start, end)| &bytes[start..end]);
            match is_duration && value.and_then(|value| decimal(value, u32::MAX)).is_none() {
                true => fault(param.name.1, "a number of seconds below 2^32"),
                false => Ok(()),
            }
        })?;
        Ok(RetryAfter {
            text: value.share(),
            seconds,
            comment,
            params: at as u32,
        })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

/// Seconds and parameters; comments do not count.
impl PartialEq for RetryAfter {
    fn eq(&self, other: &RetryAfter) -> bool {
        self.seconds == other.seconds && params::agree(self.params(), other.params(), |_| true)
    }
}

text_traits!(RetryAfter);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_comment_and_parameters() {
        let retry: RetryAfter = "18000; duration = 3600 ;x".parse().unwrap();
        assert_eq!(
            (retry.seconds(), retry.duration(), retry.comment()),
            (18_000, Some(3600), None)
        );
        assert_eq!(
            "5(a (b) \\) c)".parse::<RetryAfter>().unwrap().comment(),
            Some("a (b) \\) c")
        );
        assert_eq!(RetryAfter::new(7).to_string().parse(), Ok(RetryAfter::new(7)));
    }

    #[test]
    fn what_the_grammar_forbids_is_refused() {
        for text in [
            "",
            "x",
            "949302838503028349304023988",
            "1 (a",
            "1 (a))",
            "1 x",
            "1;duration",
            "1;duration=x",
            "1;",
            "(a)",
            "1 (a\r\n)",
            "1 (\\",
        ] {
            assert!(text.parse::<RetryAfter>().is_err(), "{text:?}");
        }
    }
}
