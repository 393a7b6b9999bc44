use spigot::{StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[cfg_attr(all(), message)]
    async fn conditional(&self) -> StatusCode {
        StatusCode::OK
    }

    #[spigot::invite]
    async fn with_a_path(&self) -> StatusCode {
        StatusCode::OK
    }

    #[byee]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }

    #[register]
    async unsafe fn register(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
