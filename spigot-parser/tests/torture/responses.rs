//! Responses that break a rule, with one decision each: a response cannot be refused, only lost.
//!
//! Each is a good 200 to an INVITE with one text replaced. `{hex}` stands for the octet with this value.

use spigot_parser::header::{Contact, RecordRoute, Require, Server, SessionExpires};
use spigot_parser::{Bytes, ErrorKind, HeaderName, Message};

use crate::ambiguities::octets;
use crate::outcome::{First, Outcome};
use crate::rules::{self, Known};
use crate::singles::SINGLES;

const GOOD: &str = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nFrom: <sip:alice@a.example>;tag=1\r\n\
                    To: <sip:bob@b.example>;tag=2\r\nCall-ID: 1@a.example\r\nCSeq: 1 INVITE\r\n\
                    Contact: <sip:bob@192.0.2.4>\r\nContent-Length: 4\r\n\r\nbody";

/// The five headers that say whose a response is, and that which says where it ends.
pub(crate) const DECIDING: [&str; 6] = ["Call-ID", "CSeq", "From", "To", "Content-Length", "Via"];

/// What becomes of a response.
#[derive(Clone, Copy)]
pub(crate) enum Fate {
    /// It is dropped, with an error of this kind.
    Dropped(ErrorKind),
    /// It is accepted, with this assertion about its meaning.
    Taken(fn(&Message)),
}

/// A response with one text replaced.
pub(crate) struct ResponseCase {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    /// The text that is replaced, and the text in its place.
    replaced: &'static str,
    pub(crate) by: &'static str,
    pub(crate) fate: Fate,
    pub(crate) why: &'static str,
}

impl ResponseCase {
    fn bytes(&self) -> Bytes {
        assert!(GOOD.contains(self.replaced), "{}", self.name);
        octets(&GOOD.replacen(self.replaced, self.by, 1)).0
    }

    /// Returns the result as a datagram, and on a stream.
    pub(crate) fn outcome(&self) -> (Outcome, First) {
        let bytes = self.bytes();
        rules::hold(&bytes, &Known::default(), bytes.len() / 2)
    }

    fn check(&self) {
        let bytes = self.bytes();
        let (outcome, first) = self.outcome();
        match self.fate {
            Fate::Dropped(kind) => {
                assert_eq!(outcome.kind(), Some(kind), "{outcome:?}");
                assert_eq!(outcome.error().and_then(|error| error.status()), None);
            }
            Fate::Taken(understood) => {
                assert_eq!(outcome, Outcome::Accepted);
                assert_eq!(first, First::Message(bytes.clone()));
                let message = Message::parse(bytes).unwrap();
                assert_eq!(message.body(), "body");
                understood(&message);
            }
        }
    }
}

macro_rules! responses {
    ($($group:literal { $($name:ident: $replaced:literal, $by:literal => $fate:expr, $why:literal;)* })*) => {
        /// Returns all of them, in their groups.
        pub(crate) fn all() -> Vec<ResponseCase> {
            vec![$($(named::$name()),*),*]
        }

        mod named {
            use super::*;
            use ErrorKind as Kind;
            use Fate::*;

            $($(
                pub(super) fn $name() -> ResponseCase {
                    ResponseCase {
                        group: $group,
                        name: stringify!($name),
                        replaced: $replaced,
                        by: $by,
                        fate: $fate,
                        why: $why,
                    }
                }
            )*)*
        }

        $($(
            #[test]
            fn $name() {
                named::$name().check();
            }
        )*)*
    };
}

fn reason(message: &Message) -> &str {
    let Message::Response(response) = message else {
        panic!("a response")
    };
    response.reason()
}

fn value<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.headers().get(&HeaderName::from_token(name).unwrap())
}

responses! {
    "The status line" {
        a_reason_in_latin_1: "OK", "D{e9}croch{e9}"
            => Taken(|message| assert_eq!(reason(message), "D\u{e9}croch\u{e9}")), "it is for people to read";
        a_reason_with_a_nul: "OK", "O{00}K"
            => Taken(|message| assert_eq!(reason(message), "O\u{fffd}K")), "it is for people to read";
        no_reason: "OK", ""
            => Taken(|message| assert_eq!(reason(message), "")), "Reason-Phrase may be empty (RFC 3261 §7.2)";
        no_reason_and_no_blank: " OK", ""
            => Taken(|message| assert_eq!(reason(message), "")), "RFC 4475 §3.1.1.13";
        a_status_line_that_ends_with_a_line_feed: "OK\r\n", "OK\n"
            => Taken(|message| assert_eq!(reason(message), "OK")), "it can be read in one way only";
        a_code_of_two_digits: "200", "20"
            => Dropped(Kind::Status), "the code decides";
        a_version_3: "SIP/2.0 200", "SIP/3.0 200"
            => Dropped(Kind::Version), "what it means is not known";
    }
    "Text" {
        a_value_in_latin_1: "Contact", "Server: M{fc}nchen\r\nContact"
            => Taken(|message| assert_eq!(value(message, "Server"), Some("M\u{fc}nchen"))), "nothing depends on it";
        a_value_with_a_nul: "Contact", "Server: x{00}\r\nContact"
            => Taken(|message| assert_eq!(value(message, "Server"), Some("x\u{fffd}"))), "nothing depends on it";
        a_display_name_in_latin_1: "To: <", "To: \"Ren{e9}\" <"
            => Taken(|message| assert!(value(message, "To").unwrap().starts_with("\"Ren\u{e9}\""))),
            "the tag decides, and a display name is text";
        a_tag_in_latin_1: "tag=2", "tag={e9}"
            => Dropped(Kind::Value), "a tag is a token, and decides";
        a_branch_in_latin_1: "z9hG4bK1", "z9hG4bK{e9}"
            => Dropped(Kind::Value), "a branch is a token, and decides";
        a_call_id_in_latin_1: "1@a", "{e9}@a"
            => Dropped(Kind::Value), "it decides";
        a_cseq_with_a_nul: "1 INVITE", "1 INVITE{00}"
            => Dropped(Kind::Value), "it decides";
        a_contact_in_latin_1: "sip:bob@192", "sip:b{f6}b@192"
            => Taken(|message| assert!(message.headers().typed::<Contact>().is_err())),
            "a 2xx to INVITE is acknowledged whatever its Contact is";
        a_record_route_that_is_none: "Contact", "Record-Route: <{ff}>\r\nContact"
            => Taken(|message| assert!(message.headers().typed::<RecordRoute>().is_err())),
            "a 2xx to INVITE is acknowledged whatever its Record-Route is";
        a_require_that_is_none: "Contact", "Require: {ff}, ;\r\nContact"
            => Taken(|message| assert!(message.headers().typed::<Require>().is_err())),
            "who depends on it is told by its type";
    }
    "Lines" {
        a_line_that_ends_with_a_line_feed: "CSeq: 1 INVITE\r\n", "CSeq: 1 INVITE\n"
            => Taken(|message| assert_eq!(value(message, "CSeq"), Some("1 INVITE"))),
            "it can be read in one way only, and a deployed library sends such a line";
        a_fold_after_a_line_feed: "Contact", "Server: x\n y\r\nContact"
            => Taken(|message| assert_eq!(value(message, "Server"), Some("x y"))), "it can be read in one way only";
        a_line_feed_before_the_empty_line: "4\r\n\r\n", "4\n\r\n"
            => Dropped(Kind::HeaderLine), "where the head ends decides";
        an_empty_line_that_is_a_line_feed: "4\r\n\r\n", "4\r\n\n"
            => Dropped(Kind::HeaderLine), "where the head ends decides";
        a_line_feed_before_the_length: "4>\r\n", "4>\n"
            => Dropped(Kind::HeaderLine), "Content-Length decides, and a reader of CRLF does not see it";
        a_line_feed_after_the_length: "4\r\n", "4\nServer: x\r\n"
            => Dropped(Kind::HeaderLine), "Content-Length decides, and a reader of CRLF sees more of it";
        a_carriage_return_alone: "Contact", "Server: x\ry\r\nContact"
            => Dropped(Kind::HeaderLine), "some readers see the end of a line, and two of them the end of the head";
        a_line_of_blanks: "Contact", "Server: x\r\n \r\nContact"
            => Dropped(Kind::HeaderLine), "some readers see the end of the head";
        a_line_without_a_colon: "Contact", "Server\r\nContact"
            => Taken(|message| assert_eq!(message.headers().len(), 7)), "it is no header line, and is left out";
        a_name_that_is_no_token: "Contact", "Ser ver: x\r\n y\r\nContact"
            => Taken(|message| assert_eq!(message.headers().len(), 7)), "it is no header line, and is left out with its folds";
        a_fold_before_the_first_header: "Via", " x\r\nVia"
            => Taken(|message| assert_eq!(message.headers().len(), 7)), "it continues nothing, and is left out";
        a_via_without_a_colon: "Via:", "Via"
            => Dropped(Kind::Missing), "Via decides";
    }
    "Headers" {
        two_servers: "Contact", "Server: one\r\nServer: two\r\nContact"
            => Taken(|message| assert_eq!(
                message.headers().typed::<Server>().map_err(|error| error.kind()),
                Err(ErrorKind::Duplicate)
            )), "nothing depends on it; its type says that it is there twice";
        two_session_expires: "Contact", "Session-Expires: 1800\r\nx: 90\r\nContact"
            => Taken(|message| assert_eq!(
                message.headers().typed::<SessionExpires>().map_err(|error| error.kind()),
                Err(ErrorKind::Duplicate)
            )), "its type says that it is there twice";
        a_max_forwards_that_is_none: "Contact", "Max-Forwards: x\r\nMax-Forwards: 1\r\nContact"
            => Taken(|message| assert_eq!(value(message, "Max-Forwards"), Some("x"))), "a response goes where its Via says";
        two_froms: "From", "From: <sip:eve@a.example>;tag=1\r\nFrom"
            => Dropped(Kind::Duplicate), "it decides";
        two_tos: "To", "t: <sip:eve@a.example>;tag=3\r\nTo"
            => Dropped(Kind::Duplicate), "they would be two dialogs";
        two_call_ids: "Call-ID", "i: 2@a.example\r\nCall-ID"
            => Dropped(Kind::Duplicate), "they would be two calls";
        two_cseqs: "CSeq", "CSeq: 2 INVITE\r\nCSeq"
            => Dropped(Kind::Duplicate), "they would be two transactions";
        two_lengths: "Content-Length", "l: 4\r\nContent-Length"
            => Dropped(Kind::ContentLength), "where it ends decides";
        a_length_that_is_none: "Length: 4", "Length: 4 octets"
            => Dropped(Kind::ContentLength), "where it ends decides";
        a_body_that_is_cut_short: "Length: 4", "Length: 5"
            => Dropped(Kind::Truncated), "where it ends decides";
        a_second_via_that_is_none: "From", "Via: x\r\nFrom"
            => Dropped(Kind::Value), "the next hop is told by it";
        no_cseq: "CSeq", "X-CSeq"
            => Dropped(Kind::Missing), "it decides";
    }
}

/// Tests every single header twice in a response, in both forms.
#[test]
fn each_single_header_but_the_deciding_ones_may_be_there_twice() {
    for (long, compact, source) in SINGLES {
        for again in [long, compact] {
            let text = GOOD.replacen("Contact", &format!("{long}: 1\r\n{again}: 2\r\nContact"), 1);
            let outcome = Outcome::of(&Bytes::from(text));
            if DECIDING.contains(long) {
                assert_eq!(outcome.kind(), Some(ErrorKind::Duplicate), "{long} ({source})");
            } else {
                assert_eq!(outcome, Outcome::Accepted, "{long} ({source})");
            }
        }
    }
}
