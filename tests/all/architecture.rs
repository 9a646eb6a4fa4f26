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
        only_in(word, &["src/web", "src/device/gpu"]);
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
        only_in(word, &["src/cli/", "src/main.rs", "src/hub/", "src/corpus/minhash/runs.rs"]);
    }
}

/// Of code: a catalogue of words, data and tables that are generated may be as long as they are.
#[test]
fn no_file_is_too_long_to_read() {
    for (folder, endings) in [
        ("src", &["rs"][..]),
        ("shaders", &["wgsl"]),
        ("www", &["js", "mjs", "css", "html"]),
        ("tests", &["rs", "py", "mjs", "js"]),
    ] {
        for (name, text) in files(folder, endings) {
            assert!(text.lines().count() <= 500, "{name} has {} lines, and 500 are allowed", text.lines().count());
        }
    }
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

/// The first names of all paths from `crate`, also of those in groups.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let name =
        |text: &str| -> String { text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
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
}

/// What a room may not know of: those that come after it.
#[test]
fn rooms_only_look_down() {
    let above: [(&str, &[&str]); 7] = [
        ("src/device", &["ops", "tape", "model", "train", "generate", "hub", "engine", "web", "cli"]),
        ("src/ops", &["model", "train", "generate", "hub", "engine", "web", "cli"]),
        ("src/tape.rs", &["ops", "model", "train", "generate", "hub", "engine", "web", "cli"]),
        ("src/model", &["train", "generate", "hub", "engine", "web", "cli"]),
        ("src/sampling.rs", &["device", "ops", "tape", "model", "train", "generate", "hub", "engine", "web", "cli"]),
        ("src/train", &["generate", "hub", "engine", "web", "cli"]),
        ("src/tokenizer", &["ops", "tape", "model", "train", "generate", "hub", "engine", "web", "cli"]),
    ];
    for (room, unknown) in above {
        for (name, text) in files("src", &["rs"]).into_iter().filter(|(name, _)| name.starts_with(room)) {
            for found in rooms_named(&code(&text)) {
                assert!(!unknown.contains(&&*found), "{name} names crate::{found}, which stands above it");
            }
        }
    }
}

/// The rooms of www/ and the files that stand in none, and what each may import beside itself. What is built into the page,
/// `glasshouse.js` and `vendor`, lies below all of them.
const PAGE: [(&str, &[&str]); 16] = [
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
            "told.js",
        ],
    ),
    (
        "told.js",
        &[
            "words",
            "shell",
            "stages/data",
            "stages/tokenizer",
            "stages/train",
            "stages/inspect",
            "stages/generate",
            "engine",
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
