//! Model folders and zips that are damaged, mixed or foreign; nothing of them panics, nothing saved is lost.

use std::fs;
use std::path::Path;

use glasshouse::hub;

use super::{Outcome, Place, SMALL};

/// A folder with a run of some steps in `model`.
fn trained() -> Place {
    let place = Place::with_text();
    place.train("--steps 4 --out model").ok();
    place
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn damaged_files_are_named() {
    let place = trained();
    let files = ["config.json", "model.safetensors", "tokenizer.json", "trainer.json", "optimizer.safetensors"];
    for file in files {
        let whole = fs::read(place.path(&format!("model/{file}"))).unwrap();
        let damages: [(&str, Vec<u8>); 4] = [
            ("empty", Vec::new()),
            ("truncated", whole[..whole.len() * 2 / 3].to_vec()),
            ("overwritten", whole.iter().enumerate().map(|(i, b)| if i < 64 { 0xff } else { *b }).collect()),
            ("another file", b"a poem, perhaps".to_vec()),
        ];
        for (damage, bytes) in damages {
            copy(&place.path("model"), &place.path("bad"));
            place.write(&format!("bad/{file}"), bytes);
            let what = format!("{damage} {file}");
            let resumed = place.run("train --resume bad --steps 6 --device cpu");
            resumed.refusal(&what, 1, &[file]);
            if file != "optimizer.safetensors" {
                place.run("sample --model bad --device cpu").refusal(&what, 1, &[file]);
                place.run("eval --model bad --data text.txt --device cpu").refusal(&what, 1, &[file]);
            } else {
                place.ok("sample --model bad --device cpu --max-tokens 1");
            }
            fs::remove_dir_all(place.path("bad")).unwrap();
        }
        copy(&place.path("model"), &place.path("bad"));
        fs::remove_file(place.path("bad").join(file)).unwrap();
        let resumed = place.run("train --resume bad --steps 6 --device cpu");
        resumed.refusal(&format!("without {file}"), 1, &[]);
        fs::remove_dir_all(place.path("bad")).unwrap();
    }
}

#[test]
fn two_saves_do_not_mix() {
    let place = trained();
    place.train("--steps 4 --seed 5 --out other").ok();
    for file in ["model.safetensors", "optimizer.safetensors", "trainer.json", "config.json"] {
        copy(&place.path("model"), &place.path("mixed"));
        fs::copy(place.path("other").join(file), place.path("mixed").join(file)).unwrap();
        let outcome = place.run("train --resume mixed --steps 6 --device cpu");
        outcome.refusal(&format!("{file} of another save"), 1, &["restore all files of one save"]);
        fs::remove_dir_all(place.path("mixed")).unwrap();
    }
}

#[test]
fn later_formats_are_refused_with_the_version_that_is_needed() {
    let place = trained();
    let trainer = place.read("model/trainer.json").replacen("\"format\": 2", "\"format\": 7", 1);
    place.write("model/trainer.json", trainer);
    place.refuses("train --resume model --steps 6 --device cpu", 1, &["trainer.json", "format 7", "use Glasshouse"]);
}

#[test]
fn what_is_no_model_is_refused() {
    let place = trained();
    place.write("notes.zip", "no zip");
    place.write("folder/readme.txt", "no model");
    for (model, part) in [
        ("missing", "check the path"),
        ("text.txt", "expected a zip"),
        ("notes.zip", "expected a zip"),
        ("folder", "config.json"),
    ] {
        place.refuses(&format!("sample --model {model} --device cpu"), 1, &[model, part]);
        place.refuses(&format!("eval --model {model} --data text.txt --device cpu"), 1, &[model, part]);
        place.refuses(&format!("train --resume {model} --device cpu"), 1, &[model, part]);
    }
    for file in ["trainer.json", "optimizer.safetensors", "log.jsonl"] {
        fs::remove_file(place.path("model").join(file)).unwrap();
    }
    place.ok("sample --model model --max-tokens 1 --device cpu");
    place.refuses("train --resume model --device cpu", 1, &["a model alone"]);
}

/// A zip is read wherever a folder is; cut short or changed it is refused.
#[test]
fn zips_are_models_too() {
    let place = trained();
    let zip = hub::to_zip(&hub::load(place.path("model")).unwrap());
    place.write("run.zip", &zip);
    let sample = "--temperature 0 --max-tokens 8 --device cpu --json";
    let same = place.json(&format!("sample --model model {sample}"));
    assert_eq!(place.json(&format!("sample --model run.zip {sample}")), same);
    let eval = "--data text.txt --device cpu --json";
    let same = place.json(&format!("eval --model model {eval}"));
    assert_eq!(place.json(&format!("eval --model run.zip {eval}")), same);
    let mut command = place.command(&format!("sample --model - {sample}"), &[]);
    command.stdin(fs::File::open(place.path("run.zip")).unwrap());
    let piped = Outcome(command.output().unwrap()).ok();
    assert_eq!(piped, place.ok(&format!("sample --model model {sample}")), "standard input is read as a zip");
    for (i, cut) in [zip.len() / 3, zip.len() - 1, 1].into_iter().enumerate() {
        place.write("cut.zip", &zip[..cut]);
        place.run("sample --model cut.zip --device cpu").refusal(&format!("cut {i}"), 1, &["cut.zip"]);
        place.run("train --resume cut.zip --device cpu").refusal(&format!("cut {i}"), 1, &["cut.zip"]);
    }
    let mut changed = zip.clone();
    let at = zip.len() / 2;
    changed[at..at + 32].iter_mut().for_each(|byte| *byte ^= 0x55);
    place.write("changed.zip", &changed);
    place.run("train --resume changed.zip --device cpu").refusal("changed", 1, &["changed.zip"]);
    assert!(!place.path("cut").exists() && !place.path("changed").exists(), "nothing is left behind");
}

/// The page hands a run over as a zip with its text; here it goes on in a folder beside it.
#[test]
fn a_zip_goes_on_in_a_folder() {
    let place = trained();
    let mut save = hub::load(place.path("model")).unwrap();
    save.corpus = Some(vec![fs::read(place.path("text.txt")).unwrap()]);
    place.write("run.zip", hub::to_zip(&save));
    fs::remove_file(place.path("text.txt")).unwrap();
    let straight = place.lines("train --resume run.zip --steps 8 --device cpu --json");
    assert_eq!(straight.len(), 4);
    assert_eq!(place.log("run").len(), 8, "the log goes on");
    assert!(place.path("run/data.jsonl").exists(), "the text came along");
    place.ok("train --resume run --steps 9 --device cpu");
    place.refuses("train --resume run.zip --steps 8 --device cpu", 1, &["run holds a run already"]);
    place.ok("train --resume run.zip --steps 8 --out elsewhere --device cpu");
    assert_eq!(place.log("elsewhere").len(), 8);
    fs::copy(place.path("run.zip"), place.path("run2")).unwrap();
    place.refuses("train --resume run2 --steps 8 --device cpu", 2, &["run2 has no ending", "--out"]);
    place.refuses("train --resume model --steps 8 --device cpu", 1, &["text.txt", "give --data"]);
}

/// A model whose tokenizer gives ids that it has no row for.
#[test]
fn a_tokenizer_of_another_model_is_refused() {
    let place = Place::with_text();
    place.train("--steps 1 --out model").ok();
    let large = SMALL.replace("--vocab-size 300", "--vocab-size 320");
    place.ok(&format!("train --data text.txt {large} --steps 1 --out large"));
    fs::remove_file(place.path("model/trainer.json")).unwrap();
    fs::copy(place.path("large/tokenizer.json"), place.path("model/tokenizer.json")).unwrap();
    let outcome: Outcome = place.run("eval --model model --data text.txt --device cpu");
    outcome.refusal("eval", 1, &["not of one model"]);
}
