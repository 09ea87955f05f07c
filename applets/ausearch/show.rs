//! Found events on their way to standard output. Where words must be found for them, threads beside the one that reads do
//! it, page by page; the pages are written in the order in which their events were found.
//!
//! Memory is bounded: a few pages are in use at a time, and whoever brings events waits for the oldest page.

use super::desk::{Desk, PAGES, Page};
use super::render::{Renderer, Style};
use crate::output::{self, Output};
use auditbox::event::Event;
use std::io;
use std::thread::{Builder, Scope};

/// A page is full when its events have so many bytes, or are so many.
const FULL: usize = 128 << 10;
const CROWDED: usize = 256;

/// How many threads put pages into words.
const WRITERS: usize = 2;

/// Shows events on standard output.
pub(super) struct Show<'s, 'e> {
    style: Style<'e>,
    /// For what is shown without delay, or is too little to hand over.
    renderer: Box<dyn Renderer + 'e>,
    threads: &'s Scope<'s, 'e>,
    desk: &'e Desk,
    /// Every event is shown before the next one is looked for, or needs no words.
    is_prompt: bool,
    has_writers: bool,
    has_begun: bool,
    page: Page,
    page_size: usize,
    /// Pages that were handed over, and those of them that were written.
    given: usize,
    written: usize,
    /// Empty pages, for their memory.
    spare: Vec<Page>,
    /// Events that have been shown, for theirs.
    shown: Vec<Event>,
    output: Output,
}

impl<'s, 'e> Show<'s, 'e> {
    /// Nothing is shown yet, and no thread is started before the first page is full.
    pub(super) fn new(style: Style<'e>, is_prompt: bool, threads: &'s Scope<'s, 'e>, desk: &'e Desk) -> Show<'s, 'e> {
        Show {
            style,
            renderer: style.renderer(),
            threads,
            desk,
            is_prompt: is_prompt || !style.is_slow(),
            has_writers: false,
            has_begun: false,
            page: Page::default(),
            page_size: 0,
            given: 0,
            written: 0,
            spare: Vec::new(),
            shown: Vec::new(),
            output: Output::new(),
        }
    }

    /// From now on every event is shown as it comes.
    pub(super) fn be_prompt(&mut self) {
        self.is_prompt = true;
    }

    /// Takes an event to be shown, and gives back one that has been shown.
    pub(super) fn take(&mut self, event: Event) -> io::Result<Option<Event>> {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.style.push_title(&mut self.output.text);
        }
        self.page_size += event.size();
        self.page.events.push(event);
        if self.is_prompt {
            self.render_here()?;
        } else if self.page_size >= FULL || self.page.events.len() >= CROWDED {
            self.hand_over()?;
        }
        Ok(self.shown.pop())
    }

    /// Shows what was taken, and writes everything.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self.has_writers {
            true => self.hand_over()?,
            false => self.render_here()?,
        }
        while self.written < self.given {
            self.write_oldest()?;
        }
        self.output.flush()
    }

    /// Gives the page to the writers.
    fn hand_over(&mut self) -> io::Result<()> {
        if !self.has_writers && !self.start_writers() {
            self.is_prompt = true;
            return self.render_here();
        }
        if self.given - self.written == PAGES {
            self.write_oldest()?;
        }
        let page = std::mem::replace(&mut self.page, self.spare.pop().unwrap_or_default());
        self.page_size = 0;
        self.desk.give(self.given, page);
        self.given += 1;
        Ok(())
    }

    /// Whether there is one at least.
    fn start_writers(&mut self) -> bool {
        for _ in 0..WRITERS {
            let (style, desk) = (self.style, self.desk);
            let started = Builder::new().spawn_scoped(self.threads, move || desk.serve(style.renderer().as_mut()));
            self.has_writers |= started.is_ok();
        }
        self.has_writers
    }

    fn render_here(&mut self) -> io::Result<()> {
        let Page { events, complaints, .. } = &mut self.page;
        events.iter().for_each(|event| self.renderer.event(event, &mut self.output.text, complaints));
        self.page_size = 0;
        complain(complaints);
        self.shown.append(events);
        self.output.checkpoint()
    }

    /// Waits for the oldest page that was handed over, and writes it.
    fn write_oldest(&mut self) -> io::Result<()> {
        self.output.flush()?;
        let Some(mut page) = self.desk.take(self.written) else { return Err(io::ErrorKind::Other.into()) };
        self.written += 1;
        complain(&mut page.complaints);
        std::mem::swap(&mut self.output.text, &mut page.text);
        self.output.flush()?;
        std::mem::swap(&mut self.output.text, &mut page.text);
        page.text.shrink_to(4 * FULL);
        self.shown.append(&mut page.events);
        self.spare.push(page);
        Ok(())
    }
}

impl Drop for Show<'_, '_> {
    fn drop(&mut self) {
        self.desk.close();
    }
}

fn complain(complaints: &mut Vec<u8>) {
    if !complaints.is_empty() {
        output::complain(complaints);
        complaints.clear();
    }
}
