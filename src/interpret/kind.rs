//! What kind of value a field holds, told from its name and the type of its record.
//!
//! The names are those of the audit message dictionary; a name means the same in every record type but for the few
//! exceptions in [`by_record_type`], and in [`guessed`] where the value decides. Looked up for every field of every record
//! shown, so the table is hashed at compile time.

use super::row::Kind;
use crate::record::RecordType;

/// The kind of field `name` with the value `value` in a record of type `record`.
pub fn kind(record: RecordType, name: &[u8], value: &[u8]) -> Kind {
    guessed(by_record_type(named(name), record, name), record, name, value)
}

/// What the record's type makes of what a name usually stands for.
pub(super) fn by_record_type(usual: Kind, record: RecordType, name: &[u8]) -> Kind {
    match (record, name) {
        _ if usual == Kind::Account => usual,
        (RecordType::EXECVE, [b'a', ..]) if is_argument_text(name) => Kind::Escaped,
        (RecordType::AVC, b"saddr") => Kind::Plain,
        (RecordType::USER_TTY, b"msg") => Kind::Escaped,
        (RecordType::NETFILTER_PKT, b"saddr") => Kind::Address,
        (RecordType::MQ_OPEN, b"mode") => Kind::ShortMode,
        (RecordType::CRYPTO_KEY_USER, b"fp") => Kind::Plain,
        (RecordType::ADD_GROUP | RecordType::DEL_GROUP | RecordType::GRP_MGMT, b"id") => Kind::Group,
        (RecordType::KERN_MODULE, b"name") => Kind::Escaped,
        _ => usual,
    }
}

/// What the look of the value makes of such a kind.
pub(super) fn guessed(kind: Kind, record: RecordType, name: &[u8], value: &[u8]) -> Kind {
    match kind {
        Kind::Account if record == RecordType::EXECVE || is_encoded(value) => Kind::Escaped,
        Kind::Account => Kind::Plain,
        Kind::Plain if record == RecordType::TRUSTED_APP => trusted_kind(name, value),
        _ => kind,
    }
}

/// In an EXECVE record `a0`, `a1[2]` and so on hold text; `argc` and `a1_len` are numbers.
fn is_argument_text(name: &[u8]) -> bool {
    name != b"argc" && memchr::memmem::find(name, b"_len").is_none()
}

/// Quoted, or nothing but hex digits.
fn is_encoded(value: &[u8]) -> bool {
    value.first() == Some(&b'"') || value.iter().all(u8::is_ascii_hexdigit)
}

/// A trusted program may send fields of any name: those unknown are guessed from the look of their value.
fn trusted_kind(name: &[u8], value: &[u8]) -> Kind {
    let is_text = value.first() == Some(&b'"') || (name != b"pid" && is_encoded(value));
    if is_text { Kind::Escaped } else { Kind::Plain }
}

/// The kind a name stands for where no record type says otherwise.
pub fn named(name: &[u8]) -> Kind {
    match find(key(name)) {
        Some((known, kind)) if known.as_bytes() == name => *kind,
        _ => Kind::Plain,
    }
}

/// A name of up to eight bytes as a number; a longer one is folded, so that its bytes must be compared as well.
pub(super) const fn key(name: &[u8]) -> u64 {
    let (mut key, mut at, mut rest) = (0, 0, name);
    while let [byte, tail @ ..] = rest {
        key ^= (*byte as u64) << (8 * (at % 8));
        (at, rest) = (at + 1, tail);
    }
    key
}

#[inline]
fn find(key: u64) -> Option<&'static (&'static str, Kind)> {
    let row = usize::from(SLOTS[slot(key)]);
    if KEYS.get(row) == Some(&key) { NAMES.get(row) } else { None }
}

/// Where a key's row number is kept.
const fn slot(key: u64) -> usize {
    slot_with(MULTIPLIER, key)
}

const fn slot_with(multiplier: u64, key: u64) -> usize {
    (key.wrapping_mul(multiplier) >> 54) as usize
}

/// With it no two names share a slot. Searched for by the compiler from one that was found; each new name may need another.
const MULTIPLIER: u64 = {
    let mut multiplier: u64 = 0xbb28_463e_b7c6_767d;
    while !separates(multiplier) {
        multiplier = multiplier.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(2);
    }
    multiplier
};

const fn separates(multiplier: u64) -> bool {
    let (mut is_taken, mut row) = ([false; 1024], 0);
    while row < KEYS.len() {
        let slot = slot_with(multiplier, KEYS[row]);
        if is_taken[slot] {
            return false;
        }
        is_taken[slot] = true;
        row += 1;
    }
    true
}

const NO_ROW: u8 = u8::MAX;

const KEYS: [u64; NAMES.len()] = {
    let mut keys = [0; NAMES.len()];
    let mut row = 0;
    while row < NAMES.len() {
        keys[row] = key(NAMES[row].0.as_bytes());
        row += 1;
    }
    keys
};

static SLOTS: [u8; 1024] = {
    let mut slots = [NO_ROW; 1024];
    let mut row = 0;
    while row < KEYS.len() {
        slots[slot(KEYS[row])] = row as u8;
        row += 1;
    }
    slots
};

use Kind::*;

/// From the audit message dictionary, sorted.
const NAMES: &[(&str, Kind)] = &[
    ("a0", Argument0),
    ("a1", Argument1),
    ("a2", Argument2),
    ("a3", Argument3),
    ("acct", Account),
    ("action", Verdict),
    ("addr", Address),
    ("apparmor", Escaped),
    ("arch", Arch),
    ("auid", User),
    ("cap_fi", Capabilities),
    ("cap_fp", Capabilities),
    ("cap_pa", Capabilities),
    ("cap_pe", Capabilities),
    ("cap_pi", Capabilities),
    ("cap_pp", Capabilities),
    ("capability", Capability),
    ("cgroup", Escaped),
    ("cmd", Escaped),
    ("code", Seccomp),
    ("comm", Escaped),
    ("cwd", Escaped),
    ("data", Keystrokes),
    ("denied_mask", Escaped),
    ("device", Escaped),
    ("dir", Escaped),
    ("egid", Group),
    ("errno", Errno),
    ("euid", User),
    ("exe", Escaped),
    ("exit", Exit),
    ("family", NetfilterFamily),
    ("fan_info", FanotifyInfo),
    ("fan_type", FanotifyType),
    ("fi", Capabilities),
    ("file", Escaped),
    ("flags", MapFlags),
    ("fp", Capabilities),
    ("fsgid", Group),
    ("fsuid", User),
    ("gid", Group),
    ("grp", Escaped),
    ("hook", Hook),
    ("icmptype", IcmpType),
    ("id", User),
    ("igid", Group),
    ("img-ctx", Label),
    ("info", Escaped),
    ("inode_gid", Group),
    ("inode_uid", User),
    ("invalid_context", Escaped),
    ("ioctlcmd", Ioctl),
    ("iuid", User),
    ("key", Key),
    ("label", Escaped),
    ("list", List),
    ("macproto", EtherType),
    ("mode", Mode),
    ("name", File),
    ("new-chardev", Escaped),
    ("new-disk", Escaped),
    ("new-fs", Escaped),
    ("new-net", Escaped),
    ("new-rng", Escaped),
    ("new_gid", Group),
    ("new_group", Escaped),
    ("new_pe", Capabilities),
    ("new_pi", Capabilities),
    ("new_pp", Capabilities),
    ("nl-mcgrp", NetlinkGroup),
    ("oauid", User),
    ("obj", Label),
    ("obj_gid", Group),
    ("obj_trust", Trust),
    ("obj_uid", User),
    ("ocomm", Escaped),
    ("oflag", OpenFlags),
    ("ogid", Group),
    ("old-auid", User),
    ("old-chardev", Escaped),
    ("old-disk", Escaped),
    ("old-fs", Escaped),
    ("old-net", Escaped),
    ("old-rng", Escaped),
    ("old_pa", Capabilities),
    ("old_pe", Capabilities),
    ("old_pi", Capabilities),
    ("old_pp", Capabilities),
    ("old_prom", Promisc),
    ("operation", Escaped),
    ("ouid", User),
    ("pa", Capabilities),
    ("path", Escaped),
    ("pe", Capabilities),
    ("peer_label", Escaped),
    ("per", Personality),
    ("perm", Perm),
    ("perm_mask", Perm),
    ("pi", Capabilities),
    ("pp", Capabilities),
    ("proctitle", Proctitle),
    ("profile", Escaped),
    ("prom", Promisc),
    ("proto", Protocol),
    ("requested_mask", Escaped),
    ("res", Success),
    ("resolve", Resolve),
    ("resp", Fanotify),
    ("result", Success),
    ("root_dir", Escaped),
    ("saddr", Sockaddr),
    ("sauid", User),
    ("scontext", Label),
    ("ses", Session),
    ("sgid", Group),
    ("sig", Signal),
    ("sigev_signo", Signal),
    ("subj", Label),
    ("subj_trust", Trust),
    ("suid", User),
    ("sw", Escaped),
    ("syscall", Syscall),
    ("tcontext", Label),
    ("uid", User),
    ("uring_op", Syscall),
    ("vm", Escaped),
    ("vm-ctx", Label),
    ("watch", Escaped),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_other() {
        assert!(NAMES.is_sorted_by_key(|row| row.0));
        for (name, kind) in NAMES {
            assert_eq!(named(name.as_bytes()), *kind, "{name}");
        }
        for stranger in ["", "hostname", "old-ses", "cap_fe", "uidx", "ui", "proctitlf", "sig\0", "a4"] {
            assert_eq!(named(stranger.as_bytes()), Kind::Plain, "{stranger}");
        }
    }

    #[test]
    fn a_record_type_may_change_what_a_name_means() {
        for (record, name, value, want) in [
            (RecordType::SYSCALL, "a1", "6c73", Kind::Argument1),
            (RecordType::EXECVE, "a1", "6c73", Kind::Escaped),
            (RecordType::EXECVE, "a12[3]", "6c73", Kind::Escaped),
            (RecordType::EXECVE, "argc", "2", Kind::Plain),
            (RecordType::EXECVE, "a1_len", "9000", Kind::Plain),
            (RecordType::SOCKADDR, "saddr", "0100", Kind::Sockaddr),
            (RecordType::NETFILTER_PKT, "saddr", "10.0.0.1", Kind::Address),
            (RecordType::AVC, "saddr", "10.0.0.1", Kind::Plain),
            (RecordType::USER_TTY, "msg", "6c73", Kind::Escaped),
            (RecordType::MQ_OPEN, "mode", "0600", Kind::ShortMode),
            (RecordType::CRYPTO_KEY_USER, "fp", "SHA256:00", Kind::Plain),
            (RecordType::BPRM_FCAPS, "fp", "0", Kind::Capabilities),
            (RecordType::ADD_USER, "id", "1000", Kind::User),
            (RecordType::ADD_GROUP, "id", "1000", Kind::Group),
            (RecordType::KERN_MODULE, "name", "\"loop\"", Kind::Escaped),
            (RecordType::PATH, "name", "\"/etc\"", Kind::File),
        ] {
            assert_eq!(kind(record, name.as_bytes(), value.as_bytes()), want, "{record:?} {name}");
        }
    }

    #[test]
    fn an_account_is_encoded_only_if_it_looks_so() {
        for (value, want) in [("\"bob\"", Kind::Escaped), ("626f62", Kind::Escaped), ("bob", Kind::Plain)] {
            assert_eq!(kind(RecordType::USER_AUTH, b"acct", value.as_bytes()), want, "{value}");
        }
    }

    #[test]
    fn a_trusted_programs_own_fields_are_guessed() {
        for (name, value, want) in [
            ("uid", "0", Kind::User),
            ("pid", "17", Kind::Plain),
            ("answer", "42", Kind::Escaped),
            ("answer", "\"yes\"", Kind::Escaped),
            ("answer", "yes", Kind::Plain),
        ] {
            assert_eq!(kind(RecordType::TRUSTED_APP, name.as_bytes(), value.as_bytes()), want, "{name}={value}");
        }
    }
}
