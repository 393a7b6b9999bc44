//! The options of `#[sip_router(...)]` itself.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote_spanned;
use spigot_parser::{Domains, Pattern};
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, Parser};
use syn::spanned::Spanned;
use syn::{Expr, Path, Token, parenthesized, token};

use super::Route;
use super::errors::{Errors, nearest};
use super::plugs;

pub(super) struct Options {
    /// The plugs of the router, made once.
    pub(super) plugs: Vec<Expr>,
    /// What the capture `{domain}` is limited to: an expression of the agent, `self.domains`.
    pub(super) domains: Option<Expr>,
    /// The name that this crate has for `spigot`: `crate = sip` for a dependency that is renamed.
    spigot: Option<Path>,
}

const OPTIONS: &str =
    "`plugs(...)`, `domains = self.domains`, and `crate = name` for a dependency on spigot that is renamed";

impl Options {
    pub(super) fn parse(tokens: TokenStream, errors: &mut Errors) -> Options {
        let mut options = Options {
            plugs: Vec::new(),
            domains: None,
            spigot: None,
        };
        if let Some(TokenTree::Literal(text)) = tokens.clone().into_iter().next() {
            errors.push(
                text.span(),
                format!(
                    "a pattern stands at a route, `#[invite({text})]`: `#[sip_router]` itself has {OPTIONS}"
                ),
            );
            return options;
        }
        let parser = syn::meta::parser(|meta| options.read(&meta, errors));
        if let Err(error) = parser.parse2(tokens) {
            errors.append(error);
        }
        options
    }

    fn read(&mut self, meta: &ParseNestedMeta<'_>, errors: &mut Errors) -> syn::Result<()> {
        if meta.path.is_ident("crate") {
            let path = meta.value()?.call(Path::parse_mod_style)?;
            if self.spigot.replace(path).is_some() {
                return Err(meta.error("`crate` is given twice"));
            }
            return Ok(());
        }
        if meta.path.is_ident("domains") {
            let domains = meta.value().map_err(|error| {
                syn::Error::new(
                    error.span(),
                    "the domains of the agent stand after `=`: `domains = self.domains`",
                )
            })?;
            if self.domains.replace(domains.parse()?).is_some() {
                return Err(meta.error("`domains` is given twice"));
            }
            return Ok(());
        }
        if meta.path.is_ident("plugs") {
            if !meta.input.peek(token::Paren) {
                return Err(meta.error("the plugs stand in parentheses: `plugs(Trace::new(), ...)`"));
            }
            let content;
            parenthesized!(content in meta.input);
            if !self.plugs.is_empty() {
                return Err(meta.error("`plugs` is given twice: one list says their order"));
            }
            let named = content.parse_terminated(Expr::parse, Token![,])?;
            if named.is_empty() {
                return Err(meta.error("no plugs are named: `plugs(Trace::new(), ...)`"));
            }
            self.plugs = plugs::made_without_agent(named, errors);
            return Ok(());
        }
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        let hint = match nearest(&name, ["crate", "plugs", "domains"]) {
            Some(name) => format!("did you mean `{name}`? It has "),
            None => String::from("it has "),
        };
        errors.push(
            meta.path.span(),
            format!("`#[sip_router]` has no option `{name}`: {hint}{OPTIONS}"),
        );
        // What follows belongs to the unknown option.
        while !meta.input.is_empty() && !meta.input.peek(Token![,]) {
            meta.input.parse::<TokenTree>()?;
        }
        Ok(())
    }

    /// Limits `{domain}` in the patterns of the routes. Which domains there are is not known before the agent
    /// is there.
    pub(super) fn limit_domains(&self, routes: &mut [Route], errors: &mut Errors) {
        let Some(domains) = &self.domains else { return };
        let mut patterns: Vec<&mut Pattern> = routes
            .iter_mut()
            .filter_map(|route| route.attribute.pattern.as_mut())
            .map(|(_, pattern)| pattern)
            .filter(|pattern| pattern.captures_domain())
            .collect();
        if patterns.is_empty() {
            errors.push_at(
                domains,
                "no pattern of this block has the capture `{domain}` for a host, as `\"sip:{user}@{domain}\"` has: `domains` says what it matches",
            );
        }
        for pattern in &mut patterns {
            **pattern = pattern.clone().with_domains(&Domains::default());
        }
    }

    /// Returns the path under which everything stands that the expansion names.
    pub(super) fn private(&self, span: Span) -> TokenStream {
        match &self.spigot {
            Some(path) => quote_spanned!(span=> #path::__private),
            None => quote_spanned!(span=> ::spigot::__private),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn a_renamed_dependency_is_named_in_every_path() {
        let mut errors = Errors::default();
        let options = Options::parse(quote!(crate = sip), &mut errors);
        assert!(errors.is_empty());
        assert_eq!(options.private(Span::call_site()).to_string(), "sip :: __private");
    }

    #[test]
    fn plugs_keep_their_order() {
        let mut errors = Errors::default();
        let options = Options::parse(
            quote!(plugs(Trace::new(), RateLimit::per_source(50)), crate = sip),
            &mut errors,
        );
        assert!(errors.is_empty() && options.spigot.is_some());
        let plugs: Vec<_> = options
            .plugs
            .iter()
            .map(|plug| quote!(#plug).to_string())
            .collect();
        assert_eq!(plugs, ["Trace :: new ()", "RateLimit :: per_source (50)"]);
    }

    #[test]
    fn an_unknown_option_is_one_error_and_the_rest_is_read() {
        let mut errors = Errors::default();
        let options = Options::parse(quote!(plug(Trace::new()), crate = sip), &mut errors);
        assert_eq!(
            errors
                .into_compile_errors()
                .to_string()
                .matches("compile_error")
                .count(),
            1
        );
        assert!(options.spigot.is_some());
    }
}
