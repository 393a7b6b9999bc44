//! The Session-ID header, which identifies a session from end to end (RFC 7989).

use super::parametrized::{Parametrized, param_accessors};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{prefix, token};
use crate::{HeaderName, ParseError};

/// A Session-ID header: the UUIDs of the two ends of a session, the sender's and its peer's.
///
/// ```text
/// session-id       = "Session-ID" HCOLON session-id-value
/// session-id-value = local-uuid *(SEMI sess-id-param)
/// local-uuid       = sess-uuid / nil
/// remote-uuid      = sess-uuid / nil
/// sess-uuid        = 32(DIGIT / %x61-66)  ;32 chars of [0-9a-f]
/// sess-id-param    = remote-param / generic-param
/// remote-param     = "remote" EQUAL remote-uuid
/// nil              = 32("0")
/// ```
///
/// The grammar is that of [RFC 7989 §5](https://www.rfc-editor.org/rfc/rfc7989#section-5). Implementations of
/// RFC 7329 leave `remote` out. Digits in upper case are accepted, because only the tracing of calls depends
/// on them. Two values are equal if both UUIDs are equal without case; other parameters do not count.
///
/// ```
/// use spigot_parser::header::SessionId;
///
/// let id: SessionId = "ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2".parse()?;
/// assert_eq!(id.local(), "ab30317f1a784dc48ff824d0d3715d86");
/// assert_eq!(id.remote(), Some("47755a9de7794ba387653f2099600ef2"));
///
/// let first = SessionId::new("ab30317f1a784dc48ff824d0d3715d86", SessionId::NIL)?;
/// assert_eq!(first.to_string(), "ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct SessionId {
    text: Parametrized,
}

const UUID: &str = "a UUID of 32 hexadecimal digits";

impl SessionId {
    /// The UUID of an unknown end.
    pub const NIL: &str = "00000000000000000000000000000000";

    /// Creates a header from the UUIDs of the sender and its peer; [`NIL`](Self::NIL) stands for an unknown
    /// one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if one of them is not of 32 hexadecimal digits in lower
    /// case.
    pub fn new(local: &str, remote: &str) -> Result<SessionId, ParseError> {
        match is_lower(local) {
            true => SessionId::parse(Field::exact(local))?.with_remote(remote),
            false => fault(0, UUID),
        }
    }

    /// Returns the sender's UUID.
    pub fn local(&self) -> &str {
        self.text.value()
    }

    /// Returns the UUID of the sender's peer.
    pub fn remote(&self) -> Option<&str> {
        self.param("remote").flatten()
    }

    /// Sets the UUID of the sender's peer.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it is not of 32 hexadecimal digits in lower case,
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn with_remote(self, remote: &str) -> Result<SessionId, ParseError> {
        match is_lower(remote) {
            true => self.with_param("remote", Some(remote)),
            false => fault(0, UUID),
        }
    }
}

param_accessors!(SessionId);

fn is_uuid(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|octet| octet.is_ascii_hexdigit())
}

/// Reports whether `text` is a UUID in lower case.
///
/// > The UUID values are presented as strings of lowercase hexadecimal characters, with the most significant
/// > octet of the UUID appearing first.
fn is_lower(text: &str) -> bool {
    is_uuid(text) && !text.bytes().any(|octet| octet.is_ascii_uppercase())
}

impl TypedHeader for SessionId {
    const NAME: HeaderName = HeaderName::SESSION_ID;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let (local, end) = prefix(text, token(UUID))?;
        if !is_uuid(local) {
            return fault(0, UUID);
        }
        let text = Parametrized::scan(value, end, |param| {
            let is_remote = param.name(text).eq_ignore_ascii_case("remote");
            match is_remote && !param.value(text).is_some_and(is_uuid) {
                true => fault(param.at(), UUID),
                false => Ok(()),
            }
        })?;
        Ok(SessionId { text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for SessionId {
    fn eq(&self, other: &SessionId) -> bool {
        let same = |left: Option<&str>, right: Option<&str>| match (left, right) {
            (Some(left), Some(right)) => left.eq_ignore_ascii_case(right),
            (left, right) => left == right,
        };
        same(Some(self.local()), Some(other.local())) && same(self.remote(), other.remote())
    }
}

text_traits!(SessionId);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    const A: &str = "ab30317f1a784dc48ff824d0d3715d86";

    #[test]
    fn old_implementations_send_one_uuid() {
        let old: SessionId = A.parse().unwrap();
        assert_eq!((old.local(), old.remote()), (A, None));
        assert_ne!(old, SessionId::new(A, SessionId::NIL).unwrap());
        assert_eq!(old, format!("{} ; x=1", A.to_uppercase()).parse().unwrap());
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            (String::new(), 0),
            (A[1..].to_owned(), 0),
            (format!("{A}0"), 0),
            (A.replace('a', "g"), 0),
            ("ab30317f-1a78-4dc4-8ff8-24d0d3715d86".to_owned(), 0),
            (format!("{A};remote"), 39),
            (format!("{A};remote=1"), 40),
            (format!("{A};remote=\"{A}\""), 40),
            (format!("{A};remote={A};remote={A}"), 73),
            (format!("{A},{A}"), 32),
        ] {
            assert_eq!(text.parse::<SessionId>().unwrap_err().offset(), offset, "{text}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let id = SessionId::new(A, SessionId::NIL).unwrap();
        for evil in testing::EVIL
            .iter()
            .copied()
            .chain(["", "AB30317F1A784DC48FF824D0D3715D86"])
        {
            assert!(
                SessionId::new(evil, A).is_err() && SessionId::new(A, evil).is_err(),
                "{evil:?}"
            );
            assert!(id.clone().with_remote(evil).is_err(), "{evil:?}");
        }
        assert!(id.with_param("remote", None).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            local in "[0-9a-f]{32}", remote in "[0-9a-f]{32}", value in testing::param_value(),
        ) {
            let id = SessionId::new(&local, &remote).unwrap().with_param("x", value.as_deref()).unwrap();
            prop_assert_eq!((id.local(), id.remote()), (&*local, Some(&*remote)));
            testing::assert_round_trip(&id);
            testing::assert_round_trip(&id.without_param("remote").unwrap());
        }
    }
}
