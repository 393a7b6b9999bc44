//! Session descriptions (RFC 8866), and what offers and answers do with them (RFC 3264).
//!
//! Invariant: a description is one text and what was read out of it. A change edits lines of the text and reads it
//! again, so the two never differ.

mod build;
mod codec;
mod direction;
mod edit;
mod lines;
mod media;
mod origin;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use crate::grammar::Span;
use crate::{ErrorKind, Limits, ParseError};

pub use build::{MediaBuilder, SdpBuilder};
pub use codec::Codec;
pub use direction::Direction;
pub use media::Media;
pub use origin::{Connection, Origin};

/// A session description.
///
/// Cloning shares it.
///
/// ```
/// use spigot_parser::{Direction, MediaBuilder, Sdp};
///
/// let mut sdp = Sdp::parse("v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
///                           m=audio 49170 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n")?;
/// let audio = sdp.media().next().expect("it is there");
/// assert_eq!((audio.kind(), audio.port(), audio.direction()), ("audio", 49170, Direction::SendRecv));
///
/// // Hold the call.
/// sdp.set_direction(Direction::SendOnly)?;
/// sdp.next_version()?;
/// assert!(sdp.as_str().starts_with("v=0\r\no=- 7 2 IN IP4 192.0.2.1\r\n") && sdp.as_str().ends_with("a=sendonly\r\n"));
///
/// let audio = MediaBuilder::new("audio", 49172, "RTP/AVP")?.codec(0, "PCMU", 8000, 1)?;
/// let offer = Sdp::builder(7, "192.0.2.1".parse().unwrap()).media(audio).build()?;
/// assert_eq!(
///     offer.as_str(),
///     "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
///      m=audio 49172 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n",
/// );
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
///
/// # What is taken
///
/// More than the grammar allows, where peers are known to send it: lines that end with a bare LF, empty lines, lines of
/// the session in another order after `v=`, no `s=`, no `t=`, no `c=`, a user name with blanks, several blanks between
/// fields and blanks after them. All of it is written as it came.
///
/// Refused is what leaves the meaning open: a letter that RFC 8866 does not know, or that has no place after `m=`; no
/// `o=`, or a line again that may be there once; NUL or CR in a line; a number that is none, and a version of more than
/// 64 bits (RFC 3264 §5 allows 63); text that is not UTF-8, whatever `a=charset` says. An attribute may say what it
/// likes: who does not understand it passes it over (RFC 8866 §5.13).
#[derive(Clone)]
pub struct Sdp {
    text: ByteString,
    parsed: Arc<Parsed>,
}

struct Parsed {
    session: sdp_types::Session,
    /// Where the user name is in the text: what the crate was given may be mended.
    username: Span,
    limits: Limits,
}

impl Sdp {
    /// Parses a session description, within the default [`Limits`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Sdp`] and [`ErrorKind::Utf8`] as above, [`ErrorKind::TooLarge`], and [`ErrorKind::SdpTooLarge`] for
    /// more media, formats or attributes than the limits allow.
    pub fn parse(body: impl Into<Bytes>) -> Result<Sdp, ParseError> {
        Sdp::parse_with(body, &Limits::DEFAULT)
    }

    /// Parses with other limits, which changes will be held to as well.
    ///
    /// # Errors
    ///
    /// As [`parse`](Sdp::parse).
    pub fn parse_with(body: impl Into<Bytes>, limits: &Limits) -> Result<Sdp, ParseError> {
        let body = body.into();
        if body.len() > limits.message || u32::try_from(body.len()).is_err() {
            return Err(ParseError::new(
                ErrorKind::TooLarge,
                limits.message,
                "a session description that fits into a message",
            ));
        }
        let text = ByteString::try_from(body)
            .map_err(|error| ParseError::new(ErrorKind::Utf8, error.valid_up_to(), "text in UTF-8"))?;
        let session = {
            let mended = lines::checked(&text, limits)?;
            sdp_types::Session::parse(mended.as_bytes()).map_err(|error| lines::refused(&text, &error))?
        };
        let username = lines::lines(&text)
            .find(|line| line.letter() == Some(b'o'))
            .and_then(|line| lines::origin_parts(line.value()))
            .map_or(Span::default(), |parts| Span::within(&text, parts.username));
        Ok(Sdp {
            parsed: Arc::new(Parsed {
                session,
                username,
                limits: limits.clone(),
            }),
            text,
        })
    }

    /// Begins a session description: the session `session_id` of a host with that address, which its media go to as well
    /// where nothing else is said.
    pub fn builder(session_id: u64, address: IpAddr) -> SdpBuilder {
        SdpBuilder::new(session_id, address)
    }

    /// `text` parsed with the limits of this one.
    fn again(&self, text: String) -> Result<Sdp, ParseError> {
        Sdp::parse_with(text, &self.parsed.limits)
    }

    fn session(&self) -> &sdp_types::Session {
        &self.parsed.session
    }

    fn username(&self) -> &str {
        self.parsed.username.of(&self.text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text as it goes on the wire.
    pub fn to_bytes(&self) -> Bytes {
        self.text.as_bytes().clone()
    }

    /// All lines in their order, letter and value each: those without an accessor of their own, too.
    pub fn lines(&self) -> impl Iterator<Item = (char, &str)> {
        lines::lines(&self.text).filter_map(|line| Some((char::from(line.letter()?), line.value())))
    }

    /// Who made the session, and the version of its description.
    pub fn origin(&self) -> Origin<'_> {
        Origin::of(self)
    }

    /// The name of the session, empty where there is none.
    pub fn name(&self) -> &str {
        &self.session().session_name
    }

    /// Where the media go to that say nothing else.
    pub fn connection(&self) -> Option<Connection<'_>> {
        self.session().connection.as_ref().map(Connection::of)
    }

    /// The bandwidth of that type, `CT` or `AS` or another one, of the whole session.
    pub fn bandwidth(&self, kind: &str) -> Option<u64> {
        bandwidth(&self.session().bandwidths, kind)
    }

    /// The attributes of the session, in order: names, with values where they have some.
    pub fn attributes(&self) -> impl ExactSizeIterator<Item = (&str, Option<&str>)> + Clone {
        attributes(&self.session().attributes)
    }

    /// The value of the first attribute of that name of the session. `Some(None)`: it is there, without a value.
    pub fn attribute(&self, name: &str) -> Option<Option<&str>> {
        attribute(&self.session().attributes, name)
    }

    /// Which way media flow that do not say it themselves, if the session says it.
    pub fn direction(&self) -> Option<Direction> {
        direction(&self.session().attributes)
    }

    /// The media, in order.
    pub fn media(&self) -> impl ExactSizeIterator<Item = Media<'_>> + DoubleEndedIterator + Clone {
        self.session().medias.iter().map(|media| Media::of(self, media))
    }
}

fn bandwidth(all: &[sdp_types::Bandwidth], kind: &str) -> Option<u64> {
    let found = all.iter().find(|bandwidth| bandwidth.bwtype == kind);
    found.map(|bandwidth| bandwidth.bandwidth)
}

fn attributes(
    all: &[sdp_types::Attribute],
) -> impl ExactSizeIterator<Item = (&str, Option<&str>)> + Clone + use<'_> {
    all.iter()
        .map(|attribute| (attribute.attribute.as_str(), attribute.value.as_deref()))
}

fn attribute<'a>(all: &'a [sdp_types::Attribute], name: &str) -> Option<Option<&'a str>> {
    attributes(all)
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// The first direction among attributes.
fn direction(all: &[sdp_types::Attribute]) -> Option<Direction> {
    attributes(all).find_map(|(name, value)| match value {
        None => Direction::from_attribute(name),
        Some(_) => None,
    })
}

impl FromStr for Sdp {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Sdp::parse(text.to_owned())
    }
}

impl fmt::Display for Sdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The same lines in the same order, whatever ends them.
impl PartialEq for Sdp {
    fn eq(&self, other: &Sdp) -> bool {
        self.lines().eq(other.lines())
    }
}

/// Attributes that have a key or a password in them.
const SECRET: &[&str] = &["crypto", "ice-pwd", "key-mgmt"];

/// The lines, without keys and passwords: those do not belong into logs.
impl fmt::Debug for Sdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.lines().map(|(letter, value)| match value.split_once(':') {
            Some((name, _)) if letter == 'k' || (letter == 'a' && SECRET.contains(&name)) => {
                format!("{letter}={name}:(redacted)")
            }
            _ => format!("{letter}={value}"),
        });
        f.write_str("Sdp")?;
        f.debug_list().entries(shown).finish()
    }
}
