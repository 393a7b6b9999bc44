//! Typed headers: one type for each header that the library reads or writes itself.
//!
//! A header is text until it is read as its type. The type holds that text and the positions of its parts, so
//! reading copies nothing. Building or changing a header writes new text. The one invariant: `parse(print(x))
//! == x`, and no constructor accepts CR, LF, NUL or anything else that the grammar forbids.
//!
//! ```
//! use spigot_parser::header::{Contact, TypedHeader, Via};
//!
//! let via: Via = "SIP/2.0/UDP pc33.atlanta.example:5066;branch=z9hG4bK776".parse()?;
//! assert_eq!((via.host().as_str(), via.port(), via.branch()), ("pc33.atlanta.example", Some(5066), Some("z9hG4bK776")));
//!
//! let contact = Contact::new("sip:alice@192.0.2.4".parse()?).with_expires(3600);
//! assert_eq!(contact.to_string(), "<sip:alice@192.0.2.4>;expires=3600");
//! assert_eq!(Contact::NAME.as_str(), "Contact");
//! # Ok::<(), spigot_parser::ParseError>(())
//! ```

use crate::{HeaderName, ParseError};

mod accept;
mod accept_contact;
mod accept_encoding;
mod accept_language;
mod address;
mod allow;
mod allow_events;
mod answer_mode;
mod auth;
mod call_id;
mod contact;
mod content_disposition;
mod content_encoding;
mod content_id;
mod content_language;
mod content_length;
mod content_type;
mod cseq;
mod date;
mod dialog_reference;
mod diversion;
mod entity_tag;
mod event;
mod expires;
mod feature;
mod feature_caps;
mod feature_value;
mod flow_timer;
mod geolocation;
mod geolocation_error;
mod geolocation_routing;
mod history_index;
mod history_info;
mod identity;
mod in_reply_to;
mod info;
mod info_package;
mod join;
mod max_breadth;
mod max_forwards;
mod mime_version;
mod option_tags;
mod outbound;
mod p_access_network_info;
mod p_asserted_identity;
mod p_asserted_service;
mod p_associated_uri;
mod p_called_party_id;
mod p_charging_function_addresses;
mod p_charging_vector;
mod p_early_media;
mod p_served_user;
mod p_visited_network_id;
mod param_list;
mod parametrized;
mod path;
mod preference;
mod priority;
mod privacy;
mod product;
mod qvalue;
mod rack;
mod reason;
mod refer_sub;
mod refer_to;
mod referred_by;
mod replaces;
mod reply_to;
mod request_disposition;
mod resource_priority;
mod retry_after;
mod rseq;
mod security_agreement;
mod service_route;
mod session_expires;
mod session_id;
mod subject;
mod subscription_state;
mod target_dialog;
#[cfg(test)]
pub(crate) mod testing;
mod timestamp;
#[cfg(test)]
pub(crate) mod types;
mod user_to_user;
mod via;
mod warning;

pub use crate::field::Field;
pub(crate) use crate::field::elements;
pub use accept::{Accept, MediaRange};
pub use accept_contact::{AcceptContact, RejectContact};
pub use accept_encoding::AcceptEncoding;
pub use accept_language::AcceptLanguage;
pub use address::{From, RecordRoute, Route, To};
pub use allow::Allow;
pub use allow_events::AllowEvents;
pub use answer_mode::{AnswerMode, PrivAnswerMode};
pub use auth::{
    Algorithm, AuthParams, AuthenticationInfo, Authorization, Challenge, Credentials, ProxyAuthenticate,
    ProxyAuthorization, Qop, WwwAuthenticate,
};
pub use call_id::CallId;
pub use contact::Contact;
pub use content_disposition::ContentDisposition;
pub use content_encoding::ContentEncoding;
pub use content_id::ContentId;
pub use content_language::ContentLanguage;
pub use content_length::ContentLength;
pub use content_type::ContentType;
pub use cseq::CSeq;
pub use date::Date;
pub use diversion::Diversion;
pub use entity_tag::{SipEtag, SipIfMatch, SuppressIfMatch};
pub use event::Event;
pub use expires::{Expires, MinExpires};
pub use feature::Feature;
pub use feature_caps::FeatureCaps;
pub use feature_value::{FeatureValue, TagValue};
pub use flow_timer::FlowTimer;
pub use geolocation::Geolocation;
pub use geolocation_error::GeolocationError;
pub use geolocation_routing::GeolocationRouting;
pub use history_index::HistoryIndex;
pub use history_info::HistoryInfo;
pub use identity::Identity;
pub use in_reply_to::InReplyTo;
pub use info::{AlertInfo, CallInfo, ErrorInfo};
pub use info_package::{InfoPackage, RecvInfo};
pub use join::Join;
pub use max_breadth::MaxBreadth;
pub use max_forwards::MaxForwards;
pub use mime_version::MimeVersion;
pub use option_tags::{ProxyRequire, Require, Supported, Unsupported};
pub use p_access_network_info::PAccessNetworkInfo;
pub use p_asserted_identity::{PAssertedIdentity, PPreferredIdentity};
pub use p_asserted_service::{PAssertedService, PPreferredService};
pub use p_associated_uri::PAssociatedUri;
pub use p_called_party_id::PCalledPartyId;
pub use p_charging_function_addresses::PChargingFunctionAddresses;
pub use p_charging_vector::{PChargingVector, TransitIoi};
pub use p_early_media::{EarlyMedia, PEarlyMedia};
pub use p_served_user::{PServedUser, SessionCase};
pub use p_visited_network_id::PVisitedNetworkId;
pub use path::Path;
pub use preference::Preference;
pub use priority::Priority;
pub use privacy::Privacy;
pub use product::{Server, UserAgent};
pub use rack::RAck;
pub use reason::Reason;
pub use refer_sub::ReferSub;
pub use refer_to::ReferTo;
pub use referred_by::ReferredBy;
pub use replaces::Replaces;
pub use reply_to::ReplyTo;
pub use request_disposition::{Directive, RequestDisposition};
pub use resource_priority::{AcceptResourcePriority, ResourcePriority, ResourceValue};
pub use retry_after::RetryAfter;
pub use rseq::RSeq;
pub use security_agreement::{SecurityClient, SecurityServer, SecurityVerify};
pub use service_route::ServiceRoute;
pub use session_expires::{MinSe, Refresher, SessionExpires};
pub use session_id::SessionId;
pub use subject::{Organization, Subject};
pub use subscription_state::SubscriptionState;
pub use target_dialog::TargetDialog;
pub use timestamp::Timestamp;
pub use user_to_user::UserToUser;
pub use via::Via;
pub use warning::Warning;

/// The number of lines that a header may have, and how they combine (RFC 3261 §7.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One line, which is one value.
    Single,
    /// Lines that are comma-separated lists with one value in each element.
    List,
    /// Lines that are joined by commas into one value.
    Joined,
    /// Lines that are one value each, commas included, such as challenges and credentials.
    Lines,
}

/// A header with a type of its own.
///
/// Implement it for your own header type to read it with `Headers::typed`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a typed header",
    label = "this cannot be read from a message's headers",
    note = "use a type of the `header` module, such as `header::From`, or implement `TypedHeader` for your own"
)]
pub trait TypedHeader: Sized + Clone {
    /// The name of the header.
    const NAME: HeaderName;
    /// The number of lines that the header may have, and how they combine.
    const SHAPE: Shape;

    /// Parses one value, which is a line, a list element or all lines joined, depending on [`Self::SHAPE`].
    ///
    /// # Errors
    ///
    /// A [`ParseError`] with the offset within the value where the text leaves the grammar.
    fn parse(value: Field<'_>) -> Result<Self, ParseError>;

    /// Appends the value to `out`, without the header name.
    fn write(&self, out: &mut String);
}

/// Implements `FromStr`, `Display` and `Debug` for typed headers; `Debug` shows no password.
macro_rules! text_traits {
    ($($type:ident),*) => {$(
        crate::header::parsed_and_printed!($type);

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let text = self.to_string();
                write!(f, concat!(stringify!($type), "({})"), crate::redact::Redacted(&text))
            }
        }
    )*};
}
use text_traits;

/// Implements `FromStr` and `Display` for a typed header with a `Debug` of its own.
macro_rules! parsed_and_printed {
    ($type:ident) => {
        impl std::str::FromStr for $type {
            type Err = crate::ParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                <Self as crate::header::TypedHeader>::parse(crate::header::Field::new(text))
                    .map_err(|error| error.shifted(crate::grammar::blanks_end(text.as_bytes(), 0)))
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut text = String::new();
                crate::header::TypedHeader::write(self, &mut text);
                f.write_str(&text)
            }
        }
    };
}
use parsed_and_printed;

/// Returns an error at the offset `at` of a value.
fn fault<T>(at: usize, expected: &'static str) -> Result<T, ParseError> {
    Err(ParseError::new(crate::ErrorKind::Value, at, expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fmt::{Debug, Display};
    use std::str::FromStr;

    /// Parses a text, prints the value, and checks that the printed text parses to the same value.
    fn assert_round_trip<H: FromStr<Err = ParseError> + Display + Debug + PartialEq>(text: &str) {
        let Ok(header) = text.parse::<H>() else { return };
        let printed = header.to_string();
        match printed.parse::<H>() {
            Ok(again) => {
                assert_eq!(again, header, "printed as {printed:?}");
                assert_eq!(again.to_string(), printed, "what is printed is printed so again");
            }
            Err(error) => panic!("{header:?} is printed as {printed:?}, which does not parse: {error}"),
        }
    }

    fn assert_all_round_trip(text: &str) {
        macro_rules! survive {
            ($($type:ident)*) => { $(assert_round_trip::<$type>(text);)* };
        }
        types::every_typed_header!(survive);
    }

    proptest! {
        #[test]
        fn no_text_panics_any_header(text in ".{0,80}") {
            assert_all_round_trip(&text);
        }

        #[test]
        fn no_text_like_a_value_panics_any_header(
            first in "(SIP */ *2.0/UDP |[0-9]{1,12} |\"[a\\\\]*\" ?|<sip:a@b>|[a-z]{1,3}/[a-z*]{1,3}|\\(a\\)|[a-z]{1,4},? ?){1,3}",
            rest in "([;,=/. ]{1,2}(\\*|[0-9]{1,4}|\"[a ,;<>!#=]*\"|[a-z]{1,4}|q|expires|require|\\+[a-z.]{1,3}|<sip:a,b>|\\[::1\\]))*",
            last in "[;=, \"a-z0-9<>\\[\\]:().]{0,12}"
        ) {
            assert_all_round_trip(&format!("{first}{rest}{last}"));
        }
    }
}
