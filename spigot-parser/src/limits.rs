//! How much of everything a message may have.
//!
//! Invariant: every loop over input is bounded by one of these.

/// The bounds that parsing and framing hold a message and its body to.
///
/// The parameters of one value are bounded too, by [`MAX_PARAMS`](crate::MAX_PARAMS), whoever parses it.
///
/// One past a bound is a [`ParseError`](crate::ParseError) whose
/// [`status`](crate::ParseError::status) is what to answer.
///
/// ```
/// use spigot_parser::{ErrorKind, Limits, Message};
///
/// let limits = Limits { uri: 16, ..Limits::default() };
/// let bytes = "OPTIONS sip:a-rather-long-name@example.com SIP/2.0\r\n\r\n";
/// let error = Message::parse_with(bytes, &limits).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::UriTooLong);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A whole message on a stream, in octets. Default 65,535. One past it: 513, then close.
    pub message: usize,
    /// Start line and headers with the empty line, in octets. Default 32 KiB. One past it: 513.
    pub head: usize,
    /// Header lines. Default 128. One past it: 400.
    pub headers: usize,
    /// One header line with its folds, in octets without the line end. Default 8 KiB. One past it: 400.
    pub header_line: usize,
    /// The Request-URI, in octets. Default 1,024. One past it: 414.
    pub uri: usize,
    /// How deep multipart bodies may lie in each other; one that holds no other has a depth of 1. Default 3. One past
    /// it: 400.
    pub multipart_depth: usize,
    /// The parts of one multipart body. Default 16. One past it: 400.
    pub multipart_parts: usize,
    /// The media of a session description. Default 16. One past it: 488.
    pub sdp_media: usize,
    /// The formats of each of its media. Default 64. One past it: 488.
    pub sdp_formats: usize,
    /// Its attributes, those of all media together. Default 256. One past it: 488.
    pub sdp_attributes: usize,
}

impl Limits {
    /// The defaults, for where a constant is needed.
    pub const DEFAULT: Limits = Limits {
        message: 65_535,
        head: 32 * 1024,
        headers: 128,
        header_line: 8 * 1024,
        uri: 1024,
        multipart_depth: 3,
        multipart_parts: 16,
        sdp_media: 16,
        sdp_formats: 64,
        sdp_attributes: 256,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}
