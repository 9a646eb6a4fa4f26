//! Runs that begin with the weights of a model, and rates that change on the way.

use std::fs;

use glasshouse::hub;
use serde_json::Value;

use super::{Place, SMALL, losses};

/// A folder with a model in `base`, trained for some steps.
fn with_base() -> Place {
    let place = Place::with_text();
    place.train("--steps 60 --out base").ok();
    place
}

fn json(place: &Place, file: &str) -> Value {
    serde_json::from_str(&place.read(file)).unwrap()
}

#[test]
fn a_new_run_begins_with_the_weights_of_a_model() {
    let place = with_base();
    let base = hub::load(place.path("base")).unwrap();
    place.write("base.zip", hub::to_zip(&base));
    fs::create_dir(place.path("alone")).unwrap();
    for file in ["config.json", "model.safetensors", "tokenizer.json"] {
        fs::copy(place.path("base").join(file), place.path("alone").join(file)).unwrap();
    }
    let train = "train --data text.txt --batch 4 --steps 6 --device cpu --json";
    let first = place.lines(&format!("{train} --init base --out new"));
    assert!(losses(&first)[0] < 300_f64.ln() - 1.0, "{first:?}");
    assert_eq!((&first[0]["step"], &first[0]["lr"]), (&1.into(), &1e-4.into()), "the schedule begins anew");
    assert_eq!(json(&place, "new/trainer.json")["step"], 6);
    assert_eq!(place.read("new/tokenizer.json"), place.read("base/tokenizer.json"));
    for (model, folder) in [("base.zip", "zip"), ("alone", "without")] {
        let same = place.lines(&format!("{train} --init {model} --out {folder}"));
        assert_eq!(losses(&same), losses(&first), "{model}: no moments come along");
    }
    place.ok(&format!("{train} --init base --out still --lr 0"));
    assert_eq!(hub::load(place.path("still")).unwrap().tensors, base.tensors);
    assert_eq!(hub::load(place.path("base")).unwrap(), base, "the model stays as it was");
    let mut parts = place.lines(&format!("{train} --init base --out parts --stop-after 2"));
    parts.extend(place.lines("train --resume parts --device cpu --json"));
    assert_eq!(losses(&parts), losses(&first), "it goes on as any run does");
}

#[test]
fn the_shape_is_that_of_the_model() {
    let place = with_base();
    let train = "train --data text.txt --init base --steps 1 --device cpu --out new";
    for (option, asked, found) in
        [("layers", 2, 1), ("heads", 4, 2), ("channels", 32, 16), ("context", 32, 16), ("vocab-size", 400, 300)]
    {
        let parts = [format!("--{option} {asked}"), format!("has {found}")];
        place.refuses(&format!("{train} --{option} {asked}"), 2, &[&parts[0], &parts[1]]);
    }
    for other in ["--resume base", "--tokenizer base/tokenizer.json"] {
        place.refuses(&format!("train --init base {other}"), 2, &["cannot be used with"]);
    }
    place.refuses("train --init text.txt --device cpu", 1, &["text.txt"]);
    assert!(!place.path("new").exists());
    let shown = place.ok(&format!("{train} {SMALL} --preset small").replace("--device cpu --out", "--out"));
    for part in ["weights and the tokenizer of base", "1 layers, 2 heads, 16 channels", "note       --lr is 1.00e-3"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

#[test]
fn the_end_of_a_document_is_the_models() {
    let place = with_base();
    for file in ["base/config.json", "base/generation_config.json"] {
        let text = place.read(file).replace("299", "7");
        assert!(text.contains("\"eos_token_id\": 7"), "{text}");
        place.write(file, text);
    }
    place.ok("train --data text.txt --init base --batch 4 --steps 3 --stop-after 1 --device cpu --out new");
    assert_eq!(json(&place, "new/config.json")["eos_token_id"], 7);
    place.ok("train --resume new --device cpu");
    assert_eq!(json(&place, "new/config.json")["eos_token_id"], 7, "when it goes on, too");
}

#[test]
fn the_rate_of_a_run_that_goes_on_may_change_and_a_jump_is_said() {
    let place = Place::with_text();
    place.train("--steps 40 --out model").ok();
    let quiet = place.run("train --resume model --device cpu");
    assert!(!quiet.ok().contains("jumps"));
    let resumed = place.run("train --resume model --steps 100 --stop-after 1 --device cpu --json");
    resumed.ok();
    let told = resumed.stderr();
    assert!(told.contains("the learning rate jumps from 1.2") && told.contains("at step 40 to 1."), "{told}");
    let lines = place.lines("train --resume model --lr 1e-4 --stop-after 1 --device cpu --json");
    let rate = lines[0]["lr"].as_f64().unwrap();
    assert!(rate < 1e-4 && rate > 5e-5, "{rate}");
    assert_eq!(json(&place, "model/trainer.json")["train"]["lr"], 1e-4, "it stays");
    let on = place.run("train --resume model --stop-after 1 --device cpu");
    assert!(!on.ok().contains("jumps"), "nothing changes");
    place.refuses("train --resume model --lr -1 --device cpu", 2, &["--lr is to lie between"]);
}

#[test]
fn a_warm_up_that_is_longer_than_the_run_is_said() {
    let place = Place::with_text();
    let shown = place.train("--steps 5 --warmup 100").ok();
    assert!(shown.contains("a warm-up of 100 steps is longer than the run of 5"), "{shown}");
    assert!(!place.train("--steps 5 --warmup 5").ok().contains("longer than the run"));
}

#[test]
fn the_least_rate_and_the_moments_are_options() {
    let place = Place::with_text();
    let steps = |options: &str, folder: &str| {
        let whole = format!("train --data text.txt {SMALL} --steps 12 --warmup 2 --json {options} --out {folder}");
        place.lines(&whole)
    };
    let plain = steps("", "plain");
    assert_eq!(losses(&steps("--min-lr 0 --beta1 0.9 --beta2 0.95", "same")), losses(&plain));
    let rates: Vec<f64> = steps("--min-lr 1e-3", "least").iter().map(|step| step["lr"].as_f64().unwrap()).collect();
    assert!(rates[2] == 2e-3 && rates[2..].iter().all(|rate| *rate >= 1e-3) && rates[11] < 1.1e-3, "{rates:?}");
    for (option, folder) in [("--beta1 0.5", "first"), ("--beta2 0.5", "second")] {
        assert_ne!(losses(&steps(option, folder)), losses(&plain), "{option}");
    }
    for (options, part) in [
        ("--min-lr 1", "--min-lr is to lie between 0 and --lr, 0.002, not 1"),
        ("--beta1 1", "--beta1 is to lie"),
        ("--beta2 -0.1", "--beta2 is to lie"),
    ] {
        place.train(options).refusal(options, 2, &[part]);
    }
}

/// What was saved before there was a least rate goes on as it would have.
#[test]
fn a_run_that_was_saved_without_a_least_rate_goes_on() {
    let place = Place::with_text();
    let mut parts = place.lines(&format!("train --data text.txt {SMALL} --steps 6 --stop-after 3 --out old --json"));
    let mut trainer = json(&place, "old/trainer.json");
    trainer["train"].as_object_mut().unwrap().remove("min_lr").unwrap();
    place.write("old/trainer.json", trainer.to_string());
    parts.extend(place.lines("train --resume old --device cpu --json"));
    assert_eq!(losses(&parts), losses(&place.lines(&format!("train --data text.txt {SMALL} --steps 6 --json"))));
}
