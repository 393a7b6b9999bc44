//! The Expires and Min-Expires headers, which are times in seconds (RFC 3261 §20.19, §20.23).

/// Defines header types that are a number of seconds.
macro_rules! seconds {
    ($($(#[$doc:meta])* $type:ident, $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type {
            seconds: u32,
        }

        impl $type {
            /// Creates a time of `seconds` seconds.
            pub fn new(seconds: u32) -> Self {
                $type { seconds }
            }

            /// Returns the time in seconds.
            pub fn seconds(&self) -> u32 {
                self.seconds
            }
        }

        impl crate::header::TypedHeader for $type {
            const NAME: crate::HeaderName = crate::HeaderName::$name;
            const SHAPE: crate::header::Shape = crate::header::Shape::Single;

            fn parse(value: crate::header::Field<'_>) -> Result<Self, crate::ParseError> {
                match crate::grammar::decimal(value.as_str().as_bytes(), u32::MAX) {
                    Some(seconds) => Ok($type { seconds }),
                    None => crate::header::fault(0, "a number of seconds below 2^32"),
                }
            }

            fn write(&self, out: &mut String) {
                out.push_str(&self.seconds.to_string());
            }
        }

        crate::header::text_traits!($type);
    )*};
}
pub(super) use seconds;

seconds! {
    /// An Expires header: the time for which a registration, an invitation or a subscription is valid.
    ///
    /// [RFC 3261 §20.19](https://www.rfc-editor.org/rfc/rfc3261#section-20.19), with the grammar of §25.1:
    ///
    /// ```text
    /// Expires       = "Expires" HCOLON delta-seconds
    /// delta-seconds = 1*DIGIT
    /// ```
    ///
    /// A value of 2^32 or more is an error. A receiver may use its default instead (RFC 4475 §3.1.2.4).
    ///
    /// ```
    /// use spigot_parser::header::Expires;
    ///
    /// assert_eq!("5".parse::<Expires>()?.seconds(), 5);
    /// assert_eq!(Expires::new(3600).to_string(), "3600");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    Expires, EXPIRES;

    /// A Min-Expires header: the shortest time that a registrar accepts, in its 423 response.
    ///
    /// [RFC 3261 §20.23](https://www.rfc-editor.org/rfc/rfc3261#section-20.23), with the grammar of §25.1:
    ///
    /// ```text
    /// Min-Expires = "Min-Expires" HCOLON delta-seconds
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::MinExpires;
    ///
    /// assert_eq!("60".parse::<MinExpires>()?.seconds(), 60);
    /// assert_eq!(MinExpires::new(60).to_string(), "60");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    MinExpires, MIN_EXPIRES;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn seconds_fit_32_bits() {
        assert_eq!("0005".parse(), Ok(Expires::new(5)));
        for text in [
            "4294967296",
            "10000000000",
            "-1",
            "+1",
            "",
            "1 2",
            "1,2",
            "1;x",
            "never",
            "\u{663}",
            "1\r\n",
        ] {
            let errors = (
                text.parse::<Expires>().unwrap_err().offset(),
                text.parse::<MinExpires>().unwrap_err().offset(),
            );
            assert_eq!(errors, (0, 0), "{text:?}");
        }
        for evil in testing::EVIL {
            assert!(
                evil.parse::<Expires>().is_err() && evil.parse::<MinExpires>().is_err(),
                "{evil:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(seconds in prop_oneof![any::<u32>(), Just(0), Just(u32::MAX)]) {
            prop_assert_eq!((Expires::new(seconds).seconds(), MinExpires::new(seconds).seconds()), (seconds, seconds));
            testing::assert_round_trip(&Expires::new(seconds));
            testing::assert_round_trip(&MinExpires::new(seconds));
        }
    }
}
