//! Fuzzes URIs, hosts and addresses: the first text of the input is compared with the second, and changed
//! with both.

use std::hint::black_box;

use spigot_parser::header::Reason;
use spigot_parser::{Host, NameAddr, ParseError, SipUri, StatusCode, TelUri, Uri};

use crate::input::{Texts, number, texts};
use crate::oracle;

pub(crate) fn run(data: &[u8]) {
    let texts = texts(data);
    let text = &*texts.value;
    match Host::parse(text) {
        Ok(host) => check_host(host),
        Err(error) => oracle::error(&error, text.len()),
    }
    if let Err(error) = text
        .parse::<NameAddr>()
        .map(|address| change_address(&address, &texts))
    {
        oracle::error(&error, text.len());
    }
    if texts.hostile {
        check_built(SipUri::new(text.len().is_multiple_of(2), &texts.first).map(Uri::from));
        check_built(TelUri::new(&texts.first).map(Uri::from));
    }
    let uri: Uri = match text.parse() {
        Ok(uri) => uri,
        Err(error) => return oracle::error(&error, text.len()),
    };
    assert_eq!(uri.as_str(), text.trim_matches([' ', '\t']));
    check(&uri);
    black_box((uri.scheme(), uri.user(), uri.host(), uri.params().count()));
    if let Ok(other) = texts.first.parse::<Uri>() {
        oracle::are_equal(&uri, &other);
    }
    if let Some(sip) = uri.as_sip() {
        check_host(sip.host());
        black_box((
            sip.password(),
            sip.transport(),
            sip.maddr(),
            sip.is_loose_route(),
            sip.host().ip(),
        ));
        black_box((
            sip.headers().count(),
            sip.is_secure(),
            sip.is_outbound(),
            sip.is_gruu(),
        ));
        black_box((
            sip.typed_header::<Reason>().is_ok(),
            sip.typed_headers::<Reason>().is_ok(),
        ));
        change(sip, &texts);
        compare(sip);
        check_aor(sip);
    }
    if let Some(tel) = uri.as_tel() {
        black_box((tel.number(), tel.digits(), tel.is_global()));
    }
}

/// Checks that a host is an address in brackets, or labels separated by dots; a dot may follow the last one.
fn check_host(host: Host<'_>) {
    let text = host.as_str();
    if text.starts_with('[') {
        return assert!(host.ip().is_some_and(|address| address.is_ipv6()), "{text}");
    }
    for label in text.strip_suffix('.').unwrap_or(text).split('.') {
        let is_letter = |char: char| char.is_ascii_alphanumeric() || char == '_';
        assert!(
            label.chars().all(|char| is_letter(char) || char == '-')
                && label.starts_with(is_letter)
                && label.ends_with(is_letter),
            "{text}"
        );
    }
}

/// Checks that a URI is one word, equals itself, and is the same after printing and parsing.
fn check(uri: &Uri) {
    let text = uri.to_string();
    assert!(
        !text.contains(|char: char| char.is_ascii_control() || " <>\"".contains(char)),
        "{text:?}"
    );
    match text.parse::<Uri>() {
        Ok(again) => {
            oracle::equal(uri, &again);
            assert_eq!(again.as_str(), text);
        }
        Err(error) => panic!("{uri}: {error}"),
    }
}

fn check_built(built: Result<Uri, ParseError>) {
    match built {
        Ok(uri) => check(&uri),
        Err(error) => assert!(!error.expected().is_empty()),
    }
}

/// Checks that what is set is there, what is removed is not, and the rest is unchanged.
fn change(uri: &SipUri, texts: &Texts<'_>) {
    let (first, second) = (&*texts.first, &*texts.second);
    let same_but_user = |other: &SipUri| {
        assert!(other.host() == uri.host() && other.port() == uri.port());
        assert_eq!(other.params().as_str(), uri.params().as_str());
        assert!(other.headers().eq(uri.headers()));
    };
    check_built(uri.with_user(first).map(|new| {
        assert_eq!(
            new.user_decoded().as_deref(),
            Some(first),
            "an escape is undone to what it was"
        );
        assert_eq!(new.password(), uri.password());
        same_but_user(&new);
        new.into()
    }));
    check_built(uri.with_host(first).map(|new| {
        assert_eq!((new.user(), new.port()), (uri.user(), uri.port()));
        new.into()
    }));
    check_built(uri.with_param(first, Some(second)).map(|new| {
        assert_eq!(new.params().value(first).as_deref(), Some(second));
        assert_eq!(new.user(), uri.user());
        new.into()
    }));
    check_built(uri.with_header(first, second).map(|new| {
        let name = first.parse().expect("it was taken");
        assert_eq!(new.header(&name).as_deref(), Some(second));
        assert!(new.host() == uri.host() && new.user() == uri.user());
        assert_eq!(new.params().as_str(), uri.params().as_str());
        let without = new.without_header(&name);
        assert_eq!(without.header(&name), None);
        check(&without.into());
        new.into()
    }));
    let reason = Reason::sip(StatusCode::GONE).with_text(second);
    check_built(reason.and_then(|reason| {
        let new = uri.with_typed_header(&reason)?;
        assert_eq!(new.typed_header::<Reason>(), Ok(Some(reason.clone())));
        assert_eq!(new.typed_headers::<Reason>(), Ok(vec![reason]));
        Ok(new.into())
    }));
    let without = [
        uri.without_user(),
        uri.without_param(first),
        uri.without_params(),
        uri.without_headers(),
        uri.with_port(Some(number(second) as u16)),
        uri.with_port(None),
    ];
    same_but_user(&without[0]);
    assert!(without[0].user().is_none() && without[0].password().is_none());
    assert!(without[1].param(first).is_none());
    assert!(without[2].params().is_empty() && without[3].headers().next().is_none());
    without.into_iter().for_each(|new| check(&new.into()));
}

/// Checks what makes a difference to equality by RFC 3261 §19.1.4, and what does not.
fn compare(uri: &SipUri) {
    let same = |other: &SipUri| assert!(oracle::are_equal(uri, other), "{uri} and {other}");
    let differs = |other: &SipUri| assert!(!oracle::are_equal(uri, other), "{uri} and {other}");
    let host = uri.host().as_str();
    if let Ok(other) = uri.with_host(&host.to_ascii_uppercase()) {
        same(&other);
    }
    if let Ok(other) = uri.with_host("other.host.example") {
        assert!(host.eq_ignore_ascii_case("other.host.example") || !oracle::are_equal(uri, &other));
    }
    differs(&uri.with_port(uri.port().map_or(Some(5060), |port| Some(port ^ 1))));
    let Some(user) = uri.user() else {
        return;
    };
    differs(&uri.without_user());
    let (scheme, rest) = uri.as_str().split_at(uri.scheme().len() + 1);
    let letter = user.find(|char: char| char.is_ascii_alphanumeric());
    let Some(at) = letter.filter(|at| !user[..*at].contains('%')) else {
        return;
    };
    // A letter equals its escape, and differs from the letter in the other case.
    let octet = rest.as_bytes()[at];
    let with = |text: &str| format!("{scheme}{}{text}{}", &rest[..at], &rest[at + 1..]).parse::<SipUri>();
    let escaped = with(&format!("%{octet:02x}"));
    assert!(escaped.is_ok_and(|other| oracle::are_equal(uri, &other)), "{uri}");
    if octet.is_ascii_alphabetic() {
        let other = with(&char::from(octet ^ 0x20).to_string());
        assert!(other.is_ok_and(|other| !oracle::are_equal(uri, &other)), "{uri}");
    }
}

/// Checks that an address of record is one form of all URIs of one user, and that nothing else is left in it.
fn check_aor(uri: &SipUri) {
    let aor = uri.aor();
    let text = aor.as_str();
    assert_eq!(text.parse().as_ref(), Ok(&aor), "{uri}");
    assert!(aor.uri().params().is_empty() && aor.uri().password().is_none() && text.starts_with("sip:"));
    assert!(aor.uri().host() == uri.host() && aor.port() == uri.port());
    assert_eq!(aor.uri().user_decoded(), uri.user_decoded());
    assert_eq!(uri.without_params().without_headers().aor(), aor);
    // A user that is escaped from its first octet to the last is the same one.
    let Some(user) = uri.user_decoded().filter(|user| !user.contains('\u{fffd}')) else {
        return;
    };
    let escaped: String = user.bytes().map(|octet| format!("%{octet:02x}")).collect();
    let host = uri.host().as_str().to_ascii_uppercase();
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    let other = format!("sips:{escaped}@{host}{port};user=phone").parse();
    assert_eq!(other, Ok(aor), "{uri}");
}

fn change_address(address: &NameAddr, texts: &Texts<'_>) {
    let (first, second) = (&*texts.first, &*texts.second);
    check_address(address);
    check_address(&address.without_params());
    let without = address.without_param(first);
    assert_eq!(without.param(first), None);
    check_address(&without);
    if let Ok(new) = address.with_display_name(first) {
        assert_eq!(new.display_name().unwrap_or_default(), first);
        assert!(new.uri() == address.uri() && new.params().as_str() == address.params().as_str());
        check_address(&new);
    }
    if let Ok(new) = address.with_param(first, Some(second)) {
        assert_eq!(new.param(first), Some(Some(second)));
        check_address(&new);
    }
    if let Ok(uri) = first.parse::<Uri>() {
        let new = address.with_uri(uri.clone());
        assert!(*new.uri() == uri && new.display_name() == address.display_name());
        check_address(&new);
    }
}

fn check_address(address: &NameAddr) {
    let text = address.to_string();
    oracle::is_one_line(&text);
    match text.parse::<NameAddr>() {
        Ok(again) => {
            oracle::equal(address, &again);
            assert_eq!(again.as_str(), text);
        }
        Err(error) => panic!("{address}: {error}"),
    }
}
