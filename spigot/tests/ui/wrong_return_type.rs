use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[register]
    async fn register(&self) -> u16 {
        200
    }

    #[message]
    async fn text(&self) -> (StatusCode, u16) {
        (StatusCode::OK, 7)
    }
}

fn main() {}
