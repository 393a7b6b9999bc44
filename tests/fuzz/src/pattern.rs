//! Fuzzes route patterns: the first text of the input is matched against the second, and compared with the
//! third.

use spigot_parser::{ErrorKind, Pattern, Uri};

use crate::input::texts;
use crate::oracle;

pub(crate) fn run(data: &[u8]) {
    let texts = texts(data);
    let pattern = match Pattern::parse(&texts.value) {
        Ok(pattern) => pattern,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Pattern);
            return oracle::error(&error, texts.value.len());
        }
    };
    assert_eq!(pattern.to_string(), texts.value);
    assert!(Pattern::parse(pattern.as_str()).is_ok_and(|again| again == pattern));
    let names: Vec<_> = pattern.captures().collect();
    for (index, name) in names.iter().enumerate() {
        assert!(!names[..index].contains(name), "{name} is there twice");
    }
    let uris = [&*texts.first, &*texts.value].map(str::parse::<Uri>);
    let other = Pattern::parse(&texts.second).ok();
    for uri in uris.iter().flatten() {
        let captures = pattern.matches(uri);
        if let Some(captures) = &captures {
            assert!(captures.iter().map(|(name, _)| name).eq(pattern.captures()));
            for (name, value) in captures.iter() {
                assert!(!value.is_empty(), "a capture takes at least one character");
                assert_eq!(captures.get(name), Some(value));
            }
        }
        assert!(captures.is_some() || !pattern.is_catch_all());
        if let Some(other) = &other
            && other.covers(&pattern)
            && captures.is_some()
        {
            assert!(
                other.matches(uri).is_some(),
                "{other} covers {pattern}, and does not match {uri}"
            );
        }
    }
    // A pattern without captures and wildcards is a URI that matches itself.
    if let Ok(uri) = &uris[1]
        && !texts.value.contains(['{', '*', '%'])
    {
        assert!(pattern.matches(uri).is_some(), "{pattern} does not match itself");
        if let (Some(meant), Ok(other)) = (uri.as_sip(), &uris[0])
            && pattern.matches(other).is_some()
        {
            let other = other.as_sip().expect("a `sip:` pattern takes `sip:` and `sips:`");
            assert_eq!(
                meant.user_decoded(),
                other.user_decoded(),
                "{pattern} and {other}"
            );
            assert_eq!(meant.host(), other.host(), "{pattern} and {other}");
        }
    }
    assert!(pattern.covers(&pattern), "{pattern} does not cover itself");
}
