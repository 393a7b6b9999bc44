//! A router as a table for people: method, pattern, conditions, handler and plugs of each route.

use std::fmt;

use super::route::{Route, Routes, Takes};

impl fmt::Display for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table(f, self.iter().map(Row::as_written))
    }
}

/// Prints method, pattern and handler, as they stand in the printed table: `MESSAGE sip:echo@* echo`.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", method_of(self), pattern_of(self), self.handler)
    }
}

fn method_of(route: &Route) -> &'static str {
    match route.takes {
        Takes::Method(method) => method,
        Takes::Any => "any",
        Takes::Fallback => "fallback",
    }
}

fn pattern_of(route: &Route) -> &'static str {
    route.pattern.unwrap_or("*")
}

const HEADINGS: [&str; 5] = ["METHOD", "REQUEST-URI", "CONDITIONS", "HANDLER", "PLUGS"];

/// One line of the printed table.
pub(super) struct Row {
    cells: [String; HEADINGS.len()],
    has_plugs: bool,
}

impl Row {
    /// Makes the line of a route whose requests pass the plugs of these names.
    pub(super) fn new(route: &Route, plugs: &[impl AsRef<str>]) -> Row {
        let conditions: Vec<String> = [
            route.in_dialog.then(|| "in dialog".to_owned()),
            route.event.map(|package| format!("event {package}")),
            route.package.map(|package| format!("package {package}")),
            route
                .content_type
                .map(|content_type| format!("body {content_type}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        Row {
            cells: [
                method_of(route).to_owned(),
                pattern_of(route).to_owned(),
                listed(&conditions),
                route.handler.to_owned(),
                listed(plugs),
            ],
            has_plugs: !plugs.is_empty(),
        }
    }

    /// Makes the line of a route whose plugs have not been made. Plugs of the router that a request inside a
    /// dialog may not pass stand in parentheses.
    fn as_written(route: &Route) -> Row {
        let (of_router, others) = route.plugs_of_router_and_others();
        let mut plugs: Vec<String> = of_router.iter().map(|name| (*name).to_owned()).collect();
        if route.is_inside_dialogs() {
            plugs = plugs.iter().map(|name| format!("({name})")).collect();
        }
        plugs.extend(others.iter().map(|name| (*name).to_owned()));
        Row::new(route, &plugs)
    }
}

/// Writes the rows as aligned columns, a line each, with a heading.
///
/// The last column, the plugs, is there if one of the rows has some. No line ends in spaces, and the last has
/// no line end.
pub(super) fn table(f: &mut fmt::Formatter<'_>, rows: impl Iterator<Item = Row>) -> fmt::Result {
    let rows: Vec<Row> = rows.collect();
    let has_plugs = rows.iter().any(|row| row.has_plugs);
    let columns = if has_plugs {
        HEADINGS.len()
    } else {
        HEADINGS.len() - 1
    };
    let mut lines = vec![HEADINGS.map(str::to_owned)];
    lines.extend(rows.into_iter().map(|row| row.cells));
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns - 1).map(width).collect();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            writeln!(f)?;
        }
        for (cell, width) in line.iter().zip(&widths) {
            write!(f, "{cell:width$}  ")?;
        }
        write!(f, "{}", line[columns - 1])?;
    }
    Ok(())
}

fn listed(these: &[impl AsRef<str>]) -> String {
    let these: Vec<&str> = these.iter().map(AsRef::as_ref).collect();
    if these.is_empty() {
        "-".to_owned()
    } else {
        these.join(", ")
    }
}
