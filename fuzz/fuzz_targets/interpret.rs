#![no_main]

#[path = "../bodies/interpret.rs"]
mod interpret;

libfuzzer_sys::fuzz_target!(|data: &[u8]| interpret::record(data));
