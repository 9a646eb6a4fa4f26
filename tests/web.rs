//! What the native tests check, in a real browser: in Chromium on WebGPU and on the wasm CPU device, in Firefox on the
//! latter. `scripts/test.sh web_chrome web_firefox` runs them.
#![cfg(target_arch = "wasm32")]

mod common;

#[path = "all/engine.rs"]
mod engine;
#[path = "all/tokenizer/bpe.rs"]
mod tokenizer;

use common::{adapter, cases, curve, generation, golden, probe, trace};
use glasshouse::device::{Device, adapters};
use glasshouse::web::{Merges, Session, TokenizerView};
use js_sys::{Array, Object, Reflect, Uint8Array, Uint32Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Firefox has no WebGPU on the machines that test; every other browser must have an adapter.
fn expects_adapter() -> bool {
    !get(&get(&js_sys::global(), "navigator"), "userAgent").as_string().expect("a browser").contains("Firefox")
}

/// The devices of this browser, with their names.
async fn devices() -> Vec<(&'static str, Device)> {
    let mut devices = vec![("wasm cpu", Device::cpu())];
    if expects_adapter() {
        devices.push(("webgpu", adapter().await));
    }
    devices
}

macro_rules! test {
    ($op:ident) => {
        #[wasm_bindgen_test]
        async fn $op() {
            cases::$op(&devices().await).await;
        }
    };
}

every_op!(test);

#[wasm_bindgen_test]
async fn pytorch() {
    for name in golden::FOLDERS {
        golden::agrees(&Device::oracle(), name, 1e-9).await;
        for (_, device) in devices().await {
            golden::agrees(&device, name, 1e-4).await;
        }
    }
}

#[wasm_bindgen_test]
async fn evaluation() {
    golden::evaluation().await;
}

#[wasm_bindgen_test]
async fn greedy_generation() {
    for (_, device) in devices().await {
        golden::greedy_generation(&device).await;
    }
}

#[wasm_bindgen_test]
async fn generation_by_chunks_is_the_naive_one() {
    for (_, device) in devices().await {
        generation::prefill(&device).await;
    }
}

#[wasm_bindgen_test]
async fn draws_and_distributions() {
    generation::draws().await;
    generation::distributions();
    generation::distributions_hold();
}

#[wasm_bindgen_test]
async fn a_probe_is_the_forward_pass() {
    probe::probe_is_the_forward_pass(&devices().await).await;
    probe::heads_are_switched_off(&devices().await).await;
    probe::probing_in_slices(&devices().await).await;
}

#[wasm_bindgen_test]
async fn every_stop_is_its_formula() {
    trace::stops_are_their_formulas(&devices().await).await;
    trace::tracing_in_slices(&devices().await).await;
}

#[wasm_bindgen_test]
async fn what_is_shown_is_what_is_drawn() {
    for (_, device) in devices().await {
        probe::distributions_are_those_of_generation(&device).await;
    }
}

#[wasm_bindgen_test]
async fn a_hundred_steps_on_the_cpu_are_those_of_the_native_cpu() {
    let losses = curve::losses(&Device::cpu(), 100).await;
    curve::agrees("wasm cpu", &losses);
    assert!(losses[99] < losses[0] - 1.0, "{} then {}", losses[0], losses[99]);
}

#[wasm_bindgen_test]
async fn fifty_steps_on_the_adapter_are_those_of_the_native_cpu() {
    if expects_adapter() {
        let losses = curve::losses(&adapter().await, 50).await;
        curve::agrees("webgpu", &losses);
        assert!(losses[49] < losses[0] - 0.5, "{} then {}", losses[0], losses[49]);
    } else {
        assert!(adapters().await.is_empty(), "this browser has an adapter: test it as well");
    }
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).expect("an object")
}

fn object(properties: &[(&str, JsValue)]) -> JsValue {
    let object = JsValue::from(Object::new());
    for (name, value) in properties {
        Reflect::set(&object, &(*name).into(), value).expect("a new object");
    }
    object
}

fn command(name: &str) -> JsValue {
    object(&[("command", name.into())])
}

/// A user's file.
fn file(name: &str, bytes: &[u8]) -> JsValue {
    object(&[("name", name.into()), ("bytes", Uint8Array::from(bytes).into())])
}

/// What the page would throw.
fn refusal<T>(result: Result<T, wasm_bindgen::JsError>) -> String {
    let Err(error) = result else { panic!("expected a refusal") };
    get(&JsValue::from(error), "message").as_string().expect("an error has a message")
}

/// The text of a small run; the last line holds a character of four bytes.
fn own_text() -> Array {
    let text = format!("{}<script>alert(1)</script> 🏠\n", "The glass house stands in the sun. ".repeat(60));
    [file("house.txt", text.as_bytes()), file("more.jsonl", b"{\"text\": \"Another document.\"}\n")].iter().collect()
}

fn settings(steps: u32) -> JsValue {
    let numbers = [("layers", 1), ("heads", 2), ("channels", 16), ("context", 16), ("vocab_size", 270), ("batch", 2)];
    let settings = object(&numbers.map(|(name, value)| (name, JsValue::from(value))));
    for (name, value) in [("steps", steps), ("sample_every", 4), ("eval_every", 4), ("save_every", 0)] {
        Reflect::set(&settings, &name.into(), &value.into()).expect("an object");
    }
    settings
}

/// Ticks until nothing is left to do, and lets the device work in between.
async fn drive(session: &mut Session) -> Vec<JsValue> {
    let mut events: Vec<JsValue> = session.tick().iter().collect();
    while session.busy() {
        events.extend(session.tick().iter());
        wasm_bindgen_futures::JsFuture::from(js_sys::Promise::resolve(&JsValue::NULL)).await.expect("resolves");
    }
    events
}

fn named(events: &[JsValue], name: &str) -> Vec<JsValue> {
    events.iter().filter(|event| get(event, "event") == name).cloned().collect()
}

fn losses(events: &[JsValue]) -> Vec<f64> {
    named(events, "step").iter().map(|step| get(step, "loss").as_f64().expect("a number")).collect()
}

async fn session() -> Session {
    Session::open("cpu".into()).await.unwrap_or_else(|_| panic!("the CPU can always be opened"))
}

/// A run of eight steps on one's own text: what it told.
async fn train(session: &mut Session, steps: u32) -> Vec<JsValue> {
    session.set_own_text(&own_text()).unwrap_or_else(|_| panic!("it is text"));
    session.train(settings(steps)).unwrap_or_else(|_| panic!("the settings are good"));
    drive(session).await
}

#[wasm_bindgen_test]
async fn a_session_trains_and_goes_on_from_its_own_zip() {
    let mut first = session().await;
    let whole = train(&mut first, 8).await;
    assert_eq!(losses(&whole).len(), 8);
    assert_eq!(named(&whole, "sample").len(), 2);
    let ready = &named(&whole, "ready")[0];
    let uniform = get(ready, "uniform_loss").as_f64().expect("a number");
    assert!((uniform - 270f64.ln()).abs() < 1e-12, "{uniform}");
    let last = named(&whole, "step").pop().expect("eight steps");
    assert_eq!(get(&last, "seconds_left"), 0);
    assert!(get(&last, "validation_loss").as_f64().is_some());

    // Stopped after four steps, packed, and opened by another session.
    let mut second = session().await;
    second.set_own_text(&own_text()).unwrap_or_else(|_| panic!("it is text"));
    second.train(settings(8)).unwrap_or_else(|_| panic!("the settings are good"));
    second.send(command("pause")).unwrap_or_else(|_| panic!("a pause"));
    let mut events = drive(&mut second).await;
    for _ in 0..4 {
        second.send(command("step")).unwrap_or_else(|_| panic!("a step"));
        events.extend(drive(&mut second).await);
    }
    second.request_archive().unwrap_or_else(|_| panic!("there is a run"));
    let archive = named(&drive(&mut second).await, "archive").pop().expect("an archive");
    assert_eq!(get(&archive, "name").as_string().unwrap(), "glasshouse-tiny-4.zip");
    let zip = Uint8Array::new(&get(&archive, "bytes")).to_vec();

    let mut third = session().await;
    assert_eq!(third.open_run(&zip).unwrap_or_else(|_| panic!("a zip of ours")), None);
    third.resume().unwrap_or_else(|_| panic!("a run"));
    let opened = drive(&mut third).await;
    let ready = &named(&opened, "ready")[0];
    assert_eq!(get(ready, "step"), 4);
    assert_eq!(Array::from(&get(ready, "history")).length(), 4);
    third.send(command("run")).unwrap_or_else(|_| panic!("a paused run"));
    let rest = drive(&mut third).await;
    assert_eq!([losses(&events), losses(&rest)].concat(), losses(&whole));

    // A finished run is extended, and what was told of it stays.
    third.extend(10.0).unwrap_or_else(|_| panic!("a finished run"));
    let extended = drive(&mut third).await;
    assert_eq!(losses(&extended).len(), 2);
    assert_eq!(Array::from(&get(&named(&extended, "ready")[0], "history")).length(), 8);
}

#[wasm_bindgen_test]
async fn a_device_that_was_lost_is_opened_again() {
    let mut session = session().await;
    let whole = losses(&train(&mut session, 8).await);
    // From the save at the end, and, where there is none yet, from the beginning.
    session.recover(true).await.unwrap_or_else(|_| panic!("the CPU can always be opened"));
    let events = drive(&mut session).await;
    assert_eq!(get(&named(&events, "ready")[0], "step"), 8);
    session.train(settings(8)).unwrap_or_else(|_| panic!("the text is still there"));
    session.recover(true).await.unwrap_or_else(|_| panic!("the CPU can always be opened"));
    assert_eq!(losses(&drive(&mut session).await), whole);
}

#[wasm_bindgen_test]
async fn what_cannot_be_is_refused_in_a_sentence() {
    let mut session = session().await;
    let none = refusal(session.set_own_text(&Array::new()));
    assert!(none.contains("there is no text yet"), "{none}");
    let binary = refusal(session.set_own_text(&[file("a.txt", b"text\0")].iter().collect()));
    assert!(binary.contains("a.txt: expected text, found a zero byte at 4"), "{binary}");
    let lines = refusal(session.set_own_text(&[file("a.jsonl", b"{\"text\": 1}")].iter().collect()));
    assert!(lines.contains("a.jsonl, line 1"), "{lines}");
    assert!(refusal(session.open_run(b"PK no zip")).contains("zip"));
    assert!(refusal(session.send(command("fly"))).contains("fly"));
    assert!(refusal(session.send(command("save"))).contains("train first"));
    assert!(refusal(session.set_corpus("en", &[0x1f, 0x8b, 8, 0])).contains("gzip"));
    let described = session.describe(object(&[("heads", 3.into())]), "en");
    assert!(get(&described, "refused").as_string().unwrap().contains("3 heads do not divide 128 channels"));
    let described = session.describe(object(&[("batch", 20_000.into())]), "en");
    assert!(get(&described, "refused").as_string().unwrap().contains("would fit"));
    let described = session.describe(object(&[("no_such", 1.into())]), "en");
    assert!(get(&described, "refused").as_string().unwrap().contains("no_such"));
    assert_eq!(get(&session.describe(Object::new().into(), "en"), "parameters"), 932_608);
    let other = refusal(Session::open("tpu".into()).await);
    assert!(other.contains("take auto, cpu or gpu"), "{other}");
}

#[wasm_bindgen_test]
async fn the_device_says_why_it_is_this_one() {
    let reason = |session: &Session| get(&session.device(), "reason").as_string().expect("a reason");
    assert_eq!(reason(&session().await), "asked");
    let auto = Session::open("auto".into()).await.unwrap_or_else(|_| panic!("auto always opens something"));
    assert_eq!(get(&auto.device(), "kind"), "cpu");
    assert_eq!(reason(&auto), if expects_adapter() { "software" } else { "missing" });
    if expects_adapter() {
        let forced = Session::open("gpu".into()).await.unwrap_or_else(|_| panic!("there is an adapter"));
        assert_eq!((reason(&forced).as_str(), get(&forced.device(), "kind") == "gpu"), ("software", true));
    }
}

/// Numbers of an object, by name.
fn numbers<const N: usize>(object: &JsValue, names: [&str; N]) -> [f64; N] {
    names.map(|name| get(object, name).as_f64().unwrap_or_else(|| panic!("{name} is a number")))
}

fn texts<const N: usize>(object: &JsValue, names: [&str; N]) -> [String; N] {
    names.map(|name| get(object, name).as_string().unwrap_or_else(|| panic!("{name} is a text")))
}

fn begun(text: &[u8], merges: f64) -> Merges {
    Merges::begin(text, merges, "none").unwrap_or_else(|_| panic!("a training"))
}

#[wasm_bindgen_test]
fn merges_are_told_as_they_happen() {
    let mut merges = begun(b"aaabdaaabac", 3.0);
    let counts = ["done", "total", "tokens", "bytes"];
    let told = merges.advance(0.0);
    assert_eq!(numbers(&told, counts), [0.0, 3.0, 11.0, 11.0]);
    assert_eq!((get(&told, "finished"), Array::from(&get(&told, "merges")).length()), (false.into(), 0));
    let top = Array::from(&get(&told, "top"));
    assert_eq!(numbers(&top.get(0), ["left", "right", "count"]), [97.0, 97.0, 4.0]);
    assert_eq!(texts(&top.get(1), ["left_text", "right_text"]), ["a", "b"]);

    merges.advance(1.0);
    let told = merges.advance(2.0);
    assert_eq!(numbers(&told, counts), [3.0, 3.0, 5.0, 11.0]);
    assert_eq!(get(&told, "finished"), true);
    let new = Array::from(&get(&told, "merges"));
    assert_eq!(new.length(), 2);
    let fields = ["k", "left", "right", "id", "count", "tokens"];
    assert_eq!(numbers(&new.get(1), fields), [3.0, 256.0, 257.0, 258.0, 2.0, 5.0]);
    assert_eq!(texts(&new.get(1), ["left_text", "right_text", "text"]), ["aa", "ab", "aaab"]);

    let tokens = merges.finish().unwrap_or_else(|_| panic!("a tokenizer"));
    assert_eq!((tokens.vocab_size(), tokens.merge_count()), (260, 3), "the last one ends a text");
    let mut short = begun("é".as_bytes(), f64::INFINITY);
    let told = short.advance(f64::INFINITY);
    assert_eq!((numbers(&told, ["done"]), get(&told, "finished")), ([1.0], true.into()));
    let merge = Array::from(&get(&told, "merges")).get(0);
    assert_eq!(texts(&merge, ["left_text", "right_text", "text"]), ["<0xC3>", "<0xA9>", "é"]);
    assert!(refusal(Merges::begin(b"a", 1.0, "words")).contains("gpt2, cl100k, o200k or none"));
}

#[wasm_bindgen_test]
fn a_text_is_encoded_with_the_first_merges() {
    let mut tokens = begun(b"aaabdaaabac", 3.0).finish().unwrap_or_else(|_| panic!("a tokenizer"));
    let mut encode = |text: &str, merges: f64| {
        let told = tokens.encode(text.as_bytes(), merges, "text").unwrap_or_else(|_| panic!("it is text"));
        let list = |name| Uint32Array::new(&get(&told, name)).to_vec();
        (list("ids"), list("starts"), Array::from(&get(&told, "segments")))
    };
    let (ids, starts, _) = encode("aaabd", f64::INFINITY);
    assert_eq!((ids, starts), (vec![258, 100], vec![0, 4, 5]));
    assert_eq!(encode("aaabd", 1.0).0, [256, 97, 98, 100]);
    assert_eq!(encode("aaabd", 2.0).0, [256, 257, 100]);
    let (ids, starts, segments) = encode("👍🏽a", 0.0);
    assert_eq!((ids.len(), starts.last(), segments.length()), (9, Some(&9), 2));
    assert_eq!(numbers(&segments.get(1), ["first", "count"]), [8.0, 1.0]);
    assert_eq!(texts(&segments.get(0), ["text"]), ["👍🏽"]);

    let tree = tokens.tree(258).unwrap_or_else(|_| panic!("there is a token"));
    assert_eq!((numbers(&tree, ["id", "rank"]), texts(&tree, ["text"])), ([258.0, 2.0], ["aaab".to_owned()]));
    let right = get(&get(&tree, "right"), "right");
    assert_eq!(
        (numbers(&right, ["id"]), get(&right, "rank"), get(&right, "left")),
        ([98.0], JsValue::NULL, JsValue::NULL)
    );
    let bytes: Vec<_> = Array::from(&get(&tree, "bytes")).iter().map(|byte| byte.as_f64().unwrap()).collect();
    assert_eq!(bytes, [97.0, 97.0, 97.0, 98.0]);
    assert!(refusal(tokens.tree(260)).contains("there is no token 260"));
    assert!(refusal(tokens.encode(b"a", 0.0, "both")).contains("text or as token"));
}

/// As in the vocabulary of a run, which has the same merges.
#[wasm_bindgen_test]
fn a_tokenizer_that_is_learnt_knows_the_end_of_a_text() {
    let mut tokens = begun(b"aaabdaaabac", 3.0).finish().unwrap_or_else(|_| panic!("a tokenizer"));
    let mut ids = |merges, special| {
        let told = tokens.encode(b"aaab<|endoftext|>b", merges, special).unwrap_or_else(|_| panic!("it is text"));
        Uint32Array::new(&get(&told, "ids")).to_vec()
    };
    assert_eq!(ids(3.0, "token"), [258, 259, 98]);
    assert_eq!(ids(1.0, "token"), [256, 97, 98, 259, 98], "also after the first merges");
    assert_eq!(ids(3.0, "text").len(), 15);
}

#[wasm_bindgen_test]
fn a_tokenizer_is_read_from_a_file() {
    let ids = |tokens: &mut TokenizerView, special| {
        let told = tokens.encode(b"<|s|>", 0.0, special).unwrap_or_else(|_| panic!("it is text"));
        Uint32Array::new(&get(&told, "ids")).to_vec()
    };
    let mut bytes = TokenizerView::bytes().unwrap_or_else(|_| panic!("the bytes"));
    assert_eq!((bytes.vocab_size(), bytes.merge_count()), (256, 0));
    assert_eq!(ids(&mut bytes, "token"), *b"<|s|>".map(u32::from).as_slice());
    let trained = glasshouse::tokenizer::BpeTrainer::new(glasshouse::tokenizer::TrainOptions::new(256));
    let json = trained.unwrap().finish_within().unwrap().with_special("<|s|>").to_json();
    let mut read = TokenizerView::from_file("tokenizer.json", &json).unwrap_or_else(|_| panic!("a tokenizer"));
    assert_eq!(ids(&mut read, "token"), [256]);
    assert_eq!(ids(&mut read, "text").len(), 5);
    let damaged = refusal(TokenizerView::from_file("my.tiktoken", b"no ranks"));
    assert!(damaged.contains("my.tiktoken") && damaged.contains("line 1"), "{damaged}");
}
