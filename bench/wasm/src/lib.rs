//! What the benchmarks time in Node and in a tab: bare matrix products beside the CPU device's, and a training step.

mod step;

use glasshouse::device::{Device, Element, Numbers};
use glasshouse::ops;
use glasshouse::tape::{Recording, SCALARS, Tape, Tensor};
use wasm_bindgen::prelude::wasm_bindgen;

/// One product of two n×n matrices in both forms: recorded for the CPU device, and as a bare call of the crate `gemm`.
#[wasm_bindgen]
pub struct Products {
    n: usize,
    device: Device,
    recording: Recording,
    y: Tensor,
    a: Vec<f32>,
    b: Vec<f32>,
    c: Vec<f32>,
}

#[wasm_bindgen]
impl Products {
    /// Both forms get the same matrices.
    #[wasm_bindgen(constructor)]
    pub fn new(n: usize) -> Products {
        let matrix = |seed: usize| (0..n * n).map(|i| ((i * seed) % 1009) as f32 / 1009.0 - 0.5).collect::<Vec<f32>>();
        let (a, b) = (matrix(7919), matrix(104_729));
        let device = Device::cpu();
        let scalars = device.allocate(Element::Float, SCALARS).view();
        let mut tape = Tape::new(&device, scalars, false);
        let (x, weight) = (tape.tensor(&[n, n]), tape.tensor(&[n, n]));
        let y = ops::matmul(&mut tape, &x, &weight, None);
        device.write(x.view(), &a);
        device.write(weight.view(), &b);
        let recording = tape.finish().expect("the CPU device refuses no matrix product");
        // The inputs belong to the tape's buffers, which live as long as the recording.
        Products { n, device, recording, y, a, b, c: vec![0.0; n * n] }
    }

    /// Runs the recorded product.
    pub fn recorded(&self, times: usize) {
        for _ in 0..times {
            self.recording.replay().expect("the CPU device runs what it recorded");
        }
    }

    /// Runs the bare product.
    pub fn bare(&mut self, times: usize) {
        let (n, stride) = (self.n, self.n as isize);
        for _ in 0..times {
            // SAFETY: the three matrices hold n·n elements each, row-major.
            unsafe {
                gemm::gemm(
                    n,
                    n,
                    n,
                    self.c.as_mut_ptr(),
                    1,
                    stride,
                    false,
                    self.a.as_ptr(),
                    1,
                    stride,
                    self.b.as_ptr(),
                    1,
                    stride,
                    0.0,
                    1.0,
                    false,
                    false,
                    false,
                    gemm::Parallelism::None,
                );
            }
        }
    }

    /// ‖recorded − bare‖ / ‖bare‖, after both ran.
    pub fn difference(&self) -> f64 {
        let recorded = match self.device.read(self.y.view()).poll() {
            Some(Ok(Numbers::F32(values))) => values,
            _ => return f64::NAN,
        };
        let square = |x: f64| x * x;
        let gap: f64 = recorded.iter().zip(&self.c).map(|(a, b)| square(f64::from(a - b))).sum();
        let norm: f64 = self.c.iter().map(|b| square(f64::from(*b))).sum();
        (gap / norm).sqrt()
    }
}
