//! Headers of identity and privacy.

use spigot_parser::Uri;
use spigot_parser::header::{
    Identity, PAssertedIdentity, PPreferredIdentity, Privacy, SessionId, UserToUser,
};

use super::{display_name, family, params};

fn uri(text: &str) -> Option<Uri> {
    text.parse().ok()
}

family! {
    Identity {
        read: |value| (
            (value.digest(), value.is_compact(), value.info()),
            (value.algorithm(), value.passport_type(), value.params().count()),
        );
        built: |a, b| [uri(b).map(|info| Identity::new(a, &info)).into_iter().flatten()];
        changed: |old, a, b| [
            params!(old, a, b),
            old.clone().with_algorithm(a).inspect(|new| assert_eq!(new.algorithm(), a)),
            old.clone().with_passport_type(a).inspect(|new| assert_eq!(new.passport_type().as_deref(), Some(a))),
        ];
    }
    PAssertedIdentity {
        read: |value| (value.uri(), value.display_name());
        built: |a, _b| [uri(a).map(PAssertedIdentity::new).into_iter().flatten()];
        changed: |old, a, _b| [
            display_name!(old, a),
            PAssertedIdentity::counting([old.clone(), old.clone()]),
        ];
    }
    PPreferredIdentity {
        read: |value| (value.uri(), value.display_name());
        built: |a, _b| [uri(a).map(PPreferredIdentity::new).into_iter().flatten()];
        changed: |old, a, _b| [display_name!(old, a)];
    }
    Privacy {
        read: |value| (value.values().count(), value.is_none(), value.is_critical());
        built: |a, b| [Privacy::new([a, b]).inspect(|new| assert!(new.contains(a) && new.contains(b)))];
    }
    SessionId {
        read: |value| (value.local(), value.remote(), value.params().count());
        built: |a, b| [SessionId::new(a, b)];
        changed: |old, a, b| [params!(old, a, b), old.clone().with_remote(a)];
    }
    UserToUser {
        read: |value| (value.data(), value.octets(), value.purpose(), value.content(), value.encoding());
        built: |a, b| [
            UserToUser::new(a).inspect(|new| assert_eq!(new.data(), a)),
            Some(UserToUser::hex(b.as_bytes()))
                .inspect(|new| assert_eq!(new.octets().as_deref(), Some(b.as_bytes()))),
        ];
        changed: |old, a, b| [
            params!(old, a, b),
            old.clone().with_purpose(a).inspect(|new| assert_eq!(new.purpose(), Some(a))),
            old.clone().with_content(a).inspect(|new| assert_eq!(new.content(), Some(a))),
            old.clone().with_encoding(a).inspect(|new| assert_eq!(new.encoding(), Some(a))),
        ];
    }
}
