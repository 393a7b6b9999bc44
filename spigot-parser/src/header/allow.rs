//! The Allow header: the methods that its sender supports (RFC 3261 §20.5).

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, elements, fault, text_traits};
use crate::grammar::{Span, is_token};
use crate::{HeaderName, Method, ParseError};

/// An Allow header: a list of methods.
///
/// An empty list says that no method is supported.
///
/// [RFC 3261 §20.5](https://www.rfc-editor.org/rfc/rfc3261#section-20.5), with the grammar of §25.1:
///
/// ```text
/// Allow = "Allow" HCOLON [Method *(COMMA Method)]
/// ```
///
/// ```
/// use spigot_parser::{Method, header::Allow};
///
/// let allow: Allow = "INVITE, ACK, OPTIONS, CANCEL, BYE".parse()?;
/// assert!(allow.allows(&Method::ACK) && !allow.allows(&Method::INFO));
/// assert_eq!(Allow::new([Method::OPTIONS, Method::MESSAGE]).to_string(), "OPTIONS, MESSAGE");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Allow {
    text: ByteString,
}

impl Allow {
    /// Creates a list of the given methods.
    pub fn new(methods: impl IntoIterator<Item = Method>) -> Allow {
        let mut text = String::new();
        for method in methods {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(method.as_str());
        }
        Allow { text: text.into() }
    }

    /// Returns the methods in their order.
    pub fn methods(&self) -> impl Iterator<Item = Method> + '_ {
        tokens(&self.text).filter_map(|token| Method::from_token(token).ok())
    }

    /// Reports whether the list contains `method`, compared with case.
    pub fn allows(&self, method: &Method) -> bool {
        tokens(&self.text).any(|token| token == method.as_str())
    }
}

/// Returns the elements of a list that has been checked.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> + '_ {
    elements(text).filter(|token| !token.is_empty())
}

/// Checks a list of tokens, which may be empty.
pub(super) fn check(text: &str, expected: &'static str) -> Result<(), ParseError> {
    if text.is_empty() {
        return Ok(());
    }
    for element in elements(text) {
        if !is_token(element) {
            return fault(Span::within(text, element).start(), expected);
        }
    }
    Ok(())
}

impl TypedHeader for Allow {
    const NAME: HeaderName = HeaderName::ALLOW;
    const SHAPE: Shape = Shape::Joined;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        check(value.as_str(), "a method")?;
        Ok(Allow { text: value.share() })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

/// Compares the methods in any order.
impl PartialEq for Allow {
    fn eq(&self, other: &Allow) -> bool {
        let within = |left: &Allow, right: &Allow| {
            tokens(&left.text).all(|method| tokens(&right.text).any(|other| method == other))
        };
        within(self, other) && within(other, self)
    }
}

text_traits!(Allow);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn a_list_of_methods() {
        let allow: Allow = " INVITE,ACK ,\tNEW-ONE ".parse().unwrap();
        assert_eq!(
            allow
                .methods()
                .map(|method| method.to_string())
                .collect::<Vec<_>>(),
            ["INVITE", "ACK", "NEW-ONE"]
        );
        assert_eq!("".parse::<Allow>().unwrap().methods().count(), 0);
        assert!(!allow.allows(&Method::from_token("invite").unwrap()));
        for (text, offset) in [
            ("A,,B", 2),
            (",", 0),
            ("A,", 2),
            ("A B", 0),
            ("A, \"B\"", 3),
            ("A\r\n", 0),
        ] {
            assert_eq!(text.parse::<Allow>().unwrap_err().offset(), offset, "{text:?}");
        }
    }

    #[test]
    fn order_does_not_count() {
        assert_eq!("A, B".parse::<Allow>(), "B,A".parse());
        assert_ne!("A, B".parse::<Allow>(), "A".parse());
        for evil in testing::EVIL {
            assert!(evil.parse::<Allow>().is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(methods in prop::collection::vec(testing::token(), 0..6)) {
            let methods: Vec<Method> = methods.iter().map(|method| Method::from_token(method).unwrap()).collect();
            let allow = Allow::new(methods.iter().cloned());
            prop_assert!(methods.iter().all(|method| allow.allows(method)));
            prop_assert!(allow.methods().eq(methods));
            testing::assert_round_trip(&allow);
        }
    }
}
