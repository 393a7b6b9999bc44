//! The plugs of a block: `#[plug]` methods and the `#[through]` of routes.

use proc_macro2::{Ident, Span, TokenTree};
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, FnArg, LitStr, Meta, ReturnType, Signature, Token, Type, parenthesized};

use super::attribute::RouteAttribute;
use super::errors::{Errors, nearest};
use super::requests::{Takes, is_route, route_names};

/// A method that is marked `#[plug]`.
pub(super) struct PlugMethod {
    pub(super) name: Ident,
    pub(super) cfgs: Vec<Attribute>,
    /// Where the types of the request and of the rest are written.
    pub(super) places: [Span; 2],
    routes: Which,
}

/// Which routes a plug is on.
enum Which {
    All,
    Only(Vec<Named>),
    Except(Vec<Named>),
}

/// A kind of route, as its attribute names it.
struct Named {
    takes: Takes,
    place: Span,
}

impl PlugMethod {
    /// Reads the method that `attribute` stands on.
    pub(super) fn parse(
        attribute: &Attribute,
        signature: &Signature,
        attributes: &[Attribute],
        errors: &mut Errors,
    ) -> PlugMethod {
        check_signature(signature, errors);
        let routes = match &attribute.meta {
            Meta::Path(_) => Which::All,
            Meta::List(list) => {
                let read = |input: ParseStream<'_>| which(input, errors);
                match list.parse_args_with(read) {
                    Ok(which) => which,
                    Err(error) => {
                        errors.append(error);
                        Which::All
                    }
                }
            }
            Meta::NameValue(pair) => {
                errors.push(pair.eq_token.span(), HOW);
                Which::All
            }
        };
        let place = signature.ident.span();
        let mut types = typed_arguments(signature);
        PlugMethod {
            name: signature.ident.clone(),
            cfgs: attributes
                .iter()
                .filter(|attribute| attribute.path().is_ident("cfg"))
                .cloned()
                .collect(),
            places: [types.next(), types.next()].map(|written| written.map_or(place, Spanned::span)),
            routes,
        }
    }

    /// Whether it is on that route.
    pub(super) fn is_on(&self, route: &RouteAttribute) -> bool {
        let among = |named: &[Named]| named.iter().any(|named| named.takes == route.takes);
        match &self.routes {
            _ if !route.takes.is_answered() => false,
            Which::All => true,
            Which::Only(named) => among(named),
            Which::Except(named) => !among(named),
        }
    }

    /// Names of routes that the block does not have say nothing, so they are a mistake.
    pub(super) fn check(&self, routes: &[super::Route], errors: &mut Errors) {
        let (Which::Only(named) | Which::Except(named)) = &self.routes else {
            return;
        };
        for named in named {
            let there = routes.iter().any(|route| route.attribute.takes == named.takes);
            if !there {
                let written = routes.iter().map(|route| format!("`{}`", route.attribute.name));
                let mut names: Vec<String> = Vec::new();
                for name in written {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                let those = match names.is_empty() {
                    true => "it has none".to_owned(),
                    false => format!("it has {}", names.join(", ")),
                };
                errors.push(
                    named.place,
                    format!("the block has no route of this name for the plug to be on or not: {those}"),
                );
            }
        }
    }
}

const HOW: &str = "write `#[plug]`, `#[plug(only(register, invite))]` or `#[plug(except(options))]`";

const NAMES: &str = "name routes as their attributes do: `register`, `invite`, `method(\"NAME\")`";

fn which(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Which> {
    let name: Ident = input
        .parse()
        .map_err(|error| syn::Error::new(error.span(), HOW))?;
    let is_only = match name.to_string().as_str() {
        "only" => true,
        "except" => false,
        other => {
            let hint = match nearest(other, ["only", "except"]) {
                _ if is_route(other) => format!("did you mean `only({other})`? Otherwise "),
                Some(meant) => format!("did you mean `{meant}`? Otherwise "),
                None => String::new(),
            };
            skip(input)?;
            return Err(syn::Error::new(
                name.span(),
                format!("a plug has no option `{other}`: {hint}{HOW}"),
            ));
        }
    };
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(
            name.span(),
            format!("`{name}` names its routes in parentheses: {HOW}"),
        ));
    }
    let content;
    parenthesized!(content in input);
    if content.is_empty() {
        errors.push(
            name.span(),
            format!("`{name}` of which routes? It names none: {HOW}"),
        );
    }
    let mut named = Vec::new();
    while !content.is_empty() {
        if let Some(one) = one_named(&content, errors)? {
            named.push(one);
        }
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    if !input.is_empty() {
        let error = input.error("a plug says `only` or `except`, and one of them once");
        skip(input)?;
        return Err(error);
    }
    Ok(if is_only {
        Which::Only(named)
    } else {
        Which::Except(named)
    })
}

fn one_named(content: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Option<Named>> {
    let Ok(name) = content.parse::<Ident>() else {
        return Err(content.error(NAMES));
    };
    let place = name.span();
    let takes = match name.to_string().as_str() {
        "ack" | "cancel" => {
            errors.push(
                place,
                format!("no plug is on `{name}` routes: nothing can be answered to them, and neither may be challenged"),
            );
            return Ok(None);
        }
        "method" => {
            let text;
            parenthesized!(text in content);
            let Ok(text) = text.parse::<LitStr>() else {
                return Err(text.error("the name of a method stands in quotes: `method(\"NAME\")`"));
            };
            Takes::Method(text.value())
        }
        other => match Takes::named(other) {
            Some(takes) => takes,
            None => {
                let hint = match nearest(&other.to_lowercase(), route_names()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => NAMES.to_owned(),
                };
                errors.push(place, format!("there is no route attribute `{other}`: {hint}"));
                return Ok(None);
            }
        },
    };
    Ok(Some(Named { takes, place }))
}

/// Leaves out what belongs to something that was reported.
fn skip(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// `async fn name(&self, request: Request, next: Next<'_>) -> Reply`
fn check_signature(signature: &Signature, errors: &mut Errors) {
    let shape = format!(
        "a plug is `async fn {}(&self, request: Request, next: Next<'_>) -> Reply`",
        signature.ident
    );
    if signature.asyncness.is_none() {
        errors.push(signature.fn_token.span(), &shape);
    }
    let is_shared = signature
        .receiver()
        .is_some_and(|receiver| matches!(receiver.kind, syn::ReceiverKind::Reference(_, _, None)));
    let typed = typed_arguments(signature).count();
    // What is another name for the right type is told by the compiler.
    let is_called = |written: &Type, name: &str| match written {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == name),
        _ => false,
    };
    let mut types = typed_arguments(signature);
    let are_swapped = types.next().is_some_and(|first| is_called(first, "Next"))
        && types.next().is_some_and(|second| is_called(second, "Request"));
    let mut types = typed_arguments(signature);
    let are_borrowed = types.any(|written| matches!(written, Type::Reference(_)));
    if !is_shared || typed != 2 || are_swapped || are_borrowed {
        errors.push_at(&signature.inputs, &shape);
    }
    match &signature.output {
        ReturnType::Default => errors.push(
            signature.ident.span(),
            format!("a plug answers, by itself or with what `next.run(request).await` gives: {shape}"),
        ),
        ReturnType::Type(_, output) if is_called(output, "StatusCode") || is_called(output, "Response") => {
            errors.push_at(
                output,
                format!("{shape}; a status or a response becomes a `Reply` by `.into()`"),
            );
        }
        ReturnType::Type(_, output) if is_called(output, "Result") => {
            errors.push_at(
                output,
                format!("{shape}; what is in a `Result` becomes a `Reply` by `.into()`, or by `IntoReply`"),
            );
        }
        ReturnType::Type(..) => {}
    }
    if !signature.generics.params.is_empty() {
        errors.push_at(&signature.generics, &shape);
    }
}

/// The types of the arguments after the receiver.
fn typed_arguments(signature: &Signature) -> impl Iterator<Item = &Type> {
    signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(&*typed.ty),
        FnArg::Receiver(_) => None,
    })
}

/// The plugs that `#[through(...)]` names.
pub(super) fn through(attribute: &Attribute, errors: &mut Errors) -> Vec<Expr> {
    let place = attribute.path().span();
    let none =
        || "`#[through(...)]` names the plugs that the route goes through, such as `LimitBody::new(4096)`";
    match &attribute.meta {
        Meta::List(list) => match list.parse_args_with(Punctuated::<Expr, Token![,]>::parse_terminated) {
            Ok(plugs) if plugs.is_empty() => {
                errors.push(place, none());
                Vec::new()
            }
            Ok(plugs) => plugs.into_iter().collect(),
            Err(error) => {
                errors.append(error);
                Vec::new()
            }
        },
        _ => {
            errors.push(place, none());
            Vec::new()
        }
    }
}
