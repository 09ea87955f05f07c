//! Extended regular expressions of POSIX (regex(7)), as `\regexp` in search expressions takes them.
//!
//! An expression becomes a small program of which all paths are followed side by side, so the time for a text grows with
//! its length and the program's, and with nothing else. Bytes are matched, not characters; there are no captures.

/// How many steps a program may have; counted repetitions are written out.
const LONGEST: usize = 4096;

/// How deep groups may lie in one another.
const DEEPEST: usize = 64;

/// What is wrong with an expression, in the words of regerror(3).
pub type RegexpError = &'static str;

#[derive(Clone, Debug)]
enum Step {
    /// One of these bytes.
    Any(Box<Set>),
    /// Go on at both.
    Split(usize, usize),
    Jump(usize),
    LineStart,
    LineEnd,
    Match,
}

/// A set of bytes.
#[derive(Clone, Debug, Default, PartialEq)]
struct Set([u64; 4]);

impl Set {
    fn add(&mut self, byte: u8) {
        if let Some(word) = self.0.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    }

    fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte >> 6)).is_some_and(|word| word >> (byte & 63) & 1 == 1)
    }

    fn inverse(&self) -> Set {
        Set(self.0.map(|word| !word))
    }
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Regexp {
    steps: Vec<Step>,
}

impl Regexp {
    /// Compiles an expression.
    pub fn new(text: &[u8]) -> Result<Regexp, RegexpError> {
        let mut compiler = Compiler { rest: text, steps: Vec::new(), depth: 0 };
        compiler.alternatives()?;
        if !compiler.rest.is_empty() {
            return Err("Unmatched ) or \\)");
        }
        compiler.push(Step::Match)?;
        Ok(Regexp { steps: compiler.steps })
    }

    /// Whether it matches somewhere in `text`.
    pub fn is_match(&self, text: &[u8]) -> bool {
        let mut now = Threads::new(self.steps.len());
        let mut next = Threads::new(self.steps.len());
        for at in 0..=text.len() {
            now.add(self, 0, at, text.len());
            if now.matched {
                return true;
            }
            next.clear();
            let Some(byte) = text.get(at) else { break };
            for &step in &now.list {
                if matches!(self.steps.get(step), Some(Step::Any(set)) if set.has(*byte)) {
                    next.add(self, step + 1, at + 1, text.len());
                }
            }
            std::mem::swap(&mut now, &mut next);
            if now.matched {
                return true;
            }
        }
        false
    }
}

/// The places of a program that are reached at one place of the text.
struct Threads {
    list: Vec<usize>,
    seen: Vec<bool>,
    matched: bool,
}

impl Threads {
    fn new(len: usize) -> Threads {
        Threads { list: Vec::new(), seen: vec![false; len], matched: false }
    }

    fn clear(&mut self) {
        self.list.clear();
        self.seen.fill(false);
        self.matched = false;
    }

    /// Adds a step and all that follow it without a byte.
    fn add(&mut self, program: &Regexp, step: usize, at: usize, end: usize) {
        let mut pending = vec![step];
        while let Some(step) = pending.pop() {
            let Some(seen) = self.seen.get_mut(step).filter(|seen| !**seen) else { continue };
            *seen = true;
            match program.steps.get(step) {
                Some(Step::Any(_)) => self.list.push(step),
                Some(Step::Split(one, other)) => pending.extend([*other, *one]),
                Some(Step::Jump(to)) => pending.push(*to),
                Some(Step::LineStart) if at == 0 => pending.push(step + 1),
                Some(Step::LineEnd) if at == end => pending.push(step + 1),
                Some(Step::Match) => self.matched = true,
                _ => {}
            }
        }
    }
}

struct Compiler<'a> {
    rest: &'a [u8],
    steps: Vec<Step>,
    depth: usize,
}

impl Compiler<'_> {
    fn push(&mut self, step: Step) -> Result<usize, RegexpError> {
        if self.steps.len() >= LONGEST {
            return Err("Regular expression too big");
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.rest.strip_prefix(&[byte]);
        self.rest = taken.unwrap_or(self.rest);
        taken.is_some()
    }

    fn set_step(&mut self, at: usize, step: Step) {
        if let Some(place) = self.steps.get_mut(at) {
            *place = step;
        }
    }

    /// Makes room for a step in front of what was compiled from `start` on.
    fn insert(&mut self, start: usize) -> Result<(), RegexpError> {
        self.push(Step::Match)?;
        for step in self.steps.get_mut(start..).unwrap_or_default() {
            match step {
                Step::Split(one, other) => (*one, *other) = (*one + 1, *other + 1),
                Step::Jump(to) => *to += 1,
                _ => {}
            }
        }
        self.steps.get_mut(start..).unwrap_or_default().rotate_right(1);
        Ok(())
    }

    fn alternatives(&mut self) -> Result<(), RegexpError> {
        let start = self.steps.len();
        self.branch()?;
        while self.take(b'|') {
            self.insert(start)?;
            let jump = self.push(Step::Jump(0))?;
            self.set_step(start, Step::Split(start + 1, jump + 1));
            self.branch()?;
            let end = self.steps.len();
            // The first alternative must not run into the others: it jumps after the last of them.
            self.set_step(jump, Step::Jump(end));
        }
        Ok(())
    }

    fn branch(&mut self) -> Result<(), RegexpError> {
        while let Some(&byte) = self.rest.first() {
            if byte == b'|' || (byte == b')' && self.depth > 0) {
                break;
            }
            let start = self.steps.len();
            self.atom()?;
            self.repetitions(start)?;
        }
        Ok(())
    }

    fn atom(&mut self) -> Result<(), RegexpError> {
        let Some((&byte, rest)) = self.rest.split_first() else { return Ok(()) };
        self.rest = rest;
        let mut set = Set::default();
        match byte {
            b'(' => return self.group(),
            b'^' => return self.push(Step::LineStart).map(drop),
            b'$' => return self.push(Step::LineEnd).map(drop),
            b'*' | b'+' | b'?' => return Err("Invalid preceding regular expression"),
            b'[' => set = self.bracket()?,
            b'.' => set = Set::default().inverse(),
            b'\\' => {
                let (&escaped, rest) = self.rest.split_first().ok_or("Trailing backslash")?;
                self.rest = rest;
                set.add(escaped);
            }
            _ => set.add(byte),
        }
        self.push(Step::Any(Box::new(set))).map(drop)
    }

    fn group(&mut self) -> Result<(), RegexpError> {
        if self.depth >= DEEPEST {
            return Err("Regular expression too big");
        }
        self.depth += 1;
        self.alternatives()?;
        self.depth -= 1;
        if self.take(b')') { Ok(()) } else { Err("Unmatched ( or \\(") }
    }

    fn repetitions(&mut self, start: usize) -> Result<(), RegexpError> {
        while let Some((&byte, rest)) = self.rest.split_first() {
            let (least, most) = match byte {
                b'*' => (0, None),
                b'+' => (1, None),
                b'?' => (0, Some(1)),
                b'{' => {
                    let close = memchr::memchr(b'}', rest).ok_or("Unmatched { or \\{")?;
                    self.rest = rest.get(close..).unwrap_or_default();
                    counts(rest.get(..close).unwrap_or_default())?
                }
                _ => return Ok(()),
            };
            self.rest = self.rest.get(1..).unwrap_or_default();
            self.repeat(start, least, most)?;
        }
        Ok(())
    }

    /// Turns what was compiled from `start` on into `least` to `most` times the same.
    fn repeat(&mut self, start: usize, least: usize, most: Option<usize>) -> Result<(), RegexpError> {
        let body = self.steps.split_off(start);
        for _ in 0..least {
            self.copy(&body, start)?;
        }
        match most {
            None => {
                let split = self.push(Step::Match)?;
                self.copy(&body, start)?;
                self.push(Step::Jump(split))?;
                let end = self.steps.len();
                self.set_step(split, Step::Split(split + 1, end));
            }
            Some(most) => {
                for _ in least..most {
                    let split = self.push(Step::Match)?;
                    self.copy(&body, start)?;
                    let end = self.steps.len();
                    self.set_step(split, Step::Split(split + 1, end));
                }
            }
        }
        Ok(())
    }

    /// Appends `body`, which was compiled to stand at `origin`.
    fn copy(&mut self, body: &[Step], origin: usize) -> Result<(), RegexpError> {
        let by = self.steps.len() - origin;
        for step in body {
            self.push(match step {
                Step::Split(one, other) => Step::Split(one + by, other + by),
                Step::Jump(to) => Step::Jump(to + by),
                other => other.clone(),
            })?;
        }
        Ok(())
    }

    /// What stands between brackets; the opening one has been taken.
    fn bracket(&mut self) -> Result<Set, RegexpError> {
        const OPEN: RegexpError = "Unmatched [, [^, [:, [., or [=";
        let mut set = Set::default();
        let inverse = self.take(b'^');
        let mut first = true;
        loop {
            let (&byte, rest) = self.rest.split_first().ok_or(OPEN)?;
            if byte == b']' && !first {
                self.rest = rest;
                return Ok(if inverse { set.inverse() } else { set });
            }
            first = false;
            if let Some(named) = self.rest.strip_prefix(b"[:") {
                let close = memchr::memmem::find(named, b":]").ok_or(OPEN)?;
                let class = class(named.get(..close).unwrap_or_default()).ok_or("Invalid character class name")?;
                (0..=255u8).filter(class).for_each(|byte| set.add(byte));
                self.rest = named.get(close + 2..).unwrap_or_default();
                continue;
            }
            let last = match rest {
                [b'-', end, ..] if *end != b']' => *end,
                _ => byte,
            };
            if last < byte {
                return Err("Invalid range end");
            }
            let is_range = matches!(rest, [b'-', end, ..] if *end != b']');
            self.rest = if is_range { rest.get(2..).unwrap_or_default() } else { rest };
            (byte..=last).for_each(|byte| set.add(byte));
        }
    }
}

/// `m`, `m,` or `m,n` between braces.
fn counts(text: &[u8]) -> Result<(usize, Option<usize>), RegexpError> {
    const BAD: RegexpError = "Invalid content of \\{\\}";
    let number = |digits: &[u8]| {
        crate::text::number::parse_exact(digits).and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= 255).ok_or(BAD)
    };
    let Some(comma) = memchr::memchr(b',', text) else {
        let times = number(text)?;
        return Ok((times, Some(times)));
    };
    let (least, most) = text.split_at(comma);
    let least = if least.is_empty() { 0 } else { number(least)? };
    match most.get(1..).filter(|most| !most.is_empty()).map(number).transpose()? {
        Some(most) if most < least => Err(BAD),
        most => Ok((least, most)),
    }
}

fn class(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alpha" => u8::is_ascii_alphabetic,
        b"digit" => u8::is_ascii_digit,
        b"alnum" => u8::is_ascii_alphanumeric,
        b"upper" => u8::is_ascii_uppercase,
        b"lower" => u8::is_ascii_lowercase,
        b"space" => |b| b.is_ascii_whitespace() || *b == 0x0b,
        b"blank" => |b| matches!(b, b' ' | b'\t'),
        b"punct" => u8::is_ascii_punctuation,
        b"print" => |b| (0x20..0x7f).contains(b),
        b"graph" => u8::is_ascii_graphic,
        b"cntrl" => u8::is_ascii_control,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_match_as_posix_says() {
        for (expression, yes, no) in [
            ("abc", &["xabcx"][..], &["ab", ""][..]),
            ("^ab?c$", &["ac", "abc"], &["abbc", "xac"]),
            ("a(b|cd)*e", &["ae", "abcdbe"], &["abce"]),
            ("one|two|three", &["xtwo", "three", "one"], &["tw"]),
            ("^(one|two|three)$", &["two", "three", "one"], &["onetwo", "thre"]),
            ("[^a-c]x[]-]", &["dx]", "zx-"], &["ax]", "dxa"]),
            ("[[:digit:]]{2,3}$", &["a12", "123"], &["1", "12a"]),
            ("^a{2}b{1,}$", &["aab", "aabbb"], &["ab", "aa"]),
            ("^(ab{0,1}){2}$", &["aa", "abab", "aba"], &["a", "ababab"]),
            ("a\\.b", &["a.b"], &["axb"]),
            ("x.z", &["x\u{7f}z"], &["xz"]),
            ("", &["", "a"], &[]),
            ("(a|)b", &["b", "ab"], &["a"]),
        ] {
            let regexp = Regexp::new(expression.as_bytes()).unwrap();
            yes.iter().for_each(|text| assert!(regexp.is_match(text.as_bytes()), "{expression} {text}"));
            no.iter().for_each(|text| assert!(!regexp.is_match(text.as_bytes()), "{expression} {text}"));
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (expression, error) in [
            ("(a", "Unmatched ( or \\("),
            ("[a", "Unmatched [, [^, [:, [., or [="),
            ("*a", "Invalid preceding regular expression"),
            ("a\\", "Trailing backslash"),
            ("[b-a]", "Invalid range end"),
            ("a{2,1}", "Invalid content of \\{\\}"),
            ("[[:nope:]]", "Invalid character class name"),
            ("((((a{99}){99}){99}){99})", "Regular expression too big"),
        ] {
            assert_eq!(Regexp::new(expression.as_bytes()).err(), Some(error), "{expression}");
        }
    }

    #[test]
    fn no_expression_takes_for_ever() {
        let regexp = Regexp::new(b"^(a*)*(a|aa)+$").unwrap();
        assert!(!regexp.is_match(&[&[b'a'; 5000][..], b"b"].concat()));
    }
}
