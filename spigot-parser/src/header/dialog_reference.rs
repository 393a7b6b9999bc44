//! A Call-ID and two tags, by which a request names another dialog: the form of Replaces, Join and Target-Dialog.
//!
//! The one invariant: the value is a Call-ID, and tags that are there are tokens.

use super::parametrized::Parametrized;
use super::{CallId, Field, fault};
use crate::{ErrorKind, ParseError, grammar};

/// `callid *( SEMI ... )`, in which the parameters `tags` are tokens.
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

/// Both `tags` have to be there.
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

/// The text of a value with these tags.
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

/// Whether `tag` names the dialog's `own`: a tag of zero names one that is not there, too (RFC 3891 §6.1).
pub(super) fn names(tag: &str, own: Option<&str>) -> bool {
    own == Some(tag) || (own.is_none() && tag == "0")
}

/// What Replaces and Join have in common: both tags are there, the recipient's and that of the other end. The type keeps
/// itself in a `text: Parametrized`; `$rfc` says where a tag of zero is defined.
macro_rules! between_tags {
    ($type:ident, $rfc:literal) => {
        const TAGS: [&str; 2] = ["to-tag", "from-tag"];

        impl $type {
            /// The dialog of that Call-ID whose recipient has the tag `to_tag`, and whose other end has `from_tag`.
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

            /// The Call-ID of the dialog.
            pub fn call_id(&self) -> &str {
                self.text.value()
            }

            /// The recipient's tag.
            pub fn to_tag(&self) -> &str {
                self.param("to-tag").flatten().unwrap_or_default()
            }

            /// The tag of the other end.
            pub fn from_tag(&self) -> &str {
                self.param("from-tag").flatten().unwrap_or_default()
            }

            #[doc = concat!(
                "Whether this dialog of the recipient is the one that is meant. A tag of zero names one that is not \
                 there, too (", $rfc, ")."
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
