//! Fuzzes typed headers by family: the first text of the input is parsed as every type of the family, and the
//! others are set by constructors and setters.
//!
//! Invariant: [`TYPES`] has every typed header of the parser, as a test checks.

pub(crate) mod addresses;
pub(crate) mod auth;
pub(crate) mod bodies;
pub(crate) mod capabilities;
pub(crate) mod dialogs;
pub(crate) mod events;
pub(crate) mod identity;
pub(crate) mod preferences;
pub(crate) mod private;
pub(crate) mod routing;
pub(crate) mod session;
mod value;

pub(crate) use value::Header;

/// The names of the types in each family.
pub const TYPES: &[&[&str]] = &[
    addresses::TYPES,
    auth::TYPES,
    bodies::TYPES,
    capabilities::TYPES,
    dialogs::TYPES,
    events::TYPES,
    identity::TYPES,
    preferences::TYPES,
    private::TYPES,
    routing::TYPES,
    session::TYPES,
];

/// Reads every typed header of a message of `length` octets.
pub(crate) fn read_all(headers: &spigot_parser::Headers, length: usize) {
    addresses::read(headers, length);
    auth::read(headers, length);
    bodies::read(headers, length);
    capabilities::read(headers, length);
    dialogs::read(headers, length);
    events::read(headers, length);
    identity::read(headers, length);
    preferences::read(headers, length);
    private::read(headers, length);
    routing::read(headers, length);
    session::read(headers, length);
}

/// Defines a family: its types, what is read of each, and what is built and changed with hostile texts.
///
/// Each expression in `built` and `changed` yields values of the type, as an `Option`, a `Result` or an
/// iterator. Each value has to be one line that parses to itself. An input runs one expression of each.
macro_rules! family {
    ($($type:ident {
        $(read: |$value:ident| $read:expr;)?
        $(built: |$a:ident, $b:ident| [$($built:expr),* $(,)?];)?
        $(changed: |$old:ident, $c:ident, $d:ident| [$($changed:expr),* $(,)?];)?
    })*) => {
        /// The names of the types in this family.
        pub(super) const TYPES: &[&str] = &[$(stringify!($type)),*];

        /// Runs every type of this family with one input.
        pub(crate) fn run(data: &[u8]) {
            let texts = crate::input::texts(data);
            let whole = texts.turns(4).next() == Some(true);
            $({
                let value = <$type as crate::headers::Header>::parsed(&texts.value, whole);
                $(if texts.hostile {
                    let ($a, $b) = (&*texts.first, &*texts.second);
                    let mut turns = texts.turns([$(stringify!($built)),*].len());
                    $(if turns.next() == Some(true) {
                        <$type as crate::headers::Header>::check_built($built, &texts);
                    })*
                })?
                if let Some(value) = value {
                    $({ let $value = &value; _ = std::hint::black_box($read); })?
                    $({
                        let ($old, $c, $d) = (&value, &*texts.first, &*texts.second);
                        let mut turns = texts.turns([$(stringify!($changed)),*].len());
                        $(if turns.next() == Some(true) {
                            crate::headers::Header::check_changed($old, $changed, &texts);
                        })*
                    })?
                }
            })*
        }

        /// Reads every type of this family from `headers` of a message of `length` octets.
        pub(super) fn read(headers: &spigot_parser::Headers, length: usize) {
            $(<$type as crate::headers::Header>::read(headers, length);)*
        }
    };
}
use family;

/// Yields the value with a parameter, with a parameter without a value, and without the parameter.
macro_rules! params {
    ($old:expr, $name:expr, $value:expr) => {{
        let set = $old.clone().with_param($name, Some($value));
        let set = set.inspect(|new| assert_eq!(new.param($name), Some(Some($value))));
        let flag = $old.clone().with_param($name, None);
        let flag = flag.inspect(|new| assert_eq!(new.param($name), Some(None)));
        let without = $old.clone().without_param($name);
        let without = without.inspect(|new| assert_eq!(new.param($name), None));
        [set, flag, without].into_iter().flatten()
    }};
}
use params;

/// Yields the value with a display name.
macro_rules! display_name {
    ($old:expr, $name:expr) => {{
        let named = $old.clone().with_display_name($name);
        named.inspect(|new| assert_eq!(new.display_name().unwrap_or_default(), $name))
    }};
}
use display_name;
