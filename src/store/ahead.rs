//! A long part of a log, read ahead: one thread reads it and finds its lines and what they are, while another one takes the
//! records of what was read before. Where no thread can be had one does both.

use super::reader::{Lines, Part, SEARCH_LINE, Source};
use crate::record::{Front, Headers, Malformed, Record};
use std::ops::{ControlFlow, Range};
use std::thread::Builder;

/// How much is read at a time, and into how many lines it is cut at most.
const BATCH: usize = 1 << 20;
const BATCH_LINES: usize = 32 << 10;

/// Takes a record, or why a line is none.
pub type Take<'t> = &'t mut dyn FnMut(Result<Record<'_>, Malformed<'_>>) -> ControlFlow<()>;

/// Hands all records of `part` to `take`, in order. A part that cannot be read further ends there.
pub fn read(mut part: Part<'_>, take: Take<'_>) -> ControlFlow<()> {
    let (mut now, mut next) = (Batch::new(), Batch::new());
    now.fill(&[], &mut part);
    while !now.fronts.is_empty() {
        let (taken, is_read) = std::thread::scope(|threads| {
            let reading = Builder::new().spawn_scoped(threads, || next.fill(now.lines.rest(), &mut part));
            (now.hand_over(take), reading.is_ok())
        });
        taken?;
        if !is_read {
            next.fill(now.lines.rest(), &mut part);
        }
        std::mem::swap(&mut now, &mut next);
    }
    ControlFlow::Continue(())
}

struct Batch {
    lines: Lines,
    headers: Headers,
    /// Where each line is, and its front if that tells enough.
    fronts: Vec<(Range<u32>, Option<Front>)>,
}

impl Batch {
    fn new() -> Batch {
        Batch { lines: Lines::with_room(SEARCH_LINE, BATCH), headers: Headers::default(), fronts: Vec::new() }
    }

    /// Reads on behind `rest`, which the batch before could not cut. Where reading fails the lines before that are there.
    fn fill(&mut self, rest: &[u8], source: &mut dyn Source) {
        self.fronts.clear();
        let _ = self.lines.gather(rest, source);
        while self.fronts.len() < BATCH_LINES {
            let Some(place) = self.lines.cut() else { return };
            let front = self.headers.front_of(self.lines.line(place.clone()));
            self.fronts.push((place.start as u32..place.end as u32, front));
        }
    }

    fn hand_over(&self, take: Take<'_>) -> ControlFlow<()> {
        self.fronts.iter().try_for_each(|(place, front)| {
            let line = self.lines.line(place.start as usize..place.end as usize);
            take(front.map_or_else(|| Record::scan(line), |front| Ok(front.record(line))))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::files;
    use crate::sys::input::InputFile;

    /// The records' bodies, or what their lines are not.
    fn told(record: Result<Record<'_>, Malformed<'_>>) -> String {
        record.map_or_else(|why| format!("{why:?}"), |r| format!("{} {:?} {:?}", r.stamp.serial, r.body, r.enriched))
    }

    /// Fails behind its text.
    struct Failing(&'static [u8]);

    impl Source for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let read = self.0.read(buffer)?;
            if read > 0 { Ok(read) } else { Err(std::io::ErrorKind::Other.into()) }
        }
    }

    #[test]
    fn where_reading_fails_the_whole_lines_before_it_are_taken() {
        let mut source =
            Failing(b"type=A msg=audit(1.000:5): a\ntype=B msg=audit(1.000:6): \0b\ntype=C msg=audit(1.000:7)");
        let (mut batch, mut next, mut all) = (Batch::new(), Batch::new(), Vec::new());
        batch.fill(b"type=FRONT msg=audit(1.000:4): 0\n", &mut source);
        let ended = batch.hand_over(&mut |record| {
            all.extend(record.map(|record| record.body.to_vec()));
            ControlFlow::Continue(())
        });
        next.fill(batch.lines.rest(), &mut source);
        assert_eq!((ended, all), (ControlFlow::Continue(()), [&b": 0"[..], b": a", b": "].map(Vec::from).to_vec()));
        assert!(next.fronts.is_empty() && next.lines.rest().starts_with(b"type=C"));
    }

    #[test]
    fn what_is_read_ahead_is_what_the_lines_say() {
        let mut text = Vec::new();
        for serial in 0..60_000u64 {
            let stamp = format!("msg=audit({}.{:03}:{serial})", 1_700_000_000 + serial / 50, serial % 1000);
            match serial % 997 {
                0 => text.extend(format!("type=EXECVE {stamp}: a0={}\n", "x".repeat(3 * SEARCH_LINE)).bytes()),
                1 => text.extend(format!("type=PATH {stamp}: name=\"\0\"\ntype=PATH msg=audit(x\n\n").bytes()),
                2 => text.extend(format!("node=a type=CWD {stamp}: cwd=\"/\"\x1DUID=\"root\"\n").bytes()),
                _ => text.extend(format!("type=SYSCALL {stamp}: arch=c000003e\ntype=EOE {stamp}: \n").bytes()),
            }
        }
        text.resize(text.len() + BATCH_LINES + 10, b'\n');
        text.extend(b"type=USER msg=audit(1700009999.000:1): the last");
        let path = std::env::temp_dir().join(format!("auditbox-ahead-{}", std::process::id()));
        files::write(&path, &text).unwrap();
        let file = InputFile::open(&path).unwrap();
        let part = || Part { file: &file, at: 0, end: u64::MAX };

        let mut ahead = Vec::new();
        let ended = read(part(), &mut |record| {
            ahead.push(told(record));
            ControlFlow::Continue(())
        });
        let (mut lines, mut source, mut plainly) = (Lines::new(SEARCH_LINE), part(), Vec::new());
        while let Some(line) = lines.next(&mut source).unwrap() {
            plainly.push(told(Record::scan(line)));
        }
        assert!(ended.is_continue() && text.len() > 4 * BATCH);
        assert!(ahead == plainly, "{} of {}", ahead.len(), plainly.len());

        let mut left = 100;
        let ended = read(part(), &mut |_| {
            left -= 1;
            if left > 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        assert_eq!((ended, left), (ControlFlow::Break(()), 0));
        files::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path)).unwrap();
    }
}
