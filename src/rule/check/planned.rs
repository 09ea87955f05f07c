//! What is checked: lines with what they ask for, and what they are for.

use super::super::command::{Place, Plan, Step, plan_of};
use super::super::file::Line;
use super::super::model::{FieldId, Operator, Rule, Value};
use super::super::parse::Host;
use super::finding::{Edit, Source, Span};
use super::kernel::Version;
use super::refusals::{kernel_refusals, refused_setting};
use crate::tables::machine::Machine;

/// Most lines with rules or settings that are checked together: pairs of rules are compared. As many comments for us are read.
pub const MOST_LINES: usize = 8192;

/// There are more than [`MOST_LINES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooManyLines {
    /// With rules or settings.
    Asking,
    /// Comments for us.
    Comments,
}

impl std::fmt::Display for TooManyLines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self {
            TooManyLines::Asking => "lines ask for something",
            TooManyLines::Comments => "comments begin with `# auditbox:`",
        };
        write!(f, "more than {MOST_LINES} {what}")
    }
}

impl std::error::Error for TooManyLines {}

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
    /// The files of a profile whose rules are asked for, as far as the machine can use them. In spans they come after the files
    /// that are checked.
    pub profile: &'h [Source<'h>],
}

impl<'h> Target<'h> {
    /// Of a host, without more that is known.
    pub fn of(host: &'h dyn Host) -> Target<'h> {
        Target { host, kernel: None, exists: None, profile: &[] }
    }
}

/// A line with what it asks for.
pub(super) struct Planned<'t> {
    pub(super) file: usize,
    pub(super) line: Line<'t>,
    /// `None` when the line cannot be taken apart.
    pub(super) plan: Option<Plan>,
}

impl<'t> Planned<'t> {
    pub(super) fn of(file: usize, line: Line<'t>, host: &dyn Host) -> Planned<'t> {
        let plan = plan_of(&line, host);
        Planned { file, line, plan }
    }

    /// Bytes of the line.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, line: self.line.number, line_start: self.line.start, bytes: (start, end) }
    }

    /// The line from its first word to its end.
    pub(super) fn whole(&self) -> Span {
        let start = self.line.text.iter().position(|b| *b != b' ').unwrap_or(0);
        self.span(start, self.line.text.len())
    }

    /// From here on a line that is refused is passed over.
    pub(super) fn goes_on(&self) -> bool {
        let steps = self.plan.as_ref().map(|plan| plan.steps.as_slice()).unwrap_or_default();
        steps.iter().any(|step| matches!(step, Step::IgnoreErrors | Step::ContinueOnErrors))
    }

    /// Neither auditctl nor the kernel refuses what the line asks for, whatever the others are.
    pub(super) fn is_taken(&self) -> bool {
        let is_set =
            |plan: &Plan| plan.refusal.is_none() && !plan.steps.iter().any(|step| refused_setting(step).is_some());
        self.plan.as_ref().is_some_and(is_set) && self.added().is_none_or(|rule| kernel_refusals(rule).is_empty())
    }

    /// The rule that the line adds.
    pub(super) fn added(&self) -> Option<&Rule> {
        self.plan.as_ref()?.steps.iter().find_map(|step| match step {
            Step::AddRule(rule) => Some(rule),
            _ => None,
        })
    }

    /// Where a part of the line stands.
    pub(super) fn place(&self, place: Place) -> Span {
        let words = self.line.words.as_deref().unwrap_or_default();
        match place.word.checked_sub(1).and_then(|n| words.get(n)) {
            Some(word) => {
                let (start, end) = (word.column_of(place.offset), word.column_of(place.offset + place.length));
                self.span(start - 1, (end - 1).max(start))
            }
            None => self.whole(),
        }
    }

    /// Where the field of the line's rule stands.
    pub(super) fn field(&self, number: usize) -> Span {
        let place = self.plan.as_ref().and_then(|plan| plan.places.fields.get(number));
        place.map_or_else(|| self.whole(), |place| self.place(*place))
    }

    /// A change of what stands at `span`.
    pub(super) fn edit(&self, span: Span, text: &[u8]) -> Edit {
        let bytes = (span.line_start + span.bytes.0, span.line_start + span.bytes.1);
        Edit { file: self.file, bytes, text: text.to_vec() }
    }

    /// The whole line goes, with what ends it.
    pub(super) fn removal(&self) -> Edit {
        Edit { file: self.file, bytes: (self.line.start, self.line.start + self.line.text.len() + 1), text: Vec::new() }
    }

    /// The line is wanted as a watch, not as a rule of the exit list.
    pub(super) fn is_watch(&self) -> bool {
        self.plan.as_ref().is_some_and(Plan::is_watch)
    }
}

/// The machine whose calls a rule names.
pub(super) fn machine_of(rule: &Rule, native: Option<Machine>) -> Option<Machine> {
    let arch = rule.fields.iter().find(|field| field.id == FieldId::ARCH && field.operator == Operator::EQUAL);
    match arch.map(|field| &field.value) {
        Some(Value::Number(elf)) => Machine::from_elf(*elf),
        _ => native,
    }
}
