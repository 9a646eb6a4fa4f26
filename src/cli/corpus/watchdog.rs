//! Runs work that may hang or panic on a thread of its own, with a time limit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// Bytes of stack: pages nest elements, and the work on them recurses as deep.
const STACK_BYTES: usize = 64 << 20;

/// The name of its threads, whose panics are not reported.
const THREAD_NAME: &str = "guarded";

/// How guarded work failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It panicked, and would again.
    Panicked,
    /// It took too long.
    Late,
}

/// Does one kind of work on a thread that is given up where the work does not end in time.
pub struct Watchdog<I, O> {
    work: fn(I) -> O,
    limit: Duration,
    thread: Option<(Sender<I>, Receiver<Option<O>>)>,
}

impl<I: Send + 'static, O: Send + 'static> Watchdog<I, O> {
    /// Guards `work`.
    pub fn new(work: fn(I) -> O, limit: Duration) -> Self {
        static QUIET: Once = Once::new();
        QUIET.call_once(|| {
            let report = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                if thread::current().name() != Some(THREAD_NAME) {
                    report(panic);
                }
            }));
        });
        Watchdog { work, limit, thread: None }
    }

    /// The result of the work.
    pub fn run(&mut self, input: I) -> Result<O, Failure> {
        let work = self.work;
        let (sender, receiver) = self.thread.get_or_insert_with(|| begin(work));
        if sender.send(input).is_err() {
            self.thread = None;
            return Err(Failure::Panicked);
        }
        match receiver.recv_timeout(self.limit) {
            Ok(done) => done.ok_or(Failure::Panicked),
            Err(error) => {
                // A thread cannot be ended: it is abandoned, and ends when its work does.
                self.thread = None;
                Err(if error == RecvTimeoutError::Timeout { Failure::Late } else { Failure::Panicked })
            }
        }
    }
}

/// Begins a thread that ends when its inputs do.
fn begin<I: Send + 'static, O: Send + 'static>(work: fn(I) -> O) -> (Sender<I>, Receiver<Option<O>>) {
    let (inputs, todo) = channel::<I>();
    let (done, outputs) = channel();
    let run = move || {
        for input in todo {
            let output = catch_unwind(AssertUnwindSafe(|| work(input))).ok();
            if done.send(output).is_err() {
                return;
            }
        }
    };
    let thread = thread::Builder::new().name(THREAD_NAME.into()).stack_size(STACK_BYTES).spawn(run);
    // Without it the channels are closed, and each input fails.
    drop(thread);
    (inputs, outputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_hangs_or_panics_costs_itself_alone() {
        fn work(input: u32) -> u32 {
            match input {
                0 => loop {
                    thread::park();
                },
                1 => panic!("on purpose"),
                _ => input + 1,
            }
        }
        let mut guard = Watchdog::new(work, Duration::from_millis(200));
        guard.limit = Duration::from_secs(600);
        assert_eq!(guard.run(2), Ok(3));
        assert_eq!(guard.run(1), Err(Failure::Panicked));
        assert_eq!(guard.run(3), Ok(4));
        guard.limit = Duration::from_millis(1);
        assert_eq!(guard.run(0), Err(Failure::Late));
        guard.limit = Duration::from_secs(600);
        assert_eq!(guard.run(5), Ok(6));
    }
}
