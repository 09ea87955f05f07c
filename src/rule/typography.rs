//! Characters that stand for plain ones in pasted text: dashes, quotes, spaces and signs of PDF files and word processors, and the
//! tabs and line ends of other editors; and those that look like nothing, or turn the direction of what stands around them. Rules
//! files know none of them (audit.rules(7)): they become part of a word.

use super::file::{Line, all_lines};
use crate::text::escape::{character, is_hidden};

/// A character that looks like a plain one, or like nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookalike {
    /// How many bytes of the line come before.
    pub start: usize,
    /// How many bytes it has: one, where the text is not UTF-8 but Windows-1252.
    pub length: usize,
    /// Which it is.
    pub character: char,
    /// What a rule would have in its place.
    pub plain: &'static str,
    title: &'static str,
}

impl Lookalike {
    /// What it is called, and its number.
    pub fn name(&self) -> String {
        let set = if self.length == 1 && !self.character.is_ascii() { " of Windows-1252" } else { "" };
        format!("{} (U+{:04X}){set}", self.title, u32::from(self.character))
    }

    /// What [`hiding`] has found.
    pub fn hides(&self) -> String {
        let why = if self.ends_line() {
            "ends no line: what follows it is not loaded"
        } else {
            "moves the terminal that shows it"
        };
        format!("{} {why}", self.name())
    }

    /// Other programs end a line with it.
    pub fn ends_line(&self) -> bool {
        self.plain == "\n"
    }

    /// What to write instead, in words.
    pub fn instead(&self) -> &'static str {
        match self.plain {
            "\n" => "a newline",
            "" | " " => "a space, or nothing",
            plain => plain,
        }
    }
}

/// Where in a line a character is out of place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// In a word, but for the names of files, which may have such dashes: no slash stands before it.
    InName,
    /// At the start of a word or of a value, where a dash or a minus sign would be.
    AtWord,
    /// After an ASCII letter or digit, where an operator or a comma would be.
    AfterName,
    /// At the end of the line.
    AtEnd,
    /// Anywhere.
    Anywhere,
}

/// What stands for the characters, where they are out of place, and a line for each: the character and its Unicode name. Rows of text
/// take the least room.
type Group = (&'static str, Wrong, &'static str);

const LOOKALIKES: [Group; 10] = [
    ("-", Wrong::AtWord, "\u{ad}SOFT HYPHEN"),
    (
        "-",
        Wrong::InName,
        "\u{2010}HYPHEN\n\u{2011}NON-BREAKING HYPHEN\n\u{2012}FIGURE DASH\n\u{2013}EN DASH\n\
         \u{2014}EM DASH\n\u{2015}HORIZONTAL BAR\n\u{2212}MINUS SIGN\n\u{fe63}SMALL HYPHEN-MINUS\n\
         \u{ff0d}FULLWIDTH HYPHEN-MINUS",
    ),
    (">=", Wrong::AfterName, "\u{2265}GREATER-THAN OR EQUAL TO"),
    ("<=", Wrong::AfterName, "\u{2264}LESS-THAN OR EQUAL TO"),
    ("!=", Wrong::AfterName, "\u{2260}NOT EQUAL TO"),
    (",", Wrong::AfterName, "\u{3001}IDEOGRAPHIC COMMA"),
    (
        " ",
        Wrong::Anywhere,
        "\tTAB\n\u{a0}NO-BREAK SPACE\n\u{2007}FIGURE SPACE\n\u{2009}THIN SPACE\n\u{202f}NARROW NO-BREAK SPACE\n\
         \u{3000}IDEOGRAPHIC SPACE",
    ),
    (
        "",
        Wrong::Anywhere,
        "\u{ad}SOFT HYPHEN\n\u{2018}LEFT SINGLE QUOTATION MARK\n\u{2019}RIGHT SINGLE QUOTATION MARK\n\
         \u{201c}LEFT DOUBLE QUOTATION MARK\n\u{201d}RIGHT DOUBLE QUOTATION MARK\n\u{201e}DOUBLE LOW-9 QUOTATION MARK\n\
         \u{201f}DOUBLE HIGH-REVERSED-9 QUOTATION MARK\n\u{200b}ZERO WIDTH SPACE\n\u{200c}ZERO WIDTH NON-JOINER\n\
         \u{200d}ZERO WIDTH JOINER\n\u{2060}WORD JOINER\n\u{feff}BYTE ORDER MARK\n\u{2800}BRAILLE PATTERN BLANK\n\
         \u{200e}LEFT-TO-RIGHT MARK\n\u{200f}RIGHT-TO-LEFT MARK\n\u{202d}LEFT-TO-RIGHT OVERRIDE\n\
         \u{202e}RIGHT-TO-LEFT OVERRIDE\n\u{7}BELL\n\u{1b}ESCAPE",
    ),
    ("", Wrong::AtEnd, "\rCARRIAGE RETURN"),
    (
        "\n",
        Wrong::Anywhere,
        "\rCARRIAGE RETURN\n\u{b}LINE TABULATION\n\u{c}FORM FEED\n\u{85}NEXT LINE\n\u{2028}LINE SEPARATOR\n\
         \u{2029}PARAGRAPH SEPARATOR",
    ),
];

/// Those of which there are wide ones, where an operator, a comma or a number would be. Each has the same place among the wide ones
/// as here.
const WIDE: &str = "!&,0123456789<=>";
const BEYOND: u32 = 0xfee0;

/// What any other is called that shows nothing.
const HIDDEN: &str = "HIDDEN CHARACTER";

/// All of them in a line, from left to right.
pub fn lookalikes(line: &[u8]) -> impl Iterator<Item = Lookalike> + '_ {
    // A slash stands before in the word.
    let mut is_path = false;
    (0..line.len()).filter_map(move |start| {
        match line.get(start) {
            Some(b' ') => is_path = false,
            Some(b'/') => is_path = true,
            _ => {}
        }
        find(line, start, is_path)
    })
}

/// The one that begins at a byte. Several loops share it.
#[inline(never)]
fn find(line: &[u8], start: usize, is_path: bool) -> Option<Lookalike> {
    let (character, length) = read(line, start)?;
    let rest = line.get(start + length..)?;
    let before = line.get(..start).and_then(<[u8]>::last);
    let is_wrong = |wrong: Wrong| match wrong {
        Wrong::InName => !is_path,
        Wrong::AtWord => before.is_none_or(|before| matches!(before, b' ' | b'=')),
        // Or after another such sign, as in a pasted `>=`.
        Wrong::AfterName => before.is_some_and(|before| {
            let is_fullwidth =
                line.get(start.saturating_sub(3)..start).is_some_and(|sign| sign.starts_with(b"\xef\xbc"));
            before.is_ascii_alphanumeric() || matches!(before, b'!' | b'<' | b'>') || is_fullwidth
        }),
        Wrong::AtEnd => rest.is_empty(),
        Wrong::Anywhere => true,
    };
    let known = LOOKALIKES
        .iter()
        .filter(|group| is_wrong(group.1))
        .find_map(|(plain, _, rows)| Some((*plain, rows.split('\n').find_map(|row| row.strip_prefix(character))?)));
    let wide = || {
        let plain = u32::from(character).checked_sub(BEYOND).and_then(char::from_u32)?;
        let at = WIDE.find(plain)?;
        let is_digit = plain.is_ascii_digit() && !is_path && is_wrong(Wrong::AtWord);
        (is_digit || is_wrong(Wrong::AfterName)).then_some((WIDE.get(at..=at)?, "FULLWIDTH CHARACTER"))
    };
    let hides = character.is_ascii() || length > 1 && is_hidden(character);
    let (plain, title) = known.or_else(wide).or_else(|| hides.then_some(("", HIDDEN)))?;
    Some(Lookalike { start, length, character, plain, title })
}

/// Where a word, or the value in it, begins or ends with a quote. There is no quoting in rules.
pub fn quote(word: &[u8]) -> Option<usize> {
    let value = word.iter().position(|byte| *byte == b'=').map_or(0, |at| at + 1);
    let is_quote = |at: &usize| matches!(word.get(*at), Some(b'"' | b'\''));
    [0, value, word.len().saturating_sub(1)].into_iter().find(is_quote)
}

/// The character that may be one of them and begins at a byte, with the number of its bytes. A byte between ASCII is no part of
/// UTF-8: it is what Windows-1252 has there.
fn read(line: &[u8], start: usize) -> Option<(char, usize)> {
    let is_ascii = |at: usize| line.get(at).is_none_or(u8::is_ascii);
    let character = match *line.get(start)? {
        byte @ (1..0x20 | 0x7F) => char::from(byte),
        byte @ 0x91..=0xAD if (start == 0 || is_ascii(start - 1)) && is_ascii(start + 1) => match byte {
            0x91 => '\u{2018}',
            0x92 => '\u{2019}',
            0x93 => '\u{201c}',
            0x94 => '\u{201d}',
            0x96 => '\u{2013}',
            0x97 => '\u{2014}',
            _ => char::from(byte),
        },
        _ => return character(line.get(start..)?).map(|(bytes, character)| (character, bytes.len())),
    };
    Some((character, 1))
}

/// The first character that hides what stands around it, with the number of the line that has it and the byte where that starts: one
/// that other programs end a line with, in a comment or where nothing is taken from the line, before what may be a rule; or a control in a
/// comment. In other lines it is a [`Lookalike`] like all.
pub fn hiding(text: &[u8]) -> Option<(usize, usize, Lookalike)> {
    all_lines(text).find_map(|(number, start, line)| {
        let found = lookalikes(line).find(|found| {
            let rest = line.get(found.start + found.length..).unwrap_or_default();
            let next = rest.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
            let asks = next.is_some_and(|next| *next != b'#' && !next.is_ascii_control());
            let moves = found.character.is_ascii() && !matches!(found.character, '\t' | '\r');
            if found.ends_line() { asks } else { moves }
        })?;
        let is_comment = line.trim_ascii_start().starts_with(b"#");
        let is_read = || Line::read(number, start, line).is_some_and(|line| line.words.is_ok());
        (is_comment || found.ends_line() && !is_read()).then_some((number, start, found))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_table_is_found() {
        for (plain, wrong, rows) in LOOKALIKES {
            for row in rows.split('\n') {
                let character = row.chars().next().unwrap();
                let title = &row[character.len_utf8()..];
                let line = match (wrong, plain) {
                    (Wrong::AfterName, _) => format!("a{character}"),
                    (_, "\n") => format!("{character}a"),
                    _ => character.to_string(),
                };
                let found = lookalikes(line.as_bytes()).next().map(|found| (found.title, found.plain));
                // At a word a soft hyphen stands for a dash.
                assert!(found == Some((title, plain)) || found == Some((title, "-")), "{title}");
            }
        }
    }

    fn found(line: impl AsRef<[u8]>) -> Vec<(usize, String, &'static str)> {
        lookalikes(line.as_ref()).map(|it| (it.start, it.name(), it.plain)).collect()
    }

    fn named(start: usize, name: &str, plain: &'static str) -> (usize, String, &'static str) {
        (start, name.to_owned(), plain)
    }

    #[test]
    fn a_pasted_dash_counts_but_in_the_name_of_a_file() {
        let line = "-a always,exit \u{2013}F arch=b64";
        assert_eq!(found(line), [named(15, "EN DASH (U+2013)", "-")]);
        assert_eq!(found("-a always,exit \u{ff0d}F uid=0 \u{fe63}k x").len(), 2);
        assert_eq!(found("-F exit=\u{2013}EACCES -F auid!=\u{2212}1").len(), 2);
        assert_eq!(found("-w /srv/2001\u{2013}2010 -F path=/a\u{2014}b -k old"), []);
        assert_eq!(found("-a always\u{2014}exit -S op\u{2013}en -k a\u{2010}b -F exit=-\u{2013}EACCES").len(), 4);
        assert_eq!(found("\u{ad}D -k a\u{ad}b").iter().map(|it| it.2).collect::<Vec<_>>(), ["-", ""]);
    }

    #[test]
    fn signs_of_other_keyboards_count_where_an_operator_or_a_comma_would_be() {
        let plain = |line: &str| found(line).into_iter().map(|it| it.2).collect::<Vec<_>>();
        assert_eq!(found("-F auid\u{2265}1000"), [named(7, "GREATER-THAN OR EQUAL TO (U+2265)", ">=")]);
        assert_eq!(plain("-F auid\u{2264}1 -C uid\u{2260}euid"), ["<=", "!="]);
        assert_eq!(plain("-F arch\u{ff1d}b64 -F uid!\u{ff1d}0 -F a0\u{ff06}\u{ff1d}1"), ["=", "=", "&", "="]);
        assert_eq!(plain("-a always\u{ff0c}exit -S open\u{ff0c}creat\u{3001}read"), [",", ",", ","]);
        assert_eq!(plain("-b 8\u{ff11}92 -f \u{ff12} -F uid=\u{ff11}\u{ff10}"), ["1", "2", "1", "0"]);
        assert_eq!(found("-b 8\u{ff11}"), [named(4, "FULLWIDTH CHARACTER (U+FF11)", "1")]);
        assert_eq!(plain("-k \u{ff11}\u{6708} -k \u{6708}\u{ff11} -w /srv/\u{ff11}"), ["1"]);
        assert_eq!(plain("-w /srv/\u{5831}\u{544a}\u{ff0c}\u{7d42}"), [""; 0]);
    }

    #[test]
    fn bytes_of_windows_1252_are_named_where_they_are_no_part_of_utf_8() {
        let line = b"\x96a always,exit \x97F arch=b64 \xadk \x93x\x94 -w\xa0/etc";
        let titles: Vec<_> = lookalikes(line).map(|it| (it.start, it.title, it.plain)).collect();
        let dashes = [(0, "EN DASH", "-"), (15, "EM DASH", "-"), (27, "SOFT HYPHEN", "-")];
        let others = [
            (30, "LEFT DOUBLE QUOTATION MARK", ""),
            (32, "RIGHT DOUBLE QUOTATION MARK", ""),
            (36, "NO-BREAK SPACE", " "),
        ];
        assert_eq!(titles, [&dashes[..], &others].concat());
        assert_eq!(found(b"\x96D")[0].1, "EN DASH (U+2013) of Windows-1252");
        assert_eq!(found("-w /srv/\u{516}\u{e0}\u{4e16}"), []);
        assert_eq!(found(b"-w /srv/\x97\xd6"), []);
    }

    #[test]
    fn quotes_spaces_and_carriage_returns_count_anywhere() {
        assert_eq!(found("-k \u{201c}x\u{201d}").len(), 2);
        assert_eq!(
            found("-w\u{a0}/etc\t-p"),
            [named(2, "NO-BREAK SPACE (U+00A0)", " "), named(8, "TAB (U+0009)", " ")]
        );
        let name = "CARRIAGE RETURN (U+000D)";
        assert_eq!(found("-k a\rb\r"), [named(4, name, "\n"), named(6, name, "")]);
        assert_eq!(found("\u{feff}-D"), [named(0, "BYTE ORDER MARK (U+FEFF)", "")]);
    }

    #[test]
    fn what_shows_nothing_or_turns_the_direction_of_writing_counts_anywhere() {
        let line = "-w /etc/a\u{202e}b -k x\u{2029}y\u{200d}z\u{2800}";
        let titles = ["RIGHT-TO-LEFT OVERRIDE (U+202E)", "PARAGRAPH SEPARATOR (U+2029)", "ZERO WIDTH JOINER (U+200D)"];
        let names: Vec<String> = found(line).into_iter().map(|it| it.1).collect();
        assert_eq!(names, [&titles[..], &["BRAILLE PATTERN BLANK (U+2800)"]].concat());
        let others = "-k a\u{2066}b\u{61c}c\u{85}d\u{e0041}e";
        let numbers = [
            "HIDDEN CHARACTER (U+2066)",
            "HIDDEN CHARACTER (U+061C)",
            "NEXT LINE (U+0085)",
            "HIDDEN CHARACTER (U+E0041)",
        ];
        assert_eq!(found(others).into_iter().map(|it| it.1).collect::<Vec<_>>(), numbers);
        let controls = [
            "LINE TABULATION (U+000B)",
            "FORM FEED (U+000C)",
            "BELL (U+0007)",
            "ESCAPE (U+001B)",
            "HIDDEN CHARACTER (U+0008)",
        ];
        let names = found("-k a\u{b}b\u{c}c\u{7}d\u{1b}[2Je\u{8}");
        assert_eq!(names.into_iter().map(|it| it.1).collect::<Vec<_>>(), controls);
        assert_eq!(found(b"-k a\x95b"), [], "a bullet of Windows-1252");
    }

    #[test]
    fn the_first_character_that_hides_a_rule_is_found() {
        let hiding = |text: &str| hiding(text.as_bytes()).map(|(line, start, found)| (line, start, found.start));
        assert_eq!(hiding("-D\n# a\r# b\r-w /etc\r"), Some((2, 3, 7)));
        assert_eq!(hiding(" \t# a\r-D\n# b\r-e 2\n"), Some((1, 0, 5)));
        for (text, start) in [("# a\u{2028}-D", 3), ("\n# \u{7}", 2), ("# a \u{1b}[2J", 4), ("# a\u{b}# b\u{c}-D", 7)] {
            assert_eq!(hiding(text).map(|(_, _, at)| at), Some(start), "{text:?}");
        }
        for text in [
            "# a\u{c}\n-k a\u{2028}-D\n-k \u{1b}",
            "# \u{26a0}\u{fe0f} a\tb",
            "# a\r\n# b\r\r\n-D\r\n",
            "# a\r# b\r \r",
            "-D\r-e 2",
            "",
        ] {
            assert_eq!(hiding(text), None, "{text:?}");
        }
        let long = format!("-D\r{}", "-w /etc\r".repeat(4000));
        assert_eq!(hiding(&long), Some((1, 0, 2)));
        assert_eq!(hiding("-D\r-k \0"), Some((1, 0, 2)));
    }

    #[test]
    fn letters_of_any_language_are_letters() {
        assert_eq!(found("-w /etc/\u{e9}t\u{e9} -k \u{e9}t\u{e9}"), []);
    }
}
