//! The device of a session: which one it is and why, what it can hold, and how fast it trains.

use js_sys::{Function, Promise};
use serde::Serialize;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::{SLICE, SNAPSHOTS, Session, from_js, object, property, to_js};
use crate::device::{AdapterLimits, Device, adapters, cpu};
use crate::engine::{Description, Engine};
use crate::parallel;
use crate::{Error, Result};

/// What a run on the CPU device may take of the 4 GiB that wasm can address: text and saves need room beside it.
const WASM_MEMORY: u64 = 5 << 29;

/// The device, and why it is this one.
pub(super) struct Opened {
    pub device: Device,
    pub requested: String,
    kind: &'static str,
    reason: &'static str,
    /// The adapter, also where it was passed over.
    adapter: Option<String>,
}

impl Opened {
    /// Opens the `requested` device: `auto`, `cpu` or `gpu`.
    pub async fn open(requested: &str) -> Result<Opened> {
        let opened =
            |device, kind, reason, adapter| Opened { device, requested: requested.into(), kind, reason, adapter };
        match requested {
            "cpu" => Ok(opened(Device::cpu(), "cpu", "asked", None)),
            "gpu" => {
                let device = Device::gpu(None).await?;
                let software = device.adapter().is_some_and(|adapter| adapter.is_software);
                Ok(opened(device, "gpu", if software { "software" } else { "hardware" }, adapter_name().await))
            }
            "auto" => {
                let device = Device::auto().await;
                if device.adapter().is_some() {
                    return Ok(opened(device, "gpu", "hardware", adapter_name().await));
                }
                let (reason, name) = match adapters().await.first() {
                    None => ("missing", None),
                    Some(adapter) if adapter.is_software => ("software", adapter_name().await),
                    Some(adapter) if adapter.is_sufficient() => ("failed", adapter_name().await),
                    Some(_) => ("insufficient", adapter_name().await),
                };
                Ok(opened(device, "cpu", reason, name))
            }
            other => Err(Error::Usage(format!("there is no device '{other}': take auto, cpu or gpu"))),
        }
    }

    /// An engine on it that keeps a time line.
    pub fn engine(&self) -> Engine {
        let mut engine = Engine::new(self.device.clone(), SLICE, self.memory());
        engine.keep_snapshots(SNAPSHOTS);
        engine
    }

    /// The bytes that a run may take, where that is known.
    fn memory(&self) -> Option<u64> {
        (self.kind == "cpu").then_some(WASM_MEMORY)
    }
}

/// What the browser calls its adapter: by its description, else by maker and architecture, which is all that most tell.
async fn adapter_name() -> Option<String> {
    let gpu = property(&property(&js_sys::global(), "navigator"), "gpu");
    let request = property(&gpu, "requestAdapter").dyn_into::<Function>().ok()?;
    let options = object(&[("powerPreference", "high-performance".into())]);
    let promise = request.call1(&gpu, &options).ok()?.dyn_into::<Promise>().ok()?;
    let info = property(&JsFuture::from(promise).await.ok()?, "info");
    let [description, vendor, architecture] =
        ["description", "vendor", "architecture"].map(|name| property(&info, name).as_string().unwrap_or_default());
    let name = if description.is_empty() { format!("{vendor} {architecture}") } else { description };
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

#[wasm_bindgen]
impl Session {
    /// The device: `{kind, name, reason, adapter, threads, instructions, memory, limits}`. A GPU has limits, the CPU
    /// threads, instructions and the bytes of memory that a run may take.
    pub fn device(&self) -> JsValue {
        #[derive(Serialize)]
        struct DeviceDescription<'a> {
            kind: &'static str,
            name: String,
            reason: &'static str,
            adapter: &'a Option<String>,
            threads: Option<usize>,
            instructions: Option<&'static str>,
            memory: Option<u64>,
            limits: Option<AdapterLimits>,
        }
        let Opened { device, kind, reason, adapter, .. } = &self.device;
        let limits = device.adapter().map(|adapter| adapter.limits);
        let cpu = limits.is_none();
        to_js(&DeviceDescription {
            kind,
            name: adapter.clone().filter(|_| *kind == "gpu").unwrap_or_else(|| device.name()),
            reason,
            adapter,
            threads: cpu.then(parallel::threads),
            instructions: cpu::instruction_sets().last().copied().filter(|_| cpu),
            memory: self.device.memory(),
            limits,
        })
    }

    /// What a run of `settings` on the text named `corpus` would be: `{parameters, memory, estimate}`, or why there would
    /// be none: `{refused}`. The estimate is there where steps of this shape were measured.
    pub fn describe(&self, settings: JsValue, corpus: &str) -> JsValue {
        let described = from_js(settings).map(|settings| self.run.describe(&settings, corpus));
        to_js(
            &described
                .unwrap_or_else(|error| Description { refused: Some(error.to_string()), ..Description::default() }),
        )
    }
}
