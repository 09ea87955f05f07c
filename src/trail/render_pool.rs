//! Events on their way to text: gathered to batches, which threads beside the reading one render or report. The batches come
//! out in the order in which their events went in.
//!
//! Memory is bounded: a few batches are in the pool at a time, and whoever brings events waits for the oldest batch.

use super::pool::Pool;
use crate::event::Event;
use crate::render::Renderer;
use std::io;
use std::thread::Scope;

/// A batch is full when its events have this number of bytes, or there are this many.
const FULL: usize = 128 << 10;
const CROWDED: usize = 256;

/// How much memory a batch keeps for the next text.
const KEPT: usize = 4 * FULL;

/// Some events, and later what is said of them.
#[derive(Default)]
pub struct Batch {
    events: Vec<Event>,
    size: usize,
    /// The file that ends after these events.
    end_of_file: Option<Vec<u8>>,
    /// For standard output.
    pub text: Vec<u8>,
    /// For standard error.
    pub complaints: Vec<u8>,
}

/// Takes the text of a batch.
pub type Write<'w> = &'w mut dyn FnMut(&mut Batch) -> io::Result<()>;

/// Renders events by workers of type `W`.
pub struct RenderPool<'s, 'e, W> {
    /// Empty when each event is rendered at once, here.
    pool: Option<Pool<'s, 'e, W, Batch, Batch>>,
    here: Option<W>,
    batch: Batch,
    /// Empty batches, for their memory.
    spare: Vec<Batch>,
    /// Events that are done with, for theirs.
    done: Vec<Event>,
}

fn render<W: Renderer>(worker: &mut W, mut batch: Batch) -> Batch {
    batch.text.clear();
    for event in &batch.events {
        worker.event(event, &mut batch.text, &mut batch.complaints);
    }
    if let Some(name) = &batch.end_of_file {
        worker.end_of_file(name, &mut batch.text);
    }
    batch
}

impl<'s, 'e, W: Renderer + Send + 's> RenderPool<'s, 'e, W> {
    /// Renders in as many threads as there are workers.
    pub fn beside(threads: &'s Scope<'s, 'e>, workers: Vec<W>) -> RenderPool<'s, 'e, W> {
        RenderPool { pool: Some(Pool::new(threads, workers, render)), here: None, ..RenderPool::empty() }
    }

    /// Renders each event as soon as it is taken.
    pub fn at_once(worker: W) -> RenderPool<'s, 'e, W> {
        RenderPool { here: Some(worker), ..RenderPool::empty() }
    }

    fn empty() -> RenderPool<'s, 'e, W> {
        RenderPool { pool: None, here: None, batch: Batch::default(), spare: Vec::new(), done: Vec::new() }
    }

    /// Takes an event, and gives back one that is done with.
    pub fn take(&mut self, event: Event, write: Write<'_>) -> io::Result<Option<Event>> {
        if let Some(worker) = &mut self.here {
            worker.event(&event, &mut self.batch.text, &mut self.batch.complaints);
            if self.batch.text.len() >= FULL || !self.batch.complaints.is_empty() {
                self.write_here(write)?;
            }
            return Ok(Some(event));
        }
        self.batch.size += event.size();
        self.batch.events.push(event);
        if self.batch.size >= FULL || self.batch.events.len() >= CROWDED {
            self.hand_over(write)?;
        }
        Ok(self.done.pop())
    }

    /// A file ends here.
    pub fn end_of_file(&mut self, name: &[u8], write: Write<'_>) -> io::Result<()> {
        if let Some(worker) = &mut self.here {
            worker.end_of_file(name, &mut self.batch.text);
            return Ok(());
        }
        self.batch.end_of_file = Some(name.to_vec());
        self.hand_over(write)
    }

    /// Renders what was taken, and writes everything.
    pub fn flush(&mut self, write: Write<'_>) -> io::Result<()> {
        if self.here.is_some() {
            return self.write_here(write);
        }
        if !self.batch.events.is_empty() {
            self.hand_over(write)?;
        }
        while self.pool.as_ref().is_some_and(Pool::has_jobs) {
            self.write_oldest(write)?;
        }
        Ok(())
    }

    /// Ends the threads, and gives the workers back.
    pub fn finish(self) -> Vec<W> {
        self.pool.map(Pool::finish).into_iter().flatten().chain(self.here).collect()
    }

    fn write_here(&mut self, write: Write<'_>) -> io::Result<()> {
        write(&mut self.batch)?;
        self.batch.text.clear();
        self.batch.complaints.clear();
        Ok(())
    }

    fn hand_over(&mut self, write: Write<'_>) -> io::Result<()> {
        let batch = std::mem::replace(&mut self.batch, self.spare.pop().unwrap_or_default());
        if self.pool.as_ref().is_some_and(Pool::is_full) {
            self.write_oldest(write)?;
        }
        if let Some(pool) = &mut self.pool {
            pool.submit(batch);
        }
        Ok(())
    }

    /// Waits for the oldest batch, and writes it.
    fn write_oldest(&mut self, write: Write<'_>) -> io::Result<()> {
        let batch = self.pool.as_mut().and_then(Pool::oldest);
        self.write(batch.ok_or(io::ErrorKind::Other)?, write)
    }

    fn write(&mut self, mut batch: Batch, write: Write<'_>) -> io::Result<()> {
        write(&mut batch)?;
        batch.text.clear();
        batch.text.shrink_to(KEPT);
        batch.complaints.clear();
        (batch.size, batch.end_of_file) = (0, None);
        self.done.append(&mut batch.events);
        self.spare.push(batch);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    /// Says the serial of each event, and complains of every third it has seen.
    struct Counting(usize);

    impl Renderer for Counting {
        fn event(&mut self, event: &Event, out: &mut Vec<u8>, complaints: &mut Vec<u8>) {
            out.extend_from_slice(format!("{} ", event.id().serial).as_bytes());
            self.0 += 1;
            if self.0 % 3 == 0 {
                complaints.push(b'!');
            }
        }

        fn end_of_file(&mut self, name: &[u8], out: &mut Vec<u8>) {
            out.extend_from_slice(name);
        }
    }

    fn event(serial: usize) -> Event {
        let line = format!("type=USER msg=audit(1700000000.000:{serial}): {}", "x".repeat(serial % 4000));
        let mut event = Event::default();
        event.push(&Record::parse(line.as_bytes()).unwrap());
        event
    }

    fn events_of(mut batches: RenderPool<'_, '_, Counting>) -> (String, usize, usize) {
        let (mut text, mut complaints) = (Vec::new(), 0);
        let mut write = |batch: &mut Batch| {
            text.extend_from_slice(&batch.text);
            complaints += batch.complaints.len();
            Ok(())
        };
        for serial in 1..3000 {
            batches.take(event(serial), &mut write).unwrap();
        }
        batches.end_of_file(b"END", &mut write).unwrap();
        batches.flush(&mut write).unwrap();
        (String::from_utf8(text).unwrap(), complaints, batches.finish().iter().map(|worker| worker.0).sum())
    }

    #[test]
    fn pages_come_out_in_order_whoever_renders_them() {
        let expected: String = (1..3000).map(|serial| format!("{serial} ")).chain(["END".to_string()]).collect();
        assert_eq!(events_of(RenderPool::at_once(Counting(0))), (expected.clone(), 999, 2999));
        std::thread::scope(|threads| {
            let (text, complaints, events) = events_of(RenderPool::beside(threads, vec![Counting(0), Counting(0)]));
            assert!(text == expected && (998..=999).contains(&complaints) && events == 2999);
        });
    }
}
