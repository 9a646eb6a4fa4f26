//! The whole model against PyTorch float64, on any device: logits, loss, every gradient, ten AdamW losses, evaluation,
//! generation. tests/golden/README.md says how the values were made.

use glasshouse::data::{Batch, Windows};
use glasshouse::device::Device;
use glasshouse::generate::{Generation, Generator, Sampling};
use glasshouse::model::{Attend, Gpt, ModelConfig};
use glasshouse::ops::{self, Tokens};
use glasshouse::tape::{SCALARS, Scalar, Tape};
use glasshouse::train::Evaluator;
use glasshouse::train::spans::{Span, batch_of, spans};
use serde_json::Value;

use super::close;

/// One folder of tests/golden.
pub struct Golden {
    files: &'static [(&'static str, &'static [u8])],
    json: Value,
    config: ModelConfig,
}

/// The files of a folder of tests/golden, brought along: a browser has no folders.
macro_rules! folder {
    ($name:literal) => {
        &[
            folder!($name, "golden.json"),
            folder!($name, "gradients.safetensors"),
            folder!($name, "logits.safetensors"),
            folder!($name, "model.safetensors"),
            folder!($name, "trained.safetensors"),
        ]
    };
    ($name:literal, $file:literal) => {
        ($file, include_bytes!(concat!("../golden/", $name, "/", $file)))
    };
}

/// The folders of tests/golden with a model.
pub const FOLDERS: [&str; 2] = ["plain", "attention"];

fn file(files: &[(&str, &'static [u8])], name: &str) -> &'static [u8] {
    files.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no {name}")).1
}

impl Golden {
    fn load(name: &str) -> Golden {
        let files: &'static [(&'static str, &'static [u8])] = match name {
            "plain" => folder!("plain"),
            "attention" => folder!("attention"),
            other => panic!("no golden values called {other}"),
        };
        let json: Value = serde_json::from_slice(file(files, "golden.json")).unwrap();
        let number = |key: &str| json["config"][key].as_u64().unwrap_or_else(|| panic!("no config.{key}")) as usize;
        let config = ModelConfig {
            layers: number("layers"),
            heads: number("heads"),
            channels: number("channels"),
            context: number("context"),
            vocab: number("vocab"),
        };
        Golden { files, json, config }
    }

    fn tensors(&self, file: &str) -> Vec<(String, Vec<f64>)> {
        let file = safetensors::SafeTensors::deserialize(self::file(self.files, file)).unwrap();
        let numbers = |view: &safetensors::tensor::TensorView| -> Vec<f64> {
            match view.dtype() {
                safetensors::Dtype::F32 => {
                    view.data().chunks_exact(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect()
                }
                safetensors::Dtype::F64 => {
                    view.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
                }
                other => panic!("golden values are F32 or F64, not {other:?}"),
            }
        };
        file.tensors().iter().map(|(name, view)| (name.clone(), numbers(view))).collect()
    }

    fn flat(&self, key: &str) -> Vec<f64> {
        fn collect(value: &Value, into: &mut Vec<f64>) {
            match value {
                Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
                other => into.push(other.as_f64().expect("a number")),
            }
        }
        let mut numbers = Vec::new();
        collect(&self.json[key], &mut numbers);
        numbers
    }

    fn ids(&self, key: &str) -> Vec<u32> {
        self.flat(key).iter().map(|x| *x as u32).collect()
    }

    fn model(&self, device: &Device, training: bool) -> Gpt {
        let model = Gpt::new(device, self.config, training).unwrap();
        for (name, values) in self.tensors("model.safetensors") {
            model.write(&name, &values.iter().map(|x| *x as f32).collect::<Vec<_>>());
        }
        model
    }

    fn batch(&self) -> Batch {
        let weights = self.flat("weights").iter().map(|x| *x as f32).collect();
        Batch { inputs: self.ids("tokens"), targets: self.ids("targets"), weights }
    }
}

/// Every golden value at the given tolerances.
pub async fn agrees(device: &Device, name: &str, tolerance: f64) {
    let golden = Golden::load(name);
    let model = golden.model(device, true);
    let scalars = super::scalars(device);
    let batch = golden.batch();
    let rows = batch.inputs.len();
    let context = golden.config.context;

    let mut tape = Tape::new(device, scalars, false);
    let tokens = Tokens::new(&mut tape, rows / context, context, golden.config.vocab);
    let bound = model.bind(&tape);
    let hidden = bound.forward(&mut tape, &tokens, &Attend::Windows(context));
    let logits = ops::logits(&mut tape, &hidden, bound.get("wte.weight"));
    let recording = tape.finish().unwrap();
    tokens.write(device, &batch.inputs);
    recording.replay().unwrap();
    let got = device.read(logits.view()).numbers().await.unwrap().f64();
    close(&format!("{name} logits"), &got, &golden.tensors("logits.safetensors")[0].1, tolerance, 0.0);

    // Ten steps on one batch; the first one's gradients are held to the golden ones.
    let mut tape = Tape::new(device, scalars, true);
    let tokens = Tokens::new(&mut tape, rows / context, context, golden.config.vocab);
    let (targets, weights) = (tape.indices(&[rows]), tape.tensor(&[rows]));
    let bound = model.bind(&tape);
    let hidden = bound.forward(&mut tape, &tokens, &Attend::Windows(context));
    let head = ops::cross_entropy(&mut tape, &hidden, bound.get("wte.weight"), &targets, &weights);
    drop((bound, hidden));
    let step = tape.finish().unwrap();
    let h =
        |key: &str| golden.json["hyperparameters"][key].as_f64().unwrap_or_else(|| panic!("no hyperparameters.{key}"));
    let mut tape = Tape::new(device, scalars, false);
    let rates = ops::Rates {
        beta1: h("beta1") as f32,
        beta2: h("beta2") as f32,
        epsilon: h("epsilon") as f32,
        decay: h("weight_decay") as f32,
    };
    let norm_of = model.clip(&mut tape, h("clip") as f32);
    model.update(&mut tape, &norm_of, rates);
    let update = tape.finish().unwrap();
    tokens.write(device, &batch.inputs);
    device.write_index(targets.view(), &batch.targets);
    device.write(weights.view(), &batch.weights);
    let total: f64 = batch.weights.iter().map(|w| f64::from(*w)).sum();
    let (losses, norms) = (golden.flat("losses"), golden.flat("gradient_norms"));
    for t in 0..losses.len() {
        let mut values = [0.0; SCALARS];
        values[Scalar::LearningRate as usize] = h("learning_rate");
        values[Scalar::Correction1 as usize] = 1.0 / (1.0 - h("beta1").powi(t as i32 + 1));
        values[Scalar::Correction2 as usize] = 1.0 / (1.0 - h("beta2").powi(t as i32 + 1));
        values[Scalar::WeightScale as usize] = 1.0 / total;
        device.write_f64(scalars, &values);
        step.replay().unwrap();
        if t == 0 {
            let want: std::collections::HashMap<_, _> = golden.tensors("gradients.safetensors").into_iter().collect();
            let whole = golden.json["gradient_norm"].as_f64().unwrap();
            for (i, parameter) in model.list.iter().enumerate() {
                let got = device.read(model.gradient(i).unwrap()).numbers().await.unwrap().f64();
                let want = &want[&parameter.name];
                let third = golden.config.channels;
                let all = 0..want.len();
                // The key third of c_attn.bias is zero in exact arithmetic: its scale is that of the whole gradient.
                let parts: &[std::ops::Range<usize>] = if parameter.name.ends_with("c_attn.bias") {
                    &[0..third, third..2 * third, 2 * third..3 * third]
                } else {
                    std::slice::from_ref(&all)
                };
                for part in parts {
                    let floor = if part.start == third { whole } else { 0.0 };
                    let what = format!("{name} gradient of {} {part:?}", parameter.name);
                    close(&what, &got[part.clone()], &want[part.clone()], tolerance, floor);
                }
            }
        }
        update.replay().unwrap();
        let loss = device.read(head.loss.view()).numbers().await.unwrap().f64()[0];
        let norm = device.read(norm_of.norm.view()).numbers().await.unwrap().f64()[0];
        close(&format!("{name} loss {t}"), &[loss], &[losses[t]], tolerance, 0.0);
        close(&format!("{name} gradient norm {t}"), &[norm], &[norms[t]], tolerance, 0.0);
    }
    if device.name() == Device::oracle().name() && tolerance < 1e-8 {
        let want = golden.tensors("trained.safetensors");
        for (parameter, i) in model.list.iter().zip(0..) {
            if parameter.name.ends_with("c_attn.bias") {
                continue;
            }
            let got = device.read(model.view(i)).numbers().await.unwrap().f64();
            let want = &want.iter().find(|(name, _)| *name == parameter.name).unwrap().1;
            close(&format!("{name} trained {}", parameter.name), &got, want, 1e-7, 0.0);
        }
    }
}

/// The evaluation's sums, on the oracle.
pub async fn evaluation() {
    let golden = Golden::load("plain");
    let want = &golden.json["evaluation"];
    let ids: Vec<u32> = want["tokens"].as_array().unwrap().iter().map(|x| x.as_u64().unwrap() as u32).collect();
    let lengths: Vec<u32> =
        want["byte_lengths"].as_array().unwrap().iter().map(|x| x.as_u64().unwrap() as u32).collect();
    let windows = Windows { tokens: ids.into(), context: golden.config.context, end_of_text: None };
    for batch in [1, 3] {
        let device = Device::oracle();
        let model = golden.model(&device, false);
        let evaluator = Evaluator::new(&device, &model, batch).unwrap();
        let got = evaluator.evaluate(&windows).await.unwrap();
        assert_eq!(got.tokens, want["predicted_tokens"].as_u64().unwrap());
        close("nats", &[got.nats], &[want["nats"].as_f64().unwrap()], 1e-9, 0.0);
        close("loss", &[got.loss()], &[want["loss"].as_f64().unwrap()], 1e-9, 0.0);
        let bits = glasshouse::data::bits_per_byte(got.nats, windows.predicted(), &lengths).unwrap();
        close("bits per byte", &[bits], &[want["bits_per_byte"].as_f64().unwrap()], 1e-9, 0.0);
        // nanochat's rule: what stands between documents counts in neither sum. tests/parity/bits_per_byte.py has it.
        let rule: Value = serde_json::from_str(include_str!("../golden/readers/bits_per_byte.json")).unwrap();
        let windows = Windows { end_of_text: Some(0), ..windows.clone() };
        let got = evaluator.evaluate(&windows).await.unwrap();
        close("nats of the text", &[got.text_nats], &[rule["nats"].as_f64().unwrap()], 1e-9, 0.0);
        let bits = glasshouse::data::bits_per_byte(got.text_nats, windows.predicted(), &lengths).unwrap();
        close("bits per byte of the text", &[bits], &[rule["bits_per_byte"].as_f64().unwrap()], 1e-9, 0.0);
    }
}

/// Windows that overlap, as Hugging Face's guide to perplexity has them, on the oracle: the numbers of make_sliding.py.
pub async fn sliding() {
    let golden = Golden::load("plain");
    let want: Value = serde_json::from_slice(include_bytes!("../golden/plain/sliding.json")).unwrap();
    let tokens: Vec<u32> =
        golden.json["evaluation"]["tokens"].as_array().unwrap().iter().map(|x| x.as_u64().unwrap() as u32).collect();
    let (context, batch) = (golden.config.context, 3);
    let device = Device::oracle();
    let model = golden.model(&device, false);
    let evaluator = Evaluator::new(&device, &model, batch).unwrap();
    for stride in 1..context {
        let windows = spans(tokens.len(), context, Some(stride)).unwrap();
        let (mut nats, mut counted) = (0.0, 0);
        for windows in windows.chunks(batch) {
            let rows: Vec<(&[u32], &Span)> = windows.iter().map(|span| (&tokens[..], span)).collect();
            let batch = batch_of(&rows, batch, context);
            let losses = evaluator.losses(&batch).await.unwrap();
            nats += losses.iter().zip(&batch.weights).map(|(loss, weight)| loss * f64::from(*weight)).sum::<f64>();
            counted += batch.counted() as u64;
        }
        let want = &want["strides"][stride.to_string()];
        assert_eq!(counted, want["tokens"].as_u64().unwrap(), "stride {stride}");
        close("nats", &[nats], &[want["nats"].as_f64().unwrap()], 1e-9, 0.0);
    }
}

/// The most probable tokens, past the end of the context, and their probabilities.
pub async fn greedy_generation(device: &Device) {
    for name in FOLDERS {
        let golden = Golden::load(name);
        let greedy = &golden.json["greedy"];
        let list = |key: &str| greedy[key].as_array().unwrap_or_else(|| panic!("no greedy.{key}")).clone();
        let prompt: Vec<u32> = list("prompt").iter().map(|x| x.as_u64().unwrap() as u32).collect();
        let want: Vec<u32> = list("ids").iter().map(|x| x.as_u64().unwrap() as u32).collect();
        let probabilities: Vec<f64> = list("probabilities").iter().map(|x| x.as_f64().unwrap()).collect();
        let model = golden.model(device, false);
        let generator = Generator::new(device, &model).unwrap();
        let mut generation = Generation::new(&prompt, Sampling { temperature: 0.0, ..Sampling::default() });
        for (id, probability) in want.iter().zip(&probabilities) {
            let (choice, _) = generator.next(&mut generation).await.unwrap();
            assert_eq!(choice.id, *id, "{name}: greedy token");
            assert!(
                (choice.probability - probability).abs() < 1e-4,
                "{name}: got {}, want {probability}",
                choice.probability
            );
        }
        assert!(prompt.len() + want.len() > golden.config.context, "the continuation passes the context");
    }
}
