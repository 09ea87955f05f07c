//! Checkpoint files of ausearch(8): where a search ended, so that the next one goes on from there.
//!
//! Three lines: `dev=0x..`, `inode=..`, `output=NODE SECONDS.MILLI:SERIAL 0xTYPE NUMBER`, where `-` stands for no node. The reference
//! neither writes the number nor reads it.

use crate::event::Event;
use crate::record::{EventId, RecordType};
use crate::text::{self, number};
use std::fmt;

/// The last event of a search and the file it was in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Device of the log file.
    pub device: u64,
    /// Inode of the log file.
    pub inode: u64,
    /// The last complete event, if there was one.
    pub last: Option<Last>,
}

/// An event, told from all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// The machine.
    pub node: Option<Vec<u8>>,
    /// When.
    pub id: EventId,
    /// The type of its first record.
    pub record_type: RecordType,
    /// Its number among all that were looked at in the log file, from 1 on; 0 where it is not known. Others may be called alike.
    pub number: u64,
}

/// What is wrong with a checkpoint file. Each carries the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckpointError {
    /// The device number does not fit.
    Device(String),
    /// The inode number does not fit.
    Inode(String),
    /// The event lacks what should follow its node.
    Node(String),
    /// The event is cut short after its node.
    Event(String),
    /// The line is none of the three.
    Unknown(String),
    /// Device and inode are not there, or zero.
    Missing,
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(line) => write!(f, "Malformed dev checkpoint line - [{line}]"),
            Self::Inode(line) => write!(f, "Malformed inode checkpoint line - [{line}]"),
            Self::Node(line) => write!(f, "Malformed output/event checkpoint line near node - [{line}]"),
            Self::Event(line) => write!(f, "Malformed output/event checkpoint line after node - [{line}]"),
            Self::Unknown(line) => write!(f, "Unknown checkpoint line - [{line}]"),
            Self::Missing => f.write_str("Missing dev/inode lines from checkpoint file"),
        }
    }
}

impl Checkpoint {
    /// Reads a checkpoint file.
    pub fn parse(file: &[u8]) -> Result<Checkpoint, CheckpointError> {
        let mut read = Checkpoint::default();
        for line in file.split_inclusive(|&b| b == b'\n') {
            let line = text::up_to(line.strip_suffix(b"\n").unwrap_or(line), 0);
            let shown = || String::from_utf8_lossy(line).into_owned();
            if let Some(value) = line.strip_prefix(b"dev=") {
                read.device = number::parse_prefix(value, 16).ok_or_else(|| CheckpointError::Device(shown()))?;
            } else if let Some(value) = line.strip_prefix(b"inode=") {
                read.inode = number::parse_prefix(value, 0).ok_or_else(|| CheckpointError::Inode(shown()))?;
            } else if let Some(value) = line.strip_prefix(b"output=") {
                let node = text::before(value, b' ').ok_or_else(|| CheckpointError::Node(shown()))?;
                let rest = value.get(node.len() + 1..).unwrap_or_default();
                let front = line.get(..line.len() - rest.len() - 1).unwrap_or(line);
                let (id, record_type, number) =
                    event(rest).ok_or_else(|| CheckpointError::Event(String::from_utf8_lossy(front).into_owned()))?;
                let node = (node.first() != Some(&b'-')).then(|| node.to_vec());
                // A second of zero says that nothing was put out.
                read.last = (id.sec != 0).then_some(Last { node, id, record_type, number });
            } else {
                return Err(CheckpointError::Unknown(shown()));
            }
        }
        if read.device == 0 || read.inode == 0 { Err(CheckpointError::Missing) } else { Ok(read) }
    }

    /// The file's text.
    pub fn print(&self) -> Vec<u8> {
        let mut out = b"dev=0x".to_vec();
        push_upper(&mut out, self.device);
        out.extend_from_slice(b"\ninode=");
        number::push(&mut out, self.inode);
        out.extend_from_slice(b"\noutput=");
        match &self.last {
            Some(last) => {
                out.extend_from_slice(last.node.as_deref().unwrap_or(b"-"));
                out.push(b' ');
                last.id.print(&mut out);
                out.extend_from_slice(b" 0x");
                push_upper(&mut out, u64::from(last.record_type.0));
                if last.number > 0 {
                    out.push(b' ');
                    number::push(&mut out, last.number);
                }
            }
            None => out.extend_from_slice(b"- 0.000:0 0x0"),
        }
        out.push(b'\n');
        out
    }
}

impl Last {
    /// What identifies `event`, and its number in its log file.
    pub fn of(event: &Event, number: u64) -> Last {
        Last { node: event.node().map(<[u8]>::to_vec), id: event.id(), record_type: event.record_type(), number }
    }

    /// Whether it is this event, or one that is called alike.
    pub fn is(&self, event: &Event) -> bool {
        self.id == event.id() && self.record_type == event.record_type() && self.node.as_deref() == event.node()
    }
}

/// `SECONDS.MILLI:SERIAL 0xTYPE`, and perhaps a number.
fn event(text: &[u8]) -> Option<(EventId, RecordType, u64)> {
    let (id, record_type) = text.split_at(memchr::memchr(b' ', text)?);
    let whole = text::after(id, b".").is_some() && text::after(id, b":").is_some();
    let digits = record_type.trim_ascii_start().strip_prefix(b"0x")?;
    digits.first().filter(|b| b.is_ascii_hexdigit())?;
    let record_type = RecordType(number::parse_prefix(digits, 16)? as u32);
    id.first().filter(|b| b.is_ascii_digit() && whole)?;
    let number = text::after(digits, b" ").and_then(|digits| number::parse_prefix(digits, 10));
    Some((EventId::parse(id)?, record_type, number.unwrap_or(0)))
}

fn push_upper(out: &mut Vec<u8>, value: u64) {
    let start = out.len();
    number::push_hex(out, value);
    if let Some(digits) = out.get_mut(start..) {
        digits.make_ascii_uppercase();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = b"dev=0xFD01\ninode=1234\noutput=web 1700000000.007:99 0x514\n";

    #[test]
    fn a_checkpoint_goes_round() {
        let read = Checkpoint::parse(FILE).unwrap();
        assert_eq!((read.device, read.inode), (0xfd01, 1234));
        let last = read.last.clone().unwrap();
        assert_eq!(
            (last.node.as_deref(), last.id.serial, last.record_type),
            (Some(&b"web"[..]), 99, RecordType::SYSCALL)
        );
        assert_eq!(read.print(), FILE);
        let numbered = b"dev=0xFD01\ninode=1234\noutput=web 1700000000.007:99 0x514 42\n";
        let read = Checkpoint::parse(numbered).unwrap();
        assert_eq!((read.last.as_ref().unwrap().number, read.print()), (42, numbered.to_vec()));
        let empty = b"dev=0x1\ninode=2\noutput=- 0.000:0 0x0\n";
        assert_eq!(Checkpoint::parse(empty).unwrap().print(), empty);
    }

    #[test]
    fn inodes_may_be_in_any_base() {
        for inode in ["0x10", "020", "16"] {
            let file = format!("dev=0x1\ninode={inode}\n");
            assert_eq!(Checkpoint::parse(file.as_bytes()).unwrap().inode, 16);
        }
    }

    #[test]
    fn bad_files_are_named_by_their_line() {
        let says = |file: &str| Checkpoint::parse(file.as_bytes()).unwrap_err().to_string();
        assert_eq!(says("dev=0x1\nwhat\n"), "Unknown checkpoint line - [what]");
        assert_eq!(says("dev=0x1\ninode=2\n\n"), "Unknown checkpoint line - []");
        assert_eq!(says("dev=0x11111111111111111\n"), "Malformed dev checkpoint line - [dev=0x11111111111111111]");
        assert_eq!(says("output=-\n"), "Malformed output/event checkpoint line near node - [output=-]");
        assert_eq!(says("output=- 1.2 x\n"), "Malformed output/event checkpoint line after node - [output=-]");
        assert_eq!(says("dev=0x1\n"), "Missing dev/inode lines from checkpoint file");
    }
}
