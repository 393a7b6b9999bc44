//! Patterns that no request inside a dialog matches, since its Request-URI is our Contact.

use spigot::{Path, StatusCode, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[bye("sip:*@example.com")]
    async fn hang_up(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite("sip:{room}@conference.*", in_dialog)]
    async fn renegotiate(&self, Path(room): Path<String>) -> StatusCode {
        let _ = room;
        StatusCode::OK
    }

    #[info("sip:example.com;transport=tcp")]
    async fn info(&self) -> StatusCode {
        StatusCode::OK
    }

    #[notify("tel:*")]
    async fn notify(&self) -> StatusCode {
        StatusCode::OK
    }

    #[any("sips:desk@*.example.com", in_dialog)]
    async fn any(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
