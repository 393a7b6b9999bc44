//! The Info-Package and Recv-Info headers, which name Info Packages (RFC 6086 §7.2, §7.3).

use bytestring::ByteString;

use super::parametrized::{Parametrized, param_accessors};
use super::{Field, Shape, TypedHeader, elements, text_traits};
use crate::grammar::{Span, is_token, prefix, token};
use crate::params::{self, Values};
use crate::{ErrorKind, HeaderName, ParseError};

/// An Info-Package header: the Info Package of an INFO request.
///
/// [RFC 6086 §7.2](https://www.rfc-editor.org/rfc/rfc6086#section-7.2), with the grammar of §9.2:
///
/// ```text
/// Info-Package       = "Info-Package" HCOLON Info-package-type
/// Info-package-type  = Info-package-name *( SEMI Info-package-param )
/// Info-package-name  = token
/// Info-package-param = generic-param
/// ```
///
/// Two values are equal if their names have the same octets; parameters do not count.
///
/// ```
/// use spigot_parser::header::InfoPackage;
///
/// let package: InfoPackage = "infoDtmf;rate=20".parse()?;
/// assert_eq!((package.name(), package.param("rate")), ("infoDtmf", Some(Some("20"))));
/// assert_eq!(InfoPackage::new("g.3gpp.ussd")?.to_string(), "g.3gpp.ussd");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct InfoPackage {
    text: Parametrized,
}

impl InfoPackage {
    /// Creates a header for the package `name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if it is no token.
    pub fn new(name: &str) -> Result<InfoPackage, ParseError> {
        match is_token(name) {
            true => Ok(InfoPackage {
                text: Parametrized::bare(name),
            }),
            false => Err(ParseError::new(ErrorKind::Token, 0, EXPECTED)),
        }
    }

    /// Returns the name, which is compared with case.
    pub fn name(&self) -> &str {
        self.text.value()
    }
}

const EXPECTED: &str = "an Info Package, which is a token";

param_accessors!(InfoPackage);

impl TypedHeader for InfoPackage {
    const NAME: HeaderName = HeaderName::INFO_PACKAGE;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let (_, end) = prefix(value.as_str(), token(EXPECTED))?;
        let text = Parametrized::scan(value, end, |_| Ok(()))?;
        Ok(InfoPackage { text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for InfoPackage {
    fn eq(&self, other: &InfoPackage) -> bool {
        self.name() == other.name()
    }
}

/// A Recv-Info header: the Info Packages that the sender accepts.
///
/// An empty list says that the sender supports Info Packages but accepts none.
///
/// [RFC 6086 §7.3](https://www.rfc-editor.org/rfc/rfc6086#section-7.3), with the grammar of §9.2:
///
/// ```text
/// Recv-Info         = "Recv-Info" HCOLON [Info-package-list]
/// Info-package-list = Info-package-type *( COMMA Info-package-type )
/// ```
///
/// Two values are equal if their packages have the same names in any order.
///
/// ```
/// use spigot_parser::header::{InfoPackage, RecvInfo};
///
/// let packages: RecvInfo = "infoDtmf;rate=20, g.3gpp.ussd".parse()?;
/// assert!(packages.allows("g.3gpp.ussd") && !packages.allows("infodtmf"));
/// assert_eq!(RecvInfo::new([InfoPackage::new("g.3gpp.ussd")?]).to_string(), "g.3gpp.ussd");
/// assert!("".parse::<RecvInfo>()?.is_empty());
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct RecvInfo {
    text: ByteString,
}

impl RecvInfo {
    /// Creates a list of the given packages.
    pub fn new(packages: impl IntoIterator<Item = InfoPackage>) -> RecvInfo {
        let mut text = String::new();
        for package in packages {
            if !text.is_empty() {
                text.push_str(", ");
            }
            package.write(&mut text);
        }
        RecvInfo { text: text.into() }
    }

    /// Returns the packages in their order.
    pub fn packages(&self) -> impl Iterator<Item = InfoPackage> + '_ {
        elements(&self.text).filter_map(|package| InfoPackage::parse(Field::within(&self.text, package)).ok())
    }

    /// Reports whether the list contains the package `name`, compared with case.
    pub fn allows(&self, name: &str) -> bool {
        self.packages().any(|package| package.name() == name)
    }

    /// Reports whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl TypedHeader for RecvInfo {
    const NAME: HeaderName = HeaderName::RECV_INFO;
    const SHAPE: Shape = Shape::Joined;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let check = |package: &str| {
            let (_, end) = prefix(package, token(EXPECTED))?;
            params::scan(package.as_bytes(), end, Values::Generic, |_| Ok(()))
        };
        if !text.is_empty() {
            for package in elements(text) {
                check(package).map_err(|error| error.shifted(Span::within(text, package).start()))?;
            }
        }
        Ok(RecvInfo { text: value.share() })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

impl PartialEq for RecvInfo {
    fn eq(&self, other: &RecvInfo) -> bool {
        self.packages().all(|package| other.allows(package.name()))
            && other.packages().all(|package| self.allows(package.name()))
    }
}

text_traits!(InfoPackage, RecvInfo);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn names_have_case_and_parameters_do_not_count() {
        let package = |text: &str| text.parse::<InfoPackage>().unwrap();
        assert_eq!(package("a ; x"), package("a;y=2"));
        assert_ne!(package("a"), package("A"));
        let packages = |text: &str| text.parse::<RecvInfo>().unwrap();
        assert_eq!(packages("a;x, b"), packages("b,a"));
        assert_ne!(packages("a"), packages("a, b"));
        assert_ne!(packages(""), packages("a"));
        assert_eq!(packages("").packages().count(), 0);
    }

    #[test]
    fn packages_share_the_text_of_the_list() {
        let request = Request::parse(
            "INVITE sip:a.example SIP/2.0\r\nRecv-Info: a;x=\"1,2\"\r\nSubject: b\r\nRecv-Info:\r\nRecv-Info: c\r\n\r\n",
        )
        .unwrap();
        let packages = request.headers().typed::<RecvInfo>().unwrap().unwrap();
        assert_eq!(packages.to_string(), "a;x=\"1,2\", c");
        let first = packages.packages().next().unwrap();
        assert_eq!(first.param("x"), Some(Some("\"1,2\"")));
        assert_eq!(first.name().as_ptr(), packages.text.as_ptr());
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("a b", 2),
            ("a;", 2),
            ("a;x=", 4),
            ("a,b", 1),
            ("a;x;X=1", 4),
            ("\"a\"", 0),
            ("a\r\n", 1),
        ] {
            assert_eq!(
                text.parse::<InfoPackage>().unwrap_err().offset(),
                offset,
                "{text:?}"
            );
        }
        for (text, offset) in [(",", 0), ("a,", 2), ("a, b c", 5), ("a, b;", 5), ("a;x, ;y", 5)] {
            assert_eq!(text.parse::<RecvInfo>().unwrap_err().offset(), offset, "{text:?}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let package = InfoPackage::new("a").unwrap();
        for evil in testing::EVIL {
            assert!(InfoPackage::new(evil).is_err(), "{evil:?}");
            assert!(package.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
            assert!(package.clone().with_param(evil, None).is_err(), "{evil:?}");
        }
        assert!(InfoPackage::new("a,b").is_err() && InfoPackage::new("a;b").is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            names in prop::collection::vec(testing::token(), 0..5), value in testing::param_value()
        ) {
            let package = |name: &String| InfoPackage::new(name).unwrap().with_param("x", value.as_deref()).unwrap();
            let packages: Vec<InfoPackage> = names.iter().map(package).collect();
            packages.iter().for_each(testing::assert_round_trip);
            let list = RecvInfo::new(packages.iter().cloned());
            prop_assert!(list.packages().eq(packages));
            testing::assert_round_trip(&list);
        }
    }
}
