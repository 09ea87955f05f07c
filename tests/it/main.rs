//! Every integration test in one executable: it is linked once, and the modules share [`support`].
//!
//! `cargo test --test it` runs them all, `cargo test --test it ausearch` one module. A test that only root can do bears
//! `#[ignore = "needs root"]`; `tests/all` includes those when it runs as root.

mod support;
mod testing;

mod auditctl;
mod auditd;
mod aulast;
mod aureport;
mod ausearch;
mod ausyscall;
mod checking;
mod circles;
mod comparing;
mod completing;
mod corpus;
mod costing;
mod doctor;
mod enrich_properties;
mod example;
mod explaining;
mod features;
mod following;
mod golden;
mod hostile_values;
mod installing;
mod interpret_properties;
mod json;
mod json_value;
mod layering;
mod library;
mod making;
mod manual;
mod multicall;
mod normalize;
mod packages;
mod plugins;
mod policy;
mod progress;
mod reading_properties;
mod remote;
mod remote_properties;
mod rule_properties;
mod rules_guide;
mod sarif;
mod searching;
mod shipped;
mod streams;
#[cfg(feature = "tls")]
mod tls_openssl;
#[cfg(feature = "tls")]
mod tls_properties;
