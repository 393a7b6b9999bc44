//! What `#[sip_router]` says to mistakes, word for word, and what it accepts.

use std::io::Write as _;

/// The compiler's own words around ours change from release to release; these cases have those of this one.
const WORDED_BY: &str = "1.95.";

#[test]
fn mistakes_are_explained() {
    let compiler = compiler();
    if !compiler.starts_with(WORDED_BY) {
        // Not by `eprintln!`, which the test harness keeps to itself as long as the test passes.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: the expected texts are those of Rust {WORDED_BY}x, and this is {compiler}"
        );
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

#[test]
fn unusual_code_compiles() {
    trybuild::TestCases::new().pass("tests/ui/pass/*.rs");
}

/// The version of the compiler that runs: `1.95.0`.
fn compiler() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = std::process::Command::new(rustc).arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let version = text.as_deref().unwrap_or_default().split(' ').nth(1);
    version.unwrap_or("unknown").to_owned()
}
