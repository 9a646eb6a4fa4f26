//! The CPU device: buffers are plain vectors, kernels plain functions over slices of them.

use std::cell::{Cell, RefCell};

use super::float::{Float, Storage};
use super::{Access, Buffer, Counters, Dispatch, Element, Numbers, Program, View, count};

/// The precision in which a CPU device computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// The device of machines without a GPU.
    F32,
    /// The oracle.
    F64,
}

/// The vector instructions of this processor that make a difference here, the widest last.
pub fn instruction_sets() -> Vec<&'static str> {
    let mut found = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        let sets = [
            ("sse2", is_x86_feature_detected!("sse2")),
            ("avx", is_x86_feature_detected!("avx")),
            ("avx2", is_x86_feature_detected!("avx2")),
            ("fma", is_x86_feature_detected!("fma")),
            ("avx512f", is_x86_feature_detected!("avx512f")),
        ];
        found.extend(sets.iter().filter(|(_, has)| *has).map(|(name, _)| *name));
    }
    #[cfg(target_arch = "aarch64")]
    found.push("neon");
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    found.push("simd128");
    found
}

/// The CPU as a device.
pub struct Cpu {
    precision: Precision,
    buffers: RefCell<Vec<(Buffer, Storage)>>,
    vacant: RefCell<Vec<u32>>,
    pub(super) max_binding: Cell<usize>,
    pub(super) counters: Cell<Counters>,
}

impl Cpu {
    pub(super) fn new(precision: Precision) -> Cpu {
        Cpu {
            precision,
            buffers: RefCell::default(),
            vacant: RefCell::default(),
            max_binding: Cell::new(usize::MAX),
            counters: Cell::default(),
        }
    }

    pub(super) fn name(&self) -> String {
        let threads = crate::parallel::threads();
        format!("CPU, {threads} thread{}", if threads == 1 { "" } else { "s" })
    }

    pub(super) fn allocate(&self, element: Element, len: usize) -> Buffer {
        count(&self.counters, |c| c.allocations += 1);
        let mut buffers = self.buffers.borrow_mut();
        match self.vacant.borrow_mut().pop() {
            Some(id) => {
                let buffer = Buffer { id, len, element };
                buffers[id as usize] = (buffer, Storage::Absent);
                buffer
            }
            None => {
                let buffer = Buffer { id: buffers.len() as u32, len, element };
                buffers.push((buffer, Storage::Absent));
                buffer
            }
        }
    }

    pub(super) fn free(&self, buffer: Buffer) {
        self.buffers.borrow_mut()[buffer.id as usize] = (Buffer { len: 0, ..buffer }, Storage::Absent);
        self.vacant.borrow_mut().push(buffer.id);
    }

    pub(super) fn bytes(&self) -> u64 {
        let float = if self.precision == Precision::F64 { 8 } else { 4 };
        let size = |b: &Buffer| b.len as u64 * if b.element == Element::Float { float } else { 4 };
        self.buffers.borrow().iter().map(|(buffer, _)| size(buffer)).sum()
    }

    /// The storage of `buffer`, made of zeros when it is first used.
    fn storage<'a>(&self, buffers: &'a mut [(Buffer, Storage)], buffer: Buffer) -> &'a mut Storage {
        let storage = &mut buffers[buffer.id as usize].1;
        if let Storage::Absent = storage {
            *storage = match (buffer.element, self.precision) {
                (Element::Index, _) => Storage::U32(vec![0; buffer.len]),
                (Element::Float, Precision::F32) => Storage::F32(vec![0.0; buffer.len]),
                (Element::Float, Precision::F64) => Storage::F64(vec![0.0; buffer.len]),
            };
        }
        storage
    }

    pub(super) fn write_f32(&self, view: View, numbers: &[f32]) {
        let mut buffers = self.buffers.borrow_mut();
        let range = view.slice(0..numbers.len());
        match self.storage(&mut buffers, view.buffer) {
            Storage::F32(x) => x[range.offset..range.offset + range.len].copy_from_slice(numbers),
            Storage::F64(x) => x[range.offset..].iter_mut().zip(numbers).for_each(|(x, n)| *x = f64::from(*n)),
            _ => panic!("write: expected a buffer of numbers"),
        }
    }

    pub(super) fn write_f64(&self, view: View, numbers: &[f64]) {
        let mut buffers = self.buffers.borrow_mut();
        let range = view.slice(0..numbers.len());
        match self.storage(&mut buffers, view.buffer) {
            Storage::F32(x) => x[range.offset..].iter_mut().zip(numbers).for_each(|(x, n)| *x = *n as f32),
            Storage::F64(x) => x[range.offset..range.offset + range.len].copy_from_slice(numbers),
            _ => panic!("write: expected a buffer of numbers"),
        }
    }

    pub(super) fn write_index(&self, view: View, indices: &[u32]) {
        let mut buffers = self.buffers.borrow_mut();
        let range = view.slice(0..indices.len());
        match self.storage(&mut buffers, view.buffer) {
            Storage::U32(x) => x[range.offset..range.offset + range.len].copy_from_slice(indices),
            _ => panic!("write: expected a buffer of indices"),
        }
    }

    pub(super) fn read(&self, view: View) -> Numbers {
        let mut buffers = self.buffers.borrow_mut();
        let range = view.offset..view.offset + view.len;
        match self.storage(&mut buffers, view.buffer) {
            Storage::F32(x) => Numbers::F32(x[range].to_vec()),
            Storage::F64(x) => Numbers::F64(x[range].to_vec()),
            Storage::U32(x) => Numbers::U32(x[range].to_vec()),
            Storage::Absent => unreachable!("storage makes what is absent"),
        }
    }

    pub(super) fn copy(&self, from: View, to: View) {
        match self.read(from) {
            Numbers::F32(x) => self.write_f32(to, &x),
            Numbers::F64(x) => self.write_f64(to, &x),
            Numbers::U32(x) => self.write_index(to, &x),
        }
    }

    pub(super) fn prepare(&self, dispatches: Vec<Dispatch>) -> Program {
        count(&self.counters, |c| c.programs += 1);
        Program::Cpu(dispatches)
    }

    pub(super) fn run(&self, dispatch: &Dispatch) {
        match self.precision {
            Precision::F32 => self.run_in(dispatch, dispatch.kernel.f32),
            Precision::F64 => self.run_in(dispatch, dispatch.kernel.f64),
        }
    }

    /// Takes the written buffers out, binds slices of them and of the read ones, runs, and puts them back.
    fn run_in<F: Float>(&self, dispatch: &Dispatch, function: fn(&[u32], Bindings<F>)) {
        let mut buffers = self.buffers.borrow_mut();
        let mut taken: Vec<(u32, Storage)> = Vec::with_capacity(4);
        for binding in &dispatch.bindings {
            let storage = match binding.access {
                Access::Write if taken.iter().any(|(id, _)| *id == binding.view.buffer.id) => continue,
                _ => self.storage(&mut buffers, binding.view.buffer),
            };
            if binding.access == Access::Write {
                taken.push((binding.view.buffer.id, std::mem::replace(storage, Storage::Absent)));
            }
        }
        let mut slots: Vec<Slot<F>> = Vec::with_capacity(dispatch.bindings.len());
        slots.extend(dispatch.bindings.iter().map(|binding| match binding.access {
            Access::Read => Slot::read(&buffers[binding.view.buffer.id as usize].1, binding.view),
            Access::Write => Slot::Taken,
        }));
        for (id, storage) in &mut taken {
            let mut places: Vec<usize> = Vec::with_capacity(2);
            places.extend((0..slots.len()).filter(|&i| {
                let binding = &dispatch.bindings[i];
                binding.access == Access::Write && binding.view.buffer.id == *id
            }));
            places.sort_by_key(|&i| dispatch.bindings[i].view.offset);
            let ranges = places.iter().map(|&i| dispatch.bindings[i].view);
            match storage {
                Storage::U32(data) => {
                    carve(data, ranges).zip(&places).for_each(|(part, &i)| slots[i] = Slot::WriteIndex(part));
                }
                other => {
                    carve(F::slice_mut(other), ranges).zip(&places).for_each(|(part, &i)| slots[i] = Slot::Write(part))
                }
            }
        }
        function(&dispatch.params, Bindings { slots, next: 0 });
        for (id, storage) in taken {
            buffers[id as usize].1 = storage;
        }
    }
}

/// Disjoint parts of `data`, given in ascending order.
fn carve<T>(data: &mut [T], views: impl Iterator<Item = View>) -> impl Iterator<Item = &mut [T]> {
    let (mut rest, mut at) = (data, 0);
    views.map(move |view| {
        let (_, tail) = std::mem::take(&mut rest).split_at_mut(view.offset - at);
        let (part, tail) = tail.split_at_mut(view.len);
        (rest, at) = (tail, view.offset + view.len);
        part
    })
}

enum Slot<'a, F> {
    Read(&'a [F]),
    ReadIndex(&'a [u32]),
    Write(&'a mut [F]),
    WriteIndex(&'a mut [u32]),
    Taken,
}

impl<'a, F: Float> Slot<'a, F> {
    fn read(storage: &'a Storage, view: View) -> Slot<'a, F> {
        let range = view.offset..view.offset + view.len;
        match storage {
            Storage::U32(x) => Slot::ReadIndex(&x[range]),
            other => Slot::Read(&F::slice(other)[range]),
        }
    }
}

/// What a CPU kernel gets: its bindings as slices, taken one after another in launcher order.
pub struct Bindings<'a, F> {
    slots: Vec<Slot<'a, F>>,
    next: usize,
}

impl<'a, F: Float> Bindings<'a, F> {
    fn take(&mut self) -> Slot<'a, F> {
        self.next += 1;
        std::mem::replace(&mut self.slots[self.next - 1], Slot::Taken)
    }

    /// The next binding, numbers that are read.
    pub fn read(&mut self) -> &'a [F] {
        match self.take() {
            Slot::Read(x) => x,
            _ => panic!("binding {} is not read-only numbers", self.next),
        }
    }

    /// The next binding, numbers that are written.
    pub fn write(&mut self) -> &'a mut [F] {
        match self.take() {
            Slot::Write(x) => x,
            _ => panic!("binding {} is not written numbers", self.next),
        }
    }

    /// The next binding, indices that are read.
    pub fn index(&mut self) -> &'a [u32] {
        match self.take() {
            Slot::ReadIndex(x) => x,
            _ => panic!("binding {} is not read-only indices", self.next),
        }
    }

    /// The next binding, indices that are written.
    pub fn write_index(&mut self) -> &'a mut [u32] {
        match self.take() {
            Slot::WriteIndex(x) => x,
            _ => panic!("binding {} is not written indices", self.next),
        }
    }
}
