use spigot::{StatusCode, sip_router};

struct Pbx;
struct IncomingCall;

#[sip_router]
impl Pbx {
    #[register]
    async fn register(&self, call: IncomingCall) -> StatusCode {
        let _ = call;
        StatusCode::OK
    }

    #[method("PAUSE")]
    async fn pause(&self, colour: u8) -> StatusCode {
        let _ = colour;
        StatusCode::OK
    }

    // Once, though the type is more than one token.
    #[message]
    async fn message(&self, octets: Vec<u8>) -> StatusCode {
        let _ = octets;
        StatusCode::OK
    }
}

fn main() {}
