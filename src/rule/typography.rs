//! Characters that stand for plain ones in pasted text: dashes, quotes and spaces of PDF files and word processors, and the
//! tabs and carriage returns of other editors. Rules files know none of them (audit.rules(7)): they become part of a word.

/// A character that looks like a plain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookalike {
    /// How many bytes of the line come before.
    pub start: usize,
    /// How many bytes it has.
    pub length: usize,
    /// What it is called.
    pub name: &'static str,
    /// What a rule would have in its place.
    pub plain: &'static str,
}

/// Where in a line a character is out of place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// At the start of a word or of a value, where a dash or a minus sign would be.
    AtWord,
    /// At the end of the line.
    AtEnd,
    /// Anywhere.
    Anywhere,
}

/// Source: the Unicode names of the characters.
const LOOKALIKES: [(&str, Wrong, &str, &str); 26] = [
    ("\u{2010}", Wrong::AtWord, "HYPHEN (U+2010)", "-"),
    ("\u{2011}", Wrong::AtWord, "NON-BREAKING HYPHEN (U+2011)", "-"),
    ("\u{2012}", Wrong::AtWord, "FIGURE DASH (U+2012)", "-"),
    ("\u{2013}", Wrong::AtWord, "EN DASH (U+2013)", "-"),
    ("\u{2014}", Wrong::AtWord, "EM DASH (U+2014)", "-"),
    ("\u{2015}", Wrong::AtWord, "HORIZONTAL BAR (U+2015)", "-"),
    ("\u{2212}", Wrong::AtWord, "MINUS SIGN (U+2212)", "-"),
    ("\u{fe63}", Wrong::AtWord, "SMALL HYPHEN-MINUS (U+FE63)", "-"),
    ("\u{ff0d}", Wrong::AtWord, "FULLWIDTH HYPHEN-MINUS (U+FF0D)", "-"),
    ("\u{2018}", Wrong::Anywhere, "LEFT SINGLE QUOTATION MARK (U+2018)", ""),
    ("\u{2019}", Wrong::Anywhere, "RIGHT SINGLE QUOTATION MARK (U+2019)", ""),
    ("\u{201c}", Wrong::Anywhere, "LEFT DOUBLE QUOTATION MARK (U+201C)", ""),
    ("\u{201d}", Wrong::Anywhere, "RIGHT DOUBLE QUOTATION MARK (U+201D)", ""),
    ("\u{201e}", Wrong::Anywhere, "DOUBLE LOW-9 QUOTATION MARK (U+201E)", ""),
    ("\u{201f}", Wrong::Anywhere, "DOUBLE HIGH-REVERSED-9 QUOTATION MARK (U+201F)", ""),
    ("\u{2009}", Wrong::Anywhere, "THIN SPACE (U+2009)", " "),
    ("\u{3000}", Wrong::Anywhere, "IDEOGRAPHIC SPACE (U+3000)", " "),
    ("\u{ad}", Wrong::Anywhere, "SOFT HYPHEN (U+00AD)", ""),
    ("\u{2060}", Wrong::Anywhere, "WORD JOINER (U+2060)", ""),
    ("\u{a0}", Wrong::Anywhere, "NO-BREAK SPACE (U+00A0)", " "),
    ("\u{2007}", Wrong::Anywhere, "FIGURE SPACE (U+2007)", " "),
    ("\u{202f}", Wrong::Anywhere, "NARROW NO-BREAK SPACE (U+202F)", " "),
    ("\u{200b}", Wrong::Anywhere, "ZERO WIDTH SPACE (U+200B)", ""),
    ("\u{feff}", Wrong::Anywhere, "BYTE ORDER MARK (U+FEFF)", ""),
    ("\t", Wrong::Anywhere, "TAB (U+0009)", " "),
    ("\r", Wrong::AtEnd, "CARRIAGE RETURN (U+000D)", ""),
];

/// All of them in a line, from left to right.
pub fn lookalikes(line: &[u8]) -> impl Iterator<Item = Lookalike> + '_ {
    // The bytes that one of them can begin with.
    let may_begin = |start: &usize| matches!(line.get(*start), Some(b'\t' | b'\r' | 0xC2 | 0xE2 | 0xE3 | 0xEF));
    (0..line.len()).filter(may_begin).filter_map(move |start| {
        let rest = line.get(start..)?;
        let at_word = start == 0 || matches!(line.get(start - 1), Some(b' ' | b'='));
        let is_wrong = |text: &str, wrong: Wrong| match wrong {
            Wrong::AtWord => at_word,
            Wrong::AtEnd => rest.len() == text.len(),
            Wrong::Anywhere => true,
        };
        let row = LOOKALIKES.iter().find(|row| rest.starts_with(row.0.as_bytes()) && is_wrong(row.0, row.1))?;
        Some(Lookalike { start, length: row.0.len(), name: row.2, plain: row.3 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_table_is_found() {
        for (text, _, name, _) in LOOKALIKES {
            assert_eq!(lookalikes(text.as_bytes()).next().map(|found| found.name), Some(name));
        }
    }

    fn found(line: &str) -> Vec<(usize, &'static str, &'static str)> {
        lookalikes(line.as_bytes()).map(|it| (it.start, it.name, it.plain)).collect()
    }

    #[test]
    fn a_pasted_dash_counts_where_an_option_or_a_value_begins() {
        let line = "-a always,exit \u{2013}F arch=b64";
        assert_eq!(found(line), [(15, "EN DASH (U+2013)", "-")]);
        assert_eq!(found("-a always,exit \u{ff0d}F uid=0 \u{fe63}k x").len(), 2);
        assert_eq!(found("-F exit=\u{2013}EACCES -F auid!=\u{2212}1").len(), 2);
        assert_eq!(found("-w /srv/2001\u{2013}2010 -k old"), []);
    }

    #[test]
    fn quotes_and_spaces_count_anywhere_and_a_carriage_return_at_the_end() {
        assert_eq!(found("-k \u{201c}x\u{201d}").len(), 2);
        assert_eq!(found("-w\u{a0}/etc\t-p"), [(2, "NO-BREAK SPACE (U+00A0)", " "), (8, "TAB (U+0009)", " ")]);
        assert_eq!(found("-k a\rb\r"), [(6, "CARRIAGE RETURN (U+000D)", "")]);
        assert_eq!(found("\u{feff}-D"), [(0, "BYTE ORDER MARK (U+FEFF)", "")]);
    }

    #[test]
    fn letters_of_any_language_are_letters() {
        assert_eq!(found("-w /etc/\u{e9}t\u{e9} -k \u{e9}t\u{e9}"), []);
    }
}
