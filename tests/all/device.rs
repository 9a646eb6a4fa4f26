//! The GPU as a device: nothing is made while steps run, large reads arrive whole, and what goes wrong is an error.

use crate::common::{noise, on_each, on_gpu, scalars};
use glasshouse::Error;
use glasshouse::device::{Device, Element, Reading, adapters};
use glasshouse::ops;
use glasshouse::tape::{Recording, Tape, Tensor};

/// A recorded product with everything that belongs to it.
struct Product {
    device: Device,
    recording: Recording,
    output: Tensor,
    _inputs: [Tensor; 2],
}

impl Product {
    fn new(device: &Device) -> Product {
        let mut tape = Tape::new(device, scalars(device), true);
        let inputs = [tape.tensor(&[70, 20]), tape.tensor(&[20, 30])];
        let hidden = ops::matmul(&mut tape, &inputs[0], &inputs[1], None);
        let output = ops::gelu(&mut tape, &hidden);
        let upstream = tape.upstream(&output);
        let recording = tape.finish().expect("the ops record");
        for (seed, view) in [(1, inputs[0].view()), (2, inputs[1].view()), (3, upstream)] {
            device.write_f64(view, &noise(seed, view.len));
        }
        Product { device: device.clone(), recording, output, _inputs: inputs }
    }

    fn replay(&self) -> Result<Reading, Error> {
        self.recording.replay()?;
        Ok(self.device.read(self.output.view().slice(0..1)))
    }
}

#[test]
fn nothing_is_made_after_the_first_replay() {
    on_each(|device| {
        let product = Product::new(&device);
        pollster::block_on(product.replay().expect("it runs").numbers()).expect("it is read");
        let before = device.counters();
        for _ in 0..5 {
            // As many steps under way as a trainer has.
            let readings: Vec<_> = (0..3).map(|_| product.replay().expect("it runs")).collect();
            for reading in readings {
                pollster::block_on(reading.numbers()).expect("it is read");
            }
        }
        assert_eq!(device.counters(), before, "{}", device.name());
    });
}

#[test]
fn polling_finds_the_numbers_without_waiting_for_them() {
    on_gpu(|device| {
        let product = Product::new(&device);
        let mut reading = product.replay().expect("it runs");
        let numbers = loop {
            match reading.poll() {
                Some(numbers) => break numbers.expect("it is read").f64(),
                None => std::thread::yield_now(),
            }
        };
        let again = pollster::block_on(product.replay().expect("it runs").numbers()).expect("it is read").f64();
        assert_eq!(numbers, again);
        assert!(reading.poll().is_none(), "numbers are taken once");
    });
}

#[test]
fn a_read_of_many_staging_buffers_arrives_whole() {
    on_gpu(|device| {
        // Over two of 64 MiB, begun and ended within others.
        let len = (130 << 20) / 4;
        let view = device.allocate(Element::Index, len).view();
        let indices: Vec<u32> = (0..len as u32).map(|i| i.wrapping_mul(2_654_435_761)).collect();
        device.write_index(view, &indices);
        let part = view.slice(64..len - 3);
        let Reading::Gpu(reading) = device.read(part) else { panic!("a GPU reads later") };
        let found = pollster::block_on(Reading::Gpu(reading).numbers()).expect("it is read");
        assert!(found == glasshouse::device::Numbers::U32(indices[64..len - 3].to_vec()));
        device.free(view.buffer);
    });
}

#[test]
fn unwritten_memory_is_zero() {
    on_gpu(|device| {
        let view = device.allocate(Element::Float, 1000).view();
        let found = pollster::block_on(device.read(view).numbers()).expect("it is read").f32();
        assert_eq!(found, vec![0.0; 1000]);
    });
}

#[test]
fn what_does_not_fit_is_refused_in_words() {
    on_gpu(|device| {
        let limits = device.adapter().expect("a GPU has an adapter").limits;
        let elements = limits.max_binding.min(limits.max_buffer) as usize / 4;
        let mut tape = Tape::new(&device, scalars(&device), false);
        let x = tape.tensor(&[elements + 64]);
        ops::gelu(&mut tape, &x);
        let message = match tape.finish() {
            Err(Error::Device(message)) => message,
            Err(error) => panic!("another error: {error}"),
            Ok(_) => panic!("a binding over the limit was accepted"),
        };
        assert!(message.contains("gelu.forward needs") && message.contains("--batch"), "{message}");
        // The device goes on.
        let product = Product::new(&device);
        pollster::block_on(product.replay().expect("it runs").numbers()).expect("it is read");
    });
}

#[test]
fn a_lost_device_is_an_error_everywhere_and_another_opens() {
    let lost = |result: Result<(), Error>| match result {
        Err(Error::DeviceLost(_)) => {}
        Err(error) => panic!("another error: {error}"),
        Ok(()) => panic!("a lost device went on"),
    };
    // A device of its own, and not dropped within the thread's end.
    let device = std::mem::ManuallyDrop::new(pollster::block_on(Device::gpu(None)).expect("an adapter"));
    let product = Product::new(&device);
    let before = product.replay().expect("it runs");
    device.destroy();
    lost(pollster::block_on(before.numbers()).map(drop));
    lost(product.replay().map(drop));
    lost(pollster::block_on(device.read(product.output.view()).numbers()).map(drop));
    lost(pollster::block_on(device.idle()));
    device.write(product.output.view(), &[1.0]);
    let mut tape = Tape::new(&device, scalars(&device), false);
    let x = tape.tensor(&[10]);
    ops::gelu(&mut tape, &x);
    lost(tape.finish().map(drop));

    let another = std::mem::ManuallyDrop::new(pollster::block_on(Device::gpu(None)).expect("an adapter"));
    let product = Product::new(&another);
    pollster::block_on(product.replay().expect("it runs").numbers()).expect("it is read");
}

#[test]
fn auto_takes_hardware_or_the_cpu() {
    let device = std::mem::ManuallyDrop::new(pollster::block_on(Device::auto()));
    let adapters = pollster::block_on(adapters());
    let hardware = adapters.iter().any(|adapter| !adapter.is_software && adapter.is_sufficient());
    match device.adapter() {
        Some(adapter) => assert!(!adapter.is_software, "auto took {}", adapter.name),
        None => assert!(!hardware, "auto took the CPU beside {adapters:?}"),
    }
}

#[test]
fn adapters_have_their_index_and_a_wrong_one_is_refused() {
    let found = pollster::block_on(adapters());
    assert!(!found.is_empty(), "the GPU tests need an adapter, if only lavapipe");
    for (i, adapter) in found.iter().enumerate() {
        assert_eq!(adapter.index, i);
        let json = serde_json::to_value(adapter).expect("an adapter is plain data");
        assert!(json["name"].is_string() && json["limits"]["max_binding"].is_u64() && json["features"].is_array());
    }
    let message = match pollster::block_on(Device::gpu(Some(found.len()))) {
        Err(Error::Device(message)) => message,
        _ => panic!("an adapter that is not there was opened"),
    };
    assert!(message.contains(&format!("gpu:{}", found.len())) && message.contains("doctor"), "{message}");
}
