use spigot::{Path, StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[invite("sip:{room}@*")]
    async fn join(&self, room: String) -> StatusCode {
        let _ = room;
        StatusCode::OK
    }

    #[refer("sip:{room}@*")]
    async fn refer(&self, Path(_): Path<String>) -> StatusCode {
        StatusCode::OK
    }

    #[message("sip:{room}@{domain}")]
    async fn text(&self, Path((room, domain)): Path<String>) -> StatusCode {
        let _ = (room, domain);
        StatusCode::OK
    }
}

fn main() {}
