//! The options of `#[plug]`: `#[plug(in_dialog, only(register, invite))]`.

use proc_macro2::{Ident, Span, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Attribute, LitStr, Meta, Token, parenthesized, token};

use super::errors::{Errors, nearest};
use super::requests::{Takes, is_route, route_names};

#[derive(Default)]
pub(super) struct PlugOptions {
    /// Whether requests inside dialogs pass the plug, too.
    pub(super) in_dialog: bool,
    pub(super) routes: OnRoutes,
    /// Whether all that was written is here: nothing was left out because it was wrong.
    pub(super) is_whole: bool,
}

/// Which routes a plug is on.
#[derive(Default)]
pub(super) enum OnRoutes {
    #[default]
    All,
    Only(Vec<RouteName>),
    Except(Vec<RouteName>),
}

/// A kind of route, as its attribute names it.
pub(super) struct RouteName {
    pub(super) takes: Takes,
    pub(super) span: Span,
}

const HOW: &str = "write `#[plug]`, `#[plug(only(register, invite))]` or `#[plug(except(options))]`, each with `in_dialog` for requests inside dialogs, too";

const NAMES: &str = "name routes as their attributes do: `register`, `invite`, `method(\"NAME\")`";

impl PlugOptions {
    pub(super) fn parse(attribute: &Attribute, errors: &mut Errors) -> PlugOptions {
        let mut options = PlugOptions::default();
        let errors_before = errors.len();
        match &attribute.meta {
            Meta::Path(_) => {}
            Meta::List(list) => {
                let read = |input: ParseStream<'_>| options.read(input, errors);
                if let Err(error) = list.parse_args_with(read) {
                    errors.append(error);
                }
            }
            Meta::NameValue(pair) => errors.push(pair.eq_token.span(), HOW),
        }
        options.is_whole = errors.len() == errors_before;
        options
    }

    fn read(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        while !input.is_empty() {
            if let Err(error) = self.option(input, errors) {
                errors.append(error);
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<TokenTree>()?;
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }

    fn option(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        let name = input
            .call(Ident::parse_any)
            .map_err(|error| syn::Error::new(error.span(), HOW))?;
        let mut written = name.to_string();
        // As a header would be called.
        while input.parse::<Option<Token![-]>>()?.is_some() {
            written = format!("{written}-{}", input.call(Ident::parse_any)?);
        }
        match written.as_str() {
            "in_dialog" => {
                if input.peek(Token![=]) || input.peek(token::Paren) {
                    return Err(input.error("`in_dialog` takes no value: it is there or it is not"));
                }
                if std::mem::replace(&mut self.in_dialog, true) {
                    return Err(syn::Error::new(name.span(), "`in_dialog` is given twice"));
                }
            }
            "only" => {
                let named = self.route_names(&name, input, errors)?;
                self.routes = OnRoutes::Only(named);
            }
            "except" => {
                let named = self.route_names(&name, input, errors)?;
                self.routes = OnRoutes::Except(named);
            }
            other => {
                let hint = match nearest(other, ["only", "except", "in_dialog"]) {
                    _ if is_route(other) => format!("did you mean `only({other})`? Otherwise "),
                    Some(meant) => format!("did you mean `{meant}`? Otherwise "),
                    None => String::new(),
                };
                return Err(syn::Error::new(
                    name.span(),
                    format!("a plug has no option `{other}`: {hint}{HOW}"),
                ));
            }
        }
        Ok(())
    }

    /// Reads the names in the parentheses of `only` or `except`.
    fn route_names(
        &self,
        option: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<Vec<RouteName>> {
        if !matches!(self.routes, OnRoutes::All) {
            return Err(syn::Error::new(
                option.span(),
                "a plug says `only` or `except`, and one of them once",
            ));
        }
        if !input.peek(token::Paren) {
            return Err(syn::Error::new(
                option.span(),
                format!("`{option}` names its routes in parentheses: {HOW}"),
            ));
        }
        let content;
        parenthesized!(content in input);
        if content.is_empty() {
            errors.push(
                option.span(),
                format!("`{option}` of which routes? It names none: {HOW}"),
            );
        }
        let mut names = Vec::new();
        while !content.is_empty() {
            match route_name(&content, option, errors) {
                Ok(name) => names.extend(name),
                Err(error) => {
                    skip(&content)?;
                    return Err(error);
                }
            }
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        Ok(names)
    }
}

fn route_name(
    content: ParseStream<'_>,
    option: &Ident,
    errors: &mut Errors,
) -> syn::Result<Option<RouteName>> {
    let Ok(name) = content.parse::<Ident>() else {
        return Err(content.error(NAMES));
    };
    let span = name.span();
    let takes = match name.to_string().as_str() {
        "ack" | "cancel" => {
            errors.push(
                span,
                format!("no plug is on `{name}` routes: nothing can be answered to them, and neither may be challenged"),
            );
            return Ok(None);
        }
        "in_dialog" => {
            errors.push(
                span,
                format!(
                    "`in_dialog` is no route: write it beside the routes, `#[plug(in_dialog, {option}(...))]`"
                ),
            );
            return Ok(None);
        }
        "method" => {
            let text;
            parenthesized!(text in content);
            match text.parse::<LitStr>() {
                Ok(text) => Takes::Method(text.value()),
                Err(error) => {
                    skip(&text)?;
                    let sentence = "the name of a method stands in quotes: `method(\"NAME\")`";
                    return Err(syn::Error::new(error.span(), sentence));
                }
            }
        }
        other => match Takes::named(other) {
            Some(takes) => takes,
            None => {
                let hint = match nearest(&other.to_lowercase(), route_names()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => NAMES.to_owned(),
                };
                errors.push(span, format!("there is no route attribute `{other}`: {hint}"));
                return Ok(None);
            }
        },
    };
    Ok(Some(RouteName { takes, span }))
}

/// Leaves out what belongs to something that was reported.
fn skip(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
