//! The expansion names nothing that the user's crate may have hidden or shadowed.
#![no_implicit_prelude]
#![deny(warnings, missing_docs)]
#![allow(non_camel_case_types, dead_code)]

/// Names that the expansion must not mistake for its own.
pub struct Option;
/// Another.
pub struct Result;
/// Another.
pub struct Box;
/// Another.
pub mod std {}
/// Another.
pub mod core {}

/// An agent.
pub struct Pbx;

#[::spigot::sip_router]
impl Pbx {
    /// Documented.
    #[register]
    pub async fn register(&self, request: ::spigot::Request) -> ::spigot::StatusCode {
        let _ = request;
        ::spigot::StatusCode::OK
    }

    #[invite("sip:{room}@{domain}")]
    async fn join(
        &self,
        ::spigot::Path((room, domain)): ::spigot::Path<(u32, ::std::string::String)>,
        captured: ::spigot::Bytes,
    ) -> ::std::result::Result<::spigot::StatusCode, ::spigot::Response> {
        let _ = (room, domain, captured);
        ::std::result::Result::Ok(::spigot::StatusCode::OK)
    }

    #[ack]
    async fn acked(&self) {}
}

fn main() {
    let _ = Pbx::ROUTES.len();
}
