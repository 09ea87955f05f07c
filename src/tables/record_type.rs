//! Record types: the number in a netlink message's header, the word after `type=` in a log.
//!
//! Sources: linux/audit.h (Linux 7.0) for what the kernel sends, and the audit tools' own ranges for what daemons and
//! trusted programs send. KERNEL: 1425 and 1426 since Linux 6.18, 1423 and 1424 since 6.15, 1808 since 6.14, 1420 to 1422 since 6.12, 1338
//! and 1339 since 5.16; 1500 to 1507 are AppArmor's before it took AVC.
//!
//! A row here is enough for a type to be read, searched for by name and shown, if it falls into the right ranges:
//!
//! * `record/record_type.rs`: `ends_event` has the types that are the last one of their event, or the only one;
//! * `record/record_type.rs`: `is_ambiguous` has those whose number meant something else before;
//! * `daemon/record/format.rs`: `is_control` has those that are no records and are never written.
//!
//! Where more is to be said of it:
//!
//! * `record/known.rs`, when code names it;
//! * `interpret/kind.rs`: `NAMES` for its fields, `by_record_type` when a known name means something else in it, `guessed` when the
//!   value tells what it means;
//! * `normalize/kinds.rs`: `KINDS` for the kind of event;
//! * `normalize/records.rs`: `ROWS` for subject, object and action; odd ones are in `normalize/single.rs` and
//!   `normalize/compound.rs`, those that need no SYSCALL record in `normalize/kernel.rs`;
//! * `query/extract/mod.rs` for what ausearch and aureport look for in it;
//! * `report/class.rs` for the reports it counts in, `report/reports.rs` when it adds or deletes something;
//! * `daemon/enrich.rs`: `is_stale_after`, when it says that names of users or groups have changed.

use super::tables;

tables! {
    /// Every record type that has a name.
    pub RECORD_TYPES: sorted [
        (1005, "USER"),
        (1006, "LOGIN"),
        (1100, "USER_AUTH"),
        (1101, "USER_ACCT"),
        (1102, "USER_MGMT"),
        (1103, "CRED_ACQ"),
        (1104, "CRED_DISP"),
        (1105, "USER_START"),
        (1106, "USER_END"),
        (1107, "USER_AVC"),
        (1108, "USER_CHAUTHTOK"),
        (1109, "USER_ERR"),
        (1110, "CRED_REFR"),
        (1111, "USYS_CONFIG"),
        (1112, "USER_LOGIN"),
        (1113, "USER_LOGOUT"),
        (1114, "ADD_USER"),
        (1115, "DEL_USER"),
        (1116, "ADD_GROUP"),
        (1117, "DEL_GROUP"),
        (1118, "DAC_CHECK"),
        (1119, "CHGRP_ID"),
        (1120, "TEST"),
        (1121, "TRUSTED_APP"),
        (1122, "USER_SELINUX_ERR"),
        (1123, "USER_CMD"),
        (1124, "USER_TTY"),
        (1125, "CHUSER_ID"),
        (1126, "GRP_AUTH"),
        (1127, "SYSTEM_BOOT"),
        (1128, "SYSTEM_SHUTDOWN"),
        (1129, "SYSTEM_RUNLEVEL"),
        (1130, "SERVICE_START"),
        (1131, "SERVICE_STOP"),
        (1132, "GRP_MGMT"),
        (1133, "GRP_CHAUTHTOK"),
        (1134, "MAC_CHECK"),
        (1135, "ACCT_LOCK"),
        (1136, "ACCT_UNLOCK"),
        (1137, "USER_DEVICE"),
        (1138, "SOFTWARE_UPDATE"),
        (1200, "DAEMON_START"),
        (1201, "DAEMON_END"),
        (1202, "DAEMON_ABORT"),
        (1203, "DAEMON_CONFIG"),
        (1205, "DAEMON_ROTATE"),
        (1206, "DAEMON_RESUME"),
        (1207, "DAEMON_ACCEPT"),
        (1208, "DAEMON_CLOSE"),
        (1209, "DAEMON_ERR"),
        (1300, "SYSCALL"),
        (1302, "PATH"),
        (1303, "IPC"),
        (1304, "SOCKETCALL"),
        (1305, "CONFIG_CHANGE"),
        (1306, "SOCKADDR"),
        (1307, "CWD"),
        (1309, "EXECVE"),
        (1311, "IPC_SET_PERM"),
        (1312, "MQ_OPEN"),
        (1313, "MQ_SENDRECV"),
        (1314, "MQ_NOTIFY"),
        (1315, "MQ_GETSETATTR"),
        (1316, "KERNEL_OTHER"),
        (1317, "FD_PAIR"),
        (1318, "OBJ_PID"),
        (1319, "TTY"),
        (1320, "EOE"),
        (1321, "BPRM_FCAPS"),
        (1322, "CAPSET"),
        (1323, "MMAP"),
        (1324, "NETFILTER_PKT"),
        (1325, "NETFILTER_CFG"),
        (1326, "SECCOMP"),
        (1327, "PROCTITLE"),
        (1328, "FEATURE_CHANGE"),
        (1330, "KERN_MODULE"),
        (1331, "FANOTIFY"),
        (1332, "TIME_INJOFFSET"),
        (1333, "TIME_ADJNTPVAL"),
        (1334, "BPF"),
        (1335, "EVENT_LISTENER"),
        (1336, "URINGOP"),
        (1337, "OPENAT2"),
        (1338, "DM_CTRL"),
        (1339, "DM_EVENT"),
        (1400, "AVC"),
        (1401, "SELINUX_ERR"),
        (1402, "AVC_PATH"),
        (1403, "MAC_POLICY_LOAD"),
        (1404, "MAC_STATUS"),
        (1405, "MAC_CONFIG_CHANGE"),
        (1406, "MAC_UNLBL_ALLOW"),
        (1407, "MAC_CIPSOV4_ADD"),
        (1408, "MAC_CIPSOV4_DEL"),
        (1409, "MAC_MAP_ADD"),
        (1410, "MAC_MAP_DEL"),
        (1411, "MAC_IPSEC_ADDSA"),
        (1412, "MAC_IPSEC_DELSA"),
        (1413, "MAC_IPSEC_ADDSPD"),
        (1414, "MAC_IPSEC_DELSPD"),
        (1415, "MAC_IPSEC_EVENT"),
        (1416, "MAC_UNLBL_STCADD"),
        (1417, "MAC_UNLBL_STCDEL"),
        (1418, "MAC_CALIPSO_ADD"),
        (1419, "MAC_CALIPSO_DEL"),
        (1420, "IPE_ACCESS"),
        (1421, "IPE_CONFIG_CHANGE"),
        (1422, "IPE_POLICY_LOAD"),
        (1423, "LANDLOCK_ACCESS"),
        (1424, "LANDLOCK_DOMAIN"),
        (1425, "MAC_TASK_CONTEXTS"),
        (1426, "MAC_OBJ_CONTEXTS"),
        (1500, "APPARMOR"),
        (1501, "APPARMOR_AUDIT"),
        (1502, "APPARMOR_ALLOWED"),
        (1503, "APPARMOR_DENIED"),
        (1504, "APPARMOR_HINT"),
        (1505, "APPARMOR_STATUS"),
        (1506, "APPARMOR_ERROR"),
        (1507, "APPARMOR_KILL"),
        (1700, "ANOM_PROMISCUOUS"),
        (1701, "ANOM_ABEND"),
        (1702, "ANOM_LINK"),
        (1703, "ANOM_CREAT"),
        (1800, "INTEGRITY_DATA"),
        (1801, "INTEGRITY_METADATA"),
        (1802, "INTEGRITY_STATUS"),
        (1803, "INTEGRITY_HASH"),
        (1804, "INTEGRITY_PCR"),
        (1805, "INTEGRITY_RULE"),
        (1806, "INTEGRITY_EVM_XATTR"),
        (1807, "INTEGRITY_POLICY_RULE"),
        (1808, "INTEGRITY_USERSPACE"),
        (2000, "KERNEL"),
        (2100, "ANOM_LOGIN_FAILURES"),
        (2101, "ANOM_LOGIN_TIME"),
        (2102, "ANOM_LOGIN_SESSIONS"),
        (2103, "ANOM_LOGIN_ACCT"),
        (2104, "ANOM_LOGIN_LOCATION"),
        (2105, "ANOM_MAX_DAC"),
        (2106, "ANOM_MAX_MAC"),
        (2107, "ANOM_AMTU_FAIL"),
        (2108, "ANOM_RBAC_FAIL"),
        (2109, "ANOM_RBAC_INTEGRITY_FAIL"),
        (2110, "ANOM_CRYPTO_FAIL"),
        (2111, "ANOM_ACCESS_FS"),
        (2112, "ANOM_EXEC"),
        (2113, "ANOM_MK_EXEC"),
        (2114, "ANOM_ADD_ACCT"),
        (2115, "ANOM_DEL_ACCT"),
        (2116, "ANOM_MOD_ACCT"),
        (2117, "ANOM_ROOT_TRANS"),
        (2118, "ANOM_LOGIN_SERVICE"),
        (2119, "ANOM_LOGIN_ROOT"),
        (2120, "ANOM_ORIGIN_FAILURES"),
        (2121, "ANOM_SESSION"),
        (2200, "RESP_ANOMALY"),
        (2201, "RESP_ALERT"),
        (2202, "RESP_KILL_PROC"),
        (2203, "RESP_TERM_ACCESS"),
        (2204, "RESP_ACCT_REMOTE"),
        (2205, "RESP_ACCT_LOCK_TIMED"),
        (2206, "RESP_ACCT_UNLOCK_TIMED"),
        (2207, "RESP_ACCT_LOCK"),
        (2208, "RESP_TERM_LOCK"),
        (2209, "RESP_SEBOOL"),
        (2210, "RESP_EXEC"),
        (2211, "RESP_SINGLE"),
        (2212, "RESP_HALT"),
        (2213, "RESP_ORIGIN_BLOCK"),
        (2214, "RESP_ORIGIN_BLOCK_TIMED"),
        (2215, "RESP_ORIGIN_UNBLOCK_TIMED"),
        (2300, "USER_ROLE_CHANGE"),
        (2301, "ROLE_ASSIGN"),
        (2302, "ROLE_REMOVE"),
        (2303, "LABEL_OVERRIDE"),
        (2304, "LABEL_LEVEL_CHANGE"),
        (2305, "USER_LABELED_EXPORT"),
        (2306, "USER_UNLABELED_EXPORT"),
        (2307, "DEV_ALLOC"),
        (2308, "DEV_DEALLOC"),
        (2309, "FS_RELABEL"),
        (2310, "USER_MAC_POLICY_LOAD"),
        (2311, "ROLE_MODIFY"),
        (2312, "USER_MAC_CONFIG_CHANGE"),
        (2313, "USER_MAC_STATUS"),
        (2400, "CRYPTO_TEST_USER"),
        (2401, "CRYPTO_PARAM_CHANGE_USER"),
        (2402, "CRYPTO_LOGIN"),
        (2403, "CRYPTO_LOGOUT"),
        (2404, "CRYPTO_KEY_USER"),
        (2405, "CRYPTO_FAILURE_USER"),
        (2406, "CRYPTO_REPLAY_USER"),
        (2407, "CRYPTO_SESSION"),
        (2408, "CRYPTO_IKE_SA"),
        (2409, "CRYPTO_IPSEC_SA"),
        (2500, "VIRT_CONTROL"),
        (2501, "VIRT_RESOURCE"),
        (2502, "VIRT_MACHINE_ID"),
        (2503, "VIRT_INTEGRITY_CHECK"),
        (2504, "VIRT_CREATE"),
        (2505, "VIRT_DESTROY"),
        (2506, "VIRT_MIGRATE_IN"),
        (2507, "VIRT_MIGRATE_OUT"),
    ];
}

/// The name of a record type.
pub fn name(number: u32) -> Option<&'static str> {
    RECORD_TYPES.name(number)
}

/// All record types, numbers rising.
pub fn rows() -> impl Iterator<Item = (u32, &'static str)> {
    RECORD_TYPES.iter()
}

/// The number of the record type called `name`, in letters of either case. Asked for every line of a log, so it is looked
/// up by a hash.
pub fn number(name: impl AsRef<[u8]>) -> Option<u32> {
    let name = name.as_ref();
    let mut place = hash(name);
    while let row @ 1.. = PLACES[place] {
        let row = usize::from(row) - 1;
        if RECORD_TYPES.name_at(row).as_bytes().eq_ignore_ascii_case(name) {
            return Some(RECORD_TYPES.number_at(row));
        }
        place = (place + 1) % PLACES.len();
    }
    None
}

/// Rows of the table counted from 1, at the place that the name's hash gives or the next free one.
static PLACES: [u8; 512] = places();

const fn places() -> [u8; 512] {
    let mut places = [0; 512];
    let mut row = 0;
    while row < RECORD_TYPES.len() {
        let (start, end) = (RECORD_TYPES.starts[row] as usize, RECORD_TYPES.starts[row + 1] as usize);
        let mut place = hash(RECORD_TYPES.names.as_bytes().split_at(end).0.split_at(start).1);
        while places[place] != 0 {
            place = (place + 1) % places.len();
        }
        assert!(row < 255, "a place holds one byte");
        places[place] = row as u8 + 1;
        row += 1;
    }
    places
}

/// The same for letters of either case.
const fn hash(name: &[u8]) -> usize {
    let (mut sum, mut at) = (0u32, 0);
    while at < name.len() {
        sum = sum.wrapping_mul(37).wrapping_add((name[at] & 0xDF) as u32);
        at += 1;
    }
    (sum ^ sum >> 9) as usize % 512
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_kernel_daemon_and_user_types() {
        assert_eq!(name(1300), Some("SYSCALL"));
        assert_eq!(name(1200), Some("DAEMON_START"));
        assert_eq!(name(1112), Some("USER_LOGIN"));
        assert_eq!(name(1301), None);
        assert_eq!(name(1420), Some("IPE_ACCESS"));
        assert_eq!(name(1426), Some("MAC_OBJ_CONTEXTS"));
        assert_eq!(number("APPARMOR_DENIED"), Some(1503));
        assert_eq!(number("avc"), Some(1400));
        assert_eq!(number("AVCX"), None);
    }

    /// Of each of its lines that begin with a file: what is named after it stands in that file.
    #[test]
    fn the_places_named_above_exist() {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/");
        let header = include_str!("record_type.rs").lines().filter(|line| line.starts_with("//!"));
        let places = header.skip_while(|line| !line.starts_with("//! * "));
        let (mut text, mut named) = (String::new(), 0);
        for word in places.flat_map(|line| line.split('`').skip(1).step_by(2)) {
            if word.ends_with(".rs") {
                text = std::fs::read_to_string(format!("{source}{word}")).unwrap_or_else(|_| panic!("no file {word}"));
            } else {
                let is_there = text.contains(&format!("fn {word}(")) || text.contains(&format!(" {word}: &"));
                assert!(is_there, "{word} is elsewhere");
                named += 1;
            }
        }
        assert!(named >= 9, "only {named} functions and tables are named");
    }

    #[test]
    fn every_type_goes_round() {
        for (nr, word) in RECORD_TYPES.iter() {
            assert_eq!((name(nr), number(word)), (Some(word), Some(nr)));
        }
    }
}
