//! Names of ids on this host: asked for through a trait, kept in a small cache.

use crate::text::number;

/// Where names come from. The library reads no passwd of its own; the applets answer from this host's files.
///
/// Every method may say that there is no such name. The answers may be cached for as long as an
/// [`Interpreter`](super::Interpreter) lives. Several threads may ask at a time.
pub trait Names: Sync {
    /// The account with this user id.
    fn user(&self, uid: u32) -> Option<&[u8]>;

    /// The group with this group id.
    fn group(&self, gid: u32) -> Option<&[u8]>;

    /// The user id of the account with this name.
    fn user_id(&self, name: &[u8]) -> Option<u32> {
        let _ = name;
        None
    }

    /// The IP protocol with this number (protocols(5)).
    fn protocol(&self, number: u32) -> Option<&[u8]> {
        let _ = number;
        None
    }

    /// The network interface with this index, shown after a link-local address.
    fn interface(&self, index: u32) -> Option<&[u8]> {
        let _ = index;
        None
    }
}

impl<N: Names + ?Sized> Names for &N {
    fn user(&self, uid: u32) -> Option<&[u8]> {
        (**self).user(uid)
    }

    fn group(&self, gid: u32) -> Option<&[u8]> {
        (**self).group(gid)
    }

    fn user_id(&self, name: &[u8]) -> Option<u32> {
        (**self).user_id(name)
    }

    fn protocol(&self, number: u32) -> Option<&[u8]> {
        (**self).protocol(number)
    }

    fn interface(&self, index: u32) -> Option<&[u8]> {
        (**self).interface(index)
    }
}

/// A host without any names: every id but 0 is unknown.
impl Names for () {
    fn user(&self, _: u32) -> Option<&[u8]> {
        None
    }

    fn group(&self, _: u32) -> Option<&[u8]> {
        None
    }
}

/// How many ids are cached at a time; a new one takes the place of another.
const SLOTS: usize = 64;

/// What was last shown for some ids, known and unknown ones alike, so that neither costs a second look-up.
pub(super) struct NameCache {
    slots: Vec<(u32, Vec<u8>)>,
}

impl NameCache {
    pub(super) fn new() -> NameCache {
        NameCache { slots: vec![(0, b"root".to_vec()); SLOTS] }
    }

    /// Appends the name of `id`: `unset` and `root` by themselves, else what `ask` answers, else `unknown(ID)`.
    pub(super) fn push<'n>(&mut self, id: u32, ask: impl FnOnce(u32) -> Option<&'n [u8]>, out: &mut Vec<u8>) {
        let Some((kept, text)) = self.slots.get_mut(id as usize % SLOTS) else { return };
        if *kept != id {
            *kept = id;
            text.clear();
            match id {
                ROOT => text.extend_from_slice(b"root"),
                UNSET => text.extend_from_slice(b"unset"),
                _ => push_name(id, ask(id), text),
            }
        }
        out.extend_from_slice(text);
    }
}

/// The id that stands for none: -1.
const UNSET: u32 = u32::MAX;

/// Needs no account to be known by name.
const ROOT: u32 = 0;

fn push_name(id: u32, name: Option<&[u8]>, out: &mut Vec<u8>) {
    let Some(name) = name else {
        out.extend_from_slice(b"unknown(");
        number::push_signed(out, i64::from(id as i32));
        return out.push(b')');
    };
    out.extend_from_slice(name);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn an_id_is_asked_for_once_whether_it_has_a_name_or_not() {
        let asked = Cell::new(0);
        let ask = |id| {
            asked.set(asked.get() + 1);
            (id == 1000).then_some(&b"alice"[..])
        };
        let (mut names, mut out) = (NameCache::new(), Vec::new());
        for id in [1000, 1000, 1001, 1001, 0, u32::MAX, u32::MAX - 1] {
            names.push(id, ask, &mut out);
            out.push(b' ');
        }
        assert_eq!(out, b"alice alice unknown(1001) unknown(1001) root unset unknown(-2) ");
        assert_eq!(asked.get(), 3);
    }

    #[test]
    fn ids_that_share_a_slot_do_not_share_a_name() {
        let (mut names, mut out) = (NameCache::new(), Vec::new());
        for id in [64, 0, 128, 64] {
            names.push(id, |id| (id == 64).then_some(&b"x"[..]), &mut out);
            out.push(b' ');
        }
        assert_eq!(out, b"x root unknown(128) x ");
    }
}
