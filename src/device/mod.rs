//! Where kernels run: on the CPU over all cores, or on the GPU through wgpu; both run the same recorded dispatches.

pub mod cpu;
pub mod float;
pub mod gemm;
pub mod gpu;
pub mod rows;

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

use crate::{Error, Result};
use cpu::{Bindings, Cpu};
use gpu::Gpu;
pub use gpu::{AdapterInfo, AdapterLimits, adapters};

/// What a buffer holds: numbers in the device's own precision, or u32 indices (tokens, offsets).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// f32, or f64 on the oracle.
    Float,
    /// u32.
    Index,
}

/// One allocation of a device: a handle, cheap to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Buffer {
    pub(crate) id: u32,
    /// Elements, not bytes.
    pub len: usize,
    /// What it holds.
    pub element: Element,
}

/// A range of a buffer, in elements: what a kernel binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// The allocation.
    pub buffer: Buffer,
    /// First element.
    pub offset: usize,
    /// Elements.
    pub len: usize,
}

impl Buffer {
    /// The whole buffer.
    pub fn view(self) -> View {
        View { buffer: self, offset: 0, len: self.len }
    }
}

impl View {
    /// The elements `range` of this view.
    pub fn slice(self, range: Range<usize>) -> View {
        assert!(range.start <= range.end && range.end <= self.len, "view: {range:?} of {} elements", self.len);
        View { buffer: self.buffer, offset: self.offset + range.start, len: range.len() }
    }
}

/// How a kernel touches a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `var<storage, read>`.
    Read,
    /// `var<storage, read_write>`.
    Write,
}

/// One binding of a dispatch, in launcher order; binding 0 is the uniform Params.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// What is bound.
    pub view: View,
    /// Read, or read and write.
    pub access: Access,
}

/// `view`, read by the kernel.
pub fn read(view: View) -> Binding {
    Binding { view, access: Access::Read }
}

/// `view`, written (and perhaps read) by the kernel.
pub fn write(view: View) -> Binding {
    Binding { view, access: Access::Write }
}

/// One operation in two languages over the same bindings: a WGSL entry point and its CPU twins.
pub struct Kernel {
    /// The op: `shaders/<name>.wgsl`, `src/ops/<name>.rs`.
    pub name: &'static str,
    /// The WGSL entry point.
    pub entry: &'static str,
    /// The whole WGSL module: common.wgsl and the op's file.
    pub source: &'static str,
    /// The CPU twin in f32: Params as words, then the bindings.
    pub f32: fn(&[u32], Bindings<f32>),
    /// The CPU twin in f64, the oracle.
    pub f64: fn(&[u32], Bindings<f64>),
}

/// A kernel with its Params and bindings: one recorded call.
pub struct Dispatch {
    /// What runs.
    pub kernel: &'static Kernel,
    /// The Params struct, as words.
    pub params: Box<[u32]>,
    /// `const NAME: u32 = value;` lines that go in front of the WGSL source.
    pub constants: Vec<(&'static str, u32)>,
    /// Workgroups on the GPU; the CPU divides the work by itself.
    pub groups: [u32; 3],
    /// In the order of the WGSL bindings 1, 2, ...
    pub bindings: Vec<Binding>,
    /// Floating-point operations, roughly: what decides where submissions are split.
    pub work: u64,
}

impl Dispatch {
    /// # Panics
    /// When a buffer is both read and written, at any range: WebGPU refuses it, and the CPU takes written buffers out.
    pub(crate) fn check(&self) {
        for (i, a) in self.bindings.iter().enumerate() {
            assert!(a.view.len > 0, "{}.{}: binding {} is empty", self.kernel.name, self.kernel.entry, i + 1);
            assert!(
                a.view.offset + a.view.len <= a.view.buffer.len,
                "{}.{}: binding {} reaches past its buffer",
                self.kernel.name,
                self.kernel.entry,
                i + 1
            );
            for (j, b) in self.bindings.iter().enumerate().skip(i + 1) {
                if a.view.buffer != b.view.buffer {
                    continue;
                }
                let (a_range, b_range) =
                    (a.view.offset..a.view.offset + a.view.len, b.view.offset..b.view.offset + b.view.len);
                let overlap = a_range.start < b_range.end && b_range.start < a_range.end;
                assert!(
                    a.access == b.access && (a.access == Access::Read || !overlap),
                    "{}.{}: bindings {} and {} read and write one buffer",
                    self.kernel.name,
                    self.kernel.entry,
                    i + 1,
                    j + 1
                );
            }
        }
    }
}

/// Dispatches made ready for one device: nothing is allocated, compiled or bound when they run.
pub enum Program {
    /// Run one after another.
    Cpu(Vec<Dispatch>),
    /// Compiled and bound.
    Gpu(gpu::GpuProgram),
}

impl Program {
    /// How many dispatches.
    pub fn len(&self) -> usize {
        match self {
            Program::Cpu(dispatches) => dispatches.len(),
            Program::Gpu(program) => program.len(),
        }
    }

    /// Whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Numbers read back from a device, in the element type that they have there.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// From an f32 device.
    F32(Vec<f32>),
    /// From the oracle.
    F64(Vec<f64>),
    /// Indices.
    U32(Vec<u32>),
}

impl Numbers {
    /// As f64, exactly.
    pub fn f64(self) -> Vec<f64> {
        match self {
            Numbers::F32(x) => x.into_iter().map(f64::from).collect(),
            Numbers::F64(x) => x,
            Numbers::U32(x) => x.into_iter().map(f64::from).collect(),
        }
    }

    /// As f32, rounded from the oracle's f64.
    pub fn f32(self) -> Vec<f32> {
        match self {
            Numbers::F32(x) => x,
            Numbers::F64(x) => x.into_iter().map(|x| x as f32).collect(),
            Numbers::U32(_) => panic!("read: expected numbers, got indices"),
        }
    }
}

/// A read that was begun: ready at once on the CPU, some time later on the GPU. Poll it, or await [`Reading::numbers`].
pub enum Reading {
    /// Already here.
    Ready(Option<Numbers>),
    /// On its way.
    Gpu(gpu::GpuReading),
}

impl Reading {
    /// The numbers once they have arrived; `None` before that, and after they were taken.
    pub fn poll(&mut self) -> Option<Result<Numbers>> {
        match self {
            Reading::Ready(numbers) => numbers.take().map(Ok),
            Reading::Gpu(reading) => reading.poll(),
        }
    }

    /// Waits for the numbers.
    pub async fn numbers(self) -> Result<Numbers> {
        match self {
            Reading::Ready(numbers) => Ok(numbers.expect("a reading is awaited before it is polled")),
            Reading::Gpu(reading) => reading.numbers().await,
        }
    }
}

/// How often a device allocated, compiled or bound: a step after the first leaves all three as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Buffers made.
    pub allocations: u64,
    /// Pipelines compiled.
    pub compilations: u64,
    /// Programs prepared.
    pub programs: u64,
}

/// Where kernels run. Cheap to clone: all clones are one device.
#[derive(Clone)]
pub enum Device {
    /// All cores of this machine, or one thread in wasm.
    Cpu(Rc<Cpu>),
    /// An adapter.
    Gpu(Rc<Gpu>),
}

impl Device {
    /// The CPU in f32.
    pub fn cpu() -> Device {
        Device::Cpu(Rc::new(Cpu::new(cpu::Precision::F32)))
    }

    /// The CPU in f64: what every other device is held to.
    pub fn oracle() -> Device {
        Device::Cpu(Rc::new(Cpu::new(cpu::Precision::F64)))
    }

    /// The adapter with this index among [`adapters`], or the best one there is, software included.
    pub async fn gpu(index: Option<usize>) -> Result<Device> {
        Ok(Device::Gpu(Rc::new(Gpu::open(index).await?)))
    }

    /// The best GPU that is real hardware, else the CPU: emulated GPUs are many times slower than that.
    pub async fn auto() -> Device {
        match Device::gpu(None).await {
            Ok(Device::Gpu(gpu)) if !gpu.info().is_software => Device::Gpu(gpu),
            _ => Device::cpu(),
        }
    }

    /// The device's name for people: the CPU's, or the adapter's.
    pub fn name(&self) -> String {
        match self {
            Device::Cpu(cpu) => cpu.name(),
            Device::Gpu(gpu) => gpu.info().name.clone(),
        }
    }

    /// What the adapter says of itself, where there is one.
    pub fn adapter(&self) -> Option<&AdapterInfo> {
        match self {
            Device::Cpu(_) => None,
            Device::Gpu(gpu) => Some(gpu.info()),
        }
    }

    /// Whether a GPU is emulated on a CPU, for which some kernels have a shape of their own.
    pub fn is_emulated(&self) -> bool {
        match self {
            Device::Cpu(_) => false,
            Device::Gpu(gpu) => gpu.emulated.get(),
        }
    }

    /// Records kernels in the shape for emulated adapters or in that for hardware from here on, whatever this one is:
    /// how both are tested on either.
    pub fn set_emulated(&self, emulated: bool) {
        if let Device::Gpu(gpu) = self {
            gpu.emulated.set(emulated);
        }
    }

    /// The largest range that one binding may hold, in elements: a multiple of 64 where there is a limit.
    pub fn max_binding(&self) -> usize {
        match self {
            Device::Cpu(cpu) => cpu.max_binding.get(),
            Device::Gpu(gpu) => gpu.max_binding(),
        }
    }

    /// Sets that limit, as far as the device allows, so that small tensors are bound in windows: how windows are tested.
    pub fn limit_binding(&self, elements: usize) {
        match self {
            Device::Cpu(cpu) => cpu.max_binding.set(elements),
            Device::Gpu(gpu) => gpu.limit_binding(elements),
        }
    }

    /// Bytes of the largest buffer, where there is a limit.
    pub fn max_buffer(&self) -> Option<u64> {
        match self {
            Device::Cpu(_) => None,
            Device::Gpu(gpu) => Some(gpu.max_buffer()),
        }
    }

    /// Floating-point operations that one submission should hold to take about 0.2 s, by how long the last ones took;
    /// `None` where a dispatch runs while its caller waits.
    pub fn submission_budget(&self) -> Option<u64> {
        match self {
            Device::Cpu(_) => None,
            Device::Gpu(gpu) => Some(gpu.submission_budget()),
        }
    }

    /// Waits until everything that was run is done.
    pub async fn idle(&self) -> Result<()> {
        match self {
            Device::Cpu(_) => Ok(()),
            Device::Gpu(gpu) => gpu.idle().await,
        }
    }

    /// Why a GPU is gone, where it is.
    pub fn lost(&self) -> Option<String> {
        match self {
            Device::Cpu(_) => None,
            Device::Gpu(gpu) => match gpu.check() {
                Err(Error::DeviceLost(message)) => Some(message),
                _ => None,
            },
        }
    }

    /// Makes a GPU fail from here on as if it had been lost: how recovery is tested. The CPU cannot be lost.
    pub fn destroy(&self) {
        if let Device::Gpu(gpu) = self {
            gpu.destroy();
        }
    }

    /// A new buffer of `len` elements, all zero. Memory is taken when it is first used.
    pub fn allocate(&self, element: Element, len: usize) -> Buffer {
        match self {
            Device::Cpu(cpu) => cpu.allocate(element, len),
            Device::Gpu(gpu) => gpu.allocate(element, len),
        }
    }

    /// Gives a buffer's memory back. Programs that bind it must not run any more.
    pub fn free(&self, buffer: Buffer) {
        match self {
            Device::Cpu(cpu) => cpu.free(buffer),
            Device::Gpu(gpu) => gpu.free(buffer),
        }
    }

    /// Bytes of all the buffers that stand, whether they were used yet or not.
    pub fn bytes(&self) -> u64 {
        match self {
            Device::Cpu(cpu) => cpu.bytes(),
            Device::Gpu(gpu) => gpu.bytes(),
        }
    }

    /// What was allocated, compiled and prepared so far.
    pub fn counters(&self) -> Counters {
        match self {
            Device::Cpu(cpu) => cpu.counters.get(),
            Device::Gpu(gpu) => gpu.counters.get(),
        }
    }

    /// Writes numbers, converted to the device's precision, to the start of `view`.
    pub fn write(&self, view: View, numbers: &[f32]) {
        match self {
            Device::Cpu(cpu) => cpu.write_f32(view, numbers),
            Device::Gpu(gpu) => gpu.write(view, bytemuck::cast_slice(numbers), Element::Float),
        }
    }

    /// Writes f64 numbers, rounded on an f32 device.
    pub fn write_f64(&self, view: View, numbers: &[f64]) {
        match self {
            Device::Cpu(cpu) => cpu.write_f64(view, numbers),
            Device::Gpu(_) => self.write(view, &numbers.iter().map(|x| *x as f32).collect::<Vec<_>>()),
        }
    }

    /// Writes indices.
    pub fn write_index(&self, view: View, indices: &[u32]) {
        match self {
            Device::Cpu(cpu) => cpu.write_index(view, indices),
            Device::Gpu(gpu) => gpu.write(view, bytemuck::cast_slice(indices), Element::Index),
        }
    }

    /// Begins to read `view` as it is after everything run so far.
    pub fn read(&self, view: View) -> Reading {
        match self {
            Device::Cpu(cpu) => Reading::Ready(Some(cpu.read(view))),
            Device::Gpu(gpu) => Reading::Gpu(gpu.read(view)),
        }
    }

    /// Copies `from` to `to` on the device, behind everything run so far.
    ///
    /// # Panics
    /// When they differ in length or in what they hold, or lie in one buffer.
    pub fn copy(&self, from: View, to: View) {
        let (source, target) = (from.buffer, to.buffer);
        assert!(from.len == to.len && source.element == target.element && source != target, "copy: {from:?} to {to:?}");
        match self {
            Device::Cpu(cpu) => cpu.copy(from, to),
            Device::Gpu(gpu) => gpu.copy(from, to),
        }
    }

    /// Makes dispatches ready to run.
    pub fn prepare(&self, dispatches: Vec<Dispatch>) -> Result<Program> {
        dispatches.iter().for_each(Dispatch::check);
        match self {
            Device::Cpu(cpu) => Ok(cpu.prepare(dispatches)),
            Device::Gpu(gpu) => gpu.prepare(&dispatches).map(Program::Gpu),
        }
    }

    /// Runs the dispatches `range` of a program, in order. On the GPU this is one submission.
    pub fn run(&self, program: &Program, range: Range<usize>) -> Result<()> {
        match (self, program) {
            (Device::Cpu(cpu), Program::Cpu(dispatches)) => {
                dispatches[range].iter().for_each(|dispatch| cpu.run(dispatch));
                Ok(())
            }
            (Device::Gpu(gpu), Program::Gpu(program)) => gpu.run(program, range),
            _ => panic!("run: expected a program that this device has prepared"),
        }
    }
}

/// Adds to a counter of `counters`.
pub(crate) fn count(counters: &Cell<Counters>, add: impl FnOnce(&mut Counters)) {
    let mut now = counters.get();
    add(&mut now);
    counters.set(now);
}

/// A device that has what a person asked for, or an error that says what there is.
pub fn unavailable(requested: &str, found: &str) -> Error {
    Error::Device(format!("{requested} was asked for, but {found}: run `glasshouse doctor` to see what there is"))
}
