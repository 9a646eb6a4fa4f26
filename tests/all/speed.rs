//! A measurement takes real steps of the shape that is asked about, gives everything back, and leaves a run as it is.

use std::time::{Duration, Instant};

use crate::common::on_gpu;
use glasshouse::device::Device;
use glasshouse::engine::{Changes, Command, Engine, Event, Measurement, Settings, Speeds, State, Text};

const SLICE: Duration = Duration::from_millis(16);

fn small() -> Settings {
    Settings {
        layers: Some(1),
        heads: Some(2),
        channels: Some(16),
        context: Some(16),
        vocab_size: Some(270),
        batch: Some(2),
        changes: Changes { steps: Some(8), ..Changes::default() },
        ..Settings::default()
    }
}

/// Goes on until something is found.
fn found(speeds: &mut Speeds) -> Measurement {
    loop {
        if let Some(found) = speeds.advance(Instant::now() + SLICE).unwrap() {
            return found;
        }
        assert!(speeds.busy());
    }
}

/// Goes on with the run until it is finished; the losses of its steps.
fn losses(engine: &mut Engine) -> Vec<f64> {
    let mut losses = Vec::new();
    while engine.state() != State::Finished {
        let events = engine.tick().unwrap();
        losses.extend(events.into_iter().filter_map(|event| match event {
            Event::Step { report } => Some(report.loss),
            _ => None,
        }));
    }
    losses
}

fn begun(device: &Device) -> Engine {
    let mut engine = Engine::new(device.clone(), SLICE, None);
    let documents = vec!["to be or not to be, that is the question. ".repeat(40).into_bytes()];
    let text = Text { name: "own".into(), documents, keep: false, ..Text::default() };
    engine.send(Command::Train { settings: small(), text, tokenizer: None }).unwrap();
    engine
}

/// On a device, in slices.
fn measures(device: &Device) {
    let before = device.bytes();
    let mut speeds = Speeds::new(device.clone(), None);
    let (model, train) = small().resolve("own");
    assert_eq!(speeds.estimate(&model, &train), None, "nothing is guessed");
    speeds.measure(&small(), "own").unwrap();
    assert!(device.bytes() > before, "a model of its own");
    assert_eq!(found(&mut speeds), Measurement::Speed);
    assert!(!speeds.busy());
    let estimate = speeds.estimate(&model, &train).unwrap();
    assert!(estimate.seconds_a_step > 0.0 && estimate.seconds_a_step.is_finite());
    assert_eq!(estimate.steps, 8);
    assert!((estimate.seconds / estimate.seconds_a_step - 8.0).abs() < 1e-9);
    assert!((estimate.tokens_per_second * estimate.seconds_a_step - 32.0).abs() < 1e-9);
    assert_eq!(device.bytes(), before, "and everything is given back");
    speeds.measure(&small(), "own").unwrap();
    speeds.stop();
    assert_eq!(device.bytes(), before);
}

#[test]
fn steps_are_measured_and_everything_is_given_back() {
    measures(&Device::cpu());
    on_gpu(|device| measures(&device));
}

#[test]
fn a_run_is_the_same_beside_a_measurement() {
    let alone = losses(&mut begun(&Device::cpu()));
    assert_eq!(alone.len(), 8);
    let device = Device::cpu();
    let mut engine = begun(&device);
    let mut speeds = Speeds::new(device, None);
    speeds.measure(&small(), "own").unwrap();
    let mut beside = Vec::new();
    while engine.state() != State::Finished {
        speeds.advance(Instant::now() + Duration::from_millis(1)).unwrap();
        beside.extend(engine.tick().unwrap().into_iter().filter_map(|event| match event {
            Event::Step { report } => Some(report.loss),
            _ => None,
        }));
    }
    assert_eq!(beside, alone, "bit for bit");
}

#[test]
fn what_does_not_fit_is_not_measured() {
    let mut speeds = Speeds::new(Device::cpu(), Some(1 << 20));
    let refusal = speeds.measure(&Settings::default(), "en").unwrap_err().to_string();
    assert!(refusal.contains("has 1 MiB to give"), "{refusal}");
    assert!(!speeds.busy());
    assert!(speeds.choose("en").is_err());
}
