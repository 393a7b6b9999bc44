//! What the agents of the company share: who is where, which calls there are, and why a call goes nowhere.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use spigot::header::{Allow, CallId, RecvInfo};
use spigot::router::TransactionError;
use spigot::{Body, Dialog, Header, IntoReply, Reply, RequestError, StatusCode, Uri};

/// A desk in the company: 2000 to 2999. Anything else in its place is another route's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Desk(u16);

impl FromStr for Desk {
    type Err = ();

    fn from_str(text: &str) -> Result<Desk, ()> {
        match text.parse() {
            Ok(number @ 2000..3000) if text.len() == 4 => Ok(Desk(number)),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The digits of a number outside, without the `+` or the 9 before it.
pub(crate) struct Number(pub(crate) String);

impl FromStr for Number {
    type Err = ();

    fn from_str(text: &str) -> Result<Number, ()> {
        let is_number = (3..=15).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit());
        is_number.then(|| Number(text.to_owned())).ok_or(())
    }
}

/// Whoever needs help gets a line, with the leading 9 or without.
pub(crate) struct Emergency(pub(crate) &'static str);

impl FromStr for Emergency {
    type Err = ();

    fn from_str(text: &str) -> Result<Emergency, ()> {
        let known = ["112", "911"].into_iter().find(|known| text.ends_with(known));
        match (known, text.len(), text.starts_with('9')) {
            (Some(number), 3, _) | (Some(number), 4, true) => Ok(Emergency(number)),
            _ => Err(()),
        }
    }
}

/// Why a request comes to nothing.
#[derive(Debug)]
pub(crate) enum DialError {
    /// No telephone has registered for the desk.
    NobodyHome,
    /// The desk or its telephone is somebody else's.
    Stranger,
    /// The number costs too much, or the caller may not call out.
    Barred,
    /// The telephone has refused.
    Refused(StatusCode),
    /// The telephone did not answer.
    Unreachable,
    /// The caller has hung up.
    CallerGone,
    /// An INFO of a package that we do not take.
    OtherPackage,
    /// The request says nothing that can be worked with.
    Senseless(&'static str),
}

impl<M> IntoReply<M> for DialError {
    fn into_reply(self) -> Reply {
        match self {
            DialError::NobodyHome => StatusCode::TEMPORARILY_UNAVAILABLE.into(),
            DialError::Stranger | DialError::Barred => StatusCode::FORBIDDEN.into(),
            DialError::Refused(status) => status.into(),
            DialError::Unreachable => StatusCode::BAD_GATEWAY.into(),
            DialError::CallerGone => StatusCode::REQUEST_TERMINATED.into(),
            DialError::OtherPackage => {
                let taken = "dtmf".parse::<RecvInfo>().ok().map(Header);
                Reply::from(StatusCode::BAD_INFO_PACKAGE).with(taken)
            }
            DialError::Senseless(why) => Reply::from(StatusCode::BAD_REQUEST).with(why),
        }
    }
}

impl From<RequestError> for DialError {
    fn from(_: RequestError) -> DialError {
        DialError::Unreachable
    }
}

impl From<TransactionError> for DialError {
    fn from(_: TransactionError) -> DialError {
        DialError::CallerGone
    }
}

/// What has happened, for the health check.
#[derive(Clone, Default)]
pub(crate) struct Tally {
    pub(crate) answered: u32,
    pub(crate) missed: u32,
    pub(crate) digits: String,
}

#[derive(Default)]
pub(crate) struct Office {
    /// What the router takes, which its agents cannot ask.
    pub(crate) allow: OnceLock<Allow>,
    phones: Mutex<HashMap<Desk, Uri>>,
    /// Whose calls go to another desk today.
    seats: Mutex<HashMap<Desk, Desk>>,
    /// The call to the telephone, by the Call-ID of the call that it answers.
    calls: Mutex<HashMap<CallId, Dialog>>,
    tally: Mutex<Tally>,
}

impl Office {
    pub(crate) fn bind(&self, desk: Desk, phone: Option<Uri>) {
        match phone {
            Some(phone) => lock(&self.phones).insert(desk, phone),
            None => lock(&self.phones).remove(&desk),
        };
    }

    pub(crate) fn sit(&self, who: Desk, desk: Option<Desk>) {
        match desk {
            Some(desk) => lock(&self.seats).insert(who, desk),
            None => lock(&self.seats).remove(&who),
        };
    }

    /// The telephone on which a desk is reached: that of the desk at which its owner sits today.
    pub(crate) fn phone(&self, desk: Desk) -> Result<Uri, DialError> {
        let desk = lock(&self.seats).get(&desk).copied().unwrap_or(desk);
        lock(&self.phones)
            .get(&desk)
            .cloned()
            .ok_or(DialError::NobodyHome)
    }

    pub(crate) fn desks(&self) -> Vec<Desk> {
        let mut desks: Vec<Desk> = lock(&self.phones).keys().copied().collect();
        desks.sort_by_key(|desk| desk.0);
        desks
    }

    pub(crate) fn connect(&self, call: CallId, phone: Dialog) {
        lock(&self.calls).insert(call, phone);
    }

    pub(crate) fn hang_up(&self, call: &CallId) -> Option<Dialog> {
        lock(&self.calls).remove(call)
    }

    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        lock(&self.tally)
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The session description of an announcement, a greeting, a room.
pub(crate) fn session(name: &str) -> Body {
    let text = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns={name}\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n");
    Body::new("application/sdp", text)
}
