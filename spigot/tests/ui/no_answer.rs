use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[invite]
    async fn ring(&self) {}

    #[message]
    async fn text(&self) -> () {}
}

fn main() {}
