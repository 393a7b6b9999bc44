//! Patterns that a request inside a dialog may match, and those of requests that pass through.
#![deny(warnings)]

use spigot::{Header, Path, Proxy, Reply, StatusCode, header, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    /// Where the library writes our Contact it has the user that was called, and an address.
    #[bye("sip:desk@*")]
    async fn by_user(&self) -> StatusCode {
        StatusCode::OK
    }

    #[bye("sip:*@192.0.2.1:5060;transport=tcp")]
    async fn by_address(&self) -> StatusCode {
        StatusCode::OK
    }

    #[bye("sips:*@[2001:db8::1]")]
    async fn by_ipv6_address(&self) -> StatusCode {
        StatusCode::OK
    }

    #[bye("sip:{user}@{domain}")]
    async fn by_anything(&self, Path((user, domain)): Path<(String, String)>) -> (StatusCode, String) {
        (StatusCode::OK, user + &domain)
    }

    /// The Contact of a request without a user has none.
    #[update("sip:*")]
    async fn without_user(&self) -> StatusCode {
        StatusCode::OK
    }

    /// What passes through has the Contact of the peer that it goes to.
    #[info("sip:*@example.com")]
    async fn through(&self, proxy: Proxy) -> Reply {
        let _ = proxy;
        StatusCode::OK.into()
    }

    #[notify("sip:*@example.com")]
    async fn through_with(&self, all: (Header<header::To>, Proxy)) -> Reply {
        let _ = all;
        StatusCode::OK.into()
    }

    /// An ACK may pass through, and a CANCEL has the Request-URI of its INVITE.
    #[ack("sip:*@example.com")]
    async fn acked(&self) {}

    #[cancel("sip:*@example.com")]
    async fn cancelled(&self) {}

    #[invite("sip:*@example.com")]
    async fn outside(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
