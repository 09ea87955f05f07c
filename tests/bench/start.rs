//! Size and start: how large the programs are, and what one costs that has nothing to do.

use std::io;
use std::path::Path;

use crate::process::{self, Cost, Words};
use crate::reading::Bench;
use crate::table::{Report, row};

/// A start takes less than a millisecond, so it is taken often.
const STARTS: usize = 301;

/// The reference's programs whose work the one binary does.
const PROGRAMS: [&str; 13] = [
    "auditctl",
    "auditd",
    "augenrules",
    "ausearch",
    "aureport",
    "aulast",
    "aulastlog",
    "ausyscall",
    "audisp-af_unix",
    "audisp-filter",
    "audisp-remote",
    "audisp-statsd",
    "audisp-syslog",
];

/// Prints both tables.
pub(crate) fn measure(bench: &Bench, report: &mut Report) -> io::Result<()> {
    report.say("## Size and start\n")?;
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |m| m.len());
    let mut table = vec![row(["size", "bytes"])];
    table.push(row(["auditbox, static, everything", &bytes(&bench.binary).to_string()]));
    if let Some(folder) = &bench.reference {
        let there: Vec<u64> = PROGRAMS.iter().map(|p| bytes(&folder.join(p))).filter(|n| *n > 0).collect();
        let name = format!("the reference, {} programs as they lie there, without their libraries", there.len());
        table.push(row([&name, &there.iter().sum::<u64>().to_string()]));
    }
    report.table(&table)?;

    let empty = bench.place.join("empty.log");
    std::fs::write(&empty, "")?;
    let search = |program: Words| program.and(["-if"]).and([&empty]);
    let mut rows = vec![("/bin/true", Words::new("/bin/true"))];
    let ours = |applet| Words::new(&bench.binary).and([applet]);
    rows.push(("auditctl -v", ours("auditctl").and(["-v"])));
    rows.push(("ausearch, empty file", search(ours("ausearch"))));
    if let Some(folder) = &bench.reference {
        rows.push(("reference: auditctl -v", Words::new(folder.join("auditctl")).and(["-v"])));
        rows.push(("reference: ausearch, empty file", search(Words::new(folder.join("ausearch")))));
    }
    report.table(&starts(rows)?)
}

fn starts(rows: Vec<(&str, Words)>) -> io::Result<Vec<Vec<String>>> {
    let rows: Vec<(&str, Words)> =
        rows.into_iter().filter(|(_, w)| process::exists(&w.0[0].to_string_lossy())).collect();
    let mut runs = vec![Vec::new(); rows.len()];
    for _ in 0..STARTS {
        for (i, (_, words)) in rows.iter().enumerate() {
            runs[i].push(process::cost(words)?);
        }
    }
    let counted = process::exists("valgrind");
    let mut table = vec![row(["start", "wall µs", "cpu µs", "peak KiB", "instructions"])];
    for ((name, words), runs) in rows.iter().zip(&runs) {
        let cost = Cost::median(runs);
        let instructions = if counted { process::instructions(words)? } else { None };
        table.push(vec![
            name.to_string(),
            cost.wall.as_micros().to_string(),
            cost.cpu.as_micros().to_string(),
            cost.peak.to_string(),
            instructions.map_or("-".into(), |n| n.to_string()),
        ]);
    }
    Ok(table)
}
