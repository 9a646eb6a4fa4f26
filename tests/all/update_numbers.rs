//! The numbers of an update: each head's change is that of two looks, and every change is after less before.

use crate::common::on_each;
use crate::common::trial::{after, bits, drive, paused, save, settings, text};
use glasshouse::engine::{Command, Engine, Event, HeadShift, Piece, Rest, Shift};

const SENTENCE: &str = "The gentle rain is not mercy";

/// What an update told of its changes.
struct Messages {
    tokens: Vec<Piece>,
    left_out: usize,
    target: Shift,
    candidates: Vec<Shift>,
    vocab: usize,
    rest: Rest,
    change: Vec<f32>,
    heads: Vec<HeadShift>,
    most: Option<usize>,
}

fn update(engine: &mut Engine, text: Option<&str>, count: u32) -> Messages {
    engine.send(Command::Update { text: text.map(Into::into), position: None, count, id: None }).unwrap();
    let found = drive(engine).0.into_iter().find_map(|event| match event {
        Event::Updated {
            tokens,
            left_out,
            target,
            candidates,
            vocab,
            rest,
            attention_change: change,
            heads,
            most_changed: most,
            ..
        } => Some(Messages { tokens, left_out, target, candidates, vocab, rest, change, heads, most }),
        _ => None,
    });
    found.expect("the update is told")
}

/// The tokens of a prompt, and what every head's attention to them is.
fn look(engine: &mut Engine, pieces: &[Piece]) -> Vec<f32> {
    let prompt = pieces.iter().map(|piece| piece.text.as_str()).collect();
    let (factors, sampling) = (vec![], Default::default());
    engine.send(Command::Look { prompt, factors, sampling, draw: 0, at: None, id: None }).unwrap();
    let found = drive(engine).0.into_iter().find_map(|event| match event {
        Event::Looked { tokens, attention, .. } => Some((tokens, attention)),
        _ => None,
    });
    let (tokens, attention) = found.expect("a look");
    assert_eq!(tokens, pieces);
    attention
}

/// Largest and mean of |x| over the lower triangle of a head, by the plainest loops.
fn measured(change: &[f32], n: usize) -> (f64, f64) {
    let (mut largest, mut sum, mut cells) = (0.0_f64, 0.0, 0.0);
    for from in 0..n {
        for to in 0..n {
            let x = f64::from(change[from * n + to]).abs();
            if to > from {
                assert_eq!(x, 0.0, "nothing is ahead of a token");
                continue;
            }
            largest = largest.max(x);
            sum += x;
            cells += 1.0;
        }
    }
    (largest, sum / cells)
}

#[test]
fn the_heads_moved_as_two_looks_say() {
    on_each(|device| {
        let name = device.name();
        let (mut engine, _) = after(device, settings(), text(20), 3);
        let begun = bits(&save(&mut engine));
        let told = update(&mut engine, Some(SENTENCE), 2);
        let n = told.tokens.len() - 1;
        let before = look(&mut engine, &told.tokens[..n]);
        assert_eq!(bits(&save(&mut engine)), begun, "{name}: the run is untouched");
        engine.send(Command::UndoUpdate).unwrap();
        drive(&mut engine);
        assert_eq!(bits(&save(&mut engine)), begun, "{name}: undone");

        // The same once more, and kept.
        let again = update(&mut engine, Some(SENTENCE), 2);
        assert_eq!(again.change, told.change);
        engine.send(Command::KeepUpdate).unwrap();
        drive(&mut engine);
        let behind = look(&mut engine, &told.tokens[..n]);
        let want: Vec<f32> = before.iter().zip(&behind).map(|(before, after)| after - before).collect();
        assert_eq!(told.change, want, "{name}");
        assert!(want.iter().any(|x| *x != 0.0));

        assert_eq!((told.heads.len(), told.change.len()), (4, 4 * n * n));
        for (i, (shift, change)) in told.heads.iter().zip(told.change.chunks(n * n)).enumerate() {
            let (largest, mean) = measured(change, n);
            assert_eq!((shift.layer, shift.head), (i / 2, i % 2));
            assert_eq!((shift.largest.abs(), shift.largest), (largest, f64::from(change[shift.from * n + shift.to])));
            assert!((shift.mean - mean).abs() < 1e-12, "{name} {i}: {} {mean}", shift.mean);
            // What a row looks at more it looks at less elsewhere.
            for row in change.chunks(n) {
                assert!(row.iter().sum::<f32>().abs() < 1e-5, "{name} {i}: {row:?}");
            }
        }
        let most = &told.heads[told.most.expect("something changed")];
        assert!(told.heads.iter().all(|shift| shift.mean <= most.mean), "{name}");
    });
}

#[test]
fn where_nothing_is_tried_nothing_is_told_and_what_was_tried_adds_up() {
    let (mut engine, _) = paused(3);
    let none = update(&mut engine, Some(SENTENCE), 0);
    assert!(none.change.is_empty() && none.heads.is_empty() && none.most.is_none());
    assert_eq!((none.target.log_change, none.rest.before, none.rest.log_change), (0.0, none.rest.after, 0.0));
    let parts = [update(&mut engine, Some(SENTENCE), 1), update(&mut engine, Some(SENTENCE), 4)];
    let whole = update(&mut engine, Some(SENTENCE), 0);
    for (i, whole) in whole.change.iter().enumerate() {
        let sum: f32 = parts.iter().map(|told| told.change[i]).sum();
        assert!((whole - sum).abs() < 1e-5, "{i}: {whole} {sum}");
    }
    assert!((whole.target.log_change - parts.iter().map(|told| told.target.log_change).sum::<f64>()).abs() < 1e-9);
}

/// Of a batch the first window is shown, as far as a probe sees.
#[test]
fn a_batch_moves_the_heads_too() {
    let (mut engine, _) = paused(3);
    let told = update(&mut engine, None, 1);
    assert_eq!((told.tokens.len(), told.left_out), (17, 0));
    assert_eq!((told.heads.len(), told.change.len()), (4, 4 * 16 * 16));
    let before = look(&mut engine, &told.tokens[..16]);
    engine.send(Command::KeepUpdate).unwrap();
    drive(&mut engine);
    let behind = look(&mut engine, &told.tokens[..16]);
    let want: Vec<f32> = before.iter().zip(&behind).map(|(before, after)| after - before).collect();
    assert_eq!(told.change, want);
}

#[test]
fn changes_are_after_less_before_and_all_tokens_are_counted() {
    let (mut engine, _) = paused(4);
    for count in [1, 10] {
        let told = update(&mut engine, Some(SENTENCE), count);
        for Shift { piece, before, after, log_change } in &told.candidates {
            assert_eq!(*log_change, after.log_probability - before.log_probability, "{}", piece.text);
            assert!((log_change - (after.probability / before.probability).ln()).abs() < 1e-9, "{}", piece.text);
        }
        assert!(told.target.log_change > 0.0, "the right one has become likelier");
        let Rest { tokens, before, after, log_change } = told.rest;
        assert_eq!(tokens + told.candidates.len(), told.vocab);
        let listed = |of: fn(&Shift) -> f64| told.candidates.iter().map(of).sum::<f64>();
        assert!((before + listed(|shift| shift.before.probability) - 1.0).abs() < 1e-9, "{before}");
        assert!((after + listed(|shift| shift.after.probability) - 1.0).abs() < 1e-9, "{after}");
        assert!((log_change - (after / before).ln()).abs() < 1e-12);
    }
}
