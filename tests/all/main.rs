//! All native evidence in one binary, a module a kind: `cargo test --test all ops::layer_norm` runs one op.
#![cfg(not(target_arch = "wasm32"))]

mod architecture;
mod cli;
#[path = "../common/mod.rs"]
mod common;
mod corpus;
mod curve;
mod data;
mod device;
mod engine;
mod hub;
mod model;
mod ops;
mod readers;
mod shaders;
mod speed;
mod timeline;
mod tokenizer;
mod trace;
mod training;
mod update;
mod update_numbers;
mod viewer;
