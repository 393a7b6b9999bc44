//! The `o=` and `c=` lines of a session description.

use std::fmt;
use std::net::IpAddr;

use super::Sdp;

/// The origin of a session, which identifies it (RFC 8866 §5.2).
///
/// User name, id, network type, address type and address identify the session. The version increases with
/// every change.
///
/// ```
/// use spigot_parser::Sdp;
///
/// let sdp: Sdp = "v=0\r\no=alice 2890844526 2890842807 IN IP4 198.51.100.1\r\ns=-\r\nt=0 0\r\n".parse()?;
/// let origin = sdp.origin();
/// assert_eq!((origin.username(), origin.session_id()), ("alice", "2890844526"));
/// assert_eq!(origin.version(), "2890842807");
/// assert_eq!(origin.ip(), Some("198.51.100.1".parse().unwrap()));
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    username: &'a str,
    version: &'a str,
    parsed: &'a sdp_types::Origin,
}

impl<'a> Origin<'a> {
    pub(super) fn of(sdp: &'a Sdp) -> Origin<'a> {
        Origin {
            username: sdp.username(),
            version: sdp.version(),
            parsed: &sdp.session().origin,
        }
    }

    /// Returns the user name, which is `-` if there is none.
    ///
    /// Some gateways send user names with blanks.
    pub fn username(&self) -> &'a str {
        self.username
    }

    /// Returns the id of the session, which has any number of digits.
    pub fn session_id(&self) -> &'a str {
        &self.parsed.sess_id
    }

    /// Returns the version of this description, which has any number of digits.
    ///
    /// RFC 3264 §5 allows 63 bits, and some devices send more.
    pub fn version(&self) -> &'a str {
        self.version
    }

    /// Returns the network type, which is `IN` for the Internet.
    pub fn network(&self) -> &'a str {
        self.parsed.nettype.as_str()
    }

    /// Returns the address type, which is `IP4` or `IP6`.
    pub fn address_type(&self) -> &'a str {
        self.parsed.addrtype.as_str()
    }

    /// Returns the address as written, which is an IP address or a host name.
    pub fn address(&self) -> &'a str {
        &self.parsed.unicast_address
    }

    /// Returns the address, if it is an IP address.
    pub fn ip(&self) -> Option<IpAddr> {
        self.address().parse().ok()
    }
}

/// Formats the fields of the line.
impl fmt::Debug for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (username, id, version) = (self.username(), self.session_id(), self.version());
        let (network, kind, address) = (self.network(), self.address_type(), self.address());
        write!(f, "Origin({username} {id} {version} {network} {kind} {address})")
    }
}

/// The address that the media of a session, or one of them, go to (RFC 8866 §5.7).
///
/// ```
/// use spigot_parser::Sdp;
///
/// let sdp: Sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 233.252.0.1/127/3\r\nt=0 0\r\n".parse()?;
/// let connection = sdp.connection().expect("it is there");
/// assert_eq!((connection.network(), connection.address_type()), ("IN", "IP4"));
/// assert_eq!(connection.address(), "233.252.0.1/127/3");
/// assert_eq!(connection.ip(), Some("233.252.0.1".parse().unwrap()));
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Connection<'a> {
    parsed: &'a sdp_types::Connection,
}

impl<'a> Connection<'a> {
    pub(super) fn of(parsed: &'a sdp_types::Connection) -> Connection<'a> {
        Connection { parsed }
    }

    /// Returns the network type, which is `IN` for the Internet.
    pub fn network(&self) -> &'a str {
        self.parsed.nettype.as_str()
    }

    /// Returns the address type, which is `IP4` or `IP6`.
    pub fn address_type(&self) -> &'a str {
        self.parsed.addrtype.as_str()
    }

    /// Returns the address as written, which is an IP address or a host name.
    ///
    /// A multicast address comes with its time to live and the number of addresses.
    pub fn address(&self) -> &'a str {
        &self.parsed.connection_address
    }

    /// Returns the address, if it is an IP address.
    pub fn ip(&self) -> Option<IpAddr> {
        let address = self.address();
        address.split('/').next().unwrap_or(address).parse().ok()
    }
}

/// Formats the fields of the line.
impl fmt::Debug for Connection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (network, kind, address) = (self.network(), self.address_type(), self.address());
        write!(f, "Connection({network} {kind} {address})")
    }
}
