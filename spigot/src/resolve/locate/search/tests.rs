//! Searches in small zones: what is asked, and what comes out.

use super::*;

const ALL: [(Transport, &str); 6] = [
    (Transport::Udp, "192.0.2.1:5060"),
    (Transport::Tcp, "192.0.2.1:5060"),
    (Transport::Tls, "192.0.2.1:5061"),
    (Transport::Udp, "[2001:db8::1]:5060"),
    (Transport::Tcp, "[2001:db8::1]:5060"),
    (Transport::Tls, "[2001:db8::1]:5061"),
];

/// The lines of a zone: `name NAPTR order preference services replacement`,
/// `name SRV priority weight port target`, `name A address`.
struct Zone(&'static str);

impl Zone {
    fn records(&self, name: &str, kind: &str) -> Vec<Vec<&'static str>> {
        let lines = self
            .0
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>());
        let of_name = lines.filter(|line| line.len() > 1 && line[0] == name && line[1] == kind);
        of_name.map(|line| line[2..].to_vec()).collect()
    }

    fn answer(&self, question: &Question) -> Answer {
        let number = |text: &str| text.parse().unwrap();
        match question {
            Question::Naptr { domain } => {
                let naptr = |record: Vec<&str>| Naptr {
                    order: number(record[0]),
                    preference: number(record[1]),
                    flags: "s".to_owned(),
                    services: record[2].to_owned(),
                    regexp: String::new(),
                    replacement: record[3].to_owned(),
                };
                Answer::Naptr(self.records(domain, "NAPTR").into_iter().map(naptr).collect())
            }
            Question::Srv { name, .. } => {
                let srv = |record: Vec<&str>| Srv {
                    priority: number(record[0]),
                    weight: number(record[1]),
                    port: number(record[2]),
                    target: record[3].to_owned(),
                };
                Answer::Srv(self.records(name, "SRV").into_iter().map(srv).collect())
            }
            Question::Addresses { host, .. } => {
                let records = self.records(host, "A").into_iter();
                Answer::Addresses(records.map(|record| record[0].parse().unwrap()).collect())
            }
        }
    }
}

fn search(uri: &str, listeners: &[(Transport, &str)], most: usize) -> Search {
    let listeners = listeners
        .iter()
        .map(|&(transport, address)| (transport, address.parse().unwrap()));
    let hop = NextHop::of_uri(&uri.parse().unwrap()).unwrap();
    Search::new(&hop, LocalTransports::of(listeners), most)
}

/// What is done until the end: `?name` for each look-up, `tcp 192.0.2.1:5060` for each target.
fn run(mut search: Search, zone: &'static str) -> Vec<String> {
    let mut done = Vec::new();
    loop {
        match search.step() {
            Step::Ask(question) => {
                done.push(format!("?{}", question.name()));
                let answer = Zone(zone).answer(&question);
                search.answer(&question, answer, &mut || 0);
            }
            Step::Try(target) => done.push(format!("{} {}", target.transport, target.peer)),
            Step::End => return done,
        }
    }
}

fn found(uri: &str, zone: &'static str) -> Vec<String> {
    run(search(uri, &ALL, 16), zone)
}

#[test]
fn an_address_is_not_looked_up() {
    assert_eq!(found("sip:b@192.0.2.7", ""), ["udp 192.0.2.7:5060"]);
    assert_eq!(found("sips:b@[2001:db8::7]", ""), ["tls [2001:db8::7]:5061"]);
    assert_eq!(
        found("sip:b@192.0.2.7:5080;transport=tcp", ""),
        ["tcp 192.0.2.7:5080"]
    );
}

#[test]
fn a_host_with_a_port_has_addresses_only() {
    let zone =
        "example.com A 192.0.2.7\nexample.com A 2001:db8::7\n_sip._udp.example.com SRV 0 0 1 no.example";
    assert_eq!(
        found("sip:b@example.com:5080", zone),
        ["?example.com", "udp 192.0.2.7:5080", "udp [2001:db8::7]:5080"]
    );
    assert_eq!(found("sips:b@example.com:5080", zone)[1], "tls 192.0.2.7:5080");
}

#[test]
fn a_transport_has_srv_records_of_its_own() {
    let zone = "_sip._tcp.example.com SRV 0 0 5070 one.example\none.example A 192.0.2.7";
    assert_eq!(
        found("sip:b@example.com;transport=tcp", zone),
        ["?_sip._tcp.example.com", "?one.example", "tcp 192.0.2.7:5070"]
    );
    let zone = "_sips._tcp.example.com SRV 0 0 5071 one.example\none.example A 192.0.2.7";
    for uri in [
        "sips:b@example.com;transport=tcp",
        "sip:b@example.com;transport=tls",
    ] {
        assert_eq!(found(uri, zone)[2], "tls 192.0.2.7:5071");
    }
}

#[test]
fn without_srv_records_the_host_itself_is_the_server() {
    let zone = "example.com A 192.0.2.7";
    assert_eq!(
        found("sip:b@example.com;transport=tcp", zone),
        ["?_sip._tcp.example.com", "?example.com", "tcp 192.0.2.7:5060"]
    );
    assert_eq!(
        found("sip:b@example.com", zone),
        [
            "?example.com",
            "?_sip._udp.example.com",
            "?_sip._tcp.example.com",
            "?example.com",
            "udp 192.0.2.7:5060"
        ]
    );
    assert_eq!(
        found("sips:b@example.com", zone),
        [
            "?example.com",
            "?_sips._tcp.example.com",
            "?example.com",
            "tls 192.0.2.7:5061"
        ]
    );
}

/// The example of RFC 3263 §4.1.
const EXAMPLE: &str = "\
    example.com NAPTR 50 50 SIPS+D2T _sips._tcp.example.com
    example.com NAPTR 90 50 SIP+D2T _sip._tcp.example.com
    example.com NAPTR 100 50 SIP+D2U _sip._udp.example.com
    _sip._tcp.example.com SRV 0 1 5060 server1.example.com
    _sip._tcp.example.com SRV 0 2 5060 server2.example.com
    server1.example.com A 192.0.2.11
    server2.example.com A 192.0.2.12
    example.com A 192.0.2.99";

#[test]
fn the_example_of_the_rfc() {
    assert_eq!(
        run(search("sip:user@example.com", &ALL[..2], 16), EXAMPLE),
        [
            "?example.com",
            "?_sip._tcp.example.com",
            "?server1.example.com",
            "tcp 192.0.2.11:5060",
            "?server2.example.com",
            "tcp 192.0.2.12:5060"
        ]
    );
    // With TLS it is TLS; its SRV records are not there, so the domain itself is the server.
    assert_eq!(
        found("sip:user@example.com", EXAMPLE),
        [
            "?example.com",
            "?_sips._tcp.example.com",
            "?example.com",
            "tls 192.0.2.99:5061"
        ]
    );
}

#[test]
fn the_servers_of_udp_come_before_those_of_tcp() {
    let zone = "_sip._tcp.example.com SRV 0 0 5070 two.example\n_sip._udp.example.com SRV 9 0 5060 one.example\n\
        one.example A 192.0.2.1\ntwo.example A 192.0.2.2\nexample.com A 192.0.2.99";
    let targets: Vec<_> = found("sip:b@example.com", zone);
    let targets: Vec<_> = targets.iter().filter(|done| !done.starts_with('?')).collect();
    assert_eq!(targets, ["udp 192.0.2.1:5060", "tcp 192.0.2.2:5070"]);
}

#[test]
fn a_naptr_record_may_point_at_a_host() {
    let mut search = search("sip:b@example.com", &ALL, 16);
    let Step::Ask(question) = search.step() else {
        panic!("a question first")
    };
    let naptr = Naptr {
        order: 0,
        preference: 0,
        flags: "A".to_owned(),
        services: "SIP+D2T".to_owned(),
        regexp: String::new(),
        replacement: "one.example".to_owned(),
    };
    search.answer(&question, Answer::Naptr(vec![naptr]), &mut || 0);
    assert_eq!(
        run(search, "one.example A 192.0.2.1"),
        ["?one.example", "tcp 192.0.2.1:5060"]
    );
}

#[test]
fn a_sips_uri_takes_no_service_without_tls() {
    let zone = "example.com NAPTR 1 1 SIP+D2U _sip._udp.example.com\n_sip._udp.example.com SRV 0 0 5060 one.example\n\
        one.example A 192.0.2.1";
    assert_eq!(
        found("sips:b@example.com", zone),
        ["?example.com", "?_sips._tcp.example.com", "?example.com"]
    );
}

#[test]
fn a_service_that_is_not_there_is_not_looked_for_elsewhere() {
    let zone = "_sip._tcp.example.com SRV 0 0 0 .\nexample.com A 192.0.2.99";
    assert_eq!(
        found("sip:b@example.com;transport=tcp", zone),
        ["?_sip._tcp.example.com"]
    );
}

#[test]
fn addresses_without_a_listener_are_left_out() {
    let zone = "example.com A 2001:db8::7\nexample.com A 192.0.2.7";
    let mut four = search("sip:b@example.com:5060", &ALL[..1], 16);
    let Step::Ask(question) = four.step() else {
        panic!("a question first")
    };
    four.answer(&question, Zone(zone).answer(&question), &mut || 0);
    assert!(matches!(four.step(), Step::Try(target) if target.peer.is_ipv4()));
    assert_eq!(four.step(), Step::End);
    assert!(four.left_out().is_some_and(|target| target.peer.is_ipv6()));
}

#[test]
fn a_target_under_two_records_is_given_out_once() {
    let zone = "example.com NAPTR 1 1 SIP+D2U _sip._udp.example.com\nexample.com NAPTR 1 2 SIP+D2U _sip._udp.example.org\n\
        _sip._udp.example.com SRV 0 0 5060 one.example\n_sip._udp.example.com SRV 1 0 5060 two.example\n\
        _sip._udp.example.com SRV 2 0 5070 one.example\n_sip._udp.example.org SRV 0 0 5060 one.example\n\
        one.example A 192.0.2.1\ntwo.example A 192.0.2.1\ntwo.example A 192.0.2.2";
    for most in [3, 16] {
        let targets = run(search("sip:b@example.com", &ALL, most), zone);
        let targets: Vec<_> = targets.iter().filter(|done| !done.starts_with('?')).collect();
        assert_eq!(
            targets,
            ["udp 192.0.2.1:5060", "udp 192.0.2.2:5060", "udp 192.0.2.1:5070"],
            "{most}"
        );
    }
}

#[test]
fn more_targets_than_the_limit_are_not_given_out() {
    let zone = "_sip._udp.example.com SRV 0 0 5060 one.example\n_sip._udp.example.com SRV 1 0 5060 two.example\n\
        one.example A 192.0.2.1\none.example A 192.0.2.2\none.example A 192.0.2.2\ntwo.example A 192.0.2.3";
    for (most, cut) in [(2, true), (3, false), (4, false)] {
        let mut search = search("sip:b@example.com;transport=udp", &ALL, most);
        let mut targets = 0;
        loop {
            match search.step() {
                Step::Ask(question) => search.answer(&question, Zone(zone).answer(&question), &mut || 0),
                Step::Try(_) => targets += 1,
                Step::End => break,
            }
        }
        assert_eq!((targets, search.is_cut()), (most.min(3), cut), "{most}");
        assert!(!search.goes_on());
    }
}

#[test]
fn a_zone_without_end_keeps_its_bound() {
    let servers = (0..60_000).map(|n| Srv {
        priority: 0,
        weight: 0,
        port: n as u16,
        target: "many.example".to_owned(),
    });
    let mut search = search("sip:b@example.com;transport=udp", &ALL, 16);
    let Step::Ask(question) = search.step() else {
        panic!("a question first")
    };
    search.answer(&question, Answer::Srv(servers.take(300).collect()), &mut || 0);
    assert_eq!(search.agenda.len(), 17);
    let Step::Ask(question) = search.step() else {
        panic!("the first server")
    };
    let many = (0..60_000_u32).map(|n| IpAddr::from(n.to_be_bytes())).collect();
    search.answer(&question, Answer::Addresses(many), &mut || 0);
    assert_eq!(search.found.len(), 17);
}
