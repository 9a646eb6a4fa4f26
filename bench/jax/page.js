// Runs both sides in this page, in turn; bench.mjs calls window.compare and prints what it returns.
import { defaultDevice, getWebGPUDevice, init } from '@jax-js/jax';
import initWasm, { Products, TrainingStep } from '../../build/bench-wasm/bench_wasm.js';
import { Peer } from './peer.js';

const BATCHES = 4;

// A stream of uniform numbers in (0, 1): the inputs must be the same on every run, not good randomness.
function uniforms(seed) {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (((z ^ (z >>> 15)) >>> 0) + 0.5) / 2 ** 32;
  };
}

// GPT-2's initial weights by name: {shape, values}.
function drawWeights({ layers, channels, vocab, context }, uniform) {
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const weights = {};
  const add = (name, shape, value) => {
    weights[name] = { shape, values: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, value) };
  };
  const matrix = (name, shape, deviation) => add(name, shape, () => deviation * normal());
  const norm = (name) => {
    add(`${name}.weight`, [channels], () => 1);
    add(`${name}.bias`, [channels], () => 0);
  };
  const linear = (name, inputs, outputs, deviation) => {
    matrix(`${name}.weight`, [inputs, outputs], deviation);
    add(`${name}.bias`, [outputs], () => 0);
  };
  const residual = 0.02 / Math.sqrt(2 * layers);
  matrix('wte.weight', [vocab, channels], 0.02);
  matrix('wpe.weight', [context, channels], 0.02);
  for (let layer = 0; layer < layers; layer++) {
    norm(`h.${layer}.ln_1`);
    linear(`h.${layer}.attn.c_attn`, channels, 3 * channels, 0.02);
    linear(`h.${layer}.attn.c_proj`, channels, channels, residual);
    norm(`h.${layer}.ln_2`);
    linear(`h.${layer}.mlp.c_fc`, channels, 4 * channels, 0.02);
    linear(`h.${layer}.mlp.c_proj`, 4 * channels, channels, residual);
  }
  norm('ln_f');
  return weights;
}

// GFLOP/s of a bare 512×512×512 product in wasm: what the machine gives at this moment. The median of five.
function calibrate(products) {
  const figures = Array.from({ length: 5 }, () => {
    const start = performance.now();
    products.bare(4);
    return (4 * 2 * 512 ** 3) / (performance.now() - start) / 1e6;
  });
  return figures.sort((a, b) => a - b)[2];
}

window.compare = async ({ shape, compared, tolerance, rounds, seconds }) => {
  const uniform = uniforms(1337);
  const weights = drawWeights(shape, uniform);
  const batches = Array.from({ length: BATCHES }, () =>
    Uint32Array.from({ length: shape.batch * (shape.context + 1) }, () => Math.floor(uniform() * shape.vocab)));
  await initWasm();
  if (!(await init('webgpu')).includes('webgpu')) throw new Error('jax-js found no WebGPU adapter');
  defaultDevice('webgpu');

  const { layers, heads, channels, vocab, batch, context } = shape;
  const ours = await TrainingStep.create(true, layers, heads, channels, vocab, batch, context);
  for (const [name, { values }] of Object.entries(weights)) ours.write(`transformer.${name}`, values);
  for (const tokens of batches) ours.add_batch(tokens);
  const sides = { glasshouse: ours, 'jax-js': new Peer(shape, weights, batches) };

  const losses = {};
  for (const [name, side] of Object.entries(sides)) losses[name] = Array.from(await side.losses(compared));
  const gap = Math.max(...losses.glasshouse.map((loss, i) => Math.abs(loss - losses['jax-js'][i])));
  if (!(gap <= tolerance)) throw new Error(`the losses differ by ${gap}: ${JSON.stringify(losses)}`);

  const sample = async (name, steps) => {
    const start = performance.now();
    await sides[name].losses(steps);
    return (1000 * steps * batch * context) / (performance.now() - start);
  };
  const steps = {};
  for (const name of Object.keys(sides)) steps[name] = Math.max(3, Math.round((seconds * (await sample(name, 5))) / (batch * context)));

  const products = new Products(512);
  products.bare(8);
  const rates = { glasshouse: [], 'jax-js': [] };
  const calibrations = [];
  for (let round = 0; round < rounds; round++) {
    const names = Object.keys(sides);
    for (const name of round % 2 ? names : names.reverse()) {
      calibrations.push(calibrate(products));
      rates[name].push(await sample(name, steps[name]));
      calibrations.push(calibrate(products));
    }
  }
  const { vendor, architecture, description } = getWebGPUDevice().adapterInfo;
  return { gap, rates, steps, calibrations, adapter: [vendor, architecture, description].filter(Boolean).join(' ') };
};
document.title = 'ready';
