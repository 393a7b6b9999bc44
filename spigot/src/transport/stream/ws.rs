//! WebSocket listeners ([RFC 7118](https://www.rfc-editor.org/rfc/rfc7118)).

/// Which web pages may connect: those whose Origin is here
/// ([RFC 6455 §10.2](https://www.rfc-editor.org/rfc/rfc6455#section-10.2)).
///
/// A browser says in Origin where the page comes from that connects; anything else may say what it likes, or nothing. So this
/// protects the users of other pages, and is no authentication.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// `None`: every one.
    allowed: Option<Vec<String>>,
}

impl Origins {
    /// Every page, and what is no page.
    pub const fn any() -> Origins {
        Origins { allowed: None }
    }

    /// Pages from these origins, and what is no page and names no origin. An origin is the scheme, the host and the port where
    /// the URI of the page has one: `https://phone.example.com`, `http://localhost:8000`. A host alone is none, and no page is
    /// from there.
    pub fn only<T: Into<String>>(origins: impl IntoIterator<Item = T>) -> Origins {
        Origins {
            allowed: Some(origins.into_iter().map(Into::into).collect()),
        }
    }

    /// Whether somebody may connect who names that origin, or none.
    pub fn allows(&self, origin: Option<&str>) -> bool {
        match (&self.allowed, origin) {
            (None, _) | (Some(_), None) => true,
            (Some(allowed), Some(origin)) => allowed
                .iter()
                .any(|known| known.trim_end_matches('/').eq_ignore_ascii_case(origin)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_from_where_they_may() {
        let only = Origins::only(["https://phone.example.com/"]);
        assert!(only.allows(Some("https://PHONE.example.com")) && only.allows(None));
        assert!(!only.allows(Some("https://evil.example")) && !only.allows(Some("null")));
        assert!(Origins::any().allows(Some("https://evil.example")));
    }
}
