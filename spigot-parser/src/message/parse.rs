//! Parses a datagram.

use bytes::Bytes;

use crate::{Limits, Message, ParseError};

pub(super) fn message(_datagram: Bytes, _limits: &Limits) -> Result<Message, ParseError> {
    todo!()
}
