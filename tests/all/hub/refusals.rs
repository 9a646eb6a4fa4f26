//! What is damaged, mixed or foreign gives one clear sentence.

use glasshouse::hub;
use proptest::prelude::*;
use safetensors::Dtype;
use serde_json::{Value, json};
use zip::CompressionMethod::{Deflated, Stored};

use super::{Files, edit, files, foreign, pack, read, refusal, rewritten, run};

#[test]
fn weights_that_do_not_fit_are_refused_by_name() {
    let save = run(7);
    let with = |extra: &[(&str, Vec<usize>)]| refusal(&foreign(rewritten(&save, Dtype::F32, extra)));
    let head = with(&[("lm_head.weight", vec![23, 6])]);
    assert!(head.contains("lm_head.weight is not transformer.wte.weight again"), "{head}");
    assert!(with(&[("score.weight", vec![2, 6])]).contains("score.weight: a GPT-2 of the shape in config.json has no"));
    assert!(with(&[("h.2.ln_1.bias", vec![6])]).contains("h.2.ln_1.bias"));
    assert!(with(&[("wte.weight", vec![23, 6])]).contains("transformer.wte.weight: it is there twice"));
    let integers = refusal(&foreign(rewritten(&save, Dtype::I32, &[])));
    assert!(integers.contains("expected numbers of type F16, BF16, F32 or F64, found I32"), "{integers}");
    let mut shape = save.clone();
    shape.tensors[1].1 = vec![6, 5];
    let shape = refusal(&foreign(rewritten(&shape, Dtype::F32, &[])));
    assert!(
        shape.contains("transformer.wpe.weight: expected the shape [5, 6] that config.json asks for, found [6, 5]")
    );
    let mut fewer = save.clone();
    fewer.tensors.pop();
    let fewer = refusal(&foreign(rewritten(&fewer, Dtype::F32, &[])));
    assert!(fewer.contains("transformer.ln_f.bias is missing"), "{fewer}");
    let mut untied = foreign(rewritten(&save, Dtype::F32, &[]));
    edit(&mut untied, "config.json", |config| config["tie_word_embeddings"] = json!(false));
    assert!(refusal(&untied).contains("lm_head.weight is missing"));
}

#[test]
fn configurations_of_other_models_are_refused() {
    for (field, value, message) in [
        ("model_type", json!("llama"), "expected a model of type \"gpt2\", found \"llama\""),
        ("model_type", Value::Null, "found null"),
        ("activation_function", json!("relu"), "expected \"gelu_new\", found \"relu\""),
        ("n_inner", json!(7), "n_inner: expected 24, found 7"),
        ("layer_norm_epsilon", json!(1e-6), "layer_norm_epsilon"),
        ("scale_attn_weights", json!(false), "scale_attn_weights: expected true"),
        ("scale_attn_by_inverse_layer_idx", json!(true), "scale_attn_by_inverse_layer_idx"),
        ("n_head", json!(4), "4 heads do not divide 6 channels"),
        ("n_layer", json!(-1), "n_layer: expected a whole number, found -1"),
        ("n_layer", Value::from(vec![0; 500]), "n_layer: expected a whole number, found [0,0"),
        ("vocab_size", json!(1u64 << 60), "the vocabulary: expected a number from 1 to"),
        ("n_embd", json!(0), "channels: expected"),
        ("n_layer", json!(3), "transformer.h.2.ln_1.weight is missing"),
    ] {
        let mut files = foreign(rewritten(&run(7), Dtype::F32, &[]));
        edit(&mut files, "config.json", |config| config[field] = value);
        let refusal = refusal(&files);
        assert!(refusal.contains(message) && refusal.len() < 300, "{refusal}");
    }
    // GPT-2's id in a vocabulary that does not have it is no token at all, and a list of ids starts with the main one.
    for (value, token) in [(json!(50_256), None), (json!(null), None), (json!([4, 5]), Some(4)), (json!(22), Some(22))]
    {
        let mut files = foreign(rewritten(&run(7), Dtype::F32, &[]));
        edit(&mut files, "config.json", |config| config["eos_token_id"] = value);
        assert_eq!(read(&files).unwrap().end_of_text, token);
    }
}

#[test]
fn missing_and_broken_files_are_refused() {
    let whole = files(&run(7));
    let header = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let huge = r#"{"transformer.wte.weight":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,18446744073709551615]}}"#;
    let gap = r#"{"transformer.wte.weight":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#;
    let model = &whole["model.safetensors"];
    for (name, bytes, message) in [
        ("config.json", None, "config.json: it is missing: expected a model folder"),
        ("config.json", Some(b"{".to_vec()), "config.json: expected JSON"),
        ("config.json", Some(b"[]".to_vec()), "expected a JSON object"),
        ("model.safetensors", None, "model.safetensors: it is missing"),
        ("model.safetensors", Some(vec![]), "it has 0 bytes"),
        (
            "model.safetensors",
            Some(b"\xff\xff\xff\xff\xff\xff\xff\xff{}".to_vec()),
            "header would have 18446744073709551615",
        ),
        ("model.safetensors", Some(header(huge)), "its header cannot be understood"),
        ("model.safetensors", Some(header(gap)), "its header cannot be understood"),
        ("model.safetensors", Some(b"<html>not found</html>".to_vec()), "it is damaged or another file"),
        ("model.safetensors", Some(model[..model.len() - 1].to_vec()), "bytes of numbers and there are"),
        ("model.safetensors", Some([&model[..], b"x"].concat()), "bytes of numbers and there are"),
        ("tokenizer.json", None, "tokenizer.json: it is missing"),
        ("tokenizer.json", Some(b"{\"model\": ".to_vec()), "expected a tokenizer"),
        ("tokenizer.json", Some(b"{\"model\": {}}".to_vec()), "it is not the tokenizer of this run"),
        ("optimizer.safetensors", None, "optimizer.safetensors: it is missing, and without it the run at step 7"),
        ("optimizer.safetensors", Some(model.clone()), "first_moment.transformer.wte.weight is missing"),
        ("trainer.json", Some(b"{}".to_vec()), "no known `format`"),
        ("trainer.json", Some(b"{\"format\": 1}".to_vec()), "missing field"),
        ("trainer.json", Some(b"[1]".to_vec()), "trainer.json: expected where a run of format 1 or 2 stands"),
        ("data.jsonl", Some(b"{\"text\": \"\"}".to_vec()), "data.jsonl: it is not the text of this run"),
        ("data.jsonl", Some(b"{\"text\"".to_vec()), "data.jsonl, line 1: "),
    ] {
        let mut files = whole.clone();
        match bytes {
            Some(bytes) => files.insert(name.into(), bytes),
            None => files.remove(name),
        };
        let refusal = refusal(&files);
        assert!(refusal.contains(message) && refusal.len() < 400, "{name}: {refusal}");
    }
    let mut sharded = whole.clone();
    sharded.remove("model.safetensors");
    sharded.insert("model.safetensors.index.json".into(), b"{}".to_vec());
    assert!(refusal(&sharded).contains("there is model.safetensors.index.json: load the model with transformers"));
    let nowhere = hub::load("/nowhere/at all").unwrap_err().to_string();
    assert!(nowhere.contains("cannot read") && nowhere.contains("check the path"), "{nowhere}");
}

#[test]
fn a_folder_that_mixes_saves_is_refused() {
    let (one, other) = (files(&run(7)), files(&run(8)));
    for name in [
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer_config.json",
        "optimizer.safetensors",
        "trainer.json",
    ] {
        let mut mixed = one.clone();
        mixed.insert(name.into(), other[name].clone());
        let refusal = refusal(&mixed);
        assert!(refusal.contains(&run(7).id()) && refusal.contains(&run(8).id()), "{name}: {refusal}");
    }
    // Another program has put other weights, without a mark, beside our run.
    let mut fine_tuned = one.clone();
    fine_tuned.insert("model.safetensors".into(), rewritten(&run(7), Dtype::F32, &[]));
    assert!(refusal(&fine_tuned).contains("another program wrote it"));
    fine_tuned.remove("trainer.json");
    assert_eq!(read(&fine_tuned).unwrap().tensors, run(7).tensors, "the model without its run");
    // A model without a run.
    let mut mixed = foreign(other["model.safetensors"].clone());
    assert!(refusal(&mixed).contains("restore all files of one save"));
    mixed.insert("config.json".into(), other["config.json"].clone());
    mixed.remove("generation_config.json");
    mixed.remove("tokenizer_config.json");
    read(&mixed).unwrap();
    // A run whose shape is another's.
    let mut shape = one.clone();
    edit(&mut shape, "trainer.json", |trainer| trainer["model"]["heads"] = json!(3));
    assert!(refusal(&shape).contains("another shape"));
}

#[test]
fn zips_of_something_else_are_refused() {
    let run = files(&run(7));
    let zip = pack(&run, "", Stored);
    let refused = |bytes: &[u8]| hub::from_zip(bytes).unwrap_err().to_string();
    assert!(refused(b"").contains("expected a zip"));
    assert!(refused(b"PK\x05\x06 no zip").contains("damaged or another file"));
    assert!(refused(&zip[..zip.len() - 100]).contains("damaged or another file"));
    let photographs = Files::from([("photograph.jpg".to_owned(), vec![0; 10])]);
    assert!(refused(&pack(&photographs, "", Stored)).contains("there is no config.json in it"));
    let two: Files = run.iter().flat_map(|(k, v)| ["a/", "b/"].map(|f| (format!("{f}{k}"), v.clone()))).collect();
    assert!(refused(&pack(&two, "", Stored)).contains("several models (`a/`, `b/`)"));
    let mut bomb = run.clone();
    bomb.insert("bomb".into(), vec![0; 200 << 20]);
    assert!(refused(&pack(&bomb, "", Deflated)).contains("would unpack to"));
    // One bit of the weights changes: the zip's sum does not agree.
    let at = zip.windows(4).position(|bytes| bytes == 0.02f32.to_le_bytes()).unwrap_or(zip.len() / 2);
    let mut flipped = zip.clone();
    flipped[at] ^= 1;
    assert!(refused(&flipped).contains("damaged"), "{}", refused(&flipped));
}

/// Some damage: a cut, bytes changed, bytes put in.
fn damage() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0u8..4, any::<u8>()), 1..6)
}

fn apply(bytes: &mut Vec<u8>, damage: &[(prop::sample::Index, u8, u8)]) {
    for (index, kind, value) in damage {
        if bytes.is_empty() {
            return;
        }
        let at = index.index(bytes.len());
        match kind {
            0 => bytes[at] = *value,
            1 => bytes[at] ^= 1 << (value % 8),
            2 => bytes.insert(at, *value),
            _ => bytes.truncate(bytes.len() - at / 8),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever happens to a file, reading ends with a save or a sentence.
    #[test]
    fn damaged_files_do_not_panic(file in 0usize..9, damage in damage()) {
        let mut files = files(&run(7));
        apply(files.values_mut().nth(file).unwrap(), &damage);
        let _ = read(&files);
    }

    #[test]
    fn damaged_zips_do_not_panic(damage in damage(), deflated: bool) {

        let mut zip = pack(&files(&run(7)), "", if deflated { Deflated } else { Stored });
        apply(&mut zip, &damage);
        let _ = hub::from_zip(&zip);
    }

    #[test]
    fn any_bytes_do_not_panic(file in 0usize..9, bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut files = files(&run(7));
        *files.values_mut().nth(file).unwrap() = bytes.clone();
        let _ = read(&files);
        let _ = hub::from_zip(&bytes);
    }

    /// A header whose numbers are anything is refused before memory is taken for what it tells of.
    #[test]
    fn headers_of_any_numbers_do_not_allocate(shape in prop::collection::vec(any::<u64>(), 0..4), start: u64, end: u64) {
        let header = json!({"transformer.wte.weight": {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}});
        let header = header.to_string();
        let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
        prop_assert!(read(&foreign(bytes)).is_err());
    }
}
