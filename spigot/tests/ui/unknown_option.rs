use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[subscribe(evnt = "presence")]
    async fn watch(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite(through(Trace::new()), in_dialog)]
    async fn renegotiate(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[sip_router(crat = sip)]
impl Other {}

struct Other;

fn main() {}
