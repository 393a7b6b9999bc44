//! A message as text, which is correct until a test changes it.

use std::fmt::Display;
use std::sync::atomic::{AtomicU32, Ordering};

use spigot::HeaderName;
use spigot::sip::Request;

/// Returns a unique text for branches, tags and Call-IDs.
pub fn unique() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    format!(
        "{:x}-{:x}",
        std::process::id(),
        COUNTER.fetch_add(1, Ordering::Relaxed)
    )
}

/// A message that is sent as it is, header by header.
#[derive(Clone, Debug)]
pub struct Draft {
    start: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Draft {
    /// Creates a correct request with all mandatory headers and no body.
    ///
    /// `via` is the transport (`UDP`), and `local` the sent-by.
    pub fn new(method: &str, uri: &str, via: &str, local: impl Display) -> Draft {
        let id = unique();
        let mut draft = Draft {
            start: format!("{method} {uri} SIP/2.0"),
            headers: Vec::new(),
            body: Vec::new(),
        };
        draft = draft
            .add("Via", format!("SIP/2.0/{via} {local};branch=z9hG4bK-{id};rport"))
            .add("Max-Forwards", "70")
            .add("From", format!("<sip:alice@example.com>;tag=f-{id}"))
            .add("To", format!("<{uri}>"))
            .add("Call-ID", format!("{id}@example.com"))
            .add("CSeq", format!("1 {method}"));
        if method == "INVITE" {
            draft = draft.add("Contact", format!("<sip:alice@{local}>"));
        }
        draft.add("Content-Length", "0")
    }

    /// Creates a correct response to a request without a body; `status` is, for example, `200 OK`.
    pub fn answering(request: &Request, status: &str) -> Draft {
        let mut draft = Draft {
            start: format!("SIP/2.0 {status}"),
            headers: Vec::new(),
            body: Vec::new(),
        };
        for field in request.headers().iter() {
            let name = field.name();
            if [
                HeaderName::VIA,
                HeaderName::FROM,
                HeaderName::CALL_ID,
                HeaderName::CSEQ,
            ]
            .contains(&name)
            {
                draft = draft.add(name.as_str(), field.value());
            } else if name == HeaderName::TO {
                let tag = if field.value().contains(";tag=") {
                    ""
                } else {
                    ";tag=far"
                };
                draft = draft.add("To", format!("{}{tag}", field.value()));
            }
        }
        draft.add("Content-Length", "0")
    }

    /// Replaces the start line.
    #[must_use]
    pub fn start_line(mut self, line: impl Into<String>) -> Draft {
        self.start = line.into();
        self
    }

    /// Appends a header line.
    #[must_use]
    pub fn add(mut self, name: &str, value: impl Into<String>) -> Draft {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Inserts a header line at the top.
    #[must_use]
    pub fn add_first(mut self, name: &str, value: impl Into<String>) -> Draft {
        self.headers.insert(0, (name.to_owned(), value.into()));
        self
    }

    /// Replaces the value of the first line with this name.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Draft {
        let line = self.headers.iter_mut().find(|(other, _)| other == name);
        line.unwrap_or_else(|| panic!("no {name} to set")).1 = value.into();
        self
    }

    /// Removes the header `name`.
    #[must_use]
    pub fn remove(mut self, name: &str) -> Draft {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    /// Repeats the header line `name`.
    #[must_use]
    pub fn double(self, name: &str) -> Draft {
        let value = self.value(name).to_owned();
        self.add(name, value)
    }

    /// Sets the body, its type and its length.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Draft {
        let body = body.into();
        let mut draft = self
            .set("Content-Length", body.len().to_string())
            .add("Content-Type", content_type);
        draft.body = body;
        draft
    }

    /// Returns the value of the first header `name`, or an empty text if it is missing.
    pub fn value(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(other, _)| other == name)
            .map_or("", |(_, value)| value)
    }

    /// Returns the message as octets.
    pub fn octets(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += "\r\n";
        let mut octets = text.into_bytes();
        octets.extend_from_slice(&self.body);
        octets
    }
}
