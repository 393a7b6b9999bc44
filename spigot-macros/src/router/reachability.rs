//! Routes that no request can reach, because one written before takes all that they would.
//!
//! Only what is certain is reported: a route whose capture may fail to parse leaves requests to the next, and
//! one under `#[cfg]` may not be there.

use quote::ToTokens;
use spigot_parser::Pattern;
use syn::LitStr;

use super::Route;
use super::errors::Errors;
use super::requests::Takes;

pub(super) fn check(routes: &[Route], errors: &mut Errors) {
    for (index, later) in routes.iter().enumerate() {
        let Some(earlier) = routes[..index]
            .iter()
            .find(|earlier| takes_all_of(earlier, later))
        else {
            continue;
        };
        let handler = &earlier.handler.name;
        let sentence = if takes_all_of(later, earlier) {
            format!("this is the route of `{handler}` again: no request would reach it")
        } else {
            format!("no request reaches this route: `{handler}`, written before it, takes them all")
        };
        errors.push(later.attribute.name.span(), sentence);
    }
}

/// Says whether the first route, standing before the second, certainly takes each of its requests.
fn takes_all_of(first: &Route, second: &Route) -> bool {
    let (before, after) = (&first.attribute, &second.attribute);
    let methods = match (&before.takes, &after.takes) {
        (Takes::Any, Takes::Method(method)) => {
            method != "ACK" && method != "CANCEL" && before.in_dialog == is_in_dialog(second)
        }
        (Takes::Method(method), Takes::Method(other)) => {
            method == other && is_in_dialog(first) == is_in_dialog(second)
        }
        (Takes::Any, Takes::Any) => before.in_dialog == after.in_dialog,
        (Takes::Fallback, Takes::Fallback) => true,
        _ => false,
    };
    before.is_whole
        && after.is_whole
        && methods
        && covers(before.pattern.as_ref(), after.pattern.as_ref())
        && is_as_wide(before.event.as_ref(), after.event.as_ref(), false)
        && is_as_wide(before.package.as_ref(), after.package.as_ref(), true)
        && is_as_wide(before.content_type.as_ref(), after.content_type.as_ref(), true)
        && is_always_there(first, second)
        && cannot_fail(first, second)
}

/// Says whether the router looks for the route where it looks for those that say `in_dialog`. ACK is there,
/// however it is written.
fn is_in_dialog(route: &Route) -> bool {
    route.attribute.is_inside_dialogs() || route.attribute.takes == Takes::Method("ACK".to_owned())
}

fn covers(first: Option<&(LitStr, Pattern)>, second: Option<&(LitStr, Pattern)>) -> bool {
    match (first, second) {
        (None, _) => true,
        (Some((_, first)), None) => first.is_catch_all(),
        (Some((_, first)), Some((_, second))) => first.covers(second),
    }
}

fn is_as_wide(first: Option<&LitStr>, second: Option<&LitStr>, ignore_case: bool) -> bool {
    match (first.map(LitStr::value), second.map(LitStr::value)) {
        (None, _) => true,
        (Some(first), Some(second)) => {
            first == second || (ignore_case && first.eq_ignore_ascii_case(&second))
        }
        (Some(_), None) => false,
    }
}

fn is_always_there(first: &Route, second: &Route) -> bool {
    let conditions = |route: &Route| {
        route
            .handler
            .cfgs
            .iter()
            .map(|cfg| cfg.to_token_stream().to_string())
            .collect::<Vec<_>>()
    };
    first.handler.cfgs.is_empty() || conditions(first) == conditions(second)
}

/// Says whether each capture of the first is read as a `String`, which never fails, or as the second reads
/// it.
fn cannot_fail(first: &Route, second: &Route) -> bool {
    let written = |route: &Route| match &route.attribute.pattern {
        Some((text, _)) => text.value(),
        None => String::new(),
    };
    let types = |route: &Route| -> Vec<(String, Option<String>)> {
        let mut types: Vec<_> = route
            .handler
            .captures()
            .map(|capture| {
                let into = capture
                    .into
                    .as_ref()
                    .map(|into| into.to_token_stream().to_string());
                (capture.name.to_string(), into)
            })
            .collect();
        types.sort();
        types
    };
    let is_string =
        |(_, into): &(String, Option<String>)| into.as_deref().is_some_and(|into| into == "String");
    types(first).iter().all(is_string) || (written(first) == written(second) && types(first) == types(second))
}
