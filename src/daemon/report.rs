//! The state report (auditd(8), SIGCONT): as text, as JSON, and as OpenMetrics.
//!
//! Each part of the daemon gives its lines; the core puts them in the order of the reference, with ours at the end.

use crate::host::checks::METRICS;
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
    /// What a worker thread is blocked by.
    pub blocked: Option<String>,
}

/// One value of the report.
pub(super) enum Value {
    Text(String),
    Flag(bool),
    Number(u64, &'static str),
}

/// Label, value, and the metric's name, if it is a number worth watching.
pub(super) struct Line {
    label: String,
    value: Value,
    metric: Option<String>,
}

/// The report, to be printed in one of three formats.
pub struct Report(Vec<Line>);

impl Line {
    /// A line that is no metric.
    pub(super) fn new(label: impl Into<String>, value: Value) -> Line {
        Line { label: label.into(), value, metric: None }
    }

    /// A line that is a metric, with its name.
    pub(super) fn metric(label: impl Into<String>, value: Value, metric: impl Into<String>) -> Line {
        Line { label: label.into(), value, metric: Some(metric.into()) }
    }
}

impl Report {
    pub(super) fn new(lines: Vec<Line>) -> Report {
        Report(lines)
    }

    /// As text, one `label = value` a line.
    pub fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for Line { label, value, .. } in &self.0 {
            out.extend_from_slice(label.as_bytes());
            out.extend_from_slice(b" = ");
            match value {
                Value::Text(text) => out.extend_from_slice(text.as_bytes()),
                Value::Flag(flag) => out.extend_from_slice(if *flag { b"yes" } else { b"no" }),
                Value::Number(n, unit) => {
                    number::push(&mut out, *n);
                    out.extend_from_slice(unit.as_bytes());
                }
            }
            out.push(b'\n');
        }
        out
    }

    /// As one JSON object: labels in lower case with underscores, units left out.
    pub fn json(&self) -> Vec<u8> {
        let mut out = b"{".to_vec();
        for Line { label, value, .. } in &self.0 {
            out.extend_from_slice(if out.len() > 1 { b",\n\"" } else { b"\n\"" });
            out.extend(label.bytes().map(|b| if b.is_ascii_alphanumeric() { b.to_ascii_lowercase() } else { b'_' }));
            out.extend_from_slice(b"\":");
            match value {
                Value::Text(text) => {
                    out.push(b'"');
                    out.extend(text.bytes().filter(|b| (0x20..0x7f).contains(b) && !b"\"\\".contains(b)));
                    out.push(b'"');
                }
                Value::Flag(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
                Value::Number(n, _) => number::push(&mut out, *n),
            }
        }
        out.extend_from_slice(b"\n}\n");
        out
    }

    /// The metrics in the OpenMetrics text format.
    pub fn metrics(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut family = "";
        for Line { value, metric, .. } in &self.0 {
            let (Some(metric), Some(number)) = (metric, value.number()) else { continue };
            let name = metric.split('{').next().unwrap_or_default();
            if name != family {
                let is_total = name.ends_with("_total");
                out.extend_from_slice(METRICS);
                out.extend_from_slice(name.strip_suffix("_total").unwrap_or(name).as_bytes());
                out.extend_from_slice(if is_total { b" counter\n" } else { b" gauge\n" });
                family = name;
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
