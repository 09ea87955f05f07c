//! The records about connections under TLS: CRYPTO_SESSION when one is open, one for each direction, and CRYPTO_KEY_USER when its keys
//! are gone. COMPAT: fields and their order are the reference's.

use super::Suite;
use crate::text::hex;
use core::net::SocketAddr;
use std::fmt::Write;

/// The two addresses of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Ours.
    pub local: SocketAddr,
    /// The other's.
    pub remote: SocketAddr,
}

/// The program that writes the records: its process id and path.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// Its process id.
    pub pid: i32,
    /// Its path.
    pub exe: &'a [u8],
}

/// The bodies of the records of a connection that is open.
pub fn opened(suite: Suite, ends: Ends, program: Program<'_>) -> [String; 2] {
    ["from-client", "from-server"].map(|direction| {
        let mut body = String::new();
        let (cipher, bits) = (suite.name(), suite.key_bits());
        // Writing to memory does not fail.
        let _ = write!(body, "op=start direction={direction} cipher={cipher} ksize={bits} mac=<implicit> pfs=X25519 ");
        push_ends(ends, program, &mut body);
        body
    })
}

/// The body of the record of a connection whose keys are gone.
pub fn destroyed(ends: Ends, program: Program<'_>) -> String {
    let mut body = "op=destroy kind=session fp=? direction=both ".to_string();
    push_ends(ends, program, &mut body);
    body
}

fn push_ends(Ends { local, remote }: Ends, Program { pid, exe }: Program<'_>, body: &mut String) {
    let _ = write!(body, "spid={pid} suid=? rport={} laddr={} lport={} ", remote.port(), local.ip(), local.port());
    match str::from_utf8(exe).ok().filter(|exe| exe.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')) {
        Some(exe) => body.extend(["exe=\"", exe, "\""]),
        None => {
            let mut coded = Vec::new();
            hex::encode(exe, &mut coded);
            body.extend(["exe=", &String::from_utf8_lossy(&coded)]);
        }
    }
    let _ = write!(body, " hostname=? addr={} terminal=? res=success", remote.ip());
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: (&str, &str) = ("10.0.0.1:60", "[fe80::1]:40000");

    fn ends() -> Ends {
        Ends { local: ENDS.0.parse().unwrap(), remote: ENDS.1.parse().unwrap() }
    }

    #[test]
    fn a_connection_has_a_record_for_each_direction() {
        let [client, server] = opened(Suite::Aes128Gcm, ends(), Program { pid: 7, exe: b"/sbin/auditd" });
        assert_eq!(
            client,
            "op=start direction=from-client cipher=TLS_AES_128_GCM_SHA256 ksize=128 mac=<implicit> pfs=X25519 spid=7 suid=? \
             rport=40000 laddr=10.0.0.1 lport=60 exe=\"/sbin/auditd\" hostname=? addr=fe80::1 terminal=? res=success"
        );
        assert_eq!(server, client.replace("from-client", "from-server"));
    }

    #[test]
    fn no_path_of_a_program_adds_a_field() {
        let body = destroyed(ends(), Program { pid: 7, exe: b"/x\" res=no\n" });
        assert_eq!(
            body,
            "op=destroy kind=session fp=? direction=both spid=7 suid=? rport=40000 laddr=10.0.0.1 lport=60 \
             exe=2F7822207265733D6E6F0A hostname=? addr=fe80::1 terminal=? res=success"
        );
    }
}
