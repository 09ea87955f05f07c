//! From the command line to the loop: the stages of the start in the order of auditd(8), and what each failure means.

use super::Identity;
use super::core::Core;
use super::enrich::Enricher;
use super::execute::{Executor, Paths};
use super::log::output::LogOutput;
use super::logger::Logger;
use super::run::{Driver, Runner};
use super::worker::Worker;
use crate::abi::{Status, UNSET, kind, mask};
use crate::config::auditd::{Config, KEYS};
use crate::config::{self, Level};
use crate::host::{load_config, node_name};
use crate::sys::files::{self, File};
use crate::sys::netlink::{AuditSocket, NetlinkError};
use crate::sys::signals::{self, Signals};
use crate::sys::syslog::Syslog;
use crate::sys::users::Users;
use crate::sys::{clock, errno, error_reason, process};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::Path;

/// What `-s` asks of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartupState {
    /// Auditing off.
    Disable,
    /// Auditing on.
    Enable,
    /// As it is.
    NoChange,
}

impl StartupState {
    /// The state's name; any beginning of it will do. COMPAT: an empty word is `disable`.
    pub fn parse(word: &str) -> Option<StartupState> {
        let all = [StartupState::Disable, StartupState::Enable, StartupState::NoChange];
        all.into_iter().find(|state| state.name().starts_with(word))
    }

    fn name(self) -> &'static str {
        match self {
            StartupState::Disable => "disable",
            StartupState::Enable => "enable",
            StartupState::NoChange => "nochange",
        }
    }
}

/// The command line.
#[derive(Clone, Debug)]
pub struct Options {
    /// Stay in the foreground; records go to standard output.
    pub foreground: bool,
    /// Do not fork, but leave the terminal all the same.
    pub no_fork: bool,
    /// What to ask of the kernel.
    pub state: StartupState,
    /// Read the multicast copy of the events and own nothing.
    pub observe: bool,
    /// The socket of a service manager that waits to hear that a daemon which does not fork is up.
    pub manager: Option<OsString>,
    /// Where files are.
    pub paths: Paths,
}

/// Why the daemon did not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Exit status: 1, 4 without capabilities, 6 for a bad configuration.
    pub status: u8,
    /// The sentence.
    pub text: String,
}

fn refuse(status: u8, text: impl Into<String>) -> Refusal {
    Refusal { status, text: text.into() }
}

/// Reads auditd.conf as the daemon would: the values in force or why it would not start with them, and the notes on them.
pub fn check_config(paths: &Paths) -> (Result<String, Refusal>, Vec<config::Note>) {
    let mut notes = Vec::new();
    let loaded = load_config(&paths.config, paths.follow_links, &mut notes);
    let named = loaded.map_err(|text| refuse(6, text)).and_then(|config| match node_name(&config) {
        Ok(_) => Ok(config),
        Err(text) => Err(refuse(1, format!("{text} (key name_format)"))),
    });
    let shown = named.map(|mut config| config::show(KEYS, &mut config));
    (shown, notes)
}

/// Runs the daemon until it is told to stop. `print` takes the sentences while there is a terminal (in the foreground:
/// all of them), `stream` is standard output. In the parent of a daemon that forked this returns when the child is up.
pub fn run(options: Options, stream: File, mut print: impl FnMut(&str) + 'static) -> Result<(), Refusal> {
    process::lift_limits();
    signals::ignore_all();
    let mut notes = Vec::new();
    let loaded = load_config(&options.paths.config, options.paths.follow_links, &mut notes);
    for note in notes.iter().filter(|note| options.foreground || note.level < Level::Debug) {
        print(&note.text);
    }
    let config = loaded.map_err(|text| refuse(6, text))?;
    check_rights(&options, &config)?;
    if config.priority_boost > 0 && process::renice(-(config.priority_boost as i32)).is_err() {
        print("Cannot change priority; going on with the one there is");
    }
    if options.foreground {
        let logger = Logger::Console(Box::new(print));
        return serve(&options, config, stream, logger, &mut || notify_manager(&options));
    }
    process::add_umask(0o022);
    let mut notify_starter: Box<dyn FnMut()> = Box::new(|| notify_manager(&options));
    if !options.no_fork {
        let (mut read, mut write) = process::pipe().map_err(|e| refuse(1, cannot_daemonize(e)))?;
        if process::fork().map_err(|e| refuse(1, cannot_daemonize(e)))?.is_some() {
            drop(write);
            return wait_for_child(&mut read);
        }
        drop(read);
        notify_starter = Box::new(move || drop(write.write_all(b"+")));
    }
    process::leave_session().map_err(|e| refuse(1, format!("Cannot daemonize ({})", error_reason(&e))))?;
    let logger = Logger::Syslog(Syslog::open(format!("auditd[{}]", process::id())));
    serve(&options, config, stream, logger, &mut *notify_starter)
}

fn cannot_daemonize(errno: i32) -> String {
    format!("Cannot daemonize ({})", crate::sys::error_text(errno))
}

/// A manager that does not listen gives the start up by itself.
fn notify_manager(options: &Options) {
    let _ = options.manager.as_deref().map(process::say_ready);
}

/// The child says one byte when it is up, or its reason on standard error, and ends.
fn wait_for_child(read: &mut File) -> Result<(), Refusal> {
    match read.read(&mut [0]) {
        Ok(1) => Ok(()),
        _ => Err(refuse(1, "Cannot daemonize")),
    }
}

fn check_rights(options: &Options, config: &Config) -> Result<(), Refusal> {
    let (may, capability) = match options.observe {
        true => (process::can_read_audit(), "CAP_AUDIT_READ"),
        false => (process::can_control_audit(), "CAP_AUDIT_CONTROL"),
    };
    if may || (!options.observe && !config.local_events && process::effective_uid() == 0) {
        return Ok(());
    }
    let text = "You must be root or have capabilities to run this program.";
    Err(refuse(4, format!("{text}\nThe capability {capability} is missing.")))
}

/// Everything after the fork. Until the daemon is up its sentences also go to standard error, by way of the applet.
fn serve(
    options: &Options,
    config: Config,
    stream: File,
    mut logger: Logger,
    notify_starter: &mut dyn FnMut(),
) -> Result<(), Refusal> {
    let fail = |logger: &mut Logger, refusal: Refusal| {
        if let Logger::Syslog(_) = logger {
            logger.log(Level::Error, &refusal.text);
        }
        refusal
    };
    process::reset_priority_on_fork();
    let (control, events) = match open_sockets(options, &config) {
        Ok(sockets) => sockets,
        Err(refusal) => return Err(fail(&mut logger, refusal)),
    };
    write_pid_file(&options.paths, &mut logger);
    let started = bring_up(options, config, stream, logger, control, events);
    let mut runner = match started {
        Ok(runner) => runner,
        Err((refusal, mut logger)) => {
            let _ = files::remove_file(options.paths.pid_file());
            return Err(fail(&mut logger, refusal));
        }
    };
    let registered = Signals::listen(&signals::LISTENED)
        .map_err(|e| refuse(1, format!("Cannot listen to signals ({})", crate::sys::error_text(e))))
        .and_then(|signals| register(options, &mut runner).map(|()| signals));
    let signals = match registered {
        Ok(signals) => signals,
        Err(refusal) => {
            runner.finish();
            let _ = files::remove_file(options.paths.pid_file());
            return Err(fail(&mut runner.driver.executor.logger, refusal));
        }
    };
    let text = format!(
        "Init complete, auditd {} listening for events (startup state {})",
        env!("CARGO_PKG_VERSION"),
        options.state.name()
    );
    runner.driver.executor.logger.log(Level::Info, &text);
    if !options.foreground {
        process::leave_terminal().map_err(|e| refuse(1, format!("Cannot daemonize ({})", error_reason(&e))))?;
    }
    notify_starter();
    runner.run(&signals);
    runner.finish();
    let _ = files::remove_file(options.paths.pid_file());
    runner.driver.executor.logger.log(Level::Info, "The audit daemon is exiting.");
    Ok(())
}

/// The socket for questions, and the one records come from. Sees to it that no other daemon is at work.
fn open_sockets(options: &Options, config: &Config) -> Result<(AuditSocket, Option<AuditSocket>), Refusal> {
    let open_failed = |e: NetlinkError| refuse(1, format!("Cannot open netlink audit socket: {}", explain(e)));
    let mut control = AuditSocket::open().map_err(open_failed)?;
    if options.observe {
        let events = AuditSocket::observe().map_err(open_failed)?;
        if !process::is_in_first_network() {
            let text =
                "This is a network namespace of its own; the kernel gives observers in the first one alone their copy";
            return Err(refuse(1, text));
        }
        let owner = control.status().map_or(0, |status| status.pid as i32);
        if owner != 0 && process::has_open(owner, Path::new(&config.log_file)) {
            let log = &config.log_file;
            return Err(refuse(1, format!("{log} is written by pid {owner}; an observer needs a log_file of its own")));
        }
        return Ok((control, Some(events)));
    }
    if !config.local_events {
        return Ok((control, None));
    }
    let events = AuditSocket::open().map_err(open_failed)?;
    events.ignore_overruns().map_err(|e| {
        refuse(1, format!("Cannot set netlink no enobufs option ({})", crate::sys::error_text(e.errno())))
    })?;
    let status = control.status().map_err(|e| refuse(1, format!("Cannot talk to the kernel: {}", explain(e))))?;
    let other = status.pid as i32;
    match process::command_name(other) {
        Some(name) if other != 0 && other != process::id() => {
            Err(refuse(1, format!("The audit system already has a daemon: {name}, pid {other}")))
        }
        _ => Ok((control, Some(events))),
    }
}

/// An error of the kernel's, with the reason where there is one to be seen.
fn explain(error: NetlinkError) -> String {
    let (first_user, first_pid) = process::namespaces();
    let reason = match error.errno() {
        errno::EPROTONOSUPPORT | errno::EAFNOSUPPORT => "this kernel has no audit support",
        errno::ECONNREFUSED if !first_user => {
            "this is a user namespace of its own; the kernel talks about auditing only in the first one"
        }
        errno::ECONNREFUSED => "this kernel has no audit support, or nobody answers in this network namespace",
        errno::EPERM if !process::can_control_audit() => "the capability CAP_AUDIT_CONTROL is missing",
        errno::EPERM if !first_pid => {
            "this is a pid namespace of its own; the kernel takes an audit daemon only from the first one (--observe needs none)"
        }
        errno::EPERM if !first_user => "this is a user namespace of its own",
        _ => return error.to_string(),
    };
    format!("{error}: {reason}")
}

fn write_pid_file(paths: &Paths, logger: &mut Logger) {
    use std::os::unix::fs::DirBuilderExt;
    if let Err(e) = files::DirBuilder::new().recursive(true).mode(0o755).create(&paths.run) {
        let text = format!("Cannot create run directory {} ({})", paths.run.display(), error_reason(&e));
        logger.log(Level::Error, &text);
    }
    let pid = format!("{}\n", process::id());
    let written = files::open_write(&paths.pid_file(), 0o644).and_then(|mut file| file.write_all(pid.as_bytes()));
    if let Err(e) = written {
        logger.log(Level::Error, &format!("Unable to set pidfile ({})", error_reason(&e)));
    }
}

/// Log, node name, first record.
fn bring_up(
    options: &Options,
    config: Config,
    stream: File,
    mut logger: Logger,
    control: AuditSocket,
    events: Option<AuditSocket>,
) -> Result<Runner, (Refusal, Logger)> {
    let worker = match Worker::start() {
        Ok(worker) => worker,
        Err(e) => return Err((refuse(1, format!("Cannot start a thread ({})", crate::sys::error_text(e))), logger)),
    };
    let node = match node_name(&config) {
        Ok(node) => node,
        Err(text) => return Err((refuse(1, text), logger)),
    };
    if options.observe {
        logger
            .log(Level::Warning, "Observing only: events the kernel has no room for are lost, and no rule is enforced");
    }
    let enricher = Enricher::new(Users::open(Path::new("/")), &process::machine());
    let to_log = config.write_logs || options.foreground;
    let mut core = Core::new(config, identity(options), enricher, clock::now(), clock::monotonic().seconds);
    core.set_node(&node);
    let lost = files::read_to_string(options.paths.lost_file());
    core.set_kernel_lost(lost.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0));
    let executor = Executor::new(options.paths.clone(), logger, LogOutput::new(stream), control, worker);
    let mut driver = Driver { core, executor };
    if to_log {
        driver.open_log();
        if driver.executor.output.is_closed() {
            return Err((refuse(1, "The audit log cannot be written; see above"), driver.executor.logger));
        }
    }
    driver.core.record_start();
    driver.perform_all();
    protect_from_oom_killer(&mut driver.executor.logger);
    Ok(Runner::new(driver, events))
}

fn identity(options: &Options) -> Identity {
    let pid = process::id();
    Identity {
        pid,
        auid: process::login_uid(pid).unwrap_or(UNSET),
        uid: process::effective_uid(),
        session: process::session(pid).unwrap_or(UNSET),
        context: process::security_context(),
        kernel: process::kernel_release(),
        foreground: options.foreground,
        observes: options.observe,
    }
}

fn protect_from_oom_killer(logger: &mut Logger) {
    if files::write("/proc/self/oom_score_adj", "-1000").is_err() && files::write("/proc/self/oom_adj", "-17").is_err()
    {
        logger.log(Level::Notice, "Unable to adjust out of memory score");
    }
}

/// Switches auditing on and tells the kernel who we are.
fn register(options: &Options, runner: &mut Runner) -> Result<(), Refusal> {
    if options.observe || !runner.has_events() {
        return Ok(());
    }
    if let Err(error) = set_enabled(options.state, &mut runner.driver.executor.control) {
        runner.abort("set-enable");
        let state = options.state.name();
        let text = format!("Unable to set initial audit startup state to '{state}', exiting: {}", explain(error));
        return Err(refuse(1, text));
    }
    if let Err(error) = runner.register() {
        runner.abort("set-pid");
        return Err(refuse(1, format!("Unable to set audit pid, exiting: {}", explain(error))));
    }
    runner.driver.core.ask_kernel();
    runner.driver.perform_all();
    Ok(())
}

fn set_enabled(state: StartupState, control: &mut AuditSocket) -> Result<(), NetlinkError> {
    if state == StartupState::NoChange || control.status()?.enabled == Status::LOCKED {
        return Ok(());
    }
    let enabled = u32::from(state == StartupState::Enable);
    let wish = Status { mask: mask::ENABLED, enabled, ..Status::default() };
    control.request(kind::SET, &wish.encode()).map(drop)
}
