//! The agents that the messages go to. They behave as the examples `uas` and `router` do for them.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Mutex;

use spigot::header::{Contact, Expires, To};
use spigot::sip::Sdp;
use spigot::{
    Body, Contacts, Header, Path, Reply, Request, Response, Router, StatusCode, Transaction, Uri, sip_router,
};

/// Which agent a message goes to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Agent {
    Phone,
    Office,
    SdpReader,
}

impl Agent {
    pub(crate) fn router(self) -> Router {
        match self {
            Agent::Phone => Router::new(Phone),
            Agent::Office => Router::new(Office::default()),
            Agent::SdpReader => Router::new(SdpReader),
        }
    }
}

const SESSION: &str = "v=0\r\no=phone 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
                       m=audio 9 RTP/AVP 0\r\na=inactive\r\n";

/// A phone that picks up. The user `ring` rings until the caller gives up, and `busy` is busy.
pub(crate) struct Phone;

#[sip_router]
impl Phone {
    /// Takes every binding for an hour.
    #[register]
    async fn register(&self, request: Request) -> Result<Response, StatusCode> {
        let mut response = Response::new(StatusCode::OK);
        for contact in request.headers().all::<Contact>() {
            let contact = contact.map_err(|_| StatusCode::BAD_REQUEST)?;
            if !contact.is_any() {
                response.headers_mut().push_typed(&contact.with_expires(3600));
            }
        }
        Ok(response)
    }

    #[message]
    async fn message(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite("sip:busy@*", content_type = "application/sdp")]
    async fn busy(&self) -> StatusCode {
        StatusCode::BUSY_HERE
    }

    #[invite("sip:ring@*", content_type = "application/sdp")]
    async fn ring(&self, transaction: Transaction) -> StatusCode {
        if transaction.provisional(StatusCode::RINGING).is_ok() {
            transaction.cancelled().await;
        }
        StatusCode::REQUEST_TERMINATED
    }

    #[invite(content_type = "application/sdp")]
    async fn answer(&self, transaction: Transaction) -> (StatusCode, Body) {
        let _ = transaction.provisional(StatusCode::RINGING);
        (StatusCode::OK, Body::new("application/sdp", SESSION))
    }

    #[invite(in_dialog, content_type = "application/sdp")]
    async fn renegotiate(&self) -> (StatusCode, Body) {
        (StatusCode::OK, Body::new("application/sdp", SESSION))
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }
}

/// A redirect server with one phone for each extension, which sends numbers to a gateway.
#[derive(Default)]
struct Office {
    phones: Mutex<HashMap<String, Uri>>,
}

/// A telephone number of at most 15 digits (E.164).
struct Number(String);

impl FromStr for Number {
    type Err = ();

    fn from_str(text: &str) -> Result<Number, ()> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let is_number =
            (3..=15).contains(&digits.len()) && digits.bytes().all(|octet| octet.is_ascii_digit());
        is_number.then(|| Number(text.to_owned())).ok_or(())
    }
}

#[sip_router]
impl Office {
    #[register]
    async fn register(
        &self,
        Header(to): Header<To>,
        expires: Option<Header<Expires>>,
        contacts: Contacts,
    ) -> Result<(StatusCode, Option<Header<Contact>>), StatusCode> {
        let extension = to.uri().user().ok_or(StatusCode::FORBIDDEN)?;
        let default = expires.map_or(3600, |Header(expires)| expires.seconds());
        let mut phones = self.phones.lock().expect("no holder panics");
        let Some(contact) = contacts.into_vec().into_iter().next() else {
            let bound = phones.get(extension).cloned();
            return Ok((StatusCode::OK, bound.map(|uri| Header(Contact::new(uri)))));
        };
        match (contact.uri(), contact.expires().unwrap_or(default)) {
            (Some(uri), seconds @ 1..) => {
                phones.insert(extension.to_owned(), uri.clone());
                Ok((StatusCode::OK, Some(Header(contact.with_expires(seconds)))))
            }
            _ => {
                phones.remove(extension);
                Ok((StatusCode::OK, None))
            }
        }
    }

    #[invite("tel:{number}")]
    async fn tel(&self, Path(number): Path<Number>) -> Reply {
        match format!("sip:{}@gateway.example.com;user=phone", number.0).parse() {
            Ok(uri) => Reply::moved_temporarily([Contact::new(uri)]),
            Err(_) => StatusCode::BAD_GATEWAY.into(),
        }
    }
}

/// A callee that reads the offer, and is busy.
struct SdpReader;

#[sip_router]
impl SdpReader {
    #[invite]
    async fn call(&self, _offer: Sdp) -> StatusCode {
        StatusCode::BUSY_HERE
    }
}
