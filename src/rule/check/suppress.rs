//! `# auditbox: allow AB301 REASON`: a finding that is known and meant.
//!
//! Such a comment is for the line that follows it and other comments; before the first line that asks for something, and with
//! an empty line after it, for the whole file. One that suppresses nothing is itself found, unless what it is about can only show
//! in a set of which the file is a part.

use super::super::file::{Line, all_lines};
use super::codes::{self, Code, Level};
use super::finding::{Finding, Source, Span};
use super::line::distance;
use super::planned::{MOST_LINES, TooManyLines};
use crate::text::escape::lossy;

/// What a comment for us begins with, what follows it, and what does in those on machines that a file or a line is for.
const MARK: (&[u8], &[u8], [&[u8]; 2]) = (b"auditbox:", b" allow ", [b" only ", b" also "]);

/// One comment.
struct Suppression {
    span: Span,
    /// Otherwise what is wrong with it.
    code: Result<&'static Code, String>,
    has_reason: bool,
    /// The line it is for; `None` for the whole file.
    line: Option<usize>,
    is_used: bool,
}

/// Takes away what is suppressed, and adds what is wrong with the comments.
pub(super) fn apply(sources: &[Source], is_set: bool, findings: &mut Vec<Finding>) -> Result<(), TooManyLines> {
    let read = sources.iter().enumerate().flat_map(|(file, source)| suppressions(file, source.text));
    let mut all: Vec<Suppression> = read.take(MOST_LINES + 1).collect();
    if all.len() > MOST_LINES {
        return Err(TooManyLines::Comments);
    }
    findings.retain(|finding| {
        let suppression = all.iter_mut().find(|suppression| {
            suppression.code == Ok(finding.code)
                && suppression.has_reason
                && suppression.span.file == finding.span.file
                && suppression.line.is_none_or(|line| line == finding.span.line)
        });
        match suppression {
            Some(suppression) => {
                suppression.is_used = true;
                false
            }
            None => true,
        }
    });
    // The comment on a line that is gone would be one on the next line, and a copy of a line would be without it.
    let moves = |finding: &&mut Finding| {
        let copies = finding.code == &codes::ONE_ABI && finding.related.is_empty();
        copies || [&codes::MERGEABLE, &codes::DUPLICATE].contains(&finding.code)
    };
    for finding in findings.iter_mut().filter(moves) {
        let lines = finding.changed_lines();
        let is_on = |line: usize, file: usize| lines.contains(&(file, line));
        if all.iter().any(|it| it.line.is_some_and(|line| is_on(line, it.span.file))) {
            finding.fix = None;
        }
    }
    let shows =
        |suppression: &Suppression| is_set || suppression.code != Ok(&codes::NO_LOCK) || !suppression.has_reason;
    let unused = all.into_iter().filter(|suppression| !suppression.is_used && shows(suppression));
    findings.extend(unused.map(Suppression::finding));
    Ok(())
}

impl Suppression {
    fn finding(self) -> Finding {
        let message = match self.code {
            Err(wrong) => wrong,
            Ok(code) if !self.has_reason => format!("{} is not suppressed without a reason", code.id),
            Ok(code) => format!("nothing here is {} ({})", code.id, code.name),
        };
        let help =
            "`# auditbox: allow CODE REASON` on the line before, or first in the file and an empty line after it";
        Finding {
            code: &codes::UNUSED_SUPPRESSION,
            level: Level::Warning,
            stops: false,
            span: self.span,
            message,
            help: help.to_owned(),
            related: Vec::new(),
            fix: None,
        }
    }
}

/// The comments of one file.
fn suppressions(file: usize, text: &[u8]) -> Vec<Suppression> {
    let asks = |line: &[u8]| Line::read(0, 0, line).is_some();
    let mut all: Vec<Suppression> = Vec::new();
    // Those from here on wait for the line that they are for.
    let (mut waiting, mut is_start) = (0, true);
    for (number, start, line) in all_lines(text) {
        if line.trim_ascii_start().starts_with(b"#") {
            all.extend(read(Span { file, line: number, line_start: start, bytes: (0, line.len()) }, line));
            if all.len() > MOST_LINES {
                break;
            }
            continue;
        }
        let is_for = asks(line);
        for suppression in all.get_mut(waiting..).unwrap_or_default() {
            suppression.line = match (is_for, is_start) {
                (true, _) => Some(number),
                (false, true) => None,
                (false, false) => Some(suppression.span.line + 1),
            };
        }
        waiting = all.len();
        is_start &= !is_for;
    }
    if is_start {
        all.iter_mut().skip(waiting).for_each(|suppression| suppression.line = None);
    }
    all
}

/// A comment, if it is for us; as one on the line that follows.
fn read(span: Span, line: &[u8]) -> Option<Suppression> {
    let comment = line.trim_ascii().strip_prefix(b"#")?.trim_ascii_start();
    let after = comment.strip_prefix(MARK.0);
    let is_for_others = |after: &[u8]| MARK.2.iter().any(|other| after.starts_with(other));
    if after.map_or(!is_misspelt(comment), is_for_others) {
        return None;
    }
    let asked = after.and_then(|after| after.strip_prefix(MARK.1)).map(<[u8]>::trim_ascii);
    let words = asked.unwrap_or_default();
    let id = words.split(|b| *b == b' ').next().unwrap_or_default();
    Some(Suppression {
        code: match asked {
            Some(_) => codes::named(id).ok_or_else(|| no_code(id, words)),
            None => Err(format!("{} suppresses nothing", lossy(comment))),
        },
        has_reason: words.len() > id.len(),
        line: Some(span.line + 1),
        span,
        is_used: false,
    })
}

/// Why the first of the words is no code, and what to write where it has some with commas.
fn no_code(id: &[u8], words: &[u8]) -> String {
    let known: Vec<&str> = parts(words).map_while(codes::named).map(|code| code.id).collect();
    match known.as_slice() {
        [] => format!("{} is no code", lossy(id)),
        [one] => format!("{} is no code: write {one} and a space", lossy(id)),
        many => format!("{} is no code: write a comment for each of {}", lossy(id), many.join(", ")),
    }
}

/// Whether a comment that is not for us was surely meant to be: it begins with nearly our name, nearly `allow`, or both, and then a code.
fn is_misspelt(comment: &[u8]) -> bool {
    let first: Vec<Vec<u8>> = parts(comment).take(4).map(<[u8]>::to_ascii_lowercase).collect();
    let is_code = |word: &Vec<u8>| matches!(word.as_slice(), [b'a', b'b', number @ ..] if number.len() == 3 && number.iter().all(u8::is_ascii_digit));
    let Some((before, _)) = first.iter().position(is_code).and_then(|at| first.split_at_checked(at)) else {
        return false;
    };
    let (name, allows) = match before.split_last() {
        Some((last, name)) if distance(last, b"allow") <= 1 => (name.concat(), true),
        _ => (before.concat(), false),
    };
    distance(&name, b"auditbox") <= 2 || (allows && name.is_empty())
}

/// Letters and digits that stand together.
fn parts(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| !b.is_ascii_alphanumeric()).filter(|part| !part.is_empty())
}
