//! All values of the Contact header as an argument.

use std::ops::Deref;

use super::{BadHeader, FromRequest};
use crate::router::body_use::BodyUse;
use crate::router::{Agent, Request};
use crate::sip::HeaderName;
use crate::sip::header::{Contact, Expires};

/// All values of Contact, in their order; none if the request has no Contact.
///
/// ```
/// use spigot::{Contacts, StatusCode, sip_router};
///
/// struct Registrar;
///
/// #[sip_router]
/// impl Registrar {
///     #[register]
///     async fn register(&self, contacts: Contacts) -> StatusCode {
///         if contacts.is_any() {
///             // `Contact: *` takes all bindings away (RFC 3261 §10.2.2).
///         }
///         for contact in contacts.iter() {
///             println!("{contact}");
///         }
///         StatusCode::OK
///     }
/// }
/// ```
///
/// A Contact that cannot be read is answered 400. So is `*` beside others, and `*` without `Expires: 0`:
///
/// > If the request has additional Contact fields or an expiration time other than zero, the request is
/// > invalid, and the server MUST return a 400 (Invalid Request) and skip the remaining steps.
///
/// [RFC 3261 §10.3](https://www.rfc-editor.org/rfc/rfc3261#section-10.3), step 6. Without Expires the time is
/// not zero (§10.2.2).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contacts(Vec<Contact>);

impl Contacts {
    /// Says whether the one value is `*`.
    pub fn is_any(&self) -> bool {
        matches!(self.0[..], [Contact::Any])
    }

    /// Returns the values.
    pub fn into_vec(self) -> Vec<Contact> {
        self.0
    }
}

impl Deref for Contacts {
    type Target = [Contact];

    fn deref(&self) -> &[Contact] {
        &self.0
    }
}

impl<S: Agent, M> FromRequest<S, M> for Contacts {
    type Rejection = BadHeader;

    const BODY: BodyUse = BodyUse::Nothing;

    async fn from_request(request: &Request, _: &S) -> Result<Self, BadHeader> {
        let all = request.headers().all::<Contact>().collect::<Result<Vec<_>, _>>();
        let all = all.map_err(|error| BadHeader::unreadable(HeaderName::CONTACT, error))?;
        if all.len() > 1 && all.contains(&Contact::Any) {
            return Err(BadHeader::wrong(HeaderName::CONTACT, "`*` stands alone"));
        }
        if all.contains(&Contact::Any) && !is_over(request) {
            return Err(BadHeader::wrong(HeaderName::CONTACT, "`*` needs `Expires: 0`"));
        }
        Ok(Contacts(all))
    }
}

/// Reports whether the time of a registration is said to be zero.
fn is_over(request: &Request) -> bool {
    matches!(request.headers().typed::<Expires>(), Ok(Some(expires)) if expires.seconds() == 0)
}
