//! The P-Charging-Vector header, which connects the charging records of a call (RFC 7315 §4.6).

use std::borrow::Cow;
use std::fmt::Write as _;

use super::param_list::{ParamList, list_accessors};
use super::parametrized::gen_value;
use super::{Field, Shape, TypedHeader, elements, fault, text_traits};
use crate::grammar::{Span, decimal, trimmed, unquote};
use crate::uri::bracketed;
use crate::{HeaderName, Host, ParseError};

/// A P-Charging-Vector header: the identifiers of a call's charging records, and the networks that the call
/// passes.
///
/// ```text
/// P-Charging-Vector         = "P-Charging-Vector" HCOLON icid-value *(SEMI charge-params)
/// charge-params             = icid-gen-addr / orig-ioi / term-ioi / transit-ioi / related-icid /
///                             related-icid-gen-addr / generic-param
/// icid-value                = "icid-value" EQUAL gen-value
/// icid-gen-addr             = "icid-generated-at" EQUAL host
/// orig-ioi                  = "orig-ioi" EQUAL gen-value
/// term-ioi                  = "term-ioi" EQUAL gen-value
/// transit-ioi               = "transit-ioi" EQUAL transit-ioi-list
/// transit-ioi-list          = DQUOTE transit-ioi-param *(COMMA transit-ioi-param) DQUOTE
/// transit-ioi-param         = transit-ioi-indexed-value / transit-ioi-void-value
/// transit-ioi-indexed-value = transit-ioi-name "." transit-ioi-index
/// transit-ioi-name          = ALPHA *(ALPHA / DIGIT)
/// transit-ioi-index         = 1*DIGIT
/// transit-ioi-void-value    = "void"
/// related-icid              = "related-icid" EQUAL gen-value
/// related-icid-gen-addr     = "related-icid-generated-at" EQUAL host
/// ```
///
/// The grammar is that of [RFC 7315 §5.6](https://www.rfc-editor.org/rfc/rfc7315#section-5.6). `icid-value`
/// is mandatory and comes first. Two values are equal if they have the same parameters in any order.
///
/// ```
/// use spigot_parser::header::PChargingVector;
///
/// let vector: PChargingVector = "icid-value=1234bc9876e;icid-generated-at=192.0.6.8;orig-ioi=home1.net".parse()?;
/// assert_eq!((vector.icid(), vector.orig_ioi()), ("1234bc9876e".into(), Some("home1.net".into())));
/// assert_eq!(vector.icid_generated_at().unwrap(), "192.0.6.8");
///
/// let vector = PChargingVector::new("a/b")?.with_icid_generated_at("2001:db8::1")?.with_term_ioi("home2.net")?;
/// assert_eq!(vector.to_string(), "icid-value=\"a/b\";icid-generated-at=[2001:db8::1];term-ioi=home2.net");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct PChargingVector {
    params: ParamList,
}

/// One network that a call passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransitIoi<'a> {
    /// A network and its place among the others.
    Network {
        /// The name, which consists of letters and digits and begins with a letter.
        name: &'a str,
        /// The place among the other networks.
        index: u32,
    },
    /// `void`: a network that does not state its name.
    Void,
}

impl<'a> TransitIoi<'a> {
    fn parse(text: &'a str) -> Option<TransitIoi<'a>> {
        if text.eq_ignore_ascii_case("void") {
            return Some(TransitIoi::Void);
        }
        let (name, index) = text.split_once('.')?;
        let index = decimal(index.as_bytes(), u32::MAX)?;
        is_network(name).then_some(TransitIoi::Network { name, index })
    }
}

fn is_network(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|octet| octet.is_ascii_alphanumeric())
}

impl PChargingVector {
    /// Creates a header with this `icid-value`, which is quoted if it is neither a token nor a host.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
    pub fn new(icid: &str) -> Result<PChargingVector, ParseError> {
        let text = format!("icid-value={}", gen_value(icid)?);
        PChargingVector::parse(Field::exact(&text))
    }

    /// Returns the `icid-value`, which the records of the call share, without quotes.
    pub fn icid(&self) -> Cow<'_, str> {
        // Every header has one, as the parser checks.
        self.text("icid-value").unwrap_or_default()
    }

    /// Returns the `icid-generated-at`: the host that generated the `icid-value`.
    pub fn icid_generated_at(&self) -> Option<Host<'_>> {
        self.host("icid-generated-at")
    }

    /// Returns the `orig-ioi`: the caller's network, without quotes.
    pub fn orig_ioi(&self) -> Option<Cow<'_, str>> {
        self.text("orig-ioi")
    }

    /// Returns the `term-ioi`: the callee's network, without quotes.
    pub fn term_ioi(&self) -> Option<Cow<'_, str>> {
        self.text("term-ioi")
    }

    /// Returns the `transit-ioi`: the networks between caller and callee, in their order.
    pub fn transit_ioi(&self) -> impl Iterator<Item = TransitIoi<'_>> + '_ {
        let list = self.param("transit-ioi").flatten().and_then(in_quotes);
        list.into_iter().flat_map(elements).filter_map(TransitIoi::parse)
    }

    /// Returns the `related-icid`: the `icid-value` of another leg of the call, without quotes.
    pub fn related_icid(&self) -> Option<Cow<'_, str>> {
        self.text("related-icid")
    }

    /// Returns the `related-icid-generated-at`: the host that generated the `related-icid`.
    pub fn related_icid_generated_at(&self) -> Option<Host<'_>> {
        self.host("related-icid-generated-at")
    }

    /// Sets the `icid-value`, which is quoted if it is neither a token nor a host.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
    pub fn with_icid(self, icid: &str) -> Result<PChargingVector, ParseError> {
        self.with_param("icid-value", Some(&gen_value(icid)?))
    }

    /// Sets the `icid-generated-at`, adding brackets to an IPv6 address that has none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it is no host.
    pub fn with_icid_generated_at(self, host: &str) -> Result<PChargingVector, ParseError> {
        self.with_param("icid-generated-at", Some(&bracketed(host)))
    }

    /// Sets the `orig-ioi`, which is quoted if it is neither a token nor a host.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
    pub fn with_orig_ioi(self, network: &str) -> Result<PChargingVector, ParseError> {
        self.with_param("orig-ioi", Some(&gen_value(network)?))
    }

    /// Sets the `term-ioi`, which is quoted if it is neither a token nor a host.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
    pub fn with_term_ioi(self, network: &str) -> Result<PChargingVector, ParseError> {
        self.with_param("term-ioi", Some(&gen_value(network)?))
    }

    /// Sets the `transit-ioi`: the networks between caller and callee.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if there is none, or one has a name that is not letters
    /// and digits after a letter.
    pub fn with_transit_ioi<'a>(
        self,
        networks: impl IntoIterator<Item = TransitIoi<'a>>,
    ) -> Result<PChargingVector, ParseError> {
        let mut list = String::from("\"");
        for network in networks {
            if list.len() > 1 {
                list.push_str(", ");
            }
            match network {
                TransitIoi::Void => list.push_str("void"),
                TransitIoi::Network { name, index } if is_network(name) => {
                    // Writing to a string cannot fail.
                    let _ = write!(list, "{name}.{index}");
                }
                TransitIoi::Network { .. } => return fault(0, TRANSIT),
            }
        }
        list.push('"');
        self.with_param("transit-ioi", Some(&list))
    }

    /// Sets the `related-icid`, which is quoted if it is neither a token nor a host.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
    pub fn with_related_icid(self, icid: &str) -> Result<PChargingVector, ParseError> {
        self.with_param("related-icid", Some(&gen_value(icid)?))
    }

    /// Sets the `related-icid-generated-at`, adding brackets to an IPv6 address that has none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it is no host.
    pub fn with_related_icid_generated_at(self, host: &str) -> Result<PChargingVector, ParseError> {
        self.with_param("related-icid-generated-at", Some(&bracketed(host)))
    }

    fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.param(name)?.map(unquote)
    }

    fn host(&self, name: &str) -> Option<Host<'_>> {
        Host::parse(self.param(name)??).ok()
    }
}

const TRANSIT: &str = "networks in quotes: each `void`, or letters and digits, a dot and a number";

/// Returns what a known parameter has to be, if `value` does not follow its grammar.
fn violation(name: &str, value: Option<&str>) -> Option<&'static str> {
    let is = |known: &[&str]| known.iter().any(|known| known.eq_ignore_ascii_case(name));
    if is(&["icid-value", "orig-ioi", "term-ioi", "related-icid"]) {
        return value.is_none().then_some("a value after `=`");
    }
    if is(&["icid-generated-at", "related-icid-generated-at"]) {
        let fits = value.is_some_and(|value| Host::parse(value).is_ok());
        return (!fits).then_some("a host");
    }
    if is(&["transit-ioi"]) {
        let fits = value
            .and_then(in_quotes)
            .is_some_and(|list| elements(list).all(|network| TransitIoi::parse(network).is_some()));
        return (!fits).then_some(TRANSIT);
    }
    None
}

/// Returns the text in the quotes, if nothing in it is escaped.
fn in_quotes(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('\\')).then(|| trimmed(inner))
}

list_accessors!(PChargingVector);

impl TypedHeader for PChargingVector {
    const NAME: HeaderName = HeaderName::P_CHARGING_VECTOR;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        if let Some(second) = elements(text).nth(1) {
            return fault(Span::within(text, second).start(), "`;` instead of `,` before it");
        }
        let mut first = true;
        let params = ParamList::scan(value, |name, value, at| {
            if std::mem::take(&mut first) && !name.eq_ignore_ascii_case("icid-value") {
                return fault(0, "`icid-value=`");
            }
            match violation(name, value) {
                Some(expected) => fault(at, expected),
                None => Ok(()),
            }
        })?;
        Ok(PChargingVector { params })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.params.as_str());
    }
}

impl PartialEq for PChargingVector {
    fn eq(&self, other: &PChargingVector) -> bool {
        self.params.agrees(&other.params)
    }
}

text_traits!(PChargingVector);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    fn vector(text: &str) -> PChargingVector {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn what_it_says_is_read() {
        let full = vector(
            "icid-value=\"AyretyU0dm+6O2IrT5tAFrbHLso=023551024\"; orig-ioi=\"Type 3home1.net\";term-ioi=home2.net;\
             transit-ioi=\" opA.1 ,void, OPB2.003\";related-icid=x;related-icid-generated-at=[2001:DB8::1];other",
        );
        assert_eq!(full.icid(), "AyretyU0dm+6O2IrT5tAFrbHLso=023551024");
        assert_eq!(full.orig_ioi().unwrap(), "Type 3home1.net");
        assert_eq!(full.term_ioi().unwrap(), "home2.net");
        let networks: Vec<_> = full.transit_ioi().collect();
        let network = |name, index| TransitIoi::Network { name, index };
        assert_eq!(
            networks,
            [network("opA", 1), TransitIoi::Void, network("OPB2", 3)]
        );
        assert_eq!(full.related_icid().unwrap(), "x");
        assert_eq!(
            full.related_icid_generated_at(),
            Host::parse("[2001:db8::1]").ok()
        );
        assert_eq!(
            (full.icid_generated_at(), full.param("other")),
            (None, Some(None))
        );
        assert_eq!(vector("icid-value=1").transit_ioi().count(), 0);
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("icid-value", 10),
            ("icid-value=", 11),
            ("orig-ioi=a;icid-value=1", 0),
            ("icid-value=1,orig-ioi=a", 13),
            ("icid-value=1;icid-value=2", 13),
            ("icid-value=1;orig-ioi", 21),
            ("icid-value=1;icid-generated-at=\"a\"", 31),
            ("icid-value=1;icid-generated-at", 30),
            ("icid-value=1;related-icid-generated-at=1.2.3", 39),
            ("icid-value=1;transit-ioi=a.1", 25),
            ("icid-value=1;transit-ioi=\"\"", 25),
            ("icid-value=1;transit-ioi=\"a\"", 25),
            ("icid-value=1;transit-ioi=\"1a.1\"", 25),
            ("icid-value=1;transit-ioi=\"a.b.1\"", 25),
            ("icid-value=1;transit-ioi=\"a.1,\"", 25),
            ("icid-value=1;transit-ioi=\"a\\.1\"", 25),
        ] {
            let error = text.parse::<PChargingVector>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
        for evil in testing::EVIL {
            let (start, breaks) = (vector("icid-value=1"), evil.contains(['\r', '\n', '\0']));
            assert_eq!(PChargingVector::new(evil).is_err(), breaks, "{evil:?}");
            for set in [
                PChargingVector::with_icid,
                PChargingVector::with_orig_ioi,
                PChargingVector::with_term_ioi,
                PChargingVector::with_related_icid,
            ] {
                assert_eq!(set(start.clone(), evil).is_err(), breaks, "{evil:?}");
            }
            assert!(start.clone().with_icid_generated_at(evil).is_err(), "{evil:?}");
            assert!(
                start.clone().with_related_icid_generated_at(evil).is_err(),
                "{evil:?}"
            );
            assert!(
                start
                    .clone()
                    .with_transit_ioi([TransitIoi::Network { name: evil, index: 1 }])
                    .is_err(),
                "{evil:?}"
            );
            assert!(start.with_param("x", Some(evil)).is_err(), "{evil:?}");
        }
        assert!(vector("icid-value=1").without_param("icid-value").is_err());
        assert!(vector("icid-value=1").with_transit_ioi([]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            icid in testing::line(), network in testing::line(), names in prop::collection::vec(("[a-z][a-z0-9]{0,5}", 0u32..), 1..4),
            value in testing::param_value()
        ) {
            let built = PChargingVector::new(&icid).unwrap().with_orig_ioi(&network).unwrap().with_term_ioi(&network).unwrap();
            let built = built.with_icid_generated_at("::1").unwrap().with_related_icid_generated_at("a.example").unwrap();
            let built = built.with_related_icid(&icid).unwrap();
            let mut networks = vec![TransitIoi::Void];
            networks.extend(names.iter().map(|(name, index)| TransitIoi::Network { name, index: *index }));
            let built = built.with_transit_ioi(networks.clone()).unwrap();
            prop_assert_eq!(built.transit_ioi().collect::<Vec<_>>(), networks);
            prop_assert_eq!((built.icid(), built.orig_ioi()), (icid.as_str().into(), Some(network.as_str().into())));
            let built = built.with_param("x", value.as_deref()).unwrap();
            testing::assert_round_trip(&built);
            testing::assert_round_trip(&built.with_icid("other").unwrap().without_param("orig-ioi").unwrap());
        }
    }
}
