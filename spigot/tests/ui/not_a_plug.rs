use spigot::{StatusCode, sip_router};

struct Pbx;
struct Trace;

#[sip_router(plugs(Trace))]
impl Pbx {
    #[register]
    #[through(4096)]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message]
    async fn message(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
