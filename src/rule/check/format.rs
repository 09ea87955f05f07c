//! Findings in the forms that people, editors and CI systems read.
//!
//! Columns are counted from 1 in characters, ends are exclusive; a byte that is no text counts as one.

use super::codes::{self, Level};
use super::finding::{Effect, Finding, Source, Span};
use crate::text::escape::{is_control, lossy};
use crate::text::json::{Object, push_object};

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people: the line, a caret, what to do.
    Text,
    /// `file:line:column: level[code]: message`, as compilers write.
    Compact,
    /// One object a line, and one with the counts at the end.
    Json,
    /// SARIF 2.1.0 (OASIS), one document.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
}

impl Format {
    /// All names.
    pub const NAMES: &'static str = "text, compact, json, sarif, github";

    /// The format called `name`.
    pub fn named(name: &[u8]) -> Option<Format> {
        Some(match name {
            b"text" => Format::Text,
            b"compact" => Format::Compact,
            b"json" => Format::Json,
            b"sarif" => Format::Sarif,
            b"github" => Format::Github,
            _ => return None,
        })
    }
}

/// Appends all findings to `out`.
pub fn write(findings: &[Finding], sources: &[Source], format: Format, out: &mut Vec<u8>) {
    match format {
        Format::Sarif => sarif(findings, sources, out),
        Format::Json => {
            findings.iter().for_each(|finding| json(finding, sources, out));
            counts(findings, out);
        }
        other => {
            for finding in findings {
                let line = match other {
                    Format::Text => text(finding, sources),
                    Format::Github => github(finding, sources),
                    _ => compact(finding, sources),
                };
                out.extend_from_slice(line.as_bytes());
            }
        }
    }
}

fn name<'s>(sources: &'s [Source], span: &Span) -> &'s [u8] {
    sources.get(span.file).map_or(b"", |source| source.name)
}

/// The line that a span is in, without what ends it.
fn line<'s>(sources: &'s [Source], span: &Span) -> &'s [u8] {
    let rest = sources.get(span.file).and_then(|source| source.text.get(span.line_start..)).unwrap_or_default();
    rest.split(|b| *b == b'\n').next().unwrap_or_default()
}

/// The characters of a line; U+FFFD for what is none.
fn letters(line: &[u8]) -> impl Iterator<Item = char> {
    line.utf8_chunks().flat_map(|chunk| {
        let invalid = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        chunk.valid().chars().chain(invalid)
    })
}

/// First column and the one after the last; a span is one column wide at least.
fn columns(sources: &[Source], span: &Span) -> (usize, usize) {
    let line = line(sources, span);
    let before = |end: usize| letters(line.get(..end).unwrap_or(line)).count();
    let start = before(span.bytes.0) + 1;
    (start, (before(span.bytes.1) + 1).max(start + 1))
}

/// A name or sentence that moves no terminal and stays on its line.
fn shown(text: impl AsRef<[u8]>) -> String {
    lossy(text.as_ref())
}

fn place(sources: &[Source], span: &Span) -> String {
    format!("{}:{}:{}", shown(name(sources, span)), span.line, columns(sources, span).0)
}

fn compact(finding: &Finding, sources: &[Source]) -> String {
    let Finding { code, level, span, message, .. } = finding;
    format!("{}: {}[{}]: {}\n", place(sources, span), level.name(), code.id, shown(message))
}

fn text(finding: &Finding, sources: &[Source]) -> String {
    /// What of a long line is shown before and after the place.
    const AROUND: usize = 60;
    let Finding { code, level, span, message, .. } = finding;
    let mut text =
        format!("{}: {}[{}] {}: {}\n", place(sources, span), level.name(), code.id, code.name, shown(message));
    let line = line(sources, span);
    let (first, end) = columns(sources, span);
    let from = if letters(line).nth(2 * AROUND).is_some() { first.saturating_sub(AROUND) } else { 0 };
    let plain = letters(line).map(|c| if is_control(c) { ' ' } else { c });
    let part: String = plain.skip(from).take(2 * AROUND).collect();
    let number = span.line.to_string();
    let marks = "^".repeat((end - first).min((2 * AROUND).saturating_sub(first - 1 - from)).max(1));
    text.push_str(&format!(" {number} | {part}\n {0:1$} | {0:2$}{marks}\n", "", number.len(), first - 1 - from));
    for (span, what) in &finding.related {
        text.push_str(&format!("   see: {}: {}\n", place(sources, span), shown(what)));
    }
    if !finding.help.is_empty() {
        text.push_str(&format!("   help: {}\n", shown(&finding.help)));
    }
    text
}

/// <https://docs.github.com/actions/reference/workflow-commands>: `%`, CR and LF are escaped, in properties `:` and `,` too.
fn github(finding: &Finding, sources: &[Source]) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let command = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let (column, end) = columns(sources, &finding.span);
    let help = if finding.help.is_empty() { String::new() } else { format!("; {}", finding.help) };
    let message = data(&format!("{}{help}", shown(&finding.message)));
    // Line ends are of the name, and are escaped as GitHub reads them.
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let parts = name(sources, &finding.span).chunk_by(|a, b| is_end(a) == is_end(b));
    let parts = parts
        .map(|part| if part.first().is_some_and(is_end) { String::from_utf8_lossy(part).into() } else { shown(part) });
    let (file, line, id) = (property(&parts.collect::<String>()), finding.span.line, finding.code.id);
    format!(
        "::{command} file={file},line={line},col={column},endColumn={end},title={id} {}::{message}\n",
        finding.code.name
    )
}

fn json(finding: &Finding, sources: &[Source], out: &mut Vec<u8>) {
    push_object(out, |o| {
        o.text("code", finding.code.id);
        o.text("name", finding.code.name);
        o.text("level", finding.level.name());
        json_place(o, &finding.span, sources);
        o.text("message", &finding.message);
        if !finding.help.is_empty() {
            o.text("help", &finding.help);
        }
        o.array("related", |a| {
            for (span, what) in &finding.related {
                a.object(|o| {
                    json_place(o, span, sources);
                    o.text("message", what);
                });
            }
        });
        if let Some(fix) = &finding.fix {
            o.object("fix", |o| {
                o.flag("safe", fix.effect != Effect::Unsure);
                o.flag("same", fix.effect == Effect::Same);
                o.array("edits", |a| {
                    for edit in &fix.edits {
                        a.object(|o| {
                            o.text("file", sources.get(edit.file).map_or(&[][..], |source| source.name));
                            o.number("start", edit.bytes.0 as u64);
                            o.number("end", edit.bytes.1 as u64);
                            o.bytes("text", &edit.text);
                        });
                    }
                });
            });
        }
    });
    out.push(b'\n');
}

fn json_place(o: &mut Object, span: &Span, sources: &[Source]) {
    let (column, end) = columns(sources, span);
    o.text("file", name(sources, span));
    o.number("line", span.line as u64);
    o.number("col", column as u64);
    o.number("end", end as u64);
}

fn counts(findings: &[Finding], out: &mut Vec<u8>) {
    push_object(out, |o| {
        for level in [Level::Error, Level::Warning, Level::Note] {
            let count = findings.iter().filter(|finding| finding.level == level).count();
            o.number(&format!("{}s", level.name()), count as u64);
        }
    });
    out.push(b'\n');
}

/// Static Analysis Results Interchange Format 2.1.0, sections 3.13 (log), 3.14 (run), 3.27 (result), 3.30 (region).
fn sarif(findings: &[Finding], sources: &[Source], out: &mut Vec<u8>) {
    push_object(out, |log| {
        log.text("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
        log.text("version", "2.1.0");
        log.array("runs", |runs| {
            runs.object(|run| {
                run.object("tool", |tool| tool.object("driver", sarif_driver));
                run.text("columnKind", "unicodeCodePoints");
                run.array("results", |results| {
                    for finding in findings {
                        results.object(|o| sarif_result(o, finding, sources));
                    }
                });
            });
        });
    });
    out.push(b'\n');
}

/// Where the project is at home; its documentation lies below.
const HOME: &str = env!("CARGO_PKG_HOMEPAGE");

fn sarif_driver(driver: &mut Object) {
    driver.text("name", "auditctl --check");
    driver.text("version", env!("CARGO_PKG_VERSION"));
    driver.text("informationUri", HOME);
    driver.array("rules", |rules| {
        for code in codes::ALL {
            rules.object(|o| {
                o.text("id", code.id);
                o.text("name", code.name);
                o.object("shortDescription", |o| o.text("text", code.about));
                o.text("helpUri", [HOME, "/docs/findings.md#", &code.id.to_ascii_lowercase(), "-", code.name].concat());
                o.object("defaultConfiguration", |o| o.text("level", code.level.name()));
            });
        }
    });
}

fn sarif_result(o: &mut Object, finding: &Finding, sources: &[Source]) {
    o.text("ruleId", finding.code.id);
    o.text("level", finding.level.name());
    let index = codes::ALL.iter().position(|code| code.id == finding.code.id);
    index.inspect(|index| o.number("ruleIndex", *index as u64));
    let help = if finding.help.is_empty() { String::new() } else { format!(" ({})", finding.help) };
    o.object("message", |o| o.text("text", format!("{}{help}", finding.message)));
    o.array("locations", |a| a.object(|o| sarif_location(o, &finding.span, sources)));
    if finding.related.is_empty() {
        return;
    }
    o.array("relatedLocations", |a| {
        for (span, what) in &finding.related {
            a.object(|o| {
                sarif_location(o, span, sources);
                o.object("message", |o| o.text("text", what));
            });
        }
    });
}

fn sarif_location(o: &mut Object, span: &Span, sources: &[Source]) {
    let (column, end) = columns(sources, span);
    o.object("physicalLocation", |o| {
        o.object("artifactLocation", |o| o.text("uri", uri(name(sources, span))));
        o.object("region", |o| {
            o.number("startLine", span.line as u64);
            o.number("startColumn", column as u64);
            o.number("endColumn", end as u64);
        });
    });
}

/// A path as a URI reference (RFC 3986): what is neither unreserved nor a slash is escaped.
fn uri(path: &[u8]) -> String {
    let mut uri = String::new();
    // Two slashes would begin the name of a host.
    let rest = path.get(path.iter().take_while(|byte| **byte == b'/').count()..).unwrap_or_default();
    if rest.len() < path.len() {
        uri.push('/');
    }
    for byte in rest.iter().copied() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
