//! No typed header is left out of the families.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use spigot_fuzz::headers::TYPES;

/// What the module of headers exports besides headers: parts of their values, and what they are read with.
const NO_HEADERS: &[&str] = &[
    "Algorithm",
    "AuthParams",
    "Challenge",
    "Credentials",
    "Directive",
    "EarlyMedia",
    "Feature",
    "FeatureValue",
    "Field",
    "HistoryIndex",
    "MediaRange",
    "Preference",
    "Qop",
    "Refresher",
    "ResourceValue",
    "SessionCase",
    "TagValue",
    "TransitIoi",
];

/// The names in `pub use module::{A, B};` of the parser's module of headers.
fn exported() -> BTreeSet<String> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spigot-parser/src/header/mod.rs");
    let text = fs::read_to_string(module).unwrap();
    let uses = text.split("\npub use ").skip(1);
    uses.flat_map(|rest| {
        let path = rest.split(';').next().unwrap();
        let names = path.split_once("::").unwrap().1;
        names
            .split(|char: char| !char.is_alphanumeric())
            .filter(|name| name.starts_with(char::is_uppercase))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn every_typed_header_is_in_one_family() {
    let mut exported = exported();
    assert!(exported.len() > 20, "{exported:?}");
    for name in NO_HEADERS {
        assert!(exported.remove(*name), "{name} is not exported");
    }
    let mut covered = BTreeSet::new();
    for name in TYPES.iter().copied().flatten() {
        assert!(covered.insert((*name).to_owned()), "{name} is in two families");
    }
    let missing: Vec<_> = exported.difference(&covered).collect();
    assert!(
        missing.is_empty(),
        "in no family (add them to one in `src/headers/`): {missing:?}"
    );
    let unknown: Vec<_> = covered.difference(&exported).collect();
    assert!(unknown.is_empty(), "not exported by the parser: {unknown:?}");
}
