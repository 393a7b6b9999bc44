//! The P-Charging-Function-Addresses header, which says where charging records go (RFC 7315 §4.5).

use std::borrow::Cow;

use super::param_list::{ParamList, list_accessors};
use super::parametrized::gen_value;
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::unquote;
use crate::{HeaderName, ParseError};

/// A P-Charging-Function-Addresses header: the servers that collect the charging records of a call.
///
/// `ccf` servers are for accounts and `ecf` servers for credit. A second server of each kind is used when the
/// first is not available.
///
/// ```text
/// P-Charging-Addresses = "P-Charging-Function-Addresses" HCOLON charge-addr-params *(COMMA charge-addr-params)
/// charge-addr-params   = charge-addr-param *(SEMI charge-addr-param)
/// charge-addr-param    = ccf / ecf / ccf-2 /ecf-2 / generic-param
/// ccf                  = "ccf" EQUAL gen-value
/// ecf                  = "ecf" EQUAL gen-value
/// ccf-2                = "ccf-2" EQUAL gen-value
/// ecf-2                = "ecf-2" EQUAL gen-value
/// ```
///
/// The grammar is that of [RFC 7315 §5.5](https://www.rfc-editor.org/rfc/rfc7315#section-5.5). A message has
/// at most one line of it. Two values are equal if they have the same parameters in any order.
///
/// ```
/// use spigot_parser::header::PChargingFunctionAddresses;
///
/// let addresses: PChargingFunctionAddresses = "ccf=192.0.8.1; ecf=192.0.8.3, ccf-2=192.0.8.2; ecf-2=192.0.8.4".parse()?;
/// assert_eq!(addresses.ccf().as_deref(), Some("192.0.8.1"));
/// assert_eq!(addresses.ecf_2().as_deref(), Some("192.0.8.4"));
///
/// let addresses = PChargingFunctionAddresses::new("ccf", "[2001:db8::1]")?.with_ecf("aaa://ecf.example")?;
/// assert_eq!(addresses.to_string(), "ccf=[2001:db8::1];ecf=\"aaa://ecf.example\"");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct PChargingFunctionAddresses {
    params: ParamList,
}

macro_rules! servers {
    ($($name:literal $get:ident $set:ident $doc:literal;)*) => {
        impl PChargingFunctionAddresses {
            $(#[doc = concat!("Returns the `", $name, "` without quotes: ", $doc, ".")]
            pub fn $get(&self) -> Option<Cow<'_, str>> {
                self.param($name)?.map(unquote)
            }

            #[doc = concat!("Sets the `", $name, "`: ", $doc, ". It is quoted if it is neither a token nor a host.")]
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
            pub fn $set(self, address: &str) -> Result<Self, ParseError> {
                self.with_param($name, Some(&gen_value(address)?))
            })*
        }

        /// The parameters that must have a value.
        const SERVERS: &[&str] = &[$($name),*];
    };
}

servers! {
    "ccf" ccf with_ccf "the collector for accounts";
    "ecf" ecf with_ecf "the server for credit";
    "ccf-2" ccf_2 with_ccf_2 "the second collector for accounts";
    "ecf-2" ecf_2 with_ecf_2 "the second server for credit";
}

impl PChargingFunctionAddresses {
    /// Creates a header with the parameter `name=address`, where `name` is `ccf`, `ecf` or another one.
    ///
    /// The address is quoted if it is neither a token nor a host.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `name` is no token or `address` holds CR, LF or NUL.
    pub fn new(name: &str, address: &str) -> Result<PChargingFunctionAddresses, ParseError> {
        let text = format!("{name}={}", gen_value(address)?);
        match crate::grammar::is_token(name) {
            true => PChargingFunctionAddresses::parse(Field::exact(&text)),
            false => fault(0, "a parameter's name, which is a token"),
        }
    }
}

list_accessors!(PChargingFunctionAddresses);

impl TypedHeader for PChargingFunctionAddresses {
    const NAME: HeaderName = HeaderName::P_CHARGING_FUNCTION_ADDRESSES;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let params = ParamList::scan(value, |name, value, at| {
            let is_server = SERVERS.iter().any(|server| server.eq_ignore_ascii_case(name));
            match is_server && value.is_none() {
                true => fault(at, "an address after `=`"),
                false => Ok(()),
            }
        })?;
        Ok(PChargingFunctionAddresses { params })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.params.as_str());
    }
}

impl PartialEq for PChargingFunctionAddresses {
    fn eq(&self, other: &PChargingFunctionAddresses) -> bool {
        self.params.agrees(&other.params)
    }
}

text_traits!(PChargingFunctionAddresses);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use crate::{ErrorKind, Request};
    use proptest::prelude::*;

    fn addresses(text: &str) -> PChargingFunctionAddresses {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn servers_are_found_in_every_element() {
        let all = addresses("CCF=[5555::b99:c88:d77:e66] ; x, ecf = \"a;b\"");
        assert_eq!(all.ccf().unwrap(), "[5555::b99:c88:d77:e66]");
        assert_eq!(
            (all.ecf().unwrap().as_ref(), all.ccf_2(), all.ecf_2()),
            ("a;b", None, None)
        );
        assert_eq!(all.param("x"), Some(None));
    }

    #[test]
    fn a_line_is_one_value() {
        let lines = |lines: &str| Request::parse(format!("OPTIONS sip:a SIP/2.0\r\n{lines}\r\n")).unwrap();
        let one = lines("P-Charging-Function-Addresses: ccf=a, ecf=b\r\n");
        let typed = one
            .headers()
            .typed::<PChargingFunctionAddresses>()
            .unwrap()
            .unwrap();
        assert_eq!(typed.params().count(), 2);
        let two = lines("P-Charging-Function-Addresses: ccf=a\r\nP-Charging-Function-Addresses: ecf=b\r\n");
        let error = two.headers().typed::<PChargingFunctionAddresses>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Duplicate);
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("ccf", 3),
            ("x;ecf-2", 7),
            ("ccf=", 4),
            ("ccf=a,,ecf=b", 6),
            ("ccf=a;ccf=b", 6),
        ] {
            let error = text.parse::<PChargingFunctionAddresses>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
        for evil in testing::EVIL {
            let breaks = evil.contains(['\r', '\n', '\0']);
            assert_eq!(
                PChargingFunctionAddresses::new("ccf", evil).is_err(),
                breaks,
                "{evil:?}"
            );
            assert_eq!(addresses("ecf=a").with_ccf(evil).is_err(), breaks, "{evil:?}");
            assert!(PChargingFunctionAddresses::new(evil, "a").is_err(), "{evil:?}");
            assert!(
                addresses("ecf=a").with_param("x", Some(evil)).is_err(),
                "{evil:?}"
            );
        }
        assert!(addresses("ecf=a").without_param("ecf").is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(texts in prop::array::uniform4(testing::line()), value in testing::param_value()) {
            let built = PChargingFunctionAddresses::new("ccf", &texts[0]).unwrap().with_ecf(&texts[1]).unwrap();
            let built = built.with_ccf_2(&texts[2]).unwrap().with_ecf_2(&texts[3]).unwrap();
            prop_assert_eq!(built.ccf().unwrap(), texts[0].as_str());
            prop_assert_eq!(built.ecf().unwrap(), texts[1].as_str());
            prop_assert_eq!(built.ccf_2().unwrap(), texts[2].as_str());
            prop_assert_eq!(built.ecf_2().unwrap(), texts[3].as_str());
            let built = built.with_param("x", value.as_deref()).unwrap();
            testing::assert_round_trip(&built);
            testing::assert_round_trip(&built.without_param("ccf").unwrap());
        }
    }
}
