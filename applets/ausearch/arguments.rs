//! The command line of ausearch(8), from left to right. The first error ends it.

use crate::host::{self, Host};
use crate::options::{Words, lacks_argument, shown, unfit, unknown};
use auditbox::normalize::csv::Columns;
use auditbox::query::predicate::{Criteria, Exit, Syscall, User};
use auditbox::query::time::{self, Edge};
use auditbox::record::RecordType;
use auditbox::render::{Format, Style};
use auditbox::tables::{errno, machine::Machine, record_type};
use auditbox::text::{Escape, number};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// A whole command line.
#[derive(Default)]
pub(crate) struct Request {
    pub(crate) criteria: Criteria,
    pub(crate) format: Format,
    pub(crate) escape: Escape,
    pub(crate) columns: Columns,
    pub(crate) input: Option<PathBuf>,
    pub(crate) force_logs: bool,
    pub(crate) just_one: bool,
    /// Only count what SELinux and AppArmor denied.
    pub(crate) denials: bool,
    /// Go on with what is written from now on.
    pub(crate) follow: bool,
    pub(crate) line_buffered: bool,
    pub(crate) debug: bool,
    pub(crate) checkpoint: Option<PathBuf>,
    /// Of the checkpoint only the time counts.
    pub(crate) checkpoint_time: bool,
    pub(crate) timeout: Option<u64>,
}

impl Request {
    /// How events are shown.
    pub(crate) fn style<'h>(&self, host: &'h Host) -> Style<'h> {
        let Request { format, escape, columns, .. } = *self;
        Style { format, escape, columns, names: host, machine: host::machine(), local: host::date }
    }
}

/// What a command line asks for.
pub(crate) enum Invocation {
    Search(Box<Request>),
    Help,
    Version,
}

/// Why the command line is refused: the sentence for standard error.
pub(crate) type Refusal = String;

type Taken = Result<(), Refusal>;

/// COMPAT: paths of this length and above are refused.
const PATH_MAX: usize = 4096;

/// Reads the words after the command's name.
pub(crate) fn parse(words: &[OsString], host: &Host) -> Result<Invocation, Refusal> {
    let mut parser =
        Parser { words: Words::new(words), host, asked: Box::default(), option: String::new(), syscall_name: None };
    while let Some(word) = parser.words.option() {
        parser.option = shown(word).into_owned();
        match parser.option.as_str() {
            "-h" | "--help" => return Ok(Invocation::Help),
            "-v" | "--version" => return Ok(Invocation::Version),
            _ => parser.take()?,
        }
    }
    parser.resolve_syscall()?;
    let extra = parser.asked.columns;
    if (extra.time || extra.labels || extra.key) && parser.asked.format != Format::Csv {
        return Err("--extra options requires format to be csv".into());
    }
    if parser.asked.denials && (parser.asked.follow || parser.asked.checkpoint.is_some()) {
        return Err("--denials cannot be used with --follow or --checkpoint".into());
    }
    if parser.asked.follow && parser.asked.checkpoint.is_some() {
        return Err("--follow cannot be used with --checkpoint".into());
    }
    let criteria = &parser.asked.criteria;
    time::check_range(criteria.start, criteria.end, host).map_err(|error| error.to_string())?;
    Ok(Invocation::Search(parser.asked))
}

struct Parser<'a> {
    words: Words<'a>,
    host: &'a Host,
    asked: Box<Request>,
    /// The option at hand, as typed.
    option: String,
    /// The name of a system call.
    syscall_name: Option<&'a [u8]>,
}

impl<'a> Parser<'a> {
    fn take(&mut self) -> Taken {
        let option = std::mem::take(&mut self.option);
        let taken = self.take_switch(&option).or_else(|| self.take_search(&option)).or_else(|| self.take_id(&option));
        self.option = option;
        match taken {
            Some(argument) => argument,
            None => Err(format!("{} is an unsupported option", self.option)),
        }
    }

    fn argument(&mut self, option: &str) -> Result<&'a [u8], Refusal> {
        self.words.argument().ok_or_else(|| lacks_argument(option))
    }

    fn no_argument(&self, option: &str) -> Taken {
        match self.words.peek() {
            Some(_) => Err(format!("Argument is NOT required for {option}")),
            None => Ok(()),
        }
    }

    /// Options that say how to read and show.
    fn take_switch(&mut self, option: &str) -> Option<Taken> {
        let extra = match option {
            "--extra-time" => Some(&mut self.asked.columns.time),
            "--extra-labels" => Some(&mut self.asked.columns.labels),
            "--extra-obj2" => Some(&mut self.asked.columns.second),
            "--extra-keys" => Some(&mut self.asked.columns.key),
            _ => None,
        };
        if let Some(column) = extra {
            *column = true;
            return Some(self.no_argument(option));
        }
        let switch = match option {
            "-i" | "--interpret" => return Some(self.show_as(Format::Interpret, option)),
            "-r" | "--raw" => return Some(self.show_as(Format::Raw, "--raw")),
            "--format" => return Some(self.format(option)),
            "--escape" => return Some(self.escape(option)),
            "--checkpoint" => return Some(self.path(option).map(|path| self.asked.checkpoint = Some(path))),
            "-if" | "--input" => return Some(self.input(option)),
            "--eoe-timeout" => return Some(self.timeout(option)),
            "-w" | "--word" => &mut self.asked.criteria.whole_word,
            "-l" | "--line-buffered" => &mut self.asked.line_buffered,
            "--debug" => &mut self.asked.debug,
            "--just-one" => &mut self.asked.just_one,
            "--denials" => &mut self.asked.denials,
            "--follow" => &mut self.asked.follow,
            "--input-logs" => &mut self.asked.force_logs,
            _ => return None,
        };
        *switch = true;
        Some(Ok(()))
    }

    fn show_as(&mut self, format: Format, option: &str) -> Taken {
        if self.asked.format != Format::Default {
            return Err(format!("Conflicting output format {option}"));
        }
        self.asked.format = format;
        self.no_argument(option)
    }

    fn format(&mut self, option: &str) -> Taken {
        if self.asked.format != Format::Default {
            return Err("Multiple output formats, use only 1".into());
        }
        let word = self.argument(option)?;
        self.asked.format = match word {
            b"raw" => Format::Raw,
            b"default" => Format::Default,
            b"csv" => Format::Csv,
            b"text" => Format::Text,
            b"json" => Format::Json,
            _ if word.starts_with(b"interp") => Format::Interpret,
            _ => return Err(unknown(word)),
        };
        Ok(())
    }

    fn escape(&mut self, option: &str) -> Taken {
        let word = self.argument(option)?;
        self.asked.escape = Escape::named(word).ok_or_else(|| unknown(word))?;
        Ok(())
    }

    fn path(&mut self, option: &str) -> Result<PathBuf, Refusal> {
        Ok(PathBuf::from(OsStr::from_bytes(self.argument(option)?)))
    }

    fn input(&mut self, option: &str) -> Taken {
        let path = self.path(option)?;
        if path.as_os_str().len() >= PATH_MAX - 32 {
            return Err(format!("File name is too longs {}", path.display()));
        }
        self.asked.input = Some(path);
        Ok(())
    }

    fn timeout(&mut self, option: &str) -> Taken {
        let word = self.argument(option)?;
        if !word.first().is_some_and(u8::is_ascii_digit) {
            return Err(unfit("End of Event Timeout must be a numeric value, was", word));
        }
        let seconds = number::parse_exact(word).filter(|s| (1..i64::MAX as u64).contains(s));
        let seconds = seconds.ok_or_else(|| unfit("Illegal value for End of Event Timeout, was", word))?;
        self.asked.timeout = Some(seconds);
        Ok(())
    }

    /// Criteria that are texts, types, times and results.
    fn take_search(&mut self, option: &str) -> Option<Taken> {
        let criteria = &mut self.asked.criteria;
        let text = match option {
            "-c" | "--comm" => &mut criteria.comm,
            "-hn" | "--host" => &mut criteria.host,
            "-k" | "--key" => &mut criteria.key,
            "-o" | "--object" => &mut criteria.object,
            "-su" | "--subject" => &mut criteria.subject,
            "-tm" | "--terminal" => &mut criteria.terminal,
            "-uu" | "--uuid" => &mut criteria.uuid,
            "-vm" | "--vm-name" => &mut criteria.vm,
            "-x" | "--executable" => &mut criteria.exe,
            "-f" | "--file" => return Some(self.file(option)),
            "-se" | "--context" => return Some(self.context(option)),
            "-n" | "--node" => {
                return Some(self.argument(option).map(|node| self.asked.criteria.nodes.push(node.to_vec())));
            }
            "-m" | "--message" => return Some(self.message(option)),
            "-sv" | "--success" => return Some(self.success(option)),
            "-ts" | "--start" => return Some(self.start(option)),
            "--last" => return Some(self.last(option)),
            "-te" | "--end" => return Some(self.time(Edge::End, option).map(|s| self.asked.criteria.end = s)),
            "-sc" | "--syscall" => return Some(self.syscall(option)),
            "--arch" => return Some(self.arch(option)),
            "-e" | "--exit" => return Some(self.exit(option)),
            _ => return None,
        };
        let argument = self.words.argument().ok_or_else(|| lacks_argument(option));
        Some(argument.map(|word| *text = Some(word.to_vec())))
    }

    fn file(&mut self, option: &str) -> Taken {
        let name = self.argument(option)?;
        if name.len() >= PATH_MAX {
            return Err(unfit("File name is too long", name));
        }
        self.asked.criteria.file = Some(name.to_vec());
        Ok(())
    }

    fn context(&mut self, option: &str) -> Taken {
        let label = self.argument(option)?.to_vec();
        self.asked.criteria.subject = Some(label.clone());
        self.asked.criteria.object = Some(label);
        self.asked.criteria.any_label = true;
        Ok(())
    }

    fn message(&mut self, option: &str) -> Taken {
        let read = self.argument(option).and_then(|word| {
            if word.eq_ignore_ascii_case(b"ALL") {
                return Ok(());
            }
            let is_listed = |name: &&[u8]| !name.is_empty() || name.len() == word.len();
            word.split(|&b| b == b',').filter(is_listed).try_for_each(|name| self.kind(name))
        });
        read.map_err(|mut message| {
            message.push_str("\nValid message types are: ALL ");
            for (_, name) in record_type::rows().filter(|(number, _)| *number >= 1005) {
                message.push_str(name);
                message.push(' ');
            }
            message
        })
    }

    fn kind(&mut self, name: &[u8]) -> Taken {
        let kind =
            if name.first().is_some_and(u8::is_ascii_digit) {
                let number = limited(name, i32::MAX as u64);
                RecordType(number.map_err(|reason| {
                    format!("Numeric message type conversion error ({reason}) for {}", shown(name))
                })?)
            } else {
                RecordType::parse(name)
            };
        if kind == RecordType::UNRECOGNISED {
            return Err(unfit("Unknown message type", name));
        }
        self.asked.criteria.kinds.push(kind);
        Ok(())
    }

    /// COMPAT: whatever holds "yes" or "no" is taken, and all but "yes" itself means failure.
    fn success(&mut self, option: &str) -> Taken {
        let word = shown(self.argument(option)?);
        if !word.contains("yes") && !word.contains("no") {
            return Err(format!("Success must be 'yes' or 'no', was {word}"));
        }
        self.asked.criteria.success = Some(word == "yes");
        Ok(())
    }

    fn start(&mut self, option: &str) -> Taken {
        if self.words.peek() == Some(b"checkpoint") {
            self.words.argument();
            if self.words.peek().is_none() {
                self.asked.checkpoint_time = true;
                return Ok(());
            }
            return Err(time::TimeError::Date(Edge::Start, "checkpoint".into()).to_string());
        }
        self.asked.criteria.start = self.time(Edge::Start, option)?;
        Ok(())
    }

    fn time(&mut self, edge: Edge, option: &str) -> Result<Option<u64>, Refusal> {
        let first = self.words.time_argument();
        let first = first.ok_or_else(|| format!("{option} requires either date and/or time"))?;
        let second = self.words.argument().map(shown);
        let millis = time::resolve(edge, &shown(first), second.as_deref(), self.host);
        Ok(u64::try_from(millis.map_err(|error| error.to_string())?).ok())
    }

    fn last(&mut self, option: &str) -> Taken {
        let span = shown(self.argument(option)?);
        let millis = time::before_now(Edge::Start, &span, self.host).map_err(|error| error.to_string())?;
        self.asked.criteria.start = u64::try_from(millis).ok();
        Ok(())
    }

    fn syscall(&mut self, option: &str) -> Taken {
        let word = self.argument(option)?;
        let criteria = &mut self.asked.criteria;
        if word.first().is_some_and(u8::is_ascii_digit) {
            let number = limited(word, i32::MAX as u64);
            let complain = |reason| format!("Syscall numeric conversion error ({reason}) for {}", shown(word));
            criteria.syscall = Some(Syscall::Number(number.map_err(complain)?));
            self.syscall_name = None;
            return Ok(());
        }
        self.syscall_name = Some(word);
        Ok(())
    }

    /// The call of the name that was given, on the machine of `--arch` wherever that stands, or else on each record's own.
    fn resolve_syscall(&mut self) -> Taken {
        let Some(name) = self.syscall_name else { return Ok(()) };
        let criteria = &mut self.asked.criteria;
        let named = Syscall::named(name, criteria.machine);
        let complain = || match name.iter().position(|byte| *byte == b'(') {
            Some(end) => {
                format!("Syscall {} not found: -sc takes {} alone", shown(name), shown(name.get(..end).unwrap_or(name)))
            }
            None => format!("Syscall {} not found", shown(name)),
        };
        criteria.syscall = Some(named.ok_or_else(complain)?);
        Ok(())
    }

    fn arch(&mut self, option: &str) -> Taken {
        let word = shown(self.argument(option)?);
        let criteria = &mut self.asked.criteria;
        if criteria.machine.is_some() {
            return Err("Arch is already defined".into());
        }
        let native = host::machine().unwrap_or(Machine::X86_64);
        criteria.machine = Some(Machine::from_word(&word, native).ok_or_else(|| format!("Unknown arch {word}"))?);
        Ok(())
    }

    fn exit(&mut self, option: &str) -> Taken {
        let word = self.words.signed_argument().ok_or_else(|| lacks_argument(option))?;
        let value = if is_number(word) {
            Exit::Number(signed(word).ok_or_else(|| unfit("Error converting", word))?)
        } else {
            errno_value(word).ok_or_else(|| unfit("Unknown errno, was", word))?
        };
        self.asked.criteria.exit = Some(value);
        Ok(())
    }

    /// Criteria that are ids.
    fn take_id(&mut self, option: &str) -> Option<Taken> {
        Some(match option {
            "-a" | "--event" => self.serial(option),
            "-p" | "--pid" => self.process("Process id", option).map(|id| self.asked.criteria.pid = Some(id)),
            "-pp" | "--ppid" => self.process("Parent process id", option).map(|id| self.asked.criteria.ppid = Some(id)),
            "-ga" | "--gid-all" => self.group(option).map(|group| {
                let criteria = &mut self.asked.criteria;
                (criteria.gid, criteria.egid, criteria.any_group) = (Some(group.clone()), Some(group), true);
            }),
            "-ge" | "--gid-effective" => self.group(option).map(|group| self.asked.criteria.egid = Some(group)),
            "-gi" | "--gid" => self.group(option).map(|group| self.asked.criteria.gid = Some(group)),
            "-ui" | "--uid" => self.user(option).map(|user| set(&mut self.asked.criteria.uid, user)),
            "-ue" | "--uid-effective" => self.user(option).map(|user| set(&mut self.asked.criteria.euid, user)),
            "-ua" | "--uid-all" => self.user(option).map(|user| {
                let criteria = &mut self.asked.criteria;
                criteria.any_user = true;
                set(&mut criteria.uid, user.clone());
                set(&mut criteria.euid, user.clone());
                set(&mut criteria.auid, user);
            }),
            "-ul" | "--loginuid" => self.login(option),
            "--session" => self.session(option),
            _ => return None,
        })
    }

    fn serial(&mut self, option: &str) -> Taken {
        let word = self.argument(option)?;
        if !word.first().is_some_and(u8::is_ascii_digit) {
            return Err(unfit("Audit event id must be a numeric value, was", word));
        }
        let id = limited(word, u64::from(u32::MAX)).map_err(|_| "Illegal value for audit event ID")?;
        // COMPAT: the largest number stands for any.
        self.asked.criteria.serial = (id != u32::MAX).then_some(u64::from(id));
        Ok(())
    }

    fn process(&mut self, what: &str, option: &str) -> Result<u32, Refusal> {
        let word = self.argument(option)?;
        let id = word.first().filter(|b| b.is_ascii_digit()).and_then(|_| limited(word, i32::MAX as u64).ok());
        id.ok_or_else(|| format!("{what} must be a numeric value, was {}", shown(word)))
    }

    /// A group by number or name. The log may have a name that this host has not.
    fn group(&mut self, option: &str) -> Result<User, Refusal> {
        let word = self.argument(option)?;
        if word.first().is_some_and(u8::is_ascii_digit) {
            return Ok(User { id: numeric_id("group", word)?, name: None });
        }
        let id = if word == UNSET { Some(u32::MAX) } else { self.host.users.group_id(word) };
        Ok(User { id: id.unwrap_or(u32::MAX), name: id.is_none().then(|| (word.to_vec(), Vec::new())) })
    }

    fn user(&mut self, option: &str) -> Result<User, Refusal> {
        let word = self.argument(option)?;
        self.user_of(word)
    }

    /// A user by number or name. The log may have a name that this host has not.
    fn user_of(&self, word: &[u8]) -> Result<User, Refusal> {
        if word.first().is_some_and(u8::is_ascii_digit) {
            return Ok(User { id: numeric_id("user", word)?, name: None });
        }
        let ids = match word {
            UNSET => vec![u32::MAX],
            _ => self.host.users.all().filter(|(_, name)| *name == word).map(|(id, _)| id).collect(),
        };
        Ok(User { id: ids.first().copied().unwrap_or(u32::MAX), name: Some((word.to_vec(), ids)) })
    }

    /// A login user, whose id may be negative.
    fn login(&mut self, option: &str) -> Taken {
        let word = self.words.signed_argument().ok_or_else(|| lacks_argument(option))?;
        let user = if word.starts_with(b"-") && is_number(word) {
            User { id: negative(word)?, name: None }
        } else {
            self.user_of(word)?
        };
        set(&mut self.asked.criteria.auid, user);
        Ok(())
    }

    fn session(&mut self, option: &str) -> Taken {
        let word = self.words.signed_argument().ok_or_else(|| lacks_argument(option))?;
        let id = if word == UNSET {
            u32::MAX
        } else if !is_number(word) {
            return Err(unfit("Session id must be a numeric value, was", word));
        } else if word.starts_with(b"-") {
            negative(word)?
        } else {
            limited(word, u64::from(u32::MAX)).map_err(|_| unfit("Error converting", word))?
        };
        self.asked.criteria.session = Some(id);
        Ok(())
    }
}

/// Looks for `user` from now on. COMPAT: a number does not take the place of a name that was given before.
fn set(wanted: &mut Option<User>, user: User) {
    let name = user.name.or_else(|| wanted.take()?.name);
    *wanted = Some(User { id: user.id, name });
}

/// Whether a word begins as a number does, with or without a minus sign.
fn is_number(word: &[u8]) -> bool {
    word.strip_prefix(b"-").unwrap_or(word).first().is_some_and(u8::is_ascii_digit)
}

/// A complete number up to `most`, or what the system calls the mistake.
fn limited(word: &[u8], most: u64) -> Result<u32, &'static str> {
    if !word.iter().all(u8::is_ascii_digit) {
        return Err("Invalid argument");
    }
    let fits = number::parse_exact(word).filter(|n| *n <= most).and_then(|n| u32::try_from(n).ok());
    fits.ok_or("Numerical result out of range")
}

/// The id of none, as `-i` prints it.
const UNSET: &[u8] = b"unset";

fn numeric_id(of: &str, word: &[u8]) -> Result<u32, Refusal> {
    limited(word, u64::from(u32::MAX))
        .map_err(|reason| format!("Numeric {of} ID conversion error ({reason}) for {}", shown(word)))
}

/// A complete signed number in the base its prefix shows.
fn signed(word: &[u8]) -> Option<i64> {
    let digits = word.strip_prefix(b"-").unwrap_or(word);
    let base = number::base_of(digits);
    let bare = if base == 16 { digits.get(2..)? } else { digits };
    let complete = !bare.is_empty() && bare.iter().all(|b| char::from(*b).is_digit(base));
    complete.then(|| number::parse_signed_prefix(word, base)).flatten()
}

/// A negative id, which is meant as the same 32 bits without sign.
fn negative(word: &[u8]) -> Result<u32, Refusal> {
    let value = signed(word).and_then(|value| i32::try_from(value).ok());
    value.map(|value| value as u32).ok_or_else(|| unfit("Error converting", word))
}

/// The number of an error's name; a dash before the name makes it negative.
fn errno_value(word: &[u8]) -> Option<Exit> {
    let name = word.strip_prefix(b"-").unwrap_or(word);
    let is_known = errno::NAMES.number_ignoring_case(name).is_some();
    is_known.then(|| Exit::Error { name: name.to_vec(), is_negative: name.len() < word.len() })
}
