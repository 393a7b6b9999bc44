//! Splits a SIP URI into its parts, and joins them to a changed URI.
//!
//! The one invariant: each part was checked by the code that set it, so joining cannot fail.

use super::SipUri;

impl SipUri {
    /// Splits the URI into its parts.
    pub(super) fn parts(&self) -> UriParts<'_> {
        UriParts {
            scheme: self.scheme(),
            user: self.user(),
            password: self.password(),
            host: self.host().as_str(),
            port: self.port,
            params: self.params().as_str(),
            headers: &self.text[self.headers as usize..],
        }
    }
}

/// The checked parts of a URI.
pub(super) struct UriParts<'a> {
    pub(super) scheme: &'a str,
    pub(super) user: Option<&'a str>,
    pub(super) password: Option<&'a str>,
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
    pub(super) params: &'a str,
    pub(super) headers: &'a str,
}

impl UriParts<'_> {
    /// Joins the parts to a URI.
    pub(super) fn join(self) -> SipUri {
        let mut text = String::with_capacity(self.host.len() + self.params.len() + self.headers.len() + 64);
        let mut user_end = 0;
        text.push_str(self.scheme);
        text.push(':');
        if let Some(user) = self.user {
            text.push_str(user);
            user_end = text.len();
            if let Some(password) = self.password {
                text.push(':');
                text.push_str(password);
            }
            text.push('@');
        }
        let host = text.len();
        text.push_str(self.host);
        let host_end = text.len();
        if let Some(port) = self.port {
            text.push(':');
            text.push_str(&port.to_string());
        }
        let params = text.len();
        text.push_str(self.params);
        let headers = text.len();
        text.push_str(self.headers);
        SipUri {
            text: text.into(),
            user_end: user_end as u32,
            host: host as u32,
            host_end: host_end as u32,
            params: params as u32,
            headers: headers as u32,
            port: self.port,
            secure: self.scheme.len() == 4,
        }
    }
}
