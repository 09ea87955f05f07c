//! Where the records of a type say who acts, by what means and with which result: one row of names for each layout.

use super::normalized::{Normalizer, TextSource, int};
use super::parsed::{ParsedEvent, Place};
use super::{SubjectKind, Words};
use crate::interpret::{self, Kind};
use crate::text::{self, number};

/// The names of the fields to look for. An empty name is no field.
pub(super) struct Layout {
    /// Who acts: the first of these that the record has.
    pub(super) primary: &'static [&'static [u8]],
    /// Whom they act as.
    pub(super) secondary: &'static [u8],
    /// What sort of account that is.
    pub(super) account: Account,
    /// By which means.
    pub(super) how: How,
    /// Whether it worked; [`super::success`] knows the fields that are particular.
    pub(super) result: &'static [u8],
}

/// Where the sort of the acting account comes from.
pub(super) enum Account {
    /// It is not known.
    Nothing,
    /// The type of the record says it.
    Is(SubjectKind),
    /// The user id of whom they act as.
    OfSecondary,
    /// The user id of who acts.
    OfPrimary,
    /// Either, and without both it is the system.
    OfEither,
    /// The user id of who acts, or the account of that name on this host.
    OfLogin,
}

/// Where the means come from.
pub(super) enum How {
    /// It is not known.
    Nothing,
    /// The program, or the script that it runs.
    Program,
    /// The first of these fields.
    Field(&'static [&'static [u8]]),
    /// The type of the record says it.
    Word(&'static str),
}

impl Normalizer<'_, '_> {
    /// Fills in session, subject, means and result by the fields of a record.
    pub(super) fn fill(&mut self, record: usize, layout: &Layout, words: &mut Words<'_, '_, '_, '_>) {
        let event = self.event;
        let find = |name: &[u8]| event.find_in(record, name);
        let normalized = &mut self.normalized;
        normalized.session = find(b"ses");
        normalized.result = find(layout.result);
        normalized.how = match layout.how {
            How::Nothing => None,
            How::Program => program_or_script(event, record).map(TextSource::Meaning),
            How::Field(names) => names.iter().find_map(|name| find(name)).map(TextSource::Meaning),
            How::Word(word) => Some(TextSource::Word(word)),
        };
        let subject = &mut normalized.subject;
        subject.primary = layout.primary.iter().find_map(|name| find(name));
        subject.secondary = find(layout.secondary);
        let kind_of = |place| account_kind(event, place);
        subject.kind = match layout.account {
            Account::Nothing => None,
            Account::Is(kind) => Some(kind),
            Account::OfSecondary => subject.secondary.map(kind_of),
            Account::OfPrimary => Some(subject.primary.map_or(SubjectKind::Unknown, kind_of)),
            Account::OfEither => Some(subject.secondary.or(subject.primary).map_or(SubjectKind::System, kind_of)),
            Account::OfLogin => subject.primary.map(|place| login_kind(event, place, words)),
        };
        if self.attributes {
            let (pid, label) = (find(b"pid"), find(b"subj"));
            // COMPAT: a label before the pid is left out.
            let label = label.filter(|label| pid.is_none_or(|pid| label.field > pid.field));
            subject.attributes.extend(pid.into_iter().chain(label));
        }
    }
}

/// The kind of the account whose user id this is.
pub(super) fn account_kind(event: &ParsedEvent<'_>, place: Place) -> SubjectKind {
    match event.at(place) {
        Some((record, field))
            if interpret::kind(record.record_type, field.name, field.value) == Kind::User
                && !number::is_word(field.value, 10) =>
        {
            SubjectKind::of_uid(int(field.value) as u32)
        }
        _ => SubjectKind::Unknown,
    }
}

/// COMPAT: somebody who fails to log in has no auid yet, so the account they tried is the subject.
fn login_kind(event: &ParsedEvent<'_>, place: Place, words: &mut Words<'_, '_, '_, '_>) -> SubjectKind {
    if event.at(place).is_none_or(|(_, field)| field.name != b"acct") {
        return account_kind(event, place);
    }
    let mut name = Vec::new();
    words.push(place, &mut name);
    words.user_id(&name).map_or(SubjectKind::Unknown, SubjectKind::of_uid)
}

/// `exe` from a record on, or `comm` when that is an interpreter and the script's name says more.
pub(super) fn program_or_script(event: &ParsedEvent<'_>, from: usize) -> Option<Place> {
    let program = event.find(from, b"exe")?;
    let script = event.find_in(usize::from(program.record), b"comm");
    script.filter(|_| event.value(program).is_some_and(is_interpreter)).or(Some(program))
}

/// Whether a program's name, quoted or in hex, is one of the four interpreters'.
fn is_interpreter(exe: &[u8]) -> bool {
    let mut decoded = Vec::new();
    let path = match exe.strip_prefix(b"\"") {
        Some(path) => path,
        None if text::hex::unescape(exe, &mut decoded) => &decoded,
        None => exe,
    };
    let interpreters: [&[u8]; 4] = [b"/usr/bin/python", b"/usr/bin/sh", b"/usr/bin/bash", b"/usr/bin/perl"];
    interpreters.iter().any(|name| path.starts_with(name))
}
