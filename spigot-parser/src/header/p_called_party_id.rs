//! The P-Called-Party-ID header, which names the user that the caller asked for (RFC 7315 §4.2).

use super::address::{addresses, bracketed, check_brackets};

addresses! {
    /// A P-Called-Party-ID header: the Request-URI before the home proxy replaced it by the Contact of the
    /// user.
    ///
    /// ```text
    /// P-Called-Party-ID  = "P-Called-Party-ID" HCOLON called-pty-id-spec
    /// called-pty-id-spec = name-addr *(SEMI cpid-param)
    /// cpid-param         = generic-param
    /// ```
    ///
    /// The grammar is that of [RFC 7315 §5.2](https://www.rfc-editor.org/rfc/rfc7315#section-5.2). Two values
    /// are equal if their URIs and the parameters that both have are equal.
    ///
    /// ```
    /// use spigot_parser::header::PCalledPartyId;
    ///
    /// let called: PCalledPartyId = "<sip:user1-business@example.com>".parse()?;
    /// assert_eq!(called.uri().user(), Some("user1-business"));
    /// assert_eq!(PCalledPartyId::new("tel:+1".parse()?).to_string(), "<tel:+1>");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    PCalledPartyId, P_CALLED_PARTY_ID, Single, check_brackets, &[];
}

bracketed!(PCalledPartyId);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NameAddr;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn it_is_one_address_in_brackets() {
        for (text, offset) in [
            ("sip:a@b", 0),
            ("", 0),
            ("<sip:a@b>, <sip:c@d>", 9),
            ("<sip:a@b>;", 10),
        ] {
            assert_eq!(
                text.parse::<PCalledPartyId>().unwrap_err().offset(),
                offset,
                "{text}"
            );
        }
        let bare: NameAddr = "sip:a@b".parse().unwrap();
        assert_eq!(PCalledPartyId::from(bare).to_string(), "<sip:a@b>");
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let called = PCalledPartyId::new("sip:a@b".parse().unwrap());
        for evil in testing::EVIL {
            assert!(called.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
            assert!(called.clone().with_param(evil, None).is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(uri in testing::uri(), display in testing::line(), value in testing::param_value()) {
            let called = PCalledPartyId::new(uri).with_display_name(&display).unwrap();
            testing::assert_round_trip(&called.with_param("x", value.as_deref()).unwrap());
        }
    }
}
