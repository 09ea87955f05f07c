//! The reading half: searches, formats and reports over generated logs, ours and the reference in turn, against what
//! cat, wc, grep and ripgrep take for the same bytes.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::generate::Written;
use crate::process::{self, Answer, Cost, Words};
use crate::table::{Report, ms, row, size, times};

/// Runs of each command; fewer when the row takes longer than [`PATIENCE`].
const RUNS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(15);
/// Valgrind is fifty times slower than the machine, and instructions per byte do not depend on the size.
const COUNTED_SIZE: u64 = 2 << 20;

/// Where everything is.
pub(crate) struct Bench {
    /// The auditbox binary.
    pub(crate) binary: PathBuf,
    /// The folder of the reference's programs, when there is one.
    pub(crate) reference: Option<PathBuf>,
    /// Logs are written here.
    pub(crate) place: PathBuf,
}

/// Which log a command reads. The rows that take the reference longest read a quarter, or (unknown ids) less.
#[derive(Clone, Copy, PartialEq)]
enum Log {
    Whole,
    Quarter,
    Enriched,
    Unknown,
}

/// What no program that looks at each byte can beat.
#[derive(Clone, Copy)]
enum Floor {
    Cat,
    /// Counting the lines with this literal.
    Literal(&'static str),
}

struct Row {
    applet: &'static str,
    words: Vec<String>,
    log: Log,
    floor: Floor,
}

fn rows(last_second: u64) -> Vec<Row> {
    use Floor::{Cat, Literal};
    use Log::{Enriched, Quarter, Unknown, Whole};
    let row = |applet: &'static str, words: &str, log, floor| Row {
        applet,
        words: words.split_whitespace().map(str::to_string).collect(),
        log,
        floor,
    };
    let recent = format!("-ts {}", date_and_time(last_second - 600));
    vec![
        row("ausearch", "-m USER_LOGIN", Whole, Literal("type=USER_LOGIN")),
        row("ausearch", "-k mount", Whole, Literal("mount")),
        row("ausearch", "-f /var/cache/part-42/4-config", Whole, Literal("/etc/part-5/443-module.so")),
        row("ausearch", "-x /usr/sbin/vim-9", Whole, Literal("/usr/sbin/vim-9")),
        row("ausearch", "-ul 1", Whole, Literal(" auid=1 ")),
        row("ausearch", &recent, Whole, Cat),
        row("ausearch", "--raw", Whole, Cat),
        row("ausearch", "-i", Quarter, Cat),
        row("ausearch", "-i", Enriched, Cat),
        row("ausearch", "-i", Unknown, Cat),
        row("ausearch", "--format csv", Quarter, Cat),
        row("ausearch", "--format text", Quarter, Cat),
        row("ausearch", "--format json", Quarter, Cat),
        row("aureport", "", Quarter, Cat),
        row("aureport", "", Whole, Cat),
        row("aureport", "-f --summary -i", Quarter, Cat),
        row("aureport", "-x --summary", Quarter, Cat),
        row("aureport", "-k", Quarter, Cat),
        row("aulast", "", Quarter, Cat),
    ]
}

/// MM/DD/YY and HH:MM:SS in UTC, as `-ts` takes them in the C locale.
fn date_and_time(second: u64) -> String {
    let (days, time) = (second / 86400, second % 86400);
    // days since 1 March of year 0, whose years end with the leap day
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let m = (5 * day_of_year + 2) / 153;
    let (day, month) = (day_of_year - (153 * m + 2) / 5 + 1, if m < 10 { m + 3 } else { m - 9 });
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{month:02}/{day:02}/{:02} {:02}:{:02}:{:02}", year % 100, time / 3600, time / 60 % 60, time % 60)
}

/// The logs of one run.
struct Logs {
    place: PathBuf,
    whole: Written,
}

impl Logs {
    /// Written by a process of its own: what this one holds at its peak, its children are charged with.
    fn write(place: &Path, bytes: u64) -> io::Result<Logs> {
        let mut logs = Logs { place: place.to_path_buf(), whole: Written::default() };
        logs.whole = logs.generate(Log::Whole, bytes, &[])?;
        logs.generate(Log::Quarter, bytes / 4, &[])?;
        logs.generate(Log::Enriched, bytes / 4, &["enriched"])?;
        logs.generate(Log::Unknown, bytes / 32, &["unknown"])?;
        Ok(logs)
    }

    fn generate(&self, log: Log, bytes: u64, options: &[&str]) -> io::Result<Written> {
        let program = Words::new(std::env::current_exe()?).and(["generate"]).and([self.path(log)]);
        let said = process::output(&program.and([bytes.to_string()]).and(options))?;
        said.parse().map_err(io::Error::other)
    }

    fn path(&self, log: Log) -> PathBuf {
        self.place.join(match log {
            Log::Whole => "whole.log",
            Log::Quarter => "quarter.log",
            Log::Enriched => "enriched.log",
            Log::Unknown => "unknown.log",
        })
    }

    fn bytes(&self, log: Log) -> u64 {
        std::fs::metadata(self.path(log)).map_or(0, |m| m.len())
    }
}

impl Row {
    fn name(&self, logs: &Logs) -> String {
        let what = match self.log {
            Log::Whole | Log::Quarter => "",
            Log::Enriched => ", enriched",
            Log::Unknown => ", unknown ids",
        };
        format!("{} {}, {}{what}", self.applet, self.words.join(" "), size(logs.bytes(self.log))).replace(" ,", ",")
    }

    fn ours(&self, bench: &Bench, logs: &Logs) -> Words {
        self.with_log(Words::new(&bench.binary).and([self.applet]), logs)
    }

    fn theirs(&self, bench: &Bench, logs: &Logs) -> Option<Words> {
        let program = bench.reference.as_ref()?.join(self.applet);
        program.exists().then(|| self.with_log(Words::new(program), logs))
    }

    fn with_log(&self, program: Words, logs: &Logs) -> Words {
        let file = if self.applet == "aulast" { "-f" } else { "-if" };
        program.and([file]).and([logs.path(self.log)]).and(&self.words)
    }
}

/// Measures all rows on a log of `bytes` and prints the table.
pub(crate) fn measure(bench: &Bench, bytes: u64, report: &mut Report) -> io::Result<()> {
    let logs = Logs::write(&bench.place, bytes)?;
    let w = &logs.whole;
    report.say(&format!(
        "## Reading\n\nThe log: {} bytes, {} events, {} records. Times in ms; \"faster\" is the reference's time in ours.\n",
        w.bytes, w.events, w.records
    ))?;
    let floors = Floors { sink: bench.place.join("sink"), logs: &logs };
    report.table(&floors.table()?)?;
    let mut table = vec![row([
        "command",
        "cpu",
        "wall",
        "reference cpu",
        "wall",
        "faster, cpu",
        "wall",
        "floor",
        "wall in floors",
        "peak KiB",
        "reference",
        "answers",
    ])];
    let mut diagnostics = Vec::new();
    for r in rows(w.last_second) {
        table.push(measure_row(&r, bench, &logs, &floors, &mut diagnostics)?);
    }
    report.table(&table)?;
    for note in diagnostics {
        report.say(&note)?;
    }
    Ok(())
}

fn measure_row(
    r: &Row,
    bench: &Bench,
    logs: &Logs,
    floors: &Floors,
    diagnostics: &mut Vec<String>,
) -> io::Result<Vec<String>> {
    let (ours, theirs) = (r.ours(bench, logs), r.theirs(bench, logs));
    eprintln!("bench: {}", r.name(logs));
    let (us, them, verdict) = answers(r, &ours, theirs.as_ref(), logs, diagnostics)?;
    let ours = (!us.is_missing()).then_some(ours);
    let theirs = theirs.filter(|_| them.is_some_and(|a| !a.is_missing()));
    let (us, them) = in_turn(ours.as_ref(), theirs.as_ref())?;
    let (floor_name, floor) = floors.of(r)?;
    let cell = |cost: Option<Cost>, f: &dyn Fn(Cost) -> String| cost.map_or("-".to_string(), f);
    let ratio = |f: &dyn Fn(Cost) -> f64| match (us, them) {
        (Some(us), Some(them)) => times(f(them), f(us)),
        _ => "-".to_string(),
    };
    Ok(vec![
        r.name(logs),
        cell(us, &|c| ms(c.cpu)),
        cell(us, &|c| ms(c.wall)),
        cell(them, &|c| ms(c.cpu)),
        cell(them, &|c| ms(c.wall)),
        ratio(&|c| c.cpu.as_secs_f64()),
        ratio(&|c| c.wall.as_secs_f64()),
        floor_name.to_string(),
        cell(us, &|c| times(c.wall.as_secs_f64(), floor.as_secs_f64())),
        cell(us, &|c| c.peak.to_string()),
        cell(them, &|c| c.peak.to_string()),
        verdict,
    ])
}

/// Runs both once, says whether they agree, and writes a note when they do not.
fn answers(
    r: &Row,
    ours: &Words,
    theirs: Option<&Words>,
    logs: &Logs,
    diagnostics: &mut Vec<String>,
) -> io::Result<(Answer, Option<Answer>, String)> {
    let Some(theirs) = theirs else {
        let us = process::answer(ours)?;
        let verdict = if us.is_missing() { "not yet" } else { "alone" };
        return Ok((us, None, verdict.into()));
    };
    let (us, them, difference) = process::compare(ours, theirs)?;
    let verdict = match (&difference, us.is_missing(), them.is_missing()) {
        (_, true, _) => "not yet",
        (_, _, true) => "alone",
        (None, ..) if us.status == them.status => "same",
        _ => "DIFFER",
    };
    if verdict == "DIFFER" {
        diagnostics.push(match difference {
            Some(d) => format!(
                "{}: line {} differs:\n    ours:      {}\n    reference: {}",
                r.name(logs),
                d.line,
                d.ours,
                d.theirs
            ),
            None => format!("{}: exit status {:?}, the reference's {:?}", r.name(logs), us.status, them.status),
        });
    }
    Ok((us, Some(them), verdict.into()))
}

/// The medians of both sides, taken in turn so that a busy machine is busy for both.
fn in_turn(ours: Option<&Words>, theirs: Option<&Words>) -> io::Result<(Option<Cost>, Option<Cost>)> {
    let (mut us, mut them) = (Vec::new(), Vec::new());
    let start = Instant::now();
    for _ in 0..RUNS {
        us.extend(ours.map(process::cost).transpose()?);
        them.extend(theirs.map(process::cost).transpose()?);
        if start.elapsed() > PATIENCE {
            break;
        }
    }
    let median = |runs: &[Cost]| (!runs.is_empty()).then(|| Cost::median(runs));
    Ok((median(&us), median(&them)))
}

/// What the machine itself takes for the same bytes.
struct Floors<'a> {
    sink: PathBuf,
    logs: &'a Logs,
}

impl Floors<'_> {
    /// The floor's program and its wall time. Ripgrep is the floor of searching where it is installed.
    fn of(&self, r: &Row) -> io::Result<(&'static str, Duration)> {
        let log = self.logs.path(r.log);
        Ok(match r.floor {
            Floor::Cat => ("cat", self.wall(Words::new("cat").and([log]))?),
            Floor::Literal(literal) if process::exists("rg") => ("rg -c", self.wall(ripgrep(literal, &log))?),
            Floor::Literal(literal) => ("grep -c", self.wall(grep(literal, &log))?),
        })
    }

    /// The median of cat goes nowhere, that of the others into a file: grep ends at its first match otherwise.
    fn wall(&self, words: Words) -> io::Result<Duration> {
        let once = |_| if words.0[0] == "cat" { process::cost(&words) } else { process::cost_into(&words, &self.sink) };
        let runs: Vec<Cost> = (0..RUNS).map(once).collect::<io::Result<_>>()?;
        Ok(Cost::median(&runs).wall)
    }

    fn table(&self) -> io::Result<Vec<Vec<String>>> {
        let log = self.logs.path(Log::Whole);
        let literal = "type=USER_LOGIN";
        let mut table = vec![row(["this machine, the whole log", "wall"])];
        let mut add = |name: &str, words| -> io::Result<()> {
            table.push(row([name, &ms(self.wall(words)?)]));
            Ok(())
        };
        add("cat to /dev/null", Words::new("cat").and([&log]))?;
        add("wc -l", Words::new("wc").and(["-l"]).and([&log]))?;
        add("grep -c, one literal", grep(literal, &log))?;
        if process::exists("rg") {
            add("rg -c, one literal", ripgrep(literal, &log))?;
        }
        Ok(table)
    }
}

fn grep(literal: &str, log: &Path) -> Words {
    Words::new("grep").and(["-cF", literal]).and([log])
}

fn ripgrep(literal: &str, log: &Path) -> Words {
    Words::new("rg").and(["-cF", "--no-config", literal]).and([log])
}

/// Instructions per byte of log, counted by valgrind: the figure that is the same on a busy machine.
pub(crate) fn count_instructions(bench: &Bench, report: &mut Report) -> io::Result<()> {
    let logs = Logs::write(&bench.place, COUNTED_SIZE * 4)?;
    report.say(&format!("## Instructions per byte\n\nOn {} of log, counted by valgrind.\n", size(COUNTED_SIZE)))?;
    let mut table = vec![row(["command", "ours", "reference", "fewer"])];
    // a search by time seeks, so it has no cost per byte; a report on the whole log counts what one on a quarter does
    let is_counted = |r: &Row| r.words.first().map_or(r.log != Log::Whole, |word| word != "-ts");
    for mut r in rows(logs.whole.last_second).into_iter().filter(is_counted) {
        if r.log == Log::Whole {
            r.log = Log::Quarter;
        }
        eprintln!("bench: counting {}", r.name(&logs));
        let bytes = logs.bytes(r.log) as f64;
        let per_byte = |words: Option<Words>| -> io::Result<Option<f64>> {
            match words {
                Some(w) if !process::answer(&w)?.is_missing() => {
                    Ok(process::instructions(&w)?.map(|n| n as f64 / bytes))
                }
                _ => Ok(None),
            }
        };
        let (us, them) = (per_byte(Some(r.ours(bench, &logs)))?, per_byte(r.theirs(bench, &logs))?);
        let cell = |v: Option<f64>| v.map_or("-".to_string(), |v| format!("{v:.1}"));
        let fewer = us.zip(them).map_or("-".to_string(), |(us, them)| times(them, us));
        table.push(vec![r.name(&logs), cell(us), cell(them), fewer]);
    }
    report.table(&table)
}
