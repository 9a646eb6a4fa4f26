//! One forward pass, told by the engine stop by stop: of the live model, of a past step, and never of weights that were.

use std::time::Duration;

use crate::common::{close, on_each};
use glasshouse::device::Device;
use glasshouse::engine::{Cell, Changes, Command, Engine, Event, Piece, Settings, Station, Text};
use glasshouse::generate::Sampling;
use glasshouse::model::parts::Parts;
use glasshouse::model::trace::{Axis, Formula, Stop, TensorKind};

fn engine(device: &Device) -> Engine {
    let mut engine = Engine::new(device.clone(), Duration::from_millis(2), None);
    engine.keep_snapshots(1 << 26);
    let settings = Settings {
        layers: Some(2),
        heads: Some(2),
        channels: Some(16),
        context: Some(16),
        vocab_size: Some(280),
        batch: Some(4),
        changes: Changes {
            lr: Some(3e-2),
            steps: Some(8),
            eval_every: Some(0),
            save_every: Some(0),
            sample_every: Some(0),
            stop_after: None,
        },
        ..Settings::default()
    };
    let text = Text {
        name: "moon".into(),
        documents: vec![b"the moon is bright, the rain is gentle ".repeat(60)],
        keep: true,
        ..Text::default()
    };
    engine.send(Command::Train { settings, text, tokenizer: None }).unwrap();
    engine.send(Command::Pause).unwrap();
    drive(&mut engine);
    engine
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

/// A pass, as it is told.
#[derive(Clone, Debug, PartialEq)]
struct Messages {
    step: u64,
    tokens: Vec<Piece>,
    position: usize,
    candidates: Vec<Piece>,
    stops: Vec<Station>,
    stop: Stop,
    values: Vec<f32>,
    cell: Option<Cell>,
}

const PROMPT: &str = "the rain is bright";

fn command(stop: Stop, cell: Option<[usize; 2]>, at: Option<u64>) -> Command {
    Command::Trace { prompt: PROMPT.into(), layer: 1, head: 1, position: None, at, stop, cell, id: None }
}

fn trace(engine: &mut Engine, command: Command) -> Messages {
    let found = ask(engine, command).into_iter().find_map(|event| match event {
        Event::Traced { step, tokens, position, candidates, stops, stop, values, cell, .. } => {
            Some(Messages { step, tokens, position, candidates, stops, stop, values, cell })
        }
        _ => None,
    });
    found.expect("a pass")
}

/// The numbers of every stop.
fn all(engine: &mut Engine, at: Option<u64>) -> Vec<(Stop, Vec<f32>)> {
    let first = trace(engine, command(Stop::TokenEmbedding, None, at));
    first.stops.iter().map(|station| (station.name, trace(engine, command(station.name, None, at)).values)).collect()
}

#[test]
fn every_stop_is_told_with_its_source() {
    on_each(|device| {
        let mut engine = engine(&device);
        ask(&mut engine, Command::Step);
        let told = trace(&mut engine, command(Stop::Query, Some([2, 3]), None));
        let len = told.tokens.len();
        let read: String = told.tokens.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!((told.step, read.as_str(), told.position), (1, PROMPT, len - 1));
        let find = |name| told.stops.iter().find(|station: &&Station| station.name == name).expect("a stop");
        let query = find(Stop::Query);
        assert_eq!((query.source.tensor.as_str(), query.source.kind), ("h.1.attn q[1]", TensorKind::Activation));
        assert_eq!((query.source.formula, query.rows, query.columns), (Formula::Linear, len, 8));
        assert_eq!(query.source.sources, ["ln_1", "h.1.attn.c_attn.weight", "h.1.attn.c_attn.bias"]);
        // What a stop is computed from stands in front of it, or is a parameter.
        let mut known: Vec<String> = Vec::new();
        for station in &told.stops {
            for source in &station.source.sources {
                let parameter = source.ends_with(".weight") || source.ends_with(".bias");
                assert!(parameter || known.contains(source), "{:?} of {source}", station.name);
            }
            known.push(station.name.name().to_owned());
            let spread = station.spread;
            assert_eq!(spread.is_none(), station.name == Stop::Table);
            assert!(spread.is_none_or(|s| s.least <= s.mean && s.mean <= s.most && s.deviation >= 0.0), "{station:?}");
            assert_eq!(station.source.down == Axis::Candidates, station.name == Stop::Table);
        }
        assert_eq!(known.len(), 24, "of the last layer its output is that of all layers: {known:?}");
        let cell = told.cell.expect("the number that was asked for");
        assert_eq!((cell.row, cell.column, cell.value), (2, 3, f64::from(told.values[2 * 8 + 3])));
        let Parts::Product { terms, others, bias: Some(bias), .. } = &cell.parts else { panic!("{:?}", cell.parts) };
        assert_eq!((terms.len() + others, bias.is_finite()), (16, true));
        // A cell that is not there is not told, and a stop that this layer does not have is told as the one that it is.
        let beyond = trace(&mut engine, command(Stop::Scores, Some([0, len]), None));
        assert_eq!((beyond.cell, beyond.values.len()), (None, len * len));
        assert_eq!(trace(&mut engine, command(Stop::Last, None, None)).stop, Stop::Output);
        let table = trace(&mut engine, command(Stop::Table, Some([1, 0]), None));
        assert_eq!(table.cell.unwrap().parts, Parts::Lookup { index: table.candidates[1].id as usize });
        assert_eq!(table.values.len(), 16 * 16);
    });
}

#[test]
fn the_probabilities_are_those_of_a_look() {
    let mut engine = engine(&Device::cpu());
    ask(&mut engine, Command::Step);
    let look = Command::Look {
        prompt: PROMPT.into(),
        factors: vec![],
        sampling: Sampling::default(),
        draw: 0,
        at: None,
        id: None,
    };
    let looked = ask(&mut engine, look).into_iter().find_map(|event| match event {
        Event::Looked { candidates, attention, tokens, .. } => Some((candidates, attention, tokens.len())),
        _ => None,
    });
    let (candidates, attention, len) = looked.unwrap();
    let told = trace(&mut engine, command(Stop::Probabilities, None, None));
    let last = &told.values[(len - 1) * 16..];
    for (i, candidate) in candidates.iter().take(16).enumerate() {
        assert_eq!(told.candidates[i], candidate.piece);
        assert!((f64::from(last[i]) - candidate.probability).abs() < 1e-6);
    }
    let logits = trace(&mut engine, command(Stop::Logits, None, None)).values;
    let want: Vec<f32> = candidates.iter().take(16).map(|candidate| candidate.logit).collect();
    assert_eq!(logits[(len - 1) * 16..], want);
    let weights = trace(&mut engine, command(Stop::Weights, None, None)).values;
    assert_eq!(weights, attention[3 * len * len..]);
    // After another token others are the likeliest.
    let second = Command::Trace {
        prompt: PROMPT.into(),
        layer: 1,
        head: 1,
        position: Some(0),
        at: None,
        stop: Stop::Logits,
        cell: None,
        id: None,
    };
    let second = trace(&mut engine, second);
    assert_eq!(second.position, 0);
    assert!(second.values[..16].windows(2).all(|two| two[0] >= two[1]), "{:?}", &second.values[..16]);
}

/// What is kept of a pass is of these weights only: after a step, at a past step, and after an update that is kept.
#[test]
fn a_pass_is_of_the_weights_that_are_asked_for() {
    on_each(|device| {
        let mut engine = engine(&device);
        let mut live = Vec::new();
        for step in 0..4 {
            if step > 0 {
                ask(&mut engine, Command::Step);
            }
            live.push(all(&mut engine, None));
        }
        assert!(live.windows(2).all(|two| two[0] != two[1]), "every step changes the model");
        for at in [2, 0, 3, 0] {
            assert_eq!(all(&mut engine, Some(at)), live[at as usize], "{} at {at}", device.name());
            assert_eq!(all(&mut engine, None), live[3], "{}", device.name());
        }
        let update = Command::Update { text: Some(PROMPT.into()), position: None, count: 3, id: None };
        ask(&mut engine, update);
        // One step, told twice: what is kept of either is of weights that the update then replaces.
        assert_eq!(all(&mut engine, Some(3)), live[3]);
        assert_eq!(all(&mut engine, None), live[3], "what is tried is not the run");
        ask(&mut engine, Command::KeepUpdate);
        let kept = all(&mut engine, None);
        assert_ne!(kept, live[3]);
        assert_eq!(all(&mut engine, Some(3)), kept, "{}", device.name());
    });
}

/// Two devices say the same, and the second time nothing is made on either.
#[test]
fn nothing_is_made_once_all_was_told() {
    let told = on_each(|device| {
        let mut engine = engine(&device);
        let cells = |engine: &mut Engine| -> Vec<Messages> {
            let stops = trace(engine, command(Stop::Query, None, None)).stops;
            stops.iter().map(|station| trace(engine, command(station.name, Some([1, 1]), None))).collect()
        };
        let first = cells(&mut engine);
        let before = device.counters();
        assert_eq!(cells(&mut engine), first);
        ask(&mut engine, Command::Step);
        let stepped = device.counters();
        cells(&mut engine);
        assert_eq!(device.counters(), stepped, "{}", device.name());
        assert!(stepped.allocations - before.allocations <= 2, "a step makes no more than its snapshot's copy");
        first
    });
    for (cpu, gpu) in told[0].iter().zip(&told[1]) {
        let finite =
            |values: &[f32]| -> Vec<f64> { values.iter().filter(|x| x.is_finite()).map(|x| f64::from(*x)).collect() };
        close(&format!("{:?}", cpu.stop), &finite(&gpu.values), &finite(&cpu.values), 1e-4, 1e-6);
    }
}

#[test]
fn what_cannot_be_told_is_refused() {
    let mut engine = engine(&Device::cpu());
    for (layer, head) in [(2, 0), (0, 2)] {
        let command = Command::Trace {
            prompt: "the".into(),
            layer,
            head,
            position: None,
            at: None,
            stop: Stop::Query,
            cell: None,
            id: None,
        };
        let refused = engine.send(command).unwrap_err().to_string();
        let want =
            format!("the model has 2 layers of 2 heads, and no head {head} in layer {layer}, both counted from 0");
        assert_eq!(refused, want);
    }
    let refused = engine.send(command(Stop::Query, None, Some(5))).unwrap_err().to_string();
    assert!(refused.starts_with("there is no snapshot of step 5"), "{refused}");
}

/// Names are the stops' own, one way and back: they travel as text.
#[test]
fn stops_go_by_their_names() {
    for (i, (stop, name)) in Stop::ALL.into_iter().enumerate() {
        assert_eq!((stop as usize, stop.name()), (i, name));
        assert_eq!(serde_json::to_string(&stop).unwrap(), format!("\"{name}\""));
        assert_eq!(serde_json::from_str::<Stop>(&format!("\"{name}\"")).unwrap(), stop);
    }
    assert!(serde_json::from_str::<Stop>("\"nowhere\"").is_err());
}
