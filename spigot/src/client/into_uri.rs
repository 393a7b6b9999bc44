//! The types that name a URI in a call of the client.

use crate::sip::{ParseError, Uri};

/// A URI, or the text of one.
///
/// The text is read when the request is sent, so that a chain of calls has one place for its errors.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no URI",
    label = "expected a `Uri`, or text such as `\"sip:bob@example.com\"`"
)]
pub trait IntoUri {
    /// Gives the URI.
    ///
    /// # Errors
    ///
    /// If the text is no URI.
    fn into_uri(self) -> Result<Uri, ParseError>;
}

impl IntoUri for Uri {
    fn into_uri(self) -> Result<Uri, ParseError> {
        Ok(self)
    }
}

impl IntoUri for &Uri {
    fn into_uri(self) -> Result<Uri, ParseError> {
        Ok(self.clone())
    }
}

impl IntoUri for &str {
    fn into_uri(self) -> Result<Uri, ParseError> {
        self.parse()
    }
}

impl IntoUri for String {
    fn into_uri(self) -> Result<Uri, ParseError> {
        self.parse()
    }
}

impl IntoUri for &String {
    fn into_uri(self) -> Result<Uri, ParseError> {
        self.parse()
    }
}
