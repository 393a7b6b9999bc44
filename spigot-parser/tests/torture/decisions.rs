//! Decisions where the manifest leaves the result open, or describes another copy of the message.

use spigot_parser::{Bytes, ErrorKind};

use crate::corpus::{CASES, case};
use crate::outcome::{First, Outcome};

/// A file whose result does not follow from the manifest's verdict.
pub(crate) struct Decision {
    pub(crate) file: &'static str,
    /// The error with which it is refused, if it is.
    pub(crate) refused: Option<ErrorKind>,
    pub(crate) why: &'static str,
}

pub(crate) const DECISIONS: &[Decision] = &[
    Decision {
        file: "rfc4475/ltgtruri.dat",
        refused: Some(ErrorKind::Uri),
        why: "brackets are no part of a Request-URI (RFC 3261 §7.1), and whoever took them would have to take them off \
              before the next hop sees them",
    },
    Decision {
        file: "rfc4475/lwsruri.dat",
        refused: Some(ErrorKind::StartLine),
        why: "a Request-Line is three words one SP apart; what stands after the second one may be read as a parameter or as \
              the version",
    },
    Decision {
        file: "rfc4475/lwsstart.dat",
        refused: Some(ErrorKind::StartLine),
        why: "a Request-Line is three words one SP apart; a strict next hop sees an empty Request-URI",
    },
    Decision {
        file: "rfc4475/trws.dat",
        refused: Some(ErrorKind::StartLine),
        why: "a Request-Line ends with its version; `SIP/2.0  ` is another one to whoever compares it whole",
    },
    Decision {
        file: "rfc4475/escruri.dat",
        refused: None,
        why: "headers in a URI are part of its grammar (RFC 3261 §19.1.1); they stay text within the Request-URI and become no \
              headers of the message, and whoever routes by the URI leaves them out",
    },
    Decision {
        file: "rfc4475/baddate.dat",
        refused: None,
        why: "Date does not matter to routing and is not looked at; who asks for it by its type gets an error",
    },
    Decision {
        file: "rfc4475/regbadct.dat",
        refused: None,
        why: "Contact is not looked at until a registrar or a dialog asks for it, who gets an error then: a `?` needs brackets \
              (RFC 3261 §20.10)",
    },
    Decision {
        file: "rfc4475/badaspec.dat",
        refused: Some(ErrorKind::Uri),
        why: "no blanks stand within the brackets of a name-addr (RFC 3261 §25.1)",
    },
    Decision {
        file: "rfc4475/baddn.dat",
        refused: Some(ErrorKind::Truncated),
        why: "the archive's copy lacks the empty line that ends the head, so it is cut short before its display names are \
              looked at",
    },
    Decision {
        file: "rfc4475/baddn-closed.dat",
        refused: Some(ErrorKind::Value),
        why: "a display name without quotes is tokens, and a comma is none; quotes are not inferred",
    },
    Decision {
        file: "rfc4475/badbranch.dat",
        refused: None,
        why: "the branch is a token; that nothing follows its magic cookie is for the transaction layer, which matches such a \
              request as RFC 2543 has it",
    },
    Decision {
        file: "rfc4475/leftover.dat",
        refused: Some(ErrorKind::StartLine),
        why: "the Request-Line has no version",
    },
    Decision {
        file: "rfc5118/ipv6-bug-abnf-3-colons.lf",
        refused: Some(ErrorKind::Truncated),
        why: "the manifest speaks of the message, which `.dat` has; the archive's copy lacks the empty line that ends the head, \
              and a head that does not end is cut short, as any prefix is",
    },
    Decision {
        file: "rfc5118/ipv6-correct-abnf-2-colons.lf",
        refused: Some(ErrorKind::Truncated),
        why: "as `ipv6-bug-abnf-3-colons.lf`",
    },
    Decision {
        file: "rfc5118/ipv6-in-sdp.lf",
        refused: Some(ErrorKind::Truncated),
        why: "the manifest speaks of the message, which `.dat` has; in the archive's copy Content-Length counts line ends of two \
              octets, the lines of the body have one, and a datagram that ends before its body is an error (RFC 3261 §18.3, \
              and `clerr.dat`)",
    },
    Decision {
        file: "rfc5118/mult-ip-in-sdp.lf",
        refused: Some(ErrorKind::Truncated),
        why: "as `ipv6-in-sdp.lf`: Content-Length is one more than there is",
    },
];

/// Returns the decision about `file`, if there is one.
pub(crate) fn decision(file: &str) -> Option<&'static Decision> {
    DECISIONS.iter().find(|decision| decision.file == file)
}

#[test]
fn what_is_open_is_decided_and_nothing_else_is() {
    for case in CASES.iter() {
        let open = matches!(case.verdict.as_str(), "either" | "any");
        let archive_only = case.file.ends_with(".lf") && case.verdict == "accept";
        match decision(&case.file) {
            Some(decision) => {
                assert!(open || archive_only, "{} leaves nothing open", case.file);
                assert_eq!(Outcome::of(&case.bytes).kind(), decision.refused, "{}", case.file);
            }
            None => assert!(!open, "{} is not decided", case.file),
        }
    }
    for decision in DECISIONS {
        case(decision.file);
    }
}

/// Checks that the four refused copies of RFC 5118's archive are refused only for what they lack.
#[test]
fn the_archive_copies_that_are_refused_are_taken_with_what_they_lack() {
    let text = |file: &str| String::from_utf8(case(file).bytes.to_vec()).unwrap();
    let mut decided = 0;
    for decision in DECISIONS.iter().filter(|decision| decision.file.ends_with(".lf")) {
        let archive = text(decision.file);
        let completed = match archive.split_once("\n\n") {
            None => format!("{archive}\n"),
            Some((head, body)) => {
                let line = head
                    .lines()
                    .find(|line| line.to_ascii_lowercase().starts_with("content-length"))
                    .unwrap();
                let (name, length) = line.split_once(": ").unwrap();
                assert!(length.parse::<usize>().unwrap() > body.len());
                archive.replace(line, &format!("{name}: {}", body.len()))
            }
        };
        let completed = Bytes::from(completed);
        assert_eq!(Outcome::of(&completed), Outcome::Accepted, "{}", decision.file);
        assert_eq!(First::of([archive.as_bytes()]), First::Waits, "{}", decision.file);
        let sendable = case(&decision.file.replace(".lf", ".dat"));
        assert_eq!(Outcome::of(&sendable.bytes), Outcome::Accepted);
        decided += 1;
    }
    assert_eq!(decided, 4);
}
