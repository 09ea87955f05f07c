//! Events on their way to text: gathered to pages, which threads beside the reading one render or report. The pages come
//! out in the order in which their events went in.
//!
//! Memory is bounded: a few pages are in the pool at a time, and whoever brings events waits for the oldest page.

use super::pool::Pool;
use crate::event::Event;
use crate::render::Renderer;
use std::io;
use std::thread::Scope;

/// A page is full when its events have so many bytes, or are so many.
const FULL: usize = 128 << 10;
const CROWDED: usize = 256;

/// How much memory a page keeps for the next text.
const KEPT: usize = 4 * FULL;

/// Some events, and later what is said of them.
#[derive(Default)]
pub struct Page {
    events: Vec<Event>,
    size: usize,
    /// The file that ends after these events.
    end_of_file: Option<Vec<u8>>,
    /// For standard output.
    pub text: Vec<u8>,
    /// For standard error.
    pub complaints: Vec<u8>,
}

/// Takes the text of a page.
pub type Write<'w> = &'w mut dyn FnMut(&mut Page) -> io::Result<()>;

/// Renders events by workers of type `W`.
pub struct Pages<'s, 'e, W> {
    /// Empty when each event is rendered at once, here.
    pool: Option<Pool<'s, 'e, W, Page, Page>>,
    here: Option<W>,
    page: Page,
    /// Empty pages, for their memory.
    spare: Vec<Page>,
    /// Events that are done with, for theirs.
    done: Vec<Event>,
}

fn render<W: Renderer>(worker: &mut W, mut page: Page) -> Page {
    page.text.clear();
    for event in &page.events {
        worker.event(event, &mut page.text, &mut page.complaints);
    }
    if let Some(name) = &page.end_of_file {
        worker.end_of_file(name, &mut page.text);
    }
    page
}

impl<'s, 'e, W: Renderer + Send + 's> Pages<'s, 'e, W> {
    /// Renders in as many threads as there are workers.
    pub fn beside(threads: &'s Scope<'s, 'e>, workers: Vec<W>) -> Pages<'s, 'e, W> {
        Pages { pool: Some(Pool::new(threads, workers, render)), here: None, ..Pages::empty() }
    }

    /// Renders each event as soon as it is taken.
    pub fn at_once(worker: W) -> Pages<'s, 'e, W> {
        Pages { here: Some(worker), ..Pages::empty() }
    }

    fn empty() -> Pages<'s, 'e, W> {
        Pages { pool: None, here: None, page: Page::default(), spare: Vec::new(), done: Vec::new() }
    }

    /// Takes an event, and gives back one that is done with.
    pub fn take(&mut self, event: Event, write: Write<'_>) -> io::Result<Option<Event>> {
        if let Some(worker) = &mut self.here {
            worker.event(&event, &mut self.page.text, &mut self.page.complaints);
            if self.page.text.len() >= FULL || !self.page.complaints.is_empty() {
                self.write_here(write)?;
            }
            return Ok(Some(event));
        }
        self.page.size += event.size();
        self.page.events.push(event);
        if self.page.size >= FULL || self.page.events.len() >= CROWDED {
            self.hand_over(write)?;
        }
        Ok(self.done.pop())
    }

    /// A file ends here.
    pub fn end_of_file(&mut self, name: &[u8], write: Write<'_>) -> io::Result<()> {
        if let Some(worker) = &mut self.here {
            worker.end_of_file(name, &mut self.page.text);
            return Ok(());
        }
        self.page.end_of_file = Some(name.to_vec());
        self.hand_over(write)
    }

    /// Renders what was taken, and writes everything.
    pub fn flush(&mut self, write: Write<'_>) -> io::Result<()> {
        if self.here.is_some() {
            return self.write_here(write);
        }
        if !self.page.events.is_empty() {
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
        write(&mut self.page)?;
        self.page.text.clear();
        self.page.complaints.clear();
        Ok(())
    }

    fn hand_over(&mut self, write: Write<'_>) -> io::Result<()> {
        let page = std::mem::replace(&mut self.page, self.spare.pop().unwrap_or_default());
        if self.pool.as_ref().is_some_and(Pool::is_full) {
            self.write_oldest(write)?;
        }
        if let Some(pool) = &mut self.pool {
            pool.submit(page);
        }
        Ok(())
    }

    /// Waits for the oldest page, and writes it.
    fn write_oldest(&mut self, write: Write<'_>) -> io::Result<()> {
        let page = self.pool.as_mut().and_then(Pool::oldest);
        self.write(page.ok_or(io::ErrorKind::Other)?, write)
    }

    fn write(&mut self, mut page: Page, write: Write<'_>) -> io::Result<()> {
        write(&mut page)?;
        page.text.clear();
        page.text.shrink_to(KEPT);
        page.complaints.clear();
        (page.size, page.end_of_file) = (0, None);
        self.done.append(&mut page.events);
        self.spare.push(page);
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
            out.extend_from_slice(format!("{} ", event.stamp().serial).as_bytes());
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

    fn told(mut pages: Pages<'_, '_, Counting>) -> (String, usize, usize) {
        let (mut text, mut complaints) = (Vec::new(), 0);
        let mut write = |page: &mut Page| {
            text.extend_from_slice(&page.text);
            complaints += page.complaints.len();
            Ok(())
        };
        for serial in 1..3000 {
            pages.take(event(serial), &mut write).unwrap();
        }
        pages.end_of_file(b"END", &mut write).unwrap();
        pages.flush(&mut write).unwrap();
        (String::from_utf8(text).unwrap(), complaints, pages.finish().iter().map(|worker| worker.0).sum())
    }

    #[test]
    fn pages_come_out_in_order_whoever_renders_them() {
        let expected: String = (1..3000).map(|serial| format!("{serial} ")).chain(["END".to_string()]).collect();
        assert_eq!(told(Pages::at_once(Counting(0))), (expected.clone(), 999, 2999));
        std::thread::scope(|threads| {
            let (text, complaints, events) = told(Pages::beside(threads, vec![Counting(0), Counting(0)]));
            assert!(text == expected && (998..=999).contains(&complaints) && events == 2999);
        });
    }
}
