//! augenrules(8): merges /etc/audit/rules.d into /etc/audit/audit.rules and loads it.
//!
//! Everything happens in this process: no shell, nothing in /tmp. The new file is written beside the old one, synced, and
//! renamed over it, so that a reader or a crash meets the one or the other. Where /etc cannot be written, --load takes
//! the merged rules to the kernel without a file.
//!
//! With --root it does so for an image: the rules are proved for the image's machine, accounts and directories, and written into
//! it only when all are right. This machine's kernel is not asked.
//!
//! --profile works on the files of rules.d alone, by `control::profile` and `control::library`.

use crate::control::library::{self, Profile};
use crate::control::rules_file::Rules;
use crate::control::rules_file::{self, MAX_SIZE, SourceFile};
use crate::control::{self, DryRun, RuleHost, check::Judgement, mode_options, transaction};
use crate::help::help;
use crate::options::usage;
use crate::output::{complain, must_finish, say, show};
use argh::FromArgs;
use auditbox::abi::Status;
use auditbox::rule::Host;
use auditbox::sys::error_reason;
use auditbox::sys::files;
use auditbox::sys::netlink::AuditSocket;
use auditbox::sys::signals::EndDeferred;
use auditbox::sys::{process, root};
use auditbox::tables::machine::Machine;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

const SOURCE: &str = "/etc/audit/rules.d";
const TARGET: &str = "/etc/audit/audit.rules";
/// What the old file is called afterwards.
const PREVIOUS: &str = "audit.rules.prev";
/// What the new file is called until it is whole.
const TEMPORARY: &str = ".audit.rules.new";
/// Mode of what is written.
const MODE: u32 = 0o640;

pub(crate) const HELP: &str = help!("augenrules.txt");

/// What the words ask for.
#[derive(FromArgs)]
struct Options {
    /// say whether the rules have changed
    #[argh(switch)]
    check: bool,
    /// load the rules
    #[argh(switch)]
    load: bool,
    /// merge and prove the rules of the system below this directory
    #[argh(option)]
    root: Option<String>,
    /// the machine of that system, if it is not this one
    #[argh(option)]
    machine: Option<String>,
    /// with --load, all of them or none
    #[argh(switch)]
    atomic: bool,
    /// the same, without those for users and paths that this host has not
    #[argh(switch)]
    skip_missing: bool,
    /// a profile of the policy library: what of it rules.d has
    #[argh(option)]
    profile: Option<String>,
    /// with --profile, put its files there
    #[argh(switch)]
    install: bool,
    /// name the profiles
    #[argh(switch)]
    profiles: bool,
}

impl Options {
    /// Whether the options go together.
    fn is_right(&self) -> bool {
        let profile = match (&self.profile, self.check, self.install) {
            (None, check, install) => !(install || self.profiles && check),
            (Some(_), check, install) => check != install && !self.profiles,
        };
        let loads = self.load && (self.profile.is_some() || self.profiles);
        profile && !loads && (self.load || !self.is_whole())
    }

    /// All rules or none are loaded.
    fn is_whole(&self) -> bool {
        self.atomic || self.skip_missing
    }
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
    let Some(options) = Options::from_args(&[&name], &texts).ok().filter(Options::is_right) else {
        // COMPAT: by the name it was called by.
        show((usage(HELP).replacen("augenrules", &name, 1) + "\n").as_bytes());
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
    fn log(&self, message: &str) {
        show(format!("{}: {message}\n", self.name).as_bytes());
    }

    fn execute(&self) -> Result<u8, Trouble> {
        let machine = self
            .options
            .machine
            .as_ref()
            .map(|name| mode_options::machine(&name.into()))
            .transpose()
            .map_err(Trouble)?;
        let root =
            self.options.root.as_ref().map(|root| mode_options::root(&root.into())).transpose().map_err(Trouble)?;
        if self.options.profiles || self.options.profile.is_some() {
            if cfg!(not(feature = "rule-tools")) {
                return Err(Trouble("this program was built without profiles".to_owned()));
            }
            return self.use_profile(root, machine).map_err(Trouble);
        }
        match &root {
            Some(root) => self.merge_image(root, machine),
            None if machine.is_some() => Err(Trouble("Option --machine needs --root".to_owned())),
            None => self.merge_here(),
        }
    }

    /// Names profiles, compares one with rules.d, or installs it there.
    fn use_profile(&self, root: Option<PathBuf>, machine: Option<Machine>) -> Result<u8, String> {
        let library = library::library(root.as_deref());
        let Some(name) = &self.options.profile else { return library::list(&library) };
        let rules_d =
            root.as_ref().map_or_else(|| Ok(PathBuf::from(SOURCE)), |root| within(root, Path::new(SOURCE)))?;
        let host = RuleHost::planned(root, machine);
        let machine = host.machine().ok_or("which machine is this? --machine names it")?;
        let profile = Profile::open(name, library, machine)?;
        if self.options.install { profile.install(&rules_d, &host) } else { profile.check(&rules_d, &host) }
    }

    /// Merges the rules of an image, if all of them are right; otherwise nothing is written.
    fn merge_image(&self, root: &Path, machine: Option<Machine>) -> Result<u8, Trouble> {
        if self.options.load {
            return Err(Trouble("Options --root and --load: rules for another system are not loaded here".to_owned()));
        }
        let within = |path: &Path| within(root, path).map_err(Trouble);
        let listed = rules_file::list_directory(&within(Path::new(SOURCE))?).map_err(Trouble)?;
        let target = within(Path::new(TARGET))?;
        let inside = |path: &PathBuf| within(&Path::new(SOURCE).join(path.file_name().unwrap_or_default()));
        let paths = listed.iter().map(inside).collect::<Result<Vec<_>, _>>()?;
        let sources = rules_file::read_all(&paths).map_err(Trouble)?;
        let host = RuleHost::planned(Some(root.to_owned()), machine);
        if rules_file::run_merged(&sources, &host, &mut DryRun::silent()) != 0 || self.would_stop(&sources, &host) {
            return Err(Trouble(format!("{} stays as it is", target.display())));
        }
        let merged = rules_file::merged(&sources);
        if files::read_up_to(&target, MAX_SIZE).is_ok_and(|current| current == merged) {
            self.log("No change");
        } else if self.options.check {
            self.log("Rules have changed and should be updated");
        } else {
            install(&merged, &target)
                .map_err(|error| Trouble(format!("cannot write {} ({})", target.display(), error_reason(&error))))?;
        }
        Ok(0)
    }

    /// COMPAT: a link that leads nowhere does not keep the other files from being merged. What it stands for is missing, though.
    fn leads_somewhere(&self, path: &Path) -> bool {
        let found = path.metadata();
        if let Err(error) = &found {
            say(format_args!("{}: left out {} ({})", self.name, path.display(), error_reason(error)));
        }
        found.is_ok()
    }

    fn merge_here(&self) -> Result<u8, Trouble> {
        if !Path::new(SOURCE).is_dir() {
            self.log(&format!("No rules directory - {SOURCE}"));
            self.load_target(&[]);
            return Ok(1);
        }
        let mut paths = rules_file::list_directory(Path::new(SOURCE)).map_err(Trouble)?;
        if !self.options.check && !self.options.is_whole() {
            paths.retain(|path| self.leads_somewhere(path));
        }
        let sources = rules_file::read_all(&paths).map_err(|reason| {
            // At boot the rules that were merged last are better than none.
            if !self.options.is_whole() {
                self.load_target(&[]);
            }
            Trouble(reason)
        })?;
        let stops = self.options.check && self.would_stop(&sources, &RuleHost::planned(None, None));
        let merged = rules_file::merged(&sources);
        if self.options.is_whole() {
            return self.load_whole(sources, &merged);
        }
        if files::read_up_to(Path::new(TARGET), MAX_SIZE).is_ok_and(|current| current == merged) {
            self.log("No change");
            return Ok(if self.is_locked() {
                u8::from(stops)
            } else {
                self.load_target(&sources).max(u8::from(stops))
            });
        }
        if self.options.check {
            self.log("Rules have changed and should be updated");
            return Ok(u8::from(stops));
        }
        if self.is_locked() {
            return Ok(0);
        }
        match install(&merged, Path::new(TARGET)) {
            Ok(()) => Ok(self.load_target(&sources)),
            Err(error) if self.options.load && error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                say(format_args!("{}: {TARGET} cannot be written (read-only); loading without it", self.name));
                Ok(load_without_target(&sources))
            }
            Err(error) => Err(Trouble(format!("cannot write {TARGET} ({})", error_reason(&error)))),
        }
    }

    /// Whether loading the rules would stop before the last. Then, and with --check, says what is wrong or doubtful in them.
    fn would_stop(&self, sources: &[SourceFile], host: &RuleHost) -> bool {
        if cfg!(not(feature = "rule-tools")) {
            return false;
        }
        let judgement = Judgement::of(sources, host);
        if self.options.check || judgement.stops() {
            complain(&judgement.said);
        }
        judgement.stops()
    }

    /// With --load --atomic: the rules come into force whole, or neither they nor the file change.
    fn load_whole(&self, files: Vec<SourceFile>, merged: &[u8]) -> Result<u8, Trouble> {
        let host = RuleHost::new();
        let mut kernel = match control::open_kernel(&host) {
            Ok(kernel) => kernel,
            Err(status) => return Ok(status),
        };
        let rules = Rules { files, is_set: true };
        // The file changes with the kernel's rules.
        let _deferred = EndDeferred::begin();
        let status = transaction::load(&rules, self.options.skip_missing, &host, &mut kernel);
        if status != 0 || fs::read(TARGET).is_ok_and(|current| current == merged) {
            return Ok(status);
        }
        match install(merged, Path::new(TARGET)) {
            Err(error) if error.kind() != io::ErrorKind::ReadOnlyFilesystem => {
                Err(Trouble(format!("cannot write {TARGET} ({})", error_reason(&error))))
            }
            _ => Ok(0),
        }
    }

    /// Whether the kernel takes no more changes until it is booted again, which is said.
    fn is_locked(&self) -> bool {
        let status = AuditSocket::open().and_then(|mut socket| socket.status());
        let locked = status.is_ok_and(|status| status.enabled == Status::LOCKED);
        if locked {
            self.log("Audit system is in immutable mode - exiting with no changes");
        }
        locked
    }

    /// With --load, does what `auditctl -R` on the target does. Messages name the places in `sources`, which were merged into it.
    fn load_target(&self, sources: &[SourceFile]) -> u8 {
        if !self.options.load {
            return 0;
        }
        let host = RuleHost::new();
        match control::open_kernel(&host) {
            Ok(mut kernel) => rules_file::load_merged(Path::new(TARGET), sources, &host, &mut kernel),
            Err(status) => status,
        }
    }
}

fn load_without_target(sources: &[SourceFile]) -> u8 {
    let host = RuleHost::new();
    match control::open_kernel(&host) {
        Ok(mut kernel) => rules_file::run_merged(sources, &host, &mut kernel),
        Err(status) => status,
    }
}

/// Where a path of an image lies. Links stay within the image, absolute ones too.
fn within(root: &Path, path: &Path) -> Result<PathBuf, String> {
    let resolve = |path: &Path| root::resolve(root, path.as_os_str().as_bytes());
    let found = resolve(path).or_else(|error| {
        // Of a file that is not there yet its directory decides. A link whose end is not in the image would be followed on this system.
        let beside = resolve(path.parent().unwrap_or(path))?.join(path.file_name().unwrap_or_default());
        if fs::symlink_metadata(&beside).is_ok() { Err(error) } else { Ok(beside) }
    });
    found.map_err(|error: io::Error| {
        let here = root.join(path.strip_prefix("/").unwrap_or(path));
        format!("cannot read {} ({})", here.display(), error_reason(&error))
    })
}

/// Puts the new file in the place of the old one, whose owner it gets, and which is kept as the previous one with its owner and
/// mode. A link is followed, so that the file may live elsewhere.
fn install(text: &[u8], name: &Path) -> io::Result<()> {
    let target = fs::canonicalize(name).unwrap_or_else(|_| name.to_owned());
    let previous = name.with_file_name(PREVIOUS);
    let temporary = target.with_file_name(TEMPORARY);
    let written = files::write_whole(&temporary, text, MODE).and_then(|()| {
        if let Ok(old) = fs::metadata(&target)
            && old.is_file()
        {
            chown(&temporary, Some(old.uid()), Some(old.gid()))?;
            files::write_whole(&previous, &fs::read(&target)?, old.mode() & 0o7777)?;
            chown(&previous, Some(old.uid()), Some(old.gid()))?;
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
