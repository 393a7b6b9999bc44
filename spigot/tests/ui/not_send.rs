use std::rc::Rc;

use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[register]
    async fn register(&self) -> StatusCode {
        let shared = Rc::new(());
        std::future::ready(()).await;
        drop(shared);
        StatusCode::OK
    }
}

fn main() {}
