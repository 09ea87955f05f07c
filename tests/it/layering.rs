//! The doors of the house: which room may see which, where system calls and unsafe code live, what the binary depends on.
//!
//! Reads the sources as tokens (comments, strings and test code left out) and holds every path in them to the floors:
//! L0 abi, tables, text; L1 record, event, rule, config, tls; L2 interpret, normalize, query, report, render, doctor; S sys; L3 host, log, trail, plugin, remote, daemon;
//! then the applets. Each breach is a line `file:line: what`. The samples at the end prove that it can fail.

use std::fs;
use std::path::{Path, PathBuf};

const FLOORS: [(&str, u8); 20] = [
    ("abi", 0),
    ("tables", 0),
    ("text", 0),
    ("record", 1),
    ("event", 1),
    ("rule", 1),
    ("config", 1),
    ("tls", 1),
    ("interpret", 2),
    ("normalize", 2),
    ("query", 2),
    ("report", 2),
    ("render", 2),
    ("doctor", 2),
    ("host", 3),
    ("log", 3),
    ("trail", 3),
    ("plugin", 3),
    ("remote", 3),
    ("daemon", 3),
];

/// What no room of the library but sys does: paths and macros, written as their tokens.
const OUTSIDE_WORLD: [(&str, &str); 15] = [
    ("println !", "the library never prints"),
    ("print !", "the library never prints"),
    ("eprintln !", "the library never prints"),
    ("eprint !", "the library never prints"),
    ("dbg !", "the library never prints"),
    ("process :: exit", "the library never exits"),
    ("process :: abort", "the library never exits"),
    ("std :: env", "the library reads neither arguments nor environment"),
    ("SystemTime :: now", "the library reads no clock; the time is handed in"),
    ("Instant :: now", "the library reads no clock; the time is handed in"),
    ("std :: fs", "files are opened by sys"),
    ("std :: net", "sockets are made by sys"),
    ("libc", "libc is called by sys"),
    ("rustix", "rustix is called by sys"),
    ("unsafe", "unsafe code lives in sys"),
];

/// What no file of the applets but output.rs does: a failure of the standard streams is handled once.
const STREAMS: [&str; 7] = ["println !", "print !", "eprintln !", "eprint !", "dbg !", "io :: stdout", "io :: stderr"];

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) text: String,
    line: usize,
}

/// Rust source to tokens: identifiers, `::`, and single marks. Comments, strings and character literals vanish.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let text: Vec<char> = source.chars().collect();
    let (mut out, mut at, mut line) = (Vec::new(), 0, 1);
    while at < text.len() {
        let end = skip(&text, at).unwrap_or(at);
        if end > at {
            line += text[at..end].iter().filter(|c| **c == '\n').count();
            at = end;
            continue;
        }
        let mut end = at + 1;
        if word(text[at]) {
            while end < text.len() && word(text[end]) {
                end += 1;
            }
        } else if text[at] == ':' && text.get(end) == Some(&':') {
            end += 1;
        }
        out.push(Token { text: text[at..end].iter().collect(), line });
        at = end;
    }
    out
}

fn word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where the blank, comment or literal that begins at `at` ends; `None` if there is none.
fn skip(text: &[char], at: usize) -> Option<usize> {
    let rest = &text[at..];
    let starts = |s: &str| s.chars().enumerate().all(|(i, c)| rest.get(i) == Some(&c));
    let until = |from: usize, s: &str| {
        let stop: Vec<char> = s.chars().collect();
        (from..rest.len()).find(|i| rest[*i..].starts_with(&stop)).map_or(text.len(), |i| at + i + stop.len())
    };
    if rest[0].is_whitespace() {
        return Some(at + 1);
    }
    if starts("//") {
        return Some(until(2, "\n"));
    }
    if starts("/*") {
        return Some(until(2, "*/"));
    }
    let raw = rest.iter().take(2).take_while(|c| matches!(c, 'b' | 'c' | 'r')).count();
    let fence = rest[raw..].iter().take_while(|c| **c == '#').count();
    let follows_word = at > 0 && word(text[at - 1]);
    if raw > 0 && !follows_word && rest[raw - 1] == 'r' && rest.get(raw + fence) == Some(&'"') {
        return Some(until(raw + fence + 1, &format!("\"{}", "#".repeat(fence))));
    }
    match rest[0] {
        '"' => Some(at + quoted(rest, '"')),
        '\'' if rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'') => Some(at + quoted(rest, '\'')),
        _ => None,
    }
}

/// The length of a literal that may hold escapes, both quotes included.
fn quoted(rest: &[char], quote: char) -> usize {
    let mut i = 1;
    while i < rest.len() && rest[i] != quote {
        i += if rest[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// Without the items under `#[cfg(test)]`: tests may reach where they like.
pub(crate) fn without_tests(all: Vec<Token>) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut at = 0;
    while at < all.len() {
        if matches(&all[at..], "# [ cfg ( test ) ]") {
            at = end_of_item(&all, at + 7);
        } else {
            out.push(all[at].clone());
            at += 1;
        }
    }
    out
}

/// Past the `;` or the closing brace of the item that begins at `at`.
fn end_of_item(all: &[Token], at: usize) -> usize {
    let mut depth = 0;
    for (i, t) in all.iter().enumerate().skip(at) {
        match t.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 && (t.text == ";" || t.text == "}") {
            return i + 1;
        }
    }
    all.len()
}

fn matches(all: &[Token], pattern: &str) -> bool {
    let mut tokens = all.iter();
    pattern.split(' ').all(|word| tokens.next().is_some_and(|token| token.text == word))
}

/// Every name that stands directly under `root ::`, a brace group's members each.
fn names_under(all: &[Token], root: &str) -> Vec<Token> {
    let mut out = Vec::new();
    for at in 0..all.len() {
        let is_root = all[at].text == root && (at == 0 || all[at - 1].text != "::");
        if !is_root || !matches(&all[at + 1..], "::") {
            continue;
        }
        match all.get(at + 2) {
            Some(t) if t.text == "{" => out.extend(group(&all[at + 3..])),
            Some(t) => out.push(t.clone()),
            None => {}
        }
    }
    out
}

/// The first name of each member of a brace group whose opening brace is just passed.
fn group(all: &[Token]) -> Vec<Token> {
    let (mut out, mut depth, mut first) = (Vec::new(), 0, true);
    for t in all {
        match t.text.as_str() {
            "{" => depth += 1,
            "}" if depth == 0 => break,
            "}" => depth -= 1,
            "," if depth == 0 => first = true,
            _ if first => {
                out.push(t.clone());
                first = false;
            }
            _ => {}
        }
    }
    out
}

/// The line of a path that climbs to the crate's root by `super`, where the names are not checked; `depth` is how deep
/// the file's module lies.
fn climbs_to_root(all: &[Token], depth: usize) -> Option<usize> {
    let mut inline = vec![];
    for at in 0..all.len() {
        match all[at].text.as_str() {
            "{" => inline.push(at >= 2 && all[at - 2].text == "mod"),
            "}" => _ = inline.pop(),
            _ => {}
        }
        let climbs = (0..).take_while(|n| all.get(at + 2 * n..).is_some_and(|t| matches(t, "super ::"))).count();
        if climbs > 0 && climbs >= depth + inline.iter().filter(|module| **module).count() {
            return Some(all[at].line);
        }
    }
    None
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// Why `room` may not name `other`; `None` if it may, or if `other` is no room.
fn closed(room: &str, other: &str) -> Option<String> {
    let allowed = match (room, other) {
        _ if room == other => true,
        ("sys", _) => floor(other).is_none_or(|floor| floor == 0),
        (_, "sys") => floor(room) == Some(3),
        _ => floor(other) <= floor(room) || floor(other).is_none(),
    };
    (!allowed).then(|| format!("{room} may not see {other}"))
}

/// The breaches of one file of the library; `path` is relative to src.
fn library_breaches(path: &str, source: &str) -> Vec<(usize, String)> {
    let parts: Vec<&str> = path.trim_end_matches(".rs").split('/').filter(|p| *p != "mod").collect();
    let room = parts[0];
    if room == "lib" || parts.last() == Some(&"tests") {
        return Vec::new();
    }
    let code = without_tests(tokens(source));
    let mut out: Vec<(usize, String)> = Vec::new();
    if room != "sys" && floor(room).is_none() {
        out.push((1, format!("{room} is no room of the house")));
    }
    for name in names_under(&code, "crate") {
        out.extend(closed(room, &name.text).map(|why| (name.line, why)));
    }
    if let Some(line) = climbs_to_root(&code, parts.len()) {
        out.push((line, "say crate:: where the path leaves the room".to_string()));
    }
    for (at, token) in code.iter().enumerate() {
        let world = OUTSIDE_WORLD.iter().filter(|(pattern, _)| room != "sys" && matches(&code[at..], pattern));
        out.extend(world.map(|(pattern, why)| (token.line, format!("{pattern}: {why}"))));
        if token.text == "argh" {
            out.push((token.line, "command lines are read by the applets".to_string()));
        }
    }
    out
}

/// The commands: what the rows of the table in main.rs run.
fn applet_names(main: &str) -> Vec<String> {
    let code = tokens(main);
    let runs = (1..code.len()).filter(|at| matches(&code[at - 1..], ",") && matches(&code[at + 1..], ":: run ;"));
    runs.map(|at| code[at].text.clone()).collect()
}

/// The breaches of one file of the binary; `path` is relative to applets.
fn applet_breaches(path: &str, source: &str, applets: &[String]) -> Vec<(usize, String)> {
    let room = path.trim_end_matches(".rs").split('/').next().unwrap_or_default();
    let code = without_tests(tokens(source));
    let mut out: Vec<(usize, String)> = Vec::new();
    for name in names_under(&code, "crate") {
        if room != "main" && name.text != room && applets.contains(&name.text) {
            out.push((name.line, format!("{room} may not see the applet {}", name.text)));
        }
    }
    for token in code.iter().filter(|t| t.text == "unsafe") {
        out.push((token.line, "unsafe code lives in src/sys".to_string()));
    }
    for (at, token) in code.iter().enumerate().filter(|_| room != "output") {
        let streams = STREAMS.iter().filter(|pattern| matches(&code[at..], pattern));
        out.extend(streams.map(|pattern| (token.line, format!("{pattern}: applets write by output.rs"))));
    }
    out
}

/// Calls that say that something is missing; nowhere allowed.
fn stubs(source: &str) -> Vec<(usize, String)> {
    let code = tokens(source);
    let marks = code
        .iter()
        .enumerate()
        .filter(|(at, _)| matches(&code[*at..], "todo !") || matches(&code[*at..], "unimplemented !"));
    marks.map(|(_, t)| (t.line, format!("{}! is no behaviour", t.text))).collect()
}

/// The names under [dependencies] that no feature outside of the default ones asks for, those that the feature `tls` does, and every
/// other section that would add to the run-time or build list.
fn dependencies(manifest: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
    let (mut names, mut sections, mut section) = (Vec::new(), Vec::new(), "");
    let of_tls = manifest.split_once("\ntls = [").and_then(|(_, rest)| rest.split_once(']')).map_or("", |list| list.0);
    for line in manifest.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
            if section.contains("dependencies") && section != "dependencies" {
                sections.push(section.to_string());
            }
        } else if section == "dependencies" {
            names.extend(line.split(['=', '.']).next().map(|n| n.trim().to_string()));
        }
    }
    names.sort();
    let (of_tls, names) = names.into_iter().partition(|name| of_tls.contains(&format!("\"dep:{name}\"")));
    (names, of_tls, sections)
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file under a folder, as its path relative to it and its text.
pub(crate) fn sources(folder: &Path) -> Vec<(String, String)> {
    let (mut out, mut waiting) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(place) = waiting.pop() {
        for entry in fs::read_dir(&place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                out.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    out
}

fn report(folder: &str, breaches: impl Iterator<Item = (String, (usize, String))>) {
    let lines: Vec<String> = breaches.map(|(file, (line, what))| format!("{folder}/{file}:{line}: {what}")).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

#[test]
fn library_keeps_to_its_floors() {
    let files = sources(&root().join("src"));
    assert!(files.len() > 10, "the library is not where this test looks");
    report("src", files.iter().flat_map(|(f, s)| library_breaches(f, s).into_iter().map(|b| (f.clone(), b))));
}

#[test]
fn applets_do_not_see_each_other() {
    let files = sources(&root().join("applets"));
    let main = &files.iter().find(|(f, _)| f == "main.rs").unwrap().1;
    let mut applets = applet_names(main);
    assert!(applets.len() > 10, "main.rs does not name its applets as this test expects");
    applets.extend(["doctor", "install"].map(String::from));
    report(
        "applets",
        files.iter().flat_map(|(f, s)| applet_breaches(f, s, &applets).into_iter().map(|b| (f.clone(), b))),
    );
}

/// Small files are built without what `{:?}` writes.
#[test]
fn nothing_is_said_by_debug_formatting() {
    for folder in ["src", "applets"] {
        let all = sources(&root().join(folder)).into_iter().filter(|(file, _)| !file.contains("test"));
        report(
            folder,
            all.flat_map(|(file, source)| {
                let end = source.find("#[cfg(test)]\nmod tests {").unwrap_or(source.len());
                let lines = (1..).zip(source[..end].lines()).filter(|(_, line)| line.contains(":?}"));
                lines.map(|(number, line)| (file.clone(), (number, line.to_owned()))).collect::<Vec<_>>()
            }),
        );
    }
}

#[test]
fn nothing_is_left_for_later() {
    for folder in ["src", "applets"] {
        let files = sources(&root().join(folder));
        report(folder, files.iter().flat_map(|(f, s)| stubs(s).into_iter().map(|b| (f.clone(), b))));
    }
}

#[test]
fn five_packages_and_no_build_script() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (names, of_tls, sections) = dependencies(&manifest);
    assert_eq!(names, ["argh", "heapless", "libc", "memchr", "rustix"]);
    assert_eq!(of_tls, ["aes-gcm", "chacha20poly1305", "hmac", "sha2", "x25519-dalek", "zeroize"]);
    assert_eq!(manifest.matches("\"tls\"").count(), 0, "no other feature asks for it, the default least of all");
    for name in of_tls {
        let line = manifest.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap();
        assert!(line.contains("optional = true"), "{line}");
    }
    assert_eq!(sections, [""; 0]);
    assert!(!root().join("build.rs").exists());
}

/// The samples: each shows a breach that must be seen, or a look-alike that must not.
mod samples {
    use super::*;

    fn what(path: &str, source: &str) -> Vec<String> {
        library_breaches(path, source).into_iter().map(|(line, what)| format!("{line}: {what}")).collect()
    }

    #[test]
    fn a_lower_floor_looking_up() {
        assert_eq!(what("text/scan.rs", "\nuse crate::record::Record;"), ["2: text may not see record"]);
        assert_eq!(what("rule/mod.rs", "fn f() { crate::query::run() }"), ["1: rule may not see query"]);
        assert_eq!(what("event.rs", "use crate::{text, interpret::{self, x}};"), ["1: event may not see interpret"]);
        assert_eq!(what("query/mod.rs", "use crate::{text::{a, b}, event};"), [""; 0]);
    }

    #[test]
    fn a_path_that_climbs_out_of_its_room() {
        let said = ["1: say crate:: where the path leaves the room"];
        assert_eq!(what("record.rs", "use super::query::Predicate;"), said);
        assert_eq!(what("rule/parse.rs", "use super::super::query::Predicate;"), said);
        assert_eq!(what("rule/parse.rs", "use super::model::Rule;"), [""; 0]);
        assert_eq!(what("record.rs", "fn f() {} mod stamp { use super::Record; }"), [""; 0]);
    }

    #[test]
    fn system_calls_outside_their_room() {
        assert_eq!(what("report/mod.rs", "use crate::sys::files;"), ["1: report may not see sys"]);
        assert_eq!(what("daemon/run.rs", "use crate::sys::poll;"), [""; 0]);
        assert_eq!(what("sys/netlink.rs", "use crate::abi; use crate::rule;"), ["1: sys may not see rule"]);
        assert_eq!(what("abi/mod.rs", "let n = libc::EPERM;"), ["1: libc: libc is called by sys"]);
        assert_eq!(what("sys/mod.rs", "let n = unsafe { libc::getpid() };"), [""; 0]);
        assert_eq!(what("text/mod.rs", "unsafe { f() }"), ["1: unsafe: unsafe code lives in sys"]);
    }

    #[test]
    fn printing_and_exiting() {
        assert_eq!(what("query/mod.rs", "println!(\"x\");"), ["1: println !: the library never prints"]);
        assert_eq!(what("query/mod.rs", "std::process::exit(1)"), ["1: process :: exit: the library never exits"]);
        assert_eq!(what("query/mod.rs", "use argh::FromArgs;"), ["1: command lines are read by the applets"]);
        let clock = ["1: SystemTime :: now: the library reads no clock; the time is handed in"];
        assert_eq!(what("daemon/core.rs", "let t = SystemTime::now();"), clock);
    }

    #[test]
    fn comments_strings_and_tests_are_not_code() {
        assert_eq!(what("text/mod.rs", "// use crate::query;\n/* unsafe */ let s = \"libc \\\" unsafe\";"), [""; 0]);
        assert_eq!(what("text/mod.rs", "let s = r#\"a \" unsafe\"#; let c = '\"'; let d = b'\\'';"), [""; 0]);
        assert_eq!(what("text/mod.rs", "#[cfg(test)] mod tests { use crate::query; } fn f<'a>() {}"), [""; 0]);
        assert_eq!(what("text/mod.rs", "#[cfg(test)] mod tests {} use crate::query;"), ["1: text may not see query"]);
    }

    #[test]
    fn an_unknown_room() {
        assert_eq!(what("helper.rs", ""), ["1: helper is no room of the house"]);
    }

    #[test]
    fn one_applet_using_another() {
        let main = "commands! { \"a\" auditd::HELP, auditd::run; \"b\" other::HELP, ausearch::run; }";
        let applets = applet_names(main);
        assert_eq!(applets, ["auditd", "ausearch"]);
        let seen = applet_breaches("auditd.rs", "use crate::options;\nuse crate::ausearch::x;", &applets);
        assert_eq!(seen, [(2, "auditd may not see the applet ausearch".to_string())]);
        assert_eq!(applet_breaches("auditd/start.rs", "use crate::auditd::x;", &applets), []);
    }

    #[test]
    fn an_applet_that_writes_by_itself() {
        let said = |what: &str| vec![(1, format!("{what}: applets write by output.rs"))];
        assert_eq!(applet_breaches("auditd.rs", "eprintln!(\"x\");", &[]), said("eprintln !"));
        assert_eq!(applet_breaches("auditd.rs", "std::io::stdout().lock()", &[]), said("io :: stdout"));
        assert_eq!(applet_breaches("output.rs", "std::io::stdout().lock()", &[]), []);
    }

    #[test]
    fn an_unwritten_body() {
        assert_eq!(stubs("fn f() { todo!() }"), [(1, "todo! is no behaviour".to_string())]);
    }

    #[test]
    fn a_sixth_package() {
        let (names, _, sections) =
            dependencies("[dependencies]\n# a\nlibc.workspace = true\nregex = \"1\"\n[build-dependencies]");
        assert_eq!(names, ["libc", "regex"]);
        assert_eq!(sections, ["build-dependencies"]);
    }
}
