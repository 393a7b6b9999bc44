use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[ack]
    async fn acked(&self) -> StatusCode {
        StatusCode::OK
    }

    #[cancel]
    async fn cancelled(&self) -> Result<(), StatusCode> {
        Ok(())
    }
}

fn main() {}
