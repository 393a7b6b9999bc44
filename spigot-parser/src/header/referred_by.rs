//! The Referred-By header, which names the referrer of a request (RFC 3892).

use super::address::{addresses, check_param, checked};
use crate::grammar::is_token;
use crate::{ErrorKind, Host, NameAddr, ParseError};

addresses! {
    /// A Referred-By header: the referrer, and the body part that proves it.
    ///
    /// ```text
    /// Referred-By         = ("Referred-By" / "b") HCOLON referrer-uri *( SEMI (referredby-id-param / generic-param) )
    /// referrer-uri        = ( name-addr / addr-spec )
    /// referredby-id-param = "cid" EQUAL sip-clean-msg-id
    /// sip-clean-msg-id    = LDQUOT dot-atom "@" (dot-atom / host) RDQUOT
    /// dot-atom            = atom *( "." atom )
    /// atom                = 1*( alphanum / "-" / "!" / "%" / "*" / "_" / "+" / "'" / "`" / "~" )
    /// ```
    ///
    /// The grammar is that of [RFC 3892 §3](https://www.rfc-editor.org/rfc/rfc3892#section-3). Two values are
    /// equal if their URIs, their `cid`s and the other parameters that both have are equal.
    ///
    /// ```
    /// use spigot_parser::header::ReferredBy;
    ///
    /// let by: ReferredBy = "sip:r@ref.example;cid=\"2UWQFN309shb3@ref.example\"".parse()?;
    /// assert_eq!((by.uri().user(), by.cid()), (Some("r"), Some("2UWQFN309shb3@ref.example")));
    ///
    /// let by = ReferredBy::new("sip:r@ref.example".parse()?).with_cid("20398823.2UWQFN309shb3@ref.example")?;
    /// assert_eq!(by.to_string(), "<sip:r@ref.example>;cid=\"20398823.2UWQFN309shb3@ref.example\"");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ReferredBy, REFERRED_BY, Single, check, &["cid"];
}

checked! {
    ReferredBy, check;
}

const CID: &str = "a `cid` in quotes: two names around an `@`";

impl ReferredBy {
    /// Returns the Content-ID of the body part with the referrer's token, without its quotes.
    pub fn cid(&self) -> Option<&str> {
        id(self.param("cid")?)
    }

    /// Sets the `cid`, which is quoted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if `cid` is not two names around an `@`.
    pub fn with_cid(self, cid: &str) -> Result<ReferredBy, ParseError> {
        match is_id(cid) {
            true => self.with_param("cid", Some(&format!("\"{cid}\""))),
            false => Err(ParseError::new(ErrorKind::Value, 0, CID)),
        }
    }
}

fn check(address: &NameAddr) -> Result<(), ParseError> {
    check_param(address, "cid", CID, |value| id(value).is_some())
}

/// Returns the text in the quotes of a `sip-clean-msg-id`.
fn id(value: Option<&str>) -> Option<&str> {
    let inner = value?.strip_prefix('"')?.strip_suffix('"')?;
    is_id(inner).then_some(inner)
}

fn is_id(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(left, right)| is_dot_atom(left) && (is_dot_atom(right) || Host::parse(right).is_ok()))
}

/// Reports whether `text` consists of atoms, which are tokens without dots, separated by dots.
fn is_dot_atom(text: &str) -> bool {
    text.split('.').all(is_token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn a_cid_is_two_names_in_quotes() {
        let by = |cid: &str| format!("<sip:r@ref.example>;cid={cid}").parse::<ReferredBy>();
        for cid in ["a@b", "a.b-c!%*_+'`~@d.e", "1@[2001:db8::1]", "1@192.0.2.1"] {
            assert_eq!(by(&format!("\"{cid}\"")).unwrap().cid(), Some(cid));
            let set = ReferredBy::new("sip:a@b".parse().unwrap()).with_cid(cid).unwrap();
            assert_eq!(set.cid(), Some(cid));
        }
        for cid in [
            "a@b",
            "\"a\"",
            "\"@b\"",
            "\"a@\"",
            "\"a..b@c\"",
            "\"a@b@c\"",
            "\"a b@c\"",
            "\"a\\@b\"",
        ] {
            let error = by(cid).expect_err(cid);
            assert!(matches!(error.offset(), 24 | 25), "{cid}: {error}");
        }
        let error = "<sip:a>; cid ;x".parse::<ReferredBy>().unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Value, 12));
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let by = ReferredBy::new("sip:a@b".parse().unwrap());
        for evil in testing::EVIL {
            assert!(by.clone().with_cid(evil).is_err(), "{evil:?}");
            assert!(by.clone().with_cid(&format!("{evil}@b")).is_err(), "{evil:?}");
            assert!(by.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
        }
        assert!(by.with_param("cid", Some("\"a\"")).is_err());
        let address: NameAddr = "<sip:a>;cid=a".parse().unwrap();
        assert!(ReferredBy::try_from(address.clone()).is_err());
        assert!(ReferredBy::try_from(address.without_param("cid")).is_ok());
    }

    #[test]
    fn the_cid_makes_a_difference() {
        let by = |text: &str| text.parse::<ReferredBy>().unwrap();
        assert_eq!(by("A <sip:a@b>;cid=\"1@b\";x"), by("sip:a@b;cid=\"1@b\""));
        assert_ne!(by("sip:a@b;cid=\"1@b\""), by("sip:a@b"));
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            uri in testing::uri(), display in testing::line(), left in "[a-z0-9!%*_+'`~-]{1,9}", value in testing::param_value()
        ) {
            let by = ReferredBy::new(uri).with_display_name(&display).unwrap();
            let by = by.with_cid(&format!("{left}@ref.example")).unwrap();
            testing::assert_round_trip(&by.with_param("x", value.as_deref()).unwrap());
        }
    }
}
