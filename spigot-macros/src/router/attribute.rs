//! One route attribute: `#[invite("sip:{room}@conference.*", in_dialog)]`.

use proc_macro2::{Ident, Span};
use spigot_parser::Pattern;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Attribute, LitStr, Meta};

use super::errors::Errors;
use super::route_options::RouteOptions;

/// The attributes that name a method, with the method's name on the wire.
pub(super) const METHODS: [(&str, &str); 17] = [
    ("invite", "INVITE"),
    ("ack", "ACK"),
    ("bye", "BYE"),
    ("cancel", "CANCEL"),
    ("register", "REGISTER"),
    ("options", "OPTIONS"),
    ("subscribe", "SUBSCRIBE"),
    ("notify", "NOTIFY"),
    ("info", "INFO"),
    ("message", "MESSAGE"),
    ("prack", "PRACK"),
    ("publish", "PUBLISH"),
    ("pull", "PULL"),
    ("push", "PUSH"),
    ("refer", "REFER"),
    ("store", "STORE"),
    ("update", "UPDATE"),
];

/// Which requests an attribute names.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Takes {
    Method(String),
    Any,
    Fallback,
}

pub(super) struct RouteAttribute {
    /// The attribute's name, where an error about the whole route is shown.
    pub(super) name: Ident,
    pub(super) takes: Takes,
    pub(super) pattern: Option<(LitStr, Pattern)>,
    pub(super) in_dialog: bool,
    pub(super) event: Option<LitStr>,
    pub(super) package: Option<LitStr>,
    pub(super) content_type: Option<LitStr>,
    /// Whether all that was written is here: nothing was left out because it was wrong.
    pub(super) is_whole: bool,
}

pub(super) fn route_names() -> impl Iterator<Item = &'static str> {
    METHODS
        .iter()
        .map(|(attribute, _)| *attribute)
        .chain(["method", "any", "fallback"])
}

pub(super) fn is_route(name: &str) -> bool {
    route_names().any(|route| route == name)
}

pub(super) fn is_named_route(attribute: &Attribute) -> bool {
    attribute
        .path()
        .get_ident()
        .is_some_and(|name| is_route(&name.to_string()))
}

pub(super) fn list_of_routes() -> String {
    let names: Vec<String> = METHODS
        .iter()
        .map(|(attribute, _)| format!("`{attribute}`"))
        .collect();
    format!("{}, `method(\"NAME\")`, `any` and `fallback`", names.join(", "))
}

impl RouteAttribute {
    /// Reads an attribute whose name is a route's. `None` when it does not even say which requests it takes;
    /// other faults leave their option out.
    pub(super) fn parse(attribute: &Attribute, errors: &mut Errors) -> Option<RouteAttribute> {
        let name = attribute.path().get_ident()?.clone();
        let errors_before = errors.len();
        let takes = match name.to_string().as_str() {
            "any" => Some(Takes::Any),
            "fallback" => Some(Takes::Fallback),
            text => METHODS
                .iter()
                .find(|(attribute, _)| *attribute == text)
                .map(|(_, method)| Takes::Method((*method).to_owned())),
        };
        let mut options = RouteOptions::new(takes.is_none());
        match &attribute.meta {
            Meta::Path(_) => {}
            Meta::List(list) => {
                let read = |input: ParseStream<'_>| options.parse(input, &name, errors);
                if let Err(error) = list.parse_args_with(read) {
                    errors.append(error);
                }
            }
            Meta::NameValue(pair) if takes.is_none() => {
                errors.push(
                    pair.eq_token.span(),
                    format!("the name of a method stands in parentheses: `#[{name}(\"NAME\")]`"),
                );
                return None;
            }
            Meta::NameValue(pair) => errors.push(
                pair.eq_token.span(),
                format!("options stand in parentheses: `#[{name}(...)]`"),
            ),
        }
        let takes = match takes {
            Some(takes) => takes,
            None => Takes::Method(options.method_name(&name, errors)?),
        };
        options.check_for(&takes, errors);
        Some(RouteAttribute {
            name,
            takes,
            pattern: options.pattern,
            in_dialog: options.in_dialog,
            event: options.event,
            package: options.package,
            content_type: options.content_type,
            is_whole: errors.len() == errors_before,
        })
    }

    /// The type in `router::method` that stands for the method.
    pub(super) fn marker(&self) -> Ident {
        let marker = match &self.takes {
            Takes::Method(method) => METHODS
                .iter()
                .find(|(_, name)| name == method)
                .map_or("custom_method", |(attribute, _)| *attribute),
            Takes::Any => "any",
            Takes::Fallback => "fallback",
        };
        Ident::new(marker, Span::call_site())
    }

    /// Whether its requests are answered by the handler: ACK has no response, and the library answers CANCEL.
    pub(super) fn is_answered(&self) -> bool {
        !matches!(&self.takes, Takes::Method(method) if method == "ACK" || method == "CANCEL")
    }
}
