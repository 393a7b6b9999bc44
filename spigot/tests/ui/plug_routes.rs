use spigot::plug::Next;
use spigot::{Reply, Request, StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[plug(register)]
    async fn without_only(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug(only = register)]
    async fn not_in_parentheses(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug(only("register"))]
    async fn in_quotes(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug(only())]
    async fn on_none(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug(only(method(PAUSE)))]
    async fn not_in_quotes(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug(except(REGISTER))]
    async fn as_on_the_wire(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug]
    #[register]
    async fn both(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[message]
    async fn text(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
