// The wasm CPU device's matrix product against the bare crate `gemm`, in one Node process. Usage: node matmul_wasm.mjs [n]...
import { readFile } from 'node:fs/promises';
import init, { Products } from '../build/bench-wasm/bench_wasm.js';
import { quantile } from './statistics.mjs';

const ROUNDS = 15;
const SAMPLE_MS = 300;
const GOAL = 0.9;

const sizes = process.argv.slice(2).map(Number);
if (sizes.some((n) => !Number.isInteger(n) || n < 1 || n > 4096)) {
  console.error('matmul_wasm: expected sizes between 1 and 4096, for example 512');
  process.exit(2);
}
await init({ module_or_path: await readFile(new URL('../build/bench-wasm/bench_wasm_bg.wasm', import.meta.url)) });
console.log(`${new Date().toISOString().slice(0, 10)}, Node ${process.version}, one thread, f32`);
for (const n of sizes.length ? sizes : [512]) {
  const products = new Products(n);
  const forms = { 'CPU device': (times) => products.recorded(times), 'bare gemm': (times) => products.bare(times) };
  const milliseconds = (form, times) => {
    const start = performance.now();
    form(times);
    return (performance.now() - start) / times;
  };
  for (const form of Object.values(forms)) milliseconds(form, 3);
  const difference = products.difference();
  if (!(difference <= 1e-5)) {
    console.error(`n = ${n}: the two products differ by ${difference}`);
    process.exit(1);
  }
  const times = Math.max(1, Math.round(SAMPLE_MS / milliseconds(forms['bare gemm'], 3)));
  const rates = { 'CPU device': [], 'bare gemm': [] };
  for (let round = 0; round < ROUNDS; round++) {
    const names = Object.keys(forms);
    for (const name of round % 2 ? names : names.reverse()) rates[name].push((2 * n ** 3) / milliseconds(forms[name], times) / 1e6);
  }
  console.log(`n = ${n}, ${ROUNDS} rounds of ${times} products, results within ${difference.toExponential(1)}`);
  for (const [name, values] of Object.entries(rates)) {
    const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(values, q).toFixed(1));
    console.log(`  ${name.padEnd(12)} ${median.padStart(7)}  [${low} to ${high}] GFLOP/s`);
  }
  const ratio = quantile(rates['CPU device'], 0.5) / quantile(rates['bare gemm'], 0.5);
  console.log(`  ratio ${ratio.toFixed(2)} of the medians (goal ${GOAL})`);
}
