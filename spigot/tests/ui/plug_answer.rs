use spigot::plug::Next;
use spigot::{Request, StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[plug]
    async fn authenticate(&self, _request: Request, _next: Next<'_>) -> StatusCode {
        StatusCode::FORBIDDEN
    }

    #[register]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
