//! The kinds of values a configuration file has: how each is read, refused and shown again.

use super::{Diagnostic, HostChecks, Level};

/// A value that is one of a few words. Made by the `word_enum!` macro.
pub trait Choice {
    /// Takes the choice of this name, without case; false when there is none.
    fn pick(&mut self, word: &str) -> bool;
    /// The name of the choice.
    fn word(&self) -> &'static str;
}

/// Makes an enum whose members have names in a configuration file.
macro_rules! word_enum {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $member:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $member,)+ }

        #[cfg(test)]
        impl $name {
            #[allow(dead_code)]
            pub(crate) const ALL: &[$name] = &[$($name::$member,)+];
        }

        impl $crate::config::Choice for $name {
            fn pick(&mut self, word: &str) -> bool {
                $(if word.eq_ignore_ascii_case($word) { *self = $name::$member; return true; })+
                false
            }

            fn word(&self) -> &'static str {
                match self { $($name::$member => $word,)+ }
            }
        }
    };
}
pub(super) use word_enum;

word_enum! {
    /// What to do about a log that grew too large, a disk that is short of room, or a collector that cannot be reached. Each key
    /// takes some of them.
    Response {
        /// Nothing.
        Ignore = "ignore",
        /// Tell the system log.
        Syslog = "syslog",
        /// Start a new log, and drop the oldest.
        Rotate = "rotate",
        /// Start a new log, and drop none.
        KeepLogs = "keep_logs",
        /// Send mail.
        Email = "email",
        /// Run a helper.
        Exec = "exec",
        /// Keep what carries a priority key, shed the rest until room returns.
        Degrade = "degrade",
        /// Stop writing.
        Suspend = "suspend",
        /// Bring the system to single user.
        Single = "single",
        /// Halt the system.
        Halt = "halt",
        /// Tell the system log once, and go on without the record.
        WarnOnceContinue = "warn_once_continue",
        /// Tell the system log once, and keep the record.
        WarnOnce = "warn_once",
        /// End the program.
        Stop = "stop",
        /// Connect again.
        Reconnect = "reconnect",
    }
}

/// A response with the helper that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// What to do.
    pub response: Response,
    /// Path of the helper, when the response is to run one; else empty.
    pub helper: String,
}

impl From<Response> for Reaction {
    fn from(response: Response) -> Reaction {
        Reaction { response, helper: String::new() }
    }
}

/// Room on a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// So many MiB.
    Mebibytes(u64),
    /// So many hundredths of the file system.
    Percent(u8),
}

/// The place a value goes to, which knows what may stand there.
pub enum Slot<'a> {
    /// `yes` or `no`.
    YesNo(&'a mut bool),
    /// A whole number in a range, both ends included.
    Number {
        /// Where it goes.
        to: &'a mut u64,
        /// Smallest value.
        least: u64,
        /// Largest value.
        most: u64,
        /// What to say of smaller and larger ones, when not the usual words.
        refusal: Option<(&'static str, &'static str)>,
    },
    /// One of a few words.
    Choice(&'a mut dyn Choice),
    /// A response, out of those that make sense for the key.
    Reaction(&'a mut Reaction, &'static [Response]),
    /// Room on a disk.
    Space(&'a mut Space),
    /// Seconds from the least to the most, with a suffix s, m, h, d or M (30 days).
    Seconds(&'a mut u64, u64, u64),
    /// A group, by name or number.
    Group(&'a mut u32),
    /// The log file.
    Log(&'a mut String),
    /// An absolute path of a program that may be run.
    Helper(&'a mut String),
    /// A mail account; checked when the flag says so.
    Account(&'a mut String, bool),
    /// Any word; empty when absent.
    Word(&'a mut String),
    /// All words of the line: the value that is read goes on to the line's end.
    Words(&'a mut Vec<String>),
    /// Any value, which changes nothing.
    Ignored,
    /// Keys of rules, separated by commas.
    RuleKeys(&'a mut Vec<String>),
    /// One port of a machine, or all from one to another.
    Ports(&'a mut (u16, u16)),
    /// A key of something that this program does not have: what that is, and the values that ask for nothing, the usual one
    /// first.
    Absent(&'static str, &'static [&'static str]),
    /// A key of old times that says nothing any more.
    Deprecated,
}

impl Slot<'_> {
    /// Reads the value. The error is the whole sentence.
    pub(super) fn set(
        self,
        key: &str,
        value: &str,
        option: Option<&str>,
        line: u32,
        checks: &dyn HostChecks,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<(), String> {
        let unknown = || format!("Option {value} not found - line {line}");
        match self {
            Slot::YesNo(to) if value.eq_ignore_ascii_case("yes") => *to = true,
            Slot::YesNo(to) if value.eq_ignore_ascii_case("no") => *to = false,
            Slot::YesNo(_) => return Err(unknown()),
            Slot::Number { to, least, most, refusal } => *to = number(value, line, least, most, refusal)?,
            Slot::Choice(to) => to.pick(value).then_some(()).ok_or_else(unknown)?,
            Slot::Reaction(to, allowed) => *to = reaction(key, value, option, line, allowed, checks, diagnostics)?,
            Slot::Space(to) => *to = space(value, line)?,
            Slot::Seconds(to, least, most) => match seconds(value) {
                Some(n) if (least..=most).contains(&n) => *to = n,
                Some(n) => {
                    let word = if n < least { "small" } else { "large" };
                    return Err(format!("Error - {key} ({value}) is too {word} - line {line}"));
                }
                None => return Err(format!("Value {value} should be a number and s, m, h, d or M - line {line}")),
            },
            Slot::Group(to) => {
                // The number of none would leave the log's group as it is.
                *to = value
                    .parse()
                    .ok()
                    .filter(|id| !value.starts_with('+') && *id != u32::MAX)
                    .or_else(|| checks.group_id(value))
                    .ok_or_else(|| format!("Group ID is non-numeric and unknown ({value}) - line {line}"))?;
            }
            Slot::Log(to) => {
                log_path(value, line, checks, diagnostics)?;
                *to = value.to_string();
            }
            Slot::Helper(to) => {
                helper(value, line, checks)?;
                *to = value.to_string();
            }
            Slot::Account(to, is_checked) => {
                if is_checked {
                    check_account(value)?;
                }
                *to = value.to_string();
            }
            Slot::Word(to) => *to = value.to_string(),
            Slot::Words(to) => *to = value.split(' ').filter(|word| !word.is_empty()).map(str::to_string).collect(),
            Slot::Ignored => {}
            Slot::RuleKeys(to) => *to = value.split(',').filter(|k| !k.is_empty()).map(str::to_string).collect(),
            Slot::Ports(to) => *to = ports(value, line)?,
            Slot::Absent(what, idle) => {
                if !idle.iter().any(|word| word.eq_ignore_ascii_case(value)) {
                    let mut way_out = "leave the key out".to_string();
                    idle.first().into_iter().for_each(|word| way_out.extend([" or set it to ", word]));
                    return Err(format!(
                        "{key} = {value} asks for {what}, which this auditd does not have; {way_out} - line {line}"
                    ));
                }
            }
            Slot::Deprecated => {
                let text = format!("The {key} option is deprecated - line {line}");
                diagnostics.push(Diagnostic { level: Level::Warning, text });
            }
        }
        Ok(())
    }

    /// Whether the key has a value of ours to show.
    pub(super) fn is_shown(&self) -> bool {
        match self {
            Slot::Deprecated | Slot::Absent(..) | Slot::Ignored => false,
            Slot::Word(text) | Slot::Helper(text) => !text.is_empty(),
            Slot::RuleKeys(words) | Slot::Words(words) => !words.is_empty(),
            _ => true,
        }
    }

    /// Writes the value as the file would have it.
    pub(super) fn show(&self, out: &mut String) {
        match self {
            Slot::YesNo(to) => out.push_str(if **to { "yes" } else { "no" }),
            Slot::Number { to, .. } => out.push_str(&to.to_string()),
            Slot::Choice(to) => out.push_str(to.word()),
            Slot::Reaction(to, _) => {
                out.push_str(to.response.word());
                if !to.helper.is_empty() {
                    out.push(' ');
                    out.push_str(&to.helper);
                }
            }
            Slot::Space(Space::Mebibytes(n)) => out.push_str(&n.to_string()),
            Slot::Space(Space::Percent(n)) => {
                out.push_str(&n.to_string());
                out.push('%');
            }
            Slot::Seconds(to, ..) => show_seconds(**to, out),
            Slot::Group(to) => out.push_str(&to.to_string()),
            Slot::Log(text) | Slot::Helper(text) | Slot::Account(text, _) | Slot::Word(text) => out.push_str(text),
            Slot::RuleKeys(keys) => out.push_str(&keys.join(",")),
            Slot::Words(words) => out.push_str(&words.join(" ")),
            Slot::Ports((least, most)) => {
                out.push_str(&least.to_string());
                out.push('-');
                out.push_str(&most.to_string());
            }
            Slot::Deprecated | Slot::Absent(..) | Slot::Ignored => {}
        }
    }
}

/// `N`, or `N-M`.
fn ports(value: &str, line: u32) -> Result<(u16, u16), String> {
    let (least, most) = value.split_once('-').unwrap_or((value, value));
    if [least, most].iter().any(|port| port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit())) {
        let what = "should only be numbers, or two numbers separated by a dash";
        return Err(format!("Value {value} {what} - line {line}"));
    }
    let port = |text: &str| number(text, line, 0, u64::from(u16::MAX), None).map(|port| port as u16);
    match (port(least)?, port(most)?) {
        (least, most) if least > most => {
            Err(format!("Error - converted range ({least}-{most}) is reversed - line {line}"))
        }
        ports => Ok(ports),
    }
}

/// Digits only, then the range.
pub(super) fn number(
    value: &str,
    line: u32,
    least: u64,
    most: u64,
    refusal: Option<(&'static str, &'static str)>,
) -> Result<u64, String> {
    if !value.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("Value {value} should only be numbers - line {line}"));
    }
    let number = value.parse().map_err(|_| out_of_range(line))?;
    let (word, own) = match number {
        n if n < least => ("small", refusal.map(|r| r.0)),
        n if n > most => ("large", refusal.map(|r| r.1)),
        n => return Ok(n),
    };
    Err(own.map_or_else(|| format!("Error - converted number ({value}) is too {word} - line {line}"), str::to_string))
}

fn out_of_range(line: u32) -> String {
    format!("Error converting string to a number (Numerical result out of range) - line {line}")
}

fn reaction(
    key: &str,
    value: &str,
    option: Option<&str>,
    line: u32,
    allowed: &[Response],
    checks: &dyn HostChecks,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Reaction, String> {
    let mut response = Response::Ignore;
    if !response.pick(value) {
        return Err(format!("Option {value} not found - line {line}"));
    }
    if !allowed.contains(&response) {
        return Err(match (response, key) {
            (Response::Halt, "space_left_action") => "The HALT option in space_left_action has been deprecated \
                 to prevent system instability from premature shutdowns."
                .to_string(),
            (Response::Email | Response::Rotate, "disk_full_action" | "disk_error_action") => {
                format!("Illegal option {value} for {key} - line {line}")
            }
            _ => format!("Option {value} not found - line {line}"),
        });
    }
    let mut found = Reaction::from(response);
    if response == Response::Exec {
        let path = option.ok_or_else(|| format!("Executable path needed for line {line}"))?;
        helper(path, line, checks)?;
        found.helper = path.to_string();
    } else if response == Response::Email && !checks.can_mail() {
        let text = "Email option is specified but /usr/lib/sendmail doesn't seem executable.".to_string();
        diagnostics.push(Diagnostic { level: Level::Error, text });
    }
    Ok(found)
}

fn helper(path: &str, line: u32, checks: &dyn HostChecks) -> Result<(), String> {
    if !path.starts_with('/') {
        return Err(format!("Absolute path needed for {path} - line {line}"));
    }
    checks.check_helper(path).map_err(|why| format!("{why} - line {line}"))
}

/// `-` is standard output; everything else is a file.
fn log_path(path: &str, line: u32, checks: &dyn HostChecks, diagnostics: &mut Vec<Diagnostic>) -> Result<(), String> {
    if path == "-" {
        return Ok(());
    }
    log_directory(path, line)?;
    if matches!(path.rsplit('/').next(), Some("" | "." | "..")) {
        return Err(format!("log_file {path} names no file - line {line}"));
    }
    checks.check_log(path, diagnostics)
}

/// COMPAT: the directory of a log has a name of at least four characters.
pub(super) fn log_directory(path: &str, line: u32) -> Result<(), String> {
    let dir = match path.rfind('/') {
        Some(0) => "/",
        Some(end) => &path[..end],
        None => ".",
    };
    if dir.len() < 4 {
        return Err(format!("The directory name: {dir} is too short - line {line}"));
    }
    Ok(())
}

/// COMPAT: a percent sign may stand anywhere; what follows it is not looked at, unless it is the first character.
fn space(value: &str, line: u32) -> Result<Space, String> {
    if let Some(odd) = value.chars().find(|c| !c.is_ascii_digit() && *c != '%') {
        return Err(format!("Value {odd} {value} should only be numbers or percent - line {line}"));
    }
    let digits = value.strip_prefix('%').unwrap_or(value).split('%').next().unwrap_or_default();
    let number: u64 = match digits {
        "" => 0,
        digits => digits.parse().map_err(|_| out_of_range(line))?,
    };
    match value.contains('%') {
        false => Ok(Space::Mebibytes(number)),
        true if number > 99 => Err(format!("Percentages should be less than 100 - line {line}")),
        true => Ok(Space::Percent(number as u8)),
    }
}

/// Seconds of a number with an optional suffix s, m, h, d or M (30 days). `None` when it is no such thing.
pub fn seconds(value: &str) -> Option<u64> {
    let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let unit = match &value[end..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "M" => 30 * 86_400,
        _ => return None,
    };
    value[..end].parse::<u64>().ok()?.checked_mul(unit)
}

/// The shortest way to write this number of seconds.
pub fn show_seconds(seconds: u64, out: &mut String) {
    let (unit, letter) = [(86_400, "d"), (3600, "h"), (60, "m")]
        .into_iter()
        .find(|(unit, _)| seconds > 0 && seconds % unit == 0)
        .unwrap_or((1, ""));
    out.push_str(&(seconds / unit).to_string());
    out.push_str(letter);
}

fn check_account(account: &str) -> Result<(), String> {
    if account.len() < 2 {
        return Err(format!("email: {account} is too short, expecting at least 2 characters"));
    }
    if !account.bytes().all(|b| b.is_ascii_alphanumeric() || b"@.-_+".contains(&b)) {
        return Err(format!("email: {account} has illegal character"));
    }
    match account.split_once('@') {
        Some((_, domain)) if !domain.contains('.') => Err(format!("email: {account} should have . after @")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_mebibytes_or_a_share() {
        assert_eq!(space("75", 1), Ok(Space::Mebibytes(75)));
        assert_eq!(space("5%", 1), Ok(Space::Percent(5)));
        assert_eq!(space("5%9", 1), Ok(Space::Percent(5)));
        assert_eq!(space("%5", 1), Ok(Space::Percent(5)));
        assert_eq!(space("100%", 3), Err("Percentages should be less than 100 - line 3".to_string()));
        assert_eq!(space("5x", 3), Err("Value x 5x should only be numbers or percent - line 3".to_string()));
    }

    #[test]
    fn ports_are_one_or_a_range() {
        assert_eq!([ports("60", 1), ports("0-65535", 1)], [Ok((60, 60)), Ok((0, 65535))]);
        for (value, part) in [("", "dash"), ("-", "dash"), ("1-", "dash"), ("1-2-3", "dash"), ("+1", "dash")] {
            assert!(ports(value, 3).unwrap_err().contains(part), "{value}");
        }
        assert_eq!(ports("70000", 3).unwrap_err(), "Error - converted number (70000) is too large - line 3");
        assert_eq!(ports("9-8", 3).unwrap_err(), "Error - converted range (9-8) is reversed - line 3");
    }

    #[test]
    fn spans_of_time_have_suffixes() {
        for (text, expected) in [("90", 90), ("90s", 90), ("2m", 120), ("1h", 3600), ("1d", 86_400), ("1M", 2_592_000)]
        {
            assert_eq!(seconds(text), Some(expected));
        }
        assert_eq!((seconds("1w"), seconds("m"), seconds("")), (None, None, None));
        let mut text = String::new();
        show_seconds(7200, &mut text);
        assert_eq!(text, "2h");
    }

    #[test]
    fn mail_accounts_are_names_or_addresses() {
        assert_eq!(check_account("root"), Ok(()));
        assert_eq!(check_account("a+b@example.org"), Ok(()));
        assert!(check_account("r").is_err() && check_account("a;b").is_err() && check_account("a@b").is_err());
    }
}
