//! Connections that their peer has named as the way back to it ([RFC
//! 5923](https://www.rfc-editor.org/rfc/rfc5923)).

use std::net::SocketAddr;

use super::Carriers;
use crate::flow::{Flow, Transport};
use crate::sip::header::Via;

impl Carriers {
    /// Takes note of a peer with a certificate that names its connection as the way back to it, by `alias` in
    /// its Via ([RFC 5923 §8.2](https://www.rfc-editor.org/rfc/rfc5923#section-8.2)).
    pub(crate) fn note_alias(&self, via: &Via, flow: &Flow) {
        if flow.transport() == Transport::Tls && via.param("alias").is_some() {
            let port = via.port().unwrap_or(flow.transport().default_port());
            let address = SocketAddr::new(flow.peer().ip(), port);
            for carrier in self.of(flow) {
                carrier.alias(flow, address);
            }
        }
    }
}
