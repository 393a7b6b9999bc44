//! External programs that tests start.

use std::io::Write as _;
use std::path::Path;

/// Reports whether `program` is installed.
///
/// If it is not, this says so on stderr, with its Debian package.
///
/// # Panics
///
/// When it is not, and the environment says `SPIGOT_INTEROP=strict`.
pub(crate) fn is_installed(program: &str, package: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    found || skip(&format!("{program} is not installed (Debian package {package})"))
}

/// Reports whether a file exists, and writes `otherwise` to stderr if it does not.
///
/// # Panics
///
/// As [`is_installed`].
pub(crate) fn is_there(file: &Path, otherwise: &str) -> bool {
    file.is_file() || skip(otherwise)
}

/// Writes to stderr why the test is skipped, and returns `false`.
///
/// # Panics
///
/// As [`is_installed`].
pub(crate) fn skip(why: &str) -> bool {
    let message = format!("skipped: {why}");
    let strict = std::env::var("SPIGOT_INTEROP").is_ok_and(|value| value == "strict");
    assert!(!strict, "{message}, and SPIGOT_INTEROP=strict");
    // `eprintln!` would be hidden by the test harness as long as the test passes.
    let _ = writeln!(std::io::stderr(), "{message}");
    false
}
