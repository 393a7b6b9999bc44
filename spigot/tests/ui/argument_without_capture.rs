use spigot::{Path, StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[invite("sip:{room}@*")]
    async fn join(&self, Path((room, domain)): Path<(String, String)>) -> StatusCode {
        let _ = (room, domain);
        StatusCode::OK
    }

    #[message]
    async fn text(&self, Path(user): Path<String>) -> StatusCode {
        let _ = user;
        StatusCode::OK
    }

    #[refer("sip:{a}@{b}")]
    async fn refer(&self, both: Path<(String, String)>) -> StatusCode {
        let _ = both;
        StatusCode::OK
    }
}

fn main() {}
