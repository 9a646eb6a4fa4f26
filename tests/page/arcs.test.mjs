// Attention as arcs: the edges that hold nine tenths of each row, from both sides, by pointer and by key.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MASS, edges } from '../../www/stages/inspect/arcs.js';
import { ink } from '../../www/figure/colours.js';
import { lab, small_run, take_steps } from './page.mjs';

const built = lab();

/** A model of one step, and the stage that looks into it, at a prompt. */
async function inspected(prompt, options) {
  const page = await built.open('?device=cpu', options);
  await small_run(page, { context: 64 });
  await take_steps(page, 1);
  await page.locator('[data-stage=inspect]').click();
  await page.locator('.heads button').first().waitFor();
  await page.locator('[data-input=prompt]').fill(prompt);
  // Until the look at this prompt comes, that at the one before is shown.
  await page.waitForFunction((prompt) => {
    const shown = [...document.querySelectorAll('.arcs-tokens button')].map(({ textContent }) => textContent).join('').replaceAll('·', ' ');
    return shown === prompt || document.querySelector('.arcs.too-many');
  }, prompt);
  return page;
}

const option = (page, i) => page.locator('.arcs-tokens button').nth(i);
const count = (page, tokens) => page.waitForFunction((tokens) => document.querySelector('#attention').dataset.shape === `${tokens}x${tokens}`, tokens);
/** The arcs that are drawn, and whether each is faint. */
const arcs = (page) => page.locator('.arcs-lines path').evaluateAll((paths) => paths.map((path) => ({
  from: Number(path.dataset.from), to: Number(path.dataset.to), weight: Number(path.dataset.weight),
  opacity: Number(path.getAttribute('stroke-opacity')), faint: path.classList.contains('faint'),
})));

test('edges are the strongest of each row, as few as hold the share', () => {
  const weights = Float32Array.from([1, 0, 0, 0, 0.05, 0.95, 0, 0, 0.3, 0.3, 0.4, 0, 0.5, 0.25, 0.2, 0.05]);
  const found = edges(weights, 4).map(({ from, to }) => [from, to]);
  assert.deepEqual(found, [[0, 0], [1, 1], [2, 2], [2, 0], [2, 1], [3, 0], [3, 1], [3, 2]]);
});

test('ink is the one of black and white that stands out more', () => {
  const bright = ([r, g, b]) => 0.2126 * (r / 255) ** 2.2 + 0.7152 * (g / 255) ** 2.2 + 0.0722 * (b / 255) ** 2.2;
  for (const colour of [[0, 34, 78], [254, 232, 56], [112, 113, 115], [165, 156, 116], [200, 0, 0], [0, 160, 0]]) {
    const [black, white] = [(bright(colour) + 0.05) / 0.05, 1.05 / (bright(colour) + 0.05)];
    assert.equal(ink(colour), black > white ? '#000' : '#fff', colour.join());
  }
});

test('arcs hold nine tenths of every row, and what is not drawn is counted', async () => {
  const page = await inspected('Now is the winter');
  await option(page, 0).waitFor();
  const n = await page.locator('.arcs-tokens button').count();
  const drawn = await arcs(page);
  for (let row = 0; row < n; row += 1) {
    const mine = drawn.filter(({ from }) => from === row).map(({ weight }) => weight).sort((a, b) => b - a);
    const held = mine.reduce((sum, weight) => sum + weight, 0);
    assert.ok(held >= MASS - 1e-5 && held - mine.at(-1) < MASS + 1e-5, `row ${row}: ${mine}`);
  }
  assert.ok(drawn.every(({ from, to, weight, opacity }) => to <= from && weight === opacity));
  const [column, picture] = await Promise.all(['.arcs-tokens', '.arcs-lines'].map((part) => page.locator(part).boundingBox()));
  assert.equal(picture.height, column.height, 'an arc ends at its token');
  const [, told, left] = (await page.locator('.arcs-sentence').textContent()).match(/^([\d,]+) arcs are drawn.* ([\d,]+) weaker looks are not drawn/);
  assert.equal(Number(told), drawn.length);
  assert.equal(Number(left), (n * (n + 1)) / 2 - drawn.length);
  assert.match(await page.locator('.scale').first().textContent(), /0/);
  assert.ok(await page.locator('#attention .hatched').isVisible(), 'the legend names the masked triangle');
});

test('pointing shows a token, a click keeps it, Escape lets it go, and both sides are told', async () => {
  const page = await inspected('Now is the winter of our');
  await option(page, 3).hover();
  assert.ok((await arcs(page)).every(({ from, faint }) => faint === (from !== 3)));
  const sentence = page.locator('#attention .row-sentence');
  assert.equal(await sentence.textContent(), await page.locator('#attention-rows li').nth(3).textContent());
  await page.locator('#attention h2').hover();
  assert.ok((await arcs(page)).every(({ faint }) => !faint), 'what is pointed at no more is let go');
  await option(page, 2).click();
  await page.locator('#attention h2').hover();
  assert.equal(await option(page, 2).getAttribute('aria-selected'), 'true');
  assert.equal(await page.locator('#attention [name=row]').inputValue(), '2');
  // The other side: who looks at it.
  await page.locator('[name=view]').selectOption('to');
  const rows = await page.locator('#attention-rows li').allTextContents();
  assert.match(rows[2], /is looked at by/);
  assert.equal(await sentence.textContent(), rows[2]);
  assert.ok((await arcs(page)).every(({ to, faint }) => faint === (to !== 2)));
  // By key.
  await option(page, 2).focus();
  await page.keyboard.press('ArrowDown');
  assert.equal(await sentence.textContent(), rows[3]);
  await page.keyboard.press('Enter');
  assert.equal(await option(page, 3).getAttribute('aria-selected'), 'true');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.arcs-tokens [aria-selected=true]').count(), 0);
  assert.deepEqual(page.errors, []);
});

test('above forty tokens the matrix stands alone, and the page says why', async () => {
  const page = await inspected('zq'.repeat(20));
  await count(page, 40);
  await option(page, 39).waitFor();
  await page.locator('[data-input=prompt]').fill('zq'.repeat(20) + 'z');
  await count(page, 41);
  assert.equal(await page.locator('.arcs-tokens button').count(), 0);
  assert.match(await page.locator('.arcs-sentence').textContent(), /up to 40 tokens. This text has 41/);
  assert.ok(await page.locator('#attention .matrix').isVisible());
});

for (const width of [1280, 360]) {
  test(`at ${width} pixels each name stands beside its row of the matrix, or none is shown`, async () => {
    const page = await inspected('zq');
    await page.setViewportSize({ width, height: 900 });
    for (const n of [12, 30, 35, 40, 12]) {
      await page.locator('[data-input=prompt]').fill('zq'.repeat(20).slice(0, n));
      await count(page, n);
      const { top, row, labels } = await page.evaluate(() => {
        const { top, height } = document.querySelector('#attention .matrix').getBoundingClientRect();
        const labels = [...document.querySelectorAll('#attention .labels li')].filter((label) => label.checkVisibility()).map((label) => {
          const { top, bottom } = label.getBoundingClientRect();
          return { middle: (top + bottom) / 2, size: Number.parseFloat(getComputedStyle(label).fontSize) };
        });
        return { top, row: height / Number(document.querySelector('#attention').dataset.shape.split('x')[0]), labels };
      });
      assert.ok(row * n > 240, `the matrix is ${row * n} pixels high`);
      assert.ok(labels.length === n || (labels.length === 0 && n > 30), `${labels.length} names at ${n} rows of ${row} pixels`);
      for (const [i, { middle, size }] of labels.entries()) {
        assert.ok(Math.abs(middle - top - (i + 0.5) * row) < 2, `name ${i} of ${n} stands at ${middle - top}, its row at ${(i + 0.5) * row}`);
        assert.ok(size <= row + 0.1, `${size} pixels of text in a row of ${row}`);
      }
    }
    assert.deepEqual(page.errors, []);
  });
}
