use spigot::{StatusCode, sip_router};

struct Pbx {
    greeting: String,
}

#[sip_router]
impl Pbx {
    #[message("sip:text@*")]
    async fn text(&self) -> (StatusCode, &str) {
        (StatusCode::OK, &self.greeting)
    }

    #[message("sip:optional@*")]
    async fn optional(&self) -> Result<(StatusCode, Option<&'_ str>), StatusCode> {
        Ok((StatusCode::OK, Some(&self.greeting)))
    }

    #[options]
    async fn options(&self) -> &StatusCode {
        &StatusCode::OK
    }

    /// What lives for ever may be borrowed.
    #[register]
    async fn register(&self) -> Result<(StatusCode, Option<&'static str>), StatusCode> {
        Ok((StatusCode::OK, Some("welcome")))
    }
}

fn main() {}
