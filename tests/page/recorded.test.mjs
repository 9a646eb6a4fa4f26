// The recorded run: what the page opens with, without GPU and without wasm, and what is computed from its weights.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { SMALL, control, lab, metric, ready, set, until } from './page.mjs';

const built = lab();

const told = async (name) => JSON.parse(await readFile(`recorded/${name}.json`, 'utf8'));
const value = (page, name) => page.locator(`[data-metric=${name}][data-run=recorded]`).getAttribute('data-value');

/** The stage Generate shows the text of a recorded run, token by token, each with what else could stand there. */
async function written(page, { prompt, ready: { step }, writing }) {
  const figure = page.locator('#writing[data-run=recorded]');
  await figure.waitFor();
  assert.equal(await figure.getAttribute('data-step'), String(step));
  assert.match(await figure.locator('.chip').textContent(), /\S/);
  assert.equal(await figure.locator('.sample-prompt').textContent(), prompt);
  assert.equal(await figure.locator('.sample-text').textContent(), writing.tokens.map(([, piece, , , , text = piece]) => text).join(''));
  const chips = figure.locator('.chips button');
  assert.equal(await chips.count(), writing.tokens.length);
  const widths = await chips.locator('.chance').evaluateAll((all) => all.map(({ style }) => Number.parseFloat(style.width)));
  for (const [i, [, , probability]] of writing.tokens.entries()) assert.ok(Math.abs(widths[i] - 100 * probability) < 0.01);
  await chips.nth(3).hover();
  const [, , , rank, others] = writing.tokens[3];
  assert.equal(await figure.locator('.token-reading li').count(), others.length);
  assert.deepEqual(others.map(([, , chance]) => chance), others.map(([, , chance]) => chance).sort((a, b) => b - a));
  if (rank < others.length) assert.equal(await figure.locator('.token-reading li.chosen').count(), 1);
  // As long as there is nobody to answer, nothing can be asked.
  if (await control(page, 'generate').isDisabled()) {
    assert.ok(await control(page, 'regenerate').isDisabled());
    assert.equal(await figure.locator('.token-reading button:enabled').count(), 0);
  }
}

for (const [name, locale] of [['en', 'en-US'], ['zh', 'zh-CN']]) {
  test(`every stage opens with the recorded run before any engine is there: ${name}`, async () => {
    const run = await told(name);
    const page = await built.open('?device=cpu#stage=inspect', { locale, refused: '**/*.wasm' });
    await page.locator('#attention[data-run=recorded]').waitFor();
    const last = run.looks.at(-1);
    assert.equal(await page.locator('#attention').getAttribute('data-step'), String(last.step));
    assert.equal(await page.locator('.heads button').count(), run.layers * run.heads);
    const labels = await page.locator('.labels li').allTextContents();
    assert.equal(labels.length, run.tokens.length);
    const ranks = await page.locator('#next tbody td:first-child').allTextContents();
    assert.equal(ranks.length, last.candidates.length);
    assert.equal(Number(await value(page, 'step')), run.steps.loss.length);
    assert.equal(Number(await value(page, 'loss')), run.steps.loss.at(-1));
    await page.locator('[data-stage=train]').click();
    assert.equal(await page.locator('#loss').getAttribute('data-run'), 'recorded');
    assert.equal(await page.locator('#samples > li').count(), run.samples.length);
    await page.locator('[data-stage=data]').click();
    assert.equal(await page.locator('#documents').getAttribute('data-run'), 'recorded');
    assert.equal(await page.locator('.characters li:not(.begins)').count(), run.text.window.characters.length);
    await page.locator('[data-stage=tokenizer]').click();
    assert.equal(await page.locator('#strip').getAttribute('data-run'), 'recorded');
    assert.equal(await page.locator('#merges .race li').count(), run.text.merged.top.length);
    await page.locator('[data-stage=generate]').click();
    await written(page, run);
    assert.ok(page.requests.every((request) => request.startsWith(page.origin)));
  });
}

test('at any of its steps the recorded run is called that, and curves and sentences stand there', async () => {
  const { steps: { loss, lr } } = await told('en');
  const page = await built.open('?device=cpu#stage=inspect');
  await ready(page);
  await page.locator('#attention[data-run=recorded]').waitFor();
  const sentence = page.locator('#timeline figcaption');
  const last = loss.length.toLocaleString('en-US');
  await sentence.filter({ hasText: `Shown is the recorded run: step ${last} of ${last}` }).waitFor();
  assert.equal(await control(page, 'live').textContent(), 'Last');
  const slider = page.locator('#timeline [name=at]');
  await slider.focus();
  await page.keyboard.press('Home');
  await sentence.filter({ hasText: `What is computed anew has the weights of step ${last}` }).waitFor();
  // Charts that nobody saw are drawn when they are seen.
  await page.locator('[data-stage=train]').click();
  await page.waitForFunction((length) => document.querySelector('loss-chart').plot.data[0].length === length, loss.length);
  await page.locator('#loss figcaption').filter({ hasText: 'stand at step 0, before any loss' }).waitFor();
  for (const figure of ['#loss', '#timeline']) assert.match(await page.locator(`${figure} .chip`).textContent(), /step 0 · recorded run$/);
  await slider.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  const step = Number(await page.locator('#timeline').getAttribute('data-step'));
  assert.ok(step > 1 && step < loss.length);
  const rate = page.locator(`[data-figure=rate][data-step="${step}"]`);
  await rate.waitFor();
  assert.match(await rate.locator('figcaption').textContent(), new RegExp(`^At step ${step} an update is scaled by ${lr[step - 1].toPrecision(1).slice(0, 4)}`));
  await rate.locator('.legend .now').filter({ hasText: /^then / }).waitFor();
  await page.locator('#loss .legend .loss').filter({ hasText: loss[step - 1].toFixed(2) }).waitFor();
  await page.locator('#inspector [data-reading=cell]').filter({ hasText: `Step ${step}: loss ${loss[step - 1].toFixed(2)}` }).waitFor();
  // What is typed is asked of the last step, and says so.
  await page.locator('[data-stage=inspect]').click();
  await page.locator('[data-input=prompt]').fill('O Romeo');
  await page.locator('#attention[data-run=derived]').waitFor();
  assert.equal(await page.locator('#attention').getAttribute('data-step'), String(loss.length));
  await page.locator('#inspector [data-reading=step]').filter({ hasText: new RegExp(`^step ${last} of ${last}, .*, recorded$`) }).waitFor();
  assert.deepEqual(page.errors, []);
});

test('pixels of the large head are the recorded probabilities in the colours of the scale', async () => {
  const { colour } = await import('../../www/figure/colours.js');
  const run = await told('en');
  const page = await built.open('?device=cpu#stage=inspect', { refused: '**/*.wasm' });
  await page.locator('#attention[data-run=recorded]').waitFor();
  const pixels = await page.locator('#attention .matrix').evaluate((canvas) => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]);
  const numbers = new Uint16Array(new Uint8Array(Buffer.from(run.looks.at(-1).attention, 'base64')).buffer);
  const n = run.tokens.length;
  let at = 0;
  for (let row = 0; row < n; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      const shown = pixels.slice(4 * (row * n + column), 4 * (row * n + column) + 4);
      assert.deepEqual(shown, [...colour(Math.fround(numbers[at] / 65_535)), 255], `row ${row}, column ${column}`);
      at += 1;
    }
  }
});

test('a typed prompt is computed from the recorded weights, and says so', async () => {
  const page = await built.open('?device=cpu#stage=inspect');
  await ready(page);
  await page.locator('#attention[data-run=recorded]').waitFor();
  assert.ok(page.requests.every((request) => !request.endsWith('.zip')), 'the weights are fetched when they are needed');
  const recorded = await page.locator('#next tbody tr').first().locator('td').allTextContents();
  await control(page, 'head-off').click();
  await page.locator('#attention[data-run=derived]').waitFor();
  assert.match(await page.locator('#attention .chip').textContent(), /derived from recorded step 2,000/);
  await control(page, 'heads-on').click();
  await page.locator('#attention[data-run=recorded]').waitFor();
  assert.deepEqual(await page.locator('#next tbody tr').first().locator('td').allTextContents(), recorded);
  // The same prompt again, but for a temperature that hardly changes anything: half precision changes little.
  await page.locator('#next [name=draw]').fill('1');
  await page.locator('#next[data-run=derived]').waitFor();
  const derived = await page.locator('#next tbody tr').first().locator('td').allTextContents();
  assert.equal(derived[1], recorded[1]);
  assert.ok(Math.abs(Number(derived[4]) - Number(recorded[4])) < 0.01, `${derived[4]} ${recorded[4]}`);
  await page.locator('[data-input=prompt]').first().fill('What is a king?');
  await page.waitForFunction(() => document.querySelector('#attention').dataset.run === 'derived');
  assert.deepEqual(page.errors, []);
});

test('the time line scrubs the recorded run, without any engine', async () => {
  const run = await told('en');
  const page = await built.open('?device=cpu#stage=inspect', { refused: '**/*.wasm' });
  await page.locator('#attention[data-run=recorded]').waitFor();
  await page.locator('#timeline [name=at]').focus();
  const best = () => page.locator('#next tbody tr').first().locator('td').nth(1).textContent();
  const shown = { [run.looks.at(-1).step]: await best() };
  for (const { step } of run.looks.slice(0, -1).reverse()) {
    await page.keyboard.press('ArrowLeft');
    await page.locator(`#attention[data-step="${step}"]`).waitFor();
    assert.equal(await page.locator('#next').getAttribute('data-step'), String(step));
    shown[step] = await best();
  }
  assert.ok(new Set(Object.values(shown)).size > 1, 'the model has learnt something');
  assert.ok(await control(page, 'pin').isDisabled());
});

test('a link to Generate opens on the recorded text, before any engine is there, and scrubbing leaves it', async () => {
  const run = await told('en');
  const page = await built.open('?device=cpu#stage=generate', { refused: '**/*.wasm' });
  await written(page, run);
  await page.locator('#timeline [name=at]').focus();
  await page.keyboard.press('ArrowLeft');
  await page.locator(`#timeline[data-step="${run.looks.at(-2).step}"]`).waitFor();
  await written(page, run);
});

test('the recorded text is gone on from with another token, and the language changes it', async () => {
  const [run, other] = [await told('en'), await told('zh')];
  const page = await built.open('?device=cpu#stage=generate');
  await page.locator('[data-action=generate]:enabled').waitFor();
  await written(page, run);
  assert.ok(page.requests.every((request) => !request.endsWith('.zip')), 'the weights are fetched when they are needed');
  const before = await page.locator('#writing .chips button').allTextContents();
  await page.locator('#writing .chips button').nth(3).click();
  const choice = page.locator('#writing .token-reading li:not(.chosen) button').first();
  const token = await choice.textContent();
  await choice.click();
  await page.locator('#writing[data-run=derived]').waitFor();
  await page.locator('[data-action=stop]:disabled').waitFor({ state: 'attached' });
  const after = await page.locator('#writing .chips button').allTextContents();
  assert.deepEqual(after.slice(0, 4), [...before.slice(0, 3), token]);
  assert.match(await page.locator('#writing .chip').textContent(), /derived from recorded step 2,000/);
  await control(page, 'language').selectOption('zh');
  await page.locator('#writing[data-run=recorded]').waitFor();
  await written(page, other);
  await control(page, 'regenerate').click();
  await page.locator('#writing[data-run=derived]').waitFor();
  assert.deepEqual(page.errors, []);
});

test('the recorded model writes, and its text says where it is from', async () => {
  const page = await built.open('?device=cpu#stage=generate');
  await page.locator('[data-action=generate]:enabled').waitFor();
  await page.locator('#generate [name=max_tokens]').fill('8');
  await control(page, 'generate').click();
  await page.locator('#writing[data-run=derived]').waitFor();
  await page.waitForFunction(() => document.querySelectorAll('#writing .chips > *').length === 8);
  assert.equal(await page.locator('#writing').getAttribute('data-step'), '2000');
  assert.deepEqual(page.errors, []);
});

test('training takes the place of the recorded run, and a reset brings it back', async () => {
  const page = await built.open();
  await ready(page);
  await page.locator('[data-metric=step][data-run=recorded]').waitFor();
  await set(page, { ...SMALL, steps: 100_000, sample_every: 0, eval_every: 0 });
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 2);
  assert.equal(await page.locator('#loss').getAttribute('data-run'), 'live');
  await control(page, 'reset').click();
  await page.locator('[data-metric=step][data-run=recorded]').waitFor();
  assert.equal(await metric(page, 'step'), null);
  assert.deepEqual(page.errors, []);
});
