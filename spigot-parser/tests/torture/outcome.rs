//! The results of parsing octets as a datagram and as the beginning of a stream.

use std::fmt;

use spigot_parser::{Bytes, ErrorKind, Frame, Framer, Limits, Message, ParseError};

/// The result of parsing a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted,
    /// Refused by `Message::parse`.
    Unparsed(ParseError),
    /// Refused by `Message::validate`.
    Invalid(ParseError),
}

impl Outcome {
    pub(crate) fn of(bytes: &Bytes) -> Outcome {
        match Message::parse(bytes.clone()) {
            Ok(message) => Outcome::of_message(&message),
            Err(error) => Outcome::Unparsed(error),
        }
    }

    pub(crate) fn of_message(message: &Message) -> Outcome {
        match message.validate() {
            Ok(()) => Outcome::Accepted,
            Err(error) => Outcome::Invalid(error),
        }
    }

    pub(crate) fn error(&self) -> Option<&ParseError> {
        match self {
            Outcome::Accepted => None,
            Outcome::Unparsed(error) | Outcome::Invalid(error) => Some(error),
        }
    }

    pub(crate) fn kind(&self) -> Option<ErrorKind> {
        self.error().map(ParseError::kind)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            None => f.write_str("accepted"),
            Some(kind) => write!(f, "{kind:?}"),
        }
    }
}

/// The first result of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// More has to be read.
    Waits,
    /// The framer returned a message.
    Message(Bytes),
    /// The framer returned an error.
    Refused(ParseError),
}

impl First {
    /// Returns the first result of `chunks`, read one after the other; pings are skipped.
    pub(crate) fn of<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> First {
        let mut framer = Framer::new(Limits::default());
        for chunk in chunks {
            framer.buffer().extend_from_slice(chunk);
            loop {
                match framer.next() {
                    Ok(Some(Frame::Message(message))) => return First::Message(message),
                    Ok(Some(Frame::Ping)) => {}
                    Ok(None) => break,
                    Err(error) => return First::Refused(*error.error()),
                }
            }
        }
        First::Waits
    }
}

impl fmt::Display for First {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            First::Waits => f.write_str("waits"),
            First::Message(_) => f.write_str("message"),
            First::Refused(error) => write!(f, "{:?}", error.kind()),
        }
    }
}
