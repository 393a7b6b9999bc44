//! The headers of a SIP URI, for the request that is made from it (RFC 3261 §19.1.1).
//!
//! The one invariant: a header that is set is read back unchanged, and its value is valid in a message
//! header.

use std::borrow::Cow;

use super::SipUri;
use super::escape::{unescape, unescape_utf8, write_escaped};
use super::parts::UriParts;
use super::scan::HEADER;
use crate::header::TypedHeader;
use crate::params::{self, MAX_PARAMS};
use crate::{ErrorKind, HeaderName, Headers, ParseError};

impl SipUri {
    /// Returns the headers after the `?` as (name, value) pairs, both as written.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> + '_ {
        let text = self.text[self.headers as usize..].strip_prefix('?').unwrap_or("");
        text.split('&').filter_map(|header| header.split_once('='))
    }

    /// Returns the value of the first header `name` after the `?`, with its escapes decoded once.
    ///
    /// Octets that are not UTF-8 become U+FFFD. The decoded value may have any characters, even line ends.
    ///
    /// ```
    /// use spigot_parser::{HeaderName, SipUri};
    ///
    /// let uri: SipUri = "sip:alice@atlanta.example?subject=project%20x&priority=urgent".parse()?;
    /// assert_eq!(uri.header(&HeaderName::SUBJECT).unwrap(), "project x");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    pub fn header(&self, name: &HeaderName) -> Option<Cow<'_, str>> {
        self.headers()
            .find(|(other, _)| is(other, name))
            .map(|(_, value)| unescape(value))
    }

    /// Parses the header `H` after the `?`, if the URI has it.
    ///
    /// # Errors
    ///
    /// What is wrong with the value, [`ErrorKind::Utf8`] if it is no text, [`ErrorKind::Duplicate`] if a
    /// header that may be there once is there again. The offset counts in the value without its escapes.
    pub fn typed_header<H: TypedHeader>(&self) -> Result<Option<H>, ParseError> {
        self.lines_of::<H>()?.typed()
    }

    /// Parses every value of the header `H` after the `?`, in their order.
    ///
    /// # Errors
    ///
    /// As [`typed_header`](SipUri::typed_header), for the first value that is at fault.
    pub fn typed_headers<H: TypedHeader>(&self) -> Result<Vec<H>, ParseError> {
        self.lines_of::<H>()?.all().collect()
    }

    /// Returns the headers after the `?` that have the name of `H`, as header lines.
    fn lines_of<H: TypedHeader>(&self) -> Result<Headers, ParseError> {
        let mut headers = Headers::default();
        for (_, value) in self.headers().filter(|(other, _)| is(other, &H::NAME)) {
            match unescape_utf8(value) {
                Some(value) => headers.push(H::NAME, &value)?,
                None => {
                    let error = ParseError::new(ErrorKind::Utf8, 0, "UTF-8 in a header of a URI");
                    return Err(error.in_header(&H::NAME));
                }
            }
        }
        Ok(headers)
    }

    /// Returns the URI with one header set: it is replaced if it is there, and appended otherwise.
    ///
    /// Name and value are plain text, and are escaped where necessary.
    ///
    /// ```
    /// use spigot_parser::{HeaderName, SipUri};
    ///
    /// let uri = SipUri::new(false, "a.example")?.with_header(HeaderName::REASON, "SIP;cause=486")?;
    /// assert_eq!(uri.to_string(), "sip:a.example?Reason=SIP%3Bcause%3D486");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Headers::push`], and [`ErrorKind::TooManyParams`].
    pub fn with_header<N>(&self, name: N, value: &str) -> Result<SipUri, ParseError>
    where
        N: TryInto<HeaderName>,
        ParseError: From<N::Error>,
    {
        self.with_checked_header(name.try_into()?, value)
    }

    /// Returns the URI with `header` set: it is replaced if it is there, and appended otherwise.
    ///
    /// # Errors
    ///
    /// As [`with_header`](SipUri::with_header).
    pub fn with_typed_header<H: TypedHeader>(&self, header: &H) -> Result<SipUri, ParseError> {
        let mut value = String::new();
        header.write(&mut value);
        self.with_checked_header(H::NAME, &value)
    }

    fn with_checked_header(&self, name: HeaderName, value: &str) -> Result<SipUri, ParseError> {
        Headers::default().push(&name, value)?;
        if self.headers().count() >= MAX_PARAMS && !self.headers().any(|(other, _)| is(other, &name)) {
            return Err(params::too_many(0));
        }
        Ok(self.set_header(&name, Some(value)))
    }

    /// Returns the URI without the headers `name` after its `?`.
    pub fn without_header(&self, name: &HeaderName) -> SipUri {
        self.set_header(name, None)
    }

    fn set_header(&self, name: &HeaderName, mut value: Option<&str>) -> SipUri {
        let mut headers = String::with_capacity(self.text.len() + 32);
        for (other, written) in self.headers() {
            if !is(other, name) {
                push(&mut headers, |out| {
                    out.push_str(other);
                    out.push('=');
                    out.push_str(written);
                });
            } else if let Some(value) = value.take() {
                push(&mut headers, |out| write_header(name, value, out));
            }
        }
        if let Some(value) = value {
            push(&mut headers, |out| write_header(name, value, out));
        }
        UriParts {
            headers: &headers,
            ..self.parts()
        }
        .join()
    }
}

/// Reports whether `written`, an `hname`, is `name`.
fn is(written: &str, name: &HeaderName) -> bool {
    *name == *unescape(written)
}

fn push(headers: &mut String, write: impl FnOnce(&mut String)) {
    headers.push(if headers.is_empty() { '?' } else { '&' });
    write(headers);
}

fn write_header(name: &HeaderName, value: &str, out: &mut String) {
    write_escaped(&HEADER, name.as_str(), out);
    out.push('=');
    write_escaped(&HEADER, value, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{CSeq, Supported, Via, testing};
    use proptest::prelude::*;

    fn uri(text: &str) -> SipUri {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn names_are_found_in_any_spelling() {
        let uri = uri("sip:a?s=1&Sub%6Aect=2&X=%zz".replace("%zz", "%41").as_str());
        assert_eq!(uri.header(&HeaderName::SUBJECT).unwrap(), "1");
        assert_eq!(uri.header(&"x".parse().unwrap()).unwrap(), "A");
        assert_eq!(uri.header(&HeaderName::VIA), None);
        assert_eq!(uri.without_header(&HeaderName::SUBJECT).as_str(), "sip:a?X=%41");
        let set = uri.with_header(HeaderName::SUBJECT, "a&b=c").unwrap();
        assert_eq!(set.as_str(), "sip:a?Subject=a%26b%3Dc&X=%41");
        let none = uri
            .without_header(&HeaderName::SUBJECT)
            .without_header(&"x".parse().unwrap());
        assert_eq!(none.as_str(), "sip:a");
    }

    #[test]
    fn lines_of_one_header_are_joined_or_refused() {
        let both = uri("sip:a?Supported=path&k=timer%2C%20gruu").typed_header::<Supported>();
        assert_eq!(both.unwrap().unwrap().tags().count(), 3);
        let each =
            uri("sip:a?Via=SIP/2.0/TCP%20a%2CSIP/2.0/TCP%20b&v=SIP/2.0/TCP%20c").typed_headers::<Via>();
        assert_eq!(each.unwrap().len(), 3);
        assert!(
            uri("sip:a?Via=SIP/2.0/TCP%20a%2Cb")
                .typed_headers::<Via>()
                .is_err()
        );
        let twice = uri("sip:a?CSeq=1%20BYE&CSeq=1%20BYE").typed_header::<CSeq>();
        assert_eq!(twice.unwrap_err().kind(), ErrorKind::Duplicate);
        assert_eq!(
            uri("sip:a?CSeq=1%20BYE")
                .typed_header::<CSeq>()
                .unwrap()
                .unwrap()
                .number(),
            1
        );
        let error = uri("sip:a?CSeq=%ff").typed_header::<CSeq>().unwrap_err();
        assert_eq!((error.kind(), error.header()), (ErrorKind::Utf8, Some("CSeq")));
        assert!(
            uri("sip:a?CSeq=1%20BYE%0d%0aVia:x")
                .typed_header::<CSeq>()
                .is_err()
        );
    }

    #[test]
    fn what_cannot_be_a_header_is_not_set() {
        for evil in ["a\r\nVia: b", "a\n", "\0", "\u{7f}"] {
            assert!(
                uri("sip:a").with_header(HeaderName::SUBJECT, evil).is_err(),
                "{evil:?}"
            );
            assert!(uri("sip:a").with_header(evil, "x").is_err(), "{evil:?}");
        }
        let full = uri(&format!("sip:a?q={}", "&q=".repeat(63)));
        assert_eq!(
            full.with_header(HeaderName::SUBJECT, "x").unwrap_err().kind(),
            ErrorKind::TooManyParams
        );
        assert_eq!(full.with_header("Q", "y").unwrap().as_str(), "sip:a?Q=y");
    }

    proptest! {
        #[test]
        fn what_is_set_is_read_again(name in testing::token(), value in testing::line(), other in testing::line()) {
            let start = uri("sip:a@b:5060;lr?Subject=%41&to=b");
            let name: HeaderName = name.parse().unwrap();
            let set = start.with_header(&name, &other).unwrap().with_header(&name, &value).unwrap();
            let again = uri(set.as_str());
            prop_assert_eq!(again.header(&name).unwrap(), value);
            prop_assert_eq!(again.headers().count(), set.headers().count());
            prop_assert_eq!(&again, &set);
            prop_assert!(set.without_header(&name).header(&name).is_none());
        }
    }
}
