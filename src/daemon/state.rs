//! The state report (auditd(8), SIGCONT): as text, as JSON, and as OpenMetrics.
//!
//! The text's first lines are those of the reference, in its order; ours follow. All three are made from one list.

use super::ledger::CAUSES;
use super::step::{Log, Step};
use crate::store::guard;
use crate::text::number;

/// What the report says beyond the daemon's own state.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The moment, as the locale "C" writes it: `11/22/26 18:30:05`.
    pub time: String,
    /// The process's nice value.
    pub priority: i32,
    /// Bytes of memory that is not shared, now and at most, when known.
    pub memory: Option<(u64, u64)>,
}

/// One value of the report.
enum Value {
    Text(String),
    Flag(bool),
    Number(u64, &'static str),
}

/// Label, value, and the metric's name (none when it is no number worth watching).
struct Line {
    label: String,
    value: Value,
    metric: Option<String>,
}

fn line(label: impl Into<String>, value: Value) -> Line {
    Line { label: label.into(), value, metric: None }
}

fn counted(label: impl Into<String>, value: Value, metric: impl Into<String>) -> Line {
    Line { label: label.into(), value, metric: Some(metric.into()) }
}

impl Step {
    /// The state report as text.
    pub fn report(&self, facts: &Facts) -> Vec<u8> {
        let mut out = Vec::new();
        for Line { label, value, .. } in self.lines_of_report(facts) {
            out.extend_from_slice(label.as_bytes());
            out.extend_from_slice(b" = ");
            match value {
                Value::Text(text) => out.extend_from_slice(text.as_bytes()),
                Value::Flag(flag) => out.extend_from_slice(if flag { b"yes" } else { b"no" }),
                Value::Number(n, unit) => {
                    number::push(&mut out, n);
                    out.extend_from_slice(unit.as_bytes());
                }
            }
            out.push(b'\n');
        }
        out
    }

    /// The same as one JSON object: labels in lower case with underscores, units left out.
    pub fn report_json(&self, facts: &Facts) -> Vec<u8> {
        let mut out = b"{".to_vec();
        for Line { label, value, .. } in self.lines_of_report(facts) {
            out.extend_from_slice(if out.len() > 1 { b",\n\"" } else { b"\n\"" });
            out.extend(label.bytes().map(|b| if b.is_ascii_alphanumeric() { b.to_ascii_lowercase() } else { b'_' }));
            out.extend_from_slice(b"\":");
            match value {
                Value::Text(text) => {
                    out.push(b'"');
                    out.extend(text.bytes().filter(|b| (0x20..0x7f).contains(b) && !b"\"\\".contains(b)));
                    out.push(b'"');
                }
                Value::Flag(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
                Value::Number(n, _) => number::push(&mut out, n),
            }
        }
        out.extend_from_slice(b"\n}\n");
        out
    }

    /// The numbers worth watching in the OpenMetrics text format.
    pub fn report_metrics(&self, facts: &Facts) -> Vec<u8> {
        let mut out = Vec::new();
        let mut family = String::new();
        for Line { value, metric, .. } in self.lines_of_report(facts) {
            let (Some(metric), Some(number)) = (metric, value.number()) else { continue };
            let name = metric.split('{').next().unwrap_or_default();
            if name != family {
                let is_total = name.ends_with("_total");
                out.extend_from_slice(b"# TYPE auditd_");
                out.extend_from_slice(name.strip_suffix("_total").unwrap_or(name).as_bytes());
                out.extend_from_slice(if is_total { b" counter\n" } else { b" gauge\n" });
                family = name.to_string();
            }
            out.extend_from_slice(b"auditd_");
            out.extend_from_slice(metric.as_bytes());
            out.push(b' ');
            number::push(&mut out, number);
            out.push(b'\n');
        }
        out.extend_from_slice(b"# EOF\n");
        out
    }

    fn lines_of_report(&self, facts: &Facts) -> Vec<Line> {
        let mut lines = vec![
            line("audit version", Value::Text(env!("CARGO_PKG_VERSION").to_string())),
            line("current time", Value::Text(facts.time.clone())),
            line("process priority", Value::Text(facts.priority.to_string())),
            line("writing to logs", Value::Flag(self.config.write_logs && !self.identity.foreground)),
        ];
        if self.config.write_logs && !self.identity.foreground {
            self.push_log(&mut lines);
        }
        self.push_queue(&mut lines);
        self.push_own(&mut lines, facts);
        lines
    }

    fn push_log(&self, lines: &mut Vec<Line>) {
        let mib = |bytes: u64| Value::Number(bytes >> 20, " MiB");
        lines.extend([
            counted("current log size", Value::Number(self.size / 1024, " KiB"), "log_size_kibibytes"),
            line("max log size", Value::Number(self.config.max_log_file.saturating_mul(1024), " KiB")),
            line("logs detected last rotate/shift", Value::Number(self.rotated, "")),
            line("space left on partition", Value::Flag(!self.guard.full_done)),
            counted("Logging partition free space", mib(self.room.free()), "free_space_mebibytes"),
            line("space_left setting", mib(guard::bytes(self.config.space_left, self.room))),
            line("admin_space_left setting", mib(guard::bytes(self.config.admin_space_left, self.room))),
            counted("logging suspended", Value::Flag(self.suspended), "logging_suspended"),
            line("file system space action performed", Value::Flag(self.guard.left_done)),
            line("admin space action performed", Value::Flag(self.guard.admin_done)),
            counted("disk error detected", Value::Flag(self.guard.errors > 0), "disk_error"),
        ]);
    }

    /// The lines about plugins and the network, of which there are none.
    fn push_queue(&self, lines: &mut Vec<Line>) {
        lines.extend([
            line("Number of active plugins", Value::Number(0, "")),
            line("current plugin queue depth", Value::Number(0, "")),
            line("max plugin queue depth used", Value::Number(0, "")),
            line("plugin queue size", Value::Number(self.config.q_depth, "")),
            line("plugin queue overflow detected", Value::Flag(false)),
            line("plugin queueing suspended", Value::Flag(false)),
            line("listening for network connections", Value::Flag(false)),
        ]);
    }

    /// What the reference does not have.
    fn push_own(&self, lines: &mut Vec<Line>, facts: &Facts) {
        let number = |n| Value::Number(n, "");
        lines.extend([
            counted("records received", number(self.counters.records), "records_received_total"),
            counted("records written", number(self.counters.written), "records_written_total"),
            counted("batches received", number(self.counters.batches), "batches_total"),
            counted("disk syncs requested", number(self.counters.syncs), "disk_syncs_total"),
            counted("keeping priority events only", Value::Flag(self.degraded && self.log == Log::Open), "degraded"),
            counted("kernel lost counter", number(u64::from(self.kernel_lost)), "kernel_lost"),
        ]);
        for (cause, name) in CAUSES {
            let metric = format!("lost_records_total{{cause=\"{name}\"}}");
            lines.push(counted(format!("lost to {name}"), number(self.ledger.total(cause)), metric));
        }
        lines.push(line("buffer set aside for a batch", Value::Number(self.lines.capacity() as u64 / 1024, " KiB")));
        if let Some((now, most)) = facts.memory {
            lines.push(counted("resident memory", Value::Number(now / 1024, " KiB"), "resident_memory_kibibytes"));
            lines.push(line("peak resident memory", Value::Number(most / 1024, " KiB")));
        }
    }
}

impl Value {
    fn number(&self) -> Option<u64> {
        match self {
            Value::Text(_) => None,
            Value::Flag(flag) => Some(u64::from(*flag)),
            Value::Number(n, _) => Some(*n),
        }
    }
}
