//! Digest authentication as a plug.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::{Next, Plug};
use crate::proto::digest::{Claim, CredentialsVerdict, Digest, Secret};
use crate::router::extract::Header;
use crate::router::{Reply, Request};
use crate::sip::header::{
    Algorithm, Authorization, Credentials, ProxyAuthenticate, ProxyAuthorization, Qop, WwwAuthenticate,
};
use crate::sip::{HeaderName, StatusCode};

/// Lets in who proves to know a user's password, and challenges all others
/// ([RFC 3261 §22](https://www.rfc-editor.org/rfc/rfc3261#section-22),
/// [RFC 8760](https://www.rfc-editor.org/rfc/rfc8760)).
///
/// What comes after it finds the [`User`] as an [`Extension`](crate::Extension). A challenge keeps nothing:
/// neither a transaction nor a nonce.
///
/// The peer does not learn why its credentials were refused. The log says it, at the level `DEBUG`.
///
/// Requests inside dialogs do not pass it: who was called has no password here, and a challenge would cut the
/// call. A route in dialogs that wants credentials all the same names it with `#[through]`.
///
/// ```
/// use std::collections::HashMap;
/// use spigot::header::Algorithm;
/// use spigot::plug::{DigestAuth, User};
/// use spigot::{Extension, StatusCode, sip_router};
///
/// struct Registrar;
///
/// fn users() -> HashMap<String, String> {
///     HashMap::from([("alice".to_owned(), "secret".to_owned())])
/// }
///
/// #[sip_router(plugs(DigestAuth::new("example.com", [Algorithm::MD5], users())))]
/// impl Registrar {
///     #[register]
///     async fn register(&self, Extension(user): Extension<User>) -> (StatusCode, String) {
///         (StatusCode::OK, format!("hello, {}", user.name()))
///     }
/// }
/// ```
///
/// # Which algorithms
///
/// They are named when it is made, the best first, and each has its line in the challenge. There is no
/// default, because there is none that is both safe and understood by all:
///
/// | offered | baresip, sipp, sipsak | JsSIP, SIP.js | linphone |
/// |---|---|---|---|
/// | MD5 | log in | log in | logs in |
/// | SHA-256, then MD5 | fail | log in | logs in |
/// | SHA-256 | fail | fail | logs in |
///
/// MD5 is weak: a password that can be guessed can be found by whoever hears one exchange, so use it over
/// TLS.
pub struct DigestAuth<U> {
    users: U,
    digest: Digest,
    /// How many challenges there were, which makes each nonce another.
    challenges: AtomicU64,
    start: Instant,
    is_proxy: bool,
}

/// Looks up the passwords of users.
///
/// A [`HashMap`] of names and passwords is one. What is kept may also be hashes
/// ([`Secret::Ha1`](crate::proto::digest::Secret::Ha1)).
pub trait Users: Send + Sync + 'static {
    /// Returns what is known of a user; `None` for nobody.
    fn secret(&self, name: &str, realm: &str) -> impl Future<Output = Option<Secret>> + Send;
}

impl Users for HashMap<String, String> {
    async fn secret(&self, name: &str, _: &str) -> Option<Secret> {
        self.get(name).cloned().map(Secret::Password)
    }
}

/// The user who has been let in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User {
    name: String,
    realm: String,
}

impl User {
    /// Returns the name in the credentials.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the realm in which the user has that name.
    pub fn realm(&self) -> &str {
        &self.realm
    }
}

impl<U: Users> DigestAuth<U> {
    /// Makes the plug for a realm, with the algorithms to offer, the best first.
    ///
    /// One that is not known here (`AKAv1-MD5`) is left out. If none is left, or there is no randomness for a
    /// key, every request is answered 500, and the log says why.
    pub fn new(realm: &str, algorithms: impl IntoIterator<Item = Algorithm>, users: U) -> DigestAuth<U> {
        let mut key = [0; 32];
        let algorithms: Vec<Algorithm> = match getrandom::fill(&mut key) {
            Ok(()) => algorithms.into_iter().collect(),
            Err(error) => {
                tracing::error!(%error, "no randomness for a key: nobody can be challenged");
                Vec::new()
            }
        };
        DigestAuth {
            users,
            digest: Digest::new(realm, algorithms, key),
            challenges: AtomicU64::new(0),
            start: Instant::now(),
            is_proxy: false,
        }
    }

    /// Challenges with 407 and Proxy-Authenticate, as a proxy does
    /// ([RFC 3261 §22.3](https://www.rfc-editor.org/rfc/rfc3261#section-22.3)).
    #[must_use]
    pub fn proxy(mut self) -> Self {
        self.is_proxy = true;
        self
    }

    /// Offers these qualities of protection, the best first, in the place of `auth` alone.
    #[must_use]
    pub fn qop(mut self, qop: impl IntoIterator<Item = Qop>) -> Self {
        self.digest = self.digest.with_qop(qop);
        self
    }

    /// Lets in old phones, which answer a challenge without `qop`
    /// ([RFC 2069](https://www.rfc-editor.org/rfc/rfc2069)). Without this option they are challenged again.
    ///
    /// All others still use the `qop` that is offered. Credentials without `qop` protect less: they use MD5 and
    /// have no count. A nonce is therefore good for one request of such a phone. Its next request is challenged
    /// with `stale`.
    #[must_use]
    pub fn allow_rfc2069(mut self) -> Self {
        self.digest = self.digest.with_rfc2069(true);
        self
    }

    /// Gives nonces that are good for so long, in whole seconds, in the place of five minutes.
    #[must_use]
    pub fn nonce_life(mut self, life: Duration) -> Self {
        self.digest = self.digest.with_life(life.as_secs());
        self
    }

    fn now(&self) -> u64 {
        // Far from 0, so that what is older than the server is old.
        self.start.elapsed().as_secs() + (1 << 32)
    }

    fn claim(&self, request: &Request) -> Option<Claim> {
        let headers = request.headers();
        if self.is_proxy {
            let lines = headers.all::<ProxyAuthorization>().flatten();
            self.digest.claim(lines.map(Credentials::from))
        } else {
            let lines = headers.all::<Authorization>().flatten();
            self.digest.claim(lines.map(Credentials::from))
        }
    }

    fn has_credentials(&self, request: &Request) -> bool {
        let name = if self.is_proxy {
            HeaderName::PROXY_AUTHORIZATION
        } else {
            HeaderName::AUTHORIZATION
        };
        request.headers().get(&name).is_some()
    }

    /// Says in the log what the peer must not learn: why credentials were not taken.
    fn log_refusal(&self, reason: &str) {
        tracing::debug!(realm = self.digest.realm(), reason, "credentials refused");
    }

    fn challenge(&self, stale: bool) -> Reply {
        let number = self.challenges.fetch_add(1, Ordering::Relaxed);
        let mut challenges = self.digest.challenges(self.now(), number, stale).into_iter();
        let Some(first) = challenges.next() else {
            tracing::error!(
                realm = self.digest.realm(),
                "no challenge can be made: the realm or the algorithms are wrong"
            );
            return StatusCode::SERVER_INTERNAL_ERROR.into();
        };
        if self.is_proxy {
            let more = |reply: Reply, next| reply.with(Header(ProxyAuthenticate::new(next)));
            challenges.fold(Reply::proxy_authentication_required(first), more)
        } else {
            let more = |reply: Reply, next| reply.with(Header(WwwAuthenticate::new(next)));
            challenges.fold(Reply::unauthorized(first), more)
        }
    }
}

impl<U: Users> Plug for DigestAuth<U> {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        let Some(claim) = self.claim(&request) else {
            if self.has_credentials(&request) {
                self.log_refusal("they are for another realm, or answer no challenge of this server");
            }
            return self.challenge(false);
        };
        let realm = self.digest.realm();
        let secret = self.users.secret(claim.username(), realm).await;
        match self
            .digest
            .judge(&claim, secret.as_ref(), request.message(), self.now())
        {
            CredentialsVerdict::Right => {
                let user = User {
                    name: claim.username().to_owned(),
                    realm: realm.to_owned(),
                };
                next.run(request.with(user)).await
            }
            CredentialsVerdict::Wrong => {
                self.log_refusal(match secret {
                    Some(_) => "the password is wrong",
                    None => "there is no such user",
                });
                self.challenge(false)
            }
            CredentialsVerdict::Stale => {
                self.log_refusal("the nonce is too old, or was used before");
                self.challenge(true)
            }
        }
    }
}

/// Shows the realm, and nothing of the users.
impl<U> std::fmt::Debug for DigestAuth<U> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DigestAuth")
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}
