//! An example as a child process: it is built, started on free ports, read, and ended by a signal.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tokio::task::JoinHandle;

/// The time that an example may take to bind, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running example, which is killed when this is dropped.
#[derive(Debug)]
pub struct Example {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    listeners: Vec<String>,
    stderr: Arc<Mutex<String>>,
    stderr_task: JoinHandle<()>,
}

impl Example {
    /// Starts the example `name` with the given listeners (`udp:127.0.0.1:0`), and waits until it has printed
    /// their addresses.
    ///
    /// # Panics
    ///
    /// When it cannot be built or started, or does not say so within 30 s.
    pub async fn start(name: &str, listeners: &[&str]) -> Example {
        Example::start_with(name, listeners, &[]).await
    }

    /// Starts the example `name` with listeners and other arguments, and waits until it has printed its
    /// addresses.
    ///
    /// # Panics
    ///
    /// As [`start`](Example::start).
    pub async fn start_with(name: &str, listeners: &[&str], arguments: &[&str]) -> Example {
        Example::start_as(
            tokio::process::Command::new(binary(name)),
            name,
            listeners,
            arguments,
        )
        .await
    }

    /// Starts the example `name` with a limit of file descriptors, and with the library's logs of transports
    /// on stderr.
    ///
    /// # Panics
    ///
    /// As [`start`](Example::start).
    #[cfg(unix)]
    pub async fn start_with_descriptors(name: &str, listeners: &[&str], descriptors: u32) -> Example {
        let mut command = tokio::process::Command::new("sh");
        command
            .args(["-c", &format!("ulimit -n {descriptors} && exec \"$0\" \"$@\"")])
            .arg(binary(name))
            .env("RUST_LOG", "spigot::transport=debug");
        Example::start_as(command, name, listeners, &[]).await
    }

    async fn start_as(
        command: tokio::process::Command,
        name: &str,
        listeners: &[&str],
        arguments: &[&str],
    ) -> Example {
        let flags = listeners.iter().flat_map(|listener| ["--listen", listener]);
        let mut example = Example::spawn_as(command, name, flags.chain(arguments.iter().copied()));
        for _ in listeners {
            let line = example.line().await;
            let Some(listener) = line
                .as_deref()
                .and_then(|line| line.strip_prefix("listening on "))
            else {
                panic!(
                    "{name}: expected `listening on ...`, got {line:?}; its stderr: {}",
                    example.stderr()
                );
            };
            example.listeners.push(listener.to_owned());
        }
        example
    }

    /// Starts an example with the given arguments, and waits for nothing.
    ///
    /// # Panics
    ///
    /// When it cannot be built or started.
    pub fn spawn<'a>(name: &str, arguments: impl IntoIterator<Item = &'a str>) -> Example {
        Example::spawn_as(tokio::process::Command::new(binary(name)), name, arguments)
    }

    fn spawn_as<'a>(
        mut command: tokio::process::Command,
        name: &str,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Example {
        let mut child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut reader = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        let stderr = Arc::new(Mutex::new(String::new()));
        let sink = stderr.clone();
        let stderr_task = tokio::spawn(async move {
            while let Ok(Some(line)) = reader.next_line().await {
                let mut sink = sink.lock().expect("no holder panics");
                sink.push_str(&line);
                sink.push('\n');
            }
        });
        Example {
            child,
            lines: BufReader::new(stdout).lines(),
            listeners: Vec::new(),
            stderr,
            stderr_task,
        }
    }

    /// Returns the listeners as the example printed them, such as `udp:127.0.0.1:41234`.
    pub fn listeners(&self) -> &[String] {
        &self.listeners
    }

    /// Returns the address of the first listener for a transport (`udp`, `tcp`).
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn address(&self, transport: &str) -> SocketAddr {
        let address = self.listeners.iter().find_map(|listener| {
            let (name, address) = listener.split_once(':')?;
            (name == transport).then_some(address)?.parse().ok()
        });
        address.unwrap_or_else(|| panic!("no {transport} among {:?}", self.listeners))
    }

    /// Returns the process id, while the example runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Returns what the example has written to stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().expect("no holder panics").clone()
    }

    /// Ends the example by SIGTERM, as a service manager does, and returns its exit status and stderr.
    ///
    /// # Panics
    ///
    /// When it has not ended after 30 s.
    #[cfg(unix)]
    pub async fn terminate(self) -> (ExitStatus, String) {
        self.signal(nix::sys::signal::Signal::SIGTERM);
        self.wait().await
    }

    /// Sends a signal to the example.
    ///
    /// # Panics
    ///
    /// When it has ended already.
    #[cfg(unix)]
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let id = self
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .expect("the example still runs");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), signal).expect("a signal to a child of ours");
    }

    /// Waits until the example ends by itself, and returns its exit status and stderr.
    ///
    /// # Panics
    ///
    /// When it has not ended after 30 s.
    pub async fn wait(mut self) -> (ExitStatus, String) {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let Ok(Ok(status)) = ended else {
            panic!(
                "the example has not ended within {PATIENCE:?}; its stderr: {}",
                self.stderr()
            );
        };
        let _ = tokio::time::timeout(PATIENCE, &mut self.stderr_task).await;
        (status, self.stderr())
    }

    /// Waits for the next line on stdout; returns `None` if there is none within 30 s.
    pub async fn line(&mut self) -> Option<String> {
        match tokio::time::timeout(PATIENCE, self.lines.next_line()).await {
            Ok(Ok(line)) => line,
            _ => None,
        }
    }
}

/// Returns the path of an example, and builds it if necessary. It is an example of the package
/// `spigot-examples`, or a package of its own.
///
/// `cargo test` builds an example with tests of its own only as a test, so the tests build the program with
/// cargo. Cargo holds no lock while tests run, and has built everything but the example itself by then. The
/// whole workspace is named so that features are unified as for the tests. No other example is built, because
/// linking an optimised one takes a minute.
fn binary(name: &str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let path = built.entry(name.to_owned()).or_insert_with(|| build(name));
    path.clone()
}

fn build(name: &str) -> PathBuf {
    // The path is target/debug/deps/name-0123, so the folder of the profile is two levels up.
    let executable = std::env::current_exe().expect("a test has a path");
    let profile_dir = executable
        .ancestors()
        .nth(2)
        .expect("a test lies two folders deep");
    let target_dir = profile_dir
        .parent()
        .expect("a profile's folder lies in the target folder");
    let profile = match profile_dir.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this crate lies in the workspace");
    let is_package = root.join("examples").join(name).join("Cargo.toml").exists();
    let kind = if is_package { "bin" } else { "example" };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let output = Command::new(cargo)
        .args([
            "build",
            "--workspace",
            "--profile",
            profile,
            "--message-format=json",
        ])
        .args([&format!("--{kind}"), name])
        .arg("--target-dir")
        .arg(target_dir)
        .current_dir(root)
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "the example `{name}` does not build:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|message| artifact(message, kind))
        .unwrap_or_else(|| panic!("cargo has built the example `{name}` and does not say where"))
}

/// Returns the path of what was built from one of cargo's messages, if that tells of a target of this kind.
fn artifact(message: &str, kind: &str) -> Option<PathBuf> {
    const KEY: &str = r#""executable":""#;
    if !message.contains(&format!(r#""kind":["{kind}"]"#)) {
        return None;
    }
    let rest = &message[message.rfind(KEY)? + KEY.len()..];
    Some(rest[..rest.find('"')?].replace(r"\\", r"\").into())
}
