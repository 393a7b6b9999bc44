//! The Identity header, which is a signature over caller and callee (RFC 8224).

use std::borrow::Cow;

use super::parametrized::{Parametrized, param_accessors};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{
    Class, Parsed, Span, alphanum_and, class, class_end, expected, is_token, prefix, separator, token,
    unquote,
};
use crate::params;
use crate::{ErrorKind, HeaderName, ParseError, Uri};

/// An Identity header: a PASSporT (RFC 8225), and the URI of the certificate that signed it.
///
/// ```text
/// Identity               = "Identity" HCOLON signed-identity-digest SEMI ident-info *( SEMI ident-info-params )
/// signed-identity-digest = 1*(base64-char / ".")
/// ident-info             = "info" EQUAL ident-info-uri
/// ident-info-uri         = LAQUOT absoluteURI RAQUOT
/// ident-info-params      = ident-info-alg / ident-type / ident-info-extension
/// ident-info-alg         = "alg" EQUAL token
/// ident-type             = "ppt" EQUAL token
/// ident-info-extension   = generic-param
/// base64-char            = ALPHA / DIGIT / "/" / "+"
/// ```
///
/// The grammar is that of [RFC 8224 §4](https://www.rfc-editor.org/rfc/rfc8224#section-4). As in the examples
/// there, `-` and `_` of the URL-safe base64 are accepted, too. Some senders quote `alg` and `ppt`, which is
/// accepted. The header of RFC 4474, a signature in quotes, is refused.
///
/// What the peer of a TLS connection has proved to be is another type, `spigot::Identity`.
///
/// A message may have several, each in a line of its own. Two values are equal if all their parts are equal,
/// the URI octet by octet.
///
/// ```
/// use spigot_parser::header::Identity;
///
/// let identity: Identity = "..rq3pjT1hoRwakEGjHCnWSw;info=<https://cert.example.org/passport.cer>;ppt=shaken".parse()?;
/// assert!(identity.is_compact());
/// assert_eq!((identity.algorithm(), identity.passport_type()), ("ES256".into(), Some("shaken".into())));
///
/// let identity = Identity::new("eyJhbGciOi.eyJkZXN0.rq3pjT", &"https://cert.example.org/passport.cer".parse()?)?;
/// assert_eq!(
///     identity.with_passport_type("shaken")?.to_string(),
///     "eyJhbGciOi.eyJkZXN0.rq3pjT;info=<https://cert.example.org/passport.cer>;ppt=shaken",
/// );
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Identity {
    /// The value before the parameters is the digest and `info`.
    text: Parametrized,
    info: Uri,
    digest_end: u32,
}

static DIGEST: Class = alphanum_and(b"/+.-_");

impl Identity {
    /// Creates a header of the PASSporT `digest`, whose certificate is at `info`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if `digest` is empty or not made of the letters of base64 and dots.
    pub fn new(digest: &str, info: &Uri) -> Result<Identity, ParseError> {
        match !digest.is_empty() && class_end(&DIGEST, digest.as_bytes(), 0) == digest.len() {
            true => Identity::parse(Field::exact(&format!("{digest};info=<{info}>"))),
            false => fault(0, "a signed identity digest"),
        }
    }

    /// Returns the PASSporT, in its full or compact form.
    pub fn digest(&self) -> &str {
        &self.text.value()[..self.digest_end as usize]
    }

    /// Reports whether the PASSporT is compact, without the header and payload that it signs (RFC 8225 §7).
    ///
    /// They have to be built from the request.
    pub fn is_compact(&self) -> bool {
        self.digest().starts_with("..")
    }

    /// Returns the URI of the certificate, which has to be the text of `x5u` in the PASSporT.
    pub fn info(&self) -> &Uri {
        &self.info
    }

    /// Returns the algorithm of the signature, which is `ES256` by default.
    pub fn algorithm(&self) -> Cow<'_, str> {
        self.params().value("alg").unwrap_or("ES256".into())
    }

    /// Returns the PASSporT extension (`ppt`).
    pub fn passport_type(&self) -> Option<Cow<'_, str>> {
        self.params().value("ppt")
    }

    /// Sets the algorithm.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if it is no token, [`ErrorKind::TooManyParams`].
    pub fn with_algorithm(self, algorithm: &str) -> Result<Identity, ParseError> {
        self.with_token("alg", algorithm)
    }

    /// Sets the PASSporT extension (`ppt`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if it is no token, [`ErrorKind::TooManyParams`].
    pub fn with_passport_type(self, ppt: &str) -> Result<Identity, ParseError> {
        self.with_token("ppt", ppt)
    }

    fn with_token(self, name: &str, value: &str) -> Result<Identity, ParseError> {
        match is_token(value) {
            true => self.with_param(name, Some(value)),
            false => Err(ParseError::new(ErrorKind::Token, 0, "a token")),
        }
    }
}

param_accessors!(Identity);

impl TypedHeader for Identity {
    const NAME: HeaderName = HeaderName::IDENTITY;
    const SHAPE: Shape = Shape::Lines;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let (_, digest_end) = prefix(text, class(&DIGEST, "a signed identity digest"))?;
        let info = (
            separator(';', "`;` and `info`"),
            token("`info`"),
            separator('=', "`=` after `info`"),
        );
        let (((), name, ()), at) =
            prefix(&text[digest_end..], info).map_err(|error| error.shifted(digest_end))?;
        let at = digest_end + at;
        if !name.eq_ignore_ascii_case("info") {
            return fault(
                Span::within(text, name).start(),
                "`info`, before other parameters",
            );
        }
        let (uri, length) = prefix(&text[at..], bracketed).map_err(|error| error.shifted(at))?;
        let info = Uri::parse(value.narrow(uri)).map_err(|error| error.shifted(at + 1))?;
        let text = Parametrized::scan(value, at + length, |param| {
            let is = |name: &str| param.name(text).eq_ignore_ascii_case(name);
            if is("info") {
                return Err(ParseError::new(
                    ErrorKind::Duplicate,
                    param.name.0,
                    "each parameter once",
                ));
            }
            let inner = param.value(text).map(unquote);
            match (is("alg") || is("ppt")) && !inner.is_some_and(|inner| is_token(&inner)) {
                true => fault(param.at(), "a token"),
                false => Ok(()),
            }
        })?;
        Ok(Identity {
            text,
            info,
            digest_end: digest_end as u32,
        })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

/// Parses what is in angle brackets.
fn bracketed(input: &str) -> Parsed<'_, &str> {
    let Some(rest) = input.strip_prefix('<') else {
        return expected(input, "`<` before the URI");
    };
    match rest.split_once('>') {
        Some((uri, rest)) => Ok((rest, uri)),
        None => expected("", "`>` after the URI"),
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Identity) -> bool {
        self.digest() == other.digest()
            && self.info.as_str() == other.info.as_str()
            && params::agree(self.params(), other.params(), |_| true)
    }
}

text_traits!(Identity);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::header::testing;
    use bytestring::ByteString;
    use proptest::prelude::*;

    const INFO: &str = "https://cert.example.org/passport.cer";

    #[test]
    fn the_parts_of_an_identity() {
        let full: Identity = format!("eyJ-_.e/J+.r3 ; INFO = <{INFO}> ; alg=\"ES384\";ppt=\"shaken\";x")
            .parse()
            .unwrap();
        assert_eq!((full.digest(), full.info().as_str()), ("eyJ-_.e/J+.r3", INFO));
        assert_eq!(
            (full.algorithm(), full.passport_type()),
            ("ES384".into(), Some("shaken".into()))
        );
        assert!(!full.is_compact() && full.param("x") == Some(None));
        let bare: Identity = format!("..a;info=<{INFO}>").parse().unwrap();
        assert_eq!((bare.algorithm(), bare.passport_type()), ("ES256".into(), None));
        assert_ne!(bare, full);
        assert_eq!(bare, format!("..a ;info=<{INFO}>").parse().unwrap());
        assert_ne!(
            bare,
            format!("..a;info=<{}>", INFO.to_uppercase()).parse().unwrap()
        );
    }

    #[test]
    fn there_may_be_several_in_either_form_of_the_name() {
        let request = Request::parse(format!(
            "INVITE sip:a SIP/2.0\r\nIdentity: ..a;info=<https://a/b,c>\r\ny: ..b;info=<{INFO}>;ppt=div\r\n\r\n"
        ))
        .unwrap();
        let all: Vec<Identity> = request.headers().all().collect::<Result<_, _>>().unwrap();
        assert_eq!(
            all.iter().map(Identity::digest).collect::<Vec<_>>(),
            ["..a", "..b"]
        );
        assert_eq!(all[0].info().as_str(), "https://a/b,c");
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("\"a\"", 0),
            (";info=<https://a>", 0),
            ("a", 1),
            ("a=;info=<https://a>", 1),
            ("a b;info=<https://a>", 2),
            ("a;alg=ES256;info=<https://a>", 2),
            ("a;info", 6),
            ("a;info=https://a", 7),
            ("a;info=<https://a", 17),
            ("a;info=<>", 8),
            ("a;info=<a b>", 9),
            ("a;info=<https://a>;alg", 22),
            ("a;info=<https://a>;ppt=\"a b\"", 23),
            ("a;info=<https://a>;info=b", 19),
            ("a;info=<https://a>,b", 18),
        ] {
            let error = text.parse::<Identity>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let info: Uri = INFO.parse().unwrap();
        let identity = Identity::new("a", &info).unwrap();
        for evil in testing::EVIL {
            assert!(
                Identity::new(evil, &info).is_err() && identity.clone().with_algorithm(evil).is_err(),
                "{evil:?}"
            );
            assert!(identity.clone().with_passport_type(evil).is_err(), "{evil:?}");
            assert!(identity.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
        }
        for digest in ["", " a", "a ", "a;info=<https://b>;x", "\"a\"", "a=="] {
            assert!(Identity::new(digest, &info).is_err(), "{digest}");
        }
        assert!(identity.with_param("info", Some("b")).is_err());
    }

    #[test]
    fn the_uri_shares_the_text_of_the_message() {
        let head = ByteString::from("..a;info=<https://a>");
        let parsed = Identity::parse(Field::within(&head, &head)).unwrap();
        assert_eq!(parsed.info().as_str().as_ptr(), head[10..].as_ptr());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            digest in "[A-Za-z0-9/+._-]{1,40}", info in testing::uri(), token in testing::token(), value in testing::param_value(),
        ) {
            let identity = Identity::new(&digest, &info).unwrap()
                .with_algorithm(&token).unwrap()
                .with_passport_type(&token).unwrap()
                .with_param("x", value.as_deref()).unwrap();
            prop_assert_eq!((identity.digest(), identity.info().as_str()), (&*digest, info.as_str()));
            prop_assert_eq!((identity.algorithm(), identity.passport_type()), (token.as_str().into(), Some(token.as_str().into())));
            testing::assert_round_trip(&identity);
        }
    }
}
