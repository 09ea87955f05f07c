//! The address in a `saddr` field as a value: for programs that compare addresses and ports instead of showing them.

use crate::tables::machine::Machine;
use crate::tables::socket;
use crate::text::hex;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A socket address of a SOCKADDR record, from the hex digits of a `struct sockaddr` (linux/in.h, in6.h, un.h, netlink.h).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketAddress {
    /// AF_INET and AF_INET6.
    Internet {
        /// The host.
        address: IpAddr,
        /// The port, 0 when none was asked for.
        port: u16,
    },
    /// AF_UNIX: the path, or an abstract name after a byte 0; empty for a socket without a name.
    Local(Vec<u8>),
    /// AF_NETLINK.
    Netlink {
        /// The port id, usually a process id; 0 is the kernel.
        port_id: u32,
        /// The multicast groups, one bit each.
        groups: u32,
    },
    /// Another family, by its number.
    Other(u16),
}

impl SocketAddress {
    /// Reads the value of a `saddr` field that was written on `machine`, whose byte order the family has; where it is not known, the
    /// family shows the order. `None` when it is no hex or too short for its family.
    pub fn parse(value: &[u8], machine: Option<Machine>) -> Option<SocketAddress> {
        const LOCAL: u16 = 1;
        const INET: u16 = 2;
        const INET6: u16 = 10;
        const NETLINK: u16 = 16;
        let mut bytes = Vec::new();
        let is_hex = hex::decode(value, &mut bytes) == value.len();
        let (family, rest) = is_hex.then(|| bytes.split_first_chunk())??;
        let is_little = machine.map_or(!socket::family(*family).1, Machine::is_little_endian);
        let short = |bytes| if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) };
        let word = |at| {
            let bytes = *rest.get(at..)?.first_chunk()?;
            Some(if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
        };
        let port = || rest.first_chunk().map(|port| u16::from_be_bytes(*port));
        Some(match short(*family) {
            INET => {
                let address: [u8; 4] = *rest.get(2..)?.first_chunk()?;
                SocketAddress::Internet { address: Ipv4Addr::from(address).into(), port: port()? }
            }
            INET6 => {
                let address: [u8; 16] = *rest.get(6..)?.first_chunk()?;
                SocketAddress::Internet { address: Ipv6Addr::from(address).into(), port: port()? }
            }
            LOCAL => SocketAddress::Local(local_name(rest)),
            NETLINK => SocketAddress::Netlink { port_id: word(2)?, groups: word(6)? },
            other => SocketAddress::Other(other),
        })
    }
}

/// A path ends at its first NUL; an abstract name begins with one.
fn local_name(bytes: &[u8]) -> Vec<u8> {
    let from = usize::from(bytes.first() == Some(&0));
    let end = bytes.iter().skip(from).position(|byte| *byte == 0).map_or(bytes.len(), |length| from + length);
    let name = bytes.get(..end).unwrap_or_default();
    if name == [0] { Vec::new() } else { name.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(value: &str) -> Option<SocketAddress> {
        SocketAddress::parse(value.as_bytes(), Some(Machine::X86_64))
    }

    fn internet(address: &str, port: u16) -> Option<SocketAddress> {
        Some(SocketAddress::Internet { address: address.parse().unwrap(), port })
    }

    #[test]
    fn an_internet_address_has_a_host_and_a_port() {
        assert_eq!(parse("020001BBC00002070000000000000000"), internet("192.0.2.7", 443));
        assert_eq!(parse("0A0000350000000020010DB800000000000000000000000100000000"), internet("2001:db8::1", 53));
        assert_eq!(parse("020001BBC000"), None);
        assert_eq!(parse("0A00003500000000"), None);
    }

    #[test]
    fn the_family_has_the_byte_order_of_the_machine_and_the_port_that_of_the_network() {
        let big = SocketAddress::parse(b"000201BBC0000207", Some(Machine::S390x));
        assert_eq!(big, internet("192.0.2.7", 443));
        let big = SocketAddress::parse(b"001000000000000500000001", Some(Machine::S390x));
        assert_eq!(big, Some(SocketAddress::Netlink { port_id: 5, groups: 1 }));
        for value in [&b"000201BBC0000207"[..], b"020001BBC0000207"] {
            assert_eq!(SocketAddress::parse(value, None), internet("192.0.2.7", 443));
        }
    }

    #[test]
    fn a_local_name_is_a_path_or_abstract_or_none() {
        let local = |name: &[u8]| Some(SocketAddress::Local(name.to_vec()));
        assert_eq!(parse("01002F6465762F6C6F670000"), local(b"/dev/log"));
        assert_eq!(parse("01000068690000"), local(b"\0hi"));
        assert_eq!(parse("0100"), local(b""));
    }

    #[test]
    fn what_is_no_address_is_none() {
        assert_eq!(parse("1800"), Some(SocketAddress::Other(24)));
        assert_eq!(parse("02"), None);
        assert_eq!(parse("(null)"), None);
    }
}
