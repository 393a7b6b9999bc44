//! Status codes and their default reason phrases (RFC 3261 §21).
//!
//! Invariant: a [`StatusCode`] is from 100 to 699.

use std::fmt;

/// A status code of a response, from 100 to 699 (RFC 3261 §7.2).
///
/// Every number in the range is a status code. Those that an RFC defines are constants.
///
/// ```
/// use spigot_parser::StatusCode;
///
/// assert_eq!(StatusCode::from_u16(486), Some(StatusCode::BUSY_HERE));
/// assert_eq!(StatusCode::BUSY_HERE.to_string(), "486 Busy Here");
/// assert!(StatusCode::RINGING.is_provisional());
/// assert_eq!(StatusCode::from_u16(700), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusCode(u16);

macro_rules! status_codes {
    ($($code:literal $name:ident $reason:literal $rfc:literal;)*) => {
        impl StatusCode {
            $(#[doc = concat!("`", $code, " ", $reason, "` (", $rfc, ").")]
            pub const $name: StatusCode = StatusCode($code);)*

            /// Returns the reason phrase that the RFCs suggest for this code.
            ///
            /// An unknown code is treated as the first code of its class, and has its reason phrase (RFC 3261
            /// §8.1.3.2).
            pub const fn reason(self) -> &'static str {
                match self.0 {
                    $($code => $reason,)*
                    100..200 => "Session Progress",
                    200..300 => "OK",
                    300..400 => "Multiple Choices",
                    400..500 => "Bad Request",
                    500..600 => "Server Internal Error",
                    _ => "Busy Everywhere",
                }
            }
        }
    };
}

status_codes! {
    100 TRYING "Trying" "RFC 3261 §21.1.1";
    180 RINGING "Ringing" "RFC 3261 §21.1.2";
    181 CALL_IS_BEING_FORWARDED "Call Is Being Forwarded" "RFC 3261 §21.1.3";
    182 QUEUED "Queued" "RFC 3261 §21.1.4";
    183 SESSION_PROGRESS "Session Progress" "RFC 3261 §21.1.5";
    199 EARLY_DIALOG_TERMINATED "Early Dialog Terminated" "RFC 6228";
    200 OK "OK" "RFC 3261 §21.2.1";
    202 ACCEPTED "Accepted" "RFC 6665 §8.3.1";
    204 NO_NOTIFICATION "No Notification" "RFC 5839 §7.1";
    300 MULTIPLE_CHOICES "Multiple Choices" "RFC 3261 §21.3.1";
    301 MOVED_PERMANENTLY "Moved Permanently" "RFC 3261 §21.3.2";
    302 MOVED_TEMPORARILY "Moved Temporarily" "RFC 3261 §21.3.3";
    305 USE_PROXY "Use Proxy" "RFC 3261 §21.3.4";
    380 ALTERNATIVE_SERVICE "Alternative Service" "RFC 3261 §21.3.5";
    400 BAD_REQUEST "Bad Request" "RFC 3261 §21.4.1";
    401 UNAUTHORIZED "Unauthorized" "RFC 3261 §21.4.2";
    402 PAYMENT_REQUIRED "Payment Required" "RFC 3261 §21.4.3";
    403 FORBIDDEN "Forbidden" "RFC 3261 §21.4.4";
    404 NOT_FOUND "Not Found" "RFC 3261 §21.4.5";
    405 METHOD_NOT_ALLOWED "Method Not Allowed" "RFC 3261 §21.4.6";
    406 NOT_ACCEPTABLE "Not Acceptable" "RFC 3261 §21.4.7";
    407 PROXY_AUTHENTICATION_REQUIRED "Proxy Authentication Required" "RFC 3261 §21.4.8";
    408 REQUEST_TIMEOUT "Request Timeout" "RFC 3261 §21.4.9";
    410 GONE "Gone" "RFC 3261 §21.4.10";
    412 CONDITIONAL_REQUEST_FAILED "Conditional Request Failed" "RFC 3903 §11.2.1";
    413 REQUEST_ENTITY_TOO_LARGE "Request Entity Too Large" "RFC 3261 §21.4.11";
    414 REQUEST_URI_TOO_LONG "Request-URI Too Long" "RFC 3261 §21.4.12";
    415 UNSUPPORTED_MEDIA_TYPE "Unsupported Media Type" "RFC 3261 §21.4.13";
    416 UNSUPPORTED_URI_SCHEME "Unsupported URI Scheme" "RFC 3261 §21.4.14";
    417 UNKNOWN_RESOURCE_PRIORITY "Unknown Resource-Priority" "RFC 4412 §4.6.2";
    420 BAD_EXTENSION "Bad Extension" "RFC 3261 §21.4.15";
    421 EXTENSION_REQUIRED "Extension Required" "RFC 3261 §21.4.16";
    422 SESSION_INTERVAL_TOO_SMALL "Session Interval Too Small" "RFC 4028 §6";
    423 INTERVAL_TOO_BRIEF "Interval Too Brief" "RFC 3261 §21.4.17";
    424 BAD_LOCATION_INFORMATION "Bad Location Information" "RFC 6442 §4.3";
    425 BAD_ALERT_MESSAGE "Bad Alert Message" "RFC 8876";
    428 USE_IDENTITY_HEADER "Use Identity Header" "RFC 8224 §6.2.2";
    429 PROVIDE_REFERRER_IDENTITY "Provide Referrer Identity" "RFC 3892 §5";
    430 FLOW_FAILED "Flow Failed" "RFC 5626 §11.5";
    433 ANONYMITY_DISALLOWED "Anonymity Disallowed" "RFC 5079 §5";
    436 BAD_IDENTITY_INFO "Bad Identity Info" "RFC 8224 §6.2.2";
    437 UNSUPPORTED_CREDENTIAL "Unsupported Credential" "RFC 8224 §6.2.2";
    438 INVALID_IDENTITY_HEADER "Invalid Identity Header" "RFC 8224 §6.2.2";
    439 FIRST_HOP_LACKS_OUTBOUND_SUPPORT "First Hop Lacks Outbound Support" "RFC 5626 §11.6";
    440 MAX_BREADTH_EXCEEDED "Max-Breadth Exceeded" "RFC 5393 §6.2";
    469 BAD_INFO_PACKAGE "Bad Info Package" "RFC 6086 §4.2.2";
    470 CONSENT_NEEDED "Consent Needed" "RFC 5360 §5.9.2";
    480 TEMPORARILY_UNAVAILABLE "Temporarily Unavailable" "RFC 3261 §21.4.18";
    481 CALL_DOES_NOT_EXIST "Call/Transaction Does Not Exist" "RFC 3261 §21.4.19";
    482 LOOP_DETECTED "Loop Detected" "RFC 3261 §21.4.20";
    483 TOO_MANY_HOPS "Too Many Hops" "RFC 3261 §21.4.21";
    484 ADDRESS_INCOMPLETE "Address Incomplete" "RFC 3261 §21.4.22";
    485 AMBIGUOUS "Ambiguous" "RFC 3261 §21.4.23";
    486 BUSY_HERE "Busy Here" "RFC 3261 §21.4.24";
    487 REQUEST_TERMINATED "Request Terminated" "RFC 3261 §21.4.25";
    488 NOT_ACCEPTABLE_HERE "Not Acceptable Here" "RFC 3261 §21.4.26";
    489 BAD_EVENT "Bad Event" "RFC 6665 §8.3.2";
    491 REQUEST_PENDING "Request Pending" "RFC 3261 §21.4.27";
    493 UNDECIPHERABLE "Undecipherable" "RFC 3261 §21.4.28";
    494 SECURITY_AGREEMENT_REQUIRED "Security Agreement Required" "RFC 3329 §2.3.1";
    500 SERVER_INTERNAL_ERROR "Server Internal Error" "RFC 3261 §21.5.1";
    501 NOT_IMPLEMENTED "Not Implemented" "RFC 3261 §21.5.2";
    502 BAD_GATEWAY "Bad Gateway" "RFC 3261 §21.5.3";
    503 SERVICE_UNAVAILABLE "Service Unavailable" "RFC 3261 §21.5.4";
    504 SERVER_TIMEOUT "Server Time-out" "RFC 3261 §21.5.5";
    505 VERSION_NOT_SUPPORTED "Version Not Supported" "RFC 3261 §21.5.6";
    513 MESSAGE_TOO_LARGE "Message Too Large" "RFC 3261 §21.5.7";
    555 PUSH_NOTIFICATION_SERVICE_NOT_SUPPORTED "Push Notification Service Not Supported" "RFC 8599";
    580 PRECONDITION_FAILURE "Precondition Failure" "RFC 3312 §8";
    600 BUSY_EVERYWHERE "Busy Everywhere" "RFC 3261 §21.6.1";
    603 DECLINE "Decline" "RFC 3261 §21.6.2";
    604 DOES_NOT_EXIST_ANYWHERE "Does Not Exist Anywhere" "RFC 3261 §21.6.3";
    606 NOT_ACCEPTABLE_ANYWHERE "Not Acceptable" "RFC 3261 §21.6.4";
    607 UNWANTED "Unwanted" "RFC 8197";
    608 REJECTED "Rejected" "RFC 8688";
}

impl StatusCode {
    /// Creates a status code from a number, if it is from 100 to 699.
    pub const fn from_u16(code: u16) -> Option<StatusCode> {
        match code {
            100..700 => Some(StatusCode(code)),
            _ => None,
        }
    }

    /// Returns the number.
    pub const fn as_u16(self) -> u16 {
        self.0
    }

    /// Returns the first digit, from 1 to 6.
    pub const fn class(self) -> u8 {
        (self.0 / 100) as u8
    }

    /// Reports whether the code is 1xx: the request is being processed.
    pub const fn is_provisional(self) -> bool {
        self.class() == 1
    }

    /// Reports whether the code is 2xx: the request succeeded.
    pub const fn is_success(self) -> bool {
        self.class() == 2
    }

    /// Reports whether the code is 3xx: the client should try another address.
    pub const fn is_redirect(self) -> bool {
        self.class() == 3
    }

    /// Reports whether the code is 4xx: this server cannot fulfil this request.
    pub const fn is_client_error(self) -> bool {
        self.class() == 4
    }

    /// Reports whether the code is 5xx: this server failed.
    pub const fn is_server_error(self) -> bool {
        self.class() == 5
    }

    /// Reports whether the code is 6xx: no server can fulfil this request.
    pub const fn is_global_failure(self) -> bool {
        self.class() == 6
    }

    /// Reports whether the code is 2xx to 6xx, which ends the transaction.
    pub const fn is_final(self) -> bool {
        !self.is_provisional()
    }
}

impl From<StatusCode> for u16 {
    fn from(status: StatusCode) -> Self {
        status.0
    }
}

impl PartialEq<u16> for StatusCode {
    fn eq(&self, other: &u16) -> bool {
        self.0 == *other
    }
}

/// Formats the code and its default reason phrase, such as `486 Busy Here`.
impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.reason())
    }
}

impl fmt::Debug for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_from_100_to_699_are_status_codes() {
        let all: Vec<u16> = (0..=u16::MAX)
            .filter(|code| StatusCode::from_u16(*code).is_some())
            .collect();
        assert_eq!(all, (100..700).collect::<Vec<_>>());
    }

    #[test]
    fn each_code_is_of_one_class_and_final_from_200_on() {
        for code in (100..700).filter_map(StatusCode::from_u16) {
            let classes = [
                code.is_provisional(),
                code.is_success(),
                code.is_redirect(),
                code.is_client_error(),
                code.is_server_error(),
                code.is_global_failure(),
            ];
            assert_eq!(classes.iter().filter(|class| **class).count(), 1);
            assert!(classes[usize::from(code.class()) - 1]);
            assert_eq!(code.is_final(), code.as_u16() >= 200);
            assert!(!code.reason().is_empty());
        }
    }

    #[test]
    fn a_code_without_a_name_reads_as_its_class() {
        assert_eq!(StatusCode::from_u16(499).unwrap().to_string(), "499 Bad Request");
        assert_eq!(StatusCode::SERVER_TIMEOUT.to_string(), "504 Server Time-out");
    }
}
