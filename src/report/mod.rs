//! Counters and column layouts of the reports.
