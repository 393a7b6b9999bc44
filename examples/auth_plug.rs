//! A registrar that knows its users: a plug asks for their passwords, and the handler sees who it is.
//!
//! ```text
//! cargo run --release --example auth_plug -- --listen udp:127.0.0.1:5060 --user alice:secret --algorithm SHA-256
//! ```
//!
//! Whoever has no password is challenged, and nothing is kept of that: a flood of strangers costs no memory.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use spigot::header::{Algorithm, Contact};
use spigot::plug::{DigestAuth, LimitBody, Next, RateLimit, Trace, User};
use spigot::{Config, Contacts, Extension, Header, Reply, Request, StatusCode, plug::Plug, sip_router};
use spigot_examples::{Listeners, serve};

struct Registrar {
    auth: DigestAuth<HashMap<String, String>>,
}

#[sip_router(plugs(Trace::new(), LimitBody::new(4096)))]
impl Registrar {
    /// The agent's own plug, because the passwords are the agent's. OPTIONS is for everybody.
    #[plug(except(options))]
    async fn authenticate(&self, request: Request, next: Next<'_>) -> Reply {
        self.auth.call(request, next).await
    }

    /// Tells the bindings back, to their owner alone.
    #[register]
    #[through(RateLimit::per_identity(10).burst(20))]
    async fn register(
        &self,
        Extension(user): Extension<User>,
        request: Request,
        contacts: Contacts,
    ) -> Result<(StatusCode, Vec<Header<Contact>>), StatusCode> {
        let to = request.headers().typed::<spigot::header::To>().ok().flatten();
        if to.is_none_or(|to| to.uri().user_decoded().as_deref() != Some(user.name())) {
            return Err(StatusCode::FORBIDDEN);
        }
        // As a registrar does, but for an hour at most: an expiry of 0 takes a binding back.
        let default = request
            .headers()
            .typed::<spigot::header::Expires>()
            .ok()
            .flatten();
        let default = default.map_or(3600, |expires| expires.seconds());
        let bindings = contacts
            .into_vec()
            .into_iter()
            .filter(|contact| !contact.is_any());
        let bound = bindings
            .map(|contact| (contact.expires().unwrap_or(default).min(3600), contact))
            .filter(|(seconds, _)| *seconds > 0)
            .map(|(seconds, contact)| Header(contact.with_expires(seconds)))
            .collect();
        Ok((StatusCode::OK, bound))
    }

    #[options]
    async fn options(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message]
    async fn message(&self, Extension(user): Extension<User>) -> (StatusCode, String) {
        (StatusCode::OK, format!("hello, {}", user.name()))
    }
}

impl Registrar {
    fn new(users: impl IntoIterator<Item = (String, String)>, algorithms: Vec<Algorithm>) -> Registrar {
        let users = users.into_iter().collect();
        let auth = DigestAuth::new("example.com", algorithms, users).nonce_life(Duration::from_secs(300));
        Registrar { auth }
    }
}

/// A registrar that asks for passwords.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    listeners: Listeners,
    /// A user and the password; may be given several times
    #[arg(long = "user", value_name = "NAME:PASSWORD", value_parser = parse_user, default_value = "alice:secret")]
    users: Vec<(String, String)>,
    /// What credentials may be made with, the best first: MD5, SHA-256, SHA-512-256; may be given several
    /// times
    #[arg(long = "algorithm", value_name = "NAME", value_parser = parse_algorithm, default_value = "MD5")]
    algorithms: Vec<Algorithm>,
}

fn parse_user(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, password)) if !name.is_empty() => Ok((name.to_owned(), password.to_owned())),
        _ => Err(format!("`{text}` is no user, as alice:secret")),
    }
}

fn parse_algorithm(text: &str) -> Result<Algorithm, String> {
    match [Algorithm::MD5, Algorithm::SHA_256, Algorithm::SHA_512_256]
        .into_iter()
        .find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(text))
    {
        Some(algorithm) => Ok(algorithm),
        None => Err(format!("`{text}` is none of MD5, SHA-256 and SHA-512-256")),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let registrar = Registrar::new(options.users, options.algorithms);
    serve(Config::new(registrar).name("auth_plug"), &options.listeners).await
}

#[cfg(test)]
mod tests {
    use spigot::header::WwwAuthenticate;
    use spigot::testing::{TestClient, TestServer};
    use spigot::{HeaderName, StatusCode, sip};

    use super::*;

    async fn start(algorithm: Algorithm) -> (TestServer, TestClient) {
        let users = [("alice".to_owned(), "secret".to_owned())];
        let server = TestServer::start(Registrar::new(users, vec![algorithm])).await;
        let alice = server.client("sip:alice@example.com").await;
        (server, alice)
    }

    #[spigot::test]
    async fn who_knows_the_password_is_let_in() {
        for algorithm in [Algorithm::MD5, Algorithm::SHA_256, Algorithm::SHA_512_256] {
            let (_server, alice) = start(algorithm).await;
            let challenged = alice.register().send().await;
            assert_eq!(challenged.status(), StatusCode::UNAUTHORIZED);
            assert!(challenged.headers().typed::<WwwAuthenticate>().unwrap().is_some());

            let wrong = alice.register().credentials("alice", "guess").send().await;
            assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);

            let right = alice.register().credentials("alice", "secret").send().await;
            assert_eq!(right.status(), StatusCode::OK);
            let bound: Contact = right.headers().typed().unwrap().unwrap();
            assert_eq!(bound.expires(), Some(3600));
        }
    }

    #[spigot::test]
    async fn a_binding_is_taken_back() {
        let (_server, alice) = start(Algorithm::SHA_256).await;
        let register = alice.register().credentials("alice", "secret");
        let response = register.header("Expires", "0").send().await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers().typed::<Contact>().unwrap(), None);
    }

    /// Sends an overheard request again, in a transaction of its own.
    async fn replay(alice: &TestClient, overheard: &sip::Request) -> WwwAuthenticate {
        let headers = overheard.headers();
        let lines: String = headers
            .iter()
            .filter(|field| !field.is(&HeaderName::CALL_ID))
            .map(|field| format!("{}: {}\r\n", field.raw_name(), field.value()))
            .collect();
        let own = format!(
            "Via: SIP/2.0/UDP {};branch=z9hG4bKreplayed;rport\r\nCall-ID: replayed\r\n",
            alice.address()
        );
        alice
            .send_raw(format!("REGISTER sip:example.com SIP/2.0\r\n{own}{lines}\r\n"))
            .await;
        let response = alice.expect_status(StatusCode::UNAUTHORIZED).await;
        response.headers().typed().unwrap().unwrap()
    }

    #[spigot::test]
    async fn who_repeats_what_was_overheard_is_not() {
        let (_server, alice) = start(Algorithm::SHA_256).await;
        let mut register = alice.register().credentials("alice", "secret").start().await;
        assert_eq!(register.response().await.status(), StatusCode::OK);
        let refused = replay(&alice, &register.request()).await;
        assert!(refused.challenge().stale(), "the count was used before");
    }

    #[spigot::test]
    async fn a_nonce_grows_old() {
        let (_server, alice) = start(Algorithm::SHA_256).await;
        let mut register = alice.register().credentials("alice", "secret").start().await;
        assert_eq!(register.response().await.status(), StatusCode::OK);
        tokio::time::sleep(Duration::from_secs(301)).await;
        let refused = replay(&alice, &register.request()).await;
        assert!(refused.challenge().stale());
    }

    #[spigot::test]
    async fn nobody_registers_for_somebody_else() {
        let users = ["alice", "bob"].map(|name| (name.to_owned(), "secret".to_owned()));
        let server = TestServer::start(Registrar::new(users, vec![Algorithm::MD5])).await;
        let alice = server.client("sip:alice@example.com").await;
        let response = alice.register().credentials("bob", "secret").send().await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
    }

    #[spigot::test]
    async fn what_a_peer_can_do_is_told_to_everybody() {
        let (_server, alice) = start(Algorithm::MD5).await;
        assert_eq!(
            alice.options("sip:example.com").send().await.status(),
            StatusCode::OK
        );
        let message = alice.message("sip:bob@example.com", "hello").send().await;
        assert_eq!(message.status(), StatusCode::UNAUTHORIZED);
    }
}
