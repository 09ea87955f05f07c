//! Socket addresses: the bytes of a `struct sockaddr` in hex, as the kernel writes them into SOCKADDR records.
//!
//! Layouts are those of linux/un.h, in.h, in6.h, netlink.h, ax25.h, atm.h and x25.h, in the byte order of the machine that
//! wrote the record, which the family's bytes show ([`socket::family`]).

use super::Names;
use crate::tables::socket::{self, FAMILIES};
use crate::text::{self, address as inet, hex, number};

const LOCAL: u16 = 1;
const INET: u16 = 2;
const AX25: u16 = 3;
const ATMPVC: u16 = 8;
const X25: u16 = 9;
const INET6: u16 = 10;
const NETLINK: u16 = 16;

/// The largest address the kernel takes (`struct sockaddr_storage`).
const LARGEST: usize = 128;

/// Appends `{ saddr_fam=FAMILY ... }`.
pub(super) fn push(value: &[u8], names: &dyn Names, out: &mut Vec<u8>) {
    let mut bytes = Vec::with_capacity(LARGEST);
    if !hex::unescape(value, &mut bytes) {
        return push_all(out, &[b"malformed-host(", value, b")"]);
    }
    // COMPAT: the length is that of the text, even if it is not hex to its end; what is missing is zero.
    let length = value.len() / 2;
    bytes.resize(bytes.len().max(LARGEST), 0);
    let Some((&family, address)) = bytes.split_first_chunk() else { return };
    let (family, is_big) = socket::family(family);
    let Some(word) = FAMILIES.name(u32::from(family)) else {
        out.extend_from_slice(b"unknown-family(");
        number::push(out, u64::from(family));
        return out.push(b')');
    };
    let start = out.len();
    push_all(out, &[b"{ saddr_fam=", word.as_bytes(), b" "]);
    push_address(family, is_big, length, address, names, out);
    out.extend_from_slice(b" }");
    // COMPAT: after a call sign of less than seven characters nothing more is said.
    out.truncate(start + text::up_to(out.get(start..).unwrap_or_default(), 0).len());
}

/// `address` is what follows the family; `length` counts the family too.
fn push_address(family: u16, is_big: bool, length: usize, address: &[u8], names: &dyn Names, out: &mut Vec<u8>) {
    let number = |bytes| if is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
    match family {
        LOCAL if length == 2 => out.extend_from_slice(b"unnamed socket"),
        LOCAL if length >= 4 => push_path(address, out),
        INET if length >= 16 => push_inet(address, out),
        INET6 if length >= 28 => push_inet6(address, number(*field(address, 22)), names, out),
        INET6 => out.extend_from_slice(b"sockaddr6 len too short"),
        AX25 if length >= 16 => push_all(out, &[b"call=", field::<7>(address, 0)]),
        ATMPVC if length >= 12 => {
            out.extend_from_slice(b"int=");
            let bytes = *field(address, 2);
            let interface = if is_big { i16::from_be_bytes(bytes) } else { i16::from_le_bytes(bytes) };
            number::push_signed(out, i64::from(interface));
        }
        X25 => push_all(out, &[b"laddr=", text::up_to(field::<15>(address, 0), 0)]),
        NETLINK if length >= 12 => {
            out.extend_from_slice(b"nlnk-fam=16 nlnk-pid=");
            number::push(out, u64::from(number(*field(address, 2))));
        }
        NETLINK => out.extend_from_slice(b"len too short"),
        LOCAL | INET | AX25 | ATMPVC => out.extend_from_slice(b"sockaddr len too short"),
        _ => out.extend_from_slice(b"(unsupported)"),
    }
}

/// A path, or an abstract name after a NUL.
fn push_path(address: &[u8], out: &mut Vec<u8>) {
    const LONGEST: usize = 108;
    let path = address.strip_prefix(&[0]).unwrap_or(address);
    let path = text::up_to(path, 0);
    push_all(out, &[b"path=", path.get(..LONGEST).unwrap_or(path)]);
}

fn push_inet(address: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"laddr=");
    inet::push_inet(field::<4>(address, 2), out);
    push_port(address, out);
}

fn push_inet6(address: &[u8], scope: u32, names: &dyn Names, out: &mut Vec<u8>) {
    out.extend_from_slice(b"laddr=");
    let host: &[u8; 16] = field(address, 6);
    inet::push_inet6(host, out);
    if scope != 0 {
        out.push(b'%');
        match names.interface(scope).filter(|_| is_link_local(host)) {
            Some(name) => out.extend_from_slice(name),
            None => number::push(out, u64::from(scope)),
        }
    }
    push_port(address, out);
}

fn is_link_local(host: &[u8; 16]) -> bool {
    let [first, second, ..] = host;
    match first {
        0xfe => second & 0xc0 == 0x80,
        0xff => second & 0x0f == 0x02,
        _ => false,
    }
}

fn push_port(address: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b" lport=");
    number::push(out, u64::from(u16::from_be_bytes(*field(address, 0))));
}

/// The bytes of one member; addresses are long enough by then, zeros stand for what is not.
fn field<const N: usize>(address: &[u8], at: usize) -> &[u8; N] {
    address.get(at..).and_then(|rest| rest.first_chunk()).unwrap_or(&[0; N])
}

fn push_all(out: &mut Vec<u8>, parts: &[&[u8]]) {
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

#[cfg(test)]
mod tests {
    use super::*;

    struct OneCard;
    impl Names for OneCard {
        fn user(&self, _: u32) -> Option<&[u8]> {
            None
        }
        fn group(&self, _: u32) -> Option<&[u8]> {
            None
        }
        fn interface(&self, index: u32) -> Option<&[u8]> {
            (index == 2).then_some(b"eth0")
        }
    }

    fn shown(value: &str) -> String {
        let mut out = Vec::new();
        push(value.as_bytes(), &OneCard, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn inet6(host: &str, scope: &str) -> String {
        let text = shown(&format!("0A00005000000000{host}{scope}"));
        let text = text.strip_prefix("{ saddr_fam=inet6 laddr=").unwrap();
        text.strip_suffix(" lport=80 }").unwrap().to_owned()
    }

    #[test]
    fn internet_addresses_have_host_and_port() {
        assert_eq!(shown("02000050C0A801010000000000000000"), "{ saddr_fam=inet laddr=192.168.1.1 lport=80 }");
        assert_eq!(shown("02000050C0A801"), "{ saddr_fam=inet sockaddr len too short }");
        assert_eq!(shown("0A000050"), "{ saddr_fam=inet6 sockaddr6 len too short }");
    }

    #[test]
    fn ipv6_hosts_are_shortened_at_their_first_longest_run_of_zeros() {
        for (host, want) in [
            ("00000000000000000000000000000000", "::"),
            ("00000000000000000000000000000001", "::1"),
            ("FE80000000000000021122FFFE334455", "fe80::211:22ff:fe33:4455"),
            ("20010DB8000000010000000000010001", "2001:db8:0:1::1:1"),
            ("20010000000000010000000000000000", "2001:0:0:1::"),
            ("20010000000000010001000000000001", "2001::1:1:0:0:1"),
            ("20010000000100020003000400050006", "2001:0:1:2:3:4:5:6"),
            ("00000000000000000000FFFFC0A80101", "::ffff:192.168.1.1"),
            ("000000000000000000000000C0A80101", "::192.168.1.1"),
            ("00000000000000000000000100000000", "::1:0:0"),
        ] {
            assert_eq!(inet6(host, "00000000"), want, "{host}");
        }
    }

    #[test]
    fn a_scope_is_named_only_on_a_link_local_host() {
        let (near, far) = ("FE800000000000000000000000000001", "20010000000000000000000000000001");
        assert_eq!(inet6(near, "02000000"), "fe80::1%eth0");
        assert_eq!(inet6(near, "03000000"), "fe80::1%3");
        assert_eq!(inet6(far, "02000000"), "2001::1%2");
    }

    #[test]
    fn local_sockets_have_a_path_an_abstract_name_or_none() {
        assert_eq!(shown("01002F746D702F7300"), "{ saddr_fam=local path=/tmp/s }");
        assert_eq!(shown("0100002F746D70"), "{ saddr_fam=local path=/tmp }");
        assert_eq!(shown("0100"), "{ saddr_fam=local unnamed socket }");
        assert_eq!(shown("01002F"), "{ saddr_fam=local sockaddr len too short }");
    }

    #[test]
    fn either_byte_order_is_read_on_every_machine() {
        assert_eq!(shown("00020050C0A801010000000000000000"), "{ saddr_fam=inet laddr=192.168.1.1 lport=80 }");
        let near = "FE800000000000000000000000000001";
        assert_eq!(
            shown(&format!("000A005000000000{near}00000002")),
            "{ saddr_fam=inet6 laddr=fe80::1%eth0 lport=80 }"
        );
        assert_eq!(shown("00012F746D702F7300"), "{ saddr_fam=local path=/tmp/s }");
        assert_eq!(shown("001000000000002A00000000"), "{ saddr_fam=netlink nlnk-fam=16 nlnk-pid=42 }");
        assert_eq!(shown("000800000005000000000000"), "{ saddr_fam=atmpvc int=5 }");
    }

    #[test]
    fn other_families_say_what_they_can() {
        assert_eq!(shown("100000000000000000000000"), "{ saddr_fam=netlink nlnk-fam=16 nlnk-pid=0 }");
        assert_eq!(shown("10000000"), "{ saddr_fam=netlink len too short }");
        assert_eq!(shown("0300414243444546470000000000000000"), "{ saddr_fam=ax25 call=ABCDEFG }");
        assert_eq!(shown("0300414200000000000000000000000000"), "{ saddr_fam=ax25 call=AB");
        assert_eq!(shown("080000000500000000000000"), "{ saddr_fam=atmpvc int=5 }");
        assert_eq!(shown("0900313233"), "{ saddr_fam=x25 laddr=123 }");
        assert_eq!(shown("1100"), "{ saddr_fam=packet (unsupported) }");
        assert_eq!(shown("6300"), "unknown-family(99)");
        assert_eq!(shown("zz"), "malformed-host(zz)");
        assert_eq!(shown(""), "malformed-host()");
    }
}
