// The impl is emitted whatever is wrong with it, so `Pbx::helper` exists and only the mistakes are reported.
use spigot::{Path, Router, StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[register(evnt = "x")]
    fn register(&mut self) {}

    #[invite("sip:{room}@*")]
    async fn join(Path(rom): Path<String>) -> StatusCode {
        let _ = rom;
        StatusCode::OK
    }

    fn helper(&self) {}
}

fn main() {
    Pbx.helper();
    Router::new(Pbx);
}
