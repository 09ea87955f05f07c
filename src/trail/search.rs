//! One search through a trail: files in order, blocks of each, the records that can matter, their events, a sink.
//!
//! Where something is needed that a record of every wanted event has (`Need`), only the surroundings of the records that
//! have it are put together to events. Nothing of what is passed over can change the answer, and this is why:
//!
//! - A record that opens an event of second `s` completes every event that is not newer than `s - timeout`, and all these
//!   leave the assembler at once, as they are complete and nothing older waits. So from then on it holds only events that
//!   are newer than `s - timeout`.
//! - Let `h` be the first record of interest, of second `s`. Reading begins where no record before is newer than
//!   `s - timeout` ([`ReadPoint`]). All records of events that are newer, that of `h` among them, come after this place and are
//!   read. Which of them open an event and which join one depends on nothing older: an older record completes only what is
//!   older still. When the event of `h` opens, the assembler therefore holds what it would hold had all been read, with the
//!   same bytes, and goes on as it would.
//! - Before that moment older events may wait that were not read. They leave first when too much waits, so that newer ones are
//!   given out early in the same cases with them as without.
//! - Reading ends when no event waits that has what is needed. An event that is given out had all its records by then, so
//!   whether it is of interest is known.
//! - Of events that are not known to be of interest, the assembler gets no more than where their records are, which is all that
//!   decides when an event is complete and what is given out early. When what is needed turns up in a later record of
//!   such an event, its first records are read again from there ([`Assembler::fill`]).
//! - An event that is given out in parts, as it is too long for one, is of interest whatever it has: its parts are judged together.
//!
//! In a log in order reading begins `timeout` seconds before a hit; after a clock that was ahead it begins there, and what
//! has been read is never read again but for the stretch before a hit: the work is linear on every log.

use super::block::{Block, Job, Loader, Mark, Query, Run, RunLines, Span};
use super::json::{Object, Objects};
use super::lines::{Lines, SEARCH_LINE, Segment, Source};
use super::order::Table;
use super::packed::{self, Prefix};
use super::pool::Pool;
use super::sink::{Outcome, Search, Sink};
use super::unread::Unread;
use crate::event::{Assembler, Place as Text, Policy};
use crate::record::{EventId, Headers, Line, Record};
use crate::sys::errno;
use crate::sys::input::InputFile;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::Scope;

/// How many threads load blocks.
const LOADERS: usize = 2;

/// Bytes of what is read line by line after which it is said how far that has come.
const STRETCH: u64 = 256 << 10;

/// A place in the trail: the number of the file, and the byte in it.
type Place = (usize, u64);

/// No record before this place is newer than this second.
#[derive(Clone, Copy)]
struct ReadPoint {
    place: Place,
    newest: u64,
}

/// More read points than this are thinned out, which makes reading begin a little earlier.
const MOST_READ_POINTS: usize = 1 << 14;

/// One of the files.
pub(super) struct LogFile {
    pub(super) path: PathBuf,
    /// The reference would not read it, so reports do not speak of it unless it has something to say.
    pub(super) is_older: bool,
}

/// The pool that loads blocks.
type Loading<'s, 'e> = Pool<'s, 'e, Loader<'e>, Job, Block>;

/// A search that goes on.
pub(super) struct Reader<'r> {
    search: &'r Search<'r>,
    query: &'r Query,
    /// For blocks that are not loaded ahead.
    loader: Loader<'r>,
    sink: &'r mut dyn Sink,
    assembler: Assembler,
    headers: Headers,
    outcome: Outcome,
    /// Files that were opened so far, with their paths.
    files: Vec<(Arc<InputFile>, PathBuf)>,
    /// What is known of closed logs, if a range is looked for.
    table: Option<Table>,
    read_points: Vec<ReadPoint>,
    newest: u64,
    /// Events with a record that has what is needed, sorted. Complete for all that waits.
    wanted: Vec<EventId>,
    /// Up to here the assembler holds what it would hold had all been read.
    read_up_to: Place,
    /// One of the wanted events may wait.
    is_reading: bool,
    /// Only events that have what is needed are given out.
    filters: bool,
    /// Something of the file at hand was in the range.
    has_records: bool,
    /// A record named its machine.
    has_nodes: bool,
    spare: Vec<Block>,
    unread: Unread,
    /// How many marks of the block at hand were told of, and where its next line is that is no record.
    told: usize,
    next_unread: u64,
    /// Bytes of the files before the one at hand, and of all; unknown when one has no length.
    before: u64,
    all: Option<u64>,
}

impl<'r> Reader<'r> {
    pub(super) fn new(search: &'r Search<'r>, query: &'r Query, sink: &'r mut dyn Sink) -> Reader<'r> {
        let has_range = query.seconds != (0..=u64::MAX);
        let table = search.state_dir.filter(|_| has_range && search.tuning.shortcuts).map(Table::read);
        Reader {
            search,
            query,
            loader: Loader::new(query),
            sink,
            assembler: Assembler::new(Policy::Search, search.timeout),
            headers: Headers::default(),
            outcome: Outcome::default(),
            files: Vec::new(),
            table,
            read_points: vec![ReadPoint { place: (0, 0), newest: 0 }],
            newest: 0,
            wanted: Vec::new(),
            read_up_to: (0, 0),
            is_reading: false,
            filters: search.tuning.shortcuts && query.need.is_some(),
            has_records: false,
            has_nodes: false,
            spare: Vec::new(),
            unread: Unread::default(),
            told: 0,
            next_unread: u64::MAX,
            before: 0,
            all: None,
        }
    }

    /// Searches files, the oldest first. The first that cannot be opened ends it.
    pub(super) fn files(mut self, files: Vec<LogFile>) -> Outcome {
        let mut opened = Vec::new();
        for LogFile { path, is_older } in files {
            match InputFile::open(&path) {
                Ok(file) if file.is_directory() => {
                    self.outcome.failed = Some((path, io::Error::from_raw_os_error(errno::EISDIR)));
                    break;
                }
                Ok(file) => opened.push((Arc::new(file), path, is_older)),
                Err(error) => {
                    self.outcome.failed = Some((path, error));
                    break;
                }
            }
        }
        // What comes out of a pipe cannot be gone back to.
        let is_plain = |file: &InputFile, path| {
            file.is_regular() && packed::program(file, path).is_none() && !packed::is_prefixed(file)
        };
        self.filters = self.filters && opened.iter().all(|(file, path, _)| is_plain(file, path));
        let length = |file: &InputFile| file.is_regular().then(|| file.len());
        self.all = opened.iter().map(|(file, ..)| length(file)).sum();
        let (query, last) = (self.query, opened.len().saturating_sub(1));
        let is_whole = self.outcome.failed.is_none();
        let flow = std::thread::scope(|threads| {
            let mut loading = None;
            for (number, (file, path, is_older)) in opened.into_iter().enumerate() {
                self.outcome.last_file = Some(path.clone());
                let len = file.len();
                self.files.push((file, path));
                let first = self.outcome.first;
                self.has_records = false;
                self.file(&mut loading, threads, query)?;
                self.before += len;
                if is_older {
                    self.outcome.first = first;
                }
                if number == last && is_whole {
                    self.finish()?;
                }
                if !is_older || self.has_records {
                    self.end_of_file()?;
                }
            }
            ControlFlow::Continue(())
        });
        self.outcome.is_stopped = flow.is_break();
        self.outcome
    }

    /// Searches what can be read once.
    pub(super) fn source(mut self, source: &mut dyn Source, name: &Path) -> Outcome {
        self.filters = false;
        let flow = self.once(source, name);
        self.outcome.is_stopped = flow.is_break();
        self.outcome
    }

    fn once(&mut self, source: &mut dyn Source, name: &Path) -> ControlFlow<()> {
        self.lines(source, name, None)?;
        self.finish()?;
        self.sink.end_of_file(name)
    }

    /// The file at hand has been gone through up to this byte.
    fn progress(&mut self, at: u64) {
        self.sink.progress(self.before.saturating_add(at), self.all);
    }

    fn end_of_file(&mut self) -> ControlFlow<()> {
        let Some((_, path)) = self.files.last() else { return ControlFlow::Continue(()) };
        self.assembler.end_of_file();
        self.sink.end_of_file(path)
    }

    /// Reads the file that was opened last.
    fn file<'s, 'e>(
        &mut self,
        loading: &mut Option<Loading<'s, 'e>>,
        threads: &'s Scope<'s, 'e>,
        query: &'e Query,
    ) -> ControlFlow<()> {
        let Some((file, path)) = self.files.last() else { return ControlFlow::Continue(()) };
        let (file, path) = (Arc::clone(file), path.clone());
        if let Some(program) = packed::program(&file, &path) {
            return self.packed(&file, &path, program);
        }
        let is_sequential = packed::is_json(&file) || packed::is_prefixed(&file);
        match (file.is_regular(), self.search.tuning.shortcuts && !is_sequential) {
            (true, true) => self.blocks(&file, loading, threads, query),
            (true, false) => self.lines(&mut Segment { file: &file, at: 0, end: u64::MAX }, &path, None),
            (false, _) => self.lines(&mut &*file, &path, None),
        }
    }

    /// Reads a compressed file.
    fn packed(&mut self, file: &InputFile, path: &Path, program: &'static str) -> ControlFlow<()> {
        // Some programs take a file without a byte for a whole one.
        let source = Some(file)
            .filter(|file| !file.is_regular() || !file.is_empty())
            .and_then(|file| packed::Unpacked::start(file, program).ok());
        let Some(mut source) = source else {
            self.outcome.torn.push((path.to_path_buf(), program));
            return ControlFlow::Continue(());
        };
        self.lines(&mut source, path, Some(file))?;
        if source.is_torn() {
            self.outcome.torn.push((path.to_path_buf(), program));
        }
        ControlFlow::Continue(())
    }

    /// Reads a file by blocks, which are loaded ahead where there is more than one.
    fn blocks<'s, 'e>(
        &mut self,
        file: &Arc<InputFile>,
        loading: &mut Option<Loading<'s, 'e>>,
        threads: &'s Scope<'s, 'e>,
        query: &'e Query,
    ) -> ControlFlow<()> {
        let size = self.search.tuning.block;
        let known = self.table.as_ref().and_then(|table| table.known(file, &self.query.seconds));
        let mut start = known.as_ref().map_or(0, |known| known.bytes.start);
        let mut is_line = true;
        if let Some(known) = known.as_ref().filter(|known| known.bytes.start > 0) {
            self.first(Some(known.first));
            self.outcome.has_records = true;
            self.unread.record(false, &mut self.outcome);
        }
        // A file that grows is read to its end, wherever that is by then.
        loop {
            let len = known.as_ref().map_or_else(|| file.len(), |known| known.bytes.end);
            if start >= len {
                return ControlFlow::Continue(());
            }
            if len - start <= size {
                let block = self.load(file, Span { start, end: len, is_line }, !self.filters);
                self.block(file, block)?;
                self.progress(len);
                (start, is_line) = (len, false);
                continue;
            }
            let loading = loading.get_or_insert_with(|| {
                Pool::new(threads, (0..LOADERS).map(|_| Loader::new(query)).collect(), Loader::load)
            });
            while start < len || loading.has_jobs() {
                while start < len && !loading.is_full() {
                    let span = Span { start, end: len.min(start + size), is_line };
                    (start, is_line) = (span.end, false);
                    let block = self.spare.pop().unwrap_or_default();
                    loading.submit(Job { file: Arc::clone(file), span, is_whole: !self.filters, block });
                }
                let Some(block) = loading.oldest() else { return ControlFlow::Continue(()) };
                let (failed, at) = (block.failed, block.place(0));
                self.block(file, block)?;
                self.progress(at);
                if failed {
                    // A log that cannot be read further ends there.
                    while loading.has_jobs() {
                        self.spare.extend(loading.oldest());
                    }
                    return ControlFlow::Continue(());
                }
            }
        }
    }

    fn load(&mut self, file: &Arc<InputFile>, span: Span, is_whole: bool) -> Block {
        let block = self.spare.pop().unwrap_or_default();
        self.loader.load(Job { file: Arc::clone(file), span, is_whole, block })
    }

    /// Takes a block, and what follows where it stopped within a line.
    fn block(&mut self, file: &Arc<InputFile>, mut block: Block) -> ControlFlow<()> {
        loop {
            self.first(block.first);
            self.has_records |= block.has_records;
            self.outcome.has_records |= block.has_records || block.first.is_some();
            if block.is_skimmed && self.is_reading {
                let whole = self.load(file, block.span, true);
                self.spare.push(std::mem::replace(&mut block, whole));
            }
            (self.told, self.next_unread) = (0, 0);
            self.take(&mut block)?;
            self.tell_unread(&block, u64::MAX);
            let rest = block.rest;
            self.spare.push(block);
            let Some(rest) = rest else { return ControlFlow::Continue(()) };
            block = self.load(file, Span { start: rest, end: rest, is_line: true }, !self.filters);
        }
    }

    fn first(&mut self, first: Option<EventId>) {
        if self.outcome.first.is_none_or(|first| first.sec == 0) && first.is_some() {
            self.outcome.first = first;
        }
    }

    /// Tells of the lines of a block that are no records, up to a place in the file: a sink that wants no more than what comes before
    /// is told no more.
    #[cold]
    fn tell_unread(&mut self, block: &Block, up_to: u64) {
        let path = self.files.last().map(|(_, path)| path.as_path()).unwrap_or(Path::new(""));
        for mark in block.marks().skip(self.told) {
            match mark {
                Mark::Records { in_range } => self.unread.record(in_range, &mut self.outcome),
                Mark::Unread((at, _)) if at >= up_to => {
                    self.next_unread = at;
                    return;
                }
                Mark::Unread((at, text)) => self.unread.line(path, at, text, &mut self.outcome, self.sink),
            }
            self.told += 1;
        }
        self.next_unread = u64::MAX;
    }

    /// Takes the records of a block that can matter.
    fn take(&mut self, block: &mut Block) -> ControlFlow<()> {
        let file = self.files.len() - 1;
        if !self.filters {
            return self.push_all(file, block, 0..block.len());
        }
        for (place, newest) in block.steps() {
            self.add_read_point((file, place), newest);
        }
        if self.is_reading || !block.hits.is_empty() {
            self.want(block);
            self.read_around_hits(file, block)?;
        }
        self.newest = self.newest.max(block.newest);
        ControlFlow::Continue(())
    }

    fn read_around_hits(&mut self, file: usize, block: &Block) -> ControlFlow<()> {
        let (mut at, mut hit) = (0, 0);
        while at < block.len() {
            while block.hits.get(hit).is_some_and(|hit| *hit < at) {
                hit += 1;
            }
            if !self.is_reading {
                let Some(first) = block.hits.get(hit) else { break };
                at = self.begin(block, (file, block.place(at)), block.id(*first))?;
            }
            let stop = block.next_step(block.place(at));
            self.push_all(file, block, at..stop)?;
            at = stop;
            self.read_up_to = (file, block.place(at));
            self.is_reading = self.awaits();
        }
        ControlFlow::Continue(())
    }

    /// Adds the block's wanted events to those that wait.
    fn want(&mut self, block: &Block) {
        let Reader { wanted, assembler, .. } = self;
        wanted.retain(|id| assembler.is_waiting(*id));
        if block.hits.is_empty() {
            return;
        }
        wanted.extend(block.hits.iter().map(|hit| block.id(*hit)));
        wanted.sort_unstable();
        wanted.dedup();
        let wanted = std::mem::take(&mut self.wanted);
        self.fill(&|id| wanted.binary_search(&id).is_ok());
        self.wanted = wanted;
    }

    /// Reads the records of which only the places are known.
    fn fill(&mut self, is_wanted: &dyn Fn(EventId) -> bool) {
        let (files, mut text) = (&self.files, Vec::new());
        self.assembler.fill(is_wanted, &mut |place, each| {
            let Some((file, _)) = files.get(place.file) else { return };
            text.resize(place.len as usize, 0);
            let read = file.read_at(&mut text, place.at).unwrap_or(0);
            let lines = RunLines::new(text.get(..read).unwrap_or_default());
            lines.filter_map(|line| Record::scan(line).ok()).for_each(|record| each(&record));
        });
    }

    /// Whether one of the wanted events waits: only these have their records, and those that name a machine.
    fn awaits(&self) -> bool {
        self.assembler.has_filled() && (!self.has_nodes || self.wanted.iter().any(|id| self.assembler.is_waiting(*id)))
    }

    fn add_read_point(&mut self, place: Place, newest: u64) {
        let newest = newest.max(self.newest);
        self.read_points.push(ReadPoint { place, newest });
        if self.read_points.len() > MOST_READ_POINTS {
            let mut is_kept = false;
            self.read_points.retain(|point| {
                is_kept = !is_kept;
                is_kept || point.place == (0, 0)
            });
        }
    }

    /// Begins to read for the event of a hit in `block`, of which `at` is the next record. Gives back the record of the block
    /// with which to go on.
    fn begin(&mut self, block: &Block, at: Place, hit: EventId) -> ControlFlow<(), usize> {
        self.is_reading = true;
        let known = match hit.sec.checked_sub(self.search.timeout.max(1)) {
            Some(limit) => self.read_points.partition_point(|point| point.newest <= limit || point.place == (0, 0)),
            None => 1,
        };
        let point = known.checked_sub(1).and_then(|at| self.read_points.get(at)).map_or((0, 0), |point| point.place);
        if point > self.read_up_to {
            self.assembler.clear();
            self.read_up_to = point;
        }
        let from = self.read_up_to;
        let start = (at.0, block.place(0));
        if from < start {
            self.go_back(from, start)?;
        }
        ControlFlow::Continue(if from.0 == at.0 { block.index(from.1) } else { 0 })
    }

    /// Reads what was passed over, from one place up to another.
    fn go_back(&mut self, from: Place, to: Place) -> ControlFlow<()> {
        // What was passed over has been told of.
        let next_unread = std::mem::replace(&mut self.next_unread, u64::MAX);
        for number in from.0..=to.0 {
            let Some((file, _)) = self.files.get(number) else { continue };
            let file = Arc::clone(file);
            let mut start = if number == from.0 { from.1 } else { 0 };
            let end = if number == to.0 { to.1 } else { file.len() };
            let mut is_line = true;
            while start < end {
                let span = Span { start, end: end.min(start + self.search.tuning.block), is_line };
                let mut block = self.load(&file, span, true);
                loop {
                    self.push_all(number, &block, 0..block.index(end))?;
                    let Some(rest) = block.rest else { break };
                    self.spare.push(block);
                    block = self.load(&file, Span { start: rest, end: rest, is_line: true }, true);
                }
                self.spare.push(block);
                (start, is_line) = (span.end, false);
            }
        }
        self.next_unread = next_unread;
        ControlFlow::Continue(())
    }

    fn push_all(&mut self, file: usize, block: &Block, runs: std::ops::Range<usize>) -> ControlFlow<()> {
        for index in runs {
            let Some(run) = block.run(index) else { continue };
            if self.next_unread <= block.place(index) {
                self.tell_unread(block, block.place(index));
            }
            self.has_nodes |= run.has_node;
            if !self.filters || run.has_node || self.wanted.binary_search(&run.id).is_ok() {
                if let Some(record) = block.record(run) {
                    self.assembler.push(&record);
                    self.drain()?;
                    continue;
                }
                for line in block.lines(run) {
                    if let Ok(record) = self.headers.scan(line) {
                        self.assembler.push(&record);
                        self.drain()?;
                    }
                }
            } else if self.push_place(file, block.place(index), run) {
                self.drain()?;
            } else {
                self.push_places(file, block, block.place(index), run)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Pushes the place of a run at once, if that is the same as record by record.
    fn push_place(&mut self, file: usize, at: u64, run: &Run) -> bool {
        let place = Text { file, at, len: run.len() };
        (run.is_single || !run.record_type.ends_event())
            && self.assembler.push_place(run.id, run.record_type, place, run.len() as usize + 1, run.is_single)
    }

    /// Pushes the place of each record of a run, and the record itself from the first one on for which its event has no room.
    #[cold]
    fn push_places(&mut self, file: usize, block: &Block, mut at: u64, run: &Run) -> ControlFlow<()> {
        for line in block.lines(run) {
            let len = line.text.len() as u32;
            if let Ok(record) = self.headers.scan(line) {
                let (place, size) = (Text { file, at, len }, record.as_written().len() + 1);
                let is_wanted = self.wanted.binary_search(&run.id).is_ok();
                if is_wanted || !self.assembler.push_place(record.id, record.record_type, place, size, true) {
                    if !is_wanted {
                        self.fill(&|id| id == run.id);
                        self.wanted.push(run.id);
                        self.wanted.sort_unstable();
                    }
                    self.assembler.push(&record);
                }
                self.drain()?;
            }
            at += u64::from(len) + 1;
        }
        ControlFlow::Continue(())
    }

    /// Reads lines one after another; of a compressed file that `packed` is.
    fn lines(&mut self, source: &mut dyn Source, name: &Path, packed: Option<&InputFile>) -> ControlFlow<()> {
        let mut lines = Lines::new(SEARCH_LINE);
        let mut next = STRETCH;
        // The first record says whether records have something in front.
        let (mut prefix, mut stripped) = (Prefix::default(), Vec::new());
        loop {
            match lines.begins_with(b'{', source) {
                Ok(true) => return self.objects(&mut lines, source, name, packed),
                Ok(false) => break,
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
                Err(_) => return ControlFlow::Continue(()),
            }
        }
        loop {
            if lines.position() >= next {
                next = lines.position() + STRETCH;
                self.progress(packed.map_or(lines.position(), InputFile::position));
            }
            // The rest of a line that is too long is text that somebody may have chosen.
            let begins = lines.is_new();
            match lines.next_placed(source) {
                Ok(Some((at, line))) => {
                    let text = line.text;
                    let record = self.headers.scan(line);
                    if record.is_err() && prefix != Prefix::Absent && begins && packed::strip(text, &mut stripped) {
                        if let Ok(record) = Record::scan(Line::new(&stripped)) {
                            prefix.learn(true);
                            self.record(&record)?;
                        }
                        continue;
                    }
                    let found = record.map_or_else(|_| Record::behind_torn(line), |record| Some((0, record)));
                    let text = found.map_or(Some(text), |(torn, _)| text.get(..torn)).unwrap_or_default();
                    if !text.is_empty() {
                        self.unread.line(name, at, text, &mut self.outcome, self.sink);
                    }
                    if let Some((_, record)) = found {
                        prefix.learn(false);
                        self.record(&record)?;
                    }
                }
                // Who waits for a silent pipe gets what there is.
                Err(error) if error.kind() == io::ErrorKind::TimedOut => self.finish()?,
                // A log that cannot be read further ends there.
                Ok(None) | Err(_) => return ControlFlow::Continue(()),
            }
        }
    }

    /// Reads events in JSON one after another.
    fn objects(
        &mut self,
        lines: &mut Lines,
        source: &mut dyn Source,
        name: &Path,
        packed: Option<&InputFile>,
    ) -> ControlFlow<()> {
        let mut objects = Objects::default();
        let mut next = STRETCH;
        loop {
            if lines.position() >= next {
                next = lines.position() + STRETCH;
                self.progress(packed.map_or(lines.position(), InputFile::position));
            }
            match objects.next(lines, source) {
                Ok(Some(Object::Event(mut event))) => {
                    if self.is_in_range(event.id()) {
                        event.set_file(self.assembler.file());
                        let done = self.sink.event(event)?;
                        done.into_iter().for_each(|event| self.assembler.recycle(event));
                    }
                }
                Ok(Some(Object::Unread(at))) => {
                    self.unread.line(name, at, objects.text(), &mut self.outcome, self.sink);
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
                Ok(None) | Err(_) => return ControlFlow::Continue(()),
            }
        }
    }

    fn record(&mut self, record: &Record<'_>) -> ControlFlow<()> {
        if self.is_in_range(record.id) {
            self.assembler.push(record);
            self.drain()?;
        }
        ControlFlow::Continue(())
    }

    /// Whether what has this id is in the range; takes note of it.
    fn is_in_range(&mut self, id: EventId) -> bool {
        let in_range = self.query.seconds.contains(&id.sec);
        if self.outcome.first.is_none_or(|first| first.sec == 0) && (!in_range || !self.query.has_start) {
            self.outcome.first = Some(id);
        }
        self.has_records |= in_range;
        self.outcome.has_records = true;
        self.unread.record(in_range, &mut self.outcome);
        in_range
    }

    /// The input is at its end, or silent.
    fn finish(&mut self) -> ControlFlow<()> {
        match self.search.only_ended {
            true => {
                self.fill(&|_| true);
                self.assembler.finish_ended();
            }
            false => self.assembler.finish(),
        }
        self.drain()
    }

    #[inline(always)]
    fn drain(&mut self) -> ControlFlow<()> {
        if self.assembler.has_next() { self.give_events() } else { ControlFlow::Continue(()) }
    }

    fn give_events(&mut self) -> ControlFlow<()> {
        while let Some(event) = self.assembler.next() {
            let is_wanted = !self.filters || self.wanted.binary_search(&event.id()).is_ok();
            let done = if is_wanted { self.sink.event(event)? } else { Some(event) };
            if let Some(event) = done {
                self.assembler.recycle(event);
            }
        }
        ControlFlow::Continue(())
    }
}
