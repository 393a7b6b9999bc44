use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[bye]
    async fn hung_up(&self) -> Result<(), StatusCode> {
        Ok(())
    }
}

fn main() {}
