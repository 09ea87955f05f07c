//! The dry run: requests are printed instead of sent, one line each, `TYPE HEX`; or not even that, to prove that they can be made.

use super::{Executor, Failure, kernel};
use crate::output::show;
use auditbox::rule::{Request, Step};
use auditbox::text::{hex, number};

/// Writes requests down.
pub(crate) struct DryRun {
    /// Byte order of the machine that the requests are for.
    is_little_endian: bool,
    /// Nothing more is printed: after a refused line nothing would be sent.
    stopped: bool,
}

impl DryRun {
    pub(crate) fn new(is_little_endian: bool) -> DryRun {
        DryRun { is_little_endian, stopped: false }
    }

    /// Makes every request and prints none.
    pub(crate) fn silent() -> DryRun {
        DryRun { is_little_endian: true, stopped: true }
    }

    fn write(&self, request: &Request) {
        if self.stopped {
            return;
        }
        let mut line = Vec::new();
        number::push(&mut line, u64::from(request.kind));
        line.push(b' ');
        hex::encode(&self.payload(request), &mut line);
        line.make_ascii_lowercase();
        line.push(b'\n');
        show(&line);
    }

    fn payload(&self, request: &Request) -> Vec<u8> {
        request.payload_for(self.is_little_endian)
    }
}

impl Executor for DryRun {
    fn ready(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn execute(&mut self, step: &Step) -> Result<(), Failure> {
        match step {
            Step::Message { text } => self.write(&kernel::message(text)),
            Step::Signal(_) => return Err(kernel::no_daemon()),
            Step::ShowVersion | Step::ShowUsage => kernel::show_text(step),
            other => {
                if let Some(request) = Request::of(other) {
                    self.write(&request);
                }
            }
        }
        Ok(())
    }

    fn goes_on_after_refusal(&mut self) -> bool {
        self.stopped = true;
        true
    }
}
