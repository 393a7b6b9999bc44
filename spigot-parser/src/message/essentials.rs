//! What every message says of itself, read once.
//!
//! Invariant: an [`Essentials`] is of a message that was checked, so its transaction can be found and a reply
//! be addressed.

mod read;
mod stamp;

use std::fmt;

use bytestring::ByteString;

use crate::grammar::Span;
use crate::header::Via;
use crate::{Method, ParseError, Request, Response};

/// What a request or a response says of itself: how its transaction, its dialog and its sender are found.
///
/// [`Request::essentials`] and [`Response::essentials`] make it. It goes along with its message, so that
/// nobody reads those headers again. It shares the message's text, and stays as it is when the message
/// changes.
///
/// ```
/// use spigot_parser::{Method, Request};
///
/// let request = Request::parse("BYE sip:a@a.example SIP/2.0\r\nVia: SIP/2.0/UDP b.example;branch=z9hG4bK7\r\n\
///              From: <sip:b@b.example>;tag=1\r\nTo: <sip:a@a.example>;tag=2\r\nCall-ID: 9@a.example\r\n\
///              CSeq: 4 BYE\r\n\r\n")?;
/// let essentials = request.essentials()?;
///
/// assert_eq!(essentials.via().branch(), Some("z9hG4bK7"));
/// assert_eq!((essentials.from_tag(), essentials.to_tag()), (Some("1"), Some("2")));
/// assert_eq!(essentials.call_id(), "9@a.example");
/// assert_eq!((essentials.cseq(), essentials.method()), (4, &Method::BYE));
/// assert_eq!(essentials.max_forwards(), None);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Essentials {
    via: Via,
    /// The text that both tags and the Call-ID are in: the head, or their own if the head lacks one of them.
    text: ByteString,
    from_tag: Span,
    to_tag: Span,
    call_id: Span,
    method: Method,
    cseq: u32,
    vias: u32,
    max_forwards: Option<u32>,
}

impl Essentials {
    /// The topmost Via.
    pub fn via(&self) -> &Via {
        &self.via
    }

    /// How many Via values there are, over all lines. There is one at least.
    pub fn vias(&self) -> usize {
        self.vias as usize
    }

    /// The tag of From; peers that follow RFC 2543 leave it out.
    pub fn from_tag(&self) -> Option<&str> {
        self.from_tag.get(&self.text)
    }

    /// The tag of To, if there is one.
    pub fn to_tag(&self) -> Option<&str> {
        self.to_tag.get(&self.text)
    }

    /// The Call-ID.
    pub fn call_id(&self) -> &str {
        self.call_id.of(&self.text)
    }

    /// The sequence number of CSeq, below 2^31.
    pub fn cseq(&self) -> u32 {
        self.cseq
    }

    /// The method of CSeq: that of the request, or of the request that a response answers.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Max-Forwards, if it is there; `u32::MAX` for what is larger.
    pub fn max_forwards(&self) -> Option<u32> {
        self.max_forwards
    }
}

impl Request {
    /// Checks that the request can be worked with, and gives what was read of it meanwhile. It goes through
    /// the lines once.
    ///
    /// The headers of RFC 3261 §8.1.1 that identify a request are there once and well formed (every Via,
    /// From, To, Call-ID, CSeq), CSeq names its method, Max-Forwards is a number if it is there, and no
    /// header that may be there once is there again, whichever it is (RFC 3261 §7.3.1). From tags and Via
    /// branches may be missing, as RFC 2543 has it, and Max-Forwards too.
    ///
    /// # Errors
    ///
    /// The first fault found.
    pub fn essentials(&self) -> Result<Essentials, ParseError> {
        read::essentials(&self.headers, Some(&self.method))
    }

    /// Whether the request can be worked with, as [`essentials`](Self::essentials) checks it.
    ///
    /// # Errors
    ///
    /// The first fault found.
    pub fn validate(&self) -> Result<(), ParseError> {
        self.essentials().map(drop)
    }
}

impl Response {
    /// Checks that the response can be worked with, and gives what was read of it meanwhile. It goes through
    /// the lines once.
    ///
    /// Every Via, From, To, Call-ID and CSeq are there and well formed (RFC 3261 §8.2.6.2), and no header
    /// that may be there once is there again, whichever it is (§7.3.1).
    ///
    /// # Errors
    ///
    /// The first fault found. Nobody answers a response, so its [`status`](ParseError::status) is `None`.
    pub fn essentials(&self) -> Result<Essentials, ParseError> {
        read::essentials(&self.headers, None).map_err(ParseError::in_response)
    }

    /// Whether the response can be worked with, as [`essentials`](Self::essentials) checks it.
    ///
    /// # Errors
    ///
    /// The first fault found, as [`essentials`](Self::essentials) has it.
    pub fn validate(&self) -> Result<(), ParseError> {
        self.essentials().map(drop)
    }
}

/// What was read; not the text that it is a part of.
impl fmt::Debug for Essentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Essentials")
            .field("via", &self.via)
            .field("vias", &self.vias)
            .field("from_tag", &self.from_tag())
            .field("to_tag", &self.to_tag())
            .field("call_id", &self.call_id())
            .field("cseq", &self.cseq)
            .field("method", &self.method)
            .field("max_forwards", &self.max_forwards)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{self, CSeq, CallId, MaxForwards};
    use crate::{HeaderName, Headers, StatusCode};
    use proptest::prelude::*;

    const LINES: [&str; 7] = [
        "v: SIP/2.0/UDP a.example;branch=z9hG4bK1;rport, SIP/2.0/TCP b.example",
        "Via: SIP/2.0/TLS c.example",
        "f: \"A;tag=9\" <sip:a@a.example>;x=y;tag=from",
        "To: sip:b@b.example;TAG=to",
        "Call-ID: 1@a.example",
        "CSeq: 7 OPTIONS",
        "Max-Forwards: 70",
    ];

    fn request(lines: &[&str]) -> Request {
        let head = format!(
            "OPTIONS sip:b@b.example SIP/2.0\r\n{}\r\n\r\n",
            lines.join("\r\n")
        );
        Request::parse(head).unwrap()
    }

    /// What was read is what each header gives when it is asked for.
    fn assert_same(essentials: &Essentials, headers: &Headers) {
        assert_eq!(Ok(Some(essentials.via().clone())), headers.typed::<Via>());
        assert_eq!(essentials.vias(), headers.all::<Via>().count());
        assert_eq!(Ok(essentials.from_tag()), header::From::tag_of(headers));
        assert_eq!(Ok(essentials.to_tag()), header::To::tag_of(headers));
        let call_id: CallId = headers.typed().unwrap().unwrap();
        assert_eq!(essentials.call_id(), call_id.as_str());
        let cseq: CSeq = headers.typed().unwrap().unwrap();
        assert_eq!(
            (essentials.cseq(), essentials.method()),
            (cseq.number(), cseq.method())
        );
        if let Ok(left) = headers.typed::<MaxForwards>() {
            assert_eq!(essentials.max_forwards(), left.map(|left| u32::from(left.hops())));
        }
    }

    #[test]
    fn they_are_small_and_go_everywhere() {
        fn goes<T: Clone + fmt::Debug + Send + Sync + 'static>() -> usize {
            size_of::<T>()
        }
        assert_eq!(goes::<Essentials>(), 192);
    }

    #[test]
    fn what_is_read_is_what_the_headers_say() {
        let request = request(&LINES);
        let essentials = request.essentials().unwrap();
        assert_same(&essentials, request.headers());
        assert_eq!((essentials.vias(), essentials.max_forwards()), (3, Some(70)));
        assert_eq!(
            (essentials.from_tag(), essentials.to_tag()),
            (Some("from"), Some("to"))
        );
        let text = format!("SIP/2.0 200 OK\r\n{}\r\n\r\n", LINES.join("\r\n"));
        let response = Response::parse(text).unwrap();
        assert_same(&response.essentials().unwrap(), response.headers());
    }

    #[test]
    fn tags_and_max_forwards_may_be_missing_and_any_number_is_one() {
        let of = |left: &str| {
            let mut lines = LINES;
            (lines[2], lines[3], lines[6]) = ("From: <sip:a>", "t: <tel:1>", left);
            let essentials = request(&lines).essentials().unwrap();
            assert_eq!((essentials.from_tag(), essentials.to_tag()), (None, None));
            essentials.max_forwards()
        };
        assert_eq!(of("X: y"), None);
        assert_eq!(of("Max-Forwards: 0"), Some(0));
        assert_eq!(of("Max-Forwards: 300"), Some(300));
        assert_eq!(of("Max-Forwards: 99999999999999999999999"), Some(u32::MAX));
    }

    #[test]
    fn lines_that_were_added_or_had_folds_are_read_too() {
        for index in 0..LINES.len() {
            let mut lines = LINES;
            let folded = lines[index].replace(": ", ":\r\n ").replace(';', "\r\n ;");
            lines[index] = &folded;
            let request = request(&lines);
            assert_same(&request.essentials().unwrap(), request.headers());
        }
        let mut request = Request::new(Method::OPTIONS, "sip:b".parse().unwrap());
        for line in LINES {
            let (name, value) = line.split_once(": ").unwrap();
            request.headers_mut().push(name, value).unwrap();
        }
        assert_same(&request.essentials().unwrap(), request.headers());
    }

    #[test]
    fn they_stay_as_they_are_when_the_message_changes_or_is_gone() {
        let mut request = request(&LINES);
        let essentials = request.essentials().unwrap();
        let other = request.clone();
        request.headers_mut().remove(&HeaderName::CALL_ID);
        request.headers_mut().remove(&HeaderName::VIA);
        drop(request);
        assert_same(&essentials, other.headers());
    }

    #[test]
    fn debug_shows_what_was_read_and_no_secrets_beside_it() {
        let mut lines = LINES.to_vec();
        lines.push("Authorization: Digest response=secret");
        let debug = format!("{:?}", request(&lines).essentials().unwrap());
        assert!(
            debug.contains("z9hG4bK1") && debug.contains("1@a.example") && !debug.contains("secret"),
            "{debug}"
        );
    }

    proptest! {
        #[test]
        fn messages_that_are_checked_are_read_as_they_are(
            order in Just((0..LINES.len()).collect::<Vec<_>>()).prop_shuffle(),
            folds in proptest::collection::vec(any::<bool>(), LINES.len()),
            bare: bool,
        ) {
            let lines: Vec<String> = order.into_iter().map(|index| if folds[index] {
                LINES[index].replace(';', "\r\n  ;")
            } else {
                LINES[index].to_owned()
            }).collect();
            let mut head = format!("SIP/2.0 200 OK\r\n{}\r\n\r\n", lines.join("\r\n"));
            if bare {
                head = head.replace("\r\n", "\n");
            }
            let response = Response::parse(head).unwrap();
            prop_assert_eq!(response.status(), StatusCode::OK);
            assert_same(&response.essentials().unwrap(), response.headers());
        }
    }
}
