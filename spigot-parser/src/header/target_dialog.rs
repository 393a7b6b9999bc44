//! The Target-Dialog header: a dialog that the sender knows of (RFC 4538).

use super::parametrized::{Parametrized, param_accessors};
use super::{CallId, Field, Shape, TypedHeader, dialog_reference, text_traits};
use crate::{HeaderName, ParseError};

/// A Target-Dialog header: a dialog of the recipient that the sender knows of.
///
/// The recipient may admit the request for that reason.
///
/// ```text
/// Target-Dialog = "Target-Dialog" HCOLON callid *(SEMI td-param)
/// td-param      = remote-param / local-param / generic-param
/// remote-param  = "remote-tag" EQUAL token
/// local-param   = "local-tag" EQUAL token
/// ```
///
/// The grammar is that of [RFC 4538 §7](https://www.rfc-editor.org/rfc/rfc4538#section-7). The tags are local
/// and remote as the recipient sees them. [RFC 4538 §4](https://www.rfc-editor.org/rfc/rfc4538#section-4):
///
/// > If the dialog identifiers don't match, or if they don't contain both a "remote-tag" and "local-tag"
/// > parameter, the header field MUST be ignored, and authorization MAY be determined by other means.
///
/// A value without both tags is therefore read, but [`names`](TargetDialog::names) no dialog. Two values are
/// equal if their Call-IDs and tags have the same octets; other parameters do not count.
///
/// ```
/// use spigot_parser::header::{CallId, TargetDialog};
///
/// let target: TargetDialog = "fa77as7dad8-sd98ajzz@host.example.com;local-tag=kkaz-;remote-tag=6544".parse()?;
/// assert!(target.names("fa77as7dad8-sd98ajzz@host.example.com", Some("kkaz-"), Some("6544")));
///
/// let target = TargetDialog::new(&CallId::new("fa77as7dad8")?, "kkaz-", "6544")?;
/// assert_eq!(target.to_string(), "fa77as7dad8;local-tag=kkaz-;remote-tag=6544");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct TargetDialog {
    text: Parametrized,
}

impl TargetDialog {
    /// Creates a reference to the dialog with this Call-ID, the recipient's tag `local_tag` and the other
    /// end's tag `remote_tag`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`](crate::ErrorKind::Token) if one of the tags is no token.
    pub fn new(call_id: &CallId, local_tag: &str, remote_tag: &str) -> Result<TargetDialog, ParseError> {
        let tags = [("local-tag", local_tag), ("remote-tag", remote_tag)];
        TargetDialog::parse(Field::exact(&dialog_reference::written(call_id, tags)?))
    }

    /// Returns the Call-ID of the dialog.
    pub fn call_id(&self) -> &str {
        self.text.value()
    }

    /// Returns the recipient's tag.
    pub fn local_tag(&self) -> Option<&str> {
        self.param("local-tag").flatten()
    }

    /// Returns the tag of the other end.
    pub fn remote_tag(&self) -> Option<&str> {
        self.param("remote-tag").flatten()
    }

    /// Reports whether the header refers to the given dialog of the recipient.
    pub fn names(&self, call_id: &str, local_tag: Option<&str>, remote_tag: Option<&str>) -> bool {
        let (local, remote) = (self.local_tag(), self.remote_tag());
        self.call_id() == call_id
            && local.is_some()
            && remote.is_some()
            && (local, remote) == (local_tag, remote_tag)
    }
}

param_accessors!(TargetDialog);

impl TypedHeader for TargetDialog {
    const NAME: HeaderName = HeaderName::TARGET_DIALOG;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = dialog_reference::scan(value, ["local-tag", "remote-tag"], "")?;
        Ok(TargetDialog { text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for TargetDialog {
    fn eq(&self, other: &TargetDialog) -> bool {
        self.call_id() == other.call_id()
            && (self.local_tag(), self.remote_tag()) == (other.local_tag(), other.remote_tag())
    }
}

text_traits!(TargetDialog);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn one_without_both_tags_names_nothing() {
        for text in ["a", "a;local-tag=1", "a;remote-tag=1"] {
            let target: TargetDialog = text.parse().unwrap();
            assert!(
                !target.names("a", target.local_tag(), target.remote_tag()),
                "{text}"
            );
        }
        let target: TargetDialog = "a;remote-tag=2 ; local-tag=0".parse().unwrap();
        assert!(target.names("a", Some("0"), Some("2")) && !target.names("a", None, Some("2")));
        assert!(!target.names("A", Some("0"), Some("2")) && !target.names("a", Some("2"), Some("0")));
        assert_eq!(target, "a;local-tag=0;remote-tag=2;x".parse().unwrap());
        assert_ne!(target, "a;local-tag=0".parse().unwrap());
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("a;local-tag", 11),
            ("a;local-tag=\"1\"", 12),
            ("a;local-tag=1;LOCAL-TAG=1", 14),
            ("a b", 2),
            ("a;", 2),
        ] {
            assert_eq!(
                text.parse::<TargetDialog>().unwrap_err().offset(),
                offset,
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let id = CallId::new("a").unwrap();
        let target = TargetDialog::new(&id, "1", "2").unwrap();
        for evil in testing::EVIL {
            assert!(
                TargetDialog::new(&id, evil, "1").is_err() && TargetDialog::new(&id, "1", evil).is_err(),
                "{evil:?}"
            );
            assert!(
                target.clone().with_param("local-tag", Some(evil)).is_err(),
                "{evil:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            local in testing::token(), remote in testing::token(), value in testing::param_value(),
        ) {
            let target = TargetDialog::new(&CallId::new("a@b").unwrap(), &local, &remote).unwrap();
            prop_assert_eq!((target.local_tag(), target.remote_tag()), (Some(&*local), Some(&*remote)));
            testing::assert_round_trip(&target.clone().with_param("x", value.as_deref()).unwrap());
            testing::assert_round_trip(&target.without_param("local-tag").unwrap());
        }
    }
}
