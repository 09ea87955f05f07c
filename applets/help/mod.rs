//! What `--help` of a command says: the files beside this one. A line that begins with `FEATURE|` is there where that cargo feature is
//! built in, one that begins with `!FEATURE|` where it is not.

/// The help text of a file, as this binary has it.
macro_rules! help {
    ($file:literal) => {{
        const ALL: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/applets/help/", $file));
        const SHOWN: [u8; $crate::help::shown(ALL, $crate::help::BUILT_IN, &mut [])] = {
            let mut shown = [0; _];
            $crate::help::shown(ALL, $crate::help::BUILT_IN, &mut shown);
            shown
        };
        const TEXT: &str = match str::from_utf8(&SHOWN) {
            Ok(text) => text,
            Err(_) => panic!("not UTF-8"),
        };
        TEXT
    }};
}
pub(crate) use help;

/// How the lines of a feature begin, and whether it is built in.
type Features = [(&'static [u8], bool)];

/// Of this binary.
pub(crate) const BUILT_IN: &Features = &[
    (b"early|", cfg!(feature = "early")),
    (b"pictures|", cfg!(feature = "pictures")),
    (b"rule-tools|", cfg!(feature = "rule-tools")),
];

/// Puts what is shown of a text into `out` as far as that has room, and counts it. The compiler runs it.
pub(crate) const fn shown(text: &[u8], features: &Features, out: &mut [u8]) -> usize {
    let (mut at, mut count) = (0, 0);
    while at < text.len() {
        let is_wanted;
        (is_wanted, at) = marked(text, features, at);
        while at < text.len() {
            let byte = text[at];
            if is_wanted {
                if count < out.len() {
                    out[count] = byte;
                }
                count += 1;
            }
            at += 1;
            if byte == b'\n' {
                break;
            }
        }
    }
    count
}

/// Whether the line that begins there is shown, and where its text begins.
const fn marked(text: &[u8], features: &Features, at: usize) -> (bool, usize) {
    let is_not = text[at] == b'!';
    let name = at + is_not as usize;
    let mut feature = 0;
    while feature < features.len() {
        let (mark, is_built_in) = features[feature];
        if begins(text, name, mark) {
            return (is_built_in != is_not, name + mark.len());
        }
        feature += 1;
    }
    (true, at)
}

const fn begins(text: &[u8], at: usize, mark: &[u8]) -> bool {
    let mut n = 0;
    while n < mark.len() && at + n < text.len() && text[at + n] == mark[n] {
        n += 1;
    }
    n == mark.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_feature_is_there_where_the_feature_is() {
        let text = b"usage: x\nearly|  --early\n!early|  without\n!  pictures|\n";
        for (is_built_in, line) in [(true, "  --early"), (false, "  without")] {
            let mut out = [0; 60];
            let features = [(&b"early|"[..], is_built_in)];
            let count = shown(text, &features, &mut out);
            assert_eq!(str::from_utf8(&out[..count]).unwrap(), format!("usage: x\n{line}\n!  pictures|\n"));
            assert_eq!(shown(text, &features, &mut []), count);
        }
    }

    #[test]
    fn what_this_binary_has_is_in_its_help() {
        let text = help!("auditd.txt");
        assert_eq!(text.contains("\n  --early "), cfg!(feature = "early"));
        assert!(!text.contains("early|"));
    }
}
