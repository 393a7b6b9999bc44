//! Every typed header, to be asked for by its name.

use std::fmt::Debug;

use spigot_parser::header::{self, Field, Shape, TypedHeader};
use spigot_parser::{HeaderName, Message};

#[path = "../../src/header/types.rs"]
mod types;

/// A typed header, without its type.
pub(crate) struct Typed {
    pub(crate) name: HeaderName,
    pub(crate) shape: Shape,
    /// Reads its values in both messages.
    pub(crate) same: fn(&Message, &Message),
}

macro_rules! typed_headers {
    ($($type:ident)*) => {
        /// All of them.
        pub(crate) static ALL: &[Typed] = &[$(Typed { name: header::$type::NAME, shape: header::$type::SHAPE, same: same::<header::$type> }),*];
    };
}
types::every_typed_header!(typed_headers);

/// Asserts that both messages have the same values of `H`, that each is written as text that parses to the same
/// value, and that a fault is the same and says what it is.
fn same<H: TypedHeader + PartialEq + Debug>(one: &Message, other: &Message) {
    let mut others = other.headers().all::<H>();
    for value in one.headers().all::<H>() {
        let same = others.next().expect("as many values");
        match (value, same) {
            (Ok(value), Ok(same)) => {
                assert_eq!(value, same);
                let mut text = String::new();
                value.write(&mut text);
                let again = H::parse(Field::new(&text)).unwrap_or_else(|error| {
                    panic!("{value:?} is written as {text:?}, which does not parse: {error}")
                });
                assert_eq!(again, value, "written as {text:?}");
                let mut twice = String::new();
                again.write(&mut twice);
                assert_eq!(twice, text, "what is written is written so again");
            }
            (Err(error), Err(same)) => {
                assert_eq!((error.kind(), error.expected()), (same.kind(), same.expected()));
                assert!(!error.expected().is_empty());
            }
            (value, same) => panic!("{value:?} became {same:?}"),
        }
    }
    assert!(others.next().is_none(), "no value more");
}
