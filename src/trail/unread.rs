//! Lines that are no records: which of them a search speaks of.
//!
//! Where a range of time is asked for, a line that is no record counts if the record before it or the one behind it is in the
//! range; one without a record before it counts too. So nothing has to be known of what lies between records that are out of it.

use super::sink::{Outcome, Sink, UnreadLine};
use std::path::{Path, PathBuf};

/// Follows the records and the other lines of a trail, in order.
pub(super) struct Unread {
    /// The last record was in the range.
    in_range: bool,
    /// How many lines came after that record, which was not, and where the first of them is.
    waiting: Option<(u64, PathBuf, u64)>,
    /// Where the last line ended. One that begins there is the rest of it: no newline stands between.
    end: (PathBuf, u64),
}

impl Default for Unread {
    fn default() -> Unread {
        Unread { in_range: true, waiting: None, end: (PathBuf::new(), 0) }
    }
}

impl Unread {
    /// A record came.
    #[inline]
    pub(super) fn record(&mut self, in_range: bool, outcome: &mut Outcome) {
        self.in_range = in_range;
        if let Some((count, path, at)) = self.waiting.take().filter(|_| in_range) {
            outcome.count_unread(count, &path, at);
        }
    }

    /// A line came that is no record, or a piece of one that is too long to be read whole; of these the first counts. The sink is
    /// shown it if it counts whatever follows.
    pub(super) fn line(&mut self, path: &Path, at: u64, text: &[u8], outcome: &mut Outcome, sink: &mut dyn Sink) {
        let is_rest = self.end.1 == at && self.end.0 == path;
        if self.end.0 != path {
            self.end.0 = path.to_path_buf();
        }
        self.end.1 = at + text.len() as u64;
        if is_rest {
            return;
        }
        if self.in_range {
            outcome.count_unread(1, path, at);
            sink.unread(&UnreadLine { path, at, text });
        } else {
            self.waiting.get_or_insert_with(|| (0, path.to_path_buf(), at)).0 += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use std::ops::ControlFlow;

    struct Nobody;

    impl Sink for Nobody {
        fn event(&mut self, event: Event) -> ControlFlow<(), Option<Event>> {
            ControlFlow::Continue(Some(event))
        }
    }

    #[test]
    fn the_rest_of_a_line_counts_in_its_own_file_alone() {
        let (mut unread, mut outcome) = (Unread::default(), Outcome::default());
        for (path, at, text, count) in
            [("a", 0, &b"1234"[..], 1), ("a", 4, b"56", 1), ("a", 7, b"89", 2), ("b", 9, b"x", 3), ("a", 10, b"x", 4)]
        {
            unread.line(Path::new(path), at, text, &mut outcome, &mut Nobody);
            assert_eq!(outcome.unread, count, "{path} {at}");
        }
    }
}
