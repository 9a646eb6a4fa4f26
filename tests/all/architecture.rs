//! The invariants of the house, read off its files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` with one of these endings, with their text.
fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    fn walk(folder: &Path, endings: &[&str], into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            let named = |name: &str| path.file_name().is_some_and(|found| found == name);
            if path.is_dir() && !named("node_modules") {
                walk(&path, endings, into);
            } else if path.extension().is_some_and(|found| endings.iter().any(|ending| found == *ending)) {
                into.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&root().join(folder), endings, &mut paths);
    paths.sort();
    assert!(!paths.is_empty(), "{folder} has files");
    let name = |path: &Path| path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
    paths.into_iter().map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

/// The code of a Rust file: no comments, and nothing from its unit tests on.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Panics with every file of src/ in which `word` stands and may not.
fn only_in(word: &str, allowed: &[&str]) {
    let found: Vec<String> = files("src", &["rs"])
        .into_iter()
        .filter(|(name, text)| code(text).contains(word) && !allowed.iter().any(|place| name.starts_with(place)))
        .map(|(name, _)| name)
        .collect();
    assert!(found.is_empty(), "`{word}` may stand in {allowed:?} only, and stands in {found:?}");
}

#[test]
fn wgpu_is_named_in_one_place() {
    only_in("wgpu::", &["src/device/gpu"]);
}

#[test]
fn javascript_is_named_in_one_place() {
    for word in ["JsValue", "JsError", "js_sys", "web_sys"] {
        only_in(word, &["src/web"]);
    }
}

#[test]
fn the_target_is_asked_for_where_it_matters() {
    only_in("target_arch", &["src/device/", "src/parallel.rs", "src/web", "src/lib.rs", "src/main.rs"]);
}

#[test]
fn every_op_has_its_four_places() {
    let stems = |folder: &str, ending: &str| -> BTreeSet<String> {
        let files = files(folder, &[ending]).into_iter().map(|(name, _)| name);
        files.map(|name| Path::new(&name).file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let shaders: BTreeSet<String> = stems("shaders", "wgsl").into_iter().filter(|name| name != "common").collect();
    let ops: BTreeSet<String> =
        stems("src/ops", "rs").into_iter().filter(|name| !["mod", "cpu"].contains(&&**name)).collect();
    assert_eq!(shaders, ops, "each shader has its op and each op its shader");
    let module = std::fs::read_to_string(root().join("src/ops/mod.rs")).unwrap();
    let tests: String = files("tests", &["rs"]).into_iter().map(|(_, text)| text).collect();
    for op in &ops {
        assert!(module.contains(&format!("{op}::OP")), "ops::OPS lists {op}");
        assert!(tests.contains(&format!("fn {op}(")), "a test is called {op}");
    }
}

#[test]
fn the_library_never_prints_and_reads_files_in_its_places_only() {
    for word in ["println!", "eprintln!", "print!(", "eprint!(", "dbg!", "process::exit"] {
        only_in(word, &["src/cli/", "src/main.rs"]);
    }
    for word in ["std::fs", "File::", "OpenOptions"] {
        only_in(word, &["src/cli/", "src/main.rs", "src/hub/", "src/files.rs", "src/corpus/minhash/sorted_runs.rs"]);
    }
}

/// Standard output and standard error may be closed at any time, and std's macros panic then: the command line writes through
/// `cli/output.rs`.
#[test]
fn the_command_line_writes_where_a_closed_stream_is_expected() {
    for word in ["println!", "print!(", "eprint!("] {
        only_in(word, &[]);
    }
}

/// The script that makes this file, where its first line names one: a table that nobody writes, and as long as it must be.
fn made_by(text: &str) -> Option<&str> {
    let rest = text.lines().next()?.split_once("Made by ")?.1;
    rest.split([':', ' ']).next().filter(|script| script.starts_with("scripts/"))
}

/// The limit holds for code. Catalogues and data are JSON or text, which is not looked at; a generated table says in its
/// first line which script makes it.
#[test]
fn no_file_of_code_is_too_long_to_read() {
    for (folder, endings) in [
        ("src", &["rs"][..]),
        ("shaders", &["wgsl"]),
        ("www", &["js", "mjs", "css", "html"]),
        ("tests", &["rs", "py", "mjs", "js"]),
    ] {
        for (name, text) in files(folder, endings) {
            if let Some(script) = made_by(&text) {
                assert!(root().join(script).is_file(), "{name} is made by {script}, which is not there");
                continue;
            }
            let lines = text.lines().count();
            assert!(
                lines <= 500,
                "{name} has {lines} lines, and a file of code may have 500: it does two jobs. Cut it between them, name \
                 the two files after them, and both jobs in the message of the commit"
            );
        }
    }
}

#[test]
fn a_generated_table_names_its_script() {
    assert_eq!(
        made_by("//! Words. Made by scripts/make_words.py: change that, not this.\n"),
        Some("scripts/make_words.py")
    );
    assert_eq!(made_by("//! Words.\n//! Made by scripts/make_words.py.\n"), None);
    assert_eq!(made_by("//! Made by hand.\n"), None);
}

#[test]
fn the_page_draws_no_lots_and_asks_nobody_else() {
    for (name, text) in files("www", &["js", "html", "css"]) {
        assert!(!text.contains("Math.random"), "{name} draws a random number");
        let foreign = text.split(['"', '\'', '(', ' ']).find(|word| {
            (word.starts_with("http://") || word.starts_with("https://")) && !word.starts_with("http://www.w3.org/")
        });
        assert_eq!(foreign, None, "{name} names another origin");
    }
}

/// The first names of all paths from the root of the library, also of those in groups.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let name =
        |text: &str| -> String { text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let mut found = BTreeSet::new();
    for rest in ["crate::", "glasshouse::"].into_iter().flat_map(|root| code.split(root).skip(1)) {
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(name(rest));
            continue;
        };
        let (mut depth, mut start) = (0, 0);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                '}' | ',' if depth == 0 => {
                    found.insert(name(&group[start..at]));
                    start = at + 1;
                }
                _ => {}
            }
            if c == '}' && start == at + 1 {
                break;
            }
        }
    }
    found
}

#[test]
fn rooms_are_read_off_groups_too() {
    let code = "use crate::{Error, data::{Batch, Windows}, train::X};\nuse crate::hub::Save; crate::web(1)";
    let found: Vec<String> = rooms_named(code).into_iter().collect();
    assert_eq!(found, ["Error", "data", "hub", "train", "web"]);
    assert_eq!(
        rooms_named("use glasshouse::{Result, ops::{self}};"),
        BTreeSet::from(["Result", "ops"].map(String::from))
    );
}

/// The rooms of src/ from the ground up, each with the rooms below it that it must not know either: none knows one above.
/// docs/ARCHITECTURE.md says why.
const ROOMS: [(&str, &[&str]); 24] = [
    ("error", &[]),
    ("files", &[]),
    ("numerals", &["files"]),
    ("reading", &["files", "numerals"]),
    ("random", &["reading"]),
    ("parallel", &["reading", "random"]),
    ("unicode", &["reading", "random", "parallel"]),
    ("corpus", &["random", "parallel"]),
    ("stream", &["reading", "random", "parallel", "unicode", "corpus"]),
    ("tokenizer", &["reading", "random", "corpus", "stream"]),
    ("data", &["parallel", "unicode", "corpus", "stream", "tokenizer"]),
    ("device", &["reading", "random", "unicode", "corpus", "stream", "tokenizer", "data"]),
    ("tape", &["reading", "random", "parallel", "unicode", "corpus", "stream", "tokenizer", "data"]),
    ("ops", &["reading", "random", "unicode", "corpus", "stream", "tokenizer", "data"]),
    ("sampling", &["reading", "parallel", "unicode", "corpus", "stream", "tokenizer", "data", "device", "tape", "ops"]),
    ("model", &["reading", "parallel", "unicode", "corpus", "stream", "tokenizer", "data"]),
    ("train", &["reading", "random", "parallel", "unicode", "corpus", "stream", "tokenizer", "sampling"]),
    ("generate", &["reading", "random", "parallel", "unicode", "corpus", "stream", "data", "train"]),
    ("hub", &["random", "parallel", "unicode", "stream", "tokenizer", "device", "tape", "ops", "sampling", "generate"]),
    ("engine", &["parallel", "unicode", "corpus", "stream", "tape", "ops"]),
    ("lib", &[]),
    ("web", &["random", "unicode", "tape", "ops"]),
    ("cli", &["unicode", "stream", "web"]),
    (
        "main",
        &["random", "unicode", "corpus", "stream", "tokenizer", "data", "device", "tape", "ops", "sampling", "model"],
    ),
];

/// Which of these files of src/ stand in a room that [`ROOMS`] does not name, or know what their room must not know.
fn strayed(files: &[(String, String)]) -> Vec<String> {
    let mut strayed = Vec::new();
    for (name, text) in files {
        let path = name.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")).expect("a file of src/");
        let path = path.strip_suffix("/mod").unwrap_or(path);
        let room = path.split('/').next().unwrap();
        let Some(floor) = ROOMS.iter().position(|(known, _)| *known == room) else {
            strayed.push(format!(
                "{name} stands in the room {room}, which ROOMS does not name: say what it must not know"
            ));
            continue;
        };
        let code = code(text);
        for found in rooms_named(&code) {
            if ROOMS[floor].1.contains(&&*found) || ROOMS[floor + 1..].iter().any(|(above, _)| *above == found) {
                strayed.push(format!("{name} names {found}, which {room} must not know"));
            }
        }
        if code.contains(&"super::".repeat(path.split('/').count())) {
            strayed.push(format!("{name} leaves its room by `super`: name the other one from `crate`"));
        }
    }
    strayed
}

#[test]
fn rooms_only_look_down() {
    let files = files("src", &["rs"]);
    let strayed = strayed(&files);
    assert!(strayed.is_empty(), "{}", strayed.join("\n"));
    for (room, _) in ROOMS {
        let file = format!("src/{room}.rs");
        let has = |(name, _): &(String, String)| *name == file || name.starts_with(&format!("src/{room}/"));
        assert!(files.iter().any(has), "ROOMS names {room}, and src/ has no such room");
    }
}

#[test]
fn a_room_that_is_not_named_or_looks_up_is_found() {
    let strayed = |name: &str, text: &str| strayed(&[(name.to_owned(), text.to_owned())]).len();
    assert_eq!(strayed("src/align/reward.rs", ""), 1, "a room that is not named");
    assert_eq!(strayed("src/align.rs", ""), 1, "a room of one file");
    assert_eq!(strayed("src/model/mod.rs", "use crate::{device::Device, train::Trainer};"), 1, "a room above");
    assert_eq!(strayed("src/tokenizer/bpe.rs", "use crate::corpus::Document;"), 1, "one below that it must not know");
    assert_eq!(strayed("src/tokenizer/mod.rs", "use super::hub;"), 1, "by way of the root");
    assert_eq!(strayed("src/cli/bench/step.rs", "use super::super::output;"), 0, "within a room");
    assert_eq!(
        strayed("src/hub/folder.rs", "use crate::model;\n#[cfg(test)]\nuse crate::engine;"),
        0,
        "a unit test may"
    );
}

/// The rooms of www/ and the files that stand in none, and what each may import beside itself. What is built into the page,
/// `glasshouse.js` and `vendor`, lies below all of them.
const PAGE: [(&str, &[&str]); 15] = [
    ("words", &[]),
    ("figure", &["words"]),
    ("engine", &["words", "figure", "glasshouse.js"]),
    ("worker", &["engine"]),
    ("shell", &["words", "figure", "engine"]),
    ("stages/data", &["words", "figure", "engine", "shell"]),
    ("stages/tokenizer", &["words", "figure", "engine", "shell"]),
    ("stages/train", &["words", "figure", "engine", "shell", "vendor"]),
    ("stages/inspect", &["words", "figure", "engine", "shell"]),
    ("stages/generate", &["words", "figure", "engine", "shell"]),
    (
        "main.js",
        &[
            "words",
            "figure",
            "engine",
            "shell",
            "stages/data",
            "stages/tokenizer",
            "stages/train",
            "stages/inspect",
            "stages/generate",
        ],
    ),
    ("worker.js", &["worker", "engine", "glasshouse.js"]),
    ("index.html", &[]),
    ("theme.js", &[]),
    ("icon.svg", &[]),
];

/// The room of a path below www/: its folder, or the file itself where it lies in none.
fn page_room(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(folder, _)| folder)
}

/// The modules that a script imports, also those that it imports for their types alone, as it writes them.
fn modules_imported(script: &str) -> Vec<&str> {
    let ways = ["from '", "import '", "import('"];
    let found = ways.iter().flat_map(|way| script.split(way).skip(1)).filter_map(|rest| rest.split('\'').next());
    found.filter(|module| module.starts_with('.')).collect()
}

/// Whether `script`, a path below www/, may import `module`.
fn page_allows(script: &str, module: &str) -> bool {
    let mut place: Vec<&str> = script.split('/').collect();
    place.pop();
    for part in module.split('/').filter(|part| *part != ".") {
        match part {
            ".." => drop(place.pop()),
            name => place.push(name),
        }
    }
    let target = place.join("/");
    let (from, into) = (page_room(script), page_room(&target));
    PAGE.iter().any(|(room, known)| *room == from && (from == into || known.contains(&into)))
}

#[test]
fn an_import_that_looks_up_in_the_page_is_found() {
    let script =
        "import { a } from './a.js';\nimport '../b.js';\n/** @type {import('../../c.js').C} */ import d from 'd';";
    assert_eq!(modules_imported(script), ["./a.js", "../b.js", "../../c.js"]);
    for (script, module) in [
        ("stages/inspect/arcs.js", "./heads.js"),
        ("stages/inspect/arcs.js", "../../shell/settings.js"),
        ("stages/train/chart.js", "../../vendor/uplot.js"),
        ("engine/sampling.js", "../glasshouse.js"),
        ("worker.js", "./worker/storage.js"),
        ("main.js", "./stages/data/documents.js"),
    ] {
        assert!(page_allows(script, module), "{script} may import {module}");
    }
    for (script, module) in [
        ("stages/inspect/arcs.js", "../train/log.js"),
        ("stages/inspect/arcs.js", "../../glasshouse.js"),
        ("shell/settings.js", "../stages/train/log.js"),
        ("shell/settings.js", "../worker/stop-conditions.js"),
        ("engine/recorded.js", "../shell/settings.js"),
        ("figure/caption.js", "../engine/history.js"),
        ("figure/caption.js", "../main.js"),
        ("words/language.js", "../figure/caption.js"),
        ("worker/storage.js", "../words/language.js"),
        ("worker.js", "./shell/settings.js"),
        ("main.js", "./worker/storage.js"),
        ("main.js", "./attic/chest.js"),
        ("attic/chest.js", "./lid.js"),
        ("stages/chest.js", "../words/language.js"),
    ] {
        assert!(!page_allows(script, module), "{script} may not import {module}");
    }
}

/// Stages know shell, engine, figure and words, in this order and never back, and no stage another.
#[test]
fn page_rooms_only_look_down() {
    for (name, text) in files("www", &["js", "css", "html", "json", "svg"]) {
        let path = name.strip_prefix("www/").unwrap();
        assert!(PAGE.iter().any(|(room, _)| *room == page_room(path)), "{name} lies in a room that PAGE does not name");
        let modules = if path.ends_with(".js") { modules_imported(&text) } else { Vec::new() };
        for module in modules {
            assert!(page_allows(path, module), "{name} imports {module}, which stands above its room or beside it");
        }
    }
}

/// The module of the engine that a file belongs to: its folder, or its own name.
fn engine_module(name: &str) -> &str {
    let inside = name.strip_prefix("src/engine/").unwrap();
    inside.split_once('/').map_or_else(|| inside.strip_suffix(".rs").unwrap(), |(folder, _)| folder)
}

/// In the engine knowledge goes one way, and what travels knows nothing of what it drives.
#[test]
fn the_engine_has_no_circle() {
    let files = files("src/engine", &["rs"]);
    let modules: BTreeSet<&str> = files.iter().map(|(name, _)| engine_module(name)).collect();
    let known = |module: &&str| -> BTreeSet<&str> {
        let own = files.iter().filter(|(name, _)| engine_module(name) == *module);
        let code: String = own.map(|(_, text)| code(text)).collect();
        assert!(!code.contains("engine::{"), "{module}: one path a module is what is read here");
        let names = |other: &str| {
            ["super", "engine"]
                .iter()
                .any(|from| code.contains(&format!("{from}::{other}::")) || code.contains(&format!("{from}::{other};")))
        };
        modules.iter().copied().filter(|other| other != module && names(other)).collect()
    };
    assert_eq!(known(&"protocol"), BTreeSet::new(), "the protocol is plain data");
    // The engine itself, mod.rs, knows all of them.
    let mut left: BTreeSet<&str> = modules.iter().copied().filter(|module| *module != "mod").collect();
    while !left.is_empty() {
        let (circle, free): (BTreeSet<&str>, BTreeSet<&str>) =
            left.iter().copied().partition(|module| known(module).iter().any(|other| left.contains(other)));
        assert!(!free.is_empty(), "these know each other: {circle:?}");
        left = circle;
    }
}

/// A type has its methods in the file of its name, or below it.
#[test]
fn a_run_has_its_methods_in_one_file() {
    only_in("impl Run {", &["src/engine/run.rs"]);
}

#[test]
fn every_file_says_what_it_is() {
    for (name, text) in files("src", &["rs"]).into_iter().chain(files("tests", &["rs"])) {
        assert!(text.starts_with("//!"), "{name} begins with a line that says what it is");
    }
    for (name, text) in files("shaders", &["wgsl"]) {
        assert!(text.starts_with("//"), "{name} begins with its formula");
    }
}
