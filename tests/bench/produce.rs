//! The load of the collecting half: processes that each open a file many times, under a rule that logs each opening.
//! Runs inside the guest, where this same static program is laid.

use std::fs::File;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Starts `processes` children that call openat(2) `calls` times each, all from one moment on, and prints the
/// milliseconds until the last is done.
pub(crate) fn lead(processes: usize, calls: &str, file: &str, pause: &str) -> io::Result<()> {
    let this = std::env::current_exe()?;
    let mut children = Vec::new();
    for _ in 0..processes {
        let mut command = Command::new(&this);
        children.push(command.args(["produce-one", calls, file, pause]).stdin(Stdio::piped()).spawn()?);
    }
    std::thread::sleep(Duration::from_millis(200)); // all of them wait at their input now
    let start = Instant::now();
    for child in &mut children {
        drop(child.stdin.take());
    }
    for child in &mut children {
        child.wait()?;
    }
    println!("{}", start.elapsed().as_millis());
    Ok(())
}

/// One child: waits until its input ends, then opens and closes; `pause` microseconds between two calls.
pub(crate) fn work(calls: usize, file: &str, pause: u64) -> io::Result<()> {
    io::stdin().read_to_end(&mut Vec::new())?;
    for _ in 0..calls {
        drop(File::open(file)?);
        if pause > 0 {
            std::thread::sleep(Duration::from_micros(pause));
        }
    }
    Ok(())
}
