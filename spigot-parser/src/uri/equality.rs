//! Equality of SIP URIs.
//!
//! The code follows [RFC 3261 §19.1.4](https://www.rfc-editor.org/rfc/rfc3261#section-19.1.4) sentence by
//! sentence. Its test is the table of examples there.

use super::SipUri;
use super::escape::same;

/// > A URI omitting any component with a default value will not match a URI explicitly containing that
/// > component with its default value.
impl PartialEq for SipUri {
    fn eq(&self, other: &SipUri) -> bool {
        if self.as_str() == other.as_str() {
            return true;
        }
        // > A SIP and SIPS URI are never equivalent.
        self.is_secure() == other.is_secure()
            // > Comparison of the userinfo of SIP and SIPS URIs is case-sensitive.
            && same_or_absent(self.user(), other.user(), false)
            && same_or_absent(self.password(), other.password(), false)
            && self.host() == other.host()
            && self.port() == other.port()
            && same_params(self, other)
            && same_headers(self, other)
    }
}

fn same_or_absent(left: Option<&str>, right: Option<&str>, ignore_case: bool) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => same(left, right, ignore_case),
        (None, None) => true,
        _ => false,
    }
}

/// > Any uri-parameter appearing in both URIs must match.
/// >
/// > A user, ttl, or method uri-parameter appearing in only one URI never matches, even if it contains the
/// > default value.
/// >
/// > A URI that includes an maddr parameter will not match a URI that contains no maddr parameter.
/// >
/// > All other uri-parameters appearing in only one URI are ignored when comparing the URIs.
///
/// `transport` follows the rule of `maddr`, as it does in the RFC's own examples.
fn same_params(left: &SipUri, right: &SipUri) -> bool {
    let agrees = |one: &SipUri, two: &SipUri| {
        one.params().all(|(name, value)| {
            let mut theirs = two
                .params()
                .filter(|(other, _)| same(name, other, true))
                .peekable();
            match theirs.peek() {
                Some(_) => theirs.any(|(_, other)| same_or_absent(value, other, true)),
                None => !counts_when_absent(name),
            }
        })
    };
    agrees(left, right) && agrees(right, left)
}

fn counts_when_absent(name: &str) -> bool {
    ["user", "ttl", "method", "maddr", "transport"]
        .iter()
        .any(|counting| same(name, counting, true))
}

/// > URI header components are never ignored. Any present header component MUST be present in both URIs and
/// > match for the URIs to match.
fn same_headers(left: &SipUri, right: &SipUri) -> bool {
    let contains = |uri: &SipUri, (name, value): (&str, &str)| {
        uri.headers()
            .any(|(other, theirs)| same(name, other, true) && same(value, theirs, true))
    };
    left.headers().count() == right.headers().count()
        && left.headers().all(|header| contains(right, header))
        && right.headers().all(|header| contains(left, header))
}

#[cfg(test)]
mod tests {
    use crate::Uri;

    /// The examples of §19.1.4, and others for rules without an example.
    const EQUAL: &[(&str, &str)] = &[
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtlanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("SIP:a@b", "sip:a@B"),
        ("sip:a@[2001:DB8::1]", "sip:a@[2001:db8:0::1]"),
        ("sip:a@b;x=%41", "sip:a@b;X=a"),
        ("sip:a@b?Subject=A", "sip:a@b?subject=a"),
    ];

    const DIFFERENT: &[(&str, &str)] = &[
        (
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        (
            "sip:carol@chicago.com;newparam=5",
            "sip:carol@chicago.com;newparam=6",
        ),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;security=off",
        ),
        ("sip:a@b", "sips:a@b"),
        ("sip:a@b", "sip:b"),
        ("sip:a:x@b", "sip:a@b"),
        ("sip:a:x@b", "sip:a:X@b"),
        ("sip:a@b;user=ip", "sip:a@b"),
        ("sip:a@b;ttl=1", "sip:a@b"),
        ("sip:a@b;method=INVITE", "sip:a@b"),
        ("sip:a@b;maddr=192.0.2.1", "sip:a@b"),
        ("sip:a%3Bb@c", "sip:a;b@c"),
        ("sip:%00@b", "sip:%00%00@b"),
        ("sip:a@b?x=1&x=1", "sip:a@b?x=1"),
        ("sip:+1@b", "tel:+1"),
    ];

    #[test]
    fn the_examples_of_the_rfc() {
        let uri = |text: &str| {
            text.parse::<Uri>()
                .unwrap_or_else(|error| panic!("{text}: {error}"))
        };
        for (left, right) in EQUAL {
            assert_eq!(uri(left), uri(right));
            assert_eq!(uri(right), uri(left));
        }
        for (left, right) in DIFFERENT {
            assert_ne!(uri(left), uri(right));
            assert_ne!(uri(right), uri(left));
        }
    }

    #[test]
    fn equality_is_not_transitive() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        let (on, none, off) = (
            uri("sip:c@d;security=on"),
            uri("sip:c@d"),
            uri("sip:c@d;security=off"),
        );
        assert!(on == none && none == off && on != off);
    }
}
