//! The bounds of parsing and framing.
//!
//! Invariant: every loop over input is bounded by one of these.

/// The bounds of a message and its body in parsing and framing.
///
/// The parameters of one value are bounded by [`MAX_PARAMS`](crate::MAX_PARAMS), whatever the limits are.
///
/// Input beyond a bound is a [`ParseError`](crate::ParseError) whose [`status`](crate::ParseError::status) is
/// the one to answer.
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
    /// The octets of a whole message on a stream. Default 65,535. One past it: 513, then close.
    pub message: usize,
    /// The octets of the start line and headers with the empty line. Default 32 KiB. One past it: 513.
    pub head: usize,
    /// The number of header lines. Default 128. One past it: 400.
    pub headers: usize,
    /// The octets of one header line with its folds, without the line end. Default 8 KiB. One past it: 400.
    pub header_line: usize,
    /// The octets of the Request-URI. Default 1,024. One past it: 414.
    pub uri: usize,
    /// The depth of nested multipart bodies, which is 1 for a body without multipart parts. Default 3. One
    /// past it: 400.
    pub multipart_depth: usize,
    /// The number of parts of one multipart body. Default 16. One past it: 400.
    pub multipart_parts: usize,
    /// The number of media of a session description. Default 64. One past it: 488.
    pub sdp_media: usize,
    /// The number of formats of each medium. Default 256. One past it: 488.
    pub sdp_formats: usize,
    /// The number of attributes of a session description, all media included. Default 4,096. One past it:
    /// 488.
    pub sdp_attributes: usize,
}

impl Limits {
    /// The default limits as a constant.
    pub const DEFAULT: Limits = Limits {
        message: 65_535,
        head: 32 * 1024,
        headers: 128,
        header_line: 8 * 1024,
        uri: 1024,
        multipart_depth: 3,
        multipart_parts: 16,
        sdp_media: 64,
        sdp_formats: 256,
        sdp_attributes: 4096,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}
