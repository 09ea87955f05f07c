//! System calls: netlink socket, poll loop, signals, clock, files, users, children. The only home of unsafe code.
