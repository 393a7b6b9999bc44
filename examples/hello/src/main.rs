//! The smallest SIP server: it answers every REGISTER with 200.
//!
//! ```text
//! cargo run -p hello
//! cargo run -p hello -- --listen udp:127.0.0.1:5060 --listen tcp:[::1]:5080
//! ```

mod arguments;
mod log;

use std::process::ExitCode;

use spigot::{Config, Spigot, StatusCode, sip_router};

struct MyUserAgent;

#[sip_router]
impl MyUserAgent {
    #[register]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let listeners = match arguments::listeners(std::env::args().skip(1)) {
        Ok(listeners) => listeners,
        Err(error) => {
            eprintln!("error: {error}\n{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    log::to_stderr();
    let mut config = Config::new(MyUserAgent).name("my_agent");
    for (transport, address) in listeners {
        config = config.listen(transport, address);
    }
    match serve(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "it is for whoever started this program")]
async fn serve(config: Config) -> Result<(), spigot::Error> {
    let spigot = Spigot::start(config).await?;
    let bound = spigot.listeners().to_vec();
    // Whoever reads the last line may end us at once, so signals are waited for before the first is printed.
    let (ended, ()) = tokio::join!(biased; spigot.run_until_ctrl_c(), async {
        for listener in bound {
            println!("listening on {listener}");
        }
    });
    ended
}
