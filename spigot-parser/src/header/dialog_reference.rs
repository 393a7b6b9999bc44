//! References to a dialog by its Call-ID and two tags: the form of Replaces, Join and Target-Dialog.
//!
//! The one invariant: the value is a Call-ID, and the tags are tokens.

use super::parametrized::Parametrized;
use super::{CallId, Field, fault};
use crate::{ErrorKind, ParseError, grammar};

/// Scans `callid *( SEMI ... )`, in which the parameters `tags` are tokens.
pub(super) fn scan(field: Field<'_>, tags: [&str; 2], flag: &str) -> Result<Parametrized, ParseError> {
    let text = field.as_str();
    let end = text.find([';', ' ', '\t']).unwrap_or(text.len());
    CallId::check(&text[..end])?;
    Parametrized::scan(field, end, |param| {
        let name = param.name(text);
        let is_tag = tags.iter().any(|tag| tag.eq_ignore_ascii_case(name));
        if is_tag && !param.is_token {
            return fault(param.at(), "a tag, which is a token");
        }
        match name.eq_ignore_ascii_case(flag) && param.value.is_some() {
            true => fault(param.at(), "no value"),
            false => Ok(()),
        }
    })
}

/// Checks that both `tags` are there.
pub(super) fn complete(
    text: Parametrized,
    tags: [&str; 2],
    expected: &'static str,
) -> Result<Parametrized, ParseError> {
    match tags.iter().all(|tag| text.params().contains(tag)) {
        true => Ok(text),
        false => fault(text.as_str().len(), expected),
    }
}

/// Writes a value with the given tags.
pub(super) fn written(call_id: &CallId, tags: [(&str, &str); 2]) -> Result<String, ParseError> {
    let mut text = call_id.as_str().to_owned();
    for (name, tag) in tags {
        if !grammar::is_token(tag) {
            return Err(ParseError::new(ErrorKind::Token, 0, "a tag, which is a token"));
        }
        text.push(';');
        text.push_str(name);
        text.push('=');
        text.push_str(tag);
    }
    Ok(text)
}

/// Reports whether `tag` refers to a dialog's `own` tag, where a tag of zero also refers to a missing one
/// (RFC 3891 §6.1).
pub(super) fn names(tag: &str, own: Option<&str>) -> bool {
    own == Some(tag) || (own.is_none() && tag == "0")
}

/// Defines what Replaces and Join have in common, for types with a field `text: Parametrized`.
///
/// Both tags are mandatory: the recipient's and that of the other end. `$rfc` says where a tag of zero is
/// defined.
macro_rules! between_tags {
    ($type:ident, $rfc:literal) => {
        const TAGS: [&str; 2] = ["to-tag", "from-tag"];

        impl $type {
            /// Creates a reference to the dialog with this Call-ID, the recipient's tag `to_tag` and the
            /// other end's tag `from_tag`.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Token`](crate::ErrorKind::Token) if one of the tags is no token.
            pub fn new(
                call_id: &crate::header::CallId,
                to_tag: &str,
                from_tag: &str,
            ) -> Result<$type, crate::ParseError> {
                let tags = [("to-tag", to_tag), ("from-tag", from_tag)];
                $type::parse(Field::exact(&dialog_reference::written(call_id, tags)?))
            }

            /// Returns the Call-ID of the dialog.
            pub fn call_id(&self) -> &str {
                self.text.value()
            }

            /// Returns the recipient's tag.
            pub fn to_tag(&self) -> &str {
                self.param("to-tag").flatten().unwrap_or_default()
            }

            /// Returns the tag of the other end.
            pub fn from_tag(&self) -> &str {
                self.param("from-tag").flatten().unwrap_or_default()
            }

            #[doc = concat!(
                "Reports whether the header refers to the given dialog of the recipient. A tag of zero also refers to a \
                 missing one (", $rfc, ")."
            )]
            pub fn names(&self, call_id: &str, local_tag: Option<&str>, remote_tag: Option<&str>) -> bool {
                self.call_id() == call_id
                    && dialog_reference::names(self.to_tag(), local_tag)
                    && dialog_reference::names(self.from_tag(), remote_tag)
            }
        }
    };
}
pub(super) use between_tags;
