// A step in slow motion: part by part, each with the number of that very step, at the pace of the page; and what a run has
// learnt by each of its samples.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { phase } from '../../www/stages/train/samples.js';
import { PICTURES, SMALL, axe, control, downloaded, lab, metric, none, says, small_run, until } from './page.mjs';

const PARTS = ['forward', 'loss', 'backward', 'clip', 'update'];
const built = lab();

const current = (page, part) => page.locator(`.parts [data-part=${part}][aria-current=step]`);
const value = (page, part) => page.locator(`.parts [data-part=${part}]`).getAttribute('data-value').then((said) => (said === null ? null : Number(said)));

async function opened(options, values = {}) {
  const page = await built.open('?device=cpu', options);
  await small_run(page, { text: 'Tomorrow, and tomorrow, and tomorrow, creeps in this petty pace. '.repeat(60), ...values });
  return page;
}

/** All that the file of the steps holds, row by row. */
async function file(page) {
  const { path } = await downloaded(page, control(page, 'csv'));
  const [names, ...lines] = (await readFile(path, 'utf8')).trimEnd().split('\n').map((line) => line.split(','));
  return lines.map((line) => Object.fromEntries(names.map((name, i) => [name, Number(line[i])])));
}

test('a step stops behind each of its parts, tells the numbers of that step, and changes none of them', async () => {
  const fast = await opened();
  for (let step = 1; step <= 3; step += 1) {
    await control(fast, 'step').click();
    await says(fast, `Paused at step ${step}.`);
  }
  const wanted = await file(fast);
  const page = await opened();
  const slow = control(page, 'slow');
  await slow.click();
  assert.equal(await slow.getAttribute('aria-pressed'), 'true');
  // The page's own clock sets the pace: it stands still, and is moved by hand.
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 60_000);
  await control(page, 'step').click();
  // A single step does not stop behind its last part.
  for (const [i, part] of PARTS.slice(0, -1).entries()) {
    await current(page, part).waitFor();
    assert.equal(await page.locator('.parts [aria-current]').count(), 1);
    for (const later of PARTS.slice(i + 1)) assert.equal(await value(page, later), null, `${later} is not done`);
    assert.equal(await page.locator('#slow').getAttribute('data-step'), '1');
    assert.match(await page.locator('#slow figcaption').textContent(), new RegExp(`^Step 1, part ${i + 1} of 5, is done`));
    assert.equal(await metric(page, 'step') ?? 0, 0, 'the step is not done');
    await page.clock.runFor(999);
    assert.equal(await current(page, part).count(), 1, 'it stands for a second');
    await page.clock.runFor(1);
  }
  await page.clock.runFor(100);
  await until(page, 'step', 'exactly', 1);
  await says(page, 'Paused at step 1.');
  assert.equal(await value(page, 'forward'), SMALL.batch * SMALL.context);
  assert.equal(await value(page, 'loss'), wanted[0].loss);
  assert.equal(await value(page, 'clip'), wanted[0].grad_norm);
  assert.equal(await value(page, 'update'), wanted[0].lr);
  assert.equal(await current(page, 'update').count(), 1, 'the part that was done last is marked, though a run that is paused stands behind none');
  assert.equal(await page.locator('.parts [aria-current]').count(), 1);

  // A pause in the middle is heard at once: the step is finished, and all its numbers stand.
  await control(page, 'train').click();
  await current(page, 'forward').waitFor();
  await page.clock.runFor(1000);
  await current(page, 'loss').waitFor();
  await control(page, 'pause').click();
  await page.clock.runFor(100);
  await says(page, 'Paused at step 2.');
  for (const part of PARTS) assert.notEqual(await value(page, part), null, part);
  assert.equal(await current(page, 'update').count(), 1);
  assert.equal(await value(page, 'loss'), wanted[1].loss);
  // Other views are answered between two parts.
  await control(page, 'step').click();
  await current(page, 'forward').waitFor();
  await page.locator('[data-stage=inspect]').click();
  await page.locator('#prompt').fill('petty pace');
  // What was looked at is drawn with the next picture, and there is one as the clock goes on.
  for (const next = page.locator('#next[data-step="2"]'); await next.count() === 0;) await page.clock.runFor(16);
  await page.locator('[data-stage=train]').click();
  assert.equal(await current(page, 'forward').count(), 1);
  // Left in the middle, the run goes on by itself.
  await slow.click();
  await page.clock.runFor(100);
  await says(page, 'Paused at step 3.');
  assert.equal(await page.locator('.parts [aria-current]').count(), 0);
  assert.deepEqual((await file(page)).map(({ step, loss, grad_norm: norm }) => [step, loss, norm]), wanted.map(({ step, loss, grad_norm: norm }) => [step, loss, norm]));
  assert.deepEqual(page.errors, []);
});

test('a run in slow motion goes on by itself, and a reset ends it', async () => {
  const page = await opened({ reducedMotion: 'reduce' }, { accumulate: 2 });
  await control(page, 'slow').click();
  await control(page, 'train').click();
  await page.locator('#slow figcaption').filter({ hasText: 'batch 2 of the 2' }).waitFor();
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  await current(page, 'update').waitFor();
  await until(page, 'step', 'exactly', 1);
  await control(page, 'reset').click();
  await page.locator('[data-metric=step][data-run=recorded]').waitFor();
  await page.locator('#slow figcaption').filter({ hasText: 'Slow motion is on' }).waitFor();
  assert.equal(await page.locator('.parts [data-value]').count(), 0);
  assert.deepEqual(page.errors, []);
});

for (const [width, colorScheme, locale] of [[1280, 'light', 'en-US'], [360, 'dark', 'zh-CN'], [1280, 'dark', 'zh-CN'], [360, 'light', 'en-US']]) {
  test(`the parts fit ${width} pixels, ${colorScheme}, and axe finds no fault`, async () => {
    const page = await opened({ viewport: { width, height: 900 }, colorScheme, locale });
    await control(page, 'slow').click();
    await control(page, 'step').click();
    await current(page, 'clip').waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    await page.locator('#slow').scrollIntoViewIfNeeded();
    await page.screenshot({ path: `${PICTURES}/slow-${colorScheme}-${width}.png` });
    none(await axe(page));
  });
}

test('a sample is told by what its loss has passed', () => {
  const guesses = { uniform: 6, unigram: 5, bigram: 3 };
  for (const [average, name] of [[6.1, 'alike'], [6, 'alike'], [5.9, 'frequent'], [5, 'frequent'], [4.9, 'before'], [3, 'before'], [2.9, 'beyond']]) {
    assert.equal(phase({ average, ...guesses }), name, String(average));
  }
});

test('each sample says what the loss has passed by then, and how many of its words occur', async () => {
  const page = await opened({}, { steps: 120, sample_every: 20, lr: 0.01, warmup: 0 });
  await control(page, 'train').click();
  await says(page, 'Finished');
  const rows = await file(page);
  const legend = async (name) => Number((await page.locator(`#loss-legend .${name}`).textContent()).match(/[\d.]+$/)[0]);
  const [uniform, unigram, bigram] = [await legend('uniform'), await legend('unigram'), await legend('bigram')];
  assert.ok(uniform > unigram && unigram > bigram && bigram > 0, `${uniform} ${unigram} ${bigram}`);
  const samples = await page.locator('#samples > li').evaluateAll((all) => all.map((item) => ({ step: Number(item.dataset.step), phase: item.lastElementChild.dataset.phase, note: item.lastElementChild.textContent, text: item.querySelector('.sample-text').textContent })));
  assert.equal(samples.length, 6);
  for (const { step, phase: found, note, text } of samples) {
    const { smoothed } = rows[step - 1];
    assert.equal(found, phase({ average: smoothed, uniform, unigram, bigram }), `${step}: ${smoothed}`);
    assert.ok(note.includes(`the average loss, ${smoothed.toFixed(2)}, is`), note);
    const whole = text.replace(/\p{L}+$/u, '').match(/\p{Alphabetic}+/gu) ?? [];
    const known = whole.filter((word) => 'Tomorrow and tomorrow creeps in this petty pace'.split(' ').includes(word)).length;
    if (whole.length > 0) assert.ok(note.endsWith(`Of its ${whole.length} words, ${known} occur in the text.`), `${note} ${text}`);
  }
  assert.equal(samples[0].phase, 'beyond');
  await control(page, 'language').selectOption('zh');
  assert.match(await page.locator('#samples .sample-note').first().textContent(), /^用上了比前一个词元更多的内容/);
  assert.deepEqual(page.errors, []);
});
