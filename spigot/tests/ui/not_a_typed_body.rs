use spigot::{Body, StatusCode, sip_router};

struct Pbx;
struct Location;

#[sip_router]
impl Pbx {
    #[message]
    async fn text(&self, text: Body<String>) -> StatusCode {
        let _ = text;
        StatusCode::OK
    }

    #[invite]
    async fn emergency(&self, location: Option<Body<Location>>) -> StatusCode {
        let _ = location;
        StatusCode::OK
    }
}

fn main() {}
