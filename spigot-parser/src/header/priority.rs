//! The Priority header, which says how urgent a request is for its receiver (RFC 3261 §20.26).

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{is_token, token_end};
use crate::{ErrorKind, HeaderName, ParseError};

/// A Priority header: the urgency of the request for the human who receives it, or for their software.
///
/// It says nothing about network resources, for which there is Resource-Priority.
///
/// [RFC 3261 §20.26](https://www.rfc-editor.org/rfc/rfc3261#section-20.26), with the grammar of §25.1:
///
/// ```text
/// Priority       = "Priority" HCOLON priority-value
/// priority-value = "emergency" / "urgent" / "normal" / "non-urgent" / other-priority
/// other-priority = token
/// ```
///
/// > For these decisions, a message containing no Priority header field SHOULD be treated as if it specified
/// > a Priority of "normal".
///
/// Values are compared without case.
///
/// ```
/// use spigot_parser::header::Priority;
///
/// assert_eq!("Emergency".parse::<Priority>()?, Priority::EMERGENCY);
/// assert_eq!(Priority::default(), Priority::NORMAL);
/// assert_eq!(Priority::new("psap-callback")?.to_string(), "psap-callback");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Priority {
    text: ByteString,
}

macro_rules! priorities {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        impl Priority {
            $($(#[$doc])* pub const $name: Priority = Priority { text: ByteString::from_static($text) };)*
        }
    };
}

priorities! {
    /// `emergency`: life, limb or property are in imminent danger.
    EMERGENCY "emergency";
    /// `urgent`.
    URGENT "urgent";
    /// `normal`: the priority of a request without this header.
    NORMAL "normal";
    /// `non-urgent`.
    NON_URGENT "non-urgent";
}

impl Priority {
    /// Creates the priority `name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if `name` is no token.
    pub fn new(name: &str) -> Result<Priority, ParseError> {
        match is_token(name) {
            true => Ok(Priority { text: name.into() }),
            false => Err(ParseError::new(ErrorKind::Token, 0, EXPECTED)),
        }
    }

    /// Returns the name as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

const EXPECTED: &str = "a priority, which is a token";

impl TypedHeader for Priority {
    const NAME: HeaderName = HeaderName::PRIORITY;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        match token_end(text.as_bytes(), 0) {
            0 => fault(0, EXPECTED),
            end if end < text.len() => fault(end, "the end of the value"),
            _ => Ok(Priority { text: value.share() }),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

impl PartialEq for Priority {
    fn eq(&self, other: &Priority) -> bool {
        self.text.eq_ignore_ascii_case(&other.text)
    }
}

impl Eq for Priority {}

/// Returns `normal`.
impl Default for Priority {
    fn default() -> Self {
        Priority::NORMAL
    }
}

text_traits!(Priority);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn one_token_in_any_case() {
        assert_eq!(" Non-Urgent ".parse(), Ok(Priority::NON_URGENT));
        assert_ne!("urgent".parse(), Ok(Priority::NON_URGENT));
        for (text, offset) in [
            ("", 0),
            ("a b", 1),
            ("a;x=1", 1),
            ("a,b", 1),
            ("\"a\"", 0),
            ("é", 0),
        ] {
            assert_eq!(text.parse::<Priority>().unwrap_err().offset(), offset, "{text:?}");
        }
        for evil in testing::EVIL {
            assert!(
                Priority::new(evil).is_err() && evil.parse::<Priority>().is_err(),
                "{evil:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(name in testing::token()) {
            let priority = Priority::new(&name).unwrap();
            prop_assert_eq!(priority.as_str(), name);
            testing::assert_round_trip(&priority);
        }
    }
}
