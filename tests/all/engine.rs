//! The engine, driven as both doors drive it: a run, its samples, its save, and a run that goes on from one.

use std::time::Duration;

use glasshouse::device::Device;
use glasshouse::engine::{Changes, Command, Engine, Event, Settings, State, Text};
use glasshouse::generate::Sampling;
use glasshouse::hub::Save;
use glasshouse::model::trace::Stop;
use glasshouse::train::{Part, StepReport};

/// The browser's tests take this file in: see web.rs.
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn text() -> Text {
    let line = "The quality of mercy is not strained; it droppeth as the gentle rain from heaven. ";
    let documents = (0..12).map(|i| line.repeat(20 + i).into_bytes()).collect();
    Text { name: "mercy".into(), documents, keep: true, ..Text::default() }
}

fn settings() -> Settings {
    Settings {
        layers: Some(2),
        heads: Some(2),
        channels: Some(16),
        context: Some(16),
        vocab_size: Some(300),
        batch: Some(4),
        changes: Changes {
            lr: None,
            steps: Some(12),
            eval_every: Some(4),
            save_every: Some(0),
            sample_every: Some(6),
            stop_after: None,
        },
        ..Settings::default()
    }
}

/// Ticks until nothing is left to do; the events, and the last save.
fn drive(engine: &mut Engine) -> (Vec<Event>, Option<Save>) {
    let (mut events, mut save) = (Vec::new(), None);
    while engine.busy() {
        let new = engine.tick().expect("a tick");
        if new.iter().any(|event| matches!(event, Event::Saved { .. })) {
            save = engine.take_save();
        }
        events.extend(new);
    }
    (events, save)
}

fn engine() -> Engine {
    Engine::new(Device::cpu(), Duration::from_millis(2), None)
}

fn steps(events: &[Event]) -> Vec<StepReport> {
    events
        .iter()
        .filter_map(|event| if let Event::Step { report } = event { Some(report.clone()) } else { None })
        .collect()
}

fn trained(settings: Settings) -> (Vec<Event>, Save) {
    let mut engine = engine();
    engine.send(Command::Train { settings, text: text(), tokenizer: None }).unwrap();
    let (events, save) = drive(&mut engine);
    assert_eq!(engine.state(), State::Finished);
    (events, save.expect("a finished run is saved"))
}

#[test]
fn a_run_reports_every_step_evaluates_samples_and_saves() {
    let (events, save) = trained(settings());
    let reports = steps(&events);
    assert_eq!(reports.iter().map(|r| r.step).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    assert!(reports.last().unwrap().loss < reports[0].loss, "{} then {}", reports[0].loss, reports[11].loss);
    for report in &reports {
        assert_eq!(report.validation_loss.is_some(), report.step % 4 == 0, "step {}", report.step);
        assert_eq!(report.tokens, report.step * 64);
    }
    let told = |event: &Event| match event {
        Event::Ready { unigram_loss, bigram_loss, model, .. } => {
            Some([*bigram_loss, *unigram_loss, (model.vocab as f64).ln()])
        }
        _ => None,
    };
    let bounds = events.iter().find_map(told).expect("the run is ready");
    assert!(bounds[0] > 0.0 && bounds.is_sorted() && reports[11].loss < bounds[2], "{bounds:?}");
    let words = |event: &Event| match event {
        Event::Sample { words, known_words, .. } => Some((*known_words, *words)),
        _ => None,
    };
    let samples: Vec<_> = events.iter().filter_map(words).collect();
    assert_eq!(samples.len(), 2);
    assert!(samples.iter().all(|(known, all)| known <= all && *all > 0), "{samples:?}");
    assert_eq!(save.trainer.as_ref().unwrap().step, 12);
    assert_eq!(save.corpus, Some(text().documents));
    let states: Vec<State> = events
        .iter()
        .filter_map(|event| if let Event::State { state } = event { Some(*state) } else { None })
        .collect();
    assert_eq!(states, [State::Preparing, State::Running, State::Finished]);
}

#[test]
fn a_stopped_run_goes_on_bit_for_bit() {
    let (whole, _) = trained(settings());
    let mut stopped = settings();
    stopped.changes.stop_after = Some(5);
    let (first, save) = trained(stopped);
    let zip = glasshouse::hub::to_zip(&save);
    let save = glasshouse::hub::from_zip(&zip).unwrap();
    let mut engine = engine();
    engine.resume(save, Changes::default(), text(), true).unwrap();
    let (second, _) = drive(&mut engine);
    let losses = |events: &[Event]| steps(events).iter().map(|r| (r.loss, r.lr, r.grad_norm)).collect::<Vec<_>>();
    assert_eq!(steps(&first).len(), 5);
    assert_eq!(losses(&whole), [losses(&first), losses(&second)].concat());
}

#[test]
fn single_steps_pauses_and_prompts() {
    let mut engine = engine();
    engine.send(Command::Train { settings: settings(), text: text(), tokenizer: None }).unwrap();
    engine.send(Command::Pause).unwrap();
    let mut events = drive(&mut engine).0;
    assert_eq!(engine.state(), State::Paused);
    engine.send(Command::Step).unwrap();
    events.extend(drive(&mut engine).0);
    assert_eq!((steps(&events).len(), engine.state()), (1, State::Paused));
    let sampling = Sampling { temperature: 0.0, ..Sampling::default() };
    engine
        .send(Command::Generate {
            prompt: "The".into(),
            max_tokens: 5,
            sampling,
            ignore_end: true,
            given: vec![],
            at: None,
            id: None,
        })
        .unwrap();
    let (events, _) = drive(&mut engine);
    let sample = events
        .iter()
        .find_map(|e| if let Event::Sample { ids, step, .. } = e { Some((ids.len(), *step)) } else { None });
    assert_eq!(sample, Some((5, 1)));
    engine.send(Command::Save).unwrap();
    assert_eq!(drive(&mut engine).1.expect("a save").trainer.unwrap().step, 1);
    engine.send(Command::Reset).unwrap();
    assert_eq!(engine.state(), State::Idle);
    assert!(engine.send(Command::Save).is_err());
}

#[test]
fn steps_asked_for_while_one_is_under_way_are_taken_too() {
    let mut engine = engine();
    engine.send(Command::Train { settings: settings(), text: text(), tokenizer: None }).unwrap();
    engine.send(Command::Pause).unwrap();
    drive(&mut engine);
    let mut ask = |count: usize, pauses: bool| {
        (0..count).for_each(|_| engine.send(Command::Step).unwrap());
        if pauses {
            engine.send(Command::Pause).unwrap();
        }
        let taken = steps(&drive(&mut engine).0).len();
        assert_eq!(engine.state(), State::Paused);
        taken
    };
    assert_eq!(ask(3, false), 3);
    // A pause leaves none of them over.
    assert_eq!((ask(3, true), ask(1, false)), (0, 1));
}

/// Goes on until the run waits behind a part of a step, or pauses: the parts that were told.
fn parts(engine: &mut Engine) -> Vec<(u64, Part)> {
    let events = drive(engine).0;
    events
        .iter()
        .filter_map(|e| if let Event::Part { step, part, .. } = e { Some((*step, *part)) } else { None })
        .collect()
}

#[test]
fn slow_motion_waits_behind_each_part_pauses_at_once_and_is_left_again() {
    let (told, _) = trained(settings());
    let mut engine = engine();
    engine.send(Command::Slow { on: true }).unwrap();
    engine.send(Command::Part).unwrap();
    engine.send(Command::Train { settings: settings(), text: text(), tokenizer: None }).unwrap();
    assert_eq!((parts(&mut engine), engine.state()), (vec![(1, Part::Forward)], State::Running));
    // What only reads is done between two parts, of the weights as they still are.
    let before = look(&mut engine, "rain", &[], Sampling::default());
    let Event::Looked { step: 0, candidates, .. } = before else { unreachable!("{before:?}") };
    engine.send(Command::Part).unwrap();
    assert_eq!(parts(&mut engine), [(1, Part::Loss)]);
    let again = look(&mut engine, "rain", &[], Sampling::default());
    assert!(matches!(again, Event::Looked { step: 0, candidates: others, .. } if others == candidates));
    // A save waits for the end of the step, and a pause lets the step go on to it.
    engine.send(Command::Save).unwrap();
    assert!(drive(&mut engine).1.is_none());
    engine.send(Command::Pause).unwrap();
    let (mut events, save) = drive(&mut engine);
    assert_eq!((steps(&events).len(), engine.state()), (1, State::Paused));
    assert_eq!(save.expect("a save").trainer.unwrap().step, 1);
    let count = events.iter().filter(|event| matches!(event, Event::Part { .. })).count();
    assert_eq!(count, 3, "the other parts are told as well");
    // A single step waits behind its parts too, but not behind its last.
    engine.send(Command::Step).unwrap();
    for part in [Part::Forward, Part::Loss, Part::Backward, Part::Clip] {
        assert_eq!((parts(&mut engine), engine.state()), (vec![(2, part)], State::Running));
        engine.send(Command::Part).unwrap();
    }
    let step = drive(&mut engine).0;
    assert_eq!((steps(&step).len(), engine.state()), (1, State::Paused));
    events.extend(step);
    // Left in the middle of a step, the run goes on by itself to its end.
    engine.send(Command::Run).unwrap();
    assert_eq!(parts(&mut engine), [(3, Part::Forward)]);
    engine.send(Command::Slow { on: false }).unwrap();
    events.extend(drive(&mut engine).0);
    assert_eq!(engine.state(), State::Finished);
    let losses = |events: &[Event]| steps(events).iter().map(|report| report.loss).collect::<Vec<_>>();
    assert_eq!(losses(&events), losses(&told));
}

/// A look into the model, as it is told.
fn look(engine: &mut Engine, prompt: &str, factors: &[f32], sampling: Sampling) -> Event {
    engine
        .send(Command::Look { prompt: prompt.into(), factors: factors.into(), sampling, draw: 0, at: None, id: None })
        .unwrap();
    let found = drive(engine).0.into_iter().find(|event| matches!(event, Event::Looked { .. }));
    found.expect("a look")
}

#[test]
fn a_look_shows_attention_and_what_comes_next() {
    let mut engine = engine();
    engine.send(Command::Train { settings: settings(), text: text(), tokenizer: None }).unwrap();
    drive(&mut engine);
    let greedy = Sampling { temperature: 0.0, ..Sampling::default() };
    for prompt in ["", "The quality of mercy", "mercy droppeth as the gentle rain from heaven upon the place beneath"] {
        let Event::Looked { step, tokens, layers, heads, attention, entropy, candidates, vocab, kept, picked, .. } =
            look(&mut engine, prompt, &[], greedy)
        else {
            unreachable!()
        };
        assert_eq!((step, layers, heads, vocab, kept), (12, 2, 2, 300, 1));
        let len = tokens.len();
        assert!((1..=16).contains(&len), "{len}");
        let read: String = tokens.iter().map(|piece| piece.text.as_str()).collect();
        assert!(prompt.ends_with(&read) || prompt.is_empty() && read == "<|endoftext|>", "{read:?}");
        assert_eq!(attention.len(), layers * heads * len * len);
        for (row, weights) in attention.chunks(len).enumerate() {
            assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            assert!(weights[row % len + 1..].iter().all(|weight| *weight == 0.0), "nothing looks ahead");
        }
        assert_eq!(entropy.len(), layers * heads);
        let most = f64::from(len as u32).log2() + 1e-6;
        assert!(entropy.iter().all(|bits| (0.0..=most).contains(bits)), "{entropy:?}");
        assert!(candidates.windows(2).all(|pair| pair[0].probability >= pair[1].probability));
        assert!(candidates.iter().enumerate().all(|(rank, candidate)| candidate.rank == rank as u32));
        // Greedy generation goes on with the first of them.
        let ask = Command::Generate {
            prompt: prompt.into(),
            max_tokens: 1,
            sampling: greedy,
            ignore_end: true,
            given: vec![],
            at: None,
            id: None,
        };
        engine.send(ask).unwrap();
        let sample = drive(&mut engine).0.into_iter().find_map(|event| match event {
            Event::Sample { ids, probabilities, .. } => Some((ids[0], probabilities[0])),
            _ => None,
        });
        let (id, probability) = sample.expect("a sample");
        assert_eq!((id, picked), (candidates[0].piece.id, id));
        assert!((probability - candidates[0].probability).abs() < 1e-4);
    }
}

#[test]
fn every_token_of_the_model_says_what_it_stands_for() {
    let mut engine = engine();
    engine.send(Command::Train { settings: settings(), text: text(), tokenizer: None }).unwrap();
    assert!(engine.send(Command::Pieces { id: None }).unwrap_err().to_string().contains("there is no run yet"));
    drive(&mut engine);
    engine.send(Command::Pieces { id: None }).unwrap();
    let told = engine.tick().unwrap();
    let [Event::Pieces { texts, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!(texts.len(), 300);
    let Event::Looked { candidates, .. } = look(&mut engine, "mercy", &[], Sampling::default()) else { unreachable!() };
    assert!(candidates.iter().all(|candidate| texts[candidate.piece.id as usize] == candidate.piece.text));
    for pair in candidates[..64].windows(2) {
        assert!((pair[1].reached - pair[0].reached - pair[1].tempered).abs() < 1e-12, "the sum so far");
    }
    assert!(texts.iter().any(|text| text == "<|endoftext|>") && texts[usize::from(b'q')] == "q");
}

#[test]
fn a_look_switches_heads_off_and_the_run_never_notices_it_nor_a_trace() {
    let (events, _) = trained(settings());
    let mut engine = engine();
    engine.send(Command::Train { settings: settings(), text: text(), tokenizer: None }).unwrap();
    let (mut told, mut seen, mut traced, mut asked) = (Vec::new(), 0, 0, 0);
    while engine.busy() {
        let new = engine.tick().unwrap();
        if new.iter().any(|event| matches!(event, Event::Step { .. })) {
            let factors = if asked % 2 == 0 { vec![] } else { vec![0.0, 1.0, 1.0, 1.0] };
            let look = Command::Look {
                prompt: "rain".into(),
                factors,
                sampling: Sampling::default(),
                draw: 0,
                at: None,
                id: None,
            };
            engine.send(look).unwrap();
            let (stop, cell) = (Stop::ALL[asked % Stop::ALL.len()].0, Some([0, 0]));
            let trace = Command::Trace {
                prompt: "rain".into(),
                layer: 1,
                head: 0,
                position: None,
                at: None,
                stop,
                cell,
                id: None,
            };
            engine.send(trace).unwrap();
            asked += 1;
        }
        seen += new.iter().filter(|event| matches!(event, Event::Looked { .. })).count();
        traced += new.iter().filter(|event| matches!(event, Event::Traced { cell: Some(_), .. })).count();
        told.extend(new);
    }
    assert!(asked > 1 && seen == asked && traced == asked, "{seen} and {traced} of {asked}");
    let losses = |events: &[Event]| steps(events).iter().map(|report| report.loss).collect::<Vec<_>>();
    assert_eq!(losses(&told), losses(&events));

    let logits = |event: Event| match event {
        Event::Looked { candidates, .. } => {
            let mut found: Vec<_> = candidates.iter().map(|c| (c.piece.id, c.logit.to_bits())).collect();
            found.sort_unstable();
            found
        }
        _ => unreachable!(),
    };
    let [on, ones, off] = [&[][..], &[1.0; 4], &[0.0, 1.0, 1.0, 1.0]]
        .map(|factors| logits(look(&mut engine, "rain", factors, Sampling::default())));
    assert_eq!(on, ones);
    assert_ne!(on, off);
    let wrong = Command::Look {
        prompt: "".into(),
        factors: vec![1.0; 3],
        sampling: Sampling::default(),
        draw: 0,
        at: None,
        id: None,
    };
    assert!(engine.send(wrong).unwrap_err().to_string().contains("each of 4 heads"));
}

#[test]
fn a_batch_that_does_not_fit_says_what_would() {
    let mut engine = Engine::new(Device::cpu(), Duration::from_millis(2), Some(40 << 20));
    let settings = Settings { batch: Some(4096), ..settings() };
    let error = engine.send(Command::Train { settings, text: text(), tokenizer: None }).unwrap_err().to_string();
    assert!(error.contains("a batch of 4096 needs") && error.contains("would fit: take --batch"), "{error}");
    assert_eq!(engine.state(), State::Idle);
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run() {
    let mut engine = engine();
    let settings = Settings {
        warmup: Some(0),
        clip: Some(0.0),
        weight_decay: Some(1e3),
        changes: Changes { lr: Some(1e3), ..settings().changes },
        ..settings()
    };
    engine.send(Command::Train { settings, text: text(), tokenizer: None }).unwrap();
    let (mut told, mut save) = (0, None);
    let error = loop {
        assert!(engine.busy(), "the run ended with finite losses");
        match engine.tick() {
            Ok(events) => told += steps(&events).len() as u64,
            Err(error) => break error.to_string(),
        }
        save = engine.take_save().or(save);
    };
    assert!(error.contains(&format!("the loss is not finite at step {}", told + 1)), "{error}");
    // The step before is saved, though no save was due, and its weights are numbers.
    let save: Save = save.expect("the run is saved before it ends");
    assert_eq!(save.trainer.as_ref().unwrap().step, told);
    assert!(save.tensors.iter().all(|(_, _, values)| values.iter().all(|value| value.is_finite())));
}
