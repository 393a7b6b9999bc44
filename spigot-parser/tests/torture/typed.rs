//! Every typed header, to be called by its name.

use std::fmt::Debug;

use spigot_parser::header::{self, Field, Shape, TypedHeader};
use spigot_parser::{HeaderName, Message};

#[path = "../../src/header/types.rs"]
mod types;

/// A typed header, without its Rust type.
pub(crate) struct Typed {
    pub(crate) name: HeaderName,
    pub(crate) shape: Shape,
    /// Asserts that two messages have the same values of the header.
    pub(crate) same: fn(&Message, &Message),
}

macro_rules! typed_headers {
    ($($type:ident)*) => {
        /// Every typed header.
        pub(crate) static ALL: &[Typed] = &[$(Typed { name: header::$type::NAME, shape: header::$type::SHAPE, same: same::<header::$type> }),*];
    };
}
types::every_typed_header!(typed_headers);

/// Asserts that both messages have the same values of `H`, or the same error.
///
/// Each value is written as text that parses to the same value, and an error has its message.
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
