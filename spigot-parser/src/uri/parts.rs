//! A SIP URI taken apart and put together again: how one is changed.
//!
//! The one invariant: whoever fills in a part has checked it, so that joining cannot fail.

use super::SipUri;

impl SipUri {
    /// The parts, to change some of them.
    pub(super) fn parts(&self) -> Parts<'_> {
        Parts {
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

/// A URI in its parts, each of which was checked.
pub(super) struct Parts<'a> {
    pub(super) scheme: &'a str,
    pub(super) user: Option<&'a str>,
    pub(super) password: Option<&'a str>,
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
    pub(super) params: &'a str,
    pub(super) headers: &'a str,
}

impl Parts<'_> {
    /// Writes them one after the other.
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
