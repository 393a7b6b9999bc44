//! The Resource-Priority and Accept-Resource-Priority headers, which order calls when resources are scarce
//! (RFC 4412 §3).

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, elements, fault, text_traits};
use crate::grammar::{Class, Span, alphanum_and, class_end};
use crate::{ErrorKind, HeaderName, ParseError};

/// A namespace, and a priority in it.
///
/// ```text
/// r-value     = namespace "." r-priority
/// namespace   = token-nodot
/// r-priority  = token-nodot
/// token-nodot = 1*( alphanum / "-"  / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~" )
/// ```
///
/// Both are compared without case.
#[derive(Clone, Copy, Debug)]
pub struct ResourceValue<'a> {
    namespace: &'a str,
    priority: &'a str,
}

static TOKEN_NODOT: Class = alphanum_and(b"-!%*_+`'~");

const EXPECTED: &str = "a namespace, a dot and a priority";

/// The largest number of values of a Resource-Priority, which is more than there are namespaces.
const MAX_VALUES: usize = 64;

impl<'a> ResourceValue<'a> {
    /// Returns the namespace, such as `dsn` or `esnet`.
    pub fn namespace(&self) -> &'a str {
        self.namespace
    }

    /// Returns the priority, whose meaning the namespace defines.
    pub fn priority(&self) -> &'a str {
        self.priority
    }

    fn parse(text: &'a str) -> Result<ResourceValue<'a>, ParseError> {
        let dot = class_end(&TOKEN_NODOT, text.as_bytes(), 0);
        let end = class_end(&TOKEN_NODOT, text.as_bytes(), (dot + 1).min(text.len()));
        if dot == 0 || !text[dot..].starts_with('.') {
            return fault(dot, EXPECTED);
        }
        if end == dot + 1 || end < text.len() {
            return fault(end, EXPECTED);
        }
        Ok(ResourceValue {
            namespace: &text[..dot],
            priority: &text[dot + 1..],
        })
    }
}

impl PartialEq for ResourceValue<'_> {
    fn eq(&self, other: &ResourceValue<'_>) -> bool {
        self.namespace.eq_ignore_ascii_case(other.namespace)
            && self.priority.eq_ignore_ascii_case(other.priority)
    }
}

impl Eq for ResourceValue<'_> {}

/// Returns the values of a list that has been checked.
fn values(text: &str) -> impl Iterator<Item = ResourceValue<'_>> + '_ {
    elements(text).filter_map(|value| ResourceValue::parse(value).ok())
}

macro_rules! resource_values {
    ($($(#[$doc:meta])* $type:ident, $name:ident, $check:expr, $errors:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            text: ByteString,
        }

        impl $type {
            /// Creates a list of the given (namespace, priority) pairs.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Token`] if one is no token or has a dot.
            #[doc = $errors]
            pub fn new<'a>(values: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ParseError> {
                let mut text = String::new();
                for (namespace, priority) in values {
                    if !is_token_nodot(namespace) || !is_token_nodot(priority) {
                        return Err(ParseError::new(ErrorKind::Token, 0, "namespace and priority, tokens without dots"));
                    }
                    if !text.is_empty() {
                        text.push_str(", ");
                    }
                    text.push_str(namespace);
                    text.push('.');
                    text.push_str(priority);
                }
                Self::parse(Field::exact(&text))
            }

            /// Returns the values in their order.
            pub fn values(&self) -> impl Iterator<Item = ResourceValue<'_>> + '_ {
                values(&self.text)
            }

            /// Reports whether the list contains this priority.
            pub fn contains(&self, namespace: &str, priority: &str) -> bool {
                self.values().any(|value| value == ResourceValue { namespace, priority })
            }
        }

        impl TypedHeader for $type {
            const NAME: HeaderName = HeaderName::$name;
            const SHAPE: Shape = Shape::Joined;

            fn parse(value: Field<'_>) -> Result<Self, ParseError> {
                $check(value.as_str())?;
                Ok($type { text: value.share() })
            }

            fn write(&self, out: &mut String) {
                out.push_str(&self.text);
            }
        }

        /// Compares the values in any order.
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.values().all(|value| other.values().any(|it| it == value))
                    && other.values().all(|value| self.values().any(|it| it == value))
            }
        }

        text_traits!($type);
    )*};
}

resource_values! {
    /// A Resource-Priority header: the priority of the request for scarce resources, in one or more
    /// namespaces.
    ///
    /// [RFC 4412 §3.1](https://www.rfc-editor.org/rfc/rfc4412#section-3.1):
    ///
    /// ```text
    /// Resource-Priority = "Resource-Priority" HCOLON r-value *(COMMA r-value)
    /// ```
    ///
    /// > However, a particular namespace MUST NOT appear more than once in the same SIP message.
    ///
    /// There are at most 64 values, which is more than there are namespaces.
    ///
    /// ```
    /// use spigot_parser::header::ResourcePriority;
    ///
    /// let priority: ResourcePriority = "dsn.flash, wps.3".parse()?;
    /// assert_eq!((priority.of("WPS"), priority.of("ets")), (Some("3"), None));
    /// assert_eq!(ResourcePriority::new([("esnet", "0")])?.to_string(), "esnet.0");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ResourcePriority, RESOURCE_PRIORITY, check_once,
    "[`ErrorKind::Duplicate`] for a namespace that is there twice, [`ErrorKind::Value`] if there is none or are more than 64.";

    /// An Accept-Resource-Priority header: the values that the server accepts.
    ///
    /// The list may be empty.
    ///
    /// [RFC 4412 §3.2](https://www.rfc-editor.org/rfc/rfc4412#section-3.2):
    ///
    /// ```text
    /// Accept-Resource-Priority = "Accept-Resource-Priority" HCOLON [r-value *(COMMA r-value)]
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::AcceptResourcePriority;
    ///
    /// let accept: AcceptResourcePriority = "dsn.flash-override, dsn.flash".parse()?;
    /// assert!(accept.contains("DSN", "Flash") && !accept.contains("dsn", "routine"));
    /// assert_eq!(AcceptResourcePriority::new([("wps", "0"), ("wps", "1")])?.to_string(), "wps.0, wps.1");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    AcceptResourcePriority, ACCEPT_RESOURCE_PRIORITY, check, "";
}

impl ResourcePriority {
    /// Returns the priority in `namespace`, if there is one.
    pub fn of(&self, namespace: &str) -> Option<&str> {
        let mut values = self.values();
        values
            .find(|value| value.namespace.eq_ignore_ascii_case(namespace))
            .map(|value| value.priority)
    }
}

impl AcceptResourcePriority {
    /// Reports whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

fn is_token_nodot(text: &str) -> bool {
    !text.is_empty() && class_end(&TOKEN_NODOT, text.as_bytes(), 0) == text.len()
}

/// Checks a list, which may be empty.
fn check(text: &str) -> Result<(), ParseError> {
    if !text.is_empty() {
        for element in elements(text) {
            ResourceValue::parse(element)
                .map_err(|error| error.shifted(Span::within(text, element).start()))?;
        }
    }
    Ok(())
}

/// Checks a list in which each namespace may be there only once.
fn check_once(text: &str) -> Result<(), ParseError> {
    for (index, element) in elements(text).enumerate() {
        let at = Span::within(text, element).start();
        if index == MAX_VALUES {
            return fault(at, "at most 64 values");
        }
        let value = ResourceValue::parse(element).map_err(|error| error.shifted(at))?;
        let mut before = values(text).take(index);
        if before.any(|other| other.namespace.eq_ignore_ascii_case(value.namespace)) {
            return Err(ParseError::new(ErrorKind::Duplicate, at, "each namespace once"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn neither_namespace_nor_priority_has_case() {
        let priority = |text: &str| text.parse::<ResourcePriority>().unwrap();
        assert_eq!(priority("dsn.flash , WPS.3"), priority("wps.3,DSN.Flash"));
        assert_ne!(priority("dsn.flash"), priority("dsn.flash, wps.3"));
        assert_ne!(priority("dsn.flash"), priority("dsn.routine"));
        assert!(priority("dsn.flash").contains("Dsn", "FLASH"));
        let accept = |text: &str| text.parse::<AcceptResourcePriority>().unwrap();
        assert_eq!(accept("a.1, a.2, a.1"), accept("A.2,A.1"));
        assert!(accept("").is_empty() && accept("").values().count() == 0);
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            (",", 0),
            ("dsn", 3),
            ("dsn.", 4),
            (".flash", 0),
            ("dsn.flash.x", 9),
            ("dsn.flash,", 10),
            ("dsn.flash, wps 3", 14),
            ("dsn.flash;x", 9),
            ("dsn. flash", 4),
            ("a.1, b.2, A.3", 10),
            ("\"a\".1", 0),
            ("a.é", 2),
            ("a.1\r\n", 3),
        ] {
            let error = text.parse::<ResourcePriority>().unwrap_err();
            assert_eq!(error.offset(), offset, "{text:?}: {error}");
        }
        for (text, offset) in [(",", 0), ("a.1,", 4), ("a.1, b", 6)] {
            assert_eq!(
                text.parse::<AcceptResourcePriority>().unwrap_err().offset(),
                offset,
                "{text:?}"
            );
        }
    }

    #[test]
    fn each_namespace_is_in_a_message_once() {
        let request = Request::parse(
            "INVITE sip:a.example SIP/2.0\r\nResource-Priority: dsn.flash\r\nResource-Priority: DSN.routine\r\n\r\n",
        )
        .unwrap();
        let error = request.headers().typed::<ResourcePriority>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Duplicate);
        assert_eq!(
            ResourcePriority::new([("a", "1"), ("A", "2")])
                .unwrap_err()
                .kind(),
            ErrorKind::Duplicate
        );
    }

    #[test]
    fn sixty_four_and_no_more() {
        let many = |count: usize| {
            (0..count)
                .map(|n| format!("n{n}.1"))
                .collect::<Vec<_>>()
                .join(",")
        };
        assert_eq!(many(64).parse::<ResourcePriority>().unwrap().values().count(), 64);
        assert_eq!(
            many(65).parse::<ResourcePriority>().unwrap_err().kind(),
            ErrorKind::Value
        );
        assert!(many(65).parse::<AcceptResourcePriority>().is_ok());
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        for evil in testing::EVIL.iter().copied().chain(["", "a.b", "a,b"]) {
            assert!(ResourcePriority::new([(evil, "1")]).is_err(), "{evil:?}");
            assert!(ResourcePriority::new([("a", evil)]).is_err(), "{evil:?}");
            assert!(AcceptResourcePriority::new([(evil, "1")]).is_err(), "{evil:?}");
            assert!(AcceptResourcePriority::new([("a", evil)]).is_err(), "{evil:?}");
        }
        assert!(ResourcePriority::new([]).is_err() && AcceptResourcePriority::new([]).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            values in prop::collection::btree_map("[a-z0-9!%*_+`'~-]{1,6}", "[A-Za-z0-9!%*_+`'~-]{1,6}", 0..6)
        ) {
            let pairs = || values.iter().map(|(namespace, priority)| (namespace.as_str(), priority.as_str()));
            let accept = AcceptResourcePriority::new(pairs().chain(pairs())).unwrap();
            prop_assert_eq!(accept.values().count(), 2 * values.len());
            testing::assert_round_trip(&accept);
            prop_assume!(!values.is_empty());
            let priority = ResourcePriority::new(pairs()).unwrap();
            prop_assert!(priority.values().map(|value| (value.namespace(), value.priority())).eq(pairs()));
            testing::assert_round_trip(&priority);
        }
    }
}
