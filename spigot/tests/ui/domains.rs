//! The domains of an agent, and the patterns that name them.

use spigot::{Path, StatusCode, sip_router};

struct Named {
    domains: Vec<String>,
}

/// No pattern has `{domain}` for a host.
#[sip_router(domains = self.domains)]
impl Named {
    #[message("sip:{domain}@{host}")]
    async fn text(&self, Path((domain, host)): Path<(String, String)>) -> (StatusCode, String) {
        (StatusCode::OK, domain + &host)
    }
}

struct Hidden {
    domains: Vec<String>,
}

#[sip_router(domains = self.domains)]
impl Hidden {
    #[message("sip:{user}@{domain}")]
    async fn first(&self, Path((user, domain)): Path<(String, String)>) -> (StatusCode, String) {
        (StatusCode::OK, user + &domain)
    }

    #[message("sip:alice@{domain}")]
    async fn hidden(&self, Path(domain): Path<String>) -> (StatusCode, String) {
        (StatusCode::OK, domain)
    }

    #[message("sip:*@*")]
    async fn rest(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message("sip:*@conference.{domain}")]
    async fn hidden_too(&self, Path(domain): Path<String>) -> (StatusCode, String) {
        (StatusCode::OK, domain)
    }

    /// Inside a dialog there is no domain.
    #[bye("sip:{user}@{domain}")]
    async fn hang_up(&self, Path((user, domain)): Path<(String, String)>) -> (StatusCode, String) {
        (StatusCode::OK, user + &domain)
    }
}

struct Misspelled {
    domains: Vec<String>,
}

#[sip_router(domain = self.domains)]
impl Misspelled {}

struct Listed {
    domains: Vec<String>,
}

#[sip_router(domains("example.com"))]
impl Listed {}

struct Twice {
    domains: Vec<String>,
}

#[sip_router(domains = self.domains, domains = self.domains)]
impl Twice {}

struct Numbered {
    domains: Vec<u8>,
}

#[sip_router(domains = self.domains)]
impl Numbered {
    #[message("sip:*@{domain}")]
    async fn text(&self, Path(domain): Path<String>) -> (StatusCode, String) {
        (StatusCode::OK, domain)
    }
}

struct Bare {
    domains: Vec<String>,
}

/// No argument has to take `{domain}`, but one that is called so is meant to.
#[sip_router(domains = self.domains)]
impl Bare {
    #[message("sip:*@{domain}")]
    async fn text(&self, domain: String) -> (StatusCode, String) {
        (StatusCode::OK, domain)
    }

    #[register("sip:{domain}")]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
