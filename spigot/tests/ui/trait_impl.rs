use spigot::{StatusCode, sip_router};

struct Pbx;

trait Registers {
    fn register(&self) -> impl Future<Output = StatusCode> + Send;
}

#[sip_router]
impl Registers for Pbx {
    #[register]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
