//! The Call-ID header, which identifies a dialog, or the registrations of a client (RFC 3261 §20.8).

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{WORD, class_end};
use crate::{HeaderName, ParseError};

/// A Call-ID header, shared by all messages of one dialog, and by all registrations of one client.
///
/// [RFC 3261 §20.8](https://www.rfc-editor.org/rfc/rfc3261#section-20.8), with the grammar of §25.1:
///
/// ```text
/// Call-ID = ( "Call-ID" / "i" ) HCOLON callid
/// callid  = word [ "@" word ]
/// ```
///
/// > Call-IDs are case-sensitive and are simply compared byte-by-byte.
///
/// ```
/// use spigot_parser::header::CallId;
///
/// let id: CallId = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6@biloxi.example".parse()?;
/// assert_eq!(id, CallId::new("f81d4fae-7dec-11d0-a765-00a0c91e6bf6@biloxi.example")?);
/// assert!(CallId::new("two words").is_err());
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CallId {
    text: ByteString,
}

impl CallId {
    /// Creates a Call-ID from the text `id`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `id` is not a word, or two with an `@` between them.
    pub fn new(id: &str) -> Result<CallId, ParseError> {
        CallId::parse(Field::exact(id))
    }

    /// Returns the Call-ID as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Refuses what is no `callid`.
    pub(crate) fn check(text: &str) -> Result<(), ParseError> {
        let bytes = text.as_bytes();
        let mut end = class_end(&WORD, bytes, 0);
        if end == 0 {
            return fault(0, "a word");
        }
        if bytes.get(end) == Some(&b'@') {
            let word = end + 1;
            end = class_end(&WORD, bytes, word);
            if end == word {
                return fault(word, "a word after `@`");
            }
        }
        match end == bytes.len() {
            true => Ok(()),
            false => fault(end, "the end of the value"),
        }
    }
}

impl TypedHeader for CallId {
    const NAME: HeaderName = HeaderName::CALL_ID;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        CallId::check(value.as_str())?;
        Ok(CallId { text: value.share() })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

text_traits!(CallId);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn words_may_hold_nearly_everything() {
        for text in [
            "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
            "a",
            "a@b",
            "1@192.0.2.1",
        ] {
            assert_eq!(text.parse::<CallId>().unwrap().as_str(), text);
        }
        for text in ["", "a@", "@a", "a@b@c", "a b", "a,b", "a;b", "é", "a\r\n", "a\0"] {
            assert!(text.parse::<CallId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_built_is_the_id_that_was_given() {
        for id in [" a", "a ", "\ta", "a b"] {
            assert!(CallId::new(id).is_err(), "{id:?}");
        }
        assert_eq!(CallId::new("a@b").unwrap().as_str(), "a@b");
    }

    #[test]
    fn case_counts() {
        assert_ne!("a@B".parse::<CallId>(), "a@b".parse::<CallId>());
    }
    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        // A word may hold quotes, which need not be closed.
        for evil in testing::EVIL
            .iter()
            .filter(|text| text.bytes().any(|octet| octet.is_ascii_control()))
        {
            assert!(CallId::new(evil).is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(id in "[A-Za-z0-9.!%*_+`'~()<>:\\\\\"/\\[\\]?{}-]{1,12}(@[a-z0-9.-]{1,8})?") {
            let id = CallId::new(&id).unwrap();
            testing::assert_round_trip(&id);
        }
    }
}
