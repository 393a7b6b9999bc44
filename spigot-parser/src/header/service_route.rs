//! The Service-Route header: the route that a registrar assigns to a user agent (RFC 3608).

use super::address::{addresses, bracketed, check_brackets};

addresses! {
    /// A Service-Route header: one proxy that the user agent's later requests are to pass.
    ///
    /// The values of a response form the initial route set.
    ///
    /// ```text
    /// Service-Route = "Service-Route" HCOLON sr-value *( COMMA sr-value )
    /// sr-value      = name-addr *( SEMI rr-param )
    /// ```
    ///
    /// The grammar is that of [RFC 3608 §5](https://www.rfc-editor.org/rfc/rfc3608#section-5). Two values are
    /// equal if their URIs and the parameters that both have are equal.
    ///
    /// ```
    /// use spigot_parser::header::{Route, ServiceRoute};
    ///
    /// let hop: ServiceRoute = "<sip:HSP.HOME.example;lr>".parse()?;
    /// assert_eq!(hop.uri().host(), Some("HSP.HOME.example"));
    /// assert_eq!(Route::from(hop.name_addr().clone()).to_string(), "<sip:HSP.HOME.example;lr>");
    /// assert_eq!(ServiceRoute::new("sip:p1.home.example;lr".parse()?).to_string(), "<sip:p1.home.example;lr>");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ServiceRoute, SERVICE_ROUTE, List, check_brackets, &[];
}

bracketed!(ServiceRoute);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NameAddr;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn a_hop_is_in_brackets() {
        for (text, offset) in [
            ("sip:p2.home.example;lr", 0),
            ("", 0),
            ("<sip:p2.home.example", 20),
            ("<sip:p2.home.example;lr>;x=", 27),
        ] {
            assert_eq!(
                text.parse::<ServiceRoute>().unwrap_err().offset(),
                offset,
                "{text}"
            );
        }
        let bare: NameAddr = "sip:p1.example".parse().unwrap();
        assert_eq!(ServiceRoute::from(bare).to_string(), "<sip:p1.example>");
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let hop = ServiceRoute::new("sip:p1.example;lr".parse().unwrap());
        for evil in testing::EVIL {
            assert!(hop.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
            assert!(hop.clone().with_param(evil, None).is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(uri in testing::uri(), display in testing::line(), value in testing::param_value()) {
            let hop = ServiceRoute::new(uri).with_display_name(&display).unwrap();
            testing::assert_round_trip(&hop.with_param("x", value.as_deref()).unwrap());
        }
    }
}
