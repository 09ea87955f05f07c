//! How far a scan has come: a line on standard error, if that is a terminal that lines can be drawn over, once the scan has taken a
//! second. There is none where standard output is a pipe, whose reader may write to the same terminal.
//!
//! Nothing waits for it and no output ever stands beside it: `output` takes it away before anything else is written to a terminal.

use crate::output::{is_screen, show_line};
use auditbox::sys::streams::Stream;
use std::time::{Duration, Instant};

/// A scan that ends before this is not spoken of.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the line is drawn.
const PERIOD: Duration = Duration::from_millis(250);

/// A scan that goes on.
pub(crate) struct Progress {
    /// When it began, and when the line is to be drawn next; none where nobody would see it.
    times: Option<(Instant, Instant)>,
}

impl Progress {
    /// One that begins now.
    pub(crate) fn new() -> Progress {
        let now = Instant::now();
        Progress { times: (is_screen(Stream::Error) && !Stream::Output.is_pipe()).then(|| (now, now + PATIENCE)) }
    }

    /// `done` bytes are read, of `all`.
    pub(crate) fn show(&mut self, done: u64, all: Option<u64>) {
        let Some((began, next)) = &mut self.times else { return };
        let now = Instant::now();
        if now < *next {
            return;
        }
        *next = now + PERIOD;
        let mut text = line(done, all, now.duration_since(*began));
        // The last column stays free: some terminals begin a new line with it.
        text.truncate(usize::from(Stream::Error.width().unwrap_or(80)).saturating_sub(1));
        show_line(&text);
    }
}

/// `12.3 MiB of 100.0 MiB, 12 %, 6.1 MiB/s, 0:14 left`; without what is not known.
fn line(done: u64, all: Option<u64>, took: Duration) -> String {
    // In tenths of a second, which a scan of less than two seconds needs.
    let rate = done.saturating_mul(10) / (took.as_millis() as u64 / 100).max(1);
    let Some(all) = all.filter(|all| *all > 0) else {
        return format!("{} read, {}/s", mebibytes(done), mebibytes(rate));
    };
    // A log grows while it is read.
    let all = all.max(done);
    let percent = (done / (all / 100).max(1)).min(100);
    let left = (all - done) / rate.max(1);
    let of = format!("{} of {}, {percent} %", mebibytes(done), mebibytes(all));
    format!("{of}, {}/s, {}:{:02} left", mebibytes(rate), left / 60, left % 60)
}

fn mebibytes(bytes: u64) -> String {
    let tenths = ((bytes >> 10) * 10) >> 10;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_known() {
        let after = |ms| Duration::from_millis(ms);
        let mib = 1 << 20;
        assert_eq!(line(12 * mib, Some(100 * mib), after(2000)), "12.0 MiB of 100.0 MiB, 12 %, 6.0 MiB/s, 0:14 left");
        assert_eq!(line(3 * mib / 2, None, after(1500)), "1.5 MiB read, 1.0 MiB/s");
        assert_eq!(line(mib, Some(mib / 2), after(1000)), "1.0 MiB of 1.0 MiB, 100 %, 1.0 MiB/s, 0:00 left");
        assert_eq!(line(0, Some(u64::MAX), after(1000)).split(',').nth(1), Some(" 0 %"));
    }
}
