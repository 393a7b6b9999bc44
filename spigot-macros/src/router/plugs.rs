//! The plugs of a block: `#[plug]` methods and the `#[through]` of routes.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, FnArg, Meta, ReturnType, Signature, Token, Type};

use super::attribute::RouteAttribute;
use super::errors::Errors;
use super::plug_options::{OnRoutes, PlugOptions};

/// A method that is marked `#[plug]`.
pub(super) struct PlugMethod {
    pub(super) name: Ident,
    pub(super) cfgs: Vec<Attribute>,
    /// Where the types of the request and of the rest are written.
    pub(super) type_spans: [Span; 2],
    pub(super) options: PlugOptions,
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
        let name = signature.ident.span();
        let mut types = typed_arguments(signature);
        PlugMethod {
            name: signature.ident.clone(),
            cfgs: attributes
                .iter()
                .filter(|attribute| attribute.path().is_ident("cfg"))
                .cloned()
                .collect(),
            type_spans: [types.next(), types.next()].map(|written| written.map_or(name, Spanned::span)),
            options: PlugOptions::parse(attribute, errors),
        }
    }

    /// Says whether some requests of that route pass the plug.
    pub(super) fn is_on(&self, route: &RouteAttribute) -> bool {
        if !route.takes.is_answered() || (route.is_inside_dialogs() && !self.options.in_dialog) {
            return false;
        }
        match &self.options.routes {
            OnRoutes::All => true,
            OnRoutes::Only(named) => named.iter().any(|named| named.takes == route.takes),
            OnRoutes::Except(named) => named.iter().all(|named| named.takes != route.takes),
        }
    }

    /// Reports names of routes that say nothing: the block does not have them, or the plug would see none of
    /// their requests.
    pub(super) fn check(&self, routes: &[super::Route], errors: &mut Errors) {
        let (OnRoutes::Only(named) | OnRoutes::Except(named)) = &self.options.routes else {
            return;
        };
        for named in named {
            let mut of_name = routes
                .iter()
                .filter(|route| route.attribute.takes == named.takes)
                .peekable();
            if of_name.peek().is_none() {
                errors.push(
                    named.span,
                    format!(
                        "the block has no route of this name for the plug to be on or not: {}",
                        list_of(routes)
                    ),
                );
            } else if matches!(self.options.routes, OnRoutes::Only(_))
                && self.options.is_whole
                && !self.options.in_dialog
                && of_name.all(|route| route.attribute.is_inside_dialogs())
            {
                errors.push(
                    named.span,
                    "all requests of this name are inside dialogs, and this plug sees none of those: add `in_dialog`, as in `#[plug(in_dialog, only(bye))]`",
                );
            }
        }
    }
}

/// Lists the names of a block's routes in a sentence, each once.
fn list_of(routes: &[super::Route]) -> String {
    let mut names: Vec<String> = Vec::new();
    for route in routes {
        let name = format!("`{}`", route.attribute.name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        "it has none".to_owned()
    } else {
        format!("it has {}", names.join(", "))
    }
}

/// Checks that the method is `async fn name(&self, request: Request, next: Next<'_>) -> Reply`.
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

/// Returns the types of the arguments after the receiver.
fn typed_arguments(signature: &Signature) -> impl Iterator<Item = &Type> {
    signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(&*typed.ty),
        FnArg::Receiver(_) => None,
    })
}

/// Takes the plugs that can be made without an agent, and reports those that are made of `self`.
pub(super) fn made_without_agent(plugs: impl IntoIterator<Item = Expr>, errors: &mut Errors) -> Vec<Expr> {
    let mut made = Vec::new();
    for plug in plugs {
        let Some(agent) = find_self(plug.to_token_stream()) else {
            made.push(plug);
            continue;
        };
        errors.push(
            agent.span(),
            "a plug is made before there is an agent, so there is no `self` here. A plug that needs the agent is a method of it: `#[plug] async fn name(&self, request: Request, next: Next<'_>) -> Reply`, which may call a plug that the agent has: `self.auth.call(request, next).await`",
        );
    }
    made
}

/// Finds the first `self` of an expression that is the agent. That of a path, `self::limit()`, is a module.
pub(super) fn find_self(tokens: TokenStream) -> Option<Ident> {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let found = match token {
            TokenTree::Ident(name) if name == "self" => {
                let begins_path =
                    matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
                (!begins_path).then_some(name)
            }
            TokenTree::Group(group) => find_self(group.stream()),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Reads the plugs that `#[through(...)]` names.
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
            Ok(plugs) => made_without_agent(plugs, errors),
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
