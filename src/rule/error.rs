//! Why a word of a rule or command was refused, where it stood, and what would be taken instead.
//!
//! The sentences are those auditctl users know and scripts look for; the remedy and the place are said beside them.

use super::model::USABLE_FIELDS;
use crate::abi::rule::MAX_KEY_LEN;
use crate::tables::machine::Machine;
use crate::tables::{rule, syscall};

/// Longest text of a field, PATH_MAX.
pub(super) const MAX_TEXT_LEN: usize = 4096;
/// AF_MAX of linux/socket.h, KERNEL: 5.15.
pub(super) const LAST_FAMILY: u32 = 45;
/// Longest last part of a watched path, NAME_MAX.
pub(super) const MAX_NAME_LEN: usize = 255;

/// What is wrong with a word, and how many of its bytes stand before that.
pub(super) type ParseError = (Reason, usize);

/// A refused word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub reason: Reason,
    /// Which word, counted from 0; the program's own name is word 0.
    pub word: usize,
    /// How many bytes of that word stand before what is wrong.
    pub offset: usize,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for Refusal {}

/// What is wrong with a word. A `String` in here is the name or word the sentence speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the sentences below say what each is")]
pub enum Reason {
    // The command line as a whole.
    InvalidOption { option: String },
    LeftoverWord,
    NoOption,
    StrayWord,
    OwnOptionLate { option: String },
    NestedRules,
    StatusOptionCount,
    StatusOption,
    ListOptionCount,
    ListOption,
    DeleteAllOptionCount,
    DeleteAllOption,
    MessageOptionCount,
    MessageCharacter,
    Enable { word: String },
    FailureMode { word: String },
    NotNumeric { what: &'static str, word: String },
    NumberRange { what: &'static str },
    Signal { word: String },
    Equivalent,
    EquivalentAfterSyscall,

    // List, action, watch, key, permissions.
    BadKeyword { operation: &'static str, word: String },
    SecondOperation,
    TaskAfterSyscall { prefix: &'static str },
    NoList,
    WatchAfterList,
    WatchNotEmpty,
    PathTooLong { length: usize },
    PathRelative,
    NameTooLong { length: usize },
    PermWithoutList,
    PermWithoutField,
    PermTooLong { word: String },
    PermLetter { letter: String },
    KeyWithoutRule,
    KeyTooLong { length: usize },
    KeySeparator { key: String },
    KeyOperator { key: String },

    // System calls.
    SyscallOnList { list: &'static str },
    SyscallOnExclude,
    SyscallUnknown { word: String, machine: Machine },
    OperationUnknown { word: String },
    MachineUnknown,

    // Fields, -F.
    FieldBeforeList,
    OperatorMissing { word: String },
    FieldNameMissing,
    ValueMissing { field: String },
    FieldUnknown { field: String },
    TooManyFields { word: String },
    ArchAfterSyscall { field: String },
    ArchUnknown { field: String },
    ExitListOnly { field: String },
    MsgtypeUnknown { field: String },
    MsgtypeList,
    TextTooLong { length: usize, limit: usize },
    ExcludeField,
    EqualityOnly { field: String },
    EqualOnly { field: String },
    FieldPermLetters,
    ErrnoUnknown { field: String },
    FiletypeUnknown { field: String },
    FstypeUnknown { field: String },
    FieldList { field: String },
    SessionList { field: String },
    KeyCompanion,
    NumberNeeded { field: String },
    NumberTooBig { field: String, most: u32 },
    FieldNotInKernel { field: String },
    ListNotInKernel { field: String },
    UserUnknown { name: String },
    GroupUnknown { name: String },
    PermSyscalls,

    // Fields compared with each other, -C.
    CompareLeftMissing,
    CompareRightMissing { field: String },
    CompareLeftUnknown { field: String },
    CompareRightUnknown { field: String },
    Incomparable { field: String },
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.sentence() {
            Sentence::Whole(text) => f.write_str(text),
            Sentence::Before(text, word) => write!(f, "{text} {word}"),
            Sentence::After(word, text) => write!(f, "{word} {text}"),
            Sentence::Around(before, word, after) => write!(f, "{before}{word}{after}"),
        }
    }
}

/// How a sentence and the word it speaks of stand together.
enum Sentence<'a> {
    Whole(&'static str),
    Before(&'static str, &'a str),
    After(&'a str, &'static str),
    Around(&'static str, String, &'static str),
}

impl Reason {
    fn sentence(&self) -> Sentence<'_> {
        use Sentence::{After, Around, Before, Whole};
        match self {
            Reason::InvalidOption { option } => Around("Option ", option.clone(), " is invalid"),
            Reason::LeftoverWord => Whole("parameter passed without an option given"),
            Reason::NoOption => Whole("no option given"),
            Reason::StrayWord => Whole("a word that belongs to no option"),
            Reason::OwnOptionLate { option } => Around("Option ", option.clone(), " must be the first on the line"),
            Reason::NestedRules => Whole("Error - nested rule files not supported"),
            Reason::StatusOptionCount => Whole("Too many options for status command"),
            Reason::StatusOption => Whole("Only -i option is allowed"),
            Reason::ListOptionCount => Whole("Wrong number of options for list request"),
            Reason::ListOption => Whole("Only -k or -i options are allowed"),
            Reason::DeleteAllOptionCount => Whole("Wrong number of options for Delete all request"),
            Reason::DeleteAllOption => Whole("Only the -k option is allowed"),
            Reason::MessageOptionCount => Whole("The -m option must be only the only option and takes 1 parameter"),
            Reason::MessageCharacter => Whole("Illegal character in audit event"),
            Reason::Enable { word } => Before("Enable must be 0, 1, or 2 was", word),
            Reason::FailureMode { word } => Before("Failure must be 0, 1, or 2 was", word),
            Reason::NotNumeric { what, word } => Around(what, format!(" must be a numeric value was {word}"), ""),
            Reason::NumberRange { what } => Around("Error converting ", what.to_ascii_lowercase(), ""),
            Reason::Signal { word } => After(word, "is an unsupported signal"),
            Reason::Equivalent => Whole("Error parsing equivalent parts"),
            Reason::EquivalentAfterSyscall => Whole("Syscall auditing requested for make equivalent"),

            Reason::BadKeyword { operation, word } => Around(operation, format!(" rule - bad keyword {word}"), ""),
            Reason::SecondOperation => Whole("Multiple rule insert/delete operations are not allowed"),
            Reason::TaskAfterSyscall { prefix } => {
                Around(prefix, "yscall auditing requested for task list".to_owned(), "")
            }
            Reason::NoList => Whole("Error - no list specified"),
            Reason::WatchAfterList => Whole("watch option can't be given with a syscall"),
            Reason::WatchNotEmpty => Whole("Watches may not include fields or actions"),
            Reason::PathTooLong { .. } => Whole("The path passed for the watch is too big"),
            Reason::PathRelative => Whole("The path must start with '/'"),
            Reason::NameTooLong { .. } => Whole("The base name of the path is too big"),
            Reason::PermWithoutList => Whole("permission option needs a watch given prior to it"),
            Reason::PermWithoutField => Whole("Permissions should be preceded by other fields"),
            Reason::PermTooLong { word } => Around("permission ", word.clone(), " is too long"),
            Reason::PermLetter { letter } => Around("Permission ", letter.clone(), " isn't supported"),
            Reason::KeyWithoutRule => Whole("key option needs a watch or syscall given prior to it"),
            Reason::KeyTooLong { .. } => Whole("key option exceeds size limit"),
            Reason::KeySeparator { key } => Around("key ", key.clone(), " has illegal character"),
            Reason::KeyOperator { key } => Around("key ", key.clone(), " has an operator in it"),

            Reason::SyscallOnList { list } => {
                Around("Error: syscall auditing being added to ", list.to_string(), " list")
            }
            Reason::SyscallOnExclude => Whole("Error: syscall auditing cannot be put on exclude list"),
            Reason::SyscallUnknown { word, .. } => Before("Syscall name unknown:", word),
            Reason::OperationUnknown { word } => Before("io_uring op unknown:", word),
            Reason::MachineUnknown => Whole("Error detecting machine type"),

            Reason::FieldBeforeList => Whole("List must be given before field"),
            Reason::OperatorMissing { word } => Before("-F missing operation for", word),
            Reason::FieldNameMissing => Before("-F missing field name before operator for", ""),
            Reason::ValueMissing { field } => Before("-F missing value after operation for", field),
            Reason::FieldUnknown { field } => Before("-F unknown field:", field),
            Reason::TooManyFields { word } => Before("Too many fields in rule:", word),
            Reason::ArchAfterSyscall { field } => After(field, "must be before -S"),
            Reason::ArchUnknown { field } => After(field, "elf mapping not found"),
            Reason::ExitListOnly { field } => After(field, "can only be used with exit filter list"),
            Reason::MsgtypeUnknown { field } => Before("-F unknown message type -", field),
            Reason::MsgtypeList => Whole("msgtype field can only be used with exclude or user filter list"),
            Reason::TextTooLong { .. } => Whole("String value too long"),
            Reason::ExcludeField => {
                Whole("Only msgtype, *uid, *gid, pid, and subj* fields can be used with exclude filter")
            }
            Reason::EqualityOnly { field } => After(field, "only takes = or != operators"),
            Reason::EqualOnly { field } => After(field, "only takes = operator"),
            Reason::FieldPermLetters => Whole("Permission can only contain  'rwxa'"),
            Reason::ErrnoUnknown { field } => Before("-F unknown errno -", field),
            Reason::FiletypeUnknown { field } => Before("-F unknown file type - ", field),
            Reason::FstypeUnknown { field } => Before("file system type is unknown for field:", field),
            Reason::FieldList { field } => After(field, "field is not valid for the filter"),
            Reason::SessionList { field } => After(field, "must be used with exclude, user, or exit filter"),
            Reason::KeyCompanion => Whole("Key field needs a watch, syscall or exe path given prior to it"),
            Reason::NumberNeeded { field } => Before("-F value should be number for", field),
            Reason::NumberTooBig { field, .. } => Before("value is too large for field:", field),
            Reason::FieldNotInKernel { field } => Before("Field option not supported by kernel:", field),
            Reason::ListNotInKernel { field } => After(field, "filter is not supported by the kernel"),
            Reason::UserUnknown { name } => Before("Unknown user:", name),
            Reason::GroupUnknown { name } => Before("Unknown group:", name),
            Reason::PermSyscalls => Whole("Error adding syscalls for perm filtering"),

            Reason::CompareLeftMissing => Before("-C missing field name before operator for", ""),
            Reason::CompareRightMissing { field } => Before("-C missing value after operation for ", field),
            Reason::CompareLeftUnknown { field } => Before("-C unknown field:", field),
            Reason::CompareRightUnknown { field } => Before("-C unknown right hand value for comparison with:", field),
            Reason::Incomparable { field } => Before("-C incompatible comparison", field),
        }
    }

    /// What would have been taken; empty where the sentence has said so already.
    pub fn remedy(&self) -> String {
        match self {
            Reason::InvalidOption { .. } => {
                "an option of auditctl --help, with its value where it needs one".to_owned()
            }
            Reason::LeftoverWord | Reason::NoOption | Reason::StrayWord => {
                "every word is an option or the value of one; a value with spaces is one word".to_owned()
            }
            Reason::OwnOptionLate { .. } => "--dry-run, --root DIR and --machine NAME, before all others".to_owned(),
            Reason::NestedRules => "-R FILE as the only option of a command line".to_owned(),
            Reason::StatusOptionCount | Reason::StatusOption => "-s or -s -i".to_owned(),
            Reason::ListOptionCount | Reason::ListOption => "-l, -l -i or -l -k KEY".to_owned(),
            Reason::DeleteAllOptionCount | Reason::DeleteAllOption => "-D or -D -k KEY".to_owned(),
            Reason::MessageCharacter => "printable ASCII".to_owned(),
            Reason::Enable { .. } => "0 (off), 1 (on), 2 (on and locked until reboot)".to_owned(),
            Reason::FailureMode { .. } => "0 (silent), 1 (printk), 2 (panic)".to_owned(),
            Reason::NotNumeric { .. } => "a number from 0, decimal, 0x or octal".to_owned(),
            Reason::NumberRange { .. } => up_to(u32::MAX),
            Reason::NumberTooBig { most, .. } => up_to(*most),
            Reason::Signal { .. } => {
                "TERM or stop, HUP or reload, USR1 or rotate, USR2 or resume, CONT or state".to_owned()
            }
            Reason::Equivalent => "MOUNT,SUBTREE with one comma".to_owned(),
            Reason::EquivalentAfterSyscall => "-q without -S or -w".to_owned(),
            Reason::BadKeyword { .. } => LISTS_AND_ACTIONS.to_owned(),
            Reason::SecondOperation => "one -a, -A or -d a rule".to_owned(),
            Reason::TaskAfterSyscall { .. } | Reason::SyscallOnList { .. } | Reason::SyscallOnExclude => {
                "-S with the exit and io_uring lists".to_owned()
            }
            Reason::NoList => "-S after -a, -A or -d LIST,ACTION".to_owned(),
            Reason::FieldBeforeList => "-F after -a, -A, -d, -w or -W".to_owned(),
            Reason::WatchAfterList => "-w or -W first and alone, or -F path= or -F dir= with -a".to_owned(),
            Reason::WatchNotEmpty => "-w or -W before -S and -F".to_owned(),
            Reason::PathTooLong { length } => limit("bytes of path", MAX_TEXT_LEN - 1, *length),
            Reason::PathRelative => "an absolute path".to_owned(),
            Reason::NameTooLong { length } => limit("bytes of the path's last part", MAX_NAME_LEN, *length),
            Reason::PermWithoutList | Reason::PermWithoutField => "-p after -w PATH".to_owned(),
            Reason::PermTooLong { .. } | Reason::PermLetter { .. } | Reason::FieldPermLetters => {
                "up to 4 letters of r, w, x and a".to_owned()
            }
            Reason::KeyWithoutRule | Reason::KeyCompanion => {
                "a key after -w, -S, -F path=, -F dir=, -F perm=, -F exe= or -F fstype=".to_owned()
            }
            Reason::KeyTooLong { length } => limit("bytes, all keys and separators together", MAX_KEY_LEN, *length),
            Reason::KeySeparator { .. } => "a key without the byte 0x01, which stands between keys".to_owned(),
            Reason::KeyOperator { .. } => "a key without != >= <= &=".to_owned(),
            Reason::SyscallUnknown { machine, .. } => {
                let names = match syscall::is_left_out(*machine) {
                    true => "; this program was built without the system calls",
                    false => ", or a system call",
                };
                format!("all, a number below 2048{names} of {}", machine.name())
            }
            Reason::OperationUnknown { .. } => {
                words("all, a number below 2048,", syscall::rows(Machine::IoUring).map(|row| row.1))
            }
            Reason::MachineUnknown => "-F arch=MACHINE first".to_owned(),
            Reason::OperatorMissing { .. } => "NAME OPERATOR VALUE with one of = != < <= > >= & &=".to_owned(),
            Reason::FieldNameMissing | Reason::ValueMissing { .. } => "NAME OPERATOR VALUE".to_owned(),
            Reason::FieldUnknown { .. } => words("", rule::FIELDS.iter().map(|row| row.1)),
            Reason::TooManyFields { .. } => {
                format!("up to {USABLE_FIELDS} fields, those of -p, -C and all keys (one together) counted")
            }
            Reason::ArchAfterSyscall { .. } => "-F arch= before -S and -F perm=".to_owned(),
            Reason::ArchUnknown { .. } => words(
                "b64, b32, an ELF number such as 0xc000003e,",
                Machine::ALL.into_iter().filter(|machine| machine.elf().is_some()).map(Machine::name),
            ),
            Reason::ExitListOnly { .. } => "this field with -a ACTION,exit".to_owned(),
            Reason::MsgtypeUnknown { .. } => "a record type such as CWD, or its number".to_owned(),
            Reason::TextTooLong { length, limit: most } => limit("bytes", *most, *length),
            Reason::ExcludeField => "on this kernel (before 4.12)".to_owned(),
            Reason::ErrnoUnknown { .. } => "a number or a name such as EPERM, either with - before it".to_owned(),
            Reason::FiletypeUnknown { .. } => words("", rule::FILE_TYPES.iter().map(|row| row.1)),
            Reason::FstypeUnknown { .. } => words("a number,", rule::FILE_SYSTEMS.iter().map(|row| row.1)),
            Reason::FieldList { .. } => "this field with -a ACTION,filesystem".to_owned(),
            Reason::NumberNeeded { .. } => "a number, decimal, 0x or octal; a0 to a3 take a minus sign".to_owned(),
            Reason::FieldNotInKernel { .. } | Reason::ListNotInKernel { .. } => "on a newer kernel".to_owned(),
            Reason::UserUnknown { .. } => "a name of /etc/passwd, a number, or unset".to_owned(),
            Reason::GroupUnknown { .. } => "a name of /etc/group or a number".to_owned(),
            Reason::CompareLeftMissing | Reason::CompareRightMissing { .. } => "FIELD=FIELD or FIELD!=FIELD".to_owned(),
            Reason::CompareLeftUnknown { .. } | Reason::CompareRightUnknown { .. } | Reason::Incomparable { .. } => {
                "two different ones of auid uid euid suid fsuid obj_uid, or of gid egid sgid fsgid obj_gid".to_owned()
            }
            Reason::MessageOptionCount
            | Reason::MsgtypeList
            | Reason::EqualityOnly { .. }
            | Reason::EqualOnly { .. }
            | Reason::SessionList { .. }
            | Reason::PermSyscalls => String::new(),
        }
    }
}

const LISTS_AND_ACTIONS: &str = "LIST,ACTION or, not after -w, ACTION,LIST; lists: task exit user exclude filesystem io_uring; actions: always never";

fn up_to(most: u32) -> String {
    format!("a number up to {most}")
}

fn limit(what: &str, most: usize, got: usize) -> String {
    format!("up to {most} {what}; these are {got}")
}

/// The names after one another, once each.
fn words(before: &str, names: impl Iterator<Item = &'static str>) -> String {
    let mut text = before.to_owned();
    for name in names {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(name);
    }
    text
}
