//! What auditctl is asked to do by one line of words, be it the command line or a line of a rules file.
//!
//! [`parse_line`] reads the options from left to right and returns what is to be done, in order, without doing any of it.
//! It stops where the reference stops: most requests end their line, and what follows them is an error. Steps that stand
//! before a refused word are still to be done (COMPAT: `-e 1 extra` enables auditing, then fails).

use super::error::{ParseError, Reason, Refusal};
use super::file::Line;
use super::model::{Action, FieldId, List, Rule};
use super::number;
use super::parse::{Host, Operation, RuleBuilder, Target, Warning, join_key};
use crate::abi::{Features, Signal, Status, features, mask};
use crate::text::escape::lossy;
use crate::text::getopt::{Grammar, LocatedWord, Taken, Words};

static GRAMMAR: Grammar = Grammar {
    short: b"hicslDvtC:e:f:r:b:a:A:d:S:F:m:R:w:W:k:p:q:",
    long: &[
        ("help", false, b'h'),
        ("loginuid-immutable", false, LOGINUID_IMMUTABLE),
        ("backlog_wait_time", true, BACKLOG_WAIT_TIME),
        ("reset-lost", false, RESET_LOST),
        ("reset_backlog_wait_time_actual", false, RESET_BACKLOG_WAIT_TIME_ACTUAL),
        ("signal", true, SIGNAL),
    ],
};

// Names of the options without a letter.
const LOGINUID_IMMUTABLE: u8 = 1;
const BACKLOG_WAIT_TIME: u8 = 2;
const RESET_LOST: u8 = 3;
const RESET_BACKLOG_WAIT_TIME_ACTUAL: u8 = 4;
const SIGNAL: u8 = 5;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// AUDIT_SET: change one setting.
    Set(Status),
    /// Show the status; `features` asks for those too.
    ShowStatus {
        /// Words instead of numbers where there are some.
        interpret: bool,
        /// The line on loginuid_immutable as well.
        features: bool,
    },
    /// AUDIT_SET of the lost counter, whose old value is shown.
    ResetLost,
    /// AUDIT_SET of the time waited, whose old value is shown.
    ResetWaitTime,
    /// AUDIT_SET_FEATURE.
    SetFeature(Features),
    /// AUDIT_ADD_RULE.
    AddRule(Rule),
    /// AUDIT_DEL_RULE.
    DeleteRule(Rule),
    /// AUDIT_DEL_RULE for every rule there is with this text in its key; an empty one is in all.
    DeleteAll {
        /// The text.
        key: Vec<u8>,
    },
    /// AUDIT_LIST_RULES.
    ListRules {
        /// Names instead of numbers where there are some.
        interpret: bool,
        /// Only rules with this text in their key.
        key: Vec<u8>,
    },
    /// AUDIT_TRIM.
    Trim,
    /// AUDIT_MAKE_EQUIV.
    MakeEquivalent {
        /// The watched directory.
        mount: Vec<u8>,
        /// What is to be watched like it.
        subtree: Vec<u8>,
    },
    /// AUDIT_USER: a message for the log.
    Message {
        /// What the user wrote.
        text: Vec<u8>,
    },
    /// A signal to the audit daemon.
    Signal(Signal),
    /// The usage text.
    ShowUsage,
    /// The version.
    ShowVersion,
    /// -i in a rules file: go on after a refused line.
    IgnoreErrors,
    /// -c in a rules file: go on after a refused line, and fail at the end.
    ContinueOnErrors,
}

impl Step {
    /// Whether this host is not as before when the step is done.
    pub fn changes_system(&self) -> bool {
        use Step::{ListRules, ShowStatus, ShowUsage, ShowVersion};
        !matches!(self, ShowStatus { .. } | ListRules { .. } | ShowUsage | ShowVersion | Step::Signal(Signal::State))
    }
}

/// A part of a line: bytes of one of its words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Which word, counted from 0; the program's own name is word 0.
    pub word: usize,
    /// How many bytes of the word come before.
    pub offset: usize,
    /// How many bytes it has.
    pub length: usize,
}

/// Where the parts of a line's rule stand, so that a later judgement of the rule can name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The value of -a, -A, -d, -w or -W.
    pub target: Place,
    /// The value of each -S.
    pub syscalls: Vec<Place>,
    /// One for each of [`Rule::fields`]; the last key for the key field.
    pub fields: Vec<Place>,
}

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    /// To be done in this order.
    pub steps: Vec<Step>,
    /// Where the rule in `steps` stands on the line, if there is one.
    pub places: Places,
    /// To be told.
    pub warnings: Vec<Warning>,
    /// Why the line is wrong, if it is.
    pub refusal: Option<Refusal>,
    /// Whether the line names a list, and so must not be carried out on a locked system even as far as it is right.
    pub changes_rules: bool,
}

impl Plan {
    /// Whether -w makes its rule.
    pub fn is_watch(&self) -> bool {
        self.warnings.contains(&Warning::SlowWatch)
    }
}

/// What follows once the options so far have been read; C's retval of setopt().
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// Nothing was asked for, or settings were changed and the status is to be shown.
    Reply,
    /// A rule is being written.
    Rule,
    /// All is said; further options are an error.
    Done,
    /// All is said, and further words do not matter.
    Finished,
}

struct LineParser<'w, 'h> {
    words: Words<'w>,
    /// How many words there are, without those that an option has taken as its own.
    count: usize,
    builder: RuleBuilder<'h>,
    /// -a, -A or -d was there.
    has_operation: bool,
    /// The word with the last key.
    key: Option<LocatedWord<'w>>,
    places: Places,
    steps: Vec<Step>,
    flow: Flow,
}

type Outcome = Result<Flow, Refusal>;

impl<'w> LocatedWord<'w> {
    fn place(self) -> Place {
        Place { word: self.word, offset: self.offset, length: self.text.len() }
    }

    fn refuse(self, reason: Reason) -> Refusal {
        Refusal { reason, word: self.word, offset: self.offset }
    }

    fn locate(self) -> impl Fn(ParseError) -> Refusal {
        move |(reason, at)| Refusal { reason, word: self.word, offset: self.offset + at }
    }
}

/// Reads a line of a rules file; `None` when it cannot be taken apart.
pub(super) fn plan_of(line: &Line, host: &dyn Host) -> Option<Plan> {
    let texts = line.words.as_ref().ok()?.iter().map(|word| word.text.as_slice());
    Some(parse_line(&std::iter::once(&b"auditctl"[..]).chain(texts).collect::<Vec<_>>(), host))
}

/// The settings of a line that are given as numbers, those of -b, -r and --backlog_wait_time, as they are written.
pub(super) fn numbers<'l>(line: &'l Line) -> Vec<(Place, &'l [u8])> {
    let texts = line.words.iter().flatten().map(|word| word.text.as_slice());
    let mut words = Words::new(&GRAMMAR, &std::iter::once(&b"auditctl"[..]).chain(texts).collect::<Vec<_>>());
    let mut found = Vec::new();
    while let Taken::Option { name, value, .. } = words.take() {
        let value = value.filter(|_| matches!(name, b'b' | b'r' | BACKLOG_WAIT_TIME));
        found.extend(value.map(|value| (value.place(), value.text)));
    }
    found
}

/// Reads a line. `line` begins with the program's own name.
pub fn parse_line(line: &[&[u8]], host: &dyn Host) -> Plan {
    let words = Words::new(&GRAMMAR, line);
    let mut parser = LineParser {
        words,
        count: line.len(),
        builder: RuleBuilder::new(host),
        has_operation: false,
        key: None,
        places: Places::default(),
        steps: Vec::new(),
        flow: Flow::Reply,
    };
    let refusal = parser.run().and_then(|()| parser.conclude(line.len())).err();
    Plan {
        changes_rules: parser.builder.target.is_some(),
        steps: parser.steps,
        places: parser.places,
        warnings: parser.builder.warnings,
        refusal,
    }
}

/// The one rule that a line describes, and what is to be done with it; the line is `-a always,exit -S open` and the like,
/// without a program's name.
pub fn parse(line: &[&[u8]], host: &dyn Host) -> Result<(Operation, Rule), Refusal> {
    let mut whole = vec![&b"auditctl"[..]];
    whole.extend_from_slice(line);
    let mut plan = parse_line(&whole, host);
    match (plan.refusal, plan.steps.pop()) {
        (Some(refusal), _) => Err(refusal),
        (None, Some(Step::AddRule(rule))) if rule.prepend => Ok((Operation::Prepend, rule)),
        (None, Some(Step::AddRule(rule))) => Ok((Operation::Append, rule)),
        (None, Some(Step::DeleteRule(rule))) => Ok((Operation::Delete, rule)),
        (None, _) => Err(Refusal { reason: Reason::NoList, word: 0, offset: 0 }),
    }
}

impl<'w, 'h> LineParser<'w, 'h> {
    fn run(&mut self) -> Result<(), Refusal> {
        while matches!(self.flow, Flow::Reply | Flow::Rule) {
            match self.words.take() {
                Taken::End => break,
                Taken::Invalid { .. } => return Err(self.invalid()),
                Taken::Option { name, at, value } => {
                    self.flow = self.option(name, at, value)?;
                    self.keep_places(name, value.unwrap_or(at).place());
                }
            }
        }
        Ok(())
    }

    /// Remembers that what the last option added to the rule stands at `place`.
    fn keep_places(&mut self, option: u8, place: Place) {
        match option {
            b'a' | b'A' | b'd' | b'w' | b'W' => self.places.target = place,
            b'S' => self.places.syscalls.push(place),
            // -p changes the perm that -w has added.
            b'p' => {
                let fields = self.builder.fields().iter().zip(&mut self.places.fields);
                fields.filter(|(field, _)| field.id == FieldId::PERM).for_each(|(_, old)| *old = place);
            }
            _ => {}
        }
        self.places.fields.resize(self.builder.fields().len(), place);
    }

    /// After the last option: words left over, and the rule or the status that the line comes down to.
    fn conclude(&mut self, line_length: usize) -> Result<(), Refusal> {
        if self.flow == Flow::Finished {
            return Ok(());
        }
        let last = LocatedWord { text: b"", word: line_length - 1, offset: 0 };
        if self.words.taken() == 1 {
            let stray = self.words.get(1).unwrap_or(last);
            return Err(stray.refuse(Reason::StrayWord));
        }
        if self.words.taken() < self.count {
            let left = self.words.get(self.words.taken()).unwrap_or(last);
            return Err(left.refuse(Reason::LeftoverWord));
        }
        match self.flow {
            Flow::Rule => {
                let key = self.key.unwrap_or(last);
                let (operation, rule) = self.builder.finish().map_err(key.locate())?;
                self.places.fields.resize(rule.fields.len(), key.place());
                self.steps.push(match operation {
                    Operation::Delete => Step::DeleteRule(rule),
                    _ => Step::AddRule(rule),
                });
            }
            Flow::Reply if self.builder.has_syscalls => return Err(last.refuse(Reason::NoList)),
            Flow::Reply if self.steps.iter().any(|step| matches!(step, Step::Set(_))) => {
                self.steps.push(Step::ShowStatus { interpret: false, features: false });
            }
            _ => {}
        }
        Ok(())
    }

    fn invalid(&self) -> Refusal {
        let at = self.words.taken();
        match self.words.get(at - 1).filter(|_| at >= 2) {
            Some(word) => word.refuse(Reason::InvalidOption { option: lossy(word.text) }),
            None => Refusal { reason: Reason::InvalidOption { option: " ".to_owned() }, word: 1, offset: 0 },
        }
    }

    fn option(&mut self, name: u8, at: LocatedWord<'w>, value: Option<LocatedWord<'w>>) -> Outcome {
        match (name, value) {
            (BACKLOG_WAIT_TIME, Some(value)) => {
                let backlog_wait_time = numeric("Backlog_wait_time", value)?;
                self.set(Status { mask: mask::BACKLOG_WAIT_TIME, backlog_wait_time, ..Status::default() })
            }
            (SIGNAL, Some(value)) => {
                let signal = Signal::named(value.text)
                    .ok_or_else(|| value.refuse(Reason::Signal { word: lossy(value.text) }))?;
                self.then(Step::Signal(signal), Flow::Done)
            }
            (LOGINUID_IMMUTABLE, _) => {
                let bit = Features::LOGINUID_IMMUTABLE;
                self.then(Step::SetFeature(Features { version: 0, mask: bit, features: bit, lock: bit }), Flow::Done)
            }
            (RESET_LOST, _) => {
                if !self.builder.kernel_has(features::LOST_RESET) {
                    return Err(at.refuse(Reason::FieldNotInKernel { field: "reset-lost".to_owned() }));
                }
                self.then(Step::ResetLost, Flow::Done)
            }
            (RESET_BACKLOG_WAIT_TIME_ACTUAL, _) => self.then(Step::ResetWaitTime, Flow::Finished),
            (_, None) => self.plain_option(name, at),
            (b'e' | b'f' | b'r' | b'b', Some(value)) => self.setting(name, value),
            (_, Some(value)) => self.rule_option(name, value),
        }
    }

    fn then(&mut self, step: Step, flow: Flow) -> Outcome {
        self.steps.push(step);
        Ok(flow)
    }

    fn set(&mut self, status: Status) -> Outcome {
        self.then(Step::Set(status), self.flow)
    }

    fn plain_option(&mut self, letter: u8, at: LocatedWord<'w>) -> Outcome {
        match letter {
            b'h' => self.then(Step::ShowUsage, Flow::Done),
            b'v' => self.then(Step::ShowVersion, Flow::Done),
            b'i' => self.then(Step::IgnoreErrors, Flow::Done),
            b'c' => self.then(Step::ContinueOnErrors, Flow::Done),
            b't' => self.then(Step::Trim, Flow::Finished),
            b's' => self.status(at),
            b'l' => self.list(at),
            b'D' => self.delete_all(at),
            _ => Err(self.invalid()),
        }
    }

    /// The word after the option at hand.
    fn following(&self) -> Option<LocatedWord<'w>> {
        self.words.get(self.words.taken())
    }

    fn status(&mut self, at: LocatedWord<'w>) -> Outcome {
        if self.count > 3 {
            return Err(at.refuse(Reason::StatusOptionCount));
        }
        let mut interpret = false;
        if self.words.taken() == 2 && self.count == 3 {
            let word = self.following().unwrap_or(at);
            if word.text != b"-i" {
                return Err(word.refuse(Reason::StatusOption));
            }
            interpret = true;
            self.count -= 1;
        }
        self.then(Step::ShowStatus { interpret, features: true }, Flow::Done)
    }

    fn list(&mut self, at: LocatedWord<'w>) -> Outcome {
        let (mut interpret, mut key) = (false, Vec::new());
        match self.count {
            0..=2 => {}
            3 => {
                let word = self.following().unwrap_or(at);
                if word.text != b"-i" {
                    return Err(word.refuse(Reason::ListOption));
                }
                interpret = true;
                self.count -= 1;
            }
            4 => key = self.key_words(at, Reason::ListOption)?,
            _ => return Err(at.refuse(Reason::ListOptionCount)),
        }
        self.then(Step::ListRules { interpret, key }, Flow::Done)
    }

    fn delete_all(&mut self, at: LocatedWord<'w>) -> Outcome {
        let key = match self.count {
            0..=2 => Vec::new(),
            4 => self.key_words(at, Reason::DeleteAllOption)?,
            _ => return Err(self.following().unwrap_or(at).refuse(Reason::DeleteAllOptionCount)),
        };
        self.then(Step::DeleteAll { key }, Flow::Done)
    }

    /// `-k KEY` after -l and -D.
    fn key_words(&mut self, at: LocatedWord<'w>, otherwise: Reason) -> Result<Vec<u8>, Refusal> {
        let word = self.following().unwrap_or(at);
        let (b"-k", Some(key)) = (word.text, self.words.get(3)) else { return Err(word.refuse(otherwise)) };
        let mut joined = Vec::new();
        join_key(&mut joined, key.text).map_err(key.locate())?;
        self.count -= 2;
        Ok(joined)
    }

    fn setting(&mut self, letter: u8, value: LocatedWord<'w>) -> Outcome {
        let word = || lossy(value.text);
        let small = || match value.text {
            [digit @ b'0'..=b'2'] => Some(u32::from(digit - b'0')),
            _ => None,
        };
        let base = Status::default();
        let status = match letter {
            b'e' => {
                let enabled = small().ok_or_else(|| value.refuse(Reason::Enable { word: word() }))?;
                Status { mask: mask::ENABLED, enabled, ..base }
            }
            b'f' => {
                let failure = small().ok_or_else(|| value.refuse(Reason::FailureMode { word: word() }))?;
                Status { mask: mask::FAILURE, failure, ..base }
            }
            b'r' => Status { mask: mask::RATE_LIMIT, rate_limit: numeric("Rate", value)?, ..base },
            _ => Status { mask: mask::BACKLOG_LIMIT, backlog_limit: numeric("Backlog", value)?, ..base },
        };
        self.set(status)
    }

    fn rule_option(&mut self, letter: u8, value: LocatedWord<'w>) -> Outcome {
        let (text, flow) = (value.text, self.flow);
        let locate = value.locate();
        match letter {
            b'a' => return self.operation(Operation::Append, value),
            b'A' => return self.operation(Operation::Prepend, value),
            b'd' => return self.operation(Operation::Delete, value),
            b'w' => self.builder.watch(Operation::Append, text).map_err(locate)?,
            b'W' => self.builder.watch(Operation::Delete, text).map_err(locate)?,
            b'p' => self.builder.permissions(text).map_err(locate)?,
            b'F' => {
                self.field_has_list(value)?;
                self.builder.field(text).map_err(locate)?;
                self.key = if text.starts_with(b"key=") { Some(value) } else { self.key };
                return Ok(flow);
            }
            b'S' => {
                self.builder.syscalls(text).map_err(locate)?;
                return Ok(flow);
            }
            b'C' => {
                self.builder.compare(text).map_err(locate)?;
                return Ok(flow);
            }
            b'k' => {
                self.builder.key_option(text).map_err(locate)?;
                self.key = Some(value);
                return Ok(flow);
            }
            b'm' => return self.message(value),
            b'q' => return self.equivalent(value),
            b'R' => return Err(value.refuse(Reason::NestedRules)),
            _ => return Err(self.invalid()),
        }
        Ok(Flow::Rule)
    }

    /// A field needs a list. COMPAT: but for an arch right before -t, where both are of no use.
    fn field_has_list(&self, value: LocatedWord<'w>) -> Result<(), Refusal> {
        let names_arch = memchr::memmem::find(value.text, b"arch=").is_some();
        let trims = names_arch && self.following().is_some_and(|word| word.text == b"-t");
        if self.builder.target.is_some() || trims { Ok(()) } else { Err(value.refuse(Reason::FieldBeforeList)) }
    }

    /// -a, -A and -d.
    fn operation(&mut self, operation: Operation, value: LocatedWord<'w>) -> Outcome {
        let adds = operation != Operation::Delete;
        if adds && self.builder.has_syscalls && memchr::memmem::find(value.text, b"task").is_some() {
            let prefix = if operation == Operation::Append { "S" } else { "Error: s" };
            return Err(value.refuse(Reason::TaskAfterSyscall { prefix }));
        }
        // A watch may be put on another list by an operation of its own kind.
        let is_other_kind = self.builder.target.is_some_and(|target| (target.operation == Operation::Delete) == adds);
        if self.has_operation || is_other_kind {
            return Err(value.refuse(Reason::SecondOperation));
        }
        self.has_operation = true;
        let title = match operation {
            Operation::Append => "Append",
            Operation::Prepend => "Add",
            Operation::Delete => "Delete",
        };
        match target(value.text, self.builder.target.is_some()) {
            TargetWord::Both(list, action) => {
                self.builder.target = Some(Target { operation, list, action });
                Ok(Flow::Rule)
            }
            TargetWord::Possible => {
                let operation_name = if adds { "Append" } else { "Delete" };
                self.builder.warnings.push(Warning::Possible { operation: operation_name });
                Ok(if operation == Operation::Prepend { Flow::Done } else { Flow::Finished })
            }
            TargetWord::Neither => Err(value.refuse(Reason::BadKeyword { operation: title, word: lossy(value.text) })),
        }
    }

    fn message(&mut self, value: LocatedWord<'w>) -> Outcome {
        if self.count > 3 {
            return Err(value.refuse(Reason::MessageOptionCount));
        }
        if let Some(at) = value.text.iter().position(|b| !matches!(b, 32..=127)) {
            return Err(value.locate()((Reason::MessageCharacter, at)));
        }
        self.then(Step::Message { text: value.text.to_vec() }, Flow::Finished)
    }

    fn equivalent(&mut self, value: LocatedWord<'w>) -> Outcome {
        if self.builder.has_syscalls {
            return Err(value.refuse(Reason::EquivalentAfterSyscall));
        }
        let mut parts = value.text.split(|b| *b == b',');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(mount), Some(subtree), None) if !subtree.is_empty() => {
                self.then(Step::MakeEquivalent { mount: mount.to_vec(), subtree: subtree.to_vec() }, Flow::Finished)
            }
            _ => Err(value.refuse(Reason::Equivalent)),
        }
    }
}

/// What a word after -a says.
enum TargetWord {
    Both(List, Action),
    Possible,
    Neither,
}

/// `LIST,ACTION` or `ACTION,LIST`. COMPAT: after a watch only the former.
fn target(word: &[u8], after_watch: bool) -> TargetWord {
    let action = |word: &[u8]| match word {
        b"always" => Some(Action::ALWAYS),
        b"never" => Some(Action::NEVER),
        _ => None,
    };
    let mut parts = word.split(|b| *b == b',');
    let (Some(first), Some(second), None) = (parts.next(), parts.next(), parts.next()) else {
        return TargetWord::Neither;
    };
    match (action(first), List::named(first)) {
        (Some(_), _) if after_watch => TargetWord::Neither,
        (Some(action), _) => List::named(second).map_or(TargetWord::Neither, |list| TargetWord::Both(list, action)),
        (None, Some(_)) if second == b"possible" => TargetWord::Possible,
        (None, Some(list)) => action(second).map_or(TargetWord::Neither, |action| TargetWord::Both(list, action)),
        (None, None) => TargetWord::Neither,
    }
}

/// The number that a setting is given.
fn numeric(what: &'static str, value: LocatedWord<'_>) -> Result<u32, Refusal> {
    if !value.text.first().is_some_and(u8::is_ascii_digit) {
        return Err(value.refuse(Reason::NotNumeric { what, word: lossy(value.text) }));
    }
    let (number, is_exact) = number::unsigned(value.text, 0);
    let fitting = u32::try_from(number).ok().filter(|_| is_exact);
    fitting.ok_or_else(|| value.refuse(Reason::NumberRange { what }))
}
