//! One medium of a session.

use std::fmt;

use super::codec::{self, Codec};
use super::{Connection, Direction, Sdp, attribute, attributes, bandwidth, direction};

/// One medium of a session: an `m=` line and the lines that belong to it (RFC 8866 §5.14).
///
/// ```
/// use spigot_parser::{Direction, Sdp};
///
/// let sdp: Sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=sendonly\r\n\
///                 m=audio 49170 RTP/AVP 0 96\r\na=rtpmap:96 opus/48000/2\r\na=ptime:20\r\n\
///                 m=video 0 RTP/AVP 31\r\n".parse()?;
/// let [audio, video] = sdp.media().collect::<Vec<_>>()[..] else { panic!("there are two") };
/// assert_eq!((audio.kind(), audio.port(), audio.protocol()), ("audio", 49170, "RTP/AVP"));
/// assert_eq!(audio.formats().collect::<Vec<_>>(), ["0", "96"]);
/// assert_eq!(audio.codec("96").map(|codec| (codec.encoding(), codec.clock_rate())), Some(("opus", 48000)));
/// assert_eq!(audio.attribute("ptime"), Some(Some("20")));
/// assert_eq!(audio.connection().and_then(|connection| connection.ip()), Some("192.0.2.1".parse().unwrap()));
/// assert_eq!(audio.direction(), Direction::SendOnly);
/// assert!(audio.is_hold() && video.is_rejected());
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Media<'a> {
    sdp: &'a Sdp,
    parsed: &'a sdp_types::Media,
}

impl<'a> Media<'a> {
    pub(super) fn of(sdp: &'a Sdp, parsed: &'a sdp_types::Media) -> Media<'a> {
        Media { sdp, parsed }
    }

    /// Returns the media type: `audio`, `video`, `image` or another word.
    pub fn kind(&self) -> &'a str {
        &self.parsed.media
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.parsed.port
    }

    /// Returns the number of ports from [`port`](Self::port) on, which is 1 by default.
    ///
    /// Layers of a multicast have several.
    pub fn port_count(&self) -> u16 {
        self.parsed.num_ports.unwrap_or(1)
    }

    /// Returns the protocol: `RTP/AVP`, `RTP/SAVP`, `udptl` or another one.
    pub fn protocol(&self) -> &'a str {
        &self.parsed.proto
    }

    /// Returns the formats, the preferred one first, of which there is at least one.
    ///
    /// In RTP, formats are payload types.
    pub fn formats(&self) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        self.parsed.fmt.split(' ')
    }

    /// Returns the address that the medium goes to: its own, or else that of the session.
    pub fn connection(&self) -> Option<Connection<'a>> {
        self.connections().next().or_else(|| self.sdp.connection())
    }

    /// Returns the medium's own addresses, of which the layers of a multicast may have several.
    pub fn connections(&self) -> impl ExactSizeIterator<Item = Connection<'a>> + Clone + use<'a> {
        self.parsed.connections.iter().map(Connection::of)
    }

    /// Returns the medium's own bandwidth for the type `kind`, such as `AS` and `TIAS`.
    ///
    /// A number of more than 64 bits is [`u64::MAX`].
    pub fn bandwidth(&self, kind: &str) -> Option<u64> {
        bandwidth(&self.parsed.bandwidths, kind)
    }

    /// Returns the medium's own attributes in their order, as names with optional values.
    pub fn attributes(&self) -> impl ExactSizeIterator<Item = (&'a str, Option<&'a str>)> + Clone + use<'a> {
        attributes(&self.parsed.attributes)
    }

    /// Returns the value of the medium's own first attribute `name`, or `Some(None)` if it has no value.
    pub fn attribute(&self, name: &str) -> Option<Option<&'a str>> {
        attribute(&self.parsed.attributes, name)
    }

    /// Returns the direction: that of the medium, or else that of the session, or else `sendrecv`.
    pub fn direction(&self) -> Direction {
        direction(&self.parsed.attributes)
            .or_else(|| self.sdp.direction())
            .unwrap_or_default()
    }

    /// Reports whether the sender of the description wants no media.
    ///
    /// This is stated by the direction or, as in RFC 2543, by an address of zeros.
    ///
    /// > An agent MUST be capable of receiving SDP with a connection address of 0.0.0.0, in which case it
    /// > means that neither RTP nor RTCP should be sent to the peer.
    ///
    /// ([RFC 3264 §8.4](https://www.rfc-editor.org/rfc/rfc3264#section-8.4)) With ICE, zeros do not count:
    /// they mean that the addresses are not known yet.
    pub fn is_hold(&self) -> bool {
        let ip = self.connection().and_then(|connection| connection.ip());
        let zeros = ip.is_some_and(|ip| ip.is_unspecified());
        let has_ice = || self.attribute("ice-ufrag").is_some() || self.sdp.attribute("ice-ufrag").is_some();
        !self.direction().receives() || (zeros && !has_ice())
    }

    /// Reports whether the medium is refused or removed from the session, which a port of 0 says (RFC 3264
    /// §6, §8.2).
    ///
    /// With `a=bundle-only`, a port of 0 has another meaning (RFC 9143 §6).
    pub fn is_rejected(&self) -> bool {
        self.port() == 0 && self.attribute("bundle-only").is_none()
    }

    /// Returns the codec of a payload type from `a=rtpmap`, or else from RFC 3551.
    ///
    /// Returns `None` if neither defines it, if the `a=rtpmap` is malformed, and for media other than RTP.
    pub fn codec(&self, format: &str) -> Option<Codec<'a>> {
        let is_rtp = |part: &str| part.eq_ignore_ascii_case("RTP");
        if !self.protocol().split('/').any(is_rtp) {
            return None;
        }
        match self.of_format("rtpmap", format) {
            Some(map) => Codec::parse(map),
            None => codec::assigned(format),
        }
    }

    /// Returns the parameters of a format (`a=fmtp`).
    pub fn fmtp(&self, format: &str) -> Option<&'a str> {
        self.of_format("fmtp", format)
    }

    /// Returns the rest of the first attribute `name` whose value begins with `format`.
    fn of_format(&self, name: &str, format: &str) -> Option<&'a str> {
        self.attributes()
            .filter(|(found, _)| *found == name)
            .filter_map(|(_, value)| value?.split_once(' '))
            .find(|(found, _)| *found == format)
            .map(|(_, rest)| rest.trim_matches(' '))
    }
}

/// Formats the fields of the `m=` line.
impl fmt::Debug for Media<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, port, protocol) = (self.kind(), self.port(), self.protocol());
        write!(f, "Media({kind} {port} {protocol} {})", self.parsed.fmt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdp(session: &str, media: &str) -> Sdp {
        Sdp::parse(format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n{session}t=0 0\r\n{media}"
        ))
        .unwrap()
    }

    fn with<T>(session: &str, media: &str, ask: impl Fn(Media<'_>) -> T) -> T {
        ask(sdp(session, media).media().next().unwrap())
    }

    const AUDIO: &str = "m=audio 4000 RTP/AVP 0\r\n";

    #[test]
    fn the_session_speaks_for_media_that_say_nothing() {
        let direction =
            |session: &str, media: &str| with(session, &format!("{AUDIO}{media}"), |media| media.direction());
        assert_eq!(direction("", ""), Direction::SendRecv);
        assert_eq!(direction("a=sendonly\r\n", ""), Direction::SendOnly);
        assert_eq!(direction("a=sendonly\r\n", "a=inactive\r\n"), Direction::Inactive);
        assert_eq!(direction("", "a=recvonly\r\na=sendonly\r\n"), Direction::RecvOnly);
        assert_eq!(
            direction("", "a=recvonly:1\r\na=SendOnly\r\na=extmap:1/sendonly x\r\n"),
            Direction::SendRecv
        );
        let address = |session: &str, media: &str| {
            with(session, &format!("{AUDIO}{media}"), |media| {
                media
                    .connection()
                    .map(|connection| connection.address().to_owned())
            })
        };
        assert_eq!(address("", ""), None);
        assert_eq!(address("c=IN IP4 h.example\r\n", "").unwrap(), "h.example");
        assert_eq!(
            address("c=IN IP4 h.example\r\n", "c=IN IP6 ::1\r\nc=IN IP6 ::2\r\n").unwrap(),
            "::1"
        );
    }

    #[test]
    fn hold_is_a_direction_or_zeros_without_ice() {
        let hold =
            |session: &str, media: &str| with(session, &format!("{AUDIO}{media}"), |media| media.is_hold());
        assert!(!hold("c=IN IP4 192.0.2.1\r\n", "") && !hold("", "") && !hold("", "a=recvonly\r\n"));
        assert!(hold("", "a=sendonly\r\n") && hold("a=inactive\r\n", ""));
        assert!(hold("c=IN IP4 0.0.0.0\r\n", "") && hold("c=IN IP4 192.0.2.1\r\n", "c=IN IP6 ::\r\n"));
        assert!(!hold("c=IN IP4 0.0.0.0\r\n", "c=IN IP4 192.0.2.1\r\n"));
        assert!(
            !hold("c=IN IP4 0.0.0.0\r\na=ice-ufrag:x\r\n", "")
                && !hold("c=IN IP4 0.0.0.0\r\n", "a=ice-ufrag:x\r\n")
        );
        assert!(hold("c=IN IP4 0.0.0.0\r\na=ice-ufrag:x\r\n", "a=sendonly\r\n"));
    }

    #[test]
    fn a_port_of_zero_refuses() {
        let rejected = |media: &str| with("", media, |media| media.is_rejected());
        assert!(rejected("m=audio 0 RTP/AVP 0\r\n") && !rejected(AUDIO));
        assert!(!rejected("m=audio 0 RTP/AVP 0\r\na=bundle-only\r\n"));
        assert_eq!(
            with("", "m=video 4002/2 RTP/AVP 31\r\n", |media| media.port_count()),
            2
        );
        assert_eq!(with("", AUDIO, |media| media.port_count()), 1);
    }

    #[test]
    fn payload_types_are_mapped_or_assigned() {
        let codec = |media: &str, format: &str| {
            with("", media, |media| {
                media
                    .codec(format)
                    .map(|codec| (codec.encoding().to_owned(), codec.clock_rate(), codec.channels()))
            })
        };
        let some = |encoding: &str, clock_rate, channels| Some((encoding.to_owned(), clock_rate, channels));
        let mapped = "m=audio 4000 RTP/AVP 96 97 98 8\r\na=rtpmap:96  opus/48000/2 \r\na=rtpmap:97 speex/16000\r\n\
                      a=rtpmap:96 other/1\r\na=rtpmap:8 L16/8000\r\na=fmtp:97 vbr=on;mode=\"1,any\" \r\na=fmtp:98\r\n";
        assert_eq!(codec(mapped, "96"), some("opus", 48000, 2));
        assert_eq!(codec(mapped, "97"), some("speex", 16000, 1));
        assert_eq!(codec(mapped, "98"), None);
        assert_eq!(
            codec(mapped, "8"),
            some("L16", 8000, 1),
            "what is said goes before what is assigned"
        );
        assert_eq!(codec(mapped, "18"), some("G729", 8000, 1));
        assert_eq!(codec(mapped, "10"), some("L16", 44100, 2));
        for format in ["", "1", "2", "019", "00", "35", "95", "128", "é"] {
            assert_eq!(codec(mapped, format), None, "{format}");
        }
        let fmtp = |format: &str| with("", mapped, |media| media.fmtp(format).map(str::to_owned));
        assert_eq!(fmtp("97").unwrap(), "vbr=on;mode=\"1,any\"");
        assert_eq!((fmtp("98"), fmtp("9")), (None, None));
        assert_eq!(codec("m=image 4000 udptl 0\r\n", "0"), None);
        assert_eq!(
            codec("m=audio 4000 udp/tls/rtp/savpf 0\r\n", "0"),
            some("PCMU", 8000, 1)
        );
        for wrong in [
            "opus",
            "opus/",
            "/8000",
            "opus/x",
            "opus/1/2/3",
            "opus/1/",
            "opus/4294967296",
            "op us/1",
            "o/1/65536",
        ] {
            let media = format!("m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 {wrong}\r\n");
            assert_eq!(codec(&media, "0"), None, "{wrong}");
        }
    }

    #[test]
    fn attributes_are_as_written() {
        let text = format!("{AUDIO}a=\r\na=:\r\na=x\r\na=x:1:2\r\na=y:\r\na=é: z \r\n");
        let all = with("", &text, |media| {
            let owned = |(name, value): (&str, Option<&str>)| (name.to_owned(), value.map(str::to_owned));
            media.attributes().map(owned).collect::<Vec<_>>()
        });
        let all: Vec<_> = all
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
            .collect();
        assert_eq!(
            all,
            [
                ("", None),
                ("", Some("")),
                ("x", None),
                ("x", Some("1:2")),
                ("y", Some("")),
                ("é", Some(" z "))
            ]
        );
        assert!(with("", &text, |media| media.attribute("x").is_some()));
        assert!(!with("", &text, |media| media.attribute("X").is_some()));
    }
}
