//! Where pages of events lie: those that wait to be put into words, and those that wait to be written.

use super::render::Renderer;
use auditbox::event::Event;
use heapless::Deque;
use std::sync::{Condvar, Mutex, MutexGuard};

/// How many pages may lie here or be in the hands of the writers.
pub(super) const PAGES: usize = 4;

/// Some events, and later what is said of them.
#[derive(Default)]
pub(super) struct Page {
    pub(super) events: Vec<Event>,
    /// For standard output.
    pub(super) text: Vec<u8>,
    /// For standard error.
    pub(super) complaints: Vec<u8>,
}

/// Pages have numbers, which rise.
#[derive(Default)]
pub(super) struct Desk {
    state: Mutex<State>,
    was_given: Condvar,
    was_rendered: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Deque<(usize, Page), PAGES>,
    /// Each at the remainder of its number.
    rendered: [Option<Page>; PAGES],
    is_closed: bool,
}

impl Desk {
    /// Lays a page down. No more than [`PAGES`] may be given and not taken yet.
    pub(super) fn give(&self, number: usize, page: Page) {
        let _ = self.lock().waiting.push_back((number, page));
        self.was_given.notify_one();
    }

    /// The page of this number, as soon as it is rendered; `None` if nobody renders any more.
    pub(super) fn take(&self, number: usize) -> Option<Page> {
        let waits = |state: &mut State| state.rendered[number % PAGES].is_none() && !state.is_closed;
        let mut state = self.was_rendered.wait_while(self.lock(), waits).unwrap_or_else(|e| e.into_inner());
        state.rendered[number % PAGES].take()
    }

    /// Renders what is given, until the desk is closed.
    pub(super) fn serve(&self, renderer: &mut dyn Renderer) {
        // Also if the renderer fails: nobody shall wait for its page.
        let _closing = Closing(self);
        loop {
            let waits = |state: &mut State| state.waiting.is_empty() && !state.is_closed;
            let mut state = self.was_given.wait_while(self.lock(), waits).unwrap_or_else(|e| e.into_inner());
            if state.is_closed {
                return;
            }
            let Some((number, mut page)) = state.waiting.pop_front() else { continue };
            drop(state);
            page.text.clear();
            for event in &page.events {
                renderer.event(event, &mut page.text, &mut page.complaints);
            }
            self.lock().rendered[number % PAGES] = Some(page);
            self.was_rendered.notify_one();
        }
    }

    /// Nobody gives or takes any more.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.was_given.notify_all();
        self.was_rendered.notify_all();
    }

    /// A poisoned lock means that another thread is gone; what it guards is whole all the same.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }
}

struct Closing<'d>(&'d Desk);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says how many events it has seen, and complains of every third.
    struct Counting(usize);

    impl Renderer for Counting {
        fn event(&mut self, event: &Event, out: &mut Vec<u8>, complaints: &mut Vec<u8>) {
            out.extend_from_slice(event.len().to_string().as_bytes());
            self.0 += 1;
            if self.0 % 3 == 0 {
                complaints.push(b'!');
            }
        }
    }

    fn page(events: usize) -> Page {
        Page { events: vec![Event::default(); events], ..Page::default() }
    }

    #[test]
    fn pages_come_back_under_their_numbers() {
        let desk = Desk::default();
        std::thread::scope(|threads| {
            for _ in 0..3 {
                threads.spawn(|| desk.serve(&mut Counting(0)));
            }
            for number in 0..1000 {
                if number >= PAGES {
                    let events = (number - PAGES) % 7;
                    assert_eq!(desk.take(number - PAGES).unwrap().text, b"0".repeat(events));
                }
                desk.give(number, page(number % 7));
            }
            desk.close();
        });
    }

    #[test]
    fn complaints_stay_with_their_page() {
        let desk = Desk::default();
        std::thread::scope(|threads| {
            threads.spawn(|| desk.serve(&mut Counting(0)));
            desk.give(0, page(4));
            desk.give(1, page(2));
            assert_eq!([0, 1].map(|number| desk.take(number).unwrap().complaints), [b"!", b"!"]);
            desk.close();
        });
    }

    #[test]
    fn nobody_waits_at_a_closed_desk() {
        let desk = Desk::default();
        desk.give(0, page(1));
        desk.close();
        desk.serve(&mut Counting(0));
        assert!(desk.take(0).is_none());
    }
}
