//! Headers that describe bodies, and list those that are accepted.

use spigot_parser::header::{
    Accept, AcceptEncoding, AcceptLanguage, ContentDisposition, ContentEncoding, ContentId, ContentLanguage,
    ContentLength, ContentType, MimeVersion,
};

use super::{family, params};
use crate::input::number;

family! {
    Accept {
        read: |value| value.ranges().map(|range| range.params().count() + usize::from(range.q() > 0.5)).sum::<usize>();
        built: |a, b| [Accept::new([(a, b)]), Accept::new([(a, b), (b, a)])];
        changed: |old, a, b| [
            Some(old.clone()).inspect(|accept| _ = accept.allows(a, b)),
            old.clone().with_range(a, b, b.len() as f32 / 8.0),
        ];
    }
    AcceptEncoding {
        read: |value| value.preferences().map(|one| one.params().count() + one.value().len()).sum::<usize>();
        built: |a, b| [AcceptEncoding::new([(a, 1.0), (b, 0.001)]), AcceptEncoding::new([(a, b.len() as f32)])];
        changed: |old, a, _b| [Some(old.clone()).inspect(|accept| _ = (accept.allows(a), accept.q(a)))];
    }
    AcceptLanguage {
        read: |value| value.preferences().map(|one| one.params().count() + one.value().len()).sum::<usize>();
        built: |a, b| [AcceptLanguage::new([(a, 1.0), (b, 0.5)])];
        changed: |old, a, _b| [Some(old.clone()).inspect(|accept| _ = (accept.allows(a), accept.q(a)))];
    }
    ContentDisposition {
        read: |value| (value.kind(), value.is_required(), value.params().count());
        built: |a, _b| [ContentDisposition::new(a).inspect(|new| assert_eq!(new.kind(), a))];
        changed: |old, a, b| [params!(old, a, b)];
    }
    ContentEncoding {
        read: |value| (value.codings().count(), value.is_identity());
        built: |a, b| [ContentEncoding::new([a, b]).inspect(|new| assert!(new.codings().eq([a, b])))];
    }
    ContentId {
        read: |value| value.as_str().len();
        built: |a, _b| [ContentId::new(a)];
        changed: |old, a, _b| [Some(old.clone()).inspect(|id| _ = id.is_target_of(a))];
    }
    ContentLanguage {
        read: |value| value.tags().count();
        built: |a, b| [ContentLanguage::new([a, b]).inspect(|new| assert!(new.contains(a) && new.contains(b)))];
    }
    ContentLength {
        read: |value| value.octets();
        built: |a, _b| [Some(ContentLength::new(number(a))).inspect(|new| assert_eq!(new.octets(), number(a)))];
    }
    ContentType {
        read: |value| (value.kind(), value.subtype(), value.params().count());
        built: |a, b| [ContentType::new(a, b).inspect(|new| assert!(new.is(a, b)))];
        changed: |old, a, b| [
            old.clone().with_param(a, b).inspect(|new| assert_eq!(new.param(a).as_deref(), Some(b))),
        ];
    }
    MimeVersion {
        read: |value| (value.major(), value.minor());
        built: |a, b| [
            Some(MimeVersion::new(number(a), number(b)))
                .inspect(|new| assert_eq!((new.major(), new.minor()), (number(a), number(b)))),
        ];
    }
}
