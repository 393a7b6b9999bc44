//! Multipart bodies (RFC 2046 §5.1, RFC 3261 §7.4, RFC 5621).
//!
//! Invariant: parts are slices of one text, and the boundaries in it have only one reading.

mod boundary;
mod handling;
mod part;

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use crate::header::ContentType;
use crate::{ErrorKind, Limits, ParseError};
use part::PartPosition;

pub use part::Part;

/// A body of several parts, which have headers of their own.
///
/// Parts share the octets of the body. A parsed body is written as it came, including what precedes the first
/// boundary and follows the last one, which has no meaning (RFC 2046 §5.1.1).
///
/// ```
/// use spigot_parser::{Multipart, Part, header::ContentType};
///
/// let kind: ContentType = "multipart/mixed;boundary=\"=_7\"".parse()?;
/// let body = "--=_7\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--=_7\r\n\r\nHello\r\n--=_7--\r\n";
/// let multipart = Multipart::parse(&kind, body)?;
/// let [sdp, text] = multipart.parts() else { panic!("there are two") };
/// assert!(sdp.content_type()?.is("application", "sdp"));
/// assert_eq!((&sdp.body()[..], &text.body()[..]), (&b"v=0\r\n"[..], &b"Hello"[..]));
/// assert_eq!(multipart.to_bytes(), body);
///
/// let sdp = Part::new("application/sdp", "v=0\r\n")?;
/// let photo = Part::new("image/png", &b"\x89PNG"[..])?.with_header("Content-Disposition", "icon;handling=optional")?;
/// let built = Multipart::new("multipart/mixed", [sdp, photo])?;
/// assert_eq!(built.content_type().to_string(), "multipart/mixed;boundary=part-00000000");
/// assert!(built.to_bytes().starts_with(b"--part-00000000\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--part-"));
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
///
/// # What is accepted
///
/// Lines end with CRLF, or with a bare LF as some peers send them. Bodies that readers would split
/// differently are refused: those with an empty boundary or one that RFC 2046 does not allow, a line that
/// continues after the boundary, no part, or no closing boundary.
#[derive(Clone)]
pub struct Multipart {
    content_type: ContentType,
    body: Bytes,
    parts: Vec<Part>,
}

impl Multipart {
    /// Splits `body` into parts at the boundary that `content_type` names, within the default [`Limits`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Multipart`] and [`ErrorKind::Truncated`] for what [`Multipart`] refuses,
    /// [`ErrorKind::TooManyParts`], and whatever is wrong with the header lines of a part; at an
    /// octet of `body`.
    pub fn parse(content_type: &ContentType, body: impl Into<Bytes>) -> Result<Multipart, ParseError> {
        Multipart::parse_with(content_type, body, &Limits::DEFAULT)
    }

    /// Splits `body` into parts within the given limits, which also bound the multipart bodies in it.
    ///
    /// # Errors
    ///
    /// As [`parse`](Multipart::parse).
    pub fn parse_with(
        content_type: &ContentType,
        body: impl Into<Bytes>,
        limits: &Limits,
    ) -> Result<Multipart, ParseError> {
        let boundary = boundary::of(content_type)?;
        Multipart::parse_at(content_type, &boundary, body.into(), limits, 1, 0)
    }

    /// Creates a multipart body from `parts`, where `content_type` is `multipart/mixed` or another multipart
    /// type.
    ///
    /// The boundary is chosen so that it does not occur in the parts. It replaces one that `content_type`
    /// has.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if `content_type` is none, [`ErrorKind::Multipart`] if it is not multipart or
    /// there is no part, [`ErrorKind::TooManyParts`] beyond the default [`Limits`].
    pub fn new(content_type: &str, parts: impl IntoIterator<Item = Part>) -> Result<Multipart, ParseError> {
        let parts: Vec<Part> = parts
            .into_iter()
            .take(Limits::DEFAULT.multipart_parts + 1)
            .collect();
        let boundary = boundary::unused(&parts);
        let content_type = content_type
            .parse::<ContentType>()?
            .with_param("boundary", &boundary)?;
        let mut body = BytesMut::new();
        for part in &parts {
            for piece in [b"--", boundary.as_bytes(), b"\r\n", &part.to_bytes(), b"\r\n"] {
                body.put_slice(piece);
            }
        }
        for piece in [b"--", boundary.as_bytes(), b"--\r\n"] {
            body.put_slice(piece);
        }
        Multipart::parse(&content_type, body.freeze())
    }

    /// Returns the type with the boundary, which is the Content-Type for the message or part around this
    /// body.
    pub fn content_type(&self) -> &ContentType {
        &self.content_type
    }

    /// Returns the parts in their order, of which there is at least one.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Returns the body as octets.
    pub fn to_bytes(&self) -> Bytes {
        self.body.clone()
    }

    /// Returns the first part of the given type, also from nested multipart bodies, whatever its purpose.
    ///
    /// Of a `multipart/alternative` it is the last one:
    ///
    /// > The body parts are ordered so that the last one is the richest representation of the information.
    /// > The recipient of a 'multipart/alternative' body chooses the last body part it understands.
    ///
    /// ([RFC 5621 §6.1](https://www.rfc-editor.org/rfc/rfc5621#section-6.1))
    ///
    /// # Errors
    ///
    /// As [`Part::find`].
    pub fn find(&self, kind: &str, subtype: &str) -> Result<Option<Part>, ParseError> {
        self.find_where(kind, subtype, None)
    }

    /// Returns the first part of the given type with the given disposition; see [`Part::disposition`].
    ///
    /// ```
    /// use spigot_parser::{Multipart, Part};
    ///
    /// let early = Part::new("application/sdp", "v=1")?.with_header("Content-Disposition", "early-session")?;
    /// let both = Multipart::new("multipart/mixed", [early, Part::new("application/sdp", "v=2")?])?;
    /// let session = both.find_for("session", "application", "sdp")?.expect("it is there");
    /// assert_eq!(session.body(), "v=2");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Part::find`].
    pub fn find_for(&self, disposition: &str, kind: &str, subtype: &str) -> Result<Option<Part>, ParseError> {
        self.find_where(kind, subtype, Some(disposition))
    }

    fn find_where(
        &self,
        kind: &str,
        subtype: &str,
        disposition: Option<&str>,
    ) -> Result<Option<Part>, ParseError> {
        let find = |part: &Part| part.find_where(kind, subtype, disposition).transpose();
        if self.is_alternative() {
            self.parts.iter().rev().find_map(find).transpose()
        } else {
            self.parts.iter().find_map(find).transpose()
        }
    }

    /// Reports whether the parts are alternatives of one another.
    fn is_alternative(&self) -> bool {
        self.content_type.is("multipart", "alternative")
    }

    /// Parses a body at the nesting level `depth`, which begins at `offset` of the parser's input.
    fn parse_at(
        content_type: &ContentType,
        boundary: &str,
        body: Bytes,
        limits: &Limits,
        depth: usize,
        offset: usize,
    ) -> Result<Multipart, ParseError> {
        if depth > limits.multipart_depth {
            return Err(ParseError::new(
                ErrorKind::TooDeep,
                0,
                "no deeper multipart bodies than the limit",
            ));
        }
        let within = PartPosition {
            depth,
            offset,
            head: 0,
            alternative: content_type.is("multipart", "alternative"),
            digest: content_type.is("multipart", "digest"),
        };
        let missing = |expected| ParseError::new(ErrorKind::Truncated, body.len(), expected);
        let mut delimiter = boundary::find(&body, 0, boundary)?.ok_or(missing("the first boundary"))?;
        if delimiter.closes {
            return Err(ParseError::new(ErrorKind::Multipart, delimiter.start, "a part"));
        }
        let mut parts = Vec::new();
        while !delimiter.closes {
            if parts.len() >= limits.multipart_parts {
                return Err(ParseError::new(
                    ErrorKind::TooManyParts,
                    delimiter.start,
                    "no more parts than the limit",
                ));
            }
            let start = delimiter.next;
            delimiter = boundary::find(&body, start, boundary)?.ok_or(missing("the closing boundary"))?;
            parts.push(Part::parse(&body, start, &delimiter, limits, within)?);
        }
        Ok(Multipart {
            content_type: content_type.clone(),
            body,
            parts,
        })
    }
}

/// Compares the type, its parameters in any order, and the octets.
impl PartialEq for Multipart {
    fn eq(&self, other: &Multipart) -> bool {
        self.content_type == other.content_type && self.body == other.body
    }
}

/// Formats the type and each part.
impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart")
            .field("content_type", &self.content_type)
            .field("parts", &self.parts)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HeaderName;

    fn parse(body: &str) -> Result<Multipart, ParseError> {
        Multipart::parse(&"multipart/mixed;boundary=b".parse().unwrap(), body.to_owned())
    }

    fn bodies(body: &str) -> Vec<String> {
        let text = |part: &Part| String::from_utf8(part.body().to_vec()).unwrap();
        parse(body).unwrap().parts().iter().map(text).collect()
    }

    fn fault(body: &str) -> (ErrorKind, usize) {
        let error = parse(body).unwrap_err();
        (error.kind(), error.offset())
    }

    #[test]
    fn the_line_end_before_a_boundary_belongs_to_it() {
        assert_eq!(
            bodies("--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n\r\n--b--"),
            ["one", "two\r\n"]
        );
        assert_eq!(bodies("--b\n\none\n--b\n\ntwo\n\n--b--\n"), ["one", "two\n"]);
        assert_eq!(bodies("--b\r\n\r\n\r\n--b--"), [""]);
        assert_eq!(bodies("--b\r\n\r\n--b--"), [""]);
        assert_eq!(bodies("--b\r\n--b--"), [""]);
        assert_eq!(bodies("--b\r\nX: y\r\n--b--"), [""]);
        assert_eq!(bodies("--b\r\nX: y\r\n\r\n--b--"), [""]);
        assert_eq!(bodies("--b\r\nX: y\r\n\r\n\r\n--b--"), [""]);
        assert_eq!(bodies("--b\r\n\r\nx --b\r\n -- b\r\n--b--"), ["x --b\r\n -- b"]);
    }

    #[test]
    fn what_stands_around_the_parts_means_nothing_and_stays() {
        let body =
            "This is a preamble.\r\n--b \t\r\nX: y\r\n\r\none\r\n--b-- \r\nand an epilogue\r\n--b\r\n--bc";
        assert_eq!(bodies(body), ["one"]);
        assert_eq!(parse(body).unwrap().to_bytes(), body);
    }

    #[test]
    fn parts_have_headers_as_messages_have() {
        let multipart = parse(
            "--b\r\nc : application/sdp\r\ncontent-disposition:\n session\r\nX-Mine: 1\r\n\r\nv=0\r\n--b--",
        )
        .unwrap();
        let [part] = multipart.parts() else {
            panic!("one part")
        };
        assert_eq!(part.headers().len(), 3);
        assert!(
            part.headers()
                .typed::<ContentType>()
                .unwrap()
                .unwrap()
                .is("application", "sdp")
        );
        assert_eq!(
            part.headers().get(&HeaderName::CONTENT_DISPOSITION),
            Some("session")
        );
        assert_eq!(
            part.to_bytes(),
            "c : application/sdp\r\ncontent-disposition:\n session\r\nX-Mine: 1\r\n\r\nv=0"
        );
    }

    #[test]
    fn nothing_is_copied() {
        let body = Bytes::from("--b\r\nX: y\r\n\r\none\r\n--b--");
        let multipart =
            Multipart::parse(&"multipart/mixed;boundary=b".parse().unwrap(), body.clone()).unwrap();
        assert_eq!(multipart.parts()[0].body().as_ptr(), body[13..].as_ptr());
        assert_eq!(
            multipart.parts()[0]
                .headers()
                .iter()
                .next()
                .unwrap()
                .value()
                .as_ptr(),
            body[8..].as_ptr()
        );
    }

    #[test]
    fn what_has_two_readings_is_refused() {
        assert_eq!(fault(""), (ErrorKind::Truncated, 0));
        assert_eq!(fault("--c\r\n--c--"), (ErrorKind::Truncated, 10));
        assert_eq!(fault("--b"), (ErrorKind::Truncated, 3));
        assert_eq!(fault("--b\r\n\r\none\r\n"), (ErrorKind::Truncated, 12));
        assert_eq!(fault("--b\r\n\r\none\r\n--b\r\n"), (ErrorKind::Truncated, 17));
        assert_eq!(fault("--b--"), (ErrorKind::Multipart, 0));
        assert_eq!(fault("x\r\n--b--\r\n--b\r\n--b--"), (ErrorKind::Multipart, 3));
        assert_eq!(fault("--b\r\n\r\n--bb\r\n--b--"), (ErrorKind::Multipart, 10));
        assert_eq!(fault("--b\r\nno header\r\n--b--"), (ErrorKind::HeaderLine, 8));
        assert_eq!(fault("--b\r\nX: \0\r\n\r\n--b--"), (ErrorKind::HeaderLine, 8));
    }

    #[test]
    fn sixteen_parts_and_no_more() {
        let of = |count: usize| format!("{}--b--", "--b\r\n\r\nx\r\n".repeat(count));
        assert_eq!(bodies(&of(16)).len(), 16);
        assert_eq!(fault(&of(17)), (ErrorKind::TooManyParts, 16 * 10));
        let part = Part::new("text/plain", "x").unwrap();
        let build = |count| {
            Multipart::new("multipart/mixed", vec![part.clone(); count]).map_err(|error| error.kind())
        };
        assert!(build(16).is_ok());
        assert_eq!(build(17).unwrap_err(), ErrorKind::TooManyParts);
        assert_eq!(build(0).unwrap_err(), ErrorKind::Multipart);
    }

    /// Builds multipart bodies nested `depth` deep, with a text in the innermost one.
    fn nested(depth: usize) -> Part {
        let mut part = Part::new("text/plain", "deep").unwrap();
        for _ in 0..depth {
            let multipart = Multipart::new("multipart/mixed", [part]).unwrap();
            part = Part::new(&multipart.content_type().to_string(), multipart.to_bytes()).unwrap();
        }
        part
    }

    #[test]
    fn three_deep_and_no_deeper() {
        assert_eq!(nested(3).find("text", "plain").unwrap().unwrap().body(), "deep");
        assert_eq!(
            nested(4).find("text", "plain").unwrap_err().kind(),
            ErrorKind::TooDeep
        );
        assert_eq!(
            nested(4).find("image", "png").unwrap_err().kind(),
            ErrorKind::TooDeep
        );
        assert_eq!(nested(0).multipart(), Ok(None));
    }

    #[test]
    fn limits_reach_into_what_is_nested() {
        let outer = nested(2);
        let limits = Limits {
            multipart_depth: 1,
            ..Limits::DEFAULT
        };
        let outer =
            Multipart::parse_with(&outer.content_type().unwrap(), outer.body().clone(), &limits).unwrap();
        assert_eq!(
            outer.parts()[0].multipart().unwrap_err().kind(),
            ErrorKind::TooDeep
        );
        let limits = Limits {
            headers: 0,
            ..Limits::DEFAULT
        };
        let error = Multipart::parse_with(outer.content_type(), outer.to_bytes(), &limits).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooManyHeaders);
    }

    #[test]
    fn faults_are_counted_from_the_outermost_body() {
        let inner = "--i\r\nX: y\r\n\r\n\r\n--i\r\nbroken\r\n--i--";
        let text = format!("--b\r\nContent-Type: multipart/mixed;boundary=i\r\n\r\n{inner}\r\n--b--");
        let error = parse(&text).unwrap().find("text", "html").unwrap_err();
        assert_eq!(
            (error.kind(), error.offset()),
            (ErrorKind::HeaderLine, text.find("broken").unwrap() + 6)
        );
        let text = "--b\r\n\r\n\r\n--b\r\nContent-Type: oops\r\n\r\n--b--";
        let error = parse(text).unwrap().find("text", "html").unwrap_err();
        assert_eq!(
            (error.header(), error.offset()),
            (Some("Content-Type"), text.find("oops").unwrap() + 4)
        );
    }

    #[test]
    fn what_may_be_passed_over_is_when_it_is_broken() {
        let with = |kind: &str, disposition: &str| {
            let broken = Part::new("multipart/mixed;boundary=i", "no boundary").unwrap();
            let broken = broken.with_header("Content-Disposition", disposition).unwrap();
            let good = Part::new("application/sdp", "v=0").unwrap();
            let found = Multipart::new(kind, [broken, good])
                .unwrap()
                .find("application", "sdp");
            found
                .map(|part| part.unwrap().body().clone())
                .map_err(|error| error.kind())
        };
        assert_eq!(with("multipart/mixed", "render"), Err(ErrorKind::Truncated));
        assert_eq!(
            with("multipart/mixed", "render;handling=required"),
            Err(ErrorKind::Truncated)
        );
        assert_eq!(
            with("multipart/mixed", "render;handling=optional"),
            Ok("v=0".into())
        );
        assert_eq!(with("multipart/alternative", "render"), Ok("v=0".into()));
    }

    #[test]
    fn of_alternatives_the_last_of_a_type_is_found() {
        let part = |kind: &str, body: &str| Part::new(kind, body.to_owned()).unwrap();
        let of = |kind: &str, parts: Vec<Part>| Multipart::new(kind, parts).unwrap();
        let inside = |multipart: &Multipart| {
            Part::new(&multipart.content_type().to_string(), multipart.to_bytes()).unwrap()
        };
        let found = |multipart: &Multipart| {
            let found = multipart.find_for("session", "application", "sdp");
            found.unwrap().map(|part| part.body().clone())
        };
        let both = || {
            vec![
                part("application/sdp", "v=1"),
                part("application/sdp", "v=2"),
                part("application/new", "3"),
            ]
        };
        assert_eq!(found(&of("multipart/mixed", both())).unwrap(), "v=1");
        assert_eq!(found(&of("multipart/related", both())).unwrap(), "v=1");
        let alternative = of("Multipart/Alternative", both());
        assert_eq!(found(&alternative).unwrap(), "v=2");
        let nested = of(
            "multipart/mixed",
            vec![
                part("text/plain", "x"),
                inside(&alternative),
                part("application/sdp", "v=4"),
            ],
        );
        assert_eq!(found(&nested).unwrap(), "v=2");
        let other = vec![
            inside(&of("multipart/mixed", both())),
            part("application/new", "3"),
        ];
        assert_eq!(found(&of("multipart/alternative", other)).unwrap(), "v=1");
    }

    #[test]
    fn the_defaults_of_parts_are_those_of_mime_and_sip() {
        let multipart = parse("--b\r\n\r\n\r\n--b\r\nc:application/SDP\r\n\r\n--b--").unwrap();
        let [text, sdp] = multipart.parts() else {
            panic!("two parts")
        };
        assert_eq!(
            text.content_type().unwrap().to_string(),
            "text/plain;charset=us-ascii"
        );
        assert_eq!(text.disposition().unwrap().kind(), "render");
        assert_eq!(sdp.disposition().unwrap().kind(), "session");
        assert!(text.is_required() && sdp.is_required());
        let digest = "multipart/digest;boundary=b".parse().unwrap();
        let digest = Multipart::parse(&digest, multipart.to_bytes()).unwrap();
        assert!(digest.parts()[0].content_type().unwrap().is("message", "rfc822"));
    }

    #[test]
    fn a_boundary_of_ours_is_in_no_part() {
        let evil = Part::new(
            "text/plain",
            "\r\n--part-00000000--\r\n--part-00000001part-00000003",
        )
        .unwrap()
        .with_header("X-Mine", "part-000000025")
        .unwrap();
        let built = Multipart::new("multipart/related;type=\"text/plain\"", [evil.clone()]).unwrap();
        assert_eq!(
            built.content_type().to_string(),
            "multipart/related;type=\"text/plain\";boundary=part-00000004"
        );
        assert_eq!(built.parts(), [evil]);
        assert!(Multipart::new("text/plain", built.parts().to_vec()).is_err());
        let again = Multipart::new("multipart/mixed;boundary=theirs", built.parts().to_vec()).unwrap();
        assert_eq!(again.content_type().param("boundary").unwrap(), "part-00000004");
    }
}
