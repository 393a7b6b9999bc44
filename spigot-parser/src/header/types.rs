//! The list of all typed headers, one a line: `every_typed_header!(each)` gives it to the macro `each!`.
//!
//! What has to hold for all of them is tested so, in the unit tests of this crate and in `tests/torture`.

macro_rules! every_typed_header {
    ($each:ident) => {
        $each! {
            Accept
            AcceptEncoding
            AcceptLanguage
            AlertInfo
            Allow
            AllowEvents
            AnswerMode
            AuthenticationInfo
            Authorization
            CSeq
            CallId
            CallInfo
            Contact
            ContentDisposition
            ContentEncoding
            ContentId
            ContentLanguage
            ContentLength
            ContentType
            Date
            Diversion
            ErrorInfo
            Event
            Expires
            FlowTimer
            From
            HistoryInfo
            InReplyTo
            InfoPackage
            MaxBreadth
            MaxForwards
            MimeVersion
            MinExpires
            MinSe
            Organization
            Path
            Priority
            PrivAnswerMode
            ProxyAuthenticate
            ProxyAuthorization
            ProxyRequire
            RecordRoute
            RecvInfo
            ReferSub
            ReferTo
            ReferredBy
            ReplyTo
            Require
            RetryAfter
            Route
            Server
            ServiceRoute
            SessionExpires
            SipEtag
            SipIfMatch
            Subject
            SubscriptionState
            Supported
            SuppressIfMatch
            Timestamp
            To
            Unsupported
            UserAgent
            Via
            Warning
            WwwAuthenticate
        }
    };
}
pub(crate) use every_typed_header;
