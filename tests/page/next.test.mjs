// The next token: a bar for every token there is, the sums, the cuts and the draw, as the engine has them; by pointer and by key.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BARS, FOOT, GAP, LEFT, OUT, RIGHT, SUMS, TOP, columns, place } from '../../www/stages/inspect/bars.js';
import { measure } from '../../www/words/format.js';
import { control, lab, open_small_run, ready } from './page.mjs';

const built = lab();

/** The page hears the worker through this: what it was told last of a look is kept, with other logits where some are planted. */
const overhear = () => {
  const { addEventListener } = Worker.prototype;
  Worker.prototype.addEventListener = function listen(name, hear) {
    addEventListener.call(this, name, (event) => {
      for (const told of name === 'message' ? event.data : []) {
        if (told.event !== 'looked') continue;
        if (globalThis.planted) told.logits = Float32Array.from(globalThis.planted);
        globalThis.looked = told;
      }
      hear(event);
    });
  };
};

/** A small model, in the stage Inspect, with logits of our own where there are any. */
async function inspected(planted = null, options = {}) {
  const page = await built.open('', { ...options });
  await page.addInitScript(overhear);
  await page.addInitScript((logits) => {
    globalThis.planted = logits;
  }, planted);
  await page.goto(`${page.address}?device=cpu`);
  await open_small_run(page);
  await page.locator('[data-stage=inspect]').click();
  await page.locator('#next .bars-sentence').filter({ hasText: /^Each of/ }).waitFor();
  return page;
}

const knob = (page, name, value) => page.locator(`#next [name=${name}]`).fill(String(value));
const reading = (page) => page.locator('#next .bars-reading');
const vocab = async (page) => Number(await page.locator('#next').getAttribute('data-shape'));

/** The pixels of a canvas: `at(x, y)`, and the colours that it is drawn in. */
async function picture(page, selector) {
  const { width, height, data, panel, activation } = await page.locator(selector).evaluate((canvas) => {
    const probe = document.createElement('canvas').getContext('2d');
    const colour = (name) => {
      probe.fillStyle = getComputedStyle(canvas).getPropertyValue(name).trim();
      probe.fillRect(0, 0, 1, 1);
      return [...probe.getImageData(0, 0, 1, 1).data];
    };
    const { width, height } = canvas;
    return { width, height, data: [...canvas.getContext('2d').getImageData(0, 0, width, height).data], panel: colour('--panel'), activation: colour('--activation') };
  });
  const at = (x, y) => data.slice(4 * (y * width + x), 4 * (y * width + x) + 4);
  const same = (a, b) => a.every((channel, i) => channel === b[i]);
  return { width, height, at, empty: (x, y) => same(at(x, y), panel), full: (x, y) => same(at(x, y), activation) };
}

/** Of a rank its token, and of a token its rank: the order is turned round, and moved on by three. */
const turned = (i, vocab) => (vocab + 3 - i) % vocab;

/** A half, a quarter and so on down to the tenth, and what is left for all others alike. */
function halves(vocab) {
  const p = Array.from({ length: vocab }, (_, rank) => (rank < 10 ? 0.5 ** (rank + 1) : 0.5 ** 10 / (vocab - 10)));
  const logits = [];
  for (const [rank, value] of p.entries()) logits[turned(rank, vocab)] = Math.log(value);
  return { p, logits };
}

test('every rank has its place, and of those that share a column the first stands for them', () => {
  const drawn = columns(4096, 4096, 360);
  assert.equal(drawn[0].from, LEFT);
  assert.equal(drawn.at(-1).to, 360 - RIGHT);
  assert.equal(drawn.at(-1).last, 4095);
  for (const [i, { rank, last, from, to }] of drawn.entries()) {
    assert.ok(to > from && last >= rank);
    assert.equal(rank, i === 0 ? 0 : drawn[i - 1].last + 1, 'none is left out');
    assert.equal(from, i === 0 ? LEFT : drawn[i - 1].to);
  }
  const [first, second] = drawn;
  assert.ok(first.to - first.from > second.to - second.from && second.rank === 1, 'the head of the distribution is seen');
});

test('bars and sums are as high as the probabilities', async () => {
  // As many tokens as the short text allows.
  const shape = await vocab(await inspected());
  const { p, logits } = halves(shape);
  const page = await inspected(logits);
  const floor = TOP + BARS;
  const low = floor + GAP + SUMS;
  const check = async (chances, kept, what) => {
    const { width, height, empty, full, at } = await picture(page, '#next .bars');
    assert.equal(height, low + FOOT);
    const sums = p.map((sum => (value) => (sum += value))(0));
    for (const { rank, last, from, to } of columns(shape, shape, width).filter((bar) => bar.to - bar.from > 3)) {
      const middle = Math.floor((from + to) / 2) - 1;
      let tall = 0;
      while (!empty(middle, floor - 1 - tall)) tall += 1;
      const want = (BARS * Math.max(chances[rank], p[rank])) / chances[0];
      // The line along the top is a pixel wide, half of it above.
      assert.ok([0, 1].includes(Math.ceil(want + 0.5) - tall), `${what}, rank ${rank}: ${tall} pixels, not ${want}`);
      if (want > 4) assert.equal(full(middle, floor - 2), rank < kept, `${what}, rank ${rank}`);
      // The sum is a line; it ends at the right edge of its bar.
      const y = Math.round(low - SUMS * sums[last]);
      assert.ok([-1, 0, 1].some((off) => !empty(to - 1, y + off)), `${what}, sum of rank ${rank}: ${at(to - 1, y)}`);
    }
  };
  await check(p, shape, 'as it is');
  await knob(page, 'top_k', 3);
  await page.locator('#next .key-k').filter({ hasText: 'rank 1 to 3' }).waitFor();
  await check(p.map((value, rank) => (rank < 3 ? value / 0.875 : 0)), 3, 'top-k');
  await knob(page, 'top_k', 0);
  await knob(page, 'top_p', 0.75);
  await page.locator('#next .key-p').filter({ hasText: 'reaches 0.75 at rank 2' }).waitFor();
  await check(p.map((value, rank) => (rank < 2 ? value / 0.75 : 0)), 2, 'top-p');
  assert.deepEqual(page.errors, []);
});

test('the draw falls on the token that it picks', async () => {
  const shape = await vocab(await inspected());
  const { p, logits } = halves(shape);
  const page = await inspected(logits);
  const by_id = Array.from({ length: shape }, (_, id) => turned(id, shape));
  for (const draw of [1, 2, 3, 4]) {
    await knob(page, 'draw', draw);
    const [, uniform, from, wide] = (await page.locator('#next .draw-sentence').textContent()).match(/^The draw is ([\d.]+)\..*, from ([\d.]+) on and ([\d.]+) wide\.$/).map(Number);
    const to = from + wide;
    assert.ok(from <= uniform + 0.001 && uniform <= to + 0.001, `${from} ${uniform} ${to}`);
    let sum = 0;
    const picked = by_id.findIndex((rank) => {
      sum += p[rank];
      return sum > uniform;
    });
    assert.ok(Math.abs(sum - to) < 0.01 && Math.abs(sum - p[by_id[picked]] - from) < 0.01);
    const { width, empty, full } = await picture(page, '#next .draw');
    const x = (share) => LEFT + (width - LEFT - RIGHT) * share;
    assert.ok([-1, 0].some((off) => !empty(Math.round(x(uniform)) + off, OUT - 2)), 'the draw is a line that stands out');
    const own = Math.floor(x(from)) + 2;
    assert.ok(own > x(to) - 2 || full(own, OUT + 2) || Math.abs(own - x(uniform)) < 2, 'the token is the one in full colour');
  }
});

test('the numbers are those of the engine, at every setting of the sliders', async () => {
  const page = await inspected();
  for (const [temperature, top_k, top_p, draw] of [[1, 0, 1, 0], [0.6, 0, 0.9, 3], [1.5, 7, 1, 1], [1, 0, 0.3, 2], [2, 90, 0.95, 5], [0, 5, 0.5, 4]]) {
    for (const [name, value] of Object.entries({ temperature, top_k, top_p, draw })) await knob(page, name, value);
    const told = await page.evaluate(async ([sampling, draw]) => {
      const engine = await import(new URL('glasshouse.js', location.href));
      await engine.default();
      const { logits, candidates } = globalThis.looked;
      const plain = engine.distribution(logits, { temperature: 1, top_k: null, top_p: 1, seed: 0 }, draw);
      const found = engine.distribution(logits, sampling, draw);
      return { ...Object.fromEntries(Object.entries(found).map(([name, value]) => [name, value.length ? [...value] : value])), plain: [...plain.tempered], logits: [...logits], candidates };
    }, [{ temperature, top_k: top_k || null, top_p, seed: 0 }, draw]);
    const what = JSON.stringify({ temperature, top_k, top_p, draw });
    await page.waitForFunction((id) => Number(document.querySelector('#next tr.picked')?.dataset.rank ?? -1) === id, told.ranked.indexOf(told.picked));
    const rows = await page.locator('#next tbody tr').evaluateAll((all) => all.map((row) => [Number(row.dataset.rank), ...[...row.cells].map((cell) => cell.textContent)]));
    assert.ok(rows.length >= 64);
    for (const [rank, shown, , logit, tempered, probability, , reached, share] of rows) {
      const id = told.ranked[rank];
      const want = [rank + 1, told.logits[id], told.tempered[rank], told.plain[rank], told.reached[rank], told.shares[rank]].map(measure);
      assert.deepEqual([shown, logit, tempered, probability, reached, share], want, `${what}: rank ${rank}`);
    }
    const sentence = await page.locator('#next figcaption').textContent();
    assert.ok(sentence.includes(`keep ${told.kept} of ${told.tempered.length} tokens. The draw is ${measure(told.uniform)}`), `${what}: ${sentence}`);
    const sum = (of) => of.reduce((all, value) => all + value, 0);
    for (const of of [told.tempered, told.shares, told.plain]) assert.ok(Math.abs(sum(of) - 1) < 1e-5, what);
    // Top-p is of the whole vocabulary, and behind top-k it is not measured anew.
    const least = top_p < 1 ? told.reached.findIndex((value) => value >= top_p) + 1 : told.reached.length;
    assert.equal(told.kept, temperature === 0 ? 1 : Math.min(least, top_k || Infinity), what);
    // By key along the bars: the same numbers in words.
    await page.locator('#next .bars').focus();
    await page.keyboard.press('Home');
    for (const rank of [0, 1, 2]) {
      await reading(page).filter({ hasText: `Rank ${rank + 1}, ` }).waitFor();
      const [probability, sum, share] = [told.tempered, told.reached, told.shares].map((of) => measure(of[rank]));
      assert.ok((await reading(page).textContent()).endsWith(`: probability ${probability} at this temperature, ${sum} together with all before it, chance in the draw ${share}.`), what);
      await page.keyboard.press('ArrowRight');
    }
  }
  assert.deepEqual(page.errors, []);
});

test('bars are read by pointer and by key, kept and let go, each with its token', async () => {
  const page = await inspected();
  const canvas = page.locator('#next .bars');
  const described = await canvas.evaluate((element) => element.getAttribute('aria-describedby').split(' ').map((id) => document.getElementById(id).textContent).join(' '));
  assert.equal(await canvas.getAttribute('role'), 'application');
  assert.match(await canvas.getAttribute('aria-label'), /probability of every token/);
  assert.match(described, /^Each of \d+ tokens has its bar/);
  assert.match(await page.locator('#next .draw').evaluate((element) => document.getElementById(element.getAttribute('aria-describedby')).textContent), /^The draw is/);
  assert.match(await reading(page).textContent(), /^Point at a bar/);
  await page.locator('#next tbody tr').nth(4).hover();
  assert.match(await reading(page).textContent(), /^Rank 5, /);
  await page.locator('#next h2').hover();
  assert.match(await reading(page).textContent(), /^Point at a bar/);
  const width = await canvas.evaluate(({ clientWidth }) => clientWidth);
  const all = await vocab(page);
  await canvas.hover({ position: { x: Math.ceil(place(2, all, width)) + 2, y: 60 } });
  assert.match(await reading(page).textContent(), /^Rank 3, /);
  assert.equal(await page.locator('#next tr.seen-cell').getAttribute('data-rank'), '2');
  await canvas.click({ position: { x: Math.ceil(place(1, all, width)) + 2, y: 60 } });
  await page.locator('#next h2').hover();
  assert.match(await reading(page).textContent(), /^Rank 2, /, 'what was clicked is kept');
  await canvas.focus();
  await page.keyboard.press('End');
  // Its token is none of those that a look tells of: the engine is asked.
  await reading(page).filter({ hasText: new RegExp(`^Rank ${all}, “[^…]`) }).waitFor();
  await page.keyboard.press('PageUp');
  assert.match(await reading(page).textContent(), new RegExp(`^Rank ${Math.floor((all - 1) / 2) + 1}, “[^…]`));
  await page.keyboard.press('Home');
  for (const rank of [2, 4, 8]) {
    await page.keyboard.press('PageDown');
    assert.match(await reading(page).textContent(), new RegExp(`^Rank ${rank}, `));
  }
  await page.keyboard.press('Enter');
  await page.locator('#next [name=draw]').focus();
  assert.match(await reading(page).textContent(), /^Rank 8, /, 'what was kept stays');
  await canvas.focus();
  await page.keyboard.press('Escape');
  assert.match(await reading(page).textContent(), /^Point at a bar/);
  assert.deepEqual(page.errors, []);
});

test('of a recorded look only the likeliest are known, and all are computed when asked for', async () => {
  const page = await built.open('?device=cpu#stage=inspect');
  await ready(page);
  await page.locator('#next[data-run=recorded]').waitFor();
  const [, all, known] = (await page.locator('#next .bars-sentence').textContent()).match(/^Of ([\d,]+) tokens the numbers of the likeliest (\d+) are here/).map((word) => Number(String(word).replaceAll(',', '')));
  const { width, at } = await picture(page, '#next .bars');
  const edge = place(known, all, width);
  assert.equal(at(edge + 1, TOP + 2)[3], 0, 'what is not known is not drawn');
  assert.equal(at(edge - 2, TOP + 2)[3], 255);
  await page.locator('#next .bars').focus();
  await page.keyboard.press('End');
  assert.match(await reading(page).textContent(), new RegExp(`^Rank ${known}, `));
  await control(page, 'next-all').click();
  await page.locator('#next[data-run=derived] .bars-sentence').filter({ hasText: /^Each of/ }).waitFor();
  assert.equal(await control(page, 'next-all').isVisible(), false);
  await page.locator('#next .bars').focus();
  await page.keyboard.press('End');
  await reading(page).filter({ hasText: new RegExp(`^Rank ${all}, “[^…]`) }).waitFor();
  assert.equal((await picture(page, '#next .bars')).at(edge + 1, TOP + 2)[3], 255);
  assert.deepEqual(page.errors, []);
});
