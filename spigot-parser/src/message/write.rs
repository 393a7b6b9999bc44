//! From a message to octets.
//!
//! Invariant: one allocation, of the right size; lines of the head that nobody touched go out in one copy for
//! as long as they follow each other.

use bytes::{BufMut, Bytes, BytesMut};

use super::body_length::number;
use super::headers::{Headers, check};
use super::line::{Line, TextSpan};
use crate::header::{ContentType, Field, TypedHeader};
use crate::header_name::Known;
use crate::{HeaderName, ParseError};

/// The name of the line that is added where there is no Content-Length.
pub(super) const CONTENT_LENGTH: &str = "Content-Length";

/// A whole message: the words of the start line, headers with a right Content-Length, and the body.
pub(super) fn message(start_line: &[&str], headers: &Headers, body: &Bytes) -> Bytes {
    let lines = Lines::of(headers, body.len());
    let start_line_length: usize = start_line.iter().map(|word| word.len() + 1).sum();
    let room = start_line_length + 1 + lines.length() + 2 + body.len();
    // Filled to the last octet, so that freezing it needs no memory of its own.
    let mut out = BytesMut::with_capacity(room);
    for (index, word) in start_line.iter().enumerate() {
        if index > 0 {
            out.put_u8(b' ');
        }
        out.put_slice(word.as_bytes());
    }
    out.put_slice(b"\r\n");
    lines.put(&mut out);
    out.put_slice(b"\r\n");
    out.put_slice(body);
    debug_assert_eq!(out.len(), room);
    out.freeze()
}

/// The lines of a message with a body of that length.
struct Lines<'a> {
    headers: &'a Headers,
    body_length: usize,
    /// Which line says the length, if one does, and whether it says the right one.
    content_length: Option<(usize, bool)>,
    /// Whether the lines of the head end with a bare LF, which is not how they are written.
    bare: bool,
}

/// How a line is written.
enum Writing {
    AsItCame,
    Anew,
    NotAtAll,
}

impl<'a> Lines<'a> {
    fn of(headers: &'a Headers, body_length: usize) -> Lines<'a> {
        let mut lines = headers.lines.iter();
        let index = lines.position(|line| line.name == Some(Known::ContentLength));
        let content_length = index.map(|index| {
            let said = number(headers.value(&headers.lines[index]).as_bytes());
            (index, said == Some(body_length))
        });
        Lines {
            headers,
            body_length,
            content_length,
            bare: headers.is_bare(),
        }
    }

    fn writing(&self, index: usize, line: &Line) -> Writing {
        match self.content_length {
            Some((first, right)) if line.name == Some(Known::ContentLength) => {
                match (index == first, right) {
                    (true, true) => Writing::AsItCame,
                    (true, false) => Writing::Anew,
                    (false, _) => Writing::NotAtAll,
                }
            }
            _ => Writing::AsItCame,
        }
    }

    /// How many octets they are, with their line ends.
    fn length(&self) -> usize {
        let lines = self.headers.lines.iter().enumerate();
        let length: usize = lines
            .map(|(index, line)| match self.writing(index, line) {
                Writing::AsItCame if self.bare => {
                    let parts = self.headers.raw(line).lines();
                    parts
                        .filter(|part| !part.is_empty())
                        .map(|part| part.len() + 2)
                        .sum()
                }
                Writing::AsItCame => match line.span() {
                    TextSpan::Head(range) => range.len() + 2,
                    _ => self.headers.raw(line).len() + 2,
                },
                Writing::Anew => length_line(self.headers.raw_name(line), self.body_length),
                Writing::NotAtAll => 0,
            })
            .sum();
        match self.content_length {
            Some(_) => length,
            None => length + length_line(CONTENT_LENGTH, self.body_length),
        }
    }

    fn put(&self, out: &mut BytesMut) {
        let head = self.headers.head.as_bytes();
        // The part of the head that is still to be copied: whole lines with their line ends, the last one's
        // apart.
        let mut pending = 0..0;
        for (index, line) in self.headers.lines.iter().enumerate() {
            let writing = self.writing(index, line);
            if let (Writing::AsItCame, TextSpan::Head(range), false) = (&writing, line.span(), self.bare) {
                let (start, end) = (range.start, range.end);
                if pending.end + 2 == start && head[pending.end..start] == *b"\r\n" && !pending.is_empty() {
                    pending.end = end;
                } else {
                    put_line(&head[pending], out);
                    pending = start..end;
                }
                continue;
            }
            put_line(&head[std::mem::take(&mut pending)], out);
            match writing {
                Writing::AsItCame if self.bare => {
                    let parts = self.headers.raw(line).lines();
                    parts.for_each(|part| put_line(part.as_bytes(), out));
                }
                Writing::AsItCame => put_line(self.headers.raw(line).as_bytes(), out),
                Writing::Anew => put_length(self.headers.raw_name(line), self.body_length, out),
                Writing::NotAtAll => {}
            }
        }
        put_line(&head[pending], out);
        if self.content_length.is_none() {
            put_length(CONTENT_LENGTH, self.body_length, out);
        }
    }
}

fn put_line(line: &[u8], out: &mut BytesMut) {
    if !line.is_empty() {
        out.put_slice(line);
        out.put_slice(b"\r\n");
    }
}

/// How many octets [`put_length`] puts.
fn length_line(name: &str, length: usize) -> usize {
    name.len() + 2 + length.checked_ilog10().unwrap_or(0) as usize + 1 + 2
}

fn put_length(name: &str, length: usize, out: &mut BytesMut) {
    out.put_slice(name.as_bytes());
    out.put_slice(b": ");
    put_line(Decimal::of(length).digits(), out);
}

/// A number in decimal digits.
pub(super) struct Decimal {
    digits: [u8; DIGITS],
    start: usize,
}

/// The most digits of a number.
const DIGITS: usize = 20;

impl Decimal {
    pub(super) fn of(mut number: usize) -> Decimal {
        let mut digits = [b'0'; DIGITS];
        let mut start = DIGITS;
        loop {
            start -= 1;
            digits[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 || start == 0 {
                return Decimal { digits, start };
            }
        }
    }

    pub(super) fn digits(&self) -> &[u8] {
        &self.digits[self.start..]
    }
}

/// Whether an application may set that Content-Type: it is one, and the line can be written.
pub(super) fn check_content_type(text: &str) -> Result<(), ParseError> {
    check(&HeaderName::CONTENT_TYPE, text.as_bytes())?;
    ContentType::parse(Field::new(text)).map(drop)
}

/// What setting and taking away a body does to the headers that describe it.
impl Headers {
    pub(super) fn describe_body(&mut self, content_type: Option<&str>, length: usize) {
        for name in [
            HeaderName::CONTENT_ENCODING,
            HeaderName::CONTENT_LANGUAGE,
            HeaderName::CONTENT_DISPOSITION,
        ] {
            self.remove(&name);
        }
        match content_type {
            Some(content_type) => self.set_text(&HeaderName::CONTENT_TYPE, content_type),
            None => _ = self.remove(&HeaderName::CONTENT_TYPE),
        }
        if self.contains(&HeaderName::CONTENT_LENGTH) {
            self.set_text(&HeaderName::CONTENT_LENGTH, &length.to_string());
        }
    }
}

/// How much room the lines need.
impl Headers {
    /// How many octets all lines have when they are written, their line ends too.
    ///
    /// It is an estimate for the capacity of a [`MessageWriter`](crate::MessageWriter): exact, or a little
    /// too high where lines ended with a bare LF.
    pub fn written_len(&self) -> usize {
        let lines: usize = self.lines.iter().map(|line| self.raw_len(line) + 2).sum();
        lines + self.bare_ends()
    }

    /// How many octets the lines of those names have when they are written; see
    /// [`written_len`](Self::written_len).
    pub fn written_len_of(&self, names: &[HeaderName]) -> usize {
        let mut known = [false; Known::ALL.len()];
        let mut unknown = false;
        for name in names {
            match name.known() {
                Some(name) => known[name as usize] = true,
                None => unknown = true,
            }
        }
        let mut lines = 0;
        for line in &self.lines {
            let is_named = match line.name {
                Some(name) => known[name as usize],
                None => unknown && names.iter().any(|name| self.is(line, name)),
            };
            if is_named {
                lines += self.raw_len(line) + 2;
            }
        }
        lines + self.bare_ends()
    }

    /// How many CRs are put into the head when it is written, at most.
    fn bare_ends(&self) -> usize {
        if self.is_bare() {
            self.head.matches('\n').count()
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{HeaderName, Request};

    const HEAD: &str = "OPTIONS sip:a.example SIP/2.0\r\nV:x\r\nto :\ty  \r\nX-y:  a,\r\n  b\r\nsubject:\r\n";

    #[test]
    fn what_nobody_touched_is_written_as_it_came() {
        for rest in ["l: 2\r\n\r\nab", "Content-Length:0002 \r\nx: y\r\n\r\nab"] {
            let text = format!("{HEAD}{rest}");
            assert_eq!(Request::parse(text.clone()).unwrap().to_bytes(), text);
        }
    }

    #[test]
    fn a_bare_lf_is_written_as_crlf_in_folds_too() {
        let text = format!("{HEAD}l: 2\r\n\r\nab");
        let request = Request::parse(text.replace("\r\n", "\n")).unwrap();
        assert_eq!(request.to_bytes(), text);
    }

    #[test]
    fn edits_leave_the_other_lines_alone() {
        let mut request = Request::parse(format!("{HEAD}l: 2\r\n\r\nab")).unwrap();
        let headers = request.headers_mut();
        headers.push_first(HeaderName::VIA, "new").unwrap();
        headers.remove(&HeaderName::TO);
        headers.set("SUBJECT", "s").unwrap();
        headers.push("Z", "z").unwrap();
        let expected = "OPTIONS sip:a.example SIP/2.0\r\nVia: new\r\nV:x\r\nX-y:  a,\r\n  b\r\nsubject: s\r\nl: 2\r\n\
                        Z: z\r\n\r\nab";
        assert_eq!(request.to_bytes(), expected);
    }

    #[test]
    fn content_length_is_right_whatever_was_there() {
        let mut request = Request::parse("M sip:a SIP/2.0\r\n\r\nabc").unwrap();
        assert_eq!(
            request.to_bytes(),
            "M sip:a SIP/2.0\r\nContent-Length: 3\r\n\r\nabc"
        );
        for wrong in ["4", "-3", "x", ""] {
            request
                .headers_mut()
                .set(HeaderName::CONTENT_LENGTH, wrong)
                .unwrap();
            assert_eq!(
                request.to_bytes(),
                "M sip:a SIP/2.0\r\nContent-Length: 3\r\n\r\nabc"
            );
        }
        request.headers_mut().push("l", "9").unwrap();
        assert_eq!(
            request.to_bytes(),
            "M sip:a SIP/2.0\r\nContent-Length: 3\r\n\r\nabc"
        );
        request.clear_body();
        assert_eq!(request.to_bytes(), "M sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n");
    }
}
