//! The GPU through wgpu: natively Vulkan, Metal or DirectX 12, in a browser WebGPU.

mod adapter;
mod reading;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use web_time::Instant;

use super::{Buffer, Counters, Dispatch, Element, Kernel, View, count};
use crate::{Error, Result};
use adapter::ALIGNMENT;
pub use adapter::{AdapterInfo, AdapterLimits};
pub use reading::GpuReading;
use reading::{Arrival, Staging};

/// Uniform and storage bindings begin at multiples of this many bytes on every adapter.
const OFFSET: u64 = 256;
/// Bytes that one write to the queue takes at most: it is staged in memory of its own.
const WRITE: usize = 32 << 20;
/// Seconds that a submission should take.
const SUBMISSION: f64 = 0.2;
/// Floating-point operations a second that an unknown adapter is taken to do.
const RATE: f64 = 1e10;
/// The rate below which submissions are not made smaller.
const SLOWEST: f64 = 1e8;

/// All adapters, empty where there is no driver or no WebGPU: the N-th is `gpu:N`.
pub async fn adapters() -> Vec<AdapterInfo> {
    adapter::all().await.into_iter().map(|(_, info)| info).collect()
}

/// A GPU as a device.
pub struct Gpu {
    info: AdapterInfo,
    device: wgpu::Device,
    queue: wgpu::Queue,
    max_binding: Cell<usize>,
    pub(super) emulated: Cell<bool>,
    buffers: RefCell<Vec<(Buffer, Option<wgpu::Buffer>)>>,
    vacant: RefCell<Vec<u32>>,
    modules: RefCell<HashMap<Source, wgpu::ShaderModule>>,
    pipelines: RefCell<HashMap<(Source, &'static str), wgpu::ComputePipeline>>,
    staging: Staging,
    fault: Arc<Mutex<Option<Fault>>>,
    pace: Arc<Mutex<Pace>>,
    pub(super) counters: Cell<Counters>,
}

/// A WGSL module: the op and the constants in front of it.
type Source = (&'static str, Vec<(&'static str, u32)>);

/// Why a device does not work any more.
#[derive(Clone)]
enum Fault {
    Lost(String),
    Memory(String),
    Invalid(String),
}

/// How fast submissions were.
struct Pace {
    rate: f64,
    done: Instant,
}

impl Pace {
    /// Learns from a submission of `work` operations that was handed over at `begun`.
    fn observe(&mut self, work: f64, begun: Instant, now: Instant) {
        // It began then, or when the one before it was done.
        let seconds = now.saturating_duration_since(begun.max(self.done)).as_secs_f64();
        self.done = now;
        // A small submission only measures how long any submission takes.
        if work > 0.1 * self.rate * SUBMISSION || seconds > SUBMISSION {
            self.rate = (work / seconds.max(1e-6)).clamp(self.rate / 2.0, self.rate * 2.0).max(SLOWEST);
        }
    }
}

/// Dispatches with everything bound.
pub struct GpuProgram {
    steps: Vec<Step>,
}

struct Step {
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
    groups: [u32; 3],
    work: u64,
}

impl GpuProgram {
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }
}

/// Elements of the largest binding, a multiple of [`ALIGNMENT`].
fn largest_binding(info: &AdapterInfo) -> usize {
    let bytes = info.limits.max_binding.min(info.limits.max_buffer).min(u64::from(u32::MAX));
    bytes as usize / 4 / ALIGNMENT * ALIGNMENT
}

impl Gpu {
    pub(super) async fn open(index: Option<usize>) -> Result<Gpu> {
        let (adapter, info) = adapter::pick(index).await?;
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("glasshouse"),
            required_limits: adapter.limits(),
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) = adapter
            .request_device(&descriptor)
            .await
            .map_err(|error| Error::Device(format!("{} does not open: {error}", info.name)))?;
        let fault = Arc::new(Mutex::new(None));
        let record = |fault: &Arc<Mutex<Option<Fault>>>| {
            let fault = fault.clone();
            // The first fault is the cause of those that follow.
            move |found: Fault| {
                fault.lock().expect("callbacks do not panic").get_or_insert(found);
            }
        };
        let (lost, uncaptured) = (record(&fault), record(&fault));
        device.set_device_lost_callback(move |reason, message| lost(Fault::Lost(format!("{reason:?}: {message}"))));
        device.on_uncaptured_error(Arc::new(move |error| {
            uncaptured(match error {
                wgpu::Error::OutOfMemory { .. } => Fault::Memory(error.to_string()),
                _ => Fault::Invalid(error.to_string()),
            });
        }));
        let gpu = Gpu {
            max_binding: Cell::new(largest_binding(&info)),
            emulated: Cell::new(info.is_software),
            info,
            device,
            queue,
            buffers: RefCell::default(),
            vacant: RefCell::default(),
            modules: RefCell::default(),
            pipelines: RefCell::default(),
            staging: Staging::default(),
            fault,
            pace: Arc::new(Mutex::new(Pace { rate: RATE, done: Instant::now() })),
            counters: Cell::default(),
        };
        gpu.staging.fill(&gpu);
        gpu.check()?;
        Ok(gpu)
    }

    /// What its adapter says of itself.
    pub fn info(&self) -> &AdapterInfo {
        &self.info
    }

    pub(super) fn max_binding(&self) -> usize {
        self.max_binding.get()
    }

    pub(super) fn limit_binding(&self, elements: usize) {
        self.max_binding.set(elements.min(largest_binding(&self.info)) / ALIGNMENT * ALIGNMENT);
    }

    pub(super) fn max_buffer(&self) -> u64 {
        self.info.limits.max_buffer
    }

    /// What went wrong, from the first time something did.
    pub(super) fn check(&self) -> Result<()> {
        match self.fault.lock().expect("callbacks do not panic").clone() {
            None => Ok(()),
            Some(Fault::Lost(message)) => Err(Error::DeviceLost(message)),
            Some(Fault::Memory(message)) => Err(self.out_of_memory(&message)),
            Some(Fault::Invalid(message)) => Err(Error::Device(format!("{} refused: {message}", self.info.name))),
        }
    }

    fn out_of_memory(&self, message: &str) -> Error {
        Error::Device(format!(
            "{} is out of memory with {} MiB asked of it ({message}): use a smaller --batch, --context or model",
            self.info.name,
            self.bytes() >> 20
        ))
    }

    /// Lets callbacks run, without waiting; a browser runs them by itself.
    fn poll(&self) {
        // A failure to poll is a lost device, which its callback has reported.
        let _ = self.device.poll(wgpu::PollType::Poll);
    }

    /// Waits natively; in a browser this does nothing.
    fn wait(&self, submission_index: Option<wgpu::SubmissionIndex>) {
        let _ = self.device.poll(wgpu::PollType::Wait { submission_index, timeout: None });
    }

    /// Waits until everything submitted is done.
    pub(super) async fn idle(&self) -> Result<()> {
        let arrival = Arrival::of(1);
        let done = arrival.clone();
        self.queue.on_submitted_work_done(move || Arrival::arrive(&done, true));
        self.wait(None);
        self.check()?;
        Arrival::wait(&arrival).await;
        self.check()
    }

    /// Makes the device fail as if it had been lost.
    pub(super) fn destroy(&self) {
        self.device.destroy();
        let lost = Fault::Lost("it was destroyed".into());
        self.fault.lock().expect("callbacks do not panic").get_or_insert(lost);
    }

    pub(super) fn submission_budget(&self) -> u64 {
        (self.pace.lock().expect("callbacks do not panic").rate * SUBMISSION) as u64
    }

    pub(super) fn allocate(&self, element: Element, len: usize) -> Buffer {
        count(&self.counters, |c| c.allocations += 1);
        let mut buffers = self.buffers.borrow_mut();
        let vacant = self.vacant.borrow_mut().pop();
        let buffer = Buffer { id: vacant.unwrap_or(buffers.len() as u32), len, element };
        match vacant {
            Some(id) => buffers[id as usize] = (buffer, None),
            None => buffers.push((buffer, None)),
        }
        buffer
    }

    pub(super) fn free(&self, buffer: Buffer) {
        self.buffers.borrow_mut()[buffer.id as usize] = (Buffer { len: 0, ..buffer }, None);
        self.vacant.borrow_mut().push(buffer.id);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.buffers.borrow().iter().map(|(buffer, _)| buffer.len as u64 * 4).sum()
    }

    fn create_buffer(&self, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
        count(&self.counters, |c| c.allocations += 1);
        self.device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    }

    /// The memory of `buffer`, taken when it is first asked for; all zero.
    fn buffer(&self, buffer: Buffer) -> wgpu::Buffer {
        let made = self.buffers.borrow()[buffer.id as usize].1.clone();
        made.unwrap_or_else(|| {
            use wgpu::BufferUsages as Usage;
            // Whole blocks: kernels bind the last element's whole vec4.
            let size = (buffer.len as u64 * 4).next_multiple_of(OFFSET);
            let made = self.create_buffer(size, Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST);
            self.buffers.borrow_mut()[buffer.id as usize].1 = Some(made.clone());
            made
        })
    }

    pub(super) fn write(&self, view: View, words: &[u8], element: Element) {
        assert!(view.buffer.element == element, "write: expected a buffer of {:?}", view.buffer.element);
        assert!(words.len() <= view.len * 4, "write: {} words into a view of {}", words.len() / 4, view.len);
        let buffer = self.buffer(view.buffer);
        for (i, part) in words.chunks(WRITE).enumerate() {
            self.queue.write_buffer(&buffer, (view.offset * 4 + i * WRITE) as u64, part);
        }
    }

    pub(super) fn read(self: &Rc<Self>, view: View) -> GpuReading {
        GpuReading::begin(self, view)
    }

    pub(super) fn copy(&self, from: View, to: View) {
        let (source, target) = (self.buffer(from.buffer), self.buffer(to.buffer));
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let [start, end, bytes] = [from.offset, to.offset, from.len].map(|n| n as u64 * 4);
        encoder.copy_buffer_to_buffer(&source, start, &target, end, bytes);
        self.queue.submit([encoder.finish()]);
    }

    pub(super) fn prepare(&self, dispatches: &[Dispatch]) -> Result<GpuProgram> {
        count(&self.counters, |c| c.programs += 1);
        self.check()?;
        self.check_sizes(dispatches)?;
        let size = dispatches.iter().map(|d| (d.params.len() as u64 * 4).next_multiple_of(OFFSET)).sum::<u64>();
        let uniforms = self.create_buffer(size.max(OFFSET), wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST);
        let mut words = Vec::with_capacity(size as usize);
        let mut steps = Vec::with_capacity(dispatches.len());
        for dispatch in dispatches {
            let offset = words.len() as u64;
            words.extend_from_slice(bytemuck::cast_slice(&dispatch.params));
            words.resize(words.len().next_multiple_of(OFFSET as usize), 0);
            steps.push(self.bind(dispatch, &uniforms, offset));
        }
        self.queue.write_buffer(&uniforms, 0, &words);
        let mut fault = self.fault.lock().expect("callbacks do not panic");
        // The device outlives a refusal of memory: a smaller configuration can still run on it.
        match &*fault {
            Some(Fault::Memory(message)) => {
                let error = self.out_of_memory(message);
                *fault = None;
                Err(error)
            }
            _ => {
                drop(fault);
                self.check().map(|()| GpuProgram { steps })
            }
        }
    }

    /// Refuses what the adapter's limits refuse, in words that say what would help.
    fn check_sizes(&self, dispatches: &[Dispatch]) -> Result<()> {
        for dispatch in dispatches {
            let name = format!("{}.{}", dispatch.kernel.name, dispatch.kernel.entry);
            for (i, binding) in dispatch.bindings.iter().enumerate() {
                let (view, limits) = (binding.view, &self.info.limits);
                assert!(
                    view.offset % ALIGNMENT == 0,
                    "{name}: binding {} begins at element {}, which is no multiple of {ALIGNMENT}",
                    i + 1,
                    view.offset
                );
                let needs =
                    [(view.len as u64 * 4, limits.max_binding), (view.buffer.len as u64 * 4, limits.max_buffer)];
                if let Some((needed, limit)) = needs.into_iter().find(|(needed, limit)| needed > limit) {
                    return Err(Error::Device(format!(
                        "{name} needs a buffer of {} MiB, and {} takes at most {} MiB: use a smaller --batch or \
                         --context, or --device cpu",
                        needed.div_ceil(1 << 20),
                        self.info.name,
                        limit >> 20
                    )));
                }
            }
        }
        Ok(())
    }

    fn bind(&self, dispatch: &Dispatch, uniforms: &wgpu::Buffer, offset: u64) -> Step {
        let pipeline = self.pipeline(dispatch.kernel, &dispatch.constants);
        let range = |buffer, offset, bytes: usize| {
            let size = wgpu::BufferSize::new((bytes as u64).next_multiple_of(16));
            wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset, size })
        };
        let buffers: Vec<_> = dispatch.bindings.iter().map(|binding| self.buffer(binding.view.buffer)).collect();
        let params = range(uniforms, offset, dispatch.params.len() * 4);
        let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: params }];
        for (i, (binding, buffer)) in dispatch.bindings.iter().zip(&buffers).enumerate() {
            let resource = range(buffer, binding.view.offset as u64 * 4, binding.view.len * 4);
            entries.push(wgpu::BindGroupEntry { binding: i as u32 + 1, resource });
        }
        let bindings = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(dispatch.kernel.entry),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        Step { pipeline, bindings, groups: dispatch.groups, work: dispatch.work }
    }

    fn pipeline(&self, kernel: &'static Kernel, constants: &[(&'static str, u32)]) -> wgpu::ComputePipeline {
        let source: Source = (kernel.name, constants.to_vec());
        let key = (source, kernel.entry);
        if let Some(pipeline) = self.pipelines.borrow().get(&key) {
            return pipeline.clone();
        }
        count(&self.counters, |c| c.compilations += 1);
        let mut modules = self.modules.borrow_mut();
        let module = modules.entry(key.0.clone()).or_insert_with(|| {
            let mut text: String =
                constants.iter().map(|(name, value)| format!("const {name}: u32 = {value}u;\n")).collect();
            text.push_str(kernel.source);
            let source = wgpu::ShaderSource::Wgsl(text.into());
            let descriptor = wgpu::ShaderModuleDescriptor { label: Some(kernel.name), source };
            // A counter that ends endless loops would keep compilers from unrolling: attention ran three times slower.
            let checks =
                wgpu::ShaderRuntimeChecks { force_loop_bounding: false, ..wgpu::ShaderRuntimeChecks::checked() };
            // Sound: every loop of the kernels runs to a constant, a size in Params or a number of groups, and steps by at
            // least one; all other checks stay.
            #[allow(unsafe_code)]
            unsafe {
                self.device.create_shader_module_trusted(descriptor, checks)
            }
        });
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(kernel.entry),
            layout: None,
            module,
            entry_point: Some(kernel.entry),
            // Every kernel writes workgroup memory before it reads it.
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        });
        self.pipelines.borrow_mut().insert(key, pipeline.clone());
        pipeline
    }

    pub(super) fn run(&self, program: &GpuProgram, range: Range<usize>) -> Result<()> {
        self.check()?;
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        let mut work = 0;
        for step in &program.steps[range] {
            let [x, y, z] = step.groups;
            pass.set_pipeline(&step.pipeline);
            pass.set_bind_group(0, &step.bindings, &[]);
            pass.dispatch_workgroups(x, y, z);
            work += step.work;
        }
        drop(pass);
        self.queue.submit([encoder.finish()]);
        let (pace, begun) = (self.pace.clone(), Instant::now());
        self.queue.on_submitted_work_done(move || {
            pace.lock().expect("callbacks do not panic").observe(work as f64, begun, Instant::now());
        });
        self.check()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn submissions_come_to_take_a_fifth_of_a_second() {
        for speed in [2e9, 1e10, 3e13] {
            let mut now = Instant::now();
            let mut pace = Pace { rate: RATE, done: now };
            for _ in 0..20 {
                let (work, begun) = (pace.rate * SUBMISSION, now);
                now += Duration::from_secs_f64(work / speed);
                pace.observe(work, begun, now);
            }
            assert!((pace.rate / speed - 1.0).abs() < 0.01, "at {speed}: {}", pace.rate);
            let before = pace.rate;
            // Tiny submissions, however slow for their size, say nothing of how much fits into one.
            pace.observe(1.0, now, now + Duration::from_millis(1));
            assert_eq!(pace.rate, before);
        }
    }
}
