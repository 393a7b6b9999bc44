//! A dependency that is renamed is named.
mod outer {
    pub use spigot as sip;
}
use outer::sip;

struct Pbx;

#[sip::sip_router(crate = outer::sip)]
impl Pbx {
    #[register]
    async fn register(&self) -> sip::StatusCode {
        sip::StatusCode::OK
    }
}

fn main() {
    assert_eq!(sip::Router::new(Pbx).allow(), "REGISTER, OPTIONS");
}
