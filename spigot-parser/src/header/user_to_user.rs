//! The User-to-User header, which carries data between applications (RFC 7433 §4).

use std::borrow::Cow;
use std::fmt::Write;

use super::parametrized::{Parametrized, check_token, param_accessors, token_or_quoted};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{quoted_end, token_end, unquote};
use crate::{HeaderName, ParseError, params};

/// A User-to-User header: data for the application at the other end, which is opaque to SIP.
///
/// [RFC 7433 §4.1](https://www.rfc-editor.org/rfc/rfc7433#section-4.1):
///
/// ```text
/// UUI         = "User-to-User" HCOLON uui-value *(COMMA uui-value)
/// uui-value   = uui-data *(SEMI uui-param)
/// uui-data    = token / quoted-string
/// uui-param   = pkg-param / cont-param / enc-param / generic-param
/// pkg-param   = "purpose" EQUAL pkg-param-value
/// cont-param  = "content" EQUAL cont-param-value
/// enc-param   = "encoding" EQUAL enc-param-value
/// ```
///
/// Two values are equal if their data and all their parameters are equal. Quotes around the data do not
/// count, nor does the case of data with `encoding=hex`.
///
/// ```
/// use spigot_parser::header::UserToUser;
///
/// let data: UserToUser = "56a390f3d2b7310023a2;encoding=hex;purpose=foo;content=bar".parse()?;
/// assert_eq!((data.purpose(), data.content()), (Some("foo"), Some("bar")));
/// assert_eq!(data.octets().unwrap()[..3], [0x56, 0xa3, 0x90]);
/// assert_eq!(UserToUser::hex(&[0x34, 0xef]).to_string(), "34ef;encoding=hex");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct UserToUser {
    text: Parametrized,
}

impl UserToUser {
    /// Creates a header of `data`, which is quoted if it is no token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `data` holds CR, LF or NUL.
    pub fn new(data: &str) -> Result<UserToUser, ParseError> {
        Ok(UserToUser {
            text: Parametrized::bare(token_or_quoted(data)?.into_owned()),
        })
    }

    /// Creates a header of octets in hexadecimal encoding.
    pub fn hex(octets: &[u8]) -> UserToUser {
        let mut text = String::with_capacity(2 * octets.len() + ";encoding=hex".len());
        for octet in octets {
            // Writing to a string does not fail.
            let _ = write!(text, "{octet:02x}");
        }
        if text.is_empty() {
            text.push_str("\"\"");
        }
        let end = text.len();
        text.push_str(";encoding=hex");
        UserToUser {
            text: Parametrized::known(text, end),
        }
    }

    /// Returns the data without its quotes.
    pub fn data(&self) -> Cow<'_, str> {
        unquote(self.text.value())
    }

    /// Returns the octets of hexadecimal data, or `None` if the encoding is another one or the data is
    /// invalid.
    pub fn octets(&self) -> Option<Vec<u8>> {
        if self.encoding().is_some() && !self.is_hex() {
            return None;
        }
        let data = self.data();
        let digit = |octet: u8| char::from(octet).to_digit(16);
        let pairs = data.as_bytes().chunks(2);
        let octet = |pair: &[u8]| match pair {
            [high, low] => Some((digit(*high)? * 16 + digit(*low)?) as u8),
            _ => None,
        };
        pairs.map(octet).collect()
    }

    /// Returns the package that defines the data.
    ///
    /// Without one, the package is `isdn-uui` (RFC 7433 §4).
    pub fn purpose(&self) -> Option<&str> {
        self.param("purpose").flatten()
    }

    /// Returns the type of the data, if it differs from the default of the package.
    pub fn content(&self) -> Option<&str> {
        self.param("content").flatten()
    }

    /// Returns the encoding of the data, if it differs from the default of the package.
    ///
    /// Only `hex` is defined.
    pub fn encoding(&self) -> Option<&str> {
        self.param("encoding").flatten()
    }

    /// Sets the purpose.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` if it is no token, `TooManyParams`.
    pub fn with_purpose(self, purpose: &str) -> Result<UserToUser, ParseError> {
        self.with_param("purpose", Some(purpose))
    }

    /// Sets the content.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` if it is no token, `TooManyParams`.
    pub fn with_content(self, content: &str) -> Result<UserToUser, ParseError> {
        self.with_param("content", Some(content))
    }

    /// Sets the encoding, and leaves the data as it is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` if it is no token, `TooManyParams`.
    pub fn with_encoding(self, encoding: &str) -> Result<UserToUser, ParseError> {
        self.with_param("encoding", Some(encoding))
    }

    fn is_hex(&self) -> bool {
        self.encoding()
            .is_some_and(|encoding| encoding.eq_ignore_ascii_case("hex"))
    }
}

param_accessors!(UserToUser);

impl TypedHeader for UserToUser {
    const NAME: HeaderName = HeaderName::USER_TO_USER;
    const SHAPE: Shape = Shape::List;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let end = match text.starts_with('"') {
            true => quoted_end(text.as_bytes(), 0),
            false => Some(token_end(text.as_bytes(), 0)).filter(|end| *end > 0),
        };
        let Some(end) = end else {
            return fault(0, "data, which is a token or in quotes");
        };
        let text = Parametrized::scan(value, end, |param| {
            let is = |name: &str| param.name(text).eq_ignore_ascii_case(name);
            match is("purpose") || is("content") || is("encoding") {
                true => check_token(param, "a token"),
                false => Ok(()),
            }
        })?;
        Ok(UserToUser { text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for UserToUser {
    fn eq(&self, other: &UserToUser) -> bool {
        let (data, others) = (self.data(), other.data());
        let same = data == others || (self.is_hex() && data.eq_ignore_ascii_case(&others));
        same && params::agree(self.params(), other.params(), |_| true)
    }
}

text_traits!(UserToUser);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn values_are_a_list() {
        let request = Request::parse(
            "INVITE sip:a.example SIP/2.0\r\nUser-to-User: 00ff;encoding=hex, \"a, b\" ;purpose=x\r\nUser-To-User: c\r\n\r\n",
        )
        .unwrap();
        let all: Result<Vec<UserToUser>, _> = request.headers().all().collect();
        let all = all.unwrap();
        let data: Vec<_> = all.iter().map(UserToUser::data).collect();
        assert_eq!(data, ["00ff", "a, b", "c"]);
        assert_eq!((all[0].octets(), all[1].octets()), (Some(vec![0, 255]), None));
    }

    #[test]
    fn quotes_do_not_count_nor_does_the_case_of_hexadecimal() {
        let data = |text: &str| text.parse::<UserToUser>().unwrap();
        assert_eq!(data("\"00FF\";encoding=Hex"), data("00ff;Encoding=hex"));
        assert_ne!(data("00FF"), data("00ff"));
        assert_ne!(data("a;encoding=hex"), data("a"));
        assert_eq!(
            data("00fF").octets(),
            Some(vec![0, 255]),
            "no other encoding is defined"
        );
        assert_eq!(data("00ff;encoding=other").octets(), None);
        assert_eq!(
            (data("00f").octets(), data("0g").octets(), data("\"é\"").octets()),
            (None, None, None)
        );
        assert_eq!(UserToUser::hex(&[]).octets(), Some(vec![]));
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            (";encoding=hex", 0),
            ("\"a", 0),
            ("a b", 2),
            ("a/b", 1),
            ("a,b", 1),
            ("a;", 2),
            ("a;encoding", 10),
            ("a;encoding=\"hex\"", 11),
            ("a;purpose=[::1]", 10),
            ("a;content=", 10),
            ("a;encoding=hex;Encoding=hex", 15),
            ("a\r\n", 1),
        ] {
            let error = text.parse::<UserToUser>().unwrap_err();
            assert_eq!(error.offset(), offset, "{text:?}: {error}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        for evil in testing::EVIL {
            let data = UserToUser::hex(b"a");
            assert!(data.clone().with_purpose(evil).is_err(), "{evil:?}");
            assert!(data.clone().with_content(evil).is_err(), "{evil:?}");
            assert!(data.clone().with_encoding(evil).is_err(), "{evil:?}");
            assert!(data.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
            assert!(data.with_param(evil, None).is_err(), "{evil:?}");
        }
        for evil in ["a\r\nVia: b", "a\n", "a\r", "\0"] {
            assert!(UserToUser::new(evil).is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            octets: Vec<u8>, text in "[^\r\n\0]{0,16}", name in testing::token(), value in testing::param_value()
        ) {
            let data = UserToUser::hex(&octets);
            prop_assert_eq!(data.octets(), Some(octets));
            testing::assert_round_trip(&data);
            let data = UserToUser::new(&text).unwrap();
            prop_assert_eq!(data.data(), text.as_str());
            testing::assert_round_trip(&data);
            let data = data.with_purpose(&name).unwrap().with_content(&name).unwrap().with_encoding(&name).unwrap();
            let data = data.with_param("x", value.as_deref()).unwrap();
            prop_assert_eq!((data.purpose(), data.content(), data.encoding()), (Some(&*name), Some(&*name), Some(&*name)));
            testing::assert_round_trip(&data);
            testing::assert_round_trip(&data.without_param("content").unwrap());
        }
    }
}
