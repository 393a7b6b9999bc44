//! Where a request really came from, written into its topmost Via (RFC 3261 §18.2.1, RFC 3581 §4).
//!
//! Invariant: a Via that needs no stamp keeps its octets.

use std::net::SocketAddr;

use super::Essentials;
use crate::header::Via;
use crate::message::headers::Headers;
use crate::message::line::Line;
use crate::{ErrorKind, HeaderName, ParseError, Request};

impl Request {
    /// Writes where the request came from into its topmost Via, there and in its `essentials`.
    ///
    /// [RFC 3261 §18.2.1](https://www.rfc-editor.org/rfc/rfc3261#section-18.2.1):
    ///
    /// > If the host portion of the "sent-by" parameter contains a domain name, or if it contains an IP
    /// > address that differs from the packet source address, the server MUST add a "received" parameter to
    /// > that Via header field value.
    ///
    /// [RFC 3581 §4](https://www.rfc-editor.org/rfc/rfc3581#section-4): where there is an `rport`, its value
    /// becomes the source's port, and `received` is added whatever sent-by says. An IPv4 address that is
    /// written as an IPv6 one counts as what it is. All else of the line stays as it came.
    ///
    /// ```
    /// use spigot_parser::{HeaderName, Request};
    ///
    /// let mut request = Request::parse(
    ///     "OPTIONS sip:b@b.example SIP/2.0\r\n\
    ///      Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK7;rport\r\n\
    ///      From: <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>\r\n\
    ///      Call-ID: 9\r\nCSeq: 4 OPTIONS\r\n\r\n",
    /// )?;
    /// let mut essentials = request.essentials()?;
    /// request.stamp(&mut essentials, ([192, 0, 2, 7], 40000).into())?;
    ///
    /// let stamped = "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK7;rport=40000;received=192.0.2.7";
    /// assert_eq!(request.headers().get(&HeaderName::VIA), Some(stamped));
    /// assert_eq!(essentials.via().rport(), Some(Some(40000)));
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`] where there is no room for `received`, and [`ErrorKind::Missing`] where
    /// the `essentials` are not those of this request.
    pub fn stamp(&mut self, essentials: &mut Essentials, source: SocketAddr) -> Result<(), ParseError> {
        let source = SocketAddr::new(source.ip().to_canonical(), source.port());
        let via = &essentials.via;
        if via.rport().is_none() && via.host().ip() == Some(source.ip()) {
            return Ok(());
        }
        essentials.via = self.headers.stamp(via, source)?;
        Ok(())
    }
}

impl Headers {
    /// Puts `via` as its receiver saw it in the place of the topmost Via, which it has to be, and gives it.
    fn stamp(&mut self, via: &Via, source: SocketAddr) -> Result<Via, ParseError> {
        let missing =
            || ParseError::new(ErrorKind::Missing, 0, "the Via that was read").in_header(&HeaderName::VIA);
        let index = self.position(&HeaderName::VIA).ok_or_else(missing)?;
        let old = self.lines[index];
        let others = self.value(&old).strip_prefix(via.as_str()).ok_or_else(missing)?;
        let name = self.raw_name(&old);
        let (name_length, colon) = (name.len(), ": ");
        let (text, stamped) = via.received_between([name, colon], source, others)?;
        self.forget(&old);
        let number = self.add(text);
        let value_start = (name_length + 1).min(usize::from(u16::MAX)) as u16;
        self.lines[index] = Line::aside(number, old.name, name_length, value_start);
        Ok(stamped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(via: &str) -> Request {
        Request::parse(format!(
            "OPTIONS sip:b@example.com SIP/2.0\r\nv : {via}\r\nVia: SIP/2.0/UDP next.example\r\n\
             Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=a\r\nTo: <sip:b@example.com>\r\n\
             Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        ))
        .unwrap()
    }

    /// Stamps a request whose first line of Via is so, and gives that line's value.
    fn stamped(via: &str, source: &str) -> String {
        let mut request = request(via);
        let (before, mut essentials) = (request.to_bytes(), request.essentials().unwrap());
        request.stamp(&mut essentials, source.parse().unwrap()).unwrap();
        let line = request.headers().get(&HeaderName::VIA).unwrap().to_owned();
        if line == via {
            assert_eq!(request.to_bytes(), before);
        }

        let again = request.essentials().unwrap();
        assert_eq!(format!("{again:?}"), format!("{essentials:?}"));
        assert_eq!(again.via().as_str(), essentials.via().as_str());
        assert_eq!(again.vias(), request.headers().all::<Via>().count());
        let last = request.headers().all::<Via>().last().unwrap().unwrap();
        assert_eq!(last.to_string(), "SIP/2.0/UDP next.example");
        let first = request.headers().iter().next().unwrap();
        assert_eq!(first.raw_name(), "v");
        line
    }

    #[test]
    fn the_topmost_via_says_where_a_request_came_from() {
        let (v4, v6) = ("198.51.100.7:4321", "[2001:db8::7]:4321");
        let (ip4, ip6) = (Some("198.51.100.7"), Some("2001:db8::7"));
        // sent-by, source, received, rport
        let table = [
            ("198.51.100.7", v4, None, None),
            ("198.51.100.7:5070", v4, None, None),
            ("198.51.100.7:4321", v4, None, None),
            ("198.51.100.7", "[::ffff:198.51.100.7]:4321", None, None),
            ("198.51.100.7;rport", v4, ip4, Some(4321)),
            (
                "198.51.100.7;rport",
                "[::ffff:198.51.100.7]:4321",
                ip4,
                Some(4321),
            ),
            ("198.51.100.7:5070;rport", v4, ip4, Some(4321)),
            ("198.51.100.7;rport=99", v4, ip4, Some(4321)),
            ("10.0.0.1", v4, ip4, None),
            ("10.0.0.1:5070", v4, ip4, None),
            ("10.0.0.1:5070;rport", v4, ip4, Some(4321)),
            ("host.example", v4, ip4, None),
            ("host.example:5070", v4, ip4, None),
            ("host.example;rport", v4, ip4, Some(4321)),
            // What the sender claims of its own source does not count.
            ("10.0.0.1;received=203.0.113.1", v4, ip4, None),
            ("10.0.0.1;received=203.0.113.1;rport=1", v4, ip4, Some(4321)),
            ("198.51.100.7;maddr=203.0.113.9", v4, None, None),
            ("198.51.100.7:5070;maddr=203.0.113.9", v4, None, None),
            ("10.0.0.1:5070;maddr=203.0.113.9;rport", v4, ip4, Some(4321)),
            ("10.0.0.1;maddr=group.example", v4, ip4, None),
            ("[2001:db8::7]", v6, None, None),
            ("[2001:DB8:0::7]:5070", v6, None, None),
            ("[2001:db8::8]:5070", v6, ip6, None),
            ("[2001:db8::8]:5070;rport", v6, ip6, Some(4321)),
            ("host.example;rport", v6, ip6, Some(4321)),
            ("[2001:db8::7];maddr=[2001:db8::9]", v6, None, None),
        ];
        for (sent_by, source, received, rport) in table {
            let value = stamped(&format!("SIP/2.0/UDP {sent_by};branch=z9hG4bK1"), source);
            let via: Via = value.parse().unwrap();
            assert_eq!(
                (via.received(), via.rport().flatten(), via.branch()),
                (received, rport, Some("z9hG4bK1")),
                "{sent_by}"
            );
        }
    }

    #[test]
    fn all_else_of_the_line_stays_as_it_came() {
        let source = "198.51.100.7:4321";
        for as_it_is in [
            "SIP / 2.0 / UDP  198.51.100.7 ;branch=z9hG4bK1",
            "SIP/2.0/TCP 198.51.100.7,  SIP/2.0/TCP x ;y",
        ] {
            assert_eq!(stamped(as_it_is, source), as_it_is);
        }
        assert_eq!(
            stamped(
                "SIP / 2.0 / UDP a ; rport ;x=\",;\" ,SIP/2.0/UDP b;rport , SIP/2.0/UDP c",
                source
            ),
            "SIP / 2.0 / UDP a ; rport=4321 ;x=\",;\";received=198.51.100.7 ,SIP/2.0/UDP b;rport , SIP/2.0/UDP c"
        );
        assert_eq!(
            stamped("\r\n SIP/2.0/UDP a\r\n ;rport,\r\n SIP/2.0/UDP b", source),
            "SIP/2.0/UDP a ;rport=4321;received=198.51.100.7, SIP/2.0/UDP b"
        );
    }

    #[test]
    fn a_stamp_again_replaces_the_first_and_gathers_nothing() {
        let mut request = request("SIP/2.0/UDP host.example;rport");
        let mut essentials = request.essentials().unwrap();
        for port in [1, 22, 65_535] {
            request
                .stamp(&mut essentials, ([192, 0, 2, 7], port).into())
                .unwrap();
            let expected = format!("SIP/2.0/UDP host.example;rport={port};received=192.0.2.7");
            assert_eq!(request.headers().get(&HeaderName::VIA), Some(&*expected));
            assert_eq!(essentials.via().as_str(), expected);
        }
    }

    #[test]
    fn the_essentials_of_another_request_stamp_nothing() {
        let mut one = request("SIP/2.0/UDP one.example");
        let before = one.to_bytes();
        let mut others = request("SIP/2.0/UDP other.example").essentials().unwrap();
        let source = ([192, 0, 2, 7], 1).into();
        assert_eq!(
            one.stamp(&mut others, source).unwrap_err().kind(),
            ErrorKind::Missing
        );
        assert_eq!((one.to_bytes(), others.via().received()), (before, None));

        let mut own = one.essentials().unwrap();
        one.headers_mut().remove(&HeaderName::VIA);
        assert_eq!(
            one.stamp(&mut own, source).unwrap_err().kind(),
            ErrorKind::Missing
        );
    }

    #[test]
    fn there_is_no_room_for_one_parameter_too_many() {
        let many: String = (0..64).map(|n| format!(";x{n}")).collect();
        let mut request = request(&format!("SIP/2.0/UDP host.example{many}"));
        let before = request.to_bytes();
        let mut essentials = request.essentials().unwrap();
        let error = request
            .stamp(&mut essentials, ([192, 0, 2, 7], 1).into())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooManyParams);
        assert_eq!(request.to_bytes(), before);
    }
}
