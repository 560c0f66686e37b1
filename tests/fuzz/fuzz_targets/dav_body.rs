//! Reads bodies of CalDAV requests, and answers what they ask for.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| eventd::check_dav_body(body));
