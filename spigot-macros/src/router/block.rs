//! The impl block as it was written.
//!
//! Heads of methods are parsed, their bodies are not: a body that is being typed must not cost the routes.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Generics, ImplItem, Meta, Path, Signature, Token, Type, Visibility, WhereClause, braced, token,
};

use super::errors::{Errors, distance};
use super::requests;

pub(super) struct Block {
    pub(super) attributes: Vec<Attribute>,
    head: TokenStream,
    pub(super) generics: Generics,
    /// The name of the trait, where the block implements one.
    pub(super) trait_name: Option<Type>,
    pub(super) self_type: Type,
    brace: token::Brace,
    inner_attributes: Vec<Attribute>,
    pub(super) items: Vec<Item>,
}

/// An item of the block: its attributes, the head if it is a method, and everything after the attributes.
pub(super) struct Item {
    pub(super) attributes: Vec<Attribute>,
    pub(super) signature: Option<Signature>,
    rest: TokenStream,
}

impl Block {
    pub(super) fn parse(input: ParseStream<'_>) -> syn::Result<Block> {
        let attributes = input.call(Attribute::parse_outer)?;
        let unsafety: Option<Token![unsafe]> = input.parse()?;
        if !input.peek(Token![impl]) {
            return Err(input.error("`#[sip_router]` goes on an impl block: `impl Pbx { ... }`"));
        }
        let impl_token: Token![impl] = input.parse()?;
        let mut generics: Generics = input.parse()?;
        let mut self_type: Type = input.parse()?;
        let mut head = unsafety.into_token_stream();
        impl_token.to_tokens(&mut head);
        generics.to_tokens(&mut head);
        self_type.to_tokens(&mut head);

        let mut trait_name = None;
        if let Some(for_token) = input.parse::<Option<Token![for]>>()? {
            let implemented = input.parse()?;
            trait_name = Some(std::mem::replace(&mut self_type, implemented));
            for_token.to_tokens(&mut head);
            self_type.to_tokens(&mut head);
        }
        generics.where_clause = input.parse::<Option<WhereClause>>()?;
        generics.where_clause.to_tokens(&mut head);

        let content;
        let brace = braced!(content in input);
        let inner_attributes = content.call(Attribute::parse_inner)?;
        let mut items = Vec::new();
        while !content.is_empty() {
            items.push(Item::parse(&content)?);
        }
        Ok(Block {
            attributes,
            head,
            generics,
            trait_name,
            self_type,
            brace,
            inner_attributes,
            items,
        })
    }
}

impl Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Item> {
        let attributes = input.call(Attribute::parse_outer)?;
        if !is_method(input) {
            let rest = input.parse::<ImplItem>()?.into_token_stream();
            return Ok(Item {
                attributes,
                signature: None,
                rest,
            });
        }
        let visibility: Visibility = input.parse()?;
        let signature: Signature = input.parse()?;
        let body: TokenTree = input.parse()?;
        let mut rest = visibility.into_token_stream();
        signature.to_tokens(&mut rest);
        body.to_tokens(&mut rest);
        Ok(Item {
            attributes,
            signature: Some(signature),
            rest,
        })
    }

    /// Takes the attributes of this name off.
    pub(super) fn take(&mut self, name: &str) -> Vec<Attribute> {
        let all = std::mem::take(&mut self.attributes);
        let (taken, kept) = all
            .into_iter()
            .partition(|attribute| attribute.path().is_ident(name));
        self.attributes = kept;
        taken
    }

    /// Takes the attributes off that name a route. One that almost does is an error, and is taken off too:
    /// the compiler would only say that it does not know it.
    pub(super) fn take_route_attributes(&mut self, errors: &mut Errors) -> Vec<Attribute> {
        let (taken, kept) = std::mem::take(&mut self.attributes)
            .into_iter()
            .partition(|attribute| requests::is_named_route(attribute) || is_mistaken(attribute, errors));
        self.attributes = kept;
        let taken: Vec<Attribute> = taken;
        taken.into_iter().filter(requests::is_named_route).collect()
    }
}

/// Says whether the attribute was meant to be a route's, which is then an error.
fn is_mistaken(attribute: &Attribute, errors: &mut Errors) -> bool {
    let path = attribute.path();
    if let Some(route) = in_cfg_attr(attribute) {
        errors.push(
            route.span(),
            "`#[sip_router]` reads attributes before `cfg_attr` adds any: put `#[cfg(...)]` on a method of its own",
        );
        return true;
    }
    let names: Vec<String> = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    match names.as_slice() {
        [krate, name] if krate == "spigot" && requests::is_route(name) => {
            errors.push_at(path, format!("route attributes have no path: write `#[{name}]`"));
            true
        }
        [name] => match misspelled(name) {
            Some(meant) => {
                errors.push(
                    path.span(),
                    format!(
                        "there is no route attribute `#[{name}]`: did you mean `#[{meant}]`? The route attributes are {}",
                        requests::list_of_routes()
                    ),
                );
                true
            }
            None => false,
        },
        _ => false,
    }
}

/// Finds the attribute of the router's that a `cfg_attr` adds.
fn in_cfg_attr(attribute: &Attribute) -> Option<Path> {
    if !attribute.path().is_ident("cfg_attr") {
        return None;
    }
    let list = attribute.meta.require_list().ok()?;
    let parsed = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    let added = parsed.ok()?.into_iter().skip(1).map(|added| added.path().clone());
    added.into_iter().find(|path| {
        path.get_ident()
            .is_some_and(|name| is_router_attribute(&name.to_string()))
    })
}

/// Takes the route attributes out of a block that cannot be read: of each the compiler would only say that it
/// does not know it.
pub(super) fn without_route_attributes(tokens: TokenStream) -> TokenStream {
    let written = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            let mut stripped = Group::new(Delimiter::Brace, without_attributes(group.stream()));
            stripped.set_span(group.span());
            stripped.into()
        }
        token => token,
    });
    written.collect()
}

fn without_attributes(tokens: TokenStream) -> TokenStream {
    let mut tokens = tokens.into_iter().peekable();
    let mut kept = TokenStream::new();
    while let Some(token) = tokens.next() {
        let is_pound = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        if is_pound && tokens.next_if(is_route_attribute).is_some() {
            continue;
        }
        kept.append(token);
    }
    kept
}

fn is_route_attribute(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else {
        return false;
    };
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Bracket
        && matches!(first, Some(TokenTree::Ident(name)) if is_router_attribute(&name.to_string()))
}

fn is_router_attribute(name: &str) -> bool {
    requests::is_route(name) || name == "plug" || name == "through"
}

/// Says whether what comes is a method and not a constant, a type or a macro.
fn is_method(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let _ = ahead.parse::<Visibility>();
    loop {
        if ahead.peek(Token![fn]) {
            return true;
        } else if ahead.peek(Token![const])
            || ahead.peek(Token![async])
            || ahead.peek(Token![unsafe])
            || ahead.peek(Token![extern])
            || ahead.peek(syn::LitStr)
        {
            let _ = ahead.parse::<TokenTree>();
        } else {
            return false;
        }
    }
}

/// Finds the route attribute that was meant by a name one letter away from it (two in a long name). Names of
/// the compiler's own attributes are left alone.
fn misspelled(name: &str) -> Option<&'static str> {
    const BUILT_IN: [&str; 8] = ["allow", "cfg", "cold", "deny", "doc", "expect", "inline", "test"];
    if BUILT_IN.contains(&name) {
        return None;
    }
    // `#[INVITE]`, as the method is written on the wire.
    let name = name.to_lowercase();
    let name = name.as_str();
    requests::route_names().find(|route| {
        if name == *route {
            return true;
        }
        let letters = if route.len() >= 6 { 2 } else { 1 };
        distance(name, route) <= letters
    })
}

impl ToTokens for Block {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attributes);
        self.head.to_tokens(tokens);
        self.brace.surround(tokens, |tokens| {
            tokens.append_all(&self.inner_attributes);
            for item in &self.items {
                tokens.append_all(&item.attributes);
                item.rest.to_tokens(tokens);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;
    use syn::parse::Parser;

    #[test]
    fn a_block_is_written_as_it_was_read() {
        let written = quote! {
            #[cfg(any())]
            unsafe impl<'a, T: Clone, const N: usize> Pbx<'a, T, N> where T: Send {
                #![allow(dead_code)]
                const LIMIT: Limits = Limits { n: 1 };
                /// Answers.
                #[tracing::instrument(skip(self))]
                pub(crate) async fn register(&self, mut a: [u8; 4]) -> Result<(), E> where E: Send { self. }
                const fn helper() {}
                some_macro! { }
            }
        };
        let block = Block::parse.parse2(written.clone()).unwrap();
        assert_eq!(block.into_token_stream().to_string(), written.to_string());
    }

    #[test]
    fn misspelled_routes_are_known_and_other_attributes_left_alone() {
        assert_eq!(misspelled("regster"), Some("register"));
        assert_eq!(misspelled("subscribes"), Some("subscribe"));
        assert_eq!(misspelled("INVITE"), Some("invite"));
        assert_eq!(misspelled("Bye"), Some("bye"));
        assert_eq!(misspelled("instrument"), None);
        assert_eq!(misspelled("inline"), None);
        assert_eq!(misspelled("must_use"), None);
    }
}
