//! The Authorization and Proxy-Authorization headers, which hold a client's credentials (RFC 3261 §20.7,
//! §20.28).

use super::{Credentials, auth_headers};

auth_headers! {
    /// An Authorization header: credentials for a UAS, registrar or redirect server.
    ///
    /// A message may have several, for several realms. Each is a line of its own, because its commas separate
    /// parameters (RFC 3261 §7.3.1).
    ///
    /// ```text
    /// Authorization = "Authorization" HCOLON credentials
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::{Authorization, Credentials};
    ///
    /// let header: Authorization = "Digest username=\"Alice\", realm=\"atlanta.example\", nonce=\"84a4cc6f\", \
    ///     response=\"7587245234b3434cc3412213e5f113a5\"".parse()?;
    /// assert_eq!(header.credentials().realm().unwrap(), "atlanta.example");
    /// assert!(format!("{header:?}").ends_with("response=(redacted))"));
    ///
    /// let credentials = Credentials::digest("Alice", "atlanta.example", "", &"sip:atlanta.example".parse()?, "")?;
    /// assert_eq!(
    ///     Authorization::new(credentials).to_string(),
    ///     "Digest username=\"Alice\", realm=\"atlanta.example\", nonce=\"\", uri=\"sip:atlanta.example\", response=\"\"",
    /// );
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    Authorization, AUTHORIZATION, Credentials, credentials;

    /// A Proxy-Authorization header: credentials for the proxy of a realm.
    ///
    /// A message may have several, each in a line of its own.
    ///
    /// ```text
    /// Proxy-Authorization = "Proxy-Authorization" HCOLON credentials
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::{Credentials, ProxyAuthorization};
    ///
    /// let header: ProxyAuthorization = "NoOneKnowsThisScheme opaque-data=here".parse()?;
    /// assert_eq!(header.credentials().param("opaque-data").unwrap(), "here");
    ///
    /// let credentials = Credentials::new("NoOneKnowsThisScheme", [("opaque-data", "here")])?;
    /// assert_eq!(ProxyAuthorization::new(credentials), header);
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ProxyAuthorization, PROXY_AUTHORIZATION, Credentials, credentials;
}
