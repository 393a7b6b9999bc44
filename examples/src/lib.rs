//! What the examples share: the `--listen` flag, and serving until a signal.

use std::error::Error;
use std::future::ready;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use spigot::tls::{Certificates, TlsConfig};
use spigot::{BoundListener, Config, Spigot, Transport};

/// Where an example listens.
#[derive(Args, Clone, Debug)]
pub struct Listeners {
    /// Listen here, as `udp:127.0.0.1:5060`, `tcp:[::1]:0`, `tls:...`, `ws:...` or `wss:...`; may be given
    /// several times
    #[arg(long, value_name = "TRANSPORT:ADDRESS", default_values = ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"])]
    listen: Vec<Listen>,
    /// How many sockets share the address of a udp listener, each read by a task of its own; without this
    /// one for each core
    #[arg(long, value_name = "COUNT")]
    udp_sockets: Option<NonZeroUsize>,
    /// The certificate chain in PEM of the tls and wss listeners; without it one is made that nobody else has
    /// signed
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The private key in PEM that goes with it
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
}

impl Listeners {
    /// The certificates of the listeners that need some; `None` if none does.
    fn tls(&self) -> Result<Option<TlsConfig>, String> {
        if !self.listen.iter().any(|listen| listen.transport.is_secure()) {
            return Ok(None);
        }
        let certificates = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => {
                Certificates::from_files(cert, key).map_err(|error| error.to_string())?
            }
            _ => {
                eprintln!("no --cert: with a certificate made just now, which nobody has signed");
                self_signed(&self.listen)?
            }
        };
        Ok(Some(TlsConfig::new(certificates)))
    }
}

fn self_signed(listen: &[Listen]) -> Result<Certificates, String> {
    let mut names = vec!["localhost".to_owned()];
    names.extend(listen.iter().map(|listen| listen.address.ip().to_string()));
    let made = rcgen::generate_simple_self_signed(names).map_err(|error| error.to_string())?;
    let key = made.signing_key.serialize_pem();
    Certificates::from_pem(made.cert.pem(), key).map_err(|error| error.to_string())
}

/// One `--listen`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listen {
    transport: Transport,
    address: SocketAddr,
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (transport, address) = text
            .split_once(':')
            .ok_or("expected a transport and an address, as udp:127.0.0.1:5060")?;
        Ok(Listen {
            transport: transport
                .parse()
                .map_err(|error: spigot::UnknownTransport| error.to_string())?,
            address: address
                .parse()
                .map_err(|_| format!("`{address}` is no address and port, as 127.0.0.1:5060"))?,
        })
    }
}

/// Serves `config` on the listeners until SIGINT or SIGTERM, and prints a line for each bound address.
pub async fn serve(config: Config, listeners: &Listeners) -> ExitCode {
    serve_with(config, listeners, async |_| Ok(String::new())).await
}

/// Serves `config` as [`serve`] does, and runs `beside` once the addresses are bound. The text that it gives
/// is printed after their lines.
pub async fn serve_with(
    config: Config,
    listeners: &Listeners,
    beside: impl AsyncFnOnce(&[BoundListener]) -> Result<String, Box<dyn Error>>,
) -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match run(config, listeners, beside).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::print_stdout,
    reason = "an example's output is for whoever started it"
)]
async fn run(
    config: Config,
    listeners: &Listeners,
    beside: impl AsyncFnOnce(&[BoundListener]) -> Result<String, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let config = match listeners.tls()? {
        Some(tls) => config.tls(tls),
        None => config,
    };
    let config = match listeners.udp_sockets {
        Some(count) => config.udp_sockets(count),
        None => config,
    };
    let config = listeners
        .listen
        .iter()
        .fold(config, |config, Listen { transport, address }| {
            config.listen(*transport, *address)
        });
    let spigot = Spigot::start(config).await?;
    let bound = spigot.listeners().to_vec();
    let more = beside(&bound).await?;
    let mut running = pin!(spigot.run_until_ctrl_c());
    // Whoever reads the last line may end it at once, so signals are waited for before the first is printed.
    tokio::select! {
        biased;
        ended = &mut running => return Ok(ended?),
        () = ready(()) => {}
    }
    for listener in bound {
        println!("listening on {listener}");
    }
    print!("{more}");
    Ok(running.await?)
}

/// Reads a duration from a command line: `1500ms`, `2s`, or `2` for seconds.
///
/// # Errors
///
/// A sentence for whoever typed it.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1),
        None => (text.strip_suffix('s').unwrap_or(text), 1000),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| format!("`{text}` is no duration, as 1500ms or 2s"))?;
    Ok(Duration::from_millis(number.saturating_mul(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_are_read_or_refused_with_a_sentence() {
        let listen: Listen = "tcp:[::1]:5080".parse().unwrap();
        assert_eq!(
            listen,
            Listen {
                transport: Transport::Tcp,
                address: "[::1]:5080".parse().unwrap()
            }
        );
        assert!(
            "sctp:127.0.0.1:5060"
                .parse::<Listen>()
                .unwrap_err()
                .contains("`sctp` is not a transport")
        );
        assert!(
            "udp:localhost"
                .parse::<Listen>()
                .unwrap_err()
                .contains("`localhost` is no address")
        );
        assert!(
            "5060"
                .parse::<Listen>()
                .unwrap_err()
                .contains("expected a transport")
        );
    }

    #[test]
    fn durations_have_a_unit_or_are_seconds() {
        assert_eq!(parse_duration("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(parse_duration("3"), Ok(Duration::from_secs(3)));
        assert!(parse_duration("soon").is_err());
    }
}
