//! URIs, hosts, name-addrs, Vias and Contacts: built ones read back, and their equality is reflexive and
//! symmetric.

use std::fmt::{Debug, Display};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use proptest::collection::vec;
use proptest::prelude::*;
use spigot_parser::header::{Contact, RecordRoute, ReferTo, Route, To, Via};
use spigot_parser::{
    AbsoluteUri, HeaderName, Host, Method, NameAddr, ParseError, Request, SipUri, TelUri, Uri,
};

/// Generates text, mostly short and of octets with a meaning in addresses.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9._-]{0,8}",
        2 => "[]\\[ -~]{0,12}",
        2 => "([a-z%;?:@&=+$,/<>\"\\\\ .\\[\\]#]|%[0-9a-f]{2}){0,10}",
        1 => ".{0,8}",
        1 => "[a\r\n\0\u{7f}\t \"]{0,5}",
        1 => prop::sample::select(vec![
            "::1", "[::1]", "[2001:db8:::192.0.2.1]", "fe80::1%eth0", "192.0.2.1", "1.2.3", "256.1.1.1", "a.example.", "xn--a",
            "65536", "", "\"a\"", "\"a;b\\\"\"", "<sip:a>", "a\r\nVia: b", "sip:", "tel:+1", "*", "é", "%00", "%0d%0a",
        ]).prop_map(str::to_owned),
    ]
}

/// Generates a SIP URI with any of its optional parts.
fn sip_uri() -> impl Strategy<Value = SipUri> {
    let user = "(([a-zA-Z0-9&=+$,;?/._!~*'()-]|%[0-9a-fA-F]{2}){1,6}(:([a-z0-9&=+$,._!~*'()-]|%[0-9a-f]{2}){0,4})?@)?";
    let host =
        "([a-c]{1,2}(-[a-c])?\\.)?[a-c][a-c0-9]?\\.?|192\\.0\\.2\\.[0-9]|\\[(2001:DB8::|::)[0-9a-f]?\\]";
    let params = "(;([a-zA-Z\\[\\]/:&+$._!~*'()-]|%[0-9A-F]{2}){1,3}(=([a-zA-Z\\[\\]/:&+$._!~*'()-]|%[0-9A-F]{2}){1,3})?){0,3}";
    let known = "(;(lr|ob|gr(=urn:x)?|transport=(tcp|UDP)|maddr=1\\.2\\.3\\.4|ttl=1|method=BYE|user=phone))?";
    let headers = "(\\?([a-zA-Z]|%41){1,3}=([a-z\\[\\]/?:+$]|%0[da]|%22){0,3}(&Subject=x)?)?";
    (
        any::<bool>(),
        user,
        host,
        "(:[0-9]{1,4})?",
        params,
        known,
        headers,
    )
        .prop_filter_map(
            "each parameter once",
            |(secure, user, host, port, params, known, headers)| {
                let text = format!(
                    "sip{}:{user}{host}{port}{params}{known}{headers}",
                    if secure { "s" } else { "" }
                );
                match text.parse::<SipUri>() {
                    Ok(uri) => Some(uri),
                    Err(error) if error.expected() == "each parameter once" => None,
                    Err(error) => panic!("{text}: {error}"),
                }
            },
        )
}

/// Generates a URI from a small set, so that two are often nearly equal.
fn small_uri() -> impl Strategy<Value = Uri> {
    prop_oneof![
        4 => "sips?:([aA]|%61|a%3b|a;)?(:[pP])?@?(b|B|b\\.|\\[::1\\]|\\[0:0::1\\]|1\\.2\\.3\\.4)(:5060)?(;(lr|LR|x=[aA1]|transport=tcp|ttl=1|%78=1)){0,3}(\\?(s=[aA]|Subject=a|x=1)(&x=[12])?)?",
        2 => "(tel|TEL):(\\+1-?2?|[aA]?1|1)(;(ext=(1|1-|2)|phone-context=(\\+1|\\+1-|a|A)|x|X=1)){0,3}",
        1 => "(urn|URN|http):[aA]",
    ]
    .prop_filter_map("it parses", |text: String| text.parse().ok())
}

/// Generates one of the pairs.
fn pick(
    pairs: &'static [(&'static str, &'static str)],
) -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(pairs)
}

/// Generates two URIs that are mostly equal, and written in different ways.
fn near_uris() -> impl Strategy<Value = (Uri, Uri)> {
    let sip = (
        pick(&[("sip", "SIP"), ("sip", "sip"), ("sips", "Sips"), ("sip", "sips")]),
        pick(&[
            ("a@", "%61@"),
            ("", ""),
            ("a:p@", "a:%70@"),
            ("a;b@", "a;b@"),
            ("a@", "A@"),
            ("a@", "a:@"),
            ("%3b@", ";@"),
        ]),
        pick(&[
            ("b", "B"),
            ("b.", "b."),
            ("[::1]", "[0:0::1]"),
            ("1.2.3.4", "1.2.3.4"),
            ("b", "b."),
            ("b", "c"),
        ]),
        pick(&[("", ""), (":5061", ":5061"), (":5060", ":05060"), ("", ":5060")]),
        pick(&[
            ("", ""),
            (";lr", ""),
            (";x=a;y", ";Y;X=A"),
            (";x=1;y=2", ";y=2;x=1"),
            (";x=1", ";%78=%31"),
            (";x=1", ";x=2"),
        ]),
        pick(&[
            ("", ""),
            (";ttl=1", ";TTL=1"),
            (";transport=tcp", ";transport=TCP"),
            ("", ";method=BYE"),
            (";maddr=c", ""),
        ]),
        pick(&[
            ("", ""),
            ("?s=A&x=1", "?X=1&S=a"),
            ("?s=1&s=1", "?s=1&s=1"),
            ("", "?s=1"),
            ("?s=1&s=2", "?s=1&s=1"),
        ]),
    );
    let sip = sip.prop_map(|(scheme, user, host, port, params, known, headers)| {
        let parts = [scheme, (":", ":"), user, host, port, params, known, headers];
        let text = |side: fn(&(&'static str, &'static str)) -> &'static str| {
            parts.iter().map(side).collect::<String>()
        };
        (text(|pair| pair.0), text(|pair| pair.1))
    });
    let tel = (
        pick(&[
            ("tel:+1-2", "TEL:+12"),
            ("tel:aF*", "tel:Af*"),
            ("tel:+1", "tel:1"),
        ]),
        pick(&[
            ("", ""),
            (";ext=1-2;x", ";X;ext=12"),
            (";phone-context=a", ";phone-context=A"),
            (";ext=1;y=1", ";y=2;ext=1"),
        ]),
    );
    let tel =
        tel.prop_map(|(number, params)| (number.0.to_owned() + params.0, number.1.to_owned() + params.1));
    let parse = |text: &str| {
        text.parse::<Uri>()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    prop_oneof![4 => sip, 1 => tel].prop_map(move |(left, right)| (parse(&left), parse(&right)))
}

/// A call of a setter of a SIP URI.
#[derive(Clone, Debug)]
enum Change {
    User(String),
    NoUser,
    Host(String),
    Port(Option<u16>),
    Param(String, Option<String>),
    NoParam(String),
    NoParams,
    Header(String, String),
    NoHeader(String),
    NoHeaders,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        text().prop_map(Change::User),
        Just(Change::NoUser),
        text().prop_map(Change::Host),
        any::<Option<u16>>().prop_map(Change::Port),
        (text(), proptest::option::of(text())).prop_map(|(name, value)| Change::Param(name, value)),
        text().prop_map(Change::NoParam),
        Just(Change::NoParams),
        (text(), text()).prop_map(|(name, value)| Change::Header(name, value)),
        text().prop_map(Change::NoHeader),
        Just(Change::NoHeaders),
    ]
}

fn changed(uri: &SipUri, change: &Change) -> Result<SipUri, ParseError> {
    match change {
        Change::User(user) => uri.with_user(user),
        Change::NoUser => Ok(uri.without_user()),
        Change::Host(host) => uri.with_host(host),
        Change::Port(port) => Ok(uri.with_port(*port)),
        Change::Param(name, value) => uri.with_param(name, value.as_deref()),
        Change::NoParam(name) => Ok(uri.without_param(name)),
        Change::NoParams => Ok(uri.without_params()),
        Change::Header(name, value) => uri.with_header(name.as_str(), value),
        Change::NoHeader(name) => Ok(uri.without_header(&HeaderName::from_token(name)?)),
        Change::NoHeaders => Ok(uri.without_headers()),
    }
}

/// Asserts that a value equals itself, its clone, and the value that its text parses to.
fn is_itself<T>(value: &T) -> T
where
    T: FromStr<Err = ParseError> + Display + Debug + PartialEq + Clone,
{
    let text = value.to_string();
    assert!(!text.contains(['\r', '\n', '\0']), "{text:?}");
    let again: T = text
        .parse()
        .unwrap_or_else(|error| panic!("{value:?} is printed as {text:?}, which does not parse: {error}"));
    assert_eq!(*value, value.clone());
    assert_eq!(again, *value);
    assert_eq!(*value, again);
    assert_eq!(again.to_string(), text);
    again
}

/// Asserts that a SIP URI has the parts that its text has.
fn parts_are_those_of_the_text(uri: &SipUri) {
    let again = is_itself(uri);
    assert_eq!(
        (again.scheme(), again.is_secure()),
        (uri.scheme(), uri.is_secure())
    );
    assert_eq!((again.user(), again.password()), (uri.user(), uri.password()));
    assert_eq!(
        (again.host().as_str(), again.port()),
        (uri.host().as_str(), uri.port())
    );
    assert_eq!(again.params().as_str(), uri.params().as_str());
    assert!(again.params().eq(uri.params()));
    assert!(again.headers().eq(uri.headers()));
    let any: Uri = uri.clone().into();
    assert!(matches!(is_itself(&any), Uri::Sip(_)));
}

proptest! {
    #[test]
    fn a_sip_uri_that_is_changed_reads_back(
        start in sip_uri(), secure: bool, host in text(), changes in vec(change(), 0..6)
    ) {
        let mut uri = SipUri::new(secure, &host).unwrap_or(start.clone());
        for start in [start, uri.clone()] {
            parts_are_those_of_the_text(&start);
            uri = start;
            for change in &changes {
                if let Ok(next) = changed(&uri, change) {
                    parts_are_those_of_the_text(&next);
                    match change {
                        Change::User(user) => assert_eq!(next.user_decoded().unwrap(), user.as_str()),
                        Change::NoUser => assert_eq!((next.user(), next.password()), (None, None)),
                        Change::Host(host) => {
                            assert_eq!(next.host().as_str().trim_matches(['[', ']']), host.trim_matches(['[', ']']));
                        }
                        Change::Port(port) => assert_eq!(next.port(), *port),
                        Change::Param(name, value) => {
                            assert_eq!(next.params().value(name).as_deref(), value.as_deref());
                            assert!(next.params().contains(name));
                        }
                        Change::NoParam(name) => assert!(!next.params().contains(name)),
                        Change::NoParams => assert!(next.params().is_empty()),
                        Change::Header(name, value) => {
                            assert_eq!(next.header(&name.parse()?).unwrap(), value.as_str());
                        }
                        Change::NoHeader(name) => assert!(next.header(&name.parse()?).is_none()),
                        Change::NoHeaders => assert_eq!(next.headers().count(), 0),
                    }
                    uri = next;
                }
            }
        }
    }

    #[test]
    fn a_uri_that_is_built_is_the_request_uri_of_a_message(uri in prop_oneof![sip_uri().prop_map(Uri::from), small_uri()]) {
        let request = Request::new(Method::OPTIONS, uri.clone());
        let again = Request::parse(request.to_bytes()).unwrap();
        assert_eq!(again.uri(), &uri);
        assert_eq!(again.uri().as_str(), uri.as_str());
    }

    #[test]
    fn every_kind_of_uri_reads_back_as_its_kind(text in prop_oneof![
        text(), "tel:[+*#0-9a-f().-]{0,6}(;[a-z]{1,3}(=[a-z%41/-]{1,3})?){0,2}", "(sips?|tel|urn|http|cid|SIP|Tel):[ -~]{0,10}",
        small_uri().prop_map(|uri| uri.to_string())
    ]) {
        if let Ok(uri) = text.parse::<TelUri>() {
            assert!(matches!(is_itself(&Uri::from(is_itself(&uri))), Uri::Tel(_)));
        }
        if let Ok(uri) = TelUri::new(&text) {
            assert_eq!(is_itself(&uri).number(), text.as_str());
        }
        if let Ok(uri) = text.parse::<AbsoluteUri>() {
            assert!(matches!(is_itself(&Uri::from(is_itself(&uri))), Uri::Other(_)));
        }
        if let Ok(uri) = text.parse::<SipUri>() {
            parts_are_those_of_the_text(&uri);
        }
        if let Ok(uri) = text.parse::<Uri>() {
            is_itself(&uri);
            is_itself(&NameAddr::new(uri.clone()));
            is_itself(&Contact::new(uri));
        }
    }

    #[test]
    fn equality_of_uris_goes_both_ways((left, right) in prop_oneof![3 => near_uris(), 1 => (small_uri(), small_uri())]) {
        assert_eq!(left == right, right == left, "{} {}", left, right);
        let (one, two) = (NameAddr::new(left.clone()), NameAddr::new(right.clone()));
        assert_eq!(one == two, left == right);
        assert_eq!(Contact::from(one) == Contact::from(two), left == right);
        if left.as_str() == right.as_str() {
            assert_eq!(left, right);
        }
    }

    #[test]
    fn a_host_reads_back(text in prop_oneof![text(), "(\\[[0-9a-fA-F:.]{0,12}\\]|[A-Ca-c0-9._-]{0,8})"]) {
        if let Ok(host) = Host::parse(&text) {
            assert_eq!(host.to_string(), text.clone());
            assert_eq!(Host::parse(host.as_str()), Ok(host));
            assert!(host == *text.to_ascii_uppercase());
            if let Some(ip) = host.ip() {
                let written = match ip {
                    IpAddr::V4(_) => ip.to_string(),
                    IpAddr::V6(_) => format!("[{ip}]"),
                };
                assert_eq!(Host::parse(&written).unwrap().ip(), Some(ip));
                assert_eq!(host == *written, ip.is_ipv6() || written == text);
            }
        }
    }

    #[test]
    fn a_name_addr_that_is_changed_reads_back(
        start in prop_oneof![
            sip_uri().prop_map(|uri| NameAddr::new(uri.into())),
            ("([a-z]{1,3} {0,2}){0,2}<?sip:a@b>?( ?; ?[a-z]{1,2}( ?= ?(\"[a;,]\"|[a-z]|\\[::1\\]))?){0,2}")
                .prop_filter_map("it parses", |text: String| text.parse().ok()),
        ],
        display in text(), uri in small_uri(), params in vec((text(), proptest::option::of(text())), 0..4)
    ) {
        is_itself(&start);
        let mut address = start.with_uri(uri.clone());
        assert_eq!(is_itself(&address).uri(), &uri);
        assert_eq!(address.display_name(), start.display_name());
        if let Ok(named) = address.with_display_name(&display) {
            assert_eq!(is_itself(&named).display_name().unwrap_or_default(), display.as_str());
            address = named;
        }
        for (name, value) in &params {
            if let Ok(next) = address.with_param(name, value.as_deref()) {
                assert_eq!(is_itself(&next).param(name), Some(value.as_deref()));
                assert_eq!(next.display_name(), address.display_name());
                address = next;
            }
            assert_eq!(is_itself(&address.without_param(name)).param(name), None);
        }
        assert!(is_itself(&address.without_params()).params().is_empty());
        is_itself(&To::from(address.clone()));
        is_itself(&Route::from(address.clone()));
        is_itself(&RecordRoute::from(start.clone()));
        is_itself(&ReferTo::from(start));
        is_itself(&Contact::from(address));
    }

    #[test]
    fn equality_of_addresses_goes_both_ways(
        left in "(\"A\" |a )?<sip:a@[bB];?lr>(;(tag=[xX]|q=0\\.5|expires=(1|2)|p=(\"a\"|\"A\"|a|A)|p)){0,3}",
        right in "(\"A\" |a )?<sip:a@[bB]>(;(tag=[xX]|q=0\\.5|expires=(1|2)|p=(\"a\"|\"A\"|a|A)|p)){0,3}",
    ) {
        let texts = [&left, &right, &left.replace(";lr", "")];
        let addresses: Vec<NameAddr> = texts.iter().filter_map(|text| text.parse().ok()).collect();
        for one in &addresses {
            for two in &addresses {
                assert_eq!(one == two, two == one, "{} {}", one, two);
                assert_eq!(Contact::from(one.clone()) == Contact::from(two.clone()), Contact::from(two.clone()) == Contact::from(one.clone()));
            }
        }
    }

    #[test]
    fn a_via_that_is_changed_reads_back(
        transport in prop_oneof![Just("UDP".to_owned()), text()], host in text(), port: Option<u16>, branch in text(),
        params in vec((prop_oneof![text(), "(received|rport|maddr|ttl|branch|RECEIVED)"], proptest::option::of(text())), 0..4),
        ip: IpAddr, source: u16
    ) {
        let mut via = Via::new(&transport, &host, port).unwrap_or(Via::new("UDP", "a.example", port).unwrap());
        assert_eq!(is_itself(&via).port(), port);
        if let Ok(next) = via.clone().with_branch(&branch) {
            assert_eq!(is_itself(&next).branch(), Some(branch.as_str()));
            via = next;
        }
        for (name, value) in &params {
            if let Ok(next) = via.clone().with_param(name, value.as_deref()) {
                assert_eq!(is_itself(&next).param(name), Some(value.as_deref()));
                via = next;
            }
            assert_eq!(is_itself(&via.clone().without_param(name)).param(name), None);
        }
        let seen = is_itself(&via.received_from(SocketAddr::new(ip, source)).unwrap());
        assert_eq!(seen.received_ip(), Some(ip));
        assert_eq!(seen.rport(), via.rport().map(|_| Some(source)));
        assert_eq!(seen.host(), via.host());
    }

    #[test]
    fn equality_of_vias_goes_both_ways(
        left in "SIP/2\\.0/(UDP|udp) (a|A|\\[::1\\])(:5060)?(;(branch=[zZ]|rport|x=[aA]|x)){0,2}",
        right in "SIP ?/2\\.0/UDP (a|A|\\[0::1\\])( ?: ?5060)?(;(branch=[zZ]|rport|x=[aA]|x)){0,2}",
    ) {
        if let (Ok(left), Ok(right)) = (left.parse::<Via>(), right.parse::<Via>()) {
            assert_eq!(left == right, right == left, "{} {}", left, right);
            is_itself(&left);
            is_itself(&right);
        }
    }

    #[test]
    fn a_contact_that_is_changed_reads_back(
        uri in small_uri(), display in text(), q in prop_oneof![0.0f32..=1.0, any::<f32>()], expires: u32, id: u32, urn in text(),
        gruu in sip_uri(), name in prop_oneof![text(), "(q|Q|reg-id|\\+sip\\.instance|pub-gruu|expires)"],
        value in proptest::option::of(text())
    ) {
        let mut contact = is_itself(&Contact::new(uri.clone()).with_expires(expires));
        assert_eq!(contact.expires(), Some(expires));
        let steps: [(&str, Result<Contact, ParseError>); 7] = [
            ("display", contact.clone().with_display_name(&display)),
            ("q", contact.clone().with_q(q)),
            ("id", contact.clone().with_reg_id(id)),
            ("instance", contact.clone().with_instance(&urn)),
            ("pub", contact.clone().with_pub_gruu(&gruu)),
            ("temp", contact.clone().with_temp_gruu(&gruu)),
            ("param", contact.clone().with_param(&name, value.as_deref())),
        ];
        for (what, step) in steps {
            let Ok(next) = step else { continue };
            let again = is_itself(&next);
            assert_eq!(again.uri(), Some(&uri));
            match what {
                "display" => assert_eq!(again.display_name().unwrap_or_default(), display.as_str()),
                "q" => assert!((again.q().unwrap() - q).abs() < 0.001),
                "id" => assert_eq!(again.reg_id(), Some(id)),
                "instance" => assert_eq!(again.instance(), Some(urn.as_str())),
                "pub" => assert_eq!(again.pub_gruu().unwrap().as_ref(), Some(&gruu)),
                "temp" => assert_eq!(again.temp_gruu().unwrap().as_ref(), Some(&gruu)),
                _ => assert_eq!(again.param(&name), Some(value.as_deref())),
            }
            contact = next;
        }
        is_itself(&contact);
    }
}

/// Nothing that begins another line or ends a C string is accepted anywhere.
#[test]
fn line_ends_are_refused_by_all() {
    let uri: SipUri = "sip:a:b@c:1;d=e?f=g".parse().unwrap();
    let address = NameAddr::new(uri.clone().into());
    let (via, contact) = (
        Via::new("UDP", "a", None).unwrap(),
        Contact::new(uri.clone().into()),
    );
    for evil in [
        "a\r\nVia: b",
        "a\n",
        "a\r",
        "\0",
        "a\0b",
        "\"a\r\n\"",
        "\r\n",
        "[::1]\r\n",
        "::1\n",
    ] {
        let refused = [
            SipUri::new(true, evil).is_err(),
            uri.with_user(evil).is_err(),
            uri.with_host(evil).is_err(),
            uri.with_param(evil, None).is_err(),
            uri.with_param("x", Some(evil)).is_err(),
            uri.with_header(evil, "x").is_err(),
            uri.with_header(HeaderName::SUBJECT, evil).is_err(),
            TelUri::new(evil).is_err(),
            format!("tel:{evil}").parse::<Uri>().is_err(),
            format!("urn:{evil}").parse::<AbsoluteUri>().is_err(),
            format!("sip:{evil}").parse::<Uri>().is_err(),
            Host::parse(evil).is_err(),
            address.with_display_name(evil).is_err(),
            address.with_param(evil, None).is_err(),
            address.with_param("x", Some(evil)).is_err(),
            Via::new(evil, "a", None).is_err(),
            Via::new("UDP", evil, None).is_err(),
            via.clone().with_branch(evil).is_err(),
            via.clone().with_param(evil, None).is_err(),
            via.clone().with_param("x", Some(evil)).is_err(),
            via.clone().with_param("received", Some(evil)).is_err(),
            via.clone().with_param("maddr", Some(evil)).is_err(),
            contact.clone().with_display_name(evil).is_err(),
            contact.clone().with_instance(evil).is_err(),
            contact.clone().with_param(evil, None).is_err(),
            contact.clone().with_param("x", Some(evil)).is_err(),
        ];
        let let_in = refused.iter().position(|refused| !refused);
        assert_eq!(let_in, None, "{evil:?}");
    }
}
