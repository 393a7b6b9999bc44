//! The Subscription-State header, which reports the state of a subscription (RFC 6665 §8.2.3).

use super::parametrized::{Parametrized, check_seconds, check_token, param_accessors};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{decimal, is_token, prefix, token};
use crate::{ErrorKind, HeaderName, ParseError, params};

/// A Subscription-State header: the state of a subscription in a NOTIFY.
///
/// [RFC 6665 §8.2.3](https://www.rfc-editor.org/rfc/rfc6665#section-8.2.3), with the grammar of §8.4:
///
/// ```text
/// Subscription-State   = "Subscription-State" HCOLON substate-value *( SEMI subexp-params )
/// substate-value       = "active" / "pending" / "terminated" / extension-substate
/// subexp-params        = ("reason" EQUAL event-reason-value)
///                      / ("expires" EQUAL delta-seconds)
///                      / ("retry-after" EQUAL delta-seconds)
///                      / generic-param
/// event-reason-value   = "deactivated" / "probation" / "rejected" / "timeout" / "giveup"
///                      / "noresource" / "invariant" / event-reason-extension
/// ```
///
/// States and reasons are compared without case. Two values are equal if their states and all their
/// parameters are equal.
///
/// ```
/// use spigot_parser::header::SubscriptionState;
///
/// let state: SubscriptionState = "active;expires=3599".parse()?;
/// assert!(state.is_active());
/// assert_eq!(state.expires(), Some(3599));
///
/// let state = SubscriptionState::terminated().with_reason(SubscriptionState::PROBATION)?.with_retry_after(60)?;
/// assert_eq!(state.to_string(), "terminated;reason=probation;retry-after=60");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct SubscriptionState {
    text: Parametrized,
}

impl SubscriptionState {
    /// The subscription ended, and the client should subscribe again at once, perhaps at another node.
    pub const DEACTIVATED: &'static str = "deactivated";
    /// The subscription ended, and the client should subscribe again later.
    pub const PROBATION: &'static str = "probation";
    /// The subscription is not authorized any more, and the client should not subscribe again.
    pub const REJECTED: &'static str = "rejected";
    /// The subscription was not refreshed in time.
    pub const TIMEOUT: &'static str = "timeout";
    /// The subscription was not authorized in time.
    pub const GIVEUP: &'static str = "giveup";
    /// The resource no longer exists, and the client should not subscribe again.
    pub const NORESOURCE: &'static str = "noresource";
    /// The resource will not change, and the client should not subscribe again.
    pub const INVARIANT: &'static str = "invariant";
    /// The filter of the subscription was not understood (RFC 4660).
    pub const BADFILTER: &'static str = "badfilter";

    /// Creates the state of an accepted subscription that ends in `expires` seconds unless refreshed.
    pub fn active(expires: u32) -> SubscriptionState {
        SubscriptionState {
            text: Parametrized::known(format!("active;expires={expires}"), "active".len()),
        }
    }

    /// Creates the state of a subscription that is not authorized yet, and ends in `expires` seconds unless
    /// refreshed.
    pub fn pending(expires: u32) -> SubscriptionState {
        SubscriptionState {
            text: Parametrized::known(format!("pending;expires={expires}"), "pending".len()),
        }
    }

    /// Creates the state of a subscription that has ended.
    pub fn terminated() -> SubscriptionState {
        SubscriptionState {
            text: Parametrized::bare("terminated"),
        }
    }

    /// Creates the state `state`, without parameters.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if it is no token.
    pub fn new(state: &str) -> Result<SubscriptionState, ParseError> {
        match is_token(state) {
            true => Ok(SubscriptionState {
                text: Parametrized::bare(state),
            }),
            false => Err(ParseError::new(ErrorKind::Token, 0, EXPECTED)),
        }
    }

    /// Returns the state as written.
    pub fn state(&self) -> &str {
        self.text.value()
    }

    /// Reports whether the subscription is accepted.
    pub fn is_active(&self) -> bool {
        self.state().eq_ignore_ascii_case("active")
    }

    /// Reports whether the subscription is not authorized yet.
    pub fn is_pending(&self) -> bool {
        self.state().eq_ignore_ascii_case("pending")
    }

    /// Reports whether the subscription has ended.
    pub fn is_terminated(&self) -> bool {
        self.state().eq_ignore_ascii_case("terminated")
    }

    /// Returns the seconds until the subscription ends unless it is refreshed, or `None` if it has ended.
    ///
    /// > The "expires" parameter has no semantics for "terminated" -- notifiers SHOULD NOT include an
    /// > "expires" parameter on a "Subscription-State" header field with a value of "terminated", and
    /// > subscribers MUST ignore any such parameter, if present.
    pub fn expires(&self) -> Option<u32> {
        match self.is_terminated() {
            true => None,
            false => self.seconds("expires"),
        }
    }

    /// Returns the reason for the end of the subscription: one of the constants of this type, or another
    /// token.
    pub fn reason(&self) -> Option<&str> {
        self.param("reason").flatten()
    }

    /// Reports whether the reason is `reason`, compared without case.
    pub fn is_for(&self, reason: &str) -> bool {
        self.reason().is_some_and(|it| it.eq_ignore_ascii_case(reason))
    }

    /// Returns the seconds that the client has to wait before it subscribes again.
    pub fn retry_after(&self) -> Option<u32> {
        self.seconds("retry-after")
    }

    /// Sets the seconds until the subscription ends.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if the subscription is over, [`ErrorKind::TooManyParams`].
    pub fn with_expires(self, seconds: u32) -> Result<SubscriptionState, ParseError> {
        match self.is_terminated() {
            true => fault(0, "a subscription that is not terminated"),
            false => self.with_param("expires", Some(&seconds.to_string())),
        }
    }

    /// Sets the reason for the end of the subscription.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if `reason` is no token, [`ErrorKind::TooManyParams`].
    pub fn with_reason(self, reason: &str) -> Result<SubscriptionState, ParseError> {
        self.with_param("reason", Some(reason))
    }

    /// Sets the seconds that the client has to wait before it subscribes again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`].
    pub fn with_retry_after(self, seconds: u32) -> Result<SubscriptionState, ParseError> {
        self.with_param("retry-after", Some(&seconds.to_string()))
    }

    fn seconds(&self, name: &str) -> Option<u32> {
        decimal(self.param(name)??.as_bytes(), u32::MAX)
    }
}

const EXPECTED: &str = "the state of a subscription, which is a token";

param_accessors!(SubscriptionState);

impl TypedHeader for SubscriptionState {
    const NAME: HeaderName = HeaderName::SUBSCRIPTION_STATE;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let (state, end) = prefix(text, token(EXPECTED))?;
        let lasts = !state.eq_ignore_ascii_case("terminated");
        let text = Parametrized::scan(value, end, |param| {
            let is = |name: &str| param.name(text).eq_ignore_ascii_case(name);
            if is("reason") {
                check_token(param, "a reason, which is a token")
            } else if is("retry-after") || (lasts && is("expires")) {
                check_seconds(text, param)
            } else {
                Ok(())
            }
        })?;
        Ok(SubscriptionState { text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for SubscriptionState {
    fn eq(&self, other: &SubscriptionState) -> bool {
        self.state().eq_ignore_ascii_case(other.state())
            && params::agree(self.params(), other.params(), |_| true)
    }
}

text_traits!(SubscriptionState);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    fn state(text: &str) -> SubscriptionState {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_states_and_what_they_say() {
        assert_eq!(state("Active; Expires = 5"), SubscriptionState::active(5));
        assert!(state("PENDING").is_pending() && state("PENDING").expires().is_none());
        let over = state("terminated;reason=TimeOut;retry-after=7;x");
        assert!(over.is_terminated() && over.is_for(SubscriptionState::TIMEOUT));
        assert_eq!((over.reason(), over.retry_after()), (Some("TimeOut"), Some(7)));
        let other = state("sleeping;reason=late");
        assert!(!other.is_active() && !other.is_pending() && !other.is_terminated());
        assert_ne!(state("active"), state("pending"));
        assert_ne!(state("active;expires=1"), state("active"));
    }

    #[test]
    fn a_terminated_one_has_no_end_to_come() {
        assert_eq!(state("terminated;expires=5").expires(), None);
        assert_eq!(state("Terminated;expires=soon").expires(), None);
        assert!(SubscriptionState::terminated().with_expires(5).is_err());
        assert!("active;expires=soon".parse::<SubscriptionState>().is_err());
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            (";expires=1", 0),
            ("active expires=1", 7),
            ("active,", 6),
            ("active;", 7),
            ("active;expires", 14),
            ("active;expires=", 15),
            ("active;expires=-1", 15),
            ("active;expires=4294967296", 15),
            ("active;expires=1;EXPIRES=2", 17),
            ("terminated;reason=\"rejected\"", 18),
            ("terminated;reason", 17),
            ("terminated;retry-after=x", 23),
            ("active\r\n", 6),
        ] {
            let error = text.parse::<SubscriptionState>().unwrap_err();
            assert_eq!(error.offset(), offset, "{text:?}: {error}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let over = SubscriptionState::terminated();
        for evil in testing::EVIL {
            assert!(SubscriptionState::new(evil).is_err(), "{evil:?}");
            assert!(over.clone().with_reason(evil).is_err(), "{evil:?}");
            assert!(over.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
            assert!(over.clone().with_param(evil, None).is_err(), "{evil:?}");
        }
        assert!(over.with_param("retry-after", Some("soon")).is_err());
        assert!(SubscriptionState::new("a;b").is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            name in testing::token(), reason in testing::token(), seconds: u32, value in testing::param_value()
        ) {
            let built = SubscriptionState::new(&name).unwrap().with_reason(&reason).unwrap();
            let built = built.with_retry_after(seconds).unwrap().with_param("x", value.as_deref()).unwrap();
            prop_assert_eq!((built.reason(), built.retry_after()), (Some(reason.as_str()), Some(seconds)));
            testing::assert_round_trip(&built);
            for lasting in [SubscriptionState::active(7), SubscriptionState::pending(8)] {
                testing::assert_round_trip(&lasting);
                let lasting = lasting.with_expires(seconds).unwrap();
                prop_assert_eq!(lasting.expires(), Some(seconds));
                testing::assert_round_trip(&lasting);
                testing::assert_round_trip(&lasting.without_param("expires").unwrap());
            }
            testing::assert_round_trip(&SubscriptionState::terminated());
        }
    }
}
