//! Tests of the messages of RFC 4475 and RFC 5118, of each of their prefixes, and of each message with one
//! octet changed.
//!
//! `DISPOSITIONS.md` beside this file lists the decided results.
//!
//! `SPIGOT_BLESS=1 cargo test -p spigot-parser --test torture` writes that file.

mod ambiguities;
mod anatomy;
mod answers;
mod corpus;
mod decisions;
mod lax;
mod messages;
mod mutations;
mod outcome;
mod prefixes;
mod responses;
mod rules;
mod sha256;
mod singles;
mod table;
mod typed;
