//! The direction of media.

use std::fmt;

/// The direction of media, as the sender of the description sees it (RFC 8866 §6.7).
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
    /// Both sides send and receive, which is the default.
    #[default]
    SendRecv,
    /// The sender of the description sends media and does not receive.
    SendOnly,
    /// The sender of the description receives media and does not send.
    RecvOnly,
    /// Neither side sends.
    Inactive,
}

impl Direction {
    /// Returns the name of the attribute.
    pub const fn as_str(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }

    /// Returns the direction that the attribute `name` states.
    pub fn from_attribute(name: &str) -> Option<Direction> {
        match name {
            "sendrecv" => Some(Direction::SendRecv),
            "sendonly" => Some(Direction::SendOnly),
            "recvonly" => Some(Direction::RecvOnly),
            "inactive" => Some(Direction::Inactive),
            _ => None,
        }
    }

    /// Returns the direction as the other side sees it.
    pub const fn reversed(self) -> Direction {
        match self {
            Direction::SendOnly => Direction::RecvOnly,
            Direction::RecvOnly => Direction::SendOnly,
            same => same,
        }
    }

    /// Reports whether the sender of the description sends media.
    pub const fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    /// Reports whether the sender of the description receives media.
    pub const fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
