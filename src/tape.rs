//! A step recorded once and replayed many times: ops append dispatches over buffers that all exist.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use web_time::Instant;

use crate::Result;
use crate::device::{Buffer, Device, Dispatch, Element, Program, View};

/// Where the numbers that change each step stand in the buffer of step scalars; the host writes them in f64, the device rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Scalar {
    /// The learning rate of this step.
    LearningRate,
    /// 1 / (1 - beta1^t).
    Correction1,
    /// 1 / (1 - beta2^t).
    Correction2,
    /// Which micro-batch of the step this is, from 0.
    MicroBatch,
    /// 1 / the sum of the step's weights, over all its micro-batches.
    WeightScale,
    /// Keys already in the cache before the tokens of this call.
    CacheLength,
}

/// How many step scalars there are room for.
pub const SCALARS: usize = 8;

/// A buffer of step scalars, all zero.
pub fn step_scalars(device: &Device) -> View {
    device.allocate(Element::Float, SCALARS).view()
}

/// How a kernel writes a gradient: gradients are never cleared, their first write of a step overwrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Accumulate {
    /// The first write of every replay.
    Overwrite = 0,
    /// A later write.
    Add = 1,
    /// A parameter's first write: overwrites in micro-batch 0, adds in later ones.
    AddAfterFirst = 2,
}

/// An array of numbers on the device, with room for its gradient. Clones are the same tensor.
#[derive(Clone)]
pub struct Tensor(Rc<TensorInner>);

struct TensorInner {
    shape: Vec<usize>,
    memory: PooledView,
    gradient: RefCell<Gradient>,
}

/// PooledView that goes back to the tape's pool when the last tensor that uses it is dropped.
#[derive(Clone)]
struct PooledView {
    view: View,
    _slot: Option<Rc<PooledBuffer>>,
}

struct PooledBuffer {
    buffer: Buffer,
    pool: Rc<RefCell<Vec<Buffer>>>,
}

impl Drop for PooledBuffer {
    fn drop(&mut self) {
        self.pool.borrow_mut().push(self.buffer);
    }
}

/// The finished gradient of an op's output.
pub struct GradientOf(PooledView);

impl GradientOf {
    /// Its numbers.
    pub fn view(&self) -> View {
        self.0.view
    }
}

enum Gradient {
    /// Nobody asks for it.
    None,
    /// Not written yet in the part of the backward pass recorded so far.
    Unwritten,
    Written(PooledView),
    Parameter {
        view: View,
        written: Cell<bool>,
    },
}

impl Tensor {
    /// A parameter: its numbers and its gradient lie in arenas that outlive the tape.
    pub fn parameter(shape: &[usize], data: View, gradient: Option<View>) -> Tensor {
        assert_eq!(shape.iter().product::<usize>(), data.len, "parameter: shape {shape:?} over {} elements", data.len);
        let gradient = match gradient {
            Some(view) => Gradient::Parameter { view, written: Cell::new(false) },
            None => Gradient::None,
        };
        Tensor(Rc::new(TensorInner {
            shape: shape.to_vec(),
            memory: PooledView { view: data, _slot: None },
            gradient: gradient.into(),
        }))
    }

    /// Elements along each axis, the last one contiguous.
    pub fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    /// The shape as (rows, columns).
    ///
    /// # Panics
    /// When it has not two axes.
    pub fn matrix(&self, op: &str) -> [usize; 2] {
        match self.0.shape[..] {
            [rows, columns] => [rows, columns],
            _ => panic!("{op}: expected (rows, columns), got {:?}", self.0.shape),
        }
    }

    /// Its numbers.
    pub fn view(&self) -> View {
        self.0.memory.view
    }

    /// Its gradient: of a parameter always, of a tape's input once the tape is unwound, of what lies between never.
    pub fn gradient(&self) -> Option<View> {
        match &*self.0.gradient.borrow() {
            Gradient::Written(memory) => Some(memory.view),
            Gradient::Parameter { view, .. } => Some(*view),
            _ => None,
        }
    }
}

/// What is being recorded: forward as ops are called, then backward in reverse.
pub struct Tape {
    device: Device,
    training: bool,
    scalars: View,
    forward: Vec<Dispatch>,
    backward: Vec<Dispatch>,
    unwinding: bool,
    #[allow(clippy::type_complexity)]
    deferred: Vec<Box<dyn FnOnce(&mut Tape)>>,
    pool: [Rc<RefCell<Vec<Buffer>>>; 2],
    owned: Vec<Buffer>,
}

/// A recorded tape, ready to be replayed: forward, then backward. Its buffers live as long as it does.
pub struct Recording {
    device: Device,
    /// The forward dispatches, then the backward ones.
    pub program: Program,
    /// How many of them are forward.
    pub forward: usize,
    /// Estimated floating-point operations of each dispatch.
    pub work: Vec<u64>,
    owned: Vec<Buffer>,
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.owned.iter().for_each(|buffer| self.device.free(*buffer));
    }
}

impl Tape {
    /// An empty tape. Only one that is `training` keeps what the backward pass needs. `scalars` holds [`SCALARS`] numbers.
    pub fn new(device: &Device, scalars: View, training: bool) -> Tape {
        assert_eq!(scalars.len, SCALARS, "tape: expected {SCALARS} step scalars, got {}", scalars.len);
        Tape {
            device: device.clone(),
            training,
            scalars,
            forward: Vec::new(),
            backward: Vec::new(),
            unwinding: false,
            deferred: Vec::new(),
            pool: Default::default(),
            owned: Vec::new(),
        }
    }

    /// The device that it records for.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Whether gradients are recorded.
    pub fn training(&self) -> bool {
        self.training
    }

    /// Dispatches recorded so far, forward ones alone until [`Tape::finish`].
    pub fn recorded(&self) -> usize {
        self.forward.len()
    }

    /// The buffer of step scalars.
    pub fn scalars(&self) -> View {
        self.scalars
    }

    /// A tensor of numbers for an op's output.
    pub fn tensor(&mut self, shape: &[usize]) -> Tensor {
        let memory = self.memory(Element::Float, shape.iter().product());
        let gradient = if self.training { Gradient::Unwritten } else { Gradient::None };
        Tensor(Rc::new(TensorInner { shape: shape.to_vec(), memory, gradient: gradient.into() }))
    }

    /// A tensor of indices, written by the host or by a kernel.
    pub fn indices(&mut self, shape: &[usize]) -> Tensor {
        let memory = self.memory(Element::Index, shape.iter().product());
        Tensor(Rc::new(TensorInner { shape: shape.to_vec(), memory, gradient: Gradient::None.into() }))
    }

    /// The smallest pooled buffer that is not over twice too large, or a new one.
    fn memory(&mut self, element: Element, len: usize) -> PooledView {
        assert!(len > 0, "tape: expected a tensor with elements");
        let pool = &self.pool[element as usize];
        let fitting = {
            let free = pool.borrow();
            (0..free.len()).filter(|&i| (len..=2 * len).contains(&free[i].len)).min_by_key(|&i| free[i].len)
        };
        let buffer = match fitting {
            Some(i) => pool.borrow_mut().swap_remove(i),
            None => {
                let buffer = self.device.allocate(element, len);
                self.owned.push(buffer);
                buffer
            }
        };
        let view = buffer.view().slice(0..len);
        PooledView { view, _slot: Some(Rc::new(PooledBuffer { buffer, pool: pool.clone() })) }
    }

    /// Appends a dispatch: to the forward list while ops are called, to the backward list while [`Tape::finish`] unwinds.
    pub fn dispatch(&mut self, dispatch: Dispatch) {
        dispatch.check();
        if self.unwinding { self.backward.push(dispatch) } else { self.forward.push(dispatch) }
    }

    /// Defers the recording of an op's backward dispatches, on a training tape; they run in the reverse order of ops.
    pub fn backward(&mut self, record: impl FnOnce(&mut Tape) + 'static) {
        if self.training {
            self.deferred.push(Box::new(record));
        }
    }

    /// Takes the finished gradient of an op's output `y`, for the op's backward dispatches to read; its memory is free
    /// for others when the result is dropped. `None` when nothing that follows `y` reaches the loss.
    pub fn gradient(&self, y: &Tensor) -> Option<GradientOf> {
        let mut gradient = y.0.gradient.borrow_mut();
        match &*gradient {
            Gradient::Written(_) => match std::mem::replace(&mut *gradient, Gradient::None) {
                Gradient::Written(memory) => Some(GradientOf(memory)),
                _ => unreachable!("matched above"),
            },
            _ => None,
        }
    }

    /// Makes room for a gradient of `y` that the host writes: what a test sends into an op's backward pass.
    pub fn upstream(&mut self, y: &Tensor) -> View {
        self.gradient_mut(y).expect("upstream: the tape is training and the tensor was made by it").0
    }

    /// Where to write the gradient of `x`, and how; `None` when nobody asks for it.
    pub fn gradient_mut(&mut self, x: &Tensor) -> Option<(View, Accumulate)> {
        let mut gradient = x.0.gradient.borrow_mut();
        match &*gradient {
            Gradient::None => None,
            Gradient::Written(memory) => {
                let shared = memory._slot.as_ref().is_some_and(|slot| Rc::strong_count(slot) > 1);
                assert!(
                    !shared,
                    "tape: a gradient that two tensors share is written before its other reader is recorded"
                );
                Some((memory.view, Accumulate::Add))
            }
            Gradient::Parameter { view, written } => {
                let how = if written.replace(true) { Accumulate::Add } else { Accumulate::AddAfterFirst };
                Some((*view, how))
            }
            Gradient::Unwritten => {
                let memory = self.memory(Element::Float, x.view().len);
                let view = memory.view;
                *gradient = Gradient::Written(memory);
                Some((view, Accumulate::Overwrite))
            }
        }
    }

    /// Lets `x` use the gradient of an output as its own, where nothing was written to it yet: says whether it could.
    pub fn share_gradient(&mut self, dy: &GradientOf, x: &Tensor) -> bool {
        let mut gradient = x.0.gradient.borrow_mut();
        let fresh = matches!(*gradient, Gradient::Unwritten) && dy.0.view.len == x.view().len;
        if fresh {
            *gradient = Gradient::Written(dy.0.clone());
        }
        fresh
    }

    /// Records the backward pass and makes everything ready to run.
    pub fn finish(mut self) -> Result<Recording> {
        self.unwinding = true;
        while let Some(record) = self.deferred.pop() {
            record(&mut self);
        }
        let forward = self.forward.len();
        let mut all = self.forward;
        all.append(&mut self.backward);
        let work = all.iter().map(|dispatch| dispatch.work).collect();
        let program = self.device.prepare(all)?;
        Ok(Recording { device: self.device, program, forward, work, owned: self.owned })
    }
}

impl Recording {
    /// Runs everything, at once.
    pub fn replay(&self) -> Result<()> {
        self.device.run(&self.program, 0..self.program.len())
    }

    /// Runs on from dispatch `at` and returns where it stopped: on the CPU when `deadline` has passed, on the GPU after one
    /// submission. How a step is sliced never changes a bit of it.
    pub fn advance(&self, at: usize, deadline: Instant) -> Result<usize> {
        self.advance_to(self.len(), at, deadline)
    }

    /// As [`Recording::advance`], and stops in front of dispatch `last`: at [`Recording::forward`], nothing runs backward.
    pub fn advance_to(&self, last: usize, at: usize, deadline: Instant) -> Result<usize> {
        let (mut end, mut work) = (at, 0);
        match self.device.submission_budget() {
            None => {
                while end < last {
                    self.device.run(&self.program, end..end + 1)?;
                    end += 1;
                    if Instant::now() >= deadline {
                        break;
                    }
                }
            }
            Some(budget) => {
                while end < last && (end == at || work + self.work[end] <= budget) {
                    work += self.work[end];
                    end += 1;
                }
                self.device.run(&self.program, at..end)?;
            }
        }
        Ok(end)
    }

    /// Floating-point operations of the first `count` dispatches, roughly.
    pub fn work(&self, count: usize) -> u64 {
        self.work[..count].iter().sum()
    }

    /// Dispatches, forward and backward.
    pub fn len(&self) -> usize {
        self.program.len()
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.program.is_empty()
    }
}
