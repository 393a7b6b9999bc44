//! Addresses and URIs over which other implementations fell, as they were reported: what is read, and what is
//! refused.

use spigot_parser::header::{Contact, From, To};
use spigot_parser::{Aor, NameAddr, Request, Uri};

fn uri(text: &str) -> Uri {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Reads one Contact line as the request that brings it is read.
fn contacts(line: &str) -> Result<Vec<Contact>, spigot_parser::ParseError> {
    let text = format!("REGISTER sip:example.com SIP/2.0\r\nContact: {line}\r\n\r\n");
    Request::parse(text)?.headers().all::<Contact>().collect()
}

/// RFC 3261 §25.1: `#` and blanks stand escaped in a user.
#[test]
fn a_number_sign_in_a_user_has_to_be_escaped() {
    for text in [
        "sip:PBX#1000#5550100@198.51.100.7",
        "sip:#21@example.com",
        "sip:a b@example.com",
    ] {
        assert!(text.parse::<Uri>().is_err(), "{text}");
    }
    let escaped = uri("sip:PBX%231000%235550100@198.51.100.7");
    assert_eq!(escaped.user_decoded().unwrap(), "PBX#1000#5550100");
    assert_eq!(escaped.aor().unwrap().user(), Some("PBX%231000%235550100"));
}

/// RFC 3261 §19.1.6: parameters of a telephone number belong to the user.
#[test]
fn a_user_may_have_semicolons() {
    for (text, user) in [
        (
            "sip:+358-555-0100;postd=pp22@198.51.100.7;user=phone",
            "+358-555-0100;postd=pp22",
        ),
        (
            "sip:7042;phone-context=example.com@example.com;user=phone",
            "7042;phone-context=example.com",
        ),
        (
            "sip:+15550100;npdi;rn=+15550199;verstat=No-TN-Validation@example.com",
            "+15550100;npdi;rn=+15550199;verstat=No-TN-Validation",
        ),
    ] {
        let uri = uri(text);
        assert_eq!(uri.user(), Some(user));
        assert_eq!(uri.params().contains("user"), text.ends_with("user=phone"));
        assert_eq!(uri.as_str(), text);
    }
}

/// RFC 3261 §25.1: `paramchar` has no quotation mark, and neither has a user.
#[test]
fn quotation_marks_in_a_uri_are_refused() {
    for text in [
        "sip:alice@198.51.100.7;x-tiu=\"QUJDREVGRw==\"",
        "sip:alice@198.51.100.7;x=\"a;b\"",
        "sip:\"alice\"@198.51.100.7",
    ] {
        assert!(text.parse::<Uri>().is_err(), "{text}");
        assert!(contacts(&format!("<{text}>")).is_err(), "{text}");
    }
    let outside = contacts("<sip:alice@198.51.100.7>;x-tiu=\"QUJDREVGRw==\"").unwrap();
    assert_eq!(outside[0].params().value("x-tiu").unwrap(), "QUJDREVGRw==");
}

#[test]
fn nothing_but_commas_stands_between_contacts() {
    let one = "<sip:a@198.51.100.7:5060;transport=udp>;expires=390";
    let two = "<sip:b@x.invalid;transport=ws>;expires=30";
    assert_eq!(contacts(&format!("{one},{two}")).unwrap().len(), 2);
    assert_eq!(contacts(&format!("{one} ,\r\n {two}")).unwrap().len(), 2);
    for between in [",: ", ": ", "; ", " "] {
        assert!(contacts(&format!("{one}{between}{two}")).is_err(), "{between:?}");
    }
}

#[test]
fn a_display_name_is_one_quoted_string_or_words() {
    for doubled in [
        "\"\"unknown\"\" <sip:bob@example.com>",
        "\"a\"\"b\" <sip:bob@example.com>",
        "\"\" a <sip:bob@example.com>",
    ] {
        assert!(doubled.parse::<NameAddr>().is_err(), "{doubled}");
        assert!(doubled.parse::<To>().is_err(), "{doubled}");
    }
}

#[test]
fn a_display_name_may_be_empty_and_parameters_unknown() {
    for (text, name, value) in [
        (
            "\"\" <sip:bob@example.com>;epid=a22edc020e",
            "epid",
            Some("a22edc020e"),
        ),
        ("\"\"<sip:bob@example.com>;tag=1;x", "x", None),
        ("<sip:bob@example.com> ; epid = \"1;2\"", "epid", Some("\"1;2\"")),
    ] {
        let to: To = text.parse().unwrap();
        let address: NameAddr = text.parse().unwrap();
        assert_eq!(
            (address.display_name().as_deref(), to.uri().user()),
            (None, Some("bob"))
        );
        assert_eq!(address.param(name), Some(value));
    }
}

#[test]
fn a_quoted_name_may_have_what_separates_elsewhere() {
    for (text, name) in [
        (
            r#""Doe, Jane (x), \"Q\"" <sip:alice@example.com>;tag=t13"#,
            "Doe, Jane (x), \"Q\"",
        ),
        (
            r#""<sip:eve@example.org>;tag=e" <sip:alice@example.com>;tag=t13"#,
            "<sip:eve@example.org>;tag=e",
        ),
        (r#""a\\" <sip:alice@example.com>;tag=t13"#, "a\\"),
    ] {
        let from: From = text.parse().unwrap();
        assert_eq!((from.uri().user(), from.tag()), (Some("alice"), Some("t13")));
        assert_eq!(text.parse::<NameAddr>().unwrap().display_name().unwrap(), name);
        assert_eq!(contacts(text).unwrap().len(), 1, "{text}");
    }
}

/// RFC 3966 §3, §5.1.1.
#[test]
fn telephone_numbers_have_a_context_and_separators_and_no_host() {
    for (text, digits, context) in [
        (
            "tel:001010123456789;phone-context=ims.mnc001.mcc001.3gppnetwork.org",
            "001010123456789",
            Some("ims.mnc001.mcc001.3gppnetwork.org"),
        ),
        ("tel:7042;phone-context=+1-201", "7042", Some("+1-201")),
        ("tel:+1-201-555-0123;ext=5", "+12015550123", None),
        ("tel:+1(201)555.0123", "+12015550123", None),
    ] {
        let uri = uri(text);
        let tel = uri.as_tel().unwrap();
        assert_eq!(tel.digits(), digits);
        assert_eq!(tel.param("phone-context").flatten(), context);
        assert_eq!(uri.as_str(), text);
    }
    for text in [
        "tel:announce@192.0.2.99;user=phone",
        "tel:+15550100@example.com",
        "tel:announce",
    ] {
        assert!(text.parse::<Uri>().is_err(), "{text}");
    }
}

#[test]
fn an_address_of_record_is_found_however_it_is_written() {
    let alice: Aor = "sip:alice@example.com".parse().unwrap();
    for text in [
        "sip:%61%6c%69%63%65@example.com",
        "sip:alice@EXAMPLE.COM;user=phone",
        "sips:alice:secret@example.com;transport=tcp?Subject=x",
    ] {
        assert_eq!(uri(text).aor().as_ref(), Some(&alice), "{text}");
    }
}
