//! A table that reads well on a terminal and is Markdown at the same time; everything printed also goes to out/bench.md.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::time::Duration;

/// Prints on standard output and appends to the report.
pub(crate) struct Report {
    file: File,
}

impl Report {
    pub(crate) fn append_to(path: &str) -> io::Result<Report> {
        Ok(Report { file: OpenOptions::new().create(true).append(true).open(path)? })
    }

    pub(crate) fn say(&mut self, text: &str) -> io::Result<()> {
        println!("{text}");
        writeln!(self.file, "{text}")
    }

    /// The first row is the heading; the first column stands left, all others right.
    pub(crate) fn table(&mut self, rows: &[Vec<String>]) -> io::Result<()> {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|s| s.chars().count()).max().unwrap_or(0).max(3);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (i, row) in rows.iter().enumerate() {
            let cell = |c: usize| {
                let (text, w) = (row.get(c).map_or("", |s| s.as_str()), widths[c]);
                if c == 0 { format!("{text:w$}") } else { format!("{text:>w$}") }
            };
            self.say(&format!("| {} |", (0..columns).map(cell).collect::<Vec<_>>().join(" | ")))?;
            if i == 0 {
                let rule = |c: usize| if c == 0 { "-".repeat(widths[c]) } else { "-".repeat(widths[c] - 1) + ":" };
                self.say(&format!("| {} |", (0..columns).map(rule).collect::<Vec<_>>().join(" | ")))?;
            }
        }
        self.say("")
    }
}

/// A row of words.
pub(crate) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_string).to_vec()
}

/// Milliseconds, with as many digits as mean something.
pub(crate) fn ms(time: Duration) -> String {
    let value = time.as_secs_f64() * 1000.0;
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

/// How many times `small` goes into `large`.
pub(crate) fn times(large: f64, small: f64) -> String {
    let ratio = large / small;
    if !ratio.is_finite() {
        return "-".into();
    }
    if ratio < 10.0 { format!("{ratio:.1} x") } else { format!("{ratio:.0} x") }
}

/// Bytes with their unit.
pub(crate) fn size(bytes: u64) -> String {
    if bytes >= 10 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes >> 10) }
}
