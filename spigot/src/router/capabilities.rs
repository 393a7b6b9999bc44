//! What an agent can do, as its routes say: the values of Allow, Accept and Allow-Events.

use super::route::{Route, Takes};

/// Lists the methods that the routes name, in the order written. INVITE brings ACK, CANCEL and BYE along, and
/// OPTIONS is always there.
pub(super) fn allow<'r>(rules: impl Iterator<Item = &'r Route>) -> String {
    let mut names = Vec::new();
    for rule in rules {
        if let Takes::Method(name) = rule.takes {
            names.push(name);
            if name == "INVITE" {
                names.extend(["ACK", "CANCEL", "BYE"]);
            }
        }
    }
    names.push("OPTIONS");
    list(names.into_iter())
}

/// Lists the content types that the routes name, and those that the arguments of their handlers take. An
/// INVITE without one, and an agent that names none, take what RFC 3261 §20.1 assumes: session descriptions.
pub(super) fn accept<'r>(rules: impl Iterator<Item = (&'r Route, &'r [&'static str])>) -> String {
    let mut types: Vec<&str> = Vec::new();
    for (rule, parts) in rules {
        match rule.content_type {
            Some(content_type) => types.push(content_type),
            None if rule.takes == Takes::Method("INVITE") => types.push("application/sdp"),
            None => {}
        }
        types.extend(parts);
    }
    if types.is_empty() {
        types.push("application/sdp");
    }
    list(types.into_iter())
}

/// Lists the event packages that the routes name; `None` where no route does.
pub(super) fn events<'r>(rules: impl Iterator<Item = &'r Route>) -> Option<String> {
    let packages = list(rules.filter_map(|rule| rule.event));
    (!packages.is_empty()).then_some(packages)
}

/// Lists the INFO packages that the routes name; `None` where no route does.
pub(super) fn packages<'r>(rules: impl Iterator<Item = &'r Route>) -> Option<String> {
    let packages = list(rules.filter_map(|rule| rule.package));
    (!packages.is_empty()).then_some(packages)
}

/// Joins names as a header lists them, each once.
pub(super) fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_each_once_in_its_order() {
        assert_eq!(list(["b", "a", "b"].into_iter()), "b, a");
    }

    #[test]
    fn an_agent_without_routes_still_answers_options() {
        assert_eq!(allow([].into_iter()), "OPTIONS");
        assert_eq!(accept([].into_iter()), "application/sdp");
        assert_eq!(events([].into_iter()), None);
    }
}
