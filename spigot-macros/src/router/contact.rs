//! Patterns of routes for requests inside dialogs, whose Request-URI is the agent's own Contact.
//!
//! RFC 3261 §12.2.1.1 makes it of the remote target, which is the Contact that we gave (§12.1.1). That one is
//! written by the library: the user that was called, at the address of the listener.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

use super::attribute::RouteAttribute;
use super::errors::Errors;
use super::handler::{Argument, Handler};

/// Reports a pattern that our Contact does not match.
///
/// A proxy's requests are not checked: their Request-URI is the Contact of the peer that they go to. Nor is
/// ACK, whose routes take what passes through, too.
pub(super) fn check(route: &RouteAttribute, handler: &Handler, errors: &mut Errors) {
    let Some((text, pattern)) = &route.pattern else {
        return;
    };
    if !route.is_whole || !route.is_inside_dialogs() || (!route.in_dialog && takes_proxy(handler)) {
        return;
    }
    let written = text.value();
    let is_sip = pattern
        .scheme()
        .is_none_or(|scheme| ["sip", "sips"].iter().any(|sip| scheme.eq_ignore_ascii_case(sip)));
    if !is_sip {
        errors.push(
            text.span(),
            "no request inside a dialog matches this pattern: its Request-URI is your own Contact, which is a `sip:` or `sips:` URI. Leave the pattern out",
        );
    } else if pattern.names_domain() {
        errors.push(
            text.span(),
            format!(
                "inside a dialog the Request-URI is your own Contact: the user that was called, at the address of your listener and not at a domain. {}. A route for what only passes through takes a `Proxy`{}, and may name a domain",
                instead(&written),
                if route.in_dialog { " and no `in_dialog`" } else { "" },
            ),
        );
    }
}

/// Says what to write in the place of a pattern that names a domain.
fn instead(written: &str) -> String {
    match written.split_once('@') {
        Some((user, _)) if !user.ends_with(":*") => {
            format!("Leave the pattern out, or match the user alone: `\"{user}@*\"`")
        }
        _ => "Leave the pattern out".to_owned(),
    }
}

/// Says whether the handler's requests pass through, as far as the names of the types tell.
fn takes_proxy(handler: &Handler) -> bool {
    handler.arguments.iter().any(|argument| match argument {
        Argument::Extractor { written, .. } => names_proxy(written.to_token_stream()),
        Argument::Path { .. } => false,
    })
}

fn names_proxy(written: TokenStream) -> bool {
    written.into_iter().any(|token| match token {
        TokenTree::Ident(name) => name == "Proxy",
        TokenTree::Group(group) => names_proxy(group.stream()),
        _ => false,
    })
}
