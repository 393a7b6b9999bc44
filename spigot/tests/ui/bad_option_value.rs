use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[subscribe(event)]
    async fn watch(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message(content_type = "text")]
    async fn text(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite(in_dialog = true)]
    async fn renegotiate(&self) -> StatusCode {
        StatusCode::OK
    }

    #[method]
    async fn unnamed(&self) -> StatusCode {
        StatusCode::OK
    }

    #[method(PING)]
    async fn unquoted(&self) -> StatusCode {
        StatusCode::OK
    }

    #[notify(event: "presence")]
    async fn notified(&self) -> StatusCode {
        StatusCode::OK
    }

    #[method("NO SPACES")]
    async fn spaced(&self) -> StatusCode {
        StatusCode::OK
    }

    #[method("invite")]
    async fn small(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite(event = "presence")]
    async fn eventful(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message(package = "dtmf")]
    async fn packaged(&self) -> StatusCode {
        StatusCode::OK
    }

    #[fallback(in_dialog)]
    async fn rest(&self) -> StatusCode {
        StatusCode::OK
    }

    #[publish = "sip:*"]
    async fn publish(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
