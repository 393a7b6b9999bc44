use spigot::{StatusCode, sip_router};

struct Pbx;

const PATTERN: &str = "sip:*@example.com";

#[sip_router]
impl Pbx {
    #[invite(in_dialog())]
    async fn renegotiate(&self) -> StatusCode {
        StatusCode::OK
    }

    #[subscribe(event("presence"))]
    async fn watch(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message(content-type = "text/plain")]
    async fn text(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite(PATTERN)]
    async fn constant(&self) -> StatusCode {
        StatusCode::OK
    }

    #[refer(concat!("sip:", "*"))]
    async fn macro_call(&self) -> StatusCode {
        StatusCode::OK
    }

    #[method = "PAUSE"]
    async fn pause(&self) -> StatusCode {
        StatusCode::OK
    }

    #[method("PLAY", "RECORD")]
    async fn play(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[sip_router("sip:*@example.com")]
impl Other {}

struct Other;

fn main() {}
