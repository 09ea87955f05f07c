//! File modes: the words before the octal permissions.

use crate::tables::rule::FILE_TYPES;
use crate::text::number;

const TYPE: u32 = 0o170000;
const PERMISSIONS: u32 = 0o777;
const SPECIAL: [(u32, &[u8]); 3] = [(0o4000, b"suid"), (0o2000, b"sgid"), (0o1000, b"sticky")];

/// Appends `file,suid,755`: type, special bits, permissions. A type without a name is shown by its number in octal.
pub(super) fn push(mode: u32, out: &mut Vec<u8>) {
    match FILE_TYPES.name(mode & TYPE) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => push_octal((mode & TYPE) >> 12, out),
    }
    for (_, word) in set(mode) {
        out.push(b',');
        out.extend_from_slice(word);
    }
    out.push(b',');
    push_octal(mode & PERMISSIONS, out);
}

/// Appends `suid,0755`: special bits and permissions.
pub(super) fn push_short(mode: u32, out: &mut Vec<u8>) {
    for (_, word) in set(mode) {
        out.extend_from_slice(word);
        out.push(b',');
    }
    out.push(b'0');
    push_octal(mode & PERMISSIONS, out);
}

fn set(mode: u32) -> impl Iterator<Item = (u32, &'static [u8])> {
    SPECIAL.into_iter().filter(move |(bit, _)| bit & mode != 0)
}

/// Three digits at least.
fn push_octal(value: u32, out: &mut Vec<u8>) {
    (value < 0o100).then(|| out.push(b'0'));
    (value < 0o10).then(|| out.push(b'0'));
    number::push_octal(out, u64::from(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(push: fn(u32, &mut Vec<u8>), mode: u32) -> String {
        let mut out = Vec::new();
        push(mode, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_mode_is_type_special_bits_and_permissions() {
        assert_eq!(shown(push, 0o100644), "file,644");
        assert_eq!(shown(push, 0o104755), "file,suid,755");
        assert_eq!(shown(push, 0o43777), "dir,sgid,sticky,777");
        assert_eq!(shown(push, 0), "000,000");
        assert_eq!(shown(push, 0o110007), "011,007");
    }

    #[test]
    fn a_short_mode_has_no_type() {
        assert_eq!(shown(push_short, 0o755), "0755");
        assert_eq!(shown(push_short, 0o6070), "suid,sgid,0070");
    }
}
