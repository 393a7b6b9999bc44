use spigot::{Path, StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[register]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }

    #[register]
    async fn register_again(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite("sip:{room}@*")]
    async fn join(&self, Path(room): Path<u32>) -> StatusCode {
        let _ = room;
        StatusCode::OK
    }

    #[invite("sip:{room}@*")]
    async fn join_again(&self, Path(room): Path<u32>) -> StatusCode {
        let _ = room;
        StatusCode::OK
    }

    #[fallback]
    async fn rest(&self) -> StatusCode {
        StatusCode::NOT_FOUND
    }

    #[fallback]
    async fn rest_again(&self) -> StatusCode {
        StatusCode::NOT_FOUND
    }
}

fn main() {}
