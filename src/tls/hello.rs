//! The messages that open a connection (RFC 8446, section 4): ClientHello, ServerHello and EncryptedExtensions, as far as this
//! profile has them. Written for sending, and read with every length checked.

use super::schedule::HASH;
use super::{Alert, Suite, TlsError};

/// Types of handshake messages.
pub(super) const CLIENT_HELLO: u8 = 1;
pub(super) const SERVER_HELLO: u8 = 2;
pub(super) const NEW_SESSION_TICKET: u8 = 4;
pub(super) const ENCRYPTED_EXTENSIONS: u8 = 8;
pub(super) const FINISHED: u8 = 20;
pub(super) const KEY_UPDATE: u8 = 24;

/// Bytes of a handshake message before its body: the type and the length.
pub(super) const MESSAGE_HEADER: usize = 4;

/// Types of extensions.
const SUPPORTED_GROUPS: u16 = 10;
const PRE_SHARED_KEY: u16 = 41;
const SUPPORTED_VERSIONS: u16 = 43;
const KEY_EXCHANGE_MODES: u16 = 45;
const KEY_SHARE: u16 = 51;

const TLS_1_2: [u8; 2] = [3, 3];
const TLS_1_3: [u8; 2] = [3, 4];
const X25519: [u8; 2] = [0, 0x1d];
const PSK_DHE_KE: u8 = 1;

/// The random of a ServerHello that is a HelloRetryRequest: SHA-256 of that word.
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Bytes of the list of binders of a ClientHello that offers one key.
const BINDERS: usize = 2 + 1 + HASH;

/// Keys of a ClientHello that are looked for; a client of this protocol offers one.
const MOST_IDENTITIES: usize = 8;

const DECODE: TlsError = TlsError::Local(Alert::DecodeError, "sends a message whose lengths do not fit");
const TWICE: TlsError = TlsError::Local(Alert::IllegalParameter, "sends an extension twice");

/// Appends what `body` appends, and before it its length in two bytes.
fn vector(out: &mut Vec<u8>, body: &mut dyn FnMut(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0, 0]);
    body(out);
    let length = (out.len() - at - 2) as u16;
    out.iter_mut().skip(at).zip(length.to_be_bytes()).for_each(|(to, byte)| *to = byte);
}

fn extension(out: &mut Vec<u8>, extension_type: u16, body: &[&[u8]]) {
    out.extend_from_slice(&extension_type.to_be_bytes());
    vector(out, &mut |out| body.iter().for_each(|part| out.extend_from_slice(part)));
}

/// A message of a type and a body.
pub(super) fn message(message_type: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    [&[message_type], length.get(1..).unwrap_or_default(), body].concat()
}

/// A ClientHello up to its list of binders, which [`push_binder`] appends: the binder is a proof over these bytes.
pub(super) fn client_hello(random: &[u8; 32], suites: &[Suite], share: &[u8; 32], identity: &[u8]) -> Vec<u8> {
    let mut body = [&TLS_1_2[..], random, &[0]].concat();
    vector(&mut body, &mut |out| suites.iter().for_each(|suite| out.extend_from_slice(&suite.id().to_be_bytes())));
    body.extend_from_slice(&[1, 0]);
    vector(&mut body, &mut |out| {
        extension(out, SUPPORTED_VERSIONS, &[&[2], &TLS_1_3]);
        extension(out, SUPPORTED_GROUPS, &[&[0, 2], &X25519]);
        extension(out, KEY_SHARE, &[&[0, 36], &X25519, &[0, 32], share]);
        extension(out, KEY_EXCHANGE_MODES, &[&[1, PSK_DHE_KE]]);
        let length = (identity.len() as u16).to_be_bytes();
        let list_length = (identity.len() as u16 + 6).to_be_bytes();
        // The lengths count the binders, which stand last.
        extension(out, PRE_SHARED_KEY, &[&list_length, &length, identity, &[0; 4], &[0; BINDERS]]);
    });
    let mut out = message(CLIENT_HELLO, &body);
    out.truncate(out.len() - BINDERS);
    out
}

/// Ends a ClientHello.
pub(super) fn push_binder(hello: &mut Vec<u8>, binder: &[u8; HASH]) {
    hello.extend_from_slice(&[0, 1 + HASH as u8, HASH as u8]);
    hello.extend_from_slice(binder);
}

/// A ServerHello that takes the key number `selected`.
pub(super) fn server_hello(
    random: &[u8; 32],
    session_id: &[u8],
    suite: Suite,
    share: &[u8; 32],
    selected: u16,
) -> Vec<u8> {
    let mut body = [&TLS_1_2[..], random, &[session_id.len() as u8], session_id].concat();
    body.extend_from_slice(&suite.id().to_be_bytes());
    body.push(0);
    vector(&mut body, &mut |out| {
        extension(out, SUPPORTED_VERSIONS, &[&TLS_1_3]);
        extension(out, KEY_SHARE, &[&X25519, &[0, 32], share]);
        extension(out, PRE_SHARED_KEY, &[&selected.to_be_bytes()]);
    });
    message(SERVER_HELLO, &body)
}

/// Takes bytes off the front; `None` where there are too few.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// Bytes with their length in one byte before them.
    fn short(&mut self) -> Option<&'a [u8]> {
        let [length] = self.array()?;
        self.take(usize::from(length))
    }

    /// Bytes with their length in two bytes before them.
    fn long(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    fn extension(&mut self) -> Option<(u16, Reader<'a>)> {
        Some((self.u16()?, Reader(self.long()?)))
    }

    /// The whole of it, with one length before.
    fn whole(mut self, part: impl FnOnce(&mut Reader<'a>) -> Option<&'a [u8]>) -> Option<&'a [u8]> {
        part(&mut self).filter(|_| self.0.is_empty())
    }
}

/// Whether a list of numbers of two bytes each has this one.
fn has(list: &[u8], number: [u8; 2]) -> bool {
    list.as_chunks::<2>().0.contains(&number)
}

/// The names of keys, with the proof of each.
type NamedKeys<'a> = Vec<(&'a [u8], &'a [u8])>;

/// What a ClientHello says of what this profile has.
#[derive(Debug)]
pub(super) struct ClientHello<'a> {
    pub(super) session_id: &'a [u8],
    /// The first of its suites that is allowed.
    pub(super) suite: Suite,
    pub(super) share: [u8; 32],
    pub(super) keys: NamedKeys<'a>,
    /// Bytes of the message that the proofs are over.
    pub(super) proven: usize,
}

/// Reads a whole ClientHello message, for a server that allows these suites.
///
/// # Errors
/// It does not hold together, or has nothing that this profile can do.
pub(super) fn parse_client_hello<'a>(message: &'a [u8], allowed: &[Suite]) -> Result<ClientHello<'a>, TlsError> {
    let local = |alert, words| Err(TlsError::Local(alert, words));
    let mut reader = Reader(message.get(MESSAGE_HEADER..).unwrap_or_default());
    let opening =
        (|| Some((reader.array::<2>()?, reader.take(32)?, reader.short()?, reader.long()?, reader.short()?)))();
    let (version, _, session_id, suites, compressions) = opening.ok_or(DECODE)?;
    if session_id.len() > 32 || suites.len() % 2 != 0 {
        return Err(DECODE);
    }
    if version != TLS_1_2 || reader.0.is_empty() {
        return local(Alert::ProtocolVersion, "does not offer TLS 1.3");
    }
    let offers = Offers::parse(reader.whole(Reader::long).ok_or(DECODE)?)?;
    if !offers.versions.is_some_and(|list| has(list, TLS_1_3)) {
        return local(Alert::ProtocolVersion, "does not offer TLS 1.3");
    }
    if compressions != [0] {
        return local(Alert::IllegalParameter, "offers compression");
    }
    let Some(keys) = offers.keys else { return Err(TlsError::NO_KEY) };
    if !offers.ends_with_keys {
        return local(Alert::IllegalParameter, "sends an extension after its key");
    }
    match offers.modes {
        Some(modes) if modes.contains(&PSK_DHE_KE) => {}
        Some(_) => return local(Alert::HandshakeFailure, "does not want a key exchange (psk_dhe_ke)"),
        None => return local(Alert::MissingExtension, "does not say how it exchanges keys"),
    }
    let suite = first_allowed(suites, allowed).ok_or(TlsError::NO_SUITE)?;
    let Some(shares) = offers.shares else { return local(Alert::MissingExtension, "sends no key share") };
    // Another ClientHello could be asked for; all that speak this protocol send one of x25519 at once.
    let Some(share) = x25519_share(shares)? else {
        return local(Alert::HandshakeFailure, "sends no key share of x25519");
    };
    let (keys, binders_len) = named_keys(keys)?;
    Ok(ClientHello { session_id, suite, share, keys, proven: message.len() - binders_len })
}

/// What the extensions of a ClientHello have for this profile, each as its list stands there.
#[derive(Default)]
struct Offers<'a> {
    versions: Option<&'a [u8]>,
    shares: Option<&'a [u8]>,
    modes: Option<&'a [u8]>,
    /// The names of keys, and their proofs.
    keys: Option<&'a [u8]>,
    ends_with_keys: bool,
}

impl<'a> Offers<'a> {
    fn parse(extensions: &'a [u8]) -> Result<Offers<'a>, TlsError> {
        let (mut offers, mut extensions) = (Offers::default(), Reader(extensions));
        while !extensions.0.is_empty() {
            let (extension_type, body) = extensions.extension().ok_or(DECODE)?;
            offers.ends_with_keys = extension_type == PRE_SHARED_KEY;
            let (place, content) = match extension_type {
                SUPPORTED_VERSIONS => (&mut offers.versions, body.whole(Reader::short)),
                KEY_SHARE => (&mut offers.shares, body.whole(Reader::long)),
                KEY_EXCHANGE_MODES => (&mut offers.modes, body.whole(Reader::short)),
                PRE_SHARED_KEY => (&mut offers.keys, Some(body.0)),
                _ => continue,
            };
            if place.replace(content.ok_or(DECODE)?).is_some() {
                return Err(TWICE);
            }
        }
        Ok(offers)
    }
}

/// The first of a client's suites that is allowed.
fn first_allowed(suites: &[u8], allowed: &[Suite]) -> Option<Suite> {
    suites.as_chunks::<2>().0.iter().find_map(|id| {
        let id = u16::from_be_bytes(*id);
        Suite::ALL.into_iter().find(|suite| suite.id() == id).filter(|suite| allowed.contains(suite))
    })
}

/// The first share of x25519 in a list of key shares.
fn x25519_share(shares: &[u8]) -> Result<Option<[u8; 32]>, TlsError> {
    let (mut shares, mut share) = (Reader(shares), None);
    while !shares.0.is_empty() {
        let entry = (|| Some((shares.array::<2>()?, shares.long()?)))();
        let (group, key) = entry.ok_or(DECODE)?;
        if group == X25519 && share.is_none() {
            share = Some(<[u8; 32]>::try_from(key).map_err(|_| DECODE)?);
        }
    }
    Ok(share)
}

/// The names of keys with the proof of each, and how many bytes the list of proofs takes.
fn named_keys(offer: &[u8]) -> Result<(NamedKeys<'_>, usize), TlsError> {
    let mut offer = Reader(offer);
    let lists = (|| Some((offer.long()?, offer.0.len(), offer.long()?)))();
    let (identities, binders_len, binders) = lists.filter(|_| offer.0.is_empty()).ok_or(DECODE)?;
    let (mut identities, mut binders, mut keys) = (Reader(identities), Reader(binders), Vec::new());
    while !identities.0.is_empty() || !binders.0.is_empty() {
        let key = (|| Some((identities.long()?, identities.take(4)?, binders.short()?)))();
        let (identity, _, binder) = key.ok_or(DECODE)?;
        if identity.is_empty() || binder.len() < HASH {
            return Err(DECODE);
        }
        if keys.len() < MOST_IDENTITIES {
            keys.push((identity, binder));
        }
    }
    if keys.is_empty() { Err(DECODE) } else { Ok((keys, binders_len)) }
}

/// Reads a whole ServerHello message that answers a ClientHello of ours: the suite, and the key share.
///
/// # Errors
/// It does not hold together, or takes something that was not offered.
pub(super) fn parse_server_hello(message: &[u8], offered: &[Suite]) -> Result<(Suite, [u8; 32]), TlsError> {
    let local = |alert, words| Err(TlsError::Local(alert, words));
    let illegal = |words| TlsError::Local(Alert::IllegalParameter, words);
    let mut reader = Reader(message.get(MESSAGE_HEADER..).unwrap_or_default());
    let opening =
        (|| Some((reader.array::<2>()?, reader.take(32)?, reader.short()?, reader.u16()?, reader.array::<1>()?)))();
    let (version, random, session_id, suite, compression) = opening.ok_or(DECODE)?;
    if version != TLS_1_2 || reader.0.is_empty() {
        return local(Alert::ProtocolVersion, "does not speak TLS 1.3");
    }
    if random == RETRY {
        return local(Alert::HandshakeFailure, "does not want x25519 (HelloRetryRequest)");
    }
    let mut extensions = Reader(reader.whole(Reader::long).ok_or(DECODE)?);
    let (mut version, mut share, mut selected) = (None, None, None);
    while !extensions.0.is_empty() {
        let (extension_type, body) = extensions.extension().ok_or(DECODE)?;
        let place = match extension_type {
            SUPPORTED_VERSIONS => &mut version,
            KEY_SHARE => &mut share,
            PRE_SHARED_KEY => &mut selected,
            _ => return local(Alert::UnsupportedExtension, "sends an extension that was not asked for"),
        };
        if place.replace(body.0).is_some() {
            return Err(TWICE);
        }
    }
    match version {
        Some(version) if version == TLS_1_3 => {}
        Some(_) => return Err(illegal("takes another version than TLS 1.3")),
        None => return local(Alert::ProtocolVersion, "does not speak TLS 1.3"),
    }
    if !session_id.is_empty() || compression != [0] {
        return Err(illegal("answers another ClientHello"));
    }
    let suite =
        offered.iter().find(|one| one.id() == suite).ok_or(illegal("takes a cipher suite that was not offered"))?;
    match selected {
        Some([0, 0]) => {}
        Some(_) => return Err(illegal("takes a key that was not offered")),
        None => return local(Alert::HandshakeFailure, "does not take the pre-shared key, and wants certificates"),
    }
    let Some(share) = share else { return local(Alert::MissingExtension, "sends no key share") };
    let mut share = Reader(share);
    if share.array() != Some(X25519) {
        return Err(illegal("takes a key share that was not offered"));
    }
    let share = share.whole(Reader::long).and_then(|share| share.try_into().ok());
    Ok((*suite, share.ok_or(DECODE)?))
}

/// Reads a whole EncryptedExtensions message: of what was offered a server may repeat its groups.
///
/// # Errors
/// It does not hold together, or has something else.
pub(super) fn check_encrypted_extensions(message: &[u8]) -> Result<(), TlsError> {
    let body = Reader(message.get(MESSAGE_HEADER..).unwrap_or_default());
    let mut extensions = Reader(body.whole(Reader::long).ok_or(DECODE)?);
    while !extensions.0.is_empty() {
        let (extension_type, _) = extensions.extension().ok_or(DECODE)?;
        if extension_type != SUPPORTED_GROUPS {
            return Err(TlsError::Local(Alert::UnsupportedExtension, "sends an extension that was not asked for"));
        }
    }
    Ok(())
}
