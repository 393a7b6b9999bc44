//! A message that is written line by line, straight to octets.
//!
//! Invariant: what was written so far is whole lines, and at most one of them is a Content-Length.

#[cfg(test)]
mod same_octets;

use std::fmt;

use bytes::Bytes;

use super::body_length::number;
use super::headers::{HeaderField, Headers, check};
use super::line::Line;
use super::quoted_pair::unfit_for_value;
use super::scan::is_blank;
use super::write::{CONTENT_LENGTH, Decimal};
use crate::header::TypedHeader;
use crate::header_name::Known;
use crate::{HeaderName, Method, ParseError, StatusCode, Uri};

/// Writes a message straight to octets: lines of another message as they are, and lines of its own.
///
/// It is for messages that are sent and not looked at again, such as most answers. It keeps no index, and
/// with the right capacity it asks for memory once. A [`Request`] or a [`Response`] with the same lines and
/// the same body is written as the same octets.
///
/// ```
/// use spigot_parser::{Bytes, HeaderName, MessageWriter, Request, StatusCode};
///
/// let request = Request::parse(
///     "OPTIONS sip:b@b.example SIP/2.0\r\n\
///      v: SIP/2.0/UDP a.example;branch=z9hG4bK7\r\n\
///      From: <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>\r\n\
///      Call-ID: 9\r\nCSeq: 4 OPTIONS\r\n\r\n",
/// )?;
/// let asked = request.headers();
///
/// let mut answer = MessageWriter::response(StatusCode::OK, "OK", asked.written_len() + 64);
/// answer.lines_of(asked, &HeaderName::VIA);
/// answer.lines_of(asked, &HeaderName::FROM);
/// answer.concat(&HeaderName::TO, &[asked.get(&HeaderName::TO).unwrap_or_default(), ";tag=2"])?;
/// answer.lines_of(asked, &HeaderName::CALL_ID);
/// answer.lines_of(asked, &HeaderName::CSEQ);
///
/// assert_eq!(
///     answer.finish(&Bytes::new()),
///     "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP a.example;branch=z9hG4bK7\r\nFrom: <sip:a@a.example>;tag=1\r\n\
///      To: <sip:b@b.example>;tag=2\r\nCall-ID: 9\r\nCSeq: 4 OPTIONS\r\nContent-Length: 0\r\n\r\n",
/// );
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
///
/// [`Request`]: crate::Request
/// [`Response`]: crate::Response
pub struct MessageWriter {
    out: Vec<u8>,
    content_length: Option<ContentLengthLine>,
    /// The value of a typed header. An implementation of [`TypedHeader`] could change the message if it wrote
    /// straight into it.
    value: String,
}

/// The Content-Length that was written before the body was known.
#[derive(Clone, Copy)]
struct ContentLengthLine {
    /// Where its name ends.
    name_end: usize,
    /// Where it ends itself, before its line end.
    end: usize,
    /// The number that it says, if it is one.
    length: Option<usize>,
}

/// How many octets of its room a message may leave unused. To give so few back costs more than it saves.
const SLACK: usize = 64;

impl MessageWriter {
    /// Begins a response. Control characters in the reason phrase, other than HTAB, go out as SP.
    ///
    /// `capacity` is how many octets the whole message is going to have. It is an estimate: the message grows
    /// where it is too low, and gives room back where it is much too high. [`Headers::written_len_of`] helps
    /// to make it.
    pub fn response(status: StatusCode, reason: &str, capacity: usize) -> MessageWriter {
        let code = Decimal::of(usize::from(status.as_u16()));
        let mut writer = MessageWriter::begin([b"SIP/2.0", code.digits(), reason.as_bytes()], capacity);
        let reason = writer.out.len() - reason.len()..;
        for octet in &mut writer.out[reason] {
            if octet.is_ascii_control() && *octet != b'\t' {
                *octet = b' ';
            }
        }
        writer.out.extend_from_slice(b"\r\n");
        writer
    }

    /// Begins a request; see [`response`](Self::response) for `capacity`.
    pub fn request(method: &Method, uri: &Uri, capacity: usize) -> MessageWriter {
        let words = [
            method.as_str().as_bytes(),
            uri.as_str().as_bytes(),
            b"SIP/2.0\r\n",
        ];
        MessageWriter::begin(words, capacity)
    }

    fn begin(words: [&[u8]; 3], capacity: usize) -> MessageWriter {
        let mut out = Vec::with_capacity(capacity);
        for (index, word) in words.into_iter().enumerate() {
            if index > 0 {
                out.push(b' ');
            }
            out.extend_from_slice(word);
        }
        MessageWriter {
            out,
            content_length: None,
            value: String::new(),
        }
    }

    /// Writes all lines of that name in `headers`, in their order and octet for octet.
    ///
    /// Lines that ended with a bare LF end with CRLF, as do their folds.
    pub fn lines_of(&mut self, headers: &Headers, name: &HeaderName) {
        // Which kind of name it is, is asked once and not for each line.
        match name.known() {
            Some(known) => {
                for line in headers.lines.iter().filter(|line| line.name == Some(known)) {
                    self.copy(headers, line);
                }
            }
            None => {
                for line in headers.lines.iter().filter(|line| headers.is(line, name)) {
                    self.copy(headers, line);
                }
            }
        }
    }

    /// Writes one line of another message as it is; see [`lines_of`](Self::lines_of).
    pub fn field(&mut self, field: HeaderField<'_>) {
        self.copy(field.headers, field.line);
    }

    /// Writes a line.
    ///
    /// # Errors
    ///
    /// As [`Headers::push`]; then nothing is written.
    pub fn line(&mut self, name: &HeaderName, value: &str) -> Result<(), ParseError> {
        self.concat(name, &[value])
    }

    /// Writes a line whose value is all of `parts`, one after the other.
    ///
    /// # Errors
    ///
    /// As [`Headers::push`] for the whole value; then nothing is written.
    pub fn concat(&mut self, name: &HeaderName, parts: &[&str]) -> Result<(), ParseError> {
        let (start, value) = self.begin_line(name);
        for part in parts {
            self.out.extend_from_slice(part.as_bytes());
        }
        if let Err(error) = check(name, &self.out[value..]) {
            self.out.truncate(start);
            return Err(error);
        }
        self.end_line(name, start, value);
        Ok(())
    }

    /// Writes a line for `header`. Control characters that an implementation of [`TypedHeader`] of your own
    /// writes go out as SP.
    pub fn typed<H: TypedHeader>(&mut self, header: &H) {
        self.value.clear();
        header.write(&mut self.value);
        let (start, value) = self.begin_line(&H::NAME);
        self.out.extend_from_slice(self.value.as_bytes());
        if unfit_for_value(&self.out[value..]).is_some() {
            for octet in &mut self.out[value..] {
                if octet.is_ascii_control() {
                    *octet = b' ';
                }
            }
        }
        self.end_line(&H::NAME, start, value);
    }

    /// Ends the message with a Content-Length, if none was written, an empty line and `body`. A
    /// Content-Length that was written and is wrong is put right where it is.
    pub fn finish(mut self, body: &Bytes) -> Bytes {
        let length = Decimal::of(body.len());
        let name = CONTENT_LENGTH.as_bytes();
        let end = name.len() + ": \r\n\r\n".len() + length.digits().len() + body.len();
        self.out.reserve_exact(end);
        match self.content_length {
            None => {
                for part in [name, b": ", length.digits(), b"\r\n"] {
                    self.out.extend_from_slice(part);
                }
            }
            Some(line) if line.length != Some(body.len()) => {
                let value = b": ".iter().chain(length.digits()).copied();
                self.out.splice(line.name_end..line.end, value);
            }
            Some(_) => {}
        }
        self.out.extend_from_slice(b"\r\n");
        self.out.extend_from_slice(body);
        if self.out.capacity() - self.out.len() > SLACK {
            self.out.shrink_to_fit();
        }
        self.out.into()
    }

    fn copy(&mut self, headers: &Headers, line: &Line) {
        let (start, raw) = (self.out.len(), headers.raw_octets(line));
        if headers.is_bare() && line.start().is_some() {
            self.out.extend(with_crlf(raw));
        } else {
            self.out.extend_from_slice(raw);
        }
        if line.name == Some(Known::ContentLength) {
            let length = number(headers.value(line).as_bytes());
            self.end_length(start, start + line.name_length_in(raw), length);
        } else {
            self.out.extend_from_slice(b"\r\n");
        }
    }

    /// Begins a line; gives where it begins, and where its value does.
    fn begin_line(&mut self, name: &HeaderName) -> (usize, usize) {
        let start = self.out.len();
        self.out.extend_from_slice(name.as_str().as_bytes());
        self.out.extend_from_slice(b": ");
        (start, self.out.len())
    }

    /// Ends a line that begins at `start`, and takes away the blanks around its value, which begins at
    /// `value`.
    fn end_line(&mut self, name: &HeaderName, start: usize, value: usize) {
        let written = &self.out[value..];
        let is_trimmed = |octet: Option<&u8>| octet.is_none_or(|octet| !is_blank(*octet));
        if !is_trimmed(written.first()) || !is_trimmed(written.last()) {
            self.trim(value);
        }
        if name.known() == Some(Known::ContentLength) {
            let length = number(&self.out[value..]);
            self.end_length(start, start + name.as_str().len(), length);
        } else {
            self.out.extend_from_slice(b"\r\n");
        }
    }

    #[cold]
    fn trim(&mut self, value: usize) {
        let is_blank = |octet: &&u8| is_blank(**octet);
        let before = self.out[value..].iter().take_while(is_blank).count();
        self.out.drain(value..value + before);
        let after = self.out[value..].iter().rev().take_while(is_blank).count();
        self.out.truncate(self.out.len() - after);
    }

    /// Ends the line of a Content-Length that begins at `start`, or takes it back if there is one already.
    #[cold]
    fn end_length(&mut self, start: usize, name_end: usize, length: Option<usize>) {
        if self.content_length.is_some() {
            self.out.truncate(start);
            return;
        }
        self.content_length = Some(ContentLengthLine {
            name_end,
            end: self.out.len(),
            length,
        });
        self.out.extend_from_slice(b"\r\n");
    }
}

/// The octets of a line whose folds end with a bare LF, with CRLF in its place.
fn with_crlf(raw: &[u8]) -> impl Iterator<Item = u8> {
    let each = |octet: &u8| match octet {
        b'\n' => [Some(b'\r'), Some(b'\n')],
        other => [Some(*other), None],
    };
    raw.iter().flat_map(each).flatten()
}

/// How much was written, for what was written may hold credentials.
impl fmt::Debug for MessageWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageWriter({} octets)", self.out.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{ContentLength, Field, MaxForwards};
    use crate::{ErrorKind, Request, Response};

    const REQUEST: &str = "INVITE sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
                           v :SIP/2.0/UDP b.example,\r\n\tSIP/2.0/UDP c.example \r\nX-Mine:  1 \r\nl: 4\r\n\
                           To: <sip:b@b.example>\r\nx-mine: 2\r\n\r\nbody";

    fn response() -> MessageWriter {
        MessageWriter::response(StatusCode::OK, "OK", 0)
    }

    fn written(writer: MessageWriter) -> String {
        let octets = writer.finish(&Bytes::from_static(b"body"));
        let text = std::str::from_utf8(&octets).unwrap();
        text.strip_prefix("SIP/2.0 200 OK\r\n").unwrap().to_owned()
    }

    #[test]
    fn lines_are_copied_octet_for_octet_and_in_their_order() {
        let request = Request::parse(REQUEST).unwrap();
        let mut writer = response();
        for name in ["x-mine", "VIA", "From"] {
            writer.lines_of(request.headers(), &name.parse().unwrap());
        }
        assert_eq!(
            written(writer),
            "X-Mine:  1 \r\nx-mine: 2\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
             v :SIP/2.0/UDP b.example,\r\n\tSIP/2.0/UDP c.example \r\nContent-Length: 4\r\n\r\nbody"
        );
    }

    #[test]
    fn the_start_line_is_that_of_a_message() {
        let begun = |writer: MessageWriter| writer.finish(&Bytes::new());
        let head = "\r\nContent-Length: 0\r\n\r\n";
        for (code, reason) in [(100, ""), (200, "OK"), (699, "2**3 \u{444}\tx")] {
            let status = StatusCode::from_u16(code).unwrap();
            let begun = begun(MessageWriter::response(status, reason, 0));
            assert_eq!(
                begun,
                Response::new(status).with_reason(reason).unwrap().to_bytes()
            );
        }
        let request = Request::new(Method::BYE, "sip:a@b;lr".parse().unwrap());
        let writer = MessageWriter::request(request.method(), request.uri(), 99);
        assert_eq!(begun(writer), format!("BYE sip:a@b;lr SIP/2.0{head}"));
        let evil = MessageWriter::response(StatusCode::OK, "OK\r\nX: y\0", 0);
        assert_eq!(begun(evil), format!("SIP/2.0 200 OK  X: y {head}"));
    }

    #[test]
    fn a_line_that_is_refused_leaves_nothing() {
        let mut writer = response();
        let long = "x".repeat(65_536);
        for evil in ["a\r\nb", "a\nb", "\0", "\u{7}", &long] {
            let pushed = Headers::default().push(HeaderName::SUBJECT, evil).unwrap_err();
            assert_eq!(writer.line(&HeaderName::SUBJECT, evil), Err(pushed));
            assert_eq!(writer.concat(&HeaderName::SUBJECT, &["", evil]), Err(pushed));
        }
        let error = writer.concat(&HeaderName::SUBJECT, &[" ab", "\r\n"]).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Value, 3));
        writer
            .concat(&HeaderName::SUBJECT, &[" a", "", " \"\\\u{7}\"\t "])
            .unwrap();
        writer.line(&HeaderName::ORGANIZATION, " \t ").unwrap();
        writer.concat(&HeaderName::PRIORITY, &[]).unwrap();
        assert_eq!(
            written(writer),
            "Subject: a \"\\\u{7}\"\r\nOrganization: \r\nPriority: \r\nContent-Length: 4\r\n\r\nbody"
        );
    }

    #[test]
    fn there_is_one_content_length_and_it_is_right() {
        let request = Request::parse(REQUEST).unwrap();
        let length = HeaderName::CONTENT_LENGTH;
        let rest = "To: x\r\n\r\nbody";
        let after = |mut writer: MessageWriter| {
            // A second one is left out.
            writer.line(&length, "77").unwrap();
            writer.typed(&ContentLength::new(8));
            writer.lines_of(request.headers(), &length);
            writer.line(&HeaderName::TO, "x").unwrap();
            written(writer)
        };
        let mut copied = response();
        copied.lines_of(request.headers(), &length);
        assert_eq!(after(copied), format!("l: 4\r\n{rest}"));
        for (value, expected) in [
            ("4", ": 4"),
            ("0004", ": 0004"),
            ("5", ": 4"),
            ("", ": 4"),
            ("none", ": 4"),
            ("123456", ": 4"),
        ] {
            let mut own = response();
            own.line(&length, value).unwrap();
            assert_eq!(
                after(own),
                format!("Content-Length{expected}\r\n{rest}"),
                "{value}"
            );
        }
        let folded = Request::parse("M sip:a SIP/2.0\nL :\n 4\n\nbody").unwrap();
        let mut copied = response();
        copied.field(folded.headers().iter().next().unwrap());
        assert_eq!(after(copied), format!("L :\r\n 4\r\n{rest}"));
    }

    #[test]
    fn what_a_type_of_ones_own_writes_stays_in_its_line() {
        #[derive(Clone)]
        struct Own(String);
        impl TypedHeader for Own {
            const NAME: HeaderName = HeaderName::SUBJECT;
            const SHAPE: crate::header::Shape = crate::header::Shape::Single;
            fn parse(value: Field<'_>) -> Result<Self, ParseError> {
                Ok(Own(value.as_str().to_owned()))
            }
            fn write(&self, out: &mut String) {
                *out = self.0.clone();
            }
        }
        let (mut writer, mut pushed) = (response(), Response::new(StatusCode::OK));
        writer.typed(&MaxForwards::new(70));
        pushed.headers.push_typed(&MaxForwards::new(70));
        for value in ["a\r\nX: y", "b", " \t", "\t\"\\\u{7}\" ", &"x".repeat(65_600)] {
            writer.typed(&Own(value.to_owned()));
            pushed.headers.push_typed(&Own(value.to_owned()));
        }
        let written = writer.finish(&Bytes::new());
        assert_eq!(written, pushed.to_bytes());
        let start = "SIP/2.0 200 OK\r\nMax-Forwards: 70\r\nSubject: a  X: y\r\nSubject: b\r\nSubject: \r\n";
        assert!(written.starts_with(start.as_bytes()));
    }

    #[test]
    fn debug_shows_nothing_of_what_was_written() {
        let mut writer = response();
        writer.line(&HeaderName::AUTHORIZATION, "secret").unwrap();
        assert_eq!(format!("{writer:?}"), "MessageWriter(39 octets)");
    }
}
