//! Signals of a run: those that end it after a save, the one that asks for a save, and those that are left ignored.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use glasshouse::Result;

/// SIGINT, which Windows has no number for.
const INTERRUPT: i32 = 2;

/// What comes again within this time is the same signal: `timeout` sends its own to the command and to its group, and
/// so do programs that hand Ctrl-C on.
const ECHO: Duration = Duration::from_millis(100);

/// The signal that asked the run to end, 0 for none.
static ENDING: AtomicI32 = AtomicI32::new(0);

/// When it came, in milliseconds since [`BEGIN`].
static ENDING_AT: AtomicU64 = AtomicU64::new(0);

/// Whether a run stands that is to be saved first.
static WAITS: AtomicBool = AtomicBool::new(false);

/// Whether a save was asked for.
static SAVE: AtomicBool = AtomicBool::new(false);

static BEGIN: OnceLock<Instant> = OnceLock::new();

/// From here on TERM, INT and HUP end the process with 128 + signal, and after [`wait_for_save`] not before the run is
/// saved. What the process was told to ignore it goes on to ignore.
pub fn catch() -> Result<()> {
    BEGIN.get_or_init(Instant::now);
    system::catch()
}

/// From here on a signal waits until the run has been saved.
pub fn wait_for_save() {
    WAITS.store(true, Ordering::SeqCst);
}

/// The exit code of a run that a signal ends, once one has come.
pub fn ending() -> Option<u8> {
    let signal = ENDING.load(Ordering::SeqCst);
    (signal != 0).then(|| code(signal))
}

/// Whether a save was asked for since the last time that one was taken.
pub fn take_save() -> bool {
    SAVE.swap(false, Ordering::SeqCst)
}

/// What a shell says of a process that a signal has ended.
fn code(signal: i32) -> u8 {
    128 + signal as u8
}

/// What a signal's handler may do: nothing here allocates or locks.
fn end(signal: i32) {
    if !WAITS.load(Ordering::SeqCst) {
        system::leave(code(signal));
    }
    let now = BEGIN.get().map_or(0, |begin| begin.elapsed().as_millis() as u64);
    if ENDING.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
        ENDING_AT.store(now, Ordering::SeqCst);
    } else if signal == INTERRUPT && now.saturating_sub(ENDING_AT.load(Ordering::SeqCst)) > ECHO.as_millis() as u64 {
        system::leave(code(signal));
    }
}

#[cfg(unix)]
mod system {
    use std::sync::atomic::Ordering;

    use glasshouse::{Error, Result};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
    use signal_hook::low_level;

    use super::SAVE;

    pub fn catch() -> Result<()> {
        for signal in [SIGTERM, SIGINT, SIGHUP] {
            handle(signal, move || super::end(signal))?;
        }
        handle(SIGUSR1, || SAVE.store(true, Ordering::SeqCst))
    }

    /// Leaves as a handler may, without what is done at an orderly end.
    pub fn leave(code: u8) {
        low_level::exit(i32::from(code));
    }

    /// Lets `action` answer a signal, unless the process was started with it ignored: by nohup, or in the background of a
    /// script.
    fn handle(signal: i32, action: impl Fn() + Send + Sync + 'static) -> Result<()> {
        if is_ignored(signal) {
            return Ok(());
        }
        // Sound: the actions store in atomics, look at the clock and leave by _exit, as handlers may.
        #[allow(unsafe_code)]
        let registered = unsafe { low_level::register(signal, action) };
        registered.map(drop).map_err(|error| Error::Device(format!("signal {signal} cannot be caught: {error}")))
    }

    fn is_ignored(signal: i32) -> bool {
        // Sound: a null pointer asks for the disposition without changing it, and zeros are a sigaction to write it to.
        #[allow(unsafe_code)]
        unsafe {
            let mut found: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, std::ptr::null(), &mut found) == 0 && found.sa_sigaction == libc::SIG_IGN
        }
    }
}

#[cfg(not(unix))]
mod system {
    use glasshouse::{Error, Result};

    /// Closing the window and logging off count as Ctrl-C.
    pub fn catch() -> Result<()> {
        let handler = || super::end(super::INTERRUPT);
        ctrlc::set_handler(handler).map_err(|error| Error::Device(format!("Ctrl-C cannot be caught: {error}")))
    }

    pub fn leave(code: u8) {
        std::process::exit(i32::from(code));
    }
}
