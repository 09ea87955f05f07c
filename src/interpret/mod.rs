//! Field values as words: what a number, a flag set or a hex string in a record means.
