//! Headers that identify and route messages.

use spigot_parser::header::{
    CSeq, CallId, MaxBreadth, MaxForwards, Path, RecordRoute, Route, ServiceRoute, Timestamp, Via,
};
use spigot_parser::{Method, NameAddr, Uri};
use std::time::Duration;

use super::{display_name, family, params};
use crate::input::number;

fn uri(text: &str) -> Option<Uri> {
    text.parse().ok()
}

fn address(text: &str) -> Option<NameAddr> {
    text.parse().ok()
}

family! {
    CSeq {
        read: |value| (value.number(), value.method());
        built: |a, b| [
            a.parse::<Method>()
                .and_then(|method| CSeq::new(number(b), method))
                .inspect(|new| assert_eq!((new.number(), new.method().as_str()), (number(b), a))),
            format!("{} A", number(b)).parse::<CSeq>().inspect(|new| assert_eq!(new.number(), number(b))),
        ];
    }
    CallId {
        read: |value| value.as_str().len();
        built: |a, _b| [CallId::new(a).inspect(|new| assert_eq!(new.as_str(), a))];
    }
    MaxBreadth {
        read: |value| value.branches();
        built: |a, _b| [Some(MaxBreadth::new(number(a))).inspect(|new| assert_eq!(new.branches(), number(a)))];
    }
    MaxForwards {
        read: |value| (value.hops(), value.decremented());
        built: |a, _b| [Some(MaxForwards::new(number(a) as u8)).inspect(|new| assert_eq!(new.hops(), number(a) as u8))];
    }
    Path {
        read: |value| (value.uri(), value.display_name(), value.params().count());
        built: |a, _b| [uri(a).map(Path::new)];
        changed: |old, a, b| [params!(old, a, b), display_name!(old, a)];
    }
    RecordRoute {
        read: |value| (value.uri(), value.display_name(), value.params().count());
        built: |a, _b| [uri(a).map(RecordRoute::new), address(a).map(RecordRoute::from)];
        changed: |old, a, b| [params!(old, a, b), display_name!(old, a)];
    }
    Route {
        read: |value| (value.uri(), value.display_name(), value.params().count());
        built: |a, _b| [uri(a).map(Route::new), address(a).map(Route::from)];
        changed: |old, a, b| [params!(old, a, b), display_name!(old, a)];
    }
    ServiceRoute {
        read: |value| (value.uri(), value.display_name(), value.params().count());
        built: |a, _b| [uri(a).map(ServiceRoute::new)];
        changed: |old, a, b| [params!(old, a, b), display_name!(old, a)];
    }
    Timestamp {
        read: |value| (value.as_str().len(), value.time(), value.delay());
        built: |a, b| [Some(Timestamp::new(Duration::new((a.len() as u64) << 56, number(b))))];
        changed: |old, a, b| [Some(old.with_delay(Duration::new(a.len() as u64, number(b))))];
    }
    Via {
        read: |value| (
            (value.transport(), value.sent_by(), value.host().ip(), value.port(), value.branch(), value.rport()),
            (value.received(), value.received_ip(), value.maddr(), value.ttl(), value.params().count()),
        );
        built: |a, b| [
            Via::new(a, b, None),
            Via::new("UDP", a, Some(number(b) as u16)).inspect(|new| assert_eq!(new.port(), Some(number(b) as u16))),
            Via::new("UDP", "a.example", None).and_then(|via| via.with_param(a, Some(b))),
        ];
        changed: |old, a, b| [
            old.clone().with_param(a, Some(b)).inspect(|new| assert_eq!(new.param(a), Some(Some(b)))),
            old.clone().with_param(a, None).inspect(|new| assert_eq!(new.param(a), Some(None))),
            old.clone().with_branch(a).inspect(|new| assert_eq!(new.branch(), Some(a))),
            Some(old.clone().without_param(a)).inspect(|new| assert_eq!(new.param(a), None)),
            old.received_from(([192, 0, 2, 1], 5060).into()).inspect(|new| {
                assert_eq!(new.received(), Some("192.0.2.1"));
                assert_eq!(new.rport(), old.rport().and(Some(Some(5060))));
            }),
        ];
    }
}
