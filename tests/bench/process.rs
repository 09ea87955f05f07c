//! Runs one command and says what it cost; runs two and says whether they answer the same.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// A program and its words, run with an empty input, in UTC and the C locale.
#[derive(Clone)]
pub(crate) struct Words(pub(crate) Vec<OsString>);

impl Words {
    pub(crate) fn new(program: impl Into<OsString>) -> Words {
        Words(vec![program.into()])
    }

    pub(crate) fn and<W: Into<OsString>>(mut self, words: impl IntoIterator<Item = W>) -> Words {
        self.0.extend(words.into_iter().map(Into::into));
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.0[0]);
        command.args(&self.0[1..]).env("TZ", "UTC").env("LC_ALL", "C");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// What one run cost.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// User and system time of all threads.
    pub(crate) cpu: Duration,
    /// Peak resident memory in KiB.
    pub(crate) peak: i64,
}

impl Cost {
    /// The median of each figure by itself.
    pub(crate) fn median(runs: &[Cost]) -> Cost {
        fn middle<T: Ord + Copy>(mut values: Vec<T>) -> T {
            values.sort_unstable();
            values[values.len() / 2]
        }
        Cost {
            wall: middle(runs.iter().map(|r| r.wall).collect()),
            cpu: middle(runs.iter().map(|r| r.cpu).collect()),
            peak: middle(runs.iter().map(|r| r.peak).collect()),
        }
    }
}

/// Runs to the end; its output goes nowhere.
pub(crate) fn cost(words: &Words) -> io::Result<Cost> {
    cost_of(words.command())
}

/// The same for a program that stops early when nobody reads its output (grep): the output goes to `sink`.
pub(crate) fn cost_into(words: &Words, sink: &Path) -> io::Result<Cost> {
    let mut command = words.command();
    command.stdout(File::create(sink)?);
    cost_of(command)
}

fn cost_of(mut command: Command) -> io::Result<Cost> {
    let start = Instant::now();
    let child = command.spawn()?;
    let mut usage = wait(&child)?;
    usage.wall = start.elapsed();
    Ok(usage)
}

/// Waits for the child by wait4(2), which alone tells what a single child used.
#[allow(unsafe_code, reason = "the standard library waits without asking for the usage")]
fn wait(child: &Child) -> io::Result<Cost> {
    let mut status = 0;
    // SAFETY: all zeroes is a valid rusage, and both pointers are to locals that outlive the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        if libc::wait4(child.id() as libc::pid_t, &mut status, 0, &mut usage) < 0 {
            return Err(io::Error::last_os_error());
        }
        usage
    };
    let time = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
    Ok(Cost { wall: Duration::ZERO, cpu: time(usage.ru_utime) + time(usage.ru_stime), peak: usage.ru_maxrss })
}

/// How one side of a comparison ended.
pub(crate) struct Answer {
    pub(crate) status: Option<i32>,
    pub(crate) bytes: u64,
}

impl Answer {
    /// A command that fails without a word on its output does not know the option, or is not there at all.
    pub(crate) fn is_missing(&self) -> bool {
        self.bytes == 0 && self.status != Some(0)
    }
}

/// Runs one command and counts its output.
pub(crate) fn answer(words: &Words) -> io::Result<Answer> {
    let Ok((mut child, mut output)) = start(words) else { return Ok(Answer { status: None, bytes: 0 }) };
    let bytes = io::copy(&mut output, &mut io::sink())?;
    Ok(Answer { status: child.wait()?.code(), bytes })
}

/// The first difference of two answers: the line, and what each side says there.
pub(crate) struct Difference {
    pub(crate) line: u64,
    pub(crate) ours: String,
    pub(crate) theirs: String,
}

/// Runs both side by side and compares their outputs byte by byte, holding neither.
pub(crate) fn compare(ours: &Words, theirs: &Words) -> io::Result<(Answer, Answer, Option<Difference>)> {
    let (mut left, left_output) = start(ours)?;
    let (mut right, right_output) = start(theirs)?;
    let (mut left_output, mut right_output) = (Lines::new(left_output), Lines::new(right_output));
    let mut line = 0;
    let difference = loop {
        line += 1;
        let (a, b) = (left_output.next()?, right_output.next()?);
        if a != b {
            let say = |line: &[u8]| String::from_utf8_lossy(&line[..line.len().min(400)]).trim_end().to_string();
            break Some(Difference { line, ours: say(a), theirs: say(b) });
        }
        if a.is_empty() {
            break None;
        }
    };
    if difference.is_some() {
        left_output.finish()?;
        right.kill()?;
    }
    let left = Answer { status: left.wait()?.code(), bytes: left_output.bytes };
    let right = Answer { status: right.wait()?.code(), bytes: right_output.bytes };
    Ok((left, right, difference))
}

fn start(words: &Words) -> io::Result<(Child, ChildStdout)> {
    let mut child = words.command().stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().expect("the output is a pipe");
    Ok((child, output))
}

/// An output line by line, with counts.
struct Lines {
    output: BufReader<ChildStdout>,
    line: Vec<u8>,
    bytes: u64,
}

impl Lines {
    fn new(output: ChildStdout) -> Lines {
        Lines { output: BufReader::with_capacity(1 << 17, output), line: Vec::new(), bytes: 0 }
    }

    /// The next line with its end; empty at the end of the output.
    fn next(&mut self) -> io::Result<&[u8]> {
        self.line.clear();
        self.bytes += self.output.read_until(b'\n', &mut self.line)? as u64;
        Ok(&self.line)
    }

    /// Reads what is left, so that the writer ends by itself.
    fn finish(&mut self) -> io::Result<()> {
        self.bytes += io::copy(&mut self.output.by_ref(), &mut io::sink())?;
        Ok(())
    }
}

/// What the command says, when it succeeds.
pub(crate) fn output(words: &Words) -> io::Result<String> {
    let output = words.command().stdout(Stdio::piped()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("{:?} failed", words.0)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Instructions the command takes, counted by valgrind; `None` when it cannot run it.
pub(crate) fn instructions(words: &Words) -> io::Result<Option<u64>> {
    let tool = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
    let output = Words::new("valgrind").and(tool).and(words.0.clone()).command().stderr(Stdio::piped()).output()?;
    if output.status.code().is_none() {
        return Ok(None); // it died of a signal
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Ok(text.lines().find_map(|l| l.split_once("Collected : ")?.1.trim().parse().ok()))
}

/// Whether a program of that name can be run.
pub(crate) fn exists(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    program.contains('/') && Path::new(program).exists()
        || std::env::split_paths(&paths).any(|p| p.join(program).exists())
}
