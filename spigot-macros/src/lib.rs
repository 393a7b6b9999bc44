//! The attribute macros of Spigot.

use proc_macro::TokenStream;

/// Makes an agent of an impl block.
#[proc_macro_attribute]
pub fn sip_router(_options: TokenStream, block: TokenStream) -> TokenStream {
    block
}
