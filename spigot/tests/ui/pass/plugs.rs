//! Plugs of generic agents, with generic types, and under conditions.
#![deny(warnings)]
#![allow(dead_code)]

use spigot::plug::{LimitBody, Next, Plug};
use spigot::{Reply, Request, Router, StatusCode, sip_router};

struct Passing<T>(T);

impl<T: Send + Sync + 'static> Plug for Passing<T> {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        let _ = &self.0;
        next.run(request).await
    }
}

struct Pbx<T>(T);

#[sip_router(plugs(Passing(1), Passing("two"),), crate = spigot)]
impl<T: Send + Sync + 'static> Pbx<T> {
    #[plug]
    #[cfg(any())]
    async fn left_out(&self, missing: Missing, next: Next<'_>) -> Reply {
        StatusCode::OK.into()
    }

    #[cfg(all())]
    #[plug(only(register, method("PAUSE"), any, fallback))]
    async fn kept(&self, mut request: Request, next: Next<'_>) -> Reply {
        let _ = &self.0;
        request = request.with(1_u8);
        next.run(request).await
    }

    #[cfg(all())]
    #[plug(in_dialog, only(bye, fallback))]
    async fn in_dialogs(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }

    #[register]
    #[through(Passing(LimitBody::new(3)), LimitBody::new(4))]
    async fn register(&self, request: Request) -> StatusCode {
        let _ = request;
        StatusCode::OK
    }

    #[method("PAUSE")]
    #[cfg(any())]
    #[through(Missing)]
    async fn pause(&self) -> StatusCode {
        StatusCode::OK
    }

    #[any]
    async fn any(&self) -> StatusCode {
        StatusCode::OK
    }

    #[fallback]
    async fn fallback(&self) -> StatusCode {
        StatusCode::OK
    }

    #[cancel]
    async fn cancelled(&self) {}
}

fn main() {
    let _ = Router::new(Pbx(2));
}
