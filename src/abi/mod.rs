//! The kernel's audit interface (include/uapi/linux/audit.h, netlink.h) in Rust: message types, structures, their bytes.
