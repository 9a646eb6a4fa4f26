//! GpuReading back: copies into staging buffers that are mapped when the GPU gets there.

use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use super::Gpu;
use crate::device::{Element, Numbers, View};
use crate::{Error, Result};

/// Staging buffers up to this many bytes are kept and used again.
const MAX_KEPT_BYTES: u64 = 16 << 20;
/// Longer reads are cut into several buffers of this many bytes.
const MAX_STAGING_BYTES: u64 = 64 << 20;
/// The smallest staging buffer, enough for a step's loss and norms.
const SMALLEST: u64 = 4096;
/// How many of the smallest exist from the start: two for each step in flight, and two more.
const READY: usize = 8;

/// What the callbacks of a reading, or of a wait, leave behind.
#[derive(Default)]
pub(super) struct Arrival {
    remaining: usize,
    failed: bool,
    waker: Option<Waker>,
}

impl Arrival {
    /// Of `remaining` callbacks.
    pub(super) fn of(remaining: usize) -> Arc<Mutex<Arrival>> {
        Arc::new(Mutex::new(Arrival { remaining, ..Arrival::default() }))
    }

    /// Called by each of them.
    pub(super) fn arrive(arrival: &Mutex<Arrival>, ok: bool) {
        let mut arrival = arrival.lock().expect("callbacks do not panic");
        arrival.remaining -= 1;
        arrival.failed |= !ok;
        if let Some(waker) = arrival.waker.take() {
            waker.wake();
        }
    }

    /// Waits for all of them; says whether none failed.
    pub(super) async fn wait(arrival: &Mutex<Arrival>) -> bool {
        std::future::poll_fn(|context| {
            let mut arrival = arrival.lock().expect("callbacks do not panic");
            if arrival.remaining == 0 || arrival.failed {
                return Poll::Ready(!arrival.failed);
            }
            arrival.waker = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

/// A read that was begun.
pub struct GpuReading {
    gpu: Rc<Gpu>,
    element: Element,
    parts: Vec<(wgpu::Buffer, u64)>,
    arrival: Arc<Mutex<Arrival>>,
    submission: wgpu::SubmissionIndex,
    taken: bool,
}

impl GpuReading {
    /// Copies `view` as it is after everything run so far, and asks for the copies to be mapped.
    pub(super) fn begin(gpu: &Rc<Gpu>, view: View) -> GpuReading {
        let (start, bytes) = (view.offset as u64 * 4, view.len as u64 * 4);
        let source = gpu.buffer(view.buffer);
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut parts = Vec::new();
        for at in (0..bytes).step_by(MAX_STAGING_BYTES as usize) {
            let length = MAX_STAGING_BYTES.min(bytes - at);
            let buffer = gpu.staging.take(gpu, length);
            encoder.copy_buffer_to_buffer(&source, start + at, &buffer, 0, length);
            parts.push((buffer, length));
        }
        let submission = gpu.queue.submit([encoder.finish()]);
        let arrival = Arrival::of(parts.len());
        for (buffer, length) in &parts {
            let arrival = arrival.clone();
            buffer.slice(..*length).map_async(wgpu::MapMode::Read, move |result| {
                Arrival::arrive(&arrival, result.is_ok());
            });
        }
        GpuReading { gpu: gpu.clone(), element: view.buffer.element, parts, arrival, submission, taken: false }
    }

    /// The numbers once they have arrived; never blocks.
    pub(in crate::device) fn poll(&mut self) -> Option<Result<Numbers>> {
        if self.taken {
            return None;
        }
        self.gpu.poll();
        let (remaining, failed) = {
            let arrival = self.arrival.lock().expect("callbacks do not panic");
            (arrival.remaining, arrival.failed)
        };
        if let Err(error) = self.gpu.check() {
            self.taken = true;
            return Some(Err(error));
        }
        if failed {
            self.taken = true;
            return Some(Err(Error::DeviceLost("a buffer could not be read back".into())));
        }
        (remaining == 0).then(|| self.gather())
    }

    /// Waits for the numbers.
    pub(in crate::device) async fn numbers(mut self) -> Result<Numbers> {
        self.gpu.wait(Some(self.submission.clone()));
        // Without a native wait the browser calls back; with one everything has arrived, or never will.
        if cfg!(target_arch = "wasm32") {
            Arrival::wait(&self.arrival).await;
        }
        self.poll().unwrap_or_else(|| Err(Error::DeviceLost("a buffer was never read back".into())))
    }

    fn gather(&mut self) -> Result<Numbers> {
        self.taken = true;
        match self.element {
            Element::Float => self.collect().map(Numbers::F32),
            Element::Index => self.collect().map(Numbers::U32),
        }
    }

    fn collect<T: bytemuck::Pod>(&mut self) -> Result<Vec<T>> {
        let bytes: u64 = self.parts.iter().map(|(_, length)| length).sum();
        let mut numbers = vec![T::zeroed(); bytes as usize / 4];
        let mut rest: &mut [u8] = bytemuck::cast_slice_mut(&mut numbers);
        for (buffer, length) in self.parts.drain(..) {
            let (part, tail) = rest.split_at_mut(length as usize);
            let mapped = buffer.slice(..length).get_mapped_range();
            let mapped = mapped.map_err(|error| Error::DeviceLost(format!("a buffer could not be read: {error}")))?;
            part.copy_from_slice(&mapped);
            drop(mapped);
            buffer.unmap();
            self.gpu.staging.give_back(buffer);
            rest = tail;
        }
        Ok(numbers)
    }
}

/// Staging buffers that are not in use, in powers of two.
#[derive(Default)]
pub(super) struct Staging(std::cell::RefCell<Vec<wgpu::Buffer>>);

impl Staging {
    /// Makes the buffers that every run uses.
    pub(super) fn fill(&self, gpu: &Gpu) {
        let buffers: Vec<_> = (0..READY).map(|_| self.take(gpu, SMALLEST)).collect();
        buffers.into_iter().for_each(|buffer| self.give_back(buffer));
    }

    fn take(&self, gpu: &Gpu, bytes: u64) -> wgpu::Buffer {
        let size = bytes.next_power_of_two().max(SMALLEST);
        let mut free = self.0.borrow_mut();
        match free.iter().position(|buffer| buffer.size() == size) {
            Some(i) => free.swap_remove(i),
            None => gpu.create_buffer(size, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST),
        }
    }

    fn give_back(&self, buffer: wgpu::Buffer) {
        if buffer.size() <= MAX_KEPT_BYTES {
            self.0.borrow_mut().push(buffer);
        }
    }
}
