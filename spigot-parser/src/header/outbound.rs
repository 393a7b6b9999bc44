//! The parameters of Contact about the flow and the instance (RFC 5626, RFC 5627).
//!
//! The `ob` parameter belongs to the URI: see [`SipUri::is_outbound`].

use super::{Contact, fault};
use crate::grammar::{decimal, is_quoted};
use crate::uri::URIC;
use crate::uri::escape::escaped_end;
use crate::{ParseError, SipUri};

/// The largest `reg-id`.
const MAX_REG_ID: u32 = i32::MAX as u32;

const REG_ID: &str = "a `reg-id` from 1 to 2147483647";
const INSTANCE: &str = "a URN in `<` and `>` within quotes";
const GRUU: &str = "a GRUU in quotes";

/// ```text
/// c-p-reg      = "reg-id" EQUAL 1*DIGIT          ; 1 to (2^31 - 1)
/// c-p-instance = "+sip.instance" EQUAL DQUOTE "<" instance-val ">" DQUOTE
/// instance-val = 1*uric
/// temp-gruu    = "temp-gruu" EQUAL LDQUOT *(qdtext / quoted-pair ) RDQUOT
/// pub-gruu     = "pub-gruu" EQUAL LDQUOT *(qdtext / quoted-pair ) RDQUOT
/// ```
impl Contact {
    /// Returns the `reg-id`, which distinguishes the flows of one instance ([RFC 5626
    /// §4.2](https://www.rfc-editor.org/rfc/rfc5626#section-4.2)).
    ///
    /// ```
    /// use spigot_parser::header::Contact;
    ///
    /// let text = "<sip:line1@192.0.2.2;ob>;reg-id=1;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"";
    /// let contact: Contact = text.parse()?;
    /// assert_eq!(contact.reg_id(), Some(1));
    /// assert_eq!(contact.instance(), Some("urn:uuid:00000000-0000-1000-8000-000A95A0E128"));
    /// assert!(contact.uri().unwrap().as_sip().unwrap().is_outbound());
    ///
    /// let contact = Contact::new("sip:line1@192.0.2.2".parse()?).with_instance("urn:uuid:1")?.with_reg_id(2)?;
    /// assert_eq!(contact.to_string(), "<sip:line1@192.0.2.2>;+sip.instance=\"<urn:uuid:1>\";reg-id=2");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    pub fn reg_id(&self) -> Option<u32> {
        self.param("reg-id")?.and_then(reg_id)
    }

    /// Returns the `+sip.instance`, which is the URN of the user agent, without quotes and brackets ([RFC
    /// 5626 §4.1](https://www.rfc-editor.org/rfc/rfc5626#section-4.1)).
    pub fn instance(&self) -> Option<&str> {
        self.param("+sip.instance")?.and_then(instance)
    }

    /// Returns the `pub-gruu`, which is a permanent URI of this instance ([RFC 5627
    /// §7](https://www.rfc-editor.org/rfc/rfc5627#section-7)).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`](crate::ErrorKind::Uri) if what is in the quotes is no SIP URI.
    pub fn pub_gruu(&self) -> Result<Option<SipUri>, ParseError> {
        self.gruu("pub-gruu")
    }

    /// Returns the `temp-gruu`, an anonymous URI of this instance that each registration renews ([RFC 5627
    /// §7](https://www.rfc-editor.org/rfc/rfc5627#section-7)).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`](crate::ErrorKind::Uri) if what is in the quotes is no SIP URI.
    pub fn temp_gruu(&self) -> Result<Option<SipUri>, ParseError> {
        self.gruu("temp-gruu")
    }

    /// Sets the `reg-id`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it is 0 or above 2147483647, or for `*`.
    pub fn with_reg_id(self, reg_id: u32) -> Result<Contact, ParseError> {
        self.with_param("reg-id", Some(&reg_id.to_string()))
    }

    /// Sets the `+sip.instance`, which is the URN of the user agent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it has characters that no URI has, or for `*`.
    pub fn with_instance(self, urn: &str) -> Result<Contact, ParseError> {
        match is_uric(urn) {
            true => self.with_param("+sip.instance", Some(&format!("\"<{urn}>\""))),
            false => fault(0, "a URN"),
        }
    }

    /// Sets the `pub-gruu`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `TooManyParams`, or `Value` for `*`.
    pub fn with_pub_gruu(self, uri: &SipUri) -> Result<Contact, ParseError> {
        self.with_param("pub-gruu", Some(&format!("\"{uri}\"")))
    }

    /// Sets the `temp-gruu`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `TooManyParams`, or `Value` for `*`.
    pub fn with_temp_gruu(self, uri: &SipUri) -> Result<Contact, ParseError> {
        self.with_param("temp-gruu", Some(&format!("\"{uri}\"")))
    }

    fn gruu(&self, name: &str) -> Result<Option<SipUri>, ParseError> {
        self.params().value(name).map(|uri| uri.parse()).transpose()
    }
}

/// Returns what a parameter of this module has to be, if `value` does not follow its grammar.
pub(super) fn violation(name: &str, value: Option<&str>) -> Option<&'static str> {
    let unless = |fits: bool, expected| (!fits).then_some(expected);
    match name.len() {
        6 if name.eq_ignore_ascii_case("reg-id") => unless(value.and_then(reg_id).is_some(), REG_ID),
        13 if name.eq_ignore_ascii_case("+sip.instance") => {
            unless(value.and_then(instance).is_some(), INSTANCE)
        }
        8 if name.eq_ignore_ascii_case("pub-gruu") => unless(value.is_some_and(is_quoted), GRUU),
        9 if name.eq_ignore_ascii_case("temp-gruu") => unless(value.is_some_and(is_quoted), GRUU),
        _ => None,
    }
}

fn reg_id(value: &str) -> Option<u32> {
    decimal(value.as_bytes(), MAX_REG_ID).filter(|&id| id > 0)
}

fn instance(value: &str) -> Option<&str> {
    let urn = value.strip_prefix("\"<")?.strip_suffix(">\"")?;
    is_uric(urn).then_some(urn)
}

fn is_uric(text: &str) -> bool {
    !text.is_empty() && escaped_end(&URIC, text.as_bytes(), 0) == text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use crate::{ErrorKind, NameAddr};
    use proptest::prelude::*;

    fn contact(text: &str) -> Contact {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn instances_and_flows_are_read() {
        let both =
            contact("<sip:a@b>; REG-ID = 2147483647; +SIP.instance = \"<urn:gsma:imei:90420156-025763-0>\"");
        assert_eq!(both.reg_id(), Some(i32::MAX as u32));
        assert_eq!(both.instance(), Some("urn:gsma:imei:90420156-025763-0"));
        assert_eq!((contact("sip:a").reg_id(), contact("*").instance()), (None, None));
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        for (param, offset) in [
            ("reg-id", 8),
            ("reg-id=0", 15),
            ("reg-id=2147483648", 15),
            ("reg-id=x", 15),
            ("reg-id=\"1\"", 15),
            ("+sip.instance", 8),
            ("+sip.instance=urn", 22),
            ("+sip.instance=\"urn:uuid:1\"", 22),
            ("+sip.instance=\"<>\"", 22),
            ("+sip.instance=\"<a b>\"", 22),
            ("+sip.instance=\"<a\\>>\"", 22),
            ("pub-gruu=sip", 17),
            ("temp-gruu", 8),
            ("reg-id=1;reg-id=2", 17),
        ] {
            let error = format!("<sip:a>;{param}").parse::<Contact>().expect_err(param);
            assert_eq!(error.offset(), offset, "{param}: {error}");
        }
    }

    #[test]
    fn an_address_loses_what_does_not_follow_its_grammar() {
        let address: NameAddr = "<sip:a>;q=2;reg-id=1;+sip.instance=x;pub-gruu;expires=never"
            .parse()
            .unwrap();
        assert_eq!(
            Contact::from(address).to_string(),
            "<sip:a>;reg-id=1;expires=never"
        );
    }

    #[test]
    fn gruus_are_uris() {
        let text = "<sip:a@192.0.2.1>;pub-gruu=\"sip:a@b;gr=urn:uuid:1\";temp-gruu=\"sip:x@b;gr\"";
        let both = contact(text);
        let public = both.pub_gruu().unwrap().unwrap();
        assert_eq!(
            (public.as_str(), public.param("gr")),
            ("sip:a@b;gr=urn:uuid:1", Some(Some("urn:uuid:1")))
        );
        let temporary = both.temp_gruu().unwrap().unwrap();
        assert!(temporary.is_gruu() && !contact("<sip:a>").uri().unwrap().as_sip().unwrap().is_gruu());
        assert_eq!(contact("<sip:a>").pub_gruu(), Ok(None));
        assert_eq!(
            contact("<sip:a>;pub-gruu=\"tel:+1\"")
                .pub_gruu()
                .unwrap_err()
                .kind(),
            ErrorKind::Uri
        );
        let built = Contact::new("sip:a@192.0.2.1".parse().unwrap())
            .with_pub_gruu(&public)
            .unwrap();
        assert_eq!(built.with_temp_gruu(&temporary).unwrap().to_string(), text);
    }

    #[test]
    fn what_is_none_is_not_set() {
        for evil in testing::EVIL {
            let set = contact("<sip:a>").with_instance(evil);
            assert!(set.is_err(), "{evil:?}");
            for name in ["reg-id", "+sip.instance", "pub-gruu", "temp-gruu"] {
                assert!(
                    contact("<sip:a>").with_param(name, Some(evil)).is_err(),
                    "{name} {evil:?}"
                );
            }
        }
        for bad in [0, 1 << 31, u32::MAX] {
            assert!(contact("<sip:a>").with_reg_id(bad).is_err());
        }
        assert!(Contact::Any.with_reg_id(1).is_err() && contact("<sip:a>").with_instance("").is_err());
        assert!(contact("<sip:a>").with_instance("urn:a>b").is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            uri in testing::uri(), id in 1u32..1 << 31, urn in "urn:uuid:([0-9a-f]{4}|%3C|[;/?:@&=+$,]){1,4}", user in testing::line()
        ) {
            let gruu = SipUri::new(true, "b.example").unwrap();
            let gruu = gruu.with_user(&format!("u{user}")).unwrap().with_param("gr", Some(&urn)).unwrap();
            let built = Contact::new(uri).with_reg_id(id).unwrap().with_instance(&urn).unwrap();
            let built = built.with_pub_gruu(&gruu).unwrap().with_temp_gruu(&gruu).unwrap();
            testing::assert_round_trip(&built);
            prop_assert_eq!((built.reg_id(), built.instance()), (Some(id), Some(urn.as_str())));
            prop_assert_eq!(built.pub_gruu(), Ok(Some(gruu.clone())));
            prop_assert_eq!(built.temp_gruu(), Ok(Some(gruu)));
        }
    }
}
