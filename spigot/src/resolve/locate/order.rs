//! In which order records are used.

use super::LocalTransports;
use crate::flow::Transport;
use crate::resolve::{Naptr, Srv};

/// What a NAPTR record points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) transport: Transport,
    pub(super) name: String,
    /// Whether the name has SRV records; otherwise it has addresses.
    pub(super) has_srv: bool,
}

/// The services of a domain that can be used, the best first.
///
/// [RFC 3263 §4.1](https://www.rfc-editor.org/rfc/rfc3263#section-4.1):
/// > First, a client resolving a SIPS URI MUST discard any services that do not contain "SIPS" as the
/// > protocol in the service field. [...] Second, a client MUST discard any service fields that identify a
/// > resolution service whose value is not "D2X", for values of X that indicate transport protocols supported
/// > by the client.
///
/// Only those of one order are used ([RFC 3403 §4.1](https://www.rfc-editor.org/rfc/rfc3403#section-4.1)):
/// who keeps a client from the TLS servers of a domain does not make it use the others.
/// > once a match is found the client MUST NOT consider records with a different Order but they MAY process
/// > records with the same Order but different Preferences.
pub(super) fn services(records: &[Naptr], secure: bool, local: &LocalTransports) -> Vec<Service> {
    let mut usable: Vec<_> = records
        .iter()
        .filter_map(|record| Some((record, service(record)?)))
        .filter(|(_, service)| local.include(service.transport) && (service.transport.is_secure() || !secure))
        .collect();
    usable.sort_by_key(|(record, _)| (record.order, record.preference));
    let order = usable.first().map(|(record, _)| record.order);
    usable.retain(|(record, _)| Some(record.order) == order);
    usable.into_iter().map(|(_, service)| service).collect()
}

fn service(record: &Naptr) -> Option<Service> {
    let transport = [
        ("SIP+D2U", Transport::Udp),
        ("SIP+D2T", Transport::Tcp),
        ("SIPS+D2T", Transport::Tls),
        ("SIP+D2W", Transport::Ws),
        ("SIPS+D2W", Transport::Wss),
    ]
    .into_iter()
    .find(|(services, _)| record.services.eq_ignore_ascii_case(services))?
    .1;
    let has_srv = match &*record.flags {
        "s" | "S" => true,
        "a" | "A" => false,
        _ => return None,
    };
    if !record.regexp.is_empty() || matches!(&*record.replacement, "" | ".") {
        return None;
    }
    Some(Service {
        transport,
        name: record.replacement.clone(),
        has_srv,
    })
}

/// The name that has the SRV records of a transport.
pub(super) fn srv_name(transport: Transport, domain: &str) -> String {
    let service = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
        Transport::Ws => "_sip._ws",
        Transport::Wss => "_sips._ws",
    };
    format!("{service}.{domain}")
}

/// Orders servers as they are tried, at most `most`: by priority, and within one by chance, as the weights
/// say.
///
/// [RFC 2782](https://www.rfc-editor.org/rfc/rfc2782), usage rules:
/// > arrange all SRV RRs (that have not been ordered yet) in any order, except that all those with weight 0
/// > are placed at the beginning of the list. Compute the sum of the weights of those RRs, and with each RR
/// > associate the running sum in the selected order. Then choose a uniform random number between 0 and the
/// > sum computed (inclusive), and select the RR whose running sum value is the first in the selected order
/// > which is greater than or equal to the random number selected.
pub(super) fn by_weight(mut servers: Vec<Srv>, most: usize, random: &mut dyn FnMut() -> u64) -> Vec<Srv> {
    servers.sort_by_key(|server| (server.priority, server.weight != 0));
    let mut ordered = Vec::with_capacity(servers.len().min(most));
    while let Some(priority) = servers.first().map(|server| server.priority)
        && ordered.len() < most
    {
        let end = servers.partition_point(|server| server.priority == priority);
        let sum: u64 = servers[..end].iter().map(|server| u64::from(server.weight)).sum();
        let chosen = random() % (sum + 1);
        let mut running = 0;
        let index = servers[..end].iter().position(|server| {
            running += u64::from(server.weight);
            running >= chosen
        });
        ordered.push(servers.remove(index.unwrap_or(0)));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naptr(order: u16, preference: u16, flags: &str, services: &str, replacement: &str) -> Naptr {
        Naptr {
            order,
            preference,
            flags: flags.to_owned(),
            services: services.to_owned(),
            regexp: String::new(),
            replacement: replacement.to_owned(),
        }
    }

    fn local(transports: &[Transport]) -> LocalTransports {
        LocalTransports::of(
            transports
                .iter()
                .map(|&transport| (transport, ([192, 0, 2, 1], 0).into())),
        )
    }

    fn names(records: &[Naptr], secure: bool, transports: &[Transport]) -> Vec<String> {
        let services = services(records, secure, &local(transports));
        services.into_iter().map(|service| service.name).collect()
    }

    #[test]
    fn the_first_order_that_can_be_used_is_used_by_preference() {
        // The example of RFC 3263 §4.1, in another order, and with a second TCP service.
        let records = [
            naptr(100, 50, "s", "SIP+D2U", "udp"),
            naptr(90, 60, "s", "SIP+D2T", "tcp2"),
            naptr(90, 50, "S", "sip+d2t", "tcp"),
            naptr(50, 50, "s", "SIPS+D2T", "tls"),
        ];
        use Transport::{Tcp, Tls, Udp};
        assert_eq!(names(&records, false, &[Udp, Tcp, Tls]), ["tls"]);
        assert_eq!(names(&records, false, &[Udp, Tcp]), ["tcp", "tcp2"]);
        assert_eq!(names(&records, false, &[Udp]), ["udp"]);
        assert_eq!(names(&records, true, &[Udp, Tcp, Tls]), ["tls"]);
        assert!(names(&records, true, &[Udp, Tcp]).is_empty());
    }

    #[test]
    fn records_of_other_services_and_kinds_are_discarded() {
        let mut rewriting = naptr(1, 1, "s", "SIP+D2U", "udp");
        rewriting.regexp = "!^.*$!sip:info@example.com!".to_owned();
        let records = [
            naptr(1, 1, "u", "E2U+sip", "enum"),
            naptr(1, 1, "", "SIP+D2U", "more"),
            naptr(1, 1, "s", "SIP+D2S", "sctp"),
            naptr(1, 1, "s", "SIP+D2U", "."),
            rewriting,
        ];
        assert!(names(&records, false, &[Transport::Udp]).is_empty());
        let address = services(
            &[naptr(1, 1, "a", "SIP+D2U", "host")],
            false,
            &local(&[Transport::Udp]),
        );
        assert_eq!((&*address[0].name, address[0].has_srv), ("host", false));
    }

    fn server(priority: u16, weight: u16, target: &str) -> Srv {
        Srv {
            priority,
            weight,
            port: 5060,
            target: target.to_owned(),
        }
    }

    fn order(servers: &[Srv], mut dice: impl FnMut() -> u64) -> String {
        let ordered = by_weight(servers.to_vec(), 9, &mut dice);
        ordered.iter().map(|server| &*server.target).collect()
    }

    #[test]
    fn priorities_come_in_order() {
        let servers = [server(20, 9, "c"), server(10, 0, "b"), server(0, 1, "a")];
        assert_eq!(order(&servers, || 0), "abc");
        assert_eq!(order(&servers, || u64::MAX), "abc");
        assert_eq!(order(&[], || 1), "");
        assert_eq!(by_weight(servers.to_vec(), 2, &mut || 0).len(), 2);
    }

    #[test]
    fn the_dice_choose_among_the_weights() {
        let servers = [
            server(0, 60, "a"),
            server(0, 30, "b"),
            server(0, 10, "c"),
            server(0, 0, "z"),
        ];
        // Zero goes first, and is chosen by a 0 alone.
        assert_eq!(order(&servers, || 0), "zabc");
        let mut throws = [60, 30, 10, 0].into_iter();
        assert_eq!(order(&servers, || throws.next().unwrap()), "abcz");
        let mut throws = [100, 61, 1, 0].into_iter();
        assert_eq!(order(&servers, || throws.next().unwrap()), "cbaz");
    }

    #[test]
    fn shares_follow_the_weights() {
        let servers = [server(0, 1, "a"), server(0, 3, "b")];
        // Every throw once: 0 to 4.
        let firsts: String = (0..5).map(|throw| order(&servers, || throw).remove(0)).collect();
        assert_eq!(firsts, "aabbb");
    }

    #[test]
    fn all_weights_zero_is_an_order_too() {
        let servers = [server(0, 0, "a"), server(0, 0, "b")];
        assert_eq!(order(&servers, || 7), "ab");
    }
}
