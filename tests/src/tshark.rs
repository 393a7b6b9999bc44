//! tshark, the reader of the Wireshark project, on the loopback.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use spigot::Transport;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::UdpSocket;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{interval, timeout};

use crate::captured::{Captured, messages};
use crate::folder::Folder;

/// The time that tshark may take to begin, to see a packet, and to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// The bounds of a capture, even if the test that started it is gone: packets, and seconds.
const BOUNDS: [&str; 4] = ["-c", "50000", "-a", "duration:300"];

/// The layers that tshark decodes.
const SHOWN: &str = "frame ip ipv6 udp tcp sip _ws.malformed";

/// A running capture, which ends when this is dropped.
#[derive(Debug)]
pub struct Capture {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    folder: Folder,
    /// Receives datagrams that mark positions in the capture.
    begin: UdpSocket,
    end: UdpSocket,
}

impl Capture {
    /// Begins a capture of all packets from or to these ports of `ip`, and returns once tshark sees them.
    ///
    /// It also begins to keep the TLS keys of the tests' own peers. If tshark is not installed or may not
    /// capture, it says so on stderr and returns `None`.
    ///
    /// # Panics
    ///
    /// When it cannot, and the environment says `SPIGOT_INTEROP=strict`; when tshark does not begin.
    pub async fn begin(ip: IpAddr, ports: impl IntoIterator<Item = u16>) -> Option<Capture> {
        if !crate::program::is_installed("tshark", "tshark") {
            return None;
        }
        crate::secure::keep_keys();
        let folder = Folder::new("tshark");
        let [begin, end] = [bind(ip).await, bind(ip).await];
        let marks = [port(&begin), port(&end)];
        let ports: Vec<String> = ports
            .into_iter()
            .chain(marks)
            .map(|port| format!("port {port}"))
            .collect();
        let stderr = std::fs::File::create(folder.join("stderr")).expect("a file in an empty folder");
        let mut child = Command::new("tshark")
            .args([
                "-i",
                "lo",
                "-f",
                &format!("host {ip} and ({})", ports.join(" or ")),
            ])
            .args(BOUNDS)
            .arg("-w")
            .arg(folder.join("capture"))
            // tshark prints a line for each packet at once, with the destination port of datagrams.
            .args(["-P", "-l", "-n", "-T", "fields", "-e", "udp.dstport"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("tshark does not start: {error}"));
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut capture = Capture {
            child,
            lines: BufReader::new(stdout).lines(),
            folder,
            begin,
            end,
        };
        if capture.sees(marks[0]).await {
            return Some(capture);
        }
        let said = capture.said();
        let why = said.lines().find(|line| line.contains("permission"));
        crate::program::skip(&format!("tshark cannot capture: {}", why.unwrap_or(&said)));
        None
    }

    /// Ends the capture, and returns its SIP messages; `listeners` are the transports and addresses of the
    /// ports.
    ///
    /// # Panics
    ///
    /// When tshark has ended before, or cannot read what it has written.
    pub async fn messages(mut self, listeners: &[(Transport, SocketAddr)]) -> Vec<Captured> {
        // When tshark sees this, everything that was sent before is in the capture.
        assert!(
            self.sees(port(&self.end)).await,
            "tshark has ended: {}",
            self.said()
        );
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        let id = id.expect("tshark runs until it is told to end");
        kill(Pid::from_raw(id), Signal::SIGINT).expect("a signal to a child of ours");
        let ended = timeout(PATIENCE, self.child.wait()).await;
        ended.expect("tshark ends within 60 s").expect("a child of ours");

        let keys = self.folder.join("keys");
        std::fs::write(&keys, crate::secure::keys()).expect("a file in our folder");
        let mut command = Command::new("tshark");
        command.arg("-r").arg(self.folder.join("capture"));
        command.arg("-o").arg(option("tls.keylog_file", keys));
        command.args(["-2", "-n", "-T", "json", "-x", "--no-duplicate-keys", "-J", SHOWN]);
        // SIP of another version than 2.0 is decoded, too.
        command.args(["-o", "sip.strict_sip_version:FALSE"]);
        for (transport, address) in listeners {
            for rule in rules(*transport, address.port()) {
                command.args(["-d", &rule]);
            }
        }
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
        let output = timeout(PATIENCE, output).await.expect("tshark reads within 60 s");
        let output = output.unwrap_or_else(|error| panic!("tshark does not start: {error}"));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "tshark cannot read what it wrote: {stderr}"
        );
        let packets: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON of tshark");
        let packets = packets.iter().map(|packet| &packet["_source"]["layers"]);
        packets.flat_map(|layers| messages(layers, listeners)).collect()
    }

    /// Sends datagrams to the port until tshark sees one; returns `false` if tshark has ended.
    async fn sees(&mut self, port: u16) -> bool {
        let address = SocketAddr::new(self.begin.local_addr().expect("bound").ip(), port);
        let mut again = interval(Duration::from_millis(200));
        let seen = async {
            loop {
                tokio::select! {
                    line = self.lines.next_line() => match line {
                        Ok(Some(line)) if line.trim() == port.to_string() => return true,
                        Ok(Some(_)) => {}
                        Ok(None) | Err(_) => return false,
                    },
                    _ = again.tick() => {
                        self.begin.send_to(b"?", address).await.expect("the loopback takes a datagram");
                    }
                }
            }
        };
        timeout(PATIENCE, seen)
            .await
            .unwrap_or_else(|_| panic!("tshark sees nothing: {}", self.said()))
    }

    fn said(&self) -> String {
        let said = std::fs::read_to_string(self.folder.join("stderr"));
        said.unwrap_or_default()
    }
}

async fn bind(ip: IpAddr) -> UdpSocket {
    UdpSocket::bind((ip, 0)).await.expect("a free port")
}

fn port(socket: &UdpSocket) -> u16 {
    socket.local_addr().expect("a bound socket has an address").port()
}

fn option(name: &str, path: PathBuf) -> std::ffi::OsString {
    let mut option = std::ffi::OsString::from(format!("{name}:"));
    option.push(path);
    option
}

/// Returns tshark's options for the protocols at a port.
fn rules(transport: Transport, port: u16) -> Vec<String> {
    let above = match transport {
        Transport::Ws | Transport::Wss => "http",
        _ => "sip",
    };
    match transport {
        Transport::Udp => vec![format!("udp.port=={port},{above}")],
        _ if transport.is_secure() => {
            vec![
                format!("tcp.port=={port},tls"),
                format!("tls.port=={port},{above}"),
            ]
        }
        _ => vec![format!("tcp.port=={port},{above}")],
    }
}
