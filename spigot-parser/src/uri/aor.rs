//! Addresses of record in the form that bindings are found by.
//!
//! The one invariant: two addresses of record are equal where their texts are.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::escape::write_canonical;
use super::parts::UriParts;
use super::scan::USER;
use super::{SipUri, Uri};
use crate::ParseError;

/// An address of record: the URI of a user, in the one form that a registrar finds its bindings by.
///
/// > The URI MUST then be converted to a canonical form. To do that, all URI parameters MUST be removed
/// > (including the user-param), and any escaped characters MUST be converted to their unescaped form. The
/// > result serves as an index into the list of bindings.
///
/// ([RFC 3261 §10.3](https://www.rfc-editor.org/rfc/rfc3261#section-10.3), step 5) Password and headers are
/// left out, too. The host is in lower case, since hosts are compared without case (§19.1.4). The scheme is
/// `sip`: a `sips` URI is the address of the same user (§19.1). Characters that cannot stand in a user stay
/// escaped, with upper-case digits.
///
/// Unlike a [`Uri`], it can be the key of a map.
///
/// ```
/// use std::collections::HashMap;
///
/// use spigot_parser::{Aor, Uri};
///
/// let to: Uri = "sip:%61lice;day=tuesday@EXAMPLE.com;user=phone".parse()?;
/// let aor = to.aor().expect("it is a SIP URI");
/// assert_eq!(aor.as_str(), "sip:alice;day=tuesday@example.com");
/// assert_eq!((aor.user(), aor.host()), (Some("alice;day=tuesday"), "example.com"));
///
/// let bindings = HashMap::from([(aor, "sip:alice@192.0.2.7")]);
/// assert!(bindings.contains_key(&"sips:alice%3bday=tuesday@example.com".parse::<Aor>()?));
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Aor {
    uri: SipUri,
}

impl Aor {
    /// Returns the text of the URI.
    pub fn as_str(&self) -> &str {
        self.uri.as_str()
    }

    /// Returns the URI.
    pub fn uri(&self) -> &SipUri {
        &self.uri
    }

    /// Returns the user, with escapes only for what cannot stand there.
    pub fn user(&self) -> Option<&str> {
        self.uri.user()
    }

    /// Returns the host in lower case.
    pub fn host(&self) -> &str {
        self.uri.host().as_str()
    }

    /// Returns the port, if one is written.
    pub fn port(&self) -> Option<u16> {
        self.uri.port()
    }
}

impl SipUri {
    /// Returns the address of record that this URI is, without what does not belong to one.
    pub fn aor(&self) -> Aor {
        let user = self.user().map(|user| {
            let mut canonical = String::with_capacity(user.len());
            write_canonical(&USER, user, &mut canonical);
            canonical
        });
        let host = self.host();
        let host = match host.ip() {
            Some(ip) if ip.is_ipv6() => format!("[{ip}]"),
            _ => host.as_str().to_ascii_lowercase(),
        };
        let uri = UriParts {
            scheme: "sip",
            user: user.as_deref(),
            password: None,
            host: &host,
            port: self.port(),
            params: "",
            headers: "",
        };
        Aor { uri: uri.join() }
    }
}

impl Uri {
    /// Returns the address of record that this URI is; `None` for a URI that is no SIP URI.
    pub fn aor(&self) -> Option<Aor> {
        self.as_sip().map(SipUri::aor)
    }
}

impl From<Aor> for Uri {
    fn from(aor: Aor) -> Self {
        Uri::Sip(aor.uri)
    }
}

impl FromStr for Aor {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.parse::<SipUri>()?.aor())
    }
}

impl PartialEq for Aor {
    fn eq(&self, other: &Aor) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Aor {}

impl Hash for Aor {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for Aor {
    fn partial_cmp(&self, other: &Aor) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Aor {
    fn cmp(&self, other: &Aor) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl fmt::Display for Aor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Aor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aor(text: &str) -> Aor {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn what_does_not_name_the_user_is_left_out() {
        for (text, expected) in [
            ("sip:alice@example.com", "sip:alice@example.com"),
            (
                "SIPS:alice:secret@EXAMPLE.Com:5061;user=phone;lr?Subject=x",
                "sip:alice@example.com:5061",
            ),
            (
                "sip:+358-555-0100;postd=pp22@example.com;user=phone",
                "sip:+358-555-0100;postd=pp22@example.com",
            ),
            ("sip:Example.COM;transport=tcp", "sip:example.com"),
            ("sip:bob@[2001:DB8:0:0::1]:5060", "sip:bob@[2001:db8::1]:5060"),
        ] {
            assert_eq!(aor(text).as_str(), expected, "{text}");
            assert_eq!(aor(expected).as_str(), expected);
            assert_eq!(Uri::from(aor(text)).to_string(), expected);
        }
        assert_eq!("tel:+12015550123".parse::<Uri>().unwrap().aor(), None);
        assert!("mailto:alice@example.com".parse::<Aor>().is_err());
    }

    #[test]
    fn users_are_compared_unescaped_and_with_case() {
        let user = |text: &str| aor(&format!("sip:{text}@example.com"));
        for (one, two) in [
            ("alice", "%61lic%65"),
            ("al;x=1", "al%3Bx%3d1"),
            ("a%25b", "%61%25%62"),
            ("caf%C3%A9", "c%61f%c3%a9"),
            ("%3A%40%20", "%3a%40%20"),
        ] {
            assert_eq!(user(one), user(two));
            assert_eq!(user(one).user(), user(two).user());
        }
        for (one, two) in [
            ("alice", "Alice"),
            ("a%2561", "aa"),
            ("a%2561", "a%61"),
            ("%E8", "%E9"),
            ("%00", "0"),
            ("a", "a%20"),
        ] {
            assert_ne!(user(one), user(two), "{one} {two}");
        }
        assert_eq!(user("PBX%231000").user(), Some("PBX%231000"));
        assert_ne!(aor("sip:a@b"), aor("sip:a@b:5060"));
        assert_ne!(aor("sip:a@b"), aor("sip:b"));
    }
}
