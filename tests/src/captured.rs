//! Packets as tshark decodes them, from its JSON output.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::Value;
use spigot::Transport;

/// A SIP message as tshark decodes it.
#[derive(Clone, Debug)]
pub struct Captured {
    /// The transport of the message.
    pub transport: Transport,
    /// The sender of the packet that completed the message.
    pub source: SocketAddr,
    /// The receiver of that packet.
    pub destination: SocketAddr,
    /// The layers of the packet, the lowest first, such as `eth:ethertype:ip:udp:sip`.
    pub layers: String,
    /// The octets of the message.
    pub octets: Vec<u8>,
    /// The values of every field that tshark found, by the name of the field.
    pub fields: BTreeMap<String, Vec<String>>,
    /// What tshark criticises in the packet, from notes on.
    pub complaints: Vec<String>,
}

impl Captured {
    /// Returns the first value of a field, such as `sip.Via.transport`, or an empty text if it is missing.
    pub fn field(&self, name: &str) -> &str {
        let values = self.fields.get(name);
        values
            .and_then(|values| values.first())
            .map_or("", String::as_str)
    }
}

/// The severity of a note, from which on messages of tshark are complaints; `chat` is below it, warnings are
/// above.
const NOTE: u32 = 0x0040_0000;

impl Captured {
    /// Collects the fields and complaints of a layer.
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

/// Returns the messages in one packet.
pub(crate) fn messages(layers: &Value, listeners: &[(Transport, SocketAddr)]) -> Vec<Captured> {
    let sip = each(&layers["sip"]);
    if sip.is_empty() {
        return Vec::new();
    }
    let names = text(&layers["frame"]["frame.protocols"]);
    let [source, destination] = ["src", "dst"].map(|end| address(layers, end));
    // UDP and TCP have separate port numbers, so one listener of each may have the same number.
    let is_udp = layers["udp"].is_object();
    let at = |(transport, address): &&(Transport, SocketAddr)| {
        (*transport == Transport::Udp) == is_udp && [source, destination].contains(address)
    };
    let (transport, _) = listeners
        .iter()
        .find(at)
        .expect("what was captured has a listener at one end");
    // A single message is its octets, offset and length; several are a list of these.
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

/// Returns the elements of a list, or the value itself.
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

/// Returns the source or the destination of a packet.
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
