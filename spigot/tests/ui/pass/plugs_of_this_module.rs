//! A path may begin with `self`, which is the module and no agent.
#![deny(warnings)]

use spigot::plug::{LimitBody, RateLimit};
use spigot::{Path, StatusCode, sip_router};

const OCTETS: usize = 4096;
const DOMAINS: [&str; 1] = ["example.com"];

fn limit() -> RateLimit {
    RateLimit::per_source(50)
}

struct Pbx;

#[sip_router(plugs(self::limit()), domains = self::DOMAINS)]
impl Pbx {
    #[message("sip:{user}@{domain}")]
    #[through(LimitBody::new(self::OCTETS), LimitBody::new(usize::min(self::OCTETS, 8)))]
    async fn text(&self, Path((user, domain)): Path<(String, String)>) -> StatusCode {
        let _ = (user, domain);
        StatusCode::OK
    }
}

fn main() {
    let router = spigot::Router::new(Pbx).to_string();
    assert!(router.contains("text"), "{router}");
}
