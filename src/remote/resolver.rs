//! The addresses of the collector. A name server may take long to answer, and records must not wait for it: a name is looked up by a
//! thread, which ends with its answer.

use crate::sys::host;
use crate::sys::poll::Waker;
use crate::sys::sockets::IpAddr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

type Answer = Result<Vec<IpAddr>, String>;

/// See the module. Ready for reading when there is an answer.
pub struct Resolver {
    waker: Arc<Waker>,
    /// A name is being looked up.
    asked: Option<Receiver<Answer>>,
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
        let (sender, receiver) = mpsc::channel();
        self.asked = Some(receiver);
        if let Ok(address) = name.parse() {
            let _ = sender.send(Ok(vec![address]));
            return self.waker.wake();
        }
        let (name, waker) = (name.to_string(), Arc::clone(&self.waker));
        let thread = std::thread::Builder::new().name("resolver".to_string()).spawn(move || {
            let answer =
                host::addresses(&name).map(|all| all.iter().filter_map(|address| address.parse().ok()).collect());
            let _ = sender.send(answer);
            waker.wake();
        });
        if thread.is_err() {
            self.waker.wake();
        }
    }

    /// The answer, once. The error is a sentence.
    pub fn answer(&mut self) -> Option<Answer> {
        let answer = match self.asked.as_ref()?.try_recv() {
            Ok(answer) => answer,
            Err(mpsc::TryRecvError::Empty) => return None,
            Err(mpsc::TryRecvError::Disconnected) => Err("no thread can be started".to_string()),
        };
        self.asked = None;
        self.waker.drain();
        Some(answer.and_then(|found| if found.is_empty() { Err("it has no address".to_string()) } else { Ok(found) }))
    }
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
    fn an_address_is_its_own_answer_and_a_name_is_looked_up() {
        assert_eq!(resolved("192.0.2.1"), Ok(vec!["192.0.2.1".parse().unwrap()]));
        assert_eq!(resolved("::1"), Ok(vec!["::1".parse().unwrap()]));
        assert!(resolved("localhost").unwrap().iter().all(IpAddr::is_loopback));
        assert!(resolved("a name\0with a NUL").is_err());
    }
}
