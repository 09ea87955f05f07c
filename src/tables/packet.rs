//! Packets that netfilter records: protocols, hooks, actions.
//!
//! Sources: linux/netfilter.h, linux/icmp.h (Linux 6.17), IANA's protocol numbers.

use super::tables;

tables! {
    /// ICMP message types.
    pub ICMP_TYPES: sorted [
        (0, "echo-reply"),
        (3, "destination-unreachable"),
        (4, "source-quench"),
        (5, "redirect"),
        (8, "echo"),
        (11, "time-exceeded"),
        (12, "parameter-problem"),
        (13, "timestamp-request"),
        (14, "timestamp-reply"),
        (15, "info-request"),
        (16, "info-reply"),
        (17, "address-mask-request"),
        (18, "address-mask-reply"),
    ];

    /// Protocol families of netfilter tables.
    pub NETFILTER_FAMILIES: sorted [
        (0, "unspecified"),
        (1, "inet"),
        (2, "ipv4"),
        (3, "arp"),
        (5, "netdev"),
        (7, "bridge"),
        (10, "ipv6"),
        (12, "decnet"),
    ];

    /// Netfilter hooks of IPv4 and IPv6.
    pub INET_HOOKS: sorted [
        (0, "PREROUTING"),
        (1, "INPUT"),
        (2, "FORWARD"),
        (3, "OUTPUT"),
        (4, "POSTROUTING"),
        (5, "BROUTING"),
    ];

    /// Netfilter hooks of ARP.
    pub ARP_HOOKS: sorted [
        (0, "INPUT"),
        (1, "OUTPUT"),
        (2, "FORWARD"),
    ];

    /// What a netfilter AUDIT target was told to note.
    pub ACTIONS: sorted [
        (0, "ACCEPT"),
        (1, "DROP"),
        (2, "REJECT"),
    ];

    /// Names of /etc/protocols, for systems that have no such file.
    pub PROTOCOLS: sorted [
        (0, "ip"),
        (1, "icmp"),
        (2, "igmp"),
        (3, "ggp"),
        (4, "ipencap"),
        (5, "st"),
        (6, "tcp"),
        (8, "egp"),
        (9, "igp"),
        (12, "pup"),
        (17, "udp"),
        (20, "hmp"),
        (22, "xns-idp"),
        (27, "rdp"),
        (29, "iso-tp4"),
        (33, "dccp"),
        (36, "xtp"),
        (37, "ddp"),
        (38, "idpr-cmtp"),
        (41, "ipv6"),
        (43, "ipv6-route"),
        (44, "ipv6-frag"),
        (45, "idrp"),
        (46, "rsvp"),
        (47, "gre"),
        (50, "esp"),
        (51, "ah"),
        (57, "skip"),
        (58, "ipv6-icmp"),
        (59, "ipv6-nonxt"),
        (60, "ipv6-opts"),
        (73, "rspf"),
        (81, "vmtp"),
        (88, "eigrp"),
        (89, "ospf"),
        (93, "ax.25"),
        (94, "ipip"),
        (97, "etherip"),
        (98, "encap"),
        (103, "pim"),
        (108, "ipcomp"),
        (112, "vrrp"),
        (115, "l2tp"),
        (124, "isis"),
        (132, "sctp"),
        (133, "fc"),
        (135, "mobility-header"),
        (136, "udplite"),
        (137, "mpls-in-ip"),
        (138, "manet"),
        (139, "hip"),
        (140, "shim6"),
        (141, "wesp"),
        (142, "rohc"),
        (143, "ethernet"),
        (262, "mptcp"),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_netfilter_records() {
        assert_eq!(ICMP_TYPES.name(8), Some("echo"));
        assert_eq!(NETFILTER_FAMILIES.name(2), Some("ipv4"));
        assert_eq!(INET_HOOKS.name(1), Some("INPUT"));
        assert_eq!(ARP_HOOKS.name(1), Some("OUTPUT"));
        assert_eq!(ACTIONS.name(1), Some("DROP"));
        assert_eq!(PROTOCOLS.name(17), Some("udp"));
    }
}
