//! The options of `#[sip_router(...)]` itself.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Path, Token};

use super::errors::{Errors, nearest};

pub(super) struct Options {
    /// How this crate names `spigot`: `crate = sip` for a dependency that is renamed.
    spigot: Option<Path>,
}

impl Options {
    pub(super) fn parse(tokens: TokenStream, errors: &mut Errors) -> Options {
        let mut options = Options { spigot: None };
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
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        let hint = match nearest(&name, ["crate"]) {
            Some(name) => format!("did you mean `{name}`? It has "),
            None => String::from("it has "),
        };
        errors.push(
            meta.path.span(),
            format!("`#[sip_router]` has no option `{name}`: {hint}`crate = name`, for a dependency on spigot that is renamed"),
        );
        // What follows belongs to the unknown option.
        while !meta.input.is_empty() && !meta.input.peek(Token![,]) {
            meta.input.parse::<TokenTree>()?;
        }
        Ok(())
    }

    /// The path under which everything stands that the expansion names.
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
    fn an_unknown_option_is_one_error_and_the_rest_is_read() {
        let mut errors = Errors::default();
        let options = Options::parse(quote!(plugs(Trace::new()), crate = sip), &mut errors);
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
