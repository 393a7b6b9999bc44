//! The text of header values, and splitting lists into elements.
//!
//! The one invariant: the text of a [`Field`] with an owner lies within the owner, so sharing never fails.

use std::fmt;

use bytestring::ByteString;

use crate::grammar::{quoted_end, trimmed};
use crate::message::octets::find;
use crate::redact::Redacted;

/// The text of one header value, which may be a part of a message.
///
/// A type that is parsed from a message's field shares the octets of the message. One that is parsed from a
/// field made by [`Field::new`] copies them.
///
/// ```
/// use spigot_parser::header::{Expires, Field, TypedHeader};
///
/// assert_eq!(Expires::parse(Field::new("3600"))?.seconds(), 3600);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Field<'a> {
    text: &'a str,
    owner: Option<&'a ByteString>,
}

impl<'a> Field<'a> {
    /// Creates a field of `text`, without the blanks around it.
    pub fn new(text: &'a str) -> Field<'a> {
        Field {
            text: trimmed(text),
            owner: None,
        }
    }

    /// Creates a field of `text`, blanks included.
    pub(crate) fn exact(text: &'a str) -> Field<'a> {
        Field { text, owner: None }
    }

    /// Creates a field that is a part of a message's head: `text` lies within `owner` and has no blanks
    /// around it.
    pub(crate) fn within(owner: &'a ByteString, text: &'a str) -> Field<'a> {
        Field {
            text,
            owner: Some(owner),
        }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Returns the field of a part of this field's text, with the same owner.
    pub(crate) fn narrow(&self, part: &'a str) -> Field<'a> {
        Field {
            text: part,
            owner: self.owner,
        }
    }

    /// Returns the text as an owned value, which is shared if the field has an owner.
    pub(crate) fn share(&self) -> ByteString {
        match self.owner {
            Some(owner) => owner.slice_ref(self.text),
            None => ByteString::from(self.text),
        }
    }
}

/// Formats the text without the passwords of URIs.
impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({})", Redacted(self.text))
    }
}

/// An iterator over the elements of a comma-separated list, without the blanks around them.
///
/// Commas in quotes and in angle brackets do not separate. An empty list has one empty element.
#[derive(Clone, Debug)]
pub(crate) struct Elements<'a> {
    rest: Option<&'a str>,
}

/// Splits `line` into its elements.
pub(crate) fn elements(line: &str) -> Elements<'_> {
    Elements { rest: Some(line) }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let element = match find(rest.as_bytes(), 0, b',').and_then(|_| comma(rest.as_bytes())) {
            Some(comma) => {
                self.rest = Some(&rest[comma + 1..]);
                &rest[..comma]
            }
            None => {
                self.rest = None;
                rest
            }
        };
        Some(trimmed(element))
    }
}

/// Returns the position of the first comma that separates.
///
/// A quote or bracket that is not closed reaches to the end, and is refused by the parser of the element.
fn comma(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b',' => return Some(at),
            b'"' => at = quoted_end(bytes, at)?,
            b'<' => at = find(bytes, at, b'>')? + 1,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_quotes_and_brackets_do_not_separate() {
        let split = |line| elements(line).collect::<Vec<_>>();
        assert_eq!(split("a , b,c"), ["a", "b", "c"]);
        assert_eq!(
            split("\"a, \\\" b\" <sip:x,y@z>;p=\"1,2\" ,b"),
            ["\"a, \\\" b\" <sip:x,y@z>;p=\"1,2\"", "b"]
        );
        assert_eq!(split(""), [""]);
        assert_eq!(split("a,,b,"), ["a", "", "b", ""]);
        assert_eq!(split("\"a, b"), ["\"a, b"]);
        assert_eq!(split("<a, b"), ["<a, b"]);
    }

    #[test]
    fn what_has_an_owner_is_shared() {
        let owner = ByteString::from("head: value");
        let field = Field::within(&owner, &owner[6..]);
        assert_eq!(field.share().as_ptr(), owner[6..].as_ptr());
        assert_eq!(Field::new(" \tvalue ").as_str(), "value");
    }
}
