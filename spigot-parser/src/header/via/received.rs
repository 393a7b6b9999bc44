//! What the receiver of a request writes into its topmost Via (RFC 3261 §18.2.1, RFC 3581 §4).
//!
//! Invariant: the places of the stamped value are moved along with its text, so nothing is parsed a second
//! time.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use bytestring::ByteString;

use super::{Known, Via, ViaSpans};
use crate::ParseError;
use crate::grammar::Span;
use crate::params::{self, MAX_PARAMS};

/// The most octets by which a value grows: `;received=` with an IPv6 address, and the port of `rport`.
const LONGEST: usize = ";received=".len() + 39 + "=65535".len();

impl Via {
    /// The Via with what its receiver saw: `received` says the address of `source`, and an `rport` its port
    /// (RFC 3261 §18.2.1, RFC 3581 §4).
    ///
    /// What the sender wrote there itself gives way.
    ///
    /// ```
    /// use spigot_parser::header::Via;
    ///
    /// let via: Via = "SIP/2.0/UDP client.example;branch=z9hG4bK1;rport".parse()?;
    /// let seen = via.received_from(([192, 0, 2, 7], 40000).into())?;
    /// let expected = "SIP/2.0/UDP client.example;branch=z9hG4bK1;rport=40000;received=192.0.2.7";
    /// assert_eq!(seen.to_string(), expected);
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn received_from(&self, source: SocketAddr) -> Result<Via, ParseError> {
        let mut text = String::with_capacity(self.text.len() + LONGEST);
        let spans = self.write_received_from(source, &mut text)?;
        Ok(Via {
            text: text.into(),
            spans,
        })
    }

    /// Writes `before`, the Via as its receiver saw it, and `after`, to be one line of a message; gives that
    /// text and the Via, which shares it.
    pub(crate) fn received_between(
        &self,
        before: [&str; 2],
        source: SocketAddr,
        after: &str,
    ) -> Result<(ByteString, Via), ParseError> {
        let [name, colon] = before;
        let start = name.len() + colon.len();
        let mut text = String::with_capacity(start + self.text.len() + LONGEST + after.len());
        text.push_str(name);
        text.push_str(colon);
        let spans = self.write_received_from(source, &mut text)?;
        let end = text.len();
        text.push_str(after);
        let text = ByteString::from(text);
        let via = Via {
            text: text.slice_ref(&text[start..end]),
            spans,
        };
        Ok((text, via))
    }

    /// Appends the Via as its receiver saw it; gives where its parts are in what was appended.
    fn write_received_from(&self, source: SocketAddr, out: &mut String) -> Result<ViaSpans, ParseError> {
        let (text, known, start) = (&*self.text, self.spans.known, out.len());
        let (theirs, rport) = (self.received_param(), known.rport);
        let mut at = 0;
        let mut rport_length = 0;
        let mut parts = [theirs, rport];
        parts.sort_unstable_by_key(|part| part.start());
        for part in parts {
            if part.is_empty() {
                continue;
            }
            out.push_str(&text[at..part.start()]);
            at = part.end();
            if part == rport {
                let begin = out.len();
                out.push_str("rport=");
                push_decimal(source.port(), out);
                rport_length = out.len() - begin;
            }
        }
        out.push_str(&text[at..]);
        let count = known.count + 1 - u8::from(!theirs.is_empty());
        if usize::from(count) > MAX_PARAMS {
            return Err(params::too_many(out.len() - start));
        }
        out.push_str(";received=");
        let address = out.len() - start;
        push_address(source.ip(), out);

        // What was behind one of the two parts has moved by what that part has grown or shrunk.
        let moved = |span: Span| {
            let mut start = span.start();
            if !theirs.is_empty() && theirs.end() <= start {
                start -= theirs.len();
            }
            if !rport.is_empty() && rport.end() <= span.start() {
                start = start + rport_length - rport.len();
            }
            Span::new(start, start + span.len())
        };
        let rport_start = moved(rport).start();
        Ok(ViaSpans {
            known: Known {
                branch: moved(known.branch),
                received: Span::new(address, out.len() - start),
                maddr: moved(known.maddr),
                rport: Span::new(rport_start, rport_start + rport_length),
                rport_value: (!rport.is_empty()).then_some(source.port()),
                ttl: known.ttl,
                count,
            },
            ..self.spans
        })
    }

    /// The whole parameter `received` that is there already, with its semicolon and the blanks before it;
    /// nothing where there is none.
    fn received_param(&self) -> Span {
        let value = self.spans.known.received;
        if value.is_empty() {
            return Span::default();
        }
        // Between the semicolon and the value there is the name, and no other semicolon.
        let before = &self.text[..value.start()];
        let semicolon = before.rfind(';').unwrap_or(value.start());
        let start = before[..semicolon].trim_end_matches([' ', '\t']).len();
        Span::new(start, value.end())
    }
}

fn push_address(address: IpAddr, out: &mut String) {
    match address {
        IpAddr::V4(address) => {
            for (index, octet) in address.octets().into_iter().enumerate() {
                if index > 0 {
                    out.push('.');
                }
                push_decimal(u16::from(octet), out);
            }
        }
        // Writing to a string cannot fail.
        IpAddr::V6(address) => _ = write!(out, "{address}"),
    }
}

fn push_decimal(number: u16, out: &mut String) {
    for power in [10_000, 1000, 100, 10] {
        if number >= power {
            out.push(digit(number / power % 10));
        }
    }
    out.push(digit(number % 10));
}

fn digit(digit: u16) -> char {
    char::from(b'0' + digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Params};
    use proptest::prelude::*;

    const V4: &str = "192.0.2.7:40000";
    const V6: &str = "[2001:db8::7]:5";

    fn via(text: &str) -> Via {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// Reads a value that was stamped, and checks that the places which moved along are those that a reader
    /// finds.
    fn stamped(text: &str, source: &str) -> String {
        let stamped = via(text).received_from(source.parse().unwrap()).unwrap();
        assert_same(&stamped);
        stamped.to_string()
    }

    fn assert_same(stamped: &Via) {
        let read = via(&stamped.to_string());
        assert_eq!(
            (
                stamped.transport(),
                stamped.sent_by(),
                stamped.host().as_str(),
                stamped.port()
            ),
            (
                read.transport(),
                read.sent_by(),
                read.host().as_str(),
                read.port()
            )
        );
        assert_eq!(
            (stamped.branch(), stamped.maddr(), stamped.ttl()),
            (read.branch(), read.maddr(), read.ttl())
        );
        assert_eq!(
            (stamped.received(), stamped.rport()),
            (read.received(), read.rport())
        );
        assert_eq!(stamped.spans.known.count, read.spans.known.count);
        assert_eq!(stamped.spans.known.rport, read.spans.known.rport);
    }

    #[test]
    fn only_what_the_receiver_knows_better_changes() {
        let table = [
            ("SIP/2.0/UDP a", V4, "SIP/2.0/UDP a;received=192.0.2.7"),
            ("SIP/2.0/UDP a:1", V6, "SIP/2.0/UDP a:1;received=2001:db8::7"),
            (
                "SIP/2.0/UDP a;rport",
                V4,
                "SIP/2.0/UDP a;rport=40000;received=192.0.2.7",
            ),
            (
                "SIP/2.0/UDP a ; rport = 1 ; branch = b;maddr=m",
                V4,
                "SIP/2.0/UDP a ; rport=40000 ; branch = b;maddr=m;received=192.0.2.7",
            ),
            (
                "SIP/2.0/UDP a;branch=b ; Received = [::1] ;rport;maddr=m;ttl=3",
                V6,
                "SIP/2.0/UDP a;branch=b ;rport=5;maddr=m;ttl=3;received=2001:db8::7",
            ),
            (
                "SIP/2.0/UDP a;rport=65535;x=\";received=1\";received=1.2.3.4;branch=b",
                V6,
                "SIP/2.0/UDP a;rport=5;x=\";received=1\";branch=b;received=2001:db8::7",
            ),
        ];
        for (text, source, expected) in table {
            assert_eq!(stamped(text, source), expected);
        }
    }

    #[test]
    fn numbers_are_written_whole() {
        for port in [0, 1, 9, 10, 99, 100, 255, 1000, 5060, 9999, 10_000, 65_535] {
            let mut text = String::new();
            push_decimal(port, &mut text);
            assert_eq!(text, port.to_string());
        }
        for address in ["0.0.0.0", "255.255.255.255", "1.10.100.99", "2001:db8::1"] {
            let mut text = String::new();
            push_address(address.parse().unwrap(), &mut text);
            assert_eq!(text, address);
        }
    }

    #[test]
    fn there_is_no_room_for_one_parameter_too_many() {
        let with = |count: usize, rest: &str| {
            let many: String = (0..count).map(|n| format!(";x{n}")).collect();
            via(&format!("SIP/2.0/UDP a{many}{rest}")).received_from(V4.parse().unwrap())
        };
        assert!(with(63, "").is_ok());
        assert!(with(63, ";received=1.2.3.4").is_ok());
        for (count, rest) in [(64, ""), (63, ";rport")] {
            assert_eq!(with(count, rest).unwrap_err().kind(), ErrorKind::TooManyParams);
        }
    }

    proptest! {
        #[test]
        fn the_places_are_those_that_a_reader_finds(
            params in prop::sample::subsequence(vec![
                "branch=z9hG4bK1", "rport", " maddr = m.example", "received=203.0.113.1", "ttl=7", "x=\"a;received=1\"", "y ",
            ], 0..7).prop_shuffle(),
            value in "(=[0-9]{1,4})?",
            port: u16,
            v6: bool,
        ) {
            let text: String = params.iter().map(|param| format!(" ;{param}")).collect();
            let text = text.replace("rport", &format!("rport{value}"));
            let before = via(format!("SIP/2.0/TCP h.example:7{text}").trim_end());
            let ip: IpAddr = if v6 { "2001:db8::1".parse().unwrap() } else { "192.0.2.1".parse().unwrap() };
            let after = before.received_from(SocketAddr::new(ip, port)).unwrap();
            assert_same(&after);
            prop_assert_eq!(after.received_ip(), Some(ip));
            prop_assert_eq!(after.rport(), before.rport().map(|_| Some(port)));
            let others = |params: Params<'_>| -> Vec<_> {
                let others = params.filter(|(name, _)| !["received", "rport"].contains(name));
                others.map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).collect()
            };
            prop_assert_eq!(others(after.params()), others(before.params()));
        }
    }
}
