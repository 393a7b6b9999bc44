//! URIs, and the rules of their equality.
//!
//! The one invariant: a URI is well formed, and printing it gives the octets from which it was parsed. Each
//! kind owns one text and the positions of its parts, so parsing, cloning and printing copy nothing.

mod absolute;
mod aor;
mod equality;
pub(crate) mod escape;
mod headers;
mod parts;
mod scan;
mod sip;
mod tel;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

pub use absolute::AbsoluteUri;
pub(crate) use absolute::URIC;
pub use aor::Aor;
pub(crate) use scan::{PARAM, USER};
pub use sip::SipUri;
pub(crate) use sip::bracketed;
pub use tel::TelUri;
pub(crate) use tel::digits as tel_digits;

use crate::field::Field;
use crate::redact::Redacted;
use crate::{Params, ParseError};

/// A URI of any scheme.
///
/// Two SIP URIs are compared by RFC 3261 §19.1.4, two `tel` URIs by RFC 3966 §4, and others by their text.
/// URIs of different schemes are never equal.
///
/// ```
/// use spigot_parser::Uri;
///
/// let uri: Uri = "sip:alice@atlanta.example;transport=tcp".parse()?;
/// assert_eq!(uri.scheme(), "sip");
/// assert_eq!(uri.user(), Some("alice"));
/// assert_eq!(uri.host(), Some("atlanta.example"));
/// assert_eq!(uri, "sip:%61lice@ATLANTA.example;Transport=TCP".parse::<Uri>()?);
/// assert_ne!(uri, "sips:alice@atlanta.example;transport=tcp".parse::<Uri>()?);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
///
/// [RFC 3261 §19.1.4](https://www.rfc-editor.org/rfc/rfc3261#section-19.1.4): equality is not transitive,
/// because most parameters that only one of two URIs has are ignored. Therefore there is no `Eq` and no
/// `Hash`. [`Uri::aor`] gives the key for a map of users.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Uri {
    /// A `sip:` or `sips:` URI (RFC 3261 §19.1).
    Sip(SipUri),
    /// A `tel:` URI (RFC 3966).
    Tel(TelUri),
    /// A URI of another scheme, kept, compared and printed as text.
    Other(AbsoluteUri),
}

/// Reports whether the scheme of `text` is that of a SIP or SIPS URI.
#[inline]
pub(crate) fn is_sip(text: &str) -> bool {
    scan::scheme(text).is_some()
}

impl Uri {
    /// Parses a URI from a field, sharing the field's text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`](crate::ErrorKind::Uri) where the text leaves the grammar of its scheme.
    #[inline(always)]
    pub fn parse(field: Field<'_>) -> Result<Uri, ParseError> {
        if is_sip(field.as_str()) {
            return Ok(Uri::Sip(SipUri::parse(field)?));
        }
        Uri::parse_other(field)
    }

    /// Refuses a text that is no URI, as [`parse`](Self::parse) does, without making one.
    #[inline(always)]
    pub(crate) fn check(text: &str) -> Result<(), ParseError> {
        if is_sip(text) {
            return scan::spans(text).map(drop);
        }
        if tel::is_tel(text) {
            return tel::number_end(text).map(drop);
        }
        absolute::scheme_end(text).map(drop)
    }

    /// Parses a URI of another scheme.
    fn parse_other(field: Field<'_>) -> Result<Uri, ParseError> {
        if tel::is_tel(field.as_str()) {
            TelUri::parse(field).map(Uri::Tel)
        } else {
            AbsoluteUri::parse(field).map(Uri::Other)
        }
    }

    /// Returns the scheme as written, such as `sip`, `sips` and `tel`.
    pub fn scheme(&self) -> &str {
        match self {
            Uri::Sip(uri) => uri.scheme(),
            Uri::Tel(uri) => uri.scheme(),
            Uri::Other(uri) => uri.scheme(),
        }
    }

    /// Returns the text of the URI.
    pub fn as_str(&self) -> &str {
        match self {
            Uri::Sip(uri) => uri.as_str(),
            Uri::Tel(uri) => uri.as_str(),
            Uri::Other(uri) => uri.as_str(),
        }
    }

    /// Returns the SIP or SIPS URI, if it is one.
    pub fn as_sip(&self) -> Option<&SipUri> {
        match self {
            Uri::Sip(uri) => Some(uri),
            _ => None,
        }
    }

    /// Returns the telephone number, if it is one.
    pub fn as_tel(&self) -> Option<&TelUri> {
        match self {
            Uri::Tel(uri) => Some(uri),
            _ => None,
        }
    }

    /// Returns the user part of a SIP URI as written.
    pub fn user(&self) -> Option<&str> {
        self.as_sip().and_then(SipUri::user)
    }

    /// Returns the user part of a SIP URI with its escapes decoded once.
    ///
    /// Octets that are not UTF-8 become U+FFFD. To find what belongs to a user, take [`aor`](Uri::aor).
    pub fn user_decoded(&self) -> Option<Cow<'_, str>> {
        self.as_sip().and_then(SipUri::user_decoded)
    }

    /// Returns the host of a SIP URI as written.
    pub fn host(&self) -> Option<&str> {
        self.as_sip().map(|uri| uri.host().as_str())
    }

    /// Returns the parameters of a SIP or `tel` URI, and none for other schemes.
    pub fn params(&self) -> Params<'_> {
        match self {
            Uri::Sip(uri) => uri.params(),
            Uri::Tel(uri) => uri.params(),
            Uri::Other(_) => Params::of_uri(""),
        }
    }
}

impl From<SipUri> for Uri {
    fn from(uri: SipUri) -> Self {
        Uri::Sip(uri)
    }
}

impl From<TelUri> for Uri {
    fn from(uri: TelUri) -> Self {
        Uri::Tel(uri)
    }
}

impl From<AbsoluteUri> for Uri {
    fn from(uri: AbsoluteUri) -> Self {
        Uri::Other(uri)
    }
}

/// Implements `FromStr`, `Display` and `Debug` for types that are a text; `Debug` shows no password.
macro_rules! is_its_text {
    ($type:ty) => {
        impl FromStr for $type {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                <$type>::parse(Field::exact(text))
            }
        }

        impl TryFrom<&str> for $type {
            type Error = ParseError;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                <$type>::parse(Field::exact(text))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&Redacted(self.as_str()), f)
            }
        }
    };
}

is_its_text!(Uri);
is_its_text!(SipUri);
is_its_text!(TelUri);
is_its_text!(AbsoluteUri);
