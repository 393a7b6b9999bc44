//! The Max-Forwards header, which limits the hops of a request (RFC 3261 §20.22).

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::decimal;
use crate::{HeaderName, ParseError};

/// A Max-Forwards header: how many more proxies may forward the request.
///
/// [RFC 3261 §20.22](https://www.rfc-editor.org/rfc/rfc3261#section-20.22), with the grammar of §25.1:
///
/// ```text
/// Max-Forwards = "Max-Forwards" HCOLON 1*DIGIT
/// ```
///
/// > The Max-Forwards value is an integer in the range 0-255 indicating the remaining number of times this
/// > request message is allowed to be forwarded.
///
/// ```
/// use spigot_parser::header::MaxForwards;
///
/// let left: MaxForwards = "1".parse()?;
/// assert_eq!(left.decremented().and_then(|left| left.decremented()), None);
/// assert_eq!(MaxForwards::new(70).to_string(), "70");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MaxForwards {
    hops: u8,
}

impl MaxForwards {
    /// Creates a limit of `hops` hops; RFC 3261 §8.1.1.6 recommends 70.
    pub fn new(hops: u8) -> MaxForwards {
        MaxForwards { hops }
    }

    /// Returns the number of hops left.
    pub fn hops(&self) -> u8 {
        self.hops
    }

    /// Returns the value for the forwarded request, or `None` if the proxy has to answer 483 (RFC 3261
    /// §16.3).
    pub fn decremented(&self) -> Option<MaxForwards> {
        self.hops.checked_sub(1).map(MaxForwards::new)
    }
}

impl TypedHeader for MaxForwards {
    const NAME: HeaderName = HeaderName::MAX_FORWARDS;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        match decimal(value.as_str().as_bytes(), 255) {
            Some(hops) => Ok(MaxForwards { hops: hops as u8 }),
            None => fault(0, "a number from 0 to 255"),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.hops.to_string());
    }
}

text_traits!(MaxForwards);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;

    #[test]
    fn from_0_to_255() {
        assert_eq!("0068".parse::<MaxForwards>().unwrap().hops(), 68);
        for hops in 0..=255 {
            assert_eq!(MaxForwards::new(hops).hops(), hops);
            testing::assert_round_trip(&MaxForwards::new(hops));
        }
        for text in ["256", "300", "-1", "", "7 0", "7x", "\u{663}"] {
            assert_eq!(text.parse::<MaxForwards>().unwrap_err().offset(), 0, "{text}");
        }
        for evil in testing::EVIL {
            assert!(evil.parse::<MaxForwards>().is_err(), "{evil:?}");
        }
    }
}
