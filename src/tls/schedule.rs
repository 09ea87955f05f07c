//! The key schedule of RFC 8446, section 7.1, with SHA-256: from the pre-shared key and the agreement of x25519 to the secrets of
//! each direction. Every secret is overwritten when it is dropped.

use super::Psk;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of a hash, and of each secret.
pub(super) const HASH: usize = 32;

/// A secret of the schedule.
pub(super) type Secret = Zeroizing<[u8; HASH]>;

/// What was hashed up to a message.
pub(super) type Hash = [u8; HASH];

/// HMAC-SHA256 of the parts, one after the other.
fn mac(key: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    // A key of any length will do.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(mac)
}

/// The same as bytes.
fn hmac(key: &[u8], parts: &[&[u8]]) -> Secret {
    let mut out = Secret::default();
    if let Some(mac) = mac(key, parts) {
        let tag = Zeroizing::new(<[u8; HASH]>::from(mac.finalize().into_bytes()));
        out.copy_from_slice(&tag[..]);
    }
    out
}

/// HKDF-Extract.
fn extract(salt: &[u8], material: &[u8]) -> Secret {
    hmac(salt, &[material])
}

/// HKDF-Expand-Label, into no more bytes than a hash has: one step.
pub(super) fn expand_label(secret: &Secret, label: &[u8], context: &[u8], out: &mut [u8]) {
    let sizes = ([0, out.len() as u8], [b"tls13 ".len() as u8 + label.len() as u8], [context.len() as u8]);
    let block = hmac(&secret[..], &[&sizes.0, &sizes.1, b"tls13 ", label, &sizes.2, context, &[1]]);
    out.iter_mut().zip(block.iter()).for_each(|(to, from)| *to = *from);
}

/// Derive-Secret, with the hash of the messages.
pub(super) fn derive(secret: &Secret, label: &[u8], hash: &Hash) -> Secret {
    let mut out = Secret::default();
    expand_label(secret, label, hash, &mut out[..]);
    out
}

/// The hash of no messages.
fn empty_hash() -> Hash {
    Sha256::digest(b"").into()
}

/// The early secret of a key.
pub(super) fn early(psk: &Psk) -> Secret {
    extract(&[0; HASH], psk.bytes())
}

/// The handshake secret.
pub(super) fn handshake(early: &Secret, shared: &[u8; 32]) -> Secret {
    extract(&derive(early, b"derived", &empty_hash())[..], shared)
}

/// The master secret.
pub(super) fn master(handshake: &Secret) -> Secret {
    extract(&derive(handshake, b"derived", &empty_hash())[..], &[0; HASH])
}

/// The secret that proves knowledge of the key in a ClientHello. The key is external: it does not come from a connection before.
pub(super) fn binder(early: &Secret) -> Secret {
    derive(early, b"ext binder", &empty_hash())
}

/// What a Finished message and a binder are: the proof that who made it knows the secret and the messages before.
pub(super) fn finished(secret: &Secret, hash: &Hash) -> Secret {
    hmac(&finished_key(secret)[..], &[hash])
}

/// Whether this is that proof, found in a time that does not depend on the answer.
pub(super) fn is_finished(secret: &Secret, hash: &Hash, proof: &[u8]) -> bool {
    mac(&finished_key(secret)[..], &[hash]).is_some_and(|mac| mac.verify_slice(proof).is_ok())
}

fn finished_key(secret: &Secret) -> Secret {
    let mut key = Secret::default();
    expand_label(secret, b"finished", b"", &mut key[..]);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::tests::bytes;
    use x25519_dalek::{PublicKey, StaticSecret};

    fn array(hex: &str) -> [u8; 32] {
        bytes(hex).try_into().unwrap()
    }

    /// RFC 8448, section 3: a handshake without a pre-shared key, which is one of zeros.
    #[test]
    fn secrets_are_those_of_rfc_8448() {
        let early = early(&Psk(Zeroizing::new(vec![0; HASH])));
        assert_eq!(early[..], array("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"));
        let derived = derive(&early, b"derived", &empty_hash());
        assert_eq!(derived[..], array("6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba"));
        let client = StaticSecret::from(array("49af42ba7f7994852d713ef2784bcbcaa7911de26adc5642cb634540e7ea5005"));
        let server = PublicKey::from(array("c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f"));
        let shared = client.diffie_hellman(&server);
        assert_eq!(*shared.as_bytes(), array("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"));
        let secret = handshake(&early, shared.as_bytes());
        assert_eq!(secret[..], array("1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac"));
        let hash = array("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8");
        let of_client = derive(&secret, b"c hs traffic", &hash);
        assert_eq!(of_client[..], array("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21"));
        let of_server = derive(&secret, b"s hs traffic", &hash);
        assert_eq!(of_server[..], array("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38"));
        let (mut key, mut iv) = ([0; 16], [0; 12]);
        expand_label(&of_server, b"key", b"", &mut key);
        expand_label(&of_server, b"iv", b"", &mut iv);
        assert_eq!(
            (key.to_vec(), iv.to_vec()),
            (bytes("3fce516009c21727d0f2e4e86ee403bc"), bytes("5d313eb2671276ee13000b30"))
        );
        assert_eq!(master(&secret)[..], array("18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919"));
        assert_eq!(
            finished_key(&of_server)[..],
            array("008d3b66f816ea559f96b537e885c31fc068bf492c652f01f288a1d8cdc19fc8")
        );
    }

    #[test]
    fn a_proof_is_taken_whole_and_unchanged_alone() {
        let (secret, hash) = (Secret::new([7; HASH]), [8; HASH]);
        let proof = finished(&secret, &hash);
        assert!(is_finished(&secret, &hash, &proof[..]));
        let mut wrong = *proof;
        wrong[31] ^= 1;
        let longer = [&proof[..], &[0]].concat();
        for other in [&wrong[..], &proof[..31], &longer, b""] {
            assert!(!is_finished(&secret, &hash, other));
        }
        assert!(!is_finished(&secret, &[9; HASH], &proof[..]));
    }
}
