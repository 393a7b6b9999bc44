//! The search for the servers of one request: what to look up next, and what came of it.
//!
//! Invariant: at most as many targets come out as the search was made for, and what is kept meanwhile is
//! bounded by that number and not by the records.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use super::order::{by_weight, services, srv_name};
use super::{LocalTransports, NextHop};
use crate::flow::Transport;
use crate::resolve::{Naptr, Srv};

/// Where a request can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Target {
    pub(crate) transport: Transport,
    pub(crate) peer: SocketAddr,
}

/// Something to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// The NAPTR records of a domain.
    Naptr { domain: String },
    /// The SRV records of a name, whose servers take this transport.
    Srv { transport: Transport, name: String },
    /// The addresses of a host.
    Addresses {
        transport: Transport,
        host: String,
        port: u16,
    },
}

impl Question {
    /// The name that is looked up.
    pub(crate) fn name(&self) -> &str {
        match self {
            Question::Naptr { domain: name } | Question::Srv { name, .. } => name,
            Question::Addresses { host, .. } => host,
        }
    }
}

/// What was found; nothing, if the look-up failed.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Naptr(Vec<Naptr>),
    Srv(Vec<Srv>),
    Addresses(Vec<IpAddr>),
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Look this up, and [tell](Search::answer) what was found.
    Ask(Question),
    /// Try this target next.
    Try(Target),
    /// There are no more.
    End,
}

/// The search for the servers of one request.
///
/// It asks for no more than the next target needs: the servers behind the first are looked up when the first
/// has failed.
#[derive(Debug)]
pub(crate) struct Search {
    secure: bool,
    domain: String,
    local: LocalTransports,
    /// What is still to be looked up, the next first.
    agenda: VecDeque<Question>,
    /// What to look up if nothing else names a server.
    last_resort: Option<Question>,
    /// Targets that were found and not given out.
    found: VecDeque<Target>,
    /// Targets that were given out: under a second record they are no others.
    given: Vec<Target>,
    /// How many more may be given out.
    room: usize,
    /// Whether there would have been more.
    cut: bool,
    /// A target that no listener reaches.
    left_out: Option<Target>,
}

impl Search {
    /// The servers of `hop`, at most `most`, as far as one of the `local` transports reaches them.
    ///
    /// [RFC 3263 §4.1, §4.2](https://www.rfc-editor.org/rfc/rfc3263#section-4.1): a numeric host is the
    /// target; one with a port has addresses only; one with a transport has SRV records for it; any other has
    /// NAPTR records that say.
    pub(crate) fn new(hop: &NextHop, local: LocalTransports, most: usize) -> Search {
        let transport = hop.transport();
        let mut search = Search {
            secure: hop.secure,
            domain: hop.host.clone(),
            local,
            agenda: VecDeque::new(),
            last_resort: None,
            found: VecDeque::new(),
            given: Vec::new(),
            room: most,
            cut: false,
            left_out: None,
        };
        if let Some(peer) = hop.address() {
            search.add(Target { transport, peer });
            return search;
        }
        let addresses = |port| Question::Addresses {
            transport,
            host: hop.host.clone(),
            port,
        };
        match (hop.port, hop.transport) {
            (Some(port), _) => search.agenda.push_back(addresses(port)),
            (None, named) => {
                search.last_resort = Some(addresses(transport.default_port()));
                let first = match named {
                    Some(transport) => search.srv(transport),
                    None => Question::Naptr {
                        domain: hop.host.clone(),
                    },
                };
                search.agenda.push_back(first);
            }
        }
        search
    }

    /// What to do next.
    pub(crate) fn step(&mut self) -> Step {
        if let Some(target) = self.found.pop_front() {
            if self.room == 0 {
                self.cut = true;
                self.found.clear();
                self.close();
                return Step::End;
            }
            self.room -= 1;
            self.given.push(target);
            return Step::Try(target);
        }
        if self.room == 0 && self.goes_on() {
            self.cut = true;
            self.close();
        }
        match self.agenda.pop_front().or_else(|| self.last_resort.take()) {
            Some(question) => Step::Ask(question),
            None => Step::End,
        }
    }

    /// Looks nothing more up.
    pub(crate) fn close(&mut self) {
        self.agenda.clear();
        self.last_resort = None;
    }

    /// Takes what was found for `question`.
    pub(crate) fn answer(&mut self, question: &Question, answer: Answer, random: &mut dyn FnMut() -> u64) {
        match (question, answer) {
            (_, Answer::Naptr(records)) => self.take_naptr(&records),
            (&Question::Srv { transport, .. }, Answer::Srv(servers)) => {
                self.take_srv(transport, servers, random)
            }
            (&Question::Addresses { transport, port, .. }, Answer::Addresses(addresses)) => {
                for ip in addresses {
                    let peer = SocketAddr::new(ip, port);
                    self.add(Target { transport, peer });
                }
            }
            _ => {}
        }
    }

    /// Whether there may be more targets.
    pub(crate) fn goes_on(&self) -> bool {
        !self.found.is_empty() || self.asks_on()
    }

    /// Whether there is more to look up.
    pub(crate) fn asks_on(&self) -> bool {
        !self.agenda.is_empty() || self.last_resort.is_some()
    }

    /// Whether there were more targets than the search was made for.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut
    }

    /// A target that was found, and for which there is no listener.
    pub(crate) fn left_out(&self) -> Option<Target> {
        self.left_out
    }

    /// Takes a target in, unless it is known, no listener reaches it, or there is no room.
    fn add(&mut self, target: Target) {
        let is_known = self.found.contains(&target) || self.given.contains(&target);
        if !self.local.can_send_to(target.transport, target.peer.ip()) {
            self.left_out.get_or_insert(target);
        } else if self.found.len() <= self.room && !is_known {
            self.found.push_back(target);
            self.last_resort = None;
        }
    }

    fn srv(&self, transport: Transport) -> Question {
        Question::Srv {
            transport,
            name: srv_name(transport, &self.domain),
        }
    }

    /// Goes on with the services of a domain or, where no record can be used, with SRV records.
    ///
    /// [RFC 3263 §4.1](https://www.rfc-editor.org/rfc/rfc3263#section-4.1):
    /// > If no NAPTR records are found, the client constructs SRV queries for those transport protocols it
    /// > supports, and does a query for each. Queries are done using the service identifier "_sip" for SIP
    /// > URIs and "_sips" for SIPS URIs.
    ///
    /// UDP comes before TCP there: it is what a SIP URI means that has no SRV record either.
    fn take_naptr(&mut self, records: &[Naptr]) {
        let services = services(records, self.secure, &self.local);
        if services.is_empty() {
            let transports: &[Transport] = if self.secure {
                &[Transport::Tls]
            } else {
                &[Transport::Udp, Transport::Tcp]
            };
            for &transport in transports {
                if self.local.include(transport) {
                    self.agenda.push_back(self.srv(transport));
                }
            }
            return;
        }
        if let Some(best) = services.first() {
            self.last_resort = Some(Question::Addresses {
                transport: best.transport,
                host: self.domain.clone(),
                port: best.transport.default_port(),
            });
        }
        for service in services.into_iter().take(self.room + 1) {
            let transport = service.transport;
            self.agenda.push_back(if service.has_srv {
                Question::Srv {
                    transport,
                    name: service.name,
                }
            } else {
                Question::Addresses {
                    transport,
                    host: service.name,
                    port: transport.default_port(),
                }
            });
        }
    }

    /// Goes on with the servers of a service, before those of the next service. A domain that has SRV records
    /// has said where its servers are, even if that is nowhere.
    fn take_srv(&mut self, transport: Transport, mut servers: Vec<Srv>, random: &mut dyn FnMut() -> u64) {
        if servers.is_empty() {
            return;
        }
        self.last_resort = None;
        servers.retain(|server| !server.is_refusal());
        let servers = by_weight(servers, self.room + 1, random);
        for server in servers.into_iter().rev() {
            self.agenda.push_front(Question::Addresses {
                transport,
                host: server.target,
                port: server.port,
            });
        }
    }
}

#[cfg(test)]
mod tests;
