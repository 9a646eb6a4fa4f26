// A training step in WGSL against jax-js, both in one Chromium page on its WebGPU adapter. See bench/README.md.
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { quantile } from '../statistics.mjs';

const SHAPE = { layers: 2, heads: 2, channels: 64, vocab: 256, batch: 4, context: 64 };
const SETTINGS = { shape: SHAPE, compared: 10, tolerance: 1e-3, rounds: 7, seconds: 4 };
const FLAGS = [
  '--no-sandbox', '--enable-unsafe-webgpu', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--disable-quic',
];
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const server = createServer(async (request, response) => {
  const path = join(ROOT, normalize(new URL(request.url, 'http://localhost').pathname));
  const found = path.startsWith(ROOT) && (await stat(path).catch(() => null))?.isFile();
  response.writeHead(found ? 200 : 404, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
  if (found) createReadStream(path).pipe(response);
  else response.end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const profile = await mkdtemp(join(tmpdir(), 'glasshouse-bench-'));
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const context = await chromium.launchPersistentContext(profile, { executablePath, headless: false, args: ['--headless=new', ...FLAGS] });
try {
  const page = context.pages()[0] ?? (await context.newPage());
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && console.error(`page: ${message.text()}`));
  page.on('pageerror', (error) => console.error(`page: ${error.message}`));
  await page.goto(`http://127.0.0.1:${server.address().port}/bench/jax/index.html`);
  await page.waitForFunction(() => document.title === 'ready', null, { timeout: 60_000 });
  const { gap, rates, steps, calibrations, adapter } = await page.evaluate((settings) => window.compare(settings), SETTINGS);

  const shape = Object.entries({ L: 'layers', H: 'heads', C: 'channels', V: 'vocab', B: 'batch', T: 'context' });
  console.log(`${new Date().toISOString().slice(0, 10)}, Chromium ${context.browser()?.version() ?? ''}, ${adapter}`);
  console.log(`${shape.map(([letter, key]) => letter + SHAPE[key]).join(' ')}, ${SETTINGS.rounds} rounds; first ${SETTINGS.compared} losses within ${gap.toExponential(1)}`);
  for (const [name, values] of Object.entries(rates)) {
    const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(values, q).toFixed(0));
    console.log(`  ${name.padEnd(10)} ${median.padStart(7)}  [${low} to ${high}] tokens/s, ${steps[name]} steps a sample`);
  }
  const ratios = rates.glasshouse.map((rate, i) => rate / rates['jax-js'][i]);
  const ratio = quantile(rates.glasshouse, 0.5) / quantile(rates['jax-js'], 0.5);
  console.log(`  ratio ${ratio.toFixed(2)} of the medians (goal: above 1); by round ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`);
  const [low, median, high] = [0, 0.5, 1].map((q) => quantile(calibrations, q));
  const steady = high <= 1.1 * low ? 'steady' : 'NOT STEADY: other work disturbed this run';
  console.log(`  calibration ${median.toFixed(1)} GFLOP/s, ${low.toFixed(1)} to ${high.toFixed(1)}: ${steady}`);
} finally {
  await context.close();
  server.close();
  await rm(profile, { recursive: true, force: true });
}
