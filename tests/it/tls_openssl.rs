//! Our ends of a TLS connection against those of OpenSSL, over the loopback. Where there is no `openssl` that is said, and nothing
//! is tried.

use auditbox::tls::{Client, Psk, Seed, Server, Suite, TlsError};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const IDENTITY: &str = "web-01";

fn psk() -> Psk {
    Psk::parse(KEY.as_bytes()).expect("a key")
}

fn seed() -> Seed {
    let mut bytes = [0; Seed::SIZE];
    std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).expect("randomness");
    Seed::new(&mut bytes)
}

/// Whether OpenSSL is here.
fn has_openssl() -> bool {
    let is_here = Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_ok_and(|end| end.success());
    if !is_here {
        eprintln!("there is no openssl here: nothing was tried");
    }
    is_here
}

fn openssl(words: &[&str]) -> Child {
    let mut command = Command::new("openssl");
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().expect("openssl starts")
}

/// Sends what waits, and reads a piece of at most `size` bytes; empty at the end.
fn turn(socket: &mut TcpStream, output: &mut Vec<u8>, size: usize) -> Vec<u8> {
    socket.write_all(&std::mem::take(output)).expect("it is sent");
    let mut piece = vec![0; size];
    let count = socket.read(&mut piece).expect("it is read in time");
    piece.truncate(count);
    piece
}

fn patient(socket: TcpStream) -> TcpStream {
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("an option");
    socket
}

/// A client of ours and OpenSSL's server, which sends lines back with their letters turned around. What came back, or the error.
fn with_server(suites: &[Suite], identity: &str, words: &[&str], size: usize) -> Result<String, TlsError> {
    let start = ["s_server", "-accept", "127.0.0.1:0", "-tls1_3", "-nocert", "-psk", KEY, "-psk_identity", IDENTITY];
    let mut child = openssl(&[&start[..], words, &["-rev"]].concat());
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let address = lines.find_map(|line| line.ok()?.strip_prefix("ACCEPT ").map(str::to_owned)).expect("its address");
    let mut socket = patient(TcpStream::connect(address).expect("a connection"));
    let mut client = Client::new(identity.as_bytes(), &psk(), suites, seed());
    let (mut plain, mut has_sent, mut result) = (Vec::new(), false, Ok(()));
    while result.is_ok() && !plain.ends_with(b"\n") {
        let piece = turn(&mut socket, client.connection.output(), size);
        assert!(!piece.is_empty(), "it was closed without an alert");
        result = client.receive(&piece, &mut plain);
        if client.connection.is_open() && !std::mem::replace(&mut has_sent, true) {
            assert!(suites.contains(&client.connection.suite().expect("a suite")));
            client.connection.send(b"drawer\n");
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    result.map(|()| String::from_utf8(plain).expect("text"))
}

#[test]
fn our_client_speaks_with_the_server_of_openssl_with_and_without_tickets() {
    if !has_openssl() {
        return;
    }
    let [aes, chacha] = Suite::ALL;
    for (suites, words, size) in [
        (&[aes, chacha][..], &["-num_tickets", "0"][..], 4096),
        (&[aes], &["-num_tickets", "2"], 1),
        (&[chacha], &["-num_tickets", "2"], 7),
        (&[chacha, aes], &["-ciphersuites", "TLS_AES_128_GCM_SHA256"], 4096),
    ] {
        assert_eq!(with_server(suites, IDENTITY, words, size), Ok("reward\n".to_string()), "{suites:?} {words:?}");
    }
}

#[test]
fn our_client_is_refused_by_the_server_of_openssl_in_clear_words() {
    if !has_openssl() {
        return;
    }
    for (identity, words) in [
        (IDENTITY, &["-psk", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"][..]),
        ("web-02", &[]),
        (IDENTITY, &["-ciphersuites", "TLS_AES_256_GCM_SHA384"]),
        (IDENTITY, &["-groups", "P-256"]),
    ] {
        let error = with_server(&Suite::ALL, identity, words, 4096).expect_err("refused");
        assert!(matches!(error, TlsError::Peer(_) | TlsError::Local(..)), "{error}");
    }
}

/// A server of ours and OpenSSL's client: what came of its line, or the error.
fn with_client(words: &[&str], size: usize) -> Result<String, TlsError> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    let start = ["s_client", "-connect", &address, "-tls1_3", "-quiet", "-psk", KEY, "-psk_identity", IDENTITY];
    let mut child = openssl(&[&start[..], words].concat());
    let mut input = child.stdin.take().expect("its input");
    input.write_all(b"a record\n").expect("it takes a line");
    let mut socket = patient(listener.accept().expect("a connection").0);
    let mut server = Server::new(&Suite::ALL, seed());
    let mut find = |identity: &[u8]| (identity == IDENTITY.as_bytes()).then(|| Arc::new(psk()));
    let (mut plain, mut result) = (Vec::new(), Ok(()));
    while result.is_ok() && !plain.ends_with(b"\n") {
        let piece = turn(&mut socket, server.connection.output(), size);
        assert!(!piece.is_empty(), "it was closed without an alert");
        result = server.receive(&piece, &mut find, &mut plain);
    }
    // It reads an answer, and the end.
    if result.is_ok() {
        server.connection.send(b"stored\n");
        server.connection.close();
        socket.write_all(server.connection.output()).expect("it is sent");
        let mut answer = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut answer).expect("an answer");
        assert_eq!(answer, "stored\n");
    }
    drop(input);
    let _ = child.kill();
    let _ = child.wait();
    result.map(|()| String::from_utf8(plain).expect("text"))
}

#[test]
fn the_client_of_openssl_speaks_with_our_server() {
    if !has_openssl() {
        return;
    }
    for (words, size) in [
        (&[][..], 4096),
        (&["-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"], 7),
        (&["-ciphersuites", "TLS_AES_128_GCM_SHA256", "-no_middlebox"], 1),
        (&["-groups", "X25519"], 4096),
    ] {
        assert_eq!(with_client(words, size), Ok("a record\n".to_string()), "{words:?}");
    }
}

#[test]
fn the_client_of_openssl_is_refused_with_another_key_name_or_group() {
    if !has_openssl() {
        return;
    }
    let other = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    assert_eq!(with_client(&["-psk", other], 4096), Err(TlsError::WRONG_KEY));
    assert_eq!(with_client(&["-psk_identity", "web-02"], 4096), Err(TlsError::WRONG_KEY));
    let error = with_client(&["-groups", "P-256"], 4096).expect_err("another group");
    assert!(error.to_string().contains("x25519"), "{error}");
}
