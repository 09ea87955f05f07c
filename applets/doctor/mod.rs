//! `auditbox doctor`: looks at this machine, or at the image below --root, and says what is wrong with its auditing.
//!
//! What is seen is gathered by [`machine`] (kernel, daemon, start), [`rules`] and [`files`] (configuration, log, plugins); the library's
//! `doctor` makes findings of it. Nothing is changed; the daemon is asked for a state report where we may.

mod files;
mod machine;
mod place;
mod rules;

use crate::control::mode_options;
use crate::help::help;
use crate::options::usage;
use crate::output::{say, show};
use auditbox::doctor::{self, Facts};
use place::Place;
use std::ffi::OsString;

const HELP: &str = help!("doctor.txt");
/// What a wrong command line ends with.
const WRONG: u8 = 3;

/// Runs the command; `words` are those after its name. The exit status is 0 when all is well, 1 with warnings, 2 when auditing is broken.
pub(crate) fn run(words: &[OsString]) -> u8 {
    match place(words) {
        Ok(Some((place, is_json))) => {
            let facts = gather(&place);
            let findings = doctor::examine(&facts);
            let mut out = Vec::new();
            match is_json {
                true => doctor::json(&findings, &facts.unseen, &mut out),
                false => doctor::text(&findings, &facts.unseen, &mut out),
            }
            show(&out);
            doctor::status(&findings)
        }
        Ok(None) => {
            show(HELP.as_bytes());
            0
        }
        Err(message) => {
            say(format_args!("auditbox doctor: {message}\n{}", usage(HELP)));
            WRONG
        }
    }
}

/// What the words ask for: where to look, and whether the answer is JSON; none for help.
fn place(words: &[OsString]) -> Result<Option<(Place, bool)>, String> {
    let (mut root, mut machine, mut is_json) = (None, None, false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{} needs a value", word.to_string_lossy()));
        match word.as_encoded_bytes() {
            b"--root" => root = Some(mode_options::root(value()?)?),
            b"--machine" => machine = Some(mode_options::machine(value()?)?),
            b"--format" => match value()?.as_encoded_bytes() {
                b"json" => is_json = true,
                b"text" => is_json = false,
                _ => return Err("--format takes text or json".to_owned()),
            },
            b"--help" => return Ok(None),
            _ => return Err(format!("{} is no option here", word.to_string_lossy())),
        }
    }
    if machine.is_some() && root.is_none() {
        return Err("--machine needs --root".to_owned());
    }
    Ok(Some((Place::new(root, machine)?, is_json)))
}

/// Everything that is to be seen there.
fn gather(place: &Place) -> Facts {
    let mut facts = Facts { image: place.prefix(), ..Facts::default() };
    machine::start(place, &mut facts);
    if !place.is_image() {
        machine::kernel(&mut facts);
    }
    let config = files::configuration(place, &mut facts);
    rules::gather(place, &mut facts);
    if let Some(config) = &config {
        files::log(place, config, &mut facts);
        let names = files::plugins(place, config, &mut facts);
        if !place.is_image() {
            machine::report(names, &mut facts);
        }
    }
    files::logins(place, &mut facts);
    files::forget_owners(place, &mut facts);
    facts
}
