use spigot::{Path, StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[invite("sip:{room@conference.example.com")]
    async fn join(&self, Path(_room): Path<String>) -> StatusCode {
        StatusCode::OK
    }

    #[message("conference")]
    async fn text(&self) -> StatusCode {
        StatusCode::OK
    }

    #[register(sip:example.com)]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
