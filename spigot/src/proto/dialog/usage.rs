//! The usages of a dialog ([RFC 5057](https://www.rfc-editor.org/rfc/rfc5057)): a session, and subscriptions.
//!
//! The invariant: a dialog lives as long as one of its usages does, and has at most [`MOST`] of them.

use std::time::{Duration, Instant};

use smallvec::SmallVec;
use spigot_parser::header::{CSeq, Event, Expires, SubscriptionState};
use spigot_parser::{Headers, Method, Request};

/// How many usages a dialog has at most.
pub(crate) const MOST: usize = 8;

/// How long a subscription lives without an Expires: that of a REFER, and that of a package without a
/// default.
const UNSAID: Duration = Duration::from_secs(180);

/// Who asked for the notifications of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// We subscribed, and the peer notifies.
    Subscriber,
    /// The peer subscribed, and we notify.
    Notifier,
}

/// The session that an INVITE made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Session {
    /// There is none, or not any more.
    #[default]
    None,
    /// The session is early or confirmed.
    Up,
    /// Our BYE is under way.
    Ending,
}

/// The usages of a dialog.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usages {
    pub(crate) session: Session,
    subscriptions: SmallVec<[Subscription; 1]>,
}

#[derive(Clone, Debug)]
struct Subscription {
    side: Side,
    topic: Topic,
    until: Instant,
    /// Whether a NOTIFY of it was sent or taken.
    notified: bool,
    /// The end that its 2xx has granted, while its first NOTIFY has not come.
    granted: Option<Instant>,
}

/// The topic of a subscription, which tells its messages apart (RFC 6665 §4.5.1, RFC 3515 §2.4.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// The package and the `id` of an Event header.
    Event(Box<str>, Option<Box<str>>),
    /// The REFER with that CSeq number.
    Refer(u32),
}

impl Topic {
    /// Reads the topic of a request that begins, refreshes or notifies; `None` if it names none.
    pub(crate) fn of(request: &Request) -> Option<Topic> {
        let headers = request.headers();
        if *request.method() == Method::REFER {
            return Some(Topic::Refer(headers.typed::<CSeq>().ok()??.number()));
        }
        let event = headers.typed::<Event>().ok()??;
        Some(Topic::Event(event.package().into(), event.id().map(Into::into)))
    }

    /// Reports whether a message about `other` belongs to a subscription about this.
    ///
    /// [RFC 3515 §2.4.6](https://www.rfc-editor.org/rfc/rfc3515#section-2.4.6):
    /// > The first NOTIFY message sent in response to the second or subsequent REFER request(s) MUST include
    /// > this "id" parameter.
    pub(crate) fn covers(&self, other: &Topic) -> bool {
        match (self, other) {
            (Topic::Refer(number), Topic::Event(package, id)) if &**package == "refer" => {
                id.as_ref().is_none_or(|id| id.parse() == Ok(*number))
            }
            _ => self == other,
        }
    }
}

impl Usages {
    /// Reports whether the dialog is used for nothing any more.
    pub(crate) fn is_empty(&self) -> bool {
        self.session == Session::None && self.subscriptions.is_empty()
    }

    /// Reports whether there is no room for another usage.
    pub(crate) fn is_full(&self) -> bool {
        self.subscriptions.len() + usize::from(self.session != Session::None) >= MOST
    }

    /// Reports whether there is a subscription that a message about `topic` belongs to.
    pub(crate) fn has(&self, side: Side, topic: &Topic) -> bool {
        self.position(side, topic).is_some()
    }

    fn position(&self, side: Side, topic: &Topic) -> Option<usize> {
        let is_it = |usage: &Subscription| usage.side == side && usage.topic.covers(topic);
        self.subscriptions.iter().position(is_it)
    }

    /// Begins a subscription or gives it a new end. Returns `false` if there is no room for another.
    pub(crate) fn subscribe(&mut self, side: Side, topic: Topic, until: Instant) -> bool {
        if let Some(known) = self.position(side, &topic) {
            self.subscriptions[known].until = until;
            return true;
        }
        if self.is_full() {
            return false;
        }
        self.subscriptions.push(Subscription {
            side,
            topic,
            until,
            notified: false,
            granted: None,
        });
        true
    }

    /// Takes note that a subscription of ours was granted until `until`. Its first NOTIFY is waited for until
    /// `patience` and no longer.
    ///
    /// [RFC 6665 §4.1.2.4](https://www.rfc-editor.org/rfc/rfc6665#section-4.1.2.4):
    /// > If this Timer N expires prior to the receipt of a NOTIFY request, the subscriber considers the
    /// > subscription failed, and cleans up any state associated with the subscription attempt.
    ///
    /// A transfer that nobody tells of is given its whole time.
    pub(crate) fn grant(&mut self, topic: Topic, until: Instant, patience: Instant) {
        if !self.has(Side::Subscriber, &topic) && !self.subscribe(Side::Subscriber, topic.clone(), until) {
            return;
        }
        if let Some(known) = self.position(Side::Subscriber, &topic) {
            let usage = &mut self.subscriptions[known];
            if usage.notified || matches!(topic, Topic::Refer(_)) {
                usage.until = until;
            } else {
                usage.until = until.min(patience);
                usage.granted = Some(until);
            }
        }
    }

    /// Takes note of a NOTIFY by which a subscription goes on, until `until` if it says so.
    pub(crate) fn notified(&mut self, side: Side, topic: &Topic, until: Option<Instant>) {
        if let Some(known) = self.position(side, topic) {
            let usage = &mut self.subscriptions[known];
            usage.notified = true;
            let granted = usage.granted.take();
            usage.until = until.or(granted).unwrap_or(usage.until);
        }
    }

    /// Gives a subscription another topic.
    pub(crate) fn rename(&mut self, side: Side, before: &Topic, after: Topic) {
        if let Some(known) = self.position(side, before) {
            self.subscriptions[known].topic = after;
        }
    }

    /// Ends a subscription.
    pub(crate) fn unsubscribe(&mut self, side: Side, topic: &Topic) {
        if let Some(known) = self.position(side, topic) {
            self.subscriptions.remove(known);
        }
    }

    /// Ends the subscriptions whose time is over at `now`.
    pub(crate) fn expire(&mut self, now: Instant) {
        self.subscriptions.retain(|usage| usage.until > now);
    }

    /// Returns when the next subscription ends by itself.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        self.subscriptions.iter().map(|usage| usage.until).min()
    }

    /// Ends all subscriptions.
    pub(crate) fn end_subscriptions(&mut self) {
        self.subscriptions.clear();
    }

    /// Returns how many octets of memory the usages have beyond their own size.
    #[cfg(test)]
    pub(crate) fn heap(&self) -> usize {
        if self.subscriptions.spilled() {
            self.subscriptions.capacity() * size_of::<Subscription>()
        } else {
            0
        }
    }
}

/// Returns how long a subscription lasts after its request was answered 2xx. `spare` comes on top for the
/// last NOTIFY and its answer. A subscription that ends with its request has no more than that.
pub(crate) fn granted(request: &Request, response: &Headers, spare: Duration) -> Duration {
    if *request.method() == Method::REFER {
        return UNSAID + spare;
    }
    let time = expires(response).or_else(|| expires(request.headers()));
    time.unwrap_or(UNSAID) + spare
}

fn expires(headers: &Headers) -> Option<Duration> {
    let expires = headers.typed::<Expires>().ok()??;
    Some(Duration::from_secs(expires.seconds().into()))
}

/// The state of a subscription in a NOTIFY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notified {
    /// The subscription goes on, for so long if the NOTIFY says so.
    GoesOn(Option<Duration>),
    /// The subscription has ended.
    Ended,
}

impl Notified {
    /// Reads the Subscription-State of a NOTIFY. One without it, which old peers send, says nothing.
    pub(crate) fn by(notify: &Headers) -> Notified {
        match notify.typed::<SubscriptionState>() {
            Ok(Some(state)) if state.is_terminated() => Notified::Ended,
            Ok(Some(state)) => {
                let seconds = state.expires();
                Notified::GoesOn(seconds.map(|seconds| Duration::from_secs(seconds.into())))
            }
            _ => Notified::GoesOn(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch::epoch;

    fn event(package: &str, id: Option<&str>) -> Topic {
        Topic::Event(package.into(), id.map(Into::into))
    }

    #[test]
    fn subscriptions_are_told_apart_by_side_package_and_id() {
        let (mut usages, later) = (Usages::default(), epoch() + UNSAID);
        assert!(usages.subscribe(Side::Subscriber, event("presence", None), later));
        assert!(usages.subscribe(Side::Subscriber, event("presence", Some("1")), later));
        assert!(!usages.has(Side::Notifier, &event("presence", None)));
        assert!(!usages.has(Side::Subscriber, &event("dialog", None)));
        usages.unsubscribe(Side::Subscriber, &event("presence", Some("1")));
        assert!(usages.has(Side::Subscriber, &event("presence", None)));
        assert!(!usages.has(Side::Subscriber, &event("presence", Some("1"))));
    }

    #[test]
    fn a_refer_is_notified_of_by_its_number_or_by_none() {
        let mut usages = Usages::default();
        usages.subscribe(Side::Subscriber, Topic::Refer(7), epoch());
        assert!(usages.has(Side::Subscriber, &event("refer", None)));
        assert!(usages.has(Side::Subscriber, &event("refer", Some("7"))));
        assert!(!usages.has(Side::Subscriber, &event("refer", Some("8"))));
        assert!(!usages.has(Side::Subscriber, &event("presence", None)));
    }

    #[test]
    fn one_usage_more_than_there_may_be_is_refused() {
        let mut usages = Usages {
            session: Session::Up,
            ..Usages::default()
        };
        for number in 1..MOST as u32 {
            assert!(usages.subscribe(Side::Notifier, Topic::Refer(number), epoch()));
        }
        assert!(!usages.subscribe(Side::Notifier, Topic::Refer(100), epoch()));
        assert!(
            usages.subscribe(Side::Notifier, Topic::Refer(1), epoch()),
            "a refresh needs no room"
        );
    }

    #[test]
    fn a_granted_subscription_is_waited_for_until_its_first_notify() {
        let start = epoch();
        let at = |seconds| start + Duration::from_secs(seconds);
        let topic = event("presence", None);
        let granted = |usages: &mut Usages| {
            usages.grant(topic.clone(), at(600), at(32));
            assert_eq!(usages.next_end(), Some(at(32)));
        };
        let mut usages = Usages::default();
        granted(&mut usages);
        usages.notified(Side::Notifier, &topic, None);
        assert_eq!(usages.next_end(), Some(at(32)), "that is another subscription");
        usages.notified(Side::Subscriber, &topic, None);
        assert_eq!(usages.next_end(), Some(at(600)));
        usages.grant(topic.clone(), at(900), at(40));
        assert_eq!(usages.next_end(), Some(at(900)), "a refresh waits for nothing");

        let mut usages = Usages::default();
        granted(&mut usages);
        usages.notified(Side::Subscriber, &topic, Some(at(60)));
        assert_eq!(usages.next_end(), Some(at(60)));
        usages.notified(Side::Subscriber, &topic, None);
        assert_eq!(usages.next_end(), Some(at(60)), "the end that was said holds");

        // The NOTIFY may be first.
        let mut usages = Usages::default();
        usages.subscribe(Side::Subscriber, topic.clone(), at(32));
        usages.notified(Side::Subscriber, &topic, None);
        usages.grant(topic.clone(), at(600), at(32));
        assert_eq!(usages.next_end(), Some(at(600)));

        let mut usages = Usages::default();
        usages.grant(Topic::Refer(7), at(212), at(32));
        assert_eq!(usages.next_end(), Some(at(212)));
    }

    #[test]
    fn the_subscription_that_ends_first_is_the_next_one() {
        let (mut usages, start) = (Usages::default(), epoch());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(usages.next_end(), None);
        for (number, seconds) in [(1, 30), (2, 10), (3, 20)] {
            usages.subscribe(Side::Notifier, Topic::Refer(number), at(seconds));
        }
        assert_eq!(usages.next_end(), Some(at(10)));
        usages.subscribe(Side::Notifier, Topic::Refer(2), at(40));
        assert_eq!(usages.next_end(), Some(at(20)));
        usages.expire(at(30));
        assert_eq!(
            usages.next_end(),
            Some(at(40)),
            "one that ends at this moment has ended"
        );
        usages.end_subscriptions();
        assert_eq!((usages.next_end(), usages.is_empty()), (None, true));
    }

    #[test]
    fn what_was_granted_is_what_the_2xx_says_or_the_request_and_a_while_for_the_last_notify() {
        let request = |method: &str, expires: &str| {
            Request::parse(format!(
                "{method} sip:b@b.example SIP/2.0\r\nCSeq: 1 {method}\r\n{expires}\r\n"
            ))
            .expect("a request")
        };
        let spare = Duration::from_secs(32);
        let said = request("SUBSCRIBE", "Expires: 600\r\n");
        let unsaid = request("SUBSCRIBE", "");
        let answered = |expires: &str| request("X", expires).headers().clone();
        let table = [
            (&said, answered("Expires: 60\r\n"), 92),
            (&said, answered(""), 632),
            (&said, answered("Expires: 0\r\n"), 32),
            (&unsaid, answered("Expires: 60\r\n"), 92),
            (&unsaid, answered(""), 212),
            (&request("REFER", ""), answered("Expires: 60\r\n"), 212),
        ];
        for (request, response, seconds) in table {
            assert_eq!(granted(request, &response, spare).as_secs(), seconds, "{request}");
        }
    }

    #[test]
    fn a_notify_says_how_its_subscription_goes_on() {
        let notify = |state: &str| {
            let text = format!("NOTIFY sip:b@b.example SIP/2.0\r\n{state}\r\n");
            Notified::by(Request::parse(text).expect("a request").headers())
        };
        let goes_on = |seconds: u64| Notified::GoesOn(Some(Duration::from_secs(seconds)));
        assert_eq!(notify("Subscription-State: active;expires=60\r\n"), goes_on(60));
        assert_eq!(notify("Subscription-State: pending;expires=0\r\n"), goes_on(0));
        assert_eq!(notify("Subscription-State: active\r\n"), Notified::GoesOn(None));
        assert_eq!(
            notify("Subscription-State: terminated;reason=timeout\r\n"),
            Notified::Ended
        );
        assert_eq!(
            notify("Subscription-State: TERMINATED;expires=60\r\n"),
            Notified::Ended
        );
        assert_eq!(notify(""), Notified::GoesOn(None), "an old peer says nothing");
    }

    #[test]
    fn a_dialog_ends_with_its_last_usage() {
        let (mut usages, start) = (Usages::default(), epoch());
        usages.session = Session::Up;
        usages.subscribe(Side::Notifier, Topic::Refer(1), start + UNSAID);
        usages.session = Session::None;
        assert!(!usages.is_empty());
        assert_eq!(usages.next_end(), Some(start + UNSAID));
        usages.expire(start + UNSAID);
        assert!(usages.is_empty());
    }
}
