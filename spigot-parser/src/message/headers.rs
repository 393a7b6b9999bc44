//! The headers of a message: an index into its head, and the lines that were added.
//!
//! Invariant: the head is never edited. A change edits the index, so lines that nobody touched keep their
//! octets, their spelling and their order.

use bytestring::ByteString;

use super::fold::unfold;
use super::line::{Line, TextSpan, is_after_one_blank, trim};
use super::quoted_pair::unfit_for_value;
use crate::header::Field;
use crate::header_name::Known;
use crate::redact::Redacted;
use crate::{ErrorKind, HeaderName, ParseError};

/// The header lines of a message, in their order.
///
/// Names are found in any case and in both forms. Values are given as text, unfolded and trimmed, or parsed
/// by [`typed`](Headers::typed) and [`all`](Headers::all).
///
/// ```
/// use spigot_parser::{HeaderName, Request};
///
/// let mut request = Request::parse(
///     "OPTIONS sip:bob@example.com SIP/2.0\r\nSUBJECT : first\r\n\tand more\r\nX-Mine: 1\r\n\r\n",
/// )?;
/// assert_eq!(request.headers().get(&HeaderName::SUBJECT), Some("first and more"));
///
/// request.headers_mut().push("X-Mine", "2")?;
/// let mine = HeaderName::from_token("x-mine")?;
/// assert_eq!(request.headers().get_all(&mine).collect::<Vec<_>>(), ["1", "2"]);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Default)]
pub struct Headers {
    pub(super) head: ByteString,
    pub(super) lines: Vec<Line>,
    /// Texts 1 and on: lines that were added, and values that had folds.
    added: Vec<ByteString>,
}

/// One header line.
#[derive(Clone, Copy)]
pub struct HeaderField<'a> {
    pub(super) headers: &'a Headers,
    pub(super) line: &'a Line,
}

impl<'a> HeaderField<'a> {
    /// The name. Allocates for one that the library does not know; [`is`](Self::is) does not.
    pub fn name(&self) -> HeaderName {
        match self.line.name {
            Some(known) => known.into(),
            None => HeaderName::unknown(self.raw_name()),
        }
    }

    /// The name as it is spelled in the message.
    pub fn raw_name(&self) -> &'a str {
        self.headers.raw_name(self.line)
    }

    /// The value, unfolded and trimmed.
    pub fn value(&self) -> &'a str {
        self.headers.value(self.line)
    }

    /// Whether the line has that name, in either form and any case.
    pub fn is(&self, name: &HeaderName) -> bool {
        self.headers.is(self.line, name)
    }
}

impl Headers {
    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// All lines, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = HeaderField<'_>> + DoubleEndedIterator + Clone {
        self.lines.iter().map(|line| HeaderField { headers: self, line })
    }

    /// The value of the first line of that name, unfolded and trimmed.
    pub fn get(&self, name: &HeaderName) -> Option<&str> {
        self.position(name).map(|index| self.value(&self.lines[index]))
    }

    /// The values of all lines of that name, in order. A line may hold several values; see
    /// [`all`](Headers::all).
    pub fn get_all(&self, name: &HeaderName) -> impl Iterator<Item = &str> + Clone + use<'_> {
        let name = name.clone();
        self.iter()
            .filter(move |field| field.is(&name))
            .map(|field| field.value())
    }

    /// Whether there is a line of that name.
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.position(name).is_some()
    }

    /// Adds a line at the end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] for a name that is none, [`ErrorKind::Value`] for a value that holds CR, LF, NUL,
    /// or another control character outside of a quoted-pair.
    pub fn push<N>(&mut self, name: N, value: &str) -> Result<(), ParseError>
    where
        N: TryInto<HeaderName>,
        ParseError: From<N::Error>,
    {
        let line = self.checked_line(name.try_into()?, value)?;
        self.lines.push(line);
        Ok(())
    }

    /// Adds a line before the first one of that name, or at the top if there is none.
    ///
    /// # Errors
    ///
    /// As [`push`](Headers::push).
    pub fn push_first<N>(&mut self, name: N, value: &str) -> Result<(), ParseError>
    where
        N: TryInto<HeaderName>,
        ParseError: From<N::Error>,
    {
        let name = name.try_into()?;
        let index = self.position(&name).unwrap_or(0);
        let line = self.checked_line(name, value)?;
        self.lines.insert(index, line);
        Ok(())
    }

    /// Replaces all lines of that name by one in the place of the first, or adds it at the end.
    ///
    /// # Errors
    ///
    /// As [`push`](Headers::push).
    pub fn set<N>(&mut self, name: N, value: &str) -> Result<(), ParseError>
    where
        N: TryInto<HeaderName>,
        ParseError: From<N::Error>,
    {
        let name = name.try_into()?;
        check(&name, value.as_bytes())?;
        self.set_text(&name, value);
        Ok(())
    }

    /// Removes all lines of that name; says how many there were.
    pub fn remove(&mut self, name: &HeaderName) -> usize {
        let mut removed = 0;
        while let Some(index) = self.position(name) {
            self.remove_line(index);
            removed += 1;
        }
        removed
    }

    /// Adds all lines of that name in `other` at the end, in their order and with their octets.
    pub fn copy_from(&mut self, other: &Headers, name: &HeaderName) {
        for line in other.lines.iter().filter(|line| other.is(line, name)) {
            let (owner, raw) = other.text(line.span());
            // The lines of a message end alike.
            let text = match line.start().is_some() && other.is_bare() && raw.contains('\n') {
                true => ByteString::from(raw.replace('\n', "\r\n")),
                false => owner.slice_ref(raw),
            };
            let mut copy = line.set_aside(self.add(text));
            if raw.contains('\n') {
                let value = other.field(line).share();
                copy = copy.with_value_apart(self.add(value));
            }
            self.lines.push(copy);
        }
    }
}

/// What the rest of the message needs of the index.
impl Headers {
    /// The headers whose `lines` are indexed in `head`; takes the folds out of those that have some, if
    /// `folded` says that there are.
    #[inline(always)]
    pub(crate) fn indexed(head: ByteString, mut lines: Vec<Line>, folded: bool) -> Headers {
        let added = match folded {
            true => unfold(&head, &mut lines),
            false => Vec::new(),
        };
        Headers { head, lines, added }
    }

    /// Whether the lines of the head end with a bare LF, which is written as CRLF.
    pub(super) fn is_bare(&self) -> bool {
        self.head.ends_with("\n\n")
    }

    /// Where the first line of that name is.
    #[inline]
    pub(super) fn position(&self, name: &HeaderName) -> Option<usize> {
        self.find(&self.lines, name)
    }

    /// Where the first line of that name after the one at `index` is.
    #[inline]
    pub(super) fn again(&self, index: usize, name: &HeaderName) -> Option<usize> {
        let found = self.find(self.lines.get(index + 1..)?, name)?;
        Some(index + 1 + found)
    }

    /// Where the first of `lines` is that has that name. Which kind of name it is, is asked once and not for
    /// each line.
    #[inline(always)]
    fn find(&self, lines: &[Line], name: &HeaderName) -> Option<usize> {
        match name.known() {
            Some(known) => lines.iter().position(|line| line.name == Some(known)),
            None => lines.iter().position(|line| self.is(line, name)),
        }
    }

    /// Whether `line` has that name.
    #[inline]
    pub(super) fn is(&self, line: &Line, name: &HeaderName) -> bool {
        match name.known() {
            Some(known) => line.name == Some(known),
            None => line.name.is_none() && self.raw_name(line).eq_ignore_ascii_case(name.as_str()),
        }
    }

    pub(super) fn raw_name(&self, line: &Line) -> &str {
        let raw = self.raw(line);
        &raw[..line.name_length_in(raw.as_bytes())]
    }

    #[inline]
    pub(super) fn value(&self, line: &Line) -> &str {
        self.field(line).as_str()
    }

    /// The value, and what owns it.
    #[inline(always)]
    pub(super) fn field(&self, line: &Line) -> Field<'_> {
        if let TextSpan::Head(range) = line.value_span()
            && self
                .head
                .as_bytes()
                .get(range.clone())
                .is_some_and(is_after_one_blank)
        {
            let head: &str = &self.head;
            let (until, _) = head.split_at(range.end);
            return Field::within(&self.head, &until[range.start + 1..]);
        }
        self.any_field(line)
    }

    #[inline(never)]
    fn any_field(&self, line: &Line) -> Field<'_> {
        let (owner, text) = self.text(line.value_span());
        Field::within(owner, &text[trim(text.as_bytes())])
    }

    /// The line as it is written, without its line end.
    pub(super) fn raw(&self, line: &Line) -> &str {
        self.text(line.span()).1
    }

    /// How many octets the line has, without its line end.
    #[inline(always)]
    pub(super) fn raw_len(&self, line: &Line) -> usize {
        match line.start() {
            Some(_) => line.in_head().len(),
            None => self.raw(line).len(),
        }
    }

    /// The octets of the line as it is written, without its line end.
    #[inline(always)]
    pub(super) fn raw_octets(&self, line: &Line) -> &[u8] {
        match line.span() {
            TextSpan::Head(range) => &self.head.as_bytes()[range],
            _ => self.raw(line).as_bytes(),
        }
    }

    /// The text at that place, and what owns it.
    #[inline(always)]
    fn text(&self, span: TextSpan) -> (&ByteString, &str) {
        match span {
            TextSpan::Head(range) => (&self.head, &self.head[range]),
            TextSpan::Whole(number) => (&self.added[number - 1], &self.added[number - 1]),
            TextSpan::Rest(number, start) => {
                let text = &self.added[number - 1];
                (text, &text[start..])
            }
        }
    }

    /// Adds a line at `index`: `value` must be fit for one.
    pub(super) fn insert_text(&mut self, index: usize, name: &HeaderName, value: &str) {
        let line = self.line(name.as_str(), name.known(), value);
        self.lines.insert(index, line);
    }

    /// Puts a new value in the line at `index`, which keeps the spelling of its name.
    pub(super) fn replace_text(&mut self, index: usize, value: &str) {
        let old = self.lines[index];
        let name = self.raw_name(&old).to_owned();
        self.forget(&old);
        self.lines[index] = self.line(&name, old.name, value);
    }

    /// Puts `value` in the first line of that name, removes the others, or adds one.
    pub(super) fn set_text(&mut self, name: &HeaderName, value: &str) {
        match self.position(name) {
            Some(index) => {
                self.replace_text(index, value);
                while let Some(other) = self.lines.iter().rposition(|line| self.is(line, name)) {
                    if other == index {
                        break;
                    }
                    self.remove_line(other);
                }
            }
            None => self.insert_text(self.lines.len(), name, value),
        }
    }

    pub(super) fn remove_line(&mut self, index: usize) {
        let line = self.lines.remove(index);
        self.forget(&line);
    }

    fn checked_line(&mut self, name: HeaderName, value: &str) -> Result<Line, ParseError> {
        check(&name, value.as_bytes())?;
        Ok(self.line(name.as_str(), name.known(), value))
    }

    /// A line of its own.
    fn line(&mut self, raw_name: &str, name: Option<Known>, value: &str) -> Line {
        let value = value.trim_matches([' ', '\t']);
        let mut text = String::with_capacity(raw_name.len() + 2 + value.len());
        text.push_str(raw_name);
        text.push_str(": ");
        text.push_str(value);
        let text = self.add(text.into());
        let value_start = (raw_name.len() + 1).min(usize::from(u16::MAX)) as u16;
        Line::aside(text, name, raw_name.len(), value_start)
    }

    /// Adds a text; gives its number.
    pub(super) fn add(&mut self, text: ByteString) -> usize {
        self.added.push(text);
        self.added.len()
    }

    /// Lets go of the texts of a line that was taken out of the index, so that editing again and again does
    /// not gather them.
    pub(super) fn forget(&mut self, line: &Line) {
        for number in line.texts() {
            if number == self.added.len() {
                self.added.pop();
            } else if let Some(text) = self.added.get_mut(number - 1) {
                *text = ByteString::new();
            }
        }
    }
}

/// The most octets that the name and the value of a line which an application adds may have: the index counts
/// places in a line in 16 bits.
const LONGEST: usize = u16::MAX as usize - ": ".len();

/// Whether an application may add that line.
pub(super) fn check(name: &HeaderName, value: &[u8]) -> Result<(), ParseError> {
    if name.as_str().len() + value.len() > LONGEST {
        return Err(
            ParseError::new(ErrorKind::HeaderTooLong, 0, "a line of less than 64 KiB").in_header(name),
        );
    }
    match unfit_for_value(value) {
        Some(at) => {
            Err(ParseError::new(ErrorKind::Value, at, "no control character in a value").in_header(name))
        }
        None => Ok(()),
    }
}

/// The name and the value, without passwords in URIs and all of credentials: they do not belong into logs.
impl std::fmt::Debug for HeaderField<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = match self.line.name {
            Some(Known::Authorization | Known::ProxyAuthorization) => "(redacted)",
            _ => self.value(),
        };
        write!(f, "{}: {}", self.raw_name(), Redacted(value))
    }
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::Contact;
    use crate::{Request, Response, StatusCode};

    fn request(lines: &str) -> Request {
        Request::parse(format!("OPTIONS sip:a.example SIP/2.0\r\n{lines}\r\n")).unwrap()
    }

    #[test]
    fn lines_are_found_by_any_spelling_of_their_name() {
        let request = request("v: 1\r\nX-Mine: 2\r\nVIA:3\r\nx-mine:4\r\n");
        let headers = request.headers();
        assert_eq!(headers.get_all(&HeaderName::VIA).collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!(
            headers.get_all(&"X-MINE".parse().unwrap()).collect::<Vec<_>>(),
            ["2", "4"]
        );
        assert_eq!(headers.get(&HeaderName::TO), None);
        assert_eq!(headers.iter().next().unwrap().raw_name(), "v");
        assert_eq!(headers.iter().next_back().unwrap().name(), "X-Mine");
        assert_eq!((headers.len(), headers.is_empty()), (4, false));
    }

    #[test]
    fn lines_may_be_as_long_as_can_be() {
        for length in [254, 255, 256, 1000] {
            let long = "X".repeat(length);
            let mut request = request(&format!("{long} : 1\r\n{long}: 2\r\n"));
            let name: HeaderName = long.parse().unwrap();
            request.headers_mut().push(&name, "3").unwrap();
            let values: Vec<_> = request.headers().get_all(&name).collect();
            assert_eq!(values, ["1", "2", "3"]);
            let names = request.headers().iter().map(|field| field.raw_name().len());
            assert!(names.eq([length; 3]));
        }
        let mut request = request("");
        let name: HeaderName = "X".repeat(LONGEST - 1).parse().unwrap();
        assert!(request.headers_mut().push(&name, "12").is_err());
        request.headers_mut().push(&name, "1").unwrap();
        assert_eq!(request.headers().get(&name), Some("1"));
        assert_eq!(
            request.headers().iter().next().unwrap().raw_name().len(),
            LONGEST - 1
        );

        let many: Vec<Contact> = vec!["<sip:a@a.example>".parse().unwrap(); 5000];
        let mut headers = Headers::default();
        headers.push_typed(&many[0]);
        let joined = vec!["<sip:a@a.example>"; 5000].join(", ");
        headers.set_text(&HeaderName::CONTACT, &joined);
        assert_eq!(headers.all::<Contact>().collect::<Result<Vec<_>, _>>(), Ok(many));
    }

    #[test]
    fn a_fold_is_one_blank() {
        let request = request("Subject:\r\n  I know \t\r\n\tyou're there,\r\n  pick up \r\nTo: x\r\n");
        assert_eq!(
            request.headers().get(&HeaderName::SUBJECT),
            Some("I know you're there, pick up")
        );
        assert_eq!(request.headers().get(&HeaderName::TO), Some("x"));
    }

    #[test]
    fn lines_folded_with_a_bare_lf_are_copied_with_crlf() {
        let text = "OPTIONS sip:a.example SIP/2.0\nVia: \n a,\n b\nv:\n c\nVia: d\n\n";
        let mut response = Response::new(StatusCode::OK);
        let request = Request::parse(text).unwrap();
        response
            .headers_mut()
            .copy_from(request.headers(), &HeaderName::VIA);
        assert_eq!(
            response.headers().get_all(&HeaderName::VIA).collect::<Vec<_>>(),
            ["a, b", "c", "d"]
        );
        let lines = "Via: \r\n a,\r\n b\r\nv:\r\n c\r\nVia: d\r\n";
        let expected = format!("SIP/2.0 200 OK\r\n{lines}Content-Length: 0\r\n\r\n");
        assert_eq!(response.to_bytes(), expected);
        let mut again = request.clone();
        again
            .headers_mut()
            .copy_from(response.headers(), &HeaderName::VIA);
        assert_eq!(
            again.to_bytes(),
            format!("OPTIONS sip:a.example SIP/2.0\r\n{lines}{lines}Content-Length: 0\r\n\r\n")
        );
    }

    #[test]
    fn setting_replaces_all_lines_in_the_place_of_the_first() {
        let mut request = request("A: 1\r\nb: 2\r\nC: 3\r\nB: 4\r\nB: 5\r\n");
        request.headers_mut().set("B", " new ").unwrap();
        let lines: Vec<_> = request
            .headers()
            .iter()
            .map(|field| format!("{field:?}"))
            .collect();
        assert_eq!(lines, ["A: 1", "b: new", "C: 3"]);
        assert_eq!(request.headers_mut().remove(&"b".parse().unwrap()), 1);
        assert_eq!(request.headers_mut().remove(&"b".parse().unwrap()), 0);
    }

    #[test]
    fn lines_are_copied_with_their_octets() {
        let request = request("Via:  a ,\r\n  b\r\nTo: x\r\nv:c\r\nVia: \r\n d\r\n");
        let mut response = Response::new(StatusCode::OK);
        response
            .headers_mut()
            .copy_from(request.headers(), &HeaderName::VIA);
        drop(request);
        assert_eq!(
            response.headers().get_all(&HeaderName::VIA).collect::<Vec<_>>(),
            ["a , b", "c", "d"]
        );
        let expected =
            "SIP/2.0 200 OK\r\nVia:  a ,\r\n  b\r\nv:c\r\nVia: \r\n d\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(response.to_bytes(), expected);
        let mut again = Response::new(StatusCode::OK);
        again
            .headers_mut()
            .copy_from(response.headers(), &HeaderName::VIA);
        assert_eq!(again.to_bytes(), expected);
    }

    #[test]
    fn what_an_application_sets_cannot_be_more_than_one_line() {
        let mut headers = Headers::default();
        for value in ["a\r\nb", "a\n", "\0", "\"\\\0\"", "\x07"] {
            let error = headers.push(HeaderName::SUBJECT, value).unwrap_err();
            assert_eq!(
                (error.kind(), error.header()),
                (ErrorKind::Value, Some("Subject"))
            );
            assert!(headers.set("X", value).is_err() && headers.push_first("X", value).is_err());
        }
        assert_eq!(
            headers.push("no token", "x").unwrap_err().kind(),
            ErrorKind::Token
        );
        assert_eq!(
            headers.push("X", &"x".repeat(70_000)).unwrap_err().kind(),
            ErrorKind::HeaderTooLong
        );
        assert!(headers.is_empty());
        headers.push("X", "é\t\"\\\x07\"").unwrap();
    }

    #[test]
    fn debug_shows_no_passwords_of_uris() {
        let lines = "To: <sip:b:secret@c>\r\nContact: sip:a:secret@b, <sips:a:secret@c>;x\r\nX: not sip:a:secret@b\r\n";
        let text = format!("INVITE sip:a:secret@b SIP/2.0\r\n{lines}\r\n");
        let request = Request::parse(text.clone()).unwrap();
        let contact = request.headers().typed::<Contact>().unwrap().unwrap();
        let debug = format!("{request:?} {contact:?}");
        assert_eq!(debug.matches(":(redacted)@").count(), 6, "{debug}");
        assert!(!debug.contains("secret"), "{debug}");
        assert!(request.to_string().starts_with(text.trim_end()) && contact.to_string().contains("secret"));
    }

    #[test]
    fn debug_shows_no_credentials() {
        let request =
            request("Authorization: Digest secret\r\nproxy-authorization: Digest secret\r\nTo: x\r\n");
        let debug = format!("{:?}", request.headers());
        assert!(debug.contains("To: x") && !debug.contains("secret"), "{debug}");
    }

    #[test]
    fn editing_again_and_again_gathers_nothing() {
        let mut headers = Headers::default();
        headers.push("A", "x").unwrap();
        for round in 0..1000 {
            headers.set("B", &round.to_string()).unwrap();
            headers.push_first("C", "y").unwrap();
            headers.remove(&"C".parse().unwrap());
        }
        assert_eq!(headers.get(&"B".parse().unwrap()), Some("999"));
        assert_eq!(headers.added.len(), 2);
    }
}
