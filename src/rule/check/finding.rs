//! What the check finds, where, and what would repair it.

use super::codes::{Code, Level};

/// A rules file.
pub struct Source<'t> {
    /// What findings call it: its path.
    pub name: &'t [u8],
    /// What is in it.
    pub text: &'t [u8],
}

/// Bytes of one line of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The place of the file among those that were given.
    pub file: usize,
    /// The line, counted from 1.
    pub line: usize,
    /// How many bytes of the file come before the line.
    pub line_start: usize,
    /// Bytes of the line that come before, and those up to the end.
    pub bytes: (usize, usize),
}

/// Something that was found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What kind it is.
    pub code: &'static Code,
    /// How bad it is here.
    pub level: Level,
    /// Loading stops here, or passes over what follows.
    pub stops: bool,
    /// Where.
    pub span: Span,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
    /// Other places that it depends on, and what they are.
    pub related: Vec<(Span, String)>,
    /// What would repair it.
    pub fix: Option<Fix>,
}

impl Finding {
    /// The lines that its repair changes: its own, and of the other places those that an edit is about.
    pub(super) fn changed_lines(&self) -> Vec<(usize, usize)> {
        let edits = self.fix.as_ref().map(|fix| fix.edits.as_slice()).unwrap_or_default();
        let is_changed = |span: &Span| {
            let (start, end) = (span.line_start, span.line_start + span.bytes.1);
            edits.iter().any(|edit| edit.file == span.file && (start..=end).contains(&edit.bytes.0))
        };
        let others = self.related.iter().map(|(span, _)| span).filter(|span| is_changed(span));
        std::iter::once(&self.span).chain(others).map(|span| (span.file, span.line)).collect()
    }
}

/// What a repair does to what is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: the set is equal by meaning ([`diff`](crate::rule::diff::diff)).
    Same,
    /// It becomes what was surely meant: something is added that was missing, or left out that came with it.
    Meant,
    /// It may become something else.
    Unsure,
}

/// Changes that repair a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What they do to what is recorded.
    pub effect: Effect,
    /// The changes.
    pub edits: Vec<Edit>,
}

/// One change of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The place of the file among those that were given.
    pub file: usize,
    /// The bytes that go.
    pub bytes: (usize, usize),
    /// What comes in their place.
    pub text: Vec<u8>,
}

/// A finding in the making.
pub(super) fn finding(code: &'static Code, span: Span, message: String, help: &str) -> Finding {
    Finding {
        code,
        level: code.level,
        stops: false,
        span,
        message,
        help: help.to_owned(),
        related: Vec::new(),
        fix: None,
    }
}
