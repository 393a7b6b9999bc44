use spigot::plug::Next;
use spigot::{Reply, Request, StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[plug(in_dialogue)]
    async fn misspelled(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug(in-dialog)]
    async fn with_a_dash(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug(in_dialog = true)]
    async fn with_a_value(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug(in_dialog(invite))]
    async fn with_routes(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug(in_dialog, only(invite), in_dialog)]
    async fn twice(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug(only(invite, in_dialog))]
    async fn among_the_routes(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug(only(invite), except(bye))]
    async fn only_and_except(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug(only(invite, bye))]
    async fn sees_no_bye(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[plug(only(invite) in_dialog)]
    async fn without_a_comma(&self, request: Request, next: Next<'_>) -> Reply {
        next.run(request).await
    }

    #[invite]
    async fn ring(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite(in_dialog)]
    async fn renegotiate(&self) -> StatusCode {
        StatusCode::OK
    }

    #[bye]
    async fn hang_up(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
