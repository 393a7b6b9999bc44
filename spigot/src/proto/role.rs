//! The role of this element for a request: user agent or proxy.

/// The role of this element for a request: its user agent, or a proxy for it.
///
/// [RFC 3261 §16.1](https://www.rfc-editor.org/rfc/rfc3261#section-16.1):
/// > Being a proxy is a logical role for a SIP element.  When a request arrives, an element that can play the
/// > role of a proxy first decides if it needs to respond to the request on its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// This element is the user agent server
    /// ([RFC 3261 §8.2](https://www.rfc-editor.org/rfc/rfc3261#section-8.2)).
    ///
    /// It answers, and the dialogs that its answers open are its own. What the library answers by itself is
    /// answered in this role, since §16.1 says of a proxy:
    ///
    /// > When responding directly to a request, the element is playing the role of a UAS and MUST behave as
    /// > described in Section 8.2.
    #[default]
    Us,
    /// The request passes through this element, which is a proxy for it
    /// ([RFC 3261 §16](https://www.rfc-editor.org/rfc/rfc3261#section-16)).
    ///
    /// Dialogs, To tags and CSeq are the concern of the user agents at both ends.
    Through,
}

impl Role {
    /// Joins two roles. The result is [`Role::Through`] if one of them is.
    #[must_use]
    pub const fn and(self, other: Role) -> Role {
        match (self, other) {
            (Role::Us, Role::Us) => Role::Us,
            (Role::Through, _) | (_, Role::Through) => Role::Through,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_a_proxy_beside_anything_passes_through() {
        assert_eq!(Role::Us.and(Role::Us), Role::Us);
        assert_eq!(Role::Us.and(Role::Through), Role::Through);
        assert_eq!(Role::Through.and(Role::Us), Role::Through);
        assert_eq!(Role::Through.and(Role::Through), Role::Through);
    }
}
