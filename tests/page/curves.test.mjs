// The curves of a run: the same numbers in the picture, the words, the table, the file and the log; what pauses a run.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Record } from '../../www/engine/history.js';
import { Stops } from '../../www/worker/stop-conditions.js';
import { SMALL, control, downloaded, lab, metric, paste, ready, says, set, small_run, until } from './page.mjs';

const built = lab();

const TEXT = 'Tomorrow, and tomorrow, and tomorrow, creeps in this petty pace. '.repeat(60);
const SIZE = { ...SMALL, vocab_size: '', sample_every: 0, save_every: 0 };
const canvas = (page, figure) => page.locator(`[data-figure=${figure}] canvas`);
const cursor = (page, figure) => page.locator(`[data-figure=${figure}] .cursor`);
const figures = ['loss', 'rate', 'gradient', 'speed'];

/** A run that is over, on little text. */
async function trained(values, options = {}) {
  const page = await built.open('?device=cpu', options);
  await small_run(page, { text: TEXT, ...values });
  await control(page, 'train').click();
  await says(page, 'Finished');
  return page;
}

/** The rows of the file that the page hands over, by the names of its first line. */
async function file(page) {
  const { name, path } = await downloaded(page, control(page, 'csv'));
  const [names, ...lines] = (await readFile(path, 'utf8')).trimEnd().split('\n').map((line) => line.split(','));
  return { name, rows: lines.map((line) => Object.fromEntries(names.map((name, i) => [name, line[i]]))) };
}

/** What of a canvas is drawn in a colour of the style sheet: its pixels' places. */
const drawn = (page, figure, variable) => canvas(page, figure).evaluate((canvas, variable) => {
  const probe = document.createElement('canvas').getContext('2d');
  probe.fillStyle = getComputedStyle(canvas).getPropertyValue(variable);
  probe.fillRect(0, 0, 1, 1);
  const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const found = [];
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] === red && data[i + 1] === green && data[i + 2] === blue && data[i + 3] === 255) found.push([(i / 4) % canvas.width, Math.floor(i / 4 / canvas.width)]);
  }
  return found;
}, variable);

test('table, file, log and metrics tell the same numbers, all digits in the file', async () => {
  const page = await trained({ steps: 60, eval_every: 20 });
  const { name, rows } = await file(page);
  assert.equal(name, 'glasshouse-steps-60.csv');
  assert.deepEqual(rows.map(({ step }) => Number(step)), Array.from({ length: 60 }, (_, i) => i + 1));
  assert.equal(Number(rows[59].loss), await metric(page, 'loss'));
  assert.equal(Number(rows[59].validation_loss), await metric(page, 'validation-loss'));
  assert.deepEqual(rows.filter((row) => row.validation_loss !== '').map(({ step }) => step), ['20', '40', '60']);
  // The average is the engine's: nine tenths of what it was, and one of the newest, weighed so that it begins right.
  let [sum, weight] = [0, 0];
  for (const row of rows) {
    sum = 0.9 * sum + 0.1 * Number(row.loss);
    weight = 0.9 * weight + 0.1;
    assert.ok(Math.abs(sum / weight - Number(row.smoothed)) < 1e-9, row.step);
  }
  // The run's own log says the same.
  const lines = await page.locator('#log li').allTextContents();
  assert.equal(lines.length, 60);
  assert.match(lines[0], /^step 1 · loss \d\.\d\d · lr [\d.]+ · gradient [\d.]+ · [\d,]+ tokens\/s$/);
  assert.match(lines[19], / · validation \d\.\d\d$/);
  for (const [i, line] of lines.entries()) assert.ok(line.startsWith(`step ${i + 1} · loss ${Number(rows[i].loss).toFixed(2)} ·`), line);
  // 25 rows are a page; the newest is shown first.
  await page.locator('#steps > summary').click();
  const shown = () => page.locator('#steps tbody tr').evaluateAll((all) => all.map((row) => row.cells[0].textContent));
  await page.locator('.rows-shown').filter({ hasText: 'Rows 51 to 60 of 60' }).waitFor();
  assert.equal(await control(page, 'rows-on').isDisabled(), true);
  await control(page, 'rows-back').click();
  await control(page, 'rows-back').click();
  await page.locator('.rows-shown').filter({ hasText: 'Rows 1 to 25 of 60' }).waitFor();
  assert.deepEqual(await shown(), Array.from({ length: 25 }, (_, i) => String(i + 1)));
  assert.equal(await control(page, 'rows-back').isDisabled(), true);
  const cell = page.locator('#steps tbody tr').first().locator('td').nth(5);
  assert.equal(await cell.getAttribute('title'), rows[0].lr);
  assert.deepEqual(page.errors, []);
});

test('the log is bounded on the page, and whole in the zip', async () => {
  const page = await trained({ steps: 230 });
  await page.locator('#log li[data-step="230"]').waitFor();
  assert.equal(await page.locator('#log li').count(), 200);
  assert.equal(await page.locator('#log li').first().getAttribute('data-step'), '31');
  const seen = await page.locator('.log').evaluate((view) => view.scrollTop + view.clientHeight >= view.scrollHeight - 4);
  assert.ok(seen, 'the newest line is in view');
  const { path } = await downloaded(page);
  const other = await built.open();
  await ready(other);
  await other.locator('#run-file').setInputFiles({ name: 'run.zip', mimeType: 'application/zip', buffer: await readFile(path) });
  await until(other, 'step', 'exactly', 230);
  assert.equal((await file(other)).rows.length, 230);
});

test('one crosshair goes through all curves, by key and by pointer', async () => {
  const page = await trained({ steps: 40 });
  const { rows } = await file(page);
  const step = async (figure) => (await cursor(page, figure).textContent()).split(':')[0];
  await canvas(page, 'loss').focus();
  await page.keyboard.press('Home');
  for (const figure of figures) assert.equal(await step(figure), '1');
  for (let i = 0; i < 7; i += 1) await page.keyboard.press('ArrowRight');
  for (const figure of figures) assert.equal(await step(figure), '8');
  assert.equal(await cursor(page, 'loss').textContent(), `8: ${Number(rows[7].loss).toFixed(2)} · ${Number(rows[7].smoothed).toFixed(2)}`);
  // The lines stand one below the other.
  const places = await page.locator('.u-cursor-x').evaluateAll((lines) => lines.map((line) => Math.round(line.getBoundingClientRect().left)));
  assert.equal(places.length, figures.length);
  assert.equal(new Set(places).size, 1, places.join());
  await page.keyboard.press('End');
  assert.equal(await step('speed'), '40');
  await page.keyboard.press('Escape');
  for (const figure of figures) assert.equal(await cursor(page, figure).textContent(), '');
  // Pointing previews, a click keeps, pointing elsewhere previews over it.
  const box = await canvas(page, 'gradient').boundingBox();
  const at = (part) => page.mouse.move(box.x + 44 + (box.width - 64) * part, box.y + box.height / 2);
  await canvas(page, 'gradient').scrollIntoViewIfNeeded();
  Object.assign(box, await canvas(page, 'gradient').boundingBox());
  await at(0.2);
  const previewed = await step('loss');
  assert.ok(Number(previewed) > 0);
  await page.mouse.down();
  await page.mouse.up();
  await at(0.35);
  assert.ok(Number(await step('loss')) > Number(previewed));
  await page.mouse.move(box.x + box.width / 2, box.y - 30);
  await cursor(page, 'loss').filter({ hasText: `${previewed}:` }).waitFor();
  await canvas(page, 'gradient').press('Escape');
  assert.equal(await step('loss'), '');
  assert.deepEqual(page.errors, []);
});

test('a chart is a named surface that says its values once a second at most', async () => {
  const page = await trained({ steps: 40 });
  for (const figure of figures) {
    const surface = canvas(page, figure);
    assert.equal(await surface.getAttribute('role'), 'application');
    assert.equal(await surface.getAttribute('aria-roledescription'), 'chart');
    assert.match(await surface.getAttribute('aria-label'), /\d/);
    for (const name of ['aria-describedby', 'aria-details']) {
      const told = await page.locator(`#${await surface.getAttribute(name)}`).textContent();
      assert.ok(told.trim().length > 0, `${figure} has its ${name}`);
    }
  }
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 60_000);
  const said = page.locator('#curve-reading');
  await canvas(page, 'rate').focus();
  await page.keyboard.press('Home');
  assert.match(await said.textContent(), /^Step 1: loss \d\.\d\d, average \d\.\d\d, learning rate [\d.]+, gradient [\d.]+, [\d,]+ tokens\/s$/);
  for (let i = 0; i < 9; i += 1) await page.keyboard.press('ArrowRight');
  assert.match(await said.textContent(), /^Step 1:/, 'the others wait');
  await page.clock.runFor(999);
  assert.match(await said.textContent(), /^Step 1:/);
  await page.clock.runFor(1);
  assert.match(await said.textContent(), /^Step 10:/, 'the last of them is said');
  assert.equal(await cursor(page, 'rate').textContent().then((shown) => shown.split(':')[0]), '10', 'what is seen does not wait');
});

test('the curves are drawn where the numbers lie, on either scale', async () => {
  const page = await trained({ steps: 60, eval_every: 20, lr: 0.01, warmup: 0 });
  await page.waitForFunction(() => document.querySelector('[data-figure=loss]').dataset.step === '60');
  const { rows } = await file(page);
  // The engine's cosine falls from the first step on: its line goes down from left to right.
  const line = await drawn(page, 'rate', '--train');
  const height = (x) => Math.min(...line.filter(([column]) => column === x).map(([, y]) => y));
  const columns = [...new Set(line.map(([x]) => x))].filter((x) => x > 0);
  assert.ok(columns.length > 100);
  const heights = [0.1, 0.4, 0.7, 0.95].map((part) => height(columns.sort((a, b) => a - b)[Math.floor(part * columns.length)]));
  assert.deepEqual(heights, [...heights].sort((a, b) => a - b));
  // Validation is measured three times: three groups of points.
  const before = await drawn(page, 'loss', '--validation');
  assert.ok(before.length > 0);
  await page.locator('[name=loss-scale]').selectOption('log');
  await page.waitForFunction(() => document.querySelector('[data-figure=loss] canvas').getAttribute('aria-label')?.includes('60'));
  const after = await drawn(page, 'loss', '--validation');
  assert.ok(after.length > 0);
  assert.notDeepEqual(after, before, 'the scale moves the curve');
  // The canvas is new, and answers as the one before did.
  await canvas(page, 'loss').focus();
  await page.keyboard.press('Home');
  assert.ok((await cursor(page, 'loss').textContent()).startsWith(`1: ${Number(rows[0].loss).toFixed(2)}`));
  assert.deepEqual(page.errors, []);
});

test('a run pauses when its average loss falls under a bound, says so, and goes on when asked to', async () => {
  const page = await built.open();
  await ready(page);
  await paste(page, TEXT);
  await set(page, { ...SIZE, steps: 100_000, eval_every: 0, lr: 0.01, warmup: 0, stop_loss: 3 });
  await control(page, 'train').click();
  await says(page, 'was under 3');
  const [, step, at, found] = (await page.locator('#status').textContent()).match(/^Paused at step ([\d,]+): at step ([\d,]+) the average loss, (\d\.\d\d), was under 3\.$/);
  assert.ok(Number(found) <= 3);
  const { rows } = await file(page);
  const first = rows.find((row) => Number(row.smoothed) < 3);
  assert.equal(first.step, at.replace(',', ''), 'it is the first step that does');
  assert.equal(rows.at(-1).step, step.replace(',', ''));
  // Whoever goes on is not stopped by the same again.
  await control(page, 'train').click();
  await until(page, 'step', 'at least', Number(step.replace(',', '')) + 20);
  await control(page, 'pause').click();
  await says(page, /^Paused at step [\d,]+\.$/);
  // A bound that is new stops again.
  await set(page, { stop_loss: 2.9 });
  await control(page, 'train').click();
  await says(page, 'was under 2.9');
  await control(page, 'language').selectOption('zh');
  assert.match(await page.locator('#status').textContent(), /平均损失为 \d\.\d\d，低于 2\.9/);
  assert.deepEqual(page.errors, []);
});

test('a run pauses by its validation loss, and by its time', async () => {
  const page = await built.open();
  await ready(page);
  await paste(page, TEXT);
  await set(page, { ...SIZE, steps: 100_000, eval_every: 10, lr: 0.01, warmup: 0, stop_validation: 4 });
  await control(page, 'train').click();
  await says(page, /the validation loss, [0-3]\.\d\d, was under 4\.$/);
  const seconds = Number((await file(page)).rows.at(-1).seconds);
  await set(page, { stop_minutes: String((seconds + 0.5) / 60) });
  await control(page, 'train').click();
  await says(page, 'minutes, and');
  const { rows } = await file(page);
  assert.ok(Number(rows.at(-1).seconds) >= seconds + 0.5);
  await set(page, { stop_minutes: 'soon' });
  await page.locator('#described').filter({ hasText: 'After minutes: expected a number that is not negative, found “soon”' }).waitFor();
});

test('pressing train takes the numbers back until a step is told, and pause stays when the run is over', async () => {
  const page = await trained({ steps: 5 });
  assert.equal(await metric(page, 'step'), 5);
  assert.equal(await control(page, 'pause').isEnabled(), true);
  await control(page, 'pause').click();
  await says(page, 'This run is over');
  assert.equal(await metric(page, 'step'), 5);
  await set(page, { steps: 10 });
  // Between the press and what the worker answers, no live number stands.
  const left = await page.evaluate(() => {
    document.querySelector('[data-action=train]').click();
    return document.querySelectorAll('[data-metric][data-run=live][data-value]').length;
  });
  assert.equal(left, 0);
  await until(page, 'step', 'exactly', 10);
  await control(page, 'reset').click();
  await until(page, 'step', 'none');
  // What is refused begins nothing: numbers are not waited for in vain.
  await set(page, { steps: 3 });
  await page.locator('#own-text').fill('');
  await control(page, 'train').click();
  await page.locator('#alert').filter({ hasText: 'there is no text yet' }).waitFor();
  await paste(page, TEXT);
  await control(page, 'step').click();
  await until(page, 'step', 'exactly', 1);
});

test('what a run did while its tab was hidden is said when it is seen again', async () => {
  const page = await built.open();
  await ready(page);
  await paste(page, TEXT);
  await set(page, { ...SIZE, steps: 100_000, eval_every: 0 });
  const see = (state) => page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
  await see('hidden');
  await see('visible');
  assert.equal(await page.locator('#hidden').textContent(), '', 'nothing ran');
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 5);
  await see('hidden');
  const from = await metric(page, 'step');
  await until(page, 'step', 'at least', from + 10);
  await see('visible');
  const notice = page.locator('#hidden');
  const [, steps] = (await notice.textContent()).match(/^This tab was hidden for \S+: ([\d,]+) steps were taken/);
  assert.ok(Number(steps.replaceAll(',', '')) >= 10);
  await control(page, 'pause').click();
  await says(page, 'Paused');
  assert.equal(await notice.textContent(), '', 'the next press puts it away');
});

test('a record of values that are missing keeps their places, and its file leaves them empty', () => {
  const record = new Record();
  record.add([{ step: 1, loss: 2 }, { step: 2, loss: 1, validation_loss: 1.5 }]);
  assert.deepEqual(record.columns.validation_loss, [null, 1.5]);
  assert.deepEqual(record.extents.loss, { low: 1, high: 2 });
  assert.equal(record.csv().split('\n')[1], '1,,2,,,,,,');
});

test('a condition stops a run once, and again where it changes', () => {
  const stops = new Stops();
  stops.begin({ stop_loss: 2, stop_minutes: 1 });
  const report = (step, smoothed, seconds) => ({ step, smoothed, seconds });
  assert.equal(stops.check(report(1, 2, 0)), null, 'the bound itself is not under it');
  assert.deepEqual(stops.check(report(2, 1.9, 0)), { name: 'stop_loss', bound: 2, found: 1.9, step: 2 });
  assert.equal(stops.check(report(3, 1.8, 59)), null);
  assert.deepEqual(stops.check(report(4, 1.8, 60)), { name: 'stop_minutes', bound: 1, found: 1, step: 4 });
  stops.set({ stop_loss: 2, stop_minutes: 2 });
  assert.equal(stops.check(report(5, 1.7, 61)), null);
  assert.equal(stops.check(report(6, 1.7, 121)).name, 'stop_minutes');
  stops.begin(stops.bounds);
  assert.equal(stops.check(report(1, 1.9, 0)).name, 'stop_loss');
});
