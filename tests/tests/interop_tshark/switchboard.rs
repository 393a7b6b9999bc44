//! The agent that is captured.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use spigot::header::{Algorithm, Contact};
use spigot::plug::DigestAuth;
use spigot::{Body, Contacts, Flow, Header, Path, Reply, Request, StatusCode, Transaction, sip, sip_router};

/// It answers in every way there is.
#[derive(Clone, Default)]
pub(crate) struct Switchboard {
    /// Who registers last.
    pub(crate) registered: Arc<Mutex<Option<Flow>>>,
}

fn users() -> HashMap<String, String> {
    HashMap::from([("alice".to_owned(), "secret".to_owned())])
}

#[sip_router]
impl Switchboard {
    #[register("sip:locked.example.com")]
    #[through(DigestAuth::new("example.com", [Algorithm::SHA_256, Algorithm::MD5], users()))]
    async fn locked(&self) -> StatusCode {
        StatusCode::OK
    }

    #[register]
    async fn register(&self, request: Request, contacts: Contacts) -> (StatusCode, Vec<Header<Contact>>) {
        *self.registered.lock().unwrap() = Some(request.source().flow());
        let bound = contacts.into_vec().into_iter();
        (
            StatusCode::OK,
            bound.map(|contact| Header(contact.with_expires(600))).collect(),
        )
    }

    #[message("sip:echo@*", content_type = "text/plain")]
    async fn echo(&self, text: String) -> (StatusCode, Body) {
        (StatusCode::OK, Body::new("text/plain", text))
    }

    #[message("sip:{status}@refused.example.com")]
    async fn refuse(&self, Path(status): Path<u16>) -> StatusCode {
        StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND)
    }

    #[message("sip:moved@*")]
    async fn moved(&self) -> Reply {
        let uris = ["sip:bob@192.0.2.7", "sips:bob@[2001:db8::7]:5061;transport=tcp"];
        Reply::moved_temporarily(uris.into_iter().map(|uri| Contact::new(uri.parse().unwrap())))
    }

    #[invite("sip:ring@*")]
    async fn ring(&self, transaction: Transaction) -> StatusCode {
        if transaction.provisional(StatusCode::RINGING).is_ok() {
            transaction.cancelled().await;
        }
        StatusCode::REQUEST_TERMINATED
    }

    #[invite("sip:busy@*")]
    async fn busy(&self) -> StatusCode {
        StatusCode::BUSY_HERE
    }

    #[invite("sip:bob@*", content_type = "application/sdp")]
    async fn answer(&self, offer: sip::Sdp, transaction: Transaction) -> (StatusCode, Body) {
        let answer = || Body::new("application/sdp", offer.to_string());
        let _ = transaction.provisional(StatusCode::RINGING);
        let _ = transaction.provisional((StatusCode::SESSION_PROGRESS, answer()));
        (StatusCode::OK, answer())
    }

    #[subscribe(event = "presence")]
    async fn watch(&self) -> StatusCode {
        StatusCode::FORBIDDEN
    }

    #[info]
    async fn info(&self) -> StatusCode {
        StatusCode::OK
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }
}
