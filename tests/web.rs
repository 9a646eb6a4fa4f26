//! What the native tests check, in a real browser: in Chromium on WebGPU and on the wasm CPU device, in Firefox on the
//! latter. `wasm-pack test --headless --chrome -- --no-default-features --test web`
#![cfg(target_arch = "wasm32")]

mod common;

#[path = "engine.rs"]
mod engine;
#[path = "tokenizer.rs"]
mod tokenizer;

use common::{adapter, cases, curve, generation, golden, probe};
use glasshouse::device::{Device, adapters};
use glasshouse::web::Session;
use js_sys::{Array, Object, Reflect, Uint8Array};
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
}

#[wasm_bindgen_test]
async fn a_probe_is_the_forward_pass() {
    probe::probe_is_the_forward_pass(&devices().await).await;
    probe::heads_are_switched_off(&devices().await).await;
    probe::probing_in_slices(&devices().await).await;
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
