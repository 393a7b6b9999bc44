//! What a handler may take: the extractors.

mod header;
mod path;

use std::future::Future;

use super::{IntoReply, Request, method};

pub use header::Header;
pub use path::Path;

/// What a handler of the method `M` of the agent `S` may take as an argument.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a `{M}` handler",
    label = "this is not an extractor",
    note = "a handler takes what can be read from the request: `Request`, `Path<T>`, `Header<T>`, `Option<Header<T>>`, `Uri`, `Bytes`, `String`, `Source`, `Transaction`, or a type of yours that implements `FromRequest`"
)]
pub trait FromRequest<S, M>: Sized {
    /// What is answered when it cannot be read. The handler does not run then.
    type Rejection: IntoReply<method::any>;

    /// Reads the argument from the request.
    fn from_request(
        request: &Request,
        agent: &S,
    ) -> impl Future<Output = Result<Self, Self::Rejection>> + Send;
}
