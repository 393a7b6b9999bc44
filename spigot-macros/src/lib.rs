//! The attribute macros of Spigot. Use them through the library `spigot` (the package `spigot-sip`), which
//! documents them.
//!
//! Their invariant: what the user wrote is emitted again whatever is wrong with it, so that an editor goes on
//! completing inside it, and all that is wrong is reported at once.

mod router;
mod test;

use proc_macro::TokenStream;

/// Makes an agent of an impl block: its `async` methods that carry a route attribute become handlers.
///
/// The route attributes are `#[invite]`, `#[ack]`, `#[bye]`, `#[cancel]`, `#[register]`, `#[options]`,
/// `#[subscribe]`, `#[notify]`, `#[info]`, `#[message]`, `#[prack]`, `#[publish]`, `#[pull]`, `#[push]`,
/// `#[refer]`, `#[store]`, `#[update]`; `#[method("NAME")]` for any other method; `#[any]`, for every method
/// but ACK and CANCEL; and `#[fallback]`, in the place of the library's 404, 405 and 501. They need no
/// import.
///
/// A route attribute takes in parentheses a pattern for the Request-URI, `in_dialog`, `event = "presence"`,
/// `package = "dtmf"` and `content_type = "type/subtype"`. In a pattern `*` stands for anything and `{name}`
/// for what `Path(name)` takes; a port, parameters and headers that it does not name may be there or not
/// (`spigot::sip::Pattern` has the rules). A request inside a dialog, a re-INVITE say, goes to the routes
/// that say `in_dialog`, any other to the rest; BYE, INFO, UPDATE, PRACK and NOTIFY exist in dialogs alone
/// and need not say so. Routes are tried in the order written, and what none takes is answered by the
/// library: `spigot::Router` has the table.
///
/// ```ignore
/// #[sip_router]
/// impl Pbx {
///     #[invite("sip:{room}@conference.{domain}")]
///     async fn join(&self, Path((room, domain)): Path<(RoomId, String)>) -> Result<StatusCode, CallError> { ... }
///
///     #[subscribe(event = "presence")]
///     async fn watch(&self, Header(expires): Header<header::Expires>) -> StatusCode { ... }
///
///     #[ack]
///     async fn acked(&self) {}
/// }
/// ```
///
/// With `#[sip_router(domains = self.domains)]` the capture `{domain}` in the host of a pattern matches the
/// domains of the agent and no others: `"sip:{user}@{domain}"` is a user of one of them.
///
/// Plugs run before handlers: those of the router, `#[sip_router(plugs(Trace::new()))]`; methods marked
/// `#[plug]`, with `only(register, invite)` or `except(options)` for some routes, and with `in_dialog` for
/// requests inside dialogs, too; those of a route, `#[through(LimitBody::new(4096))]`. The module
/// `spigot::plug` tells more.
///
/// A handler takes `&self` and extractors (`FromRequest`), and returns an answer (`IntoReply`). The block
/// gets a constant `ROUTES` that prints as a table. A type has one such block; its other methods may stand in
/// it or in blocks of their own. A generic type is an agent where it is `Send + Sync + 'static`, which the
/// block need not say; a handler that keeps a value of a parameter's type across an `await` says `Send` of
/// it. A crate that renames its dependency on spigot writes `#[sip_router(crate = name)]`.
#[proc_macro_attribute]
pub fn sip_router(options: TokenStream, block: TokenStream) -> TokenStream {
    router::expand(options.into(), block.into()).into()
}

/// Runs an `async fn` as a test on virtual time: on one thread, with a clock that jumps to the next deadline
/// as soon as nothing else can be done.
///
/// When it fails, by a panic or by the error that it returns, the seed and the ladder of what was said are
/// printed.
///
/// Options: `real_time`, for tests over real sockets; `seed = 42`, for the faults of the network; `crate =
/// path`, for a renamed dependency.
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    test::expand(options.into(), item.into()).into()
}
