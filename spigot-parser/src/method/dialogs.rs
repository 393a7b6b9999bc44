//! What a method means for dialogs and sessions: one table.
//!
//! Invariant: a method that has no row, known or not, means nothing for dialogs.

use super::{Known, Method, Repr};

/// What one method means for dialogs.
#[derive(Clone, Copy)]
struct Row {
    method: Known,
    opens_dialog: bool,
    refreshes_target: bool,
    needs_contact: bool,
    answer_needs_contact: bool,
    may_offer: bool,
    is_dialog_only: bool,
}

impl Row {
    /// A row that says nothing yet.
    const fn of(method: Known) -> Row {
        Row {
            method,
            opens_dialog: false,
            refreshes_target: false,
            needs_contact: false,
            answer_needs_contact: false,
            may_offer: false,
            is_dialog_only: false,
        }
    }
}

static TABLE: [Row; 8] = [
    Row {
        opens_dialog: true,
        refreshes_target: true,
        needs_contact: true,
        answer_needs_contact: true,
        may_offer: true,
        ..Row::of(Known::Invite)
    },
    Row {
        opens_dialog: true,
        refreshes_target: true,
        needs_contact: true,
        answer_needs_contact: true,
        ..Row::of(Known::Subscribe)
    },
    Row {
        opens_dialog: true,
        refreshes_target: true,
        needs_contact: true,
        answer_needs_contact: true,
        ..Row::of(Known::Refer)
    },
    Row {
        refreshes_target: true,
        needs_contact: true,
        answer_needs_contact: true,
        may_offer: true,
        is_dialog_only: true,
        ..Row::of(Known::Update)
    },
    Row {
        refreshes_target: true,
        needs_contact: true,
        is_dialog_only: true,
        ..Row::of(Known::Notify)
    },
    Row {
        may_offer: true,
        is_dialog_only: true,
        ..Row::of(Known::Prack)
    },
    Row {
        is_dialog_only: true,
        ..Row::of(Known::Bye)
    },
    Row {
        is_dialog_only: true,
        ..Row::of(Known::Info)
    },
];

/// What the method means for dialogs; an extension that the library does not know means nothing.
impl Method {
    /// Whether a 2xx to such a request, sent outside of a dialog, makes a dialog. To an INVITE, a 101 to 199
    /// with a To tag makes one too.
    ///
    /// They are INVITE ([RFC 3261 §12.1]), SUBSCRIBE ([RFC 6665 §4.1.2.1]) and REFER ([RFC 3515 §2]):
    ///
    /// > SUBSCRIBE is a dialog-creating method.
    ///
    /// > REFER creates a dialog, and MAY be Record-Routed, hence MUST contain a single Contact header field
    /// > value.
    ///
    /// ```
    /// use spigot_parser::Method;
    ///
    /// assert!(Method::SUBSCRIBE.opens_dialog());
    /// assert!(!Method::UPDATE.opens_dialog());
    /// ```
    ///
    /// [RFC 3261 §12.1]: https://www.rfc-editor.org/rfc/rfc3261#section-12.1
    /// [RFC 6665 §4.1.2.1]: https://www.rfc-editor.org/rfc/rfc6665#section-4.1.2.1
    /// [RFC 3515 §2]: https://www.rfc-editor.org/rfc/rfc3515#section-2
    pub fn opens_dialog(&self) -> bool {
        self.row().is_some_and(|row| row.opens_dialog)
    }

    /// Whether the Contact of such a request, and of a 2xx to it, becomes the remote target of its dialog.
    ///
    /// [RFC 5057 §5.4](https://www.rfc-editor.org/rfc/rfc5057#section-5.4) lists them, out of RFC 3261 §12.2,
    /// RFC 3311 §5.1, RFC 6665 §3.1 and §3.2, and RFC 3515:
    ///
    /// > The currently defined target refresh requests are INVITE, UPDATE, SUBSCRIBE, NOTIFY, and REFER.
    pub fn refreshes_target(&self) -> bool {
        self.row().is_some_and(|row| row.refreshes_target)
    }

    /// Whether such a request must carry a Contact: it opens a dialog ([RFC 3261 §8.1.1.8]) or refreshes the
    /// target of one ([RFC 3261 §12.2.1.1]).
    ///
    /// A REGISTER is not among them: without a Contact it asks which ones there are ([RFC 3261 §10.2.3]).
    ///
    /// [RFC 3261 §8.1.1.8]: https://www.rfc-editor.org/rfc/rfc3261#section-8.1.1.8
    /// [RFC 3261 §12.2.1.1]: https://www.rfc-editor.org/rfc/rfc3261#section-12.2.1.1
    /// [RFC 3261 §10.2.3]: https://www.rfc-editor.org/rfc/rfc3261#section-10.2.3
    pub fn needs_contact(&self) -> bool {
        self.row().is_some_and(|row| row.needs_contact)
    }

    /// Whether a 2xx to such a request must carry a Contact. All requests that need one have such an answer,
    /// except for NOTIFY.
    ///
    /// They are INVITE and SUBSCRIBE ([RFC 3261 §12.1.1]), REFER ([RFC 3515 §2.2]) and UPDATE
    /// ([RFC 3311 §7]).
    ///
    /// [RFC 3261 §12.1.1]: https://www.rfc-editor.org/rfc/rfc3261#section-12.1.1
    /// [RFC 3515 §2.2]: https://www.rfc-editor.org/rfc/rfc3515#section-2.2
    /// [RFC 3311 §7]: https://www.rfc-editor.org/rfc/rfc3311#section-7
    pub fn answer_needs_contact(&self) -> bool {
        self.row().is_some_and(|row| row.answer_needs_contact)
    }

    /// Whether such a request may carry the offer of a session description.
    ///
    /// They are INVITE ([RFC 3261 §13.2.1]), PRACK ([RFC 3262 §5]) and UPDATE ([RFC 3311 §5.1]).
    ///
    /// [RFC 3261 §13.2.1]: https://www.rfc-editor.org/rfc/rfc3261#section-13.2.1
    /// [RFC 3262 §5]: https://www.rfc-editor.org/rfc/rfc3262#section-5
    /// [RFC 3311 §5.1]: https://www.rfc-editor.org/rfc/rfc3311#section-5.1
    pub fn may_offer(&self) -> bool {
        self.row().is_some_and(|row| row.may_offer)
    }

    /// Whether such a request only exists within a dialog.
    ///
    /// They are BYE ([RFC 3261 §15.1]), INFO ([RFC 6086 §4.2.1]), UPDATE ([RFC 3311 §5.1]), PRACK
    /// ([RFC 3262 §3]) and NOTIFY ([RFC 6665 §4.1.3]).
    ///
    /// [RFC 3261 §15.1]: https://www.rfc-editor.org/rfc/rfc3261#section-15.1
    /// [RFC 6086 §4.2.1]: https://www.rfc-editor.org/rfc/rfc6086#section-4.2.1
    /// [RFC 3311 §5.1]: https://www.rfc-editor.org/rfc/rfc3311#section-5.1
    /// [RFC 3262 §3]: https://www.rfc-editor.org/rfc/rfc3262#section-3
    /// [RFC 6665 §4.1.3]: https://www.rfc-editor.org/rfc/rfc6665#section-4.1.3
    pub fn is_dialog_only(&self) -> bool {
        self.row().is_some_and(|row| row.is_dialog_only)
    }

    /// The row of the method, if it has one.
    fn row(&self) -> Option<&'static Row> {
        match self.0 {
            Repr::Known(known) => TABLE.iter().find(|row| row.method == known),
            Repr::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The methods of which `question` is true, by name and in the order of [`Method::ALL`].
    fn yes(question: fn(&Method) -> bool) -> String {
        let names: Vec<_> = Method::ALL
            .iter()
            .filter(|method| question(method))
            .map(Method::as_str)
            .collect();
        names.join(" ")
    }

    #[test]
    fn the_table_says_of_each_method_what_its_rfc_says() {
        assert_eq!(yes(Method::opens_dialog), "INVITE SUBSCRIBE REFER");
        assert_eq!(
            yes(Method::refreshes_target),
            "INVITE SUBSCRIBE NOTIFY REFER UPDATE"
        );
        assert_eq!(yes(Method::needs_contact), "INVITE SUBSCRIBE NOTIFY REFER UPDATE");
        assert_eq!(yes(Method::answer_needs_contact), "INVITE SUBSCRIBE REFER UPDATE");
        assert_eq!(yes(Method::may_offer), "INVITE PRACK UPDATE");
        assert_eq!(yes(Method::is_dialog_only), "BYE NOTIFY INFO PRACK UPDATE");
    }

    #[test]
    fn each_row_is_there_once_and_agrees_with_itself() {
        for (index, row) in TABLE.iter().enumerate() {
            let method = Method(Repr::Known(row.method));
            assert!(
                TABLE[..index].iter().all(|other| other.method != row.method),
                "{method}"
            );
            assert!(!(row.opens_dialog && row.is_dialog_only), "{method}");
            assert_eq!(
                row.needs_contact,
                row.opens_dialog || row.refreshes_target,
                "{method}"
            );
            assert!(row.needs_contact || !row.answer_needs_contact, "{method}");
        }
    }

    #[test]
    fn an_unknown_method_means_nothing() {
        for name in ["PROPFIND", "invite", "Notify"] {
            let method = Method::from_token(name).unwrap();
            let questions = [
                Method::opens_dialog,
                Method::refreshes_target,
                Method::needs_contact,
                Method::answer_needs_contact,
                Method::may_offer,
                Method::is_dialog_only,
            ];
            assert!(questions.iter().all(|question| !question(&method)), "{name}");
        }
    }
}
