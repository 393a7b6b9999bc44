//! The Accept-Language header: the languages that the sender's user reads (RFC 3261 §20.3).

use super::preference::preferences;

preferences! {
    /// An Accept-Language header: a list of language ranges for reason phrases, session descriptions and
    /// bodies.
    ///
    /// An empty list accepts no language. A message without the header accepts every language; the caller
    /// applies this default.
    ///
    /// [RFC 3261 §20.3](https://www.rfc-editor.org/rfc/rfc3261#section-20.3), with the grammar of §25.1:
    ///
    /// ```text
    /// Accept-Language = "Accept-Language" HCOLON [ language *(COMMA language) ]
    /// language        = language-range *(SEMI accept-param)
    /// language-range  = ( ( 1*8ALPHA *( "-" 1*8ALPHA ) ) / "*" )
    /// accept-param    = ("q" EQUAL qvalue) / generic-param
    /// ```
    ///
    /// Subtags after the first may have digits, as in `es-419` (RFC 5646 §2.1). Ranges are compared without
    /// case. Two values are equal if they have the same elements in any order.
    ///
    /// ```
    /// use spigot_parser::header::AcceptLanguage;
    ///
    /// let accept: AcceptLanguage = "da, en-gb;q=0.8, en;q=0.7".parse()?;
    /// assert_eq!((accept.q("en-GB"), accept.q("en-US"), accept.q("fr")), (0.8, 0.7, 0.0));
    /// assert_eq!(AcceptLanguage::new([("de", 1.0), ("en", 0.5)])?.to_string(), "de, en;q=0.5");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    AcceptLanguage, ACCEPT_LANGUAGE, is_range, "a language of letters and hyphens, or `*`", preference
}

fn is_range(text: &str) -> bool {
    let is_subtag = |subtag: &str| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|octet| octet.is_ascii_alphanumeric())
    };
    let primary = text.split('-').next().unwrap_or_default();
    text == "*"
        || (primary.bytes().all(|octet| octet.is_ascii_alphabetic()) && text.split('-').all(is_subtag))
}

/// Returns the preference of a language as RFC 2616 §14.4 defines it, to which RFC 3261 §20.3 refers.
///
/// The longest range counts that is the language itself or a prefix of it before a `-`. If there is none,
/// that of `*` counts.
fn preference(list: &AcceptLanguage, language: &str) -> f32 {
    let fits = |range: &str| match language.split_at_checked(range.len()) {
        Some((prefix, rest)) => {
            prefix.eq_ignore_ascii_case(range) && (rest.is_empty() || rest.starts_with('-'))
        }
        None => false,
    };
    let fitting = list
        .preferences()
        .filter(|one| one.value() == "*" || fits(one.value()));
    let length = |value: &str| if value == "*" { 0 } else { value.len() };
    fitting
        .max_by_key(|one| length(one.value()))
        .map_or(0.0, |one| one.q())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn the_longest_range_decides() {
        let accept = |text: &str| text.parse::<AcceptLanguage>().unwrap();
        assert!(accept("").is_empty() && !accept("").allows("en"));
        let list = accept("*;q=0.1, EN;q=0.5, en-gb;q=0");
        assert_eq!((list.q("fr"), list.q("en"), list.q("en-us")), (0.1, 0.5, 0.5));
        assert!(!list.allows("en-GB") && !list.allows("en-gb-oed"));
        assert_eq!(list.q("eng"), 0.1, "a prefix ends before a hyphen");
        assert!(accept("es-419, de-CH-1996").allows("de-ch-1996"));
        assert!(!accept("en").allows("é") && !accept("e").allows("é"));
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            (",", 0),
            ("en,", 3),
            ("en, en_US", 4),
            ("en-", 0),
            ("-en", 0),
            ("e1", 0),
            ("de, abcdefghi", 4),
            ("en-abcdefghi", 0),
            ("*-de", 0),
            ("en;q=1.1", 5),
            ("en us", 3),
            ("é", 0),
            ("en\0", 2),
        ] {
            assert_eq!(
                text.parse::<AcceptLanguage>().unwrap_err().offset(),
                offset,
                "{text:?}"
            );
        }
        assert_eq!("da, EN;q=0.7".parse::<AcceptLanguage>(), "en;q=0.7,da".parse());
        assert_ne!("da".parse::<AcceptLanguage>(), "da-dk".parse());
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        for evil in testing::EVIL {
            assert!(AcceptLanguage::new([(*evil, 1.0)]).is_err(), "{evil:?}");
        }
        for range in ["", "en,de", "en_us", "en;q=1"] {
            assert!(AcceptLanguage::new([(range, 1.0)]).is_err(), "{range:?}");
        }
        assert!(AcceptLanguage::new([("en", -1.0)]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            ranges in prop::collection::vec(("\\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,2}", 0.0f32..=1.0), 0..5)
        ) {
            let accept = AcceptLanguage::new(ranges.iter().map(|(range, q)| (range.as_str(), *q))).unwrap();
            prop_assert_eq!(accept.preferences().count(), ranges.len());
            testing::assert_round_trip(&accept);
        }
    }
}
