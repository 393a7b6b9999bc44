//! What the arguments of a handler take of the body of a request.

use std::sync::Arc;

/// What one argument of a handler takes of the body.
#[derive(Clone, Copy, Debug)]
pub enum BodyUse {
    /// Nothing.
    Nothing,
    /// The body, or the part of a multipart body, of this content type.
    Part(&'static str),
    /// The body as it is.
    Whole,
    /// What several arguments take that stand in a tuple.
    All(&'static [BodyUse]),
}

/// What all arguments of a handler take of the body.
#[derive(Clone, Debug, Default)]
pub struct BodyTypes {
    parts: Vec<&'static str>,
    has_whole: bool,
    /// The parts, where no argument takes the body as it is.
    only: Option<Arc<[&'static str]>>,
}

impl BodyTypes {
    pub(super) fn of(uses: impl IntoIterator<Item = BodyUse>) -> BodyTypes {
        let mut types = BodyTypes::default();
        uses.into_iter().for_each(|body| types.add(body));
        let has_parts = !types.parts.is_empty();
        types.only = (has_parts && !types.has_whole).then(|| types.parts.as_slice().into());
        types
    }

    fn add(&mut self, body: BodyUse) {
        match body {
            BodyUse::Nothing => {}
            BodyUse::Part(content_type) => self.parts.push(content_type),
            BodyUse::Whole => self.has_whole = true,
            BodyUse::All(all) => all.iter().for_each(|body| self.add(*body)),
        }
    }

    /// Lists the content types that arguments take.
    pub(super) fn parts(&self) -> &[&'static str] {
        &self.parts
    }

    /// Says whether an argument takes the body as it is.
    pub(super) fn has_whole(&self) -> bool {
        self.has_whole
    }

    /// Returns the content types that arguments take, where none takes the body as it is.
    pub(super) fn only(&self) -> Option<&Arc<[&'static str]>> {
        self.only.as_ref()
    }
}

/// Checks when the program is compiled that `text` is `type/subtype` without parameters.
pub(super) const fn media_type(text: &'static str) -> &'static str {
    let octets = text.as_bytes();
    let (mut at, mut slashes) = (0, 0);
    while at < octets.len() {
        match octets[at] {
            b'/' if at > 0 && at + 1 < octets.len() => slashes += 1,
            b'!'..=b'~' if !matches!(octets[at], b'/' | b';' | b',' | b'"') => {}
            _ => panic!("a content type is `type/subtype`, without parameters"),
        }
        at += 1;
    }
    assert!(
        slashes == 1,
        "a content type is `type/subtype`, without parameters"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::capabilities::list;

    #[test]
    fn what_arguments_take_is_added_up() {
        let of = |uses: &[BodyUse]| {
            let types = BodyTypes::of(uses.iter().copied());
            (
                list(types.parts().iter().copied()),
                types.has_whole(),
                types.only().map(|only| only.len()),
            )
        };
        assert_eq!(of(&[]), (String::new(), false, None));
        assert_eq!(of(&[BodyUse::Nothing]), (String::new(), false, None));
        let both = [
            BodyUse::Part("a/b"),
            BodyUse::All(&[BodyUse::Nothing, BodyUse::Part("c/d")]),
        ];
        assert_eq!(of(&both), ("a/b, c/d".to_owned(), false, Some(2)));
        assert_eq!(
            of(&[BodyUse::Part("a/b"), BodyUse::Whole]),
            ("a/b".to_owned(), true, None)
        );
        assert_eq!(
            of(&[BodyUse::All(&[BodyUse::Whole])]),
            (String::new(), true, None)
        );
    }

    #[test]
    fn a_content_type_has_two_words_and_no_parameters() {
        assert_eq!(media_type("application/pidf+xml"), "application/pidf+xml");
        for wrong in ["", "a", "/b", "a/", "a/b/c", "a/b;c=d", "a / b", "a/b, c/d"] {
            assert!(std::panic::catch_unwind(|| media_type(wrong)).is_err(), "{wrong}");
        }
    }
}
