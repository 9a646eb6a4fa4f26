//! The option `--device`, and opening the device that it names.

use std::str::FromStr;

use glasshouse::device::{AdapterInfo, Device, adapters};
use glasshouse::{Error, Result};

/// What `--device` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceArg {
    /// Real hardware if there is any, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The best adapter, or the one with this number, software included.
    Gpu(Option<usize>),
}

impl FromStr for DeviceArg {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let index = name.strip_prefix("gpu:").and_then(|index| index.parse().ok());
        match (name, index) {
            ("auto", _) => Ok(DeviceArg::Auto),
            ("cpu", _) => Ok(DeviceArg::Cpu),
            ("gpu", _) => Ok(DeviceArg::Gpu(None)),
            (_, Some(index)) => Ok(DeviceArg::Gpu(Some(index))),
            _ => Err(Error::Usage("expected auto, cpu, gpu, or gpu:N with a number that `doctor` shows".into())),
        }
    }
}

/// An open device.
pub struct OpenedDevice {
    /// The device.
    pub device: Device,
    /// Why it is this one, where it was not asked for by name.
    pub why: Option<String>,
    /// Bytes that it has to give, where that is known.
    pub memory: Option<u64>,
}

impl DeviceArg {
    /// Opens the device.
    pub fn open(self) -> Result<OpenedDevice> {
        let (device, why) = match self {
            DeviceArg::Cpu => (Device::cpu(), None),
            DeviceArg::Gpu(index) => (pollster::block_on(Device::gpu(index))?, None),
            DeviceArg::Auto => {
                let device = pollster::block_on(Device::auto());
                let why = explain(&device, &pollster::block_on(adapters()));
                (device, Some(why))
            }
        };
        // wgpu does not say how much memory an adapter has.
        let memory = if device.adapter().is_none() { available_memory() } else { None };
        Ok(OpenedDevice { device, why, memory })
    }
}

/// Why `auto` takes this device.
pub fn explain(device: &Device, adapters: &[AdapterInfo]) -> String {
    let real = adapters.iter().filter(|adapter| !adapter.is_software);
    match (device.adapter(), adapters, real.count()) {
        (Some(_), _, _) => "the best GPU found".into(),
        (None, [], _) => "no GPU was found".into(),
        (None, [only], 0) => format!("the only adapter, {}, is software and slower", only.name),
        (None, _, 0) => "all adapters found are software and slower".into(),
        (None, _, _) => "the GPU that was found cannot be used: `doctor` tells its limits".into(),
    }
}

/// Bytes of main memory that are free, or free within the limits of the control group that the process runs in.
pub fn available_memory() -> Option<u64> {
    if !sysinfo::IS_SUPPORTED_SYSTEM {
        return None;
    }
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    // What the group has in the page cache is given up when it is needed.
    let group = system.cgroup_limits().map_or(u64::MAX, |limits| limits.total_memory.saturating_sub(limits.rss));
    Some(system.available_memory().min(group)).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_as_in_the_help() {
        let parsed = ["auto", "cpu", "gpu", "gpu:3"].map(|name| name.parse::<DeviceArg>().unwrap());
        assert_eq!(parsed, [DeviceArg::Auto, DeviceArg::Cpu, DeviceArg::Gpu(None), DeviceArg::Gpu(Some(3))]);
        for name in ["", "tpu", "gpu:", "gpu:-1", "gpu:x", "GPU"] {
            assert!(name.parse::<DeviceArg>().is_err(), "{name}");
        }
    }
}
