//! Ways to say the domains of an agent.
#![deny(warnings)]

use std::collections::HashSet;
use std::sync::Arc;

use spigot::{Path, Router, StatusCode, sip_router};

macro_rules! agent {
    ($name:ident, $holds:ty, |$agent:ident| $domains:expr) => {
        pub struct $name(#[allow(dead_code)] pub $holds);

        #[sip_router(domains = { let $agent = self; $domains })]
        impl $name {
            #[message("sip:*@{domain}")]
            async fn ours(&self, Path(domain): Path<String>) -> (StatusCode, String) {
                (StatusCode::OK, domain)
            }

            #[message]
            async fn others(&self) -> StatusCode {
                StatusCode::OK
            }
        }
    };
}

agent!(Slice, &'static [&'static str], |agent| agent.0);
agent!(Shared, Arc<[String]>, |agent| agent.0.clone());
agent!(Set, HashSet<String>, |agent| &agent.0);
agent!(Single, String, |agent| &agent.0);

struct Generic<D>(D);

#[sip_router(domains = self.0.as_ref(), crate = spigot)]
impl<D: AsRef<[&'static str]> + Send + Sync + 'static> Generic<D> {
    #[message("sip:*@{domain}")]
    async fn text(&self) -> StatusCode {
        StatusCode::OK
    }
}

struct Constant;

#[sip_router(domains = ["example.com"])]
impl Constant {
    #[message("sip:*@{domain}")]
    async fn text(&self, Path(_domain): Path<String>) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {
    let _ = Router::new(Slice(&["example.com"]))
        .merge(Router::new(Shared(Arc::new(["example.com".to_owned()]))))
        .merge(Router::new(Set(HashSet::new())))
        .merge(Router::new(Single("example.com".to_owned())))
        .merge(Router::new(Generic(["example.com"])))
        .merge(Router::new(Constant));
}
