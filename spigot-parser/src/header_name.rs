//! Header names in long and compact form (RFC 3261 §7.3.1, §7.3.3).
//!
//! Invariant: a known name is never kept as text, so comparing names needs no table.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use crate::grammar::is_token;
use crate::{ErrorKind, ParseError};

mod lookup;
mod singles;

pub(crate) use lookup::{find, find_short};

/// A header name: one that the library knows, or any other token.
///
/// Names are compared without case, and a compact form equals its long form (RFC 3261 §7.3.1, §7.3.3).
///
/// ```
/// use spigot_parser::HeaderName;
///
/// assert_eq!("v".parse(), Ok(HeaderName::VIA));
/// assert_eq!("CALL-id".parse(), Ok(HeaderName::CALL_ID));
/// assert_eq!(HeaderName::CALL_ID.as_str(), "Call-ID");
/// assert_eq!(HeaderName::CALL_ID.compact(), Some("i"));
/// assert_eq!(HeaderName::from_token("X-Mine")?, HeaderName::from_token("x-mine")?);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct HeaderName(Repr);

/// `Other` never holds a known name.
#[derive(Clone)]
enum Repr {
    Known(Known),
    Other(Arc<str>),
}

macro_rules! header_names {
    ($($name:ident $variant:ident $long:literal $compact:literal $rfc:literal;)*) => {
        /// A known name, in the form that the index of a message holds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub(crate) enum Known { $($variant),* }

        impl Known {
            pub(crate) const ALL: &[Known] = &[$(Known::$variant),*];

            /// Returns the name as its RFC spells it.
            pub(crate) const fn long(self) -> &'static str {
                match self { $(Known::$variant => $long),* }
            }

            /// Returns the compact form, which is empty if there is none.
            const fn short(self) -> &'static str {
                match self { $(Known::$variant => $compact),* }
            }
        }

        impl HeaderName {
            $(#[doc = concat!("`", $long, "` (", $rfc, ").")]
            pub const $name: HeaderName = HeaderName(Repr::Known(Known::$variant));)*
        }
    };
}

header_names! {
    VIA Via "Via" "v" "RFC 3261 §20.42";
    FROM From "From" "f" "RFC 3261 §20.20";
    TO To "To" "t" "RFC 3261 §20.39";
    CALL_ID CallId "Call-ID" "i" "RFC 3261 §20.8";
    CSEQ CSeq "CSeq" "" "RFC 3261 §20.16";
    CONTACT Contact "Contact" "m" "RFC 3261 §20.10";
    MAX_FORWARDS MaxForwards "Max-Forwards" "" "RFC 3261 §20.22";
    CONTENT_LENGTH ContentLength "Content-Length" "l" "RFC 3261 §20.14";
    CONTENT_TYPE ContentType "Content-Type" "c" "RFC 3261 §20.15";
    ROUTE Route "Route" "" "RFC 3261 §20.34";
    RECORD_ROUTE RecordRoute "Record-Route" "" "RFC 3261 §20.30";
    USER_AGENT UserAgent "User-Agent" "" "RFC 3261 §20.41";
    ALLOW Allow "Allow" "" "RFC 3261 §20.5";
    SUPPORTED Supported "Supported" "k" "RFC 3261 §20.37";
    EXPIRES Expires "Expires" "" "RFC 3261 §20.19";
    ACCEPT Accept "Accept" "" "RFC 3261 §20.1";
    AUTHORIZATION Authorization "Authorization" "" "RFC 3261 §20.7";
    PROXY_AUTHORIZATION ProxyAuthorization "Proxy-Authorization" "" "RFC 3261 §20.28";
    WWW_AUTHENTICATE WwwAuthenticate "WWW-Authenticate" "" "RFC 3261 §20.44";
    PROXY_AUTHENTICATE ProxyAuthenticate "Proxy-Authenticate" "" "RFC 3261 §20.27";
    ACCEPT_ENCODING AcceptEncoding "Accept-Encoding" "" "RFC 3261 §20.2";
    ACCEPT_LANGUAGE AcceptLanguage "Accept-Language" "" "RFC 3261 §20.3";
    ALERT_INFO AlertInfo "Alert-Info" "" "RFC 3261 §20.4";
    AUTHENTICATION_INFO AuthenticationInfo "Authentication-Info" "" "RFC 3261 §20.6";
    CALL_INFO CallInfo "Call-Info" "" "RFC 3261 §20.9";
    CONTENT_DISPOSITION ContentDisposition "Content-Disposition" "" "RFC 3261 §20.11";
    CONTENT_ENCODING ContentEncoding "Content-Encoding" "e" "RFC 3261 §20.12";
    CONTENT_LANGUAGE ContentLanguage "Content-Language" "" "RFC 3261 §20.13";
    DATE Date "Date" "" "RFC 3261 §20.17";
    ERROR_INFO ErrorInfo "Error-Info" "" "RFC 3261 §20.18";
    IN_REPLY_TO InReplyTo "In-Reply-To" "" "RFC 3261 §20.21";
    MIN_EXPIRES MinExpires "Min-Expires" "" "RFC 3261 §20.23";
    MIME_VERSION MimeVersion "MIME-Version" "" "RFC 3261 §20.24";
    ORGANIZATION Organization "Organization" "" "RFC 3261 §20.25";
    PRIORITY Priority "Priority" "" "RFC 3261 §20.26";
    PROXY_REQUIRE ProxyRequire "Proxy-Require" "" "RFC 3261 §20.29";
    REPLY_TO ReplyTo "Reply-To" "" "RFC 3261 §20.31";
    REQUIRE Require "Require" "" "RFC 3261 §20.32";
    RETRY_AFTER RetryAfter "Retry-After" "" "RFC 3261 §20.33";
    SERVER Server "Server" "" "RFC 3261 §20.35";
    SUBJECT Subject "Subject" "s" "RFC 3261 §20.36";
    TIMESTAMP Timestamp "Timestamp" "" "RFC 3261 §20.38";
    UNSUPPORTED Unsupported "Unsupported" "" "RFC 3261 §20.40";
    WARNING Warning "Warning" "" "RFC 3261 §20.43";
    RACK RAck "RAck" "" "RFC 3262 §7.2";
    RSEQ RSeq "RSeq" "" "RFC 3262 §7.1";
    EVENT Event "Event" "o" "RFC 6665 §8.2.1";
    ALLOW_EVENTS AllowEvents "Allow-Events" "u" "RFC 6665 §8.2.2";
    SUBSCRIPTION_STATE SubscriptionState "Subscription-State" "" "RFC 6665 §8.2.3";
    PRIVACY Privacy "Privacy" "" "RFC 3323 §4.2";
    P_ASSERTED_IDENTITY PAssertedIdentity "P-Asserted-Identity" "" "RFC 3325 §9.1";
    P_PREFERRED_IDENTITY PPreferredIdentity "P-Preferred-Identity" "" "RFC 3325 §9.2";
    REASON Reason "Reason" "" "RFC 3326 §2";
    PATH Path "Path" "" "RFC 3327 §4";
    SECURITY_CLIENT SecurityClient "Security-Client" "" "RFC 3329 §2.2";
    SECURITY_SERVER SecurityServer "Security-Server" "" "RFC 3329 §2.2";
    SECURITY_VERIFY SecurityVerify "Security-Verify" "" "RFC 3329 §2.2";
    REFER_TO ReferTo "Refer-To" "r" "RFC 3515 §2.1";
    REFER_SUB ReferSub "Refer-Sub" "" "RFC 4488 §4";
    REFERRED_BY ReferredBy "Referred-By" "b" "RFC 3892 §3";
    REPLACES Replaces "Replaces" "" "RFC 3891 §6.1";
    JOIN Join "Join" "" "RFC 3911 §7.1";
    TARGET_DIALOG TargetDialog "Target-Dialog" "" "RFC 4538 §7";
    SERVICE_ROUTE ServiceRoute "Service-Route" "" "RFC 3608 §5";
    ACCEPT_CONTACT AcceptContact "Accept-Contact" "a" "RFC 3841 §9.2";
    REJECT_CONTACT RejectContact "Reject-Contact" "j" "RFC 3841 §9.2";
    REQUEST_DISPOSITION RequestDisposition "Request-Disposition" "d" "RFC 3841 §9.1";
    SIP_ETAG SipEtag "SIP-ETag" "" "RFC 3903 §11.3.1";
    SIP_IF_MATCH SipIfMatch "SIP-If-Match" "" "RFC 3903 §11.3.2";
    SESSION_EXPIRES SessionExpires "Session-Expires" "x" "RFC 4028 §4";
    MIN_SE MinSe "Min-SE" "" "RFC 4028 §5";
    RESOURCE_PRIORITY ResourcePriority "Resource-Priority" "" "RFC 4412 §3.1";
    ACCEPT_RESOURCE_PRIORITY AcceptResourcePriority "Accept-Resource-Priority" "" "RFC 4412 §3.2";
    ANSWER_MODE AnswerMode "Answer-Mode" "" "RFC 5373 §2";
    PRIV_ANSWER_MODE PrivAnswerMode "Priv-Answer-Mode" "" "RFC 5373 §2";
    MAX_BREADTH MaxBreadth "Max-Breadth" "" "RFC 5393 §5.8";
    FLOW_TIMER FlowTimer "Flow-Timer" "" "RFC 5626 §11.1";
    INFO_PACKAGE InfoPackage "Info-Package" "" "RFC 6086 §7.2";
    RECV_INFO RecvInfo "Recv-Info" "" "RFC 6086 §7.3";
    GEOLOCATION Geolocation "Geolocation" "" "RFC 6442 §4.1";
    GEOLOCATION_ROUTING GeolocationRouting "Geolocation-Routing" "" "RFC 6442 §4.2";
    GEOLOCATION_ERROR GeolocationError "Geolocation-Error" "" "RFC 6442 §4.4";
    FEATURE_CAPS FeatureCaps "Feature-Caps" "" "RFC 6809 §4";
    HISTORY_INFO HistoryInfo "History-Info" "" "RFC 7044 §5";
    P_ASSOCIATED_URI PAssociatedUri "P-Associated-URI" "" "RFC 7315 §4.1";
    P_CALLED_PARTY_ID PCalledPartyId "P-Called-Party-ID" "" "RFC 7315 §4.2";
    P_VISITED_NETWORK_ID PVisitedNetworkId "P-Visited-Network-ID" "" "RFC 7315 §4.3";
    P_ACCESS_NETWORK_INFO PAccessNetworkInfo "P-Access-Network-Info" "" "RFC 7315 §4.4";
    P_CHARGING_FUNCTION_ADDRESSES PChargingFunctionAddresses "P-Charging-Function-Addresses" "" "RFC 7315 §4.5";
    P_CHARGING_VECTOR PChargingVector "P-Charging-Vector" "" "RFC 7315 §4.6";
    P_ASSERTED_SERVICE PAssertedService "P-Asserted-Service" "" "RFC 6050 §4.1";
    P_PREFERRED_SERVICE PPreferredService "P-Preferred-Service" "" "RFC 6050 §4.2";
    P_EARLY_MEDIA PEarlyMedia "P-Early-Media" "" "RFC 5009 §8";
    P_SERVED_USER PServedUser "P-Served-User" "" "RFC 5502 §6";
    DIVERSION Diversion "Diversion" "" "RFC 5806 §4";
    SUPPRESS_IF_MATCH SuppressIfMatch "Suppress-If-Match" "" "RFC 5839 §7.2";
    USER_TO_USER UserToUser "User-to-User" "" "RFC 7433 §4";
    CONTENT_ID ContentId "Content-ID" "" "RFC 8262 §3";
    SESSION_ID SessionId "Session-ID" "" "RFC 7989 §5";
    IDENTITY Identity "Identity" "y" "RFC 8224 §4";
}

impl HeaderName {
    /// Returns the long form as its RFC spells it, or an unknown name as it was given.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Known(known) => known.long(),
            Repr::Other(token) => token,
        }
    }

    /// Returns the compact form, if an RFC defines one.
    pub fn compact(&self) -> Option<&'static str> {
        match &self.0 {
            Repr::Known(known) => Some(known.short()).filter(|short| !short.is_empty()),
            Repr::Other(_) => None,
        }
    }

    /// Creates a name from a token in long or compact form and in any case, without allocating for known
    /// names.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if it is not a token (RFC 3261 §25.1: `header-name = token`).
    pub fn from_token(token: &str) -> Result<Self, ParseError> {
        if let Some(known) = find(token.as_bytes()) {
            return Ok(known.into());
        }
        if !is_token(token) {
            return Err(ParseError::new(
                ErrorKind::Token,
                0,
                "a header name, which is a token",
            ));
        }
        Ok(HeaderName(Repr::Other(token.into())))
    }

    /// Creates a name from a token that is known not to be a known name.
    pub(crate) fn unknown(token: &str) -> Self {
        HeaderName(Repr::Other(token.into()))
    }

    /// Returns a known name in the form that the index of a message holds.
    pub(crate) fn known(&self) -> Option<Known> {
        match self.0 {
            Repr::Known(known) => Some(known),
            Repr::Other(_) => None,
        }
    }
}

impl From<Known> for HeaderName {
    fn from(known: Known) -> Self {
        HeaderName(Repr::Known(known))
    }
}

impl From<&HeaderName> for HeaderName {
    fn from(name: &HeaderName) -> Self {
        name.clone()
    }
}

impl FromStr for HeaderName {
    type Err = ParseError;

    fn from_str(token: &str) -> Result<Self, Self::Err> {
        HeaderName::from_token(token)
    }
}

impl TryFrom<&str> for HeaderName {
    type Error = ParseError;

    fn try_from(token: &str) -> Result<Self, Self::Error> {
        HeaderName::from_token(token)
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Known(a), Repr::Known(b)) => a == b,
            (Repr::Other(a), Repr::Other(b)) => a.eq_ignore_ascii_case(b),
            _ => false,
        }
    }
}

impl Eq for HeaderName {}

impl PartialEq<&HeaderName> for HeaderName {
    fn eq(&self, other: &&HeaderName) -> bool {
        self == *other
    }
}

/// Compares without case, where a compact form equals its long form.
impl PartialEq<str> for HeaderName {
    fn eq(&self, other: &str) -> bool {
        match &self.0 {
            Repr::Known(known) => find(other.as_bytes()) == Some(*known),
            Repr::Other(token) => token.eq_ignore_ascii_case(other),
        }
    }
}

impl PartialEq<&str> for HeaderName {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl Hash for HeaderName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::Known(known) => known.hash(state),
            Repr::Other(token) => token
                .bytes()
                .for_each(|byte| state.write_u8(byte.to_ascii_lowercase())),
        }
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_found_in_both_forms_and_any_case() {
        for known in Known::ALL {
            let name = HeaderName::from(*known);
            for text in [
                name.as_str(),
                &name.as_str().to_lowercase(),
                &name.as_str().to_uppercase(),
            ] {
                assert_eq!(HeaderName::from_token(text).unwrap(), name, "{text}");
            }
            if let Some(short) = name.compact() {
                assert_eq!(HeaderName::from_token(short).unwrap(), name);
                assert_eq!(HeaderName::from_token(&short.to_uppercase()).unwrap(), name);
            }
        }
    }

    #[test]
    fn the_compact_forms_are_those_of_the_rfcs() {
        let forms: String = Known::ALL.iter().map(|known| known.short()).collect();
        let mut letters: Vec<char> = forms.chars().collect();
        letters.sort_unstable();
        assert_eq!(letters.iter().collect::<String>(), "abcdefijklmorstuvxy");
    }

    #[test]
    fn a_name_one_letter_off_is_another_name() {
        for known in Known::ALL {
            let long = known.long();
            for at in 0..long.len() {
                let mut other = long.as_bytes().to_vec();
                other[at] = b'~';
                assert_eq!(find(&other), None);
            }
            assert_eq!(find(format!("{long}x").as_bytes()), None);
        }
    }

    #[test]
    fn unknown_names_are_tokens_kept_as_they_are() {
        let name = HeaderName::from_token("X-Mine").unwrap();
        assert_eq!(name.as_str(), "X-Mine");
        assert_eq!(name, "x-MINE");
        assert_ne!(name, HeaderName::VIA);
        for text in ["", "a b", "a:", "Vïa", "To\r\n"] {
            assert_eq!(
                HeaderName::from_token(text).unwrap_err().kind(),
                ErrorKind::Token,
                "{text:?}"
            );
        }
    }
}
