//! Which way media flow.

use std::fmt;

/// Which way media flow, seen by whoever wrote the description (RFC 8866 §6.7).
///
/// ```
/// use spigot_parser::Direction;
///
/// assert_eq!(Direction::from_attribute("sendonly"), Some(Direction::SendOnly));
/// assert_eq!(Direction::SendOnly.reversed().as_str(), "recvonly");
/// assert!(Direction::default().sends() && Direction::default().receives());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Both ways; so it is where nothing is said.
    #[default]
    SendRecv,
    /// The writer sends and does not receive.
    SendOnly,
    /// The writer receives and does not send.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Direction {
    /// The name of the attribute that says so.
    pub const fn as_str(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }

    /// The direction that the attribute of that name means.
    pub fn from_attribute(name: &str) -> Option<Direction> {
        match name {
            "sendrecv" => Some(Direction::SendRecv),
            "sendonly" => Some(Direction::SendOnly),
            "recvonly" => Some(Direction::RecvOnly),
            "inactive" => Some(Direction::Inactive),
            _ => None,
        }
    }

    /// The same flow, seen by the other side.
    pub const fn reversed(self) -> Direction {
        match self {
            Direction::SendOnly => Direction::RecvOnly,
            Direction::RecvOnly => Direction::SendOnly,
            same => same,
        }
    }

    /// Whether the writer sends.
    pub const fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    /// Whether the writer receives.
    pub const fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
