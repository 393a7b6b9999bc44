//! The Retry-After header, which says when to try again (RFC 3261 §20.33).

use std::borrow::Cow;

use super::parametrized::{Parametrized, check_seconds, param_accessors};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{Span, blanks_end, decimal, number, prefix};
use crate::{HeaderName, ParseError, params};

/// A Retry-After header: the seconds after which the service, or the callee, may be available again.
///
/// [RFC 3261 §20.33](https://www.rfc-editor.org/rfc/rfc3261#section-20.33), with the grammar of §25.1:
///
/// ```text
/// Retry-After = "Retry-After" HCOLON delta-seconds [ comment ] *( SEMI retry-param )
/// retry-param = ("duration" EQUAL delta-seconds) / generic-param
/// comment     = LPAREN *(ctext / quoted-pair / comment) RPAREN
/// ```
///
/// Two values are equal if their seconds and all their parameters are equal; comments do not count.
///
/// ```
/// use spigot_parser::header::RetryAfter;
///
/// let retry: RetryAfter = "120 (I'm in a meeting);duration=3600".parse()?;
/// assert_eq!((retry.seconds(), retry.duration()), (120, Some(3600)));
/// assert_eq!(retry.comment().unwrap(), "I'm in a meeting");
/// assert_eq!(RetryAfter::new(18).with_comment("lunch (late)")?.to_string(), r"18 (lunch \(late\))");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct RetryAfter {
    text: Parametrized,
    seconds: u32,
    comment: Span,
}

impl RetryAfter {
    /// Creates a delay of `seconds` seconds.
    pub fn new(seconds: u32) -> RetryAfter {
        RetryAfter {
            text: Parametrized::bare(seconds.to_string()),
            seconds,
            comment: Span::default(),
        }
    }

    /// Returns the delay in seconds.
    pub fn seconds(&self) -> u32 {
        self.seconds
    }

    /// Returns the comment without parentheses and escapes, or `None` if it is missing or empty.
    pub fn comment(&self) -> Option<Cow<'_, str>> {
        let comment = self.comment.get(self.text.as_str())?;
        if !comment.contains('\\') {
            return Some(comment.into());
        }
        let mut characters = comment.chars();
        let mut plain = String::with_capacity(comment.len());
        while let Some(character) = characters.next() {
            plain.push(match character {
                '\\' => characters.next().unwrap_or('\\'),
                other => other,
            });
        }
        Some(plain.into())
    }

    /// Returns for how many seconds the callee will be available after the delay (`duration`).
    pub fn duration(&self) -> Option<u32> {
        decimal(self.param("duration")??.as_bytes(), u32::MAX)
    }

    /// Sets the comment, or removes it if `comment` is empty.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `comment` holds a control character other than HTAB.
    pub fn with_comment(self, comment: &str) -> Result<RetryAfter, ParseError> {
        if let Some(at) = comment.bytes().position(is_control) {
            return fault(at, "no control character");
        }
        let mut text = self.seconds.to_string();
        if !comment.is_empty() {
            text.push_str(" (");
            for character in comment.chars() {
                if matches!(character, '(' | ')' | '\\') {
                    text.push('\\');
                }
                text.push(character);
            }
            text.push(')');
        }
        text.push_str(self.params().as_str());
        RetryAfter::parse(Field::exact(&text))
    }

    /// Sets for how many seconds the callee will be available after the delay.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn with_duration(self, seconds: u32) -> Result<RetryAfter, ParseError> {
        self.with_param("duration", Some(&seconds.to_string()))
    }
}

param_accessors!(RetryAfter);

fn is_control(octet: u8) -> bool {
    octet.is_ascii_control() && octet != b'\t'
}

/// Returns the offset after the comment whose opening parenthesis is at `at`.
///
/// Control characters are refused even after a backslash, because header lines may have them in quotes only.
fn comment_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0u32;
    loop {
        match *bytes.get(at)? {
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(at + 1),
            b')' => depth -= 1,
            b'\\' => {
                at += 1;
                bytes
                    .get(at)
                    .filter(|octet| octet.is_ascii() && !is_control(**octet))?;
            }
            octet if is_control(octet) => return None,
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
        let text = Parametrized::scan(value, at, |param| {
            match param.name(text).eq_ignore_ascii_case("duration") {
                true => check_seconds(text, param),
                false => Ok(()),
            }
        })?;
        Ok(RetryAfter {
            text,
            seconds,
            comment,
        })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for RetryAfter {
    fn eq(&self, other: &RetryAfter) -> bool {
        self.seconds == other.seconds && params::agree(self.params(), other.params(), |_| true)
    }
}

text_traits!(RetryAfter);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn seconds_comment_and_parameters() {
        let retry: RetryAfter = "18000; duration = 3600 ;x".parse().unwrap();
        assert_eq!(
            (retry.seconds(), retry.duration(), retry.comment()),
            (18_000, Some(3600), None)
        );
        let retry: RetryAfter = "5(a (b) \\) c\té;x);y".parse().unwrap();
        assert_eq!(retry.comment().unwrap(), "a (b) ) c\té;x");
        assert_eq!(retry, "5;y".parse().unwrap());
        assert_ne!(retry, "5".parse().unwrap());
        let other = retry.with_comment("").unwrap().with_duration(7).unwrap();
        assert_eq!(
            (other.to_string().as_str(), other.comment()),
            ("5;y;duration=7", None)
        );
        assert_eq!("5 ();x".parse::<RetryAfter>().unwrap().comment(), None);
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("x", 0),
            ("949302838503028349304023988", 0),
            ("1 (a", 2),
            ("1 (a))", 5),
            ("1 x", 2),
            ("1 (a) (b)", 6),
            ("1;duration", 10),
            ("1;duration=x", 11),
            ("1;duration=1;Duration=1", 13),
            ("1;", 2),
            ("1;x (a)", 4),
            ("(a)", 0),
            ("1 (a\r\n)", 2),
            ("1 (\\\u{1})", 2),
            ("1 (\\", 2),
            ("1 (\\é)", 2),
            ("1,2", 1),
        ] {
            let error = text.parse::<RetryAfter>().unwrap_err();
            assert_eq!(error.offset(), offset, "{text:?}: {error}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let retry = RetryAfter::new(5).with_comment("a").unwrap();
        for evil in testing::EVIL {
            assert!(retry.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
            assert!(
                retry.clone().with_param("duration", Some(evil)).is_err(),
                "{evil:?}"
            );
            assert!(retry.clone().with_param(evil, None).is_err(), "{evil:?}");
        }
        for evil in ["a\r\nVia: b", "a\n", "\0", "\u{7f}", "\u{1}"] {
            assert!(retry.clone().with_comment(evil).is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            seconds: u32, duration: u32, comment in "[\t -~é漢]{0,16}", value in testing::param_value()
        ) {
            let retry = RetryAfter::new(seconds);
            testing::assert_round_trip(&retry);
            let retry = retry.with_duration(duration).unwrap().with_param("x", value.as_deref()).unwrap();
            let retry = retry.with_comment(&comment).unwrap();
            prop_assert_eq!((retry.seconds(), retry.duration()), (seconds, Some(duration)));
            prop_assert_eq!(retry.comment().unwrap_or_default(), comment.as_str());
            testing::assert_round_trip(&retry);
            let again: RetryAfter = retry.to_string().parse().unwrap();
            prop_assert_eq!(again.comment(), retry.comment());
            testing::assert_round_trip(&retry.without_param("duration").unwrap());
        }
    }
}
