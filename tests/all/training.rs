//! Training as a whole: it learns, it repeats itself bit for bit, it goes on where it stopped, and devices agree.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::{on_each, on_gpu};
use glasshouse::corpus::{self, Builtin};
use glasshouse::data::Dataset;
use glasshouse::device::Device;
use glasshouse::engine::{Changes, Command, Engine, Event, Settings, State, Text};
use glasshouse::hub::Save;
use glasshouse::model::{Gpt, ModelConfig, Preset};
use glasshouse::train::schedule::Schedule;
use glasshouse::train::{Part, TrainConfig, Trainer};

/// Shakespeare, a byte a token.
fn dataset(context: usize) -> Arc<Dataset> {
    let documents = corpus::documents(Builtin::English.file()).unwrap();
    let tokens: Vec<u32> = documents[0][..50_000].iter().map(|byte| u32::from(*byte)).collect();
    Arc::new(Dataset::new(&[tokens], 0, context).unwrap())
}

const SMALL: ModelConfig = ModelConfig { layers: 2, heads: 2, channels: 32, context: 32, vocab: 256 };

fn config(steps: u64) -> TrainConfig {
    let tiny = TrainConfig::preset(Preset::Tiny);
    TrainConfig { seed: 5, batch: 4, lr: 1e-3, warmup: 5, steps, schedule: Schedule::Constant, ..tiny }
}

/// The losses of all steps of a run.
fn losses(device: &Device, model: ModelConfig, config: TrainConfig, dataset: Arc<Dataset>) -> Vec<f64> {
    let gpt = Gpt::new(device, model, true).unwrap();
    gpt.initialise(config.seed);
    let steps = config.steps;
    let mut trainer = Trainer::new(gpt, device, config, dataset).unwrap();
    let mut losses = Vec::new();
    while (losses.len() as u64) < steps {
        if trainer.step() < steps {
            trainer.advance(Instant::now() + Duration::from_secs(60)).unwrap();
        }
        losses.extend(trainer.poll().unwrap().map(|report| report.loss));
    }
    losses
}

fn mean(losses: &[f64]) -> f64 {
    losses.iter().sum::<f64>() / losses.len() as f64
}

/// A run with evaluations and samples allocates, compiles and binds before its first steps, and never again; a save may
/// still take the memory that it is read into.
#[test]
fn nothing_is_made_while_a_run_is_under_way() {
    on_each(|device| {
        let settings = Settings {
            layers: Some(1),
            heads: Some(2),
            channels: Some(16),
            context: Some(8),
            vocab_size: Some(260),
            batch: Some(2),
            changes: Changes {
                lr: None,
                steps: Some(6),
                eval_every: Some(2),
                save_every: Some(0),
                sample_every: Some(3),
                stop_after: None,
            },
            ..Settings::default()
        };
        let documents = vec!["A rose by any other name would smell as sweet. ".repeat(40).into_bytes()];
        let text = Text { name: "rose".into(), documents, keep: false, ..Text::default() };
        let mut engine = Engine::new(device.clone(), Duration::from_millis(5), None);
        engine.send(Command::Train { settings, text, tokenizer: None }).unwrap();
        let (mut early, mut late, mut samples) = (None, None, 0);
        while engine.busy() {
            let events = engine.tick().unwrap();
            samples += events.iter().filter(|event| matches!(event, Event::Sample { .. })).count();
            let told = |n: u64| events.iter().any(|e| matches!(e, Event::Step { report } if report.step == n));
            if told(1) {
                early = Some(device.counters());
            }
            if told(5) {
                late = Some(device.counters());
            }
        }
        assert_eq!((engine.state(), samples), (State::Finished, 2));
        assert!(early.is_some() && late == early, "{}: {early:?} then {late:?}", device.name());
        let (early, last) = (early.unwrap(), device.counters());
        assert_eq!((last.compilations, last.programs), (early.compilations, early.programs));
    });
}

#[test]
fn fifty_steps_lower_the_loss() {
    on_each(|device| {
        let losses = losses(&device, SMALL, TrainConfig { lr: 3e-3, ..config(50) }, dataset(32));
        assert!((losses[0] - 256_f64.ln()).abs() < 0.1, "it begins with no opinion: {}", losses[0]);
        assert!(mean(&losses[45..]) < losses[0] - 1.5, "{}: {losses:?}", device.name());
    });
}

/// A model with room enough learns four windows by heart.
#[test]
fn one_batch_is_learnt_by_heart() {
    let rows: Vec<u32> = dataset(32).train[..4 * 33].to_vec();
    let dataset = Arc::new(Dataset::rows(rows, 32));
    let config = TrainConfig { lr: 5e-3, weight_decay: 0.0, ..config(250) };
    let losses = losses(&Device::cpu(), SMALL, config, dataset);
    assert!(losses[249] < 0.05, "{losses:?}");
}

#[test]
fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| losses(&Device::cpu(), SMALL, config(20), dataset(32)))
    };
    let one = on(1);
    for threads in [1, 2, 3] {
        assert_eq!(on(threads), one, "{threads} threads");
    }
    let other = losses(&Device::cpu(), SMALL, TrainConfig { seed: 6, ..config(20) }, dataset(32));
    assert_ne!(other, one, "another seed is another run");
}

#[test]
fn the_same_seed_gives_the_same_bits_on_the_gpu() {
    on_gpu(|device| {
        let first = losses(&device, SMALL, config(20), dataset(32));
        assert_eq!(losses(&device, SMALL, config(20), dataset(32)), first);
        let again = pollster::block_on(Device::gpu(None)).unwrap();
        assert_eq!(losses(&again, SMALL, config(20), dataset(32)), first, "opened anew");
    });
}

/// The shape of the tolerance, with the vocabulary of bytes.
#[test]
fn cpu_and_gpu_agree_over_a_hundred_steps() {
    let model = ModelConfig { layers: 4, heads: 4, channels: 64, context: 64, vocab: 256 };
    let config = TrainConfig { batch: 8, ..config(100) };
    let cpu = losses(&Device::cpu(), model, config.clone(), dataset(64));
    let gpu = on_gpu(move |device| losses(&device, model, config, dataset(64)));
    for (step, (cpu, gpu)) in cpu.iter().zip(&gpu).enumerate() {
        assert!((cpu - gpu).abs() < 1e-3, "step {}: {cpu} on the CPU, {gpu} on the GPU", step + 1);
    }
    assert!(mean(&cpu[95..]) < cpu[0] - 1.5, "they agree on a model that learns");
}

fn settings(schedule: Schedule) -> Settings {
    Settings {
        layers: Some(1),
        heads: Some(2),
        channels: Some(16),
        context: Some(16),
        vocab_size: Some(280),
        batch: Some(2),
        accumulate: Some(3),
        warmup: Some(3),
        schedule: Some(schedule),
        changes: Changes { steps: Some(10), eval_every: Some(4), save_every: Some(0), ..Changes::default() },
        ..Settings::default()
    }
}

fn text() -> Text {
    let documents = corpus::documents(Builtin::English.file()).unwrap();
    Text { name: "plays".into(), documents: vec![documents[0][..20_000].to_vec()], keep: false, ..Text::default() }
}

/// Drives an engine until its run is finished: the losses, and the save at the end.
fn finish(mut engine: Engine) -> (Vec<f64>, Save) {
    let (mut losses, mut save) = (Vec::new(), None);
    while engine.state() != State::Finished || engine.busy() {
        for event in engine.tick().unwrap() {
            if let Event::Step { report } = event {
                losses.push(report.loss);
            }
        }
        save = engine.take_save().or(save);
    }
    (losses, save.expect("a finished run is saved"))
}

/// Bit for bit, under every schedule, with gradients accumulated, on either device.
#[test]
fn a_stopped_run_goes_on_as_if_it_had_not() {
    on_each(|device| {
        let engine = || Engine::new(device.clone(), Duration::from_millis(5), None);
        for schedule in Schedule::ALL {
            let begin = |stop_after| {
                let mut settings = settings(schedule);
                settings.changes.stop_after = stop_after;
                let mut engine = engine();
                engine.send(Command::Train { settings, text: text(), tokenizer: None }).unwrap();
                finish(engine)
            };
            let (whole, end) = begin(None);
            assert_eq!(whole.len(), 10);
            let (mut parts, mut save) = begin(Some(4));
            assert_eq!(parts.len(), 4);
            for stop_after in [Some(1), None] {
                let mut engine = engine();
                engine.resume(save, Changes { stop_after, ..Changes::default() }, text(), true).unwrap();
                let (more, saved) = finish(engine);
                parts.extend(more);
                save = saved;
            }
            assert_eq!(parts, whole, "{schedule} on {}", device.name());
            assert_eq!((save.tensors, save.moments), (end.tensors, end.moments), "{schedule} on {}", device.name());
        }
    });
}

/// In slow motion every step stops behind each of its parts, which tell the numbers that its report has in the end, and
/// the run is bit for bit what it is without.
#[test]
fn slow_motion_changes_no_bit() {
    on_each(|device| {
        let begin = || {
            let mut engine = Engine::new(device.clone(), Duration::from_millis(5), None);
            let settings = settings(Schedule::Cosine);
            engine.send(Command::Train { settings, text: text(), tokenizer: None }).unwrap();
            engine
        };
        let (whole, end) = finish(begin());
        let mut engine = begin();
        engine.send(Command::Slow { on: true }).unwrap();
        let (mut losses, mut save, mut parts, mut told) = (Vec::new(), None, Vec::new(), (0.0, 0.0, 0.0));
        while engine.state() != State::Finished || engine.busy() {
            if !engine.busy() {
                assert_eq!((engine.state(), engine.tick().unwrap().len()), (State::Running, 0), "it waits");
                engine.send(Command::Part).unwrap();
            }
            for event in engine.tick().unwrap() {
                match event {
                    Event::Part {
                        part,
                        step,
                        micro_batch,
                        tokens,
                        loss,
                        gradient_norm,
                        learning_rate,
                        clip_factor,
                        ..
                    } => {
                        assert_eq!((step, tokens), (parts.len() as u64 / 11 + 1, 32));
                        assert_eq!(clip_factor.is_some(), part == Part::Clip);
                        told =
                            (loss.unwrap_or(told.0), gradient_norm.unwrap_or(told.1), learning_rate.unwrap_or(told.2));
                        parts.push((part, micro_batch));
                    }
                    Event::Step { report } => {
                        losses.push(report.loss);
                        assert_eq!((told.0, told.1), (report.loss, report.grad_norm), "step {}", report.step);
                    }
                    _ => {}
                }
            }
            save = engine.take_save().or(save);
        }
        let save = save.expect("a finished run is saved");
        assert_eq!(losses, whole, "{}", device.name());
        assert_eq!((save.tensors, save.moments), (end.tensors, end.moments), "{}", device.name());
        let mut step = vec![(Part::Clip, 3), (Part::Update, 3)];
        for micro_batch in (1..=3).rev() {
            step.splice(0..0, [Part::Forward, Part::Loss, Part::Backward].map(|part| (part, micro_batch)));
        }
        assert_eq!(parts, step.repeat(10), "{}", device.name());
        assert_eq!(told.2, glasshouse::train::schedule::learning_rate(Schedule::Cosine, (2e-3, 0.0), 3, 10, 9));
    });
}
