#![no_main]

#[path = "../bodies/remote.rs"]
#[allow(dead_code, reason = "each target uses one of the bodies")]
mod remote;

libfuzzer_sys::fuzz_target!(|data: &[u8]| remote::collector(data));
