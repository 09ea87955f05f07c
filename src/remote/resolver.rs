//! The addresses of the collector. A name server may take long to answer, and records must not wait for it: a name is looked up by a
//! thread, which ends with its answer.

use crate::sys::poll::Waker;
use crate::sys::sockets::{IpAddr, SocketAddr};
use crate::sys::{error_reason, host};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, PoisonError};

/// Addresses with port 0, or a sentence.
type Answer = Result<Vec<SocketAddr>, String>;

/// See the module. Ready for reading when there is an answer.
pub struct Resolver {
    waker: Arc<Waker>,
    /// A name is being looked up.
    asked: Option<Arc<Mutex<Option<Answer>>>>,
}

impl Resolver {
    /// One that was asked nothing yet.
    pub fn new() -> io::Result<Resolver> {
        Ok(Resolver { waker: Arc::new(Waker::new().map_err(io::Error::from_raw_os_error)?), asked: None })
    }

    /// Asks for a name or an address. Where the question before is still open, its answer will do for this one too.
    pub fn ask(&mut self, name: &str) {
        if self.asked.is_some() {
            return;
        }
        let address: Option<IpAddr> = name.parse().ok();
        let answer = Arc::new(Mutex::new(address.map(|address| Ok(vec![(address, 0).into()]))));
        self.asked = Some(Arc::clone(&answer));
        if address.is_some() {
            return self.waker.wake();
        }
        let (name, waker) = (name.to_string(), Arc::clone(&self.waker));
        let thread = std::thread::Builder::new().name("resolver".to_string()).spawn(move || {
            put(&answer, host::addresses(&name));
            waker.wake();
        });
        if let (Err(error), Some(asked)) = (thread, &self.asked) {
            put(asked, Err(error_reason(&error)));
            self.waker.wake();
        }
    }

    /// Forgets the question: its answer will not be seen.
    pub fn forget(&mut self) {
        self.asked = None;
    }

    /// It was ready.
    pub fn drain(&self) {
        self.waker.drain();
    }

    /// The answer, once. The error is a sentence.
    pub fn answer(&mut self) -> Option<Answer> {
        let answer = self.asked.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        self.asked = None;
        Some(answer.and_then(|found| if found.is_empty() { Err("it has no address".to_string()) } else { Ok(found) }))
    }
}

fn put(place: &Mutex<Option<Answer>>, answer: Answer) {
    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
}

impl AsFd for Resolver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.waker.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn resolved(name: &str) -> Answer {
        let mut resolver = Resolver::new().unwrap();
        assert!(resolver.answer().is_none());
        resolver.ask(name);
        resolver.ask("another.invalid");
        crate::sys::poll::can_read(resolver.as_fd(), Duration::from_secs(60));
        let answer = resolver.answer().unwrap();
        assert!(resolver.answer().is_none(), "once");
        answer
    }

    #[test]
    fn a_question_that_is_forgotten_answers_no_other() {
        let mut resolver = Resolver::new().unwrap();
        resolver.ask("localhost");
        resolver.forget();
        resolver.ask("192.0.2.1");
        assert_eq!(resolver.answer(), Some(Ok(vec!["192.0.2.1:0".parse().unwrap()])));
    }

    #[test]
    fn an_address_is_its_own_answer_and_a_name_is_looked_up() {
        assert_eq!(resolved("192.0.2.1"), Ok(vec!["192.0.2.1:0".parse().unwrap()]));
        assert_eq!(resolved("::1"), Ok(vec!["[::1]:0".parse().unwrap()]));
        assert!(resolved("localhost").unwrap().iter().all(|address| address.ip().is_loopback()));
        assert!(resolved("a name\0with a NUL").is_err());
        // The loopback is the first interface everywhere.
        assert_eq!(resolved("fe80::1%lo"), Ok(vec!["[fe80::1%1]:0".parse().unwrap()]), "and keeps its interface");
    }
}
