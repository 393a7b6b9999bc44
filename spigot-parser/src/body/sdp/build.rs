//! Builders of session descriptions, which refuse everything outside of the grammar.
//!
//! Invariant: each line is checked when it is added, so only their number is checked at the end.

use std::fmt;
use std::net::IpAddr;

use super::lines::{is_protocol, is_text, is_token};
use super::{Direction, Sdp};
use crate::{ErrorKind, ParseError};

/// A builder of a session description, created by [`Sdp::builder`].
///
/// ```
/// use spigot_parser::{Direction, MediaBuilder, Sdp};
///
/// let audio = MediaBuilder::new("audio", 40000, "RTP/AVP")?
///     .codec(111, "opus", 48000, 2)?
///     .fmtp(111, "useinbandfec=1")?
///     .codec(101, "telephone-event", 8000, 1)?
///     .attribute("ptime", Some("20"))?
///     .direction(Direction::SendRecv);
/// let offer = Sdp::builder(20518, "2001:db8::7".parse().unwrap()).name("A call")?.version(3).media(audio).build()?;
/// assert_eq!(
///     offer.as_str(),
///     "v=0\r\no=- 20518 3 IN IP6 2001:db8::7\r\ns=A call\r\nc=IN IP6 2001:db8::7\r\nt=0 0\r\n\
///      m=audio 40000 RTP/AVP 111 101\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n\
///      a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n",
/// );
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct SdpBuilder {
    username: String,
    session_id: u64,
    version: u64,
    origin: IpAddr,
    name: String,
    connection: IpAddr,
    bandwidths: Vec<String>,
    attributes: Vec<String>,
    media: Vec<MediaBuilder>,
}

impl SdpBuilder {
    pub(super) fn new(session_id: u64, address: IpAddr) -> SdpBuilder {
        SdpBuilder {
            username: "-".to_owned(),
            session_id,
            version: 1,
            origin: address,
            name: "-".to_owned(),
            connection: address,
            bandwidths: Vec::new(),
            attributes: Vec::new(),
            media: Vec::new(),
        }
    }

    /// Sets the user name, which is missing by default.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Sdp`] if it is empty, or has blanks or control characters.
    pub fn username(mut self, username: &str) -> Result<SdpBuilder, ParseError> {
        let fits = |character: char| !character.is_control() && !character.is_whitespace();
        if username.is_empty() || !username.chars().all(fits) {
            return fault("a user name without blanks and control characters");
        }
        username.clone_into(&mut self.username);
        Ok(self)
    }

    /// Sets the version, which is 1 by default.
    pub fn version(mut self, version: u64) -> SdpBuilder {
        self.version = version;
        self
    }

    /// Sets the name of the session, which is `-` by default.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Sdp`] if it is empty, or has CR, LF or NUL.
    pub fn name(mut self, name: &str) -> Result<SdpBuilder, ParseError> {
        if !is_text(name) {
            return fault("a name without CR, LF and NUL");
        }
        name.clone_into(&mut self.name);
        Ok(self)
    }

    /// Sets the address for media, which is that of the origin by default.
    pub fn connection(mut self, address: IpAddr) -> SdpBuilder {
        self.connection = address;
        self
    }

    /// Adds a bandwidth of the whole session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Sdp`] if `kind` is no token.
    pub fn bandwidth(mut self, kind: &str, value: u64) -> Result<SdpBuilder, ParseError> {
        self.bandwidths.push(bandwidth(kind, value)?);
        Ok(self)
    }

    /// Adds an attribute of the session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Sdp`] if `name` is no token, or `value` is empty or has CR, LF or NUL.
    pub fn attribute(mut self, name: &str, value: Option<&str>) -> Result<SdpBuilder, ParseError> {
        self.attributes.push(attribute(name, value)?);
        Ok(self)
    }

    /// Sets the direction of the media that have none of their own.
    pub fn direction(mut self, direction: Direction) -> SdpBuilder {
        self.attributes.push(direction.to_string());
        self
    }

    /// Adds a medium.
    pub fn media(mut self, media: MediaBuilder) -> SdpBuilder {
        self.media.push(media);
        self
    }

    /// Builds the session description.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Sdp`] if a medium has no format, or id or version are beyond 2^63-1 (RFC 3264 §5);
    /// [`ErrorKind::SdpTooLarge`] and [`ErrorKind::TooLarge`] beyond the default [`Limits`](crate::Limits).
    pub fn build(self) -> Result<Sdp, ParseError> {
        if i64::try_from(self.session_id.max(self.version)).is_err() {
            return fault("an id and a version of at most 63 bits");
        }
        let SdpBuilder {
            username,
            session_id,
            version,
            ..
        } = &self;
        let mut text = String::new();
        line(&mut text, "v", "0");
        line(
            &mut text,
            "o",
            &format!("{username} {session_id} {version} {}", network(self.origin)),
        );
        line(&mut text, "s", &self.name);
        line(&mut text, "c", &network(self.connection));
        lines(&mut text, "b", &self.bandwidths);
        line(&mut text, "t", "0 0");
        lines(&mut text, "a", &self.attributes);
        self.media.iter().for_each(|media| media.write(&mut text));
        Sdp::parse(text)
    }
}

/// A builder of one medium of a session description.
///
/// ```
/// use spigot_parser::{MediaBuilder, Sdp};
///
/// let fax = MediaBuilder::new("image", 4002, "udptl")?.format("t38")?.attribute("T38FaxVersion", Some("0"))?;
/// let sdp = Sdp::builder(1, "192.0.2.1".parse().unwrap()).media(fax).build()?;
/// assert!(sdp.as_str().ends_with("m=image 4002 udptl t38\r\na=T38FaxVersion:0\r\n"));
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct MediaBuilder {
    kind: String,
    port: u16,
    protocol: String,
    formats: Vec<String>,
    connection: Option<IpAddr>,
    bandwidths: Vec<String>,
    attributes: Vec<String>,
}

impl MediaBuilder {
    /// Creates a medium of the type `kind` at `port`, to which at least one format has to be added.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Sdp`] if `kind` is no token, or `protocol` is not made of tokens and slashes.
    pub fn new(kind: &str, port: u16, protocol: &str) -> Result<MediaBuilder, ParseError> {
        if !is_token(kind) || !is_protocol(protocol) {
            return fault(
                "a media type, which is a token, and a protocol of tokens with slashes between them",
            );
        }
        Ok(MediaBuilder {
            kind: kind.to_owned(),
            port,
            protocol: protocol.to_owned(),
            formats: Vec::new(),
            connection: None,
            bandwidths: Vec::new(),
            attributes: Vec::new(),
        })
    }

    /// Adds a format.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Sdp`] if it is no token.
    pub fn format(mut self, format: &str) -> Result<MediaBuilder, ParseError> {
        if !is_token(format) {
            return fault("a format, which is a token");
        }
        self.formats.push(format.to_owned());
        Ok(self)
    }

    /// Adds a payload type with its encoding.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Sdp`] if `payload_type` is more than 127 or `encoding` is no token.
    pub fn codec(
        self,
        payload_type: u8,
        encoding: &str,
        clock_rate: u32,
        channels: u16,
    ) -> Result<MediaBuilder, ParseError> {
        if !is_token(encoding) {
            return fault("an encoding, which is a token");
        }
        let channels = match channels {
            1 => String::new(),
            more => format!("/{more}"),
        };
        let map = format!(
            "{} {encoding}/{clock_rate}{channels}",
            check_payload_type(payload_type)?
        );
        self.format(&payload_type.to_string())?
            .attribute("rtpmap", Some(&map))
    }

    /// Adds parameters of a payload type.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Sdp`] if `payload_type` is more than 127, or `parameters` are empty or have CR, LF or
    /// NUL.
    pub fn fmtp(self, payload_type: u8, parameters: &str) -> Result<MediaBuilder, ParseError> {
        if !is_text(parameters) {
            return fault("parameters without CR, LF and NUL");
        }
        let value = format!("{} {parameters}", check_payload_type(payload_type)?);
        self.attribute("fmtp", Some(&value))
    }

    /// Adds an attribute.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Sdp`] if `name` is no token, or `value` is empty or has CR, LF or NUL.
    pub fn attribute(mut self, name: &str, value: Option<&str>) -> Result<MediaBuilder, ParseError> {
        self.attributes.push(attribute(name, value)?);
        Ok(self)
    }

    /// Sets the direction of the medium.
    pub fn direction(mut self, direction: Direction) -> MediaBuilder {
        self.attributes.push(direction.to_string());
        self
    }

    /// Sets the address for the medium, in place of that of the session.
    pub fn connection(mut self, address: IpAddr) -> MediaBuilder {
        self.connection = Some(address);
        self
    }

    /// Adds a bandwidth.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Sdp`] if `kind` is no token.
    pub fn bandwidth(mut self, kind: &str, value: u64) -> Result<MediaBuilder, ParseError> {
        self.bandwidths.push(bandwidth(kind, value)?);
        Ok(self)
    }

    fn write(&self, out: &mut String) {
        let MediaBuilder {
            kind, port, protocol, ..
        } = self;
        line(
            out,
            "m",
            &format!("{kind} {port} {protocol} {}", self.formats.join(" ")),
        );
        if let Some(address) = self.connection {
            line(out, "c", &network(address));
        }
        lines(out, "b", &self.bandwidths);
        lines(out, "a", &self.attributes);
    }
}

/// Formats the builder without attributes, some of which are keys.
impl fmt::Debug for SdpBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SdpBuilder")
            .field("session_id", &self.session_id)
            .field("version", &self.version)
            .field("media", &self.media)
            .finish_non_exhaustive()
    }
}

/// Formats the builder without attributes, some of which are keys.
impl fmt::Debug for MediaBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaBuilder")
            .field("kind", &self.kind)
            .field("port", &self.port)
            .field("protocol", &self.protocol)
            .field("formats", &self.formats)
            .finish_non_exhaustive()
    }
}

/// Checks a payload type, which has seven bits (RFC 3550 §5.1).
fn check_payload_type(payload_type: u8) -> Result<u8, ParseError> {
    match payload_type {
        0..=127 => Ok(payload_type),
        _ => fault("a payload type of at most 127"),
    }
}

fn bandwidth(kind: &str, value: u64) -> Result<String, ParseError> {
    match is_token(kind) {
        true => Ok(format!("{kind}:{value}")),
        false => fault("a bandwidth type, which is a token"),
    }
}

fn attribute(name: &str, value: Option<&str>) -> Result<String, ParseError> {
    if !is_token(name) {
        return fault("an attribute's name, which is a token");
    }
    match value {
        None => Ok(name.to_owned()),
        Some(value) if is_text(value) => Ok(format!("{name}:{value}")),
        Some(_) => fault("an attribute's value, which is not empty and has no CR, LF and NUL"),
    }
}

fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("IN IP4 {address}"),
        IpAddr::V6(address) => format!("IN IP6 {address}"),
    }
}

fn line(out: &mut String, letter: &str, value: &str) {
    for piece in [letter, "=", value, "\r\n"] {
        out.push_str(piece);
    }
}

fn lines(out: &mut String, letter: &str, values: &[String]) {
    values.iter().for_each(|value| line(out, letter, value));
}

fn fault<T>(expected: &'static str) -> Result<T, ParseError> {
    Err(ParseError::new(ErrorKind::Sdp, 0, expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn builder() -> SdpBuilder {
        Sdp::builder(1, IpAddr::from([192, 0, 2, 1]))
    }

    fn audio() -> MediaBuilder {
        MediaBuilder::new("audio", 4000, "RTP/AVP").unwrap()
    }

    /// Texts that no setter may accept.
    const EVIL: &[&str] = &["", "a\r\nm=audio 1 RTP/AVP 0", "a\n", "a\r", "\0"];

    #[test]
    fn nothing_that_is_set_can_begin_another_line() {
        for evil in EVIL {
            assert!(
                builder().username(evil).is_err() && builder().name(evil).is_err(),
                "{evil:?}"
            );
            assert!(
                builder().attribute(evil, None).is_err() && builder().attribute("x", Some(evil)).is_err()
            );
            assert!(builder().bandwidth(evil, 1).is_err() && audio().bandwidth(evil, 1).is_err());
            assert!(
                MediaBuilder::new(evil, 1, "RTP").is_err() && MediaBuilder::new("audio", 1, evil).is_err()
            );
            assert!(audio().format(evil).is_err() && audio().codec(0, evil, 8000, 1).is_err());
            assert!(audio().fmtp(0, evil).is_err());
            assert!(audio().attribute(evil, None).is_err() && audio().attribute("x", Some(evil)).is_err());
        }
    }

    #[test]
    fn no_value_leaves_its_field() {
        assert!(builder().username("a b").is_err() && builder().username("a\u{a0}b").is_err());
        assert!(builder().attribute("a:b", None).is_err() && builder().attribute("a b", None).is_err());
        assert!(builder().bandwidth("A:S", 1).is_err());
        assert!(MediaBuilder::new("a b", 1, "RTP").is_err() && MediaBuilder::new("a", 1, "RTP/").is_err());
        assert!(audio().format("0 8").is_err() && audio().codec(0, "a/b", 1, 1).is_err());
        assert!(audio().codec(128, "a", 1, 1).is_err() && audio().fmtp(128, "a").is_err());
    }

    #[test]
    fn what_is_missing_or_too_much_shows_at_the_end() {
        let kind = |builder: SdpBuilder| builder.build().unwrap_err().kind();
        assert_eq!(kind(builder().media(audio())), ErrorKind::Sdp);
        let full = (0..=Limits::DEFAULT.sdp_media).fold(builder(), |builder, _| {
            builder.media(audio().format("0").unwrap())
        });
        assert_eq!(kind(full), ErrorKind::SdpTooLarge);
        let long = builder().name(&"x".repeat(Limits::DEFAULT.message)).unwrap();
        assert_eq!(kind(long), ErrorKind::TooLarge);
        let last = i64::MAX as u64;
        assert!(
            Sdp::builder(last, IpAddr::from([192, 0, 2, 1]))
                .version(last)
                .build()
                .is_ok()
        );
        assert_eq!(kind(builder().version(last + 1)), ErrorKind::Sdp);
        assert_eq!(
            kind(Sdp::builder(last + 1, IpAddr::from([192, 0, 2, 1]))),
            ErrorKind::Sdp
        );
    }

    #[test]
    fn every_line_has_its_place() {
        let media = audio()
            .codec(96, "opus", 48000, 2)
            .and_then(|media| media.bandwidth("TIAS", 64000))
            .unwrap()
            .connection(IpAddr::from([0u16; 8]))
            .direction(Direction::Inactive);
        let sdp = builder()
            .attribute("ice-lite", None)
            .and_then(|builder| builder.bandwidth("CT", 128))
            .and_then(|builder| builder.username("alice"))
            .unwrap()
            .direction(Direction::RecvOnly)
            .connection(IpAddr::from([192, 0, 2, 2]))
            .media(media)
            .build()
            .unwrap();
        assert_eq!(
            sdp.as_str(),
            "v=0\r\no=alice 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nb=CT:128\r\nt=0 0\r\na=ice-lite\r\n\
             a=recvonly\r\nm=audio 4000 RTP/AVP 96\r\nc=IN IP6 ::\r\nb=TIAS:64000\r\na=rtpmap:96 opus/48000/2\r\n\
             a=inactive\r\n"
        );
    }

    #[test]
    fn debug_shows_no_keys() {
        let media = audio().format("0").unwrap();
        let media = media
            .attribute("crypto", Some("1 AES_CM_128_HMAC_SHA1_80 inline:secret"))
            .unwrap();
        let builder = builder()
            .media(media)
            .attribute("ice-pwd", Some("secret"))
            .unwrap();
        assert!(!format!("{builder:?}").contains("secret"));
        let sdp = builder.build().unwrap();
        let debug = format!("{sdp:?}");
        assert!(
            debug.contains("a=crypto:(redacted)") && debug.contains("m=audio 4000 RTP/AVP 0"),
            "{debug}"
        );
        assert!(!debug.contains("secret"), "{debug}");
        let with_key = Sdp::parse(format!("{sdp}k=base64:secret\r\n")).unwrap();
        assert!(!format!("{with_key:?}").contains("secret"));
    }
}
