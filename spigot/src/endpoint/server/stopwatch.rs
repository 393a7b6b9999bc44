//! How long the application's code keeps a thread.
//!
//! This is time of the machine and not of `tokio`: a paused clock stands still while a handler blocks. Two
//! readings for each poll of a handler have to cost next to nothing, so Linux is asked for its coarse clock,
//! which is 1 to 10 ms behind.

use std::time::Duration;

/// A moment from which time is taken.
pub(super) struct Stopwatch(Reading);

#[cfg(target_os = "linux")]
type Reading = Duration;
#[cfg(not(target_os = "linux"))]
type Reading = std::time::Instant;

impl Stopwatch {
    pub(super) fn start() -> Stopwatch {
        Stopwatch(read())
    }

    /// Returns the time since the start.
    pub(super) fn elapsed(&self) -> Duration {
        #[cfg(target_os = "linux")]
        return read().saturating_sub(self.0);
        #[cfg(not(target_os = "linux"))]
        return read().saturating_duration_since(self.0);
    }
}

#[cfg(target_os = "linux")]
fn read() -> Reading {
    use nix::time::{ClockId, clock_gettime};
    // Every kernel since 2.6.32 has it. Without it nothing is ever slow.
    clock_gettime(ClockId::CLOCK_MONOTONIC_COARSE).map_or(Duration::ZERO, Duration::from)
}

#[cfg(not(target_os = "linux"))]
#[expect(
    clippy::disallowed_methods,
    reason = "a paused clock stands still while a handler blocks, which is what is measured"
)]
fn read() -> Reading {
    std::time::Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_while_the_thread_is_kept() {
        let stopwatch = Stopwatch::start();
        while stopwatch.elapsed().is_zero() {
            std::hint::spin_loop();
        }
        let first = stopwatch.elapsed();
        while stopwatch.elapsed() == first {
            std::hint::spin_loop();
        }
        assert!(stopwatch.elapsed() > first);
    }
}
