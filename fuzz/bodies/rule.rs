//! Rules from hostile hands: what the fuzz targets do with their bytes. tests/it/rule_properties.rs does the same with bytes of
//! its own making, so that they run with every `cargo test`.

use auditbox::abi::{Features, Header, SignalInfo, Status};
use auditbox::rule::{Argument, Host, Listing, Request, Rule, Step, decode, encode, file, merge, parse_line};
use auditbox::tables::machine::Machine;

/// A host on which every user, group and directory exists whose name has an even length.
pub(crate) struct AnyHost(pub(crate) Machine);

impl Host for AnyHost {
    fn machine(&self) -> Option<Machine> {
        Some(self.0)
    }

    fn features(&self) -> u32 {
        u32::MAX
    }

    fn user(&self, name: &[u8]) -> Option<u32> {
        (name.len() % 2 == 0).then_some(name.len() as u32)
    }

    fn group(&self, name: &[u8]) -> Option<u32> {
        self.user(name)
    }

    fn is_directory(&self, path: &[u8]) -> bool {
        path.len() % 2 == 0
    }
}

/// A line of words, with NUL bytes between them: read, compiled, sent to a kernel that lists it, and listed.
pub(crate) fn rule_text(data: &[u8]) {
    let mut line: Vec<&[u8]> = vec![b"auditctl"];
    line.extend(data.split(|b| *b == 0));
    one_line(&line);
}

fn one_line(line: &[&[u8]]) {
    let plan = parse_line(line, &AnyHost(Machine::X86_64));
    if let Some(refusal) = &plan.refusal {
        assert!(!refusal.to_string().is_empty());
        refusal.reason.remedy();
        assert!(refusal.word <= line.len());
    }
    for step in &plan.steps {
        if let Some(request) = Request::of(step) {
            assert_eq!(request.payload_for(true).len(), request.payload_for(false).len());
        }
        if let Step::AddRule(rule) | Step::DeleteRule(rule) = step {
            assert_eq!(decode(&encode(rule)).as_ref(), Ok(rule));
            listed(rule);
        }
    }
}

fn listed(rule: &Rule) -> Vec<u8> {
    let mut out = Vec::new();
    Listing::new(Some(Machine::X86_64), None).print(rule, &mut out);
    let words = |argument: &Argument| (argument.value % 2 == 0).then(|| b"words".to_vec());
    Listing::new(None, Some(&words)).print(rule, &mut out);
    assert!(out.ends_with(b"\n"));
    out
}

/// A rules file: taken apart, every line of it done, and merged with itself.
pub(crate) fn rules_file(data: &[u8]) {
    for line in file::lines(data) {
        assert_eq!(data.split(|b| *b == b'\n').nth(line.number - 1), Some(line.text));
        assert!(data[line.start..].starts_with(line.text));
        let Ok(words) = line.words else { continue };
        for word in &words {
            assert!(word.column_of(word.text.len()) <= line.text.len() + 1);
        }
        let mut whole: Vec<&[u8]> = vec![b"auditctl"];
        whole.extend(words.iter().map(|word| word.text.as_slice()));
        one_line(&whole);
    }
    assert!(
        merge::lines([data, data], usize::MAX)
            .iter()
            .all(|(file, line)| *file < 2 && data[line.start..].starts_with(line.text))
    );
    let merged = merge::merge([data, data]);
    assert!(merged.starts_with(merge::HEADER));
    let (a, b) = data.split_at(data.len() / 2);
    assert_eq!(merge::natural_order(a, b), merge::natural_order(b, a).reverse());
}

/// A reply of a hostile kernel: as a rule, a status, features and a datagram.
pub(crate) fn kernel_reply(data: &[u8]) {
    if let Ok(rule) = decode(data) {
        assert_eq!(decode(&encode(&rule)).as_ref(), Ok(&rule));
        listed(&rule);
    }
    Status::decode(data);
    Features::decode(data);
    SignalInfo::decode(data);
    if let Some(header) = Header::decode(data) {
        assert!(auditbox::abi::payload(&header, data).len() <= data.len());
    }
}
