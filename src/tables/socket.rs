//! Sockets: families, types, calls, message flags.
//!
//! Sources: linux/socket.h, net.h; asm/socket.h of mips (Linux 6.17).

use super::tables;

tables! {
    /// Address families.
    pub FAMILIES: sorted [
        (1, "local"),
        (2, "inet"),
        (3, "ax25"),
        (4, "ipx"),
        (5, "appletalk"),
        (6, "netrom"),
        (7, "bridge"),
        (8, "atmpvc"),
        (9, "x25"),
        (10, "inet6"),
        (11, "rose"),
        (12, "decnet"),
        (13, "netbeui"),
        (14, "security"),
        (15, "key"),
        (16, "netlink"),
        (17, "packet"),
        (18, "ash"),
        (19, "econet"),
        (20, "atmsvc"),
        (21, "rds"),
        (22, "sna"),
        (23, "irda"),
        (24, "pppox"),
        (25, "wanpipe"),
        (26, "llc"),
        (29, "can"),
        (30, "tipc"),
        (31, "bluetooth"),
        (32, "iucv"),
        (33, "rxrpc"),
        (34, "isdn"),
        (35, "phonet"),
        (36, "ieee802154"),
        (37, "caif"),
        (38, "alg"),
        (39, "nfc"),
        (40, "vsock"),
        (41, "kcm"),
        (42, "qipcrtr"),
        (43, "smc"),
        (44, "xdp"),
        (45, "mctp"),
    ];

    /// Socket types, without the flags above the low byte.
    pub TYPES: sorted [
        (1, "SOCK_STREAM"),
        (2, "SOCK_DGRAM"),
        (3, "SOCK_RAW"),
        (4, "SOCK_RDM"),
        (5, "SOCK_SEQPACKET"),
        (6, "SOCK_DCCP"),
        (10, "SOCK_PACKET"),
    ], Mips [
        (1, "SOCK_DGRAM"),
        (2, "SOCK_STREAM"),
    ];

    /// Calls that socketcall(2) stands for.
    pub CALLS: sorted [
        (1, "socket"),
        (2, "bind"),
        (3, "connect"),
        (4, "listen"),
        (5, "accept"),
        (6, "getsockname"),
        (7, "getpeername"),
        (8, "socketpair"),
        (9, "send"),
        (10, "recv"),
        (11, "sendto"),
        (12, "recvfrom"),
        (13, "shutdown"),
        (14, "setsockopt"),
        (15, "getsockopt"),
        (16, "sendmsg"),
        (17, "recvmsg"),
        (18, "accept4"),
        (19, "recvmmsg"),
        (20, "sendmmsg"),
    ];

    /// Flags of send(2), recv(2) and their families.
    pub MESSAGE_FLAGS: sorted [
        (0x1, "MSG_OOB"),
        (0x2, "MSG_PEEK"),
        (0x4, "MSG_DONTROUTE"),
        (0x8, "MSG_CTRUNC"),
        (0x10, "MSG_PROXY"),
        (0x20, "MSG_TRUNC"),
        (0x40, "MSG_DONTWAIT"),
        (0x80, "MSG_EOR"),
        (0x100, "MSG_WAITALL"),
        (0x200, "MSG_FIN"),
        (0x400, "MSG_SYN"),
        (0x800, "MSG_CONFIRM"),
        (0x1000, "MSG_RST"),
        (0x2000, "MSG_ERRQUEUE"),
        (0x4000, "MSG_NOSIGNAL"),
        (0x8000, "MSG_MORE"),
        (0x10000, "MSG_WAITFORONE"),
        (0x20000, "MSG_SENDPAGE_NOTLAST"),
        (0x40000, "MSG_BATCH"),
        (0x20000000, "MSG_FASTOPEN"),
        (0x40000000, "MSG_CMSG_CLOEXEC"),
        (0x80000000, "MSG_CMSG_COMPAT"),
    ];
}

/// The family that the first bytes of a socket address name, and whether they were written with the high byte first. A record does not
/// name the machine that wrote it, but all families are below 256; this machine's order counts where neither or both are known.
pub fn family(bytes: [u8; 2]) -> (u16, bool) {
    let (big, little) = (u16::from_be_bytes(bytes), u16::from_le_bytes(bytes));
    let is_known = |family: u16| FAMILIES.name(family.into()).is_some();
    let is_big = if is_known(big) == is_known(little) { cfg!(target_endian = "big") } else { is_known(big) };
    (if is_big { big } else { little }, is_big)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_types_calls_and_flags() {
        assert_eq!(FAMILIES.name(10), Some("inet6"));
        assert_eq!(FAMILIES.number("netlink"), Some(16));
        assert_eq!(TYPES.name(1), Some("SOCK_STREAM"));
        assert_eq!(CALLS.name(3), Some("connect"));
        assert_eq!(MESSAGE_FLAGS.name(0x4000), Some("MSG_NOSIGNAL"));
    }
}
