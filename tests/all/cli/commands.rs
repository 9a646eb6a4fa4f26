//! Every command once, as a person and as a script would call it.

use super::{Place, SMALL, files, losses};
use serde_json::Value;

#[test]
fn help_is_there_for_every_command() {
    let place = Place::new();
    let help = place.ok("--help");
    for command in ["doctor", "tokenizer", "train", "sample", "eval", "bench"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command} in {help}");
        assert!(place.ok(&format!("{command} --help")).contains("Usage: glasshouse"), "{command}");
    }
    let train = place.ok("train --help");
    for option in [
        "preset",
        "corpus",
        "data",
        "tokenizer",
        "vocab-size",
        "out",
        "resume",
        "init",
        "config",
        "threads",
        "device",
        "seed",
        "steps",
        "stop-after",
        "batch",
        "context",
        "layers",
        "heads",
        "channels",
        "accumulate",
        "lr",
        "min-lr",
        "beta1",
        "beta2",
        "warmup",
        "schedule",
        "weight-decay",
        "clip",
        "eval-every",
        "save-every",
        "sample-every",
        "json",
    ] {
        assert!(train.contains(&format!("--{option}")), "{option}");
    }
    for (command, options) in [
        ("sample", &["prompt", "num-samples", "stop", "min-p", "top-k", "special"][..]),
        ("eval", &["data", "stride", "per-document"]),
        ("tokenizer train", &["input", "pattern"]),
        ("tokenizer decode", &["input"]),
        ("tokenizer count", &["input", "text"]),
        ("tokenizer convert", &["tokenizer", "pattern", "out"]),
        ("tokenizer show", &["tokenizer"]),
    ] {
        let help = place.ok(&format!("{command} --help"));
        assert!(options.iter().all(|option| help.contains(&format!("--{option}"))), "{command}: {help}");
    }
    assert!(train.contains("128 + signal") && help.contains("128 + signal"), "the exit codes are told");
    assert!(place.ok("--version").starts_with("glasshouse "));
}

#[test]
fn doctor_tells_what_there_is_and_what_auto_takes() {
    let place = Place::new();
    let found = place.json("doctor --json");
    assert!(found["cpu"]["threads"].as_u64().unwrap() > 0);
    assert!(found["cpu"]["instruction_sets"].is_array());
    let auto = found["auto"]["device"].as_str().unwrap();
    assert!(!found["auto"]["why"].as_str().unwrap().is_empty());
    for (index, adapter) in found["adapters"].as_array().unwrap().iter().enumerate() {
        assert_eq!(adapter["index"], index);
        assert!(adapter["limits"]["max_binding"].as_u64().unwrap() > 0);
        assert!(adapter["features"].is_array());
        let taken = auto == format!("gpu:{index}");
        assert!(!(taken && adapter["is_software"] == true), "auto takes real hardware alone");
    }
    let shown = place.ok("doctor");
    assert!(shown.contains("cpu ") && shown.contains(&format!("auto   takes {auto}")), "{shown}");
}

#[test]
fn a_run_without_any_option_of_its_own_learns_the_built_in_text() {
    let place = Place::new();
    for (corpus, vocab, preset) in [("en", 1024, "tiny-1"), ("zh", 2048, "tiny-2")] {
        let steps =
            place.lines(&format!("train --corpus {corpus} --steps 3 --batch 2 --json --device cpu --eval-every 0"));
        assert_eq!(steps.len(), 3);
        let uniform = f64::from(vocab).ln();
        assert!((losses(&steps)[0] - uniform).abs() < 0.2, "{steps:?}");
        let config: Value = serde_json::from_str(&place.read(&format!("runs/{preset}/config.json"))).unwrap();
        assert_eq!([&config["vocab_size"], &config["n_embd"], &config["n_positions"]], [vocab, 128, 64]);
    }
}

#[test]
fn train_leaves_a_folder_a_log_and_words_for_people() {
    let place = Place::with_text();
    let shown = place.train("--steps 12 --eval-every 5 --sample-every 6 --out model").ok();
    for part in [
        "device",
        "CPU, 2 threads",
        "text.txt: 1 document",
        "tokens",
        "1 layers, 2 heads, 16 channels",
        "step  5/12",
        "validation",
        "sample after step 6:",
        "the model is in model",
        "sample --model model",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let names = [
        "config.json",
        "generation_config.json",
        "log.jsonl",
        "model.safetensors",
        "optimizer.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "trainer.json",
    ];
    assert_eq!(files(&place.path("model")), names);
    let log = place.log("model");
    assert_eq!(log.len(), 12);
    for (i, step) in log.iter().enumerate() {
        assert_eq!(step["step"], i as u64 + 1);
        assert_eq!(step["tokens"], (i as u64 + 1) * 64);
        for key in ["loss", "lr", "grad_norm", "tokens_per_second", "seconds"] {
            assert!(step[key].as_f64().is_some_and(|x| x > 0.0), "{key} in {step}");
        }
        let evaluated = [5, 10, 12].contains(&(i + 1));
        assert_eq!(step["validation_loss"].is_f64(), evaluated, "{step}");
    }
}

#[test]
fn train_prints_its_log_as_json_and_nothing_else() {
    let place = Place::with_text();
    let outcome = place.train("--steps 4 --out model --json");
    let printed = outcome.ok();
    assert_eq!(printed, place.read("model/log.jsonl"));
    assert!(outcome.stderr().contains("the model is in model"), "what people read goes to standard error");
}

#[test]
fn every_turns_things_off() {
    let place = Place::with_text();
    let shown = place
        .train("--steps 4 --eval-every 0 --sample-every 0 --save-every 0 --warmup 0 --schedule constant --out model")
        .ok();
    assert!(!shown.contains("sample after") && !shown.contains("validation loss"), "{shown}");
    assert!(place.log("model").iter().all(|step| step["validation_loss"].is_null() && step["lr"] == 2e-3));
    assert_eq!(files(&place.path("model")).len(), 8, "there is a save at the end");
}

#[test]
fn without_a_name_runs_are_numbered() {
    let place = Place::with_text();
    for name in ["tiny-1", "tiny-2"] {
        assert!(place.train("--steps 1").ok().contains(&format!("runs/{name}")));
    }
    std::fs::remove_dir_all(place.path("runs/tiny-1")).unwrap();
    assert!(place.train("--steps 1").ok().contains("runs/tiny-1"), "the first free number");
    assert!(place.train("--steps 1 --preset small").ok().contains("runs/small-1"));
}

#[test]
fn sample_continues_a_prompt() {
    let place = Place::with_text();
    place.train("--steps 5 --out model").ok();
    let sample = "sample --model model --device cpu";
    let found = place.json(&format!("{sample} --prompt king --json"));
    let ids: Vec<u64> = found["ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
    let probabilities = found["probabilities"].as_array().unwrap();
    assert!(!ids.is_empty() && ids.len() == probabilities.len());
    assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(&p.as_f64().unwrap())));
    let words: Vec<String> = ids.iter().map(u64::to_string).collect();
    let decoded = place.run(&format!("tokenizer decode --tokenizer model/tokenizer.json {}", words.join(" ")));
    assert_eq!(String::from_utf8_lossy(&decoded.0.stdout), found["text"].as_str().unwrap(), "the continuation alone");
    let plain = place.run(&format!("{sample} --prompt king"));
    assert_eq!(String::from_utf8_lossy(&plain.0.stdout), found["text"].as_str().unwrap(), "the same without --json");
    assert_eq!(place.json(&format!("{sample} --prompt king --json")), found, "a seed fixes the text");
    assert_ne!(place.json(&format!("{sample} --prompt king --seed 1 --json"))["ids"], found["ids"]);
    let greedy = place.json(&format!("{sample} --temperature 0 --json"));
    for same in ["--temperature 0 --seed 9", "--top-k 1", "--top-p 0.000001"] {
        assert_eq!(place.json(&format!("{sample} {same} --json"))["ids"], greedy["ids"], "{same} is greedy");
    }
    let long = place.json(&format!("{sample} --max-tokens 40 --ignore-eos --json"));
    assert_eq!(long["ids"].as_array().unwrap().len(), 40, "past the context of 16");
    assert_eq!(place.json(&format!("{sample} --max-tokens 0 --json"))["text"], "");
}

#[test]
fn eval_measures_a_text_wherever_it_comes_from() {
    let place = Place::with_text();
    place.train("--steps 5 --out model").ok();
    let words = "the old king went down to the river";
    place.write("one.txt", words);
    place.write("folder/one.txt", words);
    place.write("one.jsonl", format!("{}\n", serde_json::json!({ "text": words })));
    let found = place.json("eval --model model --data one.txt --device cpu --json");
    let [loss, perplexity, bits] = ["loss", "perplexity", "bits_per_byte"].map(|key| found[key].as_f64().unwrap());
    let tokens = found["tokens"].as_u64().unwrap();
    assert!((perplexity - loss.exp()).abs() < 1e-9);
    assert!((bits - loss * tokens as f64 / std::f64::consts::LN_2 / words.len() as f64).abs() < 1e-9, "{found}");
    for data in ["folder", "one.jsonl"] {
        assert_eq!(place.json(&format!("eval --model model --data {data} --device cpu --json")), found, "{data}");
    }
    let mut command = place.command("eval --model model --data - --device cpu --json", &[]);
    command.stdin(std::fs::File::open(place.path("one.txt")).unwrap());
    let piped: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    assert_eq!(piped, found, "standard input");
    let twice = place.json("eval --model model --data one.txt folder --device cpu --json");
    assert_eq!(twice["tokens"], 2 * tokens + 1, "each document is preceded by a token, and the first is not predicted");
    assert!(place.ok("eval --model model --data one.txt --device cpu").contains("bits per byte"));
}

#[test]
fn tokenizer_trains_encodes_and_decodes() {
    let place = Place::with_text();
    place.ok("tokenizer train --input text.txt --vocab-size 300 --special <|endoftext|> --out t.json");
    let encoded =
        place.command("tokenizer encode --tokenizer t.json --json", &["--text", "the king"]).output().unwrap();
    let encoded: Value = serde_json::from_slice(&encoded.stdout).unwrap();
    let ids: Vec<String> = encoded["ids"].as_array().unwrap().iter().map(Value::to_string).collect();
    assert_eq!(encoded["tokens"].as_array().unwrap().len(), ids.len());
    assert_eq!(place.ok(&format!("tokenizer decode --tokenizer t.json {}", ids.join(" "))), "the king");
    let steps = place.lines(&format!(
        "train --data text.txt --tokenizer t.json {} --steps 1 --json",
        SMALL.replace("--vocab-size 300", "")
    ));
    assert!((losses(&steps)[0] - 300_f64.ln()).abs() < 0.2, "the tokenizer that was given is the one trained with");
}

#[test]
fn bench_measures_steps_and_kernels() {
    let place = Place::new();
    let shape = "--layers 1 --heads 2 --channels 16 --context 8 --batch 2 --vocab-size 64 --device cpu";
    let tokens: Vec<u8> = (0..3 * 2 * 9_u32).flat_map(|i| (i % 60).to_le_bytes()).collect();
    place.write("tokens.bin", &tokens);
    let step = place.json(&format!("bench step {shape} --tokens tokens.bin --warmup 1 --steps 4 --json"));
    assert_eq!(step["losses"].as_array().unwrap().len(), 5);
    assert_eq!(step["parameters"], 64 * 16 + 8 * 16 + (12 * 16 + 13) * 16 + 2 * 16);
    assert_eq!(step["device"], "cpu");
    assert_eq!(step["threads"], 2);
    let [ms, speed, gflops] = ["ms", "tokens_per_second", "gflops"].map(|key| step[key].as_f64().unwrap());
    assert!((speed * ms / 1e3 - 16.0).abs() < 1e-6);
    let operations = 6.0 * (step["parameters"].as_f64().unwrap() + 16.0 * 8.0);
    assert!((gflops * 1e9 / speed - operations).abs() < 1e-3, "(6 N + 6 L C T) a token");
    let again = place.json(&format!("bench step {shape} --tokens tokens.bin --warmup 1 --steps 4 --json"));
    assert_eq!(again["losses"], step["losses"], "the same tokens and weights");
    place.write("tokens.bin", &tokens[..tokens.len() - 4]);
    place.refuses(&format!("bench step {shape} --tokens tokens.bin"), 1, &["tokens.bin: expected batches of 72 bytes"]);

    let matmul = place.json("bench matmul -m 3 -k 5 -n 7 --rounds 1 --device cpu --json");
    for kind in ["forward", "times_transpose", "transpose_times"] {
        let result = &matmul["results"][0][kind];
        let [ms, gflops] = ["ms", "gflops"].map(|key| result[key].as_f64().unwrap());
        assert!((ms * gflops * 1e6 - 210.0).abs() < 1e-6, "2 m k n operations");
    }
    assert!(place.ok("bench matmul --sizes 16 --rounds 1 --device cpu").contains("dw = "));
    let attention =
        place.json("bench attention --batch 1 --context 8 --heads 1 --head-size 4 --rounds 1 --device cpu --json");
    assert!(attention["backward"]["gflops"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_document_ends_where_the_model_says() {
    let place = Place::new();
    // Of several lengths, so that a place in a window says nothing: only the full stop tells where a document ends.
    let documents = ["ab.", "aab.", "ababa.", "b."].map(|text| format!("{{\"text\": \"{text}\"}}\n"));
    place.write("ab.jsonl", documents.concat().repeat(800));
    place.ok("tokenizer train --input ab.jsonl --vocab-size 256 --out plain.json");
    // The file has no special token: one is added for the training, and said.
    let shape =
        "--layers 1 --heads 2 --channels 32 --context 8 --batch 8 --lr 0.01 --warmup 5 --steps 150 --device cpu";
    let trained = place.run(&format!("train --data ab.jsonl --tokenizer plain.json {shape} --out model"));
    let told = format!("{}{}", trained.stdout(), trained.stderr());
    assert!(told.contains("<|endoftext|> is added"), "{told}");
    let sample = "sample --model model --device cpu --temperature 0 --max-tokens 9 --json";
    let stopped = place.json(&format!("{sample} --prompt aab."));
    assert_eq!((&stopped["text"], &stopped["ids"]), (&"".into(), &Value::Array(Vec::new())), "{stopped}");
    let on = place.json(&format!("{sample} --prompt aab. --ignore-eos"));
    assert_eq!((on["ids"].as_array().unwrap().len(), &on["ids"][0]), (9, &256.into()), "{on}");
    let from_nothing = place.json(sample);
    let ids = from_nothing["ids"].as_array().unwrap();
    assert!(ids.len() < 9 && from_nothing["text"].as_str().unwrap().ends_with('.'), "{from_nothing}");
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let place = Place::with_text();
    let train = "train --data text.txt --device cpu --steps 1 --vocab-size 300 --context 8";
    for (options, code, part) in [
        ("--layers 1 --heads 2 --channels 16 --batch 65536", 1, "take --batch 65535 or less"),
        ("--layers 2 --heads 64 --channels 16384 --batch 1", 2, "parameters, and at most"),
        ("--layers 1 --heads 4096 --channels 65536 --batch 1", 2, "channels: expected a number from 1 to 23170"),
    ] {
        place.refuses(&format!("{train} {options}"), code, &[part]);
    }
    for command in
        ["bench attention --batch 65536", "bench attention --heads 65536", "bench matmul -m 100000000 -k 1 -n 1"]
    {
        place.refuses(&format!("{command} --device cpu"), 1, &["than the", "that this kernel takes"]);
    }
    place.train("--steps 2 --stop-after 1 --out model").ok();
    let state = place.read("model/trainer.json").replace("\"batch\": 4", "\"batch\": 100000");
    assert!(state.contains("100000"), "{state}");
    place.write("model/trainer.json", state);
    place.refuses("train --resume model --device cpu", 1, &["65535"]);
}

#[test]
fn a_run_that_diverges_is_saved_before_it_does() {
    let place = Place::with_text();
    place.train("--steps 40 --lr 1000 --warmup 0 --clip 0 --save-every 0 --out wild").refusal(
        "lr 1000",
        1,
        &["the loss is not finite at step"],
    );
    let lines = place.log("wild");
    let saved: Value = serde_json::from_str(&place.read("wild/trainer.json")).unwrap();
    assert_eq!(saved["step"].as_u64().unwrap(), lines.len() as u64, "the step before is saved: {saved}");
    place.ok("sample --model wild --max-tokens 3 --temperature 0 --device cpu");
}

#[test]
fn a_log_without_a_save_is_not_written_over() {
    let place = Place::with_text();
    place.write("old/log.jsonl", "{\"step\":1}\n");
    place.train("--steps 2 --out old").refusal("old", 1, &["holds the log of a run that was not saved"]);
    assert_eq!(place.read("old/log.jsonl"), "{\"step\":1}\n");
}

#[test]
fn a_stop_on_the_way_leaves_the_log_of_the_whole() {
    let place = Place::with_text();
    let steps = |folder: &str| -> Vec<(u64, bool)> {
        let line = |line: &Value| (line["step"].as_u64().unwrap(), line["validation_loss"].is_number());
        place.log(folder).iter().map(line).collect()
    };
    place.train("--steps 9 --eval-every 4 --out whole").ok();
    place.train("--steps 9 --eval-every 4 --stop-after 3 --out parts").ok();
    place.ok("train --resume parts --device cpu");
    assert_eq!(steps("parts"), steps("whole"));
    assert_eq!(steps("whole").iter().filter(|(_, measured)| *measured).count(), 3);
}
