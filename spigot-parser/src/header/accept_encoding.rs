//! The Accept-Encoding header: the content codings that its sender accepts (RFC 3261 §20.2).

use super::preference::preferences;

preferences! {
    /// An Accept-Encoding header: a list of content codings.
    ///
    /// An empty list and a missing header both accept `identity` only.
    ///
    /// [RFC 3261 §20.2](https://www.rfc-editor.org/rfc/rfc3261#section-20.2), with the grammar of §25.1:
    ///
    /// ```text
    /// Accept-Encoding = "Accept-Encoding" HCOLON [ encoding *(COMMA encoding) ]
    /// encoding        = codings *(SEMI accept-param)
    /// codings         = content-coding / "*"
    /// content-coding  = token
    /// accept-param    = ("q" EQUAL qvalue) / generic-param
    /// ```
    ///
    /// Codings are compared without case. Two values are equal if they have the same elements in any order.
    ///
    /// ```
    /// use spigot_parser::header::AcceptEncoding;
    ///
    /// let accept: AcceptEncoding = "gzip;q=0.8, *;q=0".parse()?;
    /// assert!(accept.allows("GZIP") && !accept.allows("deflate") && !accept.allows("identity"));
    /// assert_eq!(AcceptEncoding::new([("gzip", 1.0), ("identity", 0.5)])?.to_string(), "gzip, identity;q=0.5");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    AcceptEncoding, ACCEPT_ENCODING, |_: &str| true, "a content coding, which is a token", preference
}

/// Returns the preference of a coding as RFC 2616 §14.3 defines it, to which RFC 3261 §20.2 refers.
///
/// The coding's own preference counts, or else that of `*`. If neither is there, `identity` is accepted.
fn preference(list: &AcceptEncoding, coding: &str) -> f32 {
    let q = |value: &str| {
        let mut found = list.preferences();
        found
            .find(|one| one.value().eq_ignore_ascii_case(value))
            .map(|one| one.q())
    };
    let of_identity = || {
        if coding.eq_ignore_ascii_case("identity") {
            1.0
        } else {
            0.0
        }
    };
    q(coding).or_else(|| q("*")).unwrap_or_else(of_identity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{qvalue, testing};
    use proptest::prelude::*;

    #[test]
    fn identity_is_taken_unless_it_is_refused() {
        let accept = |text: &str| text.parse::<AcceptEncoding>().unwrap();
        assert!(accept("").is_empty() && accept("").allows("identity") && !accept("").allows("gzip"));
        assert!(accept("gzip").allows("Identity") && !accept("gzip;q=0").allows("gzip"));
        assert!(!accept("gzip, identity;q=0").allows("identity") && !accept("*;q=0").allows("identity"));
        assert_eq!(accept("gzip;q=1.0, *;q=0.3").q("compress"), 0.3);
        assert_eq!(accept("*;q=0, identity;q=0.5").q("identity"), 0.5);
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            (",", 0),
            ("gzip,", 5),
            ("gzip, ,a", 6),
            ("a/b", 1),
            ("gzip;q=2", 7),
            ("tar, gzip ;q", 12),
            ("gzip;q=0.1;Q=1", 11),
            ("\"gzip\"", 0),
            ("gzip\r\n", 4),
        ] {
            assert_eq!(
                text.parse::<AcceptEncoding>().unwrap_err().offset(),
                offset,
                "{text:?}"
            );
        }
        assert_eq!("a, B;q=0.5".parse::<AcceptEncoding>(), "b; q=0.5 ,A".parse());
        assert_ne!("a, b".parse::<AcceptEncoding>(), "a".parse());
        assert_ne!("a".parse::<AcceptEncoding>(), "a;q=0.5".parse());
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        for evil in testing::EVIL {
            assert!(AcceptEncoding::new([(*evil, 1.0)]).is_err(), "{evil:?}");
        }
        assert!(AcceptEncoding::new([("a,b", 1.0)]).is_err() && AcceptEncoding::new([("", 1.0)]).is_err());
        assert!(
            AcceptEncoding::new([("a", 1.5)]).is_err() && AcceptEncoding::new([("a", f32::NAN)]).is_err()
        );
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(codings in prop::collection::vec((testing::token(), 0.0f32..=1.0), 0..5)) {
            let codings: Vec<_> = codings.iter().map(|(coding, q)| (coding.as_str(), *q)).collect();
            let accept = AcceptEncoding::new(codings.iter().copied()).unwrap();
            prop_assert!(accept.preferences().map(|one| one.value()).eq(codings.iter().map(|one| one.0)));
            prop_assert!(accept.preferences().zip(&codings).all(|(one, built)| qvalue::is_rounded(one.q(), built.1)));
            testing::assert_round_trip(&accept);
        }
    }
}
