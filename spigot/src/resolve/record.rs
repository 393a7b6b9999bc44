//! The two records of the DNS that SIP servers are found by.

/// A NAPTR record ([RFC 3403 §4.1](https://www.rfc-editor.org/rfc/rfc3403#section-4.1)): by which transports
/// a domain takes SIP, and where the servers of each are named.
///
/// ```
/// use spigot::resolve::Naptr;
///
/// // example.com. IN NAPTR 50 50 "s" "SIPS+D2T" "" _sips._tcp.example.com.
/// let tls_first = Naptr {
///     order: 50,
///     preference: 50,
///     flags: "s".to_owned(),
///     services: "SIPS+D2T".to_owned(),
///     regexp: String::new(),
///     replacement: "_sips._tcp.example.com".to_owned(),
/// };
/// # let _ = tls_first;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naptr {
    /// The lowest comes first, and those of a higher order are left alone once one has been used.
    pub order: u16,
    /// Among records of one order the lowest comes first.
    pub preference: u16,
    /// `s` where `replacement` has SRV records, `a` where it has addresses; SIP uses no others.
    pub flags: String,
    /// `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`
    /// ([RFC 3263 §4.1](https://www.rfc-editor.org/rfc/rfc3263#section-4.1)), `SIP+D2W`, `SIPS+D2W`
    /// ([RFC 7118 §5.5](https://www.rfc-editor.org/rfc/rfc7118#section-5.5)).
    pub services: String,
    /// Empty for SIP, which uses `replacement`.
    pub regexp: String,
    /// The name to look up next.
    pub replacement: String,
}

/// An SRV record ([RFC 2782](https://www.rfc-editor.org/rfc/rfc2782)): one server of a service.
///
/// ```
/// use spigot::resolve::Srv;
///
/// // _sip._tcp.example.com. IN SRV 0 5 5060 server1.example.com.
/// let server = Srv { priority: 0, weight: 5, port: 5060, target: "server1.example.com".to_owned() };
/// # let _ = server;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srv {
    /// The lowest comes first.
    pub priority: u16,
    /// Among records of one priority, how large this one's share is.
    pub weight: u16,
    /// The server's port.
    pub port: u16,
    /// The server's host. `.` says that the domain does not have the service.
    pub target: String,
}

impl Srv {
    /// Whether the record says that there is no server (RFC 2782):
    /// > A Target of "." means that the service is decidedly not available at this domain.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(&*self.target, "" | ".")
    }
}
