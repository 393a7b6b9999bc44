use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[register]
    async fn register<T: Send>(&self, value: T) -> StatusCode {
        let _ = value;
        StatusCode::OK
    }

    #[message]
    async fn text(&self, value: impl Send) -> StatusCode {
        let _ = value;
        StatusCode::OK
    }
}

fn main() {}
