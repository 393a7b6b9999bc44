//! The attribute macros of Spigot.

use proc_macro::TokenStream;

mod test;

/// Makes an agent of an impl block.
#[proc_macro_attribute]
pub fn sip_router(_options: TokenStream, block: TokenStream) -> TokenStream {
    block
}

/// A test on virtual time: an `async fn` that runs on one thread, with a clock that jumps to the next
/// deadline as soon as nothing else can be done. When it fails, the seed and the ladder of what was said are
/// printed.
///
/// Options: `real_time`, for tests over real sockets; `seed = 42`, for the faults of the network; `crate =
/// path`, for a renamed dependency.
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    test::expand(options.into(), item.into()).into()
}
