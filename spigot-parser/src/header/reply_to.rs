//! The Reply-To header, which says where to call back (RFC 3261 §20.31).

use super::address::addresses;
use crate::{NameAddr, ParseError};

addresses! {
    /// A Reply-To header: the address that the caller wants to be called back at.
    ///
    /// [RFC 3261 §20.31](https://www.rfc-editor.org/rfc/rfc3261#section-20.31), with the grammar of §25.1:
    ///
    /// ```text
    /// Reply-To     = "Reply-To" HCOLON rplyto-spec
    /// rplyto-spec  = ( name-addr / addr-spec ) *( SEMI rplyto-param )
    /// rplyto-param = generic-param
    /// ```
    ///
    /// Two values are equal if their URIs and the parameters that both have are equal.
    ///
    /// ```
    /// use spigot_parser::header::ReplyTo;
    ///
    /// let reply_to: ReplyTo = "Bob <sip:bob@biloxi.example>".parse()?;
    /// assert_eq!((reply_to.display_name().as_deref(), reply_to.uri().user()), (Some("Bob"), Some("bob")));
    /// assert_eq!(ReplyTo::new("sip:bob@biloxi.example".parse()?).to_string(), "<sip:bob@biloxi.example>");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ReplyTo, REPLY_TO, Single, accept_any, &[];
}

fn accept_any(_: &NameAddr) -> Result<(), ParseError> {
    Ok(())
}

impl From<NameAddr> for ReplyTo {
    fn from(address: NameAddr) -> Self {
        ReplyTo { address }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn an_address_in_either_form() {
        let reply_to = |text: &str| text.parse::<ReplyTo>().unwrap();
        assert_eq!(reply_to("sip:b@c;x=1"), reply_to("\"B\" <sip:b@c>"));
        assert_ne!(reply_to("sip:b@c"), reply_to("sip:b@d"));
        assert_eq!(reply_to("sip:b@c;tag=\"1\"").param("tag"), Some(Some("\"1\"")));
        for (text, offset) in [
            ("", 0),
            ("<sip:b@c", 8),
            ("sip:b@c?x=y", 7),
            ("sip:b@c, sip:d@e", 7),
            ("<sip:b@c>;", 10),
        ] {
            assert_eq!(text.parse::<ReplyTo>().unwrap_err().offset(), offset, "{text}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let reply_to = ReplyTo::new("sip:b@c".parse().unwrap());
        for evil in testing::EVIL {
            assert!(reply_to.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
            assert!(reply_to.clone().with_param(evil, None).is_err(), "{evil:?}");
        }
        assert!(reply_to.with_display_name("a\r\nVia: b").is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            uri in testing::uri(), display in testing::line(), value in testing::param_value()
        ) {
            let reply_to = ReplyTo::from(uri).with_display_name(&display).unwrap();
            let reply_to = reply_to.with_param("x", value.as_deref()).unwrap();
            testing::assert_round_trip(&reply_to);
            testing::assert_round_trip(&ReplyTo::from(reply_to.name_addr().without_params()));
            testing::assert_round_trip(&reply_to.without_param("X").unwrap());
        }
    }
}
