//! Typed headers.
use bytestring::ByteString;
use std::str::FromStr;
use crate::{HeaderName, ParseError};

mod accept; mod address; mod allow; mod call_id; mod contact; mod content_length; mod content_type; mod cseq; mod date; mod event;
mod expires; mod max_forwards; mod option_tags; mod product; mod retry_after; mod via; mod warning;
pub use accept::{Accept, MediaRange};
pub use address::{From, RecordRoute, Route, To};
pub use allow::Allow;
pub use call_id::CallId;
pub use contact::Contact;
pub use content_length::ContentLength;
pub use content_type::ContentType;
pub use cseq::CSeq;
pub use date::Date;
pub use event::Event;
pub use expires::{Expires, MinExpires};
pub use max_forwards::MaxForwards;
pub use option_tags::{ProxyRequire, Require, Supported, Unsupported};
pub use product::{Server, UserAgent};
pub use retry_after::RetryAfter;
pub use via::Via;
pub use warning::Warning;

/// How often a header may be there and how its lines combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One line, one value.
    Single,
    /// Each line is a comma-separated list of values, each of them one `H`.
    List,
    /// All lines together, joined by commas, are one `H`.
    Joined,
}

/// A header that is known by its type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a typed header",
    label = "not a header that can be read from a message",
    note = "use a type of `spigot_parser::header`, such as `header::From`, or implement `TypedHeader` for your own"
)]
pub trait TypedHeader: Sized + Clone {
    /// The header's name.
    const NAME: HeaderName;
    /// How often it may be there.
    const SHAPE: Shape;
    /// Parses one value.
    fn parse(value: Field<'_>) -> Result<Self, ParseError>;
    /// Appends the value as it goes on the wire.
    fn write(&self, out: &mut String);
}

/// The text of one header value, and what owns it.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> { text: &'a str, owner: Option<&'a ByteString> }
impl<'a> Field<'a> {
    /// A field of its own: what is parsed out of it is copied.
    pub fn new(text: &'a str) -> Field<'a> { Field { text, owner: None } }
    /// A part of a message's head: what is parsed out of it shares the head. `text` must lie within `owner`.
    pub(crate) fn within(owner: &'a ByteString, text: &'a str) -> Field<'a> { Field { text, owner: Some(owner) } }
    /// The text.
    pub fn as_str(&self) -> &'a str { self.text }
    /// A part of this field, with the same owner.
    pub(crate) fn narrow(&self, part: &'a str) -> Field<'a> { Field { text: part, owner: self.owner } }
    /// The text as a value of its own: shared where there is an owner.
    pub(crate) fn share(&self) -> ByteString {
        match self.owner { Some(owner) => owner.slice_ref(self.text), None => ByteString::from(self.text) }
    }
}

/// Splits a line at the commas that are outside of quotes and angle brackets; elements are trimmed. Never yields nothing: an empty
/// line is one empty element.
#[derive(Clone, Debug)]
pub(crate) struct Elements<'a> { rest: Option<&'a str> }
pub(crate) fn elements(line: &str) -> Elements<'_> { Elements { rest: Some(line) } }
impl<'a> Iterator for Elements<'a> { type Item = &'a str; fn next(&mut self) -> Option<&'a str> { todo!() } }
