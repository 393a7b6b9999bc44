//! Patterns that match URIs, as routes use them.
//!
//! The macros and the router share this code. The one invariant: the time to match is bounded by the length
//! of the URI times that of the pattern.
//!
//! ```text
//! pattern   = "*" / ( scheme ":" [ user "@" ] host [ ":" port ] *( ";" name [ "=" value ] ) )
//! component = 1*( literal / capture / "*" )         ; user, host, value; port is a number, a capture or "*"
//! capture   = "{" identifier "}"
//! ```

mod component;
mod domains;
mod parse;
mod set;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::host::Host;
use crate::uri::escape::unescape_utf8;
use crate::{ParseError, SipUri, Uri};
use component::{Case, Component};

pub use domains::Domains;
pub use set::{Candidates, PatternSet};

/// A pattern that matches URIs.
///
/// - A literal user is compared with its escapes decoded and with case. A literal host, parameter value or
///   scheme is compared without case, and an IPv6 address by value. A literal star is written `%2A`.
/// - A capture takes at least one character, and `*` any number. Both take as few as possible and end before
///   the next literal. Two of them are never adjacent.
/// - A pattern without a port matches any port or none. A pattern without a user matches only URIs without
///   one. The parameters of the pattern must be there. Other parameters, passwords and headers are ignored.
/// - The capture `{domain}` of a host can be limited to some domains ([`Pattern::with_domains`]).
/// - `sip:` does not match `sips:`. Visual separators of `tel:` URIs are ignored. In other schemes, what
///   follows the colon is one component. `*` alone matches every URI.
///
/// ```
/// use spigot_parser::{Pattern, Uri};
///
/// let pattern = Pattern::parse("sip:{room}@conference.{domain};transport=tcp")?;
/// let uri: Uri = "sip:t%65am@Conference.example.com:5070;transport=TCP;lr".parse()?;
/// let captures = pattern.matches(&uri).unwrap();
/// assert_eq!((captures.get("room"), captures.get("domain")), (Some("team"), Some("example.com")));
/// assert!(pattern.matches(&"sip:team@example.com;transport=tcp".parse()?).is_none());
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Pattern {
    text: String,
    names: Vec<String>,
    form: Form,
}

#[derive(Clone)]
enum Form {
    /// The pattern `*`.
    Any,
    Sip(SipPattern),
    Tel {
        scheme: String,
        number: Component,
        params: Vec<Param>,
    },
    Other {
        scheme: String,
        opaque: Component,
    },
}

#[derive(Clone)]
struct SipPattern {
    scheme: String,
    user: Option<Component>,
    host: Component,
    port: Option<Port>,
    params: Vec<Param>,
}

#[derive(Clone, PartialEq)]
enum Port {
    Number(u16),
    Any,
    Capture(String),
}

/// A parameter that must be there; without a value here, it may have any value or none.
#[derive(Clone)]
struct Param {
    name: String,
    value: Option<Component>,
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Pattern`](crate::ErrorKind::Pattern), with the offset within `text`.
    pub fn parse(text: &str) -> Result<Pattern, ParseError> {
        parse::pattern(text)
    }

    /// Returns the text of the pattern.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the names of the captures in their order.
    pub fn captures(&self) -> impl Iterator<Item = &str> + '_ {
        self.names.iter().map(String::as_str)
    }

    /// Reports whether the pattern is `*`, which matches every URI.
    pub fn is_catch_all(&self) -> bool {
        matches!(self.form, Form::Any)
    }

    /// Returns the scheme of the URIs that may match, or `None` for `*`.
    pub fn scheme(&self) -> Option<&str> {
        match &self.form {
            Form::Any => None,
            Form::Sip(pattern) => Some(&pattern.scheme),
            Form::Tel { scheme, .. } | Form::Other { scheme, .. } => Some(scheme),
        }
    }

    /// Reports whether the capture `{domain}` is the host of the pattern, or a part of it.
    pub fn captures_domain(&self) -> bool {
        matches!(&self.form, Form::Sip(pattern) if pattern.host.captures_domain())
    }

    /// Limits the capture `{domain}` of the host to these domains. It matches no other host then.
    ///
    /// ```
    /// use spigot_parser::{Domains, Pattern, Uri};
    ///
    /// let pattern = Pattern::parse("sip:{room}@conference.{domain}")?;
    /// let pattern = pattern.with_domains(&Domains::new(["example.com"])?);
    /// assert!(pattern.matches(&"sip:7@conference.Example.com".parse()?).is_some());
    /// assert!(pattern.matches(&"sip:7@conference.example.org".parse()?).is_none());
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    #[must_use]
    pub fn with_domains(mut self, domains: &Domains) -> Pattern {
        if let Form::Sip(pattern) = &mut self.form
            && pattern.host.captures_domain()
        {
            pattern.host.domains = Some(domains.clone());
        }
        self
    }

    /// Reports whether the host of the pattern is a name or a part of one, such as `*.example.com`, and not
    /// an IP address, a capture or `*`. A `{domain}` that is [limited](Pattern::with_domains) is a name.
    ///
    /// ```
    /// use spigot_parser::Pattern;
    ///
    /// assert!(Pattern::parse("sip:*@conference.{domain}")?.names_domain());
    /// assert!(!Pattern::parse("sip:desk@192.0.2.1")?.names_domain());
    /// assert!(!Pattern::parse("sip:desk@*")?.names_domain());
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    pub fn names_domain(&self) -> bool {
        match &self.form {
            Form::Sip(pattern) => pattern.host.names_domain(),
            Form::Any | Form::Tel { .. } | Form::Other { .. } => false,
        }
    }

    /// Matches a URI and returns the captured texts, or `None` if it does not match.
    pub fn matches<'u>(&self, uri: &'u Uri) -> Option<Captures<'_, 'u>> {
        let mut captures = Captures { values: Vec::new() };
        let matched = match (&self.form, uri) {
            (Form::Any, _) => true,
            (Form::Sip(pattern), Uri::Sip(uri)) => pattern.matches(uri, &mut captures),
            (Form::Tel { number, params, .. }, Uri::Tel(uri)) => {
                number.matches(Cow::Owned(uri.digits()), Case::Ignored, &mut captures)
                    && params
                        .iter()
                        .all(|param| param.matches(uri.params(), &mut captures))
            }
            (Form::Other { scheme, opaque }, Uri::Other(uri)) => {
                scheme.eq_ignore_ascii_case(uri.scheme())
                    && opaque.matches(uri.opaque().into(), Case::Counts, &mut captures)
            }
            _ => false,
        };
        matched.then_some(captures)
    }

    /// Reports whether this pattern matches every URI that `other` matches.
    ///
    /// The result is `true` only if comparing the two piece by piece proves it; `false` means that it is
    /// unknown.
    ///
    /// A capture is taken to match any value, although its handler argument may fail to parse.
    ///
    /// ```
    /// use spigot_parser::Pattern;
    ///
    /// let all = Pattern::parse("sip:{user}@{host}")?;
    /// let one = Pattern::parse("sip:alice@example.com;transport=tcp")?;
    /// assert!(all.covers(&one) && !one.covers(&all));
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    pub fn covers(&self, other: &Pattern) -> bool {
        match (&self.form, &other.form) {
            (Form::Any, _) => true,
            (Form::Sip(wide), Form::Sip(narrow)) => wide.covers(narrow),
            (
                Form::Tel {
                    number: wide,
                    params: asked,
                    ..
                },
                Form::Tel {
                    number: narrow,
                    params: given,
                    ..
                },
            ) => wide.covers(narrow, Case::Ignored) && Param::cover(asked, given),
            (
                Form::Other {
                    scheme: one,
                    opaque: wide,
                },
                Form::Other {
                    scheme: two,
                    opaque: narrow,
                },
            ) => one.eq_ignore_ascii_case(two) && wide.covers(narrow, Case::Counts),
            _ => false,
        }
    }
}

impl SipPattern {
    fn is_secure(&self) -> bool {
        self.scheme.len() == "sips".len()
    }

    fn matches<'p, 'u>(&'p self, uri: &'u SipUri, captures: &mut Captures<'p, 'u>) -> bool {
        let user = match (&self.user, uri.user()) {
            (None, None) => true,
            // A user that is not UTF-8 cannot be compared as text, so it matches nothing.
            (Some(pattern), Some(user)) => {
                unescape_utf8(user).is_some_and(|user| pattern.matches(user, Case::Counts, captures))
            }
            _ => false,
        };
        let host = uri.host().as_str();
        self.is_secure() == uri.is_secure()
            && user
            && match self.host.literal() {
                Some(literal) => Host::known(literal) == host,
                None => self.host.matches(host.into(), Case::Ignored, captures),
            }
            && match (&self.port, uri.port()) {
                (None, _) | (Some(Port::Any), Some(_)) => true,
                (Some(Port::Number(number)), port) => port == Some(*number),
                (Some(Port::Capture(name)), Some(port)) => {
                    captures.values.push((name, port.to_string().into()));
                    true
                }
                (Some(_), None) => false,
            }
            && self
                .params
                .iter()
                .all(|param| param.matches(uri.params(), captures))
    }

    fn covers(&self, other: &SipPattern) -> bool {
        let user = match (&self.user, &other.user) {
            (None, None) => true,
            (Some(wide), Some(narrow)) => wide.covers(narrow, Case::Counts),
            _ => false,
        };
        let port = match (&self.port, &other.port) {
            (None, _) | (Some(Port::Any | Port::Capture(_)), Some(_)) => true,
            (Some(Port::Number(one)), Some(Port::Number(two))) => one == two,
            _ => false,
        };
        let host = match (self.host.literal(), other.host.literal()) {
            (Some(one), Some(two)) => Host::known(one) == Host::known(two),
            _ => self.host.covers(&other.host, Case::Ignored),
        };
        self.is_secure() == other.is_secure()
            && user
            && host
            && port
            && Param::cover(&self.params, &other.params)
    }
}

impl Param {
    fn matches<'p, 'u>(&'p self, params: crate::Params<'u>, captures: &mut Captures<'p, 'u>) -> bool {
        match (&self.value, params.get(&self.name)) {
            (_, None) | (Some(_), Some(None)) => false,
            (None, Some(_)) => true,
            (Some(pattern), Some(Some(value))) => {
                unescape_utf8(value).is_some_and(|value| pattern.matches(value, Case::Ignored, captures))
            }
        }
    }

    /// Reports whether the `given` parameters imply all that are `asked` for.
    fn cover(asked: &[Param], given: &[Param]) -> bool {
        asked.iter().all(|asked| {
            let mut same_name = given
                .iter()
                .filter(|given| given.name.eq_ignore_ascii_case(&asked.name));
            same_name.any(|given| match (&asked.value, &given.value) {
                (None, _) => true,
                (Some(wide), Some(narrow)) => wide.covers(narrow, Case::Ignored),
                (Some(_), None) => false,
            })
        })
    }
}

impl FromStr for Pattern {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Pattern::parse(text)
    }
}

/// Compares the texts of the patterns.
impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

/// The texts that the captures of a pattern took from a URI, unescaped.
#[derive(Clone, Debug)]
pub struct Captures<'p, 'u> {
    values: Vec<(&'p str, Cow<'u, str>)>,
}

impl Captures<'_, '_> {
    /// Returns the text of the capture `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(found, _)| *found == name)
            .map(|(_, value)| &**value)
    }

    /// Returns (name, text) pairs in the order of the pattern.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + '_ {
        self.values.iter().map(|(name, value)| (*name, &**value))
    }

    /// Returns the number of captures.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Reports whether there are no captures.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// Returns the digits of a `tel` literal without visual separators, which matching ignores.
fn tel_digits(literal: &str) -> String {
    crate::uri::tel_digits(literal).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn captured(pattern: &str, uri: &str) -> Option<Vec<String>> {
        let pattern = Pattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        let uri: Uri = uri.parse().unwrap();
        let captures = pattern.matches(&uri)?;
        Some(
            captures
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        )
    }

    #[test]
    fn what_matches_and_what_it_captures() {
        for (pattern, uri, expected) in [
            ("*", "urn:x", &[] as &[&str]),
            (
                "sip:alice@example.com",
                "SIP:%61lice@EXAMPLE.com:5070;lr?x=y",
                &[],
            ),
            ("sip:alice@example.com", "sip:alice:secret@example.com", &[]),
            (
                "sip:{user}@{host}",
                "sip:a%20b@[::1]",
                &["user=a b", "host=[::1]"],
            ),
            (
                "sip:{room}@conference.{domain}",
                "sip:r@Conference.a.b",
                &["room=r", "domain=a.b"],
            ),
            ("sip:{a}-{b}@*", "sip:x-y-z@h", &["a=x", "b=y-z"]),
            ("sip:{a}-{b}.c@*", "sip:--.c.c@h", &["a=-", "b=.c"]),
            ("sip:*@*.example.com", "sip:x@a.b.example.com", &[]),
            ("sip:example.com", "sip:example.com;x", &[]),
            ("sip:[2001:db8::1]", "sip:[2001:DB8:0::1]:1", &[]),
            ("sip:*:{port}", "sip:h:99", &["port=99"]),
            ("sip:*:5060", "sip:h:5060", &[]),
            (
                "sips:*;transport={t};lr",
                "sips:h;x;LR;Transport=t%63p",
                &["t=tcp"],
            ),
            ("sip:%2A98@*", "sip:*98@h", &[]),
            ("sip:%2A*@h", "sip:*98@h", &[]),
            ("sip:{u}@*", "sip:%00@h", &["u=\0"]),
            ("tel:+1-201{rest}", "tel:+1(201)555-0123", &["rest=5550123"]),
            (
                "tel:*;phone-context={c}",
                "TEL:7042;phone-context=example.com",
                &["c=example.com"],
            ),
            ("urn:service:{s}", "URN:service:sos.fire", &["s=sos.fire"]),
        ] {
            let expected = Some(expected.iter().map(|text| text.to_string()).collect::<Vec<_>>());
            assert_eq!(captured(pattern, uri), expected, "{pattern} {uri}");
        }
    }

    #[test]
    fn what_does_not_match() {
        for (pattern, uri) in [
            ("sip:alice@h", "sip:Alice@h"),
            ("sip:alice@h", "sips:alice@h"),
            ("sip:alice@h", "sip:alice@h.i"),
            ("sip:h", "sip:a@h"),
            ("sip:*@h", "sip:h"),
            ("sip:a{x}@h", "sip:a@h"),
            ("sip:h:5060", "sip:h"),
            ("sip:h:*", "sip:h"),
            ("sip:h:{p}", "sip:h"),
            ("sip:h;lr", "sip:h"),
            ("sip:h;x=1", "sip:h;x"),
            ("sip:h;x=1", "sip:h;x=2"),
            ("sip:*@*", "tel:+1"),
            ("sip:*@h", "sip:%ff@h"),
            ("tel:+1*", "tel:1"),
            ("urn:a", "urn:A"),
            ("sip:*.b.*@h", "sip:a.b@h"),
            ("sip:a*a@h", "sip:a@h"),
        ] {
            assert_eq!(captured(pattern, uri), None, "{pattern} {uri}");
        }
    }

    #[test]
    fn a_pattern_that_covers_another_matches_whatever_that_one_matches() {
        let covers = |wide: &str, narrow: &str| {
            Pattern::parse(wide)
                .unwrap()
                .covers(&Pattern::parse(narrow).unwrap())
        };
        for (wide, narrow) in [
            ("*", "sip:a@b"),
            ("sip:*@*", "sip:{u}@{h}"),
            ("sip:{u}@{h}", "sip:*@*"),
            ("sip:{u}@a.{h}", "sip:{x}@A.{y}:5060;lr"),
            ("sip:a*@*", "sip:abc@b"),
            ("SIP:a@B", "sip:a@b;x=y"),
            ("sip:*:*", "sip:*:5060"),
            ("sip:h;lr", "sip:h;LR=on"),
            ("sip:h;x=*", "sip:h;x=1"),
            ("tel:*", "tel:+1*"),
            ("urn:*", "urn:a{b}"),
        ] {
            assert!(covers(wide, narrow), "{wide} {narrow}");
        }
        for (wide, narrow) in [
            ("sip:*@*", "*"),
            ("sip:*", "sip:*@*"),
            ("sip:*@*", "sip:*"),
            ("sip:*@*", "sips:*@*"),
            ("sip:a@b", "sip:A@b"),
            ("sip:a@b;lr", "sip:a@b"),
            ("sip:h:5060", "sip:h"),
            ("sip:h:*", "sip:h"),
            ("sip:{a}x@h", "sip:*x@h"),
            ("sip:a{x}@h", "sip:a@h"),
            ("sip:a*b@h", "sip:a*@h"),
            ("sip:h;x=*", "sip:h;x"),
        ] {
            assert!(!covers(wide, narrow), "{wide} {narrow}");
        }
    }

    #[test]
    fn a_pathological_pattern_is_no_work() {
        let pattern = Pattern::parse(&format!("sip:{}@*", "*a".repeat(200))).unwrap();
        let uri: Uri = format!("sip:{}b@h", "a".repeat(5000)).parse().unwrap();
        assert!(pattern.matches(&uri).is_none());
    }

    proptest! {
        #[test]
        fn no_text_panics(
            text in ".{0,40}", likely in "(sip|tel|urn):[a-c{}*@:;=.%\\[\\]]{0,25}", uri in "(sip|tel|urn):[a-c%0-9@:;=.]{1,20}",
        ) {
            let _ = Pattern::parse(&text);
            if let (Ok(pattern), Ok(uri)) = (Pattern::parse(&likely), uri.parse::<Uri>()) {
                let captures = pattern.matches(&uri);
                if let Some(captures) = captures {
                    prop_assert!(captures.iter().map(|(name, _)| name).eq(pattern.captures()));
                }
            }
        }

        #[test]
        fn covering_is_sound(
            wide in "sip:([a{*][ab*}x]{0,3}@)?[a*.]{1,3}(:[*5])?(;a(=[a*])?)?", narrow in "sip:([ab*]{1,3}@)?[a*.]{1,3}(:[*5])?(;a(=[a*])?)?",
            uri in "sip:([ab]{1,3}@)?a(\\.a){0,1}(:5)?(;a(=a)?)?",
        ) {
            if let (Ok(wide), Ok(narrow)) = (Pattern::parse(&wide), Pattern::parse(&narrow)) {
                let uri: Uri = uri.parse().unwrap();
                prop_assert!(!wide.covers(&narrow) || narrow.matches(&uri).is_none() || wide.matches(&uri).is_some());
            }
        }
    }
}
