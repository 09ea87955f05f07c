//! Internet addresses as text (inet_ntop(3)).

use super::number;

/// Appends four bytes as `192.168.1.1`. False when there are not four.
pub fn push_inet(host: &[u8], out: &mut Vec<u8>) -> bool {
    let [a, b, c, d] = *host else { return false };
    number::push(out, u64::from(a));
    for byte in [b, c, d] {
        out.push(b'.');
        number::push(out, u64::from(byte));
    }
    true
}

/// Appends sixteen bytes as `fe80::1`: the first longest run of two zero groups or more is left out, and an IPv4 address
/// inside stands with dots. False when there are not sixteen.
pub fn push_inet6(host: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(host) = <&[u8; 16]>::try_from(host) else { return false };
    let mut groups = [0u16; 8];
    for (group, pair) in groups.iter_mut().zip(host.chunks_exact(2)) {
        *group = pair.iter().fold(0, |value, byte| value << 8 | u16::from(*byte));
    }
    let (start, length) = longest_zeros(&groups);
    let embedded = start == 0 && (length == 6 || (length == 5 && groups[5] == 0xffff));
    for (place, group) in groups.iter().enumerate() {
        let skipped = (start..start + length).contains(&place);
        if (place == start && length > 0) || (place > 0 && !skipped) {
            out.push(b':');
        }
        if embedded && place == 6 {
            return push_inet(host.last_chunk::<4>().map_or(&[][..], |four| &four[..]), out);
        }
        if !skipped {
            number::push_hex(out, u64::from(*group));
        }
    }
    if length > 0 && start + length == groups.len() {
        out.push(b':');
    }
    true
}

/// Where the first longest run of at least two zero groups begins, and how long it is.
fn longest_zeros(groups: &[u16; 8]) -> (usize, usize) {
    let (mut best, mut run) = ((0, 0), 0);
    for (place, group) in groups.iter().enumerate() {
        run = if *group == 0 { run + 1 } else { 0 };
        if run > best.1 && run >= 2 {
            best = (place + 1 - run, run);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn shown(text: &str) -> String {
        let host: Ipv6Addr = text.parse().unwrap();
        let mut out = Vec::new();
        assert!(push_inet6(&host.octets(), &mut out));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn addresses_are_shortened() {
        for text in
            ["fe80::211:22ff:fe33:4455", "::", "::1", "1::", "2001:db8::1:0:0:1", "1:0:2:3:4:5:6:7", "::ffff:1.2.3.4"]
        {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown("::102:304"), "::1.2.3.4");
        let mut out = Vec::new();
        assert!(push_inet(&Ipv4Addr::LOCALHOST.octets(), &mut out));
        assert_eq!(out, b"127.0.0.1");
        assert!(!push_inet(&[1, 2], &mut out) && !push_inet6(&[1, 2], &mut out));
    }
}
