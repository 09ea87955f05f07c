//! Peers of the listener that do one thing very often: what tests/guest/flood.sh runs.
//!
//!   peers connect ADDRESS COUNT FROM...  that many connections, from each of these addresses in turn, which say nothing and are left
//!   peers junk ADDRESS COUNT FROM...     the same, and each says what is no message
//!   peers hold ADDRESS COUNT FROM...     the same, and of those that say nothing the last hundreds are held
//!   peers half ADDRESS COUNT FROM...     the same, and each has sent half of a header
//!   peers heartbeats ADDRESS COUNT FROM  that many messages of one connection, as fast as they are taken
//!   peers records ADDRESS COUNT FROM     the same with records, node=flood and numbered
//!   peers marks LOG COUNT FIRST          no peer: that many calls of kill(2), a0 of which is FIRST and the number of the last such
//!                                        record that is in the log by then
//!
//! Prints how many connections, messages or calls there were, and the last error for those that were not.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::FromRawFd;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

/// Messages of one write.
const AT_ONCE: usize = 256;
/// Connections that are held at a time.
const HELD: usize = 500;
/// How a record begins; its number follows.
const RECORD: &str = "node=flood type=USER msg=audit(1700000000.000:";

unsafe extern "C" {
    fn socket(domain: i32, kind: i32, protocol: i32) -> i32;
    fn bind(fd: i32, address: *const u8, length: u32) -> i32;
    fn connect(fd: i32, address: *const u8, length: u32) -> i32;
    fn kill(pid: i32, signal: i32) -> i32;
}

/// A `struct sockaddr_in`.
fn raw(address: SocketAddr) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[0] = 2;
    bytes[2..4].copy_from_slice(&address.port().to_be_bytes());
    if let IpAddr::V4(ip) = address.ip() {
        bytes[4..8].copy_from_slice(&ip.octets());
    }
    bytes
}

/// A connection from an address of ours.
fn open(to: SocketAddr, from: IpAddr) -> std::io::Result<TcpStream> {
    let (from, to) = (raw(SocketAddr::new(from, 0)), raw(to));
    let fd = unsafe { socket(2, 1, 0) };
    if fd < 0 {
        return Err(std::io::Error::last_os_error());
    }
    let stream = unsafe { TcpStream::from_raw_fd(fd) };
    for call in [unsafe { bind(fd, from.as_ptr(), 16) }, unsafe { connect(fd, to.as_ptr(), 16) }] {
        if call < 0 {
            return Err(std::io::Error::last_os_error());
        }
    }
    Ok(stream)
}

fn message(kind: u32, body: &str, sequence: u32, out: &mut Vec<u8>) {
    out.extend([0xfe, 0, 0, 0xff, 0, 0]);
    out.extend(kind.to_le_bytes());
    out.extend((body.len() as u16).to_le_bytes());
    out.extend(sequence.to_le_bytes());
    out.extend(body.as_bytes());
}

/// One connection that sends so many messages as fast as it can, while another thread reads the answers.
fn send(mut stream: TcpStream, count: usize, is_record: bool) -> std::io::Result<usize> {
    let mut answers = stream.try_clone()?;
    let reader = thread::spawn(move || {
        let mut answer = [0; 16];
        (0..count).take_while(|_| answers.read_exact(&mut answer).is_ok()).count()
    });
    let text = "0".repeat(100);
    for first in (0..count).step_by(AT_ONCE) {
        let mut out = Vec::new();
        for number in first..count.min(first + AT_ONCE) {
            match is_record {
                true => {
                    let body = format!("{RECORD}{number}): pid=1 uid=0 msg={text}");
                    message(0, &body, number as u32, &mut out);
                }
                false => message(1, "", number as u32, &mut out),
            }
        }
        stream.write_all(&out)?;
    }
    Ok(reader.join().unwrap_or(0))
}

/// The number of the last record of the flood in a log.
fn last_number(log: &mut File) -> Option<i32> {
    let end = log.seek(SeekFrom::End(0)).ok()?;
    log.seek(SeekFrom::Start(end.saturating_sub(64 << 10))).ok()?;
    let mut tail = Vec::new();
    log.read_to_end(&mut tail).ok()?;
    let tail = String::from_utf8_lossy(&tail);
    let number = tail.rsplit_once(RECORD)?.1;
    number.split_once(')')?.0.parse().ok()
}

fn mark(log: &str, count: usize, first: i32) {
    let mut log = File::open(log).unwrap();
    let mut done = 0;
    while done < count {
        if let Some(number) = last_number(&mut log) {
            unsafe { kill(first + number, 0) };
            done += 1;
        }
        thread::sleep(Duration::from_millis(2));
    }
    println!("{done}");
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [what, log, count, first] = &words[..]
        && what == "marks"
    {
        mark(log, count.parse().unwrap(), first.parse().unwrap());
        return ExitCode::SUCCESS;
    }
    let [what, to, count, from @ ..] = &words[..] else { return ExitCode::from(2) };
    let (to, count): (SocketAddr, usize) = (to.parse().unwrap(), count.parse().unwrap());
    let from: Vec<IpAddr> = from.iter().map(|one| one.parse().unwrap()).collect();
    let (mut done, mut last, mut held) = (0, None, VecDeque::new());
    match what.as_str() {
        "heartbeats" | "records" => match open(to, from[0]).and_then(|stream| send(stream, count, what == "records")) {
            Ok(sent) => done = sent,
            Err(error) => last = Some(error),
        },
        _ => {
            for number in 0..count {
                match open(to, from[number % from.len()]) {
                    Ok(mut stream) => {
                        done += 1;
                        if what == "junk" {
                            let _ = stream.write_all(b"GET / HTTP/1.1\r\n\r\n");
                        }
                        if what == "half" {
                            let mut header = Vec::new();
                            message(0, "", 1, &mut header);
                            let _ = stream.write_all(&header[..8]);
                        }
                        if what == "hold" || what == "half" {
                            held.push_back(stream);
                            held.drain(..held.len().saturating_sub(HELD));
                        }
                    }
                    Err(error) => last = Some(error),
                }
                thread::yield_now();
            }
        }
    }
    println!("{done}{}", last.map_or(String::new(), |error| format!(", {error}")));
    ExitCode::SUCCESS
}
