//! Options out of a file, names that stand for each other, names from elsewhere, threads.

use super::{Place, SMALL, losses};

#[test]
fn a_file_of_options_is_the_command_line_in_other_words() {
    let place = Place::with_text();
    place.write(
        "run.toml",
        "# A small run.\ndata = [\"text.txt\"]\nlayers = 1\nheads = 2\nchannels = 16\ncontext = 16\nbatch = 4\n\
         vocab-size = 300\ndevice = \"cpu\"\nsteps = 1_0\nlr = 1e-3\nschedule = \"linear\"\njson = true\nthreads = 2\n",
    );
    let typed = format!("train --data text.txt {SMALL} --steps 10 --lr 1e-3 --schedule linear --json");
    let want = losses(&place.lines(&typed));
    assert_eq!(losses(&place.lines("train --config run.toml")), want);
    assert_eq!(losses(&place.lines("train --config run.toml --steps 10 --stop-after 4")), want[..4]);
    let other = place.lines("train --steps 3 --config run.toml --lr 2e-3");
    assert_eq!((other.len(), &other[0]["lr"]), (3, &1e-4.into()), "the command line wins");
    // A text was typed, so the file's does not count.
    place.write("zh.toml", "corpus = 'zh'\nsteps = 1\njson = false\n");
    assert!(place.ok(&format!("train --config zh.toml --data text.txt {SMALL}")).contains("text.txt: 1 document"));
    place.write("init.toml", "init = 'nowhere'\n");
    place.refuses("train --config init.toml --resume missing", 1, &["missing"]);
}

#[test]
fn what_a_file_of_options_cannot_say_is_refused() {
    let place = Place::with_text();
    for (text, code, parts) in [
        ("leyers = 1", 2, &["run.toml", "no option `leyers`", "`layers`"][..]),
        ("eval_every = 1", 2, &["`eval_every`", "`eval-every`"]),
        ("learning_rate = 1e-3", 2, &["`learning_rate`", "`lr`"]),
        ("block_size = 8", 2, &["`context`"]),
        ("config = 'run.toml'", 2, &["no option `config`"]),
        ("lr = true", 2, &["`lr`: expected a number or a string, found boolean"]),
        ("lr = [1, 2]", 2, &["`lr`", "found array"]),
        ("json = 1", 2, &["`json`: expected true or false, found integer"]),
        ("[train]\nlr = 1", 2, &["no option `train`"]),
        ("lr = { a = 1 }", 2, &["`lr`", "found table"]),
        ("data = [1979-05-27]", 2, &["`data`", "found datetime"]),
        ("lr = 'much'", 2, &["run.toml: ", "'much'", "--lr"]),
        ("steps = -1", 2, &["run.toml: ", "--steps"]),
        ("steps = 1\nlr = \nseed = 2", 1, &["run.toml, line 2: expected TOML"]),
        ("steps = 1\nsteps = 2", 1, &["run.toml, line 2", "duplicate"]),
        ("corpus = 'en'\ndata = 'text.txt'", 2, &["run.toml: ", "cannot be used with"]),
        ("a poem", 1, &["run.toml, line 1: expected TOML"]),
    ] {
        place.write("run.toml", text);
        place.run("train --config run.toml --device cpu").refusal(text, code, parts);
    }
    place.write("run.toml", b"lr = '\xff'");
    place.refuses("train --config run.toml", 1, &["run.toml: expected TOML in UTF-8"]);
    place.refuses("train --config missing.toml", 1, &["missing.toml"]);
}

#[test]
fn data_and_input_stand_for_each_other() {
    let place = Place::with_text();
    place.ok(&format!("train --input text.txt {SMALL} --steps 1 --out model"));
    let eval = |name: &str| place.json(&format!("eval --model model {name} text.txt --device cpu --json"));
    assert_eq!(eval("--input"), eval("--data"));
    place.ok("tokenizer train --data text.txt --vocab-size 300 --out t.json");
    let encode = |name: &str| place.ok(&format!("tokenizer encode --tokenizer t.json {name} text.txt"));
    assert_eq!(encode("--data"), encode("--input"));
    place.write("a.jsonl", "{\"text\": \"one\"}\n");
    place.ok("corpus run --data a.jsonl --out clean");
}

#[test]
fn a_name_from_elsewhere_gets_a_tip() {
    let place = Place::new();
    for (command, given, ours) in [
        ("train", "--batch-size 4", "--batch"),
        ("--threads 2 train", "--batch-size 4", "--batch"),
        ("train", "--batch_size=4", "--batch"),
        ("train", "--grad-clip 1", "--clip"),
        ("train", "--max_grad_norm 1", "--clip"),
        ("train", "--max-steps 5", "--steps"),
        ("train", "--max_iters=5", "--steps"),
        ("train", "--ctx 64", "--context"),
        ("train", "--block_size 64", "--context"),
        ("train", "--max-seq-len 64", "--context"),
        ("train", "--n_layer 6", "--layers"),
        ("train", "--learning_rate 1e-3", "--lr"),
        ("train", "--gradient_accumulation_steps 8", "--accumulate"),
        ("train", "--warmup_iters 8", "--warmup"),
        ("train", "--init_from gpt2", "--init"),
        ("train", "--out_dir x", "--out"),
        ("train", "--eval_interval 9", "--eval-every"),
        ("train", "--dataset x", "--data"),
        ("sample", "--max_new_tokens 9", "--max-tokens"),
        ("sample", "--checkpoint x", "--model"),
        ("sample --model x", "--top_k 9", "--top-k"),
        ("eval --model x", "--dataset x", "--data"),
        ("tokenizer train", "--dataset x", "--input"),
        ("tokenizer train", "--n-vocab 9", "--vocab-size"),
    ] {
        let outcome = place.run(&format!("{command} {given}"));
        let stderr = outcome.stderr();
        assert_eq!(outcome.0.status.code(), Some(2), "{command} {given}: {stderr}");
        assert!(stderr.contains(&format!("'{ours}'")), "{command} {given}: {stderr}");
    }
}

#[test]
fn threads_are_chosen_and_change_no_bit() {
    let place = Place::with_text();
    let steps = |threads: usize| {
        let shown = place.run(&format!("train --data text.txt {SMALL} --steps 4 --json --threads {threads}"));
        let printed = shown.ok();
        let steps: Vec<_> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (losses(&steps), shown.stderr())
    };
    let (one, told) = steps(1);
    assert!(told.contains("CPU, 1 thread"), "{told}");
    let (three, told) = steps(3);
    assert!(told.contains("CPU, 3 threads"), "{told}");
    assert_eq!(one, three);
    assert_eq!(place.json("doctor --json --threads 3")["cpu"]["threads"], 3);
    for threads in ["0", "-1", "many", "100000"] {
        place.refuses(&format!("train --threads {threads}"), 2, &["--threads"]);
    }
}
