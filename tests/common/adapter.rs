//! The one adapter of all native tests: a thread owns it, and tests hand it their work.
//!
//! The test runner gives each test a thread of its own, and a device stays on the thread that opened it: opened by each test
//! for itself, its shaders would be compiled once a test.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

use glasshouse::device::Device;

type Work = Box<dyn FnOnce(&Device) + Send>;

const MISSING: &str = "the GPU tests need an adapter, if only lavapipe";

thread_local! {
    /// What the last panic on this thread said, and where.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Where work for the adapter is sent.
fn adapter() -> &'static Sender<Work> {
    static ADAPTER: OnceLock<Sender<Work>> = OnceLock::new();
    ADAPTER.get_or_init(|| {
        let (sender, work) = channel::<Work>();
        let serve = move || {
            let device = pollster::block_on(Device::gpu(None)).expect(MISSING);
            work.iter().for_each(|work| work(&device));
        };
        std::thread::Builder::new().name("adapter".into()).spawn(serve).expect("a thread starts");
        // What is printed on that thread belongs to no test: a panic is kept, for the test that it ended to say.
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANIC.set(info.to_string());
            before(info);
        }));
        sender
    })
}

/// Puts back what tests change on the adapter.
struct PutBack<'a> {
    device: &'a Device,
    emulated: bool,
    max_binding: usize,
}

impl<'a> PutBack<'a> {
    fn of(device: &'a Device) -> PutBack<'a> {
        PutBack { device, emulated: device.is_emulated(), max_binding: device.max_binding() }
    }
}

impl Drop for PutBack<'_> {
    fn drop(&mut self) {
        self.device.set_emulated(self.emulated);
        self.device.limit_binding(self.max_binding);
    }
}

/// Begins work on the adapter, behind all that was begun before; what is returned waits for its result.
fn begin<R: Send + 'static>(work: impl FnOnce(Device) -> R + Send + 'static) -> impl FnOnce() -> R {
    let (told, result) = channel();
    let work = move |device: &Device| {
        let put_back = PutBack::of(device);
        let result = catch_unwind(AssertUnwindSafe(|| work(device.clone())));
        drop(put_back);
        let _ = told.send(result.map_err(|_: Box<dyn Any + Send>| PANIC.take()));
    };
    adapter().send(Box::new(work)).expect(MISSING);
    move || result.recv().expect(MISSING).unwrap_or_else(|panic| panic!("{panic}"))
}

/// Does work on the best adapter there is.
///
/// # Panics
/// Where there is none (GPU tests are never skipped), and with what the work panicked with.
pub fn on_gpu<R: Send + 'static>(work: impl FnOnce(Device) -> R + Send + 'static) -> R {
    begin(work)()
}

/// Does the same work on the CPU and on the adapter: what it came to on either.
pub fn on_each<R: Send + 'static>(work: impl Fn(Device) -> R + Clone + Send + 'static) -> [R; 2] {
    let on_gpu = begin(work.clone());
    let on_cpu = work(Device::cpu());
    [on_cpu, on_gpu()]
}

#[test]
fn a_panic_on_the_adapter_fails_the_test_that_it_is_of() {
    let limit = on_gpu(|device| device.max_binding());
    let failed = catch_unwind(|| {
        on_gpu(|device| {
            device.limit_binding(64);
            assert_eq!(device.max_binding(), 1, "a wrong number");
        });
    });
    let said = failed.expect_err("it panics").downcast::<String>().expect("in words");
    assert!(said.contains("a wrong number") && said.contains("adapter.rs"), "{said}");
    assert_eq!(on_gpu(|device| device.max_binding()), limit, "what it changed is put back");
}
