//! Methods (RFC 3261 §7.1).
//!
//! Invariant: a [`Method`] is a token, and one that the library knows is never kept as text.

mod dialogs;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::grammar::is_token;
use crate::{ErrorKind, ParseError};

/// What a request asks for: one of the methods the library knows, or any other token.
///
/// Methods are compared whole and with case (RFC 3261 §25.1).
///
/// ```
/// use spigot_parser::Method;
///
/// assert_eq!("INVITE".parse(), Ok(Method::INVITE));
/// assert_ne!("invite".parse(), Ok(Method::INVITE));
/// assert!(!Method::from_token("PROPFIND")?.is_known());
/// assert!(Method::from_token("two words").is_err());
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Method(Repr);

/// `Other` never holds the text of a known method, so the derived equality and hash are right.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Known(Known),
    Other(Arc<str>),
}

macro_rules! methods {
    ($($name:ident, $variant:ident, $doc:literal;)*) => {
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        enum Known { $($variant),* }

        impl Known {
            const fn as_str(self) -> &'static str {
                match self { $(Known::$variant => stringify!($name)),* }
            }

            fn find(token: &[u8]) -> Option<Known> {
                $(const $name: &[u8] = stringify!($name).as_bytes();)*
                match token {
                    $($name => Some(Known::$variant),)*
                    _ => None,
                }
            }
        }

        impl Method {
            $(#[doc = concat!("`", stringify!($name), "`: ", $doc)]
            pub const $name: Method = Method(Repr::Known(Known::$variant));)*

            /// Every method that the library knows.
            pub const ALL: &[Method] = &[$(Method::$name),*];
        }
    };
}

methods! {
    INVITE, Invite, "opens a session, or changes it (RFC 3261 §13).";
    ACK, Ack, "confirms the final response to an INVITE (RFC 3261 §13).";
    BYE, Bye, "ends a session (RFC 3261 §15).";
    CANCEL, Cancel, "takes back a request that is still pending (RFC 3261 §9).";
    REGISTER, Register, "binds addresses to an address of record (RFC 3261 §10).";
    OPTIONS, Options, "asks what the peer can do (RFC 3261 §11).";
    SUBSCRIBE, Subscribe, "asks to be told of events (RFC 6665).";
    NOTIFY, Notify, "tells of an event (RFC 6665).";
    INFO, Info, "carries application data within a session (RFC 6086).";
    MESSAGE, Message, "carries an instant message (RFC 3428).";
    PRACK, Prack, "acknowledges a provisional response (RFC 3262).";
    PUBLISH, Publish, "hands in event state (RFC 3903).";
    PULL, Pull, "fetches, in applications that use SIP so; no RFC defines it.";
    PUSH, Push, "delivers, in applications that use SIP so; no RFC defines it.";
    REFER, Refer, "asks the peer to turn to somebody else (RFC 3515).";
    STORE, Store, "keeps, in applications that use SIP so; no RFC defines it.";
    UPDATE, Update, "changes a session that may not be answered yet (RFC 3311).";
}

impl Method {
    /// The method as it stands on the wire.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Known(known) => known.as_str(),
            Repr::Other(token) => token,
        }
    }

    /// The method that `token` names. Does not allocate for one that the library knows.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Method`] if it is not a token (RFC 3261 §25.1).
    pub fn from_token(token: &str) -> Result<Method, ParseError> {
        if let Some(known) = Method::known(token.as_bytes()) {
            return Ok(known);
        }
        if !is_token(token) {
            return Err(ParseError::new(
                ErrorKind::Method,
                0,
                "a method, which is a token",
            ));
        }
        Ok(Method(Repr::Other(token.into())))
    }

    /// The method named here that is written so.
    #[inline]
    pub(crate) fn known(token: &[u8]) -> Option<Method> {
        Known::find(token).map(|known| Method(Repr::Known(known)))
    }

    /// Whether it is one of the methods named here; a server answers 501 to others (RFC 3261 §21.5.2).
    pub fn is_known(&self) -> bool {
        matches!(self.0, Repr::Known(_))
    }
}

impl FromStr for Method {
    type Err = ParseError;

    fn from_str(token: &str) -> Result<Self, Self::Err> {
        Method::from_token(token)
    }
}

impl TryFrom<&str> for Method {
    type Error = ParseError;

    fn try_from(token: &str) -> Result<Self, Self::Error> {
        Method::from_token(token)
    }
}

impl From<&Method> for Method {
    fn from(method: &Method) -> Self {
        method.clone()
    }
}

impl AsRef<str> for Method {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Method {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Method {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_method_is_found_by_its_name_and_only_by_it() {
        for method in Method::ALL {
            assert_eq!(&Method::from_token(method.as_str()).unwrap(), method);
            let other = Method::from_token(&method.as_str().to_lowercase()).unwrap();
            assert!(!other.is_known() && &other != method);
        }
        assert_eq!(Method::ALL.len(), 17);
    }

    #[test]
    fn what_is_not_a_token_is_not_a_method() {
        for text in ["", "IN VITE", "INVITE\r\n", "INVITÉ", "A/B", "A:"] {
            assert_eq!(
                Method::from_token(text).unwrap_err().kind(),
                ErrorKind::Method,
                "{text:?}"
            );
        }
        assert!(Method::from_token("!interesting-Method0123456789_*+`.%indeed'~").is_ok());
    }
}
