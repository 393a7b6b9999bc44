//! The P-Access-Network-Info header, which describes the access network of a user agent (RFC 7315 §4.4).

use std::borrow::Cow;

use super::parametrized::{Parametrized, param_accessors, quoted, token_or_quoted};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{is_quoted, is_token, prefix, token};
use crate::params;
use crate::{HeaderName, ParseError};

/// A P-Access-Network-Info header: the type of the access network, and the place in it.
///
/// ```text
/// P-Access-Network-Info = "P-Access-Network-Info" HCOLON access-net-spec *(COMMA access-net-spec)
/// access-net-spec       = (access-type / access-class) *(SEMI access-info)
/// access-type           = "IEEE-802.11" / "IEEE-802.3" / "3GPP-GERAN" / "3GPP-UTRAN-FDD" / "3GPP-E-UTRAN-FDD" /
///                         "ADSL" / "DOCSIS" / ... / token
/// access-class          = "3GPP-GERAN" / "3GPP-UTRAN" / "3GPP-E-UTRAN" / "3GPP-WLAN" / ... / token
/// access-info           = cgi-3gpp / utran-cell-id-3gpp / dsl-location / i-wlan-node-id / ci-3gpp2 / eth-location /
///                         ci-3gpp2-femto / fiber-location / np / gstn-location /local-time-zone / dvb-rcs2-node-id /
///                         extension-access-info
/// np                    = "network-provided"
/// extension-access-info = generic-param                                    ; RFC 7913
/// ```
///
/// The grammar is that of [RFC 7315 §5.4](https://www.rfc-editor.org/rfc/rfc7315#section-5.4). The values of
/// the parameters that it names are tokens or quoted strings; those of `local-time-zone` and
/// `dvb-rcs2-node-id` are quoted strings. Two values are equal if the network, without case, and all
/// parameters are equal.
///
/// ```
/// use spigot_parser::header::PAccessNetworkInfo;
///
/// let info: PAccessNetworkInfo = "3GPP-UTRAN-TDD; utran-cell-id-3gpp=234151D0FCE11;network-provided".parse()?;
/// assert_eq!((info.access(), info.is_network_provided()), ("3GPP-UTRAN-TDD", true));
/// assert_eq!(info.utran_cell_id_3gpp().as_deref(), Some("234151D0FCE11"));
///
/// let info = PAccessNetworkInfo::new("IEEE-802.11")?.with_i_wlan_node_id("00:1B:44:11:3A:B7")?;
/// assert_eq!(info.to_string(), "IEEE-802.11;i-wlan-node-id=\"00:1B:44:11:3A:B7\"");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct PAccessNetworkInfo {
    text: Parametrized,
}

macro_rules! access_infos {
    ($($name:literal $get:ident $set:ident $write:ident $doc:literal;)*) => {
        impl PAccessNetworkInfo {
            $(#[doc = concat!("Returns the `", $name, "` without quotes: ", $doc, ".")]
            pub fn $get(&self) -> Option<Cow<'_, str>> {
                self.params().value($name)
            }

            #[doc = concat!("Sets the `", $name, "`: ", $doc, ".")]
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
            pub fn $set(self, value: &str) -> Result<Self, ParseError> {
                self.with_param($name, Some(&$write(value)?))
            })*
        }

        /// The parameters that have a value.
        const INFOS: &[&str] = &[$($name),*];
    };
}

access_infos! {
    "cgi-3gpp" cgi_3gpp with_cgi_3gpp token_or_quoted "the cell of a GERAN";
    "utran-cell-id-3gpp" utran_cell_id_3gpp with_utran_cell_id_3gpp token_or_quoted "the cell of a UTRAN or E-UTRAN";
    "utran-sai-3gpp" utran_sai_3gpp with_utran_sai_3gpp token_or_quoted "the service area of a UTRAN";
    "i-wlan-node-id" i_wlan_node_id with_i_wlan_node_id token_or_quoted "the access point of a WLAN";
    "dsl-location" dsl_location with_dsl_location token_or_quoted "the place in a DSL network";
    "eth-location" eth_location with_eth_location token_or_quoted "the place in an Ethernet";
    "fiber-location" fiber_location with_fiber_location token_or_quoted "the place in a fiber network";
    "gstn-location" gstn_location with_gstn_location token_or_quoted "the place in the telephone network";
    "ci-3gpp2" ci_3gpp2 with_ci_3gpp2 token_or_quoted "the cell of a 3GPP2 network";
    "ci-3gpp2-femto" ci_3gpp2_femto with_ci_3gpp2_femto token_or_quoted "the femtocell of a 3GPP2 network";
    "dvb-rcs2-node-id" dvb_rcs2_node_id with_dvb_rcs2_node_id quoted "the node of a satellite network";
    "local-time-zone" local_time_zone with_local_time_zone quoted "the time zone of the user agent";
    "operator-specific-GI" operator_specific_gi with_operator_specific_gi token_or_quoted "the place, as the operator writes it";
}

impl PAccessNetworkInfo {
    /// Creates a header with the access type or access class `access`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it is no token.
    pub fn new(access: &str) -> Result<PAccessNetworkInfo, ParseError> {
        match is_token(access) {
            true => Ok(PAccessNetworkInfo {
                text: Parametrized::bare(access),
            }),
            false => fault(0, ACCESS),
        }
    }

    /// Returns the access type, such as `3GPP-E-UTRAN-FDD`, or the access class, such as `3GPP-WLAN`.
    ///
    /// Compare it without case.
    pub fn access(&self) -> &str {
        self.text.value()
    }

    /// Reports whether the network, and not the user agent, wrote the header (`network-provided`).
    pub fn is_network_provided(&self) -> bool {
        self.param("network-provided").is_some()
    }

    /// Adds `network-provided`: the network wrote the header.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn with_network_provided(self) -> Result<PAccessNetworkInfo, ParseError> {
        self.with_param("network-provided", None)
    }
}

const ACCESS: &str = "an access type, which is a token";

/// Returns what a known parameter has to be, if `value` does not follow its grammar.
fn violation(name: &str, value: Option<&str>) -> Option<&'static str> {
    let is = |known: &str| known.eq_ignore_ascii_case(name);
    if is("network-provided") {
        return value.map(|_| "no value of `network-provided`");
    }
    if !INFOS.iter().any(|known| is(known)) {
        return None;
    }
    match value {
        Some(value) if is_quoted(value) => None,
        _ if is("dvb-rcs2-node-id") || is("local-time-zone") => Some("a quoted string"),
        Some(value) if is_token(value) => None,
        _ => Some("a token or a quoted string"),
    }
}

param_accessors!(PAccessNetworkInfo);

impl TypedHeader for PAccessNetworkInfo {
    const NAME: HeaderName = HeaderName::P_ACCESS_NETWORK_INFO;
    const SHAPE: Shape = Shape::List;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let (_, end) = prefix(text, token(ACCESS))?;
        let text = Parametrized::scan(value, end, |param| {
            match violation(param.name(text), param.value(text)) {
                Some(expected) => fault(param.at(), expected),
                None => Ok(()),
            }
        })?;
        Ok(PAccessNetworkInfo { text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for PAccessNetworkInfo {
    fn eq(&self, other: &PAccessNetworkInfo) -> bool {
        self.access().eq_ignore_ascii_case(other.access())
            && params::agree(self.params(), other.params(), |_| true)
    }
}

text_traits!(PAccessNetworkInfo);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::header::testing;
    use proptest::prelude::*;

    fn info(text: &str) -> PAccessNetworkInfo {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn what_it_says_is_read() {
        let request = Request::parse(
            "INVITE sip:a SIP/2.0\r\n\
             P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=\"23415, 1D0\" , ADSL2+ ; DSL-Location = x;np\r\n\r\n",
        )
        .unwrap();
        let all: Vec<PAccessNetworkInfo> = request.headers().all().collect::<Result<_, _>>().unwrap();
        assert_eq!(all[0].utran_cell_id_3gpp().unwrap(), "23415, 1D0");
        assert_eq!(
            (all[1].access(), all[1].dsl_location().unwrap().as_ref()),
            ("ADSL2+", "x")
        );
        assert!(!all[1].is_network_provided() && info("a;NETWORK-provided").is_network_provided());
        assert_eq!(
            info("a;local-time-zone=\"UTC+1\"").local_time_zone().unwrap(),
            "UTC+1"
        );
        assert_eq!(info("a").cgi_3gpp(), None);
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("\"a\"", 0),
            ("a b", 2),
            ("a;", 2),
            ("a;cgi-3gpp", 10),
            ("a;cgi-3gpp=[::1]", 11),
            ("a;local-time-zone=x", 18),
            ("a;dvb-rcs2-node-id", 18),
            ("a;network-provided=1", 19),
            ("a;eth-location=1;ETH-location=2", 17),
            ("a;\"x\"", 2),
            ("a,b", 1),
        ] {
            let error = text.parse::<PAccessNetworkInfo>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
        for evil in testing::EVIL {
            let breaks = evil.contains(['\r', '\n', '\0']);
            assert!(PAccessNetworkInfo::new(evil).is_err(), "{evil:?}");
            assert_eq!(info("a").with_cgi_3gpp(evil).is_err(), breaks, "{evil:?}");
            assert_eq!(info("a").with_local_time_zone(evil).is_err(), breaks, "{evil:?}");
            for name in ["cgi-3gpp", "local-time-zone", "network-provided", "x"] {
                assert!(info("a").with_param(name, Some(evil)).is_err(), "{evil:?}");
            }
        }
    }

    #[test]
    fn network_and_place_make_a_difference() {
        assert_eq!(info("a;x=1;y"), info("A;Y;X=1"));
        for other in ["b;x=1", "a", "a;x=2", "a;x=1;y"] {
            assert_ne!(info("a;x=1"), info(other));
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(access in testing::token(), text in testing::line(), value in testing::param_value()) {
            let built = PAccessNetworkInfo::new(&access).unwrap().with_network_provided().unwrap();
            let setters = [
                PAccessNetworkInfo::with_cgi_3gpp,
                PAccessNetworkInfo::with_utran_cell_id_3gpp,
                PAccessNetworkInfo::with_utran_sai_3gpp,
                PAccessNetworkInfo::with_i_wlan_node_id,
                PAccessNetworkInfo::with_dsl_location,
                PAccessNetworkInfo::with_eth_location,
                PAccessNetworkInfo::with_fiber_location,
                PAccessNetworkInfo::with_gstn_location,
                PAccessNetworkInfo::with_ci_3gpp2,
                PAccessNetworkInfo::with_ci_3gpp2_femto,
                PAccessNetworkInfo::with_dvb_rcs2_node_id,
                PAccessNetworkInfo::with_local_time_zone,
                PAccessNetworkInfo::with_operator_specific_gi,
            ];
            prop_assert_eq!(setters.len(), INFOS.len());
            let built = setters.iter().fold(built, |built, set| set(built, &text).unwrap());
            for name in INFOS {
                prop_assert_eq!(built.params().value(name).unwrap(), text.as_str());
            }
            testing::assert_round_trip(&built.with_param("x", value.as_deref()).unwrap());
        }
    }
}
