//! What rules lack of others that are wanted, such as those of a profile: which are not there, which never see a call or any event
//! of theirs, which have another key.
//!
//! A wanted rule is followed call by call and arch by arch through the rules that are there, in their order: a call is seen when the
//! first rule that takes all such events has the wanted rule's action, or when those that succeed and those that fail are seen so, or
//! those of each class of access. A rule that takes some of these events, those of one user or
//! program, hides nothing in this sense: where a site leaves something out is its own matter; but two such rules may take all between
//! them, each for a part of the numbers of one field.

use super::meaning::Meaning;
use super::model::{Action, FieldId, List, Rule, SyscallMask};
use super::parse::first_call;
use crate::abi::rule::KEY_SEPARATOR;
use crate::tables::machine::Machine;
use crate::tables::{record_type, syscall};
use std::ptr;

/// As many rules that take parts of a wanted one are looked at.
const MOST_PARTS: usize = 64;

/// What is wrong with a wanted rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why<'r> {
    /// No rule takes all its events.
    Missing,
    /// This one takes them first, and does something else, or takes the place of one with the wanted keys.
    Hidden(&'r Rule),
    /// This one takes them, and has not its keys, nor has a later one.
    OtherKey(&'r Rule),
}

/// A wanted rule that is not in force as it is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack<'r> {
    /// The wanted rule.
    pub rule: &'r Rule,
    /// What is wrong with it.
    pub why: Why<'r>,
    /// The calls for which it is so, in words; empty when that is all of the rule.
    pub calls: String,
}

/// What `there` lacks of the rules that are `wanted`, in their order. `machine` is the kernel's. What wanted rules do to each other is
/// wanted.
pub fn lacks<'r>(wanted: &'r [Rule], there: &'r [Rule], machine: Option<Machine>) -> Vec<Lack<'r>> {
    let by_themselves = all_lacks(wanted, wanted, machine);
    let mut lacks = all_lacks(wanted, there, machine);
    lacks.retain(|lack| !by_themselves.contains(lack));
    lacks
}

fn all_lacks<'r>(wanted: &'r [Rule], there: &'r [Rule], machine: Option<Machine>) -> Vec<Lack<'r>> {
    let acts = |rule: &&Rule| !rule.is_passed_over();
    let there = there.iter().filter(acts).map(|rule| There { rule, meaning: by_name(rule, machine) });
    let there: Vec<There> = there.collect();
    wanted.iter().flat_map(|rule| Search::of(rule, &there, machine).lacks()).collect()
}

/// Directories that are links out of the one they are in on many systems.
const CUSTOMARY_LINKS: [&[u8]; 6] =
    [b"/var/run", b"/var/lock", b"/var/mail", b"/var/spool/mail", b"/usr/tmp", b"/usr/local"];

/// What a rule matches, where each directory is taken to lie where its path says, unless custom has a link there: what a profile asks for
/// it asks for by name.
fn by_name(rule: &Rule, machine: Option<Machine>) -> Meaning<'_> {
    let mut meaning = Meaning::of(rule, machine);
    let is_linked = |path: &[u8]| CUSTOMARY_LINKS.iter().any(|link| path.starts_with(link));
    let directory = meaning.watched.filter(|(id, path)| *id == FieldId::DIR && !is_linked(path));
    meaning.place = directory.map(|(_, path)| path);
    meaning
}

/// A rule that is there.
struct There<'r> {
    rule: &'r Rule,
    meaning: Meaning<'r>,
}

/// Calls of one machine that have met with one thing.
struct Part<'r> {
    why: Option<Why<'r>>,
    machine: Option<Machine>,
    calls: SyscallMask,
}

/// What becomes of a wanted rule.
struct Search<'r> {
    rule: &'r Rule,
    /// The calls of each machine.
    all: Vec<(Option<Machine>, SyscallMask)>,
    parts: Vec<Part<'r>>,
    other_key: Option<&'r Rule>,
}

impl<'r> Search<'r> {
    fn of(rule: &'r Rule, there: &[There<'r>], machine: Option<Machine>) -> Search<'r> {
        let meaning = by_name(rule, machine);
        let elsewhere = hidden_elsewhere(rule, &meaning, there);
        let near: Vec<&There> = there.iter().filter(|other| other.may_take(&meaning)).collect();
        let machines = by_machine(&meaning, machine);
        let all = machines.iter().map(|(machine, meaning)| (*machine, meaning.calls_of(*machine))).collect();
        let mut search = Search { rule, all, parts: Vec::new(), other_key: None };
        for (machine, meaning) in machines {
            let calls = meaning.calls_of(machine);
            match elsewhere {
                Some(other) => search.add(Some(Why::Hidden(other)), machine, &calls),
                None => search.follow(machine, &meaning, calls, &near),
            }
        }
        search
    }

    /// Follows calls through the rules of their list.
    fn follow(&mut self, machine: Option<Machine>, meaning: &Meaning, calls: SyscallMask, near: &[&There<'r>]) {
        let mut left = calls;
        let taking: Vec<(&'r Rule, SyscallMask)> =
            near.iter().map(|other| (other.rule, other.meaning.calls_taken(meaning, machine))).collect();
        for (place, (other, calls)) in taking.iter().enumerate() {
            let mut taken = calls.intersection(&left);
            if taken == SyscallMask::NONE {
                continue;
            }
            left.remove_all(&taken);
            if let Some((earlier, calls)) = self.taken_apart(machine, meaning, &taken, other, near) {
                taken.remove_all(&calls);
                self.add(Some(Why::Hidden(earlier)), machine, &calls);
            }
            if taken == SyscallMask::NONE {
                continue;
            }
            let is_there = |(later, calls): &(&Rule, SyscallMask)| {
                self.is_done_by(later) && calls.intersection(&taken) != SyscallMask::NONE
            };
            let why = match self.acts_alike(other) {
                true if has_keys(other, self.rule) => None,
                true if !taking.iter().skip(place + 1).any(is_there) => {
                    self.other_key.get_or_insert(*other);
                    None
                }
                _ => Some(Why::Hidden(other)),
            };
            self.add(why, machine, &taken);
        }
        if left == SyscallMask::NONE {
            return;
        }
        let Some(parts) = meaning.divided() else { return self.add(Some(Why::Missing), machine, &left) };
        for part in &parts {
            self.follow(machine, part, part.calls_of(machine).intersection(&left), near);
        }
    }

    /// Two rules before `taker` that do something else, each for a part of the numbers of one field, and those of the calls that they
    /// take between them.
    fn taken_apart(
        &self,
        machine: Option<Machine>,
        meaning: &Meaning,
        calls: &SyscallMask,
        taker: &Rule,
        near: &[&There<'r>],
    ) -> Option<(&'r Rule, SyscallMask)> {
        let before = near.iter().take_while(|other| !ptr::eq(other.rule, taker));
        let others = before.filter(|other| !self.acts_alike(other.rule));
        let parts: Vec<_> = others
            .filter_map(|other| Some((other.rule, other.meaning.partly_taken(meaning, machine)?)))
            .take(MOST_PARTS)
            .collect();
        parts.iter().enumerate().find_map(|(at, (rule, (id, numbers, first)))| {
            let wanted = meaning.number(*id);
            parts.iter().skip(at + 1).find_map(|(_, (other, others, second))| {
                let both = first.intersection(second).intersection(calls);
                let is_all = other == id && both != SyscallMask::NONE && wanted.is_within(&numbers.union(others));
                is_all.then_some((*rule, both))
            })
        })
    }

    /// On the exclude list every action leaves out.
    fn acts_alike(&self, other: &Rule) -> bool {
        other.action == self.rule.action || other.list == List::EXCLUDE
    }

    fn is_done_by(&self, other: &Rule) -> bool {
        self.acts_alike(other) && has_keys(other, self.rule)
    }

    fn add(&mut self, why: Option<Why<'r>>, machine: Option<Machine>, calls: &SyscallMask) {
        match self.parts.iter_mut().find(|part| part.why == why && part.machine == machine) {
            Some(part) => part.calls.insert_all(calls),
            None => self.parts.push(Part { why, machine, calls: calls.clone() }),
        }
    }

    /// Whether the calls are all that the rule has of the machine.
    fn is_whole(&self, part: &Part) -> bool {
        self.all.iter().any(|(machine, calls)| *machine == part.machine && *calls == part.calls)
    }

    /// What is wrong, each thing once.
    fn lacks(self) -> Vec<Lack<'r>> {
        let mut reasons: Vec<Why> = Vec::new();
        for why in self.parts.iter().filter_map(|part| part.why) {
            if !reasons.contains(&why) {
                reasons.push(why);
            }
        }
        let lack = |why: Why<'r>| {
            let parts: Vec<&Part> = self.parts.iter().filter(|part| part.why == Some(why)).collect();
            let is_all = parts.len() == self.all.len() && parts.iter().all(|part| self.is_whole(part));
            Lack { rule: self.rule, why, calls: if is_all { String::new() } else { self.in_words(&parts) } }
        };
        let other_key =
            self.other_key.map(|other| Lack { rule: self.rule, why: Why::OtherKey(other), calls: String::new() });
        reasons.into_iter().map(lack).chain(other_key).collect()
    }

    /// Calls by their names; of several machines each is named.
    fn in_words(&self, parts: &[&Part]) -> String {
        const MOST: usize = 8;
        let of_part = |part: &&Part| {
            let name = |number: u32| {
                let name = part.machine.and_then(|machine| syscall::name(machine, number + first_call(machine)));
                name.map_or_else(|| number.to_string(), str::to_owned)
            };
            let mut names: Vec<String> = part.calls.iter().take(MOST + 1).map(name).collect();
            if names.len() > MOST {
                names[MOST] = "...".to_owned();
            }
            let machine = part.machine.map_or("", Machine::name);
            if self.is_whole(part) { format!("all of {machine}") } else { format!("{} of {machine}", names.join(", ")) }
        };
        parts.iter().map(of_part).collect::<Vec<_>>().join(" and ")
    }
}

impl There<'_> {
    /// Whether it may take all events of a part of a rule.
    fn may_take(&self, wanted: &Meaning) -> bool {
        self.rule.first_untested().is_none() && self.meaning.watches_all_of(wanted)
    }
}

/// The rule of another list by which nothing is recorded that this one for calls takes. KERNEL: a process that the list task switches
/// off is asked no other; the list exclude is asked for each record, and that of the call has the key.
fn hidden_elsewhere<'r>(rule: &Rule, meaning: &Meaning, there: &[There<'r>]) -> Option<&'r Rule> {
    let of_call: &[u8] = match rule.list {
        _ if rule.action != Action::ALWAYS => return None,
        List::EXIT => b"SYSCALL",
        List::IO_URING => b"URINGOP",
        _ => return None,
    };
    let record = meaning.of_record(record_type::number(of_call)?);
    let excludes = there.iter().filter(|other| other.rule.list == List::EXCLUDE);
    // A record that a rule cannot test is kept.
    let mut excludes = excludes.take_while(|other| other.rule.first_untested().is_none());
    let of_task = there.iter().find(|other| rule.list == List::EXIT && other.rule.is_of_every_process());
    Some(of_task.or_else(|| excludes.find(|other| other.meaning.covers(&record)))?.rule)
}

/// The rule for each machine whose programs it is for, as far as these are known.
fn by_machine<'r>(meaning: &Meaning<'r>, native: Option<Machine>) -> Vec<(Option<Machine>, Meaning<'r>)> {
    match (meaning.list, meaning.arches()) {
        (List::EXIT, Some(arches)) => {
            arches.into_iter().map(|elf| (Machine::from_elf(elf), meaning.for_arch(elf))).collect()
        }
        (List::IO_URING, _) => vec![(Some(Machine::IoUring), meaning.clone())],
        _ => vec![(native, meaning.clone())],
    }
}

/// Whether what is searched for by the keys of `wanted` is found by those of `rule`.
fn has_keys(rule: &Rule, wanted: &Rule) -> bool {
    let own: Vec<&[u8]> = rule.keys().flat_map(|keys| keys.split(|b| *b == KEY_SEPARATOR)).collect();
    let mut wanted = wanted.keys().flat_map(|keys| keys.split(|b| *b == KEY_SEPARATOR));
    wanted.all(|key| own.contains(&key))
}

#[cfg(test)]
mod tests {
    use super::super::tests::rule;
    use super::*;

    fn found(wanted: &str, there: &str) -> Vec<String> {
        let [wanted, there] = [wanted, there].map(|text| text.lines().map(rule).collect::<Vec<_>>());
        let word = |lack: Lack| match lack.why {
            Why::Missing => format!("missing {}", lack.calls),
            Why::Hidden(_) => format!("hidden {}", lack.calls),
            Why::OtherKey(_) => format!("key {}", lack.calls),
        };
        lacks(&wanted, &there, Some(Machine::X86_64)).into_iter().map(word).collect()
    }

    #[test]
    fn each_call_is_followed_to_the_rule_that_takes_it() {
        let both = "-a always,exit -F arch=b64 -S open,openat,unlink -k k\n";
        let split = "-a always,exit -F arch=b64 -S open -k k\n-a always,exit -F arch=b64 -S openat,unlink -k k\n";
        assert_eq!(found(both, split), Vec::<String>::new());
        assert_eq!(found(both, "-a always,exit -F arch=b64 -S openat -k k\n"), ["missing open, unlink of x86_64"]);
        let hidden = format!("-a never,exit -F arch=b64 -S unlink\n{split}");
        assert_eq!(found(both, &hidden), ["hidden unlink of x86_64"]);
        assert_eq!(found(both, &format!("-a never,exit -S all\n{split}")), ["hidden "]);
        assert_eq!(found(both, &split.replace("-k k", "-k other")), ["key "]);
        assert_eq!(found(both, &format!("-a always,exit -S all -k other\n{split}")), ["hidden "]);
    }

    #[test]
    fn a_rule_for_both_widths_may_be_hidden_for_one() {
        let watch = "-w /etc/passwd -p wa -k k\n";
        for (local, expected) in [
            ("-a never,exit -F arch=b32 -S all\n", &["hidden all of i386"][..]),
            ("-a never,exit -F arch=b64 -S openat,read\n", &["hidden openat of x86_64"]),
            ("-a never,exit -F arch=b64 -S read\n", &[]),
            ("-a never,exit -F arch=b64 -S openat -F auid=1000\n", &[]),
        ] {
            assert_eq!(found(watch, &format!("{local}{watch}")), expected, "{local}");
            assert_eq!(found(watch, &format!("{watch}{local}")), Vec::<String>::new(), "{local}");
        }
    }

    #[test]
    fn classes_of_access_are_followed_as_their_calls() {
        let hidden = |wanted: &str, by: &str| found(wanted, &format!("-a never,exit -F path=/s {by}\n{wanted}"));
        let watch = "-w /s -p wa -k k\n";
        let changes = &hidden(watch, "-F arch=b64 -F perm=a")[0];
        assert!(changes.starts_with("hidden link, chmod, fchmod, chown, fchown, lchown, "), "{changes}");
        assert!(changes.ends_with("... of x86_64"), "{changes}");
        assert_eq!(hidden(watch, "-F perm=wax -F arch=b64"), ["hidden all of x86_64"]);
        assert_eq!(hidden("-a always,exit -F arch=b64 -S chmod -F path=/s -k k\n", "-F perm=a"), ["hidden "]);
        // What is opened to read may be opened to write as well.
        assert_eq!(hidden(watch, "-F perm=r -F arch=b64 -S open,openat,openat2"), Vec::<String>::new());
        assert_eq!(hidden("-w /s -p r -k k\n", "-F perm=w -F arch=b64 -S open,openat"), Vec::<String>::new());
        assert_eq!(hidden(watch, "-F perm=w -F arch=b64 -S open,openat"), ["hidden open, openat of x86_64"]);
        // Which kernels have this call in its class is not known.
        assert_eq!(hidden("-a always,exit -F arch=b64 -S utime -F path=/s -k k\n", "-F perm=a"), Vec::<String>::new());
        assert_eq!(hidden(watch, "-F perm=x"), Vec::<String>::new());
        assert_eq!(hidden(watch, "-F perm=wa -F auid=0"), Vec::<String>::new());
        assert_eq!(found(watch, "-w /s -p w -k k\n-w /s -p a -k k\n"), Vec::<String>::new());
    }

    #[test]
    fn what_several_rules_take_between_them_is_there() {
        for (wanted, there, expected) in [
            ("-F perm=rw", ["-F perm=r", "-F perm=w"], &[][..]),
            ("-F perm=rwxa", ["-F perm=wx", "-F perm=ra"], &[]),
            ("-F perm=x", ["-F perm=w", "-F perm=a"], &["missing "]),
            ("-S openat,unlink", ["-S openat,unlink -F success=1", "-S openat,unlink -F success=0"], &[]),
            (
                "-S openat,unlink",
                ["-S openat -F success=1", "-S openat,unlink -F success!=1"],
                &["missing unlink of x86_64"],
            ),
            (
                "-S openat,exit",
                ["-S openat,exit -F success=1", "-S openat,exit -F success=0"],
                &["missing exit of x86_64"],
            ),
            ("-S openat -F perm=rw", ["-S openat -F success=0", "-S openat -F success=1 -F perm=r"], &["missing "]),
        ] {
            let line = |tests: &str| format!("-a always,exit -F arch=b64 -F dir=/s {tests} -k k\n");
            assert_eq!(found(&line(wanted), &there.map(line).concat()), expected, "{wanted} {there:?}");
        }
        // A name that unlink takes away is looked at before there is a result.
        let of_path = |tests: &str| format!("-a always,exit -F path=/s -F perm=wa {tests} -k k\n");
        let both = ["-F success=0", "-F success=1"].map(of_path).concat();
        assert_eq!(found(&of_path(""), &both), ["missing "]);
    }

    #[test]
    fn two_rules_may_hide_between_them_what_neither_hides_alone() {
        let wanted = "-a always,exit -F arch=b64 -S openat,unlink -k k\n";
        let with = |tests: [&str; 2], calls: &str| {
            let never = tests.map(|test| format!("-a never,exit -F arch=b64 -S {calls} -F {test}\n"));
            found(wanted, &(never.concat() + wanted))
        };
        assert_eq!(with(["success=0", "success=1"], "openat,unlink"), ["hidden "]);
        assert_eq!(with(["success=0", "success!=0"], "openat"), ["hidden openat of x86_64"]);
        assert_eq!(with(["auid<1000", "auid>=1000"], "all"), ["hidden "]);
        assert_eq!(with(["pid>0", "uid=7"], "all"), ["hidden "]);
        for pair in
            [["success=0", "success=0"], ["auid<1000", "auid>1000"], ["success=0", "uid=0"], ["uid=1", "uid!=2"]]
        {
            assert_eq!(with(pair, "all"), Vec::<String>::new(), "{pair:?}");
        }
        let ended = "-a always,exit -F arch=b64 -S exit_group -k k\n";
        let never = ["0", "1"].map(|result| format!("-a never,exit -F arch=b64 -S all -F success={result}\n"));
        assert_eq!(found(ended, &(never.concat() + ended)), Vec::<String>::new());
    }

    #[test]
    fn what_wanted_rules_do_to_each_other_is_wanted() {
        let own = "-a always,exit -F arch=b64 -S openat,unlink -k a\n-a always,exit -F arch=b64 -S openat -F success=0 -k b\n";
        assert_eq!(found(own, own), Vec::<String>::new());
    }
}
