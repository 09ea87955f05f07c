//! Who may connect. It is for the firewall to say whom the port is for; here it is only seen to that nobody takes the place of all
//! others: connections are bounded in all, of one address, and in a second, and so are handshakes. What is more than that is refused or
//! waits in the queue of the kernel, and few of the refusals are written down.

use super::repeats::MAX_PEERS;
use crate::config::auditd::Config;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Descriptors that are not for peers: the log and its rotation, plugins, helpers and files that are read again. A half where there
/// are few.
const RESERVED: usize = 128;
/// Connections accepted in a second. More wait in the queue of the kernel: each costs two records.
const ACCEPTED_A_SECOND: usize = 32;
/// How many of them may be of one source, so that none takes the place of all others; more where one address may have more connections.
const OF_ONE_SOURCE: u64 = 8;
/// Connections refused in a second before more wait, and how many of them are written down: they take the place of no other.
const REFUSED_A_SECOND: usize = 1024;
const REFUSALS_TOLD: usize = 8;
/// Peers whose TLS handshake is not over, in all and of one source: each costs the work of one.
const MOST_HANDSHAKES: usize = 32;
const HANDSHAKES_OF_ONE: usize = MOST_HANDSHAKES / 2;

/// Why somebody may not connect.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The field of the record.
    pub(super) operation: &'static str,
    /// What the system log says before the address, and after it.
    pub(super) said: [&'static str; 2],
}

/// The peers that there are, as one who would be the next finds them.
#[derive(Default)]
pub(super) struct Crowd {
    all: usize,
    of_address: u64,
    handshakes: usize,
    handshakes_of_source: usize,
}

impl Crowd {
    /// Of peers by their addresses, and whether their handshake is over.
    pub(super) fn around(newcomer: SocketAddr, peers: impl Iterator<Item = (SocketAddr, bool)>) -> Crowd {
        let mut crowd = Crowd::default();
        for (address, is_accepted) in peers {
            crowd.all += 1;
            crowd.of_address += u64::from(address.ip() == newcomer.ip());
            crowd.handshakes += usize::from(!is_accepted);
            crowd.handshakes_of_source += usize::from(!is_accepted && source(address) == source(newcomer));
        }
        crowd
    }
}

/// What is done in one second of the monotonic clock.
#[derive(Default)]
pub(super) struct Door {
    at: i64,
    /// From where the connections came that were accepted.
    accepted: Vec<IpAddr>,
    refused: usize,
}

impl Door {
    /// Counts anew where another second has begun: how many refusals of the last one were not written down.
    pub(super) fn begin_second(&mut self, now: i64) -> usize {
        if self.at == now {
            return 0;
        }
        self.at = now;
        self.accepted.clear();
        std::mem::take(&mut self.refused).saturating_sub(REFUSALS_TOLD)
    }

    /// Lets somebody in, or says why not.
    pub(super) fn admit(
        &mut self,
        config: &Config,
        descriptors: usize,
        address: SocketAddr,
        crowd: &Crowd,
    ) -> Result<(), Refusal> {
        let (least, most) = config.tcp_client_ports;
        let source = source(address);
        let of_source = self.accepted.iter().filter(|one| **one == source).count() as u64;
        let (operation, said) = match () {
            () if !(least..=most).contains(&address.port()) => ("op=port ", ["TCP connection from", "rejected"]),
            () if crowd.of_address >= config.tcp_max_per_addr => {
                ("op=dup ", ["Too many connections from", "- rejected"])
            }
            () if crowd.all >= most_peers(descriptors) => {
                ("op=alloc ", ["Too many connections in all, that from", "rejected"])
            }
            () if of_source >= OF_ONE_SOURCE.max(config.tcp_max_per_addr) => {
                ("op=rate ", ["Too many connections in a second from", "- rejected"])
            }
            () if crowd.handshakes >= MOST_HANDSHAKES || crowd.handshakes_of_source >= HANDSHAKES_OF_ONE => {
                ("op=handshake-limit ", ["Too many TLS handshakes at a time, that of", "rejected"])
            }
            () => {
                self.accepted.push(source);
                return Ok(());
            }
        };
        self.refused += 1;
        Err(Refusal { operation, said })
    }

    /// Whether the last refusal is to be written down.
    pub(super) fn tells_refusal(&self) -> bool {
        self.refused <= REFUSALS_TOLD
    }

    /// Whether all others have to wait for the next second.
    pub(super) fn is_busy(&self) -> bool {
        self.accepted.len() >= ACCEPTED_A_SECOND || self.refused >= REFUSED_A_SECOND
    }
}

/// What stands for all addresses that one machine may take: of IPv6, its /64.
fn source(address: SocketAddr) -> IpAddr {
    match address.ip() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        ip => ip,
    }
}

/// How many peers there may be, so that they leave descriptors to the rest of the daemon.
fn most_peers(descriptors: usize) -> usize {
    (descriptors - RESERVED.min(descriptors / 2)).min(MAX_PEERS)
}
