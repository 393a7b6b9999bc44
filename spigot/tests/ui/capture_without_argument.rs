use spigot::{Path, StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[invite("sip:{room}@{domain}")]
    async fn join(&self, Path(room): Path<String>) -> StatusCode {
        let _ = room;
        StatusCode::OK
    }
}

fn main() {}
