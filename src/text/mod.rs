//! Bytes: line and field scanning, hex, quoting, numbers, escapes, JSON writing.
