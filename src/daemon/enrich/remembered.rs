//! What runs of fields mean, remembered: one record after the other carries the same ids in the same places.
//!
//! A run is fields with meanings that follow one another, such as `auid=1000 uid=0 gid=0`. What it means hangs on its bytes,
//! the type of its record, the machine whose calls it counts, and the names of users and groups; when those are read anew
//! all is forgotten. Memory is fixed: a run that is longer than usual is not remembered, and the oldest makes place.

use crate::record::RecordType;
use crate::tables::machine::Machine;

/// Runs that are remembered.
const RUNS: usize = 16;
/// Bytes of a run, such as the nine ids of a SYSCALL record, and of its meanings.
const LONGEST: usize = 128;
const LONGEST_MEANINGS: usize = 256;

/// The runs that were seen last.
#[derive(Default)]
pub(super) struct Runs {
    /// Not more than [`RUNS`].
    runs: Vec<Run>,
    /// The oldest, when there is no place left.
    oldest: usize,
}

/// One run and its meanings.
pub(super) struct Run {
    record: RecordType,
    /// The machine before it, and behind it.
    machines: [Option<Machine>; 2],
    text: heapless::Vec<u8, LONGEST>,
    meanings: heapless::Vec<u8, LONGEST_MEANINGS>,
}

impl Run {
    /// Bytes of the record it covers.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// What it means: items with a space between them; none when no field has a meaning.
    pub(super) fn meanings(&self) -> &[u8] {
        &self.meanings
    }

    /// The machine that counts from its end on.
    pub(super) fn machine(&self) -> Option<Machine> {
        self.machines[1]
    }
}

impl Runs {
    /// The run that `rest` of a record begins with, when it is remembered.
    pub(super) fn recall(&self, record: RecordType, machine: Option<Machine>, rest: &[u8]) -> Option<&Run> {
        self.runs.iter().find(|run| {
            run.record == record
                && run.machines[0] == machine
                && matches!(rest.get(run.text.len()), None | Some(b' '))
                && rest.starts_with(&run.text)
        })
    }

    /// Keeps what a run means.
    pub(super) fn remember(
        &mut self,
        record: RecordType,
        machines: [Option<Machine>; 2],
        text: &[u8],
        meanings: &[u8],
    ) {
        let (Ok(text), Ok(meanings)) = (heapless::Vec::from_slice(text), heapless::Vec::from_slice(meanings)) else {
            return;
        };
        let run = Run { record, machines, text, meanings };
        if self.runs.len() < RUNS {
            self.runs.reserve_exact(RUNS - self.runs.len());
            return self.runs.push(run);
        }
        if let Some(place) = self.runs.get_mut(self.oldest) {
            *place = run;
        }
        self.oldest = (self.oldest + 1) % RUNS;
    }

    /// Names have changed.
    pub(super) fn forget(&mut self) {
        self.runs.clear();
        self.oldest = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: RecordType = RecordType::PATH;

    fn meanings(runs: &Runs, record: RecordType, rest: &str) -> Option<String> {
        runs.recall(record, None, rest.as_bytes()).map(|run| String::from_utf8(run.meanings().to_vec()).unwrap())
    }

    #[test]
    fn a_run_is_known_by_all_of_its_bytes_and_its_record() {
        let mut runs = Runs::default();
        runs.remember(PATH, [None; 2], b"ouid=0 ogid=0", b"OUID=\"root\"");
        assert!(meanings(&runs, PATH, "ouid=0 ogid=0 rdev=00:00").is_some());
        assert!(meanings(&runs, PATH, "ouid=0 ogid=0").is_some());
        assert_eq!(meanings(&runs, PATH, "ouid=0 ogid=01"), None);
        assert_eq!(meanings(&runs, PATH, "ouid=0 ogid="), None);
        assert_eq!(meanings(&runs, RecordType::CWD, "ouid=0 ogid=0"), None);
        assert!(runs.recall(PATH, Some(Machine::X86_64), b"ouid=0 ogid=0").is_none());
    }

    #[test]
    fn the_oldest_makes_place_and_long_ones_are_not_kept() {
        let mut runs = Runs::default();
        for id in 0..=RUNS {
            runs.remember(PATH, [None; 2], format!("ouid={id}").as_bytes(), b"x");
        }
        assert_eq!(meanings(&runs, PATH, "ouid=0"), None);
        assert!(meanings(&runs, PATH, "ouid=1").is_some() && meanings(&runs, PATH, "ouid=16").is_some());
        assert_eq!((runs.runs.len(), runs.runs.capacity()), (RUNS, RUNS));
        runs.remember(PATH, [None; 2], &[b'x'; LONGEST + 1], b"");
        assert!(runs.recall(PATH, None, &[b'x'; LONGEST + 1]).is_none());
    }
}
