//! An authentication scheme with its parameters or one word: the form of challenges and credentials.
//!
//! The one invariant: the text of an [`AuthValue`] was scanned to its end.

use std::fmt;

use bytestring::ByteString;

use super::params::{AuthParam, AuthParams, REDACTED, agree, scan, write_param, write_redacted, write_with};
use crate::grammar::{Class, alphanum_and, blanks_end, class_end, is_token, token_end};
use crate::header::{Field, fault};
use crate::{ErrorKind, ParseError};

/// The form `auth-scheme LWS ( token68 / auth-param *(COMMA auth-param) )`.
#[derive(Clone)]
pub(super) struct AuthValue {
    text: ByteString,
    scheme_end: u32,
    /// The offset of the parameters, or the end of the text if there is a token68 instead.
    params: u32,
}

impl AuthValue {
    /// Scans a field, and calls `each` with every parameter if the scheme is Digest.
    ///
    /// # Errors
    ///
    /// Those of [`scan`].
    pub(super) fn scan<'a>(
        field: Field<'a>,
        each: impl FnMut(AuthParam<'a>) -> Result<(), ParseError>,
    ) -> Result<AuthValue, ParseError> {
        let text = field.as_str();
        let scheme_end = token_end(text.as_bytes(), 0);
        if scheme_end == 0 {
            return fault(0, "an authentication scheme");
        }
        let mut params = blanks_end(text.as_bytes(), scheme_end);
        if params == scheme_end {
            return fault(params, "a blank after the authentication scheme");
        }
        if is_digest(&text[..scheme_end]) {
            scan(text, params, each)?;
        } else if is_token68(&text[params..]) {
            params = text.len();
        } else {
            scan(text, params, |_| Ok(()))?;
        }
        Ok(AuthValue {
            text: field.share(),
            scheme_end: scheme_end as u32,
            params: params as u32,
        })
    }

    pub(super) fn text(&self) -> &ByteString {
        &self.text
    }

    pub(super) fn scheme(&self) -> &str {
        &self.text[..self.scheme_end as usize]
    }

    pub(super) fn is_digest(&self) -> bool {
        is_digest(self.scheme())
    }

    pub(super) fn token68(&self) -> Option<&str> {
        let at = blanks_end(self.text.as_bytes(), self.scheme_end as usize);
        let after = &self.text[at..];
        self.params().is_empty().then_some(after)
    }

    pub(super) fn params(&self) -> AuthParams<'_> {
        AuthParams::of(&self.text[self.params as usize..])
    }

    /// Writes the text with a parameter replaced, appended or removed.
    ///
    /// The header parses the result.
    pub(super) fn text_with(
        &self,
        name: &str,
        setting: Option<&str>,
        bare: &[&str],
    ) -> Result<String, ParseError> {
        if self.token68().is_some() {
            return fault(0, "credentials with parameters");
        }
        let mut text = String::with_capacity(self.text.len() + name.len() + setting.map_or(0, str::len) + 8);
        text.push_str(self.scheme());
        text.push(' ');
        write_with(self.params(), name, setting, bare, &mut text)?;
        Ok(text)
    }

    /// Writes the value for a log, without a token68 and without the parameters that are not `shown`.
    pub(super) fn write_redacted(
        &self,
        shown: impl Fn(&str) -> bool,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        write!(f, "{} ", self.scheme())?;
        match self.token68() {
            Some(_) => f.write_str(REDACTED),
            None => write_redacted(self.params(), shown, f),
        }
    }
}

impl PartialEq for AuthValue {
    fn eq(&self, other: &AuthValue) -> bool {
        self.scheme().eq_ignore_ascii_case(other.scheme())
            && self.token68() == other.token68()
            && agree(self.params(), other.params())
    }
}

/// Writes `scheme` and the given parameters.
pub(super) fn written<'a>(
    scheme: &str,
    params: impl IntoIterator<Item = (&'a str, &'a str)>,
    bare: &[&str],
) -> Result<String, ParseError> {
    check_scheme(scheme)?;
    let mut text = format!("{scheme} ");
    for (name, value) in params {
        write_param(name, value, bare, &mut text)?;
    }
    Ok(text)
}

/// Checks that the scheme is a token.
pub(super) fn check_scheme(scheme: &str) -> Result<(), ParseError> {
    match is_token(scheme) {
        true => Ok(()),
        false => Err(ParseError::new(
            ErrorKind::Token,
            0,
            "an authentication scheme, which is a token",
        )),
    }
}

fn is_digest(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("Digest")
}

/// ```text
/// token68 = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
/// ```
pub(super) fn is_token68(text: &str) -> bool {
    static TOKEN68: Class = alphanum_and(b"-._~+/");
    let bytes = text.as_bytes();
    let end = class_end(&TOKEN68, bytes, 0);
    end > 0 && bytes[end..].iter().all(|octet| *octet == b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<AuthValue, ParseError> {
        AuthValue::scan(Field::exact(text), |_| Ok(()))
    }

    #[test]
    fn the_iterator_reads_what_the_scanner_took() {
        let read = |text| {
            let scanned = value(text).unwrap();
            let params: Vec<(String, String)> = scanned
                .params()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            (scanned.token68().map(str::to_owned), params)
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            read("Digest \t a = b ,c=\"d, \\\"e=f\" ,\tx*=UTF-8''%c3#"),
            (
                None,
                vec![
                    pair("a", "b"),
                    pair("c", "\"d, \\\"e=f\""),
                    pair("x*", "UTF-8''%c3#")
                ]
            )
        );
        assert_eq!(
            read("Basic QWxhZGRpbjpvcGVu+/=="),
            (Some("QWxhZGRpbjpvcGVu+/==".into()), vec![])
        );
        assert_eq!(read("X a="), (Some("a=".into()), vec![]));
        assert_eq!(read("X a=b"), (None, vec![pair("a", "b")]));
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_does() {
        for (text, offset) in [
            ("", 0),
            ("\"Digest\" a=b", 0),
            ("Digest", 6),
            ("Digest,", 6),
            ("Digest a", 8),
            ("Digest a=", 9),
            ("Digest a=b c=d", 11),
            ("Digest a=b,", 11),
            ("Digest a=b,,c=d", 11),
            ("Digest a=b, Digest c=d", 19),
            ("Digest ,a=b", 7),
            ("Digest a=\"b", 9),
            ("Digest a=\"b\"c", 12),
            ("Digest a=b/c", 10),
            ("Digest a=[::1]", 9),
            ("Digest a=é", 9),
            ("Basic a b", 8),
            ("Basic =", 6),
            ("Basic a==b", 8),
        ] {
            let error = value(text).map(drop).unwrap_err();
            assert_eq!(
                (error.kind(), error.offset()),
                (ErrorKind::Value, offset),
                "{text}"
            );
        }
        let twice = value("Digest realm=\"a\", nonce=b, REALM=\"a\"")
            .map(drop)
            .unwrap_err();
        assert_eq!((twice.kind(), twice.offset()), (ErrorKind::Duplicate, 27));
    }

    #[test]
    fn sixty_four_and_no_more() {
        let many = |count| {
            let params: Vec<String> = (0..count).map(|n| format!("p{n}=1")).collect();
            format!("X {}", params.join(","))
        };
        let full = value(&many(64)).unwrap();
        assert_eq!(
            value(&many(65)).map(drop).unwrap_err().kind(),
            ErrorKind::TooManyParams
        );
        assert!(full.text_with("P7", Some("2"), &[]).is_ok());
        assert_eq!(
            full.text_with("q", Some("2"), &[]).unwrap_err().kind(),
            ErrorKind::TooManyParams
        );
    }

    #[test]
    fn setting_replaces_in_place_and_quotes_by_name() {
        let old = value("Digest a=1 , nc=2").unwrap();
        assert_eq!(
            old.text_with("A", Some("x\"y\\"), &["nc"]).unwrap(),
            r#"Digest A="x\"y\\", nc=2"#
        );
        assert_eq!(
            old.text_with("NC", Some("3"), &["nc"]).unwrap(),
            "Digest a=1, NC=3"
        );
        assert_eq!(old.text_with("a", None, &[]).unwrap(), "Digest nc=2");
        assert_eq!(
            old.text_with("nc", Some("3 4"), &["nc"]).unwrap_err().kind(),
            ErrorKind::Token
        );
        assert!(value("X abc").unwrap().text_with("a", Some("1"), &[]).is_err());
    }

    #[test]
    fn order_quotes_and_the_case_of_names_do_not_count() {
        let same = |left, right| value(left).unwrap() == value(right).unwrap();
        assert!(same("Digest a=1, QOP=auth", "DIGEST qop=\"AUTH\",A=\"1\""));
        assert!(!same("Digest a=1, b=2", "Digest a=1"));
        assert!(!same("Digest a=x", "Digest a=X"));
        assert!(!same("X abc", "X abC") && !same("X abc=", "X abc=d"));
    }
}
