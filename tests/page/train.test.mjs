// The built page in a real browser, on the CPU device: a run from its first step to its zip, and on from there.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { SMALL, control, downloaded, drop, lab, metric, paste, ready, says, set, until } from './page.mjs';

const built = lab();

test('trains on the English corpus, pauses, steps, generates, downloads, resets, opens and goes on', async () => {
  const page = await built.open();
  await ready(page);
  assert.match(await page.locator('#device').textContent(), /Runs on CPU/);
  assert.equal(await metric(page, 'step'), null);
  await set(page, { ...SMALL, steps: 5000, sample_every: 20, eval_every: 20, warmup: 5 });
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 60);
  const chance = Math.log(SMALL.vocab_size);
  assert.ok((await metric(page, 'loss')) < chance - 0.5, `by chance the loss is ${chance}, it is ${await metric(page, 'loss')}`);
  assert.ok((await metric(page, 'tokens-per-second')) > 0);
  assert.ok((await metric(page, 'validation-loss')) > 0);
  assert.ok((await page.locator('#samples li').count()) >= 2);
  assert.match(await page.locator('loss-chart canvas').getAttribute('aria-label'), /After \d+ of 5,000 steps the loss is \d\.\d\d/);

  await control(page, 'pause').click();
  await says(page, 'Paused');
  const paused = await metric(page, 'step');
  await control(page, 'step').click();
  await until(page, 'step', 'exactly', paused + 1);
  await says(page, 'Paused');

  const before = await page.locator('#samples li').count();
  await page.locator('[data-stage=generate]').click();
  await page.locator('#prompt').fill('HAMLET.\n');
  await page.locator('#generate [name=max_tokens]').fill('12');
  await page.locator('#generate [name=temperature]').fill('0');
  await control(page, 'generate').click();
  await page.locator('#samples li').nth(before).waitFor({ state: 'attached' });
  const sample = page.locator('#samples li').first();
  assert.match(await sample.locator('.sample-head').textContent(), /12 tokens · after a prompt/);
  assert.equal(await sample.locator('.sample-prompt').textContent(), 'HAMLET.\n');
  assert.equal(await metric(page, 'step'), paused + 1, 'generating takes no step');
  const written = await sample.locator('.sample-text').textContent();

  const { name, path } = await downloaded(page);
  assert.equal(name, `glasshouse-tiny-${paused + 1}.zip`);
  const zip = await readFile(path);
  assert.equal(zip.subarray(0, 2).toString(), 'PK');

  await control(page, 'reset').click();
  await page.locator('[data-metric=step][data-run=recorded]').waitFor();
  assert.equal(await page.locator('#samples .sample-prompt').count(), 0, 'what was generated is gone');
  assert.equal(await metric(page, 'loss'), null);

  await page.locator('#run-file').setInputFiles({ name, mimeType: 'application/zip', buffer: zip });
  await until(page, 'step', 'exactly', paused + 1);
  await says(page, 'Paused');
  // The same weights write the same text.
  await control(page, 'generate').click();
  await page.locator('#samples li').first().waitFor({ state: 'attached' });
  assert.equal(await page.locator('#samples .sample-text').first().textContent(), written);
  await control(page, 'pause').click();
  await until(page, 'step', 'at least', paused + 5);
  assert.ok((await metric(page, 'loss')) < chance - 0.5);
  assert.deepEqual(page.errors, []);
  assert.deepEqual(page.requests.filter((url) => !url.startsWith(page.origin) && !url.startsWith('blob:')), []);
  assert.deepEqual(page.requests.filter((url) => url.startsWith('http') && !url.startsWith(page.address)), []);
});

test('trains on pasted text to the end, extends the run, and its zip carries the text', async () => {
  const page = await built.open();
  await ready(page);
  await paste(page, `${'She sells sea shells by the sea shore. '.repeat(80)}<img src=x onerror=alert(1)>`);
  assert.match(await page.locator('#own-summary').textContent(), /3\.15 kB pasted/);
  await set(page, { ...SMALL, vocab_size: '', steps: 30, sample_every: 30 });
  await control(page, 'train').click();
  await says(page, 'Finished');
  assert.equal(await metric(page, 'step'), 30);
  assert.match(await page.locator('#notices').textContent(), /the text allows a vocabulary of \d+, not the preset's 1024/);
  assert.equal(await control(page, 'train').isEnabled(), false);
  const { path } = await downloaded(page);

  await set(page, { steps: 36 });
  await control(page, 'train').click();
  await until(page, 'step', 'exactly', 36);
  await says(page, 'Finished');
  // Its time line goes on, too.
  const kept = await page.locator('#timeline .snapshots li').evaluateAll((all) => all.map(({ dataset }) => Number(dataset.step)));
  assert.ok(kept[0] === 0 && kept.at(-1) === 36 && kept.filter((step) => step < 30).length > 4, kept.join());

  const other = await built.open();
  await ready(other);
  const zip = await readFile(path);
  await other.locator('#run-file').setInputFiles({ name: 'run.zip', mimeType: 'application/zip', buffer: zip });
  await until(other, 'step', 'exactly', 30);
  assert.deepEqual([...page.errors, ...other.errors], []);
});

test('files that are dropped are trained on, and a run that is dropped is opened', async () => {
  const page = await built.open();
  await ready(page);
  await drop(page, 'sonnet.txt', Buffer.from('Shall I compare thee to a summer day? '.repeat(60)));
  await page.locator('#own-summary').filter({ hasText: 'sonnet.txt' }).waitFor();
  assert.equal(await page.locator('#drop').isVisible(), false);
  await set(page, { ...SMALL, vocab_size: '', steps: 3, sample_every: 0, eval_every: 0 });
  await control(page, 'train').click();
  await says(page, 'Finished');
  const { path } = await downloaded(page);

  const other = await built.open();
  await ready(other);
  await drop(other, 'run.zip', await readFile(path));
  await until(other, 'step', 'exactly', 3);
  await says(other, 'Finished');
  assert.deepEqual([...page.errors, ...other.errors], []);
});

test('without WebGPU the page trains on the CPU, and says so', async () => {
  const page = await built.open('');
  await ready(page);
  assert.match(await page.locator('#device').textContent(), /Runs on CPU.*offers no WebGPU adapter/);
  await paste(page, 'Now is the winter of our discontent. '.repeat(60));
  await set(page, { ...SMALL, vocab_size: '', steps: 3, sample_every: 0, eval_every: 0 });
  await control(page, 'train').click();
  await says(page, 'Finished');
  assert.equal(await metric(page, 'step'), 3);
});

test('text that looks like a page stays text', async () => {
  const page = await built.open();
  await ready(page);
  const hostile = '<img src=x onerror="document.title=1"><b>bold</b>';
  await paste(page, hostile.repeat(40));
  await set(page, { ...SMALL, vocab_size: '', steps: 2, sample_every: 1 });
  await control(page, 'train').click();
  await says(page, 'Finished');
  await page.locator('[data-stage=generate]').click();
  await page.locator('#prompt').fill(hostile);
  await control(page, 'generate').click();
  await page.locator('#samples .sample-prompt').waitFor({ state: 'attached' });
  assert.equal(await page.locator('#samples .sample-prompt').textContent(), hostile);
  assert.equal(await page.locator('#samples').locator('img, b').count(), 0);
  assert.equal(await page.title(), 'Glasshouse');
});

test('says what cannot be done, and keeps what there is', async () => {
  const page = await built.open();
  await ready(page);
  const alert = page.locator('#alert');
  await page.locator('#settings [value=own]').check();
  await control(page, 'train').click();
  await alert.filter({ hasText: 'there is no text yet' }).waitFor();
  await page.locator('#own-files').setInputFiles({ name: 'photo.txt', mimeType: 'text/plain', buffer: Buffer.from([1, 0, 2]) });
  await control(page, 'train').click();
  await alert.filter({ hasText: 'photo.txt: expected text, found a zero byte' }).waitFor();
  await page.locator('#run-file').setInputFiles({ name: 'run.zip', mimeType: 'application/zip', buffer: Buffer.from('no zip') });
  await alert.filter({ hasText: 'zip' }).waitFor();
  await set(page, { heads: 3 });
  await page.locator('#described').filter({ hasText: '3 heads do not divide 128 channels' }).waitFor();
  await set(page, { heads: 2.5 });
  await page.locator('#described').filter({ hasText: 'Heads: expected a whole number, found “2.5”' }).waitFor();
  await set(page, { heads: '', batch: 1000000 });
  // The engine speaks of --batch; the page calls it what the form calls it.
  await page.locator('#described').filter({ hasText: 'take “Batch”' }).waitFor();
  await set(page, { batch: '' });
  await page.locator('#described').filter({ hasText: '933K parameters' }).waitFor();
  assert.deepEqual(page.errors, []);
});

test('a loss that is not finite stops the run, and the last save can be downloaded', async () => {
  const page = await built.open();
  await ready(page);
  await paste(page, 'All that glisters is not gold. '.repeat(60));
  await set(page, { ...SMALL, vocab_size: '', steps: 4, save_every: 1 });
  await control(page, 'train').click();
  await says(page, 'Finished');
  await control(page, 'reset').click();
  await set(page, { steps: 500, lr: 1000, warmup: 0, clip: 0, weight_decay: 900 });
  await control(page, 'train').click();
  await page.locator('#alert').filter({ hasText: 'the loss is not finite at step' }).waitFor();
  assert.match(await page.locator('#alert').textContent(), /lower “Learning rate”/);
  const { name } = await downloaded(page);
  assert.match(name, /^glasshouse-tiny-\d+\.zip$/);
  assert.equal(await control(page, 'train').isEnabled(), true);
});
