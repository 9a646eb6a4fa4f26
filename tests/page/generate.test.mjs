// The stage Generate: token by token with alternatives, stopped, repeated, gone on with, from any step of the time line.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { control, lab, metric, open_small_run, ready, small_run, take_steps, until } from './page.mjs';

const built = lab();

const chips = (page) => page.locator('#writing .chips button');
const written = (page) => page.locator('#writing .sample-text').textContent();
const done = (page) => page.locator('[data-action=stop]:disabled').waitFor({ state: 'attached' });

/** A run of `steps` steps on `text` that waits, where it matters which, and the stage Generate. */
async function trained(page, steps = 3, text = undefined) {
  if (steps === 3 && !text) await open_small_run(page);
  else {
    await small_run(page, { steps: 1000, text });
    await take_steps(page, steps);
  }
  await page.locator('[data-stage=generate]').click();
}

/** Writes a text of `tokens` tokens, and gives it. */
async function write(page, tokens, values = {}) {
  for (const [name, value] of Object.entries({ max_tokens: tokens, ...values })) await page.locator(`#generate [name=${name}]`).fill(String(value));
  await control(page, 'generate').click();
  await chips(page).nth(tokens - 1).waitFor();
  await done(page);
  return written(page);
}

test('with neither a run nor a recorded one, nothing can be written', async () => {
  const page = await built.open('?device=cpu', { refused: '**/recorded/**' });
  await ready(page);
  await page.locator('[data-stage=generate]').click();
  assert.equal(await control(page, 'generate').isEnabled(), false);
  assert.match(await page.locator('#writing figcaption').textContent(), /^Nothing is written yet/);
});

test('writes token by token, says the seed, and writes the same again from the same seed', async () => {
  const page = await built.open();
  await trained(page);
  await page.locator('#prompt').fill('Full fathom');
  const first = await write(page, 20, { seed: 7 });
  assert.equal(await chips(page).count(), 20);
  assert.match(await page.locator('#writing figcaption').textContent(), /^The model of step 3 went on with 20 tokens, at temperature 0\.8, with seed 7\. .* probability of 0\.\d+ on average/);
  assert.equal(await page.locator('#writing').getAttribute('data-step'), '3');
  assert.equal(await page.locator('#writing .sample-prompt').textContent(), 'Full fathom');
  await control(page, 'regenerate').click();
  await page.locator('#writing figcaption').filter({ hasText: /with 20 tokens, .* seed 8\./ }).waitFor();
  assert.notEqual(await written(page), first);
  assert.equal(await write(page, 20), first);
  assert.equal(await metric(page, 'step'), 3, 'no step was taken');
  // The run lists it among its samples, and the same prompt stands in Inspect.
  assert.equal(await page.locator('#samples .sample-text').first().textContent(), first);
  await page.locator('[data-stage=inspect]').click();
  assert.equal(await page.locator('[data-input=prompt]').count(), 1);
  assert.equal(await page.locator('[data-input=prompt]').inputValue(), 'Full fathom');
  await page.locator('#attention .rows li').filter({ hasText: 'F' }).first().waitFor({ state: 'attached' });
  assert.deepEqual(page.errors, []);
});

test('a token shows what else could stand there, and choosing it goes on from there', async () => {
  const page = await built.open();
  await trained(page);
  const before = await write(page, 12, { temperature: 1 });
  const names = await chips(page).allTextContents();
  await chips(page).nth(4).hover();
  const reading = page.locator('#writing .token-reading');
  const [, probability, rank] = (await reading.textContent()).match(/Token 5, “.+”: probability ([\d.]+), rank (\d+)/);
  assert.ok(Number(probability) > 0 && Number(rank) >= 1);
  const others = reading.locator('li button');
  assert.equal(await others.count(), 8);
  const chances = (await reading.locator('.number').allTextContents()).map(Number);
  assert.deepEqual(chances, [...chances].sort((a, b) => b - a), 'the likeliest first');
  // By keys: to the token, kept, to another one in its place.
  await chips(page).first().focus();
  for (let i = 0; i < 4; i += 1) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  assert.equal(await chips(page).nth(4).getAttribute('aria-pressed'), 'true');
  const other = reading.locator('li:not(.chosen) button').first();
  const token = await other.textContent();
  await other.focus();
  await page.keyboard.press('Enter');
  await chips(page).nth(11).waitFor();
  await done(page);
  const after = await chips(page).allTextContents();
  assert.deepEqual(after.slice(0, 4), names.slice(0, 4));
  assert.equal(after[4], token);
  assert.notEqual(await written(page), before);
  assert.match(await reading.textContent(), new RegExp('^Token 5, '), 'the place keeps the focus');
  assert.deepEqual(page.errors, []);
});

test('a text is stopped, and another takes its place', async () => {
  const page = await built.open();
  await trained(page);
  // The likeliest token each time: the end of a document is not among them.
  await page.locator('#generate [name=temperature]').fill('0');
  await page.locator('#generate [name=max_tokens]').fill('1000000');
  await control(page, 'generate').click();
  await chips(page).nth(3).waitFor();
  await control(page, 'stop').click();
  await done(page);
  const count = await chips(page).count();
  assert.match(await page.locator('#writing figcaption').textContent(), new RegExp(`went on with ${count.toLocaleString('en')} tokens`));
  await control(page, 'generate').click();
  await chips(page).nth(3).waitFor();
  await page.locator('#generate [name=max_tokens]').fill('6');
  await control(page, 'generate').click();
  await page.locator('#writing figcaption').filter({ hasText: 'went on with 6 tokens' }).waitFor();
  assert.equal(await chips(page).count(), 6);
  // Training goes on afterwards as if nothing had been.
  await control(page, 'step').click();
  await until(page, 'step', 'exactly', 4);
  assert.deepEqual(page.errors, []);
});

test('the model of any step writes, and what it writes follows the time line', async () => {
  const page = await built.open();
  await trained(page, 2);
  const at_two = await write(page, 10);
  const chances = await chips(page).locator('.chance').evaluateAll((all) => all.map(({ style }) => style.width));
  await control(page, 'step').click();
  await until(page, 'step', 'exactly', 3);
  const at_three = await write(page, 10);
  await page.locator('#timeline [name=at]').focus();
  await page.keyboard.press('ArrowLeft');
  await page.locator('#writing[data-step="2"] figcaption').filter({ hasText: 'went on with 10 tokens' }).waitFor();
  assert.equal(await written(page), at_two);
  assert.deepEqual(await chips(page).locator('.chance').evaluateAll((all) => all.map(({ style }) => style.width)), chances);
  assert.match(await page.locator('#writing .chip').textContent(), /step 2 · snapshot$/);
  await control(page, 'live').click();
  await page.locator('#writing[data-step="3"] figcaption').filter({ hasText: 'went on with 10 tokens' }).waitFor();
  assert.equal(await written(page), at_three);
});

test('Chinese is never broken', async () => {
  const page = await built.open();
  await trained(page, 3, '床前明月光，疑是地上霜。举头望明月，低头思故乡。😀'.repeat(40));
  await page.locator('#prompt').fill('床前');
  // As good as untrained, it writes single bytes: most of them are no characters, and none is shown by half.
  const text = await write(page, 60, { temperature: 1 });
  const pieces = await chips(page).locator('span:first-child').allTextContents();
  assert.ok(pieces.some((piece) => /^<0x[0-9A-F]{2}>$/.test(piece)), `single bytes are told as such: ${pieces}`);
  const encoder = new TextEncoder();
  const marks = new Map([['·', ' '], ['↵', '\n'], ['→', '\t']]);
  const plain = (piece) => [...piece].map((c) => {
    const point = c.codePointAt(0);
    return marks.get(c) ?? (point >= 0x2400 && point <= 0x2420 ? String.fromCharCode(point - 0x2400) : c === '␡' ? '\x7f' : c);
  }).join('');
  const all = pieces.flatMap((piece) => piece.split(/(<0x[0-9A-F]{2}>)/)).flatMap((part) => {
    const byte = /^<0x(..)>$/.exec(part);
    return byte ? [Number.parseInt(byte[1], 16)] : [...encoder.encode(plain(part))];
  });
  // What waits for the rest of its character at the end is not shown.
  const whole = new TextDecoder().decode(new Uint8Array(all), { stream: true });
  assert.equal(text, whole);
});

test('hostile text stays text', async () => {
  const hostile = '<img src=x onerror="document.title=1"><b>bold</b>';
  const page = await built.open();
  await trained(page, 2, hostile.repeat(40));
  await page.locator('#prompt').fill(hostile);
  await write(page, 20);
  await chips(page).first().click();
  assert.equal(await page.locator('#writing .sample-prompt').textContent(), hostile);
  assert.equal(await page.locator('#writing').locator('img').count(), 0);
  assert.equal(await page.title(), 'Glasshouse');
  assert.deepEqual(page.errors, []);
});

test('Enter asks in this stage, and Shift with it begins a line', async () => {
  const page = await built.open();
  await trained(page, 1);
  await page.locator('#generate [name=max_tokens]').fill('3');
  await page.locator('#prompt').fill('Full');
  await page.locator('#prompt').press('Shift+Enter');
  await page.locator('#prompt').press('Enter');
  await chips(page).nth(2).waitFor();
  assert.equal(await page.locator('#writing .sample-prompt').textContent(), 'Full\n');
});
