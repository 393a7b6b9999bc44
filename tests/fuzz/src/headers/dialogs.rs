//! Headers that identify dialogs, calls and messages, and give reasons.

use spigot_parser::header::{CSeq, CallId, InReplyTo, Join, RAck, RSeq, Reason, Replaces, TargetDialog};
use spigot_parser::{Method, StatusCode};

use super::{family, params};
use crate::input::number;

fn call_id(text: &str) -> Option<CallId> {
    CallId::new(text).ok()
}

family! {
    InReplyTo {
        read: |value| value.call_ids().count();
        built: |a, b| [InReplyTo::new(call_id(a).into_iter().chain(call_id(b)))];
    }
    Join {
        read: |value| (value.call_id(), value.to_tag(), value.from_tag(), value.params().count());
        built: |a, b| [call_id(a).map(|id| Join::new(&id, b, a)).into_iter().flatten().inspect(|new| {
            assert!(new.names(a, Some(b), Some(a)));
        })];
        changed: |old, a, b| [params!(old, a, b)];
    }
    RAck {
        read: |value| (value.rseq(), value.cseq().number());
        built: |a, b| [
            RSeq::new(number(a))
                .and_then(|rseq| Ok(RAck::new(rseq, CSeq::new(number(b), Method::from_token(a)?)?))),
        ];
    }
    RSeq {
        read: |value| value.number();
        built: |a, _b| [RSeq::new(number(a)).inspect(|new| assert_eq!(new.number(), number(a)))];
    }
    Reason {
        read: |value| (value.protocol(), value.cause(), value.status(), value.text(), value.params().count());
        built: |a, b| [
            Reason::new(a).inspect(|new| assert!(new.is_of(a))),
            StatusCode::from_u16(number(b) as u16).map(Reason::sip),
            Some(Reason::q850(number(b) as u8)),
        ];
        changed: |old, a, b| [
            params!(old, a, b),
            old.clone().with_cause(number(b)).inspect(|new| assert_eq!(new.cause(), Some(number(b)))),
            old.clone().with_text(a).inspect(|new| assert_eq!(new.text().as_deref(), Some(a))),
        ];
    }
    Replaces {
        read: |value| (value.call_id(), value.to_tag(), value.from_tag(), value.early_only());
        built: |a, b| [call_id(a).map(|id| Replaces::new(&id, b, a)).into_iter().flatten().inspect(|new| {
            assert!(new.names(a, Some(b), Some(a)));
        })];
        changed: |old, a, b| [params!(old, a, b), old.clone().with_early_only()];
    }
    TargetDialog {
        read: |value| (value.call_id(), value.local_tag(), value.remote_tag(), value.params().count());
        built: |a, b| [call_id(a).map(|id| TargetDialog::new(&id, b, a)).into_iter().flatten()];
        changed: |old, a, b| [params!(old, a, b)];
    }
}
