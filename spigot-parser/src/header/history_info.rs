//! The History-Info header, which lists the earlier targets of a request (RFC 7044).

use std::borrow::Cow;

use super::address::{address_accessors, check_brackets, check_param, checked};
use super::history_index::{HistoryIndex, is_index};
use super::{Privacy, Reason, TypedHeader, fault};
use crate::{ErrorKind, NameAddr, ParseError, SipUri, Uri};

/// A History-Info header: one target of the request, and its place among the others.
///
/// ```text
/// History-Info       = "History-Info" HCOLON hi-entry *(COMMA hi-entry)
/// hi-entry           = hi-targeted-to-uri *(SEMI hi-param)
/// hi-targeted-to-uri = name-addr
/// hi-param           = hi-index / hi-target-param / hi-extension
/// hi-index           = "index" EQUAL index-val
/// hi-target-param    = rc-param / mp-param / np-param
/// rc-param           = "rc" EQUAL index-val
/// mp-param           = "mp" EQUAL index-val
/// np-param           = "np" EQUAL index-val
/// ```
///
/// The grammar is that of [RFC 7044 §5](https://www.rfc-editor.org/rfc/rfc7044#section-5). `index` is
/// mandatory. The URI may carry two headers: Reason says why the target was left, and Privacy that it is to
/// be hidden. Two values are equal if their URIs, `index`, `rc`, `mp`, `np` and the other parameters that
/// both have are equal.
///
/// ```
/// use spigot_parser::header::{HistoryIndex, HistoryInfo, Reason};
///
/// let text = "<sip:UserB@example.com?Privacy=history&Reason=SIP%3Bcause%3D486>;index=1.2;mp=1.1";
/// let entry: HistoryInfo = text.parse()?;
/// assert_eq!((entry.index(), entry.mp()), ("1.2".parse()?, Some("1.1".parse()?)));
/// assert_eq!(entry.reasons()?, [Reason::sip(spigot_parser::StatusCode::BUSY_HERE)]);
/// assert!(entry.privacy()?.is_some_and(|privacy| privacy.contains("history")));
///
/// let first = HistoryInfo::new("sip:bob@biloxi.example.com".parse()?, &HistoryIndex::first());
/// let next = HistoryInfo::new("sip:bob@192.0.2.3".parse()?, &first.index().child()).with_rc(&first.index())?;
/// assert_eq!(next.to_string(), "<sip:bob@192.0.2.3>;index=1.1;rc=1");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct HistoryInfo {
    address: NameAddr,
}

impl HistoryInfo {
    /// Creates an entry of `<uri>` with the given index.
    pub fn new(uri: Uri, index: &HistoryIndex) -> HistoryInfo {
        HistoryInfo {
            address: NameAddr::new(uri).set_param("index", Some(Some(&index.to_string()))),
        }
    }

    /// Returns the place of this target among the others.
    pub fn index(&self) -> HistoryIndex {
        // An entry always has an index.
        self.index_in("index").unwrap_or_else(HistoryIndex::first)
    }

    /// Returns the `rc` parameter: the index of the entry whose URI was changed to this one for the same
    /// user.
    pub fn rc(&self) -> Option<HistoryIndex> {
        self.index_in("rc")
    }

    /// Returns the `mp` parameter: the index of the entry whose URI was changed to this one for another user.
    pub fn mp(&self) -> Option<HistoryIndex> {
        self.index_in("mp")
    }

    /// Returns the `np` parameter: the index of the entry whose URI was kept for this one.
    pub fn np(&self) -> Option<HistoryIndex> {
        self.index_in("np")
    }

    /// Returns the display name without its quotes, or `None` if it is missing or empty.
    pub fn display_name(&self) -> Option<Cow<'_, str>> {
        self.address.display_name()
    }

    /// Returns the Reasons in the URI, which say why the target was left, one for each protocol.
    ///
    /// # Errors
    ///
    /// As [`SipUri::typed_headers`].
    pub fn reasons(&self) -> Result<Vec<Reason>, ParseError> {
        self.uri().as_sip().map_or(Ok(Vec::new()), SipUri::typed_headers)
    }

    /// Returns the Privacy in the URI, which says whether the target is to be hidden.
    ///
    /// # Errors
    ///
    /// As [`SipUri::typed_header`].
    pub fn privacy(&self) -> Result<Option<Privacy>, ParseError> {
        self.uri().as_sip().map_or(Ok(None), SipUri::typed_header)
    }

    /// Replaces the Reasons in the URI by `reason`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`] if the URI is no SIP URI, and so has no headers; [`ErrorKind::TooManyParams`].
    pub fn with_reason(self, reason: &Reason) -> Result<HistoryInfo, ParseError> {
        self.with_uri_header(reason)
    }

    /// Sets the Privacy in the URI.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`] if the URI is no SIP URI, and so has no headers; [`ErrorKind::TooManyParams`].
    pub fn with_privacy(self, privacy: &Privacy) -> Result<HistoryInfo, ParseError> {
        self.with_uri_header(privacy)
    }

    fn with_uri_header<H: TypedHeader>(self, header: &H) -> Result<HistoryInfo, ParseError> {
        match self.uri().as_sip().map(|uri| uri.with_typed_header(header)) {
            Some(uri) => Ok(self.with_uri(uri?.into())),
            None => Err(ParseError::new(
                ErrorKind::Uri,
                0,
                "a SIP URI, which can carry headers",
            )),
        }
    }

    /// Sets the URI.
    pub fn with_uri(self, uri: Uri) -> HistoryInfo {
        HistoryInfo {
            address: self.address.with_uri(uri),
        }
    }

    /// Sets the display name, which is written as a quoted string.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `name` holds CR, LF or NUL.
    pub fn with_display_name(self, name: &str) -> Result<HistoryInfo, ParseError> {
        Ok(HistoryInfo {
            address: self.address.with_display_name(name)?,
        })
    }

    /// Sets the `rc` parameter.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn with_rc(self, index: &HistoryIndex) -> Result<HistoryInfo, ParseError> {
        self.with_param("rc", Some(&index.to_string()))
    }

    /// Sets the `mp` parameter.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn with_mp(self, index: &HistoryIndex) -> Result<HistoryInfo, ParseError> {
        self.with_param("mp", Some(&index.to_string()))
    }

    /// Sets the `np` parameter.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn with_np(self, index: &HistoryIndex) -> Result<HistoryInfo, ParseError> {
        self.with_param("np", Some(&index.to_string()))
    }

    fn index_in(&self, name: &str) -> Option<HistoryIndex> {
        self.param(name)??.parse().ok()
    }
}

const INDEX: &str = "an index: numbers with dots between them";

/// Checks that the URI is in brackets, that `index` is there, and that the values of all index parameters are
/// indexes.
fn check(address: &NameAddr) -> Result<(), ParseError> {
    check_brackets(address)?;
    if !address.params().contains("index") {
        return fault(address.as_str().len(), "`;index=`");
    }
    for name in ["index", "rc", "mp", "np"] {
        check_param(address, name, INDEX, |value| value.is_some_and(is_index))?;
    }
    Ok(())
}

address_accessors!(
    HistoryInfo,
    HISTORY_INFO,
    List,
    check,
    &["index", "rc", "mp", "np"]
);

checked! {
    HistoryInfo, check;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use crate::{Request, StatusCode};
    use proptest::prelude::*;

    fn entry(text: &str) -> HistoryInfo {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_example_of_the_rfc() {
        let request = Request::parse(
            "INVITE sip:45432@192.168.0.3 SIP/2.0\r\n\
             History-Info: <sip:UserA@ims.example.com>;index=1;foo=bar\r\n\
             History-Info: <sip:UserA@ims.example.com?Reason=SIP%3Bcause%3D302>;index=1.1,\r\n \
             <sip:UserB@example.com?Privacy=history&Reason=SIP%3Bcause%3D486>;index=1.2;mp=1.1,\r\n \
             <sip:45432@192.168.0.3>;index=1.3;rc=1.2\r\n\r\n",
        )
        .unwrap();
        let entries: Vec<HistoryInfo> = request.headers().all().collect::<Result<_, _>>().unwrap();
        let indexes: Vec<String> = entries.iter().map(|entry| entry.index().to_string()).collect();
        assert_eq!(indexes, ["1", "1.1", "1.2", "1.3"]);
        assert_eq!(entries[0].param("foo"), Some(Some("bar")));
        assert!(entries[2].privacy().unwrap().unwrap().contains(Privacy::HISTORY));
        assert_eq!(entries[1].reasons().unwrap()[0].cause(), Some(302));
        assert_eq!(
            (entries[3].rc(), entries[3].mp(), entries[3].np()),
            (Some(entries[2].index()), None, None)
        );
    }

    #[test]
    fn an_index_is_there_and_well_formed() {
        for (text, offset) in [
            ("<sip:a>", 7),
            ("<sip:a>;index", 13),
            ("<sip:a>;index=01", 14),
            ("<sip:a>;index=\"1\"", 14),
            ("<sip:a>;index=1;rc=x", 19),
            ("<sip:a>;index=1;mp", 18),
            ("<sip:a>;index=1; np = 1.", 22),
            ("sip:a;index=1", 0),
            ("<sip:a>;index=1;index=2", 16),
        ] {
            let error = text.parse::<HistoryInfo>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
        let first = entry("<sip:a>;index=1;rc=0");
        assert!(
            first.clone().without_param("index").is_err() && first.clone().with_param("index", None).is_err()
        );
        assert_eq!(first.without_param("rc").unwrap().to_string(), "<sip:a>;index=1");
    }

    #[test]
    fn why_a_target_was_left_is_in_its_uri() {
        let left = entry("<sip:a?Reason=SIP%3Bcause%3D408%2CQ.850%3Bcause%3D16&x=y>;index=1");
        assert_eq!(
            left.reasons().unwrap(),
            [Reason::sip(StatusCode::REQUEST_TIMEOUT), Reason::q850(16)]
        );
        assert_eq!(left.privacy(), Ok(None));
        let left = left.with_reason(&Reason::q850(17)).unwrap();
        let left = left.with_privacy(&Privacy::new(["history"]).unwrap()).unwrap();
        assert_eq!(
            left.to_string(),
            "<sip:a?Reason=Q.850%3Bcause%3D17&x=y&Privacy=history>;index=1"
        );
        let error = entry("<sip:a?Reason=%22>;index=1").reasons().unwrap_err();
        assert_eq!((error.kind(), error.header()), (ErrorKind::Value, Some("Reason")));
        let tel = entry("<tel:+1>;index=1");
        assert_eq!((tel.reasons(), tel.privacy()), (Ok(Vec::new()), Ok(None)));
        assert_eq!(
            tel.with_reason(&Reason::q850(1)).unwrap_err().kind(),
            ErrorKind::Uri
        );
    }

    #[test]
    fn where_it_stands_makes_a_difference() {
        assert_eq!(entry("A <sip:a>;index=1;x"), entry("<sip:A>;index=1"));
        for other in ["<sip:a>;index=1.1", "<sip:a>;index=1;np=1", "<sip:b>;index=1"] {
            assert_ne!(entry("<sip:a>;index=1"), entry(other));
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let first = entry("<sip:a>;index=1");
        for evil in testing::EVIL {
            for name in ["index", "rc", "x"] {
                assert!(first.clone().with_param(name, Some(evil)).is_err(), "{evil:?}");
            }
        }
        assert!(first.with_display_name("a\nb").is_err());
        let address: NameAddr = "<sip:a>".parse().unwrap();
        assert!(HistoryInfo::try_from(address).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            uri in testing::uri(), other in testing::uri(), display in testing::line(),
            numbers in prop::collection::vec(0u32.., 1..6), value in testing::param_value()
        ) {
            let texts: Vec<String> = numbers.iter().map(u32::to_string).collect();
            let index: HistoryIndex = texts.join(".").parse().unwrap();
            let built = HistoryInfo::new(uri, &index);
            testing::assert_round_trip(&built);
            let built = built.with_rc(&index.child()).unwrap().with_mp(&index).unwrap().with_np(&index.gap()).unwrap();
            let built = built.with_display_name(&display).unwrap().with_param("x", value.as_deref()).unwrap();
            testing::assert_round_trip(&built);
            prop_assert_eq!((built.index(), built.rc()), (index.clone(), Some(index.child())));
            let moved = built.with_uri(other);
            testing::assert_round_trip(&moved);
            prop_assert_eq!(moved.np(), Some(index.gap()));
        }
    }
}
