//! What a client answers: the credentials of RFC 3261 §25.1 and RFC 7616 §3.4.

use std::borrow::Cow;
use std::fmt;

use super::challenge::check_userhash;
use super::extended;
use super::params::{AuthParams, Place, inner};
use super::value::{AuthValue, check_scheme, is_token68, written};
use super::{Algorithm, Qop, auth_traits};
use crate::grammar::{is_token, unquote};
use crate::header::{Field, fault};
use crate::{ErrorKind, ParseError, Uri};

/// Credentials: who sends the request, and the proof of it.
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
/// The grammar is that of RFC 3261 §25.1 as RFC 8760 §2.6 and §2.7 change it; `userhash` and `username*` come from
/// RFC 7616 §3.4. Other schemes, such as `Bearer` (RFC 8898), are read as their parameters or as the one `token68` of
/// RFC 7235 §2.1. `Basic` is one of them: SIP forbids to accept it, which is for the server to do.
///
/// What is written has quotes just where the grammar has them. Read are also `algorithm`, `qop` and `nc` in quotes, as
/// some phones send them, and hexadecimal digits in upper case. A parameter that is missing is for the server to miss.
/// Two are equal if they hold the same parameters in whatever order. `Display` prints all, `Debug` leaves out whatever
/// is, or may be, secret.
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
/// > For historical reasons, a sender MUST NOT generate the quoted string syntax for the following parameters:
/// > algorithm, qop, and nc.
const BARE: &[&str] = &["algorithm", "qop", "nc", "userhash", "username*"];

impl Credentials {
    /// Parses credentials out of a field, sharing the field's text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value`, `Uri`, `Duplicate` or `TooManyParams` where the text leaves the
    /// grammar.
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
            // RFC 7616 §3.4: "Sending both username and username* in the same header option MUST be treated as an error."
            Some(at) if plain => Err(ParseError::new(
                ErrorKind::Duplicate,
                at,
                "`username` or `username*`, not both",
            )),
            Some(at) if hashed => fault(at, "`username`, where it is a hash"),
            _ => Ok(Credentials { value, uri }),
        }
    }

    /// Digest credentials. `response` is the digest, of 32 hexadecimal digits at least and in lower case; it is empty
    /// before there was a challenge (RFC 8760 §2.7).
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

    /// Credentials of any scheme, with these parameters; their values are quoted here.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Token`, `Value`, `Uri`, `Duplicate` or `TooManyParams` if they leave the
    /// grammar, which asks for one parameter at least.
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

    /// Credentials that are one word: the access token of `Bearer` (RFC 8898 §2.1).
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
    /// [`ErrorKind::Token`] if `scheme` is no token, [`ErrorKind::Value`] if it is Digest or `word` no `token68`.
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

    /// The text.
    pub fn as_str(&self) -> &str {
        self.value.text()
    }

    /// The scheme as written; schemes have no case.
    pub fn scheme(&self) -> &str {
        self.value.scheme()
    }

    /// Whether the scheme is Digest.
    pub fn is_digest(&self) -> bool {
        self.value.is_digest()
    }

    /// The user's name in the realm, or its hash if [`userhash`](Credentials::userhash) says so; decoded if it came as
    /// `username*`.
    pub fn username(&self) -> Option<Cow<'_, str>> {
        let params = self.params();
        let extended = || Some(Cow::Owned(extended::decoded(params.get("username*")?)?));
        params.value("username").or_else(extended)
    }

    /// The realm of the challenge that is answered.
    pub fn realm(&self) -> Option<Cow<'_, str>> {
        self.params().value("realm")
    }

    /// The nonce of the challenge that is answered.
    pub fn nonce(&self) -> Option<Cow<'_, str>> {
        self.params().value("nonce")
    }

    /// The Request-URI that the client hashed; its text is what goes into the digest. Proxies change the one of the
    /// request, so that the two may differ (RFC 8760 §2.6).
    pub fn uri(&self) -> Option<&Uri> {
        self.uri.as_ref()
    }

    /// The digest, in hexadecimal digits: none or 32 at least.
    pub fn response(&self) -> Option<Cow<'_, str>> {
        self.params().value("response")
    }

    /// The algorithm of Digest credentials: MD5 where none is named.
    pub fn algorithm(&self) -> Option<Algorithm> {
        if !self.is_digest() {
            return None;
        }
        Some(match self.params().get("algorithm") {
            Some(name) => Algorithm::within(self.value.text(), inner(name)),
            None => Algorithm::MD5,
        })
    }

    /// The client's nonce.
    pub fn cnonce(&self) -> Option<Cow<'_, str>> {
        self.params().value("cnonce")
    }

    /// How many requests the client has sent with the nonce, this one included. What goes into the digest is the text
    /// of it, `param("nc")`, whose digits a client may have written in upper case.
    pub fn nonce_count(&self) -> Option<u32> {
        nonce_count(inner(self.params().get("nc")?))
    }

    /// The quality of protection that the client chose; none if the challenge offered none.
    pub fn qop(&self) -> Option<Qop> {
        let qop = self.params().get("qop").filter(|_| self.is_digest())?;
        Some(Qop::within(self.value.text(), inner(qop)))
    }

    /// What the challenge gave to be given back.
    pub fn opaque(&self) -> Option<Cow<'_, str>> {
        self.params().value("opaque")
    }

    /// Whether the username is a hash (RFC 7616 §3.4.4).
    pub fn userhash(&self) -> bool {
        let userhash = self.params().value("userhash");
        userhash.is_some_and(|userhash| userhash.eq_ignore_ascii_case("true"))
    }

    /// The one word that some schemes have in place of parameters.
    pub fn token68(&self) -> Option<&str> {
        self.value.token68()
    }

    /// The parameters, in their order.
    pub fn params(&self) -> AuthParams<'_> {
        self.value.params()
    }

    /// The value of a parameter, without its quotes.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        self.params().value(name)
    }

    /// With an algorithm, which is that of the challenge.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` or `TooManyParams`.
    pub fn with_algorithm(self, algorithm: Algorithm) -> Result<Credentials, ParseError> {
        self.with_param("algorithm", algorithm.as_str())
    }

    /// With a quality of protection, and what goes with it: the nonce count, from 1, and the client's nonce.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` if `cnonce` holds control characters, or `TooManyParams`.
    pub fn with_qop(self, qop: Qop, nonce_count: u32, cnonce: &str) -> Result<Credentials, ParseError> {
        self.with_param("qop", qop.as_str())?
            .with_param("nc", &format!("{nonce_count:08x}"))?
            .with_param("cnonce", cnonce)
    }

    /// With the opaque of the challenge.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` if it holds control characters, or `TooManyParams`.
    pub fn with_opaque(self, opaque: &str) -> Result<Credentials, ParseError> {
        self.with_param("opaque", opaque)
    }

    /// With the statement whether the username is a hash.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` or `TooManyParams`.
    pub fn with_userhash(self, userhash: bool) -> Result<Credentials, ParseError> {
        self.with_param("userhash", if userhash { "true" } else { "false" })
    }

    /// With the name as `username*`, in place of `username`: for servers that take no UTF-8 in quotes (RFC 7616 §3.4).
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` if it holds control characters, or `TooManyParams`.
    pub fn with_extended_username(self, name: &str) -> Result<Credentials, ParseError> {
        // The parser looks at the parameters of Digest only.
        if let Some(at) = name.bytes().position(|octet| octet.is_ascii_control()) {
            return fault(at, "a name without control characters");
        }
        let text = self
            .value
            .text_with("username*", Some(&extended::written(name)), BARE)?;
        let text = AuthValue::scan(Field::exact(&text), |_| Ok(()))?.text_with("username", None, BARE)?;
        Credentials::parse(Field::exact(&text))
    }

    /// With one parameter set: in its place if it is there, at the end otherwise. The value is plain text, which is
    /// quoted here, or not, as the grammar has it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Token`, `Value`, `Uri`, `Duplicate` or `TooManyParams` if name or value leave
    /// the grammar.
    pub fn with_param(self, name: &str, value: &str) -> Result<Credentials, ParseError> {
        if self.is_digest() {
            check_case(name, value)?;
        }
        Credentials::parse(Field::exact(&self.value.text_with(name, Some(value), BARE)?))
    }

    /// Without the parameter of that name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if no other is left.
    pub fn without_param(self, name: &str) -> Result<Credentials, ParseError> {
        Credentials::parse(Field::exact(&self.value.text_with(name, None, BARE)?))
    }

    /// What is in Digest credentials and known not to be secret is shown, and nothing else.
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

/// What the grammar says of the parameters of Digest credentials.
fn check(param: Place<'_>) -> Result<(), ParseError> {
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

/// The URI in `param`, which shares the text of `field` if nothing in it is escaped.
fn uri(field: Field<'_>, param: Place<'_>) -> Result<Uri, ParseError> {
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
mod tests {
    use super::*;
    use crate::header::{Authorization, ProxyAuthorization, testing};
    use bytestring::ByteString;
    use proptest::prelude::*;

    const RESPONSE: &str = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";

    fn credentials(text: &str) -> Credentials {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_parameter_is_read() {
        let full = credentials(&format!(
            "DIGEST username=\"Muf\\\"asa\",realm=\"r\",uri=\"sip:a@b;x=1\", algorithm=SHA-256 , nonce = \"7y\",\
             nc=0000000A,cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\",qop=auth-int,response=\"{RESPONSE}\",\
             opaque=\"FQ\",userhash=true, integrity-protected=\"yes\""
        ));
        assert_eq!(
            (full.username().unwrap(), full.realm().unwrap()),
            ("Muf\"asa".into(), "r".into())
        );
        assert_eq!(
            (full.uri().unwrap().as_str(), full.nonce().unwrap()),
            ("sip:a@b;x=1", "7y".into())
        );
        assert_eq!(
            (full.algorithm(), full.qop()),
            (Some(Algorithm::SHA_256), Some(Qop::AUTH_INT))
        );
        assert_eq!(
            (full.nonce_count(), full.response().unwrap()),
            (Some(10), RESPONSE.into())
        );
        assert_eq!(
            full.cnonce().unwrap(),
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
        );
        assert_eq!((full.opaque().unwrap(), full.userhash()), ("FQ".into(), true));
        assert_eq!(full.param("integrity-protected").unwrap(), "yes");
    }

    #[test]
    fn quotes_that_should_not_be_there_are_read() {
        let lenient = credentials(
            "Digest algorithm=\"MD5\", qop=\"auth\", nc=\"00000001\", userhash=\"false\", realm=r",
        );
        assert_eq!(
            (lenient.algorithm(), lenient.qop()),
            (Some(Algorithm::MD5), Some(Qop::AUTH))
        );
        assert_eq!(
            (lenient.nonce_count(), lenient.realm().unwrap()),
            (Some(1), "r".into())
        );
        let escaped = credentials("Digest uri=\"sip:\\a@b\"");
        assert_eq!(escaped.uri().unwrap().as_str(), "sip:a@b");
    }

    #[test]
    fn names_come_in_two_forms() {
        let decoded = credentials("Digest username*=UTF-8''J%C3%A4s%c3%B8n%20Doe");
        assert_eq!(decoded.username().unwrap(), "Jäsøn Doe");
        assert_eq!(credentials("Digest realm=x").username(), None);
        let two = "Digest username=\"a\", username*=UTF-8''a"
            .parse::<Credentials>()
            .unwrap_err();
        assert_eq!((two.kind(), two.offset()), (ErrorKind::Duplicate, 31));

        let uri = "sip:a".parse().unwrap();
        let built = Credentials::digest("x", "r", "n", &uri, "")
            .unwrap()
            .with_extended_username("Jäs ø*'\"")
            .unwrap();
        assert_eq!(built.username().unwrap(), "Jäs ø*'\"");
        assert!(
            built
                .as_str()
                .ends_with("response=\"\", username*=UTF-8''J%C3%A4s%20%C3%B8%2A%27%22")
        );
        assert!(built.with_userhash(true).is_err());
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("Digest algorithm=\"\"", 17),
            ("Digest qop=\"auth,auth-int\"", 11),
            ("Digest nc=1", 10),
            ("Digest nc=0000000g", 10),
            ("Digest nc=+0000001", 10),
            ("Digest nc=000000001", 10),
            ("Digest response=\"0\"", 16),
            ("Digest response=\"7587245234b3434cc3412213e5f113aZ\"", 16),
            ("Digest userhash=1", 16),
            ("Digest uri=sip:a@b", 14),
            ("Digest uri=a", 12),
            ("Digest uri=\"\"", 12),
            ("Digest uri=\"sip:a@b c\"", 19),
            ("Digest username*=ISO-8859-1''a", 17),
            ("Digest username*=UTF-8''a, userhash=true", 17),
            ("Digest realm=\"a\", realm=\"a\"", 18),
            ("Digest", 6),
        ] {
            let error = text.parse::<Authorization>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let uri: Uri = "sip:a".parse().unwrap();
        let good = Credentials::digest("u", "r", "n", &uri, "").unwrap();
        for evil in testing::EVIL
            .iter()
            .filter(|evil| evil.chars().any(char::is_control))
        {
            assert!(Credentials::digest(evil, "r", "n", &uri, "").is_err(), "{evil:?}");
            assert!(Credentials::digest("u", evil, "n", &uri, "").is_err(), "{evil:?}");
            assert!(Credentials::digest("u", "r", evil, &uri, "").is_err(), "{evil:?}");
            assert!(
                good.clone().with_opaque(evil).is_err() && good.clone().with_qop(Qop::AUTH, 1, evil).is_err()
            );
            assert!(good.clone().with_extended_username(evil).is_err(), "{evil:?}");
            assert!(good.clone().with_param("x", evil).is_err(), "{evil:?}");
        }
        for evil in testing::EVIL {
            assert!(
                Credentials::digest("u", "r", "n", &uri, evil).is_err(),
                "{evil:?}"
            );
            assert!(Credentials::from_token68(evil, "x").is_err(), "{evil:?}");
            assert!(Credentials::from_token68("X", evil).is_err(), "{evil:?}");
            assert!(
                Credentials::new(evil, [("a", "b")]).is_err() && good.clone().with_param(evil, "x").is_err()
            );
            for name in [
                "algorithm",
                "qop",
                "nc",
                "userhash",
                "username*",
                "uri",
                "response",
            ] {
                assert!(good.clone().with_param(name, evil).is_err(), "{name} {evil:?}");
            }
        }
        assert!(Credentials::digest("u", "r", "n", &uri, &RESPONSE.to_uppercase()).is_err());
        assert!(
            good.clone().with_param("NC", "0000000A").is_err() && good.with_param("nc", "0000000a").is_ok()
        );
        let upper = credentials(&format!("Digest response=\"{}\"", RESPONSE.to_uppercase()));
        assert!(upper.with_opaque("a").is_ok() && Credentials::new("X", [("response", "Ab=")]).is_ok());
        assert!(Credentials::from_token68("Digest", "abc").is_err() && Credentials::new("X", []).is_err());
        assert!(
            Credentials::from_token68("X", "abc")
                .unwrap()
                .with_param("a", "b")
                .is_err()
        );
    }

    #[test]
    fn secrets_are_printed_and_not_logged() {
        let text =
            format!("Digest username=\"a\", response=\"{RESPONSE}\", cnonce=\"b\", auts=\"c\", nc=00000001");
        let header: Authorization = text.parse().unwrap();
        assert_eq!(header.to_string(), text);
        assert_eq!(
            format!("{header:?}"),
            "Authorization(Digest username=\"a\", response=(redacted), cnonce=(redacted), auts=(redacted), nc=00000001)"
        );
        assert_eq!(
            format!("{:?}", credentials("X realm=\"a\", username=\"b\"")),
            "Credentials(X realm=\"a\", username=(redacted))"
        );
        assert_eq!(
            format!("{:?}", credentials("Basic QWxhZGRpbg==")),
            "Credentials(Basic (redacted))"
        );
        assert_eq!(format!("{:?}", credentials("X a=1").params()), "[\"a\"]");
    }

    #[test]
    fn the_uri_shares_the_text_of_the_message() {
        let head = ByteString::from("Digest uri=\"sip:a@b\"");
        let parsed = Credentials::parse(Field::within(&head, &head)).unwrap();
        assert_eq!(parsed.uri().unwrap().as_str().as_ptr(), head[12..].as_ptr());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            texts in prop::collection::vec(testing::line(), 5), uri in testing::uri(), response in "([0-9a-f]{32,64})?",
            algorithm in testing::token(), qop in testing::token(), count: u32, word in "[A-Za-z0-9._~+/-]{1,9}={0,2}",
            extended: bool,
        ) {
            let [username, realm, nonce, cnonce, opaque] = &*texts else { unreachable!() };
            let mut built = Credentials::digest(username, realm, nonce, &uri, &response).unwrap()
                .with_algorithm(Algorithm::from_token(&algorithm).unwrap()).unwrap()
                .with_qop(Qop::from_token(&qop).unwrap(), count, cnonce).unwrap()
                .with_opaque(opaque).unwrap()
                .with_userhash(false).unwrap()
                .with_param("x", username).unwrap();
            if extended {
                built = built.with_extended_username(username).unwrap();
            }
            prop_assert_eq!(built.username().unwrap(), username.as_str());
            prop_assert_eq!((built.realm().unwrap(), built.nonce().unwrap()), (realm.into(), nonce.into()));
            prop_assert_eq!((built.uri().unwrap().as_str(), built.response().unwrap()), (uri.as_str(), response.as_str().into()));
            prop_assert_eq!((built.nonce_count(), built.cnonce().unwrap()), (Some(count), cnonce.into()));
            prop_assert_eq!((built.opaque().unwrap(), built.param("x").unwrap()), (opaque.into(), username.into()));
            testing::assert_round_trip(&Authorization::new(built.clone()));
            testing::assert_round_trip(&ProxyAuthorization::new(built.without_param("OPAQUE").unwrap()));
            let word = Credentials::from_token68(&algorithm, &word).unwrap();
            testing::assert_round_trip(&Authorization::new(word));
        }
    }

    #[test]
    fn a_name_without_control_characters_is_asked_of_every_scheme() {
        for text in ["Digest realm=a", "Other realm=a"] {
            let credentials: Credentials = text.parse().unwrap();
            let error = credentials.clone().with_extended_username("a\0b").unwrap_err();
            assert_eq!((error.kind(), error.offset()), (ErrorKind::Value, 1), "{text}");
            let named = credentials.with_extended_username("é").unwrap();
            assert_eq!(named.username().as_deref(), Some("é"), "{text}");
        }
    }
}
