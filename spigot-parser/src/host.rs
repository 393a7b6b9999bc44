//! Hosts, which are kept as text until an address is asked for.
//!
//! The one invariant: a [`Host`] is a host by RFC 3261 §25.1, with four extensions. A last label may begin
//! with a digit (RFC 1123 §2.1), as names of containers do. A label may have underscores, as names of
//! containers and Windows hosts do. A host may be one number, as the domains of surveillance cameras are
//! (GB/T 28181). An IPv6 address may have three colons in a row, which the grammar of RFC 3261 allows by
//! mistake (RFC 5118 §4.10).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::grammar::{Class, alphanum_and, class_end};
use crate::message::octets::{digit_mask, equal_mask, label_mask, window};
use crate::{ErrorKind, ParseError};

static LABEL_CHARACTERS: Class = alphanum_and(b"_");

const LABEL: &str = "a host, whose labels begin and end with a letter or a digit";

/// A host name, an IPv4 address, or an IPv6 address in brackets, as written.
///
/// Hosts are compared without case, and IPv6 addresses by value (RFC 3261 §19.1.4, RFC 5952). A host of
/// digits is text: it is no address, and 10 is another one than 010.
///
/// ```
/// use spigot_parser::Host;
///
/// let host = Host::parse("[2001:db8::10]")?;
/// assert_eq!(host.ip(), Some("2001:db8::10".parse().unwrap()));
/// assert_eq!(host, Host::parse("[2001:DB8:0::10]")?);
/// assert_eq!(Host::parse("Biloxi.Example.com")?, "biloxi.example.com");
/// assert!(Host::parse("2001:db8::10").is_err());
/// assert_eq!(Host::parse("3402000000")?.ip(), None);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Host<'a>(&'a str);

impl<'a> Host<'a> {
    /// Parses `text` as a host; IPv6 addresses need brackets.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`] if `text` is not one host from its beginning to its end.
    pub fn parse(text: &'a str) -> Result<Host<'a>, ParseError> {
        match host_end(ErrorKind::Uri, text.as_bytes(), 0)? {
            end if end == text.len() => Ok(Host(text)),
            end => Err(ParseError::new(ErrorKind::Uri, end, "the end of the host")),
        }
    }

    /// Creates a host from a text that is known to be one.
    pub(crate) fn known(text: &'a str) -> Host<'a> {
        Host(text)
    }

    /// Returns the text, brackets included.
    pub fn as_str(&self) -> &'a str {
        self.0
    }

    /// Returns the address, if the host is an IP address.
    pub fn ip(&self) -> Option<IpAddr> {
        match self.0.strip_prefix('[') {
            Some(rest) => ipv6(rest.strip_suffix(']')?).map(IpAddr::V6),
            None if self.0.ends_with(|c: char| c.is_ascii_digit()) => {
                self.0.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
            }
            None => None,
        }
    }
}

impl PartialEq for Host<'_> {
    fn eq(&self, other: &Host<'_>) -> bool {
        if self.0.eq_ignore_ascii_case(other.0) {
            return true;
        }
        self.0.starts_with('[') && other.0.starts_with('[') && self.ip() == other.ip() && self.ip().is_some()
    }
}

impl Eq for Host<'_> {}

impl PartialEq<str> for Host<'_> {
    fn eq(&self, other: &str) -> bool {
        *self == Host(other)
    }
}

impl PartialEq<&str> for Host<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == Host(other)
    }
}

impl<'a> TryFrom<&'a str> for Host<'a> {
    type Error = ParseError;

    fn try_from(text: &'a str) -> Result<Self, Self::Error> {
        Host::parse(text)
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Returns the end of the host that begins at `at`.
///
/// ```text
/// host          = hostname / IPv4address / IPv6reference
/// hostname      = *( domainlabel "." ) toplabel [ "." ]
/// domainlabel   = alphanum / alphanum *( alphanum / "-" ) alphanum
/// IPv4address   = 1*3DIGIT "." 1*3DIGIT "." 1*3DIGIT "." 1*3DIGIT
/// IPv6reference = "[" IPv6address "]"
/// ```
#[inline]
pub(crate) fn host_end(kind: ErrorKind, bytes: &[u8], at: usize) -> Result<usize, ParseError> {
    match short_host_end(bytes, at) {
        Some(end) => Ok(end),
        None => any_host_end(kind, bytes, at),
    }
}

/// Returns the end of the host that begins at `at`, if examining many octets at once finds it.
#[inline(never)]
fn short_host_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'0'..=b'9' => quad_end(bytes, at),
        _ => short_name_end(bytes, at),
    }
}

#[inline(never)]
fn any_host_end(kind: ErrorKind, bytes: &[u8], at: usize) -> Result<usize, ParseError> {
    match bytes.get(at) {
        Some(b'[') => return reference_end(kind, bytes, at),
        Some(b'0'..=b'9') => {
            if let Some(end) = dotted_quad_end(bytes, at) {
                return Ok(end);
            }
        }
        _ => {}
    }
    name_end(kind, bytes, at)
}

/// Returns the end of the name that begins at `at`, if it is shorter than 32 octets and ends with a letter.
///
/// Nearly all names do, and their octets are examined at once.
#[inline]
fn short_name_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut labels, mut dots, mut hyphens) = (0, 0, 0);
    for from in [0, 16] {
        let (octets, before) = window(bytes, at + from)?;
        let masked = |mask: u16| u32::from(mask) >> before << from;
        labels |= masked(label_mask(octets));
        dots |= masked(equal_mask(octets, b'.'));
        hyphens |= masked(equal_mask(octets, b'-'));
        if (labels | dots | hyphens) >> from != 0xffff {
            break;
        }
    }
    let length = (!(labels | dots | hyphens)).trailing_zeros();
    let inside = 1u32.checked_shl(length)? - 1;
    // A label is not empty, and neither begins nor ends with a hyphen.
    let wrong = dots & ((dots | hyphens) << 1 | 1) | hyphens & (dots << 1 | 1);
    let end = at + length as usize;
    let last = bytes.get(end.wrapping_sub(1))?;
    (wrong & inside == 0 && length > 0 && last.is_ascii_alphabetic()).then_some(end)
}

/// Returns the end of any name that begins at `at`.
fn name_end(kind: ErrorKind, bytes: &[u8], at: usize) -> Result<usize, ParseError> {
    let mut label = at;
    let end = loop {
        let end = class_end(&LABEL_CHARACTERS, bytes, label);
        match bytes.get(end) {
            Some(b'.') if end > label => label = end + 1,
            Some(b'-') if end > label => match label_end(bytes, end) {
                Ok(end) if bytes.get(end) == Some(&b'.') => label = end + 1,
                Ok(end) => break end,
                Err(at) => return Err(ParseError::new(kind, at, LABEL)),
            },
            // A name may end with a dot.
            _ if end == label && label > at => break end,
            _ if end == label => return Err(ParseError::new(kind, end, LABEL)),
            _ => break end,
        }
    };
    // Readers differ on whether a name that ends in a number is an address or a name (RFC 3986 §7.4). One
    // number alone is text: nobody resolves it.
    let last = bytes.get(end.wrapping_sub(1));
    if !last.is_some_and(u8::is_ascii_alphabetic)
        && ends_in_number(&bytes[at..end])
        && bytes[at..end].contains(&b'.')
    {
        return Err(ParseError::new(kind, at, "an IPv4 address or a host name"));
    }
    Ok(end)
}

/// Returns the end of the label that continues with the hyphen at `at`, or the offset of the error if it ends
/// with a hyphen.
fn label_end(bytes: &[u8], mut at: usize) -> Result<usize, usize> {
    while bytes.get(at) == Some(&b'-') {
        let hyphens = at + 1;
        at = class_end(&LABEL_CHARACTERS, bytes, hyphens);
        if at == hyphens && bytes.get(at) != Some(&b'-') {
            return Err(at);
        }
    }
    Ok(at)
}

fn ends_in_number(host: &[u8]) -> bool {
    let host = host.strip_suffix(b".").unwrap_or(host);
    host.iter()
        .rev()
        .take_while(|&&octet| octet != b'.')
        .all(u8::is_ascii_digit)
}

/// Returns the same end as [`dotted_quad_end`], by examining 16 octets at once, if something follows the four
/// numbers.
#[inline]
fn quad_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (octets, before) = window(bytes, at)?;
    let masked = |mask: u16| u32::from(mask) >> before;
    let (labels, mut dots) = (masked(label_mask(octets)), masked(equal_mask(octets, b'.')));
    let digits = masked(digit_mask(octets));
    let length = (!(digits | dots)).trailing_zeros();
    let after = 1u32 << length;
    if (labels | masked(equal_mask(octets, b'-'))) & after != 0 {
        return None;
    }
    dots &= after - 1;
    let mut start = 0;
    for _ in 0..3 {
        let dot = dots.trailing_zeros();
        if !(1..=3).contains(&dot.wrapping_sub(start)) {
            return None;
        }
        dots &= dots.wrapping_sub(1);
        start = dot + 1;
    }
    (dots == 0 && (1..=3).contains(&length.wrapping_sub(start))).then_some(at + length as usize)
}

/// Returns the end of the four numbers that begin at `at`, unless a name continues after them.
#[inline]
fn dotted_quad_end(bytes: &[u8], at: usize) -> Option<usize> {
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut end = at;
    for group in 0..4 {
        if group > 0 {
            if bytes.get(end) != Some(&b'.') {
                return None;
            }
            end += 1;
        }
        if !is_digit(end) {
            return None;
        }
        end += 1;
        if is_digit(end) {
            end += 1;
            if is_digit(end) {
                end += 1;
            }
        }
    }
    match bytes.get(end) {
        Some(b'.' | b'-') => None,
        Some(octet) if LABEL_CHARACTERS[*octet as usize] => None,
        _ => Some(end),
    }
}

fn reference_end(kind: ErrorKind, bytes: &[u8], at: usize) -> Result<usize, ParseError> {
    let length = bytes[at..].iter().take(64).position(|&octet| octet == b']');
    let Some(close) = length.map(|length| at + length) else {
        return Err(ParseError::new(
            kind,
            bytes.len(),
            "a bracket that closes the IPv6 address",
        ));
    };
    match std::str::from_utf8(&bytes[at + 1..close]).ok().and_then(ipv6) {
        Some(_) => Ok(close + 1),
        None => Err(ParseError::new(kind, at + 1, "an IPv6 address")),
    }
}

/// Parses an IPv6 address without its brackets, accepting the surplus colon of RFC 5118 §4.10.
pub(crate) fn ipv6(text: &str) -> Option<Ipv6Addr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let surplus = text.find(":::")?;
    let mut buffer = [0; 48];
    let fixed = buffer.get_mut(..text.len() - 1)?;
    let (before, after) = (&text.as_bytes()[..surplus], &text.as_bytes()[surplus + 1..]);
    fixed[..surplus].copy_from_slice(before);
    fixed[surplus..].copy_from_slice(after);
    std::str::from_utf8(fixed).ok()?.parse().ok()
}

/// Parses the port that begins at `at`, and returns it with its end.
pub(crate) fn port(kind: ErrorKind, bytes: &[u8], at: usize) -> Result<(u16, usize), ParseError> {
    let mut end = at;
    let mut value = 0u32;
    while let Some(octet) = bytes.get(end)
        && octet.is_ascii_digit()
        && value <= 65_535
    {
        value = value * 10 + u32::from(octet - b'0');
        end += 1;
    }
    match u16::try_from(value) {
        Ok(port) if end > at => Ok((port, end)),
        _ => Err(ParseError::new(kind, at, "a port from 0 to 65535")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_are_names_and_addresses() {
        for text in [
            "example.com",
            "sip_proxy_1",
            "example.com.",
            "a",
            "3f2a9c4b",
            "a-b.c",
            "xn--bcher-kva.example",
            "192.0.2.1",
            "[::1]",
            "[2001:db8::192.0.2.1]",
            "[2001:db8:::192.0.2.1]",
            "1.2.3.4.example",
            "3402000000",
            "34020000002000000001",
            "256",
            "0",
        ] {
            assert_eq!(
                Host::parse(text).map(|host| host.as_str().len()),
                Ok(text.len()),
                "{text}"
            );
        }
        for text in [
            "",
            ".",
            "-a",
            "a-",
            "a..b",
            "a.-b",
            "a-.b",
            "bücher.example",
            "1.2.3",
            "256.",
            "1.2.3.4.5",
            "1.2.3.4.",
            "2001:db8::10",
            "[]",
            "[::1",
            "[::g]",
            "[1]",
            "[::1%eth0]",
            "[::1]x",
            "a b",
            "a\r\n",
            "a:5060",
        ] {
            assert!(Host::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn hosts_compare_without_case_and_ipv6_by_value() {
        let host = |text| Host::parse(text).unwrap();
        assert_eq!(host("Example.COM"), host("example.com"));
        assert_eq!(host("[2001:DB8::0:10]"), host("[2001:db8::10]"));
        assert_eq!(host("[2001:db8:::192.0.2.1]"), host("[2001:db8::192.0.2.1]"));
        assert_ne!(host("[::1]"), host("[::2]"));
        assert_ne!(host("192.0.2.1"), host("[::ffff:192.0.2.1]"));
    }

    #[test]
    fn a_host_of_digits_is_text_and_no_address() {
        let host = |text| Host::parse(text).unwrap();
        // 3232235777 is 192.168.1.1 to those who read an IPv4 address as one number.
        for text in ["3402000000", "3232235777", "0", "34020000002000000001"] {
            assert_eq!(host(text).ip(), None, "{text}");
            assert_eq!(host(text), host(text));
        }
        assert_ne!(host("10"), host("010"));
        assert_ne!(host("3232235777"), host("192.168.1.1"));
        assert_eq!(host("019f9ae299f5"), host("019F9AE299F5"));
    }

    #[test]
    fn a_port_fits_sixteen_bits() {
        assert_eq!(port(ErrorKind::Uri, b"5060;x", 0).unwrap(), (5060, 4));
        assert_eq!(port(ErrorKind::Uri, b"65535", 0).unwrap().0, 65_535);
        for text in ["", "65536", "99999999999", "x"] {
            assert!(port(ErrorKind::Uri, text.as_bytes(), 0).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_short_name_ends_where_any_name_does(
            text in "[a-c_.0-]{0,40}[a-c.:-]{0,3}",
            after in "[;> \\[:]?.{0,20}",
            at in 0..4usize,
        ) {
            let text = format!("{text}{after}");
            let at = at.min(text.len());
            if let Some(end) = short_name_end(text.as_bytes(), at) {
                prop_assert_eq!(name_end(ErrorKind::Uri, text.as_bytes(), at), Ok(end));
            }
        }

        #[test]
        fn four_numbers_end_where_they_do(
            text in "[0-9.]{0,16}|([0-9]{1,3}\\.){3,4}[0-9]{0,3}",
            after in "[;> \\[:a.-]?.{0,20}",
            at in 0..4usize,
        ) {
            let text = format!("{text}{after}");
            let (bytes, at) = (text.as_bytes(), at.min(text.len()));
            if let Some(end) = quad_end(bytes, at) {
                prop_assert_eq!(dotted_quad_end(bytes, at), Some(end));
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,80}", brackets in "[\\[\\]:.0-9a-f]{0,60}") {
            let _ = Host::parse(&text);
            let _ = Host::parse(&brackets).map(|host| host.ip());
        }
    }
}
