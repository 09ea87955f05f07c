#![no_main]

#[path = "../bodies/tls.rs"]
mod tls;

libfuzzer_sys::fuzz_target!(|data: &[u8]| tls::end(data));
