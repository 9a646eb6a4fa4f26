//! Evidence for model folders: they come back as they were saved, others' are read, damaged ones are refused.

mod formats;
mod refusals;

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use glasshouse::data::Corpus;
use glasshouse::hub::{Moments, Save, TrainerState};
use glasshouse::model::config::{ModelConfig, Preset};
use glasshouse::model::parameters::{initialise, parameters};
use glasshouse::train::TrainConfig;
use safetensors::{Dtype, tensor::TensorView};
use serde_json::Value;

type Files = BTreeMap<String, Vec<u8>>;

/// A run at `step`; no two steps have a value in common. The text has a document that is not UTF-8.
fn run(step: u64) -> Save {
    let config = ModelConfig { layers: 2, heads: 2, channels: 6, context: 5, vocab: 23 };
    let list = parameters(&config);
    let values = |seed| list.iter().enumerate().map(|(i, p)| initialise(p, i, seed)).collect::<Vec<_>>();
    let documents = vec![b"To be, or not to be\n".to_vec(), vec![0xff, 0, 7]];
    Save {
        tensors: list.iter().zip(values(step)).map(|(p, values)| (p.name.clone(), p.shape.clone(), values)).collect(),
        moments: Some(Moments { first: values(step + 100), second: values(step + 200) }),
        tokenizer_json: br#"{"added_tokens": [{"id": 22, "content": "<|endoftext|>"}], "model": {}}"#.to_vec(),
        end_of_text: Some(22),
        trainer: Some(TrainerState {
            step,
            extra: 0,
            position: 3 * step,
            preset: Some(Preset::Small),
            // A third has no end in binary: what is read must have the same bits.
            // Numbers of its own where a preset's may change: golden/format_1.zip holds them.
            train: TrainConfig {
                seed: u64::MAX,
                lr: 1.0 / 3.0,
                steps: 1200,
                sample_every: 400,
                ..TrainConfig::preset(Preset::Tiny)
            },
            corpus: Corpus::describe("some text", &documents),
            as_read: Default::default(),
        }),
        log: format!("{{\"step\":{step}}}\n").into_bytes(),
        corpus: Some(documents),
        config,
    }
}

fn files(save: &Save) -> Files {
    save.to_files().into_iter().collect()
}

/// Reads files; the trainer's copy of its own file is left out, to compare with what was saved.
fn read(files: &Files) -> glasshouse::Result<Save> {
    let mut save = Save::from_files(&|name| files.get(name).cloned())?;
    save.trainer.iter_mut().for_each(|trainer| trainer.as_read.clear());
    Ok(save)
}

fn refusal(files: &Files) -> String {
    read(files).expect_err("these files are to be refused").to_string()
}

fn edit(files: &mut Files, name: &str, change: impl FnOnce(&mut Value)) {
    let mut json = serde_json::from_slice(&files[name]).unwrap();
    change(&mut json);
    files.insert(name.into(), serde_json::to_vec(&json).unwrap());
}

fn golden(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(path)
}

fn pack(files: &Files, folder: &str, method: zip::CompressionMethod) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        archive.start_file(format!("{folder}{name}"), options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The weights of a run in another element type and order, with what others leave in the file.
fn rewritten(save: &Save, dtype: Dtype, extra: &[(&str, Vec<usize>)]) -> Vec<u8> {
    let convert = |values: &[f32]| -> Vec<u8> {
        match dtype {
            Dtype::F64 => values.iter().flat_map(|&value| f64::from(value).to_le_bytes()).collect(),
            Dtype::F32 => values.iter().flat_map(|&value| value.to_le_bytes()).collect(),
            Dtype::BF16 => values.iter().flat_map(|&value| half::bf16::from_f32(value).to_le_bytes()).collect(),
            Dtype::I32 => values.iter().flat_map(|&value| (value as i32).to_le_bytes()).collect(),
            _ => unreachable!(),
        }
    };
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> =
        save.tensors.iter().rev().map(|(name, shape, values)| (name.clone(), shape.clone(), convert(values))).collect();
    for (name, shape) in extra {
        tensors.push((name.to_string(), shape.clone(), convert(&vec![1.0; shape.iter().product()])));
    }
    let views = tensors.iter().map(|(name, shape, data)| (name, TensorView::new(dtype, shape.clone(), data).unwrap()));
    safetensors::serialize(views.collect::<Vec<_>>(), None).unwrap()
}

fn foreign(weights: Vec<u8>) -> Files {
    let mut files = files(&Save { trainer: None, moments: None, log: vec![], corpus: None, ..run(7) });
    files.insert("model.safetensors".into(), weights);
    files
}
