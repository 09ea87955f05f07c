//! Performs the core's effects on this machine: files, programs, questions to the kernel, jobs for the worker.

use super::children::{Children, Task};
use super::core::Core;
use super::dispatch::PluginId;
use super::dispatch::processes::{Processes, Written};
use super::listen::sockets::Sockets;
use super::log::output::{self, LogOutput};
use super::report::Facts;
use super::rights::Rights;
use super::worker::{self, Job, Loaded, Worker};
use super::{Effect, HelperEnd, Input};
use crate::abi::kind;
use crate::config::Level;
use crate::config::auditd::Config;
use crate::host::checks;
use crate::host::logger::Logger;
use crate::host::paths::Paths;
use crate::sys::netlink::AuditSocket;
use crate::sys::{child, clock, error_reason, files, process, terminals};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// Everything that performs effects.
pub(super) struct Executor {
    pub(super) paths: Paths,
    pub(super) logger: Logger,
    pub(super) output: LogOutput,
    /// The socket for questions to the kernel.
    pub(super) control: AuditSocket,
    /// For configuration, names and reports.
    pub(super) worker: Worker,
    /// For syncs, which wait for nothing else.
    pub(super) syncer: Worker,
    children: Children,
    /// What programs write to, of a daemon in the background; else they have its own output.
    pub(super) null: Option<OwnedFd>,
    pub(super) plugins: Processes,
    pub(super) peers: Sockets,
    /// What the process may do.
    pub(super) rights: Rights,
    is_stopped: bool,
}

impl Executor {
    pub(super) fn new(
        paths: Paths,
        logger: Logger,
        output: LogOutput,
        control: AuditSocket,
        [worker, syncer]: [Worker; 2],
        rights: Rights,
        null: Option<OwnedFd>,
    ) -> Executor {
        Executor {
            paths,
            logger,
            output,
            control,
            worker,
            syncer,
            children: Children::default(),
            null,
            plugins: Processes::default(),
            peers: Sockets::default(),
            rights,
            is_stopped: false,
        }
    }

    /// Whether [`Effect::Stop`] was performed.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Performs one effect; its answer, if it has one at once.
    pub(super) fn perform(&mut self, core: &mut Core, effect: Effect) -> Option<Input<'static>> {
        let config = core.config();
        match effect {
            Effect::Write => {
                let (lines, is_failing) = core.pending();
                return self.output.write(lines, is_failing);
            }
            Effect::Open => return self.output.open(config, core.writes_stream(), core.node(), &mut self.logger),
            Effect::MeasureSpace => return self.output.measure(),
            Effect::Rotate { keep_all } => return self.rotate(config, keep_all),
            Effect::Close => self.output.close(),
            Effect::Sync { data_only } => {
                if let Some(file) = self.output.handle() {
                    self.syncer.give(Job::Sync { file, data_only });
                }
            }
            Effect::ReleaseReserve => output::release_reserve(config),
            Effect::MakeReserve => self.output.make_reserve(config),
            Effect::RemoveExcess => output::remove_excess(config, &mut self.logger),
            // Where the kernel is not to be asked, what the signal itself says has to do.
            Effect::AskSender => {
                return self.control.send(kind::SIGNAL_INFO, &[]).err().map(|_| Input::Sender(None));
            }
            Effect::AskKernel => drop(self.control.send(kind::GET, &[])),
            Effect::LoadConfig => {
                let job = Job::LoadConfig { path: self.paths.config.clone(), follow_links: self.paths.follow_links };
                if !self.worker.give(job) {
                    return Some(Input::Config(Err("The configuration could not be read now".to_string())));
                }
            }
            Effect::LoadNames { anyway } => drop(self.worker.give(Job::LoadNames { anyway })),
            Effect::Renice(by) => {
                if process::renice(by as i32).is_err() {
                    self.logger.log(Level::Warning, "Cannot change priority in reconfigure");
                }
            }
            Effect::Log(level, text) => self.logger.log(level, &text),
            Effect::Mail(subject, body) => self.mail(&config.action_mail_acct, subject, &body),
            Effect::RunHelper(path, purpose) => {
                if !self.start(&[&path], Task::Helper(path.clone(), purpose)) {
                    return Some(Input::HelperEnded(purpose, HelperEnd::NotStarted));
                }
            }
            Effect::Runlevel(level) => {
                if level == '0' {
                    terminals::console("auditd: will try to change runlevel to 0\n");
                }
                self.start(&["/sbin/init", level.encode_utf8(&mut [0; 4])], Task::Runlevel(level));
            }
            Effect::Wall => terminals::wall(
                "\nBroadcast message from audit daemon:\nThe audit system is low on disk space and is now halting the \
                 system for admin corrective action.\n",
            ),
            Effect::Report => self.report(core),
            Effect::SaveKernelLost(lost) => {
                let (path, content) = (self.paths.lost_file(), lost.to_string().into_bytes());
                self.worker.give(Job::Save { path, content, group: 0 });
            }
            Effect::StartPlugin(id) => {
                let started = self.plugins.start(id, &core.dispatch().words(id), self.null.as_ref());
                return Some(Input::PluginStarted(id, started));
            }
            Effect::WritePlugin(id) => return Some(self.write_plugin(core, id)),
            Effect::ClosePlugin(id) => self.plugins.close(id),
            Effect::SignalPlugin { id, kill } => self.plugins.signal(id, kill),
            Effect::Peer(order) => {
                return self.peers.perform(order, config, core.listener()).map(Input::Peer);
            }
            Effect::Stop => self.is_stopped = true,
        }
        None
    }

    fn write_plugin(&self, core: &Core, id: PluginId) -> Input<'static> {
        match self.plugins.write(id, core.dispatch().pending(id)) {
            Written::Some { count, is_blocked } => Input::PluginWrote { id, count, is_blocked },
            Written::Gone { is_unread } => Input::PluginGone { id, is_unread },
        }
    }

    /// Rotates the log; what the old one still needs goes on in the background.
    fn rotate(&mut self, config: &Config, keep_all: bool) -> Option<Input<'static>> {
        let (result, retired) = self.output.rotate(config, keep_all, &mut self.logger)?;
        if let Some(retired) = retired {
            self.syncer.give(Job::Sync { file: retired.file, data_only: false });
            let command = &config.compress_command;
            if let Some(path) = retired.path {
                if command.is_empty() {
                    self.worker.give(Job::Index { path });
                } else {
                    self.start(&[command, &path.to_string_lossy()], Task::Other);
                }
            }
        }
        Some(Input::Rotated(result))
    }

    /// Starts a program; false, and a line in the log, when that fails.
    fn start(&mut self, words: &[&str], task: Task) -> bool {
        let started = self.children.start(words, None, self.null.as_ref(), task);
        if let Err(text) = &started {
            self.logger.log(Level::Alert, text);
        }
        started.is_ok()
    }

    fn mail(&mut self, account: &str, subject: &str, body: &str) {
        if !checks::is_executable(checks::SENDMAIL) {
            let text = format!("Error - {} isn't executable", checks::SENDMAIL);
            return self.logger.log(Level::Error, &text);
        }
        let text = format!("To: {account}\nFrom: root\nSubject: {subject}\n\n{body}\n.\n\n");
        let words = [checks::SENDMAIL, "-t", &format!("-f{account}")];
        let sent = child::holding(text.as_bytes())
            .map_err(|e| format!("Error - no pipe to {} ({})", checks::SENDMAIL, error_reason(&e)))
            .and_then(|letter| self.children.start(&words, Some(&letter), self.null.as_ref(), Task::Other));
        if let Err(text) = sent {
            self.logger.log(Level::Alert, &text);
        }
    }

    fn report(&self, core: &mut Core) {
        if let Some(space) = self.output.space() {
            core.set_space(space);
        }
        let report = core.report(&Facts { blocked: self.blocked(), ..facts() });
        let (group, metrics) = (core.config().log_group, &core.config().metrics_file);
        // A report that says what blocks the worker cannot wait for it; the run directory is in memory.
        let is_blocked = self.worker.blocked_by().is_some();
        let save = |path: PathBuf, content: Vec<u8>| match is_blocked {
            true => drop(worker::save(&path, &content, group)),
            false => drop(self.worker.give(Job::Save { path, content, group })),
        };
        save(self.paths.state_json(), report.json());
        save(self.paths.state_file(), report.text());
        if !metrics.is_empty() && !is_blocked {
            save(PathBuf::from(metrics), report.metrics());
        }
    }

    /// Says how a reload ended.
    pub(super) fn answer_reload(&mut self, result: &Loaded) {
        let text = match result {
            Err(text) => text.clone(),
            Ok((.., plugins)) if !plugins.skipped.is_empty() => {
                let files: Vec<&str> = plugins.skipped.iter().map(|(file, _)| file.as_str()).collect();
                format!("Plugins stay as they were, there are errors in: {}", files.join(" "))
            }
            Ok((.., plugins)) => {
                if !plugins.plugins.is_empty() && !self.rights.starts_programs {
                    let text = "Plugins that had none before them at the start of auditd have no capabilities but its own; \
                                a restart gives them all";
                    self.logger.log(Level::Warning, text);
                }
                "success".to_string()
            }
        };
        self.worker.give(Job::Save { path: self.paths.reload_file(), content: text.into_bytes(), group: 0 });
    }

    /// Looks whether the workers stand still.
    pub(super) fn watch_workers(&mut self, monotonic: i64) {
        for worker in [&mut self.worker, &mut self.syncer] {
            if let Some((level, text)) = worker.watch(monotonic) {
                self.logger.log(level, &text);
            }
        }
    }

    /// Seconds until [`Executor::watch_workers`] is to be called.
    pub(super) fn watch_due(&self, monotonic: i64) -> Option<u64> {
        let due = [&self.worker, &self.syncer].map(|worker| worker.watch_due(monotonic));
        due.into_iter().flatten().min().map(|due| (due - monotonic) as u64)
    }

    fn blocked(&self) -> Option<String> {
        self.worker.blocked_by().or_else(|| self.syncer.blocked_by())
    }

    /// The next program that has ended, and whether it succeeded.
    pub(super) fn reap(&mut self) -> Option<(Task, bool)> {
        self.children.reap()
    }

    /// Brings the log to the disk and removes the files that only a running daemon has.
    pub(super) fn clean_up(&self, config: &Config) {
        if let Some(file) = self.output.handle() {
            let _ = file.sync_all();
        }
        output::remove_reserve(config);
        let _ = files::remove_file(self.paths.state_file());
        let _ = files::remove_file(self.paths.state_json());
        let _ = files::remove_file(self.paths.reload_file());
        let _ = files::remove_file(&config.metrics_file);
    }
}

fn facts() -> Facts {
    let time = clock::local(clock::now().seconds);
    let (year, month, day) = (time.year.rem_euclid(100), time.month, time.day);
    Facts {
        time: format!("{month:02}/{day:02}/{year:02} {:02}:{:02}:{:02}", time.hour, time.minute, time.second),
        priority: process::priority(),
        memory: process::memory(),
        blocked: None,
    }
}
