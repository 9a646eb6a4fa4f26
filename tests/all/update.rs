//! One update on a copy: it is the step that training would take, it can be kept or undone, and the run never notices.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::on_each;
use crate::common::trial::{after, bits, drive, numbers, paused, save, settings, steps, text};
use glasshouse::data::Dataset;
use glasshouse::device::Device;
use glasshouse::engine::{
    Changes, Command, Elsewhere, Engine, Event, Piece, Settings, Shift, State, Undone, load_weights, required_bytes,
};
use glasshouse::hub::{from_zip, to_zip};
use glasshouse::model::{ModelConfig, Preset};
use glasshouse::train::{TrainConfig, Trainer};

/// What an update told.
#[derive(Debug, PartialEq)]
struct Messages {
    updates: u64,
    tokens: Vec<Piece>,
    left_out: usize,
    rows: usize,
    position: usize,
    losses: [f64; 2],
    learning_rate: f64,
    gradient_norm: Option<f64>,
    target: Shift,
    candidates: Vec<Shift>,
    log_probabilities: [Vec<f64>; 2],
    elsewhere: Vec<Elsewhere>,
    held_out: bool,
}

fn update(engine: &mut Engine, text: Option<&str>, position: Option<usize>, count: u32) -> Messages {
    engine.send(Command::Update { text: text.map(Into::into), position, count, id: Some(7) }).unwrap();
    let found = drive(engine).0.into_iter().find_map(|event| match event {
        Event::Updated {
            id: Some(7),
            updates,
            tokens,
            left_out,
            rows,
            position,
            loss_before,
            loss_after,
            learning_rate,
            gradient_norm,
            target,
            candidates,
            log_probabilities_before,
            log_probabilities_after,
            elsewhere,
            held_out,
            ..
        } => Some(Messages {
            updates,
            tokens,
            left_out,
            rows,
            position,
            losses: [loss_before, loss_after],
            learning_rate,
            gradient_norm,
            target,
            candidates,
            log_probabilities: [log_probabilities_before, log_probabilities_after],
            elsewhere,
            held_out,
        }),
        _ => None,
    });
    found.expect("the update is told")
}

#[test]
fn an_update_on_the_next_batch_is_the_next_step() {
    let (mut plain, reports) = paused(4);
    let want = save(&mut plain);
    let (mut engine, _) = paused(3);
    let before = save(&mut engine);
    let told = update(&mut engine, None, None, 1);
    let step = &reports[3];
    assert_eq!(
        [told.losses[0], told.learning_rate, told.gradient_norm.unwrap()].map(f64::to_bits),
        [step.loss, step.lr, step.grad_norm].map(f64::to_bits)
    );
    assert_eq!((told.rows, told.tokens.len(), told.position, told.updates), (8, 17, 16, 1));
    assert!(told.losses[1] < told.losses[0], "{:?}", told.losses);
    assert_eq!(bits(&save(&mut engine)), bits(&before), "nothing is kept yet");
    engine.send(Command::KeepUpdate).unwrap();
    let (events, kept) = drive(&mut engine);
    assert!(events.iter().any(|event| matches!(event, Event::UpdateKept { step: 3, updates: 1 })));
    let kept = kept.expect("what was kept is saved");
    assert_eq!(bits(&kept), bits(&want));
    let state = kept.trainer.unwrap();
    assert_eq!((state.step, state.extra, kept.log), (3, 1, before.log));
}

#[test]
fn a_run_is_what_it_would_be_without_trials() {
    let (mut plain, mut want) = paused(0);
    plain.send(Command::Run).unwrap();
    want.extend(steps(&drive(&mut plain).0));
    let (mut engine, mut got) = paused(2);
    let why = |events: &[Event]| {
        events.iter().find_map(|e| if let Event::UpdateUndone { why, .. } = e { Some(*why) } else { None })
    };
    update(&mut engine, Some("mercy is not strained"), None, 1);
    engine.send(Command::UndoUpdate).unwrap();
    assert_eq!(why(&drive(&mut engine).0), Some(Undone::Asked));
    update(&mut engine, None, Some(3), 2);
    engine.send(Command::Step).unwrap();
    let events = drive(&mut engine).0;
    assert_eq!(why(&events), Some(Undone::WentOn));
    got.extend(steps(&events));
    // While steps are under way an update pauses the run behind the step.
    engine.send(Command::Run).unwrap();
    while got.len() < 6 {
        got.extend(steps(&engine.tick().unwrap()));
    }
    engine.send(Command::Update { text: None, position: None, count: 1, id: None }).unwrap();
    let events = drive(&mut engine).0;
    assert_eq!(engine.state(), State::Paused);
    assert!(matches!(events.iter().rfind(|e| !matches!(e, Event::State { .. })), Some(Event::Updated { .. })));
    got.extend(steps(&events));
    engine.send(Command::Run).unwrap();
    let (events, saved) = drive(&mut engine);
    assert_eq!(why(&events), Some(Undone::WentOn));
    got.extend(steps(&events));
    assert_eq!(numbers(&got), numbers(&want));
    assert_eq!(bits(&saved.unwrap()), bits(&save(&mut plain)));
}

#[test]
fn the_target_becomes_likelier_and_ten_more_go_on_from_there() {
    let (mut engine, _) = paused(6);
    let sentence = "The gentle rain is not mercy";
    let once = update(&mut engine, Some(sentence), None, 1);
    let read: String = once.tokens.iter().map(|piece| piece.text.as_str()).collect();
    assert_eq!((read.as_str(), once.rows, once.left_out, once.updates), (sentence, 1, 0, 1));
    let last = once.tokens.len() - 1;
    assert_eq!((once.position, &once.target.piece), (last, &once.tokens[last]));
    let ten = update(&mut engine, Some(sentence), None, 10);
    assert_eq!(ten.updates, 11);
    assert_eq!((ten.target.before, ten.losses[0]), (once.target.after, once.losses[1]));
    assert_eq!(ten.log_probabilities[0], once.log_probabilities[1]);
    for told in [&once, &ten] {
        let Shift { before, after, .. } = told.target;
        assert!(after.probability > before.probability && told.losses[1] < told.losses[0], "{told:?}");
        for (loss, each) in told.losses.iter().zip(&told.log_probabilities) {
            assert!((loss + each.iter().sum::<f64>() / last as f64).abs() < 1e-5, "{loss} of {each:?}");
        }
        assert!((before.log_probability - told.log_probabilities[0][last - 1]).abs() < 1e-12);
        assert!((after.log_probability - told.log_probabilities[1][last - 1]).abs() < 1e-12);
        assert!(told.candidates.contains(&told.target));
        assert!(told.candidates.windows(2).all(|two| two[0].after.rank < two[1].after.rank));
        for rank in 0..10 {
            assert!(told.candidates.iter().any(|c| c.before.rank == rank), "{rank} before");
            assert!(told.candidates.iter().any(|c| c.after.rank == rank), "{rank} after");
        }
        assert!(told.held_out && told.elsewhere.len() == 6);
    }
    // Shown again: what was tried so far, against the run.
    let all = update(&mut engine, Some(sentence), None, 0);
    assert_eq!((all.updates, all.gradient_norm), (11, None));
    assert_eq!((all.target.before, all.target.after), (once.target.before, ten.target.after));
    assert_eq!(all.losses, [once.losses[0], ten.losses[1]]);
    // Another token of the same sentence, on what was tried.
    let second = update(&mut engine, Some(sentence), Some(2), 1);
    assert_eq!((second.position, &second.target.piece, second.updates), (2, &second.tokens[2], 12));
    assert_eq!(second.losses[0], ten.losses[1]);
}

/// A look after a keep shows the distribution that the update told, and after an undo the one from before.
#[test]
fn a_look_shows_the_run_and_what_it_kept() {
    let sentence = "The quality of rain";
    let (mut engine, _) = paused(5);
    let look = |engine: &mut Engine, prompt: &str, id: u32| {
        engine
            .send(Command::Look {
                prompt: prompt.into(),
                factors: vec![],
                sampling: Default::default(),
                draw: 0,
                at: None,
                id: None,
            })
            .unwrap();
        let found = drive(engine).0.into_iter().find_map(|event| match event {
            Event::Looked { candidates, .. } => candidates.into_iter().find(|candidate| candidate.piece.id == id),
            _ => None,
        });
        found.expect("the target is among the likeliest").probability
    };
    let told = update(&mut engine, Some(sentence), None, 3);
    let prompt: String = told.tokens[..told.position].iter().map(|piece| piece.text.as_str()).collect();
    let (id, Shift { before, after, .. }) = (told.target.piece.id, told.target.clone());
    assert_eq!(look(&mut engine, &prompt, id), before.probability, "while the trial is open");
    engine.send(Command::UndoUpdate).unwrap();
    assert_eq!(look(&mut engine, &prompt, id), before.probability);
    assert_eq!(update(&mut engine, Some(sentence), None, 3), told);
    engine.send(Command::KeepUpdate).unwrap();
    assert_eq!(look(&mut engine, &prompt, id), after.probability);
}

/// One row among rows that do not count, against a trainer of that row alone.
#[test]
fn an_update_on_a_sentence_is_a_step_on_that_row_alone() {
    let (mut engine, _) = paused(3);
    let before = save(&mut engine);
    let told = update(&mut engine, Some(&"Mercy is the gentle quality of heaven. ".repeat(4)), None, 1);
    assert!(told.left_out > 0);
    let row: Vec<u32> = told.tokens.iter().map(|piece| piece.id).collect();
    assert_eq!(row.len(), 17);
    engine.send(Command::KeepUpdate).unwrap();
    let kept = drive(&mut engine).1.unwrap();

    let device = Device::cpu();
    let train = TrainConfig { batch: 1, accumulate: 1, ..before.trainer.as_ref().unwrap().train.clone() };
    let gpt = load_weights(&device, &before, true).unwrap();
    let mut trainer = Trainer::new(gpt, &device, train, Arc::new(Dataset::rows(row, 16))).unwrap();
    trainer.resume_at(3, 0.0);
    trainer.advance(Instant::now() + Duration::from_secs(60)).unwrap();
    let report = trainer.poll().unwrap().expect("on the CPU losses are there at once");
    assert!((report.loss - told.losses[0]).abs() < 1e-6, "{} {}", report.loss, told.losses[0]);
    assert!((report.grad_norm / told.gradient_norm.unwrap() - 1.0).abs() < 1e-4);
    for (i, (name, _, values)) in kept.tensors.iter().enumerate() {
        let want = pollster::block_on(device.read(trainer.model.view(i)).numbers()).unwrap().f32();
        let (mut error, mut moved) = (0.0, 0.0);
        for ((got, want), old) in values.iter().zip(&want).zip(&before.tensors[i].2) {
            error += f64::from(got - want).powi(2);
            moved += f64::from(want - old).powi(2);
        }
        assert!(moved > 0.0 && (error / moved).sqrt() < 1e-2, "{name}: {error} of {moved}");
    }
}

#[test]
fn a_run_goes_on_from_a_save_with_kept_updates() {
    let (mut engine, _) = paused(4);
    update(&mut engine, Some("the gentle rain"), None, 2);
    engine.send(Command::KeepUpdate).unwrap();
    let saved = drive(&mut engine).1.unwrap();
    engine.send(Command::Run).unwrap();
    let want = steps(&drive(&mut engine).0);
    assert_eq!(want.iter().map(|report| report.step).collect::<Vec<_>>(), (5..=12).collect::<Vec<_>>());

    let mut resumed = Engine::new(Device::cpu(), Duration::from_millis(1), None);
    resumed.resume(from_zip(&to_zip(&saved)).unwrap(), Changes::default(), text(20), true).unwrap();
    let got = steps(&drive(&mut resumed).0);
    assert_eq!(numbers(&got), numbers(&want));
    let [first, second] = [&mut engine, &mut resumed].map(|engine| bits(&save(engine)));
    assert_eq!(first, second);
}

/// All of a short validation: its windows' losses are the validation loss.
#[test]
fn elsewhere_is_the_validation_text() {
    let settings = Settings { changes: Changes { eval_every: Some(1), ..settings().changes }, ..settings() };
    let (mut engine, reports) = after(Device::cpu(), settings.clone(), text(1), 2);
    let told = update(&mut engine, None, None, 1);
    assert!(told.held_out && (1..=6).contains(&told.elsewhere.len()), "{:?}", told.elsewhere);
    // The last window is cut short, so the mean over windows is near the mean over tokens and not equal to it.
    let validation = reports[1].validation_loss.unwrap();
    let mean = told.elsewhere.iter().map(|e| e.loss_before).sum::<f64>() / told.elsewhere.len() as f64;
    let spread = told.elsewhere.iter().map(|e| (e.loss_before - mean).abs()).fold(0.0, f64::max);
    assert!((mean - validation).abs() <= spread + 1e-5, "{mean} {validation} {spread}");
    engine.send(Command::KeepUpdate).unwrap();
    drive(&mut engine);
    let again = update(&mut engine, None, None, 1);
    let documents = text(1).documents.into_iter().map(|document| String::from_utf8(document).unwrap());
    let stream: String = documents.map(|document| format!("<|endoftext|>{document}")).collect();
    for (now, then) in again.elsewhere.iter().zip(&told.elsewhere) {
        assert_eq!((&now.name, now.loss_before), (&then.name, then.loss_after));
        assert!(!now.name.is_empty() && stream.contains(&now.name), "{}", now.name);
    }
}

/// Where the schedule has come down to 0 an update still moves the weights.
#[test]
fn behind_the_last_step_the_highest_rate_is_taken() {
    let (mut engine, _) = paused(11);
    let last = update(&mut engine, Some("mercy is"), None, 0).learning_rate;
    engine.send(Command::Run).unwrap();
    drive(&mut engine);
    assert_eq!(engine.state(), State::Finished);
    let told = update(&mut engine, Some("mercy is"), None, 1);
    assert!(told.learning_rate > last && told.learning_rate == TrainConfig::preset(Preset::Tiny).lr);
    assert!(told.losses[1] < told.losses[0], "{:?}", told.losses);
    assert_eq!(engine.state(), State::Finished);
}

#[test]
fn what_cannot_be_tried_is_refused_in_a_sentence() {
    let mut idle = Engine::new(Device::cpu(), Duration::from_millis(1), None);
    let next = |count| Command::Update { text: None, position: None, count, id: None };
    assert!(idle.send(next(1)).unwrap_err().to_string().contains("train first"));
    let (mut engine, _) = paused(1);
    let typed = |text: &str, position| Command::Update { text: Some(text.into()), position, count: 1, id: None };
    for (command, want) in [
        (next(101), "at most 100, not 101"),
        (typed("", None), "two tokens at least"),
        (typed("T", None), "two tokens at least"),
        (typed("mercy is", Some(0)), "not at 0"),
        (typed("mercy is", Some(40)), "not at 40"),
        (Command::KeepUpdate, "try one first"),
        (Command::UndoUpdate, "try one first"),
    ] {
        let error = engine.send(command).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
    // With no update there is nothing to keep.
    let shown = update(&mut engine, Some("mercy is"), None, 0);
    assert_eq!((shown.updates, shown.target.before, shown.losses[0]), (0, shown.target.after, shown.losses[1]));
    assert!(engine.send(Command::KeepUpdate).is_err());
    // Asked for at once, one after the other.
    engine.send(next(1)).unwrap();
    engine.send(Command::KeepUpdate).unwrap();
    assert!(engine.send(Command::UndoUpdate).is_err());
    assert!(drive(&mut engine).0.iter().any(|event| matches!(event, Event::UpdateKept { .. })));

    // Room for the run, and none for a copy of it.
    let model = ModelConfig { layers: 2, heads: 2, channels: 16, context: 16, vocab: 300 };
    let memory = required_bytes(&model, 4).unwrap();
    let mut small = Engine::new(Device::cpu(), Duration::from_millis(1), Some(memory));
    small.send(Command::Train { settings: settings(), text: text(20), tokenizer: None }).unwrap();
    drive(&mut small);
    let error = small.send(next(1)).unwrap_err().to_string();
    assert!(error.contains("a copy of the run"), "{error}");
}

#[test]
fn an_update_that_leads_nowhere_leaves_the_run_alone() {
    let steep = Settings {
        clip: Some(0.0),
        weight_decay: Some(1e3),
        changes: Changes { lr: Some(1e3), ..settings().changes },
        ..settings()
    };
    let (mut engine, _) = after(Device::cpu(), steep, text(20), 0);
    let before = bits(&save(&mut engine));
    engine.send(Command::Update { text: None, position: None, count: 100, id: Some(3) }).unwrap();
    let events = drive(&mut engine).0;
    assert!(
        events.iter().any(|event| matches!(event, Event::UpdateUndone { why: Undone::NotFinite, id: Some(3) })),
        "{events:?}"
    );
    assert_eq!(bits(&save(&mut engine)), before);
    engine.send(Command::Step).unwrap();
    let report = steps(&drive(&mut engine).0)[0].clone();
    assert!(report.loss.is_finite() && report.grad_norm > 0.0);
    assert_ne!(bits(&save(&mut engine)), before, "the run's own step is taken");
}

#[test]
fn a_gpu_tries_as_the_cpu_does() {
    let [cpu, gpu] = on_each(|device| {
        let (mut engine, _) = after(device, settings(), text(20), 2);
        let before = bits(&save(&mut engine));
        let told = update(&mut engine, Some("The gentle rain is not mercy"), None, 3);
        assert_eq!(bits(&save(&mut engine)), before);
        engine.send(Command::KeepUpdate).unwrap();
        assert_ne!(bits(&drive(&mut engine).1.unwrap()), before);
        told
    });
    assert_eq!((cpu.updates, &cpu.tokens), (gpu.updates, &gpu.tokens));
    for i in 0..2 {
        assert!((cpu.losses[i] - gpu.losses[i]).abs() < 1e-3, "{:?} {:?}", cpu.losses, gpu.losses);
        for (a, b) in cpu.log_probabilities[i].iter().zip(&gpu.log_probabilities[i]) {
            assert!((a - b).abs() < 1e-2, "{a} {b}");
        }
    }
    for (a, b) in cpu.elsewhere.iter().zip(&gpu.elsewhere) {
        assert!((a.loss_before - b.loss_before).abs() < 1e-3 && (a.loss_after - b.loss_after).abs() < 1e-3);
    }
}
