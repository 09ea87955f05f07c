//! The rule as a value: which list, which action, which system calls, which fields.
//!
//! Numbers are the kernel's (linux/audit.h) and any number is allowed, so that a rule of a newer kernel can be listed;
//! the constants are the numbers which a rule can be written with.

use crate::abi::rule::{MASK_WORDS, MAX_FIELDS};
use crate::tables::rule as words;

/// A filter list: the place in the kernel where a rule is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List(pub u32);

impl List {
    /// What user space sends.
    pub const USER: List = List(0);
    /// A process being made.
    pub const TASK: List = List(1);
    /// A system call returning.
    pub const EXIT: List = List(4);
    /// Records being left out.
    pub const EXCLUDE: List = List(5);
    /// File systems being left out. KERNEL: 4.15.
    pub const FILESYSTEM: List = List(6);
    /// An io_uring operation returning. KERNEL: 5.16.
    pub const IO_URING: List = List(7);

    /// The list called `name`, in letters of either case.
    pub fn named(name: &[u8]) -> Option<List> {
        words::LISTS.number_ignoring_case(name).map(List)
    }

    /// Its name, if it is one that rules can be written for.
    pub fn name(self) -> Option<&'static str> {
        words::LISTS.name(self.0)
    }

    /// Whether its rules are about system calls or io_uring operations.
    pub fn takes_syscalls(self) -> bool {
        !matches!(self, List::USER | List::TASK | List::EXCLUDE | List::FILESYSTEM)
    }
}

/// What the kernel does when a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action(pub u32);

impl Action {
    /// Write no record.
    pub const NEVER: Action = Action(0);
    /// Write a record.
    pub const ALWAYS: Action = Action(2);

    /// Its name.
    pub fn name(self) -> Option<&'static str> {
        words::ACTIONS.name(self.0)
    }
}

/// How a field is compared with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator(pub u32);

impl Operator {
    /// `&`: any of the bits.
    pub const BIT_MASK: Operator = Operator(0x0800_0000);
    /// `<`
    pub const LESS: Operator = Operator(0x1000_0000);
    /// `>`
    pub const GREATER: Operator = Operator(0x2000_0000);
    /// `!=`
    pub const NOT_EQUAL: Operator = Operator(0x3000_0000);
    /// `=`
    pub const EQUAL: Operator = Operator(0x4000_0000);
    /// `&=`: all of the bits.
    pub const BIT_TEST: Operator = Operator(0x4800_0000);
    /// `<=`
    pub const LESS_OR_EQUAL: Operator = Operator(0x5000_0000);
    /// `>=`
    pub const GREATER_OR_EQUAL: Operator = Operator(0x6000_0000);
    /// All bits an operator can have, AUDIT_OPERATORS.
    pub const BITS: u32 = 0x7800_0000;

    /// In the order in which they are looked for in a word: what contains another comes first.
    pub(super) const SEARCH: [Operator; 8] = [
        Operator::NOT_EQUAL,
        Operator::GREATER_OR_EQUAL,
        Operator::LESS_OR_EQUAL,
        Operator::BIT_TEST,
        Operator::EQUAL,
        Operator::GREATER,
        Operator::LESS,
        Operator::BIT_MASK,
    ];

    /// How it is written.
    pub fn symbol(self) -> Option<&'static str> {
        words::OPERATORS.name(self.0)
    }

    /// Whether it is `=` or `!=`.
    pub fn tests_equality(self) -> bool {
        matches!(self, Operator::EQUAL | Operator::NOT_EQUAL)
    }
}

/// What a field of a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldId(pub u32);

/// Declares one constant per row.
macro_rules! fields {
    ($($name:ident = $number:literal,)*) => {
        #[allow(missing_docs, reason = "the names of auditctl(8) and linux/audit.h say what each is")]
        impl FieldId {
            $(pub const $name: FieldId = FieldId($number);)*
        }

        #[test]
        fn names_and_numbers_are_those_of_the_table() {
            $(assert_eq!(words::FIELDS.name($number), Some(stringify!($name).to_ascii_lowercase().as_str()));)*
        }
    };
}

fields! {
    PID = 0,
    UID = 1,
    EUID = 2,
    SUID = 3,
    FSUID = 4,
    GID = 5,
    EGID = 6,
    SGID = 7,
    FSGID = 8,
    AUID = 9,
    PERS = 10,
    ARCH = 11,
    MSGTYPE = 12,
    SUBJ_USER = 13,
    SUBJ_ROLE = 14,
    SUBJ_TYPE = 15,
    SUBJ_SEN = 16,
    SUBJ_CLR = 17,
    PPID = 18,
    OBJ_USER = 19,
    OBJ_ROLE = 20,
    OBJ_TYPE = 21,
    OBJ_LEV_LOW = 22,
    OBJ_LEV_HIGH = 23,
    SESSIONID = 25,
    FSTYPE = 26,
    DEVMAJOR = 100,
    DEVMINOR = 101,
    INODE = 102,
    EXIT = 103,
    SUCCESS = 104,
    PATH = 105,
    PERM = 106,
    DIR = 107,
    FILETYPE = 108,
    OBJ_UID = 109,
    OBJ_GID = 110,
    FIELD_COMPARE = 111,
    EXE = 112,
    SADDR_FAM = 113,
    A0 = 200,
    A1 = 201,
    A2 = 202,
    A3 = 203,
    KEY = 210,
}

impl FieldId {
    /// The field called `name`, in letters of either case.
    pub fn named(name: &[u8]) -> Option<FieldId> {
        words::FIELDS.number_ignoring_case(name).map(FieldId)
    }

    /// Its first name.
    pub fn name(self) -> Option<&'static str> {
        words::FIELDS.name(self.0)
    }

    /// Whether its value is a text.
    pub fn is_text(self) -> bool {
        let label = (FieldId::SUBJ_USER.0..=FieldId::OBJ_LEV_HIGH.0).contains(&self.0) && self != FieldId::PPID;
        label || matches!(self, FieldId::PATH | FieldId::DIR | FieldId::EXE | FieldId::KEY)
    }

    /// Whether it is of a call, so that no test of it holds on the list task, which is asked when a process is made: there is no call.
    /// KERNEL: 6.x, audit_filter_task() and audit_filter_rules().
    pub(super) fn is_of_call(self) -> bool {
        self.argument().is_some() || matches!(self, FieldId::ARCH | FieldId::SADDR_FAM)
    }

    /// Which argument of a system call it is, of a0 to a3.
    pub fn argument(self) -> Option<u32> {
        self.0.checked_sub(FieldId::A0.0).filter(|n| *n < 4)
    }
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// For every field that is not a text; signed ones wrapped.
    Number(u32),
    /// Bytes as they were given; never looked at by the kernel as anything but bytes.
    Text(Vec<u8>),
}

/// One test of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleField {
    /// What is looked at.
    pub id: FieldId,
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    pub value: Value,
}

/// The system calls, or io_uring operations, that a rule is about.
#[derive(Clone, PartialEq, Eq)]
pub struct SyscallMask(pub [u32; MASK_WORDS]);

impl SyscallMask {
    /// One more than the highest number that fits: 2048.
    pub const END: u32 = 32 * MASK_WORDS as u32;
    /// The first of the bits that the kernel takes for all calls of a class. KERNEL: AUDIT_SYSCALL_CLASSES, audit_to_entry_common().
    pub const FIRST_CLASS: u32 = SyscallMask::END - 16;
    /// None of them.
    pub const NONE: SyscallMask = SyscallMask([0; MASK_WORDS]);
    /// All of them.
    pub const ALL: SyscallMask = SyscallMask([u32::MAX; MASK_WORDS]);

    /// Puts one in; `false` when `number` does not fit.
    pub fn insert(&mut self, number: u32) -> bool {
        let Some(word) = self.0.get_mut(number as usize / 32) else { return false };
        *word |= 1 << (number % 32);
        true
    }

    /// Whether `number` is in.
    pub fn contains(&self, number: u32) -> bool {
        self.0.get(number as usize / 32).is_some_and(|word| word & 1 << (number % 32) != 0)
    }

    /// The numbers that are in, rising.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0..SyscallMask::END).filter(|number| self.contains(*number))
    }

    /// Whether all of them are in `other` too.
    pub fn is_within(&self, other: &SyscallMask) -> bool {
        self.0.iter().zip(&other.0).all(|(mine, theirs)| mine & !theirs == 0)
    }

    /// Those that are in both.
    pub fn intersection(&self, other: &SyscallMask) -> SyscallMask {
        SyscallMask(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    /// Puts those of `other` in.
    pub fn insert_all(&mut self, other: &SyscallMask) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// Takes those of `other` out.
    pub fn remove_all(&mut self, other: &SyscallMask) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine &= !theirs);
    }

    /// Whether there is a class in it: which calls are in that the kernel knows.
    pub fn has_classes(&self) -> bool {
        (SyscallMask::FIRST_CLASS..SyscallMask::END).any(|number| self.contains(number))
    }

    /// Whether the first `words` words are full. Listings leave the last word of the mask out of account.
    pub fn is_full(&self, words: usize) -> bool {
        self.0.iter().take(words).all(|word| *word == u32::MAX)
    }
}

impl std::fmt::Debug for SyscallMask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if *self == SyscallMask::ALL { f.write_str("all") } else { f.debug_set().entries(self.iter()).finish() }
    }
}

/// Most fields that a rule can be written with: one less than the kernel has room for.
pub const USABLE_FIELDS: usize = MAX_FIELDS - 1;

/// One filter rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Where it is looked at.
    pub list: List,
    /// Whether it is to go before the rules of the list that are there already. Never set in a listing.
    pub prepend: bool,
    /// What happens on a match.
    pub action: Action,
    /// Which system calls it is about.
    pub syscalls: SyscallMask,
    /// All of which must hold, in the order of the kernel. Keys are one field, joined by
    /// [`KEY_SEPARATOR`](crate::abi::rule::KEY_SEPARATOR).
    pub fields: heapless::Vec<RuleField, MAX_FIELDS>,
}

impl Rule {
    /// All texts of key fields, still joined.
    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.fields.iter().filter_map(|field| match &field.value {
            Value::Text(text) if field.id == FieldId::KEY => Some(text.as_slice()),
            _ => None,
        })
    }

    /// The directory that it watches.
    pub fn directory(&self) -> Option<&[u8]> {
        self.fields.iter().find_map(|field| match &field.value {
            Value::Text(path) if field.id == FieldId::DIR => Some(path.as_slice()),
            _ => None,
        })
    }

    /// Whether it is a `task` rule that every process meets: of those that are started from then on no other rule sees a call.
    pub fn is_of_every_process(&self) -> bool {
        let holds_always = |field: &RuleField| {
            let is_all = matches!(
                (field.operator, &field.value),
                (Operator::GREATER_OR_EQUAL, Value::Number(0)) | (Operator::LESS_OR_EQUAL, Value::Number(u32::MAX))
            );
            field.id == FieldId::KEY || is_all && !field.id.is_of_call()
        };
        self.list == List::TASK && self.fields.iter().all(holds_always)
    }

    /// Whether it is one that has none of their calls audited.
    pub fn is_never_task(&self) -> bool {
        self.action == Action::NEVER && self.is_of_every_process()
    }

    /// The place of the first field that the kernel cannot test on the rule's list, keys too. Where the tests before it hold, the
    /// record is kept, whatever the rule's action, and no later rule of the list is tried.
    ///
    /// KERNEL: 6.x, audit_filter(), of the lists exclude and user.
    pub fn first_untested(&self) -> Option<usize> {
        use FieldId as F;
        const TESTED: [FieldId; 11] = [
            F::PID,
            F::UID,
            F::GID,
            F::AUID,
            F::MSGTYPE,
            F::EXE,
            F::SUBJ_USER,
            F::SUBJ_ROLE,
            F::SUBJ_TYPE,
            F::SUBJ_SEN,
            F::SUBJ_CLR,
        ];
        let is_of_list = matches!(self.list, List::EXCLUDE | List::USER);
        let place = self.fields.iter().position(|field| !TESTED.contains(&field.id));
        place.filter(|_| is_of_list)
    }

    /// The fields that the kernel tests.
    pub(super) fn tested(&self) -> &[RuleField] {
        self.first_untested().and_then(|end| self.fields.get(..end)).unwrap_or(&self.fields)
    }

    /// Whether the rule is one that the kernel passes over. KERNEL: 4.15, __audit_inode() and __audit_inode_child(); 6.x,
    /// audit_filter(): a rule of the lists exclude and user matches by a test that holds, and so not without any.
    pub fn is_passed_over(&self) -> bool {
        match self.list {
            List::FILESYSTEM => self.action != Action::NEVER,
            List::EXCLUDE | List::USER => self.fields.is_empty(),
            _ => false,
        }
    }
}

/// The directory that an absolute path is in.
pub fn parent(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|b| *b == b'/') {
        Some(at @ 1..) => path.get(..at).unwrap_or(path),
        _ => b"/",
    }
}
