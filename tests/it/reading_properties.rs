//! No log, expression or checkpoint file can do harm (the bodies of the fuzz targets, on made-up bytes).

#[path = "../../fuzz/bodies/reading.rs"]
pub(crate) mod bodies;

use crate::support::Dice;

impl Dice {
    /// Some of `words` one after another, with a byte changed now and then.
    fn line_of(&mut self, words: &[&str], longest: usize) -> Vec<u8> {
        let count = self.roll(longest);
        let mut text: Vec<u8> =
            (0..count).flat_map(|_| words[self.roll(words.len())].bytes().collect::<Vec<_>>()).collect();
        for _ in 0..self.roll(3) {
            if !text.is_empty() {
                let at = self.roll(text.len());
                text[at] = self.roll(256) as u8;
            }
        }
        text
    }
}

#[test]
fn any_log_can_be_read() {
    let words = [
        "type=SYSCALL ",
        "type=USER_AUTH ",
        "type=AVC ",
        "type=SOCKADDR ",
        "type=",
        "node=x ",
        "msg=audit(1700000000.123:45): ",
        "msg=audit(1700000009.5:46): ",
        "msg=audit(17",
        "\n",
        "\n",
        " ",
        "pid=1 ",
        "uid=0 ",
        "key=6101",
        "exe=\"/a\" ",
        "\"",
        "'",
        "saddr=0100",
        "saddr=02000050",
        "avc:  denied { read } for ",
        "msg='",
        "=",
        "\x1D",
        "\0",
        "name=",
        "res=",
    ];
    let mut dice = Dice(7);
    (0..4000).for_each(|_| bodies::log(&dice.line_of(&words, 40)));
}

#[test]
fn any_expression_can_be_parsed() {
    let words = [
        "uid",
        "key",
        "==",
        "r=",
        "i!=",
        "&&",
        "||",
        "!",
        "(",
        ")",
        " ",
        "\"k1\"",
        "5",
        "\\timestamp",
        "\\timestamp_ex",
        "ts:1.2:3",
        "\\record_type",
        "AVC",
        "\\regexp",
        "/a(b|c)*[d-f]{2,3}$/",
        "/",
        "\\",
        "\"",
        "\0",
    ];
    let mut dice = Dice(9);
    (0..20_000).for_each(|_| bodies::expression(&dice.line_of(&words, 12)));
}

#[test]
fn any_checkpoint_file_can_be_parsed() {
    let words =
        ["dev=0x", "inode=", "output=", "- ", "node ", "1.2:3", " 0x514", "0", "F", "99999999999999999999", "\n", "\0"];
    let mut dice = Dice(11);
    (0..20_000).for_each(|_| bodies::checkpoint(&dice.line_of(&words, 14)));
}
