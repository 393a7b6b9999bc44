//! The hashes of Digest, and what is hashed (RFC 7616 §3.4, RFC 8760).

use md5::Md5;
use sha2::digest::Digest as _;
use sha2::{Sha256, Sha512_256};
use spigot_parser::header::Algorithm;

/// A hash that credentials are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// MD5, for old peers (RFC 8760 §3).
    Md5,
    /// SHA-256.
    Sha256,
    /// SHA-512/256.
    Sha512_256,
}

impl Hash {
    /// Returns the hash of an algorithm; `None` for one that is not known here. `-sess` has the hash of its
    /// base.
    pub fn of(algorithm: &Algorithm) -> Option<Hash> {
        if [Algorithm::MD5, Algorithm::MD5_SESS].contains(algorithm) {
            Some(Hash::Md5)
        } else if [Algorithm::SHA_256, Algorithm::SHA_256_SESS].contains(algorithm) {
            Some(Hash::Sha256)
        } else if [Algorithm::SHA_512_256, Algorithm::SHA_512_256_SESS].contains(algorithm) {
            Some(Hash::Sha512_256)
        } else {
            None
        }
    }

    /// Hashes the parts with colons between them, and gives hexadecimal digits.
    pub fn of_parts(self, parts: &[&[u8]]) -> String {
        let mut joined = Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum());
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                joined.push(b':');
            }
            joined.extend_from_slice(part);
        }
        match self {
            Hash::Md5 => hex(&Md5::digest(&joined)),
            Hash::Sha256 => hex(&Sha256::digest(&joined)),
            Hash::Sha512_256 => hex(&Sha512_256::digest(&joined)),
        }
    }

    /// Computes `H(username:realm:password)`, which is kept in the place of a password.
    ///
    /// ```
    /// use spigot::proto::digest::Hash;
    ///
    /// let ha1 = Hash::Md5.ha1("Mufasa", "testrealm@host.com", "Circle Of Life");
    /// assert_eq!(ha1, "939e7578ed9e3c518a452acee763bce9");
    /// ```
    pub fn ha1(self, username: &str, realm: &str, password: &str) -> String {
        self.of_parts(&[username.as_bytes(), realm.as_bytes(), password.as_bytes()])
    }
}

/// The values that a response is computed of, besides the secret.
#[derive(Clone, Copy, Debug)]
pub struct Computed<'a> {
    /// The algorithm, which says the hash and whether the secret is of the session.
    pub algorithm: &'a Algorithm,
    /// The server's nonce.
    pub nonce: &'a str,
    /// `qop`, if there is one, with the nonce count as it is written and the client's nonce.
    pub qop: Option<(&'a str, &'a str, &'a str)>,
    /// The client's nonce, which a `-sess` algorithm takes even without `qop`.
    pub cnonce: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// `uri` as it is written in the credentials.
    pub uri: &'a str,
    /// The body, which `auth-int` protects.
    pub body: &'a [u8],
}

impl Computed<'_> {
    /// The `response` that belongs to `ha1`; `None` for an algorithm that is not known here.
    ///
    /// ```text
    /// response = H( H(A1) : nonce : nc : cnonce : qop : H(A2) )
    /// A1       = username:realm:password, and for -sess H(those):nonce:cnonce
    /// A2       = method:uri, and for auth-int also H(body)
    /// ```
    pub fn response(&self, ha1: &str) -> Option<String> {
        let hash = Hash::of(self.algorithm)?;
        let of = |parts: &[&str]| {
            let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
            hash.of_parts(&parts)
        };
        let session;
        let ha1 = if self.algorithm.is_session() {
            session = of(&[ha1, self.nonce, self.cnonce]);
            &session
        } else {
            ha1
        };
        let ha2 = match self.qop {
            Some((qop, ..)) if qop.eq_ignore_ascii_case("auth-int") => {
                of(&[self.method, self.uri, &hash.of_parts(&[self.body])])
            }
            _ => of(&[self.method, self.uri]),
        };
        Some(match self.qop {
            Some((qop, count, cnonce)) => of(&[ha1, self.nonce, count, cnonce, qop, &ha2]),
            None => of(&[ha1, self.nonce, &ha2]),
        })
    }
}

/// Octets in hexadecimal digits, in lower case.
pub(super) fn hex(octets: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    octets
        .iter()
        .flat_map(|octet| [digit(octet >> 4), digit(*octet)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 2617 §3.5 and RFC 7616 §3.9.1.
    #[test]
    fn the_examples_of_the_rfcs_come_out_as_they_stand_there() {
        let old = Computed {
            algorithm: &Algorithm::MD5,
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            qop: Some(("auth", "00000001", "0a4f113b")),
            cnonce: "0a4f113b",
            method: "GET",
            uri: "/dir/index.html",
            body: b"",
        };
        let ha1 = Hash::Md5.ha1("Mufasa", "testrealm@host.com", "Circle Of Life");
        assert_eq!(old.response(&ha1).unwrap(), "6629fae49393a05397450978507c4ef1");

        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        for (algorithm, hash, response) in [
            (Algorithm::MD5, Hash::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (
                Algorithm::SHA_256,
                Hash::Sha256,
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let new = Computed {
                algorithm: &algorithm,
                nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                qop: Some(("auth", "00000001", cnonce)),
                cnonce,
                ..old
            };
            let ha1 = hash.ha1("Mufasa", "http-auth@example.org", "Circle of Life");
            assert_eq!(new.response(&ha1).unwrap(), response);
        }
    }

    #[test]
    fn a_body_a_session_and_an_unknown_algorithm_make_a_difference() {
        let of = |algorithm: &Algorithm, qop: &str, body: &[u8]| {
            Computed {
                algorithm,
                nonce: "n",
                qop: Some((qop, "00000001", "c")),
                cnonce: "c",
                method: "MESSAGE",
                uri: "sip:a",
                body,
            }
            .response("secret")
        };
        let plain = of(&Algorithm::SHA_512_256, "auth", b"");
        assert_eq!(of(&Algorithm::SHA_512_256, "auth", b"body"), plain);
        assert_ne!(of(&Algorithm::SHA_512_256, "auth-int", b"body"), plain);
        assert_ne!(
            of(&Algorithm::SHA_512_256, "auth-int", b"body"),
            of(&Algorithm::SHA_512_256, "auth-int", b"bodY")
        );
        assert_ne!(of(&Algorithm::SHA_512_256_SESS, "auth", b""), plain);
        assert_eq!(of(&"AKAv1-MD5".parse().unwrap(), "auth", b""), None);
    }
}
