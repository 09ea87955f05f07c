//! Which file systems are mounted here: proc_pid_mountinfo(5).

/// The directory of each that this process sees, and its type, such as `nfs4` or `fuse.sshfs`.
pub fn mounts() -> Vec<(Vec<u8>, Vec<u8>)> {
    std::fs::read("/proc/self/mountinfo").map(|text| read(&text)).unwrap_or_default()
}

fn read(text: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mount = |line: &[u8]| {
        let mut words = line.split(|b| *b == b' ');
        let point = unescaped(words.nth(4)?);
        let kind = words.skip_while(|word| *word != b"-").nth(1)?;
        Some((point, kind.to_vec()))
    };
    text.split(|b| *b == b'\n').filter_map(mount).collect()
}

/// A path as it is: the kernel writes blanks and backslashes by their number, `\040`.
fn unescaped(word: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = word;
    while let Some((first, after)) = rest.split_first() {
        let number = after.get(..3).filter(|_| *first == b'\\');
        let number = number.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        out.push(number.unwrap_or(*first));
        rest = number.and_then(|_| after.get(3..)).unwrap_or(after);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_read_with_their_types() {
        let text = b"24 1 8:1 / / rw,noatime shared:1 - ext4 /dev/sda1 rw\n\
            40 24 0:35 / /srv/a\\040b rw - nfs4 host:/x rw\nnonsense\n";
        let mount = |point: &[u8], kind: &[u8]| (point.to_vec(), kind.to_vec());
        assert_eq!(read(text), [mount(b"/", b"ext4"), mount(b"/srv/a b", b"nfs4")]);
        assert!(mounts().iter().any(|mount| mount.0 == b"/proc"));
    }
}
