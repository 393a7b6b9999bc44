use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[invite(in_dialog, in_dialog)]
    async fn renegotiate(&self) -> StatusCode {
        StatusCode::OK
    }

    #[subscribe(event = "presence", event = "dialog")]
    async fn watch(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message("sip:a@*", "sip:b@*")]
    async fn text(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
