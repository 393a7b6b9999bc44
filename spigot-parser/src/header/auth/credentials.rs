//! The credentials of clients (RFC 3261 §25.1, RFC 7616 §3.4).

use std::borrow::Cow;
use std::fmt;

use super::challenge::check_userhash;
use super::extended;
use super::params::{AuthParam, AuthParams, inner};
use super::value::{AuthValue, check_scheme, is_token68, written};
use super::{Algorithm, Qop, auth_traits};
use crate::grammar::{is_token, unquote};
use crate::header::{Field, fault};
use crate::{ErrorKind, ParseError, Uri};

/// Credentials: the sender of a request, and the proof of its identity.
///
/// ```text
/// credentials    = ("Digest" LWS dig-resp *(COMMA dig-resp)) / other-response
/// other-response = auth-scheme LWS auth-param *(COMMA auth-param)
/// dig-resp       = username / realm / nonce / digest-uri / dresponse / algorithm / cnonce / opaque / message-qop /
///                  nonce-count / auth-param
/// username       = "username" EQUAL quoted-string
/// digest-uri     = "uri" EQUAL LDQUOT Request-URI RDQUOT
/// dresponse      = "response" EQUAL LDQUOT *LHEX RDQUOT
/// cnonce         = "cnonce" EQUAL quoted-string
/// message-qop    = "qop" EQUAL qop-value
/// nonce-count    = "nc" EQUAL 8LHEX
/// ```
///
/// The grammar is that of RFC 3261 §25.1 with the changes of RFC 8760 §2.6 and §2.7; `userhash` and
/// `username*` come from RFC 7616 §3.4. Other schemes, such as `Bearer` (RFC 8898), are read as their
/// parameters or as the one `token68` of RFC 7235 §2.1. So is `Basic`, which SIP servers have to refuse.
///
/// Parameters are written with quotes where the grammar has them. `algorithm`, `qop` and `nc` in quotes, as
/// some phones send them, and hexadecimal digits in upper case are accepted. The server has to check that no
/// parameter is missing. Two values are equal if they have the same parameters in any order. `Display` prints
/// everything, and `Debug` leaves out everything that is or may be secret.
///
/// ```
/// use spigot_parser::header::{Algorithm, Credentials, Qop};
///
/// let credentials: Credentials = "Digest username=\"bob\", realm=\"biloxi.example\", nonce=\"dcd98b71\", \
///     uri=\"sip:bob@biloxi.example\", qop=auth, nc=0000000a, cnonce=\"0a4f113b\", \
///     response=\"6629fae49393a05397450978507c4ef1\"".parse()?;
/// assert_eq!((credentials.username().unwrap(), credentials.qop()), ("bob".into(), Some(Qop::AUTH)));
/// assert_eq!(credentials.nonce_count(), Some(10));
/// assert_eq!(credentials.uri().unwrap().host(), Some("biloxi.example"));
///
/// let uri = "sip:biloxi.example".parse()?;
/// let credentials = Credentials::digest("bob", "biloxi.example", "dcd98b71", &uri, "6629fae49393a05397450978507c4ef1")?
///     .with_algorithm(Algorithm::MD5)?
///     .with_qop(Qop::AUTH, 1, "0a4f113b")?;
/// assert!(credentials.to_string().ends_with("algorithm=MD5, qop=auth, nc=00000001, cnonce=\"0a4f113b\""));
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Credentials {
    value: AuthValue,
    uri: Option<Uri>,
}

/// The parameters that are written without quotes.
///
/// RFC 7616 §3.4:
///
/// > For historical reasons, a sender MUST NOT generate the quoted string syntax for the following
/// > parameters: algorithm, qop, and nc.
const BARE: &[&str] = &["algorithm", "qop", "nc", "userhash", "username*"];

impl Credentials {
    /// Parses credentials from a field, sharing the field's text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value`, `Uri`, `Duplicate` or `TooManyParams` where the text leaves
    /// the grammar.
    pub fn parse(field: Field<'_>) -> Result<Credentials, ParseError> {
        let mut uri = None;
        let (mut plain, mut extended, mut hashed) = (false, None, false);
        let value = AuthValue::scan(field, |param| {
            check(param)?;
            if param.is("uri") {
                uri = Some(self::uri(field, param)?);
            }
            plain |= param.is("username");
            hashed |= param.is("userhash") && param.inner().eq_ignore_ascii_case("true");
            if param.is("username*") {
                extended = Some(param.at);
            }
            Ok(())
        })?;
        match extended {
            // RFC 7616 §3.4: "Sending both username and username* in the same header option MUST be treated
            // as an error."
            Some(at) if plain => Err(ParseError::new(
                ErrorKind::Duplicate,
                at,
                "`username` or `username*`, not both",
            )),
            Some(at) if hashed => fault(at, "`username`, where it is a hash"),
            _ => Ok(Credentials { value, uri }),
        }
    }

    /// Creates Digest credentials.
    ///
    /// `response` is the digest, which has at least 32 hexadecimal digits in lower case. It is empty before
    /// the first challenge (RFC 8760 §2.7).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if `response` is no such thing, or one of the others holds control characters.
    pub fn digest(
        username: &str,
        realm: &str,
        nonce: &str,
        uri: &Uri,
        response: &str,
    ) -> Result<Credentials, ParseError> {
        Credentials::new(
            "Digest",
            [
                ("username", username),
                ("realm", realm),
                ("nonce", nonce),
                ("uri", uri.as_str()),
                ("response", response),
            ],
        )
    }

    /// Creates credentials of any scheme with the given parameters, whose values are quoted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Token`, `Value`, `Uri`, `Duplicate` or `TooManyParams` if they leave
    /// the grammar, which asks for one parameter at least.
    pub fn new<'a>(
        scheme: &str,
        params: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Credentials, ParseError> {
        let credentials = Credentials::parse(Field::exact(&written(scheme, params, BARE)?))?;
        for (name, value) in credentials.params().filter(|_| credentials.is_digest()) {
            check_case(name, value)?;
        }
        Ok(credentials)
    }

    /// Creates credentials that are one word, such as the access token of `Bearer` (RFC 8898 §2.1).
    ///
    /// ```
    /// use spigot_parser::header::{Authorization, Credentials};
    ///
    /// let bearer = Credentials::from_token68("Bearer", "mF_9.B5f-4.1JqM")?;
    /// assert_eq!(Authorization::new(bearer.clone()).to_string(), "Bearer mF_9.B5f-4.1JqM");
    /// assert_eq!(format!("{bearer:?}"), "Credentials(Bearer (redacted))");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if `scheme` is no token, [`ErrorKind::Value`] if it is Digest or `word` no
    /// `token68`.
    pub fn from_token68(scheme: &str, word: &str) -> Result<Credentials, ParseError> {
        check_scheme(scheme)?;
        match is_token68(word) {
            true => Credentials::parse(Field::exact(&format!("{scheme} {word}"))),
            false => fault(
                0,
                "letters, digits, `-`, `.`, `_`, `~`, `+`, `/`, and `=` at the end",
            ),
        }
    }

    /// Returns the credentials as text.
    pub fn as_str(&self) -> &str {
        self.value.text()
    }

    /// Returns the scheme as written, which is compared without case.
    pub fn scheme(&self) -> &str {
        self.value.scheme()
    }

    /// Reports whether the scheme is Digest.
    pub fn is_digest(&self) -> bool {
        self.value.is_digest()
    }

    /// Returns the username, or its hash if [`userhash`](Credentials::userhash) is true.
    ///
    /// A `username*` is decoded.
    pub fn username(&self) -> Option<Cow<'_, str>> {
        let params = self.params();
        let extended = || Some(Cow::Owned(extended::decoded(params.get("username*")?)?));
        params.value("username").or_else(extended)
    }

    /// Returns the realm of the challenge that these credentials answer.
    pub fn realm(&self) -> Option<Cow<'_, str>> {
        self.params().value("realm")
    }

    /// Returns the nonce of the challenge that these credentials answer.
    pub fn nonce(&self) -> Option<Cow<'_, str>> {
        self.params().value("nonce")
    }

    /// Returns the `uri`, whose text is part of the digest.
    ///
    /// It may differ from the Request-URI, which proxies change (RFC 8760 §2.6).
    pub fn uri(&self) -> Option<&Uri> {
        self.uri.as_ref()
    }

    /// Returns the digest, which is empty or has at least 32 hexadecimal digits.
    pub fn response(&self) -> Option<Cow<'_, str>> {
        self.params().value("response")
    }

    /// Returns the algorithm of Digest credentials, which is MD5 by default.
    pub fn algorithm(&self) -> Option<Algorithm> {
        if !self.is_digest() {
            return None;
        }
        Some(match self.params().get("algorithm") {
            Some(name) => Algorithm::within(self.value.text(), inner(name)),
            None => Algorithm::MD5,
        })
    }

    /// Returns the client's nonce.
    pub fn cnonce(&self) -> Option<Cow<'_, str>> {
        self.params().value("cnonce")
    }

    /// Returns the number of requests that the client has sent with the nonce, the present one included.
    ///
    /// The digest contains the text of this parameter, `param("nc")`, which may have digits in upper case.
    pub fn nonce_count(&self) -> Option<u32> {
        nonce_count(inner(self.params().get("nc")?))
    }

    /// Returns the quality of protection that the client chose, or `None` if the challenge offered none.
    pub fn qop(&self) -> Option<Qop> {
        let qop = self.params().get("qop").filter(|_| self.is_digest())?;
        Some(Qop::within(self.value.text(), inner(qop)))
    }

    /// Returns the `opaque` value of the challenge.
    pub fn opaque(&self) -> Option<Cow<'_, str>> {
        self.params().value("opaque")
    }

    /// Reports whether the username is a hash (RFC 7616 §3.4.4).
    pub fn userhash(&self) -> bool {
        let userhash = self.params().value("userhash");
        userhash.is_some_and(|userhash| userhash.eq_ignore_ascii_case("true"))
    }

    /// Returns the one word that some schemes have instead of parameters.
    pub fn token68(&self) -> Option<&str> {
        self.value.token68()
    }

    /// Returns the parameters in their order.
    pub fn params(&self) -> AuthParams<'_> {
        self.value.params()
    }

    /// Returns the value of a parameter without its quotes.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        self.params().value(name)
    }

    /// Sets the algorithm, which is that of the challenge.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` or `TooManyParams`.
    pub fn with_algorithm(self, algorithm: Algorithm) -> Result<Credentials, ParseError> {
        self.with_param("algorithm", algorithm.as_str())
    }

    /// Sets the quality of protection, the nonce count, which begins at 1, and the client's nonce.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` if `cnonce` holds control characters, or `TooManyParams`.
    pub fn with_qop(self, qop: Qop, nonce_count: u32, cnonce: &str) -> Result<Credentials, ParseError> {
        self.with_param("qop", qop.as_str())?
            .with_param("nc", &format!("{nonce_count:08x}"))?
            .with_param("cnonce", cnonce)
    }

    /// Sets the `opaque` value of the challenge.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` if it holds control characters, or `TooManyParams`.
    pub fn with_opaque(self, opaque: &str) -> Result<Credentials, ParseError> {
        self.with_param("opaque", opaque)
    }

    /// Sets whether the username is a hash.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` or `TooManyParams`.
    pub fn with_userhash(self, userhash: bool) -> Result<Credentials, ParseError> {
        self.with_param("userhash", if userhash { "true" } else { "false" })
    }

    /// Replaces `username` by `username*`, for servers that accept no UTF-8 in quotes (RFC 7616 §3.4).
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` if it holds control characters, or `TooManyParams`.
    pub fn with_extended_username(self, name: &str) -> Result<Credentials, ParseError> {
        // The parser checks the parameters of Digest only.
        if let Some(at) = name.bytes().position(|octet| octet.is_ascii_control()) {
            return fault(at, "a name without control characters");
        }
        let text = self
            .value
            .text_with("username*", Some(&extended::written(name)), BARE)?;
        let text = AuthValue::scan(Field::exact(&text), |_| Ok(()))?.text_with("username", None, BARE)?;
        Credentials::parse(Field::exact(&text))
    }

    /// Sets a parameter: replaces it if it is there, appends it otherwise.
    ///
    /// The value is plain text. It is quoted where the grammar asks for quotes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Token`, `Value`, `Uri`, `Duplicate` or `TooManyParams` if name or
    /// value leave the grammar.
    pub fn with_param(self, name: &str, value: &str) -> Result<Credentials, ParseError> {
        if self.is_digest() {
            check_case(name, value)?;
        }
        Credentials::parse(Field::exact(&self.value.text_with(name, Some(value), BARE)?))
    }

    /// Removes the parameter `name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if no other is left.
    pub fn without_param(self, name: &str) -> Result<Credentials, ParseError> {
        Credentials::parse(Field::exact(&self.value.text_with(name, None, BARE)?))
    }

    /// Writes the parameters of Digest credentials that are known not to be secret, and leaves out all
    /// others.
    pub(super) fn write_redacted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: [&str; 10] = [
            "algorithm",
            "nc",
            "nonce",
            "opaque",
            "qop",
            "realm",
            "uri",
            "userhash",
            "username",
            "username*",
        ];
        let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
        let shown = |name: &str| match self.is_digest() {
            true => SHOWN.iter().any(|other| is(name, other)),
            false => is(name, "realm"),
        };
        self.value.write_redacted(shown, f)
    }
}

/// Checks the parameters of Digest credentials against the grammar.
fn check(param: AuthParam<'_>) -> Result<(), ParseError> {
    let value = param.inner();
    if param.is("algorithm") && !is_token(value) {
        return fault(param.at, "an algorithm, which is a token");
    }
    if param.is("qop") && !is_token(value) {
        return fault(param.at, "one quality of protection");
    }
    if param.is("nc") && nonce_count(value).is_none() {
        return fault(param.at, "a nonce count of eight hexadecimal digits");
    }
    let is_hex = value.bytes().all(|octet| octet.is_ascii_hexdigit());
    if param.is("response") && !(is_hex && (value.is_empty() || value.len() >= 32)) {
        return fault(
            param.at,
            "a response of 32 hexadecimal digits at least, or an empty one",
        );
    }
    if param.is("username*") && extended::decoded(param.value).is_none() {
        return fault(param.at, "a name as `UTF-8''`, and then octets or their escapes");
    }
    check_userhash(param)
}

/// Refuses digits in upper case, which are read but not written.
pub(super) fn check_case(name: &str, value: &str) -> Result<(), ParseError> {
    let is_hex = ["nc", "response", "rspauth"]
        .iter()
        .any(|hex| hex.eq_ignore_ascii_case(name));
    match is_hex && value.bytes().any(|octet| octet.is_ascii_uppercase()) {
        true => fault(0, "hexadecimal digits in lower case"),
        false => Ok(()),
    }
}

/// ```text
/// nc-value = 8LHEX
/// ```
pub(super) fn nonce_count(text: &str) -> Option<u32> {
    let is_one = text.len() == 8 && text.bytes().all(|octet| octet.is_ascii_hexdigit());
    u32::from_str_radix(text, 16).ok().filter(|_| is_one)
}

/// Parses the URI in `param`, sharing the text of `field` if nothing in it is escaped.
fn uri(field: Field<'_>, param: AuthParam<'_>) -> Result<Uri, ParseError> {
    let inner = param.inner();
    let quote = param.value.len() - inner.len();
    let uri = match inner.contains('\\') {
        true => Uri::parse(Field::exact(&unquote(param.value))),
        false => Uri::parse(field.narrow(inner)),
    };
    uri.map_err(|error| error.shifted(param.at + quote / 2))
}

impl PartialEq for Credentials {
    fn eq(&self, other: &Credentials) -> bool {
        self.value == other.value
    }
}

auth_traits!(Credentials);

#[cfg(test)]
mod tests;
