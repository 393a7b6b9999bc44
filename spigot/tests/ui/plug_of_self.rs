//! A plug is made before there is an agent.

use spigot::plug::{DigestAuth, RateLimit};
use spigot::{StatusCode, sip_router};

struct Pbx {
    auth: DigestAuth<std::collections::HashMap<String, String>>,
    limit: usize,
}

#[sip_router(plugs(self.auth, RateLimit::per_source(Self::LIMIT)))]
impl Pbx {
    const LIMIT: u32 = 50;

    #[message]
    #[through(spigot::plug::LimitBody::new(4096), spigot::plug::LimitBody::new({ self.limit * 2 }))]
    async fn text(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
