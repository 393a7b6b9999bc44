//! Headers of subscriptions, published state and lifetimes.

use spigot_parser::header::{
    Event, Expires, FlowTimer, MinExpires, ReferSub, RetryAfter, SipEtag, SipIfMatch, SubscriptionState,
    SuppressIfMatch,
};

use super::{family, params};
use crate::input::number;

family! {
    Event {
        read: |value| (value.package(), value.id(), value.params().count());
        built: |a, b| [Event::new(a).and_then(|event| event.with_id(b))];
        changed: |old, a, b| [
            params!(old, a, b),
            old.clone().with_id(b).inspect(|new| assert_eq!(new.id(), Some(b))),
        ];
    }
    Expires {
        read: |value| value.seconds();
        built: |a, _b| [Some(Expires::new(number(a))).inspect(|new| assert_eq!(new.seconds(), number(a)))];
    }
    FlowTimer {
        read: |value| value.seconds();
        built: |a, _b| [Some(FlowTimer::new(number(a))).inspect(|new| assert_eq!(new.seconds(), number(a)))];
    }
    MinExpires {
        read: |value| value.seconds();
        built: |a, _b| [Some(MinExpires::new(number(a))).inspect(|new| assert_eq!(new.seconds(), number(a)))];
    }
    ReferSub {
        read: |value| value.is_wanted();
        built: |a, _b| [Some(ReferSub::new(a.is_empty()))];
        changed: |old, a, b| [params!(old, a, b)];
    }
    RetryAfter {
        read: |value| (value.seconds(), value.comment(), value.duration(), value.params().count());
        built: |a, _b| [Some(RetryAfter::new(number(a))).inspect(|new| assert_eq!(new.seconds(), number(a)))];
        changed: |old, a, b| [
            params!(old, a, b),
            old.clone().with_comment(a),
            old.clone().with_duration(number(b)).inspect(|new| assert_eq!(new.duration(), Some(number(b)))),
        ];
    }
    SipEtag {
        read: |value| value.as_str().len();
        built: |a, _b| [SipEtag::new(a).inspect(|new| assert_eq!(new.as_str(), a))];
    }
    SipIfMatch {
        read: |value| value.as_str().len();
        built: |a, _b| [SipIfMatch::new(a).inspect(|new| assert_eq!(new.as_str(), a))];
        changed: |old, a, _b| [SipEtag::new(a).ok().and_then(|version| old.matches(&version).then(|| old.clone()))];
    }
    SubscriptionState {
        read: |value| (
            (value.state(), value.is_active(), value.is_pending(), value.is_terminated()),
            (value.expires(), value.reason(), value.retry_after(), value.params().count()),
        );
        built: |a, b| [
            SubscriptionState::new(a).inspect(|new| assert_eq!(new.state(), a)),
            SubscriptionState::terminated().with_reason(b),
            Some(SubscriptionState::active(number(a))).inspect(|new| assert_eq!(new.expires(), Some(number(a)))),
            Some(SubscriptionState::pending(number(b))),
        ];
        changed: |old, a, b| [
            params!(old, a, b),
            old.clone().with_expires(number(b)).inspect(|new| assert_eq!(new.expires(), Some(number(b)))),
            old.clone().with_retry_after(number(b)).inspect(|new| assert_eq!(new.retry_after(), Some(number(b)))),
            old.clone().with_reason(a).inspect(|new| assert_eq!(new.reason(), Some(a))),
        ];
    }
    SuppressIfMatch {
        read: |value| (value.as_str().len(), value.is_any());
        built: |a, _b| [SuppressIfMatch::new(a).inspect(|new| assert_eq!(new.as_str(), a))];
    }
}
