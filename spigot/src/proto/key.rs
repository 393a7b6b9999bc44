//! How a message finds its transaction or dialog: 128-bit keyed digests of what RFC 3261 compares.
//!
//! The invariant: two messages have the same key exactly when §17.1.3, §17.2.3 or §12 says that they belong
//! together. The hash is keyed with the shard's seed, so a peer cannot make two of them collide.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use siphasher::sip128::{Hasher128, SipHasher13};
use spigot_parser::{Essentials, HeaderName, Method, Uri};

/// Names a server transaction: what [RFC 3261 §17.2.3] compares, digested.
///
/// [RFC 3261 §17.2.3]: https://www.rfc-editor.org/rfc/rfc3261#section-17.2.3
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerKey(pub(crate) [u8; 16]);

/// Names a client transaction: what [RFC 3261 §17.1.3] compares, digested.
///
/// [RFC 3261 §17.1.3]: https://www.rfc-editor.org/rfc/rfc3261#section-17.1.3
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientKey(pub(crate) [u8; 16]);

/// Names a dialog: Call-ID, local tag and remote tag, digested.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DialogKey(pub(crate) [u8; 16]);

macro_rules! digest {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", u128::from_be_bytes(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                state.write_u64((u128::from_be_bytes(self.0) >> 64) as u64);
            }
        }
    )*};
}
digest!(ServerKey ClientKey DialogKey);

/// A table by digest. A digest is as good as random already, so it is not hashed again.
pub(crate) type KeyMap<K, V> = HashMap<K, V, BuildHasherDefault<IdentityHasher>>;

/// Passes on the one word it is given.
#[derive(Default)]
pub(crate) struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }
}

/// The kind of a digest, so that two kinds never meet.
#[derive(Clone, Copy)]
enum Domain {
    Server,
    ServerOfOldPeer,
    Client,
    Dialog,
    Merge,
    Tag,
    TagOfUnread,
    HalfDialog,
}

/// A keyed digest under way. Every field is preceded by its length, so no two lists of fields run together.
struct Digest(SipHasher13);

impl Digest {
    fn new(seed: &[u8; 16], domain: Domain) -> Self {
        let mut hasher = SipHasher13::new_with_key(seed);
        hasher.write(&[domain as u8]);
        Digest(hasher)
    }

    fn exact(self, field: &str) -> Self {
        self.octets(field.as_bytes())
    }

    fn octets(mut self, field: &[u8]) -> Self {
        self.0.write(&(field.len() as u64).to_le_bytes());
        self.0.write(field);
        self
    }

    /// Digests a field that may not be there. A missing one is none that has no octets.
    fn optional(mut self, field: Option<&str>) -> Self {
        match field {
            Some(field) => self.exact(field),
            None => {
                self.0.write(&u64::MAX.to_le_bytes());
                self
            }
        }
    }

    /// Digests a field that is compared without case.
    fn folded(mut self, field: &str) -> Self {
        self.0.write(&(field.len() as u64).to_le_bytes());
        for chunk in field.as_bytes().chunks(64) {
            let mut buffer = [0; 64];
            let buffer = &mut buffer[..chunk.len()];
            buffer.copy_from_slice(chunk);
            buffer.make_ascii_lowercase();
            self.0.write(buffer);
        }
        self
    }

    fn number(mut self, field: u32) -> Self {
        self.0.write(&field.to_le_bytes());
        self
    }

    fn finish(self) -> [u8; 16] {
        self.0.finish128().as_bytes()
    }

    fn finish_word(self) -> u64 {
        self.0.finish128().h1
    }
}

/// Returns the key of the server transaction of a request, were its method `method`. The key of an ACK is
/// that of its INVITE.
pub(crate) fn server_key(seed: &[u8; 16], essentials: &Essentials, uri: &Uri, method: &Method) -> ServerKey {
    server_key_with(seed, essentials, uri, method, essentials.to_tag())
}

fn server_key_with(
    seed: &[u8; 16],
    essentials: &Essentials,
    uri: &Uri,
    method: &Method,
    to_tag: Option<&str>,
) -> ServerKey {
    let method = if *method == Method::ACK {
        "INVITE"
    } else {
        method.as_str()
    };
    let via = essentials.via();
    // RFC 3261 §17.2.3:
    // > 1. the branch parameter in the request is equal to the one in the top Via header field of the
    // >    request that created the transaction, and
    // > 2. the sent-by value in the top Via of the request is equal to the one in the request that
    // >    created the transaction, and
    // > 3. the method of the request matches the one that created the transaction, except for ACK, where
    // >    the method of the request that created the transaction is INVITE.
    if let Some(branch) = via.branch().filter(|branch| is_unique(branch)) {
        return ServerKey(
            Digest::new(seed, Domain::Server)
                .folded(branch)
                .folded(via.host().as_str())
                .number(via.port().map_or(0, u32::from))
                .exact(method)
                .finish(),
        );
    }
    // > The INVITE request matches a transaction if the Request-URI, To tag, From tag, Call-ID, CSeq, and
    // > top Via header field match those of the INVITE request which created the transaction.
    ServerKey(
        Digest::new(seed, Domain::ServerOfOldPeer)
            .exact(uri.as_str())
            .exact(to_tag.unwrap_or_default())
            .exact(essentials.from_tag().unwrap_or_default())
            .exact(essentials.call_id())
            .number(essentials.cseq())
            .folded(&via.to_string())
            .exact(method)
            .finish(),
    )
}

/// Returns the transactions that an ACK may belong to, likeliest first, for a peer whose branches identify
/// nothing.
///
/// RFC 3261 §17.2.3:
/// > The ACK request matches a transaction if the Request-URI, From tag, Call-ID, CSeq number (not the
/// > method), and top Via header field match those of the INVITE request which created the transaction,
/// > and the To tag of the ACK matches the To tag of the response sent by the server transaction.
///
/// The tag we sent is either the INVITE's own (a re-INVITE) or derived from the key.
pub(crate) fn ack_keys(seed: &[u8; 16], essentials: &Essentials, uri: &Uri) -> [Option<ServerKey>; 2] {
    let first = server_key(seed, essentials, uri, &Method::ACK);
    if essentials.via().branch().is_some_and(is_unique) {
        return [Some(first), None];
    }
    let second = server_key_with(seed, essentials, uri, &Method::ACK, None);
    let has_our_tag = essentials.to_tag().is_some_and(|to| to == tag(seed, &second));
    [Some(first), has_our_tag.then_some(second)]
}

/// Returns the key of the dialog that a request from the peer belongs to.
pub(crate) fn dialog_received(seed: &[u8; 16], essentials: &Essentials, local_tag: &str) -> DialogKey {
    dialog_key(seed, essentials.call_id(), local_tag, essentials.from_tag())
}

/// Returns the key of the dialog that a response to a request of ours belongs to.
pub(crate) fn dialog_answered(seed: &[u8; 16], essentials: &Essentials) -> DialogKey {
    let local = essentials.from_tag().unwrap_or_default();
    dialog_key(seed, essentials.call_id(), local, essentials.to_tag())
}

/// Returns the key of the dialogs of a request of ours whose peers have not named themselves yet. No dialog
/// has it, not even that of a peer without a tag.
pub(crate) fn half_dialog_key(seed: &[u8; 16], call_id: &str, local_tag: &str) -> DialogKey {
    DialogKey(
        Digest::new(seed, Domain::HalfDialog)
            .exact(call_id)
            .exact(local_tag)
            .finish(),
    )
}

/// Returns the digest that merged requests have in common (RFC 3261 §8.2.2.2). It is never zero.
pub(crate) fn merge_key(seed: &[u8; 16], essentials: &Essentials) -> u64 {
    Digest::new(seed, Domain::Merge)
        .exact(essentials.call_id())
        .exact(essentials.from_tag().unwrap_or_default())
        .number(essentials.cseq())
        .exact(essentials.method().as_str())
        .finish_word()
        .max(1)
}

/// Reports whether a branch identifies its transaction: it has the magic cookie and something after it. A
/// bare cookie is the same in every request of the peers that send it.
fn is_unique(branch: &str) -> bool {
    const COOKIE: &str = "z9hG4bK";
    branch.len() > COOKIE.len()
        && branch
            .get(..COOKIE.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(COOKIE))
}

/// Returns the key of a client transaction.
///
/// RFC 3261 §17.1.3:
/// > 1. If the response has the same value of the branch parameter in the top Via header field as the branch
/// >    parameter in the top Via header field of the request that created the transaction.
/// > 2. If the method parameter in the CSeq header field matches the method of the request that created the
/// >    transaction.
pub(crate) fn client_key(seed: &[u8; 16], branch: &str, method: &Method) -> ClientKey {
    ClientKey(
        Digest::new(seed, Domain::Client)
            .folded(branch)
            .exact(method.as_str())
            .finish(),
    )
}

/// Returns the key of a dialog at our end. A peer of RFC 2543 has no tag, and its dialog a key that no tag
/// gives ([RFC 3261 §12.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-12.1.1)).
pub(crate) fn dialog_key(
    seed: &[u8; 16],
    call_id: &str,
    local_tag: &str,
    remote_tag: Option<&str>,
) -> DialogKey {
    DialogKey(
        Digest::new(seed, Domain::Dialog)
            .exact(call_id)
            .exact(local_tag)
            .optional(remote_tag)
            .finish(),
    )
}

/// Makes our To tag in every response of a transaction, of 64 bits.
pub(crate) fn tag(seed: &[u8; 16], key: &ServerKey) -> String {
    let mut digest = Digest::new(seed, Domain::Tag);
    digest.0.write(&key.0);
    format!("{:016x}", digest.finish_word())
}

/// Makes our To tag in a response to a request whose headers cannot be read. It is derived from their octets,
/// which `value` gives.
pub(crate) fn tag_of_unread<'v>(seed: &[u8; 16], value: impl Fn(&HeaderName) -> &'v [u8]) -> String {
    let mut digest = Digest::new(seed, Domain::TagOfUnread);
    for name in [
        HeaderName::VIA,
        HeaderName::FROM,
        HeaderName::CALL_ID,
        HeaderName::CSEQ,
    ] {
        digest = digest.octets(value(&name));
    }
    format!("{:016x}", digest.finish_word())
}

#[cfg(test)]
mod tests {
    use spigot_parser::Request;

    use super::*;

    const SEED: [u8; 16] = [7; 16];

    fn request(method: &str, uri: &str, via: &str, to: &str, cseq: u32) -> Request {
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: {via}\r\nFrom: <sip:a@a.example>;tag=f\r\nTo: <sip:b@b.example>{to}\r\n\
             Call-ID: c@a.example\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        Request::parse(text).expect("a request")
    }

    fn key(request: &Request) -> ServerKey {
        let essentials = request.essentials().expect("readable");
        server_key(&SEED, &essentials, request.uri(), request.method())
    }

    const VIA: &str = "SIP/2.0/UDP a.example:5070;branch=z9hG4bKx1";

    #[test]
    fn branch_sent_by_and_method_make_the_key_and_nothing_else() {
        let invite = key(&request("INVITE", "sip:b@b.example", VIA, "", 1));
        assert_eq!(
            invite,
            key(&request("INVITE", "sip:x@y.example", VIA, ";tag=t", 2))
        );
        assert_eq!(invite, key(&request("ACK", "sip:b@b.example", VIA, ";tag=t", 1)));
        let folded = "SIP/2.0/UDP A.example:5070;branch=Z9HG4BKX1";
        assert_eq!(invite, key(&request("INVITE", "sip:b@b.example", folded, "", 1)));
        for other in [
            "SIP/2.0/UDP a.example:5071;branch=z9hG4bKx1",
            "SIP/2.0/UDP b.example:5070;branch=z9hG4bKx1",
            "SIP/2.0/UDP a.example:5070;branch=z9hG4bKx2",
        ] {
            assert_ne!(
                invite,
                key(&request("INVITE", "sip:b@b.example", other, "", 1)),
                "{other}"
            );
        }
        assert_ne!(invite, key(&request("CANCEL", "sip:b@b.example", VIA, "", 1)));
    }

    #[test]
    fn without_a_unique_branch_everything_of_rfc_2543_is_compared() {
        for via in [
            "SIP/2.0/UDP a.example",
            "SIP/2.0/UDP a.example;branch=z9hG4bK",
            "SIP/2.0/UDP a.example;branch=7",
        ] {
            let invite = key(&request("INVITE", "sip:b@b.example", via, "", 1));
            assert_eq!(invite, key(&request("INVITE", "sip:b@b.example", via, "", 1)));
            assert_ne!(invite, key(&request("INVITE", "sip:c@b.example", via, "", 1)));
            assert_ne!(
                invite,
                key(&request("INVITE", "sip:b@b.example", via, ";tag=t", 1))
            );
            assert_ne!(invite, key(&request("INVITE", "sip:b@b.example", via, "", 2)));
            assert_ne!(
                invite,
                key(&request(
                    "INVITE",
                    "sip:b@b.example",
                    &format!("{via};x=y"),
                    "",
                    1
                ))
            );
        }
    }

    #[test]
    fn an_old_peers_ack_is_matched_by_the_tag_we_sent() {
        let via = "SIP/2.0/UDP a.example";
        let invite = key(&request("INVITE", "sip:b@b.example", via, "", 1));
        let keys = |to: &str| {
            let ack = request("ACK", "sip:b@b.example", via, to, 1);
            ack_keys(&SEED, &ack.essentials().expect("readable"), ack.uri())
        };
        assert!(keys(&format!(";tag={}", tag(&SEED, &invite))).contains(&Some(invite)));
        assert!(!keys(";tag=other").contains(&Some(invite)));
    }

    #[test]
    fn another_seed_gives_other_keys() {
        let request = request("INVITE", "sip:b@b.example", VIA, "", 1);
        let essentials = request.essentials().expect("readable");
        assert_ne!(
            key(&request),
            server_key(&[8; 16], &essentials, request.uri(), &Method::INVITE)
        );
    }
}
