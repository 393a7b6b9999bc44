//! An agent with its integration tests beside it.
//!
//! The agent keeps a guest list: who is on it may register, others may not. The tests at the end run the
//! whole stack over an in-memory network on virtual time:
//!
//! ```text
//! cargo test --example testing
//! ```

use std::collections::HashSet;
use std::process::ExitCode;

use clap::Parser;
use spigot::header::To;
use spigot::{Config, Header, StatusCode, sip_router};
use spigot_examples::{Listeners, serve};

struct GuestList {
    guests: HashSet<String>,
}

impl GuestList {
    fn of<'g>(guests: impl IntoIterator<Item = &'g str>) -> Self {
        GuestList {
            guests: guests.into_iter().map(str::to_owned).collect(),
        }
    }

    fn has(&self, to: &To) -> bool {
        to.uri()
            .user_decoded()
            .is_some_and(|user| self.guests.contains(&*user))
    }
}

#[sip_router]
impl GuestList {
    #[register]
    async fn register(&self, Header(to): Header<To>) -> StatusCode {
        if self.has(&to) {
            StatusCode::OK
        } else {
            StatusCode::FORBIDDEN
        }
    }

    #[message]
    async fn message(&self, text: String) -> (StatusCode, String) {
        (StatusCode::OK, format!("you said: {text}"))
    }
}

/// A SIP server with a guest list.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    listeners: Listeners,
    /// Who may register; may be given several times
    #[arg(long, default_values = ["alice", "bob"])]
    guest: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let guests = GuestList::of(options.guest.iter().map(String::as_str));
    serve(Config::new(guests).name("guest_list"), &options.listeners).await
}

#[cfg(test)]
mod tests {
    use spigot::StatusCode;
    use spigot::testing::{Faults, TestServer};

    use super::GuestList;

    #[spigot::test]
    async fn guests_may_register() {
        let server = TestServer::start(GuestList::of(["alice"])).await;
        let alice = server.client("sip:alice@example.com").await;

        let response = alice.register().send().await;

        assert_eq!(response.status(), StatusCode::OK);
    }

    #[spigot::test]
    async fn others_may_not() {
        let server = TestServer::start(GuestList::of(["alice"])).await;
        let mallory = server.client("sip:mallory@example.com").await;

        let response = mallory.register().send().await;

        assert_eq!(response.status(), StatusCode::FORBIDDEN);
    }

    #[spigot::test]
    async fn a_lossy_network_changes_nothing_but_the_time_it_takes() {
        let server = TestServer::start(GuestList::of(["alice"])).await;
        server.network().set_faults(Faults::none().loss(0.3));
        let alice = server.client("sip:alice@example.com").await;

        let response = alice.message("sip:bob@example.com", "hello").send().await;

        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.body().as_ref(), b"you said: hello");
    }
}
