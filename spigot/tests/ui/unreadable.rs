use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    // No word on the attributes of the others, which are right.
    #[message]
    async fn text(&self, text String) -> StatusCode {
        StatusCode::OK
    }

    #[register]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
