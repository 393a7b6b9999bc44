//! What stands beside the calls: the registrar, presence, the conference bridge, and the company's old name.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use spigot::header::{Algorithm, Contact, Expires, SipEtag, SipIfMatch, To};
use spigot::plug::{DigestAuth, User};
use spigot::{Body, Contacts, Extension, Header, Path, Reply, StatusCode, Uri, sip_router};

use crate::office::{Desk, DialError, Office, lock, session};

pub(crate) struct Registrar {
    pub(crate) office: Arc<Office>,
}

fn passwords() -> HashMap<String, String> {
    let users = ["2001", "2002", "2003"].into_iter();
    users
        .map(|user| (user.to_owned(), format!("secret of {user}")))
        .collect()
}

#[sip_router(plugs(DigestAuth::new("corp.example", [Algorithm::SHA_256, Algorithm::MD5], passwords())))]
impl Registrar {
    /// One telephone for each desk, the one that registered last.
    #[register("sip:corp.example")]
    async fn register(
        &self,
        Extension(user): Extension<User>,
        Header(to): Header<To>,
        expires: Option<Header<Expires>>,
        contacts: Contacts,
    ) -> Result<(StatusCode, Option<Header<Contact>>), DialError> {
        let desk = to
            .uri()
            .user_decoded()
            .filter(|name| name == user.name())
            .and_then(|name| name.parse().ok());
        let desk = desk.ok_or(DialError::Stranger)?;
        let default = expires.map_or(3600, |Header(expires)| expires.seconds());
        let contact = contacts.first().ok_or(DialError::Senseless("no Contact"))?;
        let seconds = contact.expires().unwrap_or(default);
        let phone = contact.uri().filter(|_| seconds > 0).cloned();
        self.office.bind(desk, phone.clone());
        Ok((
            StatusCode::OK,
            phone.map(|phone| Header(Contact::new(phone).with_expires(seconds))),
        ))
    }
}

/// Who is there, and who has messages.
#[derive(Default)]
pub(crate) struct Presence {
    /// How often each desk has published.
    versions: Mutex<HashMap<Desk, u32>>,
}

impl Presence {
    fn subscription(expires: Option<Header<Expires>>) -> Result<(StatusCode, Header<Expires>), Reply> {
        match expires.map_or(3600, |Header(expires)| expires.seconds()) {
            1..60 => Err(Reply::interval_too_brief(Duration::from_secs(60))),
            seconds => Ok((StatusCode::OK, Header(Expires::new(seconds.min(3600))))),
        }
    }
}

#[sip_router]
impl Presence {
    #[subscribe("sip:{desk}@corp.example", event = "presence")]
    async fn watch(
        &self,
        Path(_desk): Path<Desk>,
        expires: Option<Header<Expires>>,
    ) -> Result<(StatusCode, Header<Expires>), Reply> {
        Presence::subscription(expires)
    }

    #[subscribe("sip:{desk}@corp.example", event = "message-summary")]
    async fn mailbox(
        &self,
        Path(_desk): Path<Desk>,
        expires: Option<Header<Expires>>,
    ) -> Result<(StatusCode, Header<Expires>), Reply> {
        Presence::subscription(expires)
    }

    /// A telephone says how its desk is. Who refreshes what is no longer so is told (RFC 3903 §6).
    #[publish(
        "sip:{desk}@corp.example",
        event = "presence",
        content_type = "application/pidf+xml"
    )]
    async fn publish(
        &self,
        Path(desk): Path<Desk>,
        known: Option<Header<SipIfMatch>>,
    ) -> Result<(StatusCode, Header<SipEtag>, Header<Expires>), StatusCode> {
        let mut versions = lock(&self.versions);
        let version = versions.entry(desk).or_default();
        if known.is_some_and(|Header(known)| known.as_str() != format!("v{version}")) {
            return Err(StatusCode::CONDITIONAL_REQUEST_FAILED);
        }
        *version += 1;
        let tag = SipEtag::new(&format!("v{version}")).map_err(|_| StatusCode::SERVER_INTERNAL_ERROR)?;
        Ok((StatusCode::OK, Header(tag), Header(Expires::new(600))))
    }
}

/// The bridge has a host of its own.
pub(crate) struct Conference;

enum Room {
    Standup,
    Board,
}

impl FromStr for Room {
    type Err = ();

    fn from_str(text: &str) -> Result<Room, ()> {
        match text {
            "standup" => Ok(Room::Standup),
            "board" => Ok(Room::Board),
            _ => Err(()),
        }
    }
}

#[sip_router]
impl Conference {
    #[invite("sip:{room}@*")]
    async fn join(&self, Path(room): Path<Room>) -> (StatusCode, Body) {
        match room {
            Room::Standup => (StatusCode::OK, session("standup")),
            Room::Board => (StatusCode::OK, session("board")),
        }
    }

    /// The reception knows the rooms.
    #[fallback]
    async fn reception(&self) -> Result<Reply, DialError> {
        let uri = "sip:2000@corp.example"
            .parse()
            .map_err(|_| DialError::Unreachable)?;
        Ok(Reply::moved_temporarily([Contact::new(uri)]))
    }
}

/// The company had another name once.
pub(crate) struct OldName;

#[sip_router]
impl OldName {
    #[any]
    async fn moved(&self, uri: Uri) -> Result<Reply, DialError> {
        let uri = uri.as_sip().and_then(|uri| uri.with_host("corp.example").ok());
        let uri = uri.ok_or(DialError::Senseless("no SIP URI"))?;
        Ok(Reply::moved_permanently([Contact::new(uri.into())]))
    }
}
