//! What is written and read: our folders, zips and logs, and the folders of others.

use std::io::Write;

use glasshouse::hub::{self, Log, Save};
use glasshouse::model::config::ModelConfig;
use glasshouse::model::parameters::parameters;
use glasshouse::tokenizer::{BpeTrainer, Tokenizer, TrainOptions};
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};
use zip::CompressionMethod;

use super::{edit, files, foreign, golden, pack, read, refusal, rewritten, run};

#[test]
fn what_was_saved_is_read() {
    let save = run(7);
    assert_eq!(read(&files(&save)).unwrap(), save);
    let alone = Save { trainer: None, moments: None, log: vec![], corpus: None, ..run(7) };
    assert_eq!(read(&files(&alone)).unwrap(), alone);

    let folder = tempfile::tempdir().unwrap();
    hub::save(folder.path().join("deep/run"), &save).unwrap();
    let loaded = hub::load(folder.path().join("deep/run")).unwrap();
    assert!(files(&loaded) == files(&save));
    let model = hub::load_model(folder.path().join("deep/run")).unwrap();
    assert_eq!(model.tensors, save.tensors);
    assert!(model.moments.is_none() && model.log.is_empty() && model.corpus.is_none());
    let refusal = hub::save(folder.path().join("deep/run"), &alone).unwrap_err().to_string();
    assert!(refusal.contains("holds a run"), "{refusal}");
}

#[test]
fn a_zip_is_a_folder() {
    let save = run(7);
    let zip = hub::to_zip(&save);
    assert!(zip == hub::to_zip(&save), "the same save is the same zip");
    let deflated = pack(&files(&save), "my run/", CompressionMethod::Deflated);
    for bytes in [zip, deflated] {
        assert!(files(&hub::from_zip(&bytes).unwrap()) == files(&save));
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        assert!(files(&hub::load(file.path()).unwrap()) == files(&save));
    }
}

#[test]
fn the_id_follows_from_the_state() {
    assert_eq!(run(7).id(), run(7).id());
    let mut others = [run(8), run(7), run(7), run(7)];
    others[1].tensors[3].2[0] += 1e-3;
    others[2].moments.as_mut().unwrap().second[5][1] += 1e-3;
    others[3].tokenizer_json.push(b' ');
    assert!(others.iter().all(|other| other.id() != run(7).id()));
}

#[test]
fn the_files_are_those_that_transformers_reads() {
    let save = run(7);
    let files = files(&save);
    let names: Vec<&str> = files.keys().map(|name| &name[..]).collect();
    let all = "config.json data.jsonl generation_config.json log.jsonl model.safetensors optimizer.safetensors \
               tokenizer.json tokenizer_config.json trainer.json";
    assert_eq!(names.join(" "), all);
    let json = |name: &str| serde_json::from_slice::<Value>(&files[name]).unwrap();
    let config = json("config.json");
    for (field, value) in [
        ("model_type", json!("gpt2")),
        ("architectures", json!(["GPT2LMHeadModel"])),
        ("activation_function", json!("gelu_new")),
        ("n_layer", json!(2)),
        ("n_head", json!(2)),
        ("n_embd", json!(6)),
        ("n_positions", json!(5)),
        ("vocab_size", json!(23)),
        ("resid_pdrop", json!(0.0)),
        ("embd_pdrop", json!(0.0)),
        ("attn_pdrop", json!(0.0)),
        ("bos_token_id", json!(22)),
        ("eos_token_id", json!(22)),
        ("tie_word_embeddings", json!(true)),
    ] {
        assert_eq!(config[field], value, "{field}");
    }
    assert_eq!(json("tokenizer_config.json")["tokenizer_class"], "PreTrainedTokenizerFast");
    assert_eq!(json("tokenizer_config.json")["eos_token"], "<|endoftext|>");
    assert_eq!(json("tokenizer_config.json")["model_max_length"], 5);
    assert_eq!(json("generation_config.json")["eos_token_id"], 22);

    // The crate safetensors, which the Python package is made of, reads the weights.
    let (_, header) = SafeTensors::read_metadata(&files["model.safetensors"]).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["format"], "pt");
    let model = SafeTensors::deserialize(&files["model.safetensors"]).unwrap();
    assert_eq!(model.len(), save.tensors.len());
    for (name, shape, values) in &save.tensors {
        let tensor = model.tensor(name).unwrap();
        assert_eq!((tensor.dtype(), tensor.shape()), (Dtype::F32, &shape[..]));
        assert_eq!(tensor.data(), values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>());
    }
    let moments = SafeTensors::deserialize(&files["optimizer.safetensors"]).unwrap();
    assert_eq!(moments.len(), 2 * save.tensors.len());
    let (_, header) = SafeTensors::read_metadata(&files["optimizer.safetensors"]).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["glasshouse_save"], save.id());
    assert_eq!(moments.tensor("second_moment.transformer.wpe.weight").unwrap().shape(), [5, 6]);
}

#[test]
fn the_tokenizer_finds_its_end_of_text_named() {
    let mut options = TrainOptions::new(257);
    options.special = vec!["<|endoftext|>".into()];
    let tokenizer = BpeTrainer::new(options).unwrap().finish().unwrap();
    let save = Save { tokenizer_json: tokenizer.to_json(), ..run(7) };
    let config: Value = serde_json::from_slice(&files(&save)["tokenizer_config.json"]).unwrap();
    assert!(config.get("eos_token").is_none(), "22 is the token of another tokenizer");
    let config = ModelConfig { vocab: 257, ..save.config };
    let tensors =
        parameters(&config).into_iter().map(|p| (p.name, p.shape.clone(), vec![0.0; p.shape.iter().product()]));
    let save =
        Save { config, tensors: tensors.collect(), end_of_text: Some(256), moments: None, trainer: None, ..save };
    let config: Value = serde_json::from_slice(&files(&save)["tokenizer_config.json"]).unwrap();
    assert_eq!((&config["bos_token"], &config["eos_token"]), (&json!("<|endoftext|>"), &json!("<|endoftext|>")));
}

/// The folders were written by transformers 5.23: see tests/golden/make_foreign.py.
#[test]
fn folders_of_transformers_are_read() {
    let head = hub::load(golden("foreign/head")).unwrap();
    let config = ModelConfig { layers: 2, heads: 2, channels: 8, context: 6, vocab: 262 };
    assert_eq!((head.config, head.end_of_text), (config, Some(0)));
    assert!(head.trainer.is_none());
    let bytes = std::fs::read(golden("foreign/head/model.safetensors")).unwrap();
    let theirs = SafeTensors::deserialize(&bytes).unwrap();
    for ((name, shape, values), parameter) in head.tensors.iter().zip(parameters(&config)) {
        assert_eq!((name, shape), (&parameter.name, &parameter.shape));
        assert_eq!(
            theirs.tensor(name).unwrap().data(),
            values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>()
        );
    }
    let tokenizer = Tokenizer::from_json(&head.tokenizer_json).unwrap();
    assert_eq!((tokenizer.vocab_size(), tokenizer.special_id("<|endoftext|>")), (262, head.end_of_text));
    // The other folder is the same model without its head, in half precision and with bare names.
    let base = hub::load(golden("foreign/base")).unwrap();
    for ((name, shape, values), (_, _, exact)) in base.tensors.iter().zip(&head.tensors) {
        assert_eq!(values.len(), shape.iter().product::<usize>());
        assert!(values.iter().zip(exact).all(|(got, &want)| *got == half::f16::from_f32(want).to_f32()), "{name}");
    }
}

#[test]
fn weights_of_any_type_and_order_are_read() {
    let save = run(7);
    let masks = [("transformer.h.0.attn.bias", vec![1, 1, 5, 5]), ("h.1.attn.masked_bias", vec![])];
    for dtype in [Dtype::F32, Dtype::F64] {
        assert_eq!(read(&foreign(rewritten(&save, dtype, &masks))).unwrap().tensors, save.tensors);
    }
    let rounded = read(&foreign(rewritten(&save, Dtype::BF16, &[]))).unwrap().tensors;
    for ((_, _, got), (_, _, want)) in rounded.iter().zip(&save.tensors) {
        assert!(got.iter().zip(want).all(|(got, &want)| *got == half::bf16::from_f32(want).to_f32()));
    }
    let mut head = save.clone();
    head.tensors.push(("lm_head.weight".into(), vec![23, 6], save.tensors[0].2.clone()));
    assert_eq!(read(&foreign(rewritten(&head, Dtype::F32, &[]))).unwrap().tensors, save.tensors);
}

#[test]
fn what_later_versions_add_is_kept_and_what_they_change_is_refused() {
    let mut later = files(&run(7));
    edit(&mut later, "trainer.json", |trainer| {
        trainer["mood"] = json!("good");
        trainer["train"]["momentum"] = json!([0.5]);
    });
    let mut loaded = Save::from_files(&|name| later.get(name).cloned()).unwrap();
    loaded.trainer.as_mut().unwrap().step = 9;
    let trainer: Value = serde_json::from_slice(&files(&loaded)["trainer.json"]).unwrap();
    assert_eq!((&trainer["mood"], &trainer["train"]["momentum"]), (&json!("good"), &json!([0.5])));
    assert_eq!((&trainer["step"], &trainer["save"]), (&json!(9), &json!(loaded.id())));

    edit(&mut later, "trainer.json", |trainer| {
        trainer["format"] = json!(3);
        trainer["version"] = json!("3.1.4");
    });
    assert!(refusal(&later).contains("it has format 3 and this program reads up to 2: use Glasshouse 3.1.4"));
}

/// A zip of each format, written when that was made. They must be read for ever.
#[test]
fn formats_1_and_2_are_read() {
    for file in ["format_1.zip", "format_2.zip"] {
        let loaded = hub::load(golden(file)).unwrap();
        let save = run(7);
        assert_eq!((loaded.config, &loaded.tensors), (save.config, &save.tensors), "{file}");
        assert_eq!((&loaded.moments, &loaded.corpus, &loaded.log), (&save.moments, &save.corpus, &save.log));
        let (found, want) = (loaded.trainer.unwrap(), save.trainer.unwrap());
        assert_eq!((found.step, found.position, found.preset), (want.step, want.position, want.preset));
        assert_eq!((found.train, found.corpus), (want.train, want.corpus));
    }
}

#[test]
fn a_log_is_cut_to_the_saved_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    let mut log = Log::open(folder.path(), 0).unwrap();
    for step in 1..=5 {
        log.append(&json!({"step": step, "loss": 0.1})).unwrap();
    }
    let line = |step: u64| format!("{{\"step\":{step},\"loss\":0.1}}\n");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), (1..=5).map(line).collect::<String>());
    // The machine stopped in the middle of a line.
    std::fs::write(&path, (1..=3).map(line).collect::<String>() + "{\"step\":4,\"lo").unwrap();
    Log::open(folder.path(), 3).unwrap().append(&json!({"step": 4, "loss": 0.1})).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), (1..=4).map(line).collect::<String>());
    Log::open(folder.path(), 2).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), (1..=2).map(line).collect::<String>());

    // A save without a log of its own leaves this one alone.
    hub::save(folder.path(), &Save { log: vec![], ..run(2) }).unwrap();
    assert_eq!(hub::load(folder.path()).unwrap().log, (1..=2).map(line).collect::<String>().into_bytes());
    std::fs::write(&path, "{\"step\":1}\nnot json\n{\"step\":2}\n").unwrap();
    let refusal = Log::open(folder.path(), 2).unwrap_err().to_string();
    assert!(refusal.contains("log.jsonl, line 2: expected a JSON object with a `step`"), "{refusal}");
    assert_eq!(std::fs::read(&path).unwrap().len(), 31, "nothing is cut from a log that is not understood");
}

/// Kept to write such a file for the next format: `cargo test --test all hub:: -- --ignored`.
#[test]
#[ignore = "writes the file that formats_1_and_2_are_read reads of the format that is written now"]
fn write_format_2() {
    std::fs::write(golden("format_2.zip"), hub::to_zip(&run(7))).unwrap();
}
