//! Headers that hold one address.

use spigot_parser::header::{Contact, Diversion, From, HistoryInfo, ReferTo, ReferredBy, ReplyTo, To};
use spigot_parser::{NameAddr, SipUri, Uri};

use super::{display_name, family, params};
use crate::input::number;

fn uri(text: &str) -> Option<Uri> {
    text.parse().ok()
}

fn address(text: &str) -> Option<NameAddr> {
    text.parse().ok()
}

family! {
    Contact {
        read: |value| (
            (value.uri(), value.display_name(), value.params().count(), value.q(), value.expires()),
            (value.reg_id(), value.instance(), value.pub_gruu(), value.temp_gruu()),
        );
        built: |a, _b| [uri(a).map(Contact::new), address(a).map(Contact::from)];
        changed: |old, a, b| [
            old.clone().with_param(a, Some(b)).inspect(|new| assert_eq!(new.param(a), Some(Some(b)))),
            old.clone().with_param(a, None),
            old.clone().with_display_name(a),
            old.clone().with_q(f32::from(number(a) as u16) / 7.0).inspect(|new| {
                let q = new.q().expect("it was set");
                assert!((q - f32::from(number(a) as u16) / 7.0).abs() < 0.001, "{new}");
            }),
            Some(old.clone().with_expires(number(b)))
                .inspect(|new| assert!(new.is_any() || new.expires() == Some(number(b)))),
            old.clone().with_reg_id(number(b)).inspect(|new| assert_eq!(new.reg_id(), Some(number(b)))),
            old.clone().with_instance(a).inspect(|new| assert_eq!(new.instance(), Some(a))),
            a.parse::<SipUri>().and_then(|uri| old.clone().with_pub_gruu(&uri)),
            a.parse::<SipUri>().and_then(|uri| old.clone().with_temp_gruu(&uri)),
        ];
    }
    Diversion {
        read: |value| (value.reason(), value.counter(), value.limit(), value.privacy(), value.screen());
        built: |a, _b| [uri(a).map(Diversion::new)];
        changed: |old, a, b| [
            params!(old, a, b),
            display_name!(old, a),
            old.clone().with_reason(a),
            old.clone().with_counter(number(a) as u8).inspect(|new| assert_eq!(new.counter(), Some(number(a) as u8))),
            old.clone().with_limit(number(a) as u8).inspect(|new| assert_eq!(new.limit(), Some(number(a) as u8))),
            old.clone().with_privacy(b),
            old.clone().with_screen(b),
        ];
    }
    From {
        read: |value| (value.uri(), value.display_name(), value.params().count(), value.tag());
        built: |a, _b| [uri(a).map(From::new), address(a).map(From::from)];
        changed: |old, a, b| [
            params!(old, a, b),
            display_name!(old, a),
            old.clone().with_tag(b).inspect(|new| assert_eq!(new.tag(), Some(b))),
        ];
    }
    HistoryInfo {
        read: |value| (value.index(), value.rc(), value.mp(), value.np(), value.display_name(), value.reasons());
        built: |a, b| [
            uri(a).and_then(|uri| Some(HistoryInfo::new(uri, &b.parse().ok()?))),
        ];
        changed: |old, a, b| [
            params!(old, a, b),
            display_name!(old, a),
            uri(a).map(|uri| old.clone().with_uri(uri)),
            old.clone().with_rc(&old.index().child()),
            old.clone().with_mp(&old.index().gap()),
            old.index().next_sibling().and_then(|index| old.clone().with_np(&index).ok()),
        ];
    }
    ReferTo {
        read: |value| (value.method(), value.replaces(), value.uri(), value.display_name(), value.params().count());
        built: |a, _b| [uri(a).map(ReferTo::new), address(a).map(ReferTo::from)];
        changed: |old, a, b| [params!(old, a, b), display_name!(old, a)];
    }
    ReferredBy {
        read: |value| (value.cid(), value.uri(), value.display_name(), value.params().count());
        built: |a, _b| [uri(a).map(ReferredBy::new)];
        changed: |old, a, b| [params!(old, a, b), display_name!(old, a), old.clone().with_cid(a)];
    }
    ReplyTo {
        read: |value| (value.uri(), value.display_name(), value.params().count());
        built: |a, _b| [uri(a).map(ReplyTo::new), address(a).map(ReplyTo::from)];
        changed: |old, a, b| [params!(old, a, b), display_name!(old, a)];
    }
    To {
        read: |value| (value.uri(), value.display_name(), value.params().count(), value.tag());
        built: |a, _b| [uri(a).map(To::new), address(a).map(To::from)];
        changed: |old, a, b| [
            params!(old, a, b),
            display_name!(old, a),
            old.clone().with_tag(b).inspect(|new| assert_eq!(new.tag(), Some(b))),
        ];
    }
}
