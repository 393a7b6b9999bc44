//! A router as a table for people: method, pattern, conditions, handler and plugs of each route.

use std::fmt;

use super::route::{Route, Routes, Takes};

impl fmt::Display for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table(f, self.iter())
    }
}

const HEADINGS: [&str; 5] = ["METHOD", "REQUEST-URI", "CONDITIONS", "HANDLER", "PLUGS"];

/// Writes the rules as aligned columns, a line each, with a heading. The last column, the plugs, is there if one of the rules
/// has some. No line ends in spaces, and the last has no line end.
pub(super) fn table<'r>(f: &mut fmt::Formatter<'_>, rules: impl Iterator<Item = &'r Route>) -> fmt::Result {
    let rules: Vec<&Route> = rules.collect();
    let has_plugs = rules.iter().any(|rule| !rule.plugs.is_empty());
    let columns = if has_plugs {
        HEADINGS.len()
    } else {
        HEADINGS.len() - 1
    };
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend(rules.into_iter().map(row));
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns - 1).map(width).collect();
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            writeln!(f)?;
        }
        for (cell, width) in row.iter().zip(&widths) {
            write!(f, "{cell:width$}  ")?;
        }
        write!(f, "{}", row[columns - 1])?;
    }
    Ok(())
}

fn row(rule: &Route) -> [String; 5] {
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
    [
        method.to_owned(),
        rule.pattern.unwrap_or("*").to_owned(),
        listed(&conditions),
        rule.handler.to_owned(),
        listed(rule.plugs),
    ]
}

fn listed<T: AsRef<str>>(these: &[T]) -> String {
    let these: Vec<&str> = these.iter().map(AsRef::as_ref).collect();
    match these.is_empty() {
        true => "-".to_owned(),
        false => these.join(", "),
    }
}
