// The built page on a WebGPU adapter (SwiftShader): forced by the address, passed over by default.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { control, lab, metric, paste, ready, says, set, until } from './page.mjs';

/** What a software adapter trains in seconds. */
const TINY = { batch: 2, layers: 1, heads: 2, channels: 32, context: 16, sample_every: 0, eval_every: 0, warmup: 2, lr: 0.01 };

const adapter = lab({ adapter: true });

test('a software adapter is passed over, and the page says so', async () => {
  const page = await adapter.open('');
  await ready(page);
  assert.match(await page.locator('#device').textContent(), /Runs on CPU.*SwiftShader.*is software/i);
  assert.equal(await page.locator('#device').getAttribute('data-kind'), 'cpu');
});

test('?device=gpu trains on the adapter, names it, pauses, generates and goes on', async () => {
  const page = await adapter.open('?device=gpu');
  await ready(page);
  assert.match(await page.locator('#device').textContent(), /Runs on .*SwiftShader.*WebGPU/i);
  await paste(page, 'Tomorrow, and tomorrow, and tomorrow, creeps in this petty pace. '.repeat(60));
  await set(page, { ...TINY, steps: 40, eval_every: 10 });
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 1);
  const first = await metric(page, 'loss');
  await until(page, 'step', 'at least', 12);
  await control(page, 'pause').click();
  await says(page, 'Paused');
  await page.locator('[data-stage=generate]').click();
  await page.locator('#generate [name=max_tokens]').fill('4');
  await control(page, 'generate').click();
  await page.locator('#samples li').first().waitFor({ state: 'attached' });
  await control(page, 'pause').click();
  await says(page, 'Finished');
  assert.equal(await metric(page, 'step'), 40);
  assert.ok((await metric(page, 'loss')) < first - 1, `the loss fell from ${first} to ${await metric(page, 'loss')}`);
  assert.ok((await metric(page, 'validation-loss')) > 0);
  assert.deepEqual(page.errors, []);
});

test('a device that is lost in mid-run is opened again, and the run goes on from its last save', async () => {
  const page = await adapter.open('?device=gpu');
  await ready(page);
  await paste(page, 'Out, out, brief candle! Life is but a walking shadow. '.repeat(60));
  await set(page, { ...TINY, steps: 100000, save_every: 5 });
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 12);
  // Ends the process that holds the adapter.
  await (await adapter.browser.newBrowserCDPSession()).send('Browser.crashGpuProcess');
  await page.locator('#alert').filter({ hasText: 'The device was lost and opened again' }).waitFor();
  const at = await metric(page, 'step');
  await until(page, 'step', 'at least', at + 10);
  assert.match(await page.locator('#device').textContent(), /SwiftShader/i);
});
