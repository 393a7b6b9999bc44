//! The domains that a capture may be limited to.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use crate::ParseError;
use crate::host::Host;

/// Domains that [`Pattern::with_domains`](crate::Pattern::with_domains) limits a capture to. Cloning shares
/// them.
///
/// They are compared without case, and IPv6 addresses by value.
///
/// ```
/// use spigot_parser::Domains;
///
/// let domains = Domains::new(["example.com", "192.0.2.1"])?;
/// assert!(domains.contains("Example.COM") && !domains.contains("sip.example.com"));
/// assert!(Domains::new(["sip:example.com"]).is_err());
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domains(Arc<HashSet<String>>);

impl Domains {
    /// Reads domains: names of hosts or IP addresses, without a port.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`](crate::ErrorKind::Uri) for the first text that is no host.
    pub fn new<D: AsRef<str>>(domains: impl IntoIterator<Item = D>) -> Result<Domains, ParseError> {
        let read = |domain: D| Host::parse(domain.as_ref()).map(|host| key(host.as_str()).into_owned());
        let all: Result<HashSet<String>, ParseError> = domains.into_iter().map(read).collect();
        all.map(|all| Domains(Arc::new(all)))
    }

    /// Reports whether `host` is one of the domains.
    pub fn contains(&self, host: &str) -> bool {
        self.0.contains(&*key(host))
    }
}

/// Returns the spelling of a host that is the same for all that are equal.
fn key(host: &str) -> Cow<'_, str> {
    if host.starts_with('[')
        && let Some(ip) = Host::known(host).ip()
    {
        Cow::Owned(format!("[{ip}]"))
    } else if host.bytes().any(|octet| octet.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Pattern, Uri};

    #[test]
    fn domains_are_compared_as_hosts() {
        let domains = Domains::new([String::from("Example.com"), "[2001:DB8:0::1]".into()]).unwrap();
        for host in ["example.com", "EXAMPLE.COM", "[2001:db8::1]", "[2001:db8:0:0::1]"] {
            assert!(domains.contains(host), "{host}");
        }
        for host in ["", "com", "example.com.org", "[2001:db8::2]", "[", "2001:db8::1"] {
            assert!(!domains.contains(host), "{host}");
        }
    }

    #[test]
    fn what_is_no_host_is_no_domain() {
        for text in [
            "",
            "sip:example.com",
            "example.com:5060",
            "*.example.com",
            "a@b",
            "2001:db8::1",
        ] {
            assert!(Domains::new(["example.com", text]).is_err(), "{text}");
        }
        assert!(!Domains::default().contains("example.com"));
    }

    #[test]
    fn a_limited_domain_covers_only_what_has_the_same_limit() {
        let ours = Domains::new(["example.com", "example.org"]).unwrap();
        let limited = |text: &str| Pattern::parse(text).unwrap().with_domains(&ours);
        let any = |text: &str| Pattern::parse(text).unwrap();
        let all = limited("sip:{user}@{domain}");
        assert!(all.covers(&limited("sip:{name}@{domain}:5060")));
        assert!(all.covers(&any("sip:alice@Example.org")));
        assert!(any("sip:{user}@{domain}").covers(&all));
        assert!(!all.covers(&any("sip:{user}@{domain}")));
        assert!(!all.covers(&any("sip:*@*")));
        assert!(!all.covers(&any("sip:alice@example.net")));
        assert!(!all.covers(&limited("sip:{user}@conference.{domain}")));
        let others = Domains::new(["example.com"]).unwrap();
        assert!(!all.covers(&any("sip:{user}@{domain}").with_domains(&others)));
        let rooms = limited("sip:*@{kind}.{domain}");
        assert!(rooms.covers(&limited("sip:*@{which}.{domain}")));
        assert!(rooms.covers(&any("sip:*@conference.example.com")));
        assert!(!rooms.covers(&limited("sip:*@{domain}.{kind}")));
        assert!(!limited("sip:*@*a{domain}").covers(&limited("sip:*@{x}a{domain}")));
    }

    #[test]
    fn only_the_domain_of_the_host_is_limited() {
        let ours = Domains::new(["example.com", "192.0.2.1", "[2001:db8::1]"]).unwrap();
        let captured = |pattern: &str, uri: &str| {
            let pattern = Pattern::parse(pattern).unwrap().with_domains(&ours);
            let uri: Uri = uri.parse().unwrap();
            let domain = pattern.matches(&uri)?.get("domain").map(str::to_owned);
            Some(domain.unwrap_or_default())
        };
        for (pattern, uri, expected) in [
            (
                "sip:{user}@{domain}",
                "sip:a@EXAMPLE.com:5070;lr",
                Some("EXAMPLE.com"),
            ),
            ("sip:{user}@{domain}", "sip:a@192.0.2.1", Some("192.0.2.1")),
            (
                "sip:{user}@{domain}",
                "sip:a@[2001:DB8:0::1]",
                Some("[2001:DB8:0::1]"),
            ),
            ("sip:{user}@{domain}", "sip:a@example.org", None),
            ("sip:{user}@{domain}", "sip:a@a.example.com", None),
            ("sip:{user}@{domain}", "sip:a@example.co", None),
            ("sips:{domain}", "sips:example.com", Some("example.com")),
            (
                "sip:*@conference.{domain}",
                "sip:a@conference.example.com",
                Some("example.com"),
            ),
            ("sip:*@conference.{domain}", "sip:a@conference.example.org", None),
            (
                "sip:*@{domain}.invalid",
                "sip:a@example.com.invalid",
                Some("example.com"),
            ),
            ("sip:*@{domain}.invalid", "sip:a@example.org.invalid", None),
            ("sip:{domain}@*", "sip:example.org@x", Some("example.org")),
            (
                "sip:*@*;maddr={domain}",
                "sip:a@x;maddr=example.org",
                Some("example.org"),
            ),
            ("sip:{user}@{host}", "sip:a@example.org", Some("")),
            ("tel:{domain}", "tel:+1", Some("+1")),
        ] {
            assert_eq!(captured(pattern, uri).as_deref(), expected, "{pattern} {uri}");
        }
    }

    #[test]
    fn a_domain_is_told_from_an_address_and_from_anything() {
        let ours = Domains::new(["example.com"]).unwrap();
        let names = |text: &str| Pattern::parse(text).unwrap().with_domains(&ours).names_domain();
        for text in [
            "sip:*@example.com",
            "sip:a.b",
            "sip:*@*.com",
            "sip:*@c{x}",
            "sip:*@{domain}",
        ] {
            assert!(names(text), "{text}");
        }
        for text in [
            "*",
            "sip:*@*",
            "sip:*@{host}",
            "sip:a@192.0.2.1",
            "sip:a@[2001:db8::1]",
            "sip:a@192.*",
            "tel:a",
        ] {
            assert!(!names(text), "{text}");
        }
        assert!(!Pattern::parse("sip:{user}@{domain}").unwrap().names_domain());
    }
}
