//! Generic agents, `#[cfg]`, raw names, other attributes, and everything an impl block may hold beside routes.
use std::fmt::Display;

use spigot::plug::Trace;
use spigot::{IntoReply, Path, Router, StatusCode, Transaction, Uri, sip_router};

trait Store: Send + Sync + 'static {
    type Key: Display + Send + Sync;
}

struct Memory;

impl Store for Memory {
    type Key = u32;
}

struct Pbx<S, const N: usize>
where
    S: Store,
{
    store: S,
}

#[sip_router]
#[allow(clippy::unused_async)]
impl<S: Store, const N: usize> Pbx<S, N>
where
    S::Key: From<u8>,
{
    /// Rooms there are.
    pub const ROOMS: usize = N;

    #[register]
    #[inline]
    #[must_use]
    pub(crate) async fn register(&self, mut uri: Uri, _: Uri) -> StatusCode {
        let _ = &mut uri;
        let _ = &self.store;
        StatusCode::OK
    }

    #[cfg(any())]
    #[publish]
    async fn left_out(&self, missing: Missing) -> StatusCode {
        StatusCode::OK
    }

    #[invite("sip:{room}@*")]
    async fn raw(&self, r#room: Path<u16>) -> impl IntoReply<spigot::router::method::invite> {
        let _ = r#room;
        (StatusCode::OK, "text")
    }

    #[invite("sip:{unused}@*")]
    async fn unused(&self, Path(_unused): Path<String>) -> Result<StatusCode, (StatusCode, String)> {
        Err((StatusCode::FORBIDDEN, "no".to_owned()))
    }

    #[cancel]
    async fn cancelled(&self, transaction: Transaction) {
        let _ = transaction;
    }

    fn helper() {}
}

/// No bound is there for the agent's sake.
struct Holding<T>(T);

#[sip_router(plugs(Trace::new()))]
impl<T: Display> Holding<T> {
    #[register]
    async fn register(&self, text: String) -> (StatusCode, String) {
        (StatusCode::OK, format!("{} {text}", self.0))
    }
}

fn main() {
    assert_eq!(Router::new(Holding(3)).allow(), "REGISTER, OPTIONS");
    Pbx::<Memory, 3>::helper();
    let router = Router::new(Pbx::<Memory, 3> { store: Memory });
    assert_eq!(Pbx::<Memory, 3>::ROUTES.len(), 4);
    assert_eq!(router.allow(), "REGISTER, INVITE, ACK, CANCEL, BYE, OPTIONS");
}
