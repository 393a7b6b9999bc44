//! Headers of capabilities.

use spigot_parser::header::{
    Allow, AllowEvents, InfoPackage, Organization, ProxyRequire, RecvInfo, Require, Server, Supported,
    Unsupported, UserAgent, Warning,
};

use super::{family, params};
use crate::input::number;

family! {
    Allow {
        read: |value| value.methods().count();
        built: |a, b| [Some(Allow::new(a.parse().into_iter().chain(b.parse())))];
    }
    AllowEvents {
        read: |value| value.packages().count();
        built: |a, b| [AllowEvents::new([a, b]).inspect(|new| assert!(new.allows(a) && new.allows(b)))];
    }
    InfoPackage {
        read: |value| (value.name(), value.params().count());
        built: |a, _b| [InfoPackage::new(a).inspect(|new| assert_eq!(new.name(), a))];
        changed: |old, a, b| [params!(old, a, b)];
    }
    Organization {
        read: |value| (value.as_str(), value.is_empty());
        built: |a, _b| [Organization::new(a)];
    }
    ProxyRequire {
        read: |value| value.tags().count();
        built: |a, b| [ProxyRequire::new([a, b]).inspect(|new| assert!(new.contains(a) && new.contains(b)))];
    }
    RecvInfo {
        read: |value| (value.packages().count(), value.is_empty());
        built: |a, b| [Some(RecvInfo::new(InfoPackage::new(a).into_iter().chain(InfoPackage::new(b))))];
        changed: |old, a, _b| [Some(old.clone()).inspect(|new| _ = new.allows(a))];
    }
    Require {
        read: |value| value.tags().count();
        built: |a, b| [Require::new([a, b]).inspect(|new| assert!(new.contains(a) && new.contains(b)))];
    }
    Server {
        read: |value| value.as_str().len();
        built: |a, _b| [Server::new(a)];
    }
    Supported {
        read: |value| (value.tags().count(), value.is_empty());
        built: |a, b| [Supported::new([a, b]).inspect(|new| assert!(new.contains(a) && new.contains(b)))];
    }
    Unsupported {
        read: |value| value.tags().count();
        built: |a, b| [Unsupported::new([a]).inspect(|new| _ = new.contains(b))];
    }
    UserAgent {
        read: |value| value.as_str().len();
        built: |a, _b| [UserAgent::new(a)];
    }
    Warning {
        read: |value| (value.code(), value.agent(), value.text());
        built: |a, b| [
            Warning::new(300 + (number(a) % 100) as u16, a, b).inspect(|new| {
                assert_eq!((new.agent(), &*new.text()), (a, b));
            }),
        ];
    }
}
