//! The audit log on disk: writer, rotation, the disk-space state machine, and the reader over rotated files.

pub mod reader;
