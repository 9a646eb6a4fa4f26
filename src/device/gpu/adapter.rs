//! The adapters of this machine or browser: what they are called, what they can do, and which one to open.

use serde::Serialize;

use crate::device::unavailable;
use crate::{Error, Result};

/// Elements of f32 in a binding begin at multiples of this, and the largest binding is one.
pub(super) const ALIGNMENT: usize = 64;

/// What everything here runs on: a workgroup's memory in bytes, its invocations, storage buffers a stage, bytes a binding.
const FLOOR: AdapterLimits = AdapterLimits {
    max_binding: 128 << 20,
    max_buffer: 128 << 20,
    storage_buffers: 8,
    workgroup_memory: 16 << 10,
    workgroup_invocations: 256,
    groups: 65_535,
};

/// What an adapter says of itself.
#[derive(Clone, Debug, Serialize)]
pub struct AdapterInfo {
    /// Its place in the list: the N of `gpu:N`.
    pub index: usize,
    /// Its name, as the driver gives it; browsers may hide it.
    pub name: String,
    /// Vulkan, Metal, Dx12 or BrowserWebGpu.
    pub backend: String,
    /// DiscreteGpu, IntegratedGpu, VirtualGpu, Cpu or Other (browsers do not tell).
    pub device_type: String,
    /// The driver and its version; empty in browsers.
    pub driver: String,
    /// Whether the GPU is emulated on the CPU: right, but many times slower than the CPU device.
    pub is_software: bool,
    /// What it can hold.
    pub limits: AdapterLimits,
    /// What it offers beyond the floor, by wgpu's names.
    pub features: Vec<&'static str>,
}

/// The limits that matter here.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct AdapterLimits {
    /// Bytes of the largest storage binding.
    pub max_binding: u64,
    /// Bytes of the largest buffer.
    pub max_buffer: u64,
    /// Storage buffers a shader stage.
    pub storage_buffers: u32,
    /// Bytes of workgroup memory.
    pub workgroup_memory: u32,
    /// Invocations a workgroup.
    pub workgroup_invocations: u32,
    /// Workgroups a dimension.
    pub groups: u32,
}

impl AdapterInfo {
    fn new(index: usize, adapter: &wgpu::Adapter) -> AdapterInfo {
        let (info, limits) = (adapter.get_info(), adapter.limits());
        let name = if info.name.is_empty() { "WebGPU adapter".to_string() } else { info.name };
        let emulators = ["swiftshader", "llvmpipe", "lavapipe", "basic render"];
        let lower = name.to_lowercase();
        AdapterInfo {
            index,
            is_software: info.device_type == wgpu::DeviceType::Cpu || emulators.iter().any(|x| lower.contains(x)),
            name,
            backend: format!("{:?}", info.backend),
            device_type: format!("{:?}", info.device_type),
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_string(),
            limits: AdapterLimits {
                max_binding: limits.max_storage_buffer_binding_size,
                max_buffer: limits.max_buffer_size,
                storage_buffers: limits.max_storage_buffers_per_shader_stage,
                workgroup_memory: limits.max_compute_workgroup_storage_size,
                workgroup_invocations: limits.max_compute_invocations_per_workgroup,
                groups: limits.max_compute_workgroups_per_dimension,
            },
            features: adapter.features().iter_names().map(|(name, _)| name).collect(),
        }
    }

    /// Whether everything here runs on it.
    pub fn is_sufficient(&self) -> bool {
        let (has, needs) = (&self.limits, &FLOOR);
        has.max_binding >= needs.max_binding
            && has.max_buffer >= needs.max_buffer
            && has.storage_buffers >= needs.storage_buffers
            && has.workgroup_memory >= needs.workgroup_memory
            && has.workgroup_invocations >= needs.workgroup_invocations
            && has.groups >= needs.groups
    }

    /// The better adapter has the higher rank.
    fn rank(&self) -> u32 {
        match (self.is_software, self.device_type.as_str()) {
            (true, _) => 0,
            (_, "DiscreteGpu") => 4,
            (_, "IntegratedGpu") => 3,
            (_, "VirtualGpu") => 2,
            _ => 1,
        }
    }
}

/// All adapters in the order of their index, with what they say of themselves.
pub(super) async fn all() -> Vec<(wgpu::Adapter, AdapterInfo)> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        flags: wgpu::InstanceFlags::empty(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    // A browser has one adapter to give; asked for performance, it gives the faster one.
    #[cfg(target_arch = "wasm32")]
    let found = instance
        .request_adapter(&wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        })
        .await
        .into_iter();
    #[cfg(not(target_arch = "wasm32"))]
    let found = instance.enumerate_adapters(wgpu::Backends::all()).await.into_iter();
    found
        .enumerate()
        .map(|(index, adapter)| (AdapterInfo::new(index, &adapter), adapter))
        .map(|(i, a)| (a, i))
        .collect()
}

/// The adapter with this index, or the best one there is.
pub(super) async fn pick(index: Option<usize>) -> Result<(wgpu::Adapter, AdapterInfo)> {
    let mut adapters = all().await;
    let count = adapters.len();
    let found = match index {
        Some(index) if index < count => Some(adapters.swap_remove(index)),
        Some(index) => {
            return Err(unavailable(
                &format!("gpu:{index}"),
                &format!("the number of adapters here is {count}, and the first is gpu:0"),
            ));
        }
        // Of equals the first: `max_by_key` would give the last.
        None => adapters.into_iter().rev().filter(|(_, info)| info.is_sufficient()).max_by_key(|(_, info)| info.rank()),
    };
    match found {
        Some((adapter, info)) if info.is_sufficient() => Ok((adapter, info)),
        Some((_, info)) => Err(Error::Device(format!(
            "{} has too little room for the kernels: expected at least {FLOOR:?}, found {:?}: use --device cpu",
            info.name, info.limits
        ))),
        None => Err(unavailable("a GPU", "no adapter was found that the kernels run on")),
    }
}
