//! The requests that a route takes, and the names of the attributes that say so.

use proc_macro2::{Ident, Span};
use syn::Attribute;

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

/// The requests that an attribute names.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Takes {
    Method(String),
    Any,
    Fallback,
}

impl Takes {
    /// Returns what the attribute of that name takes.
    ///
    /// It is `None` for `method`, which names it itself, and for what is no route.
    pub(super) fn named(attribute: &str) -> Option<Takes> {
        match attribute {
            "any" => Some(Takes::Any),
            "fallback" => Some(Takes::Fallback),
            _ => METHODS
                .iter()
                .find(|(name, _)| *name == attribute)
                .map(|(_, method)| Takes::Method((*method).to_owned())),
        }
    }

    /// Returns the type in `router::method` that stands for the method.
    pub(super) fn marker(&self) -> Ident {
        let marker = match self {
            Takes::Method(method) => METHODS
                .iter()
                .find(|(_, name)| name == method)
                .map_or("custom_method", |(attribute, _)| *attribute),
            Takes::Any => "any",
            Takes::Fallback => "fallback",
        };
        Ident::new(marker, Span::call_site())
    }

    /// Says whether these requests exist inside dialogs alone, so that `in_dialog` says nothing new. The
    /// router at run time has the same list of methods.
    pub(super) fn is_dialog_only(&self) -> bool {
        const METHODS: [&str; 5] = ["BYE", "INFO", "UPDATE", "PRACK", "NOTIFY"];
        matches!(self, Takes::Method(method) if METHODS.contains(&method.as_str()))
    }

    /// Says whether a handler answers these requests: ACK has no response, and the library answers CANCEL.
    pub(super) fn is_answered(&self) -> bool {
        !matches!(self, Takes::Method(method) if method == "ACK" || method == "CANCEL")
    }
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
