use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[regster]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }

    #[INVITE]
    async fn call(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite]
    const RINGS: u32 = 3;
}

fn main() {}
