//! The User-Agent and Server headers, which name software (RFC 3261 §20.41, §20.35).

use super::fault;
use super::subject::{self, texts};
use crate::ParseError;

texts! {
    /// A User-Agent header: the software of the sender of the request.
    ///
    /// It is read as text, without its inner grammar, which real products do not follow.
    ///
    /// [RFC 3261 §20.41](https://www.rfc-editor.org/rfc/rfc3261#section-20.41), with the grammar of §25.1:
    ///
    /// ```text
    /// User-Agent = "User-Agent" HCOLON server-val *(LWS server-val)
    /// server-val = product / comment
    /// product    = token [SLASH product-version]
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::UserAgent;
    ///
    /// assert_eq!("Softphone Beta1.5 (linux)".parse::<UserAgent>()?.as_str(), "Softphone Beta1.5 (linux)");
    /// assert!(UserAgent::new("evil\r\nVia: x").is_err());
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    UserAgent, USER_AGENT, check;

    /// A Server header: the software of the sender of the response.
    ///
    /// It is read as text, as is [`UserAgent`].
    ///
    /// [RFC 3261 §20.35](https://www.rfc-editor.org/rfc/rfc3261#section-20.35), with the grammar of §25.1:
    ///
    /// ```text
    /// Server = "Server" HCOLON server-val *(LWS server-val)
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::Server;
    ///
    /// assert_eq!("HomeServer v2".parse::<Server>()?.as_str(), "HomeServer v2");
    /// assert_eq!(Server::new("spigot/0.1")?.to_string(), "spigot/0.1");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    Server, SERVER, check;
}

fn check(text: &str) -> Result<(), ParseError> {
    match text.is_empty() {
        true => fault(0, "a product"),
        false => subject::check(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn text_without_control_characters() {
        assert_eq!("  é\t(x)  ".parse::<UserAgent>().unwrap().as_str(), "é\t(x)");
        for text in ["", " ", "a\r\nb", "a\0", "a\u{7f}"] {
            assert!(
                text.parse::<Server>().is_err() && UserAgent::new(text).is_err(),
                "{text:?}"
            );
        }
    }
    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        // Quotes are ordinary characters here.
        for evil in testing::EVIL
            .iter()
            .filter(|text| text.bytes().any(|octet| octet.is_ascii_control()))
        {
            assert!(
                Server::new(evil).is_err() && UserAgent::new(evil).is_err(),
                "{evil:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(text in "[\t -~é漢]{0,12}[!-~]") {
            let agent = UserAgent::new(&text).unwrap();
            prop_assert_eq!(agent.as_str(), text.trim_start_matches([' ', '\t']));
            testing::assert_round_trip(&agent);
            testing::assert_round_trip(&Server::new(&text).unwrap());
        }
    }
}
