use spigot::{Path, StatusCode, sip_router};

struct Pbx;
struct RoomId;

#[sip_router]
impl Pbx {
    #[invite("sip:{room}@*")]
    async fn join(&self, Path(room): Path<RoomId>) -> StatusCode {
        let _ = room;
        StatusCode::OK
    }
}

fn main() {}
