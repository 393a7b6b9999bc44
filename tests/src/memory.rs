//! The memory of a process.

use std::fmt;

/// The memory of a process, as the kernel counts it.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// The resident memory in KiB.
    pub resident: u64,
    /// The largest resident memory so far, in KiB.
    pub peak: u64,
}

impl Memory {
    /// Reads the memory of the process with this id.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn of(process: u32) -> Memory {
        let status =
            std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process has a status");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let value = line.and_then(|value| value.trim().strip_suffix(" kB")?.parse().ok());
            value.unwrap_or_else(|| panic!("no {name} in {status}"))
        };
        Memory {
            resident: field("VmRSS:"),
            peak: field("VmHWM:"),
        }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KiB resident (peak {} KiB)", self.resident, self.peak)
    }
}
