//! `#[sip_router]`: reads an impl block and writes the table of its routes.
//!
//! `block` reads, `attribute`, `handler` and `contact` check each route, `reachability` checks them against
//! each other, `expansion` writes. A check never stops another: each adds to [`Errors`].

mod attribute;
mod block;
mod contact;
mod errors;
mod expansion;
mod handler;
mod options;
mod plug_name;
mod plug_options;
mod plugs;
mod reachability;
mod requests;
mod route_options;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Expr, parse_quote};

use attribute::RouteAttribute;
use block::{Block, Item};
use errors::Errors;
use handler::Handler;
use options::Options;
use plugs::PlugMethod;

/// A route: the attribute and the handler that carries it.
struct Route {
    attribute: RouteAttribute,
    handler: Handler,
    /// The route's own plugs.
    through: Vec<Expr>,
}

/// Expands `#[sip_router(options)] block`: the block without its route attributes, then the expansion or the
/// errors.
///
/// A block that cannot be read at all is emitted as it came, but for the route attributes, beside the error.
pub(crate) fn expand(options: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::parse(options, &mut errors);
    let mut block = match Block::parse.parse2(tokens.clone()) {
        Ok(block) => block,
        Err(error) => {
            let error = error.into_compile_error();
            let tokens = block::without_route_attributes(tokens);
            return quote!(#tokens #error);
        }
    };

    if let Some(name) = &block.trait_name {
        errors.push_at(
            name,
            "`#[sip_router]` goes on the type's own impl block, `impl Pbx { ... }`, and not on the impl of a trait",
        );
    }
    let lifetime = block.generics.lifetimes().next();
    if let Some(lifetime) = lifetime {
        errors.push_at(
            lifetime,
            "an agent lives as long as its server, so it cannot borrow: let it own what it needs, or share it by an `Arc`",
        );
    }
    // No agent can be made of these, and saying so once is enough.
    let is_hopeless = block.trait_name.is_some() || lifetime.is_some();
    let plugs: Vec<PlugMethod> = block
        .items
        .iter_mut()
        .filter_map(|item| read_plug(item, &mut errors))
        .collect();
    let mut routes: Vec<Route> = block
        .items
        .iter_mut()
        .filter_map(|item| read_route(item, &options, &mut errors))
        .collect();
    options.limit_domains(&mut routes, &mut errors);
    reachability::check(&routes, &mut errors);
    for route in &routes {
        contact::check(&route.attribute, &route.handler, &mut errors);
    }
    for plug in &plugs {
        plug.check(&routes, &mut errors);
    }

    let expansion = if is_hopeless {
        TokenStream::new()
    } else if errors.is_empty() {
        expansion::write(&block, &routes, &plugs, &options)
    } else {
        // The type is an agent even so: where it is used as one, nothing more need be said.
        expansion::write(&block, &[], &[], &options)
    };
    let errors = errors.into_compile_errors();
    let block = block.into_token_stream();
    quote!(#block #expansion #errors)
}

/// Takes `#[plug]` off a method and reads it.
fn read_plug(item: &mut Item, errors: &mut Errors) -> Option<PlugMethod> {
    let taken = item.take("plug");
    let (first, rest) = taken.split_first()?;
    for second in rest {
        errors.push(second.path().span(), "this method is a plug already");
    }
    if item.attributes.iter().any(requests::is_named_route) {
        errors.push(
            first.path().span(),
            "a method is a route or a plug, and this is marked as both",
        );
        return None;
    }
    let Some(signature) = &item.signature else {
        errors.push(
            first.path().span(),
            "`#[plug]` goes on a method: `async fn name(&self, request: Request, next: Next<'_>) -> Reply`",
        );
        return None;
    };
    Some(PlugMethod::parse(first, signature, &item.attributes, errors))
}

/// Takes the route attributes off an item and reads them; `None` for an item that is no route or a bad one.
fn read_route(item: &mut Item, options: &Options, errors: &mut Errors) -> Option<Route> {
    let through = item.take("through");
    let taken = item.take_route_attributes(errors);
    let Some((first, rest)) = taken.split_first() else {
        for attribute in &through {
            errors.push(
                attribute.path().span(),
                "`#[through]` goes on a route, and this method has no route attribute",
            );
        }
        return None;
    };
    let through = through
        .iter()
        .flat_map(|attribute| plugs::through(attribute, errors))
        .collect();
    for second in rest {
        errors.push(
            second.path().span(),
            format!(
                "this method is a route already, by its `#[{}]`: one handler, one route attribute",
                first.path().to_token_stream()
            ),
        );
    }

    let attribute = RouteAttribute::parse(first, errors);
    let Some(signature) = &item.signature else {
        errors.push(
            first.path().span(),
            "a route attribute goes on a method: `async fn name(&self, ...)`",
        );
        return None;
    };
    let handler = Handler::parse(signature, &item.attributes, attribute.as_ref(), options, errors);
    // Nobody calls a handler but the library, and its arguments are named by what they are. Clippy warns of
    // more than seven.
    if signature.inputs.len() > 7 {
        item.attributes
            .push(parse_quote!(#[allow(clippy::too_many_arguments)]));
    }
    let route = Route {
        attribute: attribute?,
        handler,
        through,
    };
    if !route.attribute.takes.is_answered() && !route.through.is_empty() {
        errors.push(
            route.attribute.name.span(),
            "no plug is on this route: nothing can be answered to ACK and CANCEL, and neither may be challenged",
        );
    }
    Some(route)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(block: TokenStream) -> String {
        expand(TokenStream::new(), block).to_string()
    }

    #[test]
    fn what_cannot_be_read_is_emitted_as_it_came_without_its_route_attributes() {
        let block = quote!(impl Pbx { #[inline] #[register] async fn register(&, ) { #[register] {} } });
        let written = quote!(impl Pbx { #[inline] async fn register(&, ) { #[register] {} } }).to_string();
        let expansion = expanded(block);
        assert!(expansion.starts_with(&written), "{expansion}");
        assert_eq!(expansion.matches("compile_error").count(), 1);
    }

    #[test]
    fn a_block_with_mistakes_is_emitted_without_its_route_attributes_and_is_an_agent() {
        let expansion = expanded(quote! {
            impl Pbx {
                #[regster]
                #[register]
                fn register(&self) -> StatusCode { self. }
            }
        });
        assert!(
            expansion.starts_with("impl Pbx { fn register (& self) -> StatusCode { self . } }"),
            "{expansion}"
        );
        assert!(expansion.contains(":: Agent for Pbx"), "{expansion}");
        assert_eq!(expansion.matches("compile_error").count(), 2);
    }

    #[test]
    fn a_handler_of_more_than_seven_arguments_is_none_that_clippy_warns_of() {
        let arguments = |count: usize| {
            let names = (0..count).map(|index| quote::format_ident!("argument_{index}"));
            expanded(
                quote!(impl Pbx { #[message] async fn text(&self, #(#names: Request),*) -> StatusCode {} }),
            )
        };
        let allowed = "# [allow (clippy :: too_many_arguments)] async fn text";
        assert!(arguments(7).contains(allowed) && arguments(20).contains(allowed));
        assert!(!arguments(6).contains(allowed));
    }

    #[test]
    fn a_path_that_begins_with_self_is_not_made_of_the_agent() {
        let expansion = |plug: TokenStream, limit: TokenStream| {
            let text =
                quote!(impl Pbx { #[message] #[through(#limit)] async fn text(&self) -> StatusCode {} });
            expand(quote!(plugs(#plug)), text).to_string()
        };
        let fine = expansion(quote!(self::limit()), quote!(LimitBody::new({ self::OCTETS })));
        assert!(!fine.contains("compile_error"), "{fine}");
        let wrong = expansion(quote!(limit(self::RATE, self.rate)), quote!(self::limit(&self)));
        assert_eq!(wrong.matches("compile_error").count(), 2, "{wrong}");
    }

    #[test]
    fn conditional_routes_and_blocks_have_conditional_entries() {
        let expansion = expanded(quote! {
            #[cfg(feature = "a")]
            impl Pbx {
                /// Documented.
                #[cfg(feature = "b")]
                #[register]
                async fn register(&self) -> StatusCode { StatusCode::OK }
            }
        });
        assert_eq!(
            expansion.matches("# [cfg (feature = \"a\")]").count(),
            3,
            "{expansion}"
        );
        assert_eq!(
            expansion.matches("# [cfg (feature = \"b\")]").count(),
            3,
            "{expansion}"
        );
        assert_eq!(expansion.matches("Documented").count(), 1, "{expansion}");
    }
}
