//! The messages of RFC 4475 and RFC 5118, each of their prefixes, and each of them with any octet changed to any
//! other: what becomes of each is decided, written down in `DISPOSITIONS.md` beside this file, and tested here.
//!
//! `SPIGOT_BLESS=1 cargo test -p spigot-parser --test torture` writes that file anew.

mod ambiguities;
mod anatomy;
mod corpus;
mod decisions;
mod lax;
mod messages;
mod mutations;
mod outcome;
mod prefixes;
mod rules;
mod sha256;
mod singles;
mod table;
mod typed;
