//! SIP messages, from bytes to typed values and back.
//!
//! It parses what comes off the wire, gives its parts as types, lets them be changed, and writes messages
//! out, for servers that read hostile bytes all day and proxies that must leave alone what is not theirs.
//!
//! ```
//! use spigot_parser::{HeaderName, Message, Response, StatusCode, header};
//!
//! let datagram = "OPTIONS sip:carol@chicago.com SIP/2.0\r\n\
//!                 v: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKhjhs8ass877\r\n\
//!                 Max-Forwards: 70\r\n\
//!                 To: <sip:carol@chicago.com>\r\n\
//!                 From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n\
//!                 Call-ID: a84b4c76e66710\r\n\
//!                 CSeq: 63104 OPTIONS\r\n\
//!                 Content-Length: 0\r\n\r\n";
//!
//! let Message::Request(request) = Message::parse(datagram)? else { panic!("it is a request") };
//!
//! // It is checked and read in one go: what transactions and dialogs are found by need not be read again.
//! let essentials = request.essentials()?;
//! assert_eq!((essentials.call_id(), essentials.from_tag()), ("a84b4c76e66710", Some("1928301774")));
//!
//! // Other values are parsed when they are asked for.
//! let from = request.headers().typed::<header::From>()?.expect("essentials saw it");
//! assert_eq!(from.display_name().as_deref(), Some("Alice"));
//! assert_eq!(request.headers().get(&HeaderName::MAX_FORWARDS), Some("70"));
//!
//! // A response takes lines of the request as they are, octet for octet.
//! let mut response = Response::new(StatusCode::OK);
//! for name in [HeaderName::VIA, HeaderName::TO, HeaderName::FROM, HeaderName::CALL_ID, HeaderName::CSEQ] {
//!     response.headers_mut().copy_from(request.headers(), &name);
//! }
//! let response = response.with_header(HeaderName::ALLOW, "OPTIONS, INVITE")?;
//! assert!(response.to_string().starts_with("SIP/2.0 200 OK\r\nv: SIP/2.0/UDP pc33.atlanta.com;"));
//! # Ok::<(), spigot_parser::ParseError>(())
//! ```
//!
//! # Concepts
//!
//! - A [`Message`] is one text, the head as it came, with an index into it: where each line, name and value
//!   is. Parsing makes the index; values stay text until [`Headers::typed`] or [`Headers::all`] is asked for
//!   a type of [`header`]. A change edits the index, so lines that nobody touched are written as they came,
//!   in their order and spelling.
//! - [`Message::parse`] refuses what cannot be framed or indexed. [`Message::essentials`] refuses what cannot
//!   be worked with, and gives what it has read of the rest: an [`Essentials`]. A [`ParseError`] says what is
//!   wrong and where, and which status answers it; a [`SalvagedRequest`] says whom to send it to.
//! - A [`MessageWriter`] writes a message line by line, for those who send it and do not look at it again.
//! - A [`RawMessage`] is that index alone, over octets that stay where they are: for those who only look.
//! - A [`Framer`] cuts a stream into messages, and refuses streams in which two readers could see different
//!   ones.
//! - [`Limits`] bound everything that a peer can make large.
//! - A [`Uri`] compares as its scheme has it, and a [`Pattern`] matches one and captures its parts.
//! - A [`Multipart`] body is cut into [`Part`]s, which have headers of their own; an [`Sdp`] says which media
//!   there are, where they go to and which way they flow.
//! - [`Method`], [`StatusCode`] and [`HeaderName`] are open: constants for what the RFCs name, and any other
//!   value. A [`Method`] knows what it means for dialogs: [`Method::opens_dialog`] and the questions beside
//!   it.
//!
//! # Invariants
//!
//! - No input, output, clock or randomness, and no `unsafe`.
//! - No panic, whatever the bytes.
//! - What becomes of each message of RFC 4475 and RFC 5118, of each prefix of them and of each change of one
//!   octet is decided in `tests/torture/DISPOSITIONS.md`, which the tests hold to what happens.
//! - A usual message costs one allocation to parse, for the index; a header costs none.
//! - What an application sets cannot hold a line end, so it cannot become another header.
//! - Content-Length is written right, whatever was there.

mod body;
mod error;
mod field;
mod frame;
mod grammar;
mod header_name;
mod host;
mod limits;
mod message;
mod method;
mod name_addr;
mod params;
mod redact;
mod status;
mod uri;

pub mod header;
pub mod pattern;

pub use body::{Codec, Connection, Direction, Media, MediaBuilder, Multipart, Origin, Part, Sdp, SdpBuilder};
pub use bytes::Bytes;
pub use error::{ErrorKind, ParseError};
pub use frame::{Frame, FrameError, Framer};
pub use header_name::HeaderName;
pub use host::Host;
pub use limits::Limits;
pub use message::{
    Essentials, HeaderField, Headers, Message, MessageWriter, RawField, RawLines, RawMessage, Request,
    Response, SalvagedRequest,
};
pub use method::Method;
pub use name_addr::NameAddr;
pub use params::{MAX_PARAMS, Params};
pub use pattern::{Captures, Domains, Pattern, PatternSet};
pub use status::StatusCode;
pub use uri::{AbsoluteUri, Aor, SipUri, TelUri, Uri};
