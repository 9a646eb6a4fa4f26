//! The time line: what is seen at a past step is what was seen when it was live, and the run never notices.

use std::time::Duration;

use crate::common::on_each;
use glasshouse::device::Device;
use glasshouse::engine::{Changes, Command, Engine, Event, Settings, State, Text};
use glasshouse::generate::Sampling;
use glasshouse::hub::Save;

const HOST: u64 = 1 << 26;

fn text() -> Text {
    let line = "床前明月光，疑是地上霜。举头望明月，低头思故乡。😀🌙 The moon is bright. ";
    Text { name: "moon".into(), documents: vec![line.repeat(40).into_bytes()], keep: true, ..Text::default() }
}

fn settings(steps: u64) -> Settings {
    Settings {
        layers: Some(2),
        heads: Some(2),
        channels: Some(16),
        context: Some(16),
        vocab_size: Some(280),
        batch: Some(4),
        changes: Changes {
            lr: Some(3e-2),
            steps: Some(steps),
            eval_every: Some(0),
            save_every: Some(0),
            sample_every: Some(4),
            stop_after: None,
        },
        ..Settings::default()
    }
}

/// An engine with a run that waits before its first step.
fn waiting(device: &Device, bytes: u64, settings: Settings) -> (Engine, Vec<Event>) {
    sliced(device, Duration::from_millis(2), bytes, settings)
}

/// The same, of an engine whose ticks last so long.
fn sliced(device: &Device, slice: Duration, bytes: u64, settings: Settings) -> (Engine, Vec<Event>) {
    let mut engine = Engine::new(device.clone(), slice, None);
    engine.keep_snapshots(bytes);
    engine.send(Command::Train { settings, text: text(), tokenizer: None }).unwrap();
    engine.send(Command::Pause).unwrap();
    let events = drive(&mut engine);
    (engine, events)
}

fn drive(engine: &mut Engine) -> Vec<Event> {
    let mut events = Vec::new();
    while engine.busy() {
        events.extend(engine.tick().expect("a tick"));
    }
    events
}

fn ask(engine: &mut Engine, command: Command) -> Vec<Event> {
    engine.send(command).unwrap();
    drive(engine)
}

fn losses(events: &[Event]) -> Vec<u64> {
    let loss = |event: &Event| if let Event::Step { report } = event { Some(report.loss.to_bits()) } else { None };
    events.iter().filter_map(loss).collect()
}

/// The list of snapshots as it was told last: steps and pins.
fn listed(events: &[Event]) -> Option<(Vec<u64>, Vec<u64>)> {
    events.iter().rev().find_map(|event| match event {
        Event::Snapshots { steps, pinned } => Some((steps.clone(), pinned.clone())),
        _ => None,
    })
}

/// Everything that a look tells, as bits.
fn look(engine: &mut Engine, at: Option<u64>) -> (u64, Vec<u32>, String) {
    let sampling = Sampling::default();
    let command = Command::Look { prompt: "明月, the moon".into(), factors: vec![], sampling, draw: 3, at, id: None };
    let found = ask(engine, command).into_iter().find_map(|event| match event {
        Event::Looked { step, attention, candidates, picked, .. } => {
            let bits = attention.iter().chain(candidates.iter().map(|c| &c.logit)).map(|x| x.to_bits()).collect();
            Some((step, bits, format!("{picked} {candidates:?}")))
        }
        _ => None,
    });
    found.expect("a look")
}

fn generate(prompt: &str, given: &[u32], max_tokens: usize, at: Option<u64>) -> Command {
    let sampling = Sampling { temperature: 1.0, seed: 7, ..Sampling::default() };
    Command::Generate {
        prompt: prompt.into(),
        max_tokens,
        sampling,
        ignore_end: true,
        given: given.into(),
        at,
        id: None,
    }
}

/// A text with its step, its tokens, and what was told of each of them: all of it, and the text alone.
type Written = (u64, Vec<u32>, String, Vec<String>, Vec<String>);

fn written(events: Vec<Event>) -> Written {
    let (mut told, mut texts) = (Vec::new(), Vec::new());
    for event in events {
        match event {
            Event::Token { index, text, .. } if index != texts.len() => panic!("token {index}: {text}"),
            Event::Token { step, ref piece, ref text, ref candidates, rank, probability, .. } => {
                assert_eq!(candidates.len(), 8);
                assert!(candidates.windows(2).all(|pair| pair[0].probability >= pair[1].probability));
                if let Some(own) = candidates.get(rank as usize) {
                    assert_eq!((own.piece.id, own.probability), (piece.id, probability));
                }
                told.push(format!("{step} {piece:?} {probability} {candidates:?}"));
                texts.push(text.clone());
            }
            Event::Sample { step, ids, text, asked, .. } => {
                assert!(asked);
                assert_eq!(text, texts.concat());
                return (step, ids, text, told, texts);
            }
            _ => {}
        }
    }
    panic!("no text was told")
}

#[test]
fn a_past_step_is_seen_as_it_was() {
    on_each(|device| {
        let (mut engine, mut events) = waiting(&device, HOST, settings(8));
        let mut live = Vec::new();
        loop {
            live.push((look(&mut engine, None), written(ask(&mut engine, generate("明", &[], 12, None)))));
            if engine.state() == State::Finished {
                break;
            }
            events.extend(ask(&mut engine, Command::Step));
        }
        assert_eq!(listed(&events), Some(((0..=8).collect(), vec![])));
        assert!(live.windows(2).all(|pair| pair[0].0.1 != pair[1].0.1), "every step changes the model");
        // There and back again, with the live model in between.
        for step in [3, 0, 8, 3, 5] {
            let (seen, text) = &live[step as usize];
            assert_eq!(look(&mut engine, Some(step)), *seen, "{} at {step}", device.name());
            assert_eq!(written(ask(&mut engine, generate("明", &[], 12, Some(step)))), *text);
            assert_eq!(look(&mut engine, None), live[8].0);
        }
    });
}

#[test]
fn a_run_with_a_time_line_has_the_losses_of_one_without() {
    on_each(|device| {
        let run = |bytes| {
            let (mut engine, _) = waiting(&device, bytes, settings(20));
            ask(&mut engine, Command::Run)
        };
        let (without, with) = (run(0), run(HOST));
        assert_eq!(listed(&without), None);
        assert_eq!(listed(&with).unwrap().0, (0..=20).collect::<Vec<_>>());
        assert_eq!(losses(&without).len(), 20);
        assert_eq!(losses(&without), losses(&with));
    });
}

#[test]
fn a_look_back_leaves_the_run_as_it_is() {
    let device = Device::cpu();
    let (mut engine, _) = waiting(&device, 0, settings(12));
    let alone = losses(&ask(&mut engine, Command::Run));
    // A slice of no time: each tick does one thing, so that a look comes between any two steps on any machine.
    let (mut engine, _) = sliced(&device, Duration::ZERO, HOST, settings(12));
    engine.send(Command::Run).unwrap();
    let (mut events, mut asked) = (Vec::new(), 0);
    while engine.busy() {
        let new = engine.tick().unwrap();
        if listed(&new).is_some() {
            let sampling = Sampling::default();
            engine
                .send(Command::Look { prompt: "月".into(), factors: vec![], sampling, draw: 0, at: Some(0), id: None })
                .unwrap();
            engine.send(generate("月", &[], 3, Some(0))).unwrap();
            asked += 1;
        }
        events.extend(new);
    }
    assert_eq!(asked, 12, "one look back after each step");
    assert_eq!(losses(&events), alone);
}

#[test]
fn nothing_is_made_on_the_device_until_somebody_looks_back() {
    on_each(|device| {
        let (mut engine, _) = waiting(&device, HOST, settings(12));
        ask(&mut engine, Command::Step);
        ask(&mut engine, Command::Step);
        let before = device.counters();
        ask(&mut engine, Command::Step);
        ask(&mut engine, Command::Step);
        ask(&mut engine, Command::Pin { step: None, pinned: true });
        assert_eq!(device.counters(), before, "{}", device.name());
        look(&mut engine, Some(1));
        assert_ne!(device.counters(), before, "{}", device.name());
    });
}

#[test]
fn snapshots_are_thinned_and_pins_stay() {
    // Room for ten: 12,032 weights, with what stands between them, in four bytes each.
    let (mut engine, mut events) = waiting(&Device::cpu(), 10 * 4 * 12_032, settings(200));
    for _ in 0..3 {
        events.extend(ask(&mut engine, Command::Step));
    }
    events.extend(ask(&mut engine, Command::Pin { step: Some(3), pinned: true }));
    assert_eq!(listed(&events), Some((vec![0, 1, 2, 3], vec![3])));
    let seen = look(&mut engine, None);
    let events = ask(&mut engine, Command::Run);
    let (steps, pinned) = listed(&events).unwrap();
    assert!((6..=10).contains(&steps.len()), "{steps:?}");
    assert!(steps.contains(&0) && steps.iter().any(|step| *step >= 128), "{steps:?}");
    assert_eq!(pinned, [3]);
    assert_eq!(look(&mut engine, Some(3)), seen);
    // A step in between of which nothing was kept.
    let gone = (1..200).find(|step| !steps.contains(step)).unwrap();
    for at in [Some(gone), Some(999)] {
        let refused = engine.send(generate("月", &[], 1, at)).unwrap_err().to_string();
        assert!(refused.contains(&format!("no snapshot of step {}, only of 0, 1, ", at.unwrap())), "{refused}");
    }
    assert!(engine.send(Command::Pin { step: Some(gone), pinned: true }).is_err());
    // The model as it is can be pinned wherever it stands, and let go.
    let events = ask(&mut engine, Command::Pin { step: Some(200), pinned: true });
    let (steps, pinned) = listed(&events).unwrap();
    assert!(steps.ends_with(&[200]) && pinned == [3, 200], "{steps:?} {pinned:?}");
    let events = ask(&mut engine, Command::Pin { step: Some(3), pinned: false });
    assert_eq!(listed(&events).unwrap().1, [200]);
}

#[test]
fn a_run_that_goes_on_begins_its_time_line_there() {
    let mut stopped = settings(9);
    stopped.changes.stop_after = Some(5);
    let (mut engine, _) = waiting(&Device::cpu(), HOST, stopped);
    ask(&mut engine, Command::Run);
    let seen = look(&mut engine, None);
    let save: Save = engine.take_save().expect("a run that stops is saved");
    let mut engine = Engine::new(Device::cpu(), Duration::from_millis(2), None);
    engine.keep_snapshots(HOST);
    engine.resume(save, Changes::default(), text(), true).unwrap();
    let events = drive(&mut engine);
    assert_eq!(listed(&events), Some(((5..=9).collect(), vec![])));
    assert_eq!(look(&mut engine, Some(5)), seen);
}

#[test]
fn a_run_that_is_given_more_steps_keeps_its_time_line() {
    let (mut engine, _) = waiting(&Device::cpu(), HOST, settings(5));
    ask(&mut engine, Command::Run);
    ask(&mut engine, Command::Pin { step: Some(2), pinned: true });
    let seen = look(&mut engine, Some(3));
    let save: Save = engine.take_save().expect("a run that ends is saved");
    // A refusal costs nothing of it.
    let other =
        Text { name: "sun".into(), documents: vec![b"Another text.".repeat(99)], keep: true, ..Text::default() };
    engine.extend(save.clone(), Changes::default(), other).unwrap_err();
    assert_eq!(look(&mut engine, Some(3)), seen);
    let changes = Changes { steps: Some(8), ..Changes::default() };
    engine.extend(save, changes, text()).unwrap();
    let events = drive(&mut engine);
    assert_eq!(listed(&events), Some(((0..=8).collect(), vec![2])));
    assert_eq!(look(&mut engine, Some(3)), seen);
}

#[test]
fn an_update_that_is_kept_is_what_its_step_shows() {
    on_each(|device| {
        let (mut engine, _) = waiting(&device, HOST, settings(9));
        ask(&mut engine, Command::Step);
        ask(&mut engine, Command::Pin { step: Some(1), pinned: true });
        let before = look(&mut engine, None);
        assert_eq!(look(&mut engine, Some(1)), before);
        ask(
            &mut engine,
            Command::Update { text: Some("The moon is 明月!".into()), position: None, count: 3, id: None },
        );
        assert_eq!(look(&mut engine, Some(1)), before, "what is tried stands beside the run");
        // The look is asked for before the update is kept: it comes after, and shows what was kept.
        engine.send(Command::KeepUpdate).unwrap();
        let kept = look(&mut engine, Some(1));
        let after = look(&mut engine, None);
        assert_ne!(after, before);
        assert_eq!(kept, after, "{}", device.name());
        let events = ask(&mut engine, Command::Step);
        assert_eq!(listed(&events), Some((vec![0, 1, 2], vec![1])));
        assert_ne!(look(&mut engine, None), after);
        assert_eq!(look(&mut engine, Some(1)), after, "the snapshot has the weights that were kept");
    });
}

/// Of a step that has no snapshot an update that is kept leaves none either.
#[test]
fn an_update_that_is_kept_changes_no_other_snapshot() {
    let (mut engine, _) = waiting(&Device::cpu(), 10 * 4 * 12_032, settings(30));
    let mut events = Vec::new();
    for _ in 0..11 {
        events.extend(ask(&mut engine, Command::Step));
    }
    let (steps, _) = listed(&events).unwrap();
    assert_eq!(steps, [0, 1, 2, 4, 6, 8, 10], "step 11 is not among them");
    let seen: Vec<_> = steps.iter().map(|step| look(&mut engine, Some(*step))).collect();
    ask(&mut engine, Command::Update { text: None, position: None, count: 2, id: None });
    let events = ask(&mut engine, Command::KeepUpdate);
    assert_eq!(listed(&events), None);
    for (step, seen) in steps.iter().zip(&seen) {
        assert_eq!(look(&mut engine, Some(*step)), *seen, "step {step}");
    }
    ask(&mut engine, Command::Step);
    assert!(engine.send(Command::Pin { step: Some(11), pinned: true }).is_err());
}

#[test]
fn without_a_time_line_there_is_no_past() {
    let (mut engine, _) = waiting(&Device::cpu(), 0, settings(2));
    let refused = engine.send(generate("", &[], 1, Some(0))).unwrap_err().to_string();
    assert_eq!(refused, "this run keeps no snapshots of its earlier steps");
    assert_eq!(engine.send(Command::Pin { step: None, pinned: true }).unwrap_err().to_string(), refused);
}

#[test]
fn characters_arrive_whole() {
    let (mut engine, _) = waiting(&Device::cpu(), HOST, settings(4));
    let (_, ids, text, told, texts) = written(ask(&mut engine, generate("床前", &[], 120, None)));
    assert_eq!((ids.len(), told.len()), (120, 120));
    // So little trained, it writes bytes in any order; what can be read never holds half a character.
    assert!(texts.iter().any(String::is_empty), "some bytes wait for others");
    assert!(!text.is_empty());
    // Given the bytes of two characters, it writes just these.
    let save = {
        ask(&mut engine, Command::Save);
        engine.take_save().expect("a save")
    };
    let tokenizer = glasshouse::tokenizer::Tokenizer::from_json(&save.tokenizer_json).unwrap();
    let bytes: Vec<u32> = "明😀"
        .bytes()
        .map(|byte| (0..280).find(|id| tokenizer.token_bytes(*id) == Some(&[byte])).expect("a token for each byte"))
        .collect();
    let (_, ids, text, _, texts) = written(ask(&mut engine, generate("床前", &bytes, 7, None)));
    assert_eq!((ids, &*text), (bytes.clone(), "明😀"));
    assert_eq!(texts, ["", "", "明", "", "", "", "😀"]);
    let (_, _, text, ..) = written(ask(&mut engine, generate("床前", &bytes, 6, None)));
    assert_eq!(text, "明");
}

#[test]
fn the_same_seed_goes_on_alike_and_another_token_leads_elsewhere() {
    let (mut engine, _) = waiting(&Device::cpu(), HOST, settings(4));
    let mut write = |given: &[u32]| written(ask(&mut engine, generate("The moon", given, 20, None)));
    let whole = write(&[]);
    assert_eq!(write(&[]), whole);
    assert_eq!(write(&whole.1[..7]), whole, "the tokens that were drawn count as draws");
    let other = (0..280).find(|id| !whole.1.contains(id) && *id != 279).unwrap();
    let changed = write(&[&whole.1[..7], &[other]].concat());
    assert_eq!((&changed.1[..7], changed.1[7], changed.1.len()), (&whole.1[..7], other, 20));
    let refused = engine.send(generate("", &[280], 3, None)).unwrap_err().to_string();
    assert_eq!(refused, "the text has token 280, and the model knows those below 280");
}

#[test]
fn a_text_is_stopped_and_keeps_what_there_is() {
    let (mut engine, _) = waiting(&Device::cpu(), HOST, settings(4));
    engine.send(generate("The moon", &[], 1_000_000, None)).unwrap();
    let mut events = Vec::new();
    while events.iter().filter(|event| matches!(event, Event::Token { .. })).count() < 5 {
        events.extend(engine.tick().unwrap());
    }
    events.extend(ask(&mut engine, Command::StopGenerating));
    let (_, ids, ..) = written(events);
    assert!((5..1000).contains(&ids.len()), "{}", ids.len());
    assert_eq!(engine.state(), State::Paused);
    ask(&mut engine, Command::StopGenerating);
    // The samples of a run are neither stopped nor told.
    engine.send(Command::Run).unwrap();
    let events = ask(&mut engine, Command::StopGenerating);
    let samples =
        events.iter().filter(|event| matches!(event, Event::Sample { asked: false, ids, .. } if ids.len() == 120));
    assert_eq!(samples.count(), 1);
    assert!(!events.iter().any(|event| matches!(event, Event::Token { .. })));
}
