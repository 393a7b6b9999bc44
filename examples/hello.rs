//! The smallest SIP server: it answers every REGISTER with 200.
//!
//! ```text
//! cargo run --release --example hello
//! cargo run --release --example hello -- --listen udp:127.0.0.1:5060 --listen tcp:[::1]:5080
//! ```

use std::process::ExitCode;

use clap::Parser;
use spigot::{Config, StatusCode, sip_router};
use spigot_examples::{Listeners, serve};

struct MyUserAgent;

#[sip_router]
impl MyUserAgent {
    #[register]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }
}

/// A SIP server that answers every REGISTER with 200.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    listeners: Listeners,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    serve(Config::new(MyUserAgent).name("my_agent"), &options.listeners).await
}
