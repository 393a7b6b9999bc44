//! Tests that credentials are read, changed and shown.

use super::*;
use crate::header::{Authorization, ProxyAuthorization, testing};
use bytestring::ByteString;
use proptest::prelude::*;

const RESPONSE: &str = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";

fn credentials(text: &str) -> Credentials {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn every_parameter_is_read() {
    let full = credentials(&format!(
        "DIGEST username=\"Muf\\\"asa\",realm=\"r\",uri=\"sip:a@b;x=1\", algorithm=SHA-256 , nonce = \"7y\",\
         nc=0000000A,cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\",qop=auth-int,response=\"{RESPONSE}\",\
         opaque=\"FQ\",userhash=true, integrity-protected=\"yes\""
    ));
    assert_eq!(
        (full.username().unwrap(), full.realm().unwrap()),
        ("Muf\"asa".into(), "r".into())
    );
    assert_eq!(
        (full.uri().unwrap().as_str(), full.nonce().unwrap()),
        ("sip:a@b;x=1", "7y".into())
    );
    assert_eq!(
        (full.algorithm(), full.qop()),
        (Some(Algorithm::SHA_256), Some(Qop::AUTH_INT))
    );
    assert_eq!(
        (full.nonce_count(), full.response().unwrap()),
        (Some(10), RESPONSE.into())
    );
    assert_eq!(
        full.cnonce().unwrap(),
        "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    );
    assert_eq!((full.opaque().unwrap(), full.userhash()), ("FQ".into(), true));
    assert_eq!(full.param("integrity-protected").unwrap(), "yes");
}

#[test]
fn quotes_that_should_not_be_there_are_read() {
    let lenient =
        credentials("Digest algorithm=\"MD5\", qop=\"auth\", nc=\"00000001\", userhash=\"false\", realm=r");
    assert_eq!(
        (lenient.algorithm(), lenient.qop()),
        (Some(Algorithm::MD5), Some(Qop::AUTH))
    );
    assert_eq!(
        (lenient.nonce_count(), lenient.realm().unwrap()),
        (Some(1), "r".into())
    );
    let escaped = credentials("Digest uri=\"sip:\\a@b\"");
    assert_eq!(escaped.uri().unwrap().as_str(), "sip:a@b");
}

#[test]
fn names_come_in_two_forms() {
    let decoded = credentials("Digest username*=UTF-8''J%C3%A4s%c3%B8n%20Doe");
    assert_eq!(decoded.username().unwrap(), "Jäsøn Doe");
    assert_eq!(credentials("Digest realm=x").username(), None);
    let two = "Digest username=\"a\", username*=UTF-8''a"
        .parse::<Credentials>()
        .unwrap_err();
    assert_eq!((two.kind(), two.offset()), (ErrorKind::Duplicate, 31));

    let uri = "sip:a".parse().unwrap();
    let built = Credentials::digest("x", "r", "n", &uri, "")
        .unwrap()
        .with_extended_username("Jäs ø*'\"")
        .unwrap();
    assert_eq!(built.username().unwrap(), "Jäs ø*'\"");
    assert!(
        built
            .as_str()
            .ends_with("response=\"\", username*=UTF-8''J%C3%A4s%20%C3%B8%2A%27%22")
    );
    assert!(built.with_userhash(true).is_err());
}

#[test]
fn what_the_grammar_forbids_is_refused_where_it_is() {
    for (text, offset) in [
        ("Digest algorithm=\"\"", 17),
        ("Digest qop=\"auth,auth-int\"", 11),
        ("Digest nc=1", 10),
        ("Digest nc=0000000g", 10),
        ("Digest nc=+0000001", 10),
        ("Digest nc=000000001", 10),
        ("Digest response=\"0\"", 16),
        ("Digest response=\"7587245234b3434cc3412213e5f113aZ\"", 16),
        ("Digest userhash=1", 16),
        ("Digest uri=sip:a@b", 14),
        ("Digest uri=a", 12),
        ("Digest uri=\"\"", 12),
        ("Digest uri=\"sip:a@b c\"", 19),
        ("Digest username*=ISO-8859-1''a", 17),
        ("Digest username*=UTF-8''a, userhash=true", 17),
        ("Digest realm=\"a\", realm=\"a\"", 18),
        ("Digest", 6),
    ] {
        let error = text.parse::<Authorization>().expect_err(text);
        assert_eq!(error.offset(), offset, "{text}: {error}");
    }
}

#[test]
fn what_leaves_the_grammar_is_not_set() {
    let uri: Uri = "sip:a".parse().unwrap();
    let good = Credentials::digest("u", "r", "n", &uri, "").unwrap();
    for evil in testing::EVIL
        .iter()
        .filter(|evil| evil.chars().any(char::is_control))
    {
        assert!(Credentials::digest(evil, "r", "n", &uri, "").is_err(), "{evil:?}");
        assert!(Credentials::digest("u", evil, "n", &uri, "").is_err(), "{evil:?}");
        assert!(Credentials::digest("u", "r", evil, &uri, "").is_err(), "{evil:?}");
        assert!(
            good.clone().with_opaque(evil).is_err() && good.clone().with_qop(Qop::AUTH, 1, evil).is_err()
        );
        assert!(good.clone().with_extended_username(evil).is_err(), "{evil:?}");
        assert!(good.clone().with_param("x", evil).is_err(), "{evil:?}");
    }
    for evil in testing::EVIL {
        assert!(
            Credentials::digest("u", "r", "n", &uri, evil).is_err(),
            "{evil:?}"
        );
        assert!(Credentials::from_token68(evil, "x").is_err(), "{evil:?}");
        assert!(Credentials::from_token68("X", evil).is_err(), "{evil:?}");
        assert!(Credentials::new(evil, [("a", "b")]).is_err() && good.clone().with_param(evil, "x").is_err());
        for name in [
            "algorithm",
            "qop",
            "nc",
            "userhash",
            "username*",
            "uri",
            "response",
        ] {
            assert!(good.clone().with_param(name, evil).is_err(), "{name} {evil:?}");
        }
    }
    assert!(Credentials::digest("u", "r", "n", &uri, &RESPONSE.to_uppercase()).is_err());
    assert!(good.clone().with_param("NC", "0000000A").is_err() && good.with_param("nc", "0000000a").is_ok());
    let upper = credentials(&format!("Digest response=\"{}\"", RESPONSE.to_uppercase()));
    assert!(upper.with_opaque("a").is_ok() && Credentials::new("X", [("response", "Ab=")]).is_ok());
    assert!(Credentials::from_token68("Digest", "abc").is_err() && Credentials::new("X", []).is_err());
    assert!(
        Credentials::from_token68("X", "abc")
            .unwrap()
            .with_param("a", "b")
            .is_err()
    );
}

#[test]
fn secrets_are_printed_and_not_logged() {
    let text =
        format!("Digest username=\"a\", response=\"{RESPONSE}\", cnonce=\"b\", auts=\"c\", nc=00000001");
    let header: Authorization = text.parse().unwrap();
    assert_eq!(header.to_string(), text);
    assert_eq!(
        format!("{header:?}"),
        "Authorization(Digest username=\"a\", response=(redacted), cnonce=(redacted), auts=(redacted), nc=00000001)"
    );
    assert_eq!(
        format!("{:?}", credentials("X realm=\"a\", username=\"b\"")),
        "Credentials(X realm=\"a\", username=(redacted))"
    );
    assert_eq!(
        format!("{:?}", credentials("Basic QWxhZGRpbg==")),
        "Credentials(Basic (redacted))"
    );
    assert_eq!(format!("{:?}", credentials("X a=1").params()), "[\"a\"]");
}

#[test]
fn the_uri_shares_the_text_of_the_message() {
    let head = ByteString::from("Digest uri=\"sip:a@b\"");
    let parsed = Credentials::parse(Field::within(&head, &head)).unwrap();
    assert_eq!(parsed.uri().unwrap().as_str().as_ptr(), head[12..].as_ptr());
}

proptest! {
    #[test]
    fn what_is_built_parses_to_itself(
        texts in prop::collection::vec(testing::line(), 5), uri in testing::uri(), response in "([0-9a-f]{32,64})?",
        algorithm in testing::token(), qop in testing::token(), count: u32, word in "[A-Za-z0-9._~+/-]{1,9}={0,2}",
        extended: bool,
    ) {
        let [username, realm, nonce, cnonce, opaque] = &*texts else { unreachable!() };
        let mut built = Credentials::digest(username, realm, nonce, &uri, &response).unwrap()
            .with_algorithm(Algorithm::from_token(&algorithm).unwrap()).unwrap()
            .with_qop(Qop::from_token(&qop).unwrap(), count, cnonce).unwrap()
            .with_opaque(opaque).unwrap()
            .with_userhash(false).unwrap()
            .with_param("x", username).unwrap();
        if extended {
            built = built.with_extended_username(username).unwrap();
        }
        prop_assert_eq!(built.username().unwrap(), username.as_str());
        prop_assert_eq!((built.realm().unwrap(), built.nonce().unwrap()), (realm.into(), nonce.into()));
        prop_assert_eq!((built.uri().unwrap().as_str(), built.response().unwrap()), (uri.as_str(), response.as_str().into()));
        prop_assert_eq!((built.nonce_count(), built.cnonce().unwrap()), (Some(count), cnonce.into()));
        prop_assert_eq!((built.opaque().unwrap(), built.param("x").unwrap()), (opaque.into(), username.into()));
        testing::assert_round_trip(&Authorization::new(built.clone()));
        testing::assert_round_trip(&ProxyAuthorization::new(built.without_param("OPAQUE").unwrap()));
        let word = Credentials::from_token68(&algorithm, &word).unwrap();
        testing::assert_round_trip(&Authorization::new(word));
    }
}

#[test]
fn a_name_without_control_characters_is_asked_of_every_scheme() {
    for text in ["Digest realm=a", "Other realm=a"] {
        let credentials: Credentials = text.parse().unwrap();
        let error = credentials.clone().with_extended_username("a\0b").unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Value, 1), "{text}");
        let named = credentials.with_extended_username("é").unwrap();
        assert_eq!(named.username().as_deref(), Some("é"), "{text}");
    }
}
