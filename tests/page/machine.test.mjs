// The card of the machine: what it says is what the engine says, and what it estimates was measured.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SMALL, control, lab, metric, paste, ready, says, set, until } from './page.mjs';

const built = lab();
const adapter = lab({ adapter: true });

/** The facts of the card, with all their digits. */
const facts = (page) => page.locator('#machine dd').evaluateAll((all) => Object.fromEntries(all.map(({ dataset }) => [dataset.fact, dataset.value])));
const status = (page, sentence) => page.locator('#machine [role=status]').filter({ hasText: sentence }).waitFor();
const number = (page, name) => page.locator(`#machine [data-fact=${name}]`).getAttribute('data-value').then(Number);

/** What an engine of its own says of device and settings. */
const engine = (page, device, settings) => page.evaluate(([device, settings]) => new Promise((told) => {
  const worker = new Worker('worker.js', { type: 'module' });
  const said = {};
  worker.onmessage = ({ data }) => {
    for (const { event, ...values } of data) said[event] = values;
    if (data.some(({ event }) => event === 'loaded')) {
      worker.postMessage({ call: 'open', device });
      worker.postMessage({ call: 'describe', settings, corpus: 'en' });
    }
    if (!said.described) return;
    worker.terminate();
    told(said);
  };
}), [device, settings]);

test('on the CPU the card shows the engine’s threads and memory, and what the settings need', async () => {
  const page = await built.open();
  await ready(page);
  const { device, described } = await engine(page, 'cpu', { preset: 'tiny' });
  await page.waitForFunction((needed) => document.querySelector('#machine [data-fact=needed]')?.dataset.value === needed, String(described.memory));
  const told = await facts(page);
  assert.deepEqual(told, { name: device.name, kind: 'cpu', threads: String(device.threads), memory: String(device.memory), needed: String(described.memory) });
  assert.equal(device.reason, 'asked');
  assert.equal(device.limits, undefined);
  // Another shape needs something else.
  await set(page, { layers: 1 });
  const other = await engine(page, 'cpu', { preset: 'tiny', layers: 1 });
  await page.waitForFunction((needed) => document.querySelector('#machine [data-fact=needed]')?.dataset.value === needed, String(other.described.memory));
  assert.ok(other.described.memory < described.memory);
});

test('on an adapter the card shows its limits, and that it is emulated', async () => {
  const page = await adapter.open('?device=gpu');
  await ready(page);
  const { device } = await engine(page, 'gpu', { preset: 'tiny' });
  const { needed, ...told } = await facts(page);
  const limits = Object.fromEntries(['max_buffer', 'max_binding', 'workgroup_memory', 'workgroup_invocations', 'storage_buffers'].map((name) => [name, String(device.limits[name])]));
  assert.deepEqual(told, { name: device.name, kind: 'gpu', memory: 'untold', ...limits });
  assert.ok(Number(needed) > 0);
  assert.ok(device.limits.max_buffer > 1 << 20);
  assert.equal(await page.locator('#machine [data-fact=kind]').textContent(), 'GPU emulated in software');
  await page.context().close();
});

test('a speed is measured with steps of the settings, and follows what changes', async () => {
  const page = await built.open();
  await ready(page);
  await status(page, 'it was not measured yet');
  await set(page, { ...SMALL, steps: 300, accumulate: 2 });
  await control(page, 'measure').click();
  await status(page, 'The 300 steps of these settings take about');
  const [speed, step, time] = await Promise.all(['speed', 'step', 'time'].map((name) => number(page, name)));
  assert.ok(speed > 0 && step > 0);
  assert.ok(Math.abs(speed * step - SMALL.batch * 2 * SMALL.context) < 1e-6, `${speed} tokens a second, ${step} s a step`);
  assert.ok(Math.abs(time - 300 * step) < 1e-9);
  // Of more steps the time is known; of another shape it is not.
  await set(page, { steps: 700 });
  await status(page, 'The 700 steps of these settings');
  assert.equal(await number(page, 'time'), 700 * step);
  await set(page, { layers: 2 });
  await status(page, 'it was not measured yet');
  assert.equal(await page.locator('#machine [data-fact=time]').count(), 0);
  await set(page, { layers: 1 });
  await status(page, 'The 700 steps of these settings');
  // What cannot be a run is not measured.
  await set(page, { heads: 3 });
  await page.locator('[data-action=measure]:disabled').waitFor();
  assert.deepEqual(page.errors, []);
});

test('a run of under a minute is chosen by the measurement, and its settings are filled in', async () => {
  const page = await built.open();
  await ready(page);
  await page.locator('[name=preset]').selectOption('baby');
  await set(page, { layers: 3, batch: 7, seed: 5 });
  await control(page, 'minute').focus();
  await page.keyboard.press('Enter');
  await status(page, 'Chosen: ');
  const [time, step] = [await number(page, 'time'), await number(page, 'step')];
  assert.ok(time < 60 && time > 0, `${time} seconds`);
  const preset = await page.locator('[name=preset]').inputValue();
  await status(page, `Chosen: ${preset}.`);
  const steps = page.locator('#settings [name=steps]');
  const asked = Number((await steps.inputValue()) || (await steps.getAttribute('placeholder')));
  assert.ok(Math.abs(time - asked * step) < 1e-6, `${asked} steps of ${step} seconds are ${time}`);
  for (const name of ['layers', 'batch']) assert.equal(await page.locator(`#settings [name=${name}]`).inputValue(), '', name);
  assert.equal(await page.locator('#settings [name=seed]').inputValue(), '5');
  // What trains is what was chosen.
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 1);
  assert.match(await page.locator('[data-metric=step] + dd').textContent(), new RegExp(`of ${asked.toLocaleString('en')}$`));
  assert.ok(await control(page, 'minute').isDisabled(), 'beside a run nothing is measured');
  assert.deepEqual(page.errors, []);
});

test('a run that begins while it is measured is the run that it would be', async () => {
  const results = [];
  for (const measures of [false, true]) {
    const page = await built.open();
    await ready(page);
    await paste(page, 'If music be the food of love, play on. '.repeat(60));
    await set(page, { ...SMALL, vocab_size: '', steps: 30, warmup: 2, sample_every: 0 });
    if (measures) await page.locator('#machine').evaluate((card) => {
      card.querySelector('[data-action=measure]').click();
      document.querySelector('[data-action=train]').click();
    });
    else await control(page, 'train').click();
    await says(page, 'Finished');
    results.push([await metric(page, 'loss'), await metric(page, 'validation-loss')]);
    await control(page, 'reset').click();
    await page.locator('[data-action=measure]:enabled').waitFor();
    assert.deepEqual(page.errors, []);
  }
  assert.deepEqual(results[1], results[0]);
});

test('after a lost device the card shows the one that is open, and no speed of the old one', async () => {
  const page = await adapter.open('?device=gpu');
  await ready(page);
  const name = (await facts(page)).name;
  await paste(page, 'Out, out, brief candle! '.repeat(60));
  await set(page, { batch: 2, layers: 1, heads: 2, channels: 32, context: 16, vocab_size: '', sample_every: 0, eval_every: 0, warmup: 2, steps: 100000, save_every: 5 });
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 7);
  await (await adapter.browser.newBrowserCDPSession()).send('Browser.crashGpuProcess');
  await page.locator('#alert').filter({ hasText: 'The device was lost and opened again' }).waitFor();
  const told = await facts(page);
  assert.equal(told.name, name);
  assert.equal(told.kind, 'gpu');
  assert.equal(told.time, undefined);
  const at = await metric(page, 'step');
  await until(page, 'step', 'at least', at + 6);
});
