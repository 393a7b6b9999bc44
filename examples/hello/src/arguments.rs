//! The command line, read by hand: a library for it would be most of what is compiled.

use std::net::SocketAddr;

use spigot::{Transport, UnknownTransport};

/// The text that explains the command line.
pub(crate) const USAGE: &str =
    "usage: hello [--listen TRANSPORT:ADDRESS]..., as in --listen udp:127.0.0.1:5060";

/// Reads the addresses to listen on: those of the `--listen` flags, or port 5060 of this machine for UDP and
/// TCP.
pub(crate) fn listeners(
    arguments: impl IntoIterator<Item = String>,
) -> Result<Vec<(Transport, SocketAddr)>, String> {
    let mut arguments = arguments.into_iter();
    let mut listeners = Vec::new();
    while let Some(flag) = arguments.next() {
        let value = match flag.split_once('=') {
            Some(("--listen", value)) => value.to_owned(),
            None if flag == "--listen" => arguments.next().ok_or("--listen needs an address")?,
            _ => return Err(format!("`{flag}` is no flag of this program")),
        };
        listeners.push(listener(&value)?);
    }
    if listeners.is_empty() {
        let local = SocketAddr::from(([127, 0, 0, 1], 5060));
        listeners.extend([(Transport::Udp, local), (Transport::Tcp, local)]);
    }
    Ok(listeners)
}

fn listener(text: &str) -> Result<(Transport, SocketAddr), String> {
    let (transport, address) = text
        .split_once(':')
        .ok_or_else(|| format!("`{text}` has no transport and address, as udp:127.0.0.1:5060 has"))?;
    let transport = transport
        .parse()
        .map_err(|error: UnknownTransport| error.to_string())?;
    match address.parse() {
        Ok(address) => Ok((transport, address)),
        Err(_) => Err(format!(
            "`{address}` is no address and port, as 127.0.0.1:5060 is"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Vec<String>, String> {
        let listeners = listeners(arguments.iter().map(|&argument| argument.to_owned()))?;
        Ok(listeners
            .iter()
            .map(|(transport, address)| format!("{transport} {address}"))
            .collect())
    }

    #[test]
    fn listeners_are_read_or_refused_with_a_sentence() {
        assert_eq!(read(&[]).unwrap(), ["udp 127.0.0.1:5060", "tcp 127.0.0.1:5060"]);
        assert_eq!(
            read(&["--listen", "tcp:[::1]:5080", "--listen=udp:0.0.0.0:0"]).unwrap(),
            ["tcp [::1]:5080", "udp 0.0.0.0:0"]
        );
        for (arguments, sentence) in [
            (
                &["--listen", "sctp:127.0.0.1:5060"][..],
                "`sctp` is not a transport",
            ),
            (
                &["--listen", "udp:localhost"],
                "`localhost` is no address and port",
            ),
            (&["--listen", "5060"], "`5060` has no transport"),
            (&["--listen"], "--listen needs an address"),
            (&["--port", "5060"], "`--port` is no flag"),
            (&["udp:127.0.0.1:5060"], "`udp:127.0.0.1:5060` is no flag"),
        ] {
            let refusal = read(arguments).unwrap_err();
            assert!(refusal.starts_with(sentence), "{refusal}");
        }
    }
}
