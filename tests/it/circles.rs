//! No two files need each other, directly or by way of others: whoever reads one can read what it stands on first, and is done.
//!
//! A file needs another one when a path in it leads there. What a `mod.rs` only hands on (`pub use`) leads to where it is made.
//! Tests are left out.

use crate::layering::{Token, root, sources, tokens, without_tests};
use std::collections::{BTreeMap, BTreeSet};

type Path = Vec<String>;

/// The files of a crate by the paths of their modules.
struct Files {
    code: BTreeMap<Path, Vec<Token>>,
    /// What a file hands on: the name there, and where it leads.
    handed_on: BTreeMap<(Path, String), Path>,
}

/// A path as it is written, from a module's place.
struct Written {
    words: Path,
    is_handed_on: bool,
}

fn module(file: &str) -> Path {
    let name = file.trim_end_matches(".rs").trim_end_matches("/mod");
    if matches!(name, "lib" | "main") { Vec::new() } else { name.split('/').map(str::to_owned).collect() }
}

impl Files {
    fn of(files: &[(String, String)]) -> Files {
        let code = files.iter().map(|(file, text)| (module(file), without_tests(tokens(text)))).collect();
        let mut all = Files { code, handed_on: BTreeMap::new() };
        let mut handed_on = BTreeMap::new();
        for (place, code) in &all.code {
            for path in written(code).into_iter().filter(|path| path.is_handed_on) {
                if let Some((name, leads)) = path.words.last().cloned().zip(all.absolute(place, &path.words)) {
                    handed_on.insert((place.clone(), name), leads);
                }
            }
        }
        all.handed_on = handed_on;
        all
    }

    /// The path from the crate's root, if it is one of this crate.
    fn absolute(&self, place: &Path, words: &Path) -> Option<Path> {
        let climbs = words.iter().take_while(|word| *word == "super").count();
        let child = [&place[..], &words[..1]].concat();
        match words.first()?.as_str() {
            "crate" => Some(words[1..].to_vec()),
            "self" => Some([place, &words[1..]].concat()),
            "super" => Some([place.get(..place.len().checked_sub(climbs)?)?, &words[climbs..]].concat()),
            _ => self.code.contains_key(&child).then(|| [place, &words[..]].concat()),
        }
    }

    /// The file that a path leads into.
    fn target(&self, path: &Path, patience: u32) -> Path {
        let mut file = Vec::new();
        for (at, word) in path.iter().enumerate() {
            let child = [&file[..], std::slice::from_ref(word)].concat();
            if self.code.contains_key(&child) {
                file = child;
            } else if let Some(leads) = self.handed_on.get(&(file.clone(), word.clone())).filter(|_| patience > 0) {
                return self.target(&[leads, &path[at + 1..]].concat(), patience - 1);
            } else {
                break;
            }
        }
        file
    }

    /// The files that each file needs.
    fn needs(&self) -> BTreeMap<&Path, BTreeSet<Path>> {
        let of = |place: &Path, code: &[Token]| {
            let paths = written(code).into_iter().filter(|path| !path.is_handed_on);
            let places = paths.filter_map(|path| self.absolute(place, &path.words));
            places.map(|path| self.target(&path, 8)).filter(|file| file != place).collect()
        };
        self.code.iter().map(|(place, code)| (place, of(place, code))).collect()
    }

    /// Files of which each needs the next, and the last the first: what is left when those are taken away, again and again, that
    /// need nobody who is left.
    fn circles(&self) -> Vec<String> {
        let mut needs = self.needs();
        loop {
            let left: BTreeSet<Path> = needs.keys().map(|place| (*place).clone()).collect();
            needs.values_mut().for_each(|files| files.retain(|file| left.contains(file)));
            let needed: BTreeSet<Path> = needs.values().flatten().cloned().collect();
            // Those that nobody needs are in no circle either.
            needs.retain(|place, files| !files.is_empty() && needed.contains(*place));
            if needs.len() == left.len() {
                break;
            }
        }
        let show = |path: &Path| path.join("::");
        needs
            .iter()
            .map(|(place, files)| format!("{} needs {:?}", show(place), files.iter().map(show).collect::<Vec<_>>()))
            .collect()
    }
}

/// All paths of two words and more.
fn written(code: &[Token]) -> Vec<Written> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < code.len() {
        let is_handed_on = at > 0 && matches!(code[at - 1].text.as_str(), "pub" | ")");
        if code[at].text == "use" {
            let end = (at..code.len()).find(|end| code[*end].text == ";").unwrap_or(code.len());
            let mut paths = Vec::new();
            tree(&code[at + 1..end], &Vec::new(), &mut paths);
            out.extend(paths.into_iter().map(|words| Written { words, is_handed_on }));
            at = end;
        } else if code.get(at + 1).is_some_and(|next| next.text == "::") && (at == 0 || code[at - 1].text != "::") {
            let mut words = vec![code[at].text.clone()];
            while code.get(at + 1).is_some_and(|next| next.text == "::") && at + 2 < code.len() {
                at += 2;
                words.push(code[at].text.clone());
            }
            out.push(Written { words, is_handed_on: false });
        }
        at += 1;
    }
    out
}

/// The paths of a tree of `use`, below `front`.
fn tree(code: &[Token], front: &Path, out: &mut Vec<Path>) {
    let mut words = front.clone();
    let mut at = 0;
    while at < code.len() {
        match code[at].text.as_str() {
            "{" => {
                let (mut depth, mut start) = (0, at + 1);
                for end in at..code.len() {
                    match code[end].text.as_str() {
                        "{" => depth += 1,
                        "}" => depth -= 1,
                        _ => {}
                    }
                    if (depth == 1 && code[end].text == ",") || depth == 0 {
                        if start < end {
                            tree(&code[start..end], &words, out);
                        }
                        start = end + 1;
                    }
                    if depth == 0 {
                        return;
                    }
                }
                return;
            }
            "as" => break,
            "::" => {}
            word => words.push(word.to_owned()),
        }
        at += 1;
    }
    // `use a::b::{self}` is `use a::b`.
    if words.len() > 1 && words.last().is_some_and(|word| word == "self") {
        words.pop();
    }
    out.push(words);
}

fn must_be_none(folder: &str) {
    let files = Files::of(&sources(&root().join(folder)));
    assert!(
        files.code.len() > 30 && files.needs().values().flatten().count() > 50,
        "{folder} is not read as it should be"
    );
    let circles = files.circles();
    assert!(circles.is_empty(), "\n{}\n", circles.join("\n"));
}

#[test]
fn no_files_of_the_library_need_each_other() {
    must_be_none("src");
}

#[test]
fn no_files_of_the_applets_need_each_other() {
    must_be_none("applets");
}

#[test]
fn a_circle_is_found_whichever_way_it_is_written() {
    let circles = |files: &[(&str, &str)]| {
        let files: Vec<_> = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        Files::of(&files).circles().len()
    };
    let lib = ("lib.rs", "pub mod a;\npub mod b;");
    assert_eq!(circles(&[lib, ("a.rs", "use crate::b::{Two, self};"), ("b.rs", "fn f() { super::a::one() }")]), 2);
    assert_eq!(
        circles(&[lib, ("a.rs", "use crate::b::Two;"), ("b.rs", "#[cfg(test)]\nmod tests { use crate::a::One; }")]),
        0
    );
    // By way of a name that is handed on.
    let room = ("a/mod.rs", "mod x;\nmod y;\npub use x::{One};");
    assert_eq!(circles(&[lib, room, ("a/x.rs", "use super::y::Two;"), ("a/y.rs", "use super::One;")]), 2);
    assert_eq!(circles(&[lib, room, ("a/x.rs", ""), ("a/y.rs", "use super::One;")]), 0);
    // With the room's own file.
    assert_eq!(circles(&[lib, ("a/mod.rs", "mod x;\nfn f() { x::g() }"), ("a/x.rs", "use super::f;")]), 2);
}
