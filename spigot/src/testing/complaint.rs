//! Fails a test: says where, what came instead of what was expected, and the ladder.

use std::fmt;
use std::panic::Location;

use super::Ladder;
use crate::Error;

/// The line of the test that expects something.
///
/// It is taken when an expectation is made, since a panic inside a future only knows the line of the library.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller(&'static Location<'static>);

impl Caller {
    #[track_caller]
    pub(super) fn here() -> Self {
        Caller(Location::caller())
    }

    /// Fails a test that asks for what cannot be.
    pub(super) fn refuse(self, what: impl fmt::Display) -> ! {
        panic!("{}: {what}", self.0)
    }

    /// Fails a test of which an endpoint does not start. `attribute` is the test's, in which there is a
    /// runtime.
    pub(super) fn refuse_start(self, endpoint: &str, attribute: &str, error: &Error) -> ! {
        match error {
            Error::NoRuntime => self.refuse(format_args!(
                "{endpoint} does not start, for there is no tokio runtime: say {attribute} in the place of #[test]"
            )),
            error => self.refuse(format_args!("{endpoint} does not start: {error}")),
        }
    }

    /// Fails a test whose expectation is not met, and shows the ladder.
    pub(super) fn complain(self, what: impl fmt::Display, ladder: &Ladder) -> ! {
        panic!("{}: {what}\n{ladder}", self.0)
    }
}
