//! The bench program behind `make bench` (tests/bench/run calls it). Not part of the shipped binary.
//!
//!     measure reading BINARY REFERENCE|- FOLDER SIZE     the table of searches and reports on a log of SIZE (64m, 1g)
//!     measure instructions BINARY REFERENCE|- FOLDER     instructions per byte of the same commands
//!     measure start BINARY REFERENCE|- FOLDER            sizes and what a start costs
//!     measure generate FILE SIZE [enriched] [unknown]    one log: enriched; with ids this host does not know
//!     measure produce PROCESSES CALLS FILE [PAUSE]       the load inside the guest; PAUSE in microseconds
//!
//! The tables go to standard output and to out/bench.md.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod generate;
mod process;
mod produce;
mod reading;
mod start;
mod table;

use generate::Shape;
use reading::Bench;
use table::Report;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|w| w != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("measure: the words are explained on top of tests/bench/measure.rs");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("measure: {error}");
            ExitCode::FAILURE
        }
    }
}

/// False when the words make no sense.
fn run(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["reading", binary, reference, folder, size] => {
            let Some(bytes) = bytes(size) else { return Ok(false) };
            reading::measure(&bench(binary, reference, folder), bytes, &mut Report::append_to("out/bench.md")?)?;
        }
        ["instructions", binary, reference, folder] => {
            reading::count_instructions(&bench(binary, reference, folder), &mut Report::append_to("out/bench.md")?)?;
        }
        ["start", binary, reference, folder] => {
            start::measure(&bench(binary, reference, folder), &mut Report::append_to("out/bench.md")?)?;
        }
        ["generate", file, size, ref options @ ..] => {
            let Some(size) = bytes(size) else { return Ok(false) };
            let shape =
                Shape { size, enriched: options.contains(&"enriched"), known_ids: !options.contains(&"unknown") };
            println!("{}", generate::write_log(Path::new(file), &shape)?);
        }
        ["produce", processes, calls, file, ref pause @ ..] => {
            let Ok(processes) = processes.parse() else { return Ok(false) };
            produce::lead(processes, calls, file, pause.first().unwrap_or(&"0"))?;
        }
        ["produce-one", calls, file, pause] => {
            let (Ok(calls), Ok(pause)) = (calls.parse(), pause.parse()) else { return Ok(false) };
            produce::work(calls, file, pause)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn bench(binary: &str, reference: &str, folder: &str) -> Bench {
    let reference = (reference != "-").then(|| PathBuf::from(reference));
    Bench { binary: binary.into(), reference, place: folder.into() }
}

/// `64m`, `1g`, `4096`.
fn bytes(size: &str) -> Option<u64> {
    let number = size.trim_end_matches(['k', 'm', 'g', 'K', 'M', 'G']);
    let shift = match size[number.len()..].to_ascii_lowercase().as_str() {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_shl(shift)
}
