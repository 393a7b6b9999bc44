use spigot::{Request, StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[register]
    async fn register(&self, request: &Request) -> StatusCode {
        let _ = request;
        StatusCode::OK
    }

    #[message]
    async fn message(&self, text: &str) -> StatusCode {
        let _ = text;
        StatusCode::OK
    }
}

fn main() {}
