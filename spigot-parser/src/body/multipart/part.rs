//! One part of a multipart body: its headers, its body, and its purpose.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use bytestring::ByteString;

use super::Multipart;
use super::boundary::Delimiter;
use crate::header::{ContentDisposition, ContentType, TypedHeader};
use crate::message::scan::{header_line, line_end};
use crate::{ErrorKind, HeaderName, Headers, Limits, ParseError};

/// A part of a [`Multipart`] body: headers and a body.
///
/// The body is as it came: Content-Transfer-Encoding and Content-Encoding are not decoded.
///
/// ```
/// use spigot_parser::{HeaderName, Part};
///
/// let part = Part::new("application/pidf+xml", "<presence/>")?
///     .with_header(HeaderName::CONTENT_ID, "<alice123@atlanta.example.com>")?
///     .with_header(HeaderName::CONTENT_DISPOSITION, "render;handling=optional")?;
/// assert_eq!(part.headers().get(&HeaderName::CONTENT_ID), Some("<alice123@atlanta.example.com>"));
/// assert!(part.content_type()?.is("application", "pidf+xml") && !part.is_required());
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Part {
    headers: Headers,
    body: Bytes,
    /// The whole part, if it was parsed and has not been changed.
    raw: Option<Bytes>,
    limits: Limits,
    within: PartPosition,
}

/// The position of a part.
#[derive(Clone, Copy, Default)]
pub(super) struct PartPosition {
    /// The number of multipart bodies that contain the part.
    pub(super) depth: usize,
    /// The offset in the parser's input of the body that contains the part, or of the part's own body.
    pub(super) offset: usize,
    /// The length of the part's head, which precedes its body.
    pub(super) head: usize,
    /// Whether the part is one of several alternatives.
    pub(super) alternative: bool,
    /// Whether the part is in a `multipart/digest`, which has another default type.
    pub(super) digest: bool,
}

impl Part {
    /// Creates a part of the given type.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if `content_type` is none, or as [`Headers::push`].
    pub fn new(content_type: &str, body: impl Into<Bytes>) -> Result<Part, ParseError> {
        content_type.parse::<ContentType>()?;
        let mut headers = Headers::default();
        headers.push(HeaderName::CONTENT_TYPE, content_type)?;
        Ok(Part::made_of(headers, body.into()))
    }

    /// Creates a part from the body of a message and the headers that describe it.
    ///
    /// Code can then search messages with one body and with several in the same way.
    ///
    /// ```
    /// use spigot_parser::{Part, Request};
    ///
    /// let request = Request::parse("INVITE sip:bob@b.example SIP/2.0\r\nc: application/sdp\r\n\r\nv=0\r\n")?;
    /// let body = Part::of_message(request.headers(), request.body());
    /// let sdp = body.find("application", "sdp")?.expect("the whole body is one");
    /// assert_eq!(sdp.body(), request.body());
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    pub fn of_message(headers: &Headers, body: &Bytes) -> Part {
        let mut own = Headers::default();
        for name in [
            HeaderName::CONTENT_TYPE,
            HeaderName::CONTENT_DISPOSITION,
            HeaderName::CONTENT_ENCODING,
            HeaderName::CONTENT_LANGUAGE,
            HeaderName::CONTENT_ID,
        ] {
            own.copy_from(headers, &name);
        }
        Part::made_of(own, body.clone())
    }

    fn made_of(headers: Headers, body: Bytes) -> Part {
        Part {
            headers,
            body,
            raw: None,
            limits: Limits::DEFAULT,
            within: PartPosition::default(),
        }
    }

    /// Adds a header line.
    ///
    /// # Errors
    ///
    /// As [`Headers::push`].
    pub fn with_header<N>(mut self, name: N, value: &str) -> Result<Part, ParseError>
    where
        N: TryInto<HeaderName>,
        ParseError: From<N::Error>,
    {
        self.headers.push(name, value)?;
        self.raw = None;
        Ok(self)
    }

    /// Adds a header line.
    pub fn with<H: TypedHeader>(mut self, header: H) -> Part {
        self.headers.push_typed(&header);
        self.raw = None;
        self
    }

    /// Returns the header lines of the part.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Returns the body of the part.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns the part as octets: header lines, empty line and body.
    ///
    /// This is what a signature over the part covers.
    pub fn to_bytes(&self) -> Bytes {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let mut out = BytesMut::new();
        for field in self.headers.iter() {
            for piece in [field.raw_name(), ": ", field.value(), "\r\n"] {
                out.put_slice(piece.as_bytes());
            }
        }
        out.put_slice(b"\r\n");
        out.put_slice(&self.body);
        out.freeze()
    }

    /// Returns the type of the body.
    ///
    /// The default is plain text, or a message in a `multipart/digest` (RFC 2046 §5.1, §5.1.5).
    ///
    /// # Errors
    ///
    /// What is wrong with the Content-Type, at an octet of what the outermost parser was given.
    pub fn content_type(&self) -> Result<ContentType, ParseError> {
        match self.header::<ContentType>()? {
            Some(content_type) => Ok(content_type),
            None if self.within.digest => ContentType::new("message", "rfc822"),
            None => ContentType::new("text", "plain")?.with_param("charset", "us-ascii"),
        }
    }

    /// Returns the purpose of the body: `session`, `render` or another word.
    ///
    /// > For backward-compatibility, if the Content-Disposition header field is missing, the server SHOULD
    /// > assume bodies of Content-Type application/sdp are the disposition "session", while other content
    /// > types are "render".
    ///
    /// ([RFC 3261 §20.11](https://www.rfc-editor.org/rfc/rfc3261#section-20.11))
    ///
    /// # Errors
    ///
    /// What is wrong with the Content-Disposition or the Content-Type.
    pub fn disposition(&self) -> Result<ContentDisposition, ParseError> {
        match self.header::<ContentDisposition>()? {
            Some(disposition) => Ok(disposition),
            None if self.content_type()?.is("application", "sdp") => ContentDisposition::new("session"),
            None => ContentDisposition::new("render"),
        }
    }

    /// Reports whether a receiver that does not understand the part has to refuse the message with 415.
    ///
    /// This is true unless Content-Disposition has `handling=optional`, or the part is one of the
    /// alternatives of a `multipart/alternative`:
    ///
    /// > The receiver of a 'multipart/alternative' body MUST process the body based on its handling
    /// > parameter. The receiver SHOULD ignore the handling parameters of the body parts within the
    /// > 'multipart/alternative'.
    ///
    /// ([RFC 5621 §8.3](https://www.rfc-editor.org/rfc/rfc5621#section-8.3))
    pub fn is_required(&self) -> bool {
        let optional = match self.headers.typed::<ContentDisposition>() {
            Ok(Some(disposition)) => !disposition.is_required(),
            Ok(None) | Err(_) => false,
        };
        !optional && !self.within.alternative
    }

    /// Parses the part as a multipart body, if it has such a type, within the limits of this part.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooDeep`], and as [`Multipart::parse`]; at an octet of what the outermost parser was
    /// given.
    pub fn multipart(&self) -> Result<Option<Multipart>, ParseError> {
        let content_type = self.content_type()?;
        if !content_type.kind().eq_ignore_ascii_case("multipart") {
            return Ok(None);
        }
        let PartPosition {
            depth, offset, head, ..
        } = self.within;
        let boundary =
            super::boundary::of(&content_type).map_err(|error| error.shifted(offset.saturating_sub(head)))?;
        Multipart::parse_at(
            &content_type,
            &boundary,
            self.body.clone(),
            &self.limits,
            depth + 1,
            offset,
        )
        .map(Some)
        .map_err(|error| error.shifted(offset))
    }

    /// Returns this part if it has the given type, or else the first such part in it, whatever its purpose.
    ///
    /// # Errors
    ///
    /// What is wrong with a part that [`is_required`](Part::is_required). One that is not and cannot be read
    /// is passed over.
    pub fn find(&self, kind: &str, subtype: &str) -> Result<Option<Part>, ParseError> {
        self.find_where(kind, subtype, None)
    }

    /// Returns this part or the first part in it with the given type and disposition; see
    /// [`disposition`](Part::disposition).
    ///
    /// # Errors
    ///
    /// As [`find`](Part::find).
    pub fn find_for(&self, disposition: &str, kind: &str, subtype: &str) -> Result<Option<Part>, ParseError> {
        self.find_where(kind, subtype, Some(disposition))
    }

    /// Parses a header of the part, with errors whose offsets are those of the parser's input.
    fn header<H: TypedHeader>(&self) -> Result<Option<H>, ParseError> {
        let start = self.within.offset.saturating_sub(self.within.head);
        self.headers.typed::<H>().map_err(|error| error.shifted(start))
    }

    pub(super) fn find_where(
        &self,
        kind: &str,
        subtype: &str,
        disposition: Option<&str>,
    ) -> Result<Option<Part>, ParseError> {
        match self.search(kind, subtype, disposition) {
            Err(_) if !self.is_required() => Ok(None),
            found => found,
        }
    }

    fn search(
        &self,
        kind: &str,
        subtype: &str,
        disposition: Option<&str>,
    ) -> Result<Option<Part>, ParseError> {
        if self.content_type()?.is(kind, subtype) {
            let fits = match disposition {
                Some(disposition) => self.disposition()?.kind().eq_ignore_ascii_case(disposition),
                None => true,
            };
            if fits {
                return Ok(Some(self.clone()));
            }
        }
        match self.multipart()? {
            Some(multipart) => multipart.find_where(kind, subtype, disposition),
            None => Ok(None),
        }
    }

    /// Parses the part that begins at `start` of `text` and ends at `delimiter`.
    ///
    /// ```text
    /// body-part := MIME-part-headers [CRLF *OCTET]
    /// ```
    pub(super) fn parse(
        text: &Bytes,
        start: usize,
        delimiter: &Delimiter,
        limits: &Limits,
        within: PartPosition,
    ) -> Result<Part, ParseError> {
        // The line end before the delimiter ends the last header line if there is no body.
        let lines = text.slice(start..delimiter.start);
        let (headers, head_end) = head(&lines, limits).map_err(|error| error.shifted(start))?;
        let end = delimiter.before.max(start);
        let body_start = (start + head_end).min(end);
        Ok(Part {
            headers,
            body: text.slice(body_start..end),
            raw: Some(text.slice(start..end)),
            limits: limits.clone(),
            within: PartPosition {
                offset: within.offset + body_start,
                head: body_start - start,
                ..within
            },
        })
    }
}

/// Parses the header lines at the beginning of `text`, and returns their end, which is after an empty line or
/// at the end.
fn head(text: &Bytes, limits: &Limits) -> Result<(Headers, usize), ParseError> {
    let (mut lines, mut folded) = (Vec::new(), false);
    let mut at = 0;
    while at < text.len() {
        let length = line_end(text, at);
        if length > 0 {
            at += length;
            break;
        }
        if lines.len() >= limits.headers {
            return Err(ParseError::new(
                ErrorKind::TooManyHeaders,
                at,
                "no more header lines than the limit",
            ));
        }
        let (line, next, is_folded) = header_line(text, at, limits)?;
        folded |= is_folded;
        lines.push(line);
        at = next;
    }
    let head = ByteString::try_from(text.slice(..at))
        .map_err(|error| ParseError::new(ErrorKind::Utf8, error.valid_up_to(), "text in UTF-8"))?;
    Ok((Headers::indexed(head, lines, folded), at))
}

/// Compares the octets.
impl PartialEq for Part {
    fn eq(&self, other: &Part) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

/// Formats the headers and the length of the body.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("headers", &self.headers)
            .field("body", &format_args!("{} octets", self.body.len()))
            .finish()
    }
}
