//! A router as a table for people: method, pattern, conditions and handler of each route.

use std::fmt;

use super::route::{Route, Routes, Takes};

impl fmt::Display for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table(f, self.iter())
    }
}

/// Writes the rules as aligned columns, a line each, with a heading. No line ends in spaces, and the last has
/// no line end.
pub(super) fn table<'r>(f: &mut fmt::Formatter<'_>, rules: impl Iterator<Item = &'r Route>) -> fmt::Result {
    let mut rows = vec![["METHOD", "REQUEST-URI", "CONDITIONS", "HANDLER"].map(str::to_owned)];
    rows.extend(rules.map(row));
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    for (index, [method, pattern, conditions, handler]) in rows.iter().enumerate() {
        if index > 0 {
            writeln!(f)?;
        }
        let [first, second, third] = widths;
        write!(
            f,
            "{method:first$}  {pattern:second$}  {conditions:third$}  {handler}"
        )?;
    }
    Ok(())
}

fn row(rule: &Route) -> [String; 4] {
    let method = match rule.takes {
        Takes::Method(method) => method,
        Takes::Any => "any",
        Takes::Fallback => "fallback",
    };
    let conditions: Vec<String> = [
        rule.in_dialog.then(|| "in dialog".to_owned()),
        rule.event.map(|package| format!("event {package}")),
        rule.package.map(|package| format!("package {package}")),
        rule.content_type
            .map(|content_type| format!("body {content_type}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let conditions = if conditions.is_empty() {
        "-".to_owned()
    } else {
        conditions.join(", ")
    };
    [
        method.to_owned(),
        rule.pattern.unwrap_or("*").to_owned(),
        conditions,
        rule.handler.to_owned(),
    ]
}
