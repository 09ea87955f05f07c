//! Profiles: which rules files belong together, and what of a rules file a machine can use.
//!
//! A profile is a text of one file name a line; its first comment says what it is for. The files of the policy library are
//! written for all machines at once: [`fit`] makes of one what a machine takes. A comment `# auditbox: only WORD...` in a file
//! names the machines that it is for at all, `b64` being all of 64 bits. The rules are those of a 64-bit PC; calls that only other
//! machines have stand in a comment before their rule, `# auditbox: also NAME,...`, so that any auditctl there can read the file.

use super::check::{Edit, fix};
use super::file::{self, Line, Word, all_lines};
use super::merge;
use crate::tables::machine::Machine;
use crate::tables::syscall;

/// What a comment that names machines begins with.
const ONLY: &[u8] = b"# auditbox: only ";

/// The number of the first line that is neither a comment nor the plain name of a rules file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoName(pub usize);

/// What a comment that names more calls for the next line begins with.
const ALSO: &[u8] = b"# auditbox: also ";

/// The files that a profile names, in its order.
pub fn files(text: &[u8]) -> Result<Vec<&str>, NoName> {
    let lines = all_lines(text).map(|(number, _, line)| (number, line.trim_ascii()));
    let named = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#"));
    let is_plain = |name: &&str| merge::is_source(name.as_bytes()) && !name.contains('/');
    named.map(|(number, line)| std::str::from_utf8(line).ok().filter(is_plain).ok_or(NoName(number))).collect()
}

/// What a profile is for: its first line, if that is a comment.
pub fn about(text: &[u8]) -> &[u8] {
    text.split(|b| *b == b'\n').next().and_then(|line| line.strip_prefix(b"#")).unwrap_or_default().trim_ascii()
}

/// What of a rules file `native` can use: without the rules for programs that it does not run, and without system calls that only
/// other machines have; names that no machine knows stay. `None` when the file is for other machines.
pub fn fit(text: &[u8], native: Machine) -> Option<Vec<u8>> {
    let mut only = all_lines(text).filter_map(|(.., line)| line.strip_prefix(ONLY));
    let is_meant = |word: &[u8]| word == native.name().as_bytes() || (word == b"b64" && native.bits() == 64);
    if only.next().is_some_and(|words| !words.split(|b| *b == b' ').any(is_meant)) {
        return None;
    }
    let also = |line: &Line| {
        let before = text.get(..line.start.saturating_sub(1)).unwrap_or_default();
        let comment = before.rsplit(|b| *b == b'\n').next().and_then(|line| line.strip_prefix(ALSO));
        comment.map(|names| names.split(|b| *b == b',').collect()).unwrap_or_default()
    };
    let edits: Vec<Edit> = file::lines(text).flat_map(|line| fit_line(&line, also(&line), native)).collect();
    Some(fix::apply(text, 0, &edits))
}

fn fit_line(line: &Line, also: Vec<&[u8]>, native: Machine) -> Vec<Edit> {
    let words = line.words.as_deref().unwrap_or_default();
    let edit =
        |start: usize, end: usize, text: Vec<u8>| Edit { file: 0, bytes: (line.start + start, line.start + end), text };
    let values = |option: &'static [u8]| {
        words.windows(2).filter_map(move |two| match two {
            [name, value] if name.text == option => Some((name, value)),
            _ => None,
        })
    };
    let Some(arch) = values(b"-F").find_map(|(_, word)| word.text.strip_prefix(b"arch=")) else { return Vec::new() };
    let machine = std::str::from_utf8(arch).ok().and_then(|word| Machine::from_word(word, native));
    let machine = machine.filter(|machine| *machine == native || Some(*machine) == native.b32());
    let mut lists: Vec<(&Word, &Word, Vec<&[u8]>)> = values(b"-S")
        .map(|(option, word)| {
            let stays = |name: &&[u8]| machine.is_some_and(|machine| is_call(name, machine)) || is_unknown(name);
            (option, word, word.text.split(|b| *b == b',').filter(stays).collect())
        })
        .collect();
    if let (Some((.., names)), Some(machine)) = (lists.first_mut(), machine) {
        names.extend(also.into_iter().filter(|name| is_call(name, machine)));
    }
    if machine.is_none() || (!lists.is_empty() && lists.iter().all(|(.., names)| names.is_empty())) {
        return vec![edit(0, line.text.len() + 1, Vec::new())];
    }
    let change = |(option, word, names): &(&Word, &Word, Vec<&[u8]>)| {
        let (from, to) = (word.column_of(0) - 1, word.column_of(word.text.len()) - 1);
        let from = if names.is_empty() { option.column_of(0) - 1 } else { from };
        edit(from, to, names.join(&b','))
    };
    lists.iter().map(change).collect()
}

fn is_call(name: &[u8], machine: Machine) -> bool {
    syscall::number(machine, name).is_some()
}

fn is_unknown(name: &[u8]) -> bool {
    !Machine::ALL.into_iter().any(|machine| is_call(name, machine))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(text: &str, machine: Machine) -> Option<String> {
        fit(text.as_bytes(), machine).map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn a_machine_gets_the_calls_and_the_widths_it_has() {
        let text = "# both\n-a always,exit -F arch=b64 -S open,openat,opne -k k\n-a always,exit -F arch=b32 -S open -k k\n-w /a -k w\n";
        assert_eq!(fitted(text, Machine::X86_64).unwrap(), text);
        let aarch64 = "# both\n-a always,exit -F arch=b64 -S openat,opne -k k\n-a always,exit -F arch=b32 -S open -k k\n-w /a -k w\n";
        assert_eq!(fitted(text, Machine::Aarch64).unwrap(), aarch64);
        assert_eq!(
            fitted(text, Machine::Riscv64).unwrap(),
            "# both\n-a always,exit -F arch=b64 -S openat,opne -k k\n-w /a -k w\n"
        );
        assert_eq!(
            fitted(text, Machine::Arm).unwrap(),
            "# both\n-a always,exit -F arch=b32 -S open -k k\n-w /a -k w\n"
        );
    }

    #[test]
    fn calls_of_other_machines_stand_in_a_comment() {
        let text = "# auditbox: also umount,nosuch\n-a always,exit -F arch=b64 -S umount2 -k k\n-a always,exit -F arch=b64 -S mount -k k\n";
        assert_eq!(fitted(text, Machine::X86_64).unwrap(), text);
        assert_eq!(fitted(text, Machine::S390x).unwrap(), text.replace("-S umount2", "-S umount2,umount"));
    }

    #[test]
    fn one_list_of_several_may_go() {
        let text = "-a always,exit -F arch=b64 -S open -S openat -S 7,all";
        assert_eq!(fitted(text, Machine::Aarch64).unwrap(), "-a always,exit -F arch=b64  -S openat -S 7,all");
    }

    #[test]
    fn a_file_may_be_for_some_machines_alone() {
        let text = "# auditbox: only b64 arm\n-a always,exit -F arch=b32 -S all -k k\n";
        assert_eq!(fitted(text, Machine::Arm).unwrap(), text);
        assert_eq!(fitted(text, Machine::X86_64).unwrap(), text);
        assert_eq!(fitted(text, Machine::I386), None);
    }

    #[test]
    fn a_profile_names_files_of_its_own_directory() {
        assert_eq!(files(b"# For all.\n\n10-a.rules\n 20-b.rules\n"), Ok(vec!["10-a.rules", "20-b.rules"]));
        assert_eq!(about(b"# For all.\n10-a.rules\n"), b"For all.");
        for bad in ["../10-a.rules", "10-a", ".rules", "/etc/passwd", "a b.rules/c"] {
            assert_eq!(files(format!("#\n{bad}").as_bytes()), Err(NoName(2)), "{bad}");
        }
    }
}
