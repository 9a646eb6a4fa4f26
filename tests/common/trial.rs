//! A small run whose updates are tried, kept and undone.

use std::time::Duration;

use glasshouse::device::Device;
use glasshouse::engine::{Changes, Command, Engine, Event, Settings, State, Text};
use glasshouse::hub::Save;
use glasshouse::train::StepReport;

/// Twelve documents of so many lines and more.
pub fn text(lines: usize) -> Text {
    let line = "The quality of mercy is not strained; it droppeth as the gentle rain from heaven. ";
    let documents = (0..12).map(|i| line.repeat(lines + i).into_bytes()).collect();
    Text { name: "mercy".into(), documents, keep: true, ..Text::default() }
}

/// Two layers of two heads, two passes a step.
pub fn settings() -> Settings {
    Settings {
        layers: Some(2),
        heads: Some(2),
        channels: Some(16),
        context: Some(16),
        vocab_size: Some(300),
        batch: Some(4),
        accumulate: Some(2),
        warmup: Some(0),
        changes: Changes {
            lr: None,
            steps: Some(12),
            eval_every: Some(0),
            save_every: Some(0),
            sample_every: Some(0),
            stop_after: None,
        },
        ..Settings::default()
    }
}

/// Ticks until nothing is left to do; the events, and the last save.
pub fn drive(engine: &mut Engine) -> (Vec<Event>, Option<Save>) {
    let (mut events, mut save) = (Vec::new(), None);
    while engine.busy() {
        let new = engine.tick().expect("a tick");
        save = engine.take_save().or(save);
        events.extend(new);
    }
    (events, save)
}

/// The reports among `events`.
pub fn steps(events: &[Event]) -> Vec<StepReport> {
    let report = |event: &Event| if let Event::Step { report } = event { Some(report.clone()) } else { None };
    events.iter().filter_map(report).collect()
}

/// Their numbers, as bits.
pub fn numbers(reports: &[StepReport]) -> Vec<[u64; 3]> {
    reports.iter().map(|r| [r.loss, r.lr, r.grad_norm].map(f64::to_bits)).collect()
}

/// An engine whose run has taken `taken` steps and waits.
pub fn after(device: Device, settings: Settings, text: Text, taken: u64) -> (Engine, Vec<StepReport>) {
    let mut engine = Engine::new(device, Duration::from_millis(1), None);
    engine.send(Command::Train { settings, text, tokenizer: None }).unwrap();
    engine.send(Command::Pause).unwrap();
    let mut events = drive(&mut engine).0;
    for _ in 0..taken {
        engine.send(Command::Step).unwrap();
        events.extend(drive(&mut engine).0);
    }
    assert_eq!(engine.state(), State::Paused);
    (engine, steps(&events))
}

/// Such an engine on the CPU.
pub fn paused(taken: u64) -> (Engine, Vec<StepReport>) {
    after(Device::cpu(), settings(), text(20), taken)
}

/// A save of where the run stands.
pub fn save(engine: &mut Engine) -> Save {
    engine.send(Command::Save).unwrap();
    drive(engine).1.expect("a save")
}

/// The bits of weights and moments.
pub fn bits(save: &Save) -> Vec<Vec<u32>> {
    let moments = save.moments.as_ref().expect("a run has moments");
    let weights = save.tensors.iter().map(|(_, _, values)| values);
    let all = weights.chain(&moments.first).chain(&moments.second);
    all.map(|values| values.iter().map(|x| x.to_bits()).collect()).collect()
}
