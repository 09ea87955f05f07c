//! augenrules(8): merges /etc/audit/rules.d into /etc/audit/audit.rules and loads it.
//!
//! Everything happens in this process: no shell, nothing in /tmp. The new file is written beside the old one, synced, and
//! renamed over it, so that a reader or a crash meets the one or the other. Where /etc cannot be written, --load takes
//! the merged rules to the kernel without a file.

use crate::control::rules_file::{self, MAX_SIZE, SourceFile};
use crate::control::{self, ThisHost, check, io_error_text};
use crate::output::{complain, must_finish, say, show};
use argh::FromArgs;
use auditbox::abi::Status;
use auditbox::sys::files;
use auditbox::sys::netlink::AuditSocket;
use auditbox::sys::process;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

const SOURCE: &str = "/etc/audit/rules.d";
const TARGET: &str = "/etc/audit/audit.rules";
const PREVIOUS: &str = "/etc/audit/audit.rules.prev";
/// What the new file is called until it is whole.
const TEMPORARY: &str = ".audit.rules.new";
/// Mode of what is written.
const MODE: u32 = 0o640;

/// What the words ask for.
#[derive(FromArgs)]
struct Options {
    /// say whether the rules have changed
    #[argh(switch)]
    check: bool,
    /// load the rules
    #[argh(switch)]
    load: bool,
}

/// One run.
struct Invocation {
    /// How we were called.
    name: String,
    options: Options,
}

/// Why a run ends with status 1. The sentence is said on standard error.
struct Trouble(String);

/// Runs the command; `words` begins with its name.
pub(crate) fn run(words: &[OsString]) -> u8 {
    let name = own_name(words.first());
    let words: Vec<_> = words.iter().skip(1).map(|word| word.to_string_lossy()).collect();
    let texts: Vec<&str> = words.iter().map(|word| &**word).collect();
    let Ok(options) = Options::from_args(&[&name], &texts) else {
        show(format!("Usage: {name} [--check|--load]\n").as_bytes());
        return 1;
    };
    let invocation = Invocation { name, options };
    if !invocation.options.check {
        must_finish();
    }
    invocation.execute().unwrap_or_else(|Trouble(message)| {
        say(format_args!("{}: {message}", invocation.name));
        1
    })
}

/// How we were called. COMPAT: the path, where a shell has looked up the name, as `$0` of a script is.
fn own_name(word: Option<&OsString>) -> String {
    let word = word.map(PathBuf::from).unwrap_or_default();
    let path = process::executed_path().map(|path| PathBuf::from(OsString::from_vec(path)));
    path.filter(|path| path.file_name() == word.file_name()).unwrap_or(word).to_string_lossy().into_owned()
}

impl Invocation {
    fn tell(&self, message: &str) {
        show(format!("{}: {message}\n", self.name).as_bytes());
    }

    fn execute(&self) -> Result<u8, Trouble> {
        if !Path::new(SOURCE).is_dir() {
            self.tell(&format!("No rules directory - {SOURCE}"));
            self.load_target(&[]);
            return Ok(1);
        }
        let sources = rules_file::read_directory(Path::new(SOURCE)).map_err(Trouble)?;
        if self.options.check {
            complain(&check::compact(&sources));
        }
        let merged = rules_file::merged(&sources);
        if files::read_up_to(Path::new(TARGET), MAX_SIZE).is_ok_and(|current| current == merged) {
            self.tell("No change");
            return Ok(if self.is_locked() { 0 } else { self.load_target(&sources) });
        }
        if self.options.check {
            self.tell("Rules have changed and should be updated");
            return Ok(0);
        }
        if self.is_locked() {
            return Ok(0);
        }
        match install(&merged) {
            Ok(()) => Ok(self.load_target(&sources)),
            Err(error) if self.options.load && error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                say(format_args!("{}: {TARGET} cannot be written (read-only); loading without it", self.name));
                Ok(load_without_target(&sources))
            }
            Err(error) => Err(Trouble(format!("cannot write {TARGET} ({})", io_error_text(&error)))),
        }
    }

    /// Whether the kernel takes no more changes until it is booted again, which is said.
    fn is_locked(&self) -> bool {
        let status = AuditSocket::open().and_then(|mut socket| socket.status());
        let locked = status.is_ok_and(|status| status.enabled == Status::LOCKED);
        if locked {
            self.tell("Audit system is in immutable mode - exiting with no changes");
        }
        locked
    }

    /// With --load, does what `auditctl -R` on the target does. Messages name the places in `sources`, which were merged into it.
    fn load_target(&self, sources: &[SourceFile]) -> u8 {
        if !self.options.load {
            return 0;
        }
        let host = ThisHost::new();
        match control::open_kernel(&host) {
            Ok(mut kernel) => rules_file::load_merged(Path::new(TARGET), sources, &host, &mut kernel),
            Err(status) => status,
        }
    }
}

fn load_without_target(sources: &[SourceFile]) -> u8 {
    let host = ThisHost::new();
    match control::open_kernel(&host) {
        Ok(mut kernel) => rules_file::run_merged(sources, &host, &mut kernel),
        Err(status) => status,
    }
}

/// Puts the new file in the place of the old one, whose owner it gets, and which is kept as the previous one. A link is
/// followed, so that the file may live elsewhere.
fn install(text: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(TARGET).unwrap_or_else(|_| PathBuf::from(TARGET));
    let temporary = target.with_file_name(TEMPORARY);
    let written = files::write_whole(&temporary, text, MODE).and_then(|()| {
        if let Ok(old) = fs::metadata(&target)
            && old.is_file()
        {
            chown(&temporary, Some(old.uid()), Some(old.gid()))?;
            fs::copy(&target, PREVIOUS)?;
            fs::set_permissions(PREVIOUS, PermissionsExt::from_mode(MODE))?;
        }
        fs::rename(&temporary, &target)
    });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written?;
    // The new name is lasting once the directory is.
    File::open(target.parent().unwrap_or(Path::new("/")))?.sync_all()
}
