//! Where events come from.

/// Where events come from: what a page for a case file names, and what the reports do not speak of.
#[derive(Default)]
pub struct Origin {
    /// The log that was read.
    pub input: Vec<u8>,
    /// The machine that made the report.
    pub host: Vec<u8>,
    /// When it did, in seconds since 1970.
    pub made: i64,
    /// Files that could not be read.
    pub left_out: u64,
    /// Files that could not be read to their end.
    pub torn: u64,
}
