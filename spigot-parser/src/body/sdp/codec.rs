//! The codecs of payload types.

use super::lines::is_token;
use crate::grammar::decimal;

/// An encoding with its clock rate and channels (RFC 8866 §6.6, RFC 3551 §6).
///
/// ```
/// use spigot_parser::Sdp;
///
/// let sdp: Sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 96\r\n\
///                 a=rtpmap:96 opus/48000/2\r\n".parse()?;
/// let audio = sdp.media().next().expect("it is there");
/// let opus = audio.codec("96").expect("it is mapped");
/// assert_eq!((opus.encoding(), opus.clock_rate(), opus.channels()), ("opus", 48000, 2));
/// let known = audio.codec("0").expect("RFC 3551 assigns it");
/// assert!(known.is("pcmu", 8000));
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Codec<'a> {
    encoding: &'a str,
    clock_rate: u32,
    channels: u16,
}

impl<'a> Codec<'a> {
    /// Returns the name of the encoding as written.
    pub fn encoding(&self) -> &'a str {
        self.encoding
    }

    /// Returns the clock rate in Hz.
    pub fn clock_rate(&self) -> u32 {
        self.clock_rate
    }

    /// Returns the number of channels, which is 1 by default.
    pub fn channels(&self) -> u16 {
        self.channels
    }

    /// Reports whether this is the given encoding at the given clock rate.
    ///
    /// Encodings are compared without case (RFC 4855 §3).
    pub fn is(&self, encoding: &str, clock_rate: u32) -> bool {
        self.encoding.eq_ignore_ascii_case(encoding) && self.clock_rate == clock_rate
    }

    /// Parses what follows the payload type in an `a=rtpmap`.
    ///
    /// ```text
    /// rtpmap-value = payload-type SP encoding-name "/" clock-rate [ "/" encoding-params ]
    /// ```
    pub(super) fn parse(text: &'a str) -> Option<Codec<'a>> {
        let mut fields = text.split('/');
        let (encoding, clock_rate) = (fields.next()?, decimal(fields.next()?.as_bytes(), u32::MAX)?);
        let channels = match fields.next() {
            Some(channels) => decimal(channels.as_bytes(), u32::from(u16::MAX))?,
            None => 1,
        };
        (is_token(encoding) && fields.next().is_none()).then_some(Codec {
            encoding,
            clock_rate,
            channels: u16::try_from(channels).ok()?,
        })
    }
}

/// Returns the codec that RFC 3551 §6, tables 4 and 5, assigns to a payload type.
pub(super) fn assigned(format: &str) -> Option<Codec<'static>> {
    let (encoding, clock_rate, channels) = match format {
        "0" => ("PCMU", 8_000, 1),
        "3" => ("GSM", 8_000, 1),
        "4" => ("G723", 8_000, 1),
        "5" => ("DVI4", 8_000, 1),
        "6" => ("DVI4", 16_000, 1),
        "7" => ("LPC", 8_000, 1),
        "8" => ("PCMA", 8_000, 1),
        "9" => ("G722", 8_000, 1),
        "10" => ("L16", 44_100, 2),
        "11" => ("L16", 44_100, 1),
        "12" => ("QCELP", 8_000, 1),
        "13" => ("CN", 8_000, 1),
        "14" => ("MPA", 90_000, 1),
        "15" => ("G728", 8_000, 1),
        "16" => ("DVI4", 11_025, 1),
        "17" => ("DVI4", 22_050, 1),
        "18" => ("G729", 8_000, 1),
        "25" => ("CelB", 90_000, 1),
        "26" => ("JPEG", 90_000, 1),
        "28" => ("nv", 90_000, 1),
        "31" => ("H261", 90_000, 1),
        "32" => ("MPV", 90_000, 1),
        "33" => ("MP2T", 90_000, 1),
        "34" => ("H263", 90_000, 1),
        _ => return None,
    };
    Some(Codec {
        encoding,
        clock_rate,
        channels,
    })
}
