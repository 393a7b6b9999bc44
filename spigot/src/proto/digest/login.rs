//! Digest authentication, the client's side: what is answered to challenges.
//!
//! Invariant: credentials whose nonce was made for the very request that they were refused in, and not just
//! stale, are not tried again.

use spigot_parser::header::{
    Algorithm, Authorization, Challenge, Credentials, ProxyAuthenticate, ProxyAuthorization, Qop,
    WwwAuthenticate,
};
use spigot_parser::{HeaderName, ParseError, Request, Response, StatusCode};

use super::{Computed, Hash};

/// A user's name and password, and the challenges that they are answered to.
///
/// ```
/// use spigot::proto::digest::{AnsweredRealms, Login};
/// use spigot::sip::{HeaderName, Request, Response};
///
/// let mut login = Login::new("alice", "secret");
/// let challenge = "Digest realm=\"example.com\", nonce=\"84f1c1ae\", algorithm=SHA-256, qop=\"auth\"";
/// let refused = Response::parse(format!("SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\n\r\n"))?;
///
/// let mut request = Request::parse("REGISTER sip:example.com SIP/2.0\r\n\r\n")?;
/// let mut answered = AnsweredRealms::default();
/// assert!(login.challenged(&request, &refused, &mut answered));
/// login.authorize(&mut request, "0a4f113b")?;
/// assert!(request.headers().contains(&HeaderName::AUTHORIZATION));
///
/// assert!(!login.challenged(&request, &refused, &mut answered), "the password was wrong");
/// # Ok::<(), spigot::sip::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Login {
    username: String,
    password: String,
    answered: Vec<Answered>,
}

#[derive(Clone)]
struct Answered {
    by_proxy: bool,
    challenge: Challenge,
    algorithm: Algorithm,
    hash: Hash,
    /// How often its nonce was used.
    count: u32,
}

/// How many realms on the way are answered.
const MOST: usize = 8;

/// The realms whose challenges to one request were answered, by their places in its [`Login`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnsweredRealms(u8);

const _: () = assert!(MOST <= u8::BITS as usize, "each realm has a bit");

impl AnsweredRealms {
    fn contains(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }

    fn insert(&mut self, place: usize) {
        self.0 |= 1 << place;
    }
}

impl Login {
    /// About how many octets of memory it takes.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        let answered = self
            .answered
            .iter()
            .map(|answered| size_of::<Answered>() + answered.challenge.as_str().len());
        size_of::<Login>() + self.username.len() + self.password.len() + answered.sum::<usize>()
    }

    /// Makes the credentials of a user, in whatever realm they are asked for.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Login {
        Login {
            username: username.into(),
            password: password.into(),
            answered: Vec::new(),
        }
    }

    /// Takes the challenges of a 401 or 407 into account. Returns whether the request is worth sending again,
    /// with what [`authorize`](Login::authorize) adds.
    ///
    /// It is not if no challenge can be answered, or if the request had credentials that were refused and not
    /// just stale ([RFC 3261 §22.2](https://www.rfc-editor.org/rfc/rfc3261#section-22.2)). Credentials with a
    /// nonce that was used beforehand prove nothing when they are refused with another nonce: many servers let
    /// one expire and do not say `stale`. They are replaced once in each realm. `answered` remembers that for
    /// the request, and goes with it from one sending to the next.
    ///
    /// Of several challenges of a realm, the first that is understood is answered
    /// ([RFC 8760 §2.4](https://www.rfc-editor.org/rfc/rfc8760#section-2.4)).
    pub fn challenged(
        &mut self,
        request: &Request,
        response: &Response,
        answered: &mut AnsweredRealms,
    ) -> bool {
        let headers = response.headers();
        let challenges: Vec<Challenge> = match response.status() {
            StatusCode::UNAUTHORIZED => headers
                .all::<WwwAuthenticate>()
                .flatten()
                .map(Challenge::from)
                .collect(),
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => headers
                .all::<ProxyAuthenticate>()
                .flatten()
                .map(Challenge::from)
                .collect(),
            _ => return false,
        };
        let by_proxy = response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED;
        let mut taken: Vec<Answered> = Vec::new();
        for challenge in challenges {
            let Some((algorithm, hash)) = understood(&challenge) else {
                continue;
            };
            if taken.iter().any(|other| other.is_of(by_proxy, &challenge)) {
                continue;
            }
            if !challenge.stale()
                && let Some(nonce) = nonce_used(request, by_proxy, &challenge)
            {
                let place = self.place(by_proxy, &challenge);
                let was_answered = place.is_some_and(|place| answered.contains(place));
                if was_answered || nonce.as_deref() == challenge.nonce().as_deref() {
                    return false;
                }
            }
            taken.push(Answered {
                by_proxy,
                challenge,
                algorithm,
                hash,
                count: 0,
            });
        }
        let is_new = |new: &&Answered| self.place(by_proxy, &new.challenge).is_none();
        if taken.is_empty() || self.answered.len() + taken.iter().filter(is_new).count() > MOST {
            return false;
        }
        for new in taken {
            // A realm keeps its place.
            let place = self
                .place(by_proxy, &new.challenge)
                .unwrap_or(self.answered.len());
            answered.insert(place);
            match self.answered.get_mut(place) {
                Some(before) => *before = new,
                None => self.answered.push(new),
            }
        }
        true
    }

    /// Returns the place of the realm of a challenge.
    fn place(&self, by_proxy: bool, challenge: &Challenge) -> Option<usize> {
        let is_it = |answered: &Answered| answered.is_of(by_proxy, challenge);
        self.answered.iter().position(is_it)
    }

    /// Puts credentials for every challenge so far into a request, in the place of those that it has.
    /// `cnonce` is a nonce of the client's, another each time.
    ///
    /// # Errors
    ///
    /// If the credentials cannot be written: the name or `cnonce` has control characters.
    pub fn authorize(&mut self, request: &mut Request, cnonce: &str) -> Result<(), ParseError> {
        if self.answered.is_empty() {
            return Ok(());
        }
        let all: Vec<(bool, Credentials)> = self
            .answered
            .iter_mut()
            .map(|answered| {
                answered.count += 1;
                let credentials = answered.credentials(&self.username, &self.password, request, cnonce)?;
                Ok((answered.by_proxy, credentials))
            })
            .collect::<Result<_, ParseError>>()?;
        let headers = request.headers_mut();
        headers.remove(&HeaderName::AUTHORIZATION);
        headers.remove(&HeaderName::PROXY_AUTHORIZATION);
        for (by_proxy, credentials) in all {
            match by_proxy {
                true => headers.push_typed(&ProxyAuthorization::new(credentials)),
                false => headers.push_typed(&Authorization::new(credentials)),
            }
        }
        Ok(())
    }
}

/// Returns the nonce in the credentials that the request has for the realm of the challenge. `None` is that of
/// no credentials, `Some(None)` that of credentials without one.
fn nonce_used(request: &Request, by_proxy: bool, challenge: &Challenge) -> Option<Option<String>> {
    let headers = request.headers();
    let of_realm = |credentials: Credentials| {
        let is_it = credentials.realm() == challenge.realm();
        is_it.then(|| credentials.nonce().map(Into::into))
    };
    if by_proxy {
        let mut lines = headers.all::<ProxyAuthorization>().flatten();
        lines.find_map(|line| of_realm(line.into()))
    } else {
        let mut lines = headers.all::<Authorization>().flatten();
        lines.find_map(|line| of_realm(line.into()))
    }
}

/// Returns the algorithm of a challenge, if it and one of the qualities of protection are known here.
///
/// A challenge with control characters in its values is not understood, for credentials cannot repeat them.
fn understood(challenge: &Challenge) -> Option<(Algorithm, Hash)> {
    let (realm, nonce) = (challenge.realm()?, challenge.nonce()?);
    let opaque = challenge.opaque().unwrap_or_default();
    if [realm, nonce, opaque]
        .iter()
        .any(|value| value.contains(char::is_control))
    {
        return None;
    }
    let offers_none = challenge.qop().next().is_none();
    let algorithm = challenge.algorithm()?;
    let hash = Hash::of(&algorithm)?;
    (offers_none || quality(challenge).is_some()).then_some((algorithm, hash))
}

/// Chooses `auth` where it is offered, because elements on the way may change a body, and `auth-int`
/// otherwise.
fn quality(challenge: &Challenge) -> Option<Qop> {
    [Qop::AUTH, Qop::AUTH_INT]
        .into_iter()
        .find(|qop| challenge.offers(qop))
}

impl Answered {
    fn is_of(&self, by_proxy: bool, challenge: &Challenge) -> bool {
        self.by_proxy == by_proxy && self.challenge.realm() == challenge.realm()
    }

    fn credentials(
        &self,
        username: &str,
        password: &str,
        request: &Request,
        cnonce: &str,
    ) -> Result<Credentials, ParseError> {
        let challenge = &self.challenge;
        let realm = challenge.realm().unwrap_or_default();
        let nonce = challenge.nonce().unwrap_or_default();
        let qop = quality(challenge);
        let count = format!("{:08x}", self.count);
        let computed = Computed {
            algorithm: &self.algorithm,
            nonce: &nonce,
            qop: qop.as_ref().map(|qop| (qop.as_str(), &*count, cnonce)),
            cnonce,
            method: request.method().as_str(),
            uri: request.uri().as_str(),
            body: request.body(),
        };
        let ha1 = self.hash.ha1(username, &realm, password);
        let response = computed.response(&ha1).unwrap_or_default();
        let mut credentials = Credentials::digest(username, &realm, &nonce, request.uri(), &response)?;
        // What the server does not name, old servers do not understand.
        if challenge.params().contains("algorithm") {
            credentials = credentials.with_algorithm(self.algorithm.clone())?;
        }
        if let Some(opaque) = challenge.opaque() {
            credentials = credentials.with_opaque(&opaque)?;
        }
        match qop {
            Some(qop) => credentials.with_qop(qop, self.count, cnonce),
            None => Ok(credentials),
        }
    }
}

/// Shows no password.
impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CredentialsVerdict, Digest, Secret};
    use super::*;

    const EMPTY: &str = "REGISTER sip:example.com SIP/2.0\r\nContent-Length: 0\r\n\r\n";

    fn response(status: &str, challenges: &[Challenge]) -> Response {
        let name = match status.starts_with('4') && status.contains("Proxy") {
            true => "Proxy-Authenticate",
            false => "WWW-Authenticate",
        };
        let lines: String = challenges
            .iter()
            .map(|challenge| format!("{name}: {}\r\n", challenge.as_str()))
            .collect();
        Response::parse(format!("SIP/2.0 {status}\r\n{lines}\r\n")).unwrap()
    }

    fn unauthorized(challenges: &[Challenge]) -> Response {
        response("401 Unauthorized", challenges)
    }

    /// What the server says to the request, if it has credentials for it.
    fn judge(digest: &Digest, request: &Request, now: u64) -> Option<CredentialsVerdict> {
        let lines = request.headers().all::<Authorization>().flatten();
        let claim = digest.claim(lines.map(Credentials::from))?;
        let secret = Secret::Password("secret".to_owned());
        Some(digest.judge(&claim, Some(&secret), request, now))
    }

    #[test]
    fn every_algorithm_and_quality_is_answered_rightly() {
        for algorithm in [
            Algorithm::MD5,
            Algorithm::MD5_SESS,
            Algorithm::SHA_256,
            Algorithm::SHA_256_SESS,
            Algorithm::SHA_512_256,
        ] {
            for qop in [Qop::AUTH, Qop::AUTH_INT] {
                let digest = Digest::new("example.com", [algorithm.clone()], [3; 32]).with_qop([qop.clone()]);
                let (mut login, mut answered) = (Login::new("alice", "secret"), AnsweredRealms::default());
                let mut request = Request::parse(EMPTY).unwrap();
                request.set_body("text/plain", "a body").unwrap();
                assert!(login.challenged(
                    &request,
                    &unauthorized(&digest.challenges(0, 1, false)),
                    &mut answered
                ));
                for _ in 0..2 {
                    login.authorize(&mut request, "c").unwrap();
                    assert_eq!(
                        judge(&digest, &request, 0),
                        Some(CredentialsVerdict::Right),
                        "{algorithm:?} {qop:?}"
                    );
                    assert_eq!(request.headers().get_all(&HeaderName::AUTHORIZATION).count(), 1);
                }
            }
        }
    }

    #[test]
    fn a_stale_nonce_is_replaced_and_a_wrong_password_is_not_tried_again() {
        let digest = Digest::new("example.com", [Algorithm::MD5], [3; 32]);
        let (mut login, mut answered) = (Login::new("alice", "secret"), AnsweredRealms::default());
        let mut request = Request::parse(EMPTY).unwrap();
        assert!(login.challenged(
            &request,
            &unauthorized(&digest.challenges(0, 1, false)),
            &mut answered
        ));
        login.authorize(&mut request, "c").unwrap();
        assert_eq!(judge(&digest, &request, 400), Some(CredentialsVerdict::Stale));
        assert!(login.challenged(
            &request,
            &unauthorized(&digest.challenges(400, 2, true)),
            &mut answered
        ));
        login.authorize(&mut request, "c").unwrap();
        assert_eq!(judge(&digest, &request, 400), Some(CredentialsVerdict::Right));
        assert!(!login.challenged(
            &request,
            &unauthorized(&digest.challenges(400, 3, false)),
            &mut answered
        ));
    }

    /// A challenge with this nonce that does not say `stale`.
    fn challenge(realm: &str, nonce: &str, qop: bool) -> Challenge {
        let challenge = Challenge::digest(realm, nonce).unwrap();
        if qop {
            challenge.with_qop([Qop::AUTH]).unwrap()
        } else {
            challenge
        }
    }

    #[test]
    fn a_nonce_that_was_used_beforehand_is_replaced_once_in_each_request() {
        for qop in [true, false] {
            let refused = |nonce: &str| unauthorized(&[challenge("example.com", nonce, qop)]);
            let mut login = Login::new("alice", "secret");
            let mut first = Request::parse(EMPTY).unwrap();
            assert!(login.challenged(&first, &refused("one"), &mut AnsweredRealms::default()));
            login.authorize(&mut first, "c").unwrap();

            for (stale, renewed) in [("two", "three"), ("four", "five")] {
                let (mut later, mut answered) = (Request::parse(EMPTY).unwrap(), AnsweredRealms::default());
                login.authorize(&mut later, "c").unwrap();
                assert!(
                    login.challenged(&later, &refused(stale), &mut answered),
                    "qop: {qop}"
                );
                login.authorize(&mut later, "c").unwrap();
                assert!(!login.challenged(&later, &refused(renewed), &mut answered));
            }
        }
    }

    #[test]
    fn the_nonce_that_was_used_beforehand_is_refused_for_good_by_itself() {
        let refused = unauthorized(&[challenge("example.com", "one", true)]);
        let mut login = Login::new("alice", "secret");
        let mut request = Request::parse(EMPTY).unwrap();
        assert!(login.challenged(&request, &refused, &mut AnsweredRealms::default()));
        login.authorize(&mut request, "c").unwrap();
        assert!(!login.challenged(&request, &refused, &mut AnsweredRealms::default()));
    }

    #[test]
    fn two_realms_that_take_each_nonce_once_come_to_an_end() {
        let (mut login, mut answered) = (Login::new("alice", "secret"), AnsweredRealms::default());
        let mut request = Request::parse(EMPTY).unwrap();
        for (realm, nonce, is_answered) in [
            ("a.example", "a1", true),
            ("b.example", "b1", true),
            ("a.example", "a2", false),
            ("b.example", "b2", false),
        ] {
            let refused = unauthorized(&[challenge(realm, nonce, true)]);
            assert_eq!(
                login.challenged(&request, &refused, &mut answered),
                is_answered,
                "{nonce}"
            );
            login.authorize(&mut request, "c").unwrap();
        }
    }

    #[test]
    fn credentials_of_the_callers_own_are_replaced_once() {
        let (mut login, mut answered) = (Login::new("alice", "secret"), AnsweredRealms::default());
        let mut request = Request::parse(EMPTY).unwrap();
        let own = "Digest username=\"alice\", realm=\"example.com\", nonce=\"kept\", uri=\"sip:example.com\", \
                   response=\"0123456789abcdef0123456789abcdef\"";
        request
            .headers_mut()
            .push(HeaderName::AUTHORIZATION, own)
            .unwrap();
        let refused = |nonce: &str| unauthorized(&[challenge("example.com", nonce, true)]);
        assert!(login.challenged(&request, &refused("one"), &mut answered));
        login.authorize(&mut request, "c").unwrap();
        assert!(!login.challenged(&request, &refused("two"), &mut answered));
    }

    #[test]
    fn the_first_challenge_of_a_realm_that_is_understood_is_answered() {
        let digest = |algorithm| {
            Digest::new("example.com", [algorithm], [3; 32])
                .challenges(0, 1, false)
                .remove(0)
        };
        let unknown = Challenge::new(
            "Digest",
            [
                ("realm", "example.com"),
                ("nonce", "n"),
                ("algorithm", "AKAv1-MD5"),
            ],
        );
        let challenges = [
            unknown.unwrap(),
            digest(Algorithm::SHA_256),
            digest(Algorithm::MD5),
        ];
        let (mut login, mut answered) = (Login::new("alice", "secret"), AnsweredRealms::default());
        let mut request = Request::parse(EMPTY).unwrap();
        assert!(login.challenged(&request, &unauthorized(&challenges), &mut answered));
        login.authorize(&mut request, "c").unwrap();
        let credentials = request.headers().typed::<Authorization>().unwrap().unwrap();
        assert_eq!(credentials.credentials().algorithm(), Some(Algorithm::SHA_256));

        let (mut login, mut answered) = (Login::new("alice", "secret"), AnsweredRealms::default());
        assert!(
            !login.challenged(&request, &unauthorized(&challenges[..1]), &mut answered),
            "none is understood"
        );
        assert!(!login.challenged(&request, &unauthorized(&[]), &mut answered));
        assert!(!login.challenged(&request, &response("403 Forbidden", &challenges), &mut answered));
    }

    #[test]
    fn a_challenge_whose_values_cannot_be_repeated_is_not_answered() {
        for challenge in [
            "Digest realm=\"a\\\u{1}b\", nonce=\"n\"",
            "Digest realm=\"a\", nonce=\"n\\\u{7f}\"",
            "Digest realm=\"a\", nonce=\"n\", opaque=\"\\\u{1b}\"",
        ] {
            let line = format!("SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\n\r\n");
            let refused = Response::parse(line).unwrap();
            let read = refused.headers().all::<WwwAuthenticate>();
            assert_eq!(read.flatten().count(), 1, "{challenge:?} is in the grammar");
            let (mut login, mut answered) = (Login::new("alice", "secret"), AnsweredRealms::default());
            let mut request = Request::parse(EMPTY).unwrap();
            assert!(
                !login.challenged(&request, &refused, &mut answered),
                "{challenge:?}"
            );
            login.authorize(&mut request, "c").unwrap();
            assert!(!request.headers().contains(&HeaderName::AUTHORIZATION));
        }
    }

    #[test]
    fn a_proxy_on_the_way_has_its_own_credentials_and_counts() {
        let proxy = Digest::new("proxy.example.com", [Algorithm::MD5], [4; 32]);
        let server = Digest::new("example.com", [Algorithm::MD5], [5; 32]);
        let (mut login, mut answered) = (Login::new("alice", "secret"), AnsweredRealms::default());
        let mut request = Request::parse(EMPTY).unwrap();
        assert!(login.challenged(
            &request,
            &response("407 Proxy", &proxy.challenges(0, 1, false)),
            &mut answered
        ));
        login.authorize(&mut request, "c").unwrap();
        assert!(login.challenged(
            &request,
            &unauthorized(&server.challenges(0, 1, false)),
            &mut answered
        ));
        login.authorize(&mut request, "d").unwrap();
        let of_proxy = request.headers().typed::<ProxyAuthorization>().unwrap().unwrap();
        assert_eq!(of_proxy.credentials().nonce_count(), Some(2));
        let of_server = request.headers().typed::<Authorization>().unwrap().unwrap();
        assert_eq!(of_server.credentials().nonce_count(), Some(1));
    }

    #[test]
    fn an_old_server_gets_what_it_knows() {
        let old = Challenge::digest("example.com", "n")
            .unwrap()
            .with_opaque("o")
            .unwrap();
        let (mut login, mut answered) = (Login::new("alice", "secret"), AnsweredRealms::default());
        let mut request = Request::parse(EMPTY).unwrap();
        assert!(login.challenged(&request, &unauthorized(&[old]), &mut answered));
        login.authorize(&mut request, "c").unwrap();
        let credentials = request.headers().typed::<Authorization>().unwrap().unwrap();
        let credentials = credentials.credentials();
        assert_eq!(credentials.opaque().as_deref(), Some("o"));
        for name in ["qop", "nc", "cnonce", "algorithm"] {
            assert_eq!(credentials.param(name), None, "{name}");
        }
        let ha1 = Hash::Md5.ha1("alice", "example.com", "secret");
        let ha2 = Hash::Md5.of_parts(&[b"REGISTER", b"sip:example.com"]);
        let expected = Hash::Md5.of_parts(&[ha1.as_bytes(), b"n", ha2.as_bytes()]);
        assert_eq!(credentials.response().as_deref(), Some(&*expected));
    }
}
