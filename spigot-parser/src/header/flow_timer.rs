//! The Flow-Timer header, which says how long a silent flow lives (RFC 5626 §11.1).

use super::expires::seconds;

seconds! {
    /// A Flow-Timer header: the seconds of silence after which the server considers a flow dead.
    ///
    /// The client has to keep the flow alive in time.
    ///
    /// [RFC 5626 §11.1](https://www.rfc-editor.org/rfc/rfc5626#section-11.1), with the grammar of §10:
    ///
    /// ```text
    /// Flow-Timer = "Flow-Timer" HCOLON 1*DIGIT
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::FlowTimer;
    ///
    /// assert_eq!("126".parse::<FlowTimer>()?.seconds(), 126);
    /// assert_eq!(FlowTimer::new(900).to_string(), "900");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    FlowTimer, FLOW_TIMER;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn digits_and_nothing_else() {
        for text in [
            "",
            "-1",
            "+1",
            "1;x",
            "1 2",
            "1,2",
            "4294967296",
            "\u{663}",
            "1\r\n",
        ] {
            assert_eq!(text.parse::<FlowTimer>().unwrap_err().offset(), 0, "{text:?}");
        }
        for evil in testing::EVIL {
            assert!(evil.parse::<FlowTimer>().is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(seconds: u32) {
            prop_assert_eq!(FlowTimer::new(seconds).seconds(), seconds);
            testing::assert_round_trip(&FlowTimer::new(seconds));
        }
    }
}
