//! Numbers and names: record types, rule fields, errors, machines, system calls, flag sets.
