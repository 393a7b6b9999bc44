//! The Request-Disposition header, which says how the caller wants servers to handle the request (RFC 3841
//! §9.1).

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, elements, fault, text_traits};
use crate::grammar::Span;
use crate::{ErrorKind, HeaderName, ParseError};

/// A directive of a [`RequestDisposition`]. There are six types with two directives each:
///
/// > The set of request disposition directives is not extensible on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Directive {
    /// Forward the request.
    Proxy,
    /// Answer the request with a redirection.
    Redirect,
    /// Cancel the other branches when one of them is answered, which is the default.
    Cancel,
    /// Do not cancel the other branches when one of them is answered.
    NoCancel,
    /// Try several contacts.
    Fork,
    /// Try only the best contact.
    NoFork,
    /// Follow redirections.
    Recurse,
    /// Return redirections to the caller.
    NoRecurse,
    /// Try all contacts at once.
    Parallel,
    /// Try the contacts one after the other.
    Sequential,
    /// Queue the call if the callee cannot take it now.
    Queue,
    /// Reject the call if the callee cannot take it now.
    NoQueue,
}

impl Directive {
    /// The directives, in which the two of each type are neighbors.
    const ALL: [Directive; 12] = [
        Directive::Proxy,
        Directive::Redirect,
        Directive::Cancel,
        Directive::NoCancel,
        Directive::Fork,
        Directive::NoFork,
        Directive::Recurse,
        Directive::NoRecurse,
        Directive::Parallel,
        Directive::Sequential,
        Directive::Queue,
        Directive::NoQueue,
    ];

    /// Returns the directive as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Directive::Proxy => "proxy",
            Directive::Redirect => "redirect",
            Directive::Cancel => "cancel",
            Directive::NoCancel => "no-cancel",
            Directive::Fork => "fork",
            Directive::NoFork => "no-fork",
            Directive::Recurse => "recurse",
            Directive::NoRecurse => "no-recurse",
            Directive::Parallel => "parallel",
            Directive::Sequential => "sequential",
            Directive::Queue => "queue",
            Directive::NoQueue => "no-queue",
        }
    }

    fn parse(text: &str) -> Option<Directive> {
        Directive::ALL
            .into_iter()
            .find(|directive| directive.as_str().eq_ignore_ascii_case(text))
    }

    /// Returns a bit that stands for the type of the directive.
    fn type_bit(self) -> u8 {
        1 << (self as u8 / 2)
    }
}

/// A Request-Disposition header: how the caller wants servers to handle the request.
///
/// [RFC 3841 §9.1](https://www.rfc-editor.org/rfc/rfc3841#section-9.1), with the grammar of §10:
///
/// ```text
/// Request-Disposition = ( "Request-Disposition" / "d" ) HCOLON directive *(COMMA directive)
/// directive           = proxy-directive / cancel-directive / fork-directive / recurse-directive
///                     / parallel-directive / queue-directive
/// proxy-directive     = "proxy" / "redirect"
/// cancel-directive    = "cancel" / "no-cancel"
/// fork-directive      = "fork" / "no-fork"
/// recurse-directive   = "recurse" / "no-recurse"
/// parallel-directive  = "parallel" / "sequential"
/// queue-directive     = "queue" / "no-queue"
/// ```
///
/// > There can only be one directive of each type per request (e.g., you cannot have both "proxy" and
/// > "redirect" in the same Request-Disposition header field).
///
/// Two values are equal if they have the same directives in any order.
///
/// ```
/// use spigot_parser::header::{Directive, RequestDisposition};
///
/// let wanted: RequestDisposition = "proxy, recurse, parallel".parse()?;
/// assert!(wanted.contains(Directive::Recurse) && !wanted.contains(Directive::NoFork));
/// assert_eq!(RequestDisposition::new([Directive::NoFork, Directive::Queue])?.to_string(), "no-fork, queue");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct RequestDisposition {
    text: ByteString,
}

impl RequestDisposition {
    /// Creates a list of the given directives.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Duplicate`] for two of one type, [`ErrorKind::Value`] if there is none.
    pub fn new(directives: impl IntoIterator<Item = Directive>) -> Result<RequestDisposition, ParseError> {
        let mut text = String::new();
        for directive in directives {
            // A list longer than the number of types has two directives of one type, which the parser
            // refuses.
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(directive.as_str());
        }
        RequestDisposition::parse(Field::exact(&text))
    }

    /// Returns the directives in their order.
    pub fn directives(&self) -> impl Iterator<Item = Directive> + '_ {
        elements(&self.text).filter_map(Directive::parse)
    }

    /// Reports whether the list contains `directive`.
    pub fn contains(&self, directive: Directive) -> bool {
        self.directives().any(|other| other == directive)
    }
}

impl TypedHeader for RequestDisposition {
    const NAME: HeaderName = HeaderName::REQUEST_DISPOSITION;
    const SHAPE: Shape = Shape::Joined;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let mut seen = 0;
        for element in elements(text) {
            let at = Span::within(text, element).start();
            let Some(directive) = Directive::parse(element) else {
                return fault(at, "a directive, such as `proxy` or `no-fork`");
            };
            if seen & directive.type_bit() != 0 {
                return Err(ParseError::new(
                    ErrorKind::Duplicate,
                    at,
                    "one directive of each type",
                ));
            }
            seen |= directive.type_bit();
        }
        Ok(RequestDisposition { text: value.share() })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

impl PartialEq for RequestDisposition {
    fn eq(&self, other: &RequestDisposition) -> bool {
        // A value has no directive twice, so equal counts make the comparison symmetric.
        self.directives().count() == other.directives().count()
            && self.directives().all(|directive| other.contains(directive))
    }
}

text_traits!(RequestDisposition);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn each_type_is_there_once() {
        for (index, directive) in Directive::ALL.into_iter().enumerate() {
            assert_eq!(directive as usize, index);
            let twin = Directive::ALL[index ^ 1];
            assert_eq!(directive.type_bit(), twin.type_bit());
            for second in [directive, twin] {
                let error = RequestDisposition::new([directive, second]).unwrap_err();
                assert_eq!(
                    (error.kind(), error.offset()),
                    (ErrorKind::Duplicate, directive.as_str().len() + 2)
                );
            }
        }
        let wanted = "Queue , NO-FORK".parse::<RequestDisposition>().unwrap();
        assert!(wanted.directives().eq([Directive::Queue, Directive::NoFork]));
        assert_eq!(
            wanted,
            RequestDisposition::new([Directive::NoFork, Directive::Queue]).unwrap()
        );
        assert_ne!(wanted, RequestDisposition::new([Directive::NoFork]).unwrap());
        assert_ne!(wanted, "queue,fork".parse().unwrap());
    }

    #[test]
    fn lines_are_one_list() {
        let wanted = |second: &str| {
            let text =
                format!("INVITE sip:a.example SIP/2.0\r\nd: proxy\r\nRequest-Disposition: {second}\r\n\r\n");
            Request::parse(text)
                .unwrap()
                .headers()
                .typed::<RequestDisposition>()
        };
        assert_eq!(wanted("fork"), Ok(Some("fork, proxy".parse().unwrap())));
        assert_eq!(wanted("redirect").unwrap_err().kind(), ErrorKind::Duplicate);
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            (",", 0),
            ("proxy,", 6),
            ("proxy, nothing", 7),
            ("proxy fork", 0),
            ("proxy;x", 0),
            ("proxy\r\n", 0),
        ] {
            assert_eq!(
                text.parse::<RequestDisposition>().unwrap_err().offset(),
                offset,
                "{text:?}"
            );
        }
        for evil in testing::EVIL {
            assert!(evil.parse::<RequestDisposition>().is_err(), "{evil:?}");
        }
        assert!(RequestDisposition::new([]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(choices in prop::collection::vec(0usize..3, 6)) {
            let chosen = choices.iter().enumerate().filter(|(_, choice)| **choice < 2);
            let chosen: Vec<Directive> = chosen.map(|(kind, choice)| Directive::ALL[2 * kind + choice]).collect();
            prop_assume!(!chosen.is_empty());
            let wanted = RequestDisposition::new(chosen.iter().copied()).unwrap();
            prop_assert!(wanted.directives().eq(chosen));
            testing::assert_round_trip(&wanted);
        }
    }
}
