//! Chromium as a child process that shows one page.
//!
//! It is controlled by its DevTools protocol over two pipes:
//! <https://chromedevtools.github.io/devtools-protocol/>.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::folder::Folder;

/// The time that the browser may take for one command, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts Chromium with its pipes at the descriptors that it expects, and with no other input or output.
const PLUMBING: &str = r#"exec chromium "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;

/// The flags, by which Chromium accepts the certificates of tests and sends nothing beyond the loopback.
const FLAGS: [&str; 13] = [
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--ignore-certificate-errors",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
];

/// A running Chromium with a page, which ends when this is dropped.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    orders: ChildStdin,
    reports: BufReader<ChildStdout>,
    session: Option<String>,
    count: u64,
    /// The lines that the page has written to its console.
    console: Vec<String>,
    _folder: Folder,
}

impl Browser {
    /// Reports whether Chromium and JsSIP are installed, and says so on stderr if one is not.
    ///
    /// # Panics
    ///
    /// When one is not, and the environment says `SPIGOT_INTEROP=strict`.
    pub fn is_installed() -> bool {
        crate::program::is_installed("chromium", "chromium")
            && crate::program::is_there(
                &in_repository("examples/phonebox/jssip.js"),
                "JsSIP is not installed (npm ci --prefix examples/phonebox)",
            )
    }

    /// Starts Chromium with a page of `tests/browser/`, such as `phone.html`.
    ///
    /// # Panics
    ///
    /// As [`open`](Browser::open).
    pub async fn show(page: &str) -> Browser {
        let page = in_repository("tests/browser").join(page);
        Browser::open(&format!("file://{}", page.display())).await
    }

    /// Starts Chromium with the page at a URL, and waits until it is loaded.
    ///
    /// # Panics
    ///
    /// When it does not start, or there is no such page.
    pub async fn open(url: &str) -> Browser {
        let folder = Folder::new("browser");
        let mut child = Command::new("sh")
            .args(["-c", PLUMBING, "sh"])
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", folder.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("chromium does not start: {error}"));
        let orders = child.stdin.take().expect("stdin is piped");
        let reports = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut browser = Browser {
            child,
            orders,
            reports,
            session: None,
            count: 0,
            console: Vec::new(),
            _folder: folder,
        };
        browser.attach().await;
        let shown = browser.tell("Page.navigate", json!({ "url": url })).await;
        assert_eq!(shown.get("errorText"), None, "{url}");
        let loaded = "document.readyState === 'complete' || new Promise(done => addEventListener('load', done)).then(() => true)";
        browser.run(loaded).await;
        browser
    }

    /// Runs a script in the page, waits for its promise, and returns the result as text.
    ///
    /// # Panics
    ///
    /// When it throws, or does not come to its end within 60 s; with what the page has written to its
    /// console.
    pub async fn run(&mut self, script: &str) -> String {
        let params = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let came = self.tell("Runtime.evaluate", params).await;
        if let Some(thrown) = came.get("exceptionDetails") {
            panic!("`{script}` throws: {thrown}\nconsole: {:#?}", self.console);
        }
        match &came["result"]["value"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// Ends the browser.
    ///
    /// # Panics
    ///
    /// When it has not ended within 60 s.
    pub async fn close(mut self) {
        self.session = None;
        self.tell("Browser.close", json!({})).await;
        let ended = timeout(PATIENCE, self.child.wait()).await;
        assert!(ended.is_ok(), "chromium has not ended");
    }

    /// Attaches to the page, so that commands go to it and not to the browser.
    async fn attach(&mut self) {
        let targets = self.tell("Target.getTargets", json!({})).await;
        let targets = targets["targetInfos"].as_array();
        let page = targets.and_then(|targets| targets.iter().find(|target| target["type"] == "page"));
        let target = match page {
            Some(page) => page["targetId"].clone(),
            None => {
                let made = self
                    .tell("Target.createTarget", json!({ "url": "about:blank" }))
                    .await;
                made["targetId"].clone()
            }
        };
        let params = json!({ "targetId": target, "flatten": true });
        let attached = self.tell("Target.attachToTarget", params).await;
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        self.tell("Runtime.enable", json!({})).await;
    }

    /// Sends a command and returns its result.
    async fn tell(&mut self, method: &str, params: Value) -> Value {
        self.count += 1;
        let mut order = json!({ "id": self.count, "method": method, "params": params });
        if let Some(session) = &self.session {
            order["sessionId"] = json!(session);
        }
        let mut octets = order.to_string().into_bytes();
        octets.push(0);
        match timeout(PATIENCE, self.exchange(&octets)).await {
            Ok(Some(mut report)) if report.get("error").is_none() => report["result"].take(),
            Ok(Some(report)) => panic!("{order}: {}", report["error"]),
            Ok(None) => panic!("chromium ended at {order}; console: {:#?}", self.console),
            Err(_) => panic!("{order} has not come to its end; console: {:#?}", self.console),
        }
    }

    /// Writes a command and reads until its response; returns `None` if the browser has ended.
    async fn exchange(&mut self, order: &[u8]) -> Option<Value> {
        self.orders.write_all(order).await.ok()?;
        loop {
            let mut octets = Vec::new();
            self.reports.read_until(0, &mut octets).await.ok()?;
            let report: Value = serde_json::from_slice(octets.strip_suffix(&[0])?).ok()?;
            if report["id"] == self.count {
                return Some(report);
            }
            if report["method"] == "Runtime.consoleAPICalled" {
                let words = report["params"]["args"].as_array().into_iter().flatten();
                let words: Vec<_> = words.map(|word| word["value"].to_string()).collect();
                self.console.push(words.join(" "));
            }
        }
    }
}

fn in_repository(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.expect("this crate lies in the workspace").join(path)
}
