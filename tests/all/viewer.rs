//! A model without a run answers as the run did whose model it is, and refuses everything else.

use std::time::Duration;

use glasshouse::device::Device;
use glasshouse::engine::{Changes, Command, Engine, Event, Settings, Text, Viewer};
use glasshouse::generate::Sampling;
use glasshouse::hub::Save;
use glasshouse::model::trace::Stop;

const SLICE: Duration = Duration::from_millis(2);

fn drive(engine: &mut Engine) -> Vec<Event> {
    let mut events = Vec::new();
    while engine.busy() {
        events.extend(engine.tick().expect("a tick"));
    }
    events
}

/// What a model answers to a look, to a pass stop by stop and to a request for text, as plain data.
fn answers(events: &[Event]) -> Vec<String> {
    let told = |event: &&Event| {
        matches!(
            event,
            Event::Looked { .. }
                | Event::Traced { .. }
                | Event::Token { .. }
                | Event::Sample { .. }
                | Event::Pieces { .. }
        )
    };
    let plain = |event: &Event| {
        let mut event = event.clone();
        // Which words occur in the text, only a run can say: a model alone has no text.
        if let Event::Sample { words, known_words, .. } = &mut event {
            (*words, *known_words) = Default::default();
        }
        serde_json::to_string(&event).unwrap()
    };
    events.iter().filter(told).map(plain).collect()
}

/// Each with a number, in order.
fn questions() -> [Command; 4] {
    let sampling = Sampling { seed: 5, ..Sampling::default() };
    let look =
        Command::Look { prompt: "the moon".into(), factors: vec![1.0, 0.0], sampling, draw: 2, at: None, id: Some(1) };
    let generate = Command::Generate {
        prompt: "the".into(),
        max_tokens: 12,
        sampling,
        ignore_end: true,
        given: vec![],
        at: None,
        id: Some(3),
    };
    let (stop, cell) = (Stop::Logits, Some([2, 0]));
    let trace = Command::Trace {
        prompt: "the moon".into(),
        layer: 0,
        head: 1,
        position: Some(1),
        at: None,
        stop,
        cell,
        id: Some(2),
    };
    [look, trace, generate, Command::Pieces { id: Some(4) }]
}

/// A run of three steps, its save, and what it answers.
fn trained(device: &Device) -> (Save, Vec<String>) {
    let mut engine = Engine::new(device.clone(), SLICE, None);
    let settings = Settings {
        layers: Some(1),
        heads: Some(2),
        channels: Some(16),
        context: Some(16),
        vocab_size: Some(270),
        batch: Some(4),
        changes: Changes {
            lr: None,
            steps: Some(3),
            eval_every: Some(0),
            save_every: Some(0),
            sample_every: Some(0),
            stop_after: None,
        },
        ..Settings::default()
    };
    let text =
        Text { name: "moon".into(), documents: vec![b"the moon is bright ".repeat(60)], keep: true, ..Text::default() };
    engine.send(Command::Train { settings, text, tokenizer: None }).unwrap();
    drive(&mut engine);
    let save = engine.take_save().expect("a finished run has a save");
    let mut events = Vec::new();
    for question in questions() {
        engine.send(question).unwrap();
        events.extend(engine.tick().unwrap());
        events.extend(drive(&mut engine));
    }
    (save, answers(&events))
}

#[test]
fn a_model_alone_answers_as_its_run_did() {
    let device = Device::cpu();
    let (mut save, expected) = trained(&device);
    (save.trainer, save.moments) = (None, None);
    let mut viewer = Viewer::open(&device, &save, 3).unwrap();
    assert!(!viewer.busy());
    for question in questions() {
        viewer.send(question).unwrap();
    }
    let mut events = Vec::new();
    while viewer.busy() {
        events.extend(viewer.tick(SLICE).unwrap());
    }
    assert_eq!(answers(&events), expected);
    assert_eq!(expected.len(), 2 + 12 + 1 + 1);
    // Every answer carries the number of its question.
    let id = |answer: &String| serde_json::from_str::<serde_json::Value>(answer).unwrap()["id"].as_u64();
    let mut ids: Vec<Option<u64>> = expected.iter().map(id).collect();
    ids.dedup();
    assert_eq!(ids, [Some(1), Some(2), Some(3), Some(4)]);
}

#[test]
fn a_text_stops_where_it_is_asked_to() {
    let device = Device::cpu();
    let (save, _) = trained(&device);
    let mut viewer = Viewer::open(&device, &save, 3).unwrap();
    let [_, _, generate, _] = questions();
    viewer.send(generate).unwrap();
    viewer.send(Command::StopGenerating).unwrap();
    let events = viewer.tick(SLICE).unwrap();
    assert!(matches!(&events[..], [Event::Sample { ids, .. }] if ids.is_empty()), "{events:?}");
    assert!(!viewer.busy());
}

#[test]
fn what_a_model_alone_cannot_do_is_refused() {
    let device = Device::cpu();
    let (save, _) = trained(&device);
    let mut viewer = Viewer::open(&device, &save, 3).unwrap();
    let refused = viewer.send(Command::Step).unwrap_err().to_string();
    assert_eq!(refused, "this is a model alone: it is looked into and it writes, no more");
    let [look, ..] = questions();
    let Command::Look { prompt, sampling, draw, .. } = look else { unreachable!() };
    let factors = vec![1.0; 3];
    let refused =
        viewer.send(Command::Look { prompt, factors, sampling, draw, at: None, id: None }).unwrap_err().to_string();
    assert_eq!(refused, "expected a factor for each of 2 heads, or none; found 3");
    let mut other = save.clone();
    other.config.vocab = 100;
    let refused = Viewer::open(&device, &other, 3).err().expect("it is refused").to_string();
    assert!(refused.starts_with("tokenizer.json: it has 270 tokens, and its model 100"), "{refused}");
}
