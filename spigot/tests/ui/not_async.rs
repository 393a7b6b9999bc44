use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[register]
    fn register(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
