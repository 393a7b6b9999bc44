//! Programs from elsewhere that tests call: whether they are there.

use std::io::Write as _;
use std::path::Path;

/// Whether `program` is there. Where it is not, this says so on stderr, with the Debian package that has it, and the
/// caller returns.
///
/// # Panics
///
/// When it is not, and the environment says `SPIGOT_INTEROP=strict`.
pub(crate) fn is_installed(program: &str, package: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    found || skip(&format!("{program} is not installed (Debian package {package})"))
}

/// The same of a file, with what to say where it is not.
///
/// # Panics
///
/// As [`is_installed`].
pub(crate) fn is_there(file: &Path, otherwise: &str) -> bool {
    file.is_file() || skip(otherwise)
}

/// Says why the test is skipped; `false`.
///
/// # Panics
///
/// As [`is_installed`].
pub(crate) fn skip(why: &str) -> bool {
    let message = format!("skipped: {why}");
    let strict = std::env::var("SPIGOT_INTEROP").is_ok_and(|value| value == "strict");
    assert!(!strict, "{message}, and SPIGOT_INTEROP=strict");
    // Not by `eprintln!`, which the test harness keeps to itself as long as the test passes.
    let _ = writeln!(std::io::stderr(), "{message}");
    false
}
