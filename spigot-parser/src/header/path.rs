//! The Path header, which lists the proxies between registrar and user agent (RFC 3327).

use super::address::{addresses, bracketed, check_brackets};

addresses! {
    /// A Path header: one proxy between the registrar and the user agent, for later requests to visit.
    ///
    /// ```text
    /// Path       = "Path" HCOLON path-value *( COMMA path-value )
    /// path-value = name-addr *( SEMI rr-param )
    /// ```
    ///
    /// The grammar is that of [RFC 3327 §4](https://www.rfc-editor.org/rfc/rfc3327#section-4). Two values are
    /// equal if their URIs and the parameters that both have are equal.
    ///
    /// The extractor `spigot::Path`, which takes the captures of a route, is another type.
    ///
    /// ```
    /// use spigot_parser::header::Path;
    ///
    /// let hop: Path = "<sip:P1.EXAMPLEVISITED.example;lr>".parse()?;
    /// assert!(hop.uri().as_sip().unwrap().is_loose_route());
    /// assert!("sip:p1.example.com;lr".parse::<Path>().is_err());
    /// assert_eq!(Path::new("sip:p1.example.com;lr".parse()?).to_string(), "<sip:p1.example.com;lr>");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    Path, PATH, List, check_brackets, &[];
}

bracketed!(Path);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use crate::{NameAddr, Request};
    use proptest::prelude::*;

    #[test]
    fn hops_come_in_their_order() {
        let request = Request::parse(
            "REGISTER sip:a.example SIP/2.0\r\nPath: <sip:p3.example;lr>,<sip:p2.example;lr>\r\nPath: <sip:p1.example;lr>\r\n\r\n",
        )
        .unwrap();
        let hops: Vec<Path> = request.headers().all().collect::<Result<_, _>>().unwrap();
        let hosts: Vec<_> = hops.iter().map(|hop| hop.uri().host().unwrap()).collect();
        assert_eq!(hosts, ["p3.example", "p2.example", "p1.example"]);
    }

    #[test]
    fn a_hop_is_in_brackets() {
        for (text, offset) in [
            ("sip:p1.example;lr", 0),
            ("", 0),
            ("<sip:p1.example", 15),
            ("<sip:p1.example>,", 16),
        ] {
            assert_eq!(text.parse::<Path>().unwrap_err().offset(), offset, "{text}");
        }
        let bare: NameAddr = "sip:p1.example;x=1".parse().unwrap();
        assert_eq!(Path::from(bare).to_string(), "<sip:p1.example>;x=1");
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let hop = Path::new("sip:p1.example;lr".parse().unwrap());
        for evil in testing::EVIL {
            assert!(hop.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
            assert!(hop.clone().with_param(evil, None).is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(uri in testing::uri(), display in testing::line(), value in testing::param_value()) {
            let hop = Path::new(uri).with_display_name(&display).unwrap().with_param("x", value.as_deref()).unwrap();
            testing::assert_round_trip(&hop);
            testing::assert_round_trip(&hop.without_param("X").unwrap());
        }
    }
}
