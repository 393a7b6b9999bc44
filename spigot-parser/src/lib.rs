//! SIP messages, from bytes to typed values and back.
//!
//! The front page comes with the parser.

mod error;
mod frame;
mod grammar;
mod header_name;
mod host;
mod limits;
mod message;
mod method;
mod name_addr;
mod params;
mod status;
mod uri;

pub mod header;
pub mod pattern;

pub use bytes::Bytes;
pub use error::{ErrorKind, ParseError};
pub use frame::{Frame, FrameError, Framer};
pub use header_name::HeaderName;
pub use host::Host;
pub use limits::Limits;
pub use message::{HeaderField, Headers, Message, Request, Response};
pub use method::Method;
pub use name_addr::NameAddr;
pub use params::Params;
pub use pattern::{Captures, Pattern};
pub use status::StatusCode;
pub use uri::{AbsoluteUri, SipUri, TelUri, Uri};
