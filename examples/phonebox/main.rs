//! One agent on all five transports at once: desk phones over UDP, TCP and TLS, and browsers over WS and WSS, write to each other.
//!
//! ```text
//! npm ci --prefix examples/phonebox
//! cargo run --release --example phonebox
//! ```
//!
//! The first fetches JsSIP, once. The second says where its page is: open that, and register with any name. The page connects over
//! WSS, so the browser has to know the certificate: give one that it does with `--cert` and `--key`, or accept the one that is made
//! at start, which the page leads you to. Nobody is asked for a password, so phones from elsewhere than this machine are let in
//! only where you say so, by `--listen`.

mod bindings;
mod page;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use spigot::header::{Contact, Expires, To};
use spigot::plug::{LimitBody, Trace};
use spigot::{Client, Config, Contacts, Header, Path, Source, StatusCode, Uri, header, sip_router};
use spigot_examples::{Listeners, serve_with};
use tokio::task::JoinSet;
use tokio::time::{Duration, timeout};

use bindings::{Binding, Bindings, Full};

/// A place where messages are left for whoever has registered.
#[derive(Default)]
struct PhoneBox {
    bindings: Arc<Bindings>,
}

#[sip_router(plugs(Trace::new(), LimitBody::new(8192)))]
impl PhoneBox {
    /// Anybody may be anybody: it is an example of transports, not of passwords (`auth_plug` is).
    #[register]
    async fn register(
        &self,
        Header(to): Header<To>,
        expires: Option<Header<Expires>>,
        contacts: Contacts,
        source: Source,
    ) -> Result<(StatusCode, Vec<Header<Contact>>), StatusCode> {
        let user = to.uri().user_decoded().ok_or(StatusCode::NOT_FOUND)?;
        let expires = expires.map(|Header(expires)| expires.seconds());
        match self.bindings.register(&user, &contacts, expires, source.flow()) {
            Ok(bound) => Ok((StatusCode::OK, bound.into_iter().map(Header).collect())),
            Err(Full) => Err(StatusCode::FORBIDDEN),
        }
    }

    /// A message goes to every phone of the user; the first that takes it is the answer.
    #[message("sip:{user}@*", content_type = "text/plain")]
    async fn message(
        &self,
        Path(user): Path<String>,
        Header(from): Header<header::From>,
        client: Client,
        text: String,
    ) -> StatusCode {
        let mut deliveries = JoinSet::new();
        for binding in self.bindings.of(&user) {
            let delivery = deliver(client.clone(), binding, from.uri().clone(), text.clone());
            deliveries.spawn(delivery);
        }
        let mut answer = StatusCode::TEMPORARILY_UNAVAILABLE;
        while let Some(status) = deliveries.join_next().await {
            answer = status.unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
            if answer.is_success() {
                // The others need not be waited for.
                deliveries.detach_all();
                break;
            }
        }
        answer
    }
}

/// How long a phone may take to answer. One over UDP that is gone never does: this is less than the deadline of a handler
/// ([`Limits::handler`](spigot::Limits::handler)), and than the sender waits.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Delivers a message to one phone, by the way that it registered.
async fn deliver(client: Client, binding: Binding, from: Uri, text: String) -> StatusCode {
    let Some(uri) = binding.uri() else {
        return StatusCode::TEMPORARILY_UNAVAILABLE;
    };
    let message = client.message(uri).from(from).body("text/plain", text);
    match timeout(ANSWER_WITHIN, message.on(binding.flow).send()).await {
        Ok(Ok(response)) => response.status(),
        _ => StatusCode::TEMPORARILY_UNAVAILABLE,
    }
}

impl PhoneBox {
    /// What it is started with. A phone whose connection is gone is forgotten.
    fn config() -> Config {
        let phone_box = PhoneBox::default();
        let bindings = phone_box.bindings.clone();
        let config = Config::new(phone_box).name("phonebox");
        config.on_closed(move |flow| bindings.lost(flow))
    }
}

/// One agent on all five transports, and a page that is a phone.
#[derive(Parser)]
#[command(mut_arg("listen", |listen| listen.default_values(EVERYWHERE)))]
struct Options {
    #[command(flatten)]
    listeners: Listeners,
    /// Where the page is served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    page: SocketAddr,
}

const EVERYWHERE: [&str; 5] = [
    "udp:127.0.0.1:5060",
    "tcp:127.0.0.1:5060",
    "tls:127.0.0.1:5061",
    "ws:127.0.0.1:8088",
    "wss:127.0.0.1:8089",
];

#[tokio::main]
async fn main() -> ExitCode {
    let Options { listeners, page } = Options::parse();
    serve_with(PhoneBox::config(), &listeners, async |bound| {
        let at = page::serve(page, bound).await;
        let at = at.map_err(|error| format!("cannot serve the page at {page}: {error}"))?;
        if !page::jssip().is_file() {
            eprintln!("no JsSIP for the page: {}", page::INSTALL);
        }
        Ok(format!("the page is at http://{at}/\n"))
    })
    .await
}

#[cfg(test)]
mod tests;
