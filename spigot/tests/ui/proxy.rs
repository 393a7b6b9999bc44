use spigot::{Proxy, StatusCode, sip_router};

struct Edge;

#[sip_router]
impl Edge {
    // Where its INVITE went.
    #[ack]
    async fn acked(&self, proxy: Proxy) {
        let _ = proxy;
    }

    #[cancel]
    async fn cancelled(&self, proxy: Proxy) {
        let _ = proxy;
    }

    // Always there.
    #[invite]
    async fn invite(&self, proxy: Option<Proxy>) -> StatusCode {
        let _ = proxy;
        StatusCode::OK
    }
}

fn main() {}
