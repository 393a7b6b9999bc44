//! Headers of authentication and security agreement.

use spigot_parser::header::{
    Algorithm, AuthenticationInfo, Authorization, Challenge, Credentials, ProxyAuthenticate,
    ProxyAuthorization, Qop, SecurityClient, SecurityServer, SecurityVerify, WwwAuthenticate,
};

use super::{family, params};
use crate::input::number;

/// Builds a security mechanism with everything that it can have.
macro_rules! mechanism {
    ($old:expr, $a:expr, $b:expr) => {
        [
            $old.clone()
                .with_q($b.len() as f32 / 8.0)
                .inspect(|new| assert_eq!(new.q(), Some($b.len() as f32 / 8.0))),
            Algorithm::from_token($a).and_then(|algorithm| $old.clone().with_digest_algorithm(algorithm)),
            Qop::from_token($a).and_then(|qop| $old.clone().with_digest_qop(qop)),
            $old.clone().with_digest_verify($b),
        ]
        .into_iter()
        .flatten()
    };
}

family! {
    AuthenticationInfo {
        read: |value| (
            (value.next_nonce(), value.qop(), value.response_auth()),
            (value.cnonce(), value.nonce_count(), value.params().count()),
        );
        built: |a, b| [
            AuthenticationInfo::new([(a, b)]).inspect(|new| assert_eq!(new.param(a).as_deref(), Some(b))),
        ];
        changed: |old, a, b| [
            old.clone().with_param(a, b).inspect(|new| assert_eq!(new.param(a).as_deref(), Some(b))),
            old.clone().with_next_nonce(a).inspect(|new| assert_eq!(new.next_nonce().as_deref(), Some(a))),
            Qop::from_token(a).and_then(|qop| old.clone().with_qop(qop)),
            old.clone().with_response_auth(a, number(b), b),
        ];
    }
    Authorization {
        read: |value| read_credentials(value.credentials());
        built: |a, b| [build_credentials(a, b).map(Authorization::new)];
        changed: |old, a, b| [change_credentials(old.credentials(), a, b).map(Authorization::new)];
    }
    ProxyAuthenticate {
        read: |value| read_challenge(value.challenge());
        built: |a, b| [build_challenges(a, b).map(ProxyAuthenticate::new)];
        changed: |old, a, b| [change_challenge(old.challenge(), a, b).map(ProxyAuthenticate::new)];
    }
    ProxyAuthorization {
        read: |value| value.credentials().as_str().len();
        built: |a, b| [Credentials::new("Digest", [(a, b)]).map(ProxyAuthorization::new)];
    }
    SecurityClient {
        read: |value| (value.mechanism(), value.q(), value.digest_algorithm(), value.digest_qop(), value.digest_verify());
        built: |a, _b| [SecurityClient::new(a).inspect(|new| assert_eq!(new.mechanism(), a))];
        changed: |old, a, b| [params!(old, a, b), mechanism!(old, a, b)];
    }
    SecurityServer {
        read: |value| (value.mechanism(), value.q(), value.digest_algorithm(), value.digest_qop(), value.digest_verify());
        built: |a, _b| [SecurityServer::new(a).inspect(|new| assert_eq!(new.mechanism(), a))];
        changed: |old, a, b| [params!(old, a, b), mechanism!(old, a, b)];
    }
    SecurityVerify {
        read: |value| (value.mechanism(), value.q(), value.digest_algorithm(), value.digest_qop(), value.digest_verify());
        built: |a, _b| [SecurityVerify::new(a).inspect(|new| assert_eq!(new.mechanism(), a))];
        changed: |old, a, b| [params!(old, a, b), mechanism!(old, a, b)];
    }
    WwwAuthenticate {
        read: |value| value.challenge().as_str().len();
        built: |a, b| [Challenge::new("Digest", [(a, b)]).map(WwwAuthenticate::new)];
    }
}

fn read_challenge(challenge: &Challenge) -> usize {
    let texts = [
        challenge.realm(),
        challenge.nonce(),
        challenge.opaque(),
        challenge.charset(),
    ];
    let length: usize = texts.iter().flatten().map(|text| text.len()).sum();
    let flags = [
        challenge.stale(),
        challenge.userhash(),
        challenge.is_digest(),
        challenge.algorithm().is_some(),
    ];
    length
        + challenge.qop().filter(|qop| challenge.offers(qop)).count()
        + challenge.domain().count()
        + challenge.params().count()
        + challenge.token68().map_or(0, str::len)
        + flags.iter().filter(|flag| **flag).count()
}

/// Reports whether the grammar allows both texts everywhere.
fn are_plain(texts: [&str; 2]) -> bool {
    texts
        .iter()
        .all(|text| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_alphanumeric()))
}

fn build_challenges(a: &str, b: &str) -> impl Iterator<Item = Challenge> {
    let digest = Challenge::digest(a, b).inspect(|new| {
        assert_eq!(
            (new.realm().as_deref(), new.nonce().as_deref()),
            (Some(a), Some(b))
        );
    });
    assert!(digest.is_ok() || !are_plain([a, b]), "{digest:?}");
    [digest, Challenge::new(a, [("realm", b)])].into_iter().flatten()
}

fn change_challenge(old: &Challenge, a: &str, b: &str) -> impl Iterator<Item = Challenge> {
    let qops = [a, b].into_iter().filter_map(|token| Qop::from_token(token).ok());
    let uris: Vec<_> = [a, b].into_iter().filter_map(|text| text.parse().ok()).collect();
    [
        old.clone()
            .with_param(a, b)
            .inspect(|new| assert_eq!(new.param(a).as_deref(), Some(b))),
        old.clone()
            .with_opaque(a)
            .inspect(|new| assert_eq!(new.opaque().as_deref(), Some(a))),
        old.clone().with_stale(a.is_empty()),
        old.clone().with_userhash(true),
        Algorithm::from_token(a).and_then(|algorithm| old.clone().with_algorithm(algorithm)),
        old.clone().with_qop(qops),
        old.clone().with_domain(&uris),
        old.clone()
            .without_param(a)
            .inspect(|new| assert_eq!(new.param(a), None)),
    ]
    .into_iter()
    .flatten()
}

fn read_credentials(credentials: &Credentials) -> usize {
    let texts = [
        credentials.username(),
        credentials.realm(),
        credentials.nonce(),
        credentials.response(),
        credentials.cnonce(),
        credentials.opaque(),
    ];
    let length: usize = texts.iter().flatten().map(|text| text.len()).sum();
    let flags = [
        credentials.is_digest(),
        credentials.userhash(),
        credentials.uri().is_some(),
        credentials.algorithm().is_some(),
        credentials.nonce_count().is_some(),
        credentials.qop().is_some(),
    ];
    length
        + credentials.params().count()
        + credentials.token68().map_or(0, str::len)
        + flags.iter().filter(|flag| **flag).count()
}

fn build_credentials(a: &str, b: &str) -> impl Iterator<Item = Credentials> {
    let digest = b
        .parse()
        .and_then(|uri| Credentials::digest(a, "realm", "nonce", &uri, ""));
    let digest = digest.inspect(|new| assert_eq!(new.username().as_deref(), Some(a)));
    [
        digest,
        Credentials::new(a, [("realm", b)]),
        Credentials::from_token68(a, b),
    ]
    .into_iter()
    .flatten()
}

fn change_credentials(old: &Credentials, a: &str, b: &str) -> impl Iterator<Item = Credentials> {
    [
        old.clone()
            .with_param(a, b)
            .inspect(|new| assert_eq!(new.param(a).as_deref(), Some(b))),
        old.clone().with_opaque(a),
        old.clone().with_userhash(a.is_empty()),
        old.clone()
            .with_extended_username(a)
            .inspect(|new| assert_eq!(new.username().as_deref(), Some(a))),
        Algorithm::from_token(a).and_then(|algorithm| old.clone().with_algorithm(algorithm)),
        Qop::from_token(a).and_then(|qop| old.clone().with_qop(qop, number(b), b)),
        old.clone()
            .without_param(a)
            .inspect(|new| assert_eq!(new.param(a), None)),
    ]
    .into_iter()
    .flatten()
}
