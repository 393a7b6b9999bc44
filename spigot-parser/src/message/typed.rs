//! Typed values in and out of the index.
//!
//! Invariant: a value that cannot be parsed is left where it is.

use super::fold::place_in_folded;
use super::headers::Headers;
use super::line::{Line, TextSpan};
use super::octets::find;
use super::quoted_pair::unfit_for_value;
use crate::header::{Field, Shape, TypedHeader, elements};
use crate::{ErrorKind, HeaderName, ParseError};

impl Headers {
    /// The header `H`, parsed, if it is there.
    ///
    /// By [`Shape`]: the only value of a header that may be there once, the first value of a list or of
    /// several lines, or all lines together of one that is read as a whole.
    ///
    /// ```
    /// use spigot_parser::{Request, header};
    ///
    /// let request = Request::parse("OPTIONS sip:a.example SIP/2.0\r\nCSeq: 7 OPTIONS\r\n\r\n")?;
    /// let cseq = request.headers().typed::<header::CSeq>()?.expect("it is there");
    /// assert_eq!(cseq.number(), 7);
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong with the value, or [`ErrorKind::Duplicate`] if a header that may be there once is there
    /// again.
    pub fn typed<H: TypedHeader>(&self) -> Result<Option<H>, ParseError> {
        let name = H::NAME;
        let Some(index) = self.position(&name) else {
            return Ok(None);
        };
        let line = &self.lines[index];
        match H::SHAPE {
            Shape::List => self.first(line, first_element(self.value(line))),
            Shape::Lines => self.first(line, self.value(line)),
            Shape::Single => {
                self.once(index, &name)?;
                self.first(line, self.value(line))
            }
            Shape::Joined => {
                if self.again(index, &name).is_none() {
                    return self.first(line, self.value(line));
                }
                // Each by itself first: quotes that one line opens and the next one closes would hide what is
                // between.
                let mut joined = String::new();
                for line in self.lines.iter().filter(|line| self.is(line, &name)) {
                    let value = self.value(line);
                    if value.is_empty() {
                        continue;
                    }
                    self.element::<H>(line, value)?;
                    if !joined.is_empty() {
                        joined.push_str(", ");
                    }
                    joined.push_str(value);
                }
                let parsed = H::parse(Field::new(&joined));
                parsed
                    .map(Some)
                    .map_err(|error| error.shifted(self.offset_of(line, 0)).in_header(&name))
            }
        }
    }

    /// What `read` finds in the value of the header `H`, which may be there once.
    #[inline]
    pub(crate) fn read_single<'a, H: TypedHeader, T>(
        &'a self,
        read: impl FnOnce(&'a str) -> Result<T, ParseError>,
    ) -> Result<Option<T>, ParseError> {
        let Some(index) = self.position(&H::NAME) else {
            return Ok(None);
        };
        self.once(index, &H::NAME)?;
        let line = &self.lines[index];
        let value = self.value(line);
        match read(value) {
            Ok(found) => Ok(Some(found)),
            Err(error) => Err(self.located::<H>(line, value, error)),
        }
    }

    /// There is no other line of that name after the one at `index`.
    #[inline]
    fn once(&self, index: usize, name: &HeaderName) -> Result<(), ParseError> {
        match self.again(index, name) {
            None => Ok(()),
            Some(again) => {
                let at = self.lines[again].start().unwrap_or_default();
                Err(ParseError::new(ErrorKind::Duplicate, at, "the header once only").in_header(name))
            }
        }
    }

    /// Every value of the header `H`, parsed, in order: each element of each line of a list, each line of any
    /// other header, or the one value of a header that is read as a whole.
    pub fn all<H: TypedHeader>(&self) -> impl Iterator<Item = Result<H, ParseError>> + use<'_, H> {
        let joined = matches!(H::SHAPE, Shape::Joined);
        let whole = if joined {
            self.typed::<H>().transpose()
        } else {
            None
        };
        let name = H::NAME;
        let lines = self
            .lines
            .iter()
            .filter(move |line| !joined && self.is(line, &name));
        let each = lines.flat_map(|line| {
            let value = self.value(line);
            let list = matches!(H::SHAPE, Shape::List).then(|| elements(value));
            let single = list.is_none().then_some(value);
            list.into_iter()
                .flatten()
                .chain(single)
                .map(|element| self.element(line, element))
        });
        whole.into_iter().chain(each)
    }

    /// Adds a line for `header` at the end.
    ///
    /// Control characters that an implementation of [`TypedHeader`] of your own writes go out as SP.
    pub fn push_typed<H: TypedHeader>(&mut self, header: &H) {
        let index = self.lines.len();
        self.insert_text(index, &H::NAME, &written(header));
    }

    /// Adds a line for `header` before the first one of its name, or at the top if there is none.
    pub fn push_first_typed<H: TypedHeader>(&mut self, header: &H) {
        let index = self.position(&H::NAME).unwrap_or(0);
        self.insert_text(index, &H::NAME, &written(header));
    }

    /// Replaces all lines of the header's name by one in the place of the first, or adds it at the end.
    pub fn set_typed<H: TypedHeader>(&mut self, header: &H) {
        self.set_text(&H::NAME, &written(header));
    }

    /// Takes the first value of the header `H` out and gives it: one element of a list, one of several lines,
    /// or the one value.
    ///
    /// # Errors
    ///
    /// What is wrong with the value; then it stays.
    pub fn pop_first<H: TypedHeader>(&mut self) -> Result<Option<H>, ParseError> {
        let Some(value) = self.typed::<H>()? else {
            return Ok(None);
        };
        let Some(index) = self.position(&H::NAME) else {
            return Ok(None);
        };
        match H::SHAPE {
            Shape::List => {}
            Shape::Lines => {
                self.remove_line(index);
                return Ok(Some(value));
            }
            Shape::Single | Shape::Joined => {
                self.remove(&H::NAME);
                return Ok(Some(value));
            }
        }
        let text = self.value(&self.lines[index]);
        match elements(text).nth(1) {
            None => self.remove_line(index),
            Some(second) => {
                let rest = text[distance(text, second)..].to_owned();
                self.replace_text(index, &rest);
            }
        }
        Ok(Some(value))
    }

    /// Puts `header` in the place of the first value of its name, and leaves the other elements of a list as
    /// they are.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`] if there is none.
    pub fn replace_first<H: TypedHeader>(&mut self, header: &H) -> Result<(), ParseError> {
        let name = H::NAME;
        let Some(index) = self.position(&name) else {
            return Err(
                ParseError::new(ErrorKind::Missing, 0, "the header that is to be replaced").in_header(&name),
            );
        };
        let mut text = written(header);
        match H::SHAPE {
            Shape::List => {}
            Shape::Lines => {
                self.replace_text(index, &text);
                return Ok(());
            }
            Shape::Single | Shape::Joined => {
                self.set_text(&name, &text);
                return Ok(());
            }
        }
        let old = self.value(&self.lines[index]);
        let first = first_element(old);
        text.push_str(&old[distance(old, first) + first.len()..]);
        self.replace_text(index, &text);
        Ok(())
    }

    /// Parses `element`, a part of the value of `line`, to where it stays: what is moved on its way costs as
    /// much as what is parsed.
    #[inline(always)]
    fn first<H: TypedHeader>(&self, line: &Line, element: &str) -> Result<Option<H>, ParseError> {
        match H::parse(self.field(line).narrow(element)) {
            Ok(header) => Ok(Some(header)),
            Err(error) => Err(self.located::<H>(line, element, error)),
        }
    }

    /// Parses `element`, a part of the value of `line`.
    pub(super) fn element<H: TypedHeader>(&self, line: &Line, element: &str) -> Result<H, ParseError> {
        match H::parse(self.field(line).narrow(element)) {
            Ok(header) => Ok(header),
            Err(error) => Err(self.located::<H>(line, element, error)),
        }
    }

    /// The error as one of the message.
    #[cold]
    pub(super) fn located<H: TypedHeader>(
        &self,
        line: &Line,
        element: &str,
        error: ParseError,
    ) -> ParseError {
        let at = distance(self.value(line), element) + error.offset();
        error.moved_to(self.offset_of(line, at)).in_header(&H::NAME)
    }

    /// Where the octet at `at` in the value of `line` is in the message; in a line that was added, where it
    /// is in the value.
    pub(super) fn offset_of(&self, line: &Line, at: usize) -> usize {
        match (line.span(), line.value_span()) {
            (TextSpan::Head(_), TextSpan::Head(_)) => line.value_in_head(self.head.as_bytes()).start + at,
            (TextSpan::Head(line), _) => {
                let raw = &self.head[line.clone()];
                let value = raw.find(':').map_or(0, |colon| colon + 1);
                line.start + value + place_in_folded(&raw[value..], at)
            }
            _ => at,
        }
    }
}

/// Nearly always the value is one element, and it was trimmed when it was indexed.
#[inline]
fn first_element(value: &str) -> &str {
    match find(value.as_bytes(), 0, b',') {
        None => value,
        Some(_) => elements(value).next().unwrap_or(value),
    }
}

/// How far into `text` its part `part` begins.
fn distance(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize)
        .saturating_sub(text.as_ptr() as usize)
        .min(text.len())
}

/// The value of `header` as it goes on the wire, fit for a line.
fn written<H: TypedHeader>(header: &H) -> String {
    let mut text = String::new();
    header.write(&mut text);
    if unfit_for_value(text.as_bytes()).is_some() {
        text = text
            .chars()
            .map(|character| {
                if character.is_ascii_control() {
                    ' '
                } else {
                    character
                }
            })
            .collect();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::header::{Accept, Allow, CSeq, Contact, MaxForwards, Route, Via};

    fn request(lines: &str) -> Request {
        Request::parse(format!("OPTIONS sip:a.example SIP/2.0\r\n{lines}\r\n")).unwrap()
    }

    fn lines(request: &Request) -> Vec<String> {
        request
            .headers()
            .iter()
            .map(|field| format!("{field:?}"))
            .collect()
    }

    const VIAS: &str = "Via: SIP/2.0/UDP a;branch=1 , SIP/2.0/TCP b\r\nTo: x\r\nv:\r\n SIP/2.0/TLS c\r\n";

    #[test]
    fn a_list_is_read_across_lines_and_commas() {
        let request = request(VIAS);
        let hosts: Vec<_> = request
            .headers()
            .all::<Via>()
            .map(|via| via.unwrap().host().as_str().to_owned())
            .collect();
        assert_eq!(hosts, ["a", "b", "c"]);
        assert_eq!(
            request.headers().typed::<Via>().unwrap().unwrap().branch(),
            Some("1")
        );
        assert_eq!(request.headers().typed::<Route>(), Ok(None));
    }

    #[test]
    fn a_single_value_may_not_be_there_twice() {
        let request = request("CSeq: 1 A\r\nX: y\r\ncseq: 2 B\r\n");
        let error = request.headers().typed::<CSeq>().unwrap_err();
        assert_eq!(
            (error.kind(), error.header(), error.offset()),
            (ErrorKind::Duplicate, Some("CSeq"), 48)
        );
    }

    #[test]
    fn a_joined_header_is_one_value() {
        let request = request("Allow: INVITE, ACK\r\nX: y\r\nAllow: BYE\r\n");
        let allow = request.headers().typed::<Allow>().unwrap().unwrap();
        assert_eq!(allow.to_string(), "INVITE, ACK, BYE");
        assert_eq!(request.headers().all::<Allow>().count(), 1);
    }

    #[test]
    fn lines_that_do_not_combine_are_values_of_their_own() {
        #[derive(Clone, Debug, PartialEq)]
        struct Challenge(String);
        impl TypedHeader for Challenge {
            const NAME: crate::HeaderName = crate::HeaderName::WWW_AUTHENTICATE;
            const SHAPE: Shape = Shape::Lines;
            fn parse(value: Field<'_>) -> Result<Self, ParseError> {
                Ok(Challenge(value.as_str().to_owned()))
            }
            fn write(&self, out: &mut String) {
                out.push_str(&self.0);
            }
        }
        let of = |text: &str| Challenge(text.to_owned());
        let mut request = request("WWW-Authenticate: a, b\r\nTo: x\r\nWWW-Authenticate: c\r\n");
        let all: Result<Vec<Challenge>, _> = request.headers().all().collect();
        assert_eq!(all, Ok(vec![of("a, b"), of("c")]));
        request.headers_mut().replace_first(&of("d,")).unwrap();
        assert_eq!(
            lines(&request),
            ["WWW-Authenticate: d,", "To: x", "WWW-Authenticate: c"]
        );
        assert_eq!(request.headers_mut().pop_first(), Ok(Some(of("d,"))));
        assert_eq!(lines(&request), ["To: x", "WWW-Authenticate: c"]);
    }

    #[test]
    fn no_quotes_reach_from_one_line_to_the_next() {
        let (good, bad) = ("Accept: a/b;c=\"x\"\r\n", "Accept: a/b;c=\"x\r\nAccept: y\"\r\n");
        let joined = request(&format!("{good}Accept:\r\n{good}"));
        assert_eq!(
            joined
                .headers()
                .typed::<Accept>()
                .unwrap()
                .unwrap()
                .ranges()
                .count(),
            2
        );
        let error = request(bad).headers().typed::<Accept>().unwrap_err();
        assert_eq!((error.kind(), error.header()), (ErrorKind::Value, Some("Accept")));
        assert_eq!(
            error.offset(),
            "OPTIONS sip:a.example SIP/2.0\r\nAccept: a/b;c=".len()
        );
    }

    #[test]
    fn popping_takes_elements_and_then_lines() {
        let mut request = request(VIAS);
        let mut pop = |branch: Option<&str>, left: &[&str]| {
            let via = request.headers_mut().pop_first::<Via>().unwrap();
            assert_eq!(via.as_ref().and_then(Via::branch), branch);
            assert_eq!(lines(&request), left);
            via
        };
        pop(Some("1"), &["Via: SIP/2.0/TCP b", "To: x", "v: SIP/2.0/TLS c"]);
        pop(None, &["To: x", "v: SIP/2.0/TLS c"]);
        pop(None, &["To: x"]);
        assert_eq!(pop(None, &["To: x"]), None);
    }

    #[test]
    fn what_cannot_be_parsed_stays() {
        let mut request = request("Via: what is this, SIP/2.0/UDP a\r\n");
        let error = request.headers_mut().pop_first::<Via>().unwrap_err();
        assert_eq!(error.header(), Some("Via"));
        assert_eq!(lines(&request), ["Via: what is this, SIP/2.0/UDP a"]);
    }

    #[test]
    fn replacing_leaves_the_other_elements() {
        let mut request = request(VIAS);
        let via = request.headers().typed::<Via>().unwrap().unwrap();
        let via = via.with_param("received", Some("192.0.2.1")).unwrap();
        request.headers_mut().replace_first(&via).unwrap();
        let expected = "Via: SIP/2.0/UDP a;branch=1;received=192.0.2.1 , SIP/2.0/TCP b";
        assert_eq!(lines(&request), [expected, "To: x", "v: SIP/2.0/TLS c"]);
        request.headers_mut().remove(&Via::NAME);
        assert_eq!(
            request.headers_mut().replace_first(&via).unwrap_err().kind(),
            ErrorKind::Missing
        );
    }

    #[test]
    fn typed_lines_go_where_they_belong() {
        let mut request = request(VIAS);
        let via = Via::new("WS", "d", None).unwrap();
        request.headers_mut().push_first_typed(&via);
        request
            .headers_mut()
            .set_typed(&"70".parse::<MaxForwards>().unwrap());
        request
            .headers_mut()
            .set_typed(&"0".parse::<MaxForwards>().unwrap());
        request
            .headers_mut()
            .push_typed(&"<sip:a>".parse::<Contact>().unwrap());
        let all = lines(&request);
        assert_eq!((all[0].as_str(), all.len()), ("Via: SIP/2.0/WS d", 6));
        assert_eq!(all[4..], ["Max-Forwards: 0", "Contact: <sip:a>"]);
    }

    #[test]
    fn an_error_says_where_in_the_message_it_is() {
        let request = request("Via: SIP/2.0/UDP a, SIP 2.0/UDP b\r\n");
        let error = request.headers().all::<Via>().find_map(Result::err).unwrap();
        let text = request.to_string();
        let element = text.find("SIP 2.0").unwrap();
        assert!((element..element + 5).contains(&error.offset()), "{error}");
    }

    #[test]
    fn a_header_of_ones_own_cannot_begin_another_line() {
        #[derive(Clone)]
        struct Rogue;
        impl TypedHeader for Rogue {
            const NAME: crate::HeaderName = crate::HeaderName::SUBJECT;
            const SHAPE: Shape = Shape::Single;
            fn parse(_: Field<'_>) -> Result<Self, ParseError> {
                Ok(Rogue)
            }
            fn write(&self, out: &mut String) {
                out.push_str("a\r\nRoute: b");
            }
        }
        let mut request = request("");
        request.headers_mut().push_typed(&Rogue);
        assert_eq!(lines(&request), ["Subject: a  Route: b"]);
    }
}
