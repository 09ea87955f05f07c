#![no_main]

#[path = "../bodies/rule.rs"]
#[allow(dead_code, reason = "each target uses one of the bodies")]
mod rule;

libfuzzer_sys::fuzz_target!(|data: &[u8]| rule::rule_text(data));
