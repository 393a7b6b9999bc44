//! The In-Reply-To header: the calls that a call answers (RFC 3261 §20.21).

use bytestring::ByteString;

use super::{CallId, Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{Span, trimmed};
use crate::{HeaderName, ParseError};

/// An In-Reply-To header: the Call-IDs of the calls that this call refers to or returns.
///
/// [RFC 3261 §20.21](https://www.rfc-editor.org/rfc/rfc3261#section-20.21), with the grammar of §25.1:
///
/// ```text
/// In-Reply-To = "In-Reply-To" HCOLON callid *(COMMA callid)
/// ```
///
/// Two values are equal if they have the same Call-IDs in any order.
///
/// ```
/// use spigot_parser::header::{CallId, InReplyTo};
///
/// let calls: InReplyTo = "70710@saturn.example, 17320@saturn.example".parse()?;
/// assert!(calls.contains(&CallId::new("17320@saturn.example")?));
/// assert_eq!(InReplyTo::new([CallId::new("70710@saturn.example")?])?.to_string(), "70710@saturn.example");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct InReplyTo {
    text: ByteString,
}

impl InReplyTo {
    /// Creates a list of the given Call-IDs.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if there is none.
    pub fn new(calls: impl IntoIterator<Item = CallId>) -> Result<InReplyTo, ParseError> {
        let mut text = String::new();
        for call in calls {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(call.as_str());
        }
        match text.is_empty() {
            true => fault(0, "a Call-ID"),
            false => Ok(InReplyTo { text: text.into() }),
        }
    }

    /// Returns the Call-IDs in their order.
    pub fn call_ids(&self) -> impl Iterator<Item = CallId> + '_ {
        ids(&self.text).filter_map(|id| CallId::parse(Field::within(&self.text, id)).ok())
    }

    /// Reports whether the list contains `call`.
    pub fn contains(&self, call: &CallId) -> bool {
        ids(&self.text).any(|id| id == call.as_str())
    }
}

/// Splits a list at its commas.
///
/// A Call-ID may hold quotes and brackets that are not closed, but no comma.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(trimmed)
}

impl TypedHeader for InReplyTo {
    const NAME: HeaderName = HeaderName::IN_REPLY_TO;
    const SHAPE: Shape = Shape::Joined;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        for id in ids(text) {
            CallId::check(id).map_err(|error| error.shifted(Span::within(text, id).start()))?;
        }
        Ok(InReplyTo { text: value.share() })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

impl PartialEq for InReplyTo {
    fn eq(&self, other: &InReplyTo) -> bool {
        let within = |left: &InReplyTo, right: &InReplyTo| {
            ids(&left.text).all(|id| ids(&right.text).any(|it| it == id))
        };
        within(self, other) && within(other, self)
    }
}

text_traits!(InReplyTo);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn calls_are_separated_by_commas_whatever_they_hold() {
        let calls: InReplyTo = "a\"b@c\t, <d , e\"".parse().unwrap();
        assert_eq!(
            calls.call_ids().map(|call| call.to_string()).collect::<Vec<_>>(),
            ["a\"b@c", "<d", "e\""]
        );
        assert!(!calls.contains(&CallId::new("E\"").unwrap()));
        for (text, offset) in [
            ("", 0),
            ("a,", 2),
            (",a", 0),
            ("a b", 1),
            ("a, b@", 5),
            ("a, b@c@d", 6),
            ("a;x", 1),
            ("a\r\n", 1),
        ] {
            assert_eq!(
                text.parse::<InReplyTo>().unwrap_err().offset(),
                offset,
                "{text:?}"
            );
        }
    }

    #[test]
    fn lines_are_one_list() {
        let request = Request::parse(
            "INVITE sip:a.example SIP/2.0\r\nIn-Reply-To: a@b, c\r\nSubject: x\r\nIn-Reply-To: d\r\n\r\n",
        )
        .unwrap();
        let calls = request.headers().typed::<InReplyTo>().unwrap().unwrap();
        assert_eq!(calls, "d,c,a@b".parse().unwrap());
        assert_ne!(calls, "d,c,a@B".parse().unwrap());
        assert_ne!(calls, "d,c".parse().unwrap());
        assert!(InReplyTo::new([]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            ids in prop::collection::vec("[A-Za-z0-9.!%*_+`'~()<>:\\\\\"/\\[\\]?{}-]{1,8}(@[a-z\"<]{1,4})?", 1..5)
        ) {
            let ids: Vec<CallId> = ids.iter().map(|id| CallId::new(id).unwrap()).collect();
            let calls = InReplyTo::new(ids.iter().cloned()).unwrap();
            prop_assert!(calls.call_ids().eq(ids));
            testing::assert_round_trip(&calls);
        }
    }
}
