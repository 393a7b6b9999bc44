//! Who made a session, and where its media go.

use std::fmt;
use std::net::IpAddr;

use super::Sdp;

/// Who made a session description, and which one it is (RFC 8866 §5.2).
///
/// User name, id, network type, address type and address say which session it is; the version grows with every change.
///
/// ```
/// use spigot_parser::Sdp;
///
/// let sdp: Sdp = "v=0\r\no=alice 2890844526 2890842807 IN IP4 198.51.100.1\r\ns=-\r\nt=0 0\r\n".parse()?;
/// let origin = sdp.origin();
/// assert_eq!((origin.username(), origin.session_id(), origin.version()), ("alice", "2890844526", 2890842807));
/// assert_eq!(origin.ip(), Some("198.51.100.1".parse().unwrap()));
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    username: &'a str,
    parsed: &'a sdp_types::Origin,
}

impl<'a> Origin<'a> {
    pub(super) fn of(sdp: &'a Sdp) -> Origin<'a> {
        Origin {
            username: sdp.username(),
            parsed: &sdp.session().origin,
        }
    }

    /// The user name, `-` where there is none. Some gateways have blanks in it.
    pub fn username(&self) -> &'a str {
        self.username
    }

    /// The id of the session: digits, as many as it has.
    pub fn session_id(&self) -> &'a str {
        &self.parsed.sess_id
    }

    /// The version of this description.
    pub fn version(&self) -> u64 {
        self.parsed.sess_version
    }

    /// The network type, `IN` for the Internet.
    pub fn network(&self) -> &'a str {
        self.parsed.nettype.as_str()
    }

    /// The address type, `IP4` or `IP6`.
    pub fn address_type(&self) -> &'a str {
        self.parsed.addrtype.as_str()
    }

    /// The address as written: an IP address or a host name.
    pub fn address(&self) -> &'a str {
        &self.parsed.unicast_address
    }

    /// The address, if it is an IP address.
    pub fn ip(&self) -> Option<IpAddr> {
        self.address().parse().ok()
    }
}

/// The fields of the line.
impl fmt::Debug for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (username, id, version) = (self.username(), self.session_id(), self.version());
        let (network, kind, address) = (self.network(), self.address_type(), self.address());
        write!(f, "Origin({username} {id} {version} {network} {kind} {address})")
    }
}

/// Where media go to, those of a session or one of them (RFC 8866 §5.7).
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

    /// The network type, `IN` for the Internet.
    pub fn network(&self) -> &'a str {
        self.parsed.nettype.as_str()
    }

    /// The address type, `IP4` or `IP6`.
    pub fn address_type(&self) -> &'a str {
        self.parsed.addrtype.as_str()
    }

    /// The address as written: an IP address or a host name, that of a multicast group with its time to live and how many
    /// addresses there are.
    pub fn address(&self) -> &'a str {
        &self.parsed.connection_address
    }

    /// The address, if it is an IP address.
    pub fn ip(&self) -> Option<IpAddr> {
        let address = self.address();
        address.split('/').next().unwrap_or(address).parse().ok()
    }
}

/// The fields of the line.
impl fmt::Debug for Connection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (network, kind, address) = (self.network(), self.address_type(), self.address());
        write!(f, "Connection({network} {kind} {address})")
    }
}
