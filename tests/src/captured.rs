//! What tshark has read in a packet, from the JSON that it writes.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::Value;
use spigot::Transport;

/// A SIP message as tshark has read it.
#[derive(Clone, Debug)]
pub struct Captured {
    /// What carried it.
    pub transport: Transport,
    /// Who sent the packet that completed it.
    pub source: SocketAddr,
    /// To whom.
    pub destination: SocketAddr,
    /// The layers of the packet, the lowest first, as `eth:ethertype:ip:udp:sip`.
    pub layers: String,
    /// The octets.
    pub octets: Vec<u8>,
    /// The value of every field that tshark found in it, by its name in tshark, in order.
    pub fields: BTreeMap<String, Vec<String>>,
    /// What tshark has to say against it, in the packet, be it a word to the wise.
    pub complaints: Vec<String>,
}

impl Captured {
    /// The first value of a field of that name, as `sip.Via.transport`; empty where there is none.
    pub fn field(&self, name: &str) -> &str {
        let values = self.fields.get(name);
        values
            .and_then(|values| values.first())
            .map_or("", String::as_str)
    }
}

/// From this severity on tshark complains: a note. Below it says what is (`chat`), above it warns.
const NOTE: u32 = 0x0040_0000;

impl Captured {
    /// Takes everything out of what tshark says of a layer.
    fn read(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Array(values) => values.iter().for_each(|value| self.read(name, value)),
            Value::Object(fields) => {
                let severity = text(&value["_ws.expert.severity"]).parse();
                if severity.is_ok_and(|severity: u32| severity >= NOTE) {
                    self.complaints
                        .push(text(&value["_ws.expert.message"]).to_owned());
                }
                if name.starts_with("_ws.malformed") {
                    self.complaints.push(value.to_string());
                }
                let fields = fields.iter().filter(|(name, _)| !name.ends_with("_raw"));
                fields.for_each(|(name, value)| self.read(name, value));
            }
            value => {
                if name.starts_with("_ws.malformed") {
                    self.complaints.push(value.to_string());
                }
                let known = self.fields.entry(name.to_owned()).or_default();
                known.push(text(value).to_owned());
            }
        }
    }
}

/// The messages in one packet.
pub(crate) fn messages(layers: &Value, listeners: &[(Transport, SocketAddr)]) -> Vec<Captured> {
    let sip = each(&layers["sip"]);
    if sip.is_empty() {
        return Vec::new();
    }
    let names = text(&layers["frame"]["frame.protocols"]);
    let [source, destination] = ["src", "dst"].map(|end| address(layers, end));
    // UDP and TCP number their ports apart: one number may be given to a listener of each.
    let is_udp = layers["udp"].is_object();
    let at = |(transport, address): &&(Transport, SocketAddr)| {
        (*transport == Transport::Udp) == is_udp && [source, destination].contains(address)
    };
    let (transport, _) = listeners
        .iter()
        .find(at)
        .expect("what was captured has a listener at one end");
    // A message that is alone stands as its octets, place and length; of many there is a list.
    let raw = &layers["sip_raw"];
    let raw = if raw[0].is_string() { vec![raw] } else { each(raw) };
    assert_eq!(raw.len(), sip.len(), "{raw:?}");
    let captured = sip.into_iter().zip(raw).map(|(sip, raw)| {
        let mut message = Captured {
            transport: *transport,
            source,
            destination,
            layers: names.to_owned(),
            octets: octets(text(&raw[0])),
            fields: BTreeMap::new(),
            complaints: Vec::new(),
        };
        message.read("sip", sip);
        message.read("_ws.malformed", &layers["_ws.malformed"]);
        message
    });
    captured.collect()
}

/// What there may be one of, or many.
fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The source or the destination of a packet.
fn address(layers: &Value, end: &str) -> SocketAddr {
    let of = |layer: &str, field: &str| layers[layer][format!("{layer}.{field}")].as_str();
    let ip = of("ip", end).or_else(|| of("ipv6", end));
    let field = format!("{end}port");
    let port = of("udp", &field).or_else(|| of("tcp", &field));
    let ip = ip.and_then(|ip| ip.parse().ok()).expect("an address");
    let port = port.and_then(|port| port.parse().ok()).expect("a port");
    SocketAddr::new(ip, port)
}

fn octets(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    let octet = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs
        .map(|pair| octet(pair).expect("octets in hexadecimal"))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn listeners_at_one_port_number_are_told_apart_by_what_carried_the_packet() {
        let address = SocketAddr::from(([127, 0, 0, 1], 5060));
        let listeners = [Transport::Udp, Transport::Wss].map(|transport| (transport, address));
        for (layer, transport) in [("udp", Transport::Udp), ("tcp", Transport::Wss)] {
            let mut layers = json!({
                "frame": {"frame.protocols": format!("eth:ethertype:ip:{layer}:sip")},
                "ip": {"ip.src": "127.0.0.1", "ip.dst": "127.0.0.2"},
                "sip": {"sip.Method": "OPTIONS"},
                "sip_raw": ["4f", 0, 1, 0, 1],
            });
            layers[layer] = json!({format!("{layer}.srcport"): "5060", format!("{layer}.dstport"): "40000"});
            let read = messages(&layers, &listeners);
            assert_eq!(read.len(), 1);
            assert_eq!(read[0].transport, transport);
        }
    }
}
