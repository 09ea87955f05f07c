//! Paths of files, shown from the event's working directory on.

use super::value::push_text;
use super::{Interpreter, Kind, RecordContext};
use crate::record::Field;
use memchr::memmem;

impl Interpreter<'_> {
    /// Appends the path that a field means. One that does not begin with `/` is put after the working directory
    /// (a value of a CWD record, in quotes or hex), if that is known.
    ///
    /// COMPAT: `.` and doubled slashes stay, unless `..` occurs as well.
    pub fn path(&mut self, field: Field, directory: Option<&[u8]>, context: &RecordContext, out: &mut Vec<u8>) {
        if let Some(name) = context.enriched.value(field.name, field.value) {
            let start = out.len();
            out.extend_from_slice(name);
            return self.escape_value(Kind::File, start, out);
        }
        let start = out.len();
        push_text(field.value, None, out);
        if let Some(directory) = directory {
            if out.get(start) != Some(&b'/') {
                let name = out.split_off(start);
                push_text(directory, None, out);
                out.push(b'/');
                out.extend_from_slice(&name);
            }
            if memmem::find(out.get(start..).unwrap_or_default(), b"..").is_some() {
                shorten(start, out);
            }
        }
        self.escape_value(Kind::File, start, out);
    }
}

/// Takes `.`, `..` and doubled slashes out of the path that stands in `out` from `start` on. One that begins with a dot
/// is relative to who knows what, and stays.
fn shorten(start: usize, out: &mut Vec<u8>) {
    let path = out.split_off(start);
    if path.first() == Some(&b'.') {
        return out.extend_from_slice(&path);
    }
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                let kept = out.get(start..).unwrap_or_default();
                out.truncate(start + memchr::memrchr(b'/', kept).unwrap_or(0));
            }
            _ => {
                out.push(b'/');
                out.extend_from_slice(part);
            }
        }
    }
    if out.len() == start {
        out.push(b'/');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Escape;

    fn shown(name: &str, directory: Option<&str>, mode: Escape) -> String {
        let (mut out, context) = (b"= ".to_vec(), RecordContext::default());
        let field = Field { name: b"name", value: name.as_bytes() };
        Interpreter::new((), None, mode).path(field, directory.map(str::as_bytes), &context, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_relative_path_begins_at_the_working_directory() {
        for (name, path) in [
            ("\"f\"", "= /w/d/f"),
            ("\"./f\"", "= /w/d/./f"),
            ("\"/a//f\"", "= /a//f"),
            ("61206A", "= /w/d/a j"),
            ("(null)", "= /w/d/(null)"),
        ] {
            assert_eq!(shown(name, Some("\"/w/d\""), Escape::Tty), path);
        }
        assert_eq!(shown("\"f\"", None, Escape::Tty), "= f");
        assert_eq!(shown("\"f\"", Some("2F7720"), Escape::Shell), "= /w\\ /f");
    }

    #[test]
    fn two_dots_go_one_up() {
        for (name, path) in [
            ("\"../f\"", "= /w/f"),
            ("\"../../f\"", "= /f"),
            ("\"../../../f\"", "= /f"),
            ("\"a/..\"", "= /w/d"),
            ("\"/a/./b//../c\"", "= /a/c"),
            ("\"a..b\"", "= /w/d/a..b"),
            ("\"/..\"", "= /"),
        ] {
            assert_eq!(shown(name, Some("\"/w/d\""), Escape::Tty), path);
        }
        assert_eq!(shown("\"../f\"", None, Escape::Tty), "= ../f");
        assert_eq!(shown("\"../f\"", Some("\".\""), Escape::Tty), "= ./../f");
    }
}
