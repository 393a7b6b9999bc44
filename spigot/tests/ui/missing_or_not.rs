use spigot::{Outbound, Source, StatusCode, header, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    // Always there.
    #[message]
    async fn message(&self, source: Option<Source>) -> StatusCode {
        let _ = source;
        StatusCode::OK
    }

    // Empty where there is nothing.
    #[publish]
    async fn publish(&self, text: Option<String>) -> StatusCode {
        let _ = text;
        StatusCode::OK
    }

    // Not always there.
    #[register]
    async fn register(&self, outbound: Outbound) -> StatusCode {
        let _ = outbound;
        StatusCode::OK
    }

    // No extractor without `Header`, either.
    #[subscribe]
    async fn subscribe(&self, expires: Option<header::Expires>) -> StatusCode {
        let _ = expires;
        StatusCode::OK
    }
}

fn main() {}
