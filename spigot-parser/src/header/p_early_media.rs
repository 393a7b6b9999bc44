//! The P-Early-Media header, which authorizes early media (RFC 5009).

use bytestring::ByteString;

use super::allow::{check, tokens};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::is_token;
use crate::{HeaderName, ParseError};

/// A P-Early-Media header: the directions of media before the call is answered, one for each media line.
///
/// ```text
/// P-Early-Media = "P-Early-Media" HCOLON [ em-param *(COMMA em-param) ]
/// em-param      = "sendrecv" / "sendonly" / "recvonly" / "inactive" / "gated" / "supported" / token
/// ```
///
/// The grammar is that of [RFC 5009 §9](https://www.rfc-editor.org/rfc/rfc5009#section-9). Two values are
/// equal if they have the same words, without case and in the same order.
///
/// ```
/// use spigot_parser::header::{EarlyMedia, PEarlyMedia};
///
/// let media: PEarlyMedia = "sendrecv, inactive, gated".parse()?;
/// assert_eq!(media.direction(0), Some(EarlyMedia::SendRecv));
/// assert_eq!(media.direction(7), Some(EarlyMedia::Inactive));
/// assert!(media.is_gated() && !media.is_supported());
///
/// assert_eq!(PEarlyMedia::new(["supported"])?.to_string(), "supported");
/// assert_eq!(PEarlyMedia::of([EarlyMedia::SendOnly]).to_string(), "sendonly");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct PEarlyMedia {
    text: ByteString,
}

/// A direction of early media, as the callee sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EarlyMedia {
    /// `sendrecv`: media flows both ways.
    SendRecv,
    /// `sendonly`: media flows from the callee to the caller.
    SendOnly,
    /// `recvonly`: media flows from the caller to the callee.
    RecvOnly,
    /// `inactive`: no media flows.
    Inactive,
}

impl EarlyMedia {
    const ALL: [EarlyMedia; 4] = [
        EarlyMedia::SendRecv,
        EarlyMedia::SendOnly,
        EarlyMedia::RecvOnly,
        EarlyMedia::Inactive,
    ];

    /// Returns the word for the direction.
    pub const fn as_str(self) -> &'static str {
        match self {
            EarlyMedia::SendRecv => "sendrecv",
            EarlyMedia::SendOnly => "sendonly",
            EarlyMedia::RecvOnly => "recvonly",
            EarlyMedia::Inactive => "inactive",
        }
    }

    fn from_word(word: &str) -> Option<EarlyMedia> {
        EarlyMedia::ALL
            .into_iter()
            .find(|direction| direction.as_str().eq_ignore_ascii_case(word))
    }
}

impl PEarlyMedia {
    /// Creates a list of the given words.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if one is no token.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<PEarlyMedia, ParseError> {
        let mut text = String::new();
        for word in words {
            if !is_token(word) {
                return fault(0, WORD);
            }
            push(word, &mut text);
        }
        Ok(PEarlyMedia { text: text.into() })
    }

    /// Creates a list of the given directions, in the order of the media lines.
    pub fn of(directions: impl IntoIterator<Item = EarlyMedia>) -> PEarlyMedia {
        let mut text = String::new();
        for direction in directions {
            push(direction.as_str(), &mut text);
        }
        PEarlyMedia { text: text.into() }
    }

    /// Appends the word `gated`.
    pub fn with_gated(self) -> PEarlyMedia {
        let mut text = String::with_capacity(self.text.len() + 7);
        self.words()
            .filter(|word| !word.eq_ignore_ascii_case("gated"))
            .for_each(|word| push(word, &mut text));
        push("gated", &mut text);
        PEarlyMedia { text: text.into() }
    }

    /// Returns the words in their order.
    pub fn words(&self) -> impl Iterator<Item = &str> + '_ {
        tokens(&self.text)
    }

    /// Returns the directions in the order of the media lines.
    pub fn directions(&self) -> impl Iterator<Item = EarlyMedia> + '_ {
        self.words().filter_map(EarlyMedia::from_word)
    }

    /// Returns the direction of one media line, counted from 0, or `None` if the header has no directions.
    ///
    /// [RFC 5009 §8](https://www.rfc-editor.org/rfc/rfc5009#section-8):
    ///
    /// > If there are fewer direction parameters than media lines, the value of the last direction parameter
    /// > SHALL apply to all remaining media lines.
    pub fn direction(&self, media_line: usize) -> Option<EarlyMedia> {
        self.directions().take(media_line.saturating_add(1)).last()
    }

    /// Reports whether an element on the way already blocks early media (`gated`).
    pub fn is_gated(&self) -> bool {
        self.contains("gated")
    }

    /// Reports whether the sender supports this header (`supported`).
    pub fn is_supported(&self) -> bool {
        self.contains("supported")
    }

    fn contains(&self, word: &str) -> bool {
        self.words().any(|other| other.eq_ignore_ascii_case(word))
    }
}

const WORD: &str = "a direction, `gated`, `supported` or another token";

fn push(word: &str, text: &mut String) {
    if !text.is_empty() {
        text.push_str(", ");
    }
    text.push_str(word);
}

impl TypedHeader for PEarlyMedia {
    const NAME: HeaderName = HeaderName::P_EARLY_MEDIA;
    const SHAPE: Shape = Shape::Joined;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        check(value.as_str(), WORD)?;
        Ok(PEarlyMedia { text: value.share() })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

impl PartialEq for PEarlyMedia {
    fn eq(&self, other: &PEarlyMedia) -> bool {
        self.words().count() == other.words().count()
            && self
                .words()
                .zip(other.words())
                .all(|(left, right)| left.eq_ignore_ascii_case(right))
    }
}

text_traits!(PEarlyMedia);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    fn media(text: &str) -> PEarlyMedia {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn each_media_line_has_a_direction() {
        let both = media("SendRecv ,future,recvonly, Gated");
        let directions: Vec<_> = both.directions().collect();
        assert_eq!(directions, [EarlyMedia::SendRecv, EarlyMedia::RecvOnly]);
        assert_eq!(both.direction(usize::MAX), Some(EarlyMedia::RecvOnly));
        assert_eq!(
            (media("").direction(0), media("supported").direction(0)),
            (None, None)
        );
        assert!(media("Supported").is_supported() && both.is_gated() && !media("").is_gated());
        assert_eq!(
            media("gated, sendonly").with_gated().to_string(),
            "sendonly, gated"
        );
    }

    #[test]
    fn order_and_number_count() {
        assert_eq!(media("sendrecv,inactive"), media("SENDRECV , inactive"));
        assert_ne!(media("sendrecv,inactive"), media("inactive,sendrecv"));
        assert_ne!(media("sendrecv"), media("sendrecv,sendrecv"));
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        for (text, offset) in [
            (",", 0),
            ("a,", 2),
            ("a b", 0),
            ("a;x", 0),
            ("a, \"b\"", 3),
            ("a\r\n", 0),
        ] {
            assert_eq!(
                text.parse::<PEarlyMedia>().unwrap_err().offset(),
                offset,
                "{text}"
            );
        }
        for evil in testing::EVIL {
            assert!(PEarlyMedia::new([*evil]).is_err(), "{evil:?}");
            assert!(PEarlyMedia::new(["a", evil]).is_err(), "{evil:?}");
        }
        assert!(PEarlyMedia::new([""]).is_err() && PEarlyMedia::new(["a, b"]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(words in prop::collection::vec(testing::token(), 1..5), ways in prop::collection::vec(0usize..4, 1..5)) {
            let built = PEarlyMedia::new(words.iter().map(String::as_str)).unwrap();
            testing::assert_round_trip(&built);
            testing::assert_round_trip(&built.with_gated());
            let ways: Vec<EarlyMedia> = ways.into_iter().map(|way| EarlyMedia::ALL[way]).collect();
            let built = PEarlyMedia::of(ways.clone());
            prop_assert_eq!(built.directions().collect::<Vec<_>>(), ways);
            testing::assert_round_trip(&built);
        }
    }
}
