//! Preferences from 0 to 1, as in Accept, Accept-Encoding, Accept-Language and Contact.
//!
//! ```text
//! qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
//! ```

use super::fault;
use crate::{Params, ParseError};

/// The expectation that errors about a `qvalue` name.
pub(super) const EXPECTED: &str = "a `q` from 0 to 1 with at most three decimals";

/// Parses a `qvalue`.
pub(super) fn parse(text: &str) -> Option<f32> {
    let is = |test: fn(&u8) -> bool, decimals: &[u8]| decimals.len() <= 3 && decimals.iter().all(test);
    match text.as_bytes() {
        b"1" => Some(1.0),
        [b'1', b'.', decimals @ ..] if is(|octet| *octet == b'0', decimals) => Some(1.0),
        b"0" => Some(0.0),
        [b'0', b'.', decimals @ ..] if is(u8::is_ascii_digit, decimals) => text.parse().ok(),
        _ => None,
    }
}

/// Returns the `q` among the parameters, which is 1 by default.
pub(super) fn of(params: &Params<'_>) -> f32 {
    params.get("q").flatten().and_then(parse).unwrap_or(1.0)
}

/// Writes `q` with as many decimals as necessary, and at most three.
pub(super) fn print(q: f32) -> Result<String, ParseError> {
    if !(0.0..=1.0).contains(&q) {
        return fault(0, "a preference from 0 to 1");
    }
    // A negative zero is written without its sign.
    let mut text = format!("{:.3}", q.abs());
    text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    Ok(text)
}

/// Reports whether `read` is `written`, rounded to three decimals with the precision of an `f32`.
///
/// 0.9655 as an `f32`, for instance, is slightly more than half a thousandth from 0.966.
#[cfg(test)]
pub(super) fn is_rounded(read: f32, written: f32) -> bool {
    (read - written).abs() < 0.000_51
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_a_preference_and_what_is_not() {
        for (text, q) in [
            ("0", 0.0),
            ("0.", 0.0),
            ("0.5", 0.5),
            ("0.123", 0.123),
            ("1", 1.0),
            ("1.000", 1.0),
        ] {
            assert_eq!(parse(text), Some(q), "{text}");
        }
        for text in [
            "", ".", ".5", "00", "0.1234", "1.001", "1.0000", "2", "-0", "0,5", "0.a", "inf", "é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_none_is_not_printed() {
        assert_eq!(print(-0.0).unwrap(), "0");
        assert_eq!(print(1.0).unwrap(), "1");
        for q in [-0.1, 1.1, f32::NAN, f32::INFINITY] {
            assert!(print(q).is_err(), "{q}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_parses(q in 0.0f32..=1.0) {
            let text = print(q).unwrap();
            prop_assert!(is_rounded(parse(&text).unwrap(), q), "{q} is printed as {text}");
        }
    }
}
