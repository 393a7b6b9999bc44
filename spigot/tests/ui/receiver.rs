use std::sync::Arc;

use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[register]
    async fn no_receiver() -> StatusCode {
        StatusCode::OK
    }

    #[message]
    async fn exclusive(&mut self) -> StatusCode {
        StatusCode::OK
    }

    #[publish]
    async fn by_value(self) -> StatusCode {
        StatusCode::OK
    }

    #[refer]
    async fn shared(self: Arc<Self>) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
