//! One part of a multipart body: its headers, its body, and what it is for.

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
/// The body is as it came: what Content-Transfer-Encoding or Content-Encoding did to it is not undone.
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
    /// The whole part, if it was parsed and nobody changed it.
    raw: Option<Bytes>,
    limits: Limits,
    within: Within,
}

/// Where a part is.
#[derive(Clone, Copy, Default)]
pub(super) struct Within {
    /// How many multipart bodies it lies in.
    pub(super) depth: usize,
    /// Where the body that it was found in begins in what was given to the parser; for a part, where its own body does.
    pub(super) offset: usize,
    /// How long the head of the part is, which stands before its body.
    pub(super) head: usize,
    /// Whether it is one of several that say the same.
    pub(super) alternative: bool,
    /// Whether it is in a `multipart/digest`, where another type is the default.
    pub(super) digest: bool,
}

impl Part {
    /// A part of that type.
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

    /// The body of a message as if it were a part, with the headers that describe it, so that one and the same search
    /// goes through messages with one body and with several.
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
            within: Within::default(),
        }
    }

    /// With one more header line.
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

    /// With one more header line.
    pub fn with<H: TypedHeader>(mut self, header: H) -> Part {
        self.headers.push_typed(&header);
        self.raw = None;
        self
    }

    /// The header lines of the part.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The body of the part.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The part as it goes on the wire, header lines, empty line and body: what a signature over it signs.
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

    /// The type of the body; without Content-Type it is plain text, and in a `multipart/digest` a message
    /// (RFC 2046 §5.1, §5.1.5).
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

    /// What the body is for, `session` or `render` or another word.
    ///
    /// > For backward-compatibility, if the Content-Disposition header field is missing, the server SHOULD assume bodies
    /// > of Content-Type application/sdp are the disposition "session", while other content types are "render".
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

    /// Whether who does not understand this part has to refuse the message, with 415.
    ///
    /// So it is unless Content-Disposition says `handling=optional`, and unless it is one of the parts of a
    /// `multipart/alternative`, of which one is enough:
    ///
    /// > The receiver of a 'multipart/alternative' body MUST process the body based on its handling parameter. The
    /// > receiver SHOULD ignore the handling parameters of the body parts within the 'multipart/alternative'.
    ///
    /// ([RFC 5621 §8.3](https://www.rfc-editor.org/rfc/rfc5621#section-8.3))
    pub fn is_required(&self) -> bool {
        let optional = match self.headers.typed::<ContentDisposition>() {
            Ok(Some(disposition)) => !disposition.is_required(),
            Ok(None) | Err(_) => false,
        };
        !optional && !self.within.alternative
    }

    /// The parts of this part, if its type is a multipart one. It is held to the limits that this part was parsed with.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooDeep`], and as [`Multipart::parse`]; at an octet of what the outermost parser was given.
    pub fn multipart(&self) -> Result<Option<Multipart>, ParseError> {
        let content_type = self.content_type()?;
        if !content_type.kind().eq_ignore_ascii_case("multipart") {
            return Ok(None);
        }
        let Within {
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

    /// This part if it has that type, or the first one with it in a multipart body that this part is; whatever it is
    /// for.
    ///
    /// # Errors
    ///
    /// What is wrong with a part that [`is_required`](Part::is_required). One that is not and cannot be read is passed
    /// over.
    pub fn find(&self, kind: &str, subtype: &str) -> Result<Option<Part>, ParseError> {
        self.find_where(kind, subtype, None)
    }

    /// The same, for a part that is for `disposition`; see [`disposition`](Part::disposition).
    ///
    /// # Errors
    ///
    /// As [`find`](Part::find).
    pub fn find_for(&self, disposition: &str, kind: &str, subtype: &str) -> Result<Option<Part>, ParseError> {
        self.find_where(kind, subtype, Some(disposition))
    }

    /// A header of the part; an error counts octets as those of the body do.
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

    /// The part that begins at `start` of `text` and ends with `delimiter`.
    ///
    /// ```text
    /// body-part := MIME-part-headers [CRLF *OCTET]
    /// ```
    pub(super) fn parse(
        text: &Bytes,
        start: usize,
        delimiter: &Delimiter,
        limits: &Limits,
        within: Within,
    ) -> Result<Part, ParseError> {
        // The line end before the delimiter ends the last header line where there is no body.
        let lines = text.slice(start..delimiter.start);
        let (headers, head_end) = head(&lines, limits).map_err(|error| error.shifted(start))?;
        let end = delimiter.before.max(start);
        let body_start = (start + head_end).min(end);
        Ok(Part {
            headers,
            body: text.slice(body_start..end),
            raw: Some(text.slice(start..end)),
            limits: limits.clone(),
            within: Within {
                offset: within.offset + body_start,
                head: body_start - start,
                ..within
            },
        })
    }
}

/// The header lines that `text` begins with, and where they end: after an empty line, or where the text does.
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

/// The same octets.
impl PartialEq for Part {
    fn eq(&self, other: &Part) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

/// The headers and how long the body is.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("headers", &self.headers)
            .field("body", &format_args!("{} octets", self.body.len()))
            .finish()
    }
}
