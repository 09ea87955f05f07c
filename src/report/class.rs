//! Which reports a record's type makes its event a matter for.

use crate::event::Event;
use crate::record::RecordType;

/// A set of classes of record types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Class(u32);

#[allow(missing_docs, reason = "named as the record types, or as the report that lists them")]
impl Class {
    pub const CONFIG_CHANGE: Class = Class(1);
    pub const DAEMON_CONFIG: Class = Class(1 << 1);
    pub const USYS_CONFIG: Class = Class(1 << 2);
    pub const NETFILTER_CFG: Class = Class(1 << 3);
    pub const FEATURE_CHANGE: Class = Class(1 << 4);
    pub const USER_MAC_CONFIG_CHANGE: Class = Class(1 << 5);
    pub const USER_CHAUTHTOK: Class = Class(1 << 6);
    /// ADD_USER, DEL_USER, ADD_GROUP, DEL_GROUP.
    pub const ACCOUNT: Class = Class(1 << 7);
    pub const USER_MGMT: Class = Class(1 << 8);
    pub const GRP_MGMT: Class = Class(1 << 9);
    pub const ROLE: Class = Class(1 << 10);
    pub const USER_LOGIN: Class = Class(1 << 11);
    pub const USER_AUTH: Class = Class(1 << 12);
    pub const GRP_AUTH: Class = Class(1 << 13);
    pub const AVC: Class = Class(1 << 14);
    pub const USER_AVC: Class = Class(1 << 15);
    /// Mandatory access control: what the kernel says of its policy.
    pub const MAC: Class = Class(1 << 16);
    /// The part of [`Class::MAC`] that the summary counts.
    pub const MAC_COUNTED: Class = Class(1 << 17);
    /// Mandatory access control: what programs say.
    pub const USER_MAC: Class = Class(1 << 18);
    pub const KERNEL_CRYPTO: Class = Class(1 << 19);
    pub const USER_CRYPTO: Class = Class(1 << 20);
    pub const KERNEL_ANOMALY: Class = Class(1 << 21);
    pub const USER_ANOMALY: Class = Class(1 << 22);
    pub const SECCOMP: Class = Class(1 << 23);
    pub const RESPONSE: Class = Class(1 << 24);
    pub const INTEGRITY: Class = Class(1 << 25);
    pub const VIRT: Class = Class(1 << 26);

    /// What counts as a change of the configuration.
    pub const CONFIGURATION: Class = Class::CONFIG_CHANGE
        .with(Class::DAEMON_CONFIG)
        .with(Class::USYS_CONFIG)
        .with(Class::NETFILTER_CFG)
        .with(Class::FEATURE_CHANGE)
        .with(Class::USER_MAC_CONFIG_CHANGE)
        .with(Class::MAC);
    /// What counts as a change to accounts, groups or roles.
    pub const ACCOUNTS: Class =
        Class::USER_CHAUTHTOK.with(Class::ACCOUNT).with(Class::USER_MGMT).with(Class::GRP_MGMT).with(Class::ROLE);
    /// What is, or can be, about authentication.
    pub const AUTHENTICATION: Class = Class::USER_AUTH.with(Class::USER_MGMT);
    pub const ANY_AVC: Class = Class::AVC.with(Class::USER_AVC);
    pub const ANY_MAC: Class = Class::MAC.with(Class::USER_MAC);
    pub const ANY_CRYPTO: Class = Class::KERNEL_CRYPTO.with(Class::USER_CRYPTO);
    pub const ANOMALY: Class = Class::KERNEL_ANOMALY.with(Class::USER_ANOMALY);

    /// The set with `other` added.
    pub const fn with(self, other: Class) -> Class {
        Class(self.0 | other.0)
    }

    /// The classes of one record type.
    pub(super) fn of_type(record_type: RecordType) -> Class {
        match record_type {
            RecordType::CONFIG_CHANGE => Class::CONFIG_CHANGE,
            RecordType::DAEMON_CONFIG => Class::DAEMON_CONFIG,
            RecordType::USYS_CONFIG => Class::USYS_CONFIG,
            RecordType::NETFILTER_CFG => Class::NETFILTER_CFG,
            RecordType::FEATURE_CHANGE => Class::FEATURE_CHANGE,
            RecordType::USER_MAC_CONFIG_CHANGE => Class::USER_MAC_CONFIG_CHANGE.with(Class::USER_MAC),
            RecordType::USER_CHAUTHTOK => Class::USER_CHAUTHTOK,
            RecordType::USER_MGMT => Class::USER_MGMT,
            RecordType::GRP_MGMT => Class::GRP_MGMT,
            RecordType::ROLE_ASSIGN | RecordType::ROLE_REMOVE => Class::ROLE.with(Class::USER_MAC),
            RecordType::USER_LOGIN => Class::USER_LOGIN,
            RecordType::USER_AUTH => Class::USER_AUTH,
            RecordType::GRP_AUTH => Class::GRP_AUTH,
            RecordType::AVC => Class::AVC,
            record_type if record_type.is_apparmor() => Class::AVC,
            RecordType::USER_AVC => Class::USER_AVC,
            RecordType::SECCOMP => Class::SECCOMP,
            RecordType::ADD_USER | RecordType::DEL_USER | RecordType::ADD_GROUP | RecordType::DEL_GROUP => {
                Class::ACCOUNT
            }
            // MAC_POLICY_LOAD to MAC_MAP_DEL.
            RecordType(1403..=1410) => Class::MAC.with(Class::MAC_COUNTED),
            // MAC_IPSEC_ADDSA to MAC_UNLBL_STCDEL.
            RecordType(1411..=1417) => Class::MAC,
            // Whole ranges of linux/audit.h and of the audit tools.
            RecordType(1600..=1699) => Class::KERNEL_CRYPTO,
            RecordType(1700..=1799) => Class::KERNEL_ANOMALY,
            RecordType(1800..=1899) => Class::INTEGRITY,
            RecordType(2100..=2199) => Class::USER_ANOMALY,
            RecordType(2200..=2299) => Class::RESPONSE,
            RecordType(2300..=2399) => Class::USER_MAC,
            RecordType(2400..=2499) => Class::USER_CRYPTO,
            RecordType(2500..=2599) => Class::VIRT,
            _ => Class::default(),
        }
    }

    /// The classes of all records of an event.
    pub fn of(event: &Event) -> Class {
        // Most records are these, and they are in no class.
        let is_counted = |record_type: &RecordType| !matches!(record_type.0, 1300..=1304 | 1306..=1324 | 1327);
        event
            .record_types()
            .filter(is_counted)
            .fold(Class::default(), |all, record_type| all.with(Class::of_type(record_type)))
    }

    /// Whether one of `classes` is in the set.
    pub fn has(self, classes: Class) -> bool {
        self.0 & classes.0 != 0
    }

    /// How many of `classes` are in the set.
    pub fn count(self, classes: Class) -> u64 {
        u64::from((self.0 & classes.0).count_ones())
    }
}
