//! The challenges of servers (RFC 3261 §25.1, RFC 7616 §3.3).

use std::borrow::Cow;
use std::fmt;

use super::params::{AuthParam, AuthParams, inner};
use super::value::{AuthValue, written};
use super::{Algorithm, Qop, auth_traits};
use crate::grammar::{is_token, trimmed};
use crate::header::{Field, fault};
use crate::{ParseError, Uri};

/// A challenge: an authentication scheme and its parameters.
///
/// ```text
/// challenge       = ("Digest" LWS digest-cln *(COMMA digest-cln)) / other-challenge
/// other-challenge = auth-scheme LWS auth-param *(COMMA auth-param)
/// digest-cln      = realm / domain / nonce / opaque / stale / algorithm / qop-options / auth-param
/// realm           = "realm" EQUAL quoted-string
/// nonce           = "nonce" EQUAL quoted-string
/// opaque          = "opaque" EQUAL quoted-string
/// domain          = "domain" EQUAL LDQUOT URI *( 1*SP URI ) RDQUOT
/// stale           = "stale" EQUAL ( "true" / "false" )
/// qop-options     = "qop" EQUAL LDQUOT qop-value *("," qop-value) RDQUOT
/// ```
///
/// The grammar is that of RFC 3261 §25.1; `userhash` and `charset` come from RFC 7616 §3.3. Other schemes,
/// such as `Bearer` (RFC 8898), are read as their parameters or as the one `token68` of RFC 7235 §2.1. They
/// have no [`algorithm`](Challenge::algorithm) and no [`qop`](Challenge::qop).
///
/// Parameters are written with quotes where the grammar has them, and read with or without quotes, because
/// senders differ. Two values are equal if they have the same parameters in any order. `Display` prints
/// everything, and `Debug` leaves out secrets.
///
/// ```
/// use spigot_parser::header::{Algorithm, Challenge, Qop};
///
/// let challenge: Challenge = "Digest realm=\"biloxi.example\", qop=\"auth,auth-int\", nonce=\"dcd98b71\", stale=TRUE".parse()?;
/// assert_eq!((challenge.realm().unwrap(), challenge.nonce().unwrap()), ("biloxi.example".into(), "dcd98b71".into()));
/// assert_eq!(challenge.algorithm(), Some(Algorithm::MD5));
/// assert!(challenge.offers(&Qop::AUTH_INT) && challenge.stale());
///
/// let challenge = Challenge::digest("biloxi.example", "dcd98b71")?
///     .with_algorithm(Algorithm::SHA_256)?
///     .with_qop([Qop::AUTH])?;
/// assert_eq!(
///     challenge.to_string(),
///     "Digest realm=\"biloxi.example\", nonce=\"dcd98b71\", algorithm=SHA-256, qop=\"auth\"",
/// );
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Challenge {
    value: AuthValue,
}

/// The parameters that are written without quotes.
///
/// RFC 7616 §3.3:
///
/// > For historical reasons, a sender MUST NOT generate the quoted string syntax values for the following
/// > parameters: stale and algorithm.
const BARE: &[&str] = &["algorithm", "stale", "userhash", "charset"];

impl Challenge {
    /// Parses a challenge from a field, sharing the field's text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value`, `Duplicate` or `TooManyParams` where the text leaves the
    /// grammar.
    pub fn parse(field: Field<'_>) -> Result<Challenge, ParseError> {
        let value = AuthValue::scan(field, check)?;
        Ok(Challenge { value })
    }

    /// Creates a Digest challenge.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if one of them holds control characters.
    pub fn digest(realm: &str, nonce: &str) -> Result<Challenge, ParseError> {
        Challenge::new("Digest", [("realm", realm), ("nonce", nonce)])
    }

    /// Creates a challenge of any scheme with the given parameters, whose values are quoted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Token`, `Value`, `Duplicate` or `TooManyParams` if they leave the
    /// grammar, which asks for one parameter at least.
    pub fn new<'a>(
        scheme: &str,
        params: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Challenge, ParseError> {
        Challenge::parse(Field::exact(&written(scheme, params, BARE)?))
    }

    /// Returns the challenge as text.
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

    /// Returns the realm, which is shown to the user and selects the credentials.
    pub fn realm(&self) -> Option<Cow<'_, str>> {
        self.params().value("realm")
    }

    /// Returns the server's nonce.
    pub fn nonce(&self) -> Option<Cow<'_, str>> {
        self.params().value("nonce")
    }

    /// Returns the `opaque` value, which the client returns unchanged.
    pub fn opaque(&self) -> Option<Cow<'_, str>> {
        self.params().value("opaque")
    }

    /// Reports whether the credentials were right but for a nonce that was too old.
    ///
    /// Any value other than `true` means that it is not so (RFC 7616 §3.3).
    pub fn stale(&self) -> bool {
        let stale = self.params().value("stale");
        stale.is_some_and(|stale| stale.eq_ignore_ascii_case("true"))
    }

    /// Returns the algorithm of a Digest challenge, which is MD5 by default.
    pub fn algorithm(&self) -> Option<Algorithm> {
        if !self.is_digest() {
            return None;
        }
        Some(match self.params().get("algorithm") {
            Some(name) => Algorithm::within(self.value.text(), inner(name)),
            None => Algorithm::MD5,
        })
    }

    /// Returns the qualities of protection that a Digest challenge offers, in their order.
    ///
    /// Old servers offer none, and the client then sends none (RFC 3261 §22.4).
    pub fn qop(&self) -> impl Iterator<Item = Qop> + '_ {
        let offered = self.params().get("qop").filter(|_| self.is_digest());
        let names = offered.into_iter().flat_map(|offered| inner(offered).split(','));
        names.map(|name| Qop::within(self.value.text(), trimmed(name)))
    }

    /// Reports whether the challenge offers the quality of protection `qop`.
    pub fn offers(&self, qop: &Qop) -> bool {
        self.qop().any(|offered| offered == *qop)
    }

    /// Returns the URIs for which the credentials are valid, as written; some servers list paths.
    pub fn domain(&self) -> impl Iterator<Item = &str> + '_ {
        let domain = self.params().get("domain");
        domain
            .into_iter()
            .flat_map(|domain| inner(domain).split_ascii_whitespace())
    }

    /// Reports whether the server accepts the hash of the username instead of the username (RFC 7616 §3.4.4).
    pub fn userhash(&self) -> bool {
        let userhash = self.params().value("userhash");
        userhash.is_some_and(|userhash| userhash.eq_ignore_ascii_case("true"))
    }

    /// Returns the encoding that the server takes names and passwords in: `UTF-8` or nothing.
    pub fn charset(&self) -> Option<Cow<'_, str>> {
        self.params().value("charset")
    }

    /// Returns the one word that some schemes have in place of parameters.
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

    /// Sets the `opaque` value.
    ///
    /// # Errors
    ///
    /// Those of [`with_param`](Challenge::with_param).
    pub fn with_opaque(self, opaque: &str) -> Result<Challenge, ParseError> {
        self.with_param("opaque", opaque)
    }

    /// Sets whether the nonce was too old, although the credentials were right.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` or `TooManyParams`.
    pub fn with_stale(self, stale: bool) -> Result<Challenge, ParseError> {
        self.with_param("stale", if stale { "true" } else { "false" })
    }

    /// Sets the algorithm.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` or `TooManyParams`.
    pub fn with_algorithm(self, algorithm: Algorithm) -> Result<Challenge, ParseError> {
        self.with_param("algorithm", algorithm.as_str())
    }

    /// Sets the qualities of protection, the preferred one first.
    ///
    /// A server has to offer one (RFC 8760 §2.6).
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` if there is none, or `TooManyParams`.
    pub fn with_qop(self, qop: impl IntoIterator<Item = Qop>) -> Result<Challenge, ParseError> {
        let mut names = String::new();
        for qop in qop {
            if !names.is_empty() {
                names.push(',');
            }
            names.push_str(qop.as_str());
        }
        self.with_param("qop", &names)
    }

    /// Sets the URIs for which the credentials are valid.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` or `TooManyParams`.
    pub fn with_domain<'a>(self, uris: impl IntoIterator<Item = &'a Uri>) -> Result<Challenge, ParseError> {
        let uris: Vec<&str> = uris.into_iter().map(Uri::as_str).collect();
        self.with_param("domain", &uris.join(" "))
    }

    /// Sets whether the server accepts the hash of the username instead of the username.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` or `TooManyParams`.
    pub fn with_userhash(self, userhash: bool) -> Result<Challenge, ParseError> {
        self.with_param("userhash", if userhash { "true" } else { "false" })
    }

    /// Sets a parameter: replaces it if it is there, appends it otherwise.
    ///
    /// The value is plain text. It is quoted where the grammar asks for quotes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Token`, `Value` or `TooManyParams` if name or value leave the
    /// grammar.
    pub fn with_param(self, name: &str, value: &str) -> Result<Challenge, ParseError> {
        let text = self.value.text_with(name, Some(value), BARE)?;
        Challenge::parse(Field::exact(&text))
    }

    /// Removes the parameter `name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if no other is left.
    pub fn without_param(self, name: &str) -> Result<Challenge, ParseError> {
        let text = self.value.text_with(name, None, BARE)?;
        Challenge::parse(Field::exact(&text))
    }

    /// Leaves out `ik` and `ck`, which are keys in the challenges of 3GPP TS 24.229 between servers.
    pub(super) fn write_redacted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = |name: &str| name.eq_ignore_ascii_case("ik") || name.eq_ignore_ascii_case("ck");
        self.value.write_redacted(|name| !secret(name), f)
    }
}

/// Checks the parameters of a Digest challenge against the grammar.
fn check(param: AuthParam<'_>) -> Result<(), ParseError> {
    let value = param.inner();
    if param.is("algorithm") && !is_token(value) {
        return fault(param.at, "an algorithm, which is a token");
    }
    if param.is("qop") && !value.split(',').all(|name| is_token(trimmed(name))) {
        return fault(param.at, "qualities of protection with commas between them");
    }
    check_userhash(param)?;
    if param.is("charset") && !value.eq_ignore_ascii_case("UTF-8") {
        return fault(param.at, "`UTF-8`");
    }
    Ok(())
}

/// Checks that the value of `userhash` is valid, by RFC 7616 §3.3:
///
/// > Valid values are: "true" or "false".
pub(super) fn check_userhash(param: AuthParam<'_>) -> Result<(), ParseError> {
    let is = |word: &str| param.inner().eq_ignore_ascii_case(word);
    match param.is("userhash") && !is("true") && !is("false") {
        true => fault(param.at, "`true` or `false`"),
        false => Ok(()),
    }
}

auth_traits!(Challenge);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::header::{ProxyAuthenticate, WwwAuthenticate, testing};
    use proptest::prelude::*;

    fn challenge(text: &str) -> Challenge {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_parameter_is_read() {
        let full = challenge(
            "Digest realm=\"api@example.org\" , qop = \"auth, auth-int ,x\",\talgorithm=SHA-512-256-sess,\
             nonce=\"5TsQWLVdgBdmrQ0XsxbDODV\",opaque=\"a\\\"b\", domain=\"sip:a.example  sips:b.example /c\",\
             charset=utf-8, userhash=True, ext=\"1\"",
        );
        assert_eq!(full.realm().unwrap(), "api@example.org");
        assert_eq!(
            full.qop().collect::<Vec<_>>(),
            [Qop::AUTH, Qop::AUTH_INT, Qop::from_token("x").unwrap()]
        );
        assert_eq!(full.algorithm(), Some(Algorithm::SHA_512_256_SESS));
        assert_eq!(
            (full.nonce().unwrap(), full.opaque().unwrap()),
            ("5TsQWLVdgBdmrQ0XsxbDODV".into(), "a\"b".into())
        );
        assert_eq!(
            full.domain().collect::<Vec<_>>(),
            ["sip:a.example", "sips:b.example", "/c"]
        );
        assert!(full.userhash() && !full.stale() && full.charset().is_some() && full.token68().is_none());
        assert_eq!(full.param("EXT").unwrap(), "1");
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let bare = challenge("digest Nonce=\"\"");
        assert_eq!(
            (bare.algorithm(), bare.qop().count(), bare.realm()),
            (Some(Algorithm::MD5), 0, None)
        );
        assert!(!bare.stale() && !bare.userhash());
        for (text, stale) in [
            ("stale=TRUE", true),
            ("stale=\"true\"", true),
            ("stale=yes", false),
            ("stale=\"\"", false),
        ] {
            assert_eq!(challenge(&format!("Digest {text}")).stale(), stale, "{text}");
        }
        let other = challenge("Bearer realm=\"a\", qop=\"auth\", algorithm=\"no token\"");
        assert_eq!((other.algorithm(), other.qop().count()), (None, 0));
        assert_eq!(challenge("NTLM TlRMTVNTUAAC==").token68(), Some("TlRMTVNTUAAC=="));
    }

    #[test]
    fn quotes_are_read_where_they_should_not_be_and_missed_where_they_should() {
        let lenient = challenge("Digest realm=biloxi, algorithm=\"SHA-256\", qop=auth, userhash=\"true\"");
        assert_eq!(lenient.realm().unwrap(), "biloxi");
        assert_eq!(lenient.algorithm(), Some(Algorithm::SHA_256));
        assert!(lenient.offers(&Qop::AUTH) && lenient.userhash());
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("Digest algorithm=\"\"", 17),
            ("Digest algorithm=\"M D5\"", 17),
            ("Digest x=1, qop=\"\"", 16),
            ("Digest qop=\"auth,\"", 11),
            ("Digest qop=\"auth auth-int\"", 11),
            ("Digest userhash=yes", 16),
            ("Digest charset=ISO-8859-1", 15),
            ("Digest realm=\"a\" nonce=\"b\"", 17),
            ("Digest realm=\"a\", Digest realm=\"b\"", 25),
            (" Digest realm=", 14),
        ] {
            assert_eq!(
                text.parse::<WwwAuthenticate>().unwrap_err().offset(),
                offset,
                "{text}"
            );
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let challenge = Challenge::digest("a", "b").unwrap();
        for evil in testing::EVIL
            .iter()
            .filter(|evil| evil.chars().any(char::is_control))
        {
            assert!(
                Challenge::digest(evil, "b").is_err() && Challenge::digest("a", evil).is_err(),
                "{evil:?}"
            );
            assert!(challenge.clone().with_opaque(evil).is_err(), "{evil:?}");
            assert!(challenge.clone().with_param("x", evil).is_err(), "{evil:?}");
        }
        for evil in testing::EVIL {
            assert!(Challenge::new(evil, [("a", "b")]).is_err(), "{evil:?}");
            assert!(challenge.clone().with_param(evil, "x").is_err(), "{evil:?}");
            assert!(
                challenge.clone().with_param("algorithm", evil).is_err(),
                "{evil:?}"
            );
            assert!(challenge.clone().with_param("qop", evil).is_err(), "{evil:?}");
        }
        assert!(Challenge::new("X", []).is_err() && challenge.clone().with_qop([]).is_err());
        assert_eq!(
            Challenge::new("X", [("a", "1"), ("A", "1")]).unwrap_err().kind(),
            ErrorKind::Duplicate
        );
        assert!(
            challenge
                .without_param("realm")
                .unwrap()
                .without_param("nonce")
                .is_err()
        );
    }

    #[test]
    fn keys_are_not_logged() {
        let keys = "Digest realm=\"a\", nonce=\"b\", ik=\"0011\", CK=\"2233\"";
        let header: WwwAuthenticate = keys.parse().unwrap();
        assert_eq!(header.to_string(), keys);
        assert_eq!(
            format!("{header:?}"),
            "WwwAuthenticate(Digest realm=\"a\", nonce=\"b\", ik=(redacted), CK=(redacted))"
        );
        assert!(format!("{:?}", challenge("NTLM abc")).contains("(NTLM (redacted))"));
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            realm in testing::line(), nonce in testing::line(), algorithm in testing::token(),
            qop in prop::collection::vec(testing::token(), 1..4), uri in testing::uri(), flags: (bool, bool),
            name in "[a-z]{1,3}-x",
        ) {
            let built = Challenge::digest(&realm, &nonce).unwrap()
                .with_opaque(&realm).unwrap()
                .with_algorithm(Algorithm::from_token(&algorithm).unwrap()).unwrap()
                .with_qop(qop.iter().map(|qop| Qop::from_token(qop).unwrap())).unwrap()
                .with_stale(flags.0).unwrap()
                .with_userhash(flags.1).unwrap()
                .with_domain([&uri, &uri]).unwrap()
                .with_param(&name, &nonce).unwrap();
            prop_assert_eq!((built.realm().unwrap(), built.nonce().unwrap()), (realm.as_str().into(), nonce.as_str().into()));
            prop_assert_eq!((built.opaque().unwrap(), built.algorithm().unwrap().to_string()), (realm.as_str().into(), algorithm));
            prop_assert_eq!((built.stale(), built.userhash()), flags);
            prop_assert_eq!(built.qop().map(|qop| qop.to_string()).collect::<Vec<_>>(), qop);
            prop_assert_eq!(built.domain().collect::<Vec<_>>(), [uri.as_str(), uri.as_str()]);
            prop_assert_eq!(built.param(&name).unwrap(), nonce);
            testing::assert_round_trip(&WwwAuthenticate::new(built.clone()));
            testing::assert_round_trip(&ProxyAuthenticate::new(built.without_param("qop").unwrap()));
        }
    }
}
