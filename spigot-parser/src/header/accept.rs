//! The Accept header: the bodies that its sender accepts (RFC 3261 §20.1).

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, elements, fault, qvalue, text_traits};
use crate::grammar::{Span, is_token, prefix, separator, token};
use crate::params::{self, Values};
use crate::{ErrorKind, HeaderName, Params, ParseError};

/// An Accept header: a list of media ranges.
///
/// An empty list accepts nothing. A message without the header accepts `application/sdp`; the caller applies
/// this default.
///
/// [RFC 3261 §20.1](https://www.rfc-editor.org/rfc/rfc3261#section-20.1), with the grammar of §25.1:
///
/// ```text
/// Accept       = "Accept" HCOLON [ accept-range *(COMMA accept-range) ]
/// accept-range = media-range *(SEMI accept-param)
/// media-range  = ( "*/*" / ( m-type SLASH "*" ) / ( m-type SLASH m-subtype ) ) *( SEMI m-parameter )
/// accept-param = ("q" EQUAL qvalue) / generic-param
/// ```
///
/// ```
/// use spigot_parser::header::Accept;
///
/// let accept: Accept = "application/sdp;level=1, text/*, text/html;q=0".parse()?;
/// assert!(accept.allows("application", "sdp") && accept.allows("text", "plain"));
/// assert!(!accept.allows("text", "html") && !accept.allows("image", "png"));
/// assert_eq!(Accept::new([("application", "sdp"), ("text", "*")])?.to_string(), "application/sdp, text/*");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Accept {
    text: ByteString,
}

impl Accept {
    /// Creates a list from (type, subtype) pairs, in which `*` stands for any.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if one is no token, [`ErrorKind::Value`] for `*/subtype`.
    pub fn new<'a>(ranges: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Accept, ParseError> {
        let mut text = String::new();
        for (kind, subtype) in ranges {
            if !is_token(kind) || !is_token(subtype) {
                return Err(ParseError::new(
                    ErrorKind::Token,
                    0,
                    "type and subtype, which are tokens",
                ));
            }
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(kind);
            text.push('/');
            text.push_str(subtype);
        }
        text.parse()
    }

    /// Appends a range with a preference from 0 (refused) to 1.
    ///
    /// At most three decimals of the preference are written.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if type or subtype is no token, [`ErrorKind::Value`] for `*/subtype` or a
    /// preference that is not within 0 and 1.
    pub fn with_range(self, kind: &str, subtype: &str, q: f32) -> Result<Accept, ParseError> {
        let Accept { text: range } = Accept::new([(kind, subtype)])?;
        let q = qvalue::print(q)?;
        let mut text = String::from(self.text);
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&range);
        if q != "1" {
            text.push_str(";q=");
            text.push_str(&q);
        }
        Ok(Accept { text: text.into() })
    }

    /// Returns the media ranges in their order.
    pub fn ranges(&self) -> impl Iterator<Item = MediaRange<'_>> + '_ {
        elements(&self.text).filter_map(|range| MediaRange::parse(range).ok())
    }

    /// Reports whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Reports whether a body of this type is accepted.
    ///
    /// The most specific range that matches decides: its `q` has to be above 0.
    pub fn allows(&self, kind: &str, subtype: &str) -> bool {
        let matching = self.ranges().filter(|range| range.matches(kind, subtype));
        matching
            .max_by_key(MediaRange::specificity)
            .is_some_and(|range| range.q() > 0.0)
    }
}

/// One media range of an [`Accept`].
#[derive(Clone, Debug)]
pub struct MediaRange<'a> {
    kind: &'a str,
    subtype: &'a str,
    params: Params<'a>,
}

impl<'a> MediaRange<'a> {
    fn parse(text: &'a str) -> Result<MediaRange<'a>, ParseError> {
        let slash = separator('/', "`/` after the type");
        let ((kind, (), subtype), at) = prefix(text, (token("a media type"), slash, token("a subtype")))?;
        if kind == "*" && subtype != "*" {
            return fault(0, "`*/*`, or a type before the `/`");
        }
        params::scan(text.as_bytes(), at, Values::Generic, |param| {
            let is_q = param.name(text).eq_ignore_ascii_case("q");
            match is_q && param.value(text).and_then(qvalue::parse).is_none() {
                true => fault(param.at(), qvalue::EXPECTED),
                false => Ok(()),
            }
        })?;
        Ok(MediaRange {
            kind,
            subtype,
            params: Params::of_header(&text[at..]),
        })
    }

    /// Returns the type, or `*` for any type.
    pub fn kind(&self) -> &'a str {
        self.kind
    }

    /// Returns the subtype, or `*` for any subtype.
    pub fn subtype(&self) -> &'a str {
        self.subtype
    }

    /// Returns the preference from 0 to 1, which is 1 by default.
    pub fn q(&self) -> f32 {
        qvalue::of(&self.params)
    }

    /// Returns the parameters, `q` included.
    pub fn params(&self) -> Params<'a> {
        self.params.clone()
    }

    /// Reports whether the range contains this type, whatever its parameters are.
    pub fn matches(&self, kind: &str, subtype: &str) -> bool {
        let fits = |range: &str, name: &str| range == "*" || range.eq_ignore_ascii_case(name);
        fits(self.kind, kind) && fits(self.subtype, subtype)
    }

    fn specificity(&self) -> u8 {
        u8::from(self.kind != "*") + u8::from(self.subtype != "*")
    }
}

impl TypedHeader for Accept {
    const NAME: HeaderName = HeaderName::ACCEPT;
    const SHAPE: Shape = Shape::Joined;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        if !text.is_empty() {
            for range in elements(text) {
                MediaRange::parse(range).map_err(|error| error.shifted(Span::within(text, range).start()))?;
            }
        }
        Ok(Accept { text: value.share() })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

/// Compares the ranges and their parameters in any order.
impl PartialEq for Accept {
    fn eq(&self, other: &Accept) -> bool {
        let same = |left: &MediaRange<'_>, right: &MediaRange<'_>| {
            left.kind.eq_ignore_ascii_case(right.kind)
                && left.subtype.eq_ignore_ascii_case(right.subtype)
                && params::agree(left.params(), right.params(), |_| true)
        };
        let within =
            |left: &Accept, right: &Accept| left.ranges().all(|a| right.ranges().any(|b| same(&a, &b)));
        within(self, other) && within(other, self)
    }
}

text_traits!(Accept);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn the_most_specific_range_decides() {
        let accept: Accept = "*/*;q=0, text/*;q=0.5, TEXT / Plain;q=0".parse().unwrap();
        assert!(accept.allows("text", "html"));
        assert!(!accept.allows("text", "plain") && !accept.allows("application", "sdp"));
        assert!(
            !"text/nobodyKnowsThis"
                .parse::<Accept>()
                .unwrap()
                .allows("application", "sdp")
        );
    }

    #[test]
    fn an_empty_list_takes_nothing() {
        let accept: Accept = "".parse().unwrap();
        assert!(accept.is_empty() && !accept.allows("application", "sdp") && accept.ranges().count() == 0);
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("a", 1),
            ("a/b,", 4),
            ("a/b, */c", 5),
            ("a/b;q=2", 6),
            ("a/b;", 4),
            ("a/b, c", 6),
            ("a/b\r\n", 3),
        ] {
            assert_eq!(text.parse::<Accept>().unwrap_err().offset(), offset, "{text}");
        }
        assert_eq!("a/b, c/d;x=1".parse::<Accept>(), "C/d;X=1,a/B".parse());
        assert_ne!("a/b".parse::<Accept>(), "a/b;q=0.1".parse());
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let none = Accept::new([]).unwrap();
        for evil in testing::EVIL.iter().copied().chain(["", "a/b", "a,b", "a;b"]) {
            assert!(
                Accept::new([(evil, "a")]).is_err() && Accept::new([("a", evil)]).is_err(),
                "{evil:?}"
            );
            assert!(none.clone().with_range(evil, "a", 1.0).is_err(), "{evil:?}");
            assert!(none.clone().with_range("a", evil, 1.0).is_err(), "{evil:?}");
        }
        assert!(Accept::new([("*", "c")]).is_err() && none.clone().with_range("*", "c", 1.0).is_err());
        assert!(
            none.clone().with_range("a", "b", 1.1).is_err() && none.with_range("a", "b", f32::NAN).is_err()
        );
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            ranges in prop::collection::vec(("[a-z0-9.+-]{1,8}", testing::token()), 0..4), q in 0.0f32..=1.0
        ) {
            let accept = Accept::new(ranges.iter().map(|(kind, subtype)| (kind.as_str(), subtype.as_str()))).unwrap();
            prop_assert_eq!(accept.ranges().count(), ranges.len());
            testing::assert_round_trip(&accept);
            let accept = accept.with_range("x.y", "*", q).unwrap();
            let last = accept.ranges().last().unwrap();
            prop_assert!(qvalue::is_rounded(last.q(), q) && last.matches("X.Y", "z"));
            testing::assert_round_trip(&accept);
        }
    }
}
