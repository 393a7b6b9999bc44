//! Headers of calls.

use spigot_parser::Uri;
use spigot_parser::header::{
    AlertInfo, AnswerMode, CallInfo, Date, ErrorInfo, Geolocation, GeolocationError, GeolocationRouting,
    MinSe, Priority, PrivAnswerMode, Refresher, SessionExpires, Subject,
};

use super::{family, params};
use crate::input::number;

fn uri(text: &str) -> Option<Uri> {
    text.parse().ok()
}

family! {
    AlertInfo {
        read: |value| (value.uri(), value.params().count());
        built: |a, _b| [uri(a).map(AlertInfo::new)];
        changed: |old, a, b| [params!(old, a, b)];
    }
    AnswerMode {
        read: |value| (value.mode(), value.is_auto(), value.is_manual(), value.is_required());
        built: |a, _b| [AnswerMode::new(a).inspect(|new| assert_eq!(new.mode(), a))];
        changed: |old, a, b| [params!(old, a, b), old.clone().required().inspect(|new| assert!(new.is_required()))];
    }
    CallInfo {
        read: |value| (value.uri(), value.purpose(), value.params().count());
        built: |a, _b| [uri(a).map(CallInfo::new)];
        changed: |old, a, b| [params!(old, a, b), old.clone().with_purpose(a).inspect(|new| assert!(new.is_for(a)))];
    }
    Date {
        read: |value| value.seconds();
        built: |a, b| [Date::new((a.len() as u64) << (b.len() % 40))];
    }
    ErrorInfo {
        read: |value| (value.uri(), value.params().count());
        built: |a, _b| [uri(a).map(ErrorInfo::new)];
        changed: |old, a, b| [params!(old, a, b)];
    }
    Geolocation {
        read: |value| (value.cid(), value.uri(), value.params().count());
        built: |a, _b| [uri(a).map(Geolocation::new)];
        changed: |old, a, b| [params!(old, a, b)];
    }
    GeolocationError {
        read: |value| (value.code(), value.text(), value.params().count());
        built: |a, _b| [GeolocationError::new(number(a) as u16)];
        changed: |old, a, b| [
            params!(old, a, b),
            old.clone().with_text(a).inspect(|new| assert_eq!(new.text().as_deref(), Some(a))),
        ];
    }
    GeolocationRouting {
        read: |value| (value.is_allowed(), value.word(), value.value());
        built: |a, _b| [Some(GeolocationRouting::new(a.is_empty()))];
    }
    MinSe {
        read: |value| (value.seconds(), value.params().count());
        built: |a, _b| [MinSe::new(number(a)).inspect(|new| assert_eq!(new.seconds(), number(a)))];
        changed: |old, a, b| [params!(old, a, b)];
    }
    Priority {
        read: |value| value.as_str().len();
        built: |a, _b| [Priority::new(a).inspect(|new| assert_eq!(new.as_str(), a))];
    }
    PrivAnswerMode {
        read: |value| (value.mode(), value.is_auto(), value.is_manual(), value.is_required());
        built: |a, _b| [PrivAnswerMode::new(a).inspect(|new| assert_eq!(new.mode(), a))];
        changed: |old, a, b| [params!(old, a, b), old.clone().required().inspect(|new| assert!(new.is_required()))];
    }
    SessionExpires {
        read: |value| (value.seconds(), value.refresher(), value.params().count());
        built: |a, _b| [Some(SessionExpires::new(number(a))).inspect(|new| assert_eq!(new.seconds(), number(a)))];
        changed: |old, a, b| [
            params!(old, a, b),
            Some(old.clone().with_seconds(number(a))),
            old.clone().with_refresher(Refresher::Uac).inspect(|new| assert_eq!(new.refresher(), Some(Refresher::Uac))),
        ];
    }
    Subject {
        read: |value| (value.as_str(), value.is_empty());
        built: |a, _b| [Subject::new(a)];
    }
}
