//! The Privacy header, which says what a caller wants hidden (RFC 3323).

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{Span, is_token, trimmed};
use crate::{ErrorKind, HeaderName, ParseError};

/// A Privacy header: the kinds of privacy that a user asks of the network, or `none`.
///
/// ```text
/// Privacy-hdr = "Privacy" HCOLON priv-value *(";" priv-value)
/// priv-value  = "header" / "session" / "user" / "none" / "critical" / token
/// ```
///
/// The grammar is that of [RFC 3323 §4.2](https://www.rfc-editor.org/rfc/rfc3323#section-4.2), but blanks
/// around the semicolons are accepted. `id` comes from RFC 3325 §9.3, `history` from RFC 7044 §10.1. Each
/// value is there once, and `none` is alone, because servers would disagree on how to read both.
///
/// Values are compared without case. Two headers are equal if they have the same values in any order.
///
/// ```
/// use spigot_parser::header::Privacy;
///
/// let privacy: Privacy = "header;id;critical".parse()?;
/// assert!(privacy.contains(Privacy::ID) && privacy.is_critical() && !privacy.is_none());
/// assert_eq!(Privacy::new([Privacy::CRITICAL, Privacy::USER])?.to_string(), "user;critical");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Privacy {
    text: ByteString,
}

impl Privacy {
    /// The network is to hide headers that a user agent needs, such as Via and Contact.
    pub const HEADER: &str = "header";
    /// The network is to hide the addresses of the session by routing it through itself.
    pub const SESSION: &str = "session";
    /// The network is to hide what the user agent cannot hide itself.
    pub const USER: &str = "user";
    /// The network is to hide nothing, whatever it would do by default.
    pub const NONE: &str = "none";
    /// The request is to fail if the privacy cannot be provided.
    pub const CRITICAL: &str = "critical";
    /// The asserted identity is not to leave the trusted network (RFC 3325 §9.3).
    pub const ID: &str = "id";
    /// History-Info is not to leave the network (RFC 7044 §10.1).
    pub const HISTORY: &str = "history";

    /// Creates a list of the given values, with `critical` at the end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if one of them is no token, [`ErrorKind::Duplicate`] if it is there twice,
    /// [`ErrorKind::Value`] if there is none of them, `none` with another, or `critical` alone.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Privacy, ParseError> {
        let (mut text, mut critical) = (String::new(), None);
        let mut push = |value: &str| {
            if !text.is_empty() {
                text.push(';');
            }
            text.push_str(value);
        };
        for value in values {
            if !is_token(value) {
                return Err(ParseError::new(ErrorKind::Token, 0, EXPECTED));
            }
            if !value.eq_ignore_ascii_case(Privacy::CRITICAL) {
                push(value);
            } else if critical.replace(value).is_some() {
                return Err(ParseError::new(
                    ErrorKind::Duplicate,
                    0,
                    "each kind of privacy once",
                ));
            }
        }
        if let Some(critical) = critical {
            push(critical);
        }
        let privacy = Privacy::parse(Field::exact(&text))?;
        match privacy.is_critical() && privacy.values().nth(1).is_none() {
            true => fault(0, "a kind of privacy that is critical"),
            false => Ok(privacy),
        }
    }

    /// Returns the values in their order.
    pub fn values(&self) -> impl Iterator<Item = &str> + '_ {
        values(&self.text)
    }

    /// Reports whether the list contains `value`.
    pub fn contains(&self, value: &str) -> bool {
        self.values().any(|other| other.eq_ignore_ascii_case(value))
    }

    /// Reports whether the value is `none`: nothing is to be hidden.
    ///
    /// Only user agents may change such a header.
    pub fn is_none(&self) -> bool {
        self.contains(Privacy::NONE)
    }

    /// Reports whether the request is to fail if the privacy cannot be provided.
    pub fn is_critical(&self) -> bool {
        self.contains(Privacy::CRITICAL)
    }
}

const EXPECTED: &str = "a kind of privacy, which is a token";

fn values(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(trimmed)
}

impl TypedHeader for Privacy {
    const NAME: HeaderName = HeaderName::PRIVACY;
    const SHAPE: Shape = Shape::Single;

    fn parse(field: Field<'_>) -> Result<Self, ParseError> {
        let text = field.as_str();
        let mut none = None;
        for (index, value) in values(text).enumerate() {
            let at = Span::within(text, value).start();
            if !is_token(value) {
                return fault(at, EXPECTED);
            }
            if values(text)
                .take(index)
                .any(|other| other.eq_ignore_ascii_case(value))
            {
                return Err(ParseError::new(
                    ErrorKind::Duplicate,
                    at,
                    "each kind of privacy once",
                ));
            }
            if value.eq_ignore_ascii_case(Privacy::NONE) {
                none = Some(at);
            }
        }
        match none {
            Some(at) if text.contains(';') => fault(at, "`none` alone"),
            _ => Ok(Privacy { text: field.share() }),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

impl PartialEq for Privacy {
    fn eq(&self, other: &Privacy) -> bool {
        self.values().all(|value| other.contains(value)) && other.values().all(|value| self.contains(value))
    }
}

text_traits!(Privacy);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn values_are_a_set() {
        let privacy: Privacy = "ID ; Critical".parse().unwrap();
        assert_eq!(privacy.values().collect::<Vec<_>>(), ["ID", "Critical"]);
        assert_eq!(privacy, "critical;id".parse().unwrap());
        assert_ne!(privacy, "id".parse().unwrap());
        assert!("none".parse::<Privacy>().unwrap().is_none());
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, kind, offset) in [
            ("", ErrorKind::Value, 0),
            ("id;", ErrorKind::Value, 3),
            (";id", ErrorKind::Value, 0),
            ("id, header", ErrorKind::Value, 0),
            ("id header", ErrorKind::Value, 0),
            ("id;\"x\"", ErrorKind::Value, 3),
            ("id; x=1", ErrorKind::Value, 4),
            ("id;user; ID", ErrorKind::Duplicate, 9),
            ("none;critical", ErrorKind::Value, 0),
            ("id;None", ErrorKind::Value, 3),
        ] {
            let error = text.parse::<Privacy>().unwrap_err();
            assert_eq!((error.kind(), error.offset()), (kind, offset), "{text}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_built() {
        for evil in testing::EVIL {
            assert!(
                Privacy::new([*evil]).is_err() && Privacy::new(["id", evil]).is_err(),
                "{evil:?}"
            );
        }
        assert!(
            Privacy::new([]).is_err()
                && Privacy::new(["critical"]).is_err()
                && Privacy::new(["a;b"]).is_err()
        );
        assert!(
            Privacy::new(["none", "id"]).is_err() && Privacy::new(["critical", "id", "Critical"]).is_err()
        );
        assert_eq!(
            Privacy::new(["id", "id"]).unwrap_err().kind(),
            ErrorKind::Duplicate
        );
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(values in prop::collection::vec("[a-z]{1,3}[0-9]", 1..5), critical: bool) {
            let mut all: Vec<&str> = values.iter().map(String::as_str).collect();
            all.sort_unstable();
            all.dedup();
            if critical {
                all.insert(0, Privacy::CRITICAL);
            }
            let privacy = Privacy::new(all.clone()).unwrap();
            prop_assert_eq!(privacy.values().count(), all.len());
            prop_assert_eq!(privacy.is_critical(), critical);
            testing::assert_round_trip(&privacy);
        }
    }
}
