//! What is drawn, and generation held to the naive way: the same on every device, natively and in a browser.

use glasshouse::device::Device;
use glasshouse::generate::{Generation, Generator, Sampling};
use glasshouse::model::{Attend, Gpt, ModelConfig};
use glasshouse::ops::{self, Tokens};
use glasshouse::random::{self, PARAMETERS};
use glasshouse::tape::Tape;

/// Draws have the same bits everywhere: those that a computation in Python's float64 gives too.
pub async fn draws() {
    let [a, b] = random::normals(42, PARAMETERS, 7);
    assert_eq!((a.to_bits(), b.to_bits()), (0xbfc5_8c33_0914_0c4f, 0x3fe2_1a95_040c_824f));
    let sampling = Sampling { seed: 5, ..Sampling::default() };
    let draws: Vec<f64> = (0..4).map(|n| sampling.draw(n)).collect();
    assert!(draws.iter().all(|x| (0.0..1.0).contains(x)) && draws[0] != draws[1], "{draws:?}");
    // A whole model's first weights, summed up in 64 bits (FNV-1a over the bits of each): native and wasm agree.
    let config = ModelConfig { layers: 2, heads: 2, channels: 16, context: 8, vocab: 50 };
    let device = Device::cpu();
    let model = Gpt::new(&device, config, false).expect("a small model");
    model.initialise(11);
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for i in 0..model.list.len() {
        let values = device.read(model.view(i)).numbers().await.expect("the CPU reads").f32();
        for byte in values.iter().flat_map(|value| value.to_bits().to_le_bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    assert_eq!(hash, WEIGHTS, "{hash:#018x}");
}

/// What the native build drew when this test was written.
const WEIGHTS: u64 = 0xfb6c_f5b4_1f94_6e32;

/// Temperature, top-k and top-p on five logits, worked out by hand: e^logit is 8, 4, 2, 1, 1, of 16.
pub fn distributions() {
    let logits = [4.0_f32, 1.0, 8.0, 1.0, 2.0].map(f32::ln);
    let shares = |temperature, top_k, top_p| {
        Sampling { temperature, top_k, top_p, ..Sampling::default() }.probabilities(&logits)
    };
    let close = |what: &str, got: Vec<f64>, want: [f64; 5]| {
        let error = got.iter().zip(&want).map(|(g, w)| (g - w).abs()).fold(0.0, f64::max);
        assert!(error < 1e-6, "{what}: got {got:?}, want {want:?}");
    };
    close("as they are", shares(1.0, None, 1.0), [0.25, 0.0625, 0.5, 0.0625, 0.125]);
    close("temperature 0 is argmax", shares(0.0, Some(3), 0.5), [0.0, 0.0, 1.0, 0.0, 0.0]);
    // Squared: 64, 16, 4, 1, 1 of 86.
    let colder = [16.0, 1.0, 64.0, 1.0, 4.0].map(|x| x / 86.0);
    close("temperature 1/2", shares(0.5, None, 1.0), colder);
    close("top-k 2", shares(1.0, Some(2), 1.0), [4.0 / 12.0, 0.0, 8.0 / 12.0, 0.0, 0.0]);
    // The fourth and the fifth are equally probable: both stay.
    close("top-k 4 with a tie", shares(1.0, Some(4), 1.0), [0.25, 0.0625, 0.5, 0.0625, 0.125]);
    close("top-k of more than there are", shares(1.0, Some(9), 1.0), [0.25, 0.0625, 0.5, 0.0625, 0.125]);
    close("top-p keeps the token that reaches it", shares(1.0, None, 0.51), [1.0 / 3.0, 0.0, 2.0 / 3.0, 0.0, 0.0]);
    close("top-p of exactly the first", shares(1.0, None, 0.5), [0.0, 0.0, 1.0, 0.0, 0.0]);
    // The share is one of the whole vocabulary: of what top-k 2 leaves, 8 of 12 would reach 0.6 alone; of 16, 8 do not.
    close("top-p with top-k", shares(1.0, Some(2), 0.6), [1.0 / 3.0, 0.0, 2.0 / 3.0, 0.0, 0.0]);
    // At temperature 1/2 the first has 64 of 86.
    close("top-p after the temperature", shares(0.5, None, 0.7), [0.0, 0.0, 1.0, 0.0, 0.0]);
    // Hugging Face's rule of min_p, after the temperature: at least that share of the likeliest, here 8 of 16 and 64 of 86.
    let least = |temperature, top_k, min_p| {
        Sampling { temperature, top_k, min_p: Some(min_p), ..Sampling::default() }.probabilities(&logits)
    };
    close("min-p of a quarter or less", least(1.0, None, 0.24), [4.0 / 14.0, 0.0, 8.0 / 14.0, 0.0, 2.0 / 14.0]);
    close("min-p after the temperature", least(0.5, None, 0.2), [0.2, 0.0, 0.8, 0.0, 0.0]);
    close("min-p with top-k", least(1.0, Some(2), 0.1), [4.0 / 12.0, 0.0, 8.0 / 12.0, 0.0, 0.0]);
    close("min-p of 0 and of 1", least(1.0, None, 0.0), [0.25, 0.0625, 0.5, 0.0625, 0.125]);
    close("min-p of 1", least(1.0, None, 1.0), [0.0, 0.0, 1.0, 0.0, 0.0]);
    // So low that a logit over it is no number any more: of equals both stay.
    for temperature in [1e-300, 1e-309, f64::from_bits(1)] {
        close("hardly any temperature", shares(temperature, None, 1.0), [0.0, 0.0, 1.0, 0.0, 0.0]);
        let equal = Sampling { temperature, ..Sampling::default() }.probabilities(&[-3.0, 7.0, 7.0]);
        assert_eq!(equal, [0.0, 0.5, 0.5], "{temperature}");
    }
    // All that leads there: tokens 2, 0, 4, 1, 3 by rank, and at temperature 1/2 squares, of which 80 of 86 are kept.
    let shown = Sampling { temperature: 0.5, top_p: 0.9, ..Sampling::default() }.distribution(&logits);
    assert_eq!((shown.ranked, shown.ranks, shown.kept), (vec![2, 0, 4, 1, 3], vec![1, 3, 0, 4, 2], 2));
    close("at temperature 1", shown.probabilities, [0.25, 0.0625, 0.5, 0.0625, 0.125]);
    close("its logarithms", shown.log_probabilities, [0.25, 0.0625, 0.5, 0.0625, 0.125].map(f64::ln));
    close("after the temperature", shown.tempered, colder);
    close("reached by rank", shown.reached, [64.0, 80.0, 84.0, 85.0, 86.0].map(|x| x / 86.0));
    close("what is kept", shown.shares, [0.2, 0.0, 0.8, 0.0, 0.0]);
    close("its sums by id", shown.cumulative, [0.2, 0.2, 1.0, 1.0, 1.0]);
    let alone = |top_k, top_p| {
        let shown = Sampling { temperature: 1.0, top_k, top_p, ..Sampling::default() }.distribution(&logits);
        (shown.kept_by_k, shown.kept_by_p, shown.kept)
    };
    // Each cut by itself, the tie of the last two included; at 1 top-p cuts nothing.
    assert_eq!(alone(None, 1.0), (5, 5, 5));
    assert_eq!(alone(Some(2), 0.8), (2, 3, 2));
    assert_eq!(alone(Some(4), 0.5), (5, 1, 1));
    // Far below the smallest number a probability is 0, and its logarithm still says how far.
    let far = Sampling::default().distribution(&[0.0, -2000.0]);
    assert_eq!((far.probabilities[1], far.log_probabilities[1], far.pick(0.999_999)), (0.0, -2000.0, 0));
    // Tokens stand in the order of ids: 4, 5, 13, 14, 16 sixteenths.
    let choose = |uniform| Sampling { temperature: 1.0, ..Sampling::default() }.choose(&logits, uniform);
    let chosen = [0.0, 0.24, 0.26, 0.32, 0.8, 0.82, 0.88, 0.999_999].map(choose);
    assert_eq!(chosen, [0, 0, 1, 2, 2, 3, 4, 4]);
}

/// What holds for every distribution, whatever the logits: of vocabularies from 1 to 4,096 tokens, flat and peaked, with ties,
/// at all temperatures and cuts.
pub fn distributions_hold() {
    for (case, vocab) in [1, 2, 3, 7, 50, 51, 300, 4096].into_iter().cycle().take(400).enumerate() {
        let n = case as u64;
        let any = |of: u64, all: &[f64]| all[random::below(17, of, n, all.len() as u64) as usize];
        let (spread, temperature) = (any(1, &[0.0, 0.01, 1.0, 8.0, 60.0]), any(2, &[0.0, 0.05, 0.6, 1.0, 1.9, 50.0]));
        let top_p = any(3, &[1e-9, 0.05, 0.5, 0.9, 0.999, 1.0]);
        let top_k = (!n.is_multiple_of(3)).then(|| 1 + random::below(17, 4, n, vocab as u64 + 2) as usize);
        // Rounded, so that some are equal; no zero has a sign.
        let logit =
            |i: usize| (random::normals(n, PARAMETERS, i as u64)[0] * spread * 16.0).round() as f32 / 16.0 + 0.0;
        let logits: Vec<f32> = (0..vocab).map(logit).collect();
        let sampling = Sampling { temperature, top_k, top_p, min_p: None, seed: n };
        let shown = sampling.distribution(&logits);
        let what = format!("{sampling:?} over {vocab} tokens, spread {spread}");
        for (name, of) in [("p", &shown.probabilities), ("tempered", &shown.tempered), ("shares", &shown.shares)] {
            let sum: f64 = of.iter().sum();
            assert!((sum - 1.0).abs() < 1e-5, "{what}: {name} sum to {sum}");
        }
        for sums in [&shown.reached, &shown.cumulative] {
            assert!((sums[vocab - 1] - 1.0).abs() < 1e-5 && sums.is_sorted(), "{what}");
        }
        // Top-p over the whole vocabulary, token by token and without any order: one is kept where all that are likelier,
        // and equals with smaller ids, hold less than that share together.
        let before = |id: usize| -> f64 {
            let earlier = |other: &usize| (logits[*other], id) > (logits[id], *other);
            (0..vocab).filter(earlier).map(|other| shown.tempered[other]).sum()
        };
        let larger = |id: usize| logits.iter().filter(|x| **x > logits[id]).count();
        let ids = (0..vocab).step_by(vocab.div_ceil(40));
        for id in ids.chain([shown.ranked[shown.kept - 1] as usize, shown.ranked[shown.kept % vocab] as usize]) {
            let (rank, sum) = (shown.ranks[id] as usize, before(id));
            // At the very edge the order of the sum decides.
            if (sum - top_p).abs() > 1e-9 {
                let in_p = rank == 0 || top_p == 1.0 || sum < top_p;
                assert_eq!(rank < shown.kept_by_p, in_p, "{what}: token {id}, {sum} before it");
            }
            assert_eq!(rank < shown.kept_by_k, top_k.is_none_or(|k| larger(id) < k), "{what}: token {id}");
            let kept = rank < shown.kept_by_k.min(shown.kept_by_p) && (temperature > 0.0 || rank == 0);
            assert_eq!(rank < shown.kept, kept, "{what}: token {id}");
            assert!(kept || shown.shares[id] == 0.0, "{what}: token {id}");
            // What is kept keeps its proportions.
            let first = shown.ranked[0] as usize;
            let (left, right) = (shown.shares[id] * shown.tempered[first], shown.tempered[id] * shown.shares[first]);
            assert!(rank >= shown.kept || (left - right).abs() < 1e-12, "{what}: token {id}, {left} and {right}");
        }
        // A draw falls on the token whose stretch of the sums it lies in.
        for uniform in (0..9).map(|i| sampling.draw(i)) {
            let picked = shown.pick(uniform) as usize;
            let from = if picked == 0 { 0.0 } else { shown.cumulative[picked - 1] };
            assert!(shown.shares[picked] > 0.0 && from <= uniform, "{what}: {uniform} picks {picked}");
            assert!(uniform < shown.cumulative[picked] || uniform > 1.0 - 1e-9, "{what}: {uniform} picks {picked}");
        }
    }
}

/// A prompt that is prefilled in two chunks and goes on past the context, against a whole forward pass for each token.
pub async fn prefill(device: &Device) {
    let config = ModelConfig { layers: 2, heads: 2, channels: 16, context: 100, vocab: 50 };
    let model = Gpt::new(device, config, false).expect("a small model");
    model.initialise(3);
    let prompt: Vec<u32> = (0..95).map(|i| i * 7 % 50).collect();
    let generator = Generator::new(device, &model).expect("the passes record");
    let mut generation = Generation::new(&prompt, Sampling { temperature: 0.0, ..Sampling::default() });
    let mut ids = prompt;
    for n in 0..10 {
        let (choice, logits) = generator.next(&mut generation).await.expect("a token");
        let all = forward(device, &model, &ids[ids.len().saturating_sub(config.context)..]).await;
        let want = &all[all.len() - config.vocab..];
        let best = |logits: &[f32]| (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).expect("tokens");
        for (id, (got, want)) in logits.iter().zip(want).enumerate() {
            assert!((got - want).abs() < 1e-4, "{} token {n}: logit {id} is {got}, want {want}", device.name());
        }
        let (got, want) = (want[choice.id as usize], want[best(want)]);
        assert!(want - got < 1e-4, "{} token {n}: its logit is {got}, the largest {want}", device.name());
        ids.push(choice.id);
    }
}

/// The logits after each of `ids`, by one pass over all of them without a cache.
pub async fn forward(device: &Device, model: &Gpt, ids: &[u32]) -> Vec<f32> {
    let scalars = super::scalars(device);
    let mut tape = Tape::new(device, scalars, false);
    let tokens = Tokens::new(&mut tape, 1, ids.len(), model.config.vocab);
    let bound = model.bind(&tape);
    let hidden = bound.forward(&mut tape, &tokens, &Attend::Windows(ids.len()));
    let logits = ops::logits(&mut tape, &hidden, bound.get("wte.weight"));
    let view = logits.view();
    drop((bound, hidden));
    let recording = tape.finish().expect("the pass records");
    tokens.write(device, ids);
    recording.replay().expect("the pass runs");
    device.read(view).numbers().await.expect("the logits are read").f32()
}
