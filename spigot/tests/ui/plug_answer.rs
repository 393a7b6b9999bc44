use spigot::plug::Next;
use spigot::{Reply, Request, StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[plug]
    async fn authenticate(&self, _request: Request, _next: Next<'_>) -> StatusCode {
        StatusCode::FORBIDDEN
    }

    #[plug]
    async fn forgetful(&self, request: Request, next: Next<'_>) {
        let _ = next.run(request).await;
    }

    #[plug]
    async fn swapped(&self, next: Next<'_>, request: Request) -> Reply {
        next.run(request).await
    }

    #[plug]
    async fn fallible(&self, request: Request, next: Next<'_>) -> Result<Reply, StatusCode> {
        Ok(next.run(request).await)
    }

    #[plug]
    async fn borrowed(&self, request: &Request, next: Next<'_>) -> Reply {
        next.run(request.clone()).await
    }

    #[register]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
