//! Repairs: the safe fixes of findings, as far as they do not touch each other.

use super::codes;
use super::finding::{Edit, Effect, Finding};
use std::collections::BTreeSet;

/// The edits that repair `findings` as it was surely meant, for one pass: of several that change one line the first is taken, and the
/// others have their turn when the repaired text is checked again; a line that one relies on is not changed by another. A line is
/// copied for the other width when nothing else is left to repair, or the copy would need the same repair.
pub fn safe_edits(findings: &[Finding]) -> Vec<Edit> {
    let is_safe = |found: &&Finding| found.fix.as_ref().is_some_and(|fix| fix.effect != Effect::Unsure);
    let (twins, others): (Vec<_>, Vec<_>) =
        findings.iter().filter(is_safe).partition(|found| found.code == &codes::ONE_ABI);
    // Equal rules go first: a merge makes of one of them a rule that the other is no longer equal to.
    let (mut ordered, merges): (Vec<_>, Vec<_>) = others.into_iter().partition(|found| found.code == &codes::DUPLICATE);
    ordered.extend(merges);
    one_a_line(if ordered.is_empty() { &twins } else { &ordered })
}

fn one_a_line(findings: &[&Finding]) -> Vec<Edit> {
    let (mut changed, mut relied) = (BTreeSet::new(), BTreeSet::new());
    let mut edits = Vec::new();
    for finding in findings {
        let lines = finding.changed_lines();
        let related = finding.related.iter().map(|(span, _)| (span.file, span.line));
        let kept: Vec<_> = related.filter(|line| !lines.contains(line)).collect();
        let is_free = |line| !changed.contains(line);
        if lines.iter().all(|line| is_free(line) && !relied.contains(line)) && kept.iter().all(is_free) {
            changed.extend(lines);
            relied.extend(kept);
            edits.extend(finding.fix.iter().flat_map(|fix| &fix.edits).cloned());
        }
    }
    edits
}

/// The text of file number `file` with its edits made.
pub fn apply(text: &[u8], file: usize, edits: &[Edit]) -> Vec<u8> {
    let mut own: Vec<&Edit> = edits.iter().filter(|edit| edit.file == file).collect();
    own.sort_by_key(|edit| edit.bytes);
    let (mut out, mut at) = (Vec::new(), 0);
    for edit in own {
        let end = edit.bytes.1.min(text.len());
        out.extend_from_slice(text.get(at..edit.bytes.0).unwrap_or_default());
        out.extend_from_slice(&edit.text);
        at = end;
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
    out
}

/// The lines that differ, as a unified diff (`diff -u`) with the whole of the file as its context where that is short.
pub fn unified_diff(name: &str, old: &[u8], new: &[u8]) -> Vec<u8> {
    let (old, new): (Vec<&[u8]>, Vec<&[u8]>) = (lines(old), lines(new));
    let mut out = format!("--- {name}\n+++ {name}\n").into_bytes();
    for hunk in hunks(&old, &new) {
        hunk.write(&old, &new, &mut out);
    }
    out
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|b| *b == b'\n').collect()
}

/// Old lines that go and new ones that come in their place.
struct Hunk {
    old: (usize, usize),
    new: (usize, usize),
}

/// Where the two differ. Edits are small and in order, so the next equal line is looked for near by.
fn hunks(old: &[&[u8]], new: &[&[u8]]) -> Vec<Hunk> {
    const NEAR: usize = 32;
    let (mut hunks, mut a, mut b) = (Vec::new(), 0, 0);
    while a < old.len() || b < new.len() {
        if a < old.len() && old.get(a) == new.get(b) {
            (a, b) = (a + 1, b + 1);
            continue;
        }
        let meets = |(i, j): &(usize, usize)| match (old.get(a + i), new.get(b + j)) {
            (Some(x), Some(y)) => x == y,
            (None, None) => true,
            _ => false,
        };
        let near = (0..2 * NEAR).flat_map(|sum| (0..=sum).map(move |i| (i, sum - i))).find(meets);
        let (i, j) = near.unwrap_or((old.len() - a, new.len() - b));
        hunks.push(Hunk { old: (a, a + i), new: (b, b + j) });
        (a, b) = (a + i, b + j);
    }
    hunks
}

impl Hunk {
    fn write(&self, old: &[&[u8]], new: &[&[u8]], out: &mut Vec<u8>) {
        // A range of no lines is named by the line before it.
        let range = |(start, end): (usize, usize)| format!("{},{}", start + usize::from(end > start), end - start);
        out.extend_from_slice(format!("@@ -{} +{} @@\n", range(self.old), range(self.new)).as_bytes());
        let sides = [(b'-', old, self.old), (b'+', new, self.new)];
        for (mark, lines, (start, end)) in sides {
            for line in lines.get(start..end).unwrap_or_default() {
                out.push(mark);
                out.extend_from_slice(line);
                if !line.ends_with(b"\n") {
                    out.extend_from_slice(b"\n\\ No newline at end of file\n");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(bytes: (usize, usize), text: &str) -> Edit {
        Edit { file: 0, bytes, text: text.as_bytes().to_vec() }
    }

    #[test]
    fn edits_are_made_from_left_to_right() {
        let edits = [edit((4, 7), "two"), edit((0, 0), "> "), edit((8, 99), "")];
        assert_eq!(apply(b"one 222 three", 0, &edits), b"> one two ");
        assert_eq!(apply(b"x", 1, &edits), b"x");
    }

    #[test]
    fn a_diff_shows_the_lines_that_differ() {
        let diff = unified_diff("r", b"a\nb\nc\nd\n", b"a\nB\nBB\nc\n");
        let expected = "--- r\n+++ r\n@@ -2,1 +2,2 @@\n-b\n+B\n+BB\n@@ -4,1 +4,0 @@\n-d\n";
        assert_eq!(String::from_utf8(diff).unwrap(), expected);
    }
}
