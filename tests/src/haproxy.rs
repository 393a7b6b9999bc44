//! haproxy as a child process: a load balancer that sends the PROXY protocol.

use std::net::{IpAddr, SocketAddr};
use std::process::Stdio;

use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::folder::Folder;
use crate::wire::PATIENCE;

/// A running haproxy, which is killed when this is dropped.
#[derive(Debug)]
pub struct Haproxy {
    _process: Child,
    _folder: Folder,
    fronts: Vec<SocketAddr>,
}

impl Haproxy {
    /// Reports whether haproxy is installed; see [`Sipp::is_installed`](crate::Sipp::is_installed).
    pub fn is_installed() -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        // Debian installs it in a folder that only the path of root contains.
        let is_there = std::env::split_paths(&path)
            .chain(["/usr/sbin".into()])
            .any(|folder| folder.join("haproxy").is_file());
        is_there || crate::program::is_installed("haproxy", "haproxy")
    }

    /// Starts haproxy at an address, in front of the given servers, whose health it checks.
    ///
    /// Each server has the option for its PROXY protocol (`send-proxy`, `send-proxy-v2`).
    ///
    /// # Panics
    ///
    /// When it does not start within 10 s.
    pub async fn start(ip: IpAddr, backs: &[(SocketAddr, &str)]) -> Haproxy {
        let mut config =
            "global\n maxconn 100\ndefaults\n mode tcp\n timeout connect 5s\n timeout client 60s\n \
             timeout server 60s\n"
                .to_owned();
        let mut fronts = Vec::new();
        for (port, (back, how)) in (5060..).zip(backs) {
            config += &format!(
                "listen front{port}\n bind {ip}:{port}\n server back {back} {how} check inter 100ms fall 1000\n"
            );
            fronts.push(SocketAddr::new(ip, port));
        }
        let folder = Folder::new("haproxy");
        let path = folder.join("haproxy.cfg");
        std::fs::write(&path, config).expect("a file");
        let search = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
        let process = Command::new("haproxy")
            .arg("-db")
            .arg("-f")
            .arg(&path)
            .env("PATH", search)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("haproxy starts");
        let listens = async {
            for front in &fronts {
                while TcpStream::connect(front).await.is_err() {
                    tokio::task::yield_now().await;
                }
            }
        };
        timeout(PATIENCE, listens)
            .await
            .expect("haproxy listens within 10 s");
        Haproxy {
            _process: process,
            _folder: folder,
            fronts,
        }
    }

    /// Returns the addresses at which haproxy listens, one for each server.
    pub fn fronts(&self) -> &[SocketAddr] {
        &self.fronts
    }
}
