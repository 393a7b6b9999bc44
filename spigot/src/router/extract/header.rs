//! A typed header as an argument, and as a part of an answer.

use std::ops::Deref;

/// A typed header: `Header<header::Expires>`, `Option<Header<header::Expires>>`.
///
/// As an argument it is the header of the request; one that is missing or malformed answers 400 with a
/// Warning that names it. Beside a status it is a header of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<T>(pub T);

impl<T> Deref for Header<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
