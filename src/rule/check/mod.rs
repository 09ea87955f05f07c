//! The check of rules before they are loaded: `auditctl --check`.
//!
//! [`check`] reads files as they would be loaded, without a kernel, and returns everything that is wrong or doubtful as
//! [`Finding`]s with their place. Lines are judged one by one (`line`), then the rules as the kernel would hold them in the
//! end (`set`). Whatever says "never" or "always" is certain; what is not is not said. `format` writes findings,
//! [`fix`] repairs what can be repaired without a change of what was meant.

pub mod codes;
pub mod fix;
pub mod format;
mod kernel;
mod line;
mod set;
mod suppress;
#[cfg(test)]
mod tests;

pub use codes::Code;
pub use kernel::{Version, newer_parts};
pub use line::is_hot;

use super::command::{Plan, Step, plan_of};
use super::file::{self, Line};
use super::merge;
use super::model::Rule;
use super::parse::Host;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Probably not what was meant.
    Warning,
    /// Will not load, or will not do what it says.
    Error,
}

impl Level {
    /// `note`, `warning` or `error`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }

    /// The level called `name`; `warn` is short for `warning`.
    pub fn named(name: &[u8]) -> Option<Level> {
        Some(match name {
            b"note" => Level::Note,
            b"warning" | b"warn" => Level::Warning,
            b"error" => Level::Error,
            _ => return None,
        })
    }
}

/// A rules file.
pub struct Source<'t> {
    /// What findings call it.
    pub name: &'t str,
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

/// What a repair does to what is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: the set is equal by meaning ([`diff`](super::diff::diff)).
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

/// Whether a path exists.
pub type Exists<'h> = &'h dyn Fn(&[u8]) -> bool;

/// What the rules are for, as far as it is known.
pub struct Target<'h> {
    /// Machine, users and files.
    pub host: &'h dyn Host,
    /// The kernel, if any particular one.
    pub kernel: Option<Version>,
    /// `None` when paths are not to be looked for.
    pub exists: Option<Exists<'h>>,
}

/// Most lines with rules or settings that are checked together: pairs of rules are compared.
pub const MOST_LINES: usize = 8192;

/// There are more than [`MOST_LINES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyLines;

impl std::fmt::Display for TooManyLines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "more than {MOST_LINES} lines ask for something")
    }
}

impl std::error::Error for TooManyLines {}

/// A line with what it asks for.
struct Planned<'t> {
    file: usize,
    line: Line<'t>,
    /// `None` when the line cannot be taken apart.
    plan: Option<Plan>,
}

impl Planned<'_> {
    /// Bytes of the line.
    fn span(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, line: self.line.number, line_start: self.line.start, bytes: (start, end) }
    }

    /// The line from its first word to its end.
    fn whole(&self) -> Span {
        let start = self.line.text.iter().position(|b| *b != b' ').unwrap_or(0);
        self.span(start, self.line.text.len())
    }

    /// The rule that the line adds.
    fn added(&self) -> Option<&Rule> {
        self.plan.as_ref()?.steps.iter().find_map(|step| match step {
            Step::AddRule(rule) => Some(rule),
            _ => None,
        })
    }
}

/// Checks rules. Several files, or one whose `is_set`, are taken as augenrules would merge them, which is their order too;
/// otherwise the file is taken as `auditctl -R` would read it. Findings come in the order of files and lines.
pub fn check(sources: &[Source], is_set: bool, target: &Target) -> Result<Vec<Finding>, TooManyLines> {
    let lines: Vec<(usize, Line)> = match sources {
        [one] if !is_set => file::lines(one.text).take(MOST_LINES + 1).map(|line| (0, line)).collect(),
        many => merge::lines(many.iter().map(|source| source.text)),
    };
    if lines.len() > MOST_LINES {
        return Err(TooManyLines);
    }
    let planned: Vec<Planned> = lines.into_iter().map(|(file, line)| plan(file, line, target.host)).collect();
    let mut findings = Vec::new();
    planned.iter().for_each(|planned| line::check(planned, target, &mut findings));
    set::check(&planned, is_set || sources.len() > 1, target, &mut findings);
    suppress::apply(sources, is_set || sources.len() > 1, &mut findings);
    findings.sort_by_key(|finding| (finding.span.file, finding.span.line, finding.span.bytes, finding.code.id));
    Ok(findings)
}

fn plan<'t>(file: usize, line: Line<'t>, host: &dyn Host) -> Planned<'t> {
    let plan = plan_of(&line, host);
    Planned { file, line, plan }
}
