//! A normalized event, and one while it is normalized.

use super::kinds::{EventKind, ObjectKind, SubjectKind};
use super::parsed::{ParsedEvent, Place};
use crate::text::number;

/// Where the text of a normalized event comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSource {
    /// These very words.
    Word(&'static str),
    /// The meaning of this field's value.
    Meaning(Place),
    /// This field's value as it was logged.
    Value(Place),
}

/// Who acts.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The person: login uid, account name or security context.
    pub primary: Option<Place>,
    /// Whom they act as.
    pub secondary: Option<Place>,
    /// What sort of account that is.
    pub kind: Option<SubjectKind>,
    /// More about the subject; empty unless asked for.
    pub attributes: Vec<Place>,
}

/// What is acted on.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its name.
    pub primary: Option<Place>,
    /// Its second name, such as the inode of a file.
    pub secondary: Option<Place>,
    /// A second object: where it is moved to, what it is changed to.
    pub second: Option<Place>,
    /// What sort of thing it is.
    pub kind: ObjectKind,
    /// More about the object; of files empty unless asked for, of signals every process that got one.
    pub attributes: Vec<Place>,
}

/// An event in the words of the normaliser.
#[derive(Clone, Debug)]
pub struct Normalized {
    /// What sort of thing happened.
    pub event_kind: EventKind,
    /// The login session.
    pub session: Option<Place>,
    /// Who did it.
    pub subject: Subject,
    /// What they did; "did-unknown" when it has no name.
    pub action: Option<TextSource>,
    /// What they did it to.
    pub object: Object,
    /// The field that says whether it worked.
    pub result: Option<Place>,
    /// By which program or means.
    pub how: Option<TextSource>,
    /// The key of the rule that caught it.
    pub key: Option<Place>,
}

impl Default for Normalized {
    fn default() -> Self {
        Normalized {
            event_kind: EventKind::Unknown,
            session: None,
            subject: Subject::default(),
            action: None,
            object: Object {
                primary: None,
                secondary: None,
                second: None,
                kind: ObjectKind::Unknown,
                attributes: Vec::new(),
            },
            result: None,
            how: None,
            key: None,
        }
    }
}

/// What an action without name is called.
pub const DID_UNKNOWN: &str = "did-unknown";

/// One event while it is normalized.
pub(super) struct Normalizer<'s, 'e> {
    pub(super) event: &'s ParsedEvent<'e>,
    pub(super) attributes: bool,
    /// The field with the number of the system call.
    pub(super) call: Option<Place>,
    /// Whether the system call worked, if that is known.
    pub(super) succeeded: Option<bool>,
    pub(super) normalized: Normalized,
}

/// The number a field begins with as C's int; -1 when it does not fit.
pub(super) fn int(value: &[u8]) -> i32 {
    number::parse_id(value) as i32
}
