use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[register]
    #[publish]
    async fn both(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
