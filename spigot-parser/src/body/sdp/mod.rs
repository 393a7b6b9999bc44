//! Session descriptions (RFC 8866), and their changes in offers and answers (RFC 3264).
//!
//! Invariant: a description is one text and the result of parsing it. A change edits lines of the text and
//! parses it again, so the two never differ.

mod build;
mod check;
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
/// Cloning it is cheap, because clones share the text.
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
/// # What is accepted
///
/// Some deviations from the grammar that peers are known to send are accepted, and written as they came:
/// lines that end with a bare LF, empty lines, session lines in another order after `v=`, no `s=`, `t=` or
/// `c=`, a user name with blanks, and several blanks between or after fields.
///
/// Numbers have any number of digits (RFC 8866 §9). Lines whose letter RFC 8866 does not define, such as `y=`
/// and `f=` of surveillance cameras, are kept and passed over: [`lines`](Sdp::lines) has them. RFC 8866 §5
/// would have the whole description refused or ignored for one, which would cost the call. Unknown attributes
/// are accepted, because receivers ignore them (RFC 8866 §5.13).
///
/// Descriptions with an unclear meaning are refused: a letter of the session after `m=`, no `o=`, a second
/// line where only one is allowed, NUL or CR in a line, an invalid number, and text that is not UTF-8,
/// whatever `a=charset` says.
#[derive(Clone)]
pub struct Sdp {
    text: ByteString,
    parsed: Arc<Parsed>,
}

struct Parsed {
    session: sdp_types::Session,
    /// The ranges of the user name and the version in the text. The crate may have parsed others.
    username: Span,
    version: Span,
    limits: Limits,
}

impl Sdp {
    /// Parses a session description within the default [`Limits`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Sdp`] and [`ErrorKind::Utf8`] for what [`Sdp`] refuses, [`ErrorKind::TooLarge`], and
    /// [`ErrorKind::SdpTooLarge`] for more media, formats or attributes than the limits allow.
    pub fn parse(body: impl Into<Bytes>) -> Result<Sdp, ParseError> {
        Sdp::parse_with(body, &Limits::DEFAULT)
    }

    /// Parses a session description within the given limits, which also bound later changes.
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
            let normalized = check::check_and_normalize(&text, limits)?;
            sdp_types::Session::parse(normalized.as_bytes())
                .map_err(|error| check::convert_error(&text, &error))?
        };
        let (username, version) = lines::lines(&text)
            .find(|line| line.letter() == Some(b'o'))
            .and_then(|line| lines::origin_parts(line.value()))
            .map_or(Default::default(), |parts| {
                (
                    Span::within(&text, parts.username),
                    Span::within(&text, parts.version),
                )
            });
        Ok(Sdp {
            parsed: Arc::new(Parsed {
                session,
                username,
                version,
                limits: limits.clone(),
            }),
            text,
        })
    }

    /// Creates a builder of a session description for the session `session_id` of the host `address`.
    ///
    /// Media go to `address` unless another one is set.
    pub fn builder(session_id: u64, address: IpAddr) -> SdpBuilder {
        SdpBuilder::new(session_id, address)
    }

    /// Parses `text` with the limits of this description.
    fn reparse(&self, text: String) -> Result<Sdp, ParseError> {
        Sdp::parse_with(text, &self.parsed.limits)
    }

    fn session(&self) -> &sdp_types::Session {
        &self.parsed.session
    }

    fn username(&self) -> &str {
        self.parsed.username.of(&self.text)
    }

    fn version(&self) -> &str {
        self.parsed.version.of(&self.text)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the text as octets.
    pub fn to_bytes(&self) -> Bytes {
        self.text.as_bytes().clone()
    }

    /// Returns all lines in their order, as letter and value.
    pub fn lines(&self) -> impl Iterator<Item = (char, &str)> {
        lines::lines(&self.text).filter_map(|line| Some((char::from(line.letter()?), line.value())))
    }

    /// Returns the origin of the session, and the version of its description.
    pub fn origin(&self) -> Origin<'_> {
        Origin::of(self)
    }

    /// Returns the name of the session, which is empty if there is none.
    pub fn name(&self) -> &str {
        &self.session().session_name
    }

    /// Returns the address of media that have none of their own.
    pub fn connection(&self) -> Option<Connection<'_>> {
        self.session().connection.as_ref().map(Connection::of)
    }

    /// Returns the bandwidth of the whole session for the type `kind`, such as `CT` and `AS`.
    ///
    /// A number of more than 64 bits is [`u64::MAX`].
    pub fn bandwidth(&self, kind: &str) -> Option<u64> {
        bandwidth(&self.session().bandwidths, kind)
    }

    /// Returns the attributes of the session in their order, as names with optional values.
    pub fn attributes(&self) -> impl ExactSizeIterator<Item = (&str, Option<&str>)> + Clone {
        attributes(&self.session().attributes)
    }

    /// Returns the value of the first session attribute `name`, or `Some(None)` if it has no value.
    pub fn attribute(&self, name: &str) -> Option<Option<&str>> {
        attribute(&self.session().attributes, name)
    }

    /// Returns the direction of media that have none of their own, if the session states it.
    pub fn direction(&self) -> Option<Direction> {
        direction(&self.session().attributes)
    }

    /// Returns the media in their order.
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

/// Returns the first direction among attributes.
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

/// Compares the lines in their order, whatever their line ends are.
impl PartialEq for Sdp {
    fn eq(&self, other: &Sdp) -> bool {
        self.lines().eq(other.lines())
    }
}

/// The names of attributes that hold a key or a password.
const SECRET: &[&str] = &["crypto", "ice-pwd", "key-mgmt"];

/// Formats the lines without keys and passwords, which must not appear in logs.
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
