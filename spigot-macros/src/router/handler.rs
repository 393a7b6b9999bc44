//! The method that a route attribute stands on.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, GenericArgument, Pat, PathArguments, ReceiverKind, ReturnType, Safety, Signature,
    Token, Type, TypeReference,
};

use super::attribute::RouteAttribute;
use super::errors::Errors;
use super::options::Options;
use super::requests::Takes;

/// A method that can be called as a handler.
pub(super) struct Handler {
    pub(super) name: Ident,
    /// Where an error about the handler's future is shown.
    pub(super) async_token: Option<Token![async]>,
    pub(super) cfgs: Vec<Attribute>,
    pub(super) arguments: Vec<Argument>,
    pub(super) output: Option<Type>,
}

/// An argument after `&self`.
pub(super) enum Argument {
    /// `Path(room): Path<RoomId>`, or as a tuple `Path((room, domain)): Path<(RoomId, String)>`.
    Path {
        written: Type,
        is_tuple: bool,
        captures: Vec<Capture>,
    },
    /// Anything else is read from the request.
    Extractor {
        written: Type,
        /// The name of the argument, where it has one.
        name: Option<Ident>,
    },
}

/// A capture that an argument takes.
pub(super) struct Capture {
    pub(super) name: Ident,
    /// The type that the capture is read as, where it is written out.
    pub(super) into: Option<Type>,
}

impl Handler {
    pub(super) fn parse(
        signature: &Signature,
        attributes: &[Attribute],
        route: Option<&RouteAttribute>,
        options: &Options,
        errors: &mut Errors,
    ) -> Handler {
        check_receiver(signature, errors);
        if signature.asyncness.is_none() {
            errors.push(
                signature.fn_token.span(),
                format!("a handler is async: write `async fn {}`", signature.ident),
            );
        }
        if let Safety::Unsafe(unsafety) = &signature.safety {
            errors.push(unsafety.span(), "a handler is not `unsafe`: the library calls it");
        }
        if !signature.generics.params.is_empty() {
            errors.push_at(
                &signature.generics,
                "a handler has no generic parameters: nobody could say which type it is called for. Put them on the impl block",
            );
        }
        if let Some(route) = route {
            check_output(signature, route, errors);
        }
        let errors_before = errors.len();
        let arguments: Vec<Argument> = signature
            .inputs
            .iter()
            .filter_map(|input| match input {
                FnArg::Typed(argument) => Argument::parse(&argument.pat, &argument.ty, errors),
                FnArg::Receiver(_) => None,
            })
            .collect();
        // Where one side could not be read, the other would only seem to lack something.
        if let Some(route) = route.filter(|route| route.is_whole && errors.len() == errors_before) {
            check_captures(route, &arguments, options, errors);
        }
        Handler {
            name: signature.ident.clone(),
            async_token: signature.asyncness,
            cfgs: attributes
                .iter()
                .filter(|attribute| attribute.path().is_ident("cfg"))
                .cloned()
                .collect(),
            arguments,
            output: match &signature.output {
                ReturnType::Default => None,
                ReturnType::Type(_, output) => Some((**output).clone()),
            },
        }
    }

    pub(super) fn captures(&self) -> impl Iterator<Item = &Capture> {
        captures(&self.arguments)
    }
}

impl Argument {
    fn parse(pattern: &Pat, written: &Type, errors: &mut Errors) -> Option<Argument> {
        let written = bare(written);
        if let Type::Reference(reference) = written {
            let is_text = matches!(bare(&reference.elem), Type::Path(path) if path.path.is_ident("str"));
            errors.push_at(
                reference,
                if is_text {
                    "a handler owns its arguments: take a `String` in the place of `&str`"
                } else {
                    "a handler owns its arguments: take this one without `&` (a `Request`, `Bytes` or `Uri` is cheap to own)"
                },
            );
            return None;
        }
        if let Type::ImplTrait(generic) = written {
            errors.push_at(
                generic,
                "a handler has no generic parameters: name the type of this argument",
            );
            return None;
        }
        let Some(inner) = path_argument(written) else {
            let name = match pattern {
                Pat::Ident(name) => Some(name.ident.unraw()),
                _ => None,
            };
            let written = written.clone();
            return Some(Argument::Extractor { written, name });
        };
        match captured_names(pattern) {
            Some(Names::One(name)) if !matches!(inner, Some(Type::Tuple(_))) => {
                let captures = vec![Capture { name, into: inner }];
                Some(Argument::Path {
                    written: written.clone(),
                    is_tuple: false,
                    captures,
                })
            }
            Some(Names::Several(names)) if is_no_tuple_of(names.len(), inner.as_ref()) => {
                let strings = vec!["String"; names.len()].join(", ");
                errors.push_at(
                    written,
                    format!(
                        "the pattern takes {} captures, so the type is a tuple of as many: `Path<({strings})>`",
                        names.len()
                    ),
                );
                None
            }
            Some(Names::Several(names)) => {
                let types: Vec<Option<Type>> = match inner {
                    Some(Type::Tuple(tuple)) if tuple.elems.len() == names.len() => {
                        tuple.elems.into_iter().map(Some).collect()
                    }
                    _ => names.iter().map(|_| None).collect(),
                };
                let captures = names
                    .into_iter()
                    .zip(types)
                    .map(|(name, into)| Capture { name, into })
                    .collect();
                Some(Argument::Path {
                    written: written.clone(),
                    is_tuple: true,
                    captures,
                })
            }
            _ => {
                errors.push_at(
                    pattern,
                    "name the captures that this takes: `Path(room): Path<String>`, `Path((room, domain)): Path<(String, String)>`; one that is not used has a name too, `Path(_room)`",
                );
                None
            }
        }
    }
}

/// Takes a type out of the invisible group in which a macro of the user's has put it.
fn bare(written: &Type) -> &Type {
    match written {
        Type::Group(group) => bare(&group.elem),
        written => written,
    }
}

/// Returns `Some` for `Path<...>`, with what is between the brackets.
fn path_argument(written: &Type) -> Option<Option<Type>> {
    let Type::Path(path) = written else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Path")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return Some(None);
    };
    Some(match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => Some(bare(inner).clone()),
        _ => None,
    })
}

/// Says whether the type certainly is no tuple of so many. What is another name for one, the compiler tells.
fn is_no_tuple_of(captures: usize, written: Option<&Type>) -> bool {
    match written {
        Some(Type::Tuple(tuple)) => tuple.elems.len() != captures,
        Some(Type::Path(path)) => path.path.get_ident().is_some_and(|name| {
            let name = name.to_string();
            name == "String" || name.starts_with(char::is_lowercase)
        }),
        _ => false,
    }
}

enum Names {
    One(Ident),
    Several(Vec<Ident>),
}

fn captured_names(pattern: &Pat) -> Option<Names> {
    let ident = |pattern: &Pat| match pattern {
        Pat::Ident(name) => Some(name.ident.unraw()),
        _ => None,
    };
    match pattern {
        Pat::TupleStruct(structure) if structure.elems.len() == 1 => match structure.elems.first()? {
            Pat::Tuple(tuple) => tuple
                .elems
                .iter()
                .map(ident)
                .collect::<Option<_>>()
                .map(Names::Several),
            single => ident(single).map(Names::One),
        },
        single => ident(single).map(Names::One),
    }
}

fn check_receiver(signature: &Signature, errors: &mut Errors) {
    const WHY: &str = "the agent is shared by all requests, so a handler takes `&self`";
    let Some(receiver) = signature.receiver() else {
        errors.push(
            signature.ident.span(),
            format!("{WHY}: write `async fn {}(&self, ...)`", signature.ident),
        );
        return;
    };
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => {}
        ReceiverKind::Reference(_, _, Some(mutable)) => errors.push(
            mutable.span(),
            format!("{WHY} and not `&mut self`: keep what changes in a `Mutex` or an atomic"),
        ),
        _ => errors.push(receiver.self_token.span(), format!("{WHY} and not `self`")),
    }
}

/// Finds what an answer borrows, other than for `'static`.
fn borrow_in(written: &Type) -> Option<&TypeReference> {
    match bare(written) {
        Type::Reference(reference) => {
            let is_static = reference
                .lifetime
                .as_ref()
                .is_some_and(|lifetime| lifetime.ident == "static");
            if is_static { None } else { Some(reference) }
        }
        Type::Tuple(tuple) => tuple.elems.iter().find_map(borrow_in),
        Type::Path(path) => match &path.path.segments.last()?.arguments {
            PathArguments::AngleBracketed(generic) => {
                generic.args.iter().find_map(|argument| match argument {
                    GenericArgument::Type(inner) => borrow_in(inner),
                    _ => None,
                })
            }
            _ => None,
        },
        _ => None,
    }
}

fn check_output(signature: &Signature, route: &RouteAttribute, errors: &mut Errors) {
    let (unit, place) = match &signature.output {
        ReturnType::Default => (true, signature.ident.to_token_stream()),
        ReturnType::Type(_, output) => (
            matches!(&**output, Type::Tuple(tuple) if tuple.elems.is_empty()),
            output.to_token_stream(),
        ),
    };
    if let ReturnType::Type(_, output) = &signature.output
        && let Some(reference) = borrow_in(output)
    {
        errors.push_at(
            reference,
            "an answer owns what it says: return a `String` or another owned value, or a `&'static str`",
        );
    }
    let name = &route.name;
    match (&route.takes, unit) {
        (Takes::Method(method), false) if method == "ACK" => errors.push_at(
            place,
            "an `ack` handler cannot answer: there is no response to ACK in SIP. Return nothing",
        ),
        (Takes::Method(method), false) if method == "CANCEL" => errors.push_at(
            place,
            "a `cancel` handler cannot answer: the library has answered the CANCEL already. Return nothing",
        ),
        (_, true) if route.takes.is_answered() => errors.push_at(
            place,
            format!(
                "the peer waits for an answer: return one from this `{name}` handler, such as a `StatusCode`"
            ),
        ),
        _ => {}
    }
}

fn captures(arguments: &[Argument]) -> impl Iterator<Item = &Capture> {
    arguments.iter().flat_map(|argument| match argument {
        Argument::Path { captures, .. } => captures.as_slice(),
        Argument::Extractor { .. } => &[],
    })
}

/// Checks that every capture has its argument and every `Path` argument its capture. A `{domain}` that is
/// limited to the domains of the agent says something without an argument.
fn check_captures(route: &RouteAttribute, arguments: &[Argument], options: &Options, errors: &mut Errors) {
    let captures: Vec<&Capture> = captures(arguments).collect();
    let in_pattern: Vec<&str> = route
        .pattern
        .iter()
        .flat_map(|(_, pattern)| pattern.captures())
        .collect();
    for capture in &captures {
        if capture_in(&in_pattern, &capture.name).is_none() {
            let hint = match in_pattern.as_slice() {
                [] => "the pattern captures nothing".to_owned(),
                names => format!("it has `{{{}}}`", names.join("}`, `{")),
            };
            let name = &capture.name;
            errors.push(
                name.span(),
                format!("the pattern of this route has no capture `{{{name}}}` for this argument: {hint}"),
            );
        }
    }
    let Some((text, pattern)) = &route.pattern else {
        return;
    };
    let is_limited = |name: &str| name == "domain" && options.domains.is_some() && pattern.captures_domain();
    for name in &in_pattern {
        if !captures
            .iter()
            .any(|capture| capture_in(&[name], &capture.name).is_some())
        {
            if let Some((argument, written)) = named_like(name, arguments) {
                let written = match written {
                    Type::Path(path) if path.path.get_ident().is_some() => path.to_token_stream().to_string(),
                    _ => "...".to_owned(),
                };
                errors.push(
                    argument.span(),
                    format!("a capture is taken by `Path`: write `Path({name}): Path<{written}>`"),
                );
                continue;
            }
            if is_limited(name) {
                continue;
            }
            errors.push(
                text.span(),
                format!(
                    "no argument takes the capture `{{{name}}}`: add `Path({name}): Path<String>`, or write `*` in its place"
                ),
            );
        }
    }
}

/// Finds the argument that has the name of a capture and does not take it.
fn named_like<'a>(capture: &str, arguments: &'a [Argument]) -> Option<(&'a Ident, &'a Type)> {
    arguments.iter().find_map(|argument| match argument {
        Argument::Extractor {
            written,
            name: Some(name),
        } => capture_in(&[capture], name).map(|_| (name, written)),
        _ => None,
    })
}

/// Finds the capture that an argument of this name takes. An argument that is not used, `_room`, takes
/// `{room}`.
pub(super) fn capture_in<'n>(names: &[&'n str], argument: &Ident) -> Option<&'n str> {
    let argument = argument.to_string();
    names.iter().copied().find(|name| *name == argument).or_else(|| {
        let bare = argument.trim_start_matches('_');
        names.iter().copied().find(|name| *name == bare)
    })
}
