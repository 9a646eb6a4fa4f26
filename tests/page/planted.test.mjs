// Numbers in the page and pixels in its pictures, of a model whose weights were planted: what is shown is what its formula gives,
// computed here in float64. Nothing of the engine and nothing of www/ takes part in what is expected.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { entropy, forward, shares, softmax } from './gpt2.mjs';
import { QUIET, control, downloaded, enter, lab, paste, ready, set, until } from './page.mjs';

/** The first head looks everywhere alike, the second at the letter “!” where it can, the third nowhere in particular. */
const SHAPE = { layers: 2, heads: 3, channels: 24 };
const PROMPT = 'ab! cab!d abba';
/** Three digits are shown: half a digit of the third, and what single precision loses. */
const near = (shown, want, what) => assert.ok(Math.abs(shown - want) <= 0.00502 * Math.abs(want) + 2e-5, `${what}: ${shown} is shown, and ${want} is expected`);

const built = lab();
let folder;
let page;
let weights;
let ids;
let truth;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glasshouse-planted-'));
  page = await built.open();
  await ready(page);
  await paste(page, 'ab! cab!d abba dada '.repeat(100));
  await set(page, { ...SHAPE, context: 32, vocab_size: 257, batch: 2, steps: 100, ...QUIET });
  await control(page, 'step').click();
  await until(page, 'step', 'exactly', 1);
  await plant((await downloaded(page)).path);
  await control(page, 'reset').click();
  await page.locator('#run-file').setInputFiles(join(folder, 'planted.zip'));
  await until(page, 'step', 'exactly', 1);
  truth = forward(weights, SHAPE, ids);
});
after(() => rm(folder, { recursive: true }));

/** Puts other weights into a zipped run: all of them drawn, some of them meant. Notes them, and the ids of the prompt. */
async function plant(zip) {
  const inside = join(folder, 'run');
  execFileSync('python3', ['-m', 'zipfile', '-e', zip, inside]);
  const path = join(inside, 'model.safetensors');
  const file = await readFile(path);
  const head = Number(file.readBigUInt64LE(0));
  const { __metadata__: _, ...tensors } = JSON.parse(file.subarray(8, 8 + head).toString());
  let seed = 1;
  const drawn = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return (2 * seed) / 2_147_483_647 - 1;
  };
  weights = new Map();
  for (const [name, { shape, data_offsets: [from, to] }] of Object.entries(tensors)) {
    const values = new Float32Array((to - from) / 4);
    const wide = /wte|wpe/.test(name) ? 1 : 1 / Math.sqrt(shape[0]);
    const still = /ln_\w+\.weight/.test(name) ? 1 : 0;
    for (let i = 0; i < values.length; i += 1) values[i] = still + wide * drawn();
    weights.set(name, values);
  }
  const { channels, heads } = SHAPE;
  const size = channels / heads;
  const part = (name) => weights.get(`transformer.${name}`);
  const { model: { vocab } } = JSON.parse(await readFile(join(inside, 'tokenizer.json'), 'utf8'));
  ids = [...PROMPT].map((letter) => vocab[letter.replace(' ', 'Ġ')]);
  // No other letter has anything in the first channel.
  for (let id = 0; id < 257; id += 1) part('wte.weight')[id * channels] = id === vocab['!'] ? 12 : 0;
  for (let at = 0; at < 32; at += 1) part('wpe.weight')[at * channels] = 0;
  part('h.0.ln_1.weight').fill(1);
  part('h.0.ln_1.bias').fill(0);
  const set_column = (out, bias, value) => {
    for (let i = 0; i < channels; i += 1) part('h.0.attn.c_attn.weight')[i * 3 * channels + out] = value(i);
    part('h.0.attn.c_attn.bias')[out] = bias;
  };
  for (let i = 0; i < size; i += 1) {
    // The first head asks nothing, so that every score is 0. The second asks each time for the first channel.
    set_column(i, 0, () => 0);
    set_column(size + i, i === 0 ? 6 : 0, () => 0);
    set_column(channels + size + i, 0, (from) => (i === 0 && from === 0 ? 6 : 0));
  }
  for (const [name, { data_offsets: [from] }] of Object.entries(tensors)) Buffer.from(weights.get(name).buffer).copy(file, 8 + head + from);
  await writeFile(path, file);
  // The run is to be one that was saved with these weights.
  const trainer = JSON.parse(await readFile(join(inside, 'trainer.json'), 'utf8'));
  trainer.sha256['model.safetensors'] = createHash('sha256').update(file).digest('hex');
  await writeFile(join(inside, 'trainer.json'), JSON.stringify(trainer));
  execFileSync('python3', ['-m', 'zipfile', '-c', join(folder, 'planted.zip'), inside]);
}

/** The pixels of a canvas, four numbers each, row by row. */
const pixels = (locator) => locator.evaluate((canvas) => ({
  n: canvas.width, data: [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data],
}));

/** The colours of the legend, evenly from 0 to 1. */
const legend = () => page.locator('#attention .scale-bar').evaluate((bar) => [...getComputedStyle(bar).backgroundImage.matchAll(/rgb\((\d+), (\d+), (\d+)\)/g)].map(([, ...rgb]) => rgb.map(Number)));

/** The pixels that rows of probabilities have on a scale: those above the diagonal are clear. */
function same_pixels({ n, data }, rows, scale, what) {
  assert.equal(n, rows.length, what);
  for (let row = 0; row < n; row += 1) {
    for (let column = 0; column < n; column += 1) {
      const got = data.slice(4 * (row * n + column), 4 * (row * n + column) + 4);
      if (column > row) {
        assert.equal(got[3], 0, `${what}, ${row}, ${column}: what is masked is clear`);
        continue;
      }
      const place = rows[row][column] * (scale.length - 1);
      const low = Math.min(scale.length - 2, Math.floor(place));
      const want = scale[low].map((value, i) => value + (place - low) * (scale[low + 1][i] - value));
      assert.equal(got[3], 255);
      for (const i of [0, 1, 2]) assert.ok(Math.abs(got[i] - want[i]) <= 1, `${what}, row ${row}, column ${column}: ${got} is drawn, and ${want} is expected`);
    }
  }
}

/** Chooses a head. */
const choose = (head) => page.locator(`.heads [data-layer="${Math.floor(head / SHAPE.heads)}"][data-head="${head % SHAPE.heads}"]`).click();

/** Opens the stage Inspect, and waits until it looks at the prompt, with what is expected next. */
async function look() {
  await enter(page, 'inspect');
  await page.locator('[data-input=prompt]').fill(PROMPT);
  await page.locator(`#attention[data-run=live][data-shape="${ids.length}x${ids.length}"]`).waitFor();
  await page.locator('#next[data-run=live] tbody tr').first().waitFor();
}

/** The rows of the table of what comes next, by the keys of their columns. */
const table = () => page.locator('#next table').evaluate((table) => {
  const keys = [...table.querySelectorAll('thead th')].map((head) => (head.dataset.text ?? head.querySelector('[data-text]')?.dataset.text ?? '').replace('next.', ''));
  return [...table.querySelectorAll('tbody tr')].map((row) => Object.fromEntries(keys.map((key, i) => [key, row.cells[i].textContent])));
});
const number = (shown) => Number(shown.replace('−', '-').replaceAll(',', ''));

test('the planted heads do what they were planted for', () => {
  const last = truth.attention[0].at(-1);
  for (const weight of last) assert.ok(Math.abs(weight - 1 / ids.length) < 1e-12, 'the first head looks everywhere alike');
  const seen = ids.flatMap((id, at) => (id === ids[2] ? [at] : []));
  assert.ok(seen.reduce((sum, at) => sum + truth.attention[1].at(-1)[at], 0) > 0.999, 'the second sees the sign alone');
});

test('every cell of every head has the colour of its probability, in the legend’s own scale', async () => {
  await look();
  const scale = await legend();
  assert.ok(scale.length >= 8, `the legend has ${scale.length} colours`);
  for (const [head, rows] of truth.attention.entries()) {
    same_pixels(await pixels(page.locator('.heads canvas').nth(head)), rows, scale, `the small picture of head ${head}`);
    await choose(head);
    same_pixels(await pixels(page.locator('.matrix')), rows, scale, `head ${head}`);
    const [, bits] = (await page.locator('#attention figcaption').textContent()).match(/entropy of ([\d.]+) bits/);
    near(Number(bits), entropy(rows), `the entropy of head ${head}`);
    // The sentences name the strongest looks of each row.
    const told = await page.locator('#attention-rows li').allTextContents();
    for (const [row, weights] of rows.entries()) {
      const shown = [...told[row].matchAll(/ ([\d.]+)(?=,|$)/g)].map(([, value]) => Number(value));
      const want = [...weights].sort((a, b) => b - a).slice(0, shown.length);
      shown.forEach((value, i) => near(value, want[i], `row ${row} of head ${head}`));
    }
    // So do the arcs, as far as they reach.
    const arcs = await page.locator('.arcs-lines path').evaluateAll((all) => all.map(({ dataset: { from, to, weight } }) => [from, to, weight].map(Number)));
    assert.ok(arcs.length >= ids.length);
    for (const [from, to, weight] of arcs) near(weight, rows[from][to], `the arc from ${from} to ${to} of head ${head}`);
  }
});

test('what is masked shows its hatching through', async () => {
  await look();
  // The upper right corner and the lower left one, as they are seen.
  const matrix = page.locator('.matrix');
  const stripes = await matrix.evaluate((canvas) => {
    const own = getComputedStyle(canvas);
    return { image: own.backgroundImage, line: own.getPropertyValue('--line').trim() };
  });
  assert.match(stripes.image, /repeating-linear-gradient/);
  const shot = (await matrix.screenshot()).toString('base64');
  const colours = await page.evaluate(async (shot) => {
    const bytes = Uint8Array.from(atob(shot), (c) => c.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const g = canvas.getContext('2d');
    g.drawImage(picture, 0, 0);
    const distinct = (x, y) => new Set(Array.from({ length: 256 }, (_, i) => g.getImageData(x + (i % 16), y + Math.floor(i / 16), 1, 1).data.join())).size;
    const [w, h] = [picture.width, picture.height];
    return { above: distinct(w - 20, 6), below: distinct(Math.floor(w / 14 / 2) - 8, h - Math.floor(h / 14 / 2) - 8) };
  }, shot);
  assert.ok(colours.above > 1, 'above the diagonal there are stripes');
  assert.equal(colours.below, 1, 'a cell below it has one colour');
});

test('what comes next has the logits, the probabilities and the chances of the formula', async () => {
  await look();
  const logits = truth.logits.at(-1);
  const [p, order] = [softmax(logits), [...logits.keys()].sort((a, b) => logits[b] - logits[a])];
  const check = async (sampling) => {
    const { tempered, kept, share } = shares(logits, sampling);
    const rows = await table();
    assert.ok(rows.length >= 20);
    for (const [i, row] of rows.entries()) {
      const id = order[number(row.rank) - 1];
      near(number(row.logit), logits[id], `the logit of rank ${i}`);
      near(number(row.tempered), tempered[id], `what the temperature makes of rank ${i}`);
      near(number(row.probability), p[id], `the probability of rank ${i}`);
      near(number(row.log), Math.log(p[id]), `the logarithm of rank ${i}`);
      near(number(row.share), share[id], `the chance of rank ${i}`);
    }
    const [, shown] = (await page.locator('#next figcaption').textContent()).match(/keep ([\d,]+) of 257/);
    assert.equal(number(shown), kept.length);
    return rows;
  };
  await check({ temperature: 1, top_k: 257, top_p: 1 });
  await page.locator('#next [name=temperature]').fill('0.6');
  await page.locator('#next [name=top_k]').fill('12');
  await page.locator('#next [name=top_p]').fill('0.7');
  await page.locator('#next figcaption').filter({ hasText: /keep \d of 257|keep 1[012] of 257/ }).waitFor();
  const rows = await check({ temperature: 0.6, top_k: 12, top_p: 0.7 });
  assert.ok(rows.some(({ share }) => share === '0'), 'some are cut off');
});

test('a head that is switched off changes what comes next as the formula says', async () => {
  await look();
  await choose(1);
  const before = await table();
  await control(page, 'head-off').click();
  await page.locator('#attention figcaption').filter({ hasText: '1 of 6 heads is switched off' }).waitFor();
  const { logits } = forward(weights, SHAPE, ids, [1]);
  const order = [...logits.at(-1).keys()].sort((a, b) => logits.at(-1)[b] - logits.at(-1)[a]);
  const rows = await table();
  assert.notDeepEqual(rows, before);
  for (const row of rows) near(number(row.logit), logits.at(-1)[order[number(row.rank) - 1]], `the logit of rank ${row.rank}`);
  await control(page, 'heads-on').click();
  await page.locator('[data-action=heads-on]:disabled').waitFor();
});

test('a text that always takes the likeliest token is the one of the formula', async () => {
  await enter(page, 'generate');
  await page.locator('[data-input=prompt]').fill(PROMPT);
  for (const [name, value] of [['temperature', 0], ['max_tokens', 6]]) await page.locator(`#generate [name=${name}]`).fill(String(value));
  await control(page, 'generate').click();
  await page.locator('#writing figcaption').filter({ hasText: 'went on with 6 tokens' }).waitFor();
  const text = [...ids];
  for (let i = 0; i < 6; i += 1) {
    const p = softmax(forward(weights, SHAPE, text).logits.at(-1));
    const best = p.indexOf(Math.max(...p));
    await page.locator('#writing .chips button').nth(i).hover();
    const reading = page.locator('#writing .token-reading');
    const [, probability, rank] = (await reading.locator('p').textContent()).match(/: probability ([\d.]+), rank (\d+)/);
    near(Number(probability), p[best], `token ${i}`);
    assert.equal(rank, '1');
    assert.equal(await reading.locator('.chosen button').getAttribute('data-id'), String(best));
    const width = await page.locator('#writing .chips .chance').nth(i).evaluate(({ style }) => Number.parseFloat(style.width));
    assert.ok(Math.abs(width / 100 - p[best]) < 1e-4, `its bar is ${width}% wide`);
    text.push(best);
  }
});

test('before an update the right token has the probability of the formula, with all its digits', async () => {
  await enter(page, 'train');
  await page.locator('[data-input=update]').fill(PROMPT);
  const place = page.locator('[data-metric=target-probability-before]');
  await page.waitForFunction((n) => document.querySelectorAll('#update .tokens li').length === n, ids.length);
  await page.locator('#update:not([aria-busy=true])').waitFor();
  const at = Number(await page.locator('#update .tokens [aria-selected=true]').getAttribute('data-index'));
  const p = truth.logits.map((row) => softmax(row));
  const want = p[at - 1][ids[at]];
  assert.ok(Math.abs(Number(await place.getAttribute('data-value')) / want - 1) < 1e-4, `${await place.getAttribute('data-value')} is told, and ${want} is expected`);
  // The loss of the sentence is the mean over its tokens.
  const mean = ids.slice(1).reduce((sum, id, i) => sum - Math.log(p[i][id]), 0) / (ids.length - 1);
  const [loss] = (await page.locator('#update .loss-before').textContent()).match(/[\d.]+/);
  assert.ok(Math.abs(Number(loss) - mean) <= 0.0051, `${loss} is shown, and ${mean} is expected`);
  assert.deepEqual(page.errors, []);
});
