//! What real devices and peers send: the messages of the folder `cases` octet for octet, and conversations.
//!
//! All stands on the in-memory network and virtual time. WebSocket stands on the loopback, and TCP on both.

mod agents;
mod bodies;
mod calls_in;
mod calls_out;
mod challenges;
mod message;
mod registers;
mod requests;
mod responses;
mod routes;
mod scripts;
mod socket;
mod streams;

use std::collections::BTreeSet;
use std::future::Future;

use spigot::testing::{Clock, run};

/// Runs one case on virtual time.
fn case(name: &str, test: impl Future<Output = ()>) {
    case_on(Clock::Virtual, name, test);
}

/// Runs one case on the given clock.
fn case_on(clock: Clock, name: &str, test: impl Future<Output = ()>) {
    run(name, clock, None, test);
}

#[test]
fn each_file_has_one_row() {
    let rows = [requests::FILES, registers::FILES, bodies::FILES, streams::FILES].concat();
    let named: BTreeSet<_> = rows.iter().map(|file| (*file).to_owned()).collect();
    assert_eq!(named.len(), rows.len(), "a file has two rows");
    let files = std::fs::read_dir(message::folder()).expect("the folder of the cases");
    let names = files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
    let there: BTreeSet<_> = names.filter(|name| name.ends_with(".sip")).collect();
    assert_eq!(named, there);
}
