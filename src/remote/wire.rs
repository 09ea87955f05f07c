//! The managed form of records between machines, as audit-userspace has it since 1.8, and the older form `ascii`.
//!
//! A message is a header of 16 bytes, little-endian on every machine, and a body:
//!
//! ```text
//! offset 0  u32 magic   0xFF0000FE, on the wire fe 00 00 ff
//!        4  u8  version of the header, 0     5  u8  version of the message, 0
//!        6  u32 message type                10  u16 length of the body       12  u32 sequence
//! ```
//!
//! A client sends [`MessageType::MESSAGE`], whose body is one line of the log with its newline, and
//! [`MessageType::HEARTBEAT`] without a body. The listener answers each with one message of the same sequence, after the record
//! was handed to the log. [`MessageType::ENDING`] comes unasked, with sequence 0. The body of an answer is empty or says why.
//!
//! A record that is sent once more, since no answer to it came, has 1 as the version of its message: the listener may have stored it
//! already ([`Message::is_repeated`]). The reference does not look at versions.
//!
//! The form `ascii` is the line alone, and nobody answers. Neither the reference's listener nor ours takes it: it has no answers,
//! and any program that can be made to connect can send lines.
//!
//! There is no input and output here: [`Messages`] takes bytes in any pieces, [`Message::push`] appends them.

/// The first four bytes of every message.
pub const MAGIC: u32 = 0xff00_00fe;

/// Bytes of the header.
pub const HEADER: usize = 16;

/// The longest body that every listener takes: the reference's reads messages of 8970 bytes, with the header.
pub const MAX_BODY: usize = 8970 - HEADER;

/// The longest body that is read: the longest line that a plugin gets ([`crate::plugin::frame::MAX_PAYLOAD`]) and its newline.
pub const MAX_READ_BODY: usize = 8970;

/// Messages of a client that may wait for an answer at a time. So many may be sent once more when a connection is lost.
pub const WINDOW: usize = 32;

/// What a message is. Numbers that are not listed here are kept as they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageType(pub u32);

impl MessageType {
    /// From a client: a record.
    pub const MESSAGE: MessageType = MessageType(0);
    /// From a client: are you there?
    pub const HEARTBEAT: MessageType = MessageType(1);
    /// Answer: it is done.
    pub const ACK: MessageType = MessageType(0x4000_0000);
    /// The listener is going away.
    pub const ENDING: MessageType = MessageType(0x4000_0001);
    /// Answer: the record is stored, and there is little space.
    pub const DISK_LOW: MessageType = MessageType(0x5000_0001);
    /// Answer: the record is not stored, there is no space.
    pub const DISK_FULL: MessageType = MessageType(0x6000_0001);
    /// Answer: the record is not stored, the disk fails or logging is suspended.
    pub const DISK_ERROR: MessageType = MessageType(0x6000_0002);

    /// Whether it is what a listener sends, also of a type that is not listed.
    pub fn is_reply(self) -> bool {
        self.0 & 0x4000_0000 != 0
    }

    /// Whether it says that the record was not stored.
    pub fn is_fatal(self) -> bool {
        self.is_reply() && self.0 & 0x2000_0000 != 0
    }

    /// Whether it says that the record was stored, and that something is about to go wrong.
    pub fn is_warning(self) -> bool {
        self.is_reply() && self.0 & 0x1000_0000 != 0
    }
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// What it is.
    pub message_type: MessageType,
    /// A number of the client's, which the answer repeats.
    pub sequence: u32,
    /// A record that was sent before, and that the listener may have stored.
    pub is_repeated: bool,
    /// What follows the header.
    pub body: &'a [u8],
}

impl<'a> Message<'a> {
    /// Appends the bytes of the wire. A body of more than [`MAX_BODY`] bytes is cut, and the header says the true length; a
    /// newline at its end stays.
    pub fn push(&self, out: &mut Vec<u8>) {
        let (body, end) = match self.body.split_at_checked(MAX_BODY) {
            Some((body, [_, ..])) if self.body.ends_with(b"\n") => {
                (body.get(..MAX_BODY - 1).unwrap_or(body), &b"\n"[..])
            }
            Some((body, _)) => (body, &b""[..]),
            None => (self.body, &b""[..]),
        };
        out.extend_from_slice(&MAGIC.to_le_bytes());
        out.extend_from_slice(&[0, u8::from(self.is_repeated)]);
        out.extend_from_slice(&self.message_type.0.to_le_bytes());
        out.extend_from_slice(&((body.len() + end.len()) as u16).to_le_bytes());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(body);
        out.extend_from_slice(end);
    }

    /// The body without the one newline that a line ends with.
    pub fn text(&self) -> &'a [u8] {
        self.body.strip_suffix(b"\n").unwrap_or(self.body)
    }
}

/// The bytes of the first of the messages of our own, whole, that `bytes` begin with.
#[cfg(feature = "tls")]
pub(crate) fn first_length(bytes: &[u8]) -> usize {
    match bytes.get(10..12) {
        Some(&[low, high]) => HEADER + usize::from(u16::from_le_bytes([low, high])),
        _ => bytes.len(),
    }
}

/// Why bytes are no message. Nobody can know where the next one begins: the connection is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireError {
    /// They do not begin with the magic number: another protocol, or the form `ascii`.
    Magic,
    /// The header says that a body of this length follows, which is more than is read.
    Length(u16),
}

impl std::fmt::Display for WireError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            WireError::Magic => f.write_str("no message of audisp-remote with format = managed"),
            WireError::Length(length) => write!(f, "a message of {length} bytes, {MAX_READ_BODY} are allowed"),
        }
    }
}

/// Cuts bytes that arrive in any pieces into messages. Holds no more than the piece that was fed last and an unfinished message, and
/// nothing at all between messages.
#[derive(Debug, Default)]
pub struct Messages {
    buffer: Vec<u8>,
    /// What of the buffer was given out.
    used: usize,
}

impl Messages {
    /// Takes a piece. All messages of the one before should have been taken out, or memory grows.
    pub fn feed(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// The next whole message; `None` when more bytes are needed. What version it is of says no more than whether it is repeated; the
    /// reference does not look at that.
    ///
    /// # Errors
    /// The bytes are no message, as soon as that can be known; a header that promises too much is refused before its body has come.
    /// The same error comes again for each later call.
    pub fn next_message(&mut self) -> Result<Option<Message<'_>>, WireError> {
        let waiting = self.buffer.get(self.used..).unwrap_or_default();
        let magic = MAGIC.to_le_bytes();
        if waiting.iter().zip(&magic).any(|(byte, expected)| byte != expected) {
            return Err(WireError::Magic);
        }
        let header = waiting.first_chunk::<HEADER>();
        let length = header.map_or(0, |header| u16::from_le_bytes([header[10], header[11]]));
        if usize::from(length) > MAX_READ_BODY {
            return Err(WireError::Length(length));
        }
        let (Some(header), true) = (header, waiting.len() >= HEADER + usize::from(length)) else {
            self.keep_rest();
            return Ok(None);
        };
        let message_type = MessageType(u32::from_le_bytes([header[6], header[7], header[8], header[9]]));
        let sequence = u32::from_le_bytes([header[12], header[13], header[14], header[15]]);
        let start = self.used + HEADER;
        self.used = start + usize::from(length);
        let body = self.buffer.get(start..self.used).unwrap_or_default();
        Ok(Some(Message { message_type, sequence, is_repeated: header[5] == 1, body }))
    }

    /// How many bytes there are of a message that is not whole yet.
    pub fn unfinished(&self) -> usize {
        self.buffer.len() - self.used
    }

    /// Gives back the memory of what was given out: between messages a connection costs nothing.
    fn keep_rest(&mut self) {
        if self.used > 0 {
            self.buffer = self.buffer.get(self.used..).unwrap_or_default().to_vec();
            self.used = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    /// Type, sequence and body.
    type Read = (u32, u32, Vec<u8>);

    /// What comes of bytes that arrive in pieces of `size` bytes.
    fn read(input: &[u8], size: usize) -> (Vec<Read>, Result<(), WireError>) {
        let (mut messages, mut all) = (Messages::default(), Vec::new());
        for piece in input.chunks(size) {
            messages.feed(piece);
            loop {
                match messages.next_message() {
                    Ok(Some(message)) => all.push((message.message_type.0, message.sequence, message.body.to_vec())),
                    Ok(None) => break,
                    Err(error) => {
                        assert_eq!(messages.next_message(), Err(error), "and again");
                        return (all, Err(error));
                    }
                }
            }
        }
        (all, Ok(()))
    }

    fn message(message_type: MessageType, sequence: u32, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Message { message_type, sequence, is_repeated: false, body }.push(&mut out);
        out
    }

    #[test]
    fn the_bytes_are_those_of_the_reference() {
        let record = b"\xfe\0\0\xff\0\0\0\0\0\0\x04\0\x02\x01\0\0a=b\n";
        assert_eq!(message(MessageType::MESSAGE, 0x102, b"a=b\n"), record);
        let full = b"\xfe\0\0\xff\0\0\x01\0\0\x60\x09\0\x07\0\0\0disk full";
        assert_eq!(message(MessageType::DISK_FULL, 7, b"disk full"), full);
        assert_eq!(message(MessageType::HEARTBEAT, u32::MAX, b""), b"\xfe\0\0\xff\0\0\x01\0\0\0\0\0\xff\xff\xff\xff");
    }

    #[test]
    fn messages_come_back_whatever_pieces_they_arrive_in() {
        let input = [
            message(MessageType::MESSAGE, 2, b"type=CWD msg=audit(1.000:2): cwd=\"/\"\n"),
            message(MessageType::HEARTBEAT, 3, b""),
            message(MessageType(0x7fff_ffff), 4, b"\xfe\0\0\xff and a NUL \0"),
        ]
        .concat();
        let expected = [
            (0, 2, b"type=CWD msg=audit(1.000:2): cwd=\"/\"\n".to_vec()),
            (1, 3, Vec::new()),
            (0x7fff_ffff, 4, b"\xfe\0\0\xff and a NUL \0".to_vec()),
        ];
        for size in 1..=input.len() {
            assert_eq!(read(&input, size), (expected.to_vec(), Ok(())), "pieces of {size}");
        }
    }

    #[test]
    fn a_version_says_whether_a_record_is_repeated_and_nothing_else() {
        for (version, is_repeated) in [(0, false), (1, true), (9, false)] {
            let mut input = message(MessageType::MESSAGE, 2, b"x");
            (input[4], input[5]) = (9, version);
            let mut messages = Messages::default();
            messages.feed(&input);
            let expected = Message { message_type: MessageType::MESSAGE, sequence: 2, is_repeated, body: b"x" };
            assert_eq!(messages.next_message(), Ok(Some(expected)));
            input[4] = 0;
            let mut out = Vec::new();
            expected.push(&mut out);
            assert_eq!(out == input, version < 2);
        }
    }

    #[test]
    fn what_does_not_begin_with_the_magic_number_is_known_at_its_first_wrong_byte() {
        for input in [&b"type=CWD"[..], b"\xfe\0\0\xfe", b"\xfe\x01", b"\n"] {
            assert_eq!(read(input, 1), (Vec::new(), Err(WireError::Magic)));
        }
        let input = [message(MessageType::HEARTBEAT, 2, b""), b"GET / HTTP/1.1\r\n".to_vec()].concat();
        for size in [1, 16, 17, input.len()] {
            assert_eq!(read(&input, size), (vec![(1, 2, Vec::new())], Err(WireError::Magic)));
        }
    }

    #[test]
    fn a_body_that_is_too_long_is_refused_before_it_comes() {
        for length in [MAX_READ_BODY as u16 + 1, u16::MAX] {
            let mut header = message(MessageType::MESSAGE, 2, b"");
            header[10..12].copy_from_slice(&length.to_le_bytes());
            for size in 1..=HEADER {
                assert_eq!(read(&header, size), (Vec::new(), Err(WireError::Length(length))));
            }
            assert_eq!(read(&header[..HEADER - 1], HEADER), (Vec::new(), Ok(())), "not before its last byte");
        }
    }

    #[test]
    fn the_longest_body_is_read_and_what_is_sent_is_cut_to_what_everybody_reads() {
        let line = [vec![b'x'; MAX_READ_BODY - 1], b"\n".to_vec()].concat();
        let mut input = message(MessageType::MESSAGE, 2, b"");
        input[10..12].copy_from_slice(&(MAX_READ_BODY as u16).to_le_bytes());
        input.extend_from_slice(&line);
        assert_eq!(read(&input, 1000), (vec![(0, 2, line.clone())], Ok(())));
        let cut = message(MessageType::MESSAGE, 2, &line);
        assert_eq!(cut.len(), 8970);
        assert_eq!(cut[10..12], 8954_u16.to_le_bytes());
        assert!(cut.ends_with(b"xx\n"), "it is still a line");
        assert_eq!(message(MessageType::MESSAGE, 2, &line[..MAX_BODY]).len(), 8970, "as it is");
        assert_eq!(message(MessageType::MESSAGE, 2, &line[..MAX_BODY + 1]).len(), 8970, "without a newline");
        assert_eq!(message(MessageType::MESSAGE, 2, &line[1 + line.len() - MAX_BODY..]).len(), 8969);
    }

    #[test]
    fn nothing_is_held_between_messages_and_no_more_than_one_within() {
        let mut messages = Messages::default();
        let mut drain = |piece: &[u8]| {
            messages.feed(piece);
            while let Ok(Some(_)) = messages.next_message() {}
            (messages.unfinished(), messages.buffer.capacity())
        };
        let many = message(MessageType::MESSAGE, 2, &[b'x'; 100]).repeat(1000);
        assert_eq!(drain(&many), (0, 0));
        assert_eq!(drain(&many[..many.len() - 1]), (115, 115));
        assert_eq!(drain(b"x"), (0, 0));
    }

    #[test]
    fn whatever_comes_memory_is_bounded_and_an_error_is_the_end() {
        let mut dice = Dice(1);
        let mut next = |most: usize| dice.roll(most);
        for _ in 0..300 {
            let mut messages = Messages::default();
            let mut stream: Vec<u8> = Vec::new();
            while stream.len() < 40_000 {
                let mut bytes = message(MessageType(next(3) as u32), 2, &vec![b'x'; next(2 * MAX_BODY)]);
                if next(8) == 0 {
                    let at = next(HEADER);
                    bytes[at] = next(256) as u8;
                }
                stream.extend(bytes);
            }
            'stream: while !stream.is_empty() {
                let piece: Vec<u8> = stream.drain(..(1 + next(3000)).min(stream.len())).collect();
                messages.feed(&piece);
                loop {
                    match messages.next_message() {
                        Ok(Some(message)) => assert!(message.body.len() <= MAX_READ_BODY),
                        Ok(None) => break,
                        Err(_) => break 'stream,
                    }
                }
                assert!(messages.unfinished() < HEADER + MAX_READ_BODY);
                assert!(messages.buffer.capacity() <= 2 * (HEADER + MAX_READ_BODY + piece.len()));
            }
        }
    }

    #[test]
    fn replies_say_what_they_are_also_of_types_that_are_not_known() {
        let all = [
            (MessageType::MESSAGE, [false, false, false]),
            (MessageType::HEARTBEAT, [false, false, false]),
            (MessageType::ACK, [true, false, false]),
            (MessageType::ENDING, [true, false, false]),
            (MessageType::DISK_LOW, [true, false, true]),
            (MessageType::DISK_FULL, [true, true, false]),
            (MessageType::DISK_ERROR, [true, true, false]),
            (MessageType(0x6000_0999), [true, true, false]),
            (MessageType(0x3000_0001), [false, false, false]),
        ];
        for (one, expected) in all {
            assert_eq!([one.is_reply(), one.is_fatal(), one.is_warning()], expected, "{one:?}");
        }
    }

    #[test]
    fn a_text_loses_one_newline() {
        let text = |body: &'static [u8]| {
            Message { message_type: MessageType::MESSAGE, sequence: 2, is_repeated: false, body }.text()
        };
        assert_eq!(
            [text(b"a=b\n"), text(b"a=b"), text(b"a\n\n"), text(b"\n"), text(b"")],
            [&b"a=b"[..], b"a=b", b"a\n", b"", b""]
        );
    }
}
