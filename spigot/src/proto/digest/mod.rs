//! Digest authentication: challenges, whether credentials are right, and a client's credentials ([RFC 3261
//! §22](https://www.rfc-editor.org/rfc/rfc3261#section-22), [RFC
//! 7616](https://www.rfc-editor.org/rfc/rfc7616), [RFC 8760](https://www.rfc-editor.org/rfc/rfc8760)).
//!
//! This module reads no clock and makes no random number: it is told the time in seconds, and each nonce's
//! number. A server ([`Digest`]) keeps nothing for a challenge. It counts the uses of a nonce once somebody
//! has used it rightly. A client ([`Login`]) keeps the challenges that it has answered.

mod hash;
mod login;
mod nonce;

use std::sync::{Mutex, PoisonError};

use spigot_parser::Request;
use spigot_parser::header::{Algorithm, Challenge, Credentials, Qop};
use subtle::ConstantTimeEq;

pub use hash::{Computed, Hash};
pub use login::{AnsweredRealms, Login};

use nonce::{Nonce, Nonces, Refused, Uses};

/// The Digest authentication of a server: its realm, its algorithms, and the uses of its nonces.
pub struct Digest {
    realm: String,
    algorithms: Vec<Algorithm>,
    qop: Vec<Qop>,
    nonces: Nonces,
    /// Whether credentials without `qop` are judged.
    allows_rfc2069: bool,
    /// How long a nonce is good, in seconds.
    life: u64,
    most_nonces: usize,
    /// The uses of nonces. They are locked for a look-up only, and hashes are computed before.
    uses: Mutex<Uses>,
}

/// A claim: credentials for this realm, with a nonce that was given here.
#[derive(Clone, Debug)]
pub struct Claim {
    credentials: Credentials,
    username: String,
    algorithm: Algorithm,
    hash: Hash,
    nonce: Nonce,
    count: u32,
}

/// The secret of a user.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The password.
    Password(String),
    /// `H(username:realm:password)` by each hash that is known, in hexadecimal digits.
    Ha1(Vec<(Hash, String)>),
}

/// The verdict on a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialsVerdict {
    /// The claim is right.
    Right,
    /// The claim is wrong.
    Wrong,
    /// The claim is right but for its nonce, which is too old or was used before. The client may try again
    /// with another and need not ask its user.
    Stale,
}

impl Digest {
    /// Makes the authentication of a realm, with the algorithms that are offered, the best first, and a
    /// secret key.
    pub fn new(
        realm: impl Into<String>,
        algorithms: impl IntoIterator<Item = Algorithm>,
        key: [u8; 32],
    ) -> Digest {
        Digest {
            realm: realm.into(),
            algorithms: algorithms
                .into_iter()
                .filter(|algorithm| Hash::of(algorithm).is_some())
                .collect(),
            qop: vec![Qop::AUTH],
            nonces: Nonces::new(key),
            allows_rfc2069: false,
            life: 300,
            most_nonces: 100_000,
            uses: Mutex::default(),
        }
    }

    /// Sets the qualities of protection that are offered, the best first.
    #[must_use]
    pub fn with_qop(mut self, qop: impl IntoIterator<Item = Qop>) -> Digest {
        self.qop = qop.into_iter().collect();
        self
    }

    /// Lets in who answers a challenge without `qop`, as [RFC 2069](https://www.rfc-editor.org/rfc/rfc2069) had
    /// it. Only MD5 was there then, and no other algorithm is answered so.
    ///
    /// [RFC 3261 §22.4](https://www.rfc-editor.org/rfc/rfc3261#section-22.4), item 8:
    /// > since RFC 2543 was based on RFC 2069, the "qop" parameter must unfortunately remain optional for
    /// > clients and servers to receive.
    ///
    /// Such credentials have no count, so a nonce is good for one of them. A second one with it is
    /// [stale](CredentialsVerdict::Stale).
    #[must_use]
    pub fn with_rfc2069(mut self, allowed: bool) -> Digest {
        self.allows_rfc2069 = allowed;
        self
    }

    /// Sets for how many seconds nonces are good.
    #[must_use]
    pub fn with_life(mut self, seconds: u64) -> Digest {
        self.life = seconds;
        self
    }

    /// Sets how many nonces may be in use at once. Beyond that, credentials are
    /// [stale](CredentialsVerdict::Stale).
    #[must_use]
    pub fn with_most_nonces(mut self, most: usize) -> Digest {
        self.most_nonces = most;
        self
    }

    /// Returns the realm.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Makes a challenge for each algorithm, all with the one nonce of that number.
    ///
    /// [RFC 8760 §2.4](https://www.rfc-editor.org/rfc/rfc8760#section-2.4) has the server name the one that
    /// it likes best first.
    pub fn challenges(&self, now: u64, number: u64, stale: bool) -> Vec<Challenge> {
        let nonce = self.nonces.write(Nonce { made: now, number });
        let one = |algorithm: &Algorithm| {
            let challenge = Challenge::digest(&self.realm, &nonce)?
                .with_algorithm(algorithm.clone())?
                .with_qop(self.qop.iter().cloned())?;
            match stale {
                true => challenge.with_stale(true),
                false => Ok(challenge),
            }
        };
        self.algorithms
            .iter()
            .filter_map(|algorithm| one(algorithm).ok())
            .collect()
    }

    /// Finds the first credentials that can be judged: they are for this realm, use what was offered, and
    /// have a nonce that was given here.
    pub fn claim(&self, credentials: impl IntoIterator<Item = Credentials>) -> Option<Claim> {
        credentials
            .into_iter()
            .find_map(|credentials| self.claimed(credentials))
    }

    fn claimed(&self, credentials: Credentials) -> Option<Claim> {
        if !credentials.is_digest() || credentials.realm()? != self.realm || credentials.userhash() {
            return None;
        }
        let algorithm = credentials.algorithm().unwrap_or(Algorithm::MD5);
        if !self.algorithms.contains(&algorithm) {
            return None;
        }
        let count = if credentials.param("qop").is_some() {
            if !self.qop.contains(&credentials.qop()?) {
                return None;
            }
            credentials.cnonce()?;
            credentials.nonce_count()?
        } else {
            // RFC 3261 §22.4, item 8: who is offered a `qop` uses one.
            if !self.allows_rfc2069 || algorithm != Algorithm::MD5 {
                return None;
            }
            1
        };
        credentials.response()?;
        credentials.param("uri")?;
        Some(Claim {
            username: credentials.username()?.into_owned(),
            hash: Hash::of(&algorithm)?,
            nonce: self.nonces.read(&credentials.nonce()?)?,
            count,
            algorithm,
            credentials,
        })
    }

    /// Judges a claim that came with `request`, by the secret of its user. `None` is the secret of nobody.
    ///
    /// The digest is computed with the `uri` of the credentials. That is not compared with the Request-URI: a
    /// proxy on the way may have changed the one and cannot change the other, and there are clients that
    /// write the server's address. Whoever has listened gains nothing by it, because a nonce count is taken
    /// once.
    pub fn judge(
        &self,
        claim: &Claim,
        secret: Option<&Secret>,
        request: &Request,
        now: u64,
    ) -> CredentialsVerdict {
        // As much is done for nobody as for somebody.
        let ha1 = match secret {
            Some(secret) => secret.ha1(claim.hash, &claim.username, &self.realm),
            None => Some(claim.hash.ha1(&claim.username, &self.realm, "")),
        };
        let right = ha1.is_some_and(|ha1| claim.is_right(&ha1, request)) && secret.is_some();
        if !right {
            return CredentialsVerdict::Wrong;
        }
        let oldest = now.saturating_sub(self.life);
        if claim.nonce.made < oldest {
            return CredentialsVerdict::Stale;
        }
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        match uses.take(claim.nonce, claim.count, oldest, self.most_nonces) {
            Ok(()) => CredentialsVerdict::Right,
            Err(Refused::Again | Refused::Full) => CredentialsVerdict::Stale,
        }
    }
}

impl Claim {
    /// Returns the name of the user in the claim.
    pub fn username(&self) -> &str {
        &self.username
    }

    fn is_right(&self, ha1: &str, request: &Request) -> bool {
        let credentials = &self.credentials;
        let parts = (
            credentials.nonce(),
            credentials.param("uri"),
            credentials.response(),
        );
        let (Some(nonce), Some(uri), Some(response)) = parts else {
            return false;
        };
        let (qop, count) = (credentials.param("qop"), credentials.param("nc"));
        let cnonce = credentials.cnonce().unwrap_or_default();
        let quality = match (&qop, &count) {
            (Some(qop), Some(count)) => Some((&**qop, &**count, &*cnonce)),
            (None, _) => None,
            (Some(_), None) => return false,
        };
        let computed = Computed {
            algorithm: &self.algorithm,
            nonce: &nonce,
            qop: quality,
            cnonce: &cnonce,
            method: request.method().as_str(),
            uri: &uri,
            body: request.body(),
        };
        let Some(computed) = computed.response(&ha1.to_ascii_lowercase()) else {
            return false;
        };
        computed
            .as_bytes()
            .ct_eq(response.to_ascii_lowercase().as_bytes())
            .into()
    }
}

impl Secret {
    fn ha1(&self, hash: Hash, username: &str, realm: &str) -> Option<String> {
        match self {
            Secret::Password(password) => Some(hash.ha1(username, realm, password)),
            Secret::Ha1(all) => all.iter().find(|(of, _)| *of == hash).map(|(_, ha1)| ha1.clone()),
        }
    }
}

/// Shows nothing of the secret.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Shows no key.
impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Digest")
            .field("realm", &self.realm)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [1; 32];

    fn request(body: &'static str) -> Request {
        Request::parse(format!(
            "MESSAGE sip:b@example.com SIP/2.0\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
        .unwrap()
    }

    /// What a client answers to the challenge.
    fn answer(
        challenge: &Challenge,
        qop: Qop,
        password: &str,
        count: u32,
        body: &'static str,
    ) -> Credentials {
        let realm = challenge.realm().unwrap();
        let nonce = challenge.nonce().unwrap();
        let algorithm = challenge.algorithm().unwrap();
        let computed = Computed {
            algorithm: &algorithm,
            nonce: &nonce,
            qop: Some((qop.as_str(), &format!("{count:08x}"), "c")),
            cnonce: "c",
            method: "MESSAGE",
            uri: "sip:b@example.com",
            body: body.as_bytes(),
        };
        let ha1 = Hash::of(&algorithm).unwrap().ha1("alice", &realm, password);
        let uri = "sip:b@example.com".parse().unwrap();
        Credentials::digest("alice", &realm, &nonce, &uri, &computed.response(&ha1).unwrap())
            .unwrap()
            .with_algorithm(algorithm)
            .unwrap()
            .with_qop(qop, count, "c")
            .unwrap()
    }

    fn secret() -> Secret {
        Secret::Password("secret".to_owned())
    }

    fn judge(
        digest: &Digest,
        credentials: Credentials,
        body: &'static str,
        now: u64,
    ) -> Option<CredentialsVerdict> {
        let claim = digest.claim([credentials])?;
        assert_eq!(claim.username(), "alice");
        Some(digest.judge(&claim, Some(&secret()), &request(body), now))
    }

    #[test]
    fn every_algorithm_and_quality_tells_right_from_wrong() {
        let all = [
            Algorithm::SHA_512_256,
            Algorithm::SHA_512_256_SESS,
            Algorithm::SHA_256,
            Algorithm::SHA_256_SESS,
            Algorithm::MD5,
            Algorithm::MD5_SESS,
        ];
        let digest = Digest::new("example.com", all.clone(), KEY).with_qop([Qop::AUTH_INT, Qop::AUTH]);
        let challenges = digest.challenges(100, 1, false);
        let offered: Vec<_> = challenges.iter().filter_map(Challenge::algorithm).collect();
        assert_eq!(offered, all);
        let mut count = 0;
        for challenge in &challenges {
            assert!(challenge.offers(&Qop::AUTH) && challenge.offers(&Qop::AUTH_INT) && !challenge.stale());
            for qop in [Qop::AUTH, Qop::AUTH_INT] {
                count += 1;
                let right = answer(challenge, qop.clone(), "secret", count, "body");
                let wrong = answer(challenge, qop.clone(), "Secret", count, "body");
                assert_eq!(
                    judge(&digest, wrong, "body", 100),
                    Some(CredentialsVerdict::Wrong)
                );
                let other_body = judge(&digest, right.clone(), "bodY", 100);
                let expected = if qop == Qop::AUTH {
                    CredentialsVerdict::Right
                } else {
                    CredentialsVerdict::Wrong
                };
                assert_eq!(other_body, Some(expected));
                let expected = if qop == Qop::AUTH {
                    CredentialsVerdict::Stale
                } else {
                    CredentialsVerdict::Right
                };
                assert_eq!(judge(&digest, right, "body", 100), Some(expected));
            }
        }
    }

    #[test]
    fn a_nonce_ages_and_a_count_counts_once() {
        let digest = Digest::new("example.com", [Algorithm::MD5], KEY).with_life(300);
        let challenge = &digest.challenges(1000, 1, false)[0];
        let of = |count| answer(challenge, Qop::AUTH, "secret", count, "");
        assert_eq!(judge(&digest, of(1), "", 1300), Some(CredentialsVerdict::Right));
        assert_eq!(judge(&digest, of(1), "", 1300), Some(CredentialsVerdict::Stale));
        assert_eq!(judge(&digest, of(2), "", 1300), Some(CredentialsVerdict::Right));
        assert_eq!(judge(&digest, of(3), "", 1301), Some(CredentialsVerdict::Stale));
        // Who does not know the password is not told that the nonce is old.
        let wrong = answer(challenge, Qop::AUTH, "guess", 4, "");
        assert_eq!(judge(&digest, wrong, "", 1301), Some(CredentialsVerdict::Wrong));
        assert!(digest.challenges(1301, 2, true)[0].stale());
    }

    #[test]
    fn more_nonces_than_are_kept_are_stale() {
        let digest = Digest::new("example.com", [Algorithm::MD5], KEY).with_most_nonces(1);
        let of = |digest: &Digest, number, count| {
            answer(
                &digest.challenges(0, number, false)[0],
                Qop::AUTH,
                "secret",
                count,
                "",
            )
        };
        let (first, second) = (of(&digest, 1, 1), of(&digest, 2, 1));
        assert_eq!(judge(&digest, first, "", 0), Some(CredentialsVerdict::Right));
        assert_eq!(
            judge(&digest, second.clone(), "", 0),
            Some(CredentialsVerdict::Stale)
        );
        assert_eq!(judge(&digest, second, "", 301), Some(CredentialsVerdict::Stale));
    }

    #[test]
    fn what_was_not_offered_is_no_claim() {
        let digest = Digest::new("example.com", [Algorithm::SHA_256], KEY);
        let challenge = &digest.challenges(0, 1, false)[0];
        let right = answer(challenge, Qop::AUTH, "secret", 1, "");
        assert!(digest.claim([right.clone()]).is_some());
        let others = Digest::new("example.com", [Algorithm::SHA_256], [2; 32]);
        assert!(others.claim([right.clone()]).is_none(), "a nonce of another key");
        for (name, value) in [
            ("realm", "example.org"),
            ("algorithm", "MD5"),
            ("qop", "auth-int"),
            ("nonce", "0"),
        ] {
            let other = right.clone().with_param(name, value).unwrap();
            assert!(digest.claim([other]).is_none(), "{name}");
        }
        for name in ["qop", "cnonce", "nc", "response", "username", "uri"] {
            let other = right.clone().without_param(name);
            assert!(
                other.is_err() || digest.claim([other.unwrap()]).is_none(),
                "{name}"
            );
        }
        let second = digest.claim([right.clone().with_param("realm", "other").unwrap(), right]);
        assert!(
            second.is_some(),
            "the credentials of another realm stand before ours"
        );
    }

    /// What a client of RFC 2069 answers to the challenge.
    fn old_answer(challenge: &Challenge, password: &str) -> Credentials {
        let (realm, nonce) = (challenge.realm().unwrap(), challenge.nonce().unwrap());
        let algorithm = challenge.algorithm().unwrap();
        let computed = Computed {
            algorithm: &algorithm,
            nonce: &nonce,
            qop: None,
            cnonce: "",
            method: "MESSAGE",
            uri: "sip:b@example.com",
            body: b"",
        };
        let ha1 = Hash::of(&algorithm).unwrap().ha1("alice", &realm, password);
        let uri = "sip:b@example.com".parse().unwrap();
        Credentials::digest("alice", &realm, &nonce, &uri, &computed.response(&ha1).unwrap()).unwrap()
    }

    #[test]
    fn credentials_without_qop_are_judged_where_they_are_allowed_and_nowhere_else() {
        let strict = Digest::new("example.com", [Algorithm::MD5], KEY);
        let challenge = &strict.challenges(0, 1, false)[0];
        assert!(strict.claim([old_answer(challenge, "secret")]).is_none());

        let digest = Digest::new("example.com", [Algorithm::MD5], KEY).with_rfc2069(true);
        let (first, second) = (
            &digest.challenges(0, 1, false)[0],
            &digest.challenges(0, 2, false)[0],
        );
        assert!(first.offers(&Qop::AUTH), "all others are offered it still");
        let judged = |credentials| judge(&digest, credentials, "", 0);
        assert_eq!(
            judged(old_answer(first, "guess")),
            Some(CredentialsVerdict::Wrong)
        );
        assert_eq!(
            judged(old_answer(first, "secret")),
            Some(CredentialsVerdict::Right)
        );
        assert_eq!(
            judged(old_answer(first, "secret")),
            Some(CredentialsVerdict::Stale)
        );
        let named = old_answer(second, "secret")
            .with_algorithm(Algorithm::MD5)
            .unwrap();
        assert_eq!(judged(named), Some(CredentialsVerdict::Right));
        let full = answer(&digest.challenges(0, 3, false)[0], Qop::AUTH, "secret", 1, "");
        assert_eq!(judged(full), Some(CredentialsVerdict::Right));
    }

    #[test]
    fn credentials_without_qop_are_of_md5_alone() {
        for algorithm in [Algorithm::MD5_SESS, Algorithm::SHA_256] {
            let digest = Digest::new("example.com", [algorithm.clone()], KEY).with_rfc2069(true);
            let challenge = &digest.challenges(0, 1, false)[0];
            let answer = old_answer(challenge, "secret")
                .with_algorithm(algorithm.clone())
                .unwrap();
            assert!(digest.claim([answer]).is_none(), "{algorithm:?}");
        }
    }

    #[test]
    fn a_qop_that_was_not_offered_is_no_missing_one() {
        let digest = Digest::new("example.com", [Algorithm::MD5], KEY).with_rfc2069(true);
        let challenge = &digest.challenges(0, 1, false)[0];
        for qop in ["auth-int", "token", ""] {
            let odd = old_answer(challenge, "secret").with_param("qop", qop);
            assert!(odd.is_err() || digest.claim([odd.unwrap()]).is_none(), "{qop}");
        }
    }

    #[test]
    fn a_secret_may_be_kept_as_its_hash_and_nobody_has_none() {
        let digest = Digest::new("example.com", [Algorithm::MD5, Algorithm::SHA_256], KEY);
        let challenges = digest.challenges(0, 1, false);
        let hashed = Secret::Ha1(vec![(
            Hash::Md5,
            Hash::Md5.ha1("alice", "example.com", "secret").to_uppercase(),
        )]);
        let claim = digest
            .claim([answer(&challenges[0], Qop::AUTH, "secret", 1, "")])
            .unwrap();
        assert_eq!(
            digest.judge(&claim, Some(&hashed), &request(""), 0),
            CredentialsVerdict::Right
        );
        let other = digest
            .claim([answer(&challenges[1], Qop::AUTH, "secret", 2, "")])
            .unwrap();
        assert_eq!(
            digest.judge(&other, Some(&hashed), &request(""), 0),
            CredentialsVerdict::Wrong
        );
        let empty = digest
            .claim([answer(&challenges[0], Qop::AUTH, "", 3, "")])
            .unwrap();
        assert_eq!(
            digest.judge(&empty, None, &request(""), 0),
            CredentialsVerdict::Wrong
        );
    }
}
