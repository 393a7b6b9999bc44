//! Which web pages may connect to a WebSocket listener.

use std::net::Ipv6Addr;

/// Which web pages may connect to a WebSocket listener, by their Origin
/// ([RFC 6455 §10.2](https://www.rfc-editor.org/rfc/rfc6455#section-10.2)).
///
/// A browser says in Origin where the page comes from that connects; anything else may say what it likes, or
/// nothing. So this protects the users of other pages, and is no authentication.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// `None`: every one.
    allowed: Option<Vec<String>>,
}

/// The text is the origin of no page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no origin of a page: expected a scheme, a host and, where the URI of the page has one, a port, as \
     `https://phone.example.com`"
)]
pub(super) struct BadOrigin(String);

impl Origins {
    /// Lets every page connect, and whatever is no page.
    pub const fn any() -> Origins {
        Origins { allowed: None }
    }

    /// Lets pages from these origins connect, and whatever names no origin.
    ///
    /// An origin is the scheme, the host and, where the URI of the page has one, the port:
    /// `https://phone.example.com`, `http://localhost:8000`. `null` is the origin of pages without one, such
    /// as a file. With a text that is no origin, such as a host alone, the listener does not start.
    pub fn only<T: Into<String>>(origins: impl IntoIterator<Item = T>) -> Origins {
        Origins {
            allowed: Some(origins.into_iter().map(Into::into).collect()),
        }
    }

    /// Whether a client may connect that names that origin, or none.
    pub fn allows(&self, origin: Option<&str>) -> bool {
        match (&self.allowed, origin) {
            (None, _) | (Some(_), None) => true,
            (Some(allowed), Some(origin)) => allowed
                .iter()
                .any(|known| as_said(known).eq_ignore_ascii_case(origin)),
        }
    }

    /// Checks that pages can come from each of the origins.
    ///
    /// # Errors
    ///
    /// The first origin that no page can come from.
    pub(super) fn check(&self) -> Result<(), BadOrigin> {
        let mut allowed = self.allowed.iter().flatten();
        match allowed.find(|origin| !is_origin(as_said(origin))) {
            Some(bad) => Err(BadOrigin(bad.clone())),
            None => Ok(()),
        }
    }
}

/// Gives an origin as browsers write it: without a slash at its end, and without the default port of its
/// scheme ([RFC 6454 §6.2](https://www.rfc-editor.org/rfc/rfc6454#section-6.2)).
fn as_said(origin: &str) -> &str {
    let origin = origin.strip_suffix('/').unwrap_or(origin);
    let begins = |scheme: &str| {
        let begin = origin.get(..scheme.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    let mut defaults = [("https://", ":443"), ("http://", ":80")].into_iter();
    let default = defaults.find(|(scheme, _)| begins(scheme));
    default
        .and_then(|(_, port)| origin.strip_suffix(port))
        .unwrap_or(origin)
}

/// Whether a browser can name that origin
/// ([RFC 6454 §7.1](https://www.rfc-editor.org/rfc/rfc6454#section-7.1)):
///
/// ```text
/// origin-list-or-null = %x6E %x75 %x6C %x6C / origin-list
/// serialized-origin   = scheme "://" host [ ":" port ]
/// ```
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else {
        return text.eq_ignore_ascii_case("null");
    };
    // A page comes by no WebSocket: its own scheme is meant.
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
        && !["ws", "wss"]
            .iter()
            .any(|other| scheme.eq_ignore_ascii_case(other));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_host = match host.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok()),
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|octet| octet.is_ascii_alphanumeric() || b"-._".contains(&octet))
        }
    };
    let is_port = port
        .is_none_or(|port| port.bytes().all(|octet| octet.is_ascii_digit()) && port.parse::<u16>().is_ok());
    is_scheme && is_host && is_port
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_from_where_they_may() {
        let only = Origins::only(["https://phone.example.com/"]);
        assert!(only.allows(Some("https://PHONE.example.com")) && only.allows(None));
        assert!(!only.allows(Some("https://evil.example")) && !only.allows(Some("null")));
        assert!(Origins::any().allows(Some("https://evil.example")));
    }

    #[test]
    fn a_port_that_a_browser_does_not_name_is_not_waited_for() {
        let only = Origins::only([
            "https://phone.example.com:443",
            "HTTP://localhost:80/",
            "https://b.example:80",
        ]);
        assert!(only.allows(Some("https://phone.example.com")) && only.allows(Some("http://localhost")));
        assert!(only.allows(Some("https://b.example:80")) && !only.allows(Some("https://b.example")));
    }

    #[test]
    fn what_no_page_comes_from_is_no_origin() {
        assert_eq!(Origins::any().check(), Ok(()));
        let good = [
            "https://phone.example.com",
            "https://phone.example.com/",
            "http://localhost:8000",
            "http://[::1]:8000",
            "https://[2001:db8::1]",
            "capacitor://localhost",
            "http://my_host",
            "null",
        ];
        assert_eq!(Origins::only(good).check(), Ok(()));
        let bad = [
            "",
            "phone.example.com",
            "phone.example.com:443",
            "//phone.example.com",
            "://phone.example.com",
            "https:phone.example.com",
            "https://",
            "https://:443",
            "https://phone.example.com:",
            "https://phone.example.com:https",
            "https://phone.example.com:+8443",
            "https://phone.example.com:65536",
            "https://phone.example.com/call",
            "https://phone.example.com/call/",
            "https://alice@phone.example.com",
            "https://*.example.com",
            "https://b\u{fc}cher.example",
            "https://[::1",
            "https://[phone.example.com]",
            "wss://phone.example.com",
            "*",
            "http://a.example http://b.example",
        ];
        for origin in bad {
            let refused = Origins::only(["https://phone.example.com", origin]).check();
            assert_eq!(refused, Err(BadOrigin(origin.to_owned())), "{origin}");
        }
    }
}
