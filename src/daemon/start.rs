//! From the command line to the loop: the stages of the start in the order of auditd(8), and what each failure means.

use super::Identity;
use super::core::Core;
use super::early;
use super::enrich::Enricher;
use super::execute::Executor;
use super::log::output::LogOutput;
use super::rights::Rights;
use super::run::{Driver, Runner};
use super::worker::Worker;
use crate::abi::{Status, UNSET, kind, mask};
use crate::config::auditd::{Config, KEYS};
use crate::config::{self, HostChecks, Level};
use crate::host::logger::Logger;
use crate::host::paths::Paths;
use crate::host::plugins::{PluginSet, load_plugins};
use crate::host::{checks, load_config, node_name, place_of};
use crate::log::file::{check_directory, obstacle};
use crate::log::rotation;
use crate::log::space::{misordered, unmeetable};
use crate::sys::files::{self, File};
use crate::sys::netlink::{AuditSocket, NetlinkError};
use crate::sys::signals::{self, Signals};
use crate::sys::syslog::{LOG_DAEMON, Syslog};
use crate::sys::users::Users;
use crate::sys::{clock, errno, error_reason, process};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::rc::Rc;

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
    /// Where a newline is written when the daemon is up, forked or not, for supervisors that wait for one (s6, dinit, OpenRC).
    pub ready: Option<Rc<File>>,
    /// Where files are.
    pub paths: Paths,
}

/// Why the daemon did not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Exit status: 1, 4 without capabilities, 6 for a bad configuration.
    pub status: u8,
    /// The sentence; before it, if a key is to blame, a line that says where it stands.
    pub text: String,
}

/// Why a value that could be read keeps the daemon from starting: the exit status, the key, and a sentence.
type Fault = (u8, &'static str, String);

pub(super) fn refuse(status: u8, text: impl Into<String>) -> Refusal {
    Refusal { status, text: text.into() }
}

fn refuse_value(paths: &Paths, (status, key, text): Fault) -> Refusal {
    refuse(status, place_of(&paths.config, key) + "\n" + &text)
}

/// Reads auditd.conf as the daemon would: the values in force or why it would not start with them, and the diagnostics on them.
pub fn check_config(paths: &Paths) -> (Result<String, Refusal>, Vec<config::Diagnostic>) {
    let mut diagnostics = Vec::new();
    let loaded = load_config(&paths.config, paths.follow_links, &mut diagnostics).map_err(|text| refuse(6, text));
    let checked = loaded.and_then(|mut config| {
        check_values(&config, paths, &mut diagnostics).map_err(|fault| refuse_value(paths, fault))?;
        // A plugin that cannot run is said, and keeps the daemon from nothing.
        load_plugins(Path::new(&config.plugin_dir), &mut diagnostics);
        Ok(config::show(KEYS, &mut config))
    });
    (checked, diagnostics)
}

/// What the host makes of values that could be read.
fn check_values(config: &Config, paths: &Paths, diagnostics: &mut Vec<config::Diagnostic>) -> Result<(), Fault> {
    node_name(config).map_err(|text| (1, "name_format", text))?;
    check_place(config, diagnostics)?;
    check_writable(config, diagnostics)?;
    check_port(config, paths)
}

/// What a start would find when it opens the log.
fn check_writable(config: &Config, diagnostics: &mut Vec<config::Diagnostic>) -> Result<(), Fault> {
    let log = &config.log_file;
    if !writes_file(config) {
        return Ok(());
    }
    if let Some(foreign) = rotation::foreign(Path::new(log), config.num_logs) {
        let text = format!("{log} cannot be written: {} is no log of root's", foreign.display());
        return Err((1, "log_file", text));
    }
    let Some(obstacle) = obstacle(Path::new(log)) else { return Ok(()) };
    let cannot = if obstacle.is_for_rotation { "rotated" } else { "written" };
    let text = format!("{log} cannot be {cannot}: {} is {}", obstacle.part.display(), obstacle.what);
    if obstacle.is_for_rotation {
        diagnostics.push(config::Diagnostic { level: Level::Warning, text });
        return Ok(());
    }
    Err((1, "log_file", text))
}

/// Whether another program has the port that other machines are to connect to. While a daemon runs it may be that one's own.
fn check_port(config: &Config, paths: &Paths) -> Result<(), Fault> {
    // Without a listener the key is refused where it is read.
    let wanted = if cfg!(feature = "listener") { config.tcp_listen_port } else { 0 };
    let port = u16::try_from(wanted).unwrap_or_default();
    let is_running = || daemon_at(paths).is_some();
    if port == 0 || is_running() || !crate::sys::listen::is_taken(port) {
        return Ok(());
    }
    Err((1, "tcp_listen_port", format!("TCP port {port} is taken by another program")))
}

/// The daemon that the pid file names, if it runs: its pid and the name of its program.
fn daemon_at(paths: &Paths) -> Option<(i32, String)> {
    let pid = files::read_to_string(paths.pid_file()).ok()?.trim().parse().ok()?;
    Some((pid, process::command_name(pid)?))
}

fn writes_file(config: &Config) -> bool {
    config.write_logs && config.log_file != "-"
}

/// What the log's directory and file system make of a configuration: the same for a check and for a start.
fn check_place(config: &Config, diagnostics: &mut Vec<config::Diagnostic>) -> Result<(), Fault> {
    if !writes_file(config) {
        return Ok(());
    }
    let log = Path::new(&config.log_file);
    check_directory(log).map_err(|error| (1, "log_file", error.to_string()))?;
    // The key's value was checked when it was read; this is the default's turn.
    checks::ConfigChecker::open().check_log(&config.log_file, &mut Vec::new()).map_err(|text| (6, "log_file", text))?;
    let Ok(space) = files::space_at(log) else { return Ok(()) };
    match unmeetable(config, space) {
        Some((key, true, text)) => return Err((6, key, text)),
        Some((_, false, text)) => diagnostics.push(config::Diagnostic { level: Level::Warning, text }),
        None => {}
    }
    let misordered = misordered(config, space).map(|text| config::Diagnostic { level: Level::Warning, text });
    diagnostics.extend(misordered);
    Ok(())
}

/// Runs the daemon until it is told to stop. `print` takes the sentences while there is a terminal (in the foreground:
/// all of them), `stream` is standard output. In the parent of a daemon that forked this returns when the child is up.
pub fn run(mut options: Options, stream: File, mut print: impl FnMut(&str) + 'static) -> Result<(), Refusal> {
    process::lift_limits();
    signals::ignore_others();
    let mut diagnostics = Vec::new();
    let config = load_config(&options.paths.config, options.paths.follow_links, &mut diagnostics)
        .map_err(|text| refuse(6, text))
        .and_then(|config| {
            check_rights(&options, &config)?;
            if !options.foreground {
                check_place(&config, &mut diagnostics).map_err(|fault| refuse_value(&options.paths, fault))?;
            }
            Ok(config)
        });
    for note in diagnostics.iter().filter(|note| options.foreground || note.level < Level::Debug) {
        print(&note.text);
    }
    let config = config?;
    if config.priority_boost > 0 && process::renice(-(config.priority_boost as i32)).is_err() {
        print("Cannot change priority; going on with the one there is");
    }
    let ready = options.ready.take();
    if options.foreground {
        let logger = Logger::console(Box::new(print));
        return serve(&options, config, Some(stream), logger, &mut || notify_manager(&options), ready, None);
    }
    process::add_umask(0o022);
    let mut notify_starter: Box<dyn FnMut()> = Box::new(|| notify_manager(&options));
    let mut stream = Some(stream);
    if !options.no_fork {
        let (mut read, mut write) = process::pipe().map_err(|e| refuse(1, cannot_daemonize(e)))?;
        if let Some(child) = process::fork().map_err(|e| refuse(1, cannot_daemonize(e)))? {
            drop(write);
            return wait_for_child(&mut read, child);
        }
        drop(read);
        // Whoever reads what the starter prints waits for every copy to be closed.
        stream = stream.filter(|_| config.log_file == "-");
        notify_starter = Box::new(move || drop(write.write_all(b"+")));
    }
    let null = process::leave_session()
        .and_then(|()| process::null())
        .map_err(|e| refuse(1, format!("Cannot daemonize ({})", error_reason(&e))))?;
    let syslog = Syslog::open(format!("auditd[{}]", process::id()), LOG_DAEMON);
    serve(&options, config, stream, Logger::syslog(syslog, Box::new(print)), &mut *notify_starter, ready, Some(null))
}

fn cannot_daemonize(errno: i32) -> String {
    format!("Cannot daemonize ({})", crate::sys::error_text(errno))
}

/// A manager that does not listen gives the start up by itself.
fn notify_manager(options: &Options) {
    let _ = options.manager.as_deref().map(process::say_ready);
}

/// The child says one byte when it is up; or its reason on standard error, and ends.
fn wait_for_child(read: &mut File, child: i32) -> Result<(), Refusal> {
    match read.read(&mut [0]) {
        Ok(1) => Ok(()),
        _ => Err(refuse(process::exit_status(child).filter(|status| *status > 0).unwrap_or(1), "Cannot daemonize")),
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

/// Everything after the fork. Until the daemon is up, what is wrong also goes to standard error, by way of the applet. One in the background
/// has `null`, /dev/null, which the programs that it starts have from the first on.
fn serve(
    options: &Options,
    config: Config,
    stream: Option<File>,
    mut logger: Logger,
    notify_starter: &mut dyn FnMut(),
    ready: Option<Rc<File>>,
    null: Option<OwnedFd>,
) -> Result<(), Refusal> {
    process::reset_priority_on_fork();
    // Signals count from here on; they are read when the daemon is up. Nothing of another daemon's is touched before its
    // lock and the kernel say that there is none.
    let prepared = Signals::listen(&signals::LISTENED)
        .map_err(|e| refuse(1, format!("Cannot listen to signals ({})", crate::sys::error_text(e))))
        .and_then(|signals| Ok((signals, lock(&options.paths, &mut logger)?, open_sockets(options, &config)?)));
    let (signals, _lock, sockets) = match prepared {
        Ok(prepared) => prepared,
        Err(refusal) => {
            logger.log_silently(Level::Error, &refusal.text);
            return Err(refusal);
        }
    };
    write_pid_file(&options.paths, &mut logger);
    let mut runner = match bring_up(options, config, stream, logger, sockets, null) {
        Ok(runner) => runner,
        Err((refusal, mut logger)) => {
            remove_pid_file(&options.paths);
            logger.log_silently(Level::Error, &refusal.text);
            return Err(refusal);
        }
    };
    if let Err(refusal) = register(options, &mut runner).and_then(|()| listen(&mut runner)) {
        runner.finish();
        remove_pid_file(&options.paths);
        runner.driver.executor.logger.log_silently(Level::Error, &refusal.text);
        return Err(refusal);
    }
    let text = format!(
        "Init complete, auditd {} listening for events (startup state {})",
        env!("CARGO_PKG_VERSION"),
        options.state.name()
    );
    runner.driver.executor.logger.log(Level::Info, &text);
    if let Some(null) = &runner.driver.executor.null {
        process::leave_terminal(null).map_err(|e| refuse(1, format!("Cannot daemonize ({})", error_reason(&e))))?;
        runner.driver.executor.logger.leave_terminal();
    }
    // Closed after it, so that who reads on sees the end.
    let _ = ready.map(|supervisor| (&*supervisor).write_all(b"\n"));
    notify_starter();
    runner.run(&signals);
    runner.finish();
    remove_pid_file(&options.paths);
    runner.driver.executor.logger.log(Level::Info, "The audit daemon is exiting.");
    Ok(())
}

/// Makes the run directory and takes its lock, which is held as long as the file is open. None where no file can be made.
fn lock(paths: &Paths, logger: &mut Logger) -> Result<Option<File>, Refusal> {
    use std::os::unix::fs::DirBuilderExt;
    if let Err(e) = files::DirBuilder::new().recursive(true).mode(0o755).create(&paths.run) {
        let text = format!("Cannot create run directory {} ({})", paths.run.display(), error_reason(&e));
        logger.log(Level::Error, &text);
    }
    let path = paths.lock_file();
    let locked = files::open_append(&path, 0o600).and_then(|file| Ok((files::lock(&file)?, file)));
    match locked {
        Ok((true, file)) => Ok(Some(file)),
        Ok((false, _)) => {
            let locked = || format!("The audit system already has a daemon, which has locked {}", path.display());
            Err(refuse(1, daemon_at(paths).map_or_else(locked, |(pid, name)| other_daemon(&name, pid))))
        }
        Err(e) => {
            logger.log(Level::Error, &format!("Cannot lock {} ({})", path.display(), error_reason(&e)));
            Ok(None)
        }
    }
}

pub(super) fn other_daemon(name: &str, pid: i32) -> String {
    format!("The audit system already has a daemon: {name}, pid {pid}")
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
        Some(name) if other != 0 && other != process::id() && !early::is_early(other) => {
            Err(refuse(1, other_daemon(&name, other)))
        }
        _ => Ok((control, Some(events))),
    }
}

/// An error of the kernel's, with the reason where there is one to be seen.
pub(super) fn explain(error: NetlinkError) -> String {
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
    let pid = format!("{}\n", process::id());
    let written = files::open_write(&paths.pid_file(), 0o644).and_then(|mut file| file.write_all(pid.as_bytes()));
    if let Err(e) = written {
        logger.log(Level::Error, &format!("Unable to set pidfile ({})", error_reason(&e)));
    }
    if let Some(link) = &paths.pid_link {
        // A number that another daemon left there is out of date: this one owns the events.
        let _ = files::remove_file(link);
        if let Err(e) = std::os::unix::fs::symlink(paths.pid_file(), link) {
            logger.log(Level::Notice, &format!("Cannot make {} ({})", link.display(), error_reason(&e)));
        }
    }
}

fn remove_pid_file(paths: &Paths) {
    if let Some(link) =
        paths.pid_link.as_ref().filter(|link| files::read_link(link).is_ok_and(|to| to == paths.pid_file()))
    {
        let _ = files::remove_file(link);
    }
    let _ = files::remove_file(paths.pid_file());
}

/// Log, node name, first record.
fn bring_up(
    options: &Options,
    config: Config,
    stream: Option<File>,
    mut logger: Logger,
    (control, events): (AuditSocket, Option<AuditSocket>),
    null: Option<OwnedFd>,
) -> Result<Runner, (Refusal, Logger)> {
    let no_thread = |e: i32| refuse(1, format!("Cannot start a thread ({})", crate::sys::error_text(e)));
    let workers = match Worker::new().and_then(|worker| Ok([worker, Worker::new()?])) {
        Ok(workers) => workers,
        Err(e) => return Err((no_thread(e), logger)),
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
    let mut diagnostics = Vec::new();
    // The daemon of a host has plugins, not those that observe beside it.
    let plugins = match options.observe {
        true => PluginSet::default(),
        false => load_plugins(Path::new(&config.plugin_dir), &mut diagnostics),
    };
    let rights = Rights::needed(&config, config.local_events && !options.observe, !plugins.plugins.is_empty());
    let mut core = Core::new(config, identity(options), enricher, clock::now(), clock::monotonic().seconds);
    core.set_node(&node);
    let lost = files::read_to_string(options.paths.lost_file());
    core.set_kernel_lost(lost.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0));
    let executor = Executor::new(options.paths.clone(), logger, LogOutput::new(stream), control, workers, rights, null);
    let mut driver = Driver { core, executor };
    if to_log {
        driver.open_log();
        if driver.executor.output.is_closed() {
            return Err((refuse(1, "The audit log cannot be written"), driver.executor.logger));
        }
    }
    protect_from_oom_killer(&mut driver.executor.logger);
    if let Err(e) = rights.keep() {
        let text = format!("Cannot give up the rights that are not needed ({})", error_reason(&e));
        driver.executor.logger.log(Level::Warning, &text);
    }
    if let Err(e) = driver.executor.worker.start().and_then(|()| driver.executor.syncer.start()) {
        return Err((no_thread(e), driver.executor.logger));
    }
    diagnostics.iter().for_each(|note| driver.executor.logger.log(note.level, &note.text));
    if !options.observe {
        // They get the first record too.
        driver.core.start_plugins(plugins);
        driver.perform_all();
    }
    driver.core.record_start();
    driver.perform_all();
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
        booted: clock::now().seconds - clock::since_boot().seconds,
        foreground: options.foreground,
        observes: options.observe,
        descriptors: process::descriptor_limit(),
        #[cfg(feature = "tls")]
        program: process::executed_path().unwrap_or_else(|| b"?".to_vec()),
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
    early::look_for_trace(runner, &options.paths);
    let mut registered = runner.register();
    if registered == Err(NetlinkError::Refused(errno::EEXIST)) {
        registered = early::take_over(runner);
    }
    if let Err(error) = registered {
        runner.abort("set-pid");
        return Err(refuse(1, format!("Unable to set audit pid, exiting: {}", explain(error))));
    }
    runner.driver.core.ask_kernel();
    runner.driver.perform_all();
    Ok(())
}

/// Opens the port of the listener, if there is one.
fn listen(runner: &mut Runner) -> Result<(), Refusal> {
    let core = &mut runner.driver.core;
    let (port, observes) = (core.config().tcp_listen_port, core.observes());
    core.start_listening();
    runner.driver.perform_all();
    if port == 0 || observes || runner.driver.core.listener().is_listening() {
        return Ok(());
    }
    runner.abort("network-init");
    Err(refuse(1, format!("Unable to listen on TCP port {port}, exiting")))
}

pub(super) fn set_enabled(state: StartupState, control: &mut AuditSocket) -> Result<(), NetlinkError> {
    if state == StartupState::NoChange || control.status()?.enabled == Status::LOCKED {
        return Ok(());
    }
    let enabled = u32::from(state == StartupState::Enable);
    let request = Status { mask: mask::ENABLED, enabled, ..Status::default() };
    control.request(kind::SET, &request.encode()).map(drop)
}
