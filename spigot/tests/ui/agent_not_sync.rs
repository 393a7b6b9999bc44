use std::cell::Cell;

use spigot::{StatusCode, sip_router};

struct Pbx {
    calls: Cell<u32>,
}

#[sip_router]
impl Pbx {
    #[register]
    async fn register(&self) -> StatusCode {
        self.calls.set(1);
        StatusCode::OK
    }

    #[message]
    async fn message(&self, text: String) -> (StatusCode, String) {
        (StatusCode::OK, text)
    }
}

fn main() {}
