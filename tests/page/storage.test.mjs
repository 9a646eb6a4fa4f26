// Runs in the browser's own storage: they outlive a reload and each other, and where nothing can be kept the run goes on.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { axe, control, downloaded, lab, metric, none, paste, ready, says, set, until } from './page.mjs';
import { SHORT, TEXT, files, filled, kept, losses, runs, trained } from './kept_runs.mjs';

const built = lab();

/** Another tab of the same browser. */
async function beside(page) {
  const other = await page.context().newPage();
  await other.goto(page.url());
  await ready(other);
  return other;
}

test('a reload in mid-run loses no save, and the run goes on to the same losses', async () => {
  const steps = 600;
  const whole = await built.open();
  await filled(whole, { steps, save_every: 0 });
  await control(whole, 'train').click();
  await says(whole, 'Finished');
  const want = await losses(whole);
  assert.equal(want.length, steps);
  await whole.context().close();

  const page = await built.open();
  assert.equal(await page.locator('#kept-offer').isVisible(), false);
  await filled(page, { steps, save_every: 25 });
  await control(page, 'train').click();
  await kept(page).filter({ hasText: 'open here' }).waitFor();
  await page.reload();
  await ready(page);
  await page.locator('#kept-offer').waitFor();
  await control(page, 'continue').click();
  await says(page, 'Paused');
  const at = await metric(page, 'step');
  assert.ok(at >= 25 && at % 25 === 0 && at < steps, `it stands at step ${at}`);
  assert.equal(await page.locator('#kept-offer').isVisible(), false);
  await control(page, 'train').click();
  await says(page, 'Finished');
  assert.deepEqual(await losses(page), want, 'bit for bit');
  assert.equal(await kept(page).count(), 1, 'it is still the same run');
  assert.equal(Object.keys(await files(page)).length, 1, 'of which the last save is kept');
  assert.deepEqual(page.errors, []);
});

test('a pause and a tab that is put away are saved, so that nothing is lost', async () => {
  const page = await built.open();
  await filled(page, { steps: 100_000, save_every: 0 });
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 5);
  await control(page, 'pause').click();
  await says(page, 'Paused');
  const at = await metric(page, 'step');
  await kept(page).filter({ hasText: `step ${at.toLocaleString('en')} of` }).waitFor();
  const loss = await metric(page, 'loss');
  await page.reload();
  await ready(page);
  await page.locator('#kept-offer').filter({ hasText: `loss ${loss.toFixed(2)}` }).waitFor();
  await control(page, 'continue').click();
  await until(page, 'step', 'exactly', at);
  assert.equal(await metric(page, 'loss'), loss);
});

test('a file whose end was never written does not count', async () => {
  const page = await built.open();
  await trained(page);
  const [name] = Object.keys(await files(page));
  await control(page, 'reset').click();
  const broken = await page.evaluate(async (name) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('glasshouse-runs');
    const bytes = await (await (await folder.getFileHandle(name)).getFile()).arrayBuffer();
    const later = name.replace(/\.\d+\.run$/, '.99.run');
    const file = await (await folder.getFileHandle(later, { create: true })).createWritable();
    await file.write(bytes.slice(0, bytes.byteLength - 1));
    await file.close();
    return later;
  }, name);
  await page.reload();
  await ready(page);
  await control(page, 'continue').click();
  await until(page, 'step', 'exactly', 4);
  // What is saved next is not taken for older than what was broken off.
  await set(page, { steps: 6 });
  await control(page, 'train').click();
  await kept(page).filter({ hasText: 'step 6 of 6' }).waitFor();
  const left = Object.keys(await files(page));
  assert.equal(left.length, 1);
  assert.ok(Number(left[0].split('.')[1]) > 99, left[0]);
  assert.ok(left[0] !== broken);
});

test('saved runs are opened, downloaded and deleted, and a sixth one takes the place of the oldest', async () => {
  const page = await built.open();
  await trained(page);
  const first = Object.keys(await files(page))[0].split('.')[0];
  for (let seed = 1; seed < 6; seed += 1) {
    await control(page, 'reset').click();
    await trained(page, { seed });
  }
  await page.locator('#kept [role=status]').filter({ hasText: 'the oldest run went: tiny, step 4' }).waitFor();
  await runs(page, 5);
  assert.ok(Object.keys(await files(page)).every((name) => !name.startsWith(first)));
  await control(page, 'reset').click();
  await page.locator('#kept-offer').waitFor();

  const item = kept(page).nth(1);
  const id = await item.getAttribute('data-id');
  const { name, path } = await downloaded(page, item.locator('[data-action=kept-download]'));
  assert.equal(name, 'glasshouse-tiny-4.zip');
  await page.locator('#run-file').setInputFiles({ name: 'run.zip', mimeType: 'application/zip', buffer: await readFile(path) });
  await until(page, 'step', 'exactly', 4);
  await control(page, 'reset').click();
  await runs(page, 5);

  // One press of Delete asks, and whoever goes elsewhere meant something else.
  const remove = kept(page).and(page.locator(`[data-id="${id}"]`)).locator('[data-action=kept-delete]');
  await remove.click();
  assert.equal(await remove.textContent(), 'Delete for good');
  await control(page, 'share').focus();
  assert.equal(await remove.textContent(), 'Delete');
  await remove.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await page.waitForFunction((id) => !document.querySelector(`#kept [data-id="${id}"]`), id);
  assert.ok(Object.keys(await files(page)).every((name) => !name.startsWith(id)));
  assert.deepEqual(page.errors, []);
});

/** What a worker may find instead of a storage: it runs in front of the worker's own code. */
const REFUSALS = {
  'is refused': "navigator.storage.getDirectory = () => Promise.reject(new DOMException('no', 'SecurityError'));",
  'is unknown': "Object.defineProperty(WorkerNavigator.prototype, 'storage', { get: () => undefined });",
  'cannot be written': "FileSystemFileHandle.prototype.createSyncAccessHandle = () => Promise.reject(new DOMException('the disk is gone', 'UnknownError'));",
};
for (const [how, prelude] of Object.entries(REFUSALS)) {
  test(`where the storage ${how} the page says so, trains, and hands the run over`, async () => {
    const body = `${prelude}\n${await readFile('dist/worker.js', 'utf8')}`;
    const page = await built.open();
    await page.context().route('**/worker.js', (route) => route.fulfill({ contentType: 'text/javascript', body }));
    await page.reload();
    await filled(page, { steps: 60, save_every: 20 });
    const written = how === 'cannot be written';
    await page.locator('#kept .hint').filter({ hasText: written ? 'No run is kept yet' : 'lets the page keep nothing' }).waitFor();
    await control(page, 'train').click();
    await page.locator('#alert').filter({ hasText: written ? 'could not be kept (the disk is gone)' : 'the save of step 20 lives in this tab alone' }).waitFor();
    await says(page, 'Finished');
    assert.equal(await metric(page, 'step'), 60);
    assert.equal((await losses(page)).length, 60);
    assert.equal(await kept(page).count(), 0);
    if (written) assert.deepEqual(await files(page), {}, 'nothing half written is left');
    assert.deepEqual(page.errors, []);
  });
}

test('two tabs keep their runs beside each other', async () => {
  const page = await built.open();
  await filled(page, { steps: 100_000, save_every: 1 });
  await control(page, 'train').click();
  await kept(page).filter({ hasText: 'open here' }).waitFor();
  const id = await kept(page).getAttribute('data-id');
  const other = await beside(page);
  assert.equal(await other.locator('#kept-offer').isVisible(), false, 'a run that is open is not offered');
  const theirs = other.locator(`#kept [data-id="${id}"]`);
  await theirs.filter({ hasText: 'open in another tab' }).waitFor();
  assert.ok(await theirs.locator('[data-action=kept-delete]').isDisabled());
  await trained(other);
  assert.equal(await kept(other).count(), 2);
  // The other tab's run is opened as a copy, and what the first one saves stays its own.
  await theirs.locator('[data-action=kept-open]').click();
  await says(other, 'Paused');
  await control(other, 'step').click();
  const copied = await metric(other, 'step');
  await control(other, 'train').click();
  await until(other, 'step', 'at least', copied + 1);
  await control(other, 'pause').click();
  await runs(other, 3);
  const at = await metric(page, 'step');
  await until(page, 'step', 'at least', at + 25);
  await control(page, 'pause').click();
  await says(page, 'Paused');
  const last = (await metric(page, 'step')).toLocaleString('en');
  await kept(page).filter({ hasText: `step ${last} of` }).filter({ hasText: 'open here' }).waitFor();
  await runs(page, 3);
  // What a tab that is closed had open is free again.
  await page.close();
  await other.locator(`#kept [data-id="${id}"]`).filter({ hasText: `step ${last} of` }).locator('[data-action=kept-delete]:enabled').waitFor();
});

test('a file that another tab replaces while it is read is looked for again', async () => {
  const page = await built.open();
  await trained(page);
  const prelude = `const { getFile } = FileSystemFileHandle.prototype;
    let reads = 0;
    FileSystemFileHandle.prototype.getFile = function () {
      reads += 1;
      return reads <= 3 ? Promise.reject(new DOMException('gone', 'NotFoundError')) : getFile.call(this);
    };`;
  const body = `${prelude}\n${await readFile('dist/worker.js', 'utf8')}`;
  await page.context().route('**/worker.js', (route) => route.fulfill({ contentType: 'text/javascript', body }));
  await page.reload();
  await kept(page).filter({ hasText: 'step 4 of 4' }).waitFor();
  await page.context().close();
});

test('a name of the user’s stays text', async () => {
  const page = await built.open();
  await ready(page);
  const name = '<img src=x onerror="document.title=1">.txt';
  await page.locator('#own-files').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(TEXT.repeat(40)) });
  await set(page, { ...SHORT, steps: 2 });
  await control(page, 'train').click();
  await kept(page).filter({ hasText: name }).waitFor();
  await page.reload();
  await page.locator('#kept-offer').filter({ hasText: name }).waitFor();
  assert.equal(await page.locator('#kept img, #kept-offer img').count(), 0);
  assert.equal(await page.title(), 'Glasshouse');
});

for (const [locale, width, colorScheme] of [['en-US', 360, 'dark'], ['zh-CN', 360, 'light'], ['en-US', 1280, 'light'], ['zh-CN', 1280, 'dark']]) {
  test(`saved runs fit ${width} pixels, ${locale}, ${colorScheme}, and axe finds no fault`, async () => {
    const page = await built.open('?device=cpu', { locale, colorScheme, viewport: { width, height: 900 } });
    await ready(page);
    if (width < 900) await page.locator('#settings-details > summary').click();
    await paste(page, TEXT.repeat(40));
    await set(page, { ...SHORT, steps: 2 });
    await control(page, 'train').click();
    await runs(page, 1);
    await page.reload();
    await page.locator('#kept-offer').waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    none(await axe(page));
    const words = (await page.locator('#kept, #kept-offer, #machine').allInnerTexts()).join(' ');
    const known = /tiny|CPU|GPU|kB|MB|GB|txt|pasted/g;
    if (locale === 'zh-CN') assert.deepEqual(words.replaceAll(known, '').match(/[A-Za-z]+/g), null);
    await page.context().close();
  });
}
