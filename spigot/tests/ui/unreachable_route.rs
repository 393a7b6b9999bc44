use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[invite("sip:*@example.com")]
    async fn local(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite("sip:alice@example.com")]
    async fn alice(&self) -> StatusCode {
        StatusCode::OK
    }

    #[any]
    async fn everything(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message(content_type = "text/plain")]
    async fn text(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
