//! Who is where: the bindings of a small registrar, in memory.
//!
//! Invariant: there are no more users than [`USERS`], and none has more bindings than [`BINDINGS`].

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use spigot::header::Contact;
use spigot::{Flow, Uri};
use tokio::time::Instant;

/// How many users may be registered at once.
pub(crate) const USERS: usize = 1_000;
/// How many phones one user may have.
pub(crate) const BINDINGS: usize = 10;

/// The longest that a binding lasts in seconds, and how long one lasts that does not say. Short, as it is the
/// phone's next REGISTER that keeps its connection from being closed as idle
/// ([`TransportLimits::idle`](spigot::transport::TransportLimits::idle)).
const LONGEST: u32 = 100;

/// A phone of a user.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    /// What it calls itself.
    pub(crate) contact: Contact,
    /// What it registered by, which is the way back to it: a browser listens nowhere
    /// ([RFC 7118 §5](https://www.rfc-editor.org/rfc/rfc7118#section-5)), and many a phone is behind a NAT.
    pub(crate) flow: Flow,
    until: Instant,
}

impl Binding {
    /// The URI to send requests to.
    pub(crate) fn uri(&self) -> Option<&Uri> {
        self.contact.uri()
    }
}

/// There are as many phones as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// All bindings.
#[derive(Debug, Default)]
pub(crate) struct Bindings {
    users: Mutex<HashMap<String, Vec<Binding>>>,
}

impl Bindings {
    /// Takes a registration: `contacts` came by `flow`, to last for `expires` seconds where they do not say
    /// it themselves. What is bound then, with the time that is left.
    pub(crate) fn register(
        &self,
        user: &str,
        contacts: &[Contact],
        expires: Option<u32>,
        flow: Flow,
    ) -> Result<Vec<Contact>, Full> {
        let now = Instant::now();
        let mut users = self.lock();
        if !users.contains_key(user) && users.len() >= USERS {
            users.retain(|_, bound| bound.iter().any(|binding| binding.until > now));
            if users.len() >= USERS {
                return Err(Full);
            }
        }
        let mut bound = users.get(user).cloned().unwrap_or_default();
        bound.retain(|binding| binding.until > now);
        for contact in contacts {
            let seconds = contact.expires().or(expires).unwrap_or(LONGEST).min(LONGEST);
            bound.retain(|binding| !contact.is_any() && !is_same(&binding.contact, contact));
            if !contact.is_any() && seconds > 0 {
                bound.push(Binding {
                    contact: contact.clone(),
                    flow,
                    until: now + Duration::from_secs(seconds.into()),
                });
            }
        }
        if bound.len() > BINDINGS {
            return Err(Full);
        }
        let told = bound.iter().map(|binding| {
            let left = (binding.until - now).as_secs();
            let left = u32::try_from(left).unwrap_or(LONGEST);
            binding.contact.clone().with_expires(left)
        });
        let told = told.collect();
        if bound.is_empty() {
            users.remove(user);
        } else {
            users.insert(user.to_owned(), bound);
        }
        Ok(told)
    }

    /// The phones of a user.
    pub(crate) fn of(&self, user: &str) -> Vec<Binding> {
        let now = Instant::now();
        let users = self.lock();
        let bound = users.get(user).into_iter().flatten();
        bound.filter(|binding| binding.until > now).cloned().collect()
    }

    /// Whoever registered by that flow is not reached any more.
    pub(crate) fn lost(&self, flow: Flow) {
        self.lock().retain(|_, bound| {
            bound.retain(|binding| binding.flow != flow);
            !bound.is_empty()
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Binding>>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether two Contacts are of one phone: it has the name of the instance in common
/// ([RFC 5626 §4.1](https://www.rfc-editor.org/rfc/rfc5626#section-4.1)), or else the URI.
fn is_same(one: &Contact, other: &Contact) -> bool {
    match (one.param("+sip.instance"), other.param("+sip.instance")) {
        (Some(one), Some(other)) => one == other,
        _ => one.uri() == other.uri(),
    }
}
