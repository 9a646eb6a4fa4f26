//! `glasshouse doctor`: the devices of this machine.

use clap::Args;
use glasshouse::Result;
use glasshouse::device::cpu::instruction_sets;
use glasshouse::device::{Device, adapters};
use glasshouse::parallel;
use serde_json::json;

use super::device::{available_memory, explain};
use super::output::{line, size};

/// Show the devices to train on, and which one `--device auto` takes.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// Print one JSON object: adapters with their limits and features, cpu, auto.
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub fn run(args: DoctorArgs) -> Result<()> {
    let adapters = pollster::block_on(adapters());
    let auto = pollster::block_on(Device::auto());
    let why = explain(&auto, &adapters);
    let choice = auto.adapter().map_or_else(|| "cpu".into(), |adapter| format!("gpu:{}", adapter.index));
    let (threads, sets, memory) = (parallel::threads(), instruction_sets(), available_memory());
    if args.json {
        return super::output::json(&json!({
            "adapters": adapters,
            "cpu": { "threads": threads, "instruction_sets": sets, "available_memory": memory },
            "auto": { "device": choice, "name": auto.name(), "why": why },
        }));
    }
    line(format!("cpu    {threads} thread{}, {}", if threads == 1 { "" } else { "s" }, sets.join(" ")))?;
    if let Some(memory) = memory {
        line(format!("       {} of memory available", size(memory)))?;
    }
    for adapter in &adapters {
        let kind = if adapter.is_software { "software, slower than the CPU" } else { &adapter.device_type };
        line(format!("gpu:{}  {} ({}, {kind})", adapter.index, adapter.name, adapter.backend))?;
        if !adapter.driver.is_empty() {
            line(format!("       driver {}", adapter.driver))?;
        }
        let limits = &adapter.limits;
        line(format!(
            "       {} a binding, {} a buffer, {} storage buffers a stage",
            size(limits.max_binding),
            size(limits.max_buffer),
            limits.storage_buffers
        ))?;
        line(format!(
            "       workgroups of {} invocations and {} bytes, {} a dimension",
            limits.workgroup_invocations, limits.workgroup_memory, limits.groups
        ))?;
        for (i, words) in wrapped(&adapter.features, 80).iter().enumerate() {
            line(format!("       {} {words}", if i == 0 { "features:" } else { "         " }))?;
        }
        if !adapter.is_sufficient() {
            line("       these limits are too low for the kernels")?;
        }
    }
    if adapters.is_empty() {
        line("no GPU adapter: there is no Vulkan, Metal or DirectX 12 driver, or it finds no GPU")?;
    }
    line(format!("auto   takes {choice}, {}: {why}", auto.name()))
}

/// `words` in lines of at most `width` characters, each with one word at least.
fn wrapped(words: &[&str], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => *line += &format!(" {word}"),
            _ => lines.push((*word).into()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_are_no_longer_than_asked() {
        let words = ["one", "three", "a-long-word", "x", "y"];
        assert_eq!(wrapped(&words, 9), ["one three", "a-long-word", "x y"]);
        assert!(wrapped(&[], 9).is_empty());
    }
}
