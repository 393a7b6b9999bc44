//! The headers that a message may have only once (RFC 3261 §7.3.1).
//!
//! Invariant: every known name is in one of the two groups, and the [`Shape`](crate::header::Shape) of its
//! type agrees.

use super::Known;
use crate::HeaderName;

impl HeaderName {
    /// Reports whether a message may have only one line of this name ([RFC 3261
    /// §7.3.1](https://www.rfc-editor.org/rfc/rfc3261#section-7.3.1)).
    ///
    /// There may be several lines of a name that the library does not know.
    ///
    /// ```
    /// use spigot_parser::HeaderName;
    ///
    /// assert!(HeaderName::CALL_ID.is_single());
    /// assert!(!HeaderName::CONTACT.is_single());
    /// assert!(!HeaderName::from_token("X-Mine")?.is_single());
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    pub fn is_single(&self) -> bool {
        self.known().is_some_and(Known::is_single)
    }
}

impl Known {
    /// Reports whether a message may have only one line of this name.
    ///
    /// [RFC 3261 §7.3.1](https://www.rfc-editor.org/rfc/rfc3261#section-7.3.1):
    ///
    /// > Multiple header field rows with the same field-name MAY be present in a message if and only if the
    /// > entire field-value for that header field is defined as a comma-separated list (that is, if follows
    /// > the grammar defined in Section 7.3). (...) The exceptions to this rule are the WWW-Authenticate,
    /// > Authorization, Proxy-Authenticate, and Proxy-Authorization header fields.
    ///
    /// Identity is not a list, but may be there several times (RFC 8224 §14).
    pub(crate) const fn is_single(self) -> bool {
        match self {
            Known::AnswerMode
            | Known::CSeq
            | Known::CallId
            | Known::ContentDisposition
            | Known::ContentId
            | Known::ContentLength
            | Known::ContentType
            | Known::Date
            | Known::Event
            | Known::Expires
            | Known::FlowTimer
            | Known::From
            | Known::GeolocationError
            | Known::GeolocationRouting
            | Known::InfoPackage
            | Known::Join
            | Known::MaxBreadth
            | Known::MaxForwards
            | Known::MimeVersion
            | Known::MinExpires
            | Known::MinSe
            | Known::Organization
            | Known::PCalledPartyId
            | Known::PChargingFunctionAddresses
            | Known::PChargingVector
            | Known::PServedUser
            | Known::Priority
            | Known::PrivAnswerMode
            | Known::Privacy
            | Known::RAck
            | Known::RSeq
            | Known::ReferSub
            | Known::ReferTo
            | Known::ReferredBy
            | Known::Replaces
            | Known::ReplyTo
            | Known::RetryAfter
            | Known::Server
            | Known::SessionExpires
            | Known::SessionId
            | Known::SipEtag
            | Known::SipIfMatch
            | Known::Subject
            | Known::SubscriptionState
            | Known::SuppressIfMatch
            | Known::TargetDialog
            | Known::Timestamp
            | Known::To
            | Known::UserAgent => true,

            Known::Accept
            | Known::AcceptContact
            | Known::AcceptEncoding
            | Known::AcceptLanguage
            | Known::AcceptResourcePriority
            | Known::AlertInfo
            | Known::Allow
            | Known::AllowEvents
            | Known::AuthenticationInfo
            | Known::Authorization
            | Known::CallInfo
            | Known::Contact
            | Known::ContentEncoding
            | Known::ContentLanguage
            | Known::Diversion
            | Known::ErrorInfo
            | Known::FeatureCaps
            | Known::Geolocation
            | Known::HistoryInfo
            | Known::Identity
            | Known::InReplyTo
            | Known::PAccessNetworkInfo
            | Known::PAssertedIdentity
            | Known::PAssertedService
            | Known::PAssociatedUri
            | Known::PEarlyMedia
            | Known::PPreferredIdentity
            | Known::PPreferredService
            | Known::PVisitedNetworkId
            | Known::Path
            | Known::ProxyAuthenticate
            | Known::ProxyAuthorization
            | Known::ProxyRequire
            | Known::Reason
            | Known::RecordRoute
            | Known::RecvInfo
            | Known::RejectContact
            | Known::RequestDisposition
            | Known::Require
            | Known::ResourcePriority
            | Known::Route
            | Known::SecurityClient
            | Known::SecurityServer
            | Known::SecurityVerify
            | Known::ServiceRoute
            | Known::Supported
            | Known::Unsupported
            | Known::UserToUser
            | Known::Via
            | Known::Warning
            | Known::WwwAuthenticate => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{self, Shape, TypedHeader};

    fn agrees<H: TypedHeader>() {
        let known = H::NAME.known().expect("a typed header has a name that is known");
        assert_eq!(
            known.is_single(),
            matches!(H::SHAPE, Shape::Single),
            "{} is {:?}",
            H::NAME,
            H::SHAPE
        );
    }

    macro_rules! agree {
        ($($type:ident)*) => { $(agrees::<header::$type>();)* };
    }

    #[test]
    fn types_and_names_agree_on_what_may_be_there_once() {
        header::types::every_typed_header!(agree);
    }

    #[test]
    fn every_known_name_has_a_type() {
        macro_rules! names {
            ($($type:ident)*) => { [$(header::$type::NAME),*] };
        }
        let typed = header::types::every_typed_header!(names);
        for known in Known::ALL {
            let count = typed.iter().filter(|name| name.known() == Some(*known)).count();
            assert_eq!(count, 1, "types of {}", known.long());
        }
    }
}
