//! A test on virtual time, and what is told when it fails.

use std::cell::RefCell;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::process::{ExitCode, Termination};

use super::Ladder;

/// Which clock a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Clock {
    /// The clock stands still while anything can be done, and then jumps to the next deadline.
    #[default]
    Virtual,
    /// Real time, which tests over real sockets need: `#[spigot::test(real_time)]`.
    Real,
}

/// The test that runs on this thread.
struct Session {
    clock: Clock,
    seed: u64,
    ladders: Vec<Ladder>,
}

thread_local! {
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// The variable that repeats a failed run: `SPIGOT_SEED=1234 cargo test name_of_the_test`.
const SEED_VARIABLE: &str = "SPIGOT_SEED";
/// The seed of a test that names none, so that all its runs are alike.
const DEFAULT_SEED: u64 = 5060;

/// Runs `test` to its end, as `#[spigot::test]` does: on one thread, on the clock that
/// `clock` names. The seed is that of `SPIGOT_SEED`, or `seed`, or a fixed one.
///
/// # Panics
///
/// When `test` does; the seed and the ladder of every network stand on standard error then.
pub fn run<T>(name: &str, clock: Clock, seed: Option<u64>, test: impl Future<Output = T>) -> T {
    let (value, _) = run_session(name, clock, seed, test);
    value
}

/// Runs a test that may fail by what it returns, as [`run`] does. `#[spigot::test]` writes this.
#[doc(hidden)]
pub fn run_reported<T: Termination>(
    name: &str,
    clock: Clock,
    seed: Option<u64>,
    test: impl Future<Output = T>,
) -> ExitCode {
    let (value, session) = run_session(name, clock, seed, test);
    let code = value.report();
    if let Some(session) = session.filter(|_| code != ExitCode::SUCCESS) {
        session.tell(name, "");
    }
    code
}

fn run_session<T>(
    name: &str,
    clock: Clock,
    seed: Option<u64>,
    test: impl Future<Output = T>,
) -> (T, Option<Session>) {
    let seed = from_environment().or(seed).unwrap_or(DEFAULT_SEED);
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(clock == Clock::Virtual);
    let runtime = builder.build().expect("a tokio runtime can be built");
    SESSION.set(Some(Session {
        clock,
        seed,
        ladders: Vec::new(),
    }));
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(test)));
    let session = SESSION.take();
    match outcome {
        Ok(value) => (value, session),
        Err(panic) => {
            if let Some(session) = session {
                let message = panic.downcast_ref::<String>().map_or("", String::as_str);
                session.tell(name, message);
            }
            std::panic::resume_unwind(panic)
        }
    }
}

impl Session {
    /// Prints what there is to know of a test that has failed with this message.
    fn tell(&self, name: &str, message: &str) {
        for ladder in self.ladders.iter().map(Ladder::to_string) {
            // An expectation of a test client has told it already.
            if !is_told(&ladder, message) {
                eprintln!("\n{ladder}");
            }
        }
        let seed = self.seed;
        match self.clock {
            Clock::Virtual => {
                eprintln!("{name} failed with {SEED_VARIABLE}={seed}; that variable repeats this run.")
            }
            Clock::Real => eprintln!(
                "{name} failed with {SEED_VARIABLE}={seed}; on real time that variable repeats only the faults."
            ),
        }
    }
}

/// Whether the message already shows the ladder. What the ladder has beyond that is the clearing up.
fn is_told(ladder: &str, message: &str) -> bool {
    ladder.lines().next().is_some_and(|rails| message.contains(rails))
}

fn from_environment() -> Option<u64> {
    let text = std::env::var(SEED_VARIABLE).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{SEED_VARIABLE}={text}: expected a number")),
    )
}

/// The seed of the running test.
pub(super) fn seed() -> u64 {
    SESSION.with_borrow(|session| session.as_ref().map_or(DEFAULT_SEED, |session| session.seed))
}

/// What the endpoint with this number derives its branches and tags from.
pub(super) fn endpoint_seed(number: u64) -> [u8; 16] {
    (u128::from(seed()) << 64 | u128::from(number)).to_be_bytes()
}

/// Whether the running test is on virtual time; outside of [`run`] it is not.
pub(super) fn is_virtual() -> bool {
    SESSION.with_borrow(|session| {
        session
            .as_ref()
            .is_some_and(|session| session.clock == Clock::Virtual)
    })
}

/// Prints `ladder` should the running test fail.
pub(super) fn remember(ladder: &Ladder) {
    SESSION.with_borrow_mut(|session| {
        if let Some(session) = session {
            session.ladders.push(ladder.clone());
        }
    });
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn virtual_time_jumps() {
        let start = std::time::Duration::ZERO;
        let waited = run("jump", Clock::Virtual, None, async {
            let before = tokio::time::Instant::now();
            tokio::time::sleep(Duration::from_secs(1_800)).await;
            before.elapsed()
        });
        assert!(waited >= start + Duration::from_secs(1_800));
    }

    #[test]
    fn a_ladder_is_told_once() {
        let ladder = "   server   alice\n 0.000 s  |<--- INVITE 1 ---|\n 0.100 s  |<--- CANCEL 1 ---|\n";
        assert!(is_told(
            ladder,
            "expected 183, and 180 came\n   server   alice\n 0.000 s  |<--- INVITE 1 ---|\n"
        ));
        assert!(!is_told(ladder, "assertion failed"));
        assert!(!is_told(ladder, ""));
    }

    #[test]
    fn a_failing_test_fails() {
        let outcome =
            std::panic::catch_unwind(|| run("fails", Clock::Virtual, Some(1), async { panic!("so") }));
        assert!(outcome.is_err());
        assert!(!is_virtual(), "the session ends with its test");
    }
}
