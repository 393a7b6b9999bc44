//! A layer of `tower` is no plug by itself.

use spigot::{Router, StatusCode, sip_router};
use tower::limit::ConcurrencyLimitLayer;

struct Pbx;

#[sip_router]
impl Pbx {
    #[message]
    async fn text(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {
    let _ = Router::new(Pbx).layer(ConcurrencyLimitLayer::new(8));
}
