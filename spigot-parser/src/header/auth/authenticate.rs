//! The WWW-Authenticate and Proxy-Authenticate headers, which hold a server's challenges (RFC 3261 §20.44,
//! §20.27).

use super::{Challenge, auth_headers};

auth_headers! {
    /// A WWW-Authenticate header: the challenge of a UAS, registrar or redirect server, in its 401 response.
    ///
    /// ```text
    /// WWW-Authenticate = "WWW-Authenticate" HCOLON challenge
    /// ```
    ///
    /// A message may have several. Each is a line of its own, because its commas separate parameters (RFC
    /// 3261 §7.3.1).
    ///
    /// > When the UAC receives a response with multiple WWW-Authenticate/Proxy-Authenticate header fields
    /// > with the same realm, it SHOULD use the topmost header field that it supports unless a local policy
    /// > dictates otherwise. The client MUST ignore any challenge it does not understand.
    ///
    /// ```
    /// use spigot_parser::Response;
    /// use spigot_parser::header::{Algorithm, Challenge, WwwAuthenticate};
    ///
    /// let response = Response::parse(
    ///     "SIP/2.0 401 Unauthorized\r\n\
    ///      WWW-Authenticate: Digest realm=\"a.example\", nonce=\"1\", qop=\"auth\", algorithm=SHA-256\r\n\
    ///      WWW-Authenticate: Digest realm=\"a.example\", nonce=\"1\", qop=\"auth\", algorithm=MD5\r\n\r\n",
    /// )?;
    /// let algorithms: Vec<_> = response
    ///     .headers()
    ///     .all::<WwwAuthenticate>()
    ///     .filter_map(|header| header.ok()?.challenge().algorithm())
    ///     .collect();
    /// assert_eq!(algorithms, [Algorithm::SHA_256, Algorithm::MD5]);
    ///
    /// let header = WwwAuthenticate::new(Challenge::digest("a.example", "1")?);
    /// assert_eq!(header.to_string(), "Digest realm=\"a.example\", nonce=\"1\"");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    WwwAuthenticate, WWW_AUTHENTICATE, Challenge, challenge;

    /// A Proxy-Authenticate header: the challenge of a proxy, in its 407 response.
    ///
    /// A message may have several, each in a line of its own.
    ///
    /// ```text
    /// Proxy-Authenticate = "Proxy-Authenticate" HCOLON challenge
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::{Challenge, ProxyAuthenticate};
    ///
    /// let header: ProxyAuthenticate = "Digest realm=\"atlanta.example\", nonce=\"f84f1cec\", stale=FALSE".parse()?;
    /// assert_eq!(header.challenge().realm().unwrap(), "atlanta.example");
    ///
    /// let bearer = Challenge::new("Bearer", [("realm", "atlanta.example"), ("authz_server", "https://as.example/")])?;
    /// assert_eq!(
    ///     ProxyAuthenticate::new(bearer).to_string(),
    ///     "Bearer realm=\"atlanta.example\", authz_server=\"https://as.example/\"",
    /// );
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ProxyAuthenticate, PROXY_AUTHENTICATE, Challenge, challenge;
}
