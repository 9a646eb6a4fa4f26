// How quick the built page is while it trains on the wasm CPU device, in Chromium: long tasks of the main thread, sliders,
// scrubbing, what an open stage costs, and memory. See bench/README.md. Usage: node bench/page.mjs

import { control, metric, ready, says, set, start, until } from '../tests/page/page.mjs';
import { quantile } from './statistics.mjs';

/** A model with the vocabulary that the slider is asked about; small otherwise, so that two cores train it. */
const LARGE = { layers: 2, heads: 2, channels: 64, context: 64, vocab_size: 4096, batch: 4, steps: 1_000_000, sample_every: 0, eval_every: 0, save_every: 0 };
const SMALL = { ...LARGE, vocab_size: 512, channels: 32 };
const WATCHED_MS = 10_000;
const PRESSES = 30;
const ROUNDS = 15;
const ROUND_MS = 3_000;
const GROWTH_STEPS = 2_000;

const lab = await start();
const spread = (values, digits = 1) => `${quantile(values, 0.5).toFixed(digits)} [${quantile(values, 0.25).toFixed(digits)} to ${quantile(values, 0.75).toFixed(digits)}]`;
const verdict = (met) => (met ? 'met' : 'MISSED');

/** The page, training. */
async function training(settings) {
  const page = await lab.open();
  await ready(page);
  await page.locator('#settings [value=en]').check();
  await set(page, settings);
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 5);
  return page;
}

const stage = async (page, name) => {
  await page.locator(`[data-stage=${name}]`).click();
};

/** Tasks of the main thread above 50 ms while every stage is looked at in turn. */
async function long_tasks() {
  const page = await training(SMALL);
  await page.evaluate(() => {
    globalThis.tasks = [];
    new PerformanceObserver((list) => globalThis.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });
  });
  const found = {};
  for (const name of ['train', 'inspect', 'generate']) {
    await stage(page, name);
    await page.evaluate(() => { globalThis.tasks.length = 0; });
    await page.evaluate((ms) => new Promise((resolve) => { setTimeout(resolve, ms); }), WATCHED_MS);
    found[name] = await page.evaluate(() => [...globalThis.tasks]);
  }
  const worst = Math.max(0, ...Object.values(found).flat());
  for (const [name, tasks] of Object.entries(found)) console.log(`  long tasks, stage ${name}, ${WATCHED_MS / 1000} s: ${tasks.length}${tasks.length ? `, the longest ${Math.max(...tasks).toFixed(0)} ms` : ''}`);
  console.log(`  goal: none above 50 ms: ${verdict(worst <= 50)}`);
  await page.context().close();
}

/** From a slider to the bars that follow from it, at a vocabulary of 4,096, while the worker trains. */
async function slider() {
  const page = await training(LARGE);
  await stage(page, 'inspect');
  await page.locator('#next tbody tr').first().waitFor();
  await page.evaluate(() => import(new URL('sampling.js', location.href)).then(({ prepare }) => prepare()));
  const times = await page.evaluate(async (presses) => {
    const knob = document.querySelector('#next [name=temperature]');
    const table = document.querySelector('#next tbody');
    const bars = document.querySelector('#next .bars');
    const took = [];
    for (let i = 0; i < presses; i += 1) {
      knob.value = String(0.5 + 0.05 * (i % 20));
      const [before, drawn] = [table.firstElementChild, bars.toDataURL()];
      const begun = performance.now();
      knob.dispatchEvent(new Event('input', { bubbles: true }));
      while (table.firstElementChild === before) await new Promise(requestAnimationFrame);
      took.push(performance.now() - begun);
      // The bars and the line of the sums are drawn in the same turn.
      if (bars.toDataURL() === drawn) throw new Error('the bars have not changed');
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
    return took;
  }, PRESSES);
  const vocab = await page.locator('#next').getAttribute('data-shape');
  console.log(`  slider to bars, vocabulary ${vocab}, training: ${spread(times)} ms, worst ${Math.max(...times).toFixed(1)} (goal: 50): ${verdict(quantile(times, 0.5) <= 50)}`);
  await page.context().close();
}

/** From the time line's slider to the attention, the next token and the loss of that step. */
async function scrub() {
  const page = await training({ ...SMALL, steps: 400 });
  await says(page, 'Finished');
  await stage(page, 'inspect');
  await page.locator('#attention[data-step="400"]').waitFor();
  const times = await page.evaluate(async (presses) => {
    const slider = document.querySelector('#timeline [name=at]');
    const figures = ['#attention', '#next'].map((name) => document.querySelector(name));
    const steps = [...document.querySelectorAll('#timeline .snapshots > li')].map(({ dataset }) => Number(dataset.step));
    const took = [];
    for (let i = 0; i < presses; i += 1) {
      const step = steps[(7 * i) % steps.length];
      if (String(step) === figures[0].dataset.step) continue;
      const begun = performance.now();
      slider.value = String(step);
      slider.dispatchEvent(new Event('input', { bubbles: true }));
      while (figures.some(({ dataset }) => dataset.step !== String(step))) await new Promise((resolve) => { setTimeout(resolve, 1); });
      took.push(performance.now() - begun);
    }
    return took;
  }, PRESSES);
  console.log(`  scrub to all views: ${spread(times)} ms, worst ${Math.max(...times).toFixed(1)}, ${times.length} scrubs (goal: 100): ${verdict(quantile(times, 0.5) <= 100)}`);
  await page.context().close();
}

/** Tokens a second with the views of a stage open, against the stage Data, in turn. */
async function views() {
  const page = await training(SMALL);
  const rates = { data: [], inspect: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of round % 2 ? ['inspect', 'data'] : ['data', 'inspect']) {
      await stage(page, name);
      await page.waitForTimeout(300);
      const rate = await page.evaluate(async (ms) => {
        const number = document.querySelector('[data-metric=step]');
        // Steps are told together with others: what counts is when the number changes.
        const change = () => new Promise((resolve) => {
          const watch = new MutationObserver(() => {
            watch.disconnect();
            resolve([Number(number.dataset.value), performance.now()]);
          });
          watch.observe(number, { attributeFilter: ['data-value'] });
        });
        const [from, begun] = await change();
        await new Promise((resolve) => { setTimeout(resolve, ms); });
        const [to, ended] = await change();
        return (to - from) / (ended - begun);
      }, ROUND_MS);
      rates[name].push(rate);
    }
  }
  const ratios = rates.inspect.map((rate, i) => rate / rates.data[i]);
  console.log(`  steps with Inspect open against Data open: ${spread(ratios, 3)}, ${ROUNDS} rounds (goal: 0.95): ${verdict(quantile(ratios, 0.5) >= 0.95)}`);
  await page.context().close();
}

/** Memory over many steps: the heap of the page, and the engine's in the worker. */
async function growth() {
  const page = await training(SMALL);
  await stage(page, 'inspect');
  const session = await page.context().newCDPSession(page);
  const measure = async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    const engine = await page.workers()[0].evaluate(async () => {
      const module = await import(new URL('glasshouse.js', location.href));
      return (await module.default()).memory.buffer.byteLength;
    });
    return { heap: usedSize, engine };
  };
  await until(page, 'step', 'at least', 200);
  const before = await measure();
  const from = await metric(page, 'step');
  await until(page, 'step', 'at least', from + GROWTH_STEPS);
  const after = await measure();
  const mb = (bytes) => (bytes / 1e6).toFixed(1);
  console.log(`  memory over ${GROWTH_STEPS} steps: page ${mb(before.heap)} to ${mb(after.heap)} MB, engine ${mb(before.engine)} to ${mb(after.engine)} MB (goal: less than 5 MB more): ${verdict(after.heap - before.heap < 5e6)}`);
  await page.context().close();
}

const parts = { long_tasks, slider, scrub, views, growth };
const wanted = process.argv.slice(2);
if (wanted.some((name) => !parts[name])) {
  console.error(`page: expected names of ${Object.keys(parts).join(', ')}, found ${wanted.join(' ')}`);
  process.exit(2);
}
try {
  console.log(`${new Date().toISOString().slice(0, 10)}, Chromium ${lab.browser.version()}, wasm CPU device, one thread`);
  for (const name of wanted.length ? wanted : Object.keys(parts)) await parts[name]();
} finally {
  await lab.stop();
}
