//! One ordered, bounded pool of threads: blocks of a log are loaded by it, and batches of events are rendered or reported.
//!
//! Jobs are handed in one after another, and their results come out in the same order. No more than [`IN_FLIGHT`] jobs are
//! in the pool at a time, so memory stays bounded. Threads start with the first job; where none can be had, the work is done
//! at once by the caller's own thread.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{Builder, Scope, ScopedJoinHandle};

/// How many jobs may be in the pool: two being worked on, and one ready on either side of each.
pub const IN_FLIGHT: usize = 4;

/// What the threads share.
struct Queue<J, R> {
    state: Mutex<State<J, R>>,
    submitted: Condvar,
    finished: Condvar,
}

struct State<J, R> {
    /// Jobs that nobody works on yet, with their numbers.
    waiting: VecDeque<(usize, J)>,
    /// Results that nobody has taken yet, each at the remainder of its number.
    results: [Option<R>; IN_FLIGHT],
    is_closed: bool,
}

/// A pool whose threads keep a worker of type `W` each.
pub struct Pool<'s, 'e, W, J, R> {
    threads: &'s Scope<'s, 'e>,
    work: fn(&mut W, J) -> R,
    queue: Arc<Queue<J, R>>,
    /// Workers without a thread.
    idle: Vec<W>,
    running: Vec<ScopedJoinHandle<'s, Option<W>>>,
    has_begun: bool,
    submitted: usize,
    taken: usize,
}

impl<'s, 'e, W, J, R> Pool<'s, 'e, W, J, R>
where
    W: Send + 's,
    J: Send + 's,
    R: Send + 's,
{
    /// A pool of as many threads as there are workers. At least one worker is needed.
    pub fn new(threads: &'s Scope<'s, 'e>, workers: Vec<W>, work: fn(&mut W, J) -> R) -> Pool<'s, 'e, W, J, R> {
        let state = State { waiting: VecDeque::new(), results: [const { None }; IN_FLIGHT], is_closed: false };
        let queue = Queue { state: Mutex::new(state), submitted: Condvar::new(), finished: Condvar::new() };
        Pool {
            threads,
            work,
            queue: Arc::new(queue),
            idle: workers,
            running: Vec::new(),
            has_begun: false,
            submitted: 0,
            taken: 0,
        }
    }

    /// Whether a result must be taken before another job is handed in.
    pub fn is_full(&self) -> bool {
        self.submitted - self.taken >= IN_FLIGHT
    }

    /// Whether there is a result to wait for.
    pub fn has_jobs(&self) -> bool {
        self.submitted > self.taken
    }

    /// Hands in a job. The pool must not be full.
    pub fn submit(&mut self, job: J) {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.start();
        }
        let number = self.submitted;
        self.submitted += 1;
        match self.idle.first_mut().filter(|_| self.running.is_empty()) {
            Some(worker) => {
                let result = (self.work)(worker, job);
                self.queue.lock().put_result(number, result);
            }
            None => self.queue.lock().waiting.push_back((number, job)),
        }
        self.queue.submitted.notify_one();
    }

    /// The result of the oldest job, as soon as it is there; `None` when there is no job, or its thread has failed.
    pub fn oldest(&mut self) -> Option<R> {
        if !self.has_jobs() {
            return None;
        }
        let place = self.taken % IN_FLIGHT;
        self.taken += 1;
        let is_missing =
            |state: &mut State<J, R>| state.results.get(place).is_some_and(Option::is_none) && !state.is_closed;
        let lock = self.queue.finished.wait_while(self.queue.lock(), is_missing);
        lock.unwrap_or_else(|e| e.into_inner()).results.get_mut(place)?.take()
    }

    /// Ends the threads, and gives the workers back. Results that were not taken are lost.
    pub fn finish(mut self) -> Vec<W> {
        self.queue.close();
        let mut workers = std::mem::take(&mut self.idle);
        workers.extend(self.running.drain(..).filter_map(|thread| thread.join().ok().flatten()));
        workers
    }

    fn start(&mut self) {
        let work = self.work;
        for worker in std::mem::take(&mut self.idle) {
            let queue = Arc::clone(&self.queue);
            // What a thread that cannot be started was to own would be lost with it, so it is put where both can reach it.
            let place = Arc::new(Mutex::new(Some(worker)));
            let own = Arc::clone(&place);
            let started = Builder::new().spawn_scoped(self.threads, move || {
                let mut worker = own.lock().unwrap_or_else(|e| e.into_inner()).take()?;
                queue.serve(&mut worker, work);
                Some(worker)
            });
            match started {
                Ok(thread) => self.running.push(thread),
                Err(_) => self.idle.extend(place.lock().unwrap_or_else(|e| e.into_inner()).take()),
            }
        }
    }
}

impl<W, J, R> Drop for Pool<'_, '_, W, J, R> {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl<J, R> Queue<J, R> {
    /// Works on what is submitted until the pool is closed.
    fn serve<W>(&self, worker: &mut W, work: fn(&mut W, J) -> R) {
        // Also when the work fails: nobody shall wait for its result.
        let _closing = Closing(self);
        loop {
            let is_idle = |state: &mut State<J, R>| state.waiting.is_empty() && !state.is_closed;
            let mut state = self.submitted.wait_while(self.lock(), is_idle).unwrap_or_else(|e| e.into_inner());
            if state.is_closed {
                return;
            }
            let Some((number, job)) = state.waiting.pop_front() else { continue };
            drop(state);
            let result = work(worker, job);
            self.lock().put_result(number, result);
            self.finished.notify_one();
        }
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.submitted.notify_all();
        self.finished.notify_all();
    }

    /// A poisoned lock means that another thread is gone; what it guards is whole all the same.
    fn lock(&self) -> MutexGuard<'_, State<J, R>> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl<J, R> State<J, R> {
    fn put_result(&mut self, number: usize, result: R) {
        if let Some(place) = self.results.get_mut(number % IN_FLIGHT) {
            *place = Some(result);
        }
    }
}

struct Closing<'q, J, R>(&'q Queue<J, R>);

impl<J, R> Drop for Closing<'_, J, R> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Squares, and counts what each worker did.
    fn square(done: &mut usize, number: usize) -> usize {
        *done += 1;
        number * number
    }

    fn run(workers: usize, threads_at_all: bool) -> (Vec<usize>, usize) {
        std::thread::scope(|threads| {
            let mut pool = Pool::new(threads, vec![0; workers], square);
            // Without threads the pool takes its first worker.
            pool.has_begun = !threads_at_all;
            let mut results = Vec::new();
            for number in 0..1000 {
                if pool.is_full() {
                    results.extend(pool.oldest());
                }
                pool.submit(number);
            }
            while pool.has_jobs() {
                results.extend(pool.oldest());
            }
            assert!(pool.oldest().is_none());
            (results, pool.finish().iter().sum())
        })
    }

    #[test]
    fn results_come_in_the_order_of_their_jobs() {
        let squares: Vec<usize> = (0..1000).map(|number| number * number).collect();
        for workers in 1..4 {
            assert_eq!(run(workers, true), (squares.clone(), 1000));
        }
    }

    #[test]
    fn where_no_thread_can_be_had_the_caller_does_the_work() {
        assert_eq!(run(2, false), run(2, true));
    }

    #[test]
    fn nobody_waits_for_a_worker_that_failed() {
        std::thread::scope(|threads| {
            let mut pool = Pool::new(threads, vec![()], |(), number: usize| assert_eq!(number, 0));
            pool.submit(0);
            pool.submit(1);
            assert_eq!((pool.oldest(), pool.oldest()), (Some(()), None));
            // The scope would hand the failure on.
            pool.running.drain(..).for_each(|thread| drop(thread.join()));
        });
    }
}
