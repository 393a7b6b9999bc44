//! SIPp as a child process with one scenario, a bounded number of calls, and its statistics.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

use crate::folder::Folder;

/// The time that one run of SIPp may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// Returns a loopback address of its own for each call, on which all ports are free.
pub fn loopback() -> IpAddr {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let count = COUNTER.fetch_add(1, Ordering::Relaxed) % 254;
    // The address is 127.x.y.z, from 16 bits of the process id and the count, but outside of 127.0.0.0/16,
    // where services are.
    Ipv4Addr::new(
        127,
        1 + high % 254,
        low,
        1 + u8::try_from(count).expect("below 254"),
    )
    .into()
}

/// A run of SIPp that has not started yet.
#[derive(Debug)]
pub struct Sipp {
    command: Command,
    folder: Folder,
    local: SocketAddr,
}

/// The result of a run of SIPp.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The exit code, which is 0 when every call followed the scenario.
    pub exit: Option<i32>,
    /// The number of calls that followed the scenario.
    pub successful: u64,
    /// The number of calls that did not follow the scenario.
    pub failed: u64,
    /// The number of calls that an unexpected message ended.
    pub unexpected: u64,
    /// The number of messages that belong to no call.
    pub out_of_call: u64,
    /// The number of retransmissions by SIPp.
    pub retransmissions: u64,
    /// What SIPp reports about unexpected messages.
    pub errors: String,
    screen: String,
}

impl Sipp {
    /// Reports whether SIPp is installed, and says so on stderr if it is not.
    ///
    /// # Panics
    ///
    /// When it is not, and the environment says `SPIGOT_INTEROP=strict`.
    pub fn is_installed() -> bool {
        crate::program::is_installed("sipp", "sip-tester")
    }

    /// Creates a calling SIPp, which plays a built-in scenario (`uac`) or one of `tests/sipp/`
    /// (`register.xml`) against `target`.
    pub fn client(scenario: &str, transport: &str, target: SocketAddr) -> Sipp {
        let mut sipp = Sipp::new(scenario, transport, SocketAddr::new(loopback(), 5060));
        sipp.command.arg(target.to_string());
        sipp
    }

    /// Creates a called SIPp, on an address of its own.
    pub fn server(scenario: &str, transport: &str) -> Sipp {
        Sipp::new(scenario, transport, SocketAddr::new(loopback(), 5060))
    }

    fn new(scenario: &str, transport: &str, local: SocketAddr) -> Sipp {
        let folder = Folder::new("sipp");
        let mut command = Command::new("sipp");
        if scenario.contains('.') {
            command
                .arg("-sf")
                .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("sipp").join(scenario));
        } else {
            command.args(["-sn", scenario]);
        }
        let (ip, port) = (local.ip().to_string(), local.port().to_string());
        let mode = if transport == "tcp" { "t1" } else { "u1" };
        command.args(["-i", &ip, "-p", &port, "-mi", &ip, "-t", mode, "-nostdin"]);
        command.args(["-timeout", "60s", "-timeout_error"]);
        command
            .args(["-trace_err", "-error_file"])
            .arg(folder.join("errors"));
        command
            .args(["-trace_stat", "-stf"])
            .arg(folder.join("statistics"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Sipp {
            command,
            folder,
            local,
        }
    }

    /// Sets the number of calls, and how many begin in a second.
    #[must_use]
    pub fn calls(mut self, calls: u32, per_second: u32) -> Sipp {
        self.command
            .args(["-m", &calls.to_string(), "-r", &per_second.to_string()]);
        self
    }

    /// Sets the user part that SIPp calls.
    #[must_use]
    pub fn user(mut self, user: &str) -> Sipp {
        self.command.args(["-s", user]);
        self
    }

    /// Sets the credentials that answer a challenge.
    #[must_use]
    pub fn credentials(mut self, user: &str, password: &str) -> Sipp {
        self.command.args(["-au", user, "-ap", password]);
        self
    }

    /// Returns the address of SIPp.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Starts SIPp and waits until it has bound its socket.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn start(mut self) -> Started {
        let child = self
            .command
            .spawn()
            .unwrap_or_else(|error| panic!("sipp does not start: {error}"));
        let bound = timeout(PATIENCE, bound(self.local)).await;
        assert!(bound.is_ok(), "sipp has not bound {}", self.local);
        Started {
            child,
            folder: self.folder,
        }
    }

    /// Runs SIPp until it ends.
    ///
    /// # Panics
    ///
    /// When it does not start, or does not end within 90 s.
    pub async fn run(mut self) -> Outcome {
        let child = self
            .command
            .spawn()
            .unwrap_or_else(|error| panic!("sipp does not start: {error}"));
        Started {
            child,
            folder: self.folder,
        }
        .outcome()
        .await
    }
}

/// A running SIPp, which is killed when this is dropped.
#[derive(Debug)]
pub struct Started {
    child: Child,
    folder: Folder,
}

impl Started {
    /// Waits until SIPp ends.
    ///
    /// # Panics
    ///
    /// When that has not come within 90 s, or it leaves no statistics.
    pub async fn outcome(self) -> Outcome {
        let output = timeout(PATIENCE, self.child.wait_with_output()).await;
        let output = output
            .expect("sipp ends within 90 s")
            .expect("its output can be read");
        let read = |name: &str| std::fs::read(self.folder.join(name)).unwrap_or_default();
        let statistics = String::from_utf8_lossy(&read("statistics")).into_owned();
        let mut lines = statistics.lines();
        let names: Vec<_> = lines.next().unwrap_or_default().split(';').collect();
        let last: Vec<_> = lines.last().unwrap_or_default().split(';').collect();
        let screen = [output.stdout, output.stderr].concat();
        let screen = String::from_utf8_lossy(&screen).into_owned();
        let field = |name: &str| {
            let place = names.iter().position(|other| *other == name);
            let value = place.and_then(|place| last.get(place)?.parse().ok());
            value.unwrap_or_else(|| panic!("sipp's statistics lack {name}:\n{statistics}\n{screen}"))
        };
        Outcome {
            exit: output.status.code(),
            successful: field("SuccessfulCall(C)"),
            failed: field("FailedCall(C)"),
            unexpected: field("FailedUnexpectedMessage(C)"),
            out_of_call: field("OutOfCallMsgs(C)"),
            retransmissions: field("Retransmissions(C)"),
            errors: String::from_utf8_lossy(&read("errors")).into_owned(),
            screen,
        }
    }
}

impl Outcome {
    /// Asserts that each of `calls` followed the scenario, and that nothing unexpected came.
    ///
    /// # Panics
    ///
    /// When not, with what SIPp says.
    pub fn assert_clean(&self, calls: u32) {
        let clean = self.exit == Some(0)
            && self.successful == u64::from(calls)
            && self.failed + self.unexpected + self.out_of_call == 0
            && !self.errors.contains("nexpected");
        assert!(
            clean,
            "{calls} calls were to succeed and nothing else to happen, but {self}"
        );
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome {
            exit,
            successful,
            failed,
            unexpected,
            out_of_call,
            retransmissions,
            ..
        } = self;
        writeln!(
            f,
            "{successful} succeeded, {failed} failed, {unexpected} by an unexpected message, {out_of_call} \
             messages out of call, {retransmissions} retransmissions, exit code {exit:?}"
        )?;
        writeln!(f, "{}\n{}", self.errors, self.screen)
    }
}

/// Waits until a UDP or TCP socket is bound to the address, as the kernel reports.
async fn bound(address: SocketAddr) {
    let IpAddr::V4(ip) = address.ip() else { return };
    let needle = format!(" {:08X}:{:04X} ", u32::from_ne_bytes(ip.octets()), address.port());
    let mut tick = interval(Duration::from_millis(5));
    loop {
        let tables = ["/proc/net/udp", "/proc/net/tcp"].map(std::fs::read_to_string);
        if tables
            .iter()
            .any(|table| table.as_ref().is_ok_and(|table| table.contains(&needle)))
        {
            return;
        }
        tick.tick().await;
    }
}
