//! Every shader parses, validates on the smallest adapter, and agrees with its launcher; no GPU is needed.

use std::collections::HashMap;

use glasshouse::device::{Access, Device, Dispatch, Element, Kernel, Program};
use glasshouse::ops::{self, OPS, Op, Rates, Tokens};
use glasshouse::tape::{Recording, Tape};
use naga::valid::{Capabilities, GlobalUse, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, Module, StorageAccess, TypeInner};

/// What every adapter has: bytes of workgroup memory, invocations a workgroup, storage buffers a stage.
const WORKGROUP_MEMORY: u32 = 16 << 10;
const INVOCATIONS: u32 = 256;
const STORAGE_BUFFERS: usize = 8;

/// An op's module with these constants in front, as the device compiles it.
fn parse(name: &str, source: &str, constants: &[(&str, u32)]) -> (Module, ModuleInfo) {
    let lines: String = constants.iter().map(|(name, value)| format!("const {name}: u32 = {value}u;\n")).collect();
    let text = lines + source;
    let module = naga::front::wgsl::parse_str(&text).unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&text)));
    // No capability at all: no f16, no subgroups, nothing that an adapter may lack.
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .unwrap_or_else(|e| panic!("{name} {constants:?}: {}", e.emit_to_string(&text)));
    (module, info)
}

/// All values of an op's constants that a launcher may put in front.
fn variants(op: &Op) -> Vec<Vec<(&'static str, u32)>> {
    let mut all = vec![Vec::new()];
    for (name, values) in op.constants {
        all = all
            .into_iter()
            .flat_map(|chosen: Vec<_>| {
                values.iter().map(move |value| chosen.iter().copied().chain([(*name, *value)]).collect())
            })
            .collect();
    }
    all
}

#[test]
fn every_module_is_valid_on_the_smallest_adapter() {
    for op in OPS {
        let source = op.kernels[0].source;
        for constants in variants(op) {
            let (module, info) = parse(op.name, source, &constants);
            for (i, entry) in module.entry_points.iter().enumerate() {
                let name = format!("{}.{} {constants:?}", op.name, entry.name);
                assert!(entry.workgroup_size.iter().product::<u32>() <= INVOCATIONS, "{name}: too many invocations");
                let used = |space: fn(AddressSpace) -> bool| {
                    let info = info.get_entry_point(i);
                    module
                        .global_variables
                        .iter()
                        .filter(move |(handle, variable)| space(variable.space) && info[*handle] != GlobalUse::empty())
                };
                let memory: u32 = used(|space| space == AddressSpace::WorkGroup)
                    .map(|(_, variable)| module.types[variable.ty].inner.size(module.to_ctx()))
                    .sum();
                assert!(memory <= WORKGROUP_MEMORY, "{name}: {memory} bytes of workgroup memory");
                let buffers = used(|space| matches!(space, AddressSpace::Storage { .. })).count();
                assert!(buffers <= STORAGE_BUFFERS, "{name}: {buffers} storage buffers");
            }
        }
    }
}

#[test]
fn params_have_the_launchers_layout() {
    for op in OPS {
        let (module, _) = parse(op.name, op.kernels[0].source, &variants(op)[0]);
        let (_, params) = module
            .types
            .iter()
            .find(|(_, kind)| kind.name.as_deref() == Some("Params"))
            .unwrap_or_else(|| panic!("{}: no struct Params", op.name));
        let TypeInner::Struct { members, .. } = &params.inner else { panic!("{}: Params is no struct", op.name) };
        let found: Vec<(&str, usize)> =
            members.iter().map(|m| (m.name.as_deref().expect("a field has a name"), m.offset as usize)).collect();
        assert_eq!(found, op.fields, "{}: names and offsets of Params in WGSL, and in Rust", op.name);
    }
}

#[test]
fn entry_points_are_the_kernels() {
    for op in OPS {
        let (module, _) = parse(op.name, op.kernels[0].source, &variants(op)[0]);
        let mut found: Vec<&str> = module.entry_points.iter().map(|entry| entry.name.as_str()).collect();
        let mut wanted: Vec<&str> = op.kernels.iter().map(|kernel| kernel.entry).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{}: entry points in WGSL, and kernels in Rust", op.name);
        assert!(op.kernels.iter().all(|kernel| kernel.name == op.name), "{}: a kernel has another name", op.name);
    }
}

/// One recording for every op, on a device that runs nothing.
fn recordings() -> Vec<Recording> {
    let device = Device::cpu();
    let scalars = crate::common::scalars(&device);
    let mut tape = Tape::new(&device, scalars, true);
    let (batch, context, vocab, channels) = (2, 3, 7, 8);
    let tokens = Tokens::new(&mut tape, batch, context, vocab);
    let mut tensor = |shape: &[usize]| tape.tensor(shape);
    let (table, positions) = (tensor(&[vocab, channels]), tensor(&[context, channels]));
    let (weight, bias, wide) = (tensor(&[channels]), tensor(&[channels]), tensor(&[channels, 3 * channels]));
    let (wide_bias, square) = (tensor(&[3 * channels]), tensor(&[channels, channels]));
    let x = ops::embedding(&mut tape, &tokens, &table, &positions);
    let y = ops::layer_norm(&mut tape, &x, &weight, &bias);
    let y = ops::matmul(&mut tape, &y, &wide, Some(&wide_bias));
    let y = ops::attention(&mut tape, &y, context, 2);
    let y = ops::matmul(&mut tape, &y, &square, None);
    // The second reader of y makes the first add to its gradient.
    let sum = ops::add(&mut tape, &x, &y);
    let y = ops::gelu(&mut tape, &y);
    let y = ops::add(&mut tape, &sum, &y);
    let y = ops::softmax(&mut tape, &y);
    let (targets, weights) = (tape.indices(&[batch * context]), tape.tensor(&[batch * context]));
    ops::cross_entropy(&mut tape, &y, &table, &targets, &weights);
    let training = tape.finish().expect("the ops record");

    let mut tape = Tape::new(&device, scalars, false);
    let (qkv, cache) = (tape.tensor(&[2, 3 * channels]), tape.tensor(&[9, 2 * channels]));
    let y = ops::cached_attention(&mut tape, &qkv, &cache, 2);
    let factors = tape.tensor(&[2]);
    let y = ops::scale_heads(&mut tape, &y, &factors);
    ops::attention_weights(&mut tape, &qkv, 2, 2);
    let (targets, weights) = (tape.indices(&[2]), tape.tensor(&[2]));
    ops::cross_entropy(&mut tape, &y, &table, &targets, &weights);
    let arenas: Vec<_> = (0..4).map(|_| device.allocate(Element::Float, 100).view()).collect();
    let norm = ops::gradient_norm(&mut tape, arenas[1], 1.0);
    let rates = Rates { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, decay: 0.1 };
    ops::adamw(&mut tape, arenas[0], arenas[1], [arenas[2], arenas[3]], &norm, rates);
    vec![training, tape.finish().expect("the ops record")]
}

/// The entry points that only an emulated adapter records; they have the bindings of their namesakes.
fn namesake(entry: &str) -> &str {
    entry.trim_end_matches("_emulated")
}

/// Holds the bindings of an entry point to those of a dispatch: one a number, in launcher order, read or written alike.
fn check_bindings(dispatch: &Dispatch, kernel: &Kernel) {
    let name = format!("{}.{}", kernel.name, kernel.entry);
    let (module, info) = parse(&name, kernel.source, &dispatch.constants);
    let index =
        module.entry_points.iter().position(|entry| entry.name == kernel.entry).expect("the entry point exists");
    let info = info.get_entry_point(index);
    let mut found = HashMap::new();
    for (handle, variable) in module.global_variables.iter() {
        let Some(binding) = &variable.binding else { continue };
        if info[handle] == GlobalUse::empty() {
            continue;
        }
        assert_eq!(binding.group, 0, "{name}: group of binding {}", binding.binding);
        let twice = found.insert(binding.binding as usize, variable);
        assert!(twice.is_none(), "{name}: two variables at binding {}", binding.binding);
    }
    let params = found.remove(&0).unwrap_or_else(|| panic!("{name}: no Params at binding 0"));
    assert_eq!(params.space, AddressSpace::Uniform, "{name}: Params");
    let size = module.types[params.ty].inner.size(module.to_ctx()) as usize;
    assert_eq!(size, dispatch.params.len() * 4, "{name}: bytes of Params in WGSL, and in Rust");
    assert_eq!(found.len(), dispatch.bindings.len(), "{name}: bindings that WGSL uses, and that the launcher binds");
    for (i, binding) in dispatch.bindings.iter().enumerate() {
        let variable = found.get(&(i + 1)).unwrap_or_else(|| panic!("{name}: WGSL does not use binding {}", i + 1));
        let AddressSpace::Storage { access } = variable.space else {
            panic!("{name}: binding {} is no storage", i + 1)
        };
        let written = access.contains(StorageAccess::STORE);
        assert_eq!(written, binding.access == Access::Write, "{name}: whether binding {} is written", i + 1);
        let TypeInner::Array { base, .. } = module.types[variable.ty].inner else {
            panic!("{name}: binding {} is no array", i + 1)
        };
        let scalar = module.types[base].inner.scalar().expect("arrays hold scalars or vectors");
        let wanted = match binding.view.buffer.element {
            Element::Float => naga::ScalarKind::Float,
            Element::Index => naga::ScalarKind::Uint,
        };
        assert_eq!(scalar.kind, wanted, "{name}: what binding {} holds", i + 1);
    }
}

#[test]
fn bindings_are_the_launchers() {
    let recordings = recordings();
    let mut dispatches = Vec::new();
    for recording in &recordings {
        let Program::Cpu(all) = &recording.program else { panic!("recorded on the CPU") };
        dispatches.extend(all);
    }
    for kernel in OPS.iter().flat_map(|op| op.kernels) {
        let mut found = 0;
        for dispatch in &dispatches {
            if (dispatch.kernel.name, dispatch.kernel.entry) == (kernel.name, namesake(kernel.entry)) {
                check_bindings(dispatch, kernel);
                found += 1;
            }
        }
        assert!(found > 0, "{}.{} was not recorded", kernel.name, kernel.entry);
    }
}
