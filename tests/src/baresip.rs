//! baresip as a child process with one account.

use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::folder::Folder;

/// The time that baresip may take to print something, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// The configuration: baresip listens on the loopback only, and loads only the module for accounts, as
/// registering needs no sound.
const CONFIG: &str = "\
sip_listen 127.0.0.1:0
module_path /usr/lib/baresip/modules
module_app account.so
";

/// A running baresip, which is killed when this is dropped.
#[derive(Debug)]
pub struct Baresip {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    user: String,
    said: String,
    _folder: Folder,
}

impl Baresip {
    /// Reports whether baresip is installed, and says so on stderr if it is not.
    ///
    /// # Panics
    ///
    /// When it is not, and the environment says `SPIGOT_INTEROP=strict`.
    pub fn is_installed() -> bool {
        crate::program::is_installed("baresip", "baresip-core")
    }

    /// Starts baresip with an account of `user` at `registrar`, which it registers by itself.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn register(user: &str, password: &str, transport: &str, registrar: SocketAddr) -> Baresip {
        let folder = Folder::new("baresip");
        let account = format!(
            "<sip:{user}@{registrar};transport={transport}>;auth_user={user};auth_pass={password};regint=60\n"
        );
        for (name, text) in [("config", CONFIG), ("accounts", &account)] {
            std::fs::write(folder.join(name), text).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        let mut child = Command::new("baresip")
            .arg("-f")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("baresip does not start: {error}"));
        let stdout = child.stdout.take().expect("stdout is piped");
        Baresip {
            child,
            lines: BufReader::new(stdout).lines(),
            user: format!("{user}@"),
            said: String::new(),
            _folder: folder,
        }
    }

    /// Returns the first line with the user's name, which reports the answer to the REGISTER.
    ///
    /// # Panics
    ///
    /// When it has not said so within 30 s.
    pub async fn answer(&mut self) -> String {
        let answer = timeout(PATIENCE, self.line_of_the_user()).await;
        match answer {
            Ok(Some(line)) => line,
            _ => panic!("baresip tells of no answer, but says:\n{}", self.said),
        }
    }

    /// Ends baresip by SIGTERM, after which it removes its registration.
    ///
    /// # Panics
    ///
    /// When it has ended before, or has not after 30 s.
    #[cfg(unix)]
    pub async fn terminate(mut self) -> ExitStatus {
        use nix::sys::signal::{Signal, kill};
        use nix::unistd::Pid;

        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        let id = id.unwrap_or_else(|| panic!("baresip has ended, and said:\n{}", self.said));
        kill(Pid::from_raw(id), Signal::SIGTERM).expect("a signal to a child of ours");
        let ended = timeout(PATIENCE, self.child.wait()).await;
        ended.expect("baresip ends within 30 s").expect("a child of ours")
    }

    async fn line_of_the_user(&mut self) -> Option<String> {
        while let Ok(Some(line)) = self.lines.next_line().await {
            self.said.push_str(&line);
            self.said.push('\n');
            if line.contains(&self.user) {
                return Some(line);
            }
        }
        None
    }
}
