//! The loop of every plugin: records from standard input in any form and any pieces, signals, time, and descriptors of its own.
//!
//! A plugin is a [`Consumer`], and [`run()`] calls it. It ends in one of three ways:
//! - The input has ended. All that was in it has been taken, and the consumer hands on what it has, until for
//!   [`LAST_WAIT_AFTER_END`] seconds none of its descriptors was ready.
//! - SIGTERM came from the parent: the input that is there is taken, no more is waited for, and there are [`LAST_WAIT`] seconds.
//!   COMPAT: from others it is ignored, so that nobody ends a plugin but the daemon, which would start it again.
//! - The input makes no sense any more, or could not be read.
//!
//! A consumer that has no room says so, and no more is read: what waits then waits in the daemon, which counts what is lost. Where nobody
//! holds the other end of the input any more it has as long to find room as after the end. When its end is near it may take what was sent
//! to it all the same ([`Consumer::takes_rest`]).

use super::frame::{Frame, FrameError, Frames};
use crate::abi::Signal;
use crate::config::Level;
use crate::sys::input::InputFile;
use crate::sys::poll::{Interest, PollSet};
use crate::sys::signals::{self, Signals};
use crate::sys::{clock, error_reason, process};
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

/// Seconds that a consumer has after SIGTERM. The daemon sends SIGKILL five seconds after it.
pub const LAST_WAIT: i64 = 3;

/// Seconds in which nobody took anything after the end of the input. The daemon sends SIGTERM one second after it; another program that
/// feeds a plugin may send none.
pub const LAST_WAIT_AFTER_END: i64 = 10;

/// Seconds in which what is there at the end is read.
const LAST_READING: i64 = 1;

/// Complaints about lines that were left out end after this number.
const COMPLAINTS: u32 = 5;

/// So much is read at a time.
const PIECE: usize = 64 << 10;

/// What a plugin may be told by a signal, beyond to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// SIGHUP: read the configuration again.
    Reload,
    /// SIGUSR1: write a state report.
    Report,
    /// SIGUSR2: go on with what was suspended.
    Resume,
    /// A child has ended.
    ChildEnded,
    /// SIGTERM: the end is near, see the module.
    Terminate,
}

/// Why a plugin has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its input has.
    EndOfInput,
    /// SIGTERM.
    Terminated,
    /// It said so itself, by [`Consumer::has_failed`].
    Failed,
    /// Its input could not be read, or made no sense; this was logged.
    Broken,
}

/// A plugin: what it does with its records. Times are seconds of the monotonic clock.
pub trait Consumer {
    /// Logs a sentence.
    fn log(&mut self, level: Level, text: &str);

    /// Takes a record.
    fn record(&mut self, frame: &Frame<'_>, now: i64);

    /// Input that is no record was left out; why was logged.
    fn unusable(&mut self) {}

    /// All that had come by now was read, and there was no more.
    fn heard(&mut self, now: i64) {
        let _ = now;
    }

    /// Time has passed, or something came. Called before every wait, so what has collected can be handed on here in one go.
    /// Returns when it must be called again, at the latest.
    fn tick(&mut self, now: i64) -> Option<i64>;

    /// No record will follow.
    fn end_of_input(&mut self) {}

    /// A signal came.
    fn notice(&mut self, notice: Notice) {
        let _ = notice;
    }

    /// Whether it has no room for more records.
    fn is_full(&self) -> bool {
        false
    }

    /// Reads a piece of the input, of which `frames` has what came before and is not a whole record yet. Not called when it is full.
    fn read(&mut self, input: &InputFile, frames: &Frames, piece: &mut [u8]) -> io::Result<usize> {
        let _ = frames;
        input.read(piece)
    }

    /// All records of the piece were handed on: what was only looked at leaves the input now. `piece` is of no more use.
    fn handed_on(&mut self, input: &InputFile, piece: &mut [u8]) -> io::Result<()> {
        let _ = (input, piece);
        Ok(())
    }

    /// It is about to end, and there may be input that was not read: whether it takes that, and is not full from now on.
    fn takes_rest(&mut self) -> bool {
        false
    }

    /// Whether it has handed on all that it took.
    fn is_done(&self) -> bool {
        true
    }

    /// Whether there is no use in going on.
    fn has_failed(&self) -> bool {
        false
    }

    /// Adds the descriptors it waits for.
    fn watch(&self, set: &mut PollSet) {
        let _ = set;
    }

    /// A wait is over: its own descriptors stand in `set` from index `first` on, in the order in which they were added.
    fn ready(&mut self, set: &PollSet, first: usize) {
        let _ = (set, first);
    }
}

/// Runs a plugin on standard input until its end. The signals are those that came since its start.
pub fn run(consumer: &mut dyn Consumer, signals: &Signals) -> io::Result<Ending> {
    Ok(serve(consumer, &InputFile::standard()?, signals, &mut || clock::monotonic().seconds))
}

/// Where the signals and the input stand in the set.
const SIGNALS: usize = 0;
const INPUT: usize = 1;
const OWN: usize = 2;

fn serve(
    consumer: &mut dyn Consumer,
    input: &InputFile,
    signals: &Signals,
    monotonic: &mut dyn FnMut() -> i64,
) -> Ending {
    let mut reader = Reader { frames: Frames::default(), piece: vec![0; PIECE], complaints: 0 };
    let mut ending = None;
    let (mut is_terminated, mut is_left, mut deadline, mut rest_until) = (false, false, None, None);
    let mut now = monotonic();
    loop {
        let due = consumer.tick(now);
        let is_over = consumer.has_failed() || deadline.is_some_and(|at| at <= now);
        if is_over && ending.is_none() && rest_until.is_none() && consumer.takes_rest() {
            rest_until = Some(now + LAST_READING);
        }
        let is_last = is_terminated || rest_until.is_some();
        match ending {
            None if rest_until.is_some_and(|at| now <= at) => {}
            _ if consumer.has_failed() => return Ending::Failed,
            Some(ending) if consumer.is_done() => return ending,
            _ if is_over => return ending.unwrap_or(Ending::Terminated),
            _ => {}
        }
        let reads = ending.is_none() && !consumer.is_full();
        let mut set = PollSet::default();
        set.add(signals.as_fd(), Interest::Read);
        let unread = if is_left { Interest::Nothing } else { Interest::End };
        set.add(input.as_fd(), if reads { Interest::Read } else { unread });
        consumer.watch(&mut set);
        let due = if reads && is_last { Some(now) } else { due.into_iter().chain(deadline).min() };
        set.wait(due.map(|at| Duration::from_secs(u64::try_from(at - now).unwrap_or(0))));
        now = monotonic();
        if set.is_ready(SIGNALS) {
            while let Some(arrival) = signals.next() {
                let Some(notice) = notice(arrival.number) else { continue };
                if notice == Notice::Terminate {
                    if arrival.pid != process::parent() {
                        continue;
                    }
                    (is_terminated, deadline) = (true, Some(now + LAST_WAIT));
                }
                consumer.notice(notice);
            }
        }
        is_left |= set.has_ended(INPUT);
        if is_left && !is_terminated && (deadline.is_none() || reads || set.is_any_ready(OWN)) {
            deadline = Some(now + LAST_WAIT_AFTER_END);
        }
        consumer.ready(&set, OWN);
        if reads {
            ending = match set.is_ready(INPUT) {
                true => reader.read(input, consumer, now),
                false if is_last => Some(Ending::Terminated),
                false => {
                    consumer.heard(now);
                    None
                }
            };
            if ending.is_some() {
                reader.end(consumer, now);
                is_left = true;
                deadline = deadline.or(Some(now + LAST_WAIT_AFTER_END));
            }
        }
    }
}

fn notice(number: i32) -> Option<Notice> {
    match signals::meaning(number) {
        Some(Signal::Stop) => Some(Notice::Terminate),
        Some(Signal::Reload) => Some(Notice::Reload),
        // To the daemon SIGUSR1 means a rotation.
        Some(Signal::Rotate) => Some(Notice::Report),
        Some(Signal::Resume) => Some(Notice::Resume),
        Some(_) => None,
        None => Some(Notice::ChildEnded),
    }
}

/// The input on its way to the consumer.
struct Reader {
    frames: Frames,
    piece: Vec<u8>,
    complaints: u32,
}

impl Reader {
    /// Reads what is there, and hands it on. Says whether that was the end.
    fn read(&mut self, input: &InputFile, consumer: &mut dyn Consumer, now: i64) -> Option<Ending> {
        let mut ending = None;
        let read = consumer.read(input, &self.frames, &mut self.piece).and_then(|count| {
            if count == 0 {
                ending = Some(Ending::EndOfInput);
                return Ok(());
            }
            self.frames.feed(self.piece.get(..count).unwrap_or_default());
            ending = self.hand_on(consumer, now);
            consumer.handed_on(input, &mut self.piece)
        });
        if let Err(error) = read {
            consumer.log(Level::Error, &["cannot read records: ", &error_reason(&error)].concat());
            return Some(Ending::Broken);
        }
        ending
    }

    fn hand_on(&mut self, consumer: &mut dyn Consumer, now: i64) -> Option<Ending> {
        while let Some(found) = self.frames.next_frame() {
            let error = match found {
                Ok(frame) => {
                    consumer.record(&frame, now);
                    continue;
                }
                Err(error) => error,
            };
            self.complaints += 1;
            if self.complaints <= COMPLAINTS {
                consumer.log(Level::Error, &error.to_string());
            }
            consumer.unusable();
            if let FrameError::Header(_) = error {
                return Some(Ending::Broken);
            }
        }
        None
    }

    /// Hands on what lacks nothing but its newline.
    fn end(&mut self, consumer: &mut dyn Consumer, now: i64) {
        self.frames.end();
        let _ = self.hand_on(consumer, now);
        consumer.end_of_input();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::process::pipe;
    use std::io::Write;
    use std::os::fd::OwnedFd;

    const HUP: i32 = 1;
    const USR1: i32 = 10;
    const TERM: i32 = 15;

    /// Keeps what it is told, as text.
    #[derive(Default)]
    struct Script {
        seen: Vec<String>,
        /// It has room for this number of records more.
        room: Option<usize>,
        /// It never has handed on everything.
        is_stuck: bool,
        /// It takes what is left at the end.
        takes_rest: bool,
    }

    impl Consumer for Script {
        fn log(&mut self, _: Level, text: &str) {
            self.seen.push(format!("log {text}"));
        }

        fn record(&mut self, frame: &Frame<'_>, _: i64) {
            self.seen.push(String::from_utf8_lossy(frame.text).into_owned());
            self.room = self.room.map(|room| room.saturating_sub(1));
        }

        fn tick(&mut self, now: i64) -> Option<i64> {
            // No wait takes as long as the clock of the script says.
            self.is_full().then_some(now)
        }

        fn end_of_input(&mut self) {
            self.seen.push("end".to_string());
        }

        fn notice(&mut self, notice: Notice) {
            self.seen.push(format!("{notice:?}"));
        }

        fn is_full(&self) -> bool {
            self.room == Some(0)
        }

        fn takes_rest(&mut self) -> bool {
            self.room = self.room.filter(|_| !self.takes_rest);
            self.takes_rest
        }

        fn is_done(&self) -> bool {
            !self.is_stuck
        }

        fn has_failed(&self) -> bool {
            self.seen.iter().any(|seen| seen == "fail")
        }
    }

    /// What a plugin does with this input, which ends if it may, when these signals have come from these processes.
    fn serve_script(script: &mut Script, text: &[u8], ends: bool, arrivals: &[(i32, i32)]) -> Ending {
        let round = match script.is_full() {
            true if script.takes_rest => 1,
            true => LAST_WAIT,
            false => LAST_WAIT - 1,
        };
        serve_slowly(script, round, text, ends, arrivals)
    }

    /// The same, where each wait takes so many seconds.
    fn serve_slowly(
        consumer: &mut dyn Consumer,
        round: i64,
        text: &[u8],
        ends: bool,
        arrivals: &[(i32, i32)],
    ) -> Ending {
        let (read, mut write) = pipe().unwrap();
        write.write_all(text).unwrap();
        let _write = (!ends).then_some(write);
        let (signals, send) = Signals::scripted();
        arrivals.iter().for_each(|(number, pid)| send(*number, *pid));
        let mut now = 0;
        let mut monotonic = || {
            now += round;
            now
        };
        serve(consumer, &InputFile::from(OwnedFd::from(read)), &signals, &mut monotonic)
    }

    fn served(text: &[u8], ends: bool, arrivals: &[(i32, i32)]) -> (Ending, Vec<String>) {
        let mut script = Script::default();
        let ending = serve_script(&mut script, text, ends, arrivals);
        (ending, script.seen)
    }

    /// Reads a record at a time, keeps when it was called, and ends once it has heard all.
    #[derive(Default)]
    struct Clocked(std::cell::RefCell<Vec<String>>);

    impl Clocked {
        fn keep(&self, what: &str, now: i64) {
            self.0.borrow_mut().push(format!("{what} {now}"));
        }
    }

    impl Consumer for Clocked {
        fn log(&mut self, _: Level, _: &str) {}

        fn record(&mut self, frame: &Frame<'_>, now: i64) {
            self.keep(&String::from_utf8_lossy(frame.text), now);
        }

        fn heard(&mut self, now: i64) {
            self.keep("heard", now);
        }

        fn tick(&mut self, now: i64) -> Option<i64> {
            self.keep("tick", now);
            Some(now)
        }

        fn read(&mut self, input: &InputFile, _: &Frames, piece: &mut [u8]) -> io::Result<usize> {
            input.read(&mut piece[..4])
        }

        fn has_failed(&self) -> bool {
            self.0.borrow().iter().any(|kept| kept.starts_with("heard"))
        }
    }

    #[test]
    fn a_record_comes_when_it_is_read_and_all_is_heard_once_there_is_no_more() {
        let mut consumer = Clocked::default();
        assert_eq!(serve_slowly(&mut consumer, 100, b"one\ntwo\n", false, &[]), Ending::Failed);
        let kept = consumer.0.into_inner().join(", ");
        assert_eq!(kept, "tick 100, one 200, tick 200, two 300, tick 300, heard 400, tick 400");
    }

    #[test]
    fn all_that_was_sent_before_the_end_is_taken() {
        let (ending, seen) = served(b"one\ntwo\nthree", true, &[]);
        assert_eq!((ending, seen), (Ending::EndOfInput, ["one", "two", "three", "end"].map(str::to_string).into()));
    }

    #[test]
    fn sigterm_of_the_parent_ends_it_when_what_is_there_was_taken() {
        let (ending, seen) = served(b"one\ntwo\n", false, &[(TERM, process::parent())]);
        assert_eq!((ending, seen), (Ending::Terminated, ["Terminate", "one", "two", "end"].map(str::to_string).into()));
    }

    #[test]
    fn sigterm_of_others_is_ignored_and_other_signals_are_handed_on() {
        let arrivals = [(TERM, process::id()), (HUP, 1), (USR1, 1)];
        let (ending, seen) = served(b"one\n", true, &arrivals);
        assert_eq!((ending, seen), (Ending::EndOfInput, ["Reload", "Report", "one", "end"].map(str::to_string).into()));
    }

    #[test]
    fn one_that_is_full_reads_no_more_and_ends_all_the_same_when_it_is_told_to() {
        let mut script = Script { room: Some(0), ..Script::default() };
        let ending = serve_script(&mut script, b"one\n", true, &[(TERM, process::parent())]);
        assert_eq!((ending, script.seen), (Ending::Terminated, vec!["Terminate".to_string()]));
    }

    #[test]
    fn one_that_is_full_when_the_other_end_is_gone_has_some_time_to_find_room() {
        let mut script = Script { room: Some(0), ..Script::default() };
        let ending = serve_slowly(&mut script, 4, b"one\n", true, &[]);
        assert_eq!((ending, script.seen.len()), (Ending::Terminated, 0));
        let mut script = Script { room: Some(0), takes_rest: true, ..Script::default() };
        let ending = serve_slowly(&mut script, 1, b"one\ntwo\n", true, &[]);
        assert_eq!((ending, script.seen.join(" ").as_str()), (Ending::EndOfInput, "one two end"));
    }

    #[test]
    fn one_that_takes_the_rest_gets_what_is_there_when_its_time_is_over_or_it_has_failed() {
        let mut script = Script { room: Some(0), takes_rest: true, ..Script::default() };
        let ending = serve_script(&mut script, b"one\ntwo\n", false, &[(TERM, process::parent())]);
        assert_eq!((ending, script.seen.join(" ").as_str()), (Ending::Terminated, "Terminate one two end"));
        let mut script =
            Script { room: Some(0), takes_rest: true, seen: vec!["fail".to_string()], ..Script::default() };
        let ending = serve_script(&mut script, b"one\ntwo\n", false, &[]);
        assert_eq!((ending, script.seen.join(" ").as_str()), (Ending::Failed, "fail one two end"));
    }

    #[test]
    fn one_that_cannot_hand_on_its_records_ends_when_its_time_is_over() {
        let mut script = Script { is_stuck: true, ..Script::default() };
        let ending = serve_script(&mut script, b"one\n", true, &[(TERM, process::parent())]);
        assert_eq!((ending, script.seen.len()), (Ending::EndOfInput, 3));
    }

    #[test]
    fn input_without_sense_ends_it_after_what_made_sense() {
        let mut input = Vec::new();
        for text in [b"one", b"two"] {
            Frame { version: 1, record_type: 1300, text }.push_binary(&mut input);
        }
        input.extend([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let (ending, seen) = served(&input, true, &[]);
        assert_eq!((ending, &seen[..2], seen.len()), (Ending::Broken, &["one".to_string(), "two".to_string()][..], 4));
        assert!(seen[2].starts_with("log a header makes no sense"), "{seen:?}");
    }

    #[test]
    fn one_that_has_failed_is_not_served_on() {
        assert_eq!(served(b"fail\n", false, &[]), (Ending::Failed, vec!["fail".to_string()]));
    }
}
