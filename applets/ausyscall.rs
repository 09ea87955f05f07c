//! ausyscall(8): names of system calls from numbers and numbers from names, for any machine.
//!
//! Words may come in any order. The answer goes to standard output; complaints to standard error, with status 1.

use crate::help::help;
use crate::options::usage;
use crate::output::{say, show};
use std::ffi::OsString;

use auditbox::sys::process;
use auditbox::tables::machine::Machine;
use auditbox::tables::syscall;

pub(crate) const HELP: &str = help!("ausyscall.txt");

/// What the words ask for.
#[derive(Default)]
struct Request {
    machine: Option<Machine>,
    number: Option<u64>,
    name: Option<String>,
    dump: bool,
    exact: bool,
}

/// Runs the command; `words` begins with its name.
pub(crate) fn run(words: &[OsString]) -> u8 {
    let words: Vec<_> = words.iter().skip(1).map(|w| w.to_string_lossy().into_owned()).collect();
    match native().and_then(|native| answer(&parse(&words, native)?, native)) {
        Ok(text) => {
            show(text.as_bytes());
            0
        }
        Err(complaint) => {
            say(complaint);
            1
        }
    }
}

fn native() -> Result<Machine, String> {
    Machine::from_uname(&process::machine()).ok_or_else(|| "Unable to detect machine type".into())
}

fn parse(words: &[String], native: Machine) -> Result<Request, String> {
    match words.len() {
        0 => return Err(usage(HELP).into()),
        1..=3 => (),
        _ => return Err(with_usage("Too many arguments")),
    }
    let mut request = Request::default();
    for word in words {
        request.take(word, native)?;
    }
    // COMPAT: "uring" by itself looks for calls of that name; with another word it is the table of io_uring.
    if words.len() == 1 && request.machine == Some(Machine::IoUring) {
        return Ok(Request { name: Some(words[0].clone()), ..Request::default() });
    }
    Ok(request)
}

impl Request {
    fn take(&mut self, word: &str, native: Machine) -> Result<(), String> {
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return once(&mut self.number, leading_number(word), "Two syscall numbers not allowed");
        }
        if let Some(machine) = Machine::from_word(word, native) {
            return once(&mut self.machine, machine, "Two machine types not allowed");
        }
        match word {
            "--dump" => self.dump = true,
            "--exact" => self.exact = true,
            "alpha" => return Err("Alpha processor support is deprecated".into()),
            // COMPAT: only alpha ends the command.
            "ia64" => say("IA64 processor support is deprecated"),
            _ => return once(&mut self.name, word.into(), "Two syscall names not allowed"),
        }
        Ok(())
    }
}

fn once<T>(slot: &mut Option<T>, value: T, complaint: &str) -> Result<(), String> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(with_usage(complaint)),
    }
}

fn with_usage(complaint: &str) -> String {
    [complaint, "\n", usage(HELP)].concat()
}

/// COMPAT: what follows the digits does not matter.
fn leading_number(word: &str) -> u64 {
    let end = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    word[..end].parse().unwrap_or(u64::MAX)
}

fn answer(request: &Request, native: Machine) -> Result<String, String> {
    let machine = request.machine.unwrap_or(native);
    if request.dump {
        return Ok(dump(machine));
    }
    match (&request.name, request.number) {
        (Some(name), _) if request.exact => {
            syscall::number(machine, name).map(|n| format!("{n}\n")).ok_or_else(|| unknown(name, machine))
        }
        (Some(name), _) => containing(name, machine),
        (None, Some(number)) => u32::try_from(number)
            .ok()
            .and_then(|n| syscall::name(machine, n))
            .map(|name| format!("{name}\n"))
            .ok_or_else(|| unknown(&number.to_string(), machine)),
        (None, None) => Err("Error - either a syscall name or number must be given with an optional arch".into()),
    }
}

fn dump(machine: Machine) -> String {
    let mut text = format!("Using {} syscall table:\n", table_name(machine));
    for (number, name) in syscall::rows(machine) {
        text.push_str(&format!("{number}\t{name}\n"));
    }
    text
}

fn containing(part: &str, machine: Machine) -> Result<String, String> {
    let part = part.to_ascii_lowercase();
    let mut text = String::new();
    for (number, name) in syscall::rows(machine).filter(|(_, name)| name.contains(&part)) {
        text.push_str(&format!("{name:<18} {number}\n"));
    }
    if text.is_empty() { Err(unknown(&part, machine)) } else { Ok(text) }
}

fn unknown(word: &str, machine: Machine) -> String {
    format!("Unknown syscall {word} using {} lookup table", table_name(machine))
}

/// COMPAT: the table of arm is called armeb, though it is that of either byte order.
fn table_name(machine: Machine) -> &'static str {
    if machine == Machine::Arm { "armeb" } else { machine.name() }
}
